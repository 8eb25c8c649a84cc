// SPDX-License-Identifier: EUPL-1.2
// kill -9 of the broker, again and again, under a stream of logons: is every one that was answered still there?
//   bench_kill ROUNDS DEVICES PEOPLE BROKER CONF HOST CA FOLDER     FOLDER holds what bench_enrol left
// Each round: the broker starts; an administrator lists the sessions; people log on over the devices' kept connections,
// until at a moment of chance the broker is killed. Every tenth round it is killed once more while it starts.
// Lost: a session that was answered is not there, or only with a lower fencing number. Doubled: a person with two.
#include "broker/api/codec.h"
#include "broker/base/clock.h"
#include "tests/bench/https.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DEVICES_MAX = 64, PEOPLE_MAX = 100000, STREAM_US = 80000, STARTING_US = 40000, PATIENCE_MS = 20000 };

struct answered {
    char session[ID_SIZE]; // as answered last; empty: never
    int64_t fence;
};

struct job_queue {
    pthread_t thread;
    int number;
    struct https https;
};

static char **words;
static struct answered persons[PEOPLE_MAX];
static int devices, people, acknowledged, refused, lost, doubled, kills;
static bool over;
// Held for reading around each logon, for writing while the broker is dead or looked at.
static pthread_rwlock_t gate;

static void must(bool right, const char *what)
{
    if (right)
        return;
    fprintf(stderr, "kill: %s\n", what);
    exit(1);
}

// ---- people

static void note(struct answered *person, json_object *answer, int number)
{
    const char *session = codec_string(answer, "session");
    int64_t fence = codec_number(answer, "fence");
    __atomic_fetch_add(&acknowledged, 1, __ATOMIC_RELAXED);
    if (person->session[0] && (!text_equal(person->session, session) || fence <= person->fence)) {
        __atomic_fetch_add(&lost, 1, __ATOMIC_RELAXED);
        fprintf(stderr, "p%05d: %s with number %lld was answered, then %s with %lld\n", number, person->session,
                (long long)person->fence, session, (long long)fence);
    }
    text_cut(person->session, sizeof person->session, session);
    person->fence = fence;
}

static void log_on(struct job_queue *worker, int number)
{
    char body[100];
    struct fault why = {0};
    owned(json) json_object *answer = NULL;
    snprintf(body, sizeof body, "{\"name\":\"p%05d\",\"password\":\"viele-geheim-1\"}", number);
    int status = https_ask(&worker->https, "POST", "/v1/logon", "Content-Type: application/json\r\n", body);
    if (status == 200 && codec_parse(&answer, worker->https.answer.bytes, worker->https.answer.length, &why))
        note(&persons[number - 1], answer, number);
    else if (status)
        __atomic_fetch_add(&refused, 1, __ATOMIC_RELAXED);
    else
        usleep(1000); // the broker is dead
}

// Nobody logs on at two desks at once: each worker has people of its own.
static void *work(void *arg)
{
    struct job_queue *worker = arg;
    for (int number = worker->number; !__atomic_load_n(&over, __ATOMIC_RELAXED);
         number = number + devices <= people ? number + devices : worker->number) {
        pthread_rwlock_rdlock(&gate);
        log_on(worker, number);
        pthread_rwlock_unlock(&gate);
    }
    https_drop(&worker->https);
    return NULL;
}

// ---- the administrator

static json_object *ask(struct https *https, const char *verb, const char *path, const char *head, const char *body)
{
    struct fault why = {0};
    json_object *answer = NULL;
    int status = https_ask(https, verb, path, head, body);
    must(status == 200, status ? https->answer.bytes : "no answer for the administrator");
    must(codec_parse(&answer, https->answer.bytes, https->answer.length, &why), why.text);
    return answer;
}

static int by_person(const void *a, const void *b)
{
    json_object *const *left = a, *const *right = b;
    return strcmp(codec_string(*left, "person"), codec_string(*right, "person"));
}

static int by_session(const void *key, const void *item)
{
    json_object *const *session = item;
    return strcmp(key, codec_string(*session, "id"));
}

static int by_id(const void *a, const void *b)
{
    json_object *const *left = a;
    return by_session(codec_string(*left, "id"), b);
}

static void compare(json_object **sessions, size_t count)
{
    qsort(sessions, count, sizeof *sessions, by_person);
    for (size_t i = 1; i < count; i++)
        if (by_person(&sessions[i - 1], &sessions[i]) == 0) {
            doubled++;
            fprintf(stderr, "%s has two sessions\n", codec_string(sessions[i], "person"));
        }
    qsort(sessions, count, sizeof *sessions, by_id);
    for (int i = 0; i < people; i++) {
        struct answered *person = &persons[i];
        json_object **found =
            person->session[0] ? bsearch(person->session, sessions, count, sizeof *sessions, by_session) : NULL;
        if (!person->session[0] || (found && codec_number(*found, "fence") >= person->fence))
            continue;
        lost++;
        fprintf(stderr, "p%05d: %s with number %lld was answered and is not there\n", i + 1, person->session,
                (long long)person->fence);
        person->session[0] = 0;
    }
}

static void look(struct https *https)
{
    char head[400], path[300] = "/v1/sessions?limit=1000";
    size_t count = 0;
    owned(bytes) json_object **sessions = mem_new((size_t)people * 2 + 1000, sizeof *sessions);
    owned(json) json_object *logon = ask(https, "POST", "/v1/admin/logon", "Content-Type: application/json\r\n",
                                         "{\"tenant\":\"altdorf\",\"name\":\"alma\",\"password\":\"alma-geheim-1\"}");
    snprintf(head, sizeof head, "Authorization: Bearer %s\r\n", codec_string(logon, "token"));
    for (bool more = true; more;) {
        owned(json) json_object *page = ask(https, "GET", path, head, "");
        json_object *items = codec_member(page, "items");
        for (size_t i = 0; i < json_object_array_length(items) && count < (size_t)people * 2; i++)
            sessions[count++] = json_object_get(json_object_array_get_idx(items, i));
        more = codec_string(page, "next")[0];
        snprintf(path, sizeof path, "/v1/sessions?limit=1000&after=%s", codec_string(page, "next"));
    }
    compare(sessions, count);
    for (size_t i = 0; i < count; i++)
        json_object_put(sessions[i]);
}

// ---- the broker

static pid_t start(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        execl(words[4], words[4], "-c", words[5], (char *)NULL);
        _exit(127);
    }
    return pid;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    kills++;
}

static void await(struct https *https, pid_t pid)
{
    int64_t until_ms = clock_steady_ms() + PATIENCE_MS;
    while (https_ask(https, "GET", "/healthz", "", "") != 200) {
        must(clock_steady_ms() < until_ms && waitpid(pid, NULL, WNOHANG) == 0, "the broker does not start again");
        usleep(1000);
    }
}

// Until somebody has been let in: the broker's connections to the directory take longer than its start.
static void await_stream(void)
{
    int64_t until_ms = clock_steady_ms() + PATIENCE_MS;
    int before = __atomic_load_n(&acknowledged, __ATOMIC_RELAXED);
    while (__atomic_load_n(&acknowledged, __ATOMIC_RELAXED) == before) {
        must(clock_steady_ms() < until_ms, "nobody is let in");
        usleep(500);
    }
}

static void round_of(struct https *https, int round)
{
    pid_t pid = start();
    if (round % 10 == 0) {
        usleep((useconds_t)(random() % STARTING_US));
        end(pid);
        pid = start();
    }
    await(https, pid);
    look(https);
    pthread_rwlock_unlock(&gate);
    if (round % 4)
        await_stream();
    usleep((useconds_t)(random() % STREAM_US));
    end(pid);
    pthread_rwlock_wrlock(&gate); // when every answer that was still on its way has been noted
    https_close(https);
}

static void run(int wanted)
{
    static struct job_queue workers[DEVICES_MAX];
    struct https https = {.context = https_context(words[7], NULL, NULL), .host = words[6], .port = "8443"};
    pthread_rwlock_wrlock(&gate);
    for (int i = 0; i < devices; i++) {
        workers[i].number = i + 1;
        workers[i].https =
            (struct https){.context = https_device(words[7], words[8], i + 1), .host = words[6], .port = "8444"};
        pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    }
    for (int round = 1; kills < wanted; round++)
        round_of(&https, round);
    pid_t pid = start();
    await(&https, pid);
    look(&https);
    over = true;
    pthread_rwlock_unlock(&gate);
    for (int i = 0; i < devices; i++)
        pthread_join(workers[i].thread, NULL);
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
    https_drop(&https);
}

int main(int argc, char **argv)
{
    if (argc != 9) {
        fputs("usage: see the head of tests/bench/kill.c\n", stderr);
        return 2;
    }
    words = argv;
    devices = (int)strtol(argv[2], NULL, 10);
    people = (int)strtol(argv[3], NULL, 10);
    must(devices > 0 && devices <= DEVICES_MAX && people >= devices && people <= PEOPLE_MAX, "too many, or too few");
    // Writers first: the one who kills must not wait for ever.
    pthread_rwlockattr_t attributes;
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&gate, &attributes);
    signal(SIGPIPE, SIG_IGN);
    int64_t began_ms = clock_steady_ms();
    run((int)strtol(argv[1], NULL, 10));
    printf("kill.kills\t%d\t-\t-\n", kills);
    printf("kill.acknowledged\t%d\t-\t-\n", acknowledged);
    printf("kill.lost\t%d\t0\t-\n", lost);
    printf("kill.doubled\t%d\t0\t-\n", doubled);
    printf("kill.refused\t%d\t-\t-\n", refused);
    printf("kill.took_s\t%.1f\t-\t-\n", (double)(clock_steady_ms() - began_ms) / 1e3);
    return acknowledged > kills ? 0 : 1;
}
