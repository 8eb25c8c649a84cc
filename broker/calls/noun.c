// SPDX-License-Identifier: EUPL-1.2
// List, show, set and remove, the same for every noun: the rows of api/types.h say what there is.
#include "broker/calls/noun.h"
#include "broker/base/clock.h"
#include "broker/calls/person_erase.h"
#include "broker/core/enrolment.h"
#include "broker/core/record_check.h"

#include <stdio.h>
#include <stdlib.h>

// ---- what the state does not hold, added for people to see

static void add_person(json_object *object, const struct services *services, const char *person_id)
{
    const struct store_person *person = people_find(&services->people, person_id);
    json_object_object_add(object, "user_name", json_object_new_string(person ? person->user_name : ""));
    json_object_object_add(object, "name", json_object_new_string(person ? person->name : ""));
}

// Without an agent the broker guesses: it probes a port, and believes the desks.
static const char *agent_of(const struct services *services, const struct host *host)
{
    if (!host_has_agent(host))
        return "none";
    return services->links.online(services->links.self, NOUN_HOST, host->id) ? "linked" : "silent";
}

static void add_report(json_object *object, const struct report *report)
{
    json_object_object_add(object, "cpu", json_object_new_int64(report->as.cpu));
    json_object_object_add(object, "memory", json_object_new_int64(report->as.memory));
    json_object_object_add(object, "pressure", json_object_new_int64(report->as.pressure));
    json_object_object_add(object, "reported_sessions", json_object_new_int64((int64_t)report->session_count));
    json_object_object_add(object, "report_age", json_object_new_int64((clock_steady_ms() - report->heard_ms) / 1000));
}

static void add_agent(json_object *object, const struct services *services, enum noun noun, const char *id)
{
    struct link_agent agent;
    if (!services->links.agent(services->links.self, noun, id, &agent))
        return;
    json_object_object_add(object, "agent_version", json_object_new_string(agent.version));
    json_object_object_add(object, "agent_protocol", json_object_new_int64(agent.protocol));
    if (agent.refusal != REFUSAL_NONE)
        json_object_object_add(object, "agent_refusal", json_object_new_string(refusal_rows[agent.refusal].code));
}

// The journal tells it only since certificates are renewed.
static void add_until(json_object *object, enum noun noun, const void *record)
{
    int64_t until_ms = enrolment_until_ms(noun, record);
    if (until_ms)
        json_object_object_add(object, "certificate_until", services_time(until_ms));
}

static void add_host(json_object *object, const struct services *services, const struct host *host)
{
    const struct report *report = reports_find(&services->reports, host->id);
    add_until(object, NOUN_HOST, host);
    enum host_health health = services->health.get(services->health.arg, host->id);
    json_object_object_add(object, "health", json_object_new_string(host_health_names[health]));
    json_object_object_add(object, "health_detail",
                           json_object_new_string(services->health.detail(services->health.arg, host->id)));
    json_object_object_add(object, "sessions", json_object_new_int64(state_uses(services->state, NOUN_HOST, host->id)));
    json_object_object_add(object, "agent", json_object_new_string(agent_of(services, host)));
    add_agent(object, services, NOUN_HOST, host->id);
    if (host->owner[0]) {
        const struct store_person *owner = people_find(&services->people, host->owner);
        json_object_object_add(object, "owner_user_name", json_object_new_string(owner ? owner->user_name : ""));
    }
    json_object_object_add(object, "guarantee", json_object_new_string(host_guarantee_rows[host_guarantee(host)].code));
    if (report && report->heard_ms && host_has_agent(host))
        add_report(object, report);
}

static void add_session(json_object *object, const struct services *services, const struct session *session)
{
    const struct device *device = state_device(services->state, session->device);
    const struct report *report = reports_find(&services->reports, session->host);
    const struct host_session *there = report_session(report, session->id);
    enum host_health health = services->health.get(services->health.arg, session->host);
    // What a host that is away has is not known; the journal keeps what was known last.
    if (health == HOST_SILENT || health == HOST_LOST || health == HOST_UNREACHABLE)
        json_object_object_add(object, "state", json_object_new_string("unknown"));
    if (there)
        json_object_object_add(object, "idle", json_object_new_int64(there->idle_s));
    add_person(object, services, session->person);
    json_object_object_add(object, "place", json_object_new_string(device ? device->room : ""));
}

// The next session that is shown at its desk; NULL when there is no more.
static const struct session *next_shown(struct session_walk *walk)
{
    for (const struct session *session; (session = state_next_session(walk));)
        if (session->state != SESSION_DISCONNECTED)
            return session;
    return NULL;
}

static void add_device(json_object *object, const struct services *services, const struct device *device)
{
    struct session_walk walk = state_sessions_of(services->state, SESSIONS_OF_DEVICE, device->id);
    add_until(object, NOUN_DEVICE, device);
    const struct session *session = next_shown(&walk);
    json_object_object_add(
        object, "online",
        json_object_new_boolean(services->links.online(services->links.self, NOUN_DEVICE, device->id)));
    json_object_object_add(object, "session", json_object_new_string(session ? session->id : ""));
    add_agent(object, services, NOUN_DEVICE, device->id);
}

// As the answer to a log-on says it: the tenant, or the whole district.
static void add_scope(json_object *object, const struct services *services, const struct administrator *administrator)
{
    char id[SLUG_SIZE];
    wall_owner(id, administrator->id);
    const struct tenant *tenant = state_tenant(services->state, id);
    json_object_object_add(object, "scope", json_object_new_string(tenant && tenant->district ? "district" : id));
}

json_object *noun_view(const struct services *services, enum noun noun, const void *record)
{
    json_object *object = codec_write(noun_rows[noun].fields, CODEC_ANSWER, record);
    if (noun == NOUN_HOST)
        add_host(object, services, record);
    else if (noun == NOUN_SESSION)
        add_session(object, services, record);
    else if (noun == NOUN_PERSON)
        add_person(object, services, record);
    else if (noun == NOUN_ADMINISTRATOR)
        add_scope(object, services, record);
    else if (noun == NOUN_DEVICE)
        add_device(object, services, record);
    return object;
}

// ---- versions

void noun_etag(char etag[ETAG_SIZE], enum noun noun, const void *record)
{
    char digest[DIGEST_SIZE];
    owned(text) struct text text = {0};
    owned(json) json_object *object = codec_write(noun_rows[noun].fields, CODEC_JOURNAL, record);
    codec_print(&text, object);
    services_digest(digest, text.bytes, text.length);
    snprintf(etag, ETAG_SIZE, "\"%.32s\"", digest);
}

static bool names_version(const char *condition, enum noun noun, const void *present)
{
    char etag[ETAG_SIZE];
    if (!present || text_equal(condition, "*"))
        return present;
    noun_etag(etag, noun, present);
    return strstr(condition, etag); // the header may list several
}

// RFC 9110, section 13.1: whoever says which version a change is for gets it done to that version only.
static bool condition_holds(struct services *services, const struct request *request)
{
    enum noun noun = request->method->noun;
    const void *present = state_find(services->state, noun, request->id);
    return (!request->if_match[0] || names_version(request->if_match, noun, present)) &&
           (!request->if_none_match[0] || !names_version(request->if_none_match, noun, present));
}

// ---- the four methods

void call_list(struct services *services, struct request *request)
{
    enum noun noun = request->method->noun;
    json_object *items = json_object_new_array(), *answer = json_object_new_object();
    const char *last = NULL, *next = NULL;
    struct wall_walk walk = wall_walk_seen(services->state, &request->peer, noun, request->after);
    for (const char *id; !next && (id = wall_next(&walk));) {
        if (request->tenant[0] && !wall_owns(request->tenant, id))
            continue;
        if ((int64_t)json_object_array_length(items) == request->limit) {
            next = last;
        } else {
            json_object_array_add(items, noun_view(services, noun, id));
            last = id;
        }
    }
    json_object_object_add(answer, "items", items);
    json_object_object_add(answer, "next", next ? json_object_new_string(next) : NULL);
    request_answer(request, answer);
}

void call_show(struct services *services, struct request *request)
{
    const void *record = state_find(services->state, request->method->noun, request->id);
    if (!record) {
        request_refuse(request, REFUSAL_NOT_FOUND, NULL);
        return;
    }
    noun_etag(request->etag, request->method->noun, record);
    request_answer(request, noun_view(services, request->method->noun, record));
}

// What the broker keeps in a record itself stays as it is when people set the rest.
static void keep_ours(const struct noun_row *row, const union record *present, union record *record)
{
    for (const struct field *field = row->fields; present && field->name; field++)
        if (field->flags & FIELD_READ_ONLY)
            memcpy((char *)record + field->offset, (const char *)present + field->offset, field->size);
}

// On Windows there is no agent of ours: what was enrolled or invited before is so no longer.
static void forget_agent(struct host *host)
{
    host->certificate[0] = host->enrolment[0] = host->enrol_token_hash[0] = 0;
    host->enrolled_ms = host->until_ms = host->enrol_token_until_ms = 0;
}

bool noun_read(const struct state *state, enum noun noun, const char *id, json_object *body, union record *record,
               struct fault *why)
{
    const struct noun_row *row = &noun_rows[noun];
    json_object *own = codec_member(body, "id");
    if (own && !text_equal(codec_string(body, "id"), id))
        return fault_set(why, FAULT_INVALID, "id: differs from the one in the path");
    if (!own)
        json_object_object_add(body, "id", json_object_new_string(id));
    memset(record, 0, sizeof *record);
    if (!codec_read(row->fields, row->size, CODEC_CHANGE, body, record, why) || !record_check(state, noun, record, why))
        return false;
    keep_ours(row, state_find(state, noun, id), record);
    if (noun == NOUN_HOST && record->host.os == HOST_OS_WINDOWS)
        forget_agent(&record->host);
    return true;
}

// Nobody works on at a device that nobody may log on at. Where there is no agent its desk alone could cut the line.
static void lock_sessions_at(struct services *services, const char *device_id)
{
    struct session_walk walk = state_sessions_of(services->state, SESSIONS_OF_DEVICE, device_id);
    for (const struct session *session; (session = next_shown(&walk));) {
        struct host_message lock = {.type = HOST_DISCONNECT, .reason = HOST_BECAUSE_ADMIN};
        TEXT_PUT(lock.session, session->id);
        services_tell_host(services, session->host, &lock);
    }
}

void noun_changed(struct services *services, enum noun noun, const char *id)
{
    const struct device *device = noun == NOUN_DEVICE ? state_device(services->state, id) : NULL;
    if (device && device->disabled)
        lock_sessions_at(services, id);
    if (noun == NOUN_TENANT)
        services->auth.forget(services->auth.self, id);
    else if (noun == NOUN_HOST && state_host(services->state, id))
        services->health.probe_now(services->health.arg, id);
    else if (noun == NOUN_HOST)
        reports_forget(&services->reports, id);
}

void call_set(struct services *services, struct request *request)
{
    struct fault why;
    struct event event;
    enum noun noun = request->method->noun;
    services_event(&event, EVENT_SET, noun, request);
    if (!noun_read(services->state, noun, request->id, request->body, &event.record, &why)) {
        request_refuse_fault(request, &why);
        return;
    }
    if (!condition_holds(services, request)) {
        request_refuse(request, REFUSAL_PRECONDITION_FAILED, NULL);
        return;
    }
    json_object *answer = noun_view(services, noun, &event.record);
    noun_etag(request->etag, noun, &event.record);
    char id[ID_SIZE];
    TEXT_PUT(id, request->id);
    services_commit_answer(services, request, &event, 1, answer);
    noun_changed(services, noun, id);
}

// People do not hold their tenant: nobody wants to erase them one by one, so they go with it. And a desktop that is not
// shown does not hold the desk where it was shown last.
static bool refers_to(enum noun by, const union record *record, enum noun noun, const char *id)
{
    if (noun == NOUN_TENANT)
        return by != NOUN_TENANT && by != NOUN_PERSON && wall_owns(id, record->id);
    if (noun == NOUN_DEVICE && by == NOUN_SESSION && record->session.state == SESSION_DISCONNECTED)
        return false;
    for (const struct field *field = noun_rows[by].fields; field->name; field++)
        if (field->type == FIELD_ID && field->refers == noun && text_equal((const char *)record + field->offset, id))
            return true;
    return false;
}

// Names some of what would be left hanging; true when there is any.
static bool refuse_if_used(const struct state *state, struct request *request)
{
    enum { NAMED_MAX = 5 };
    size_t count = 0;
    owned(text) struct text names = {0};
    for (enum noun by = 0; by < NOUN_COUNT; by++) {
        const struct sorted_table *table = state_table(state, by);
        for (size_t i = 0; i < table->count; i++)
            if (refers_to(by, table->records[i], request->method->noun, request->id) && ++count <= NAMED_MAX)
                text_addf(&names, "%s%s %s", count > 1 ? ", " : "", noun_rows[by].name,
                          (const char *)table->records[i]);
    }
    if (!count)
        return false;
    if (count > NAMED_MAX)
        text_addf(&names, " (+%zu)", count - NAMED_MAX);
    struct fault why;
    fault_set(&why, FAULT_CONFLICT, "%.250s: remove or change first", names.bytes);
    request_refuse_fault(request, &why);
    return true;
}

void call_remove(struct services *services, struct request *request)
{
    enum noun noun = request->method->noun;
    if (!state_find(services->state, noun, request->id)) {
        request_refuse(request, REFUSAL_NOT_FOUND, NULL);
        return;
    }
    if (!condition_holds(services, request)) {
        request_refuse(request, REFUSAL_PRECONDITION_FAILED, NULL);
        return;
    }
    if (refuse_if_used(services->state, request))
        return;
    if (noun == NOUN_TENANT && state_is_only_district(services->state, request->id)) {
        request_refuse(request, REFUSAL_CONFLICT, "it is the district: make another tenant the district first");
        return;
    }
    char id[ID_SIZE];
    TEXT_PUT(id, request->id);
    if (noun == NOUN_TENANT) {
        person_erase_tenant(services, request);
    } else {
        struct event event;
        services_event(&event, EVENT_REMOVED, noun, request);
        TEXT_PUT(event.record.id, id);
        services_commit_answer(services, request, &event, 1, json_object_new_object());
    }
    noun_changed(services, noun, id);
}
