// SPDX-License-Identifier: EUPL-1.2
#include "broker/server/root_socket.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

// A deadline of the broker's for the word, a longer one of the other side's for the answer.
enum { REQUESTS_MAX = 16, WORD_MS = 5000, ANSWER_S = 30, WORD_SIZE = 32 };

static const char socket_name[] = "root.socket";
static const char yes = '+', no = '-'; // how an answer begins

struct root_request {
    struct root_request *next, **at;
    struct root_socket *root_socket;
    int descriptor;
    struct loop_watch *watch;
    struct loop_timer *deadline; // NULL: the word has come
};

struct root_socket {
    struct loop *loop;
    const struct root_command_row *rows;
    void *arg;
    int descriptor;
    struct loop_watch *watch;
    struct root_request *requests;
    int count;
};

// ---- a request

static void request_free(struct root_request *request)
{
    assert(request->root_socket->count > 0 && *request->at == request);
    *request->at = request->next;
    if (request->next)
        request->next->at = request->at;
    request->root_socket->count--;
    loop_watch_free(request->watch);
    loop_timer_free(request->deadline);
    close(request->descriptor);
    free(request);
}

void root_request_answer(struct root_request *request, bool done, const char *line)
{
    char packet[ROOT_LINE_SIZE + 1];
    assert(!request->deadline); // it was asked
    snprintf(packet, sizeof packet, "%c%s", done ? yes : no, line);
    send(request->descriptor, packet, strlen(packet), MSG_NOSIGNAL | MSG_DONTWAIT); // whoever has gone does not ask
    explicit_bzero(packet, sizeof packet);
    request_free(request);
}

static void run_word(struct root_request *request, const char *word)
{
    const struct root_command_row *row = request->root_socket->rows;
    while (row->word && !text_equal(row->word, word))
        row++;
    if (row->word)
        row->run(request->root_socket->arg, request);
    else
        root_request_answer(request, false, "this broker does not know what it was asked for");
}

static void word_readable(void *arg, bool readable, bool writable)
{
    (void)readable, (void)writable;
    struct root_request *request = arg;
    char word[WORD_SIZE + 1];
    ssize_t length = recv(request->descriptor, word, sizeof word - 1, MSG_DONTWAIT);
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    loop_watch_set(request->watch, false, false);
    if (length <= 0) {
        request_free(request);
        return;
    }
    word[length] = 0;
    loop_timer_free(take(request->deadline));
    run_word(request, word);
}

static void word_overdue(void *arg)
{
    request_free(arg);
}

// ---- the socket

static bool is_root(int descriptor)
{
    struct ucred who = {.uid = (uid_t)-1};
    return getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &who, &(socklen_t){sizeof who}) == 0 && who.uid == 0;
}

static void accept_request(void *arg, bool readable, bool writable)
{
    (void)readable, (void)writable;
    struct root_socket *root_socket = arg;
    int descriptor = accept4(root_socket->descriptor, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (descriptor < 0)
        return;
    if (!is_root(descriptor) || root_socket->count >= REQUESTS_MAX) {
        close(descriptor);
        return;
    }
    struct root_request *request = mem_new(1, sizeof *request);
    request->root_socket = root_socket;
    request->descriptor = descriptor;
    request->next = root_socket->requests;
    request->at = &root_socket->requests;
    if (request->next)
        request->next->at = &request->next;
    root_socket->requests = request;
    root_socket->count++;
    request->watch = loop_watch_new(root_socket->loop, descriptor, word_readable, request);
    loop_watch_set(request->watch, true, false);
    request->deadline = loop_timer_new(root_socket->loop, word_overdue, request);
    loop_timer_start(request->deadline, WORD_MS);
}

// By the folder's descriptor, since the name of a socket may be far shorter than that of a folder. The caller closes
// it.
static int open_folder(const char *folder, struct sockaddr_un *address, struct fault *why)
{
    int descriptor = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/%s", descriptor, socket_name);
    if (descriptor < 0)
        fault_set(why, FAULT_ABSENT, "%s: %s", folder, strerror(errno));
    return descriptor;
}

static int listen_in(const char *folder, struct fault *why)
{
    struct sockaddr_un address;
    int in = open_folder(folder, &address, why);
    if (in < 0)
        return -1;
    int descriptor = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    unlinkat(in, socket_name, 0);
    mode_t before = umask(0177);
    bool listens = descriptor >= 0 && bind(descriptor, (struct sockaddr *)&address, sizeof address) == 0 &&
                   listen(descriptor, REQUESTS_MAX) == 0;
    umask(before);
    if (!listens)
        fault_set(why, FAULT_UNAVAILABLE, "%s/%s: %s", folder, socket_name, strerror(errno));
    if (!listens && descriptor >= 0)
        close(descriptor);
    close(in);
    return listens ? descriptor : -1;
}

struct root_socket *root_socket_open(struct loop *loop, const char *folder, const struct root_command_row *rows,
                                     void *arg, struct fault *why)
{
    int descriptor = listen_in(folder, why);
    if (descriptor < 0)
        return NULL;
    struct root_socket *root_socket = mem_new(1, sizeof *root_socket);
    *root_socket = (struct root_socket){.loop = loop, .rows = rows, .arg = arg, .descriptor = descriptor};
    root_socket->watch = loop_watch_new(loop, descriptor, accept_request, root_socket);
    loop_watch_set(root_socket->watch, true, false);
    return root_socket;
}

void root_socket_free(struct root_socket *root_socket)
{
    if (!root_socket)
        return;
    while (root_socket->requests)
        request_free(root_socket->requests);
    loop_watch_free(root_socket->watch);
    close(root_socket->descriptor);
    free(root_socket);
}

// ---- the other side

// False with FAULT_ABSENT when nobody listens, whether or not the socket of somebody before lies there.
static bool connect_to(const char *folder, int descriptor, struct fault *why)
{
    struct sockaddr_un address;
    const struct timeval patience = {.tv_sec = ANSWER_S};
    int in = open_folder(folder, &address, why);
    if (in < 0)
        return false;
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    bool connected = connect(descriptor, (struct sockaddr *)&address, sizeof address) == 0;
    if (!connected)
        fault_set(why, errno == ENOENT || errno == ECONNREFUSED ? FAULT_ABSENT : FAULT_UNAVAILABLE, "%s/%s: %s", folder,
                  socket_name, strerror(errno));
    close(in);
    return connected;
}

static bool ask(int descriptor, const char *word, char line[ROOT_LINE_SIZE], struct fault *why)
{
    char packet[ROOT_LINE_SIZE + 1];
    assert(word[0] && strlen(word) <= WORD_SIZE);
    bool asked = send(descriptor, word, strlen(word), MSG_NOSIGNAL) > 0;
    ssize_t length = asked ? recv(descriptor, packet, sizeof packet - 1, 0) : -1;
    bool is_late = length < 0 && errno == EAGAIN;
    if (length <= 0)
        return fault_set(why, is_late ? FAULT_UNAVAILABLE : FAULT_DENIED,
                         is_late ? "the broker that runs here does not answer"
                                 : "the broker that runs here answers root alone");
    packet[length] = 0;
    text_put(line, ROOT_LINE_SIZE, packet + 1);
    explicit_bzero(packet + 1, sizeof packet - 1);
    return packet[0] == yes || fault_set(why, FAULT_UNAVAILABLE, "the broker that runs here says: %.250s", line);
}

bool root_socket_is_there(const char *folder)
{
    struct fault why = {0};
    int descriptor = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    bool connected = descriptor >= 0 && connect_to(folder, descriptor, &why);
    if (descriptor >= 0)
        close(descriptor);
    return connected;
}

bool root_socket_ask(const char *folder, const char *word, char line[ROOT_LINE_SIZE], struct fault *why)
{
    int descriptor = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return fault_set(why, FAULT_UNAVAILABLE, "socket: %s", strerror(errno));
    bool answered = connect_to(folder, descriptor, why) && ask(descriptor, word, line, why);
    close(descriptor);
    return answered;
}
