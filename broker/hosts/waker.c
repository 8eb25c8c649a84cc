// SPDX-License-Identifier: EUPL-1.2
#include "broker/hosts/waker.h"
#include "broker/base/child.h"
#include "broker/base/log.h"
#include "broker/base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

enum { DISCARD_PORT = 9, WORDS_MAX = 32 };

// One run of the command, waiting or under way.
struct errand {
    TAILQ_ENTRY(errand) links;
    struct waker *waker;
    char host[ID_SIZE], address[NAME_SIZE];
    struct child *child;
    struct loop_timer *deadline;
    bool late;
};

TAILQ_HEAD(errands, errand);

struct waker {
    struct loop *loop;
    char *command;
    int64_t deadline_ms;
    struct errands waiting, running;
    size_t running_count;
};

// ---- magic packets

bool waker_packet(const char *hardware_address, unsigned char packet[WAKER_PACKET])
{
    unsigned char address[6];
    if (!text_hardware_address(address, hardware_address))
        return false;
    memset(packet, 0xff, 6);
    for (size_t i = 0; i < 16; i++)
        memcpy(packet + 6 + i * 6, address, 6);
    return true;
}

// From address and mask, since the broadcast address is left out where a network was set up by hand.
static bool find_broadcast(const struct ifaddrs *at, struct sockaddr_in *to)
{
    struct sockaddr_in address, mask;
    if (!at->ifa_addr || at->ifa_addr->sa_family != AF_INET || !at->ifa_netmask || !(at->ifa_flags & IFF_BROADCAST) ||
        !(at->ifa_flags & IFF_UP))
        return false;
    memcpy(&address, at->ifa_addr, sizeof address);
    memcpy(&mask, at->ifa_netmask, sizeof mask);
    *to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(DISCARD_PORT)};
    to->sin_addr.s_addr = address.sin_addr.s_addr | ~mask.sin_addr.s_addr;
    return true;
}

// To how many networks it went.
static size_t broadcast(const unsigned char packet[WAKER_PACKET])
{
    size_t sent = 0;
    struct ifaddrs *all = NULL;
    struct sockaddr_in to;
    int on = 1, descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0 || setsockopt(descriptor, SOL_SOCKET, SO_BROADCAST, &on, sizeof on) != 0 ||
        getifaddrs(&all) != 0)
        log_warn("host", "cannot send magic packets: %s", strerror(errno));
    for (const struct ifaddrs *at = all; at; at = at->ifa_next)
        if (find_broadcast(at, &to))
            sent += sendto(descriptor, packet, WAKER_PACKET, 0, (struct sockaddr *)&to, sizeof to) == WAKER_PACKET;
    if (all)
        freeifaddrs(all);
    if (descriptor >= 0)
        close(descriptor);
    return sent;
}

static void send_packet(const char *host_id, const char *hardware_address)
{
    unsigned char packet[WAKER_PACKET];
    if (!waker_packet(hardware_address, packet))
        log_warn("host", "%s: \"%s\" is not a hardware address", host_id, hardware_address);
    else if (broadcast(packet) == 0)
        log_warn("host", "%s: magic packet not sent: no network interface with broadcast", host_id);
}

// ---- the command

// A word with its %h and %a put in. No shell sees it, so no value can become anything but a part of its word.
static char *fill_in(const char *word, const struct errand *errand)
{
    struct text text = {0};
    text_adds(&text, "");
    for (; *word; word++) {
        if (word[0] == '%' && (word[1] == 'h' || word[1] == 'a'))
            text_adds(&text, *++word == 'h' ? errand->host : errand->address);
        else
            text_add(&text, word, 1);
    }
    return text.bytes;
}

struct wake_words {
    char *word[WORDS_MAX + 1];
    size_t count;
};

// False when a host's value would turn its word into an option.
static bool fill_words(struct wake_words *words, const char *command, const struct errand *errand)
{
    char *copy = mem_dup(command), *rest = copy;
    bool fine = true;
    *words = (struct wake_words){.count = 0};
    for (char *word; (word = strsep(&rest, " ")) && words->count < WORDS_MAX;) {
        if (!*word)
            continue;
        char *filled = words->word[words->count++] = fill_in(word, errand);
        fine = fine && (filled[0] != '-' || word[0] == '-');
    }
    free(copy);
    return fine;
}

static void free_words(struct wake_words *words)
{
    for (size_t i = 0; i < words->count; i++)
        free(words->word[i]);
}

static void free_errand(struct errand *errand)
{
    child_free(errand->child);
    loop_timer_free(errand->deadline);
    free(errand);
}

static void run_waiting(struct waker *waker);

static void command_ended(void *arg, int status)
{
    struct errand *errand = arg;
    struct waker *waker = errand->waker;
    if (errand->late)
        log_warn("host", "%s: wake-command timed out and was terminated", errand->host);
    else if (status == CHILD_NOT_STARTED)
        log_warn("host", "%s: cannot run wake-command", errand->host);
    else if (status != 0)
        log_warn("host", "%s: wake-command failed with status %d", errand->host, status);
    TAILQ_REMOVE(&waker->running, errand, links);
    waker->running_count--;
    free_errand(errand);
    run_waiting(waker);
}

static void command_is_late(void *arg)
{
    struct errand *errand = arg;
    errand->late = true;
    child_end(errand->child);
}

static bool start_command(struct errand *errand)
{
    static const char *const environment[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                                              "LANG=C.UTF-8", NULL};
    struct wake_words words;
    struct fault why;
    struct waker *waker = errand->waker;
    if (!fill_words(&words, waker->command, errand)) {
        log_warn("host", "%s: wake-command not run: \"%s\" would be taken as an option", errand->host, errand->address);
    } else {
        struct child_plan plan = {.arguments = (const char *const *)words.word,
                                  .environment = environment,
                                  .input = -1,
                                  .output = STDERR_FILENO};
        errand->child = child_start(waker->loop, &plan, command_ended, errand, &why);
        if (!errand->child)
            log_warn("host", "%s: wake-command: %s", errand->host, why.text);
    }
    free_words(&words);
    return errand->child;
}

static void run_waiting(struct waker *waker)
{
    struct errand *errand;
    while (waker->running_count < WAKER_COMMANDS_MAX && (errand = TAILQ_FIRST(&waker->waiting))) {
        TAILQ_REMOVE(&waker->waiting, errand, links);
        if (!start_command(errand)) {
            free_errand(errand);
            continue;
        }
        errand->deadline = loop_timer_new(waker->loop, command_is_late, errand);
        loop_timer_start(errand->deadline, waker->deadline_ms);
        TAILQ_INSERT_TAIL(&waker->running, errand, links);
        waker->running_count++;
    }
}

static bool holds(const struct errands *errands, const char *host_id)
{
    const struct errand *errand;
    TAILQ_FOREACH(errand, errands, links)
    if (text_equal(errand->host, host_id))
        return true;
    return false;
}

static void call_command(struct waker *waker, const struct host *host)
{
    if (!*waker->command) {
        log_warn("host", "%s: cannot be woken: wake-command is not set", host->id);
        return;
    }
    if (holds(&waker->waiting, host->id) || holds(&waker->running, host->id))
        return;
    struct errand *errand = mem_new(1, sizeof *errand);
    errand->waker = waker;
    TEXT_PUT(errand->host, host->id);
    TEXT_PUT(errand->address, host->address);
    TAILQ_INSERT_TAIL(&waker->waiting, errand, links);
    run_waiting(waker);
}

void waker_wake(struct waker *waker, const struct host *host)
{
    char copy[LIST_SIZE], *rest = copy;
    TEXT_PUT(copy, host->wake);
    for (char *word; (word = strsep(&rest, " "));) {
        if (text_equal(word, host_wake_command))
            call_command(waker, host);
        else if (*word)
            send_packet(host->id, word);
    }
}

struct waker *waker_new(struct loop *loop, const char *command, int64_t deadline_ms)
{
    struct waker *waker = mem_new(1, sizeof *waker);
    waker->loop = loop;
    waker->command = mem_dup(command);
    waker->deadline_ms = deadline_ms;
    TAILQ_INIT(&waker->waiting);
    TAILQ_INIT(&waker->running);
    return waker;
}

// All are asked to end before any is waited for.
static void free_errands(struct errands *errands)
{
    struct errand *errand;
    TAILQ_FOREACH(errand, errands, links)
    if (errand->child)
        child_end(errand->child);
    while ((errand = TAILQ_FIRST(errands))) {
        TAILQ_REMOVE(errands, errand, links);
        free_errand(errand);
    }
}

void waker_free(struct waker *waker)
{
    if (!waker)
        return;
    free_errands(&waker->waiting);
    free_errands(&waker->running);
    free(waker->command);
    free(waker);
}
