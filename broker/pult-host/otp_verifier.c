// SPDX-License-Identifier: EUPL-1.2
// A verification goes through: checked (is it one, for us, in time, fresh, the newest?), confirmed (what does the
// broker say, if it answers in time?), settled (others' sessions ended, written to disk), answered.
#include "broker/pult-host/otp_verifier.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { VERIFICATIONS_MAX = 256 };

enum phase { PHASE_REFUSED, PHASE_CONFIRM, PHASE_SETTLE };

struct verification {
    struct verification *next, **at;
    struct otp_verifier *verifier;
    struct otp otp;
    uid_t uid; // of the user name, then of the desktop
    size_t password_offset;
    int64_t request_id;
    enum phase phase;
    const char *why;
    struct otp_verifier_step *open[2];
    bool failed;
    struct loop_timer *timer, *deadline;
    otp_verifier_done *done;
    void *arg;
};

// Outlives its verification when that takes too long.
struct otp_verifier_step {
    struct verification *verification;
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
    struct verification *verifications;
    struct otp_verifier_step *steps;
    size_t count;
    int64_t last_request_id;
};

// ---- the end of a verification

static void forget_steps(struct verification *verification)
{
    for (size_t i = 0; i < 2; i++)
        if (verification->open[i])
            verification->open[i]->verification = NULL;
}

static void verification_free(struct verification *verification)
{
    assert(verification->verifier->count > 0 && *verification->at == verification);
    forget_steps(verification);
    *verification->at = verification->next;
    if (verification->next)
        verification->next->at = verification->at;
    verification->verifier->count--;
    loop_timer_free(verification->timer);
    loop_timer_free(verification->deadline);
    explicit_bzero(&verification->otp, sizeof verification->otp);
    free(verification);
}

static void fill_admission(struct admission *admission, const struct verification *verification)
{
    const struct otp *otp = &verification->otp;
    *admission = (struct admission){.uid = verification->uid, .fence = otp->fence, .until_ms = otp->until_ms};
    TEXT_PUT(admission->session, otp->session);
    TEXT_PUT(admission->user_name, otp->user_name);
}

static void end_verification(struct verification *verification, bool valid, const char *why)
{
    otp_verifier_done *done = verification->done;
    void *arg = verification->arg;
    struct admission admission;
    struct otp_verdict verdict = {.valid = valid, .uid = verification->uid, .why = why};
    fill_admission(&admission, verification);
    verdict.admission = valid ? &admission : NULL;
    verdict.password_offset = valid ? verification->password_offset : 0;
    assert(!valid || verification->phase == PHASE_SETTLE); // nobody is admitted past the disk
    verification_free(verification);
    done(arg, &verdict);
}

static void deadline_passed(void *arg)
{
    end_verification(arg, false, "timed out");
}

// ---- why one is rejected; NULL: it is not

static const char *superseded(const struct otp_verifier *verifier, const struct otp *otp)
{
    if (otp->fence < used_otps_newest(verifier->used, otp->session, otp->user_name))
        return "a newer one was used here";
    if (otp->sole && otp->fence < used_otps_highest(verifier->used))
        return "someone else was admitted here with a newer one";
    return NULL;
}

static bool is_authentic(const struct otp_verifier *verifier, const char *user_name, const char *password,
                         struct otp *otp, const char **typed)
{
    return otp_read(verifier->key, password, verifier->config.host, user_name, otp, typed) ||
           (verifier->previous && otp_read(verifier->previous, password, verifier->config.host, user_name, otp, typed));
}

static const char *why_rejected(struct otp_verifier *verifier, const char *user_name, const char *password,
                                struct otp *otp, size_t *password_offset)
{
    const char *typed = NULL;
    if (!otp_is_one(password))
        return "the password is not a one-time password";
    if (!verifier->key)
        return "the key for one-time passwords is not known yet";
    if (!is_authentic(verifier, user_name, password, otp, &typed))
        return "not issued by the broker for this host and person";
    *password_offset = otp->password_follows ? (size_t)(typed - password) : 0;
    int64_t now_ms = verifier->ports.now_ms(verifier->arg);
    used_otps_forget(verifier->used, now_ms);
    if (otp->until_ms <= now_ms)
        return "expired";
    if (used_otps_used(verifier->used, otp->nonce))
        return "already used";
    const char *why = superseded(verifier, otp);
    if (!why && !used_otps_use(verifier->used, otp->nonce, otp->until_ms))
        why = "too many unexpired one-time passwords to remember another";
    return why;
}

// ---- steps

static struct otp_verifier_step *step_new(struct verification *verification, size_t index)
{
    struct otp_verifier *verifier = verification->verifier;
    struct otp_verifier_step *step = mem_new(1, sizeof *step);
    step->verification = verification;
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
    assert(*step->at == step);
    *step->at = step->next;
    if (step->next)
        step->next->at = step->at;
    free(step);
}

// Both are under way at once; neither may finish inline. What is to be ended is known by what let it in, so it is
// looked for before this is accepted.
static void settle_verification(struct verification *verification)
{
    struct otp_verifier *verifier = verification->verifier;
    const struct otp *otp = &verification->otp;
    struct admission admission;
    assert(verification->phase == PHASE_CONFIRM);
    fill_admission(&admission, verification);
    const char *why = superseded(verifier, otp); // another may have overtaken it while the broker was asked
    if (!why)
        why = verifier->ports.settle(verifier->arg, otp, &admission);
    if (why) {
        end_verification(verification, false, why);
        return;
    }
    verification->phase = PHASE_SETTLE;
    loop_timer_stop(verification->timer);
    verification->uid = admission.uid;
    for (size_t i = 0; i < 2; i++)
        verification->open[i] = step_new(verification, i);
    struct otp_verifier_step *keeping = verification->open[1];
    verifier->ports.clear(verifier->arg, otp, &admission, verification->open[0]);
    assert(verification->open[0]); // else the end of the other one would be the end of all
    used_otps_accept(verifier->used, &admission);
    verifier->ports.keep(verifier->arg, otp, &admission, keeping);
}

void otp_verifier_step_done(struct otp_verifier_step *step, bool fine)
{
    struct verification *verification = step->verification;
    size_t index = step->index;
    assert(!verification || (verification->phase == PHASE_SETTLE && verification->open[index] == step));
    step_free(step);
    if (!verification)
        return;
    verification->open[index] = NULL;
    if (!fine)
        verification->why = index ? "its use could not be written to disk" : "another session here could not be ended";
    verification->failed = verification->failed || !fine;
    if (!verification->open[0] && !verification->open[1])
        end_verification(verification, !verification->failed, verification->failed ? verification->why : "good");
}

// ---- the broker's word

static void broker_overdue(void *arg)
{
    struct verification *verification = arg;
    if (verification->phase == PHASE_REFUSED) {
        end_verification(verification, false, verification->why);
        return;
    }
    log_info("otp", "%s: no answer from the broker in time; verifying locally", verification->otp.user_name);
    settle_verification(verification);
}

void otp_verifier_confirmed(struct otp_verifier *verifier, int64_t request_id, bool valid)
{
    struct verification *verification = verifier->verifications;
    while (verification && (verification->request_id != request_id || verification->phase != PHASE_CONFIRM))
        verification = verification->next;
    if (!verification)
        return;
    if (valid)
        settle_verification(verification);
    else
        end_verification(verification, false, "superseded: the broker has issued a newer one");
}

void otp_verifier_link_down(struct otp_verifier *verifier)
{
    for (struct verification *verification = verifier->verifications; verification; verification = verification->next)
        if (verification->phase == PHASE_CONFIRM)
            loop_timer_start(verification->timer, 0);
}

bool otp_verifier_issued_for(const struct otp_verifier *verifier, const char *user_name, const char *password)
{
    struct otp otp;
    const char *typed = NULL;
    bool is = verifier->key && otp_is_one(password) && is_authentic(verifier, user_name, password, &otp, &typed);
    explicit_bzero(&otp, sizeof otp);
    return is;
}

static struct verification *verification_new(struct otp_verifier *verifier, otp_verifier_done *done, void *arg)
{
    struct verification *verification = mem_new(1, sizeof *verification);
    verification->verifier = verifier;
    verification->done = done;
    verification->arg = arg;
    verification->next = verifier->verifications;
    verification->at = &verifier->verifications;
    if (verification->next)
        verification->next->at = &verification->next;
    verifier->verifications = verification;
    verifier->count++;
    verification->timer = loop_timer_new(verifier->loop, broker_overdue, verification);
    verification->deadline = loop_timer_new(verifier->loop, deadline_passed, verification);
    return verification;
}

void otp_verifier_ask(struct otp_verifier *verifier, const char *user_name, uid_t uid, const char *password,
                      otp_verifier_done *done, void *arg)
{
    struct verification *verification = verification_new(verifier, done, arg);
    verification->uid = uid;
    verification->why =
        verifier->count > VERIFICATIONS_MAX
            ? "too many verifications at once"
            : why_rejected(verifier, user_name, password, &verification->otp, &verification->password_offset);
    if (verification->why) {
        loop_timer_start(verification->timer, 0);
        return;
    }
    verification->phase = PHASE_CONFIRM;
    verification->request_id = ++verifier->last_request_id;
    bool asked = verifier->ports.confirm(verifier->arg, verification->request_id, &verification->otp);
    loop_timer_start(verification->timer, asked ? verifier->config.confirm_ms : 0);
    loop_timer_start(verification->deadline, verifier->config.deadline_ms);
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
    while (verifier->verifications)
        verification_free(verifier->verifications);
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
