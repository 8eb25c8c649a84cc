// SPDX-License-Identifier: EUPL-1.2
// Session hosts that say what they have, each every ten seconds, spread evenly.
//   bench_hosts COUNT SECONDS HOST PORT CA FOLDER SESSIONS     FOLDER is bench_enrol's
// SESSIONS has a line for each session: the number of its host, its id, its fencing number, the user name. Says
// "settled" when all are linked and have reported once, and ends after the seconds.
#include "broker/api/host_link.h"
#include "broker/base/clock.h"
#include "broker/base/mem.h"
#include "tests/bench/https.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = 600 };

static const char upgrade[] = "GET /v1/hosts/link HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                              "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                              "Sec-WebSocket-Protocol: pult\r\n\r\n";

static const char hello[] = "{\"type\":\"hello\",\"protocol\":1,\"program\":\"bench\",\"version\":\"0\"}";

struct station {
    struct https https;
    struct text report;
    size_t sessions;
};

static struct station *hosts;
static int count;

static void must(bool right, const char *what, int number)
{
    if (right)
        return;
    fprintf(stderr, "load%d: %s\n", number, what);
    exit(1);
}

static void read_sessions(const char *path)
{
    char line[LINE_SIZE], id[ID_SIZE], user_name[USER_NAME_SIZE];
    int number;
    long long fence;
    FILE *file = fopen(path, "re");
    must(file != NULL, path, 0);
    for (int i = 1; i <= count; i++)
        text_adds(&hosts[i].report, "{\"type\":\"report\",\"cpu\":310,\"memory\":420,\"pressure\":3,"
                                    "\"started\":1,\"faults\":[],\"sessions\":[");
    while (fgets(line, sizeof line, file)) {
        if (sscanf(line, "%d %127s %lld %127s", &number, id, &fence, user_name) != 4 || number < 1 || number > count)
            continue;
        struct station *host = &hosts[number];
        text_addf(&host->report,
                  "%s{\"user_name\":\"%s\",\"session\":\"%s\",\"fence\":%lld,\"connected\":true,\"since\":1,"
                  "\"idle\":12,\"display\":\":%zu\"}",
                  host->sessions ? "," : "", user_name, id, fence, 10 + host->sessions);
        host->sessions++;
    }
    fclose(file);
    for (int i = 1; i <= count; i++)
        text_adds(&hosts[i].report, "]}");
}

// A client masks what it sends; a mask of zeros changes nothing.
static void send_frame(struct station *host, unsigned char kind, const char *bytes, size_t length)
{
    unsigned char head[14] = {(unsigned char)(0x80 | kind)};
    size_t at = 2;
    if (length < 126) {
        head[1] = (unsigned char)(0x80 | length);
    } else {
        head[1] = 0x80 | 126;
        head[at++] = (unsigned char)(length >> 8);
        head[at++] = (unsigned char)length;
    }
    must(length < 65536, "the report is too long for this bench", 0);
    struct text frame = {0};
    text_add(&frame, (const char *)head, at + 4);
    text_add(&frame, bytes, length);
    SSL_write(host->https.ssl, frame.bytes, (int)frame.length);
    text_drop(&frame);
}

static void link_host(struct station *host, char **words, int number)
{
    char request[600], answer[2048] = "";
    int length = 0;
    SSL_CTX *context = https_device(words[5], words[6], number);
    host->https = (struct https){.context = context, .host = words[3], .port = words[4]};
    must(https_open(&host->https), "cannot connect", number);
    SSL_CTX_free(context); // the connection holds it
    snprintf(request, sizeof request, upgrade, words[3]);
    must(SSL_write(host->https.ssl, request, (int)strlen(request)) > 0, "cannot write", number);
    while (!strstr(answer, "\r\n\r\n")) {
        int got = SSL_read(host->https.ssl, answer + length, (int)sizeof answer - 1 - length);
        must(got > 0, "no answer to the upgrade", number);
        length += got;
        answer[length] = 0;
    }
    must(strncmp(answer, "HTTP/1.1 101", 12) == 0, answer, number);
    int descriptor = SSL_get_fd(host->https.ssl);
    fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK);
    send_frame(host, 1, hello, strlen(hello));
    send_frame(host, 1, host->report.bytes, host->report.length);
}

static void hear(struct station *host, int number)
{
    unsigned char bytes[4096];
    int got;
    while ((got = SSL_read(host->https.ssl, bytes, sizeof bytes)) > 0)
        if (bytes[0] == 0x89)
            send_frame(host, 10, "", 0);
    must(SSL_get_error(host->https.ssl, got) == SSL_ERROR_WANT_READ, "cut off", number);
}

static void wait_until(struct pollfd *polls, int64_t until_us)
{
    for (int64_t left_us; (left_us = until_us - clock_steady_us()) > 0;) {
        int ready = poll(polls + 1, (nfds_t)count, (int)(left_us / 1000));
        for (int i = 1; ready > 0 && i <= count; i++)
            if (polls[i].revents)
                hear(&hosts[i], i);
    }
}

int main(int argc, char **argv)
{
    if (argc != 8) {
        fputs("usage: see the head of tests/bench/hosts.c\n", stderr);
        return 2;
    }
    count = (int)strtol(argv[1], NULL, 10);
    int64_t seconds = strtol(argv[2], NULL, 10);
    hosts = mem_new((size_t)count + 1, sizeof *hosts);
    struct pollfd *polls = mem_new((size_t)count + 1, sizeof *polls);
    read_sessions(argv[7]);
    for (int i = 1; i <= count; i++) {
        link_host(&hosts[i], argv, i);
        polls[i] = (struct pollfd){.fd = SSL_get_fd(hosts[i].https.ssl), .events = POLLIN};
    }
    puts("settled");
    fflush(stdout);
    int64_t step_us = (int64_t)HOST_REPORT_MS * 1000 / count, at_us = clock_steady_us();
    for (int64_t i = 0; i < seconds * 1000000 / step_us; i++) {
        wait_until(polls, at_us += step_us);
        struct station *host = &hosts[1 + i % count];
        send_frame(host, 1, host->report.bytes, host->report.length);
    }
    return 0;
}
