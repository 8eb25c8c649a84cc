// SPDX-License-Identifier: EUPL-1.2
// Enrols devices or session hosts as an administrator and they themselves would: a token for each, a key, a request, a
// certificate.
//   bench_enrol TENANT COUNT FOLDER HOST CA TOKEN-FILE devices|hosts     TENANT/load1 ... are there already
// TOKEN-FILE is where pultctl keeps the administrator's logon. Leaves load1.crt, load1.key ... in FOLDER.
#include "broker/api/codec.h"
#include "tests/bench/https.h"

#include <openssl/pem.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 8 };

static char **words;
static char bearer[400];
static int count, next = 1;

static void must(bool right, const char *what, int number)
{
    if (right)
        return;
    fprintf(stderr, "load%d: %s\n", number, what);
    exit(1);
}

static void read_bearer(const char *path)
{
    char bytes[4096];
    struct fault why = {0};
    owned(json) json_object *kept = NULL;
    FILE *file = fopen(path, "re");
    size_t length = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (!file || fclose(file) != 0 || !codec_parse(&kept, bytes, length, &why)) {
        fprintf(stderr, "%s: no administrator's logon\n", path);
        exit(1);
    }
    snprintf(bearer, sizeof bearer, "Authorization: Bearer %s\r\n", codec_string(kept, "token"));
}

static json_object *ask(struct https *https, const char *path, const char *head, const char *body, int number)
{
    struct fault why = {0};
    json_object *answer = NULL;
    int status = https_ask(https, "POST", path, head, body);
    must(status == 200, status ? https->answer.bytes : "the broker does not answer", number);
    must(codec_parse(&answer, https->answer.bytes, https->answer.length, &why), why.text, number);
    return answer;
}

// As base64 of DER; the caller's.
static char *request_of(EVP_PKEY *key, int number)
{
    unsigned char *der = NULL;
    X509_REQ *request = X509_REQ_new();
    X509_REQ_set_pubkey(request, key);
    must(X509_REQ_sign(request, key, EVP_sha256()) > 0, "no request", number);
    int length = i2d_X509_REQ(request, &der);
    must(length > 0, "no request", number);
    char *base64 = mem_new(1, (size_t)length * 2);
    EVP_EncodeBlock((unsigned char *)base64, der, length);
    OPENSSL_free(der);
    X509_REQ_free(request);
    return base64;
}

static FILE *create(int number, const char *kind)
{
    char path[400];
    snprintf(path, sizeof path, "%s/load%d.%s", words[3], number, kind);
    FILE *file = fopen(path, "we");
    must(file != NULL, path, number);
    return file;
}

static void keep(EVP_PKEY *key, const char *base64, int number)
{
    unsigned char der[4096];
    must(strlen(base64) <= sizeof der, "the certificate is too long", number);
    int length = EVP_DecodeBlock(der, (const unsigned char *)base64, (int)strlen(base64));
    const unsigned char *at = der;
    X509 *certificate = d2i_X509(NULL, &at, length);
    must(certificate != NULL, "the certificate cannot be read", number);
    FILE *file = create(number, "crt");
    must(PEM_write_X509(file, certificate) == 1 && fclose(file) == 0, "cannot write", number);
    file = create(number, "key");
    must(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1 && fclose(file) == 0, "cannot write", number);
    X509_free(certificate);
}

static void enrol(struct https *https, int number)
{
    char path[300];
    snprintf(path, sizeof path, "/v1/%s/%s/load%d/enrol-token", words[7], words[1], number);
    owned(json) json_object *invitation = ask(https, path, bearer, "", number);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    owned(bytes) char *request = request_of(key, number);
    struct text body = {0};
    text_addf(&body, "{\"token\":\"%s\",\"request\":\"%s\"}", codec_string(invitation, "token"), request);
    owned(json) json_object *answer = ask(https, "/v1/enrol", "Content-Type: application/json\r\n", body.bytes, number);
    keep(key, codec_string(answer, "certificate"), number);
    text_drop(&body);
    EVP_PKEY_free(key);
}

static void *work(void *arg)
{
    struct https https = {.context = arg, .host = words[4], .port = "8443"};
    for (int number; (number = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED)) <= count;)
        enrol(&https, number);
    https_drop(&https);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    if (argc != 8) {
        fputs("usage: see the head of tests/bench/enrol.c\n", stderr);
        return 2;
    }
    words = argv;
    count = (int)strtol(argv[2], NULL, 10);
    read_bearer(argv[6]);
    SSL_CTX *context = https_context(argv[5], NULL, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, work, context);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    SSL_CTX_free(context);
    return 0;
}
