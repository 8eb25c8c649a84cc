// SPDX-License-Identifier: EUPL-1.2
#include "broker/client/enrol.h"
#include "broker/api/codec.h"
#include "broker/api/method.h"
#include "broker/base/file.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/client/client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { DEADLINE_MS = 20000 };

static void credential_drop(struct credential **pair)
{
    credential_free(*pair);
}

// ---- the id

static void id_path(char path[CREDENTIAL_PATH_SIZE], enum noun noun, const char *state_dir)
{
    snprintf(path, CREDENTIAL_PATH_SIZE, "%s/%s.id", state_dir, noun_rows[noun].name);
}

void enrol_id(char id[ID_SIZE], enum noun noun, const char *state_dir)
{
    char path[CREDENTIAL_PATH_SIZE], line[ID_SIZE + 1];
    id_path(path, noun, state_dir);
    id[0] = 0;
    if (!file_read_text(path, line, sizeof line, NULL))
        return;
    line[strcspn(line, "\n")] = 0;
    if (id_is_valid(noun, line))
        text_put(id, ID_SIZE, line);
}

static bool keep(const struct enrol_config *config, struct credential *pair, const struct certificate_answer *answer,
                 struct fault *why)
{
    char path[CREDENTIAL_PATH_SIZE], line[ID_SIZE + 1];
    const char *id = config->noun == NOUN_DEVICE ? answer->device : answer->host;
    id_path(path, config->noun, config->state_dir);
    if (!*id)
        return fault_set(why, FAULT_INVALID, "the token is not for a %s", noun_rows[config->noun].name);
    int length = snprintf(line, sizeof line, "%s\n", id);
    return file_replace(path, 0644, line, (size_t)length, why) && credential_keep(pair, answer->certificate, why);
}

// ---- enrolling

static void loop_drop(struct loop **loop)
{
    loop_free(*loop);
}

static void client_drop(struct client **client)
{
    client_free(*client);
}

static bool ask_broker(const struct enrol_config *config, const struct enrol_request *body,
                       struct client_answer *answer, struct fault *why)
{
    struct client_config where = {.host = config->broker, .port = config->port, .ca_file = config->broker_ca};
    owned(loop) struct loop *loop = loop_new();
    owned(client) struct client *client = client_new(loop, &where, why);
    if (!client)
        return false;
    const struct method *method = method_find(METHOD_ENROL, NOUN_NONE);
    client_call_wait(client, method->verb, method->path, NULL, method->body, body, DEADLINE_MS, answer);
    return true;
}

static bool keep_answer(const struct enrol_config *config, struct credential *pair, const struct client_answer *answer,
                        struct fault *why)
{
    struct certificate_answer got;
    return client_read(answer, &certificate_answer_type, &got, why) && keep(config, pair, &got, why);
}

static bool turn_in(const struct enrol_config *config, const char *token, enum refusal *refusal, struct fault *why)
{
    struct enrol_request body;
    struct client_answer answer = {0};
    *refusal = REFUSAL_NONE;
    owned(credential) struct credential *pair = credential_new(config->noun, config->state_dir, why);
    if (!pair || !credential_request(pair, body.request, why))
        return false;
    if (!text_copy(body.token, sizeof body.token, token))
        return fault_set(why, FAULT_INVALID, "a token is not that long");
    bool asked = ask_broker(config, &body, &answer, why);
    explicit_bzero(&body, sizeof body);
    if (!asked)
        return false;
    *refusal = answer.refusal;
    bool kept = answer.refusal == REFUSAL_NONE ? keep_answer(config, pair, &answer, why)
                                               : fault_set(why, FAULT_DENIED, "%s", answer.detail);
    client_answer_drop(&answer);
    return kept;
}

static bool read_token(const char *path, char *token, size_t size)
{
    bool is_file = path && !text_equal(path, "stdin") && !text_equal(path, "-");
    FILE *file = is_file ? fopen(path, "re") : stdin;
    if (!file) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return false;
    }
    size_t length = fread(token, 1, size - 1, file);
    if (is_file)
        fclose(file);
    token[length] = 0;
    token[strcspn(token, "\r\n")] = 0;
    if (*token && text_is_clean(token, strlen(token)))
        return true;
    fputs("there is no token to be read\n", stderr);
    return false;
}

enum enrol_end enrol(const struct enrol_config *config, const char *token_file)
{
    char token[NAME_SIZE], id[ID_SIZE];
    enum refusal refusal;
    struct fault why = {0};
    if (!read_token(token_file, token, sizeof token))
        return ENROL_NO_TOKEN;
    bool done = turn_in(config, token, &refusal, &why);
    explicit_bzero(token, sizeof token);
    if (done) {
        enrol_id(id, config->noun, config->state_dir);
        printf("This %s is %s now.\n", noun_rows[config->noun].name, id);
        return ENROL_DONE;
    }
    if (refusal == REFUSAL_NONE) {
        fprintf(stderr, "%s\n", why.text);
        return ENROL_FAILED;
    }
    fprintf(stderr, "%s\n%s\n", refusal_rows[refusal].sentence, why.text);
    return refusal == REFUSAL_BROKER_UNREACHABLE ? ENROL_UNREACHABLE : ENROL_REFUSED;
}
