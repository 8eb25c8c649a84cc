// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/method.h"
#include "broker/api/gateway_logon.h"
#include "broker/base/text.h"

#include <string.h>

// A row a line.
// clang-format off

#define MAY(name) (UINT64_C(1) << REFUSAL_##name)
// What a directory has against a name and its password, and what is said to who tries too often.
#define MAY_OF_DIRECTORY (MAY(WRONG_PASSWORD) | MAY(PASSWORD_EXPIRED) | MAY(PASSWORD_MUST_CHANGE) | MAY(PASSWORD_TOO_LATE) | MAY(PASSWORD_REJECTED) | MAY(PASSWORD_TOO_SHORT) | MAY(PASSWORD_TOO_SIMPLE) | MAY(PASSWORD_REUSED) | MAY(PASSWORD_TOO_YOUNG) | MAY(ACCOUNT_DISABLED) | MAY(OUTSIDE_HOURS) | MAY(TOO_MANY_ATTEMPTS) | MAY(DIRECTORY_DOWN))
#define GET(of_path) .verb = "GET", .path = of_path
#define PUT(of_path) .verb = "PUT", .path = of_path
#define POST(of_path) .verb = "POST", .path = of_path
#define DELETE(of_path) .verb = "DELETE", .path = of_path
#define BY(role) .who = ROLE_##role
#define OF(of_noun) .noun = NOUN_##of_noun
#define BODY(type) (&type##_request_type)
#define ANSWER(type) (&type##_answer_type)

#define LIST_ROW(of_noun, plural) {METHOD_LIST, GET("/v1/" plural), BY(ADMIN), OF(of_noun), .flags = METHOD_OWN_TENANT, .query = &page_query_type, .answer = &noun_list_types[NOUN_##of_noun], .sentence = "lists " plural}
#define SHOW_ROW(of_noun, plural, type) {METHOD_SHOW, GET("/v1/" plural "/{id}"), BY(ADMIN), OF(of_noun), .flags = METHOD_OWN_TENANT, .answer = (type), .sentence = "shows one of the " plural}
// What the district alone may set is where people could take their own right from themselves.
#define CHANGE_QUERY_ADMIN NULL
#define CHANGE_QUERY_DISTRICT (&change_query_type)
#define CHANGE_MAY_ADMIN MAY(CONFLICT)
#define CHANGE_MAY_DISTRICT (MAY(CONFLICT) | MAY(OWN_RIGHTS))
#define NOUN_ROWS(of_noun, plural, role, type) \
    LIST_ROW(of_noun, plural), SHOW_ROW(of_noun, plural, type), \
    {METHOD_SET, PUT("/v1/" plural "/{id}"), BY(role), OF(of_noun), .flags = METHOD_OWN_TENANT | METHOD_VERSIONED | METHOD_COMMITS, .query = CHANGE_QUERY_##role, .body = &noun_types[NOUN_##of_noun], .answer = (type), .refusals = CHANGE_MAY_##role, .sentence = "adds or changes one of the " plural}, \
    {METHOD_REMOVE, DELETE("/v1/" plural "/{id}"), BY(role), OF(of_noun), .flags = METHOD_OWN_TENANT | METHOD_VERSIONED | METHOD_COMMITS, .query = CHANGE_QUERY_##role, .answer = &nothing_type, .refusals = CHANGE_MAY_##role, .sentence = "removes one of the " plural}

const struct method method_rows[] = {
    {METHOD_HEALTH, GET("/healthz"), BY(UNAUTHENTICATED), OF(NONE), .flags = METHOD_OUTSIDE, .answer = ANSWER(health), .refusals = MAY(STORE_DOWN), .sentence = "tells a load balancer that the broker is up"},
    {METHOD_METRICS, GET("/metrics"), BY(DISTRICT), OF(NONE), .flags = METHOD_PLAIN, .sentence = "metrics for Prometheus"},
    {METHOD_LOGON, POST("/v1/logon"), BY(DEVICE), OF(NONE), .flags = METHOD_CERTIFICATE | METHOD_OUTSIDE | METHOD_TICKET | METHOD_COMMITS, .body = BODY(logon), .answer = ANSWER(logon), .refusals = MAY_OF_DIRECTORY | MAY(TICKET_REJECTED) | MAY(TOO_MANY_LOGONS) | MAY(DEVICE_UNKNOWN) | MAY(NO_PROFILE) | MAY(NOT_OUTSIDE) | MAY(NO_GRANT) | MAY(NO_HOST) | MAY(HOSTS_FULL) | MAY(HOST_WAKING) | MAY(NAME_TAKEN) | MAY(BUSY), .sentence = "logs a person on at the calling device"},
    {METHOD_PASSWORD, POST("/v1/password"), BY(DEVICE), OF(NONE), .flags = METHOD_CERTIFICATE | METHOD_OUTSIDE, .body = BODY(password), .answer = &nothing_type, .refusals = MAY_OF_DIRECTORY | MAY(DEVICE_UNKNOWN), .sentence = "changes a person's password"},
    {METHOD_OWN_JOBS, POST("/v1/print/jobs"), BY(DEVICE), OF(NONE), .flags = METHOD_CERTIFICATE | METHOD_OUTSIDE | METHOD_TICKET, .body = BODY(own_jobs), .answer = &own_jobs_type, .refusals = MAY_OF_DIRECTORY | MAY(TICKET_REJECTED) | MAY(DEVICE_UNKNOWN), .sentence = "lists the print jobs of a person at the calling device, who needs no desktop for it"},
    {METHOD_OWN_RELEASE, POST("/v1/print/release"), BY(DEVICE), OF(NONE), .flags = METHOD_CERTIFICATE | METHOD_OUTSIDE | METHOD_TICKET, .body = BODY(own_release), .answer = &own_jobs_type, .refusals = MAY_OF_DIRECTORY | MAY(TICKET_REJECTED) | MAY(DEVICE_UNKNOWN), .sentence = "prints one of them, at the nearest printer or a chosen one; answers with the list"},
    {METHOD_OWN_CANCEL, POST("/v1/print/cancel"), BY(DEVICE), OF(NONE), .flags = METHOD_CERTIFICATE | METHOD_OUTSIDE | METHOD_TICKET, .body = BODY(own_cancel), .answer = &own_jobs_type, .refusals = MAY_OF_DIRECTORY | MAY(TICKET_REJECTED) | MAY(DEVICE_UNKNOWN), .sentence = "deletes one of them; answers with the list"},
    {METHOD_DEVICE_LINK, GET("/v1/devices/link"), BY(DEVICE), OF(NONE), .flags = METHOD_CERTIFICATE | METHOD_OUTSIDE | METHOD_WEBSOCKET, .sentence = "the WebSocket of a device's agent"},
    {METHOD_HOST_LINK, GET("/v1/hosts/link"), BY(HOST), OF(NONE), .flags = METHOD_CERTIFICATE | METHOD_WEBSOCKET, .sentence = "the WebSocket of a session host's agent"},
    {METHOD_PRINT_LINK, GET("/v1/print-servers/link"), BY(PRINT_SERVER), OF(NONE), .flags = METHOD_CERTIFICATE | METHOD_WEBSOCKET, .sentence = "the WebSocket of a print server"},
    {METHOD_GATEWAY_LINK, GET("/v1/gateways/link"), BY(GATEWAY), OF(NONE), .flags = METHOD_CERTIFICATE | METHOD_WEBSOCKET, .sentence = "the WebSocket of a gateway"},
    {METHOD_GATEWAY_LOGON, POST("/v1/gateways/logon"), BY(GATEWAY), OF(NONE), .flags = METHOD_CERTIFICATE | METHOD_COMMITS, .body = BODY(gateway_logon), .answer = ANSWER(gateway_logon), .refusals = MAY_OF_DIRECTORY | MAY(DENIED) | MAY(TOO_MANY_LOGONS) | MAY(NO_PROFILE) | MAY(NOT_OUTSIDE) | MAY(NO_GRANT) | MAY(NO_HOST) | MAY(HOSTS_FULL) | MAY(HOST_WAKING) | MAY(NAME_TAKEN) | MAY(BUSY), .sentence = "logs a person on who came to the gateway's front door"},
    {METHOD_ENROL, POST("/v1/enrol"), BY(UNAUTHENTICATED), OF(NONE), .flags = METHOD_COMMITS, .body = BODY(enrol), .answer = ANSWER(certificate), .refusals = MAY(DENIED) | MAY(TOO_MANY_ATTEMPTS), .sentence = "gives a device, a session host, a print server or a gateway its certificate for an enrolment token"},
    {METHOD_RENEW, POST("/v1/renew"), BY(MACHINE), OF(NONE), .flags = METHOD_CERTIFICATE | METHOD_OUTSIDE, .body = BODY(renew), .answer = ANSWER(certificate), .refusals = MAY(STORE_DOWN) | MAY(CONFLICT), .sentence = "gives the calling device, session host, print server or gateway its next certificate"},
    {METHOD_ADMIN_LOGON, POST("/v1/admin/logon"), BY(UNAUTHENTICATED), OF(NONE), .flags = METHOD_TICKET | METHOD_COMMITS, .body = BODY(admin_logon), .answer = ANSWER(admin_logon), .refusals = MAY_OF_DIRECTORY | MAY(TICKET_REJECTED) | MAY(DENIED) | MAY(BUSY), .sentence = "logs an administrator on"},
    {METHOD_ADMIN_LOGOFF, POST("/v1/admin/logoff"), BY(ADMIN), OF(NONE), .answer = &nothing_type, .sentence = "ends the administrator's own logon"},
    {METHOD_TOKENS, GET("/v1/admin/tokens"), BY(ADMIN), OF(NONE), .answer = ANSWER(tokens), .sentence = "lists the administrators who are logged on"},
    {METHOD_TOKEN_REVOKE, DELETE("/v1/admin/tokens/{id}"), BY(ADMIN), OF(PERSON), .flags = METHOD_OWN_TENANT | METHOD_COMMITS, .answer = &nothing_type, .sentence = "ends an administrator's logon"},
    {METHOD_STATUS, GET("/v1/status"), BY(ADMIN), OF(NONE), .answer = ANSWER(status), .sentence = "the state of the broker and its hosts"},
    {METHOD_EXPLAIN, POST("/v1/logon/explain"), BY(ADMIN), OF(NONE), .body = BODY(explain), .answer = ANSWER(explain), .refusals = MAY(NOT_FOUND) | MAY(DIRECTORY_DOWN), .sentence = "explains what a logon would do, without doing it"},
    {METHOD_APPLY, POST("/v1/apply"), BY(ADMIN), OF(NONE), .flags = METHOD_LARGE | METHOD_COMMITS, .body = BODY(apply), .answer = ANSWER(apply), .refusals = MAY(CONFLICT) | MAY(OWN_RIGHTS), .sentence = "plans or makes many changes at once"},
    {METHOD_EVENTS, GET("/v1/events"), BY(DISTRICT), OF(NONE), .query = &events_query_type, .answer = ANSWER(events), .refusals = MAY(NOT_FOUND) | MAY(STORE_DOWN), .sentence = "lists the journal"},
    {METHOD_ACCOUNTS, GET("/v1/accounts"), BY(ADMIN), OF(NONE), .query = &accounts_query_type, .answer = ANSWER(accounts), .refusals = MAY(STORE_DOWN) | MAY(NOT_FOUND), .sentence = "lists what was printed, and its price, by people of the caller's tenant, and by others on its printers; and the channels of its people that have ended"},
    {METHOD_BACKUP_START, POST("/v1/backup"), BY(DISTRICT), OF(NONE), .flags = METHOD_COMMITS, .answer = ANSWER(backup), .refusals = MAY(CONFLICT) | MAY(NOT_FOUND), .sentence = "begins a back-up: encrypted for those whom the broker's configuration names"},
    {METHOD_BACKUP_SHOW, GET("/v1/backup"), BY(DISTRICT), OF(NONE), .answer = ANSWER(backup), .sentence = "tells how far the back-up is"},
    {METHOD_BACKUP_READ, GET("/v1/backup/data"), BY(DISTRICT), OF(NONE), .query = &backup_query_type, .answer = ANSWER(backup_piece), .refusals = MAY(NOT_FOUND) | MAY(BUSY) | MAY(STORE_DOWN), .sentence = "gives the next bytes of the back-up"},
    {METHOD_BACKUP_DROP, DELETE("/v1/backup"), BY(DISTRICT), OF(NONE), .answer = &nothing_type, .sentence = "drops the back-up that was fetched"},
    {METHOD_OPENAPI, GET("/v1/openapi.json"), BY(ADMIN), OF(NONE), .flags = METHOD_DOCUMENT, .sentence = "describes all of this (OpenAPI 3.1)"},
    NOUN_ROWS(TENANT, "tenants", DISTRICT, &tenant_status_type),
    NOUN_ROWS(SITE, "sites", ADMIN, &noun_types[NOUN_SITE]),
    NOUN_ROWS(POOL, "pools", ADMIN, &noun_types[NOUN_POOL]),
    NOUN_ROWS(HOST, "hosts", ADMIN, &host_status_type),
    NOUN_ROWS(PROFILE, "profiles", ADMIN, &noun_types[NOUN_PROFILE]),
    NOUN_ROWS(ASSIGNMENT, "assignments", ADMIN, &assignment_status_type),
    NOUN_ROWS(PRINTER, "printers", ADMIN, &printer_status_type),
    NOUN_ROWS(PRINT_SERVER, "print-servers", ADMIN, &print_server_status_type),
    NOUN_ROWS(GATEWAY, "gateways", ADMIN, &gateway_status_type),
    NOUN_ROWS(DEVICE, "devices", ADMIN, &device_status_type),
    NOUN_ROWS(ADMINISTRATOR, "administrators", DISTRICT, &administrator_status_type),
    LIST_ROW(PERSON, "people"),
    SHOW_ROW(PERSON, "people", &person_status_type),
    {METHOD_SET, PUT("/v1/people/{id}"), BY(ADMIN), OF(PERSON), .flags = METHOD_OWN_TENANT | METHOD_VERSIONED | METHOD_COMMITS, .body = &noun_types[NOUN_PERSON], .answer = &person_status_type, .refusals = MAY(CONFLICT), .sentence = "changes what is set of a person who has logged on"},
    {METHOD_REMOVE, DELETE("/v1/people/{id}"), BY(ADMIN), OF(PERSON), .flags = METHOD_OWN_TENANT | METHOD_COMMITS, .answer = &nothing_type, .refusals = MAY(CONFLICT), .sentence = "erases a person: name, user name and the directory's id are gone, events keep an id that no longer identifies anybody"},
    {METHOD_FACTOR_CODE, POST("/v1/people/{id}/factor-code"), BY(ADMIN), OF(PERSON), .flags = METHOD_OWN_TENANT | METHOD_COMMITS, .answer = ANSWER(factor_code), .sentence = "creates a code with which a person enrols a factor from outside"},
    LIST_ROW(FACTOR, "factors"),
    SHOW_ROW(FACTOR, "factors", &factor_status_type),
    {METHOD_REMOVE, DELETE("/v1/factors/{id}"), BY(ADMIN), OF(FACTOR), .flags = METHOD_OWN_TENANT | METHOD_COMMITS, .answer = &nothing_type, .sentence = "removes a factor: its person cannot log on with it any more"},
    {METHOD_UNLOCK, POST("/v1/tenants/{id}/unlock"), BY(ADMIN), OF(TENANT), .flags = METHOD_OWN_TENANT | METHOD_COMMITS, .body = BODY(unlock), .answer = ANSWER(unlock), .sentence = "lets somebody at whose password was guessed try again at once"},
    {METHOD_CHECK, POST("/v1/tenants/{id}/check"), BY(ADMIN), OF(TENANT), .flags = METHOD_OWN_TENANT, .body = BODY(tenant_check), .answer = ANSWER(tenant_check), .refusals = MAY(BUSY), .sentence = "looks at a tenant's directory step by step, as a logon would"},
    LIST_ROW(SESSION, "sessions"),
    SHOW_ROW(SESSION, "sessions", &session_status_type),
    {METHOD_REMOVE, DELETE("/v1/sessions/{id}"), BY(ADMIN), OF(SESSION), .flags = METHOD_OWN_TENANT | METHOD_COMMITS, .answer = &nothing_type, .sentence = "ends a session"},
    {METHOD_DRAIN, POST("/v1/hosts/{id}/drain"), BY(ADMIN), OF(HOST), .flags = METHOD_OWN_TENANT | METHOD_COMMITS, .body = BODY(drain), .answer = ANSWER(drain), .sentence = "takes a host out of service: no new sessions"},
    {METHOD_UNDRAIN, POST("/v1/hosts/{id}/undrain"), BY(ADMIN), OF(HOST), .flags = METHOD_OWN_TENANT | METHOD_COMMITS, .answer = &host_status_type, .sentence = "puts a host back into service"},
    {METHOD_RELEASE, POST("/v1/hosts/{id}/release"), BY(ADMIN), OF(HOST), .flags = METHOD_OWN_TENANT | METHOD_COMMITS, .answer = &host_status_type, .sentence = "releases a persistent desktop"},
    {METHOD_MESSAGE, POST("/v1/hosts/{id}/message"), BY(ADMIN), OF(HOST), .flags = METHOD_OWN_TENANT, .body = BODY(message), .answer = &nothing_type, .refusals = MAY(CONFLICT), .sentence = "shows a message in all sessions of a host"},
    {METHOD_MESSAGE, POST("/v1/sessions/{id}/message"), BY(ADMIN), OF(SESSION), .flags = METHOD_OWN_TENANT, .body = BODY(message), .answer = &nothing_type, .refusals = MAY(CONFLICT), .sentence = "shows a message in a session"},
    {METHOD_LOCK, POST("/v1/sessions/{id}/lock"), BY(ADMIN), OF(SESSION), .flags = METHOD_OWN_TENANT | METHOD_COMMITS, .answer = &nothing_type, .refusals = MAY(CONFLICT), .sentence = "disconnects a session, which keeps running: whoever opens it again must log on"},
    {METHOD_ENROL_TOKEN, POST("/v1/hosts/{id}/enrol-token"), BY(ADMIN), OF(HOST), .flags = METHOD_OWN_TENANT | METHOD_COMMITS, .answer = ANSWER(enrol_token), .refusals = MAY(CONFLICT), .sentence = "creates a one-time token with which the host's agent gets its certificate"},
    {METHOD_DRAIN, POST("/v1/printers/{id}/drain"), BY(ADMIN), OF(PRINTER), .flags = METHOD_OWN_TENANT | METHOD_COMMITS, .answer = &printer_status_type, .sentence = "takes a printer out of service: its jobs go to its substitute, or wait"},
    {METHOD_UNDRAIN, POST("/v1/printers/{id}/undrain"), BY(ADMIN), OF(PRINTER), .flags = METHOD_OWN_TENANT | METHOD_COMMITS, .answer = &printer_status_type, .sentence = "puts a printer back into service"},
    {METHOD_DRAIN, POST("/v1/gateways/{id}/drain"), BY(ADMIN), OF(GATEWAY), .flags = METHOD_OWN_TENANT | METHOD_COMMITS, .answer = &gateway_status_type, .sentence = "takes a gateway out of service: it lets nobody in any more, and who is in stays"},
    {METHOD_UNDRAIN, POST("/v1/gateways/{id}/undrain"), BY(ADMIN), OF(GATEWAY), .flags = METHOD_OWN_TENANT | METHOD_COMMITS, .answer = &gateway_status_type, .sentence = "puts a gateway back into service"},
    {METHOD_READ, POST("/v1/printers/{id}/read"), BY(ADMIN), OF(PRINTER), .flags = METHOD_OWN_TENANT | METHOD_COMMITS, .answer = ANSWER(printer), .refusals = MAY(NO_PRINT_SERVER) | MAY(PRINTER_UNREACHABLE) | MAY(BUSY), .sentence = "asks a printer what it is and can, and keeps that"},
    {METHOD_TEST, POST("/v1/printers/{id}/test"), BY(ADMIN), OF(PRINTER), .flags = METHOD_OWN_TENANT, .answer = &nothing_type, .refusals = MAY(NO_PRINT_SERVER) | MAY(PRINTER_UNREACHABLE) | MAY(BUSY), .sentence = "prints a page of the broker's own"},
    LIST_ROW(JOB, "jobs"),
    SHOW_ROW(JOB, "jobs", &job_status_type),
    {METHOD_RELEASE, POST("/v1/jobs/{id}/release"), BY(ADMIN), OF(JOB), .flags = METHOD_OWN_TENANT, .body = BODY(job_release), .answer = &job_status_type, .refusals = MAY(NO_PRINT_SERVER) | MAY(CONFLICT), .sentence = "prints a job that is held, or one that may not have come out, once more"},
    {METHOD_CANCEL, POST("/v1/jobs/{id}/cancel"), BY(ADMIN), OF(JOB), .flags = METHOD_OWN_TENANT, .answer = &job_status_type, .refusals = MAY(NO_PRINT_SERVER) | MAY(CONFLICT), .sentence = "deletes a job that is not out yet"},
    {METHOD_MOVE, POST("/v1/jobs/{id}/move"), BY(ADMIN), OF(JOB), .flags = METHOD_OWN_TENANT, .body = BODY(job_move), .answer = &job_status_type, .refusals = MAY(NO_PRINT_SERVER) | MAY(CONFLICT), .sentence = "sends a job that is not out yet to another printer"},
    LIST_ROW(CHANNEL, "channels"),
    SHOW_ROW(CHANNEL, "channels", &channel_status_type),
    {METHOD_ENROL_TOKEN, POST("/v1/print-servers/{id}/enrol-token"), BY(ADMIN), OF(PRINT_SERVER), .flags = METHOD_OWN_TENANT | METHOD_COMMITS, .answer = ANSWER(enrol_token), .refusals = MAY(CONFLICT), .sentence = "creates a one-time token with which the print server gets its certificate"},
    {METHOD_ENROL_TOKEN, POST("/v1/gateways/{id}/enrol-token"), BY(ADMIN), OF(GATEWAY), .flags = METHOD_OWN_TENANT | METHOD_COMMITS, .answer = ANSWER(enrol_token), .refusals = MAY(CONFLICT), .sentence = "creates a one-time token with which the gateway gets its certificate"},
    {METHOD_ENROL_TOKEN, POST("/v1/devices/{id}/enrol-token"), BY(ADMIN), OF(DEVICE), .flags = METHOD_OWN_TENANT | METHOD_COMMITS, .answer = ANSWER(enrol_token), .refusals = MAY(CONFLICT), .sentence = "creates a one-time token with which the device gets its certificate"},
    {METHOD_GRANT_REQUEST, POST("/v1/grants"), BY(ADMIN), OF(NONE), .flags = METHOD_COMMITS, .body = BODY(grant), .answer = &grant_status_type, .refusals = MAY(CONFLICT) | MAY(NOT_FOUND), .sentence = "asks for a grant, and approves it for the caller's side"},
    LIST_ROW(GRANT, "grants"),
    SHOW_ROW(GRANT, "grants", &grant_status_type),
    {METHOD_GRANT_APPROVE, POST("/v1/grants/{id}/approve"), BY(ADMIN), OF(GRANT), .flags = METHOD_OWN_TENANT | METHOD_COMMITS, .body = BODY(grant_approve), .answer = &grant_status_type, .refusals = MAY(CONFLICT), .sentence = "approves a grant for one side; one with a review date: confirms it"},
    {METHOD_REMOVE, DELETE("/v1/grants/{id}"), BY(ADMIN), OF(GRANT), .flags = METHOD_OWN_TENANT | METHOD_COMMITS, .answer = &nothing_type, .sentence = "revokes a grant, at once"},
    {METHOD_PORTAL_HOME, GET("/"), BY(UNAUTHENTICATED), OF(NONE), .flags = METHOD_PAGE, .sentence = "the page by which people log on from outside"},
    {METHOD_PORTAL_LOGON, POST("/logon"), BY(UNAUTHENTICATED), OF(NONE), .flags = METHOD_PAGE, .body = BODY(portal_logon), .sentence = "logs a person on at the portal"},
    {METHOD_PORTAL_DESKTOPS, GET("/desktops"), BY(PERSON), OF(NONE), .flags = METHOD_PAGE, .sentence = "the person's desktops, and their last log-ons"},
    {METHOD_PORTAL_DESKTOP, GET("/desktops/open"), BY(PERSON), OF(NONE), .flags = METHOD_PAGE, .sentence = "the page that shows the person's desktop"},
    {METHOD_PORTAL_CHANNEL, POST("/desktops/channel"), BY(PERSON), OF(NONE), .flags = METHOD_PAGE, .body = BODY(portal_channel), .answer = ANSWER(gateway_logon), .sentence = "opens the person's desktop, or takes it over from where it is open, for the browser: a script asks, and gets JSON"},
    {METHOD_PORTAL_FILE, POST("/desktops/file"), BY(PERSON), OF(NONE), .flags = METHOD_PAGE, .body = BODY(portal_channel), .sentence = "opens the person's desktop, or takes it over, for an RDP program: a signed .rdp file"},
    {METHOD_PORTAL_LOGOFF, POST("/logoff"), BY(PERSON), OF(NONE), .flags = METHOD_PAGE, .body = BODY(portal_form), .sentence = "logs the person off at the portal; their desktops go on"},
    {METHOD_PORTAL_FACTORS, GET("/factors"), BY(PERSON), OF(NONE), .flags = METHOD_PAGE, .sentence = "what the person shows besides their password"},
    {METHOD_PORTAL_TELEPHONE, GET("/factors/telephone"), BY(PERSON), OF(NONE), .flags = METHOD_PAGE, .sentence = "a secret for a telephone that shows codes"},
    {METHOD_PORTAL_TELEPHONE_ADD, POST("/factors/telephone"), BY(PERSON), OF(NONE), .flags = METHOD_PAGE, .body = BODY(portal_telephone), .sentence = "sets it up, once the telephone has shown a code"},
    {METHOD_PORTAL_PASSKEY, POST("/factors/passkey"), BY(PERSON), OF(NONE), .flags = METHOD_PAGE, .body = BODY(portal_passkey), .sentence = "sets up a passkey"},
    {METHOD_PORTAL_CODES, POST("/factors/codes"), BY(PERSON), OF(NONE), .flags = METHOD_PAGE, .body = BODY(portal_form), .sentence = "new recovery codes, shown once"},
    {METHOD_PORTAL_FACTOR_REMOVE, POST("/factors/remove"), BY(PERSON), OF(NONE), .flags = METHOD_PAGE, .body = BODY(portal_factor), .sentence = "removes one of them"},
    {METHOD_PORTAL_JOBS, GET("/jobs"), BY(PERSON), OF(NONE), .flags = METHOD_PAGE, .sentence = "the person's print jobs that wait or are held"},
    {METHOD_PORTAL_JOB_RELEASE, POST("/jobs/release"), BY(PERSON), OF(NONE), .flags = METHOD_PAGE, .body = BODY(portal_job), .sentence = "prints one of them at a printer"},
    {METHOD_PORTAL_JOB_CANCEL, POST("/jobs/cancel"), BY(PERSON), OF(NONE), .flags = METHOD_PAGE, .body = BODY(portal_job), .sentence = "deletes one of them"},
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

bool method_may_refuse(const struct method *method, enum refusal refusal)
{
    bool proven = method->who != ROLE_UNAUTHENTICATED, certified = method->flags & METHOD_CERTIFICATE;
    uint64_t may = method->refusals | MAY(INVALID) | MAY(TOO_LARGE);
    may |= proven ? MAY(UNAUTHENTICATED) | MAY(DENIED) : 0;
    may |= certified ? MAY(CERTIFICATE_EXPIRED) : 0;
    may |= method->who == ROLE_DEVICE || method->who == ROLE_MACHINE ? MAY(DEVICE_DISABLED) : 0;
    may |= strchr(method->path, '{') ? MAY(NOT_FOUND) : 0;
    may |= method->flags & METHOD_VERSIONED ? MAY(PRECONDITION_FAILED) : 0;
    may |= method->flags & METHOD_COMMITS ? MAY(STORE_DOWN) : 0;
    may |= method->flags & METHOD_WEBSOCKET ? MAY(METHOD) : 0;
    return may >> refusal & 1;
}
