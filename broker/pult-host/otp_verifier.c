// SPDX-License-Identifier: EUPL-1.2
// A question goes through: check (is it one, for us, in time, fresh, the newest?), confirm (what does the broker say,
// if it says something in time?), settle (others' sessions ended, written to disk), answered.
#include "broker/pult-host/otp_verifier.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <stdlib.h>
#include <string.h>

enum { ASKS_MAX = 256 };

enum phase { PHASE_REFUSED, PHASE_CONFIRM, PHASE_SETTLE };

struct ask {
    struct ask *next, **at;
    struct otp_verifier *verifier;
    struct otp otp;
    size_t rest;
    int64_t number;
    enum phase phase;
    const char *why;
    struct otp_verifier_step *open[2];
    bool failed;
    struct loop_timer *timer, *deadline;
    otp_verifier_done *done;
    void *arg;
};

// Outlives its question when the question's time is up.
struct otp_verifier_step {
    struct ask *ask;
    size_t index;
    struct otp_verifier *verifier;
    struct otp_verifier_step *next, **at;
};

struct otp_verifier {
    struct loop *loop;
    struct otp_verifier_config config;
    char host[ID_SIZE];
    struct otp_verifier_ports ports;
    void *arg;
    struct used_otps *used;
    struct otp_key *key, *previous;
    struct loop_timer *forgetting; // the previous key
    struct ask *asks;
    struct otp_verifier_step *steps;
    size_t ask_count;
    int64_t last_number;
};

// ---- the end of a question

static void forget_steps(struct ask *ask)
{
    for (size_t i = 0; i < 2; i++)
        if (ask->open[i])
            ask->open[i]->ask = NULL;
}

static void ask_free(struct ask *ask)
{
    forget_steps(ask);
    *ask->at = ask->next;
    if (ask->next)
        ask->next->at = ask->at;
    ask->verifier->ask_count--;
    loop_timer_free(ask->timer);
    loop_timer_free(ask->deadline);
    explicit_bzero(&ask->otp, sizeof ask->otp);
    free(ask);
}

static void answer(struct ask *ask, bool good, const char *why)
{
    otp_verifier_done *done = ask->done;
    void *arg = ask->arg;
    size_t rest = good ? ask->rest : 0;
    ask_free(ask);
    done(arg, good, rest, why);
}

static void deadline_passed(void *arg)
{
    answer(arg, false, "it took too long");
}

// ---- what speaks against it; NULL: nothing

static const char *overtaken(const struct otp_verifier *verifier, const struct otp *otp)
{
    const struct used_otps_login *newest = used_otps_login(verifier->used, otp->login);
    if (newest && otp->fence < newest->fence)
        return "a newer one was used here";
    if (otp->sole && otp->fence < used_otps_highest(verifier->used))
        return "somebody was let in here with a newer one";
    return NULL;
}

static bool is_vouched_for(const struct otp_verifier *verifier, const char *login, const char *password,
                           struct otp *otp, const char **typed)
{
    return otp_read(verifier->key, password, verifier->config.host, login, otp, typed) ||
           (verifier->previous && otp_read(verifier->previous, password, verifier->config.host, login, otp, typed));
}

static const char *check(struct otp_verifier *verifier, const char *login, const char *password, struct otp *otp,
                         size_t *rest)
{
    const char *typed = NULL;
    if (!otp_is_one(password))
        return "the password is no one-time password";
    if (!verifier->key)
        return "the key for one-time passwords is not known yet";
    if (!is_vouched_for(verifier, login, password, otp, &typed))
        return "not made by the broker for this host and this person";
    *rest = otp->password_follows ? (size_t)(typed - password) : 0;
    int64_t now_ms = verifier->ports.now_ms(verifier->arg);
    used_otps_forget(verifier->used, now_ms);
    if (otp->until_ms <= now_ms)
        return "its time is up";
    if (used_otps_used(verifier->used, otp->nonce))
        return "it was used before";
    const char *why = overtaken(verifier, otp);
    if (!why && !used_otps_use(verifier->used, otp->nonce, otp->until_ms))
        why = "too many one-time passwords at a time";
    return why;
}

// ---- steps

static struct otp_verifier_step *step_new(struct ask *ask, size_t index)
{
    struct otp_verifier *verifier = ask->verifier;
    struct otp_verifier_step *step = mem_new(1, sizeof *step);
    step->ask = ask;
    step->index = index;
    step->verifier = verifier;
    step->next = verifier->steps;
    step->at = &verifier->steps;
    if (step->next)
        step->next->at = &step->next;
    verifier->steps = step;
    return step;
}

static void step_free(struct otp_verifier_step *step)
{
    *step->at = step->next;
    if (step->next)
        step->next->at = step->at;
    free(step);
}

// Both are under way at once; neither may finish inline.
static void settle(struct ask *ask)
{
    struct otp_verifier *verifier = ask->verifier;
    const char *why = overtaken(verifier, &ask->otp); // somebody may have been quicker while the broker was asked
    if (why) {
        answer(ask, false, why);
        return;
    }
    ask->phase = PHASE_SETTLE;
    loop_timer_stop(ask->timer);
    used_otps_accept(verifier->used, &ask->otp);
    for (size_t i = 0; i < 2; i++)
        ask->open[i] = step_new(ask, i);
    struct otp_verifier_step *keeping = ask->open[1];
    verifier->ports.clear(verifier->arg, &ask->otp, ask->open[0]);
    verifier->ports.keep(verifier->arg, &ask->otp, keeping);
}

void otp_verifier_step_done(struct otp_verifier_step *step, bool fine)
{
    struct ask *ask = step->ask;
    size_t index = step->index;
    step_free(step);
    if (!ask)
        return;
    ask->open[index] = NULL;
    if (!fine)
        ask->why = index ? "it cannot be remembered" : "another session here does not end";
    ask->failed = ask->failed || !fine;
    if (!ask->open[0] && !ask->open[1])
        answer(ask, !ask->failed, ask->failed ? ask->why : "good");
}

// ---- the broker's word

static void time_is_up(void *arg)
{
    struct ask *ask = arg;
    if (ask->phase == PHASE_REFUSED) {
        answer(ask, false, ask->why);
        return;
    }
    log_info("gate", "%s: the broker does not say anything; it is decided here", ask->otp.login);
    settle(ask);
}

void otp_verifier_confirmed(struct otp_verifier *verifier, int64_t number, bool good)
{
    struct ask *ask = verifier->asks;
    while (ask && (ask->number != number || ask->phase != PHASE_CONFIRM))
        ask = ask->next;
    if (!ask)
        return;
    if (good)
        settle(ask);
    else
        answer(ask, false, "the broker says that it is not the newest");
}

void otp_verifier_link_down(struct otp_verifier *verifier)
{
    for (struct ask *ask = verifier->asks; ask; ask = ask->next)
        if (ask->phase == PHASE_CONFIRM)
            loop_timer_start(ask->timer, 0);
}

static struct ask *ask_new(struct otp_verifier *verifier, otp_verifier_done *done, void *arg)
{
    struct ask *ask = mem_new(1, sizeof *ask);
    ask->verifier = verifier;
    ask->done = done;
    ask->arg = arg;
    ask->next = verifier->asks;
    ask->at = &verifier->asks;
    if (ask->next)
        ask->next->at = &ask->next;
    verifier->asks = ask;
    verifier->ask_count++;
    ask->timer = loop_timer_new(verifier->loop, time_is_up, ask);
    ask->deadline = loop_timer_new(verifier->loop, deadline_passed, ask);
    return ask;
}

void otp_verifier_ask(struct otp_verifier *verifier, const char *login, const char *password, otp_verifier_done *done,
                      void *arg)
{
    struct ask *ask = ask_new(verifier, done, arg);
    ask->why =
        verifier->ask_count > ASKS_MAX ? "too many at a time" : check(verifier, login, password, &ask->otp, &ask->rest);
    if (ask->why) {
        loop_timer_start(ask->timer, 0);
        return;
    }
    ask->phase = PHASE_CONFIRM;
    ask->number = ++verifier->last_number;
    bool asked = verifier->ports.confirm(verifier->arg, ask->number, &ask->otp);
    loop_timer_start(ask->timer, asked ? verifier->config.confirm_ms : 0);
    loop_timer_start(ask->deadline, verifier->config.deadline_ms);
}

// ---- the whole

static void forget_previous(void *arg)
{
    struct otp_verifier *verifier = arg;
    otp_key_free(take(verifier->previous));
}

struct otp_verifier *otp_verifier_new(struct loop *loop, const struct otp_verifier_config *config,
                                      struct used_otps *used, const struct otp_verifier_ports *ports, void *arg)
{
    struct otp_verifier *verifier = mem_new(1, sizeof *verifier);
    verifier->loop = loop;
    verifier->config = *config;
    TEXT_PUT(verifier->host, config->host);
    verifier->config.host = verifier->host;
    verifier->used = used;
    verifier->ports = *ports;
    verifier->arg = arg;
    verifier->forgetting = loop_timer_new(loop, forget_previous, verifier);
    return verifier;
}

void otp_verifier_free(struct otp_verifier *verifier)
{
    if (!verifier)
        return;
    while (verifier->asks)
        ask_free(verifier->asks);
    while (verifier->steps)
        step_free(verifier->steps);
    otp_key_free(verifier->key);
    otp_key_free(verifier->previous);
    loop_timer_free(verifier->forgetting);
    free(verifier);
}

bool otp_verifier_set_key(struct otp_verifier *verifier, const char *text)
{
    struct otp_key *key = otp_key_read(text);
    if (!key)
        return false;
    if (verifier->key && otp_key_equal(verifier->key, key)) {
        otp_key_free(key);
        return true;
    }
    otp_key_free(verifier->previous);
    verifier->previous = verifier->key;
    verifier->key = key;
    loop_timer_start(verifier->forgetting, verifier->config.previous_ms);
    return true;
}
