// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/enrol.h"
#include "broker/api/client.h"
#include "broker/api/codec.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { CERTIFICATE_MAX = 8192, DEADLINE_MS = 20000 };

static void key_drop(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

static void request_drop(X509_REQ **request)
{
    X509_REQ_free(*request);
}

static void certificate_drop(X509 **certificate)
{
    X509_free(*certificate);
}

static void file_drop(FILE **file)
{
    if (*file)
        fclose(*file);
}

void enrol_paths(struct enrol_paths *paths, enum noun noun, const char *state_dir)
{
    const char *name = noun_rows[noun].name;
    snprintf(paths->key, sizeof paths->key, "%s/%s.key", state_dir, name);
    snprintf(paths->certificate, sizeof paths->certificate, "%s/%s.crt", state_dir, name);
    snprintf(paths->id, sizeof paths->id, "%s/%s.id", state_dir, name);
}

void enrol_id(char id[ID_SIZE], enum noun noun, const char *state_dir)
{
    struct enrol_paths paths;
    enrol_paths(&paths, noun, state_dir);
    id[0] = 0;
    owned(file) FILE *file = fopen(paths.id, "re");
    if (!file || !fgets(id, ID_SIZE, file))
        return;
    id[strcspn(id, "\n")] = 0;
    if (!id_is_valid(noun, id))
        id[0] = 0;
}

// ---- files

static FILE *open_fresh(const char *path, mode_t mode, struct fault *why)
{
    unlink(path);
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "w");
    if (!file)
        fault_set(why, FAULT_BROKEN, "%s: %s", path, strerror(errno));
    return file;
}

// After a power cut there is either the whole file or none.
static bool settle(FILE *file, const char *fresh, const char *path, struct fault *why)
{
    bool fine = fflush(file) == 0 && fsync(fileno(file)) == 0 && rename(fresh, path) == 0;
    return fine || fault_set(why, FAULT_BROKEN, "%s: %s", path, strerror(errno));
}

// ---- the key

static EVP_PKEY *read_key(const char *path)
{
    owned(file) FILE *file = fopen(path, "re");
    return file ? PEM_read_PrivateKey(file, NULL, NULL, NULL) : NULL;
}

static EVP_PKEY *make_key(const char *path, struct fault *why)
{
    char fresh[ENROL_PATH_SIZE + 8];
    snprintf(fresh, sizeof fresh, "%s.new", path);
    owned(file) FILE *file = open_fresh(fresh, 0600, why);
    if (!file)
        return NULL;
    owned(key) EVP_PKEY *key = EVP_EC_gen("P-256");
    if (!key || !PEM_write_PKCS8PrivateKey(file, key, NULL, NULL, 0, NULL, NULL)) {
        fault_set(why, FAULT_BROKEN, "no key can be made");
        return NULL;
    }
    return settle(file, fresh, path, why) ? take(key) : NULL;
}

static X509_REQ *make_request(EVP_PKEY *key, enum noun noun)
{
    owned(request) X509_REQ *request = X509_REQ_new();
    X509_NAME *name = X509_REQ_get_subject_name(request);
    // The broker decides which one this is, by the token; the name here is for who looks at the request.
    const unsigned char *kind = (const unsigned char *)noun_rows[noun].name;
    bool fine = X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, kind, -1, -1, 0) &&
                X509_REQ_set_pubkey(request, key) && X509_REQ_sign(request, key, EVP_sha256()) > 0;
    return fine ? take(request) : NULL;
}

static bool request_text(const char *path, enum noun noun, char *base64, size_t size, struct fault *why)
{
    owned(key) EVP_PKEY *key = read_key(path);
    if (!key)
        key = make_key(path, why);
    if (!key)
        return false;
    owned(request) X509_REQ *request = make_request(key, noun);
    unsigned char *der = NULL;
    int length = request ? i2d_X509_REQ(request, &der) : -1;
    bool fine = length > 0 && (size_t)length / 3 * 4 + 8 <= size;
    if (fine)
        EVP_EncodeBlock((unsigned char *)base64, der, length);
    OPENSSL_free(der);
    return fine || fault_set(why, FAULT_BROKEN, "no certificate request can be made");
}

// ---- the certificate

static X509 *decode_certificate(const char *base64)
{
    unsigned char der[CERTIFICATE_MAX];
    size_t length = strlen(base64);
    if (length == 0 || length % 4 || length / 4 * 3 > sizeof der)
        return NULL;
    int decoded = EVP_DecodeBlock(der, (const unsigned char *)base64, (int)length);
    const unsigned char *at = der;
    return decoded > 0 ? d2i_X509(NULL, &at, decoded) : NULL;
}

static bool write_text(const char *path, const char *text, struct fault *why)
{
    char fresh[ENROL_PATH_SIZE + 8];
    snprintf(fresh, sizeof fresh, "%s.new", path);
    owned(file) FILE *file = open_fresh(fresh, 0644, why);
    if (!file)
        return false;
    fprintf(file, "%s\n", text);
    return settle(file, fresh, path, why);
}

static bool write_certificate(const char *path, X509 *certificate, struct fault *why)
{
    char fresh[ENROL_PATH_SIZE + 8];
    snprintf(fresh, sizeof fresh, "%s.new", path);
    owned(file) FILE *file = open_fresh(fresh, 0644, why);
    if (!file)
        return false;
    if (!PEM_write_X509(file, certificate))
        return fault_set(why, FAULT_BROKEN, "%s cannot be written", path);
    return settle(file, fresh, path, why);
}

static bool keep(const struct enrol_config *config, const struct enrol_paths *paths, json_object *body,
                 struct fault *why)
{
    const char *id = codec_string(body, noun_rows[config->noun].name);
    owned(certificate) X509 *certificate = decode_certificate(codec_string(body, "certificate"));
    owned(key) EVP_PKEY *key = read_key(paths->key);
    if (!*id)
        return fault_set(why, FAULT_INVALID, "the token is not for a %s", noun_rows[config->noun].name);
    if (!id_is_valid(config->noun, id) || !certificate || !key)
        return fault_set(why, FAULT_INVALID, "the broker's answer holds no certificate");
    if (X509_check_private_key(certificate, key) != 1)
        return fault_set(why, FAULT_INVALID, "the broker's certificate is not for the key that is here");
    return write_text(paths->id, id, why) && write_certificate(paths->certificate, certificate, why);
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

static bool ask(const struct enrol_config *config, json_object *body, struct client_answer *answer, struct fault *why)
{
    struct client_config where = {.host = config->broker, .port = config->port, .ca_file = config->broker_ca};
    owned(loop) struct loop *loop = loop_new();
    owned(client) struct client *client = client_new(loop, &where, why);
    if (!client)
        return false;
    client_call_wait(client, "POST", "/v1/enrol", NULL, body, DEADLINE_MS, answer);
    return true;
}

static bool turn_in(const struct enrol_config *config, const char *token, enum refusal *refusal, struct fault *why)
{
    struct enrol_paths paths;
    char request[4096];
    struct client_answer answer = {0};
    *refusal = REFUSAL_NONE;
    enrol_paths(&paths, config->noun, config->state_dir);
    if (!request_text(paths.key, config->noun, request, sizeof request, why))
        return false;
    owned(json) json_object *body = json_object_new_object();
    json_object_object_add(body, "token", json_object_new_string(token));
    json_object_object_add(body, "request", json_object_new_string(request));
    bool asked = ask(config, body, &answer, why);
    codec_wipe(body);
    if (!asked)
        return false;
    owned(json) json_object *got = answer.body;
    *refusal = answer.refusal;
    if (answer.refusal != REFUSAL_NONE)
        return fault_set(why, FAULT_DENIED, "%s", answer.detail);
    return keep(config, &paths, got, why);
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
