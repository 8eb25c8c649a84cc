// SPDX-License-Identifier: EUPL-1.2
// The desktops of whoever is logged on at the portal, by the groups in which they are now.
#include "broker/calls/portal_file.h"
#include "broker/calls/portal_person.h"
#include "broker/calls/services.h"
#include "broker/core/placement.h"
#include "broker/core/profile.h"

static const struct session *find_session(const struct state *state, const char *person_id, const char *pool_id)
{
    struct session_walk theirs = state_sessions_of(state, SESSIONS_OF_PERSON, person_id);
    for (const struct session *session; (session = state_next_session(&theirs));)
        if (text_equal(session->pool, pool_id))
            return session;
    return NULL;
}

static void add_desktop(const struct services *services, const struct profile *profile, const char *person_id,
                        bool by_file, struct record_list *desktops)
{
    struct view_desktop *desktop = record_add(desktops, &view_desktop_type);
    const struct session *session = find_session(services->state, person_id, profile->pool);
    TEXT_PUT(desktop->profile, profile->id);
    TEXT_PUT(desktop->name, profile->name[0] ? profile->name : profile->id);
    desktop->in_browser = true;
    desktop->by_file = by_file;
    const struct host *host = session ? state_host(services->state, session->host) : NULL;
    desktop->asks_password = host ? !host_has_agent(host) : !pool_has_agents(services->state, profile->pool);
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
    const struct past_logons_of *theirs = past_logons_find(&services->past_logons, person_id);
    for (size_t i = 0; theirs && i < theirs->count; i++) {
        const struct past_logon *logon = &theirs->last[i];
        struct view_past_logon *past = record_add(list, &view_past_logon_type);
        past->at_ms = logon->at_ms;
        past->refused = logon->count > 0;
        past->times = logon->count > 1 ? logon->count : 0;
        text_cut(past->place, sizeof past->place, logon->network);
        text_cut(past->browser, sizeof past->browser, logon->browser);
    }
}

// One at most: the profile that a log-on in the hall would choose, where it may be used from here. NULL: there is none.
static const struct profile *find_profile(const struct services *services, const struct request *request,
                                          const struct identity *identity)
{
    struct trace trace = {0};
    const struct membership who = services_membership(services, request->peer.id, identity);
    const struct profile *profile = profile_choose(services->state, request->peer.tenant, &who, &trace);
    return profile && profile->outside == OUTSIDE_BY_ANY ? profile : NULL;
}

static void answer_desktops(struct services *services, struct request *request, const struct identity *identity)
{
    struct view_desktops view = {0};
    const struct profile *profile = find_profile(services, request, identity);
    portal_frame(services, request, &view.frame);
    if (profile)
        add_desktop(services, profile, request->peer.id, portal_has_files(services, request), &view.desktops);
    cookie_form_token(request->visit->session, method_find(METHOD_PORTAL_FILE, NOUN_NONE)->path, view.file_token);
    add_logons(services, request->peer.id, &view.logons);
    TEXT_PUT(view.help_desk, request->help_desk);
    portal_answer(request, 200, VIEW_DESKTOPS, &view);
    record_free(view_desktops_type.fields, &view);
}

// Looking at the page opens nothing yet: its script does.
static void answer_desktop(struct services *services, struct request *request, const struct identity *identity)
{
    struct view_shown_desktop view = {0};
    const struct profile *profile = find_profile(services, request, identity);
    if (!profile) {
        portal_send_on(request, "/desktops");
        return;
    }
    portal_frame(services, request, &view.frame);
    TEXT_PUT(view.profile, profile->id);
    TEXT_PUT(view.name, profile->name[0] ? profile->name : profile->id);
    view.clipboard = profile->clipboard;
    cookie_form_token(request->visit->session, method_find(METHOD_PORTAL_CHANNEL, NOUN_NONE)->path, view.channel_token);
    TEXT_PUT(view.help_desk, request->help_desk);
    portal_answer(request, 200, VIEW_DESKTOP, &view);
}

void call_portal_desktops(struct services *services, struct request *request)
{
    portal_person_enter(services, request, answer_desktops);
}

void call_portal_desktop(struct services *services, struct request *request)
{
    portal_person_enter(services, request, answer_desktop);
}
