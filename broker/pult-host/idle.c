// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/idle.h"
#include "broker/base/child.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/base/worker.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    STEP_MS = 5000,
    AGAIN_MS = 60 * 1000,
    FILE_MAX = 64 * 1024,
    GREETING_HEAD = 8,
    GREETING_KEPT = 4096,
    PACKET = 32,
    QUERY_EXTENSION = 98,
    CHANGE_HOSTS = 109,
    SAVER_QUERY_INFO = 1,
};

enum stage { STAGE_NOTHING, STAGE_COOKIE, STAGE_DIALLING, STAGE_GREETING, STAGE_EXTENSION, STAGE_READY, STAGE_ASKED };

struct idle {
    struct loop *loop;
    struct xrdp_session session;
    enum stage stage;
    int64_t failed_ms;  // when it was given up; 0: not
    int64_t touched_ms; // steady clock; 0: not known
    struct child *reader;
    struct worker *dialler;
    int descriptor; // of the file of cookies, then of the X server
    struct loop_watch *watch;
    struct loop_timer *deadline;
    unsigned char *bytes;
    size_t length, wanted; // of the greeting: bytes seen, of which the first are kept
    unsigned char cookie[IDLE_COOKIE_MAX];
    size_t cookie_length;
    uint32_t window;
    unsigned char opcode;
};

static void let_go(struct idle *idle)
{
    loop_watch_free(take(idle->watch));
    if (idle->descriptor >= 0)
        close(idle->descriptor);
    idle->descriptor = -1;
    worker_free(take(idle->dialler));
    if (idle->reader)
        child_end(idle->reader); // in its own time: nobody waits for a file server
    free(take(idle->bytes));
    idle->length = idle->wanted = 0;
    loop_timer_stop(idle->deadline);
    idle->stage = STAGE_NOTHING;
}

static void give_up(struct idle *idle, const char *why)
{
    log_debug("idle", "display :%d: %s", idle->session.display, why);
    let_go(idle);
    idle->touched_ms = 0; // else it would grow, and lock out who is at work
    idle->failed_ms = clock_steady_ms();
}

static void too_late(void *arg)
{
    give_up(arg, "no answer in time");
}

static void watch(struct idle *idle, enum stage stage, loop_ready *ready)
{
    loop_watch_free(idle->watch);
    idle->stage = stage;
    idle->watch = loop_watch_new(idle->loop, idle->descriptor, ready, idle);
    loop_watch_set(idle->watch, true, false);
    loop_timer_start(idle->deadline, STEP_MS);
}

// ---- what comes from outside

static bool take_part(const unsigned char **at, const unsigned char *end, const unsigned char **part, size_t *length)
{
    if (end - *at < 2)
        return false;
    *length = (size_t)(*at)[0] << 8 | (*at)[1];
    *part = *at + 2;
    if ((size_t)(end - *part) < *length)
        return false;
    *at = *part + *length;
    return true;
}

// Xau(3): family, address, display, name, data; all but the family with their length before them.
size_t idle_cookie(const unsigned char *bytes, size_t length, int display, unsigned char cookie[IDLE_COOKIE_MAX])
{
    static const char kind[] = "MIT-MAGIC-COOKIE-1";
    const unsigned char *at = bytes, *end = bytes + length, *part[4];
    size_t sizes[4] = {0};
    char number[16];
    snprintf(number, sizeof number, "%d", display);
    while (end - at > 2) {
        at += 2;
        for (int i = 0; i < 4; i++)
            if (!take_part(&at, end, &part[i], &sizes[i]))
                return 0;
        bool for_display = sizes[1] == 0 || (sizes[1] == strlen(number) && memcmp(part[1], number, sizes[1]) == 0);
        if (for_display && sizes[2] == sizeof kind - 1 && memcmp(part[2], kind, sizes[2]) == 0 && sizes[3] > 0 &&
            sizes[3] <= IDLE_COOKIE_MAX) {
            memcpy(cookie, part[3], sizes[3]);
            return sizes[3];
        }
    }
    return 0;
}

static uint32_t word_at(const unsigned char *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static size_t padded(size_t length)
{
    return (length + 3) & ~(size_t)3;
}

// X11 protocol, "Connection setup": 40 bytes, the vendor's name, 8 bytes a pixel format, then the screens.
uint32_t idle_root_window(const unsigned char *bytes, size_t length)
{
    if (length < 40 || bytes[0] != 1 || bytes[28] == 0)
        return 0;
    size_t vendor = (size_t)bytes[24] | (size_t)bytes[25] << 8, at = 40 + padded(vendor) + (size_t)bytes[29] * 8;
    return at + 4 <= length ? word_at(bytes + at) : 0;
}

// ---- asking

static bool say(struct idle *idle, const unsigned char *bytes, size_t length)
{
    if (send(idle->descriptor, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)length)
        return true;
    give_up(idle, "it takes no question");
    return false;
}

static void ask_extension(struct idle *idle)
{
    static const unsigned char question[24] = {QUERY_EXTENSION,
                                               0,
                                               6,
                                               0,
                                               16,
                                               0,
                                               0,
                                               0,
                                               'M',
                                               'I',
                                               'T',
                                               '-',
                                               'S',
                                               'C',
                                               'R',
                                               'E',
                                               'E',
                                               'N',
                                               '-',
                                               'S',
                                               'A',
                                               'V',
                                               'E',
                                               'R'};
    idle->length = 0;
    idle->wanted = PACKET;
    idle->stage = STAGE_EXTENSION;
    loop_timer_start(idle->deadline, STEP_MS);
    say(idle, question, sizeof question);
}

static void ask_idle(struct idle *idle)
{
    unsigned char question[8] = {idle->opcode, SAVER_QUERY_INFO, 2, 0};
    for (int i = 0; i < 4; i++)
        question[4 + i] = (unsigned char)(idle->window >> (8 * i));
    idle->length = 0;
    idle->stage = STAGE_ASKED;
    loop_timer_start(idle->deadline, STEP_MS);
    say(idle, question, sizeof question);
}

// Whose home is full has an X server without a cookie, and such a one admits whoever is on the host. From now on only
// the person, by their number. X11 protocol, "ChangeHosts"; families: server-interpreted (5), local host (252).
static bool admit_nobody_else(struct idle *idle)
{
    char who[32];
    int length = snprintf(who, sizeof who, "localuser%c#%u", 0, (unsigned)idle->session.owner.uid);
    size_t padded_length = padded((size_t)length);
    unsigned char insert[8 + sizeof who] = {CHANGE_HOSTS,         0, (unsigned char)(2 + padded_length / 4), 0, 5, 0,
                                            (unsigned char)length};
    static const unsigned char delete[8] = {CHANGE_HOSTS, 1, 2, 0, 252};
    memcpy(insert + 8, who, (size_t)length);
    return say(idle, insert, 8 + padded_length) && say(idle, delete, sizeof delete);
}

// A greeting is at most 256 KiB; its head says how long it is.
static void greeted(struct idle *idle)
{
    if (idle->length < GREETING_HEAD)
        return;
    idle->wanted = GREETING_HEAD + 4 * ((size_t)idle->bytes[6] | (size_t)idle->bytes[7] << 8);
    if (idle->length < idle->wanted)
        return;
    idle->window = idle_root_window(idle->bytes, idle->length < GREETING_KEPT ? idle->length : GREETING_KEPT);
    if (!idle->window || idle->length != idle->wanted)
        give_up(idle, "it rejects our cookie");
    else if (idle->cookie_length || admit_nobody_else(idle))
        ask_extension(idle);
}

static void read_reply(struct idle *idle)
{
    const unsigned char *packet = idle->bytes;
    if (idle->length < PACKET)
        return;
    idle->length = 0;
    if (packet[0] != 1) {
        if (packet[0] == 0 || (packet[0] & 127) == 35) // an error, or an event of any length
            give_up(idle, "it answers with an error");
        return;
    }
    if (word_at(packet + 4) != 0 || (idle->stage == STAGE_EXTENSION && !packet[8])) {
        give_up(idle, "it cannot tell the idle time");
    } else if (idle->stage == STAGE_EXTENSION) {
        idle->opcode = packet[9];
        ask_idle(idle);
    } else {
        idle->stage = STAGE_READY;
        idle->touched_ms = clock_steady_ms() - (int64_t)word_at(packet + 16);
        loop_timer_stop(idle->deadline);
    }
}

static void socket_readable(void *arg, bool readable, bool writable)
{
    struct idle *idle = arg;
    unsigned char rest[4096];
    (void)readable;
    (void)writable;
    size_t capacity = idle->length < GREETING_KEPT ? GREETING_KEPT - idle->length : 0,
           left = idle->stage == STAGE_GREETING && idle->length < GREETING_HEAD ? GREETING_HEAD - idle->length
                                                                                : idle->wanted - idle->length;
    unsigned char *to = capacity ? idle->bytes + idle->length : rest;
    size_t most = capacity ? capacity : sizeof rest;
    assert(left > 0);
    ssize_t got = recv(idle->descriptor, to, left < most ? left : most, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        give_up(idle, "it closed the connection");
        return;
    }
    idle->length += (size_t)got;
    if (idle->stage == STAGE_GREETING)
        greeted(idle);
    else
        read_reply(idle);
}

// ---- connecting

static bool belongs_to(int descriptor, uid_t uid)
{
    struct ucred who = {.uid = (uid_t)-1};
    socklen_t size = sizeof who;
    return getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 && who.uid == uid;
}

// As the person: whose home is full has no cookie there, and then their X server admits their own account and no other.
struct x_connection {
    int display, descriptor;
    uid_t uid;
    struct idle *idle; // for the loop's thread only
};

static void dial(void *arg)
{
    struct x_connection *connection = arg;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int length = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "/tmp/.X11-unix/X%d", connection->display);
    // Of this thread alone, which ends with this: libc's would be that of all threads.
    if (syscall(SYS_setresuid, -1, connection->uid, -1) != 0)
        return;
    connection->descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (connection->descriptor < 0 ||
        connect(connection->descriptor, (struct sockaddr *)&address,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length)) == 0)
        return;
    close(connection->descriptor);
    connection->descriptor = -1;
}

static void drop_connection(void *arg)
{
    struct x_connection *connection = arg;
    if (connection->descriptor >= 0)
        close(connection->descriptor);
    free(connection);
}

static void greet(struct idle *idle)
{
    static const char kind[] = "MIT-MAGIC-COOKIE-1";
    unsigned char greeting[12 + 20 + IDLE_COOKIE_MAX] = {'l', 0, 11};
    size_t length = 12;
    if (idle->cookie_length) {
        greeting[6] = sizeof kind - 1;
        greeting[8] = (unsigned char)idle->cookie_length;
        memcpy(greeting + 12, kind, sizeof kind - 1);
        memcpy(greeting + 12 + 20, idle->cookie, idle->cookie_length);
        length += 20 + padded(idle->cookie_length);
    }
    idle->bytes = mem_new(1, GREETING_KEPT);
    idle->wanted = GREETING_HEAD;
    watch(idle, STAGE_GREETING, socket_readable);
    say(idle, greeting, length);
    explicit_bzero(greeting, sizeof greeting);
}

static void dialled(void *arg)
{
    struct x_connection *connection = arg;
    struct idle *idle = connection->idle;
    idle->descriptor = connection->descriptor;
    connection->descriptor = -1;
    worker_free(take(idle->dialler));
    if (idle->descriptor >= 0 && belongs_to(idle->descriptor, idle->session.owner.uid))
        greet(idle);
    else
        give_up(idle, "it cannot be reached");
}

static void start_dialling(struct idle *idle)
{
    struct fault why = {0};
    struct x_connection *connection = mem_new(1, sizeof *connection);
    connection->display = idle->session.display;
    connection->descriptor = -1;
    connection->uid = idle->session.owner.uid;
    connection->idle = idle;
    idle->dialler = worker_new(idle->loop, dial, dialled, drop_connection, connection, &why);
    if (idle->dialler) {
        idle->stage = STAGE_DIALLING;
        loop_timer_start(idle->deadline, STEP_MS);
        return;
    }
    drop_connection(connection);
    give_up(idle, why.text);
}

static void read_ended(void *arg, int status)
{
    struct idle *idle = arg;
    (void)status;
    child_free(take(idle->reader));
}

static void file_read(void *arg, bool readable, bool writable)
{
    struct idle *idle = arg;
    (void)readable;
    (void)writable;
    ssize_t got = read(idle->descriptor, idle->bytes + idle->length, FILE_MAX - idle->length);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    idle->length += got > 0 ? (size_t)got : 0;
    if (got > 0 && idle->length < FILE_MAX)
        return;
    idle->cookie_length = idle_cookie(idle->bytes, idle->length, idle->session.display, idle->cookie);
    explicit_bzero(idle->bytes, FILE_MAX);
    let_go(idle);
    if (!idle->cookie_length)
        log_warn("idle", "display :%d: no cookie can be read: is the home full? Admitting nobody but its owner",
                 idle->session.display);
    start_dialling(idle);
}

static void read_cookie(struct idle *idle)
{
    int ends[2];
    struct fault why = {0};
    struct account account = {.uid = idle->session.owner.uid, .gid = idle->session.owner.gid};
    const char *const arguments[] = {"/bin/cat", "--", idle->session.cookies, NULL}, *const environment[] = {NULL};
    if (!*idle->session.cookies || pipe2(ends, O_CLOEXEC) != 0) {
        start_dialling(idle);
        return;
    }
    account.group_count = idle->session.owner.group_count;
    memcpy(account.groups, idle->session.owner.groups, account.group_count * sizeof *account.groups);
    struct child_plan plan = {
        .arguments = arguments, .environment = environment, .account = &account, .input = -1, .output = ends[1]};
    idle->reader = child_start(idle->loop, &plan, read_ended, idle, &why);
    close(ends[1]);
    idle->descriptor = ends[0];
    fcntl(idle->descriptor, F_SETFL, O_NONBLOCK);
    idle->bytes = mem_new(1, FILE_MAX);
    watch(idle, STAGE_COOKIE, file_read);
}

// ---- for the owner

struct idle *idle_new(struct loop *loop, const struct xrdp_session *session)
{
    struct idle *idle = mem_new(1, sizeof *idle);
    idle->loop = loop;
    idle->session = *session;
    idle->descriptor = -1;
    idle->deadline = loop_timer_new(loop, too_late, idle);
    return idle;
}

void idle_free(struct idle *idle)
{
    if (!idle)
        return;
    let_go(idle);
    child_free(idle->reader);
    loop_timer_free(idle->deadline);
    explicit_bzero(idle->cookie, sizeof idle->cookie);
    free(idle);
}

bool idle_stop(struct idle *idle)
{
    let_go(idle);
    idle->failed_ms = INT64_MAX; // never again
    return !idle->reader;
}

void idle_ask(struct idle *idle)
{
    if (idle->stage == STAGE_READY)
        ask_idle(idle);
    else if (idle->stage == STAGE_NOTHING && !idle->reader &&
             (!idle->failed_ms || clock_steady_ms() - idle->failed_ms >= AGAIN_MS))
        read_cookie(idle);
}

int64_t idle_s(const struct idle *idle)
{
    return idle->touched_ms ? (clock_steady_ms() - idle->touched_ms) / 1000 : 0;
}
