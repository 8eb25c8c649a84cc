// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/pam_socket.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { REQUESTS_MAX = 256, BACKLOG = 64 };

struct pam_request {
    struct pam_request *next, **at;
    struct pam_socket *pam_socket;
    int socket;
    pid_t asker;
    bool asked;
    struct loop_watch *watch;
    struct loop_timer *deadline;
};

struct pam_socket {
    struct loop *loop;
    int socket;
    struct loop_watch *watch;
    struct pam_request *requests;
    size_t count;
    pam_socket_asked *asked;
    void *arg;
};

static void request_free(struct pam_request *request)
{
    assert(request->pam_socket->count > 0 && *request->at == request);
    *request->at = request->next;
    if (request->next)
        request->next->at = request->at;
    request->pam_socket->count--;
    loop_watch_free(request->watch);
    loop_timer_free(request->deadline);
    close(request->socket);
    free(request);
}

void pam_socket_answer(struct pam_request *request, const struct pam_answer *answer)
{
    char packet[PAM_ANSWER_SIZE];
    assert(request->asked && answer->password_offset <= PAM_QUESTION_MAX);
    pam_answer_write(answer, packet);
    // The peer may have gone; then nobody is admitted.
    send(request->socket, packet, sizeof packet, MSG_NOSIGNAL | MSG_DONTWAIT);
    request_free(request);
}

static void question_overdue(void *arg)
{
    struct pam_request *request = arg;
    if (!request->asked)
        request_free(request);
}

static void question_readable(void *arg, bool readable, bool writable)
{
    struct pam_request *request = arg;
    char packet[PAM_QUESTION_MAX + 1];
    struct pam_question question;
    (void)readable;
    (void)writable;
    assert(!request->asked); // it is not listened to any more
    ssize_t length = recv(request->socket, packet, sizeof packet, MSG_DONTWAIT);
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    loop_watch_set(request->watch, false, false);
    bool fine = length > 0 && pam_question_read(&question, packet, (size_t)length);
    explicit_bzero(packet, sizeof packet);
    if (fine) {
        request->asked = true;
        request->pam_socket->asked(request->pam_socket->arg, &question, request);
        explicit_bzero(&question, sizeof question);
    } else {
        request_free(request);
    }
}

static bool is_root(int socket, pid_t *pid)
{
    struct ucred who = {.uid = (uid_t)-1};
    socklen_t size = sizeof who;
    bool is = getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 && who.uid == 0;
    *pid = who.pid;
    return is;
}

pid_t pam_request_asker(const struct pam_request *request)
{
    return request->asker;
}

static void accept_request(void *arg, bool readable, bool writable)
{
    struct pam_socket *pam_socket = arg;
    (void)readable;
    (void)writable;
    int socket = accept4(pam_socket->socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (socket < 0)
        return;
    pid_t asker;
    bool privileged = is_root(socket, &asker);
    if (!privileged || pam_socket->count >= REQUESTS_MAX) {
        log_warn("pam", "rejected connection %s",
                 privileged ? "beyond the limit of simultaneous requests" : "from unprivileged peer");
        close(socket);
        return;
    }
    struct pam_request *request = mem_new(1, sizeof *request);
    request->pam_socket = pam_socket;
    request->socket = socket;
    request->asker = asker;
    request->next = pam_socket->requests;
    request->at = &pam_socket->requests;
    if (request->next)
        request->next->at = &request->next;
    pam_socket->requests = request;
    pam_socket->count++;
    request->watch = loop_watch_new(pam_socket->loop, socket, question_readable, request);
    loop_watch_set(request->watch, true, false);
    request->deadline = loop_timer_new(pam_socket->loop, question_overdue, request);
    loop_timer_start(request->deadline, PAM_DEADLINE_MS);
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
    struct pam_socket *pam_socket = mem_new(1, sizeof *pam_socket);
    pam_socket->loop = loop;
    pam_socket->socket = listener;
    pam_socket->asked = asked;
    pam_socket->arg = arg;
    pam_socket->watch = loop_watch_new(loop, listener, accept_request, pam_socket);
    loop_watch_set(pam_socket->watch, true, false);
    return pam_socket;
}

void pam_socket_free(struct pam_socket *pam_socket)
{
    if (!pam_socket)
        return;
    while (pam_socket->requests)
        request_free(pam_socket->requests);
    loop_watch_free(pam_socket->watch);
    close(pam_socket->socket);
    free(pam_socket);
}
