// SPDX-License-Identifier: EUPL-1.2
#include "tests/integration/client/fake_broker.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "tests/network.h"

#include <arpa/inet.h>
#include <assert.h>
#include <linux/filter.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REQUEST_MAX = 2 * 1024 * 1024 };

static char folder[64];
static const struct fake_row *answers;
static SSL_CTX *tls;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    int requests, resumed;
    char authorization[256], body[256], certificate[64], condition[64];
} seen;

struct request {
    SSL *ssl;
    char *bytes;
    size_t length;
    char verb[16], path[1100];
    const char *body;
    size_t body_length;
};

static void run(char *const arguments[])
{
    pid_t pid = fork();
    if (pid == 0) {
        execvp(arguments[0], arguments);
        _exit(127);
    }
    int status = -1;
    pid_t ended = waitpid(pid, &status, 0);
    assert(ended == pid && status == 0);
}

static void certificates(const char *place, char *action, char *name, char *alternatives)
{
    char path[100];
    snprintf(path, sizeof path, "%s%s", folder, place);
    mkdir(path, 0700);
    run((char *[]){"tests/town/certificates", path, action, name, alternatives, NULL});
}

static void remove_folder(void)
{
    run((char *[]){"rm", "-rf", folder, NULL});
}

const char *fake_town(void)
{
    network_own();
    snprintf(folder, sizeof folder, "/tmp/pult-test-XXXXXX");
    char *made = mkdtemp(folder);
    assert(made);
    atexit(remove_folder);
    certificates("", "authority", NULL, NULL);
    certificates("", "issue", "broker", "DNS:broker,IP:127.0.0.1");
    certificates("", "issue", "desk1", "DNS:desk1");
    certificates("/other", "authority", NULL, NULL);
    return folder;
}

// ---- requests

static const char *header(const struct request *request, const char *name)
{
    static _Thread_local char value[256];
    const char *at = strcasestr(request->bytes, name);
    if (!at || (request->body && at >= request->body))
        return "";
    at += strlen(name);
    at += strspn(at, " ");
    size_t length = strcspn(at, "\r");
    snprintf(value, sizeof value, "%.*s", (int)length, at);
    return value;
}

static bool read_more(struct request *request)
{
    int got = SSL_read(request->ssl, request->bytes + request->length, (int)(REQUEST_MAX - request->length));
    if (got <= 0)
        return false;
    request->length += (size_t)got;
    request->bytes[request->length] = 0;
    return true;
}

static bool read_request(struct request *request)
{
    request->bytes = mem_new(1, REQUEST_MAX + 1);
    while (!strstr(request->bytes, "\r\n\r\n"))
        if (!read_more(request))
            return false;
    sscanf(request->bytes, "%15s %1099s", request->verb, request->path);
    request->body = strstr(request->bytes, "\r\n\r\n") + 4;
    int64_t length = 0;
    if (text_number(header(request, "content-length:"), 0, REQUEST_MAX, &length))
        request->body_length = (size_t)length;
    while ((size_t)(request->bytes + request->length - request->body) < request->body_length)
        if (!read_more(request))
            return false;
    return true;
}

static void respond(struct request *request, int status, const char *headers, const char *body, size_t length, bool cut)
{
    struct text text = {0};
    text_addf(&text, "HTTP/1.1 %d X\r\ncontent-type: application/json\r\ncontent-length: %zu\r\n%s\r\n", status, length,
              headers ? headers : "");
    text_add(&text, body, cut ? length / 2 : length);
    SSL_write(request->ssl, text.bytes, (int)text.length);
    text_drop(&text);
}

static void tell_seen(struct request *request)
{
    struct text text = {0};
    pthread_mutex_lock(&lock);
    text_addf(&text, "{\"requests\":%d,\"resumed\":%d,\"authorization\":\"%s\",\"certificate\":\"%s\",\"last\":",
              seen.requests, seen.resumed, seen.authorization, seen.certificate);
    text_addf(&text, "%s,\"condition\":\"%s\"}", seen.body[0] ? seen.body : "null", seen.condition);
    pthread_mutex_unlock(&lock);
    respond(request, 200, NULL, text.bytes, text.length, false);
    text_drop(&text);
}

static bool row_fits(const struct fake_row *row, const struct request *request)
{
    size_t length = strlen(row->path);
    bool all = length && row->path[length - 1] == '*';
    return text_equal(row->verb, request->verb) &&
           (all ? strncmp(row->path, request->path, length - 1) == 0 : text_equal(row->path, request->path));
}

static const struct fake_row *row_of(const struct request *request)
{
    const struct fake_row *row = answers;
    while (row->verb && !row_fits(row, request))
        row++;
    return row->verb ? row : NULL;
}

static void answer_from_rows(struct request *request)
{
    const struct fake_row *row = row_of(request);
    if (!row)
        respond(request, 404, NULL, "{\"type\":\"urn:pult:not-found\"}", 29, false);
    else if (!row->body)
        respond(request, row->status, row->headers, request->body, request->body_length, false);
    else if (text_equal(row->body, "slow"))
        pause();
    else
        respond(request, row->status, row->headers, row->body, strlen(row->body), text_equal(row->body, "cut"));
}

// ---- the link (RFC 6455)

static void accept_link(struct request *request)
{
    struct text text = {0};
    char key[128];
    unsigned char digest[SHA_DIGEST_LENGTH], encoded[64];
    snprintf(key, sizeof key, "%.60s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", header(request, "sec-websocket-key:"));
    SHA1((unsigned char *)key, strlen(key), digest);
    EVP_EncodeBlock(encoded, digest, sizeof digest);
    text_addf(&text,
              "HTTP/1.1 101 X\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: %s\r\n"
              "sec-websocket-protocol: pult\r\n\r\n",
              encoded);
    SSL_write(request->ssl, text.bytes, (int)text.length);
    text_drop(&text);
}

static bool read_exactly(SSL *ssl, unsigned char *bytes, size_t length)
{
    for (size_t got = 0; got < length;) {
        int some = SSL_read(ssl, bytes + got, (int)(length - got));
        if (some <= 0)
            return false;
        got += (size_t)some;
    }
    return true;
}

// An empty frame: of a kind that does not exist, or a close that nobody asked for.
static void send_empty(SSL *ssl, unsigned char kind)
{
    unsigned char frame[2] = {kind, 0};
    SSL_write(ssl, frame, sizeof frame);
}

enum { FRAME_MAX = 512 * 1024 };

struct frame {
    unsigned char kind;
    size_t length;
    char bytes[FRAME_MAX + 1];
};

static bool read_length(SSL *ssl, size_t *length)
{
    unsigned char wide[8];
    size_t bytes = *length == 126 ? 2 : *length == 127 ? 8 : 0;
    if (bytes && !read_exactly(ssl, wide, bytes))
        return false;
    if (bytes)
        *length = 0;
    for (size_t i = 0; i < bytes; i++)
        *length = *length << 8 | wide[i];
    return *length <= FRAME_MAX;
}

static bool read_frame(SSL *ssl, struct frame *frame)
{
    unsigned char head[2], mask[4];
    if (!read_exactly(ssl, head, 2))
        return false;
    frame->kind = head[0] & 15;
    frame->length = head[1] & 127;
    if (!read_length(ssl, &frame->length) || !read_exactly(ssl, mask, 4) ||
        !read_exactly(ssl, (unsigned char *)frame->bytes, frame->length))
        return false;
    for (size_t i = 0; i < frame->length; i++)
        frame->bytes[i] = (char)(frame->bytes[i] ^ mask[i % 4]);
    frame->bytes[frame->length] = 0;
    return true;
}

static void write_frame(SSL *ssl, unsigned char kind, const char *bytes, size_t length)
{
    struct text text = {0};
    unsigned char head[4] = {0x80 | kind, (unsigned char)(length < 126 ? length : 126), (unsigned char)(length >> 8),
                             (unsigned char)length};
    assert(length < 65536);
    text_add(&text, (const char *)head, length < 126 ? 2 : 4);
    text_add(&text, bytes, length);
    SSL_write(ssl, text.bytes, (int)text.length);
    text_drop(&text);
}

static void answer_text(SSL *ssl, struct frame *frame)
{
    char *state = strstr(frame->bytes, "\"state\"");
    if (strstr(frame->bytes, "\"report\"")) {
        struct text text = {0};
        text_addf(&text, "{\"type\":\"message\",\"text\":\"%zu\",\"padding\":\"%015000d\"}", frame->length, 0);
        write_frame(ssl, 1, text.bytes, text.length);
        text_drop(&text);
        return;
    }
    if (state)
        memcpy(state, "\"moved\"", 7);
    write_frame(ssl, 1, frame->bytes, frame->length);
}

// Reads a frame and answers it. False when the link is to end.
static bool answer_frame(SSL *ssl, struct frame *frame, bool *mute)
{
    if (!read_frame(ssl, frame))
        return false;
    *mute = *mute || strstr(frame->bytes, "\"mute\"");
    if (frame->kind == 8 || strstr(frame->bytes, "\"drop\""))
        return false;
    if (strstr(frame->bytes, "\"too much\"")) {
        static const char end[] =
            "{\"type\":\"refused\",\"code\":\"too-many-messages\",\"detail\":\"it says too much\"}";
        write_frame(ssl, 1, end, sizeof end - 1);
        return false;
    }
    if (strstr(frame->bytes, "\"wrong frame\""))
        send_empty(ssl, 0x83);
    if (strstr(frame->bytes, "\"wrong end\""))
        send_empty(ssl, 0x88);
    if (!*mute && frame->kind == 9)
        write_frame(ssl, 10, frame->bytes, frame->length);
    else if (!*mute)
        answer_text(ssl, frame);
    return true;
}

static bool is_link(const struct request *request)
{
    return text_equal(request->path, "/v1/devices/link") || text_equal(request->path, "/v1/hosts/link") ||
           text_equal(request->path, "/v1/print-servers/link");
}

static void serve_link(struct request *request)
{
    bool mute = false;
    struct frame *frame = mem_new(1, sizeof *frame);
    const struct fake_row *row = row_of(request);
    accept_link(request);
    if (row && read_frame(request->ssl, frame))
        write_frame(request->ssl, 1, row->body, strlen(row->body));
    while (answer_frame(request->ssl, frame, &mute))
        ;
    free(frame);
}

// ---- connections

static void serve(struct request *request)
{
    if (text_equal(request->path, "/seen")) {
        tell_seen(request);
        return;
    }
    pthread_mutex_lock(&lock);
    seen.requests++;
    snprintf(seen.authorization, sizeof seen.authorization, "%s", header(request, "authorization:"));
    bool absent = header(request, "if-none-match:")[0];
    snprintf(seen.condition, sizeof seen.condition, "%s%s", absent ? "absent " : "",
             header(request, absent ? "if-none-match:" : "if-match:"));
    if (request->body_length)
        snprintf(seen.body, sizeof seen.body, "%.*s", request->body_length < 256 ? (int)request->body_length : 0,
                 request->body);
    pthread_mutex_unlock(&lock);
    if (is_link(request))
        serve_link(request);
    else
        answer_from_rows(request);
}

static void note_certificate(const SSL *ssl)
{
    const X509 *certificate = SSL_get0_peer_certificate(ssl);
    const X509_NAME *name = certificate ? X509_get_subject_name(certificate) : NULL;
    if (name)
        X509_NAME_get_text_by_NID((X509_NAME *)(uintptr_t)name, NID_commonName, seen.certificate,
                                  sizeof seen.certificate);
}

static void *serve_connection(void *arg)
{
    int descriptor = (int)(intptr_t)arg;
    struct request request = {.ssl = SSL_new(tls)};
    SSL_set_fd(request.ssl, descriptor);
    if (SSL_accept(request.ssl) == 1) {
        pthread_mutex_lock(&lock);
        seen.resumed += SSL_session_reused(request.ssl);
        note_certificate(request.ssl);
        pthread_mutex_unlock(&lock);
        if (read_request(&request))
            serve(&request);
        SSL_shutdown(request.ssl);
    }
    SSL_free(request.ssl);
    free(request.bytes);
    close(descriptor);
    return NULL;
}

static void serve_all(int listener)
{
    for (;;) {
        int descriptor = accept(listener, NULL, NULL);
        pthread_t thread;
        if (descriptor < 0 || pthread_create(&thread, NULL, serve_connection, (void *)(intptr_t)descriptor))
            _exit(1);
        pthread_detach(thread);
    }
}

static int listen_at(int port)
{
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1, small = 16 * 1024;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof small); // large bodies then take many writes
    int rc = bind(listener, (struct sockaddr *)&address, sizeof address);
    assert(rc == 0);
    rc = listen(listener, 16);
    assert(rc == 0);
    return listener;
}

// A ticket that was opened is not replaced, as with the real broker.
static int use_ticket_key(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *code,
                          int seals)
{
    static const unsigned char key[32];
    char sha256[] = "SHA256";
    OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, sha256, 0), OSSL_PARAM_END};
    (void)ssl;
    if (seals) {
        memset(name, 0, 16);
        memset(iv, 0, 16);
    }
    return EVP_CipherInit_ex2(cipher, EVP_aes_256_cbc(), key, iv, seals, NULL) == 1 &&
           EVP_MAC_init(code, key, sizeof key, parameters) == 1;
}

static void load_tls(void)
{
    char path[100];
    tls = SSL_CTX_new(TLS_server_method());
    snprintf(path, sizeof path, "%s/tls/broker.crt", folder);
    int rc = SSL_CTX_use_certificate_chain_file(tls, path);
    assert(rc == 1);
    snprintf(path, sizeof path, "%s/tls/broker.key", folder);
    rc = SSL_CTX_use_PrivateKey_file(tls, path, SSL_FILETYPE_PEM);
    assert(rc == 1);
    snprintf(path, sizeof path, "%s/tls/ca.crt", folder);
    rc = SSL_CTX_load_verify_file(tls, path);
    assert(rc == 1);
    SSL_CTX_set_session_id_context(tls, (const unsigned char *)"fake", 4);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(tls, use_ticket_key);
    SSL_CTX_set_purpose(tls, X509_PURPOSE_ANY);
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
}

static pid_t serve_rows(int listener, const struct fake_row *rows)
{
    pid_t pid = fork();
    assert(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGPIPE, SIG_IGN);
        answers = rows;
        load_tls();
        serve_all(listener);
    }
    close(listener);
    return pid;
}

pid_t fake_broker(int port, const struct fake_row *rows)
{
    return serve_rows(listen_at(port), rows);
}

pid_t fake_broker_behind_hole(int port, const struct fake_row *rows)
{
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 700, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
    };
    struct sock_fprog hole = {sizeof steps / sizeof *steps, steps};
    int listener = listen_at(port);
    int rc = setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &hole, sizeof hole);
    assert(rc == 0);
    return serve_rows(listener, rows);
}

void fake_broker_stop(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}
