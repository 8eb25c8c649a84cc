// SPDX-License-Identifier: EUPL-1.2
// POST /v1/logon and /v1/gateways/logon: proof -> person -> decision -> durable -> answer. The way of a logon through
// the broker is this file, from top to bottom.
#include "broker/api/gateway_logon.h"
#include "broker/api/method.h"
#include "broker/api/record.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/calls/device_messages.h"
#include "broker/calls/gateway_messages.h"
#include "broker/calls/host_messages.h"
#include "broker/calls/host_password.h"
#include "broker/calls/logon_attempt.h"
#include "broker/calls/portal_file.h"
#include "broker/calls/proof.h"
#include "broker/calls/services.h"
#include "broker/core/factor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAKE_RETRY_MS = 5000, NAME_RETRY_MS = 2000 };

struct logon {
    struct services *services;
    struct request *request;
    struct attempt attempt;
    bool channel;                   // is asked for
    bool at_door;                   // of the gateway that calls: there is no device
    bool at_portal;                 // by a browser, through a gateway
    bool for_program;               // there: a file for an RDP program is asked for
    struct logon_decision decision; // large, and logon_decide fills it
    char user_name[USER_NAME_SIZE];
    char name[NAME_SIZE];
};

static void logon_free(struct logon *logon)
{
    free(logon);
}

static void refuse_logon(struct logon *logon, enum refusal refusal)
{
    logon->services->counters.logons_refused++;
    log_info("logon", "refused at %s: %s", logon->request->peer.id, refusal_rows[refusal].code);
    request_refuse(logon->request, refusal, NULL);
    logon_free(logon);
}

// ---- 4. durable: answer, and tell the desk it was taken from

static void place_text(const struct services *services, const char *device_id, char place[NAME_SIZE])
{
    const struct device *device = state_device(services->state, device_id);
    text_cut(place, NAME_SIZE, device && device->room[0] ? device->room : device_id);
}

// Through which they come; NULL: they are at a desk.
static const char *gateway_of(const struct logon *logon)
{
    return logon->at_door ? logon->request->peer.id : logon->at_portal ? logon->request->peer.gateway : NULL;
}

// Where the session is from now on.
static void new_place_text(const struct logon *logon, char place[NAME_SIZE])
{
    const char *gateway_id = gateway_of(logon);
    const struct gateway *gateway = gateway_id ? state_find(logon->services->state, NOUN_GATEWAY, gateway_id) : NULL;
    if (gateway)
        text_put(place, NAME_SIZE, gateway->name);
    else
        place_text(logon->services, logon->request->peer.id, place);
}

// A session that is given up with its host may still stand on a screen, and is not ended there while it does.
static void tell_desks_of_lost(const struct logon *logon)
{
    for (size_t i = 0; i < logon->decision.event_count; i++) {
        const struct event *event = &logon->decision.events[i];
        if (event->type == EVENT_SESSION_ENDED)
            device_tell(logon->services, &event->record.session, DEVICE_END, HOST_BECAUSE_SUPERSEDED);
    }
}

static void tell_old_desk(struct logon *logon)
{
    if (!logon->decision.moved_from[0])
        return;
    struct device_message message = {.type = DEVICE_MOVED, .fence = logon->decision.session.fence};
    TEXT_PUT(message.session, logon->decision.session.id);
    new_place_text(logon, message.place);
    services_tell_device(logon->services, logon->decision.moved_from, &message);
    logon->services->counters.moves++;
}

// Its host's agent says when the desktop is there.
static bool is_announced(const struct services *services, const char *host_id)
{
    const struct report *report = reports_find(&services->reports, host_id);
    return report_is_fresh(&services->reports, host_id, clock_steady_ms()) && report->as.announces;
}

static void give_answer(const struct logon *logon, const char *one_time_password)
{
    const struct logon_decision *decision = &logon->decision;
    struct logon_answer answer = {
        .fence = decision->session.fence,
        .port = decision->host.port,
        .clipboard = decision->profile.clipboard,
        .drives = decision->profile.drives,
        .printers = decision->profile.printers,
        .sound = decision->profile.sound,
        .multi_monitor = decision->profile.multi_monitor,
        .reconnected = decision->reconnected,
        .announced = is_announced(logon->services, decision->host.id),
    };
    TEXT_PUT(answer.session, decision->session.id);
    TEXT_PUT(answer.address, decision->host.address);
    TEXT_PUT(answer.fingerprint, decision->host.fingerprint);
    TEXT_PUT(answer.user_name, logon->user_name);
    TEXT_PUT(answer.one_time_password, one_time_password);
    answer.password_follows = one_time_password[0] && decision->profile.authentication == AUTHENTICATION_PASSWORD;
    TEXT_PUT(answer.abandoned_host, decision->abandoned_host);
    TEXT_PUT(answer.name, logon->name);
    TEXT_PUT(answer.why, decision->trace.lines);
    if (decision->moved_from[0])
        place_text(logon->services, decision->moved_from, answer.moved_from);
    if (logon->channel)
        gateway_offer(logon->services, &decision->session, CHANNEL_PLAIN, "", clock_steady_ms(), answer.channel);
    request_answer(logon->request, &answer);
    explicit_bzero(answer.channel, sizeof answer.channel);
    explicit_bzero(answer.one_time_password, sizeof answer.one_time_password);
}

// The one-time password goes with the channel, when somebody comes for it.
static void give_token(const struct logon *logon)
{
    struct gateway_logon_answer answer;
    gateway_offer(logon->services, &logon->decision.session, CHANNEL_FRONT_DOOR, "", clock_steady_ms(), answer.channel);
    request_answer(logon->request, &answer);
    explicit_bzero(&answer, sizeof answer);
}

// The same for a browser, of whose cookie the token is worth nothing to anybody else.
static void give_browser_token(const struct logon *logon)
{
    struct gateway_logon_answer answer;
    char holder[DIGEST_SIZE];
    portal_holder(logon->request, holder);
    gateway_offer(logon->services, &logon->decision.session, CHANNEL_BROWSER, holder, clock_steady_ms(),
                  answer.channel);
    portal_answer_script(logon->request);
    request_answer(logon->request, &answer);
    explicit_bzero(&answer, sizeof answer);
}

static void answer_desk(struct logon *logon)
{
    char password[OTP_TEXT_SIZE];
    if (host_password(logon->services, &logon->decision.session, true, logon->user_name, password)) {
        give_answer(logon, password);
    } else {
        log_error("logon", "%s: cannot create a one-time password", logon->decision.session.id);
        request_refuse(logon->request, REFUSAL_BUSY, NULL);
    }
    explicit_bzero(password, sizeof password);
}

static void logon_committed(void *arg, bool durable, const struct fault *why)
{
    struct logon *logon = arg;
    if (!durable) {
        log_warn("logon", "refused at %s, not recorded: %s", logon->request->peer.id, why->text);
        refuse_logon(logon, REFUSAL_STORE_DOWN);
        return;
    }
    logon->services->counters.logons++;
    log_info("logon", "%s %s at %s on %s, authenticated by %s", logon->decision.session.person,
             logon->decision.reconnected ? "reconnected" : "started", logon->request->peer.id, logon->decision.host.id,
             logon->request->negotiate ? "ticket"
             : logon->at_portal        ? "cookie"
                                       : "password");
    tell_old_desk(logon);
    if (logon->decision.reconnected)
        gateway_close_session(logon->services, logon->decision.session.id, CHANNEL_MOVED);
    tell_desks_of_lost(logon);
    if (logon->at_portal && !portal_session_of(logon->services, logon->request)) {
        refuse_logon(logon, REFUSAL_UNAUTHENTICATED);
        return;
    }
    if (logon->for_program)
        portal_answer_file(logon->services, logon->request, &logon->decision, logon->user_name);
    else if (logon->at_portal)
        give_browser_token(logon);
    else if (logon->at_door)
        give_token(logon);
    else
        answer_desk(logon);
    logon_free(logon);
}

// ---- 3. the decision

// What names them by their user name is theirs from now on, and not that of who gets the name later.
static void bind_assignments(struct services *services, const struct request *request, const struct logon_input *input)
{
    struct wall_walk walk = wall_walk(services->state, input->tenant_id, NOUN_ASSIGNMENT);
    struct event event;
    struct fault why;
    for (const struct assignment *one; (one = wall_next(&walk));) {
        if (!assignment_awaits(one, &input->who))
            continue;
        services_event(&event, EVENT_ASSIGNMENT_BOUND, NOUN_ASSIGNMENT, request);
        event.record.assignment = *one;
        TEXT_PUT(event.record.assignment.holder, input->person_id);
        if (!commit_events(services->commit, &event, 1, NULL, 0, NULL, NULL, &why))
            log_warn("logon", "%s: not bound to %s: %s", event.record.id, input->person_id, why.text);
    }
}

static void decide(struct logon *logon, const struct seen_person *person, const struct identity *identity)
{
    struct services *services = logon->services;
    struct logon_input input;
    const char *gateway_id = gateway_of(logon);
    logon_input_fill(&input, services, &logon->attempt, person->row.id, identity,
                     gateway_id ? "" : logon->request->peer.id);
    input.gateway_id = gateway_id;
    logon_decide(services->state, &input, &logon->decision);
    if (logon->decision.refusal == REFUSAL_HOST_WAKING) {
        services->health.wake(services->health.arg, logon->decision.host.id);
        request_refuse_later(logon->request, REFUSAL_HOST_WAKING, WAKE_RETRY_MS);
        logon_free(logon);
        return;
    }
    if (logon->decision.refusal != REFUSAL_NONE) {
        char line[TRACE_SIZE];
        text_one_line(line, sizeof line, logon->decision.trace.lines);
        log_info("logon", "%s", line);
        refuse_logon(logon, logon->decision.refusal);
        return;
    }
    const struct portal_channel_request *page = logon->at_portal ? logon->request->body : NULL;
    if (page && !text_equal(page->profile, logon->decision.profile.id)) { // it was another's when the page was made
        refuse_logon(logon, REFUSAL_NO_PROFILE);
        return;
    }
    if (logon->channel && logon->decision.profile.outside == OUTSIDE_BY_NOBODY) {
        log_info("logon", "profile %s is not for the outside", logon->decision.profile.id);
        refuse_logon(logon, REFUSAL_NOT_OUTSIDE);
        return;
    }
    if (!session_user_name(services->state, &logon->decision.session, logon->user_name)) {
        log_warn("logon", "%s: the user name and the realm are too long for host %s", person->row.id,
                 logon->decision.host.id);
        refuse_logon(logon, REFUSAL_NO_HOST);
        return;
    }
    // Events of the decision are dropped: it is made again.
    if (!logon->decision.reconnected && host_frees_name(services, &logon->decision.session, logon->user_name)) {
        request_refuse_later(logon->request, REFUSAL_NAME_TAKEN, NAME_RETRY_MS);
        logon_free(logon);
        return;
    }
    // It is written down: not as fast as a program can.
    if (!calm_take_logon(&services->calm, logon->attempt.from, person->row.id, clock_steady_ms())) {
        services->counters.logons_refused++;
        log_info("logon", "refused at %s: %s", logon->request->peer.id, refusal_rows[REFUSAL_TOO_MANY_LOGONS].code);
        request_refuse_later(logon->request, REFUSAL_TOO_MANY_LOGONS, 60 * 1000 / CALM_LOGONS_PER_MINUTE);
        logon_free(logon);
        return;
    }
    struct event events[4];
    group_cache_put(services->group_cache, person->row.id, identity, clock_steady_ms());
    channels_pardon(&services->channels, person->row.id);
    size_t count = seen_person_event(person, logon->request, events);
    for (size_t i = 0; i < logon->decision.event_count; i++)
        events[count++] = logon->decision.events[i];
    struct fault why;
    const struct request *request = logon->request;
    if (!commit_events(services->commit, events, count, &person->row, person->is_changed, logon_committed, logon,
                       &why)) {
        logon_committed(logon, false, &why);
        return;
    }
    if (person->is_changed)
        people_put(&services->people, &person->row);
    bind_assignments(services, request, &input);
}

// ---- 2. who it is

static void proven(void *arg, enum auth_verdict verdict, const struct identity *identity)
{
    struct logon *logon = arg;
    enum refusal refusal = attempt_finish(&logon->attempt, logon->services, verdict);
    bool is_logged_off = logon->at_portal && !portal_session_of(logon->services, logon->request);
    if (is_logged_off || (refusal == REFUSAL_WRONG_PASSWORD && logon->at_portal)) { // they are nobody there any more
        refuse_logon(logon, REFUSAL_UNAUTHENTICATED);
    } else if (refusal == REFUSAL_WRONG_PASSWORD) {
        logon->services->counters.logons_refused++;
        log_info("logon", "refused at %s: %s", logon->request->peer.id, refusal_rows[refusal].code);
        attempt_refuse_evenly(&logon->attempt, logon->services, logon->request);
        logon_free(logon);
    } else if (refusal != REFUSAL_NONE) {
        refuse_logon(logon, refusal);
    } else {
        struct seen_person person;
        seen_person_find(&person, logon->services, logon->attempt.tenant_id, identity);
        TEXT_PUT(logon->user_name, identity->user_name);
        TEXT_PUT(logon->name, identity->name);
        if (logon->at_portal && !text_equal(person.row.id, logon->request->peer.id)) // the name is another's by now
            refuse_logon(logon, REFUSAL_UNAUTHENTICATED);
        else if (logon->at_portal && identity->locked)
            refuse_logon(logon, REFUSAL_ACCOUNT_DISABLED);
        else
            decide(logon, &person, identity);
    }
}

// ---- 1. the proof: a ticket, or a name and a password

static void prove_by_ticket(struct logon *logon, const struct tenant *tenant)
{
    struct services *services = logon->services;
    char principal[DN_SIZE];
    struct fault why;
    if (!services->auth.accept_ticket(services->auth.self, tenant, logon->request->negotiate, logon->request->binding,
                                      principal, logon->request->negotiate_reply, NEGOTIATE_REPLY_SIZE, &why)) {
        log_info("logon", "ticket refused at %s: %s", logon->request->peer.id, why.text);
        refuse_logon(logon, REFUSAL_TICKET_REJECTED);
        return;
    }
    proof_look_up(services, tenant, principal, proven, logon);
}

// Name and password are parts of the request's body, whose password has to wait for the directory no longer than this.
static void prove_by_password(struct logon *logon, const struct tenant *tenant, const char *name, const char *typed)
{
    struct services *services = logon->services;
    owned(secret) struct secret password = {0};
    int64_t wait_ms = 0;
    if (!secret_set(&password, typed, strlen(typed))) {
        refuse_logon(logon, REFUSAL_INVALID);
        return;
    }
    if (attempt_must_wait(&logon->attempt, services, &wait_ms)) {
        services->counters.logons_refused++;
        request_refuse_later(logon->request, REFUSAL_TOO_MANY_ATTEMPTS, wait_ms);
        logon_free(logon);
        return;
    }
    record_free(logon->request->method->body->fields, logon->request->body);
    proof_check(services, tenant, name, &password, proven, logon);
}

static struct logon *logon_new(struct services *services, struct request *request)
{
    struct logon *logon = mem_room(sizeof *logon);
    logon->services = services;
    logon->request = request;
    logon->channel = logon->at_door = logon->at_portal = logon->for_program = false;
    logon->user_name[0] = logon->name[0] = 0;
    return logon;
}

void call_logon(struct services *services, struct request *request)
{
    struct logon_request *body = request->body;
    struct logon *logon = logon_new(services, request);
    logon->channel = body->channel;
    const struct tenant *tenant = wall_directory(services->state, request->peer.id, body->name);
    attempt_start(&logon->attempt, tenant ? tenant->id : "", body->name, &request->peer);
    if (!tenant)
        refuse_logon(logon, REFUSAL_DEVICE_UNKNOWN);
    else if (request->negotiate)
        prove_by_ticket(logon, tenant);
    else
        prove_by_password(logon, tenant, body->name, body->password);
}

void call_gateway_logon(struct services *services, struct request *request)
{
    const struct gateway_logon_request *body = request->body;
    struct logon *logon = logon_new(services, request);
    logon->at_door = true;
    const struct tenant *tenant = wall_gateway_directory(services->state, request->peer.id, body->name);
    attempt_start_at_door(&logon->attempt, tenant ? tenant->id : "", body->name, body->network);
    if (!tenant)
        refuse_logon(logon, REFUSAL_DENIED);
    else
        prove_by_password(logon, tenant, body->name, body->password);
}

// Who has the cookie has proven who they are: the directory is asked whether that is so still, and for their groups.
static void open_from_portal(struct services *services, struct request *request, bool for_program)
{
    const struct portal_channel_request *body = request->body;
    const struct store_person *person = people_find(&services->people, request->peer.id);
    const struct tenant *tenant = state_tenant(services->state, request->peer.tenant);
    struct logon *logon = logon_new(services, request);
    logon->at_portal = true;
    logon->for_program = for_program;
    attempt_start(&logon->attempt, request->peer.tenant, person ? person->user_name : "", &request->peer);
    if (!person || !tenant || !portal_form_is_ours(request, body->token))
        refuse_logon(logon, REFUSAL_UNAUTHENTICATED);
    else if (factor_is_missing(services->state, request->peer.id)) // they came by a code of the help desk
        refuse_logon(logon, REFUSAL_DENIED);
    else
        proof_look_up(services, tenant, person->user_name, proven, logon);
}

void call_portal_channel(struct services *services, struct request *request)
{
    open_from_portal(services, request, false);
}

void call_portal_file(struct services *services, struct request *request)
{
    if (portal_has_files(services, request))
        open_from_portal(services, request, true);
    else
        portal_refuse(request, REFUSAL_NOT_FOUND, 0);
}
