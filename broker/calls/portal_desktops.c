// SPDX-License-Identifier: EUPL-1.2
// The desktops of whoever is logged on at the portal. The directory is asked each time whether they are somebody still,
// and in which groups.
#include "broker/base/log.h"
#include "broker/calls/portal.h"
#include "broker/calls/proof.h"
#include "broker/calls/services.h"
#include "broker/core/factor.h"
#include "broker/core/profile.h"

#include <stdlib.h>
#include <string.h>

struct desktops_visit {
    struct services *services;
    struct request *request;
};

static const struct session *find_session(const struct state *state, const char *person_id, const char *pool_id)
{
    struct session_walk theirs = state_sessions_of(state, SESSIONS_OF_PERSON, person_id);
    for (const struct session *session; (session = state_next_session(&theirs));)
        if (text_equal(session->pool, pool_id))
            return session;
    return NULL;
}

static void add_desktop(const struct services *services, const struct profile *profile, const char *person_id,
                        struct record_list *desktops)
{
    struct view_desktop *desktop = record_add(desktops, &view_desktop_type);
    const struct session *session = find_session(services->state, person_id, profile->pool);
    TEXT_PUT(desktop->profile, profile->id);
    TEXT_PUT(desktop->name, profile->name[0] ? profile->name : profile->id);
    desktop->state = !session                                 ? VIEW_CLOSED
                     : session->state == SESSION_DISCONNECTED ? VIEW_DISCONNECTED
                                                              : VIEW_OPEN_ELSEWHERE;
    if (!session)
        return;
    const struct device *device = state_device(services->state, session->device);
    text_cut(desktop->place, sizeof desktop->place, device && device->room[0] ? device->room : session->device);
    desktop->since_ms = session->changed_ms;
}

static void add_logons(const struct services *services, const char *person_id, struct record_list *list)
{
    const struct portal_logons *logons = portal_sessions_logons(&services->portal->sessions, person_id);
    for (size_t i = 0; logons && i < logons->count; i++) {
        struct view_past_logon *past = record_add(list, &view_past_logon_type);
        past->at_ms = logons->last[i].wall_ms;
        text_cut(past->place, sizeof past->place, logons->last[i].network);
    }
}

// One at most: the profile that a log-on in the hall would choose, where it may be used from here.
static void answer_desktops(struct services *services, struct request *request, const struct identity *identity)
{
    struct trace trace = {0};
    struct view_desktops view = {0};
    const char *person_id = request->peer.id;
    const struct membership who = services_membership(services, person_id, identity);
    const struct profile *profile = profile_choose(services->state, request->peer.tenant, &who, &trace);
    portal_frame(services, request, &view.frame);
    if (profile && profile->outside == OUTSIDE_BY_ANY)
        add_desktop(services, profile, person_id, &view.desktops);
    add_logons(services, person_id, &view.logons);
    TEXT_PUT(view.help_desk, request->help_desk);
    portal_answer(request, 200, VIEW_DESKTOPS, &view);
    record_free(view_desktops_type.fields, &view);
}

// Their user name may be another's by now.
static bool is_still(const struct services *services, const struct request *request, const struct identity *identity)
{
    const struct store_person *person = people_find(&services->people, request->peer.id);
    return person && text_equal(person->key, identity->key) && !identity->locked;
}

static void looked_up(void *arg, enum auth_verdict verdict, const struct identity *identity)
{
    struct desktops_visit *desktops = arg;
    struct services *services = desktops->services;
    struct request *request = desktops->request;
    free(desktops);
    if (verdict == AUTH_RIGHT && is_still(services, request, identity)) {
        answer_desktops(services, request, identity);
    } else if (verdict == AUTH_UNAVAILABLE) {
        portal_refuse(request, REFUSAL_DIRECTORY_DOWN, 0);
    } else {
        log_info("portal", "%s may not any more, and is logged off", request->peer.id);
        portal_sessions_end_person(&services->portal->sessions, request->peer.id);
        portal_refuse(request, REFUSAL_UNAUTHENTICATED, 0);
    }
}

void call_portal_desktops(struct services *services, struct request *request)
{
    const struct store_person *person = people_find(&services->people, request->peer.id);
    const struct tenant *tenant = state_tenant(services->state, request->peer.tenant);
    if (!person || !tenant) {
        portal_refuse(request, REFUSAL_UNAUTHENTICATED, 0);
        return;
    }
    if (factor_is_missing(services->state, request->peer.id)) { // they came by a code of the help desk
        portal_send_on(request, "/factors");
        return;
    }
    struct desktops_visit *desktops = mem_new(1, sizeof *desktops);
    desktops->services = services;
    desktops->request = request;
    proof_look_up(services, tenant, person->user_name, looked_up, desktops);
}
