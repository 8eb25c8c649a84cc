// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/portal_person.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/calls/channel_standing.h"
#include "broker/calls/portal.h"
#include "broker/calls/proof.h"
#include "broker/calls/services.h"
#include "broker/core/factor.h"

#include <stdlib.h>

struct person_question {
    struct services *services;
    struct request *request;
    portal_person_known *go_on;
};

// Their user name may be another's by now.
static bool is_still(const struct services *services, const struct request *request, const struct identity *identity)
{
    const struct store_person *person = people_find(&services->people, request->peer.id);
    return person && text_equal(person->key, identity->key) && !identity->locked;
}

static void looked_up(void *arg, enum auth_verdict verdict, const struct identity *identity)
{
    owned(bytes) struct person_question *question = arg;
    struct services *services = question->services;
    struct request *request = question->request;
    if (verdict == AUTH_RIGHT && is_still(services, request, identity)) {
        question->go_on(services, request, identity);
    } else if (verdict == AUTH_UNAVAILABLE) {
        portal_refuse(request, REFUSAL_DIRECTORY_DOWN, 0);
    } else {
        log_info("portal", "%s may not any more", request->peer.id);
        // What they have opened goes on until it is clear why: a password may have expired, or a setting be wrong.
        portal_sessions_end_person(&services->portal->sessions, request->peer.id, "");
        channel_standing_doubt(services, request->peer.id);
        portal_refuse(request, REFUSAL_UNAUTHENTICATED, 0);
    }
}

void portal_person_ask(struct services *services, struct request *request, portal_person_known *go_on)
{
    const struct store_person *person = people_find(&services->people, request->peer.id);
    const struct tenant *tenant = state_tenant(services->state, request->peer.tenant);
    if (!person || !tenant) {
        portal_refuse(request, REFUSAL_UNAUTHENTICATED, 0);
        return;
    }
    struct person_question *question = mem_new(1, sizeof *question);
    *question = (struct person_question){services, request, go_on};
    proof_look_up(services, tenant, person->user_name, looked_up, question);
}

void portal_person_enter(struct services *services, struct request *request, portal_person_known *go_on)
{
    if (factor_is_missing(services->state, request->peer.id)) // they came by a code of the help desk
        portal_send_on(request, "/factors");
    else
        portal_person_ask(services, request, go_on);
}
