// SPDX-License-Identifier: EUPL-1.2
// The table of methods: everything that can be asked of the broker, who may ask, and with what. Dispatch, checks,
// pultctl and the permission tests all walk this one table.
#pragma once
#include "broker/api/host_link.h"
#include "broker/api/otp.h"
#include "broker/base/mem.h"

enum role {
    ROLE_NOBODY,          // a row that forgets to say who may call it can be called by nobody
    ROLE_UNAUTHENTICATED, // no proof at all
    ROLE_DEVICE,          // an enrolled device, by its certificate
    ROLE_HOST,            // the agent of a session host, by its certificate
    ROLE_MACHINE,         // either of both
    ROLE_ADMIN,           // an administrator of the tenant concerned, or of the district
    ROLE_DISTRICT,        // an administrator of the district
};

enum method_id {
    METHOD_HEALTH,
    METHOD_METRICS,
    METHOD_LOGON,
    METHOD_PASSWORD,
    METHOD_DEVICE_LINK,
    METHOD_HOST_LINK,
    METHOD_ENROL,
    METHOD_RENEW,
    METHOD_ADMIN_LOGON,
    METHOD_ADMIN_LOGOFF,
    METHOD_STATUS,
    METHOD_EXPLAIN,
    METHOD_APPLY,
    METHOD_LIST,
    METHOD_SHOW,
    METHOD_SET,
    METHOD_REMOVE,
    METHOD_DRAIN,
    METHOD_UNDRAIN,
    METHOD_RELEASE,
    METHOD_MESSAGE,
    METHOD_LOCK,
    METHOD_ENROL_TOKEN,
    METHOD_EVENTS,
    METHOD_ID_COUNT,
};

enum method_flag {
    METHOD_PAGED = 1,       // takes ?after= and ?limit=
    METHOD_CERTIFICATE = 2, // only on the listener that asks for certificates
    METHOD_OWN_TENANT = 4,  // the id must be of the caller's tenant (unless of the district)
    METHOD_LARGE = 8,       // the body may have up to METHOD_BODY_LARGE bytes
};

enum { METHOD_BODY_MAX = 16 * 1024, METHOD_BODY_LARGE = 1024 * 1024 };

struct method {
    enum method_id id;
    const char *verb; // GET, PUT, POST, DELETE
    const char *path; // "/v1/hosts/{id}/drain"; {id} stands for one slug (tenants) or two (all others)
    enum role who;
    enum noun noun;           // what {id} names; NOUN_NONE without one
    const struct field *body; // NULL: no body, or one that the call checks itself (METHOD_APPLY)
    size_t body_size;         // of the struct that `body` fills
    unsigned flags;
    const char *sentence;
};

extern const struct method method_rows[];
extern const size_t method_count;

// The row for a request; NULL when there is none. `id` receives what {id} stood for, "" without. *path_known tells
// whether the path exists with another verb (405 instead of 404). The path is hostile.
const struct method *method_match(const char *verb, const char *path, char id[ID_SIZE], bool *path_known);
// The row of a noun's method, e.g. (METHOD_SET, NOUN_HOST).
const struct method *method_find(enum method_id id, enum noun noun);

// ---- bodies and answers of the methods that are not plain nouns

struct logon_request {
    char name[USER_NAME_SIZE]; // as typed: "anna", "anna@neustadt.example"; empty with Negotiate
    char password[SECRET_MAX + 1];
};

struct password_request {
    char name[USER_NAME_SIZE];
    char password[SECRET_MAX + 1];
    char new_password[SECRET_MAX + 1];
};

struct enrol_request {
    char token[NAME_SIZE];
    char request[4096]; // PKCS #10, PEM, lines joined by \n are not clean text: base64 of the DER
};

struct renew_request {
    char request[4096]; // as above
};

struct admin_logon_request {
    char token[NAME_SIZE]; // the one-time token of pult-broker --init, or:
    char tenant[SLUG_SIZE];
    char name[USER_NAME_SIZE];
    char password[SECRET_MAX + 1];
};

struct explain_request {
    char person[USER_NAME_SIZE]; // log-on name
    char device[ID_SIZE];
};

struct drain_request {
    int64_t until_ms;     // 0: until undrained
    char text[NAME_SIZE]; // shown to the people on the host; empty: nothing
};

struct message_request {
    char text[HOST_TEXT_SIZE];
};

extern const struct field drain_request_fields[], message_request_fields[];
extern const struct field logon_request_fields[], password_request_fields[], enrol_request_fields[],
    renew_request_fields[], admin_logon_request_fields[], explain_request_fields[];

// The answer to a log-on: everything the agent needs to connect once.
struct logon_answer {
    char session[ID_SIZE];
    int64_t fence;
    char address[NAME_SIZE];
    int64_t port;
    char fingerprint[DIGEST_SIZE];
    char user_name[USER_NAME_SIZE];        // for the session host
    char name[NAME_SIZE];                  // of the person, to greet them
    char one_time_password[OTP_TEXT_SIZE]; // empty: the typed password goes to the host
    bool password_follows;                 // behind the one-time password, after a colon, stands the typed one
    char abandoned_host[NAME_SIZE];        // host of an earlier session that cannot be reached; empty: none
    bool clipboard, drives, printers, sound, multi_monitor;
    bool reconnected;           // a running session was found again
    char moved_from[NAME_SIZE]; // place of the desk it was taken from, empty: none
    char why[TRACE_SIZE];       // lines
};
extern const struct field logon_answer_fields[];
