// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/method.h"
#include "broker/base/text.h"

#include <string.h>

// A row a line.
// clang-format off
#define AT(holder, member) .offset = offsetof(struct holder, member), .size = sizeof(((struct holder *)0)->member)
#define BODY(holder) .body = holder##_fields, .body_size = sizeof(struct holder)

const struct field logon_request_fields[] = {
    {.name = "name", .type = FIELD_TEXT, AT(logon_request, name), .sentence = "log-on name as typed; not with a ticket"},
    {.name = "password", .type = FIELD_TEXT, AT(logon_request, password), .flags = FIELD_SECRET, .sentence = "the password; not with a ticket"},
    {.name = NULL},
};

const struct field password_request_fields[] = {
    {.name = "name", .type = FIELD_TEXT, AT(password_request, name), .flags = FIELD_REQUIRED, .sentence = "log-on name"},
    {.name = "password", .type = FIELD_TEXT, AT(password_request, password), .flags = FIELD_REQUIRED | FIELD_SECRET, .sentence = "the present password"},
    {.name = "new_password", .type = FIELD_TEXT, AT(password_request, new_password), .flags = FIELD_REQUIRED | FIELD_SECRET, .sentence = "the new one"},
    {.name = NULL},
};

const struct field enrol_request_fields[] = {
    {.name = "token", .type = FIELD_TEXT, AT(enrol_request, token), .flags = FIELD_REQUIRED | FIELD_SECRET, .sentence = "enrolment token"},
    {.name = "request", .type = FIELD_TEXT, AT(enrol_request, request), .flags = FIELD_REQUIRED, .sentence = "certificate request, PKCS #10 DER in base64"},
    {.name = NULL},
};

const struct field renew_request_fields[] = {
    {.name = "request", .type = FIELD_TEXT, AT(renew_request, request), .flags = FIELD_REQUIRED, .sentence = "certificate request, PKCS #10 DER in base64; only its key counts"},
    {.name = NULL},
};

const struct field admin_logon_request_fields[] = {
    {.name = "token", .type = FIELD_TEXT, AT(admin_logon_request, token), .flags = FIELD_SECRET, .sentence = "one-time token of the first administrator"},
    {.name = "tenant", .type = FIELD_TEXT, AT(admin_logon_request, tenant), .sentence = "tenant whose directory knows you"},
    {.name = "name", .type = FIELD_TEXT, AT(admin_logon_request, name), .sentence = "log-on name"},
    {.name = "password", .type = FIELD_TEXT, AT(admin_logon_request, password), .flags = FIELD_SECRET, .sentence = "password"},
    {.name = NULL},
};

const struct field explain_request_fields[] = {
    {.name = "person", .type = FIELD_TEXT, AT(explain_request, person), .flags = FIELD_REQUIRED, .sentence = "log-on name"},
    {.name = "device", .type = FIELD_ID, AT(explain_request, device), .flags = FIELD_REQUIRED, .refers = NOUN_DEVICE, .sentence = "the desk"},
    {.name = NULL},
};

const struct field logon_answer_fields[] = {
    {.name = "session", .type = FIELD_ID, AT(logon_answer, session), .refers = NOUN_SESSION, .sentence = "the session"},
    {.name = "fence", .type = FIELD_NUMBER, AT(logon_answer, fence), .max = INT64_MAX, .sentence = "its fencing number"},
    {.name = "address", .type = FIELD_TEXT, AT(logon_answer, address), .sentence = "the session host"},
    {.name = "port", .type = FIELD_NUMBER, AT(logon_answer, port), .min = 1, .max = 65535, .sentence = "its RDP port"},
    {.name = "fingerprint", .type = FIELD_DIGEST, AT(logon_answer, fingerprint), .sentence = "SHA-256 of its certificate"},
    {.name = "user_name", .type = FIELD_TEXT, AT(logon_answer, user_name), .sentence = "log-on name at the host"},
    {.name = "name", .type = FIELD_TEXT, AT(logon_answer, name), .sentence = "the person's name"},
    {.name = "one_time_password", .type = FIELD_TEXT, AT(logon_answer, one_time_password), .flags = FIELD_SECRET, .sentence = "password for the host; empty: the typed one"},
    {.name = "password_follows", .type = FIELD_FLAG, AT(logon_answer, password_follows), .sentence = "behind it, after a colon, the typed one"},
    {.name = "abandoned_host", .type = FIELD_TEXT, AT(logon_answer, abandoned_host), .sentence = "host of an earlier session that cannot be reached"},
    {.name = "clipboard", .type = FIELD_FLAG, AT(logon_answer, clipboard), .sentence = "allowed channels"},
    {.name = "drives", .type = FIELD_FLAG, AT(logon_answer, drives), .sentence = "allowed channels"},
    {.name = "printers", .type = FIELD_FLAG, AT(logon_answer, printers), .sentence = "allowed channels"},
    {.name = "sound", .type = FIELD_FLAG, AT(logon_answer, sound), .sentence = "allowed channels"},
    {.name = "multi_monitor", .type = FIELD_FLAG, AT(logon_answer, multi_monitor), .sentence = "all monitors"},
    {.name = "reconnected", .type = FIELD_FLAG, AT(logon_answer, reconnected), .sentence = "a running session was found again"},
    {.name = "moved_from", .type = FIELD_TEXT, AT(logon_answer, moved_from), .sentence = "place it was taken from"},
    {.name = "why", .type = FIELD_LINES, AT(logon_answer, why), .sentence = "how it was decided, a step a line"},
    {.name = NULL},
};

const struct field drain_request_fields[] = {
    {.name = "until", .type = FIELD_TIME, AT(drain_request, until_ms), .sentence = "when the host takes new sessions again by itself; empty: when told to"},
    {.name = "text", .type = FIELD_TEXT, AT(drain_request, text), .sentence = "shown to the people on the host"},
    {.name = NULL},
};

const struct field message_request_fields[] = {
    {.name = "text", .type = FIELD_TEXT, AT(message_request, text), .flags = FIELD_REQUIRED, .sentence = "what is shown in the session"},
    {.name = NULL},
};

#define NOUN_ROWS(noun, plural, set_role)                                                                              \
    {METHOD_LIST, "GET", "/v1/" plural, ROLE_ADMIN, noun, NULL, 0, METHOD_PAGED | METHOD_OWN_TENANT, "lists " plural}, \
        {METHOD_SHOW, "GET", "/v1/" plural "/{id}", ROLE_ADMIN, noun, NULL, 0, METHOD_OWN_TENANT, "shows one of the " plural}, \
        {METHOD_SET, "PUT", "/v1/" plural "/{id}", set_role, noun, NULL, 0, METHOD_OWN_TENANT, "adds or changes one of the " plural}, \
        {METHOD_REMOVE, "DELETE", "/v1/" plural "/{id}", set_role, noun, NULL, 0, METHOD_OWN_TENANT, "removes one of the " plural}

const struct method method_rows[] = {
    {METHOD_HEALTH, "GET", "/healthz", ROLE_UNAUTHENTICATED, NOUN_NONE, NULL, 0, 0, "tells a load balancer that the broker serves"},
    {METHOD_METRICS, "GET", "/metrics", ROLE_DISTRICT, NOUN_NONE, NULL, 0, 0, "figures for Prometheus"},
    {.id = METHOD_LOGON, .verb = "POST", .path = "/v1/logon", .who = ROLE_DEVICE, .noun = NOUN_NONE, BODY(logon_request), .flags = METHOD_CERTIFICATE, .sentence = "logs a person on at the calling device"},
    {.id = METHOD_PASSWORD, .verb = "POST", .path = "/v1/password", .who = ROLE_DEVICE, .noun = NOUN_NONE, BODY(password_request), .flags = METHOD_CERTIFICATE, .sentence = "changes a person's password"},
    {METHOD_DEVICE_LINK, "GET", "/v1/devices/link", ROLE_DEVICE, NOUN_NONE, NULL, 0, METHOD_CERTIFICATE, "the WebSocket of a device's agent"},
    {METHOD_HOST_LINK, "GET", "/v1/hosts/link", ROLE_HOST, NOUN_NONE, NULL, 0, METHOD_CERTIFICATE, "the WebSocket of a session host's agent"},
    {.id = METHOD_ENROL, .verb = "POST", .path = "/v1/enrol", .who = ROLE_UNAUTHENTICATED, .noun = NOUN_NONE, BODY(enrol_request), .sentence = "gives a device or a session host its certificate for an enrolment token"},
    {.id = METHOD_RENEW, .verb = "POST", .path = "/v1/renew", .who = ROLE_MACHINE, .noun = NOUN_NONE, BODY(renew_request), .flags = METHOD_CERTIFICATE, .sentence = "gives the calling device or session host its next certificate"},
    {.id = METHOD_ADMIN_LOGON, .verb = "POST", .path = "/v1/admin/logon", .who = ROLE_UNAUTHENTICATED, .noun = NOUN_NONE, BODY(admin_logon_request), .sentence = "logs an administrator on"},
    {METHOD_ADMIN_LOGOFF, "POST", "/v1/admin/logoff", ROLE_ADMIN, NOUN_NONE, NULL, 0, 0, "ends the administrator's own log-on"},
    {METHOD_STATUS, "GET", "/v1/status", ROLE_ADMIN, NOUN_NONE, NULL, 0, 0, "how the broker and its hosts are"},
    {.id = METHOD_EXPLAIN, .verb = "POST", .path = "/v1/logon/explain", .who = ROLE_ADMIN, .noun = NOUN_NONE, BODY(explain_request), .sentence = "says what a log-on would do, without doing it"},
    {METHOD_APPLY, "POST", "/v1/apply", ROLE_ADMIN, NOUN_NONE, NULL, 0, METHOD_LARGE, "plans or makes many changes at once"},
    {METHOD_EVENTS, "GET", "/v1/events", ROLE_DISTRICT, NOUN_NONE, NULL, 0, METHOD_PAGED, "lists the journal"},
    NOUN_ROWS(NOUN_TENANT, "tenants", ROLE_DISTRICT),
    NOUN_ROWS(NOUN_SITE, "sites", ROLE_ADMIN),
    NOUN_ROWS(NOUN_POOL, "pools", ROLE_ADMIN),
    NOUN_ROWS(NOUN_HOST, "hosts", ROLE_ADMIN),
    NOUN_ROWS(NOUN_PROFILE, "profiles", ROLE_ADMIN),
    NOUN_ROWS(NOUN_ASSIGNMENT, "assignments", ROLE_ADMIN),
    NOUN_ROWS(NOUN_DEVICE, "devices", ROLE_ADMIN),
    NOUN_ROWS(NOUN_ADMINISTRATOR, "administrators", ROLE_DISTRICT),
    {METHOD_LIST, "GET", "/v1/people", ROLE_ADMIN, NOUN_PERSON, NULL, 0, METHOD_PAGED | METHOD_OWN_TENANT, "lists people"},
    {METHOD_SHOW, "GET", "/v1/people/{id}", ROLE_ADMIN, NOUN_PERSON, NULL, 0, METHOD_OWN_TENANT, "shows a person"},
    {METHOD_REMOVE, "DELETE", "/v1/people/{id}", ROLE_ADMIN, NOUN_PERSON, NULL, 0, METHOD_OWN_TENANT, "erases a person: name, log-on name and the directory's id for them are gone, events keep an id that means nobody"},
    {METHOD_LIST, "GET", "/v1/sessions", ROLE_ADMIN, NOUN_SESSION, NULL, 0, METHOD_PAGED | METHOD_OWN_TENANT, "lists sessions"},
    {METHOD_SHOW, "GET", "/v1/sessions/{id}", ROLE_ADMIN, NOUN_SESSION, NULL, 0, METHOD_OWN_TENANT, "shows a session"},
    {METHOD_REMOVE, "DELETE", "/v1/sessions/{id}", ROLE_ADMIN, NOUN_SESSION, NULL, 0, METHOD_OWN_TENANT, "ends a session"},
    {.id = METHOD_DRAIN, .verb = "POST", .path = "/v1/hosts/{id}/drain", .who = ROLE_ADMIN, .noun = NOUN_HOST, BODY(drain_request), .flags = METHOD_OWN_TENANT, .sentence = "takes a host out of service: no new sessions"},
    {METHOD_UNDRAIN, "POST", "/v1/hosts/{id}/undrain", ROLE_ADMIN, NOUN_HOST, NULL, 0, METHOD_OWN_TENANT, "puts a host back into service"},
    {METHOD_RELEASE, "POST", "/v1/hosts/{id}/release", ROLE_ADMIN, NOUN_HOST, NULL, 0, METHOD_OWN_TENANT, "releases a persistent desktop"},
    {.id = METHOD_MESSAGE, .verb = "POST", .path = "/v1/hosts/{id}/message", .who = ROLE_ADMIN, .noun = NOUN_HOST, BODY(message_request), .flags = METHOD_OWN_TENANT, .sentence = "shows a message in all sessions of a host"},
    {.id = METHOD_MESSAGE, .verb = "POST", .path = "/v1/sessions/{id}/message", .who = ROLE_ADMIN, .noun = NOUN_SESSION, BODY(message_request), .flags = METHOD_OWN_TENANT, .sentence = "shows a message in a session"},
    {METHOD_LOCK, "POST", "/v1/sessions/{id}/lock", ROLE_ADMIN, NOUN_SESSION, NULL, 0, METHOD_OWN_TENANT, "cuts the connection to a session, which goes on: whoever opens it again must log on"},
    {METHOD_ENROL_TOKEN, "POST", "/v1/hosts/{id}/enrol-token", ROLE_ADMIN, NOUN_HOST, NULL, 0, METHOD_OWN_TENANT, "makes a one-time token with which the host's agent gets its certificate"},
    {METHOD_ENROL_TOKEN, "POST", "/v1/devices/{id}/enrol-token", ROLE_ADMIN, NOUN_DEVICE, NULL, 0, METHOD_OWN_TENANT, "makes a one-time token with which the device gets its certificate"},
};
const size_t method_count = sizeof method_rows / sizeof *method_rows;
// clang-format on

// Reads `slugs` path segments from *path into `id`, with slashes between.
static bool take_id(const char **path, int slugs, char id[ID_SIZE])
{
    const char *end = *path;
    for (int i = 0; i < slugs; i++) {
        if (i)
            end++;
        const char *start = end;
        end += strcspn(end, "/");
        if (!text_is_slug(start, (size_t)(end - start)) || (i + 1 < slugs && *end != '/'))
            return false;
    }
    size_t length = (size_t)(end - *path);
    if (length >= ID_SIZE)
        return false;
    memcpy(id, *path, length);
    id[length] = 0;
    *path = end;
    return true;
}

static bool path_matches(const struct method *method, const char *path, char id[ID_SIZE])
{
    id[0] = 0;
    for (const char *at = method->path; *at;) {
        if (*at == '{') {
            if (!take_id(&path, method->noun == NOUN_TENANT ? 1 : 2, id))
                return false;
            at = strchr(at, '}') + 1;
        } else if (*at++ != *path++) {
            return false;
        }
    }
    return *path == 0;
}

const struct method *method_match(const char *verb, const char *path, char id[ID_SIZE], bool *path_known)
{
    *path_known = false;
    for (size_t i = 0; i < method_count; i++) {
        if (!path_matches(&method_rows[i], path, id))
            continue;
        *path_known = true;
        if (text_equal(method_rows[i].verb, verb))
            return &method_rows[i];
    }
    id[0] = 0;
    return NULL;
}

const struct method *method_find(enum method_id id, enum noun noun)
{
    for (size_t i = 0; i < method_count; i++)
        if (method_rows[i].id == id && method_rows[i].noun == noun)
            return &method_rows[i];
    return NULL;
}
