// SPDX-License-Identifier: EUPL-1.2
// A real broker with a small budget for connections that have proven nothing, and all ways to use it up. Each kind of
// flood ends by itself, an honest client is served meanwhile, and who has proven something is not hurt.
#include "broker/base/mem.h"
#include "broker/server/caller_table.h"
#include "tests/folder.h"
#include "tests/network.h"
#include "tests/program.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PUBLIC = 8443,
    DEVICES = 8444,
    ADMINS = 8445,
    FLOOD = 60,
    PER_NETWORK = 24,
    PATIENCE_S = 2,
    DESCRIPTORS = 160,
    DEADLINE_MS = 60000
};

// What a client does before it says nothing more.
enum last_word { NOTHING, HALF_A_HELLO, A_HELLO, A_HANDSHAKE, HALF_A_HEAD, HALF_A_BODY };

struct visitor {
    int descriptor;
    SSL *ssl; // NULL before TLS
};

static char folder[FOLDER_SIZE], token[200];
static pid_t broker;
static SSL_CTX *nobody, *device, *admin;
static unsigned char hello[2048];
static int hello_length;

// ---- the broker

static const char configuration[] = "port = 8443\ndevice-port = 8444\nadmin-port = 8445\nadmin-ca = admin.crt\n"
                                    "certificate = broker.crt\nkey = broker.key\ndata-dir = data\n"
                                    "credentials-dir = data\nunproven-patience-s = 2\n";
static const char small_budget[] = "unproven-connections = 80\nunproven-per-port = 60\nunproven-per-network = 24\n"
                                   "unproven-handshakes = 20\n";

// Machines that are strangers to the broker, but vouched for: by its own authority, and by the administrators'.
static const char certificates[] =
    "set -e; umask 077; mkdir data\n"
    "new='openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 2'\n"
    "$new -x509 -subj /CN=broker -addext subjectAltName=DNS:broker -keyout broker.key -out broker.crt\n"
    "$new -x509 -subj /CN=administrators -keyout admin.key -out admin.crt\n"
    "sed -E \"s,= (admin.crt|broker\\..*|data)$,= $PWD/\\1,\" -i broker.conf\n"
    "$PULT_BUILD/broker/pult-broker -c broker.conf --init >first\n"
    "printf extendedKeyUsage=clientAuth >extensions\n"
    "sign() { $new -subj /CN=stranger -keyout $1-client.key | openssl x509 -req -CA $2.crt -CAkey $2.key -days 2 \\\n"
    "  -extfile extensions -out $1-client.crt; }\n"
    "ln -s data/device-ca.pem device.crt && ln -s data/device-ca.key device.key\n"
    "sign device device && sign admin admin\n";

static SSL_CTX *context_of(const char *name)
{
    char certificate[100], key[100], ca[100];
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    snprintf(certificate, sizeof certificate, "%s/%s-client.crt", folder, name);
    snprintf(key, sizeof key, "%s/%s-client.key", folder, name);
    snprintf(ca, sizeof ca, "%s/broker.crt", folder);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    cr_assert_eq(SSL_CTX_load_verify_file(context, ca), 1);
    if (name[0])
        cr_assert(SSL_CTX_use_certificate_file(context, certificate, SSL_FILETYPE_PEM) == 1 &&
                  SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1);
    return context;
}

static void make_hello(void)
{
    SSL *ssl = SSL_new(nobody);
    BIO *out = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), out);
    SSL_connect(ssl);
    hello_length = BIO_read(out, hello, sizeof hello);
    cr_assert(hello_length > 50 && hello_length < (int)sizeof hello);
    SSL_free(ssl);
}

static int tcp_open(const char *from, int port)
{
    bool is_v6 = strchr(from, ':');
    struct sockaddr_in6 here6 = {.sin6_family = AF_INET6}, there6 = {.sin6_family = AF_INET6};
    struct sockaddr_in here4 = {.sin_family = AF_INET}, there4 = {.sin_family = AF_INET};
    struct timeval patience = {.tv_sec = DEADLINE_MS / 1000};
    there6.sin6_port = there4.sin_port = htons((uint16_t)port);
    inet_pton(AF_INET6, "::1", &there6.sin6_addr);
    inet_pton(AF_INET, "127.0.0.1", &there4.sin_addr);
    cr_assert_eq(inet_pton(is_v6 ? AF_INET6 : AF_INET, from, is_v6 ? (void *)&here6.sin6_addr : &here4.sin_addr), 1);
    int descriptor = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct sockaddr *here = is_v6 ? (void *)&here6 : (void *)&here4;
    const struct sockaddr *there = is_v6 ? (void *)&there6 : (void *)&there4;
    socklen_t length = is_v6 ? sizeof here6 : sizeof here4;
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    cr_assert_eq(bind(descriptor, here, length), 0, "%s: %s", from, strerror(errno));
    if (connect(descriptor, there, length) == 0)
        return descriptor;
    close(descriptor);
    return -1;
}

static void start_with(const char *budget, const char *prefix)
{
    char path[100], line[400];
    network_own();
    signal(SIGPIPE, SIG_IGN);
    program_shell("ip addr add fd00:1::1/64 dev lo nodad && ip addr add fd00:1::2:0:1/64 dev lo nodad && "
                  "ip addr add fd00:2::1/64 dev lo nodad");
    folder_make(folder, "flood");
    snprintf(path, sizeof path, "%s/broker.conf", folder);
    FILE *file = fopen(path, "we");
    cr_assert(file && fputs(configuration, file) >= 0 && fputs(budget, file) >= 0 && fclose(file) == 0);
    owned(bytes) char *shell = NULL;
    cr_assert(asprintf(&shell, "cd %s && %s", folder, certificates) > 0);
    program_shell(shell);
    snprintf(path, sizeof path, "%s/first", folder);
    file = fopen(path, "re");
    cr_assert(file && fgets(token, sizeof token, file) && fclose(file) == 0);
    token[strcspn(token, "\n")] = 0;
    nobody = context_of("");
    device = context_of("device");
    admin = context_of("admin");
    make_hello();
    snprintf(path, sizeof path, "%s/log", folder);
    snprintf(line, sizeof line, "%s%s/broker/pult-broker -c %s/broker.conf", prefix, getenv("PULT_BUILD"), folder);
    broker = program_start(line, path);
    for (int descriptor; (descriptor = tcp_open("127.0.0.1", ADMINS)) < 0 || close(descriptor) != 0;)
        usleep(20000);
}

static void start(void)
{
    start_with(small_budget, "");
}

static void start_as_usual(void)
{
    start_with("", "");
}

static void start_small(void)
{
    char prefix[40];
    snprintf(prefix, sizeof prefix, "prlimit --nofile=%d:%d ", DESCRIPTORS, DESCRIPTORS);
    start_with("", prefix);
}

static void stop(void)
{
    program_stop(broker);
    SSL_CTX_free(nobody);
    SSL_CTX_free(device);
    SSL_CTX_free(admin);
    folder_remove(folder);
}

TestSuite(flood, .init = start, .fini = stop, .timeout = 380);
TestSuite(small_machine, .init = start_small, .fini = stop, .timeout = 380);
TestSuite(large_flood, .init = start_as_usual, .fini = stop, .timeout = 380);

// ---- clients

static void finish(struct visitor *visitor)
{
    SSL_free(visitor->ssl);
    close(visitor->descriptor);
}

static bool begin_tls(struct visitor *visitor, int port)
{
    visitor->ssl = SSL_new(port == DEVICES ? device : port == ADMINS ? admin : nobody);
    SSL_set_fd(visitor->ssl, visitor->descriptor);
    SSL_set1_host(visitor->ssl, "broker");
    return SSL_connect(visitor->ssl) == 1;
}

// Says the beginning and nothing more. Another one may have to go for it, even while it comes itself.
static struct visitor visit(const char *from, int port, enum last_word last)
{
    static const char head[] = "GET /healthz HTTP/1.1\r\nX: ";
    static const char body[] = "POST /v1/enrol HTTP/1.1\r\nHost: broker\r\nContent-Length: 100\r\n\r\n{";
    struct visitor visitor = {.descriptor = tcp_open(from, port)};
    cr_assert_geq(visitor.descriptor, 0, "%s", strerror(errno));
    if (last == HALF_A_HELLO || last == A_HELLO)
        send(visitor.descriptor, hello, (size_t)(last == A_HELLO ? hello_length : hello_length / 2), MSG_NOSIGNAL);
    if (last >= A_HANDSHAKE && begin_tls(&visitor, port) && last > A_HANDSHAKE)
        SSL_write(visitor.ssl, last == HALF_A_HEAD ? head : body, (int)strlen(last == HALF_A_HEAD ? head : body));
    return visitor;
}

static bool is_open(const struct visitor *visitor)
{
    char byte;
    ssize_t got = recv(visitor->descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got > 0 || (got < 0 && errno == EAGAIN);
}

// Whatever was said to it before.
static bool is_dropped(const struct visitor *visitor)
{
    char bytes[4096];
    ssize_t got;
    while ((got = recv(visitor->descriptor, bytes, sizeof bytes, 0)) > 0)
        ;
    return got == 0 || errno == ECONNRESET;
}

// The status; the answer's head and body in `answer`.
static int ask(struct visitor *visitor, const char *request, char answer[8192])
{
    size_t length = 0;
    int status = 0;
    answer[0] = 0;
    if (SSL_write(visitor->ssl, request, (int)strlen(request)) <= 0)
        return 0;
    for (const char *body = NULL; length < 8191;) {
        int got = SSL_read(visitor->ssl, answer + length, (int)(8191 - length));
        if (got <= 0)
            return 0;
        length += (size_t)got;
        answer[length] = 0;
        body = strstr(answer, "\r\n\r\n");
        const char *announced = strcasestr(answer, "content-length:");
        if (body && announced && strlen(body + 4) >= strtoul(announced + 15, NULL, 10))
            break;
    }
    return sscanf(answer, "HTTP/1.1 %d", &status) == 1 ? status : 0;
}

static struct visitor is_served(const char *from, int port)
{
    char answer[8192];
    struct visitor visitor = {.descriptor = tcp_open(from, port)};
    cr_assert(begin_tls(&visitor, port), "no TLS at %d for %s", port, from);
    cr_assert_eq(ask(&visitor, "GET /healthz HTTP/1.1\r\nHost: broker\r\n\r\n", answer), 200);
    return visitor;
}

static void ask_as_administrator(struct visitor *visitor, const char *bearer, const char *path, char answer[8192])
{
    char request[600];
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: broker\r\nAuthorization: Bearer %s\r\n\r\n", path,
             bearer);
    cr_assert_eq(ask(visitor, request, answer), 200, "%s: %s", path, answer);
}

// The first administrator, on a connection that is kept.
static struct visitor log_on(char bearer[300])
{
    char request[600], body[300], answer[8192];
    struct visitor visitor = is_served("127.0.1.1", PUBLIC);
    snprintf(body, sizeof body, "{\"token\":\"%s\"}", token);
    snprintf(request, sizeof request,
             "POST /v1/admin/logon HTTP/1.1\r\nHost: broker\r\nContent-Type: application/json\r\n"
             "Content-Length: %zu\r\n\r\n%s",
             strlen(body), body);
    cr_assert_eq(ask(&visitor, request, answer), 200, "%s", answer);
    const char *found = strstr(answer, "\"token\":\"");
    cr_assert(found && sscanf(found + 9, "%299[^\"]", bearer) == 1);
    ask_as_administrator(&visitor, bearer, "/v1/status", answer);
    return visitor;
}

static long counted(const char *metrics, const char *name, const char *port)
{
    char line[100];
    snprintf(line, sizeof line, "%s{port=\"%s\"} ", name, port);
    const char *found = strstr(metrics, line);
    cr_assert(found, "%s not in %s", line, metrics);
    return strtol(found + strlen(line), NULL, 10);
}

// ---- what must hold

struct kind {
    const char *name, *port_name;
    int port;
    enum last_word last;
};

static void flood(const struct kind *kind)
{
    static struct visitor flood[FLOOD];
    char bearer[300], answer[8192], from[20];
    struct visitor proven = log_on(bearer);
    for (int i = 0; i < FLOOD; i++) {
        snprintf(from, sizeof from, "127.0.1.%d", 1 + i % 3);
        flood[i] = visit(from, kind->port, kind->last);
    }
    struct visitor other = is_served("127.0.0.9", kind->port), neighbour = is_served("127.0.1.1", kind->port);
    for (int i = 0; i < FLOOD; i++)
        cr_assert(is_dropped(&flood[i]), "%s: %d", kind->name, i);
    ask_as_administrator(&proven, bearer, "/metrics", answer);
    long full = counted(answer, "pult_unproven_dropped_full_total", kind->port_name);
    long late = counted(answer, "pult_unproven_dropped_late_total", kind->port_name);
    cr_assert_geq(full + late, FLOOD, "%s: %ld and %ld", kind->name, full, late);
    cr_assert(is_dropped(&other) && is_dropped(&neighbour), "what proves nothing is kept");
    for (int i = 0; i < FLOOD; i++)
        finish(&flood[i]);
    finish(&other);
    finish(&neighbour);
    ask_as_administrator(&proven, bearer, "/metrics", answer);
    finish(&proven);
}

Test(flood, of_connections_that_say_nothing)
{
    flood(&(struct kind){"silent", "public", PUBLIC, NOTHING});
}

Test(flood, of_silence_at_the_devices_port)
{
    flood(&(struct kind){"silent", "device", DEVICES, NOTHING});
}

Test(flood, of_halves_of_a_hello)
{
    flood(&(struct kind){"half a hello", "public", PUBLIC, HALF_A_HELLO});
}

Test(flood, of_handshakes_that_are_never_finished)
{
    flood(&(struct kind){"hello", "device", DEVICES, A_HELLO});
}

Test(flood, of_tls_without_a_request)
{
    flood(&(struct kind){"handshake", "public", PUBLIC, A_HANDSHAKE});
}

// Vouched for by the broker's own authority, but nobody that it knows.
Test(flood, of_slow_heads_by_strangers_with_a_certificate)
{
    flood(&(struct kind){"head", "device", DEVICES, HALF_A_HEAD});
}

Test(flood, of_slow_bodies)
{
    flood(&(struct kind){"body", "public", PUBLIC, HALF_A_BODY});
}

Test(flood, of_slow_bodies_at_the_administrators_port)
{
    flood(&(struct kind){"body", "admin", ADMINS, HALF_A_BODY});
}

Test(flood, of_half_an_ipv6_address)
{
    static struct visitor flood[FLOOD];
    char bearer[300], answer[8192];
    struct visitor proven = log_on(bearer), other = visit("fd00:2::1", PUBLIC, NOTHING), honest;
    for (int i = 0; i < PER_NETWORK + 6; i++)
        flood[i] = visit(i % 2 ? "fd00:1::1" : "fd00:1::2:0:1", PUBLIC, NOTHING);
    honest = is_served("fd00:1::1", PUBLIC);
    cr_assert(is_open(&other), "another network is hurt");
    for (int i = 0; i < 6; i++)
        cr_assert(is_dropped(&flood[i]), "%d", i);
    ask_as_administrator(&proven, bearer, "/metrics", answer);
    cr_assert_geq(counted(answer, "pult_unproven_dropped_full_total", "public"), 6, "%s", answer);
    for (int i = 0; i < PER_NETWORK + 6; i++)
        finish(&flood[i]);
    finish(&other);
    finish(&honest);
    finish(&proven);
}

// It is no way to be counted no more and stay: what libwebsockets does for a request undoes what was to end it.
Test(flood, a_request_in_the_moment_of_the_drop_changes_nothing)
{
    static const char request[] = "GET /healthz HTTP/1.1\r\nHost: broker\r\n\r\n";
    static struct visitor others[PER_NETWORK];
    for (int tries = 0; tries < 3; tries++) {
        struct visitor oldest = is_served("127.0.1.1", PUBLIC);
        for (int i = 1; i < PER_NETWORK; i++)
            others[i] = visit("127.0.1.1", PUBLIC, NOTHING);
        cr_assert(is_open(&oldest));
        program_freeze(broker); // so that it meets both in one turn of its loop
        others[0] = visit("127.0.1.1", PUBLIC, NOTHING);
        cr_assert_gt(SSL_write(oldest.ssl, request, sizeof request - 1), 0);
        kill(broker, SIGCONT);
        cr_assert(is_dropped(&oldest), "the %dth time", tries);
        for (int i = 0; i < PER_NETWORK; i++)
            finish(&others[i]);
        finish(&oldest);
    }
}

Test(flood, the_proven_may_be_many_behind_one_address)
{
    static struct visitor desks[2 * PER_NETWORK];
    char bearer[300], answer[8192];
    desks[0] = log_on(bearer);
    for (int i = 1; i < 2 * PER_NETWORK; i++) {
        desks[i] = is_served("127.0.1.1", PUBLIC);
        ask_as_administrator(&desks[i], bearer, "/v1/status", answer);
    }
    sleep(PATIENCE_S + 2); // nobody's patience is for them
    for (int i = 0; i < 2 * PER_NETWORK; i++) {
        ask_as_administrator(&desks[i], bearer, "/v1/status", answer);
        finish(&desks[i]);
    }
}

// One token opens no more than so many: the others count like anybody's, and make room.
Test(large_flood, of_one_who_has_proven_who_it_is)
{
    static struct visitor flood[CALLER_CONNECTIONS_MAX + 20];
    const int count = sizeof flood / sizeof *flood;
    char bearer[300], answer[8192];
    flood[0] = log_on(bearer);
    for (int i = 1; i < count; i++) {
        flood[i] = is_served("127.0.1.1", PUBLIC);
        ask_as_administrator(&flood[i], bearer, "/v1/status", answer);
    }
    for (int i = CALLER_CONNECTIONS_MAX; i < count; i++)
        cr_assert(is_dropped(&flood[i]), "%d", i);
    for (int i = 0; i < count; i++)
        if (i < CALLER_CONNECTIONS_MAX)
            ask_as_administrator(&flood[i], bearer, "/v1/status", answer);
    finish(&flood[1]);
    flood[1] = is_served("127.0.1.1", PUBLIC);
    ask_as_administrator(&flood[1], bearer, "/metrics", answer);
    cr_assert_eq(counted(answer, "pult_unproven_connections", "public"), 0, "one that ended still counts");
    for (int i = 0; i < count; i++)
        finish(&flood[i]);
}

// All descriptors are those of the proven: nobody is there to make room, so others wait until one goes.
Test(small_machine, serves_others_when_one_of_the_proven_goes)
{
    static struct visitor desks[DESCRIPTORS * 3 / 4];
    const int count = sizeof desks / sizeof *desks;
    char bearer[300], answer[8192];
    desks[0] = log_on(bearer);
    for (int i = 1; i < count; i++) {
        desks[i] = is_served("127.0.1.1", PUBLIC);
        ask_as_administrator(&desks[i], bearer, "/v1/status", answer);
    }
    struct visitor other = {.descriptor = tcp_open("127.0.0.9", PUBLIC)};
    ask_as_administrator(&desks[0], bearer, "/v1/status", answer);
    finish(&desks[1]);
    cr_assert(begin_tls(&other, PUBLIC), "it is not noticed that one has gone");
    finish(&other);
    for (int i = 0; i < count; i++)
        if (i != 1)
            finish(&desks[i]);
}

// ---- the ports' walls

static bool gets_through(SSL_CTX *context, int port, const char *name)
{
    struct visitor visitor = {.descriptor = tcp_open("127.0.0.1", port), .ssl = SSL_new(context)};
    char answer[8192];
    SSL_set_fd(visitor.ssl, visitor.descriptor);
    SSL_set_tlsext_host_name(visitor.ssl, name);
    bool through =
        SSL_connect(visitor.ssl) == 1 && ask(&visitor, "GET /healthz HTTP/1.1\r\nHost: broker\r\n\r\n", answer) == 200;
    finish(&visitor);
    return through;
}

// Libwebsockets picks a virtual host, and whose certificates are believed, by the name that a client asks for.
Test(flood, no_name_leads_to_another_port)
{
    static const char *const names[] = {"public", "device", "admin", "broker", "x.device", "x.admin"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        cr_assert(gets_through(device, DEVICES, names[i]) && gets_through(admin, ADMINS, names[i]), "%s", names[i]);
        cr_assert_not(gets_through(device, ADMINS, names[i]), "%s", names[i]);
        cr_assert_not(gets_through(admin, DEVICES, names[i]), "%s", names[i]);
        cr_assert_not(gets_through(nobody, DEVICES, names[i]) || gets_through(nobody, ADMINS, names[i]), "%s",
                      names[i]);
    }
}

Test(flood, is_shown_by_the_status_while_it_lasts)
{
    static struct visitor flood[FLOOD];
    char bearer[300], answer[8192];
    struct visitor proven = log_on(bearer);
    ask_as_administrator(&proven, bearer, "/v1/status", answer);
    cr_assert(strstr(answer, "\"floods\":[]"), "%s", answer);
    for (int i = 0; i < FLOOD; i++)
        flood[i] = visit("127.0.1.7", DEVICES, NOTHING);
    cr_assert(is_dropped(&flood[0]));
    ask_as_administrator(&proven, bearer, "/v1/status", answer);
    cr_assert(strstr(answer, "\"port\":\"device\"") && strstr(answer, "\"network\":\"127.0.1.7\""), "%s", answer);
    for (int i = 0; i < FLOOD; i++)
        finish(&flood[i]);
    finish(&proven);
}

// ---- memory, with the usual budget

static long memory_kb(void)
{
    char path[60], line[200];
    long kb = -1;
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)broker);
    FILE *file = fopen(path, "re");
    cr_assert_not_null(file);
    while (kb < 0 && fgets(line, sizeof line, file))
        if (sscanf(line, "Pss: %ld kB", &kb) != 1)
            kb = -1;
    fclose(file);
    cr_assert_gt(kb, 0);
    return kb;
}

// They are not dropped but go: also then.
Test(large_flood, leaves_its_memory_behind)
{
#ifdef __SANITIZE_ADDRESS__
    cr_skip("AddressSanitizer keeps what is freed");
#endif
    static struct visitor flood[1000];
    // In the middle of a handshake OpenSSL 3.5 keeps 65 kB of a connection.
    enum { SILENT_KB = 1, HANDSHAKE_KB = 72, SOME_KB = 4096 };
    const int count = sizeof flood / sizeof *flood;
    struct visitor early = is_served("127.0.0.9", PUBLIC);
    long before_kb = memory_kb();
    for (int i = 0; i < count; i++)
        flood[i] = visit("127.0.1.1", PUBLIC, NOTHING);
    struct visitor later = is_served("127.0.0.9", PUBLIC);
    cr_assert_lt(memory_kb() - before_kb, SOME_KB + count * SILENT_KB);
    for (int i = 0; i < count; i++)
        send(flood[i].descriptor, hello, (size_t)hello_length, MSG_NOSIGNAL);
    struct visitor last = is_served("127.0.0.9", PUBLIC);
    cr_assert_lt(memory_kb() - before_kb, SOME_KB + count * HANDSHAKE_KB);
    for (int i = 0; i < count; i++)
        finish(&flood[i]);
    for (int tries = 0; memory_kb() - before_kb >= SOME_KB; tries++) {
        cr_assert_lt(tries, 3000, "%ld kB more than before", memory_kb() - before_kb);
        usleep(20000);
    }
    finish(&early);
    finish(&later);
    finish(&last);
}
