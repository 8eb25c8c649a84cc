// SPDX-License-Identifier: EUPL-1.2
#include "broker/host/waker.h"
#include "broker/base/log.h"
#include "broker/base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DISCARD_PORT = 9, WORDS_MAX = 32, CHILDREN_MAX = 32, LOOK_MS = 500, COMMAND_LOOKS = 120 };

extern char **environ;

struct child {
    pid_t pid;
    int looks; // at it, so far
    char host[ID_SIZE];
};

struct waker {
    struct loop *loop;
    char *command;
    struct child children[CHILDREN_MAX];
    size_t count;
    struct loop_timer *look;
};

// ---- magic packets

bool waker_packet(const char *hardware_address, unsigned char packet[WAKER_PACKET])
{
    char digits[13];
    unsigned char address[6];
    size_t length = 0;
    if (strlen(hardware_address) != 17)
        return false;
    for (size_t i = 0; i < 17; i++) {
        if (i % 3 < 2)
            digits[length++] = hardware_address[i];
        else if (hardware_address[i] != ':' && hardware_address[i] != '-')
            return false;
    }
    digits[length] = 0;
    if (!text_unhex(address, sizeof address, digits))
        return false;
    memset(packet, 0xff, 6);
    for (size_t i = 0; i < 16; i++)
        memcpy(packet + 6 + i * 6, address, 6);
    return true;
}

static bool has_broadcast(const struct ifaddrs *at)
{
    return at->ifa_addr && at->ifa_addr->sa_family == AF_INET && (at->ifa_flags & IFF_BROADCAST) &&
           (at->ifa_flags & IFF_UP) && at->ifa_broadaddr;
}

static size_t broadcast(const unsigned char packet[WAKER_PACKET])
{
    size_t sent = 0;
    struct ifaddrs *all = NULL;
    int on = 1, descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0 || setsockopt(descriptor, SOL_SOCKET, SO_BROADCAST, &on, sizeof on) != 0 ||
        getifaddrs(&all) != 0)
        log_warn("host", "no magic packet can be sent: %s", strerror(errno));
    for (const struct ifaddrs *at = all; at; at = at->ifa_next) {
        if (!has_broadcast(at))
            continue;
        struct sockaddr_in to;
        memcpy(&to, at->ifa_broadaddr, sizeof to);
        to.sin_port = htons(DISCARD_PORT);
        sent += sendto(descriptor, packet, WAKER_PACKET, 0, (struct sockaddr *)&to, sizeof to) == WAKER_PACKET;
    }
    if (all)
        freeifaddrs(all);
    if (descriptor >= 0)
        close(descriptor);
    return sent;
}

static void send_packets(const struct host *host)
{
    char copy[LIST_SIZE], *rest = copy;
    TEXT_PUT(copy, host->wake);
    for (char *word; (word = strsep(&rest, " "));) {
        unsigned char packet[WAKER_PACKET];
        if (!waker_packet(word, packet))
            log_debug("host", "%s: \"%s\" is no hardware address", host->id, word);
        else if (broadcast(packet) == 0)
            log_warn("host", "%s: the magic packet went nowhere: no network with broadcasts", host->id);
    }
}

// ---- the command

static void look(void *arg)
{
    struct waker *waker = arg;
    for (size_t i = waker->count; i-- > 0;) {
        struct child *child = &waker->children[i];
        int status = 0;
        pid_t pid = waitpid(child->pid, &status, WNOHANG);
        if (pid == 0 && ++child->looks < COMMAND_LOOKS)
            continue;
        if (pid == 0) {
            kill(child->pid, SIGKILL);
            waitpid(child->pid, &status, 0);
        }
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
            log_warn("host", "%s: wake-command failed with status %d", child->host, status);
        *child = waker->children[--waker->count];
    }
    if (waker->count)
        loop_timer_start(waker->look, LOOK_MS);
}

// A word with its %h and %a put in. No shell sees it, so no value can become anything but a part of its word.
static char *fill_in(const char *word, const struct host *host)
{
    struct text text = {0};
    for (; *word; word++) {
        if (word[0] == '%' && (word[1] == 'h' || word[1] == 'a'))
            text_adds(&text, *++word == 'h' ? host->id : host->address);
        else
            text_add(&text, word, 1);
    }
    return text.bytes;
}

static void run_command(struct waker *waker, const struct host *host)
{
    char *words[WORDS_MAX + 1] = {NULL}, *copy = mem_dup(waker->command), *rest = copy;
    size_t count = 0;
    for (char *word; (word = strsep(&rest, " ")) && count < WORDS_MAX;)
        if (*word)
            words[count++] = fill_in(word, host);
    struct child *child = &waker->children[waker->count];
    int error = count ? posix_spawnp(&child->pid, words[0], NULL, NULL, words, environ) : ENOENT;
    if (error == 0) {
        child->looks = 0;
        TEXT_PUT(child->host, host->id);
        waker->count++;
        loop_timer_start(waker->look, LOOK_MS);
    } else {
        log_warn("host", "%s: wake-command: %s", host->id, strerror(error));
    }
    for (size_t i = 0; i < count; i++)
        free(words[i]);
    free(copy);
}

void waker_wake(struct waker *waker, const struct host *host)
{
    send_packets(host);
    if (*waker->command && waker->count < CHILDREN_MAX)
        run_command(waker, host);
}

struct waker *waker_new(struct loop *loop, const char *command)
{
    struct waker *waker = mem_new(1, sizeof *waker);
    waker->loop = loop;
    waker->command = mem_dup(command);
    waker->look = loop_timer_new(loop, look, waker);
    return waker;
}

void waker_free(struct waker *waker)
{
    if (!waker)
        return;
    for (size_t i = 0; i < waker->count; i++) {
        kill(waker->children[i].pid, SIGKILL);
        waitpid(waker->children[i].pid, NULL, 0);
    }
    loop_timer_free(waker->look);
    free(waker->command);
    free(waker);
}
