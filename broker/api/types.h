// SPDX-License-Identifier: EUPL-1.2
// The nouns as they are stored, sent and shown, and the rows that describe their fields. From the rows come the JSON
// of the API and of the journal, the checks of what comes in, and the columns that pultctl prints.
#pragma once
#include "broker/api/channel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SLUG_SIZE = 64,  // a name of ours, see text_is_slug
    ID_SIZE = 128,   // "tenant" or "tenant/name", both slugs
    NAME_SIZE = 128, // text for people
    DN_MAX = 255,    // letters of an LDAP distinguished name, as people write it
    DN_SIZE = 4 * DN_MAX + 1,
    LIST_SIZE = 512,      // words with one space between
    DIGEST_SIZE = 65,     // SHA-256 in hexadecimal
    USER_NAME_SIZE = 128, // the name a person types
    TRACE_SIZE = 2048,    // the trace of a decision, a line per step
    ACTOR_SIZE = 160,     // "device neustadt/desk1", "admin neustadt/anna", "broker"
    URI_SIZE = 256,       // of a printer
    FACTOR_CODES_MAX = 10,
    FACTOR_CREDENTIAL_SIZE = 685, // base64url of at most 512 bytes
    FACTOR_KEY_SIZE = 349,        // base64 of at most 259 bytes
};

enum noun {
    NOUN_TENANT,
    NOUN_SITE,
    NOUN_POOL,
    NOUN_HOST,
    NOUN_PROFILE,
    NOUN_ASSIGNMENT,
    NOUN_PRINTER,
    NOUN_DEVICE,
    NOUN_PRINT_SERVER,
    NOUN_GATEWAY,
    NOUN_ADMINISTRATOR,
    NOUN_PERSON,
    NOUN_FACTOR,
    NOUN_SESSION,
    NOUN_JOB,
    NOUN_CHANNEL,
    NOUN_GRANT,
    NOUN_COUNT,
    NOUN_NONE = NOUN_COUNT,
};

enum field_type {
    FIELD_ID,      // char[ID_SIZE]: of this noun, or of the noun it `refers` to
    FIELD_TEXT,    // char[size], clean UTF-8; of at most `max` letters where that is set
    FIELD_LIST,    // char[size], words joined by one space; a JSON array of strings
    FIELD_LINES,   // char[size], lines joined by \n; a JSON array of strings
    FIELD_NUMBER,  // int64_t between min and max
    FIELD_FLAG,    // bool
    FIELD_CHOICE,  // int64_t, index into `choices`; a JSON string
    FIELD_TIME,    // int64_t, milliseconds since 1970 UTC, 0 for never; RFC 3339 in the API, a number in the journal
    FIELD_DIGEST,  // char[DIGEST_SIZE], 64 hexadecimal digits or empty
    FIELD_RECORD,  // a struct of the type `record`, within
    FIELD_RECORDS, // struct record_list of the type `record`, at most `max`; a JSON array of objects
    FIELD_STRING,  // char *, owned, NULL for empty; clean UTF-8 of at most `max` bytes
    FIELD_NOUN,    // union record, of the noun that the FIELD_CHOICE of noun_names at `tag` says; none of them: nothing
};

enum field_flag {
    FIELD_REQUIRED = 1,  // must be in a change
    FIELD_READ_ONLY = 2, // set by the broker; refused in a change
    FIELD_HIDDEN = 4,    // in the journal only, never in an answer
    FIELD_SECRET = 8,    // wiped after use, never shown or stored
    FIELD_SPARSE = 16,   // left out while empty, where others are written empty; a number: while below `min`
    FIELD_GRANTED = 64,  // FIELD_ID: may be another tenant's by a grant; every other one is its owner's own
    FIELD_INLINE = 32,   // FIELD_RECORD, FIELD_NOUN: its members stand beside the others, which come first by name
};

// What kind of struct it is, and the rows of its members.
struct record_type {
    const char *name;           // in the OpenAPI document, each once
    const struct field *fields; // ends with a row without name
    size_t size;
};

struct record_list {
    void *rows; // see record_add
    size_t count, capacity;
};

struct field {
    const char *name;
    enum field_type type;
    size_t offset, size;
    unsigned flags;
    enum noun refers; // FIELD_ID only; NOUN_NONE: this noun's own id
    int64_t min, max;
    const char *const *choices;       // ends with NULL
    const struct record_type *record; // FIELD_RECORD, FIELD_RECORDS
    size_t tag;                       // FIELD_NOUN: offset of the int64_t that says which noun
    unsigned column;                  // its place in a table of such records, from 1 on; 0: only where one is shown
    const char *sentence;             // what it is, for manuals and the OpenAPI document
};

struct noun_row {
    const char *name;           // "pool"
    const char *plural;         // "pools", also the path
    const struct field *fields; // ends with a row without name
    size_t size;
    bool writable; // administrators set and remove it (else it comes from what happens; of a person: when it is there)
    const char *sentence;
    bool told_only; // it is in no table of the state: an event tells what came of it
};

extern const struct noun_row noun_rows[NOUN_COUNT];
extern const char *const noun_names[]; // by enum noun, then "none" and NULL
extern const struct record_type noun_types[NOUN_COUNT];

struct tenant {
    char id[ID_SIZE]; // no slash
    char name[NAME_SIZE];
    bool district;            // its administrators look after all tenants
    int64_t directory;        // enum directory_kind
    char servers[LIST_SIZE];  // ldaps://host[:port] or ldap://host (StartTLS), tried in order
    char user_base[DN_SIZE];  // where people are searched
    char group_base[DN_SIZE]; // groups elsewhere do not count; see tenant_group_base
    // What the directory calls things; empty: as its kind has it. See directory_schema.h.
    char logon_attributes[LIST_SIZE], person_classes[LIST_SIZE], id_attribute[NAME_SIZE];
    char group_classes[LIST_SIZE], member_attributes[LIST_SIZE];
    int64_t bind_method;       // enum bind_method
    char bind_dn[DN_SIZE];     // service account, or its principal; password or keytab lie in the credentials folder
    char realm[NAME_SIZE];     // Kerberos realm, empty: none
    char admin_group[DN_SIZE]; // members administer this tenant
    char help_desk[NAME_SIZE]; // shown under refusals: a telephone number
    int64_t max_devices, max_hosts, max_assignments; // quotas; 0: none
    // Networks its session hosts may be in, words; empty: those that are no part of the internet. See tenant_networks.
    char host_networks[LIST_SIZE];
    int64_t job_hours; // a print job that came out nowhere is deleted after; see tenant_job_hours
};

const char *tenant_networks(const struct tenant *tenant);
// Whether its people may put that behind their names and an @: its realm or its id, in capitals or not.
bool tenant_has_suffix(const struct tenant *tenant, const char *suffix);
int64_t tenant_job_hours(const struct tenant *tenant);
const char *tenant_group_base(const struct tenant *tenant);

enum directory_kind {
    DIRECTORY_OPENLDAP,
    DIRECTORY_389_DS,
    DIRECTORY_FREEIPA,
    DIRECTORY_UCS,
    DIRECTORY_ACTIVE_DIRECTORY,
    DIRECTORY_KIND_COUNT
};
extern const char *const directory_kind_words[];

enum bind_method { BIND_METHOD_PASSWORD, BIND_METHOD_KERBEROS };

// What a group of a setting is in the directory: by its DN, or by its common name.
enum group_standing {
    GROUP_UNKNOWN, // not asked for lately, or no server answered
    GROUP_FOUND,
    GROUP_ABSENT,  // there is none below the base of groups
    GROUP_TWICE,   // several are called so: the name stands for none of them
    GROUP_OUTSIDE, // its DN is not below the base of groups
};

struct site {
    char id[ID_SIZE];
    char name[NAME_SIZE];
};

enum pool_kind { POOL_TERMINAL_SERVER, POOL_DESKTOP };

struct pool {
    char id[ID_SIZE];
    char name[NAME_SIZE];
    int64_t kind;    // enum pool_kind
    bool persistent; // a desktop stays with its person after logoff
};

enum host_os { HOST_OS_LINUX, HOST_OS_WINDOWS };

struct host {
    char id[ID_SIZE];
    char pool[ID_SIZE];
    char address[NAME_SIZE]; // name or IP address
    int64_t port;
    char fingerprint[DIGEST_SIZE]; // SHA-256 of its certificate (DER)
    int64_t weight;                // share of the load, 1 to 1000; 100 is usual
    int64_t max_sessions;
    int64_t os;                    // enum host_os; on Windows there is no agent of ours
    char owner[ID_SIZE];           // the person whose it is, in a pool of persistent desktops
    char wake[LIST_SIZE];          // hardware addresses, or host_wake_command; empty: not to be woken
    bool draining;                 // takes no new sessions
    int64_t drain_until_ms;        // then it takes them again by itself; 0: until told
    char certificate[DIGEST_SIZE]; // of its agent (DER, SHA-256); empty: none, passwords go to the host
    int64_t until_ms;              // how long that is valid
    char enrolment[DIGEST_SIZE];   // the certificate it was enrolled with; empty: the same
    int64_t enrolled_ms;
    char enrol_token_hash[DIGEST_SIZE]; // SHA-256 of the enrolment token
    int64_t enrol_token_until_ms;
    int64_t shared_ms; // when its identity was seen in use at two places; 0: never
};

// In `wake`: by the broker's wake-command.
extern const char host_wake_command[];

// How a session is opened at its host: by a one-time password only, or with the person's password behind it.
enum authentication { AUTHENTICATION_OTP, AUTHENTICATION_PASSWORD };

// What becomes of a print job for where the person is, while they are at no desk.
enum home_printing { HOME_PRINTING_HOLD, HOME_PRINTING_OWN_PRINTER };

// From where a workplace may be used, each more than the one before.
enum outside_access { OUTSIDE_BY_NOBODY, OUTSIDE_BY_DEVICE, OUTSIDE_BY_ANY };

struct profile {
    char id[ID_SIZE];
    char name[NAME_SIZE];
    char pool[ID_SIZE];
    bool clipboard, drives, printers, sound, multi_monitor;
    int64_t home_printing;                                   // enum home_printing
    int64_t outside;                                         // enum outside_access: through a gateway
    char hours[NAME_SIZE];                                   // "06:00-20:00", empty: always
    char days[LIST_SIZE];                                    // mon tue wed thu fri sat sun, empty: all
    int64_t authentication;                                  // enum authentication
    int64_t idle_minutes, disconnected_minutes, max_minutes; // limits in minutes; 0: none
};

struct assignment {
    char id[ID_SIZE];
    char profile[ID_SIZE];
    char group[DN_SIZE];         // DN or common name of a directory group; or:
    char person[USER_NAME_SIZE]; // user name
    char holder[ID_SIZE];        // the person who used it first, whose it is by whatever name; empty: nobody has yet
    int64_t priority;            // the highest that applies wins
};

struct device {
    char id[ID_SIZE];
    char site[ID_SIZE];
    char room[NAME_SIZE];
    char printer[ID_SIZE]; // the nearest; empty: computed, see core/print_route
    bool disabled;
    char certificate[DIGEST_SIZE]; // SHA-256 of its certificate (DER), empty: not enrolled
    int64_t until_ms;              // how long that is valid
    int64_t enrolled_ms;
    char enrol_token_hash[DIGEST_SIZE]; // SHA-256 of the enrolment token
    int64_t enrol_token_until_ms;
    int64_t shared_ms; // when its identity was seen in use at two places; 0: never
};

struct printer {
    char id[ID_SIZE];
    char name[NAME_SIZE];
    char uri[URI_SIZE]; // ipp://... or ipps://...
    char site[ID_SIZE];
    char room[NAME_SIZE];
    char substitute[ID_SIZE];         // prints instead while this one cannot
    int64_t price_mono, price_colour; // a page side, in hundredths of a cent
    char fingerprint[DIGEST_SIZE];    // SHA-256 of its certificate (DER); empty: none seen yet, or ipp
    bool draining;                    // takes no new jobs
    // As it said itself when it was read last.
    char make[NAME_SIZE];
    char formats[LIST_SIZE]; // MIME types
    char media[LIST_SIZE];   // PWG names
    bool colour, duplex;
    int64_t read_ms; // 0: never
};

// Runs pult-print: takes jobs from session hosts, keeps them and sends them to printers.
struct print_server {
    char id[ID_SIZE];
    char address[NAME_SIZE]; // name or IP address, for session hosts
    int64_t port;
    int64_t accounts;              // the highest number of its accounts that is in the journal
    char certificate[DIGEST_SIZE]; // SHA-256 of its certificate (DER), empty: not enrolled
    int64_t until_ms;              // how long that is valid
    int64_t enrolled_ms;
    char enrol_token_hash[DIGEST_SIZE]; // SHA-256 of the enrolment token
    int64_t enrol_token_until_ms;
    int64_t shared_ms; // when its identity was seen in use at two places; 0: never
};

// Runs pult-gateway: lets people in from outside, and carries their sessions.
struct gateway {
    char id[ID_SIZE];
    char name[NAME_SIZE]; // host name by which it is called from outside
    int64_t port;
    bool draining;                 // lets nobody in any more; who is in stays
    char certificate[DIGEST_SIZE]; // SHA-256 of its certificate (DER), empty: not enrolled
    int64_t until_ms;              // how long that is valid
    int64_t enrolled_ms;
    char enrol_token_hash[DIGEST_SIZE]; // SHA-256 of the enrolment token
    int64_t enrol_token_until_ms;
    int64_t shared_ms; // when its identity was seen in use at two places; 0: never
    // How far its accounts are in the journal: it numbers the ends of channels anew each time that it starts.
    int64_t run, ends;
};

// Somebody who administers by client certificate, without a directory: at the port for administrators only.
struct administrator {
    char id[ID_SIZE];
    char name[NAME_SIZE];
    char certificate[DIGEST_SIZE]; // SHA-256 of it (DER)
};

struct person {
    char id[ID_SIZE]; // "tenant/p-<hex>": opaque; the name stands in the erasable table of people
    int64_t first_seen_ms;
    char printer[ID_SIZE]; // their own office printer; empty: the nearest to the desk that they used last
};

// What people show besides their password when they log on from outside.
enum factor_kind {
    FACTOR_PASSKEY,
    FACTOR_TOTP,     // codes that a telephone shows
    FACTOR_RECOVERY, // codes on paper, each good once
    FACTOR_HELP_DESK // one code, good once, to enrol another factor
};
extern const char *const factor_kind_words[];

struct factor {
    char id[ID_SIZE];                        // "tenant/f-<hex>"
    char person[ID_SIZE];                    // whose it is
    int64_t kind;                            // enum factor_kind
    char name[NAME_SIZE];                    // what its person calls it
    int64_t enrolled_ms, used_ms;            // used: 0: never
    int64_t until_ms;                        // of a help desk's code; 0: as long as it is there
    char credential[FACTOR_CREDENTIAL_SIZE]; // of a passkey: its own id
    char key[FACTOR_KEY_SIZE];               // of a passkey: the public one; of a telephone: the secret, sealed
    int64_t algorithm;                       // of a passkey's key
    int64_t count;                           // of a passkey: what its counter said; of a telephone: the step used last
    char codes[FACTOR_CODES_MAX * DIGEST_SIZE]; // digests of those that were not used, words
};

enum session_state {
    SESSION_STARTING, // a desk has its lease
    SESSION_CONNECTED,
    SESSION_DISCONNECTED, // it goes on, and nobody sees it
    SESSION_ENDED,        // as the last event tells of it; it is in no list any more
    SESSION_STATE_COUNT,
};
extern const char *const session_state_words[];

struct session {
    char id[ID_SIZE]; // "tenant/s-<hex>"
    char person[ID_SIZE];
    char pool[ID_SIZE];
    char host[ID_SIZE];
    char profile[ID_SIZE];
    char device[ID_SIZE]; // where it was last opened
    int64_t state;        // enum session_state
    int64_t fence;        // fencing number, higher with every move
    int64_t started_ms, changed_ms;
};

// Who counted the pages of a job.
enum page_counter {
    COUNTED_BY_PRINTER,
    COUNTED_BY_DOCUMENT, // the printer reports nothing: pages of the document, times copies
};
extern const char *const page_counter_words[];

// What a job came to, for accounts: nothing of it is in the state, it is told once, when it is out. What waits is soft
// (core/jobs).
struct print_job {
    char id[ID_SIZE]; // "tenant/j-<hex>", of its owner's tenant
    char person[ID_SIZE];
    char printer[ID_SIZE];
    char server[ID_SIZE];        // the print server
    int64_t number;              // 1, 2, 3 ... of the print server's accounts
    int64_t impressions, sheets; // page sides, sheets of paper
    bool colour;
    int64_t counted; // enum page_counter
    int64_t price;   // by the printer's prices when it was counted; hundredths of a cent
    int64_t printed_ms;
};

// A way from outside to a session, as it was opened and what it came to, for accounts: nothing of it is in the state.
// What is open is soft (core/channels).
struct channel {
    char id[ID_SIZE]; // "tenant/c-<hex>", of its person's tenant
    char session[ID_SIZE], person[ID_SIZE], host[ID_SIZE], gateway[ID_SIZE];
    int64_t way;                                    // enum channel_way
    char network[CHANNEL_NETWORK_SIZE];             // the caller's; told when it is opened, and kept as short as that
    int64_t since_ms, until_ms;                     // until: 0 as long as it is open
    int64_t reason, bytes_to_host, bytes_to_person; // once it has ended; enum channel_reason
    int64_t run, number; // of this end in the gateway's accounts; see struct gateway. 0: the broker noticed it itself
};

// The two tenants that a grant is between: whose the thing is, and who may use it.
enum grant_side { GRANT_GIVER, GRANT_RECEIVER, GRANT_SIDE_COUNT, GRANT_NO_SIDE = GRANT_SIDE_COUNT };

// A written exception to the wall between tenants. While both sides have approved it and its time is not over, the
// receiver may use the thing.
struct grant {
    char id[ID_SIZE];           // "giver/g-<hex>"
    char to[SLUG_SIZE];         // the receiver
    char printer[ID_SIZE];      // of the giver; or:
    char pool[ID_SIZE];         // with the hosts in it; or:
    char site[ID_SIZE];         // with the devices there
    char reason[NAME_SIZE];     // why
    int64_t until_ms;           // when it ends; or:
    int64_t review_ms;          // when it ends unless both sides have confirmed it
    char requested_by[ID_SIZE]; // an administrator, and below
    int64_t requested_ms;
    struct grant_approval {
        char by[ID_SIZE]; // empty: not approved
        int64_t at_ms;
    } approvals[GRANT_SIDE_COUNT];
    int64_t since_ms; // both had approved, or confirmed; 0: not yet
};

union record {
    char id[ID_SIZE]; // every noun begins with its id
    struct tenant tenant;
    struct site site;
    struct pool pool;
    struct host host;
    struct profile profile;
    struct assignment assignment;
    struct printer printer;
    struct device device;
    struct print_server print_server;
    struct gateway gateway;
    struct administrator administrator;
    struct person person;
    struct factor factor;
    struct session session;
    struct print_job job;
    struct channel channel;
    struct grant grant;
};

// What a host keeps of what is promised to the people on it. On Windows runs no program of ours, so whatever it was
// enrolled as before, it has no agent.
enum host_guarantee { HOST_FENCED, HOST_PROBED, HOST_ON_WINDOWS, HOST_GUARANTEE_COUNT };

struct host_guarantee_row {
    const char *code;
    const char *sentence; // English; the gettext key
};

extern const struct host_guarantee_row host_guarantee_rows[HOST_GUARANTEE_COUNT];

bool host_has_agent(const struct host *host);
// What stays while its agent renews its certificate, and changes when it is enrolled anew.
const char *host_enrolment(const struct host *host);
enum host_guarantee host_guarantee(const struct host *host);
// The sentence for a code, as the API has it; the code itself when it is none of ours.
const char *host_guarantee_sentence(const char *code);

// The tenant part of an id; always fits SLUG_SIZE when the id is valid. Whose a thing is says broker/core/wall.h.
void id_tenant(char tenant[SLUG_SIZE], const char *id);
bool id_is_of_tenant(const char *id, const char *tenant);
// "tenant/name", of the same tenant as the id `beside`.
void id_beside(char id[ID_SIZE], const char *beside, const char *name);
// "tenant" for NOUN_TENANT, "tenant/name" for the others.
bool id_is_valid(enum noun noun, const char *id);
extern const char *const host_guarantee_codes[]; // by enum host_guarantee, then NULL
// NULL-safe search by name; NOUN_NONE when there is none.
enum noun noun_by_name(const char *name);
enum noun noun_by_plural(const char *plural);
