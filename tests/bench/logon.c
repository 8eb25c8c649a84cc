// SPDX-License-Identifier: EUPL-1.2
// Load for the logon bench: desks that each log one person on after the other, all in one thread that waits for
// whichever answers next, so that both sides of the comparison have the same lean client.
//   bench_logon ldap SECONDS DESKS PEOPLE URI BASE CA SECRET     bare bind, then the group search by the service
//   account bench_logon https SECONDS DESKS PEOPLE HOST PORT CA FOLDER   whole logons; FOLDER holds load1.crt,
//   load1.key ... bench_logon fresh ...                                        the same with a new TLS connection for
//   each
// Prints: rate per second, errors, p50 and p99 in milliseconds, how many, with tabs between. The people are p00001 ...
#include "broker/base/clock.h"
#include "broker/base/mem.h"

#include <fcntl.h>
#include <ldap.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

// LOGON_US: about what a logon takes, so that the next run goes on where this one ended.
enum { TIMES_MAX = 1000000, READY_MAX = 64, ANSWER_SIZE = 16384, LOGON_US = 6000 };
static const char password[] = "viele-geheim-1";

struct desk {
    int number, person;
    unsigned seed;
    int64_t began_us;
    // https
    SSL_CTX *context;
    SSL *ssl;
    bool asked;
    size_t length;
    char answer[ANSWER_SIZE];
    // ldap: as many connections as the broker would need at most, each with one question at a time
    LDAP *users, *service;
    int id, groups;
    bool bound;
};

static char **words;
static bool bare, fresh;
static int people, epoll;
static int64_t times_us[TIMES_MAX];
static int done, errors;

static void must(bool good, const char *doing)
{
    if (good)
        return;
    fprintf(stderr, "bench_logon: %s\n", doing);
    exit(2);
}

static void watch(struct desk *desk, int descriptor)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = desk};
    must(epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0, "cannot watch a connection");
}

static void begin(struct desk *desk);

static void end(struct desk *desk, bool right)
{
    if (done < TIMES_MAX)
        times_us[done] = clock_steady_us() - desk->began_us;
    done++;
    errors += !right;
    begin(desk);
}

// ---- the bare directory

static LDAP *ldap_open(struct desk *desk, const char *dn, const char *secret)
{
    LDAP *ldap = NULL;
    int version = LDAP_VERSION3, demand = LDAP_OPT_X_TLS_DEMAND, new_context = 0, descriptor = -1;
    struct berval credentials = {strlen(secret), (char *)(uintptr_t)secret};
    must(ldap_initialize(&ldap, words[5]) == LDAP_SUCCESS, "not the address of a directory");
    ldap_set_option(ldap, LDAP_OPT_PROTOCOL_VERSION, &version);
    ldap_set_option(ldap, LDAP_OPT_X_TLS_CACERTFILE, words[7]);
    ldap_set_option(ldap, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand);
    ldap_set_option(ldap, LDAP_OPT_X_TLS_NEWCTX, &new_context);
    must(ldap_sasl_bind_s(ldap, dn, LDAP_SASL_SIMPLE, &credentials, NULL, NULL, NULL) == LDAP_SUCCESS,
         "the directory refuses the first bind");
    ldap_get_option(ldap, LDAP_OPT_DESC, &descriptor);
    watch(desk, descriptor);
    return ldap;
}

static void person_dn(char dn[256], int person)
{
    snprintf(dn, 256, "uid=p%05d,ou=people,%s", person, words[6]);
}

static void open_directory(struct desk *desk)
{
    char dn[256], secret[200] = "";
    FILE *file = fopen(words[8], "re");
    size_t length = file ? fread(secret, 1, sizeof secret - 1, file) : 0;
    must(length && fclose(file) == 0, "no password of the service account");
    snprintf(dn, sizeof dn, "cn=pult,ou=services,%s", words[6]);
    desk->service = ldap_open(desk, dn, secret);
    person_dn(dn, 1);
    desk->users = ldap_open(desk, dn, password);
}

static void send_bind(struct desk *desk)
{
    char dn[256];
    struct berval credentials = {sizeof password - 1, (char *)(uintptr_t)password};
    person_dn(dn, desk->person);
    desk->bound = false;
    must(ldap_sasl_bind(desk->users, dn, LDAP_SASL_SIMPLE, &credentials, NULL, NULL, &desk->id) == LDAP_SUCCESS,
         "cannot send a bind");
}

static void send_search(struct desk *desk)
{
    static char *attributes[] = {"cn", NULL};
    char dn[256], filter[300];
    person_dn(dn, desk->person);
    snprintf(filter, sizeof filter, "(member=%s)", dn);
    desk->bound = true;
    desk->groups = 0;
    must(ldap_search_ext(desk->service, words[6], LDAP_SCOPE_SUBTREE, filter, attributes, 0, NULL, NULL, NULL, 100,
                         &desk->id) == LDAP_SUCCESS,
         "cannot send a search");
}

static void finish_operation(struct desk *desk, LDAPMessage *message)
{
    int code = LDAP_OTHER;
    ldap_parse_result(desk->bound ? desk->service : desk->users, message, &code, NULL, NULL, NULL, NULL, 0);
    if (code == LDAP_SUCCESS && !desk->bound)
        send_search(desk);
    else
        end(desk, code == LDAP_SUCCESS && desk->groups > 0);
}

static void directory_ready(struct desk *desk)
{
    struct timeval at_once = {0};
    LDAPMessage *message = NULL;
    LDAP *ldap = desk->bound ? desk->service : desk->users;
    int kind;
    while ((kind = ldap_result(ldap, LDAP_RES_ANY, LDAP_MSG_ONE, &at_once, &message)) == LDAP_RES_SEARCH_ENTRY) {
        desk->groups++;
        ldap_msgfree(message);
    }
    if (kind > 0) {
        finish_operation(desk, message);
        ldap_msgfree(message);
    }
    must(kind >= 0, "the directory has closed a connection");
}

// ---- the broker

static int dial(void)
{
    static struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    int one = 1;
    must(found || getaddrinfo(words[5], words[6], &hints, &found) == 0, "the broker's name is not known");
    int descriptor = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(connect(descriptor, found->ai_addr, found->ai_addrlen) == 0, "the broker does not answer");
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(descriptor, F_SETFL, O_NONBLOCK);
    return descriptor;
}

static void open_broker(struct desk *desk)
{
    desk->ssl = SSL_new(desk->context);
    SSL_set_fd(desk->ssl, dial());
    SSL_set1_host(desk->ssl, words[5]);
    SSL_set_connect_state(desk->ssl);
    watch(desk, SSL_get_fd(desk->ssl));
}

static void close_broker(struct desk *desk)
{
    int descriptor = SSL_get_fd(desk->ssl);
    SSL_free(desk->ssl);
    close(descriptor);
    desk->ssl = NULL;
}

static void prepare_tls(struct desk *desk)
{
    char certificate[300], key[300];
    snprintf(certificate, sizeof certificate, "%s/load%d.crt", words[8], desk->number);
    snprintf(key, sizeof key, "%s/load%d.key", words[8], desk->number);
    desk->context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_verify(desk->context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_read_ahead(desk->context, 1);
    must(SSL_CTX_load_verify_file(desk->context, words[7]) == 1 &&
             SSL_CTX_use_certificate_file(desk->context, certificate, SSL_FILETYPE_PEM) == 1 &&
             SSL_CTX_use_PrivateKey_file(desk->context, key, SSL_FILETYPE_PEM) == 1,
         "a desk has no certificate");
}

// Requests are small and one at a time, so they always fit the socket's buffer.
static void send_request(struct desk *desk)
{
    char body[200], request[500];
    int length = snprintf(body, sizeof body, "{\"name\":\"p%05d\",\"password\":\"%s\"}", desk->person, password);
    length = snprintf(request, sizeof request,
                      "POST /v1/logon HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: "
                      "%d\r\n\r\n%s",
                      words[5], length, body);
    must(SSL_write(desk->ssl, request, length) == length, "cannot send a request");
    desk->asked = true;
    desk->length = 0;
}

// Headers, and as much body as they announce.
static bool is_whole(const struct desk *desk)
{
    const char *body = strstr(desk->answer, "\r\n\r\n"), *announced = strcasestr(desk->answer, "content-length:");
    return body && announced && announced < body &&
           desk->length >= (size_t)(body + 4 - desk->answer) + strtoul(announced + 15, NULL, 10);
}

static void finish_answer(struct desk *desk)
{
    if (fresh)
        close_broker(desk);
    end(desk, strncmp(desk->answer, "HTTP/1.1 200", 12) == 0);
}

static void broker_ready(struct desk *desk)
{
    if (!desk->asked) {
        int rc = SSL_do_handshake(desk->ssl);
        must(rc == 1 || SSL_get_error(desk->ssl, rc) == SSL_ERROR_WANT_READ, "no TLS with the broker");
        if (rc == 1)
            send_request(desk);
        return;
    }
    int got;
    while ((got = SSL_read(desk->ssl, desk->answer + desk->length, (int)(ANSWER_SIZE - 1 - desk->length))) > 0) {
        desk->length += (size_t)got;
        desk->answer[desk->length] = 0;
        if (is_whole(desk)) {
            finish_answer(desk);
            return;
        }
    }
    must(SSL_get_error(desk->ssl, got) == SSL_ERROR_WANT_READ, "the broker has closed a connection");
}

// ---- the desks

static void begin(struct desk *desk)
{
    // In turn: the broker lets one person log on at one desk only so often.
    desk->person = 1 + (int)(desk->seed++ % (unsigned)people);
    desk->began_us = clock_steady_us();
    desk->asked = false;
    if (bare) {
        send_bind(desk);
    } else if (desk->ssl) {
        send_request(desk);
    } else {
        open_broker(desk);
        broker_ready(desk);
    }
}

static void run(int64_t until_us)
{
    struct epoll_event ready[READY_MAX];
    while (clock_steady_us() < until_us) {
        int count = epoll_wait(epoll, ready, READY_MAX, 1000);
        for (int i = 0; i < count; i++)
            if (bare)
                directory_ready(ready[i].data.ptr);
            else
                broker_ready(ready[i].data.ptr);
    }
}

static int by_size(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return left < right ? -1 : left > right;
}

int main(int argc, char **argv)
{
    must(argc == 9, "usage: see the head of tests/bench/logon.c");
    words = argv;
    bare = strcmp(argv[1], "ldap") == 0;
    fresh = strcmp(argv[1], "fresh") == 0;
    people = (int)strtol(argv[4], NULL, 10);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    int count = (int)strtol(argv[3], NULL, 10);
    must(people > 0 && count > 0, "no people, or no desks");
    struct desk *desks = mem_new((size_t)count, sizeof *desks);
    for (int i = 0; i < count; i++) {
        desks[i].number = i + 1;
        desks[i].seed = (unsigned)(clock_steady_us() / LOGON_US) + 37 * (unsigned)i;
        if (bare)
            open_directory(&desks[i]);
        else
            prepare_tls(&desks[i]);
    }
    int64_t began_us = clock_steady_us();
    for (int i = 0; i < count; i++)
        begin(&desks[i]);
    run(began_us + strtol(argv[2], NULL, 10) * 1000000);
    double took_s = (double)(clock_steady_us() - began_us) / 1e6;
    int kept = done < TIMES_MAX ? done : TIMES_MAX;
    qsort(times_us, (size_t)kept, sizeof *times_us, by_size);
    size_t middle = (size_t)kept / 2, late = (size_t)kept * 99 / 100;
    printf("%.1f\t%d\t%.2f\t%.2f\t%d\n", done / took_s, errors, kept ? (double)times_us[middle] / 1e3 : 0,
           kept ? (double)times_us[late] / 1e3 : 0, done);
    return 0;
}
