// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/pam_socket.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/pult-host/root_listener.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REQUESTS_MAX = 256 };

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

pid_t pam_request_asker(const struct pam_request *request)
{
    return request->asker;
}

static void accept_request(void *arg, bool readable, bool writable)
{
    struct pam_socket *pam_socket = arg;
    (void)readable;
    (void)writable;
    pid_t asker;
    int socket = root_listener_accept(pam_socket->socket, &asker);
    if (socket < 0)
        return;
    if (pam_socket->count >= REQUESTS_MAX) {
        log_warn("pam", "rejected connection beyond the limit of simultaneous requests");
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

struct pam_socket *pam_socket_open(struct loop *loop, const char *path, pam_socket_asked *asked, void *arg,
                                   struct fault *why)
{
    int listener = root_listener_open(path, why);
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
