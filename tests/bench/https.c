// SPDX-License-Identifier: EUPL-1.2
#include "tests/bench/https.h"

#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { PATIENCE_S = 30, ANSWER_MAX = 4 * 1024 * 1024 };

SSL_CTX *https_context(const char *ca, const char *certificate, const char *key)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    if (SSL_CTX_load_verify_file(context, ca) != 1 ||
        (certificate && SSL_CTX_use_certificate_file(context, certificate, SSL_FILETYPE_PEM) != 1) ||
        (key && SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)) {
        fprintf(stderr, "cannot use %s, %s or %s\n", ca, certificate ? certificate : "-", key ? key : "-");
        exit(2);
    }
    return context;
}

SSL_CTX *https_device(const char *ca, const char *folder, int number)
{
    char certificate[400], key[400];
    snprintf(certificate, sizeof certificate, "%s/load%d.crt", folder, number);
    snprintf(key, sizeof key, "%s/load%d.key", folder, number);
    return https_context(ca, certificate, key);
}

static int tcp_open(const char *host, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    struct timeval patience = {.tv_sec = PATIENCE_S};
    int one = 1;
    if (getaddrinfo(host, port, &hints, &found) != 0)
        return -1;
    int descriptor = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(descriptor, found->ai_addr, found->ai_addrlen) != 0) {
        close(descriptor);
        descriptor = -1;
    }
    freeaddrinfo(found);
    return descriptor;
}

bool https_open(struct https *https)
{
    int descriptor = tcp_open(https->host, https->port);
    if (descriptor < 0)
        return false;
    https->ssl = SSL_new(https->context);
    SSL_set_fd(https->ssl, descriptor);
    SSL_set1_host(https->ssl, https->host);
    SSL_set_tlsext_host_name(https->ssl, https->host);
    if (SSL_connect(https->ssl) == 1)
        return true;
    https_close(https);
    return false;
}

void https_close(struct https *https)
{
    if (!https->ssl)
        return;
    int descriptor = SSL_get_fd(https->ssl);
    SSL_free(https->ssl);
    close(descriptor);
    https->ssl = NULL;
}

// Headers, and as much body as they announce; the body moves to the front.
static int read_answer(struct https *https)
{
    char piece[16384];
    size_t wanted = ANSWER_MAX, head = 0;
    struct text *answer = &https->answer;
    answer->length = 0;
    while (answer->length < wanted) {
        int got = SSL_read(https->ssl, piece, sizeof piece);
        if (got <= 0)
            return 0;
        text_add(answer, piece, (size_t)got);
        const char *body = strstr(answer->bytes, "\r\n\r\n"), *announced = strcasestr(answer->bytes, "content-length:");
        if (!head && body && announced) {
            head = (size_t)(body + 4 - answer->bytes);
            wanted = head + strtoul(announced + 15, NULL, 10);
        }
    }
    int status = 0;
    if (sscanf(answer->bytes, "HTTP/1.1 %d", &status) != 1)
        return 0;
    answer->length -= head;
    memmove(answer->bytes, answer->bytes + head, answer->length + 1);
    return status;
}

int https_ask(struct https *https, const char *verb, const char *path, const char *head, const char *body)
{
    struct text request = {0};
    if (!https->ssl && !https_open(https))
        return 0;
    text_addf(&request, "%s %s HTTP/1.1\r\nHost: %s\r\n%sContent-Length: %zu\r\n\r\n%s", verb, path, https->host, head,
              strlen(body), body);
    bool sent = SSL_write(https->ssl, request.bytes, (int)request.length) == (int)request.length;
    text_drop(&request);
    int status = sent ? read_answer(https) : 0;
    if (!status)
        https_close(https);
    return status;
}

void https_drop(struct https *https)
{
    https_close(https);
    text_drop(&https->answer);
}
