// SPDX-License-Identifier: EUPL-1.2
// POST /v1/logon: proof -> person -> decision -> durable -> answer. The way of a log-on through the broker is this
// file, from top to bottom.
#include "broker/api/method.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/calls/host_password.h"
#include "broker/calls/person.h"
#include "broker/calls/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAKE_RETRY_MS = 5000 };

struct logon {
    struct world *world;
    struct call *call;
    struct attempt attempt;
    struct logon_decision decision; // large, and logon_decide fills it
    char login[LOGIN_SIZE];
    char name[NAME_SIZE];
};

static void logon_free(struct logon *logon)
{
    free(logon);
}

static void refuse(struct logon *logon, enum refusal refusal)
{
    logon->world->counters.logons_refused++;
    log_info("logon", "refused at %s: %s", logon->call->peer.id, refusal_rows[refusal].code);
    call_refuse(logon->call, refusal, NULL);
    logon_free(logon);
}

// ---- 4. durable: answer, and tell the desk it was taken from

static void place_text(const struct world *world, const char *device_id, char place[NAME_SIZE])
{
    const struct device *device = state_device(world->state, device_id);
    text_cut(place, NAME_SIZE, device && device->room[0] ? device->room : device_id);
}

static void tell_old_desk(struct logon *logon)
{
    if (!logon->decision.moved_from[0])
        return;
    struct link_message message = {.type = LINK_MOVED, .fence = logon->decision.session.fence};
    TEXT_PUT(message.session, logon->decision.session.id);
    place_text(logon->world, logon->call->peer.id, message.place);
    logon->world->links.send(logon->world->links.self, logon->decision.moved_from, &message);
    logon->world->counters.moves++;
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
        .found = decision->found,
    };
    TEXT_PUT(answer.session, decision->session.id);
    TEXT_PUT(answer.address, decision->host.address);
    TEXT_PUT(answer.fingerprint, decision->host.fingerprint);
    TEXT_PUT(answer.login, logon->login);
    TEXT_PUT(answer.one_time_password, one_time_password);
    answer.password_follows = one_time_password[0] && decision->profile.sign_on == SIGN_ON_PASSWORD;
    TEXT_PUT(answer.lost, decision->lost);
    TEXT_PUT(answer.name, logon->name);
    TEXT_PUT(answer.why, decision->why.lines);
    if (decision->moved_from[0])
        place_text(logon->world, decision->moved_from, answer.moved_from);
    call_answer_record(logon->call, logon_answer_fields, &answer);
    explicit_bzero(answer.one_time_password, sizeof answer.one_time_password);
}

static void committed(void *arg, bool durable, const struct fault *why)
{
    struct logon *logon = arg;
    if (!durable) {
        log_warn("logon", "refused at %s, not durable: %s", logon->call->peer.id, why->text);
        refuse(logon, REFUSAL_STORE_DOWN);
        return;
    }
    logon->world->counters.logons++;
    log_info("logon", "%s %s at %s on %s, proven by %s", logon->decision.session.person,
             logon->decision.found ? "found again" : "started", logon->call->peer.id, logon->decision.host.id,
             logon->call->negotiate ? "ticket" : "password");
    tell_old_desk(logon);
    char password[OTP_TEXT_SIZE];
    if (host_password(logon->world, &logon->decision.session, logon->login, password)) {
        give_answer(logon, password);
    } else {
        log_error("logon", "%s: no one-time password can be made", logon->decision.session.id);
        call_refuse(logon->call, REFUSAL_BUSY, NULL);
    }
    explicit_bzero(password, sizeof password);
    logon_free(logon);
}

// ---- 3. the decision

static void decide(struct logon *logon, const struct seen_person *person, const struct identity *identity)
{
    struct world *world = logon->world;
    struct logon_input input;
    logon_input_fill(&input, world, &logon->attempt, person->row.id, identity, logon->call->peer.id);
    logon_decide(world->state, &input, &logon->decision);
    if (logon->decision.refusal == REFUSAL_HOST_WAKING) {
        world->health.wake(world->health.arg, logon->decision.host.id);
        call_refuse_later(logon->call, REFUSAL_HOST_WAKING, WAKE_RETRY_MS);
        logon_free(logon);
        return;
    }
    if (logon->decision.refusal != REFUSAL_NONE) {
        char line[WHY_SIZE];
        text_one_line(line, sizeof line, logon->decision.why.lines);
        log_info("logon", "%s", line);
        refuse(logon, logon->decision.refusal);
        return;
    }
    struct event events[4];
    remembered_put(world->remembered, person->row.id, identity, clock_steady_ms());
    size_t count = seen_person_event(person, logon->call, events);
    for (size_t i = 0; i < logon->decision.event_count; i++)
        events[count++] = logon->decision.events[i];
    struct fault why;
    if (!commit_events(world->commit, events, count, &person->row, person->is_changed, committed, logon, &why))
        committed(logon, false, &why);
    else if (person->is_changed)
        people_put(&world->people, &person->row);
}

// ---- 2. who it is

static void proven(void *arg, enum auth_verdict verdict, const struct identity *identity)
{
    struct logon *logon = arg;
    enum refusal refusal = attempt_finish(&logon->attempt, logon->world, verdict);
    if (refusal == REFUSAL_WRONG_PASSWORD) {
        logon->world->counters.logons_refused++;
        log_info("logon", "refused at %s: %s", logon->call->peer.id, refusal_rows[refusal].code);
        attempt_refuse_evenly(&logon->attempt, logon->world, logon->call);
        logon_free(logon);
    } else if (refusal != REFUSAL_NONE) {
        refuse(logon, refusal);
    } else {
        struct seen_person person;
        seen_person_find(&person, logon->world, logon->attempt.tenant_id, identity);
        TEXT_PUT(logon->login, identity->login);
        TEXT_PUT(logon->name, identity->name);
        decide(logon, &person, identity);
    }
}

// ---- 1. the proof: a ticket, or a name and a password

static void prove_by_ticket(struct logon *logon, const struct tenant *tenant)
{
    struct world *world = logon->world;
    char principal[DN_SIZE];
    struct fault why;
    if (!world->auth.accept_ticket(world->auth.self, tenant, logon->call->negotiate, logon->call->binding, principal,
                                   logon->call->negotiate_reply, NEGOTIATE_REPLY_SIZE, &why)) {
        log_info("logon", "ticket refused at %s: %s", logon->call->peer.id, why.text);
        refuse(logon, REFUSAL_TICKET);
        return;
    }
    world->auth.look_up(world->auth.self, tenant, principal, proven, logon);
}

static void prove_by_password(struct logon *logon, const struct tenant *tenant, struct logon_request *request)
{
    struct world *world = logon->world;
    struct secret password;
    int64_t wait_ms = attempt_wait_ms(&logon->attempt, world);
    if (wait_ms) {
        world->counters.logons_refused++;
        call_refuse_later(logon->call, REFUSAL_TOO_MANY_ATTEMPTS, wait_ms);
        logon_free(logon);
        return;
    }
    bool fits = secret_set(&password, request->password, strlen(request->password));
    if (fits)
        world->auth.check(world->auth.self, tenant, request->name, &password, proven, logon);
    else
        refuse(logon, REFUSAL_INVALID);
    secret_drop(&password);
}

void call_logon(struct world *world, struct call *call)
{
    struct fault why;
    struct logon_request request;
    bool read = codec_read(logon_request_fields, sizeof request, CODEC_CHANGE, call->body, &request, &why);
    codec_wipe(call->body);
    if (!read) {
        explicit_bzero(&request, sizeof request);
        call_refuse_fault(call, &why);
        return;
    }
    struct logon *logon = mem_room(sizeof *logon);
    logon->world = world;
    logon->call = call;
    logon->login[0] = logon->name[0] = 0;
    attempt_start(&logon->attempt, call->peer.tenant, request.name, call->peer.id);
    const struct tenant *tenant = state_tenant(world->state, call->peer.tenant);
    if (!tenant)
        refuse(logon, REFUSAL_DEVICE_UNKNOWN);
    else if (call->negotiate)
        prove_by_ticket(logon, tenant);
    else
        prove_by_password(logon, tenant, &request);
    explicit_bzero(&request, sizeof request);
}
