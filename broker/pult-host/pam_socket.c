// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/pam_socket.h"
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

struct pam_request {
    struct pam_request *next, **at;
    struct pam_socket *socket_of_pam;
    int socket;
    bool asked;
    struct loop_watch *watch;
    struct loop_timer *deadline;
};

struct pam_socket {
    struct loop *loop;
    int socket;
    struct loop_watch *watch;
    struct pam_request *visits;
    size_t count;
    pam_socket_asked *asked;
    void *arg;
};

static void visit_free(struct pam_request *visit)
{
    *visit->at = visit->next;
    if (visit->next)
        visit->next->at = visit->at;
    visit->socket_of_pam->count--;
    loop_watch_free(visit->watch);
    loop_timer_free(visit->deadline);
    close(visit->socket);
    free(visit);
}

void pam_socket_answer(struct pam_request *visit, bool good, size_t rest)
{
    char packet[PAM_ANSWER_SIZE];
    struct pam_answer answer = {.good = good, .rest = (uint16_t)rest};
    pam_answer_write(&answer, packet);
    // Who asked may have gone; then nobody is let in.
    send(visit->socket, packet, sizeof packet, MSG_NOSIGNAL | MSG_DONTWAIT);
    visit_free(visit);
}

static void too_late(void *arg)
{
    struct pam_request *visit = arg;
    if (!visit->asked)
        visit_free(visit);
}

static void heard(void *arg, bool readable, bool writable)
{
    struct pam_request *visit = arg;
    char packet[PAM_QUESTION_MAX + 1];
    struct pam_question request;
    (void)readable;
    (void)writable;
    ssize_t length = recv(visit->socket, packet, sizeof packet, MSG_DONTWAIT);
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    loop_watch_set(visit->watch, false, false);
    bool fine = length > 0 && pam_question_read(&request, packet, (size_t)length);
    explicit_bzero(packet, sizeof packet);
    if (fine) {
        visit->asked = true;
        visit->socket_of_pam->asked(visit->socket_of_pam->arg, &request, visit);
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
    struct pam_socket *socket_of_pam = arg;
    (void)readable;
    (void)writable;
    int socket = accept4(socket_of_pam->socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (socket < 0)
        return;
    if (socket_of_pam->count >= VISITS_MAX || !is_root(socket)) {
        log_warn("gate", "somebody who may not was turned away from the gate's socket");
        close(socket);
        return;
    }
    struct pam_request *visit = mem_new(1, sizeof *visit);
    visit->socket_of_pam = socket_of_pam;
    visit->socket = socket;
    visit->next = socket_of_pam->visits;
    visit->at = &socket_of_pam->visits;
    if (visit->next)
        visit->next->at = &visit->next;
    socket_of_pam->visits = visit;
    socket_of_pam->count++;
    visit->watch = loop_watch_new(socket_of_pam->loop, socket, heard, visit);
    loop_watch_set(visit->watch, true, false);
    visit->deadline = loop_timer_new(socket_of_pam->loop, too_late, visit);
    loop_timer_start(visit->deadline, PAM_DEADLINE_MS);
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

struct pam_socket *pam_socket_open(struct loop *loop, const char *path, pam_socket_asked *asked, void *arg,
                                   struct fault *why)
{
    int listener = listen_at(path, why);
    if (listener < 0)
        return NULL;
    struct pam_socket *socket_of_pam = mem_new(1, sizeof *socket_of_pam);
    socket_of_pam->loop = loop;
    socket_of_pam->socket = listener;
    socket_of_pam->asked = asked;
    socket_of_pam->arg = arg;
    socket_of_pam->watch = loop_watch_new(loop, listener, knocked, socket_of_pam);
    loop_watch_set(socket_of_pam->watch, true, false);
    return socket_of_pam;
}

void pam_socket_free(struct pam_socket *socket_of_pam)
{
    if (!socket_of_pam)
        return;
    while (socket_of_pam->visits)
        visit_free(socket_of_pam->visits);
    loop_watch_free(socket_of_pam->watch);
    close(socket_of_pam->socket);
    free(socket_of_pam);
}
