// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/event.h"
#include "broker/api/codec.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

struct event_type_row {
    const char *name; // with the noun before it: "session.started"
    enum noun noun;   // NOUN_NONE: any
    bool removes;
    const char *told_of; // before the name where there is no noun: it is told only
    bool whole;          // what is removed is told as it was last, not by its id alone
    enum event_keep keep;
};

static const struct event_type_row rows[EVENT_TYPE_COUNT] = {
    [EVENT_SET] = {"set", NOUN_NONE, false},
    [EVENT_REMOVED] = {"removed", NOUN_NONE, true},
    [EVENT_HOST_DRAINED] = {"drained", NOUN_HOST, false, .keep = EVENT_KEEP_AUDIT},
    [EVENT_HOST_UNDRAINED] = {"undrained", NOUN_HOST, false, .keep = EVENT_KEEP_AUDIT},
    [EVENT_HOST_ENROL_TOKEN_ISSUED] = {"enrol_token_issued", NOUN_HOST, false, .keep = EVENT_KEEP_AUDIT},
    [EVENT_HOST_ENROLLED] = {"enrolled", NOUN_HOST, false},
    [EVENT_HOST_RENEWED] = {"renewed", NOUN_HOST, false},
    [EVENT_HOST_IDENTITY_SHARED] = {"identity_shared", NOUN_HOST, false},
    [EVENT_HOST_ASSIGNED] = {"assigned", NOUN_HOST, false, .keep = EVENT_KEEP_SESSIONS},
    [EVENT_HOST_RELEASED] = {"released", NOUN_HOST, false, .keep = EVENT_KEEP_SESSIONS},
    [EVENT_ASSIGNMENT_BOUND] = {"bound", NOUN_ASSIGNMENT, false},
    [EVENT_DEVICE_ENROL_TOKEN_ISSUED] = {"enrol_token_issued", NOUN_DEVICE, false, .keep = EVENT_KEEP_AUDIT},
    [EVENT_DEVICE_ENROLLED] = {"enrolled", NOUN_DEVICE, false},
    [EVENT_DEVICE_RENEWED] = {"renewed", NOUN_DEVICE, false},
    [EVENT_DEVICE_IDENTITY_SHARED] = {"identity_shared", NOUN_DEVICE, false},
    [EVENT_PRINTER_DRAINED] = {"drained", NOUN_PRINTER, false, .keep = EVENT_KEEP_AUDIT},
    [EVENT_PRINTER_UNDRAINED] = {"undrained", NOUN_PRINTER, false, .keep = EVENT_KEEP_AUDIT},
    [EVENT_PRINTER_READ] = {"read", NOUN_PRINTER, false, .keep = EVENT_KEEP_AUDIT},
    [EVENT_PRINT_SERVER_ENROL_TOKEN_ISSUED] = {"enrol_token_issued", NOUN_PRINT_SERVER, false,
                                               .keep = EVENT_KEEP_AUDIT},
    [EVENT_PRINT_SERVER_ENROLLED] = {"enrolled", NOUN_PRINT_SERVER, false},
    [EVENT_PRINT_SERVER_RENEWED] = {"renewed", NOUN_PRINT_SERVER, false},
    [EVENT_PRINT_SERVER_IDENTITY_SHARED] = {"identity_shared", NOUN_PRINT_SERVER, false},
    [EVENT_GATEWAY_DRAINED] = {"drained", NOUN_GATEWAY, false, .keep = EVENT_KEEP_AUDIT},
    [EVENT_GATEWAY_UNDRAINED] = {"undrained", NOUN_GATEWAY, false, .keep = EVENT_KEEP_AUDIT},
    [EVENT_GATEWAY_ENROL_TOKEN_ISSUED] = {"enrol_token_issued", NOUN_GATEWAY, false, .keep = EVENT_KEEP_AUDIT},
    [EVENT_GATEWAY_ENROLLED] = {"enrolled", NOUN_GATEWAY, false},
    [EVENT_GATEWAY_RENEWED] = {"renewed", NOUN_GATEWAY, false},
    [EVENT_GATEWAY_IDENTITY_SHARED] = {"identity_shared", NOUN_GATEWAY, false},
    [EVENT_PERSON_FIRST_LOGON] = {"first_logon", NOUN_PERSON, false},
    [EVENT_PERSON_ERASED] = {"erased", NOUN_PERSON, true},
    [EVENT_FACTOR_ENROLLED] = {"enrolled", NOUN_FACTOR, false, .keep = EVENT_KEEP_AUDIT},
    [EVENT_FACTOR_USED] = {"used", NOUN_FACTOR, false, .keep = EVENT_KEEP_AUDIT},
    [EVENT_FACTOR_ENDED] = {"ended", NOUN_FACTOR, true, .keep = EVENT_KEEP_AUDIT},
    [EVENT_SESSION_STARTED] = {"started", NOUN_SESSION, false, .keep = EVENT_KEEP_SESSIONS},
    [EVENT_SESSION_MOVED] = {"moved", NOUN_SESSION, false, .keep = EVENT_KEEP_SESSIONS},
    [EVENT_SESSION_CONNECTED] = {"connected", NOUN_SESSION, false, .keep = EVENT_KEEP_SESSIONS},
    [EVENT_SESSION_DISCONNECTED] = {"disconnected", NOUN_SESSION, false, .keep = EVENT_KEEP_SESSIONS},
    [EVENT_SESSION_ENDED] = {"ended", NOUN_SESSION, true, .whole = true, .keep = EVENT_KEEP_SESSIONS},
    [EVENT_JOB_PRINTED] = {"printed", NOUN_JOB, true, .whole = true, .keep = EVENT_KEEP_SESSIONS},
    [EVENT_CHANNEL_OPENED] = {"opened", NOUN_CHANNEL, false, .keep = EVENT_KEEP_AUDIT},
    [EVENT_CHANNEL_CLOSED] = {"closed", NOUN_CHANNEL, true, .whole = true, .keep = EVENT_KEEP_SESSIONS},
    [EVENT_GRANT_REQUESTED] = {"requested", NOUN_GRANT, false},
    [EVENT_GRANT_APPROVED] = {"approved", NOUN_GRANT, false},
    [EVENT_GRANT_REVOKED] = {"revoked", NOUN_GRANT, true, .whole = true},
    [EVENT_GRANT_ENDED] = {"ended", NOUN_GRANT, true, .whole = true},
    [EVENT_SESSION_LOCKED] = {"locked", NOUN_SESSION, false, .keep = EVENT_KEEP_AUDIT},
    [EVENT_PORTAL_LOGGED_ON] = {"logged_on", NOUN_NONE, false, "portal", .keep = EVENT_KEEP_AUDIT},
    [EVENT_PORTAL_REFUSED] = {"refused", NOUN_NONE, false, "portal", .keep = EVENT_KEEP_AUDIT},
    [EVENT_ADMIN_LOGGED_ON] = {"logged_on", NOUN_NONE, false, "admin", .keep = EVENT_KEEP_AUDIT},
    [EVENT_ADMIN_FIRST_TOKEN_ISSUED] = {"first_token_issued", NOUN_NONE, false, "admin", .keep = EVENT_KEEP_AUDIT},
    [EVENT_ADMIN_UNLOCKED] = {"unlocked", NOUN_NONE, false, "admin", .keep = EVENT_KEEP_AUDIT},
    [EVENT_ADMIN_TOKEN_REVOKED] = {"token_revoked", NOUN_NONE, false, "admin", .keep = EVENT_KEEP_AUDIT},
    [EVENT_JOURNAL_RESTORED] = {"restored", NOUN_NONE, false, "journal"},
    [EVENT_JOURNAL_DISK_LOW] = {"disk_low", NOUN_NONE, false, "journal", .keep = EVENT_KEEP_AUDIT},
    [EVENT_JOURNAL_BACKED_UP] = {"backed_up", NOUN_NONE, false, "journal", .keep = EVENT_KEEP_AUDIT},
};

bool event_removes(const struct event *event)
{
    return rows[event->type].removes;
}

void event_name(const struct event *event, char name[NAME_SIZE])
{
    const struct event_type_row *row = &rows[event->type];
    snprintf(name, NAME_SIZE, "%s.%s", row->told_of ? row->told_of : noun_rows[event->noun].name, row->name);
}

bool event_has_id_only(const struct event *event)
{
    return rows[event->type].removes && !rows[event->type].whole;
}

// What stands beside the record, as the rows of types.c would have it.
static const struct field told_fields[] = {
    {.name = "why", .type = FIELD_LINES, .offset = offsetof(struct event, why), .size = TRACE_SIZE, .sentence = "why"},
    {.name = "by", .type = FIELD_TEXT, .offset = offsetof(struct event, by), .size = ACTOR_SIZE, .sentence = "by whom"},
    {.name = "from",
     .type = FIELD_ID,
     .offset = offsetof(struct event, from),
     .size = ID_SIZE,
     .refers = NOUN_DEVICE,
     .sentence = "the device where the session was before"},
    {.name = NULL},
};

// Names and ids need no escaping.
void event_print(const struct event *event, struct text *out)
{
    char name[NAME_SIZE];
    event_name(event, name);
    text_addf(out, "{\"v\":%d,\"type\":\"%s\"", EVENT_VERSION, name);
    if (event->noun != NOUN_NONE && event_has_id_only(event)) {
        text_addf(out, ",\"id\":\"%s\"", event->record.id);
    } else if (event->noun != NOUN_NONE) {
        text_adds(out, ",\"record\":");
        codec_print_record(out, noun_rows[event->noun].fields, CODEC_JOURNAL, &event->record);
    }
    if (event->why[0] || event->by[0] || event->from[0])
        text_adds(out, ",");
    codec_print_members(out, told_fields, CODEC_JOURNAL, event);
    text_adds(out, "}");
}

static bool read_type(struct event *event, const char *name)
{
    const char *dot = strchr(name, '.');
    if (!dot)
        return false;
    char noun[NAME_SIZE];
    snprintf(noun, sizeof noun, "%.*s", (int)(dot - name), name);
    event->noun = noun_by_name(noun);
    for (event->type = 0; event->type < EVENT_TYPE_COUNT; event->type++) {
        const struct event_type_row *row = &rows[event->type];
        bool right = row->told_of ? text_equal(row->told_of, noun)
                                  : event->noun != NOUN_NONE && (row->noun == NOUN_NONE || row->noun == event->noun);
        if (right && text_equal(row->name, dot + 1))
            return true;
    }
    return false;
}

enum event_keep event_keep(const char *payload, size_t length)
{
    static const char head[] = "{\"v\":1,\"type\":\"";
    static_assert(EVENT_VERSION == 1, "as in the head");
    struct event event;
    char name[NAME_SIZE];
    size_t at = sizeof head - 1;
    const char *end = length > at && memcmp(payload, head, at) == 0 ? memchr(payload + at, '"', length - at) : NULL;
    size_t size = end ? (size_t)(end - payload) - at + 1 : sizeof name + 1;
    if (size > sizeof name)
        return EVENT_KEEP_JOURNAL;
    snprintf(name, sizeof name, "%.*s", (int)size - 1, payload + at); // which no NUL ends
    if (!read_type(&event, name))
        return EVENT_KEEP_JOURNAL;
    return event.noun == NOUN_ASSIGNMENT ? EVENT_KEEP_REPLACED : rows[event.type].keep;
}

static bool read_record(struct event *event, json_object *object, struct fault *why)
{
    if (event->noun == NOUN_NONE)
        return true;
    const struct noun_row *row = &noun_rows[event->noun];
    if (event_has_id_only(event)) {
        if (!text_copy(event->record.id, ID_SIZE, codec_string(object, "id")))
            return fault_set(why, FAULT_BROKEN, "the id is too long");
    } else {
        json_object *record = codec_member(object, "record");
        if (!json_object_is_type(record, json_type_object))
            return fault_set(why, FAULT_BROKEN, "no record");
        if (!codec_read(row->fields, row->size, CODEC_JOURNAL, record, &event->record, why))
            return false;
    }
    if (!id_is_valid(event->noun, event->record.id))
        return fault_set(why, FAULT_BROKEN, "invalid id");
    if (event->noun == NOUN_SESSION && event_removes(event) != (event->record.session.state == SESSION_ENDED))
        return fault_set(why, FAULT_BROKEN, "a session that ended, or has not");
    return true;
}

bool event_read(struct event *event, const char *payload, size_t length, struct fault *why)
{
    owned(json) json_object *object = NULL;
    if (!codec_parse(&object, payload, length, why))
        return false;
    if (codec_number(object, "v") != EVENT_VERSION)
        return fault_set(why, FAULT_BROKEN, "event version %lld is unknown to this program",
                         (long long)codec_number(object, "v"));
    // As an answer: what is none of these fields is read below.
    if (!codec_read(told_fields, sizeof *event, CODEC_ANSWER, object, event, why))
        return false;
    if (!read_type(event, codec_string(object, "type")))
        return fault_set(why, FAULT_BROKEN, "unknown event %.60s", codec_string(object, "type"));
    return read_record(event, object, why);
}
