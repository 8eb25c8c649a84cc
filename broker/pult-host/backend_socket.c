// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/backend_socket.h"
#include "broker/api/host_link.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/base/worker.h"
#include "broker/pult-host/print_handover.h"
#include "broker/pult-host/root_listener.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// cupsd runs one job a queue at a time; who is more waits in the kernel.
enum { JOBS_MAX = 32, LINES_KEPT_MAX = 2, SILENT_MS = 10 * 1000 };

// The thread's, until it is over.
struct handover_task {
    struct backend_job *job; // not the thread's to look at
    struct print_line *line;
    int document;
    atomic_bool stops;
    const char *words[PRINT_WORD_COUNT]; // in `packet`
    struct print_end end;
    char packet[PRINT_WORDS_MAX];
};

struct backend_job {
    struct backend_job *next, **at;
    struct backend_socket *backends;
    int socket;
    struct loop_watch *watch;
    struct loop_timer *deadline; // until it has said what it wants
    struct handover_task *task;  // NULL: it has not
    struct worker *worker;
};

struct waiting_user {
    char user_name[USER_NAME_SIZE];
    int64_t since_ms; // wall clock
};

struct backend_socket {
    struct loop *loop;
    int listener;
    struct loop_watch *watch;
    struct backend_job *jobs;
    size_t count;
    struct print_line *lines[LINES_KEPT_MAX];
    size_t line_count;
    struct waiting_user *waiting; // whose last job was not taken
    size_t waiting_count;
    backend_waits *waits;
    void *waits_arg;
};

static void drop_task(void *arg)
{
    struct handover_task *task = arg;
    print_line_free(task->line);
    if (task->document >= 0)
        close(task->document);
    free(task);
}

static void job_free(struct backend_job *job)
{
    struct backend_socket *backends = job->backends;
    assert(backends->count > 0 && *job->at == job);
    *job->at = job->next;
    if (job->next)
        job->next->at = job->at;
    backends->count--;
    loop_watch_free(job->watch);
    loop_timer_free(job->deadline);
    if (job->worker) {
        atomic_store(&job->task->stops, true);
        worker_free(job->worker);
    } else if (job->task) {
        drop_task(job->task);
    }
    close(job->socket);
    free(job);
    if (backends->watch)
        loop_watch_set(backends->watch, true, false);
}

static void answer(struct backend_job *job, const struct print_end *end)
{
    char packet[PRINT_ANSWER_SIZE];
    size_t length = print_answer_write((int)end->code, end->sentence, packet);
    // The backend may have gone; then nobody is told.
    send(job->socket, packet, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    job_free(job);
}

// ---- whose jobs wait

void backend_socket_on_wait(struct backend_socket *backends, backend_waits *waits, void *arg)
{
    backends->waits = waits;
    backends->waits_arg = arg;
}

int64_t backend_socket_waits(const struct backend_socket *backends, const char *user_name)
{
    for (size_t i = 0; i < backends->waiting_count; i++)
        if (text_equal(backends->waiting[i].user_name, user_name))
            return backends->waiting[i].since_ms;
    return 0;
}

// One job that is taken shows that all others will be.
static void note_end(struct backend_socket *backends, const char *user_name, const struct print_end *end)
{
    bool known = backend_socket_waits(backends, user_name) != 0, stored = end->code == EXIT_STORED;
    if (!stored && !end->no_server)
        return;
    if (stored ? !backends->waiting_count : known || backends->waiting_count == HOST_SESSIONS_MAX)
        return;
    if (stored) {
        backends->waiting_count = 0;
    } else {
        if (!backends->waiting)
            backends->waiting = mem_new(HOST_SESSIONS_MAX, sizeof *backends->waiting);
        struct waiting_user *user = &backends->waiting[backends->waiting_count++];
        text_cut(user->user_name, sizeof user->user_name, user_name);
        user->since_ms = clock_wall_ms();
    }
    if (backends->waits)
        backends->waits(backends->waits_arg);
}

// ---- handing over

static void run_task(void *arg)
{
    struct handover_task *task = arg;
    task->end = print_handover(task->line, task->words, task->document, &task->stops);
}

static void task_is_over(void *arg)
{
    struct backend_job *job = ((struct handover_task *)arg)->job;
    struct backend_socket *backends = job->backends;
    struct print_end end = job->task->end;
    note_end(backends, job->task->words[PRINT_WORD_USER], &end);
    if (end.code == EXIT_STORED && backends->line_count < LINES_KEPT_MAX)
        backends->lines[backends->line_count++] = take(job->task->line);
    answer(job, &end);
}

static void start_task(struct backend_job *job)
{
    struct backend_socket *backends = job->backends;
    struct fault why = {0};
    job->task->line = backends->line_count ? backends->lines[--backends->line_count] : print_line_new();
    job->worker = worker_new(backends->loop, run_task, task_is_over, drop_task, job->task, &why);
    if (job->worker)
        return;
    log_error("print", "%s", why.text);
    answer(job, &(struct print_end){.code = EXIT_LATER, .sentence = ""});
}

// ---- what a backend says

static int passed_descriptor(struct msghdr *message)
{
    int descriptor = -1;
    const struct cmsghdr *head = CMSG_FIRSTHDR(message);
    if (head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
        head->cmsg_len == CMSG_LEN(sizeof descriptor))
        memcpy(&descriptor, CMSG_DATA(head), sizeof descriptor);
    return descriptor;
}

static bool read_task(struct backend_job *job)
{
    struct handover_task *task = job->task;
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(int))];
    } passed;
    struct iovec all = {.iov_base = task->packet, .iov_len = sizeof task->packet};
    struct msghdr message = {
        .msg_iov = &all, .msg_iovlen = 1, .msg_control = &passed, .msg_controllen = sizeof passed.bytes};
    ssize_t length = recvmsg(job->socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    task->document = length > 0 ? passed_descriptor(&message) : -1;
    return task->document >= 0 && !(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) &&
           print_words_read(task->words, task->packet, (size_t)length);
}

static void backend_speaks(void *arg, bool readable, bool writable)
{
    struct backend_job *job = arg;
    (void)readable;
    (void)writable;
    // One that speaks again has gone: cupsd has ended it, for its person wants the job no more.
    if (job->task) {
        job_free(job);
        return;
    }
    loop_timer_stop(job->deadline);
    job->task = mem_room(sizeof *job->task);
    memset(job->task, 0, offsetof(struct handover_task, packet));
    job->task->job = job;
    if (read_task(job)) {
        start_task(job);
        return;
    }
    log_warn("print", "a backend of cupsd hands in something that is no job");
    job_free(job);
}

static void backend_is_silent(void *arg)
{
    job_free(arg);
}

static void accept_backend(void *arg, bool readable, bool writable)
{
    struct backend_socket *backends = arg;
    (void)readable;
    (void)writable;
    int socket = root_listener_accept(backends->listener, NULL);
    if (socket < 0)
        return;
    struct backend_job *job = mem_new(1, sizeof *job);
    job->backends = backends;
    job->socket = socket;
    job->next = backends->jobs;
    job->at = &backends->jobs;
    if (job->next)
        job->next->at = &job->next;
    backends->jobs = job;
    backends->count++;
    job->watch = loop_watch_new(backends->loop, socket, backend_speaks, job);
    loop_watch_set(job->watch, true, false);
    job->deadline = loop_timer_new(backends->loop, backend_is_silent, job);
    loop_timer_start(job->deadline, SILENT_MS);
    if (backends->count == JOBS_MAX)
        loop_watch_set(backends->watch, false, false);
}

struct backend_socket *backend_socket_open(struct loop *loop, const char *state_dir, struct fault *why)
{
    char path[PRINT_SOCKET_SIZE];
    if (!print_words_socket(path, state_dir)) {
        fault_set(why, FAULT_INVALID, "%s: too long for a socket", state_dir);
        return NULL;
    }
    int listener = root_listener_open(path, why);
    if (listener < 0)
        return NULL;
    struct backend_socket *backends = mem_new(1, sizeof *backends);
    backends->loop = loop;
    backends->listener = listener;
    backends->watch = loop_watch_new(loop, listener, accept_backend, backends);
    loop_watch_set(backends->watch, true, false);
    return backends;
}

void backend_socket_free(struct backend_socket *backends)
{
    if (!backends)
        return;
    loop_watch_free(take(backends->watch));
    while (backends->jobs)
        job_free(backends->jobs);
    close(backends->listener);
    for (size_t i = 0; i < backends->line_count; i++)
        print_line_free(backends->lines[i]);
    free(backends->waiting);
    free(backends);
}
