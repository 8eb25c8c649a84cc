// SPDX-License-Identifier: EUPL-1.2
#include "broker/client/enrol.h"
#include "broker/api/codec.h"
#include "broker/api/invitation.h"
#include "broker/api/machine.h"
#include "broker/api/method.h"
#include "broker/base/file.h"
#include "broker/base/mem.h"
#include "broker/base/owner.h"
#include "broker/base/text.h"
#include "broker/client/client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

// ---- the broker

static void path_in(char path[CREDENTIAL_PATH_SIZE], const char *state_dir, const char *name)
{
    snprintf(path, CREDENTIAL_PATH_SIZE, "%s/%s", state_dir, name);
}

void enrol_complete(const char *state_dir, char broker[ENROL_BROKER_SIZE], char broker_ca[CREDENTIAL_PATH_SIZE])
{
    char path[CREDENTIAL_PATH_SIZE], line[ENROL_BROKER_SIZE + 1];
    path_in(path, state_dir, "broker");
    if (!broker[0] && file_read_text(path, line, sizeof line, NULL)) {
        line[strcspn(line, "\n")] = 0;
        text_cut(broker, ENROL_BROKER_SIZE, line);
    }
    path_in(path, state_dir, "broker-ca.pem");
    if (access(broker_ca, F_OK) != 0 && access(path, F_OK) == 0)
        text_cut(broker_ca, CREDENTIAL_PATH_SIZE, path);
}

void enrol_follow(const struct client *client, const char *state_dir)
{
    char path[CREDENTIAL_PATH_SIZE];
    path_in(path, state_dir, "broker-ca.pem");
    client_authority_follow(client, path);
}

static bool keep_broker(const struct enrol_config *config, const struct client_config *where,
                        const struct client *client, struct fault *why)
{
    char path[CREDENTIAL_PATH_SIZE], line[ENROL_BROKER_SIZE + 1];
    path_in(path, config->state_dir, "broker");
    int length = snprintf(line, sizeof line, "%s\n", where->host);
    if (length >= (int)sizeof line || !file_replace(path, 0644, line, (size_t)length, why))
        return false;
    path_in(path, config->state_dir, "broker-ca.pem");
    return !where->pin || client_authority_keep(client, path, why);
}

static bool keep(const struct enrol_config *config, struct credential *pair, struct certificate_answer *answer,
                 struct fault *why)
{
    char path[CREDENTIAL_PATH_SIZE], line[ID_SIZE + 1];
    const char *id = machine_answer_id(machine_of(config->noun), answer);
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

static void invitation_drop(struct invitation *invitation)
{
    explicit_bzero(invitation, sizeof *invitation);
}

// The configuration goes before the invitation: whoever wrote it meant it.
static bool find_broker(struct client_config *where, const struct enrol_config *config,
                        const struct invitation *invitation, struct fault *why)
{
    bool named = config->broker[0];
    *where = (struct client_config){.host = named ? config->broker : invitation->host,
                                    .port = named ? config->port : (int)invitation->port,
                                    .ca_file = config->broker_ca};
    if (invitation->pin[0] && access(config->broker_ca, F_OK) != 0)
        where->pin = invitation->pin;
    return where->host[0] || fault_set(why, FAULT_INVALID,
                                       "this token does not say where the broker is: set broker in "
                                       "the configuration");
}

struct enrolling {
    const struct enrol_config *config;
    struct client_config where;
    struct client *client;
    enum refusal refusal;
};

static bool ask_broker(struct enrolling *enrolling, struct credential *pair, const struct enrol_request *body,
                       struct fault *why)
{
    struct client_answer answer = {0};
    struct certificate_answer got;
    const struct method *method = method_find(METHOD_ENROL, NOUN_NONE);
    client_call_wait(enrolling->client, method->verb, method->path, NULL, method->body, body, DEADLINE_MS, &answer);
    enrolling->refusal = answer.refusal;
    bool kept = answer.refusal == REFUSAL_NONE
                    ? client_read(&answer, &certificate_answer_type, &got, why) &&
                          keep_broker(enrolling->config, &enrolling->where, enrolling->client, why) &&
                          keep(enrolling->config, pair, &got, why)
                    : fault_set(why, FAULT_DENIED, "%s", answer.detail);
    client_answer_drop(&answer);
    return kept;
}

static bool turn_in(struct enrolling *enrolling, const struct invitation *invitation, struct fault *why)
{
    const struct enrol_config *config = enrolling->config;
    struct enrol_request body;
    owned(loop) struct loop *loop = loop_new();
    owned(credential) struct credential *pair = NULL;
    if (!find_broker(&enrolling->where, config, invitation, why))
        return false;
    pair = credential_new(config->noun, config->state_dir, why);
    if (!pair || !credential_request(pair, body.request, why))
        return false;
    TEXT_PUT(body.token, invitation->token);
    TEXT_PUT(body.fingerprint, config->fingerprint);
    enrolling->client = client_new(loop, &enrolling->where, why);
    bool done = enrolling->client && ask_broker(enrolling, pair, &body, why);
    explicit_bzero(&body, sizeof body);
    client_free(enrolling->client);
    return done;
}

static bool read_invitation(const char *path, struct invitation *invitation)
{
    char token[INVITATION_SIZE];
    bool is_file = path && !text_equal(path, "stdin") && !text_equal(path, "-");
    FILE *file = is_file ? fopen(path, "re") : stdin;
    if (!file) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return false;
    }
    if (!is_file && isatty(STDIN_FILENO))
        fputs("Token: ", stderr);
    if (!fgets(token, sizeof token, file)) // a line is enough: at a terminal nothing ends it
        token[0] = 0;
    if (is_file)
        fclose(file);
    token[strcspn(token, "\r\n")] = 0;
    bool read = invitation_read(invitation, token);
    explicit_bzero(token, sizeof token);
    if (!read)
        fputs("there is no token to be read\n", stderr);
    return read;
}

enum enrol_end enrol(const struct enrol_config *config, const char *token_file)
{
    char id[ID_SIZE];
    struct fault why = {0};
    struct enrolling enrolling = {.config = config};
    owned(invitation) struct invitation invitation;
    if (!read_invitation(token_file, &invitation))
        return ENROL_NO_TOKEN;
    if (owner_become(config->state_dir, &why) && turn_in(&enrolling, &invitation, &why)) {
        enrol_id(id, config->noun, config->state_dir);
        printf("This %s is %s now.\n", noun_rows[config->noun].name, id);
        return ENROL_DONE;
    }
    if (enrolling.refusal == REFUSAL_NONE) {
        fprintf(stderr, "%s\n", why.text);
        return ENROL_FAILED;
    }
    fprintf(stderr, "%s\n%s\n", refusal_rows[enrolling.refusal].sentence, why.text);
    return enrolling.refusal == REFUSAL_BROKER_UNREACHABLE ? ENROL_UNREACHABLE : ENROL_REFUSED;
}
