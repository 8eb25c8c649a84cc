// SPDX-License-Identifier: EUPL-1.2
// The nouns as they are shown: the record as it is stored, and what is known of it at the moment.
#pragma once
#include "broker/api/job.h"

enum { HEALTH_DETAIL_SIZE = 320, WARNINGS_SIZE = 1200 };

enum agent_presence { AGENT_NONE, AGENT_LINKED, AGENT_SILENT };

// What the agent of a host or a device said of itself when it last came.
struct agent_status {
    char version[32];
    int64_t protocol;        // -1: it never came
    char refusal[SLUG_SIZE]; // code of why it has no link; empty: it has, or had
};

struct host_status {
    struct host host;
    int64_t health; // enum host_health of core
    char health_detail[HEALTH_DETAIL_SIZE];
    int64_t sessions; // by the journal
    int64_t agent;    // enum agent_presence
    struct agent_status of_agent;
    char owner_user_name[USER_NAME_SIZE];
    int64_t guarantee; // enum host_guarantee
    // By its agent's last report; numbers are -1 without one.
    int64_t cpu, memory, pressure, reported_sessions, report_age_s;
    char warnings[WARNINGS_SIZE];
    int64_t without_desktop; // people let in lately who got none; -1: there are none
    int64_t last_failure;    // enum desktop_outcome of the last of them; DESKTOP_READY: there is none
};

// As sessions are shown: of a host that is away nobody knows what it has.
enum { SESSION_SHOWN_UNKNOWN = SESSION_STATE_COUNT };

struct session_status {
    struct session session;
    int64_t state;  // enum session_state, or SESSION_SHOWN_UNKNOWN
    int64_t idle_s; // without keyboard and mouse; -1: not known
    char user_name[USER_NAME_SIZE];
    char name[NAME_SIZE];
    char place[NAME_SIZE];
};

struct device_status {
    struct device device;
    bool online;
    char session[ID_SIZE]; // that it shows
    struct agent_status of_agent;
};

struct person_status {
    struct person person;
    char user_name[USER_NAME_SIZE];
    char name[NAME_SIZE];
};

struct factor_status {
    struct factor factor;
    char user_name[USER_NAME_SIZE];
    char person_name[NAME_SIZE];
    int64_t codes_left; // -1: it has none
};

struct administrator_status {
    struct administrator administrator;
    char scope[SLUG_SIZE]; // their tenant, or "district"
};

struct assignment_status {
    struct assignment assignment;
    int64_t group_standing; // enum group_standing of core; of one to a person: unknown
};

struct tenant_status {
    struct tenant tenant;
    int64_t group_standing; // of its admin_group
};

struct printer_status {
    struct printer printer;
    int64_t state; // enum printer_state
    char detail[HEALTH_DETAIL_SIZE];
    int64_t waiting; // jobs for it that are not out
};

struct print_server_status {
    struct print_server print_server;
    int64_t agent; // enum agent_presence
    int64_t jobs;  // that it has and that are not out; -1: not known, it is not linked
    struct agent_status of_agent;
};

struct gateway_status {
    struct gateway gateway;
    int64_t agent;    // enum agent_presence
    int64_t channels; // that it carries; -1: not known, it is not linked
    struct agent_status of_agent;
};

// A job that waits, is being printed or was until lately: as its print server said last.
struct job_status {
    char id[ID_SIZE]; // "tenant/j-<hex>", of its owner's tenant
    char person[ID_SIZE];
    char user_name[USER_NAME_SIZE]; // as the session host says while nobody knows better
    int64_t state, reason;          // enums job_state, job_reason
    char printer[ID_SIZE];
    char server[ID_SIZE]; // the print server that has it
    char host[ID_SIZE];   // the session host that it came from
    int64_t created_ms, delete_at_ms;
    int64_t size, pages;
};

// A channel that is open.
struct channel_status {
    char id[ID_SIZE]; // "tenant/c-<hex>", of its person's tenant
    char person[ID_SIZE];
    char user_name[USER_NAME_SIZE];
    char session[ID_SIZE], host[ID_SIZE], gateway[ID_SIZE];
    int64_t way; // enum channel_way
    char network[CHANNEL_NETWORK_SIZE];
    int64_t since_ms;
};

enum grant_state {
    GRANT_WAITS_FOR_BOTH,
    GRANT_WAITS_FOR_GIVER,
    GRANT_WAITS_FOR_RECEIVER,
    GRANT_IN_FORCE,
    GRANT_IS_OVER
};

struct grant_status {
    struct grant grant;
    int64_t state; // enum grant_state
};

union noun_status {
    union record record;
    struct printer_status printer;
    struct print_server_status print_server;
    struct gateway_status gateway;
    struct job_status job;
    struct channel_status channel;
    struct host_status host;
    struct session_status session;
    struct device_status device;
    struct person_status person;
    struct factor_status factor;
    struct administrator_status administrator;
    struct assignment_status assignment;
    struct tenant_status tenant;
    struct grant_status grant;
};

extern const struct record_type *const noun_status_types[NOUN_COUNT];
extern const struct record_type host_status_type, session_status_type, device_status_type, person_status_type,
    administrator_status_type, assignment_status_type, tenant_status_type, printer_status_type,
    print_server_status_type, gateway_status_type, job_status_type, channel_status_type, grant_status_type,
    factor_status_type;
extern const char *const group_standing_names[]; // by enum group_standing of core, then NULL
extern const char *const host_health_names[];    // by enum host_health of core, then NULL

// A page of a list, of the nouns' status.
struct noun_list {
    struct record_list items;
    char next[ID_SIZE]; // for ?after=; "" at the end
};

extern const struct record_type noun_list_types[NOUN_COUNT];
