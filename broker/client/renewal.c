// SPDX-License-Identifier: EUPL-1.2
#include "broker/client/renewal.h"
#include "broker/api/method.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"

#include <stdlib.h>

enum {
    ASK_MS = 20 * 1000,
    LOOK_MS = 60 * 60 * 1000, // the clock may be set, the machine may sleep
    PAUSE_MIN_MS = 1000,
    PAUSE_USUAL_MS = 60 * 1000,
    PAUSE_MAX_MS = 12 * 60 * 60 * 1000,
};

struct renewal {
    enum noun noun;
    const char *state_dir;
    struct renewal_ports ports;
    void *arg;
    struct loop_timer *timer;
    struct credential *pair; // asked for; NULL: none
    unsigned failed;
};

// ---- when

static int64_t clamp(int64_t value, int64_t least, int64_t most)
{
    return value < least ? least : value > most ? most : value;
}

int64_t renewal_due_ms(const struct credential_dates *dates)
{
    char digits[9];
    int64_t life_ms = dates->until_ms - dates->from_ms;
    text_cut(digits, sizeof digits, dates->digest);
    double place = (double)strtoul(digits, NULL, 16) / 4294967296.0;
    return dates->until_ms - life_ms / 3 + (int64_t)((double)life_ms / 12 * place);
}

int64_t renewal_pause_ms(const struct credential_dates *dates, unsigned failed)
{
    int64_t life_ms = dates->until_ms - dates->from_ms;
    int64_t pause_ms = clamp(life_ms / 100, PAUSE_MIN_MS, PAUSE_USUAL_MS);
    int64_t most_ms = clamp(life_ms / 20, PAUSE_MIN_MS, PAUSE_MAX_MS);
    for (unsigned i = 1; i < failed && pause_ms < most_ms; i++)
        pause_ms *= 2;
    return pause_ms < most_ms ? pause_ms : most_ms;
}

// ---- asking

static bool read_dates(const struct renewal *renewal, struct credential_dates *dates)
{
    struct credential_files files;
    struct fault why = {0};
    credential_files(&files, renewal->noun, renewal->state_dir);
    if (credential_dates(&files, dates, &why))
        return true;
    log_error("renew", "%s", why.text);
    return false;
}

static void try_later(struct renewal *renewal)
{
    struct credential_dates dates = {0};
    credential_free(take(renewal->pair));
    bool read = read_dates(renewal, &dates);
    uint32_t half = read ? (uint32_t)renewal_pause_ms(&dates, ++renewal->failed) / 2 : PAUSE_USUAL_MS;
    loop_timer_start(renewal->timer, half + arc4random_uniform(half + 1));
}

static void renewal_answered(void *arg, const struct client_answer *answer)
{
    struct renewal *renewal = arg;
    struct fault why = {0};
    char until[CLOCK_TEXT_SIZE];
    struct credential_dates dates = {0};
    struct certificate_answer got;
    if (answer->refusal == REFUSAL_CERTIFICATE_EXPIRED)
        log_error("renew",
                  "the certificate of this %s has expired and can no longer be renewed: get a token with pultctl %s "
                  "enrol-token and enrol again with --enrol",
                  noun_rows[renewal->noun].name, noun_rows[renewal->noun].name);
    else if (answer->refusal != REFUSAL_NONE)
        log_warn("renew", "the broker has not issued a new certificate yet: %s (%s)",
                 refusal_rows[answer->refusal].code, answer->detail);
    else if (!client_read(answer, &certificate_answer_type, &got, &why) ||
             !credential_keep(renewal->pair, got.certificate, &why))
        log_error("renew", "the new certificate could not be stored: %s", why.text);
    else if (read_dates(renewal, &dates)) {
        credential_free(take(renewal->pair));
        renewal->failed = 0;
        clock_text(until, dates.until_ms);
        log_info("renew", "certificate renewed, valid until %s", until);
        loop_timer_start(renewal->timer, PAUSE_MIN_MS);
        renewal->ports.renewed(renewal->arg);
        return;
    }
    try_later(renewal);
}

static void ask_for_renewal(struct renewal *renewal)
{
    struct fault why = {0};
    struct renew_request body;
    const struct method *method = method_find(METHOD_RENEW, NOUN_NONE);
    renewal->pair = credential_new(renewal->noun, renewal->state_dir, &why);
    if (!renewal->pair || !credential_request(renewal->pair, body.request, &why)) {
        log_error("renew", "the certificate cannot be renewed: %s", why.text);
        try_later(renewal);
        return;
    }
    client_call(renewal->ports.client(renewal->arg), method->verb, method->path, NULL, method->body, &body, ASK_MS,
                renewal_answered, renewal);
}

static void look(void *arg)
{
    struct renewal *renewal = arg;
    struct credential_dates dates;
    if (renewal->pair)
        return; // the answer starts the timer
    if (!read_dates(renewal, &dates)) {
        loop_timer_start(renewal->timer, LOOK_MS);
        return;
    }
    int64_t wait_ms = renewal_due_ms(&dates) - clock_wall_ms();
    if (wait_ms > 0)
        loop_timer_start(renewal->timer, clamp(wait_ms, PAUSE_MIN_MS, LOOK_MS));
    else
        ask_for_renewal(renewal);
}

struct renewal *renewal_new(struct loop *loop, enum noun noun, const char *state_dir, const struct renewal_ports *ports,
                            void *arg)
{
    struct renewal *renewal = mem_new(1, sizeof *renewal);
    renewal->noun = noun;
    renewal->state_dir = state_dir;
    renewal->ports = *ports;
    renewal->arg = arg;
    renewal->timer = loop_timer_new(loop, look, renewal);
    loop_timer_start(renewal->timer, 0);
    return renewal;
}

void renewal_free(struct renewal *renewal)
{
    if (!renewal)
        return;
    loop_timer_free(renewal->timer);
    credential_free(renewal->pair);
    free(renewal);
}
