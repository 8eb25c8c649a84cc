// SPDX-License-Identifier: EUPL-1.2
// List, show, set and remove, the same for every noun: the rows of api/types.h say what there is.
#include "broker/calls/noun.h"
#include "broker/base/clock.h"
#include "broker/calls/erase.h"
#include "broker/core/member.h"

#include <stdio.h>
#include <stdlib.h>

// ---- what the state does not hold, added for people to see

static void add_person(json_object *object, const struct world *world, const char *person_id)
{
    const struct store_person *person = people_find(&world->people, person_id);
    json_object_object_add(object, "login", json_object_new_string(person ? person->login : ""));
    json_object_object_add(object, "name", json_object_new_string(person ? person->name : ""));
}

// Without an agent the broker guesses: it probes a port, and believes the desks.
static const char *agent_of(const struct world *world, const struct host *host)
{
    if (!host_has_agent(host))
        return "none";
    return world->host_links.online(world->host_links.self, host->id) ? "linked" : "silent";
}

static void add_report(json_object *object, const struct report *report)
{
    json_object_object_add(object, "cpu", json_object_new_int64(report->as.cpu));
    json_object_object_add(object, "memory", json_object_new_int64(report->as.memory));
    json_object_object_add(object, "pressure", json_object_new_int64(report->as.pressure));
    json_object_object_add(object, "reported_sessions", json_object_new_int64((int64_t)report->session_count));
    json_object_object_add(object, "report_age", json_object_new_int64((clock_steady_ms() - report->heard_ms) / 1000));
    json_object_object_add(object, "agent_version", json_object_new_string(report->as.version));
}

// The journal tells it only since certificates are renewed.
static void add_until(json_object *object, enum noun noun, const void *record)
{
    int64_t until_ms = member_until_ms(noun, record);
    if (until_ms)
        json_object_object_add(object, "certificate_until", world_time(until_ms));
}

static void add_host(json_object *object, const struct world *world, const struct host *host)
{
    const struct report *report = reports_find(&world->reports, host->id);
    add_until(object, NOUN_HOST, host);
    enum host_health health = world->health.of(world->health.arg, host->id);
    json_object_object_add(object, "health", json_object_new_string(host_health_names[health]));
    json_object_object_add(object, "health_detail",
                           json_object_new_string(world->health.detail(world->health.arg, host->id)));
    json_object_object_add(object, "sessions", json_object_new_int64(state_uses(world->state, NOUN_HOST, host->id)));
    json_object_object_add(object, "agent", json_object_new_string(agent_of(world, host)));
    if (host->owner[0]) {
        const struct store_person *owner = people_find(&world->people, host->owner);
        json_object_object_add(object, "owner_login", json_object_new_string(owner ? owner->login : ""));
    }
    json_object_object_add(object, "guarantee", json_object_new_string(host_guarantee_rows[host_guarantee(host)].code));
    if (report && report->heard_ms && host_has_agent(host))
        add_report(object, report);
}

static void add_session(json_object *object, const struct world *world, const struct session *session)
{
    const struct device *device = state_device(world->state, session->device);
    const struct report *report = reports_find(&world->reports, session->host);
    const struct host_session *there = report_session(report, session->id);
    enum host_health health = world->health.of(world->health.arg, session->host);
    // What a host that is away has is not known; the journal keeps what was known last.
    if (health == HOST_SILENT || health == HOST_LOST || health == HOST_UNREACHABLE)
        json_object_object_add(object, "state", json_object_new_string("unknown"));
    if (there)
        json_object_object_add(object, "idle", json_object_new_int64(there->idle_s));
    add_person(object, world, session->person);
    json_object_object_add(object, "place", json_object_new_string(device ? device->room : ""));
}

// The first session shown at a desk, in the order of their ids, from `*at` on; NULL when there is no more.
static const struct session *shown_at(const struct state *state, const char *device_id, size_t *at)
{
    char prefix[SLUG_SIZE + 1], tenant[SLUG_SIZE];
    const struct session *session;
    id_tenant(tenant, device_id);
    snprintf(prefix, sizeof prefix, "%s/", tenant);
    if (!*at)
        *at = state_first(state, NOUN_SESSION, prefix);
    while ((session = state_at(state, NOUN_SESSION, prefix, (*at)++)))
        if (text_equal(session->device, device_id) && session->state != SESSION_DISCONNECTED)
            return session;
    return NULL;
}

static void add_device(json_object *object, const struct world *world, const struct device *device)
{
    size_t at = 0;
    add_until(object, NOUN_DEVICE, device);
    const struct session *session =
        state_uses(world->state, NOUN_DEVICE, device->id) ? shown_at(world->state, device->id, &at) : NULL;
    json_object_object_add(object, "online",
                           json_object_new_boolean(world->links.online(world->links.self, device->id)));
    json_object_object_add(object, "session", json_object_new_string(session ? session->id : ""));
}

// As the answer to a log-on says it: the tenant, or the whole district.
static void add_scope(json_object *object, const struct world *world, const struct administrator *administrator)
{
    char id[SLUG_SIZE];
    id_tenant(id, administrator->id);
    const struct tenant *tenant = state_tenant(world->state, id);
    json_object_object_add(object, "scope", json_object_new_string(tenant && tenant->district ? "district" : id));
}

json_object *noun_view(const struct world *world, enum noun noun, const void *record)
{
    json_object *object = codec_write(noun_rows[noun].fields, CODEC_ANSWER, record);
    if (noun == NOUN_HOST)
        add_host(object, world, record);
    else if (noun == NOUN_SESSION)
        add_session(object, world, record);
    else if (noun == NOUN_PERSON)
        add_person(object, world, record);
    else if (noun == NOUN_ADMINISTRATOR)
        add_scope(object, world, record);
    else if (noun == NOUN_DEVICE)
        add_device(object, world, record);
    return object;
}

// ---- versions

void noun_etag(char etag[ETAG_SIZE], enum noun noun, const void *record)
{
    char digest[DIGEST_SIZE];
    owned(text) struct text text = {0};
    owned(json) json_object *object = codec_write(noun_rows[noun].fields, CODEC_JOURNAL, record);
    codec_print(&text, object);
    world_digest(digest, text.bytes, text.length);
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
static bool condition_holds(struct world *world, const struct call *call)
{
    enum noun noun = call->method->noun;
    const void *present = state_find(world->state, noun, call->id);
    return (!call->if_match[0] || names_version(call->if_match, noun, present)) &&
           (!call->if_none_match[0] || !names_version(call->if_none_match, noun, present));
}

// ---- the four methods

static bool is_asked_for(const struct call *call, const char *id)
{
    char tenant[SLUG_SIZE];
    id_tenant(tenant, id);
    return wall_sees(&call->peer, tenant) && (!call->tenant[0] || text_equal(call->tenant, tenant));
}

void call_list(struct world *world, struct call *call)
{
    const struct shelf *shelf = state_shelf(world->state, call->method->noun);
    json_object *items = json_object_new_array(), *answer = json_object_new_object();
    const char *last = NULL, *next = NULL;
    size_t i = call->after[0] ? shelf_from(shelf, call->after) : 0;
    for (; i < shelf->count && !next; i++) {
        const char *id = shelf->records[i];
        if (text_equal(id, call->after) || !is_asked_for(call, id))
            continue;
        if ((int64_t)json_object_array_length(items) == call->limit) {
            next = last;
        } else {
            json_object_array_add(items, noun_view(world, call->method->noun, id));
            last = id;
        }
    }
    json_object_object_add(answer, "items", items);
    json_object_object_add(answer, "next", next ? json_object_new_string(next) : NULL);
    call_answer(call, answer);
}

void call_show(struct world *world, struct call *call)
{
    const void *record = state_find(world->state, call->method->noun, call->id);
    if (!record) {
        call_refuse(call, REFUSAL_ABSENT, NULL);
        return;
    }
    noun_etag(call->etag, call->method->noun, record);
    call_answer(call, noun_view(world, call->method->noun, record));
}

// What the broker keeps in a record itself stays as it is when people set the rest.
static void keep_ours(const struct noun_row *row, const union record *present, union record *record)
{
    for (const struct field *field = row->fields; present && field->name; field++)
        if (field->flags & FIELD_OURS)
            memcpy((char *)record + field->offset, (const char *)present + field->offset, field->size);
}

// On Windows there is no agent of ours: what was enrolled or invited before is so no longer.
static void forget_agent(struct host *host)
{
    host->certificate[0] = host->enrolment[0] = host->invite[0] = 0;
    host->enrolled_ms = host->until_ms = host->invite_until_ms = 0;
}

bool noun_read(const struct state *state, enum noun noun, const char *id, json_object *body, union record *record,
               struct fault *why)
{
    const struct noun_row *row = &noun_rows[noun];
    json_object *own = codec_member(body, "id");
    if (own && !text_equal(codec_string(body, "id"), id))
        return fault_set(why, FAULT_INVALID, "id: not the one of the path");
    if (!own)
        json_object_object_add(body, "id", json_object_new_string(id));
    memset(record, 0, sizeof *record);
    if (!codec_read(row->fields, row->size, CODEC_CHANGE, body, record, why) ||
        !state_accepts(state, noun, record, why))
        return false;
    keep_ours(row, state_find(state, noun, id), record);
    if (noun == NOUN_HOST && record->host.system == HOST_WINDOWS)
        forget_agent(&record->host);
    return true;
}

// Nobody works on at a device that nobody may log on at. Where there is no agent its desk alone could cut the line.
static void lock_sessions_at(struct world *world, const char *device_id)
{
    const struct session *session;
    for (size_t at = 0; (session = shown_at(world->state, device_id, &at));) {
        struct host_message lock = {.type = HOST_DISCONNECT, .reason = HOST_BECAUSE_ADMIN};
        TEXT_PUT(lock.session, session->id);
        world->host_links.send(world->host_links.self, session->host, &lock);
    }
}

void noun_changed(struct world *world, enum noun noun, const char *id)
{
    const struct device *device = noun == NOUN_DEVICE ? state_device(world->state, id) : NULL;
    if (device && device->disabled)
        lock_sessions_at(world, id);
    if (noun == NOUN_TENANT)
        world->auth.forget(world->auth.self, id);
    else if (noun == NOUN_HOST && state_host(world->state, id))
        world->health.doubt(world->health.arg, id);
    else if (noun == NOUN_HOST)
        reports_forget(&world->reports, id);
}

void call_set(struct world *world, struct call *call)
{
    struct fault why;
    struct event event;
    enum noun noun = call->method->noun;
    world_event(&event, EVENT_SET, noun, call);
    if (!noun_read(world->state, noun, call->id, call->body, &event.record, &why)) {
        call_refuse_fault(call, &why);
        return;
    }
    if (!condition_holds(world, call)) {
        call_refuse(call, REFUSAL_CHANGED, NULL);
        return;
    }
    json_object *answer = noun_view(world, noun, &event.record);
    noun_etag(call->etag, noun, &event.record);
    char id[ID_SIZE];
    TEXT_PUT(id, call->id);
    world_commit_answer(world, call, &event, 1, answer);
    noun_changed(world, noun, id);
}

// People do not hold their tenant: nobody wants to erase them one by one, so they go with it. And a desktop that is not
// shown does not hold the desk where it was shown last.
static bool refers_to(enum noun by, const union record *record, enum noun noun, const char *id)
{
    if (noun == NOUN_TENANT)
        return by != NOUN_TENANT && by != NOUN_PERSON && id_is_of_tenant(record->id, id);
    if (noun == NOUN_DEVICE && by == NOUN_SESSION && record->session.state == SESSION_DISCONNECTED)
        return false;
    for (const struct field *field = noun_rows[by].fields; field->name; field++)
        if (field->type == FIELD_ID && field->refers == noun && text_equal((const char *)record + field->offset, id))
            return true;
    return false;
}

// Names some of what would be left hanging; true when there is any.
static bool refuse_if_used(const struct state *state, struct call *call)
{
    enum { NAMED_MAX = 5 };
    size_t count = 0;
    owned(text) struct text names = {0};
    for (enum noun by = 0; by < NOUN_COUNT; by++) {
        const struct shelf *shelf = state_shelf(state, by);
        for (size_t i = 0; i < shelf->count; i++)
            if (refers_to(by, shelf->records[i], call->method->noun, call->id) && ++count <= NAMED_MAX)
                text_addf(&names, "%s%s %s", count > 1 ? ", " : "", noun_rows[by].name,
                          (const char *)shelf->records[i]);
    }
    if (!count)
        return false;
    if (count > NAMED_MAX)
        text_addf(&names, " (+%zu)", count - NAMED_MAX);
    struct fault why;
    fault_set(&why, FAULT_CONFLICT, "%.250s: remove or change first", names.bytes);
    call_refuse_fault(call, &why);
    return true;
}

void call_remove(struct world *world, struct call *call)
{
    enum noun noun = call->method->noun;
    if (!state_find(world->state, noun, call->id)) {
        call_refuse(call, REFUSAL_ABSENT, NULL);
        return;
    }
    if (!condition_holds(world, call)) {
        call_refuse(call, REFUSAL_CHANGED, NULL);
        return;
    }
    if (refuse_if_used(world->state, call))
        return;
    if (noun == NOUN_TENANT && state_is_only_district(world->state, call->id)) {
        call_refuse(call, REFUSAL_CONFLICT, "it is the district: make another tenant the district first");
        return;
    }
    char id[ID_SIZE];
    TEXT_PUT(id, call->id);
    if (noun == NOUN_TENANT) {
        erase_tenant(world, call);
    } else {
        struct event event;
        world_event(&event, EVENT_REMOVED, noun, call);
        TEXT_PUT(event.record.id, id);
        world_commit_answer(world, call, &event, 1, json_object_new_object());
    }
    noun_changed(world, noun, id);
}
