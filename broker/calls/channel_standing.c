// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/channel_standing.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/calls/portal.h"
#include "broker/calls/proof.h"

#include <stdlib.h>

enum { QUESTIONS_MAX = 20 }; // in one sweep: each is a question to a directory

struct standing {
    struct services *services;
    char person[ID_SIZE];
};

// A directory that is away has not said no, nor one whose settings are wrong: only of somebody who is gone, whose name
// is another's now, or who is disabled is it known.
static bool is_over(const struct store_person *person, enum auth_verdict verdict, enum person_finding finding,
                    const struct identity *identity)
{
    if (verdict == AUTH_RIGHT)
        return !text_equal(identity->key, person->key);
    return verdict == AUTH_DISABLED || (verdict == AUTH_WRONG && finding == PERSON_ABSENT);
}

static void answered(void *arg, enum auth_verdict verdict, enum person_finding finding, const struct identity *identity)
{
    owned(bytes) struct standing *standing = arg;
    struct services *services = standing->services;
    const struct store_person *person = people_find(&services->people, standing->person);
    if (!person || !is_over(person, verdict, finding, identity))
        return;
    log_info("gateway", "%s: the directory does not let them in any more", standing->person);
    channels_bar(&services->channels, standing->person);
    portal_log_off(services, standing->person, "");
}

static void ask(struct services *services, const char *person_id)
{
    char tenant_id[SLUG_SIZE];
    wall_owner(tenant_id, person_id);
    const struct tenant *tenant = state_tenant(services->state, tenant_id);
    const struct store_person *person = people_find(&services->people, person_id);
    if (!tenant || !person)
        return;
    struct standing *standing = mem_new(1, sizeof *standing);
    standing->services = services;
    TEXT_PUT(standing->person, person_id);
    proof_explain(services, tenant, person->user_name, answered, standing);
}

// Of somebody with several channels once.
static void note_asked(struct channels *channels, const char *person_id, int64_t now_ms)
{
    for (size_t i = 0; i < channels->open.count; i++) {
        struct known_channel *channel = channels->open.records[i];
        if (text_equal(channel->person, person_id))
            channel->asked_ms = now_ms;
    }
}

void channel_standing_doubt(struct services *services, const char *person_id)
{
    const struct channels *channels = &services->channels;
    bool is_in = false;
    for (size_t i = 0; !is_in && i < channels->open.count; i++)
        is_in = text_equal(((const struct known_channel *)channels->open.records[i])->person, person_id);
    if (!is_in || channels_are_barred(channels, person_id))
        return;
    note_asked(&services->channels, person_id, clock_steady_ms());
    ask(services, person_id);
}

void channel_standing_sweep(struct services *services)
{
    struct channels *channels = &services->channels;
    int64_t now_ms = clock_steady_ms();
    int asked = 0;
    for (size_t i = 0; i < channels->open.count && asked < QUESTIONS_MAX; i++) {
        const struct known_channel *channel = channels->open.records[i];
        bool is_asked = channel->asked_ms && now_ms - channel->asked_ms < CHANNEL_STANDING_MS;
        if (is_asked || channels_are_barred(channels, channel->person))
            continue;
        note_asked(channels, channel->person, now_ms);
        ask(services, channel->person);
        asked++;
    }
}
