// SPDX-License-Identifier: EUPL-1.2
// The table of methods: everything that can be asked of the broker, who may ask, and with what. Dispatch, checks,
// pultctl and the permission tests all walk this one table.
#pragma once
#include "broker/api/answer.h"
#include "broker/api/body.h"
#include "broker/api/own_jobs.h"
#include "broker/api/refusal.h"

enum role {
    ROLE_NOBODY,          // a row that forgets to say who may call it can be called by nobody
    ROLE_UNAUTHENTICATED, // no proof at all
    ROLE_DEVICE,          // an enrolled device, by its certificate
    ROLE_HOST,            // the agent of a session host, by its certificate
    ROLE_PRINT_SERVER,    // a print server, by its certificate
    ROLE_GATEWAY,         // a gateway, by its certificate
    ROLE_PERSON,          // somebody who is logged on at the portal, by their cookie
    ROLE_MACHINE,         // any of these
    ROLE_ADMIN,           // an administrator of the tenant concerned, or of the district
    ROLE_DISTRICT,        // an administrator of the district
};

enum method_id {
    METHOD_HEALTH,
    METHOD_METRICS,
    METHOD_LOGON,
    METHOD_PASSWORD,
    METHOD_OWN_JOBS,
    METHOD_OWN_RELEASE,
    METHOD_OWN_CANCEL,
    METHOD_DEVICE_LINK,
    METHOD_HOST_LINK,
    METHOD_PRINT_LINK,
    METHOD_GATEWAY_LINK,
    METHOD_GATEWAY_LOGON,
    METHOD_ENROL,
    METHOD_RENEW,
    METHOD_ADMIN_LOGON,
    METHOD_ADMIN_LOGOFF,
    METHOD_TOKENS,
    METHOD_TOKEN_REVOKE,
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
    METHOD_CANCEL,
    METHOD_MOVE,
    METHOD_READ,
    METHOD_TEST,
    METHOD_UNLOCK,
    METHOD_CHECK,
    METHOD_MESSAGE,
    METHOD_LOCK,
    METHOD_ENROL_TOKEN,
    METHOD_EVENTS,
    METHOD_ACCOUNTS,
    METHOD_BACKUP_START,
    METHOD_BACKUP_SHOW,
    METHOD_BACKUP_READ,
    METHOD_BACKUP_DROP,
    METHOD_OPENAPI,
    METHOD_GRANT_REQUEST,
    METHOD_GRANT_APPROVE,
    METHOD_PORTAL_HOME,
    METHOD_PORTAL_LOGON,
    METHOD_PORTAL_DESKTOPS,
    METHOD_PORTAL_DESKTOP,
    METHOD_PORTAL_CHANNEL,
    METHOD_PORTAL_FILE,
    METHOD_PORTAL_LOGOFF,
    METHOD_PORTAL_FACTORS,
    METHOD_PORTAL_TELEPHONE,
    METHOD_PORTAL_TELEPHONE_ADD,
    METHOD_PORTAL_PASSKEY,
    METHOD_PORTAL_CODES,
    METHOD_PORTAL_FACTOR_REMOVE,
    METHOD_PORTAL_JOBS,
    METHOD_PORTAL_JOB_RELEASE,
    METHOD_PORTAL_JOB_CANCEL,
    METHOD_FACTOR_CODE,
    METHOD_ID_COUNT,
};

enum method_flag {
    METHOD_CERTIFICATE = 1, // only on the listener that asks for certificates
    METHOD_OWN_TENANT = 2,  // the id must be of the caller's tenant (unless of the district)
    METHOD_LARGE = 4,       // the body may have up to METHOD_BODY_LARGE bytes
    METHOD_PLAIN = 8,       // the answer is plain text
    METHOD_WEBSOCKET = 16,  // the answer is an upgrade
    METHOD_TICKET = 32,     // a Kerberos ticket may stand in for name and password
    METHOD_VERSIONED = 64,  // honours If-Match and If-None-Match
    METHOD_DOCUMENT = 256,  // the answer is JSON that has no rows
    METHOD_COMMITS = 128,   // refuses while the journal cannot be written
    METHOD_OUTSIDE = 512,   // also for who comes through a gateway; no other row is there for them
    METHOD_PAGE = 1024,     // of the portal alone: a browser asks by a form, and the answer is a page
};

enum { METHOD_BODY_MAX = 16 * 1024, METHOD_BODY_LARGE = 1024 * 1024 };

struct method {
    enum method_id id;
    const char *verb; // GET, PUT, POST, DELETE
    const char *path; // "/v1/hosts/{id}/drain"; {id} stands for one slug (tenants) or two (all others)
    enum role who;
    enum noun noun; // what {id} names; NOUN_NONE without one
    unsigned flags;
    const struct record_type *query;  // NULL: none
    const struct record_type *body;   // NULL: none
    const struct record_type *answer; // with status 200; NULL: none of ours, or a WebSocket's 101
    uint64_t refusals;                // bits, besides those that follow from the rest of the row: see method_may_refuse
    const char *sentence;
};

extern const struct method method_rows[];
extern const size_t method_count;

// The row for a request; NULL when there is none. `id` receives what {id} stood for, "" without. *path_known tells
// whether the path exists with another verb (405 instead of 404). The path is hostile.
const struct method *method_match(const char *verb, const char *path, char id[ID_SIZE], bool *path_known);
// The row of a noun's method, e.g. (METHOD_SET, NOUN_HOST).
const struct method *method_find(enum method_id id, enum noun noun);
// Whether a call can be refused so: what its row says, and what follows from role, path, body and flags.
bool method_may_refuse(const struct method *method, enum refusal refusal);
