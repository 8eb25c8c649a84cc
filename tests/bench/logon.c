// SPDX-License-Identifier: EUPL-1.2
// Load for the log-on bench: threads that each keep one connection and work through people for some seconds.
//   bench_logon ldap SECONDS THREADS PEOPLE URI BASE CA SECRET     bare bind, and group search by the service account
//   bench_logon https SECONDS THREADS PEOPLE HOST PORT CA FOLDER   whole log-ons; FOLDER holds load1.crt, load1.key ...
//   bench_logon fresh ...                                          the same with a new TLS connection for each
// Prints: rate per second, errors, p50 and p99 in milliseconds, with tabs between. The people are p00001 ...
#include "broker/base/clock.h"
#include "broker/base/mem.h"

#include <ldap.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { THREADS_MAX = 64, TIMES_MAX = 1000000 };
static const char password[] = "viele-geheim-1";

static char **words;
static int64_t until_us;
static int people;
static int64_t times_us[TIMES_MAX];
static int done, errors; // counted with atomics

struct worker {
    pthread_t thread;
    int number;
    unsigned seed;
    SSL_CTX *context;
    SSL *ssl;
    LDAP *users, *service;
};

static void count(int64_t began_us, bool right)
{
    int index = __atomic_fetch_add(&done, 1, __ATOMIC_RELAXED);
    if (index < TIMES_MAX)
        times_us[index] = clock_steady_us() - began_us;
    if (!right)
        __atomic_fetch_add(&errors, 1, __ATOMIC_RELAXED);
}

// ---- the bare directory

static LDAP *ldap_open(void)
{
    LDAP *ldap = NULL;
    int version = LDAP_VERSION3, demand = LDAP_OPT_X_TLS_DEMAND, new_context = 0;
    if (ldap_initialize(&ldap, words[5]) != LDAP_SUCCESS)
        exit(2);
    ldap_set_option(ldap, LDAP_OPT_PROTOCOL_VERSION, &version);
    ldap_set_option(ldap, LDAP_OPT_X_TLS_CACERTFILE, words[7]);
    ldap_set_option(ldap, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand);
    ldap_set_option(ldap, LDAP_OPT_X_TLS_NEWCTX, &new_context);
    return ldap;
}

static bool bind_as(LDAP *ldap, const char *dn, const char *secret)
{
    struct berval credentials = {strlen(secret), (char *)(uintptr_t)secret};
    return ldap_sasl_bind_s(ldap, dn, LDAP_SASL_SIMPLE, &credentials, NULL, NULL, NULL) == LDAP_SUCCESS;
}

static void bind_service(LDAP *ldap)
{
    char dn[256], secret[200] = "";
    FILE *file = fopen(words[8], "re");
    size_t length = file ? fread(secret, 1, sizeof secret - 1, file) : 0;
    snprintf(dn, sizeof dn, "cn=pult,ou=services,%s", words[6]);
    if (!length || fclose(file) != 0 || !bind_as(ldap, dn, secret)) {
        fputs("the service account is refused\n", stderr);
        exit(2);
    }
}

static bool ask_directory(struct worker *worker, int person)
{
    static char *attributes[] = {"cn", NULL};
    char dn[256], filter[300];
    snprintf(dn, sizeof dn, "uid=p%05d,ou=people,%s", person, words[6]);
    if (!bind_as(worker->users, dn, password))
        return false;
    LDAPMessage *found = NULL;
    snprintf(filter, sizeof filter, "(member=%s)", dn);
    int rc = ldap_search_ext_s(worker->service, words[6], LDAP_SCOPE_SUBTREE, filter, attributes, 0, NULL, NULL, NULL,
                               100, &found);
    ldap_msgfree(found);
    return rc == LDAP_SUCCESS;
}

// ---- the broker

static int tcp_open(void)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    int one = 1;
    if (getaddrinfo(words[5], words[6], &hints, &found) != 0)
        exit(2);
    int descriptor = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(descriptor, found->ai_addr, found->ai_addrlen) != 0)
        descriptor = -1;
    else
        setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    freeaddrinfo(found);
    return descriptor;
}

static bool https_open(struct worker *worker)
{
    int descriptor = tcp_open();
    if (descriptor < 0)
        return false;
    worker->ssl = SSL_new(worker->context);
    SSL_set_fd(worker->ssl, descriptor);
    SSL_set1_host(worker->ssl, words[5]);
    return SSL_connect(worker->ssl) == 1;
}

static void https_close(struct worker *worker)
{
    if (!worker->ssl)
        return;
    int descriptor = SSL_get_fd(worker->ssl);
    SSL_free(worker->ssl);
    close(descriptor);
    worker->ssl = NULL;
}

// Reads headers and as much body as they announce.
static bool read_answer(SSL *ssl)
{
    char answer[16384];
    size_t length = 0, wanted = sizeof answer - 1;
    while (length < wanted) {
        int got = SSL_read(ssl, answer + length, (int)(wanted - length));
        if (got <= 0)
            return false;
        length += (size_t)got;
        answer[length] = 0;
        char *body = strstr(answer, "\r\n\r\n"), *announced = strcasestr(answer, "content-length:");
        if (body && announced)
            wanted = (size_t)(body + 4 - answer) + strtoul(announced + 15, NULL, 10);
    }
    return strncmp(answer, "HTTP/1.1 200", 12) == 0;
}

static bool ask_broker(struct worker *worker, int person)
{
    char body[200], request[500];
    if (!worker->ssl && !https_open(worker))
        return false;
    int length = snprintf(body, sizeof body, "{\"name\":\"p%05d\",\"password\":\"%s\"}", person, password);
    length = snprintf(request, sizeof request,
                      "POST /v1/logon HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: "
                      "%d\r\n\r\n%s",
                      words[5], length, body);
    bool right = SSL_write(worker->ssl, request, length) == length && read_answer(worker->ssl);
    if (!right || strcmp(words[1], "fresh") == 0)
        https_close(worker);
    return right;
}

// ---- threads

static void prepare_https(struct worker *worker)
{
    char certificate[300], key[300];
    snprintf(certificate, sizeof certificate, "%s/load%d.crt", words[8], worker->number);
    snprintf(key, sizeof key, "%s/load%d.key", words[8], worker->number);
    worker->context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_verify(worker->context, SSL_VERIFY_PEER, NULL);
    if (SSL_CTX_load_verify_file(worker->context, words[7]) != 1 ||
        SSL_CTX_use_certificate_file(worker->context, certificate, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_use_PrivateKey_file(worker->context, key, SSL_FILETYPE_PEM) != 1)
        exit(2);
}

static void *work(void *arg)
{
    struct worker *worker = arg;
    bool bare = strcmp(words[1], "ldap") == 0;
    if (bare) {
        worker->users = ldap_open();
        worker->service = ldap_open();
        bind_service(worker->service);
    } else {
        prepare_https(worker);
    }
    while (clock_steady_us() < until_us) {
        int person = 1 + (int)((unsigned)rand_r(&worker->seed) % (unsigned)people);
        int64_t began_us = clock_steady_us();
        count(began_us, bare ? ask_directory(worker, person) : ask_broker(worker, person));
    }
    return NULL;
}

static int by_size(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return left < right ? -1 : left > right;
}

int main(int argc, char **argv)
{
    static struct worker workers[THREADS_MAX];
    if (argc < 9) {
        fputs("usage: see the head of tests/bench/logon.c\n", stderr);
        return 2;
    }
    words = argv;
    int seconds = (int)strtol(argv[2], NULL, 10), threads = (int)strtol(argv[3], NULL, 10);
    people = (int)strtol(argv[4], NULL, 10);
    int64_t began_us = clock_steady_us();
    until_us = began_us + (int64_t)seconds * 1000000;
    for (int i = 0; i < threads && i < THREADS_MAX; i++) {
        workers[i].number = i + 1;
        workers[i].seed = (unsigned)i + 1;
        pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    }
    for (int i = 0; i < threads && i < THREADS_MAX; i++)
        pthread_join(workers[i].thread, NULL);
    double took_s = (double)(clock_steady_us() - began_us) / 1e6;
    int kept = done < TIMES_MAX ? done : TIMES_MAX;
    qsort(times_us, (size_t)kept, sizeof *times_us, by_size);
    size_t middle = (size_t)kept / 2, late = (size_t)kept * 99 / 100;
    printf("%.1f\t%d\t%.2f\t%.2f\n", done / took_s, errors, kept ? (double)times_us[middle] / 1e3 : 0,
           kept ? (double)times_us[late] / 1e3 : 0);
    return 0;
}
