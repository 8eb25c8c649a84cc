// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/user_names.h"
#include "broker/api/types.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/base/worker.h"

#include <assert.h>
#include <pwd.h>
#include <stdlib.h>

enum { KNOWN_MAX = 4096, AGAIN_MS = 10 * 1000, FRESH_MS = 60 * 1000, BUFFER_SIZE = 16 * 1024 };

struct name {
    uid_t uid;
    char user_name[USER_NAME_SIZE];
    int64_t asked_ms;
};

struct user_question {
    uid_t uid;
    char user_name[USER_NAME_SIZE];
    struct user_names *names; // for the loop's thread only
};

struct user_names {
    struct loop *loop;
    loop_work *found;
    void *arg;
    struct name *known;
    size_t count, capacity;
    struct worker *worker; // one at a time: a directory that hangs does not gather threads
};

static void look_up(void *arg)
{
    struct user_question *question = arg;
    struct passwd entry, *result = NULL;
    char *buffer = mem_new(1, BUFFER_SIZE);
    if (getpwuid_r(question->uid, &entry, buffer, BUFFER_SIZE, &result) == 0 && result &&
        !text_copy(question->user_name, sizeof question->user_name, result->pw_name))
        question->user_name[0] = 0;
    text_lower_name(question->user_name); // as the broker writes it, whatever the directory keeps
    free(buffer);
}

static struct name *find_name(struct user_names *names, uid_t uid)
{
    for (size_t i = 0; i < names->count; i++)
        if (names->known[i].uid == uid)
            return &names->known[i];
    return NULL;
}

static void name_answered(void *arg)
{
    struct user_question *question = arg;
    struct user_names *names = question->names;
    assert(names->worker);
    struct name *name = find_name(names, question->uid);
    bool is_news = name && !text_equal(name->user_name, question->user_name);
    if (name && !*question->user_name)
        log_warn("host", "no user name known for uid %u", (unsigned)question->uid);
    if (name) {
        TEXT_PUT(name->user_name, question->user_name);
        name->asked_ms = clock_steady_ms();
    }
    worker_free(take(names->worker));
    if (is_news)
        names->found(names->arg);
}

static void ask_for_name(struct user_names *names, struct name *name)
{
    struct fault why = {0};
    assert(!names->worker);
    struct user_question *question = mem_new(1, sizeof *question);
    question->uid = name->uid;
    question->names = names;
    names->worker = worker_new(names->loop, look_up, name_answered, free, question, &why);
    if (!names->worker)
        free(question);
}

const char *user_names_of(struct user_names *names, uid_t uid)
{
    struct name *name = find_name(names, uid);
    if (!name) {
        if (names->count == KNOWN_MAX)
            names->count = 0;
        mem_reserve(&names->known, &names->capacity, names->count + 1, sizeof *names->known);
        name = &names->known[names->count++];
        *name = (struct name){.uid = uid, .asked_ms = clock_steady_ms() - AGAIN_MS};
    }
    if (!names->worker && clock_steady_ms() - name->asked_ms >= (*name->user_name ? FRESH_MS : AGAIN_MS))
        ask_for_name(names, name);
    return name->user_name;
}

struct user_names *user_names_new(struct loop *loop, loop_work *found, void *arg)
{
    struct user_names *names = mem_new(1, sizeof *names);
    names->loop = loop;
    names->found = found;
    names->arg = arg;
    return names;
}

void user_names_free(struct user_names *names)
{
    if (!names)
        return;
    worker_free(names->worker);
    free(names->known);
    free(names);
}
