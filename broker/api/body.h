// SPDX-License-Identifier: EUPL-1.2
// What callers ask with: the bodies and queries of the methods. Those that set a noun have its own record.
#pragma once
#include "broker/api/host_link.h"
#include "broker/api/job.h"
#include "broker/base/mem.h"

// Of changes: which refusal is not meant.
enum acceptance { ACCEPT_NOTHING, ACCEPT_OWN_RIGHTS };
extern const char *const acceptance_words[];

// Of lists; of the journal `after` is the number of an event.
struct page_query {
    char after[ID_SIZE];
    int64_t limit;
    char tenant[SLUG_SIZE];
    int64_t from_ms, until_ms; // 0: any time
    int64_t accept;
};
extern const struct record_type page_query_type, events_query_type, accounts_query_type, change_query_type,
    backup_query_type;

struct logon_request {
    char name[USER_NAME_SIZE]; // as typed: "anna", "anna@neustadt.example"; empty with Negotiate
    char password[SECRET_MAX + 1];
    bool channel; // the desk is outside: it needs a way through a gateway
};

struct password_request {
    char name[USER_NAME_SIZE];
    char password[SECRET_MAX + 1];
    char new_password[SECRET_MAX + 1];
};

struct enrol_request {
    char token[NAME_SIZE];
    char request[4096];            // PKCS #10, PEM, lines joined by \n are not clean text: base64 of the DER
    char fingerprint[DIGEST_SIZE]; // a session host's; empty: as it was set
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

enum { PASSKEY_WORD_SIZE = 2048 };

// Forms of the portal. `token` proves that the form was ours.
struct portal_form_request {
    char token[DIGEST_SIZE];
};

struct portal_channel_request {
    char token[DIGEST_SIZE];
    char profile[ID_SIZE]; // that the page is about
};

struct portal_logon_request {
    char token[DIGEST_SIZE];
    char name[USER_NAME_SIZE];
    char password[SECRET_MAX + 1];
    char code[NAME_SIZE];
    // Instead of a code: the page's question, and what a passkey answers (WebAuthn), in base64.
    char challenge[DIGEST_SIZE], passkey[PASSKEY_WORD_SIZE], client_data[PASSKEY_WORD_SIZE],
        authenticator_data[PASSKEY_WORD_SIZE], signature[PASSKEY_WORD_SIZE];
};

struct portal_telephone_request {
    char token[DIGEST_SIZE];
    char name[NAME_SIZE];
    char sealed[FACTOR_KEY_SIZE], code[NAME_SIZE];
};

struct portal_passkey_request {
    char token[DIGEST_SIZE];
    char name[NAME_SIZE];
    char challenge[DIGEST_SIZE], client_data[PASSKEY_WORD_SIZE], authenticator_data[PASSKEY_WORD_SIZE];
};

struct portal_factor_request {
    char token[DIGEST_SIZE];
    char factor[ID_SIZE];
};

struct portal_job_request {
    char token[DIGEST_SIZE];
    char job[JOB_NAME_SIZE];
    char printer[ID_SIZE]; // empty: it is deleted
};

struct explain_request {
    char person[USER_NAME_SIZE]; // user name
    char device[ID_SIZE];
};

struct unlock_request {
    char name[USER_NAME_SIZE]; // as typed where it was guessed
};

struct tenant_check_request {
    char as[USER_NAME_SIZE]; // as typed; empty: nobody in particular
};

struct drain_request {
    int64_t until_ms;     // 0: until undrained
    char text[NAME_SIZE]; // shown to the people on the host; empty: nothing
};

struct job_release_request {
    char printer[ID_SIZE]; // empty: where it was meant to come out
};

struct job_move_request {
    char printer[ID_SIZE];
};

struct message_request {
    char text[HOST_TEXT_SIZE];
};

// A grant that is asked for, without an id; and for which tenant, which approves it with that. Empty: the caller's own.
struct grant_request {
    struct grant grant;
    char tenant[SLUG_SIZE];
};

struct grant_approve_request {
    char tenant[SLUG_SIZE]; // as above
};

struct apply_object {
    int64_t noun;
    union record record;
};

struct apply_request {
    struct record_list objects;
    bool dry_run;
    int64_t accept;
};

extern const struct record_type logon_request_type, password_request_type, enrol_request_type, renew_request_type,
    admin_logon_request_type, explain_request_type, unlock_request_type, drain_request_type, message_request_type,
    tenant_check_request_type, grant_request_type, grant_approve_request_type, job_release_request_type,
    job_move_request_type, portal_form_request_type, portal_channel_request_type, portal_logon_request_type,
    portal_telephone_request_type, portal_passkey_request_type, portal_factor_request_type, portal_job_request_type,
    apply_object_type, apply_request_type;
