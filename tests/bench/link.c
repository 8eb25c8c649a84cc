// SPDX-License-Identifier: EUPL-1.2
// Many devices, each with its own certificate, connected and idle.
//   bench_link link COUNT HOST PORT CA FOLDER     device links (WebSocket) to the broker; FOLDER is bench_enrol's
//   bench_link tunnel COUNT HOST PORT CA FOLDER   the same devices and bytes to a TLS relay, which passes them on to
//   this
//                                                 program, on port 9445
// Says "settled" when all are up and each link has had the broker's ping and answered it, or each tunnel has come
// through; then stays, answering pings, until its standard input ends.
#include "broker/base/mem.h"
#include "tests/bench/https.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACK_PORT = 9445, EVENTS = 256 };

static const char upgrade[] =
    "GET /v1/devices/link HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Protocol: pult\r\n\r\n";
static const char hello[] = "{\"type\":\"hello\",\"protocol\":1,\"program\":\"bench\",\"version\":\"0\"}";
static const char showing[] = "{\"type\":\"showing\"}";

struct device {
    struct https https;
    bool settled;
};

static int loop, back = -1, count, settled;
static bool is_link;

static void must(bool right, const char *what, int number)
{
    if (right)
        return;
    fprintf(stderr, "load%d: %s\n", number, what);
    exit(1);
}

// A client masks what it sends; a mask of zeros changes nothing.
static void send_frame(SSL *ssl, unsigned char kind, const char *text)
{
    unsigned char frame[128] = {0x80 | kind, (unsigned char)(0x80 | strlen(text))};
    memcpy(frame + 6, text, strlen(text));
    SSL_write(ssl, frame, 6 + (int)strlen(text));
}

static void upgrade_link(SSL *ssl, int number)
{
    char answer[2048] = "";
    int length = 0;
    while (!strstr(answer, "\r\n\r\n")) {
        int got = SSL_read(ssl, answer + length, (int)sizeof answer - 1 - length);
        must(got > 0, "no answer to the upgrade", number);
        length += got;
        answer[length] = 0;
    }
    must(strncmp(answer, "HTTP/1.1 101", 12) == 0, answer, number);
    send_frame(ssl, 1, hello);
    send_frame(ssl, 1, showing);
}

static void watch(int descriptor, struct device *device)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = device};
    fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK);
    epoll_ctl(loop, EPOLL_CTL_ADD, descriptor, &event);
}

static void take_tunnels(void)
{
    for (int descriptor; (descriptor = accept4(back, NULL, NULL, SOCK_CLOEXEC)) >= 0;)
        settled++;
}

static void connect_device(struct device *device, char **words, int number)
{
    char request[600];
    SSL_CTX *context = https_device(words[5], words[6], number);
    device->https = (struct https){.context = context, .host = words[3], .port = words[4]};
    must(https_open(&device->https), "cannot connect", number);
    SSL_CTX_free(context); // the connection holds it
    SSL *ssl = device->https.ssl;
    int length = snprintf(request, sizeof request, upgrade, words[3]);
    must(SSL_write(ssl, request, length) == length, "cannot write", number);
    if (is_link)
        upgrade_link(ssl, number);
    watch(SSL_get_fd(ssl), device);
}

// The broker sends nothing but its hello and pings to an idle device.
static void hear(struct device *device, int number)
{
    unsigned char bytes[512];
    int got;
    while ((got = SSL_read(device->https.ssl, bytes, sizeof bytes)) > 0) {
        if (bytes[0] != 0x89)
            continue;
        bytes[2 + bytes[1]] = 0;
        send_frame(device->https.ssl, 10, (const char *)bytes + 2);
        settled += !device->settled;
        device->settled = true;
    }
    must(SSL_get_error(device->https.ssl, got) == SSL_ERROR_WANT_READ, "cut off", number);
}

// What has come meanwhile. False when the standard input has ended.
static bool hear_all(struct device *devices, int wait_ms)
{
    struct epoll_event events[EVENTS];
    int ready = epoll_wait(loop, events, EVENTS, wait_ms);
    for (int i = 0; i < ready; i++) {
        struct device *device = events[i].data.ptr;
        if (device == NULL)
            return false;
        if (device == devices)
            take_tunnels();
        else
            hear(device, (int)(device - devices));
    }
    return true;
}

static void stay(struct device *devices)
{
    while (settled < count && hear_all(devices, -1))
        ;
    puts("settled");
    fflush(stdout);
    while (hear_all(devices, -1))
        ;
}

static void listen_behind(struct device *nobody)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(BACK_PORT)};
    int one = 1;
    back = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(back, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    must(bind(back, (struct sockaddr *)&address, sizeof address) == 0 && listen(back, 4096) == 0, strerror(errno), 0);
    watch(back, nobody);
}

int main(int argc, char **argv)
{
    if (argc != 7) {
        fputs("usage: see the head of tests/bench/link.c\n", stderr);
        return 2;
    }
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    is_link = strcmp(argv[1], "link") == 0;
    count = (int)strtol(argv[2], NULL, 10);
    loop = epoll_create1(EPOLL_CLOEXEC);
    // The first is nobody: it stands for the listening socket.
    struct device *devices = mem_new((size_t)count + 1, sizeof *devices);
    if (!is_link)
        listen_behind(devices);
    for (int i = 1; i <= count; i++) {
        connect_device(&devices[i], argv, i);
        hear_all(devices, 0);
    }
    watch(STDIN_FILENO, NULL);
    stay(devices);
    return 0;
}
