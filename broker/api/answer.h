// SPDX-License-Identifier: EUPL-1.2
// What the methods answer that are about no single noun, and the problem document of those that are refused.
#pragma once
#include "broker/api/channel.h"
#include "broker/api/noun_status.h"
#include "broker/api/otp.h"

enum {
    CERTIFICATE_TEXT_SIZE = 8192, // base64 of its DER
    TRACE_FORMATS_SIZE = 8192,
    PROBLEM_TEXT_SIZE = 320,
    ANSWER_ITEMS_MAX = 1000000, // of a list whose length is that of the state
};

extern const struct record_type nothing_type; // no fields

// ---- refusals: RFC 9457

struct problem {
    char type[80]; // "urn:pult:<code>"
    char title[256];
    int64_t status; // HTTP
    char detail[PROBLEM_TEXT_SIZE];
    char detail_format[PROBLEM_TEXT_SIZE]; // what `detail` was made from, for who says it in another language
    char help_desk[NAME_SIZE];
    int64_t retry_after_s;
};
extern const struct record_type problem_type;

// ---- at desks and hosts

// Everything the agent needs to connect once.
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
    char channel[CHANNEL_TOKEN_SIZE];      // a token, for a gateway; empty: none was asked for
    char abandoned_host[NAME_SIZE];        // host of an earlier session that cannot be reached; empty: none
    bool clipboard, drives, printers, sound, multi_monitor;
    bool reconnected;           // a running session was found again
    bool announced;             // "desktop" on the link says when it is there: nothing is shown before
    char moved_from[NAME_SIZE]; // place of the desk it was taken from, empty: none
    char why[TRACE_SIZE];       // lines
};
extern const struct record_type logon_answer_type;

// To a script of the portal: why not, in the person's language.
struct portal_refusal_answer {
    char sentence[TRACE_SIZE];
};
extern const struct record_type portal_refusal_answer_type;

// All ids but one are empty.
struct certificate_answer {
    char device[ID_SIZE], host[ID_SIZE], print_server[ID_SIZE], gateway[ID_SIZE];
    char certificate[CERTIFICATE_TEXT_SIZE];
};
extern const struct record_type certificate_answer_type;

// ---- for administrators

struct admin_logon_answer {
    char token[DIGEST_SIZE];
    int64_t until_ms;
    char name[NAME_SIZE];
    char scope[SLUG_SIZE];
};
extern const struct record_type admin_logon_answer_type;

// Somebody who is logged on to administer; never the token itself.
struct token_answer {
    char id[ID_SIZE], administrator[ID_SIZE];
    char from[64]; // address
    int64_t since_ms, until_ms, confirmed_ms;
};
struct tokens_answer {
    struct record_list items;
};
extern const struct record_type token_answer_type, tokens_answer_type;

struct enrol_token_answer {
    char token[DIGEST_SIZE];
    int64_t until_ms;
};
extern const struct record_type enrol_token_answer_type;

// What a printer said when it was asked, beside what is stored of it then.
struct printer_answer {
    struct printer_status printer;
    char found_name[NAME_SIZE], found_location[NAME_SIZE]; // as it calls itself
};
extern const struct record_type printer_answer_type;

struct drain_answer {
    struct host_status host;
    bool delivered; // a text was shown to the people there
};
extern const struct record_type drain_answer_type;

struct backup_answer {
    int64_t state; // as enum backup_state of core/port.h
    char id[SLUG_SIZE];
    int64_t began_ms, size;
    char digest[DIGEST_SIZE];
    char failure[PROBLEM_TEXT_SIZE];
};

struct backup_piece_answer {
    char id[SLUG_SIZE]; // of the back-up that it is of
    char *data;         // owned; NULL: its end
};
extern const struct record_type backup_answer_type, backup_piece_answer_type;

// The help desk's.
struct factor_code_answer {
    char code[24];
    int64_t until_ms;
};
extern const struct record_type factor_code_answer_type;

struct unlock_answer {
    bool was_waiting; // something was counted against the name
};
extern const struct record_type unlock_answer_type;

struct explain_answer {
    char refusal[SLUG_SIZE];
    char host[ID_SIZE], profile[ID_SIZE];
    char session[ID_SIZE];                                 // that would be found again
    char why[TRACE_SIZE], why_formats[TRACE_FORMATS_SIZE]; // lines
};
extern const struct record_type explain_answer_type;

enum check_step_kind {
    CHECK_STEP_ADDRESS,
    CHECK_STEP_TLS,
    CHECK_STEP_BIND,
    CHECK_STEP_USER_BASE,
    CHECK_STEP_PERSON,
    CHECK_STEP_GROUP_BASE,
    CHECK_STEP_GROUPS,
    CHECK_STEP_CLOCK,
    CHECK_STEP_KERBEROS,
};

enum check_state { CHECK_OK, CHECK_WARNING, CHECK_FAILED, CHECK_SKIPPED };

struct check_step {
    int64_t step, state; // enums
    char text[TRACE_SIZE], text_format[LIST_SIZE];
};
extern const struct record_type check_step_type;

struct tenant_check_answer {
    struct record_list steps; // struct check_step
};
extern const struct record_type tenant_check_answer_type;

struct health_answer {
    int64_t status; // 0: ok
};
extern const struct record_type health_answer_type;

enum own_certificate_kind {
    OWN_CERTIFICATE_SERVER,
    OWN_CERTIFICATE_ADMIN_CA,
    OWN_CERTIFICATE_RDP,
    OWN_CERTIFICATE_COUNT
};

struct own_certificate_report {
    int64_t kind; // enum own_certificate_kind
    int64_t until_ms;
    char problem[320];
};

struct certificate_ending {
    int64_t kind; // enum noun
    char id[ID_SIZE];
    int64_t until_ms;
};

struct identity_shared {
    int64_t kind; // enum noun
    char id[ID_SIZE];
    int64_t since_ms;
};

// An assignment to a person whose user name is somebody else's now.
struct name_reused {
    char assignment[ID_SIZE];
    char user_name[USER_NAME_SIZE];
    char holder[ID_SIZE], person[ID_SIZE];
};

struct directory_report {
    char tenant[ID_SIZE];
    int64_t state; // enum directory_state of core
    char server[LIST_SIZE];
    int64_t since_ms, connections;
    char last_failure[PROBLEM_TEXT_SIZE];
    char kerberos[320];
};

struct host_problem {
    char host[ID_SIZE], pool[ID_SIZE];
    int64_t health;
    char detail[HEALTH_DETAIL_SIZE];
    int64_t sessions;
};

// As printers are, and a print server that does not answer.
enum { PRINTING_SILENT = PRINTER_UNREACHABLE + 1 };

struct printing_problem {
    int64_t kind; // enum noun
    char id[ID_SIZE];
    int64_t state; // enum printer_state, or PRINTING_SILENT
    char detail[HEALTH_DETAIL_SIZE];
    int64_t jobs; // that wait for it, or there
};

enum gateway_trouble { GATEWAY_IS_SILENT, GATEWAY_IS_DRAINING };

struct gateway_problem {
    char gateway[ID_SIZE];
    int64_t state;    // enum gateway_trouble
    int64_t channels; // that it carries, as far as is known
};

// A port on which connections that have proven nothing are dropped to make room.
struct flood_report {
    int64_t port; // enum listener_kind of core
    int64_t since_ms, dropped, connections;
    char network[SLUG_SIZE];
};

// How many machines have an agent of that version.
struct agent_count {
    int64_t kind; // enum noun
    char version[32];
    int64_t protocol, count;
    char refusal[SLUG_SIZE]; // the code why they are not let in; empty: they are linked
};

// At whose password was guessed lately.
struct guesses_report {
    char name[ID_SIZE + USER_NAME_SIZE]; // "tenant/name", as typed but in lower case
    int64_t port;                        // 0: at desks, 1: for administrators
    char from[256];                      // devices or networks, the newest first
    int64_t failures, last_ms, until_ms;
};

extern const struct record_type own_certificate_report_type, certificate_ending_type, directory_report_type,
    host_problem_type, printing_problem_type, gateway_problem_type, agent_count_type, flood_report_type,
    guesses_report_type, identity_shared_type, name_reused_type;

enum store_condition { STORE_IS_OK, STORE_IS_REFUSING };

struct status_answer {
    char version[32];
    int64_t since_ms, events;
    int64_t store; // enum store_condition
    int64_t tenants, devices, devices_online, sessions, channels, hosts, hosts_ok, hosts_draining;
    int64_t device_ca_until_ms;
    int64_t disk_free_permille; // -1: not known
    struct record_list own_certificates, certificates_ending, grants_ending, directories, problems, printing, gateways,
        agents, floods, guesses, identities_shared, names_reused;
};
extern const struct record_type status_answer_type;

// ---- the journal

struct event_answer {
    int64_t seq, at_ms;
    char type[NAME_SIZE];
    char by[ACTOR_SIZE];
    char why[TRACE_SIZE];
    char from[ID_SIZE]; // of a session that moved: its device until then
    int64_t noun;       // NOUN_NONE: told only
    char id[ID_SIZE];   // of what it is about
    union record record;
};

struct events_answer {
    struct record_list items;
    char next[ID_SIZE];
};
extern const struct record_type event_answer_type, events_answer_type;

// ---- accounts

// A job that came out. For the tenant of the printer alone, which sees no people of others: `job` without id, person
// and print server.
struct account_entry {
    struct print_job job;
    char tenant[SLUG_SIZE], printer_tenant[SLUG_SIZE]; // whose person, who pays; whose printer
    char user_name[USER_NAME_SIZE], name[NAME_SIZE];
};

// A channel that has ended.
struct channel_account {
    struct channel channel;
    char tenant[SLUG_SIZE]; // whose person
    char user_name[USER_NAME_SIZE], name[NAME_SIZE];
};

struct accounts_answer {
    struct record_list items;    // struct account_entry
    struct record_list channels; // struct channel_account
    char next[ID_SIZE];
};
extern const struct record_type account_entry_type, channel_account_type, accounts_answer_type;

// ---- many changes at once

enum change_kind { CHANGE_ADD, CHANGE_SAME, CHANGE_CHANGE };

struct field_change {
    char name[SLUG_SIZE];
    char *from, *to; // see field_text
};

struct noun_change {
    int64_t noun;
    char id[ID_SIZE];
    int64_t change; // enum change_kind
    struct record_list fields;
};

// Somebody who would get something else.
struct forecast_person {
    char id[ID_SIZE], user_name[USER_NAME_SIZE], name[NAME_SIZE];
    char from[ID_SIZE], to[ID_SIZE], from_pool[ID_SIZE], to_pool[ID_SIZE];
    bool no_host;
    char fields[LIST_SIZE];
};

// A group that a changed setting names, and the directory does not have as it is written.
struct group_notice {
    int64_t noun; // assignment or tenant
    char id[ID_SIZE];
    char group[DN_SIZE];
    int64_t standing; // enum group_standing of core
};

struct apply_answer {
    struct record_list changes;
    struct record_list groups; // of struct group_notice
    bool applied;
    // Of a plan only, else empty.
    struct record_list affected;
    int64_t affected_count, without_workplace, people, not_checked;
    char own_rights[320]; // what it would take from the caller; empty: nothing
};
extern const struct record_type group_notice_type, field_change_type, noun_change_type, forecast_person_type,
    apply_answer_type;
