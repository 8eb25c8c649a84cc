// SPDX-License-Identifier: EUPL-1.2
#include "broker/host-agent/door.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { VISITS_MAX = 256, BACKLOG = 64 };

struct door_visit {
    struct door_visit *next, **at;
    struct door *door;
    int socket;
    bool asked;
    struct loop_watch *watch;
    struct loop_timer *deadline;
};

struct door {
    struct loop *loop;
    int socket;
    struct loop_watch *watch;
    struct door_visit *visits;
    size_t count;
    door_asked *asked;
    void *arg;
};

static void visit_free(struct door_visit *visit)
{
    *visit->at = visit->next;
    if (visit->next)
        visit->next->at = visit->at;
    visit->door->count--;
    loop_watch_free(visit->watch);
    loop_timer_free(visit->deadline);
    close(visit->socket);
    free(visit);
}

void door_answer(struct door_visit *visit, bool good, size_t rest)
{
    char packet[GATE_ANSWER_SIZE];
    struct gate_answer answer = {.good = good, .rest = (uint16_t)rest};
    gate_answer_write(&answer, packet);
    // Who asked may have gone; then nobody is let in.
    send(visit->socket, packet, sizeof packet, MSG_NOSIGNAL | MSG_DONTWAIT);
    visit_free(visit);
}

static void too_late(void *arg)
{
    struct door_visit *visit = arg;
    if (!visit->asked)
        visit_free(visit);
}

static void heard(void *arg, bool readable, bool writable)
{
    struct door_visit *visit = arg;
    char packet[GATE_REQUEST_MAX + 1];
    struct gate_request request;
    (void)readable;
    (void)writable;
    ssize_t length = recv(visit->socket, packet, sizeof packet, MSG_DONTWAIT);
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    loop_watch_set(visit->watch, false, false);
    bool fine = length > 0 && gate_request_read(&request, packet, (size_t)length);
    explicit_bzero(packet, sizeof packet);
    if (fine) {
        visit->asked = true;
        visit->door->asked(visit->door->arg, &request, visit);
        explicit_bzero(&request, sizeof request);
    } else {
        visit_free(visit);
    }
}

static bool is_root(int socket)
{
    struct ucred who = {.uid = (uid_t)-1};
    socklen_t size = sizeof who;
    return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 && who.uid == 0;
}

static void knocked(void *arg, bool readable, bool writable)
{
    struct door *door = arg;
    (void)readable;
    (void)writable;
    int socket = accept4(door->socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (socket < 0)
        return;
    if (door->count >= VISITS_MAX || !is_root(socket)) {
        log_warn("gate", "somebody who may not was turned away from the gate's socket");
        close(socket);
        return;
    }
    struct door_visit *visit = mem_new(1, sizeof *visit);
    visit->door = door;
    visit->socket = socket;
    visit->next = door->visits;
    visit->at = &door->visits;
    if (visit->next)
        visit->next->at = &visit->next;
    door->visits = visit;
    door->count++;
    visit->watch = loop_watch_new(door->loop, socket, heard, visit);
    loop_watch_set(visit->watch, true, false);
    visit->deadline = loop_timer_new(door->loop, too_late, visit);
    loop_timer_start(visit->deadline, GATE_DEADLINE_MS);
}

static int listen_at(const char *path, struct fault *why)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int length = snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (length >= (int)sizeof address.sun_path) {
        fault_set(why, FAULT_INVALID, "%s: too long for a socket", path);
        return -1;
    }
    int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    unlink(path);
    mode_t before = umask(0177);
    bool fine = listener >= 0 && bind(listener, (struct sockaddr *)&address, sizeof address) == 0 &&
                listen(listener, BACKLOG) == 0;
    umask(before);
    if (fine)
        return listener;
    fault_set(why, FAULT_UNAVAILABLE, "%s: %s", path, strerror(errno));
    if (listener >= 0)
        close(listener);
    return -1;
}

struct door *door_open(struct loop *loop, const char *path, door_asked *asked, void *arg, struct fault *why)
{
    int listener = listen_at(path, why);
    if (listener < 0)
        return NULL;
    struct door *door = mem_new(1, sizeof *door);
    door->loop = loop;
    door->socket = listener;
    door->asked = asked;
    door->arg = arg;
    door->watch = loop_watch_new(loop, listener, knocked, door);
    loop_watch_set(door->watch, true, false);
    return door;
}

void door_free(struct door *door)
{
    if (!door)
        return;
    while (door->visits)
        visit_free(door->visits);
    loop_watch_free(door->watch);
    close(door->socket);
    free(door);
}
