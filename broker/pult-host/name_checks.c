// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/name_checks.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/worker.h"
#include "broker/pult-host/otp_log.h"
#include "broker/pult-host/pam_protocol.h"

#include <assert.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRY_SIZE = 16 * 1024, WAITING_MAX = 64, LOGGED_MS = 2000 };

struct named {
    char user_name[USER_NAME_SIZE];
    uid_t uid;
    char fault[NAME_FAULT_SIZE]; // empty: it comes back
};

struct name_back_question {
    struct named named;
    struct name_checks *checks; // for the loop's thread only
};

struct name_checks {
    struct loop *loop;
    loop_work *changed;
    void *arg;
    struct named faults[NAME_FAULTS_MAX]; // the newest last
    size_t fault_count;
    struct named waiting[WAITING_MAX];
    size_t waiting_count;
    struct worker *worker; // one at a time: a directory that hangs does not gather threads
};

// ---- asking, which waits

bool name_check(const char *user_name, uid_t uid, char fault[NAME_FAULT_SIZE])
{
    struct passwd entry, *found = NULL;
    owned(bytes) char *buffer = mem_new(1, ENTRY_SIZE);
    fault[0] = 0;
    if (uid == PAM_NO_UID) {
        snprintf(fault, NAME_FAULT_SIZE, "user names: %s has no account here", user_name);
        return false;
    }
    if (getpwuid_r(uid, &entry, buffer, ENTRY_SIZE, &found) != 0 || !found) {
        snprintf(fault, NAME_FAULT_SIZE, "user names: %s has uid %u, which has no name here", user_name, (unsigned)uid);
        return false;
    }
    if (text_same_name(user_name, strlen(user_name), found->pw_name))
        return true;
    snprintf(fault, NAME_FAULT_SIZE, "user names: %s has uid %u, which is called %.120s here", user_name, (unsigned)uid,
             found->pw_name);
    return false;
}

static uid_t uid_of(const char *user_name)
{
    struct passwd entry, *found = NULL;
    owned(bytes) char *buffer = mem_new(1, ENTRY_SIZE);
    return getpwnam_r(user_name, &entry, buffer, ENTRY_SIZE, &found) == 0 && found ? found->pw_uid : PAM_NO_UID;
}

void name_check_log(const char *path, name_check_found *found, void *arg)
{
    struct used_otps *used = used_otps_new();
    struct fault why = {0};
    char fault[NAME_FAULT_SIZE];
    const struct admission *one = NULL;
    bool read = otp_log_read(path, used, &why);
    int64_t until_ms = clock_steady_ms() + LOGGED_MS;
    for (size_t i = 0; read && clock_steady_ms() < until_ms && (one = used_otps_last(used, i)); i++) {
        uid_t uid = uid_of(one->user_name);
        if (uid != PAM_NO_UID && !name_check(one->user_name, uid, fault))
            found(arg, fault);
    }
    used_otps_free(used);
}

static void look_up(void *arg)
{
    struct named *named = &((struct name_back_question *)arg)->named;
    if (name_check(named->user_name, named->uid, named->fault))
        named->fault[0] = 0;
}

// ---- what is known

static bool forget_fault(struct name_checks *checks, const char *user_name)
{
    for (size_t i = 0; i < checks->fault_count; i++) {
        if (!text_equal(checks->faults[i].user_name, user_name))
            continue;
        checks->fault_count--;
        memmove(&checks->faults[i], &checks->faults[i + 1], (checks->fault_count - i) * sizeof *checks->faults);
        return true;
    }
    return false;
}

static void ask_next(struct name_checks *checks);

static void name_looked_up(void *arg)
{
    struct name_back_question *question = arg;
    struct name_checks *checks = question->checks;
    const struct named *named = &question->named;
    assert(checks->worker && checks->fault_count <= NAME_FAULTS_MAX);
    bool changed = forget_fault(checks, named->user_name);
    if (changed && !named->fault[0])
        log_info("host", "user names: %s: ok", named->user_name);
    if (named->fault[0]) {
        log_warn("host", "%s", named->fault);
        if (checks->fault_count == NAME_FAULTS_MAX)
            forget_fault(checks, checks->faults[0].user_name);
        checks->faults[checks->fault_count++] = *named;
        changed = true;
    }
    worker_free(take(checks->worker));
    ask_next(checks);
    if (changed)
        checks->changed(checks->arg);
}

static void ask_next(struct name_checks *checks)
{
    struct fault why = {0};
    if (checks->worker || !checks->waiting_count)
        return;
    struct name_back_question *question = mem_new(1, sizeof *question);
    question->checks = checks;
    question->named = checks->waiting[--checks->waiting_count];
    checks->worker = worker_new(checks->loop, look_up, name_looked_up, free, question, &why);
    if (!checks->worker)
        free(question);
}

void name_checks_add(struct name_checks *checks, const char *user_name, uid_t uid)
{
    // Of more at once than that, some are looked at when they come again.
    if (checks->waiting_count < WAITING_MAX) {
        struct named *named = &checks->waiting[checks->waiting_count++];
        *named = (struct named){.uid = uid};
        text_cut(named->user_name, sizeof named->user_name, user_name);
    }
    ask_next(checks);
}

void name_checks_print(const struct name_checks *checks, struct text *text)
{
    for (size_t i = 0; i < checks->fault_count; i++)
        text_addf(text, "%s%s", text->length ? "\n" : "", checks->faults[i].fault);
}

struct name_checks *name_checks_new(struct loop *loop, loop_work *changed, void *arg)
{
    struct name_checks *checks = mem_new(1, sizeof *checks);
    checks->loop = loop;
    checks->changed = changed;
    checks->arg = arg;
    return checks;
}

void name_checks_free(struct name_checks *checks)
{
    if (!checks)
        return;
    worker_free(checks->worker);
    free(checks);
}
