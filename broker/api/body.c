// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/body.h"

enum { OBJECTS_MAX = 10000, PAGE_MAX = 1000 };

// A row a line.
// clang-format off
#define AT(holder, member) .offset = offsetof(struct holder, member), .size = sizeof(((struct holder *)0)->member)
#define TYPE(holder) {#holder, holder##_fields, sizeof(struct holder)}
#define LIMIT {.name = "limit", .type = FIELD_NUMBER, AT(page_query, limit), .min = 1, .max = PAGE_MAX, .sentence = "maximum number of items in the answer; default: 100"}

static const struct field page_query_fields[] = {
    {.name = "after", .type = FIELD_TEXT, AT(page_query, after), .sentence = "only what comes after this id"},
    LIMIT,
    {.name = "tenant", .type = FIELD_TEXT, AT(page_query, tenant), .sentence = "only of this tenant"},
    {.name = NULL},
};
const struct record_type page_query_type = TYPE(page_query);

static const struct field events_query_fields[] = {
    {.name = "after", .type = FIELD_TEXT, AT(page_query, after), .sentence = "only what comes after the event of this number"},
    LIMIT,
    {.name = NULL},
};
const struct record_type events_query_type = {"events_query", events_query_fields, sizeof(struct page_query)};

static const struct field accounts_query_fields[] = {
    {.name = "after", .type = FIELD_TEXT, AT(page_query, after), .sentence = "only what comes after the event of this number"},
    {.name = "limit", .type = FIELD_NUMBER, AT(page_query, limit), .min = 1, .max = PAGE_MAX, .sentence = "how many events of the journal are looked at for the answer; default: 100"},
    {.name = "tenant", .type = FIELD_TEXT, AT(page_query, tenant), .sentence = "only of people of this tenant"},
    {.name = "from", .type = FIELD_TIME, AT(page_query, from_ms), .sentence = "only what was printed then or later"},
    {.name = "until", .type = FIELD_TIME, AT(page_query, until_ms), .sentence = "only what was printed before then"},
    {.name = NULL},
};
const struct record_type accounts_query_type = {"accounts_query", accounts_query_fields, sizeof(struct page_query)};

const char *const acceptance_words[] = {[ACCEPT_NOTHING] = "nothing", [ACCEPT_OWN_RIGHTS] = "own-rights", NULL};

#define ACCEPT(holder) {.name = "accept", .type = FIELD_CHOICE, AT(holder, accept), .choices = acceptance_words, .sentence = "own-rights: also when the change takes the caller's own right to administer"}

static const struct field change_query_fields[] = {
    ACCEPT(page_query),
    {.name = NULL},
};
const struct record_type change_query_type = {"change_query", change_query_fields, sizeof(struct page_query)};

static const struct field backup_query_fields[] = {
    {.name = "after", .type = FIELD_TEXT, AT(page_query, after), .sentence = "only what comes after so many bytes"},
    {.name = NULL},
};
const struct record_type backup_query_type = {"backup_query", backup_query_fields, sizeof(struct page_query)};

static const struct field logon_request_fields[] = {
    {.name = "name", .type = FIELD_TEXT, AT(logon_request, name), .sentence = "user name as typed; not with a ticket"},
    {.name = "password", .type = FIELD_TEXT, AT(logon_request, password), .flags = FIELD_SECRET, .sentence = "the password; not with a ticket"},
    {.name = "channel", .type = FIELD_FLAG, AT(logon_request, channel), .sentence = "the desk is outside: it needs a way through a gateway"},
    {.name = NULL},
};
const struct record_type logon_request_type = TYPE(logon_request);

static const struct field password_request_fields[] = {
    {.name = "name", .type = FIELD_TEXT, AT(password_request, name), .flags = FIELD_REQUIRED, .sentence = "user name"},
    {.name = "password", .type = FIELD_TEXT, AT(password_request, password), .flags = FIELD_REQUIRED | FIELD_SECRET, .sentence = "the current password"},
    {.name = "new_password", .type = FIELD_TEXT, AT(password_request, new_password), .flags = FIELD_REQUIRED | FIELD_SECRET, .sentence = "the new password"},
    {.name = NULL},
};
const struct record_type password_request_type = TYPE(password_request);

static const struct field enrol_request_fields[] = {
    {.name = "token", .type = FIELD_TEXT, AT(enrol_request, token), .flags = FIELD_REQUIRED | FIELD_SECRET, .sentence = "enrolment token"},
    {.name = "request", .type = FIELD_TEXT, AT(enrol_request, request), .flags = FIELD_REQUIRED, .sentence = "certificate request, PKCS #10 DER in base64"},
    {.name = "fingerprint", .type = FIELD_DIGEST, AT(enrol_request, fingerprint), .sentence = "of a session host: SHA-256 of the certificate that it shows to desks; empty: as it was set"},
    {.name = NULL},
};
const struct record_type enrol_request_type = TYPE(enrol_request);

static const struct field renew_request_fields[] = {
    {.name = "request", .type = FIELD_TEXT, AT(renew_request, request), .flags = FIELD_REQUIRED, .sentence = "certificate request, PKCS #10 DER in base64; only its key counts"},
    {.name = NULL},
};
const struct record_type renew_request_type = TYPE(renew_request);

static const struct field admin_logon_request_fields[] = {
    {.name = "token", .type = FIELD_TEXT, AT(admin_logon_request, token), .flags = FIELD_SECRET, .sentence = "one-time token of the first administrator"},
    {.name = "tenant", .type = FIELD_TEXT, AT(admin_logon_request, tenant), .sentence = "tenant whose directory has the account"},
    {.name = "name", .type = FIELD_TEXT, AT(admin_logon_request, name), .sentence = "user name"},
    {.name = "password", .type = FIELD_TEXT, AT(admin_logon_request, password), .flags = FIELD_SECRET, .sentence = "password"},
    {.name = NULL},
};
const struct record_type admin_logon_request_type = TYPE(admin_logon_request);

#define FORM_TOKEN(holder) {.name = "token", .type = FIELD_TEXT, AT(holder, token), .flags = FIELD_SECRET, .sentence = "proof that the form was ours"}

static const struct field portal_form_request_fields[] = {
    FORM_TOKEN(portal_form_request),
    {.name = NULL},
};
const struct record_type portal_form_request_type = TYPE(portal_form_request);

static const struct field portal_channel_request_fields[] = {
    FORM_TOKEN(portal_channel_request),
    {.name = "profile", .type = FIELD_ID, AT(portal_channel_request, profile), .flags = FIELD_REQUIRED, .refers = NOUN_PROFILE, .sentence = "which desktop"},
    {.name = NULL},
};
const struct record_type portal_channel_request_type = TYPE(portal_channel_request);

static const struct field portal_logon_request_fields[] = {
    FORM_TOKEN(portal_logon_request),
    {.name = "name", .type = FIELD_TEXT, AT(portal_logon_request, name), .sentence = "user name"},
    {.name = "password", .type = FIELD_TEXT, AT(portal_logon_request, password), .flags = FIELD_SECRET, .sentence = "password"},
    {.name = "code", .type = FIELD_TEXT, AT(portal_logon_request, code), .flags = FIELD_SECRET, .sentence = "the second factor: what an authenticator shows, or a recovery code"},
    {.name = "challenge", .type = FIELD_TEXT, AT(portal_logon_request, challenge), .sentence = "instead: what the page asked a passkey to sign"},
    {.name = "passkey", .type = FIELD_TEXT, AT(portal_logon_request, passkey), .sentence = "its id"},
    {.name = "client_data", .type = FIELD_TEXT, AT(portal_logon_request, client_data), .sentence = "what the browser says it was for"},
    {.name = "authenticator_data", .type = FIELD_TEXT, AT(portal_logon_request, authenticator_data), .sentence = "what the passkey says"},
    {.name = "signature", .type = FIELD_TEXT, AT(portal_logon_request, signature), .sentence = "of both, by the passkey"},
    {.name = NULL},
};
const struct record_type portal_logon_request_type = TYPE(portal_logon_request);

static const struct field portal_telephone_request_fields[] = {
    FORM_TOKEN(portal_telephone_request),
    {.name = "name", .type = FIELD_TEXT, AT(portal_telephone_request, name), .flags = FIELD_REQUIRED, .sentence = "what its person calls it"},
    {.name = "sealed", .type = FIELD_TEXT, AT(portal_telephone_request, sealed), .flags = FIELD_SECRET | FIELD_REQUIRED, .sentence = "its secret, as the page had it"},
    {.name = "code", .type = FIELD_TEXT, AT(portal_telephone_request, code), .flags = FIELD_SECRET | FIELD_REQUIRED, .sentence = "what it shows"},
    {.name = NULL},
};
const struct record_type portal_telephone_request_type = TYPE(portal_telephone_request);

static const struct field portal_passkey_request_fields[] = {
    FORM_TOKEN(portal_passkey_request),
    {.name = "name", .type = FIELD_TEXT, AT(portal_passkey_request, name), .flags = FIELD_REQUIRED, .sentence = "what its person calls it"},
    {.name = "challenge", .type = FIELD_TEXT, AT(portal_passkey_request, challenge), .sentence = "what the page asked it to sign"},
    {.name = "client_data", .type = FIELD_TEXT, AT(portal_passkey_request, client_data), .sentence = "what the browser says it was for"},
    {.name = "authenticator_data", .type = FIELD_TEXT, AT(portal_passkey_request, authenticator_data), .sentence = "what the passkey says"},
    {.name = NULL},
};
const struct record_type portal_passkey_request_type = TYPE(portal_passkey_request);

static const struct field portal_factor_request_fields[] = {
    FORM_TOKEN(portal_factor_request),
    {.name = "factor", .type = FIELD_ID, AT(portal_factor_request, factor), .flags = FIELD_REQUIRED, .refers = NOUN_FACTOR, .sentence = "which"},
    {.name = NULL},
};
const struct record_type portal_factor_request_type = TYPE(portal_factor_request);

static const struct field portal_job_request_fields[] = {
    FORM_TOKEN(portal_job_request),
    {.name = "job", .type = FIELD_TEXT, AT(portal_job_request, job), .flags = FIELD_REQUIRED, .sentence = "which"},
    {.name = "printer", .type = FIELD_ID, AT(portal_job_request, printer), .refers = NOUN_PRINTER, .sentence = "where it shall come out"},
    {.name = NULL},
};
const struct record_type portal_job_request_type = TYPE(portal_job_request);

static const struct field explain_request_fields[] = {
    {.name = "person", .type = FIELD_TEXT, AT(explain_request, person), .flags = FIELD_REQUIRED, .sentence = "user name"},
    {.name = "device", .type = FIELD_ID, AT(explain_request, device), .flags = FIELD_REQUIRED, .refers = NOUN_DEVICE, .sentence = "the desk"},
    {.name = NULL},
};
const struct record_type explain_request_type = TYPE(explain_request);

static const struct field unlock_request_fields[] = {
    {.name = "name", .type = FIELD_TEXT, AT(unlock_request, name), .flags = FIELD_REQUIRED, .sentence = "user name, as it was typed"},
    {.name = NULL},
};
const struct record_type unlock_request_type = TYPE(unlock_request);

static const struct field tenant_check_request_fields[] = {
    {.name = "as", .type = FIELD_TEXT, AT(tenant_check_request, as), .sentence = "a user name to look for, as they would type it; no password is needed"},
    {.name = NULL},
};
const struct record_type tenant_check_request_type = TYPE(tenant_check_request);

static const struct field drain_request_fields[] = {
    {.name = "until", .type = FIELD_TIME, AT(drain_request, until_ms), .sentence = "when the host automatically accepts new sessions again; empty: when it is undrained"},
    {.name = "text", .type = FIELD_TEXT, AT(drain_request, text), .sentence = "shown to the people on the host"},
    {.name = NULL},
};
const struct record_type drain_request_type = TYPE(drain_request);

static const struct field job_release_request_fields[] = {
    {.name = "printer", .type = FIELD_ID, AT(job_release_request, printer), .refers = NOUN_PRINTER, .sentence = "where it is to come out; empty: next to its person, or at the printer that they chose"},
    {.name = NULL},
};
const struct record_type job_release_request_type = TYPE(job_release_request);

static const struct field job_move_request_fields[] = {
    {.name = "printer", .type = FIELD_ID, AT(job_move_request, printer), .flags = FIELD_REQUIRED, .refers = NOUN_PRINTER, .sentence = "where it is to come out instead"},
    {.name = NULL},
};
const struct record_type job_move_request_type = TYPE(job_move_request);

static const struct field message_request_fields[] = {
    {.name = "text", .type = FIELD_TEXT, AT(message_request, text), .flags = FIELD_REQUIRED, .sentence = "what is shown in the session"},
    {.name = NULL},
};
const struct record_type message_request_type = TYPE(message_request);

static const struct field grant_request_fields[] = {
    {.name = "grant", .type = FIELD_RECORD, AT(grant_request, grant), .flags = FIELD_INLINE, .record = &noun_types[NOUN_GRANT], .sentence = "what is asked for; the broker makes its id"},
    {.name = "tenant", .type = FIELD_TEXT, AT(grant_request, tenant), .sentence = "the side that approves it with that, for administrators of the district; empty: the caller's own tenant"},
    {.name = NULL},
};
const struct record_type grant_request_type = TYPE(grant_request);

static const struct field grant_approve_request_fields[] = {
    {.name = "tenant", .type = FIELD_TEXT, AT(grant_approve_request, tenant), .sentence = "the side to approve it for, for administrators of the district; empty: the caller's own tenant"},
    {.name = NULL},
};
const struct record_type grant_approve_request_type = TYPE(grant_approve_request);

static const struct field apply_object_fields[] = {
    {.name = "noun", .type = FIELD_CHOICE, AT(apply_object, noun), .flags = FIELD_REQUIRED, .choices = noun_names, .sentence = "kind of object"},
    {.name = "record", .type = FIELD_NOUN, AT(apply_object, record), .flags = FIELD_INLINE, .tag = offsetof(struct apply_object, noun), .sentence = "its fields"},
    {.name = NULL},
};
const struct record_type apply_object_type = TYPE(apply_object);

static const struct field apply_request_fields[] = {
    {.name = "objects", .type = FIELD_RECORDS, AT(apply_request, objects), .max = OBJECTS_MAX, .record = &apply_object_type, .flags = FIELD_REQUIRED, .sentence = "the wanted objects, in any order"},
    {.name = "dry_run", .type = FIELD_FLAG, AT(apply_request, dry_run), .sentence = "only show what would change, and for whom"},
    ACCEPT(apply_request),
    {.name = NULL},
};
const struct record_type apply_request_type = TYPE(apply_request);
// clang-format on
