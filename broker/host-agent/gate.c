// SPDX-License-Identifier: EUPL-1.2
// A question goes through: check (is it one, for us, in time, fresh, the newest?), confirm (what does the broker say,
// if it says something in time?), settle (others' sessions ended, written to disk), answered.
#include "broker/host-agent/gate.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <stdlib.h>
#include <string.h>

enum { ASKS_MAX = 256 };

enum phase { PHASE_REFUSED, PHASE_CONFIRM, PHASE_SETTLE };

struct ask {
    struct ask *next, **at;
    struct gate *gate;
    struct otp otp;
    size_t rest;
    int64_t number;
    enum phase phase;
    const char *why;
    struct gate_step *open[2];
    bool failed;
    struct loop_timer *timer, *deadline;
    gate_done *done;
    void *arg;
};

// Outlives its question when the question's time is up.
struct gate_step {
    struct ask *ask;
    size_t index;
    struct gate *gate;
    struct gate_step *next, **at;
};

struct gate {
    struct loop *loop;
    struct gate_config config;
    char host[ID_SIZE];
    struct gate_ports ports;
    void *arg;
    struct spent *spent;
    struct otp_key *key, *previous;
    struct loop_timer *forgetting; // the previous key
    struct ask *asks;
    struct gate_step *steps;
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
    ask->gate->ask_count--;
    loop_timer_free(ask->timer);
    loop_timer_free(ask->deadline);
    explicit_bzero(&ask->otp, sizeof ask->otp);
    free(ask);
}

static void answer(struct ask *ask, bool good, const char *why)
{
    gate_done *done = ask->done;
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

static const char *overtaken(const struct gate *gate, const struct otp *otp)
{
    const struct spent_login *newest = spent_login(gate->spent, otp->login);
    if (newest && otp->fence < newest->fence)
        return "a newer one was used here";
    if (otp->sole && otp->fence < spent_highest(gate->spent))
        return "somebody was let in here with a newer one";
    return NULL;
}

static bool is_vouched_for(const struct gate *gate, const char *login, const char *password, struct otp *otp,
                           const char **typed)
{
    return otp_read(gate->key, password, gate->config.host, login, otp, typed) ||
           (gate->previous && otp_read(gate->previous, password, gate->config.host, login, otp, typed));
}

static const char *check(struct gate *gate, const char *login, const char *password, struct otp *otp, size_t *rest)
{
    const char *typed = NULL;
    if (!otp_is_one(password))
        return "the password is no one-time password";
    if (!gate->key)
        return "the key for one-time passwords is not known yet";
    if (!is_vouched_for(gate, login, password, otp, &typed))
        return "not made by the broker for this host and this person";
    *rest = otp->password_follows ? (size_t)(typed - password) : 0;
    int64_t now_ms = gate->ports.now_ms(gate->arg);
    spent_forget(gate->spent, now_ms);
    if (otp->until_ms <= now_ms)
        return "its time is up";
    if (spent_used(gate->spent, otp->nonce))
        return "it was used before";
    const char *why = overtaken(gate, otp);
    if (!why && !spent_use(gate->spent, otp->nonce, otp->until_ms))
        why = "too many one-time passwords at a time";
    return why;
}

// ---- steps

static struct gate_step *step_new(struct ask *ask, size_t index)
{
    struct gate *gate = ask->gate;
    struct gate_step *step = mem_new(1, sizeof *step);
    step->ask = ask;
    step->index = index;
    step->gate = gate;
    step->next = gate->steps;
    step->at = &gate->steps;
    if (step->next)
        step->next->at = &step->next;
    gate->steps = step;
    return step;
}

static void step_free(struct gate_step *step)
{
    *step->at = step->next;
    if (step->next)
        step->next->at = step->at;
    free(step);
}

// Both are under way at once; neither may finish inline.
static void settle(struct ask *ask)
{
    struct gate *gate = ask->gate;
    const char *why = overtaken(gate, &ask->otp); // somebody may have been quicker while the broker was asked
    if (why) {
        answer(ask, false, why);
        return;
    }
    ask->phase = PHASE_SETTLE;
    loop_timer_stop(ask->timer);
    spent_accept(gate->spent, &ask->otp);
    for (size_t i = 0; i < 2; i++)
        ask->open[i] = step_new(ask, i);
    struct gate_step *keeping = ask->open[1];
    gate->ports.clear(gate->arg, &ask->otp, ask->open[0]);
    gate->ports.keep(gate->arg, &ask->otp, keeping);
}

void gate_step_done(struct gate_step *step, bool fine)
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

void gate_confirmed(struct gate *gate, int64_t number, bool good)
{
    struct ask *ask = gate->asks;
    while (ask && (ask->number != number || ask->phase != PHASE_CONFIRM))
        ask = ask->next;
    if (!ask)
        return;
    if (good)
        settle(ask);
    else
        answer(ask, false, "the broker says that it is not the newest");
}

void gate_link_down(struct gate *gate)
{
    for (struct ask *ask = gate->asks; ask; ask = ask->next)
        if (ask->phase == PHASE_CONFIRM)
            loop_timer_start(ask->timer, 0);
}

static struct ask *ask_new(struct gate *gate, gate_done *done, void *arg)
{
    struct ask *ask = mem_new(1, sizeof *ask);
    ask->gate = gate;
    ask->done = done;
    ask->arg = arg;
    ask->next = gate->asks;
    ask->at = &gate->asks;
    if (ask->next)
        ask->next->at = &ask->next;
    gate->asks = ask;
    gate->ask_count++;
    ask->timer = loop_timer_new(gate->loop, time_is_up, ask);
    ask->deadline = loop_timer_new(gate->loop, deadline_passed, ask);
    return ask;
}

void gate_ask(struct gate *gate, const char *login, const char *password, gate_done *done, void *arg)
{
    struct ask *ask = ask_new(gate, done, arg);
    ask->why = gate->ask_count > ASKS_MAX ? "too many at a time" : check(gate, login, password, &ask->otp, &ask->rest);
    if (ask->why) {
        loop_timer_start(ask->timer, 0);
        return;
    }
    ask->phase = PHASE_CONFIRM;
    ask->number = ++gate->last_number;
    bool asked = gate->ports.confirm(gate->arg, ask->number, &ask->otp);
    loop_timer_start(ask->timer, asked ? gate->config.confirm_ms : 0);
    loop_timer_start(ask->deadline, gate->config.deadline_ms);
}

// ---- the whole

static void forget_previous(void *arg)
{
    struct gate *gate = arg;
    otp_key_free(take(gate->previous));
}

struct gate *gate_new(struct loop *loop, const struct gate_config *config, struct spent *spent,
                      const struct gate_ports *ports, void *arg)
{
    struct gate *gate = mem_new(1, sizeof *gate);
    gate->loop = loop;
    gate->config = *config;
    TEXT_PUT(gate->host, config->host);
    gate->config.host = gate->host;
    gate->spent = spent;
    gate->ports = *ports;
    gate->arg = arg;
    gate->forgetting = loop_timer_new(loop, forget_previous, gate);
    return gate;
}

void gate_free(struct gate *gate)
{
    if (!gate)
        return;
    while (gate->asks)
        ask_free(gate->asks);
    while (gate->steps)
        step_free(gate->steps);
    otp_key_free(gate->key);
    otp_key_free(gate->previous);
    loop_timer_free(gate->forgetting);
    free(gate);
}

bool gate_set_key(struct gate *gate, const char *text)
{
    struct otp_key *key = otp_key_read(text);
    if (!key)
        return false;
    if (gate->key && otp_key_equal(gate->key, key)) {
        otp_key_free(key);
        return true;
    }
    otp_key_free(gate->previous);
    gate->previous = gate->key;
    gate->key = key;
    loop_timer_start(gate->forgetting, gate->config.previous_ms);
    return true;
}
