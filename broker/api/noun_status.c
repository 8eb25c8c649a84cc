// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/noun_status.h"

enum { PAGE_MAX = 1000 };

const char *const host_health_names[] = {"unknown",   "ok",     "unreachable", "no-tls", "wrong-certificate",
                                         "unhealthy", "silent", "failing",     NULL};
const char *const group_standing_names[] = {"unknown", "found", "absent", "twice", "outside", NULL};
static const char *const agent_presences[] = {"none", "linked", "silent", NULL};
static const char *const last_failures[] = {"none",  "no-session", "no-account", "no-screen", "no-window-manager",
                                            "ended", NULL};
static const char *const shown_states[] = {"starting", "connected", "disconnected", "ended", "unknown", NULL};

// A row a line.
// clang-format off
#define AT(holder, member) .offset = offsetof(struct holder, member), .size = sizeof(((struct holder *)0)->member)
#define STATUS(holder) {#holder, holder##_fields, sizeof(struct holder)}
#define STORED(holder, member, noun) {.name = #member, .type = FIELD_RECORD, AT(holder, member), .flags = FIELD_INLINE, .record = &noun_types[noun], .sentence = "as it is stored"}

static const struct field agent_status_fields[] = {
    {.name = "agent_version", .type = FIELD_TEXT, AT(agent_status, version), .flags = FIELD_SPARSE, .sentence = "of its agent"},
    {.name = "agent_protocol", .type = FIELD_NUMBER, AT(agent_status, protocol), .max = INT32_MAX, .flags = FIELD_SPARSE, .sentence = "that its agent speaks"},
    {.name = "agent_refusal", .type = FIELD_TEXT, AT(agent_status, refusal), .flags = FIELD_SPARSE, .sentence = "the problem's code, when its agent is refused"},
    {.name = NULL},
};
static const struct record_type agent_status_type = STATUS(agent_status);

#define OF_AGENT(holder) {.name = "of_agent", .type = FIELD_RECORD, AT(holder, of_agent), .flags = FIELD_INLINE, .record = &agent_status_type, .sentence = "what its agent reported about itself"}

static const struct field host_status_fields[] = {
    STORED(host_status, host, NOUN_HOST),
    {.name = "health", .type = FIELD_CHOICE, AT(host_status, health), .choices = host_health_names, .column = 4, .sentence = "its state"},
    {.name = "health_detail", .type = FIELD_TEXT, AT(host_status, health_detail), .sentence = "what is wrong with it"},
    {.name = "sessions", .type = FIELD_NUMBER, AT(host_status, sessions), .max = INT64_MAX, .column = 5, .sentence = "sessions that the broker knows there"},
    {.name = "agent", .type = FIELD_CHOICE, AT(host_status, agent), .choices = agent_presences, .sentence = "without an agent the broker only probes the port and relies on the desks"},
    OF_AGENT(host_status),
    {.name = "owner_user_name", .type = FIELD_TEXT, AT(host_status, owner_user_name), .flags = FIELD_SPARSE, .sentence = "user name of its owner"},
    {.name = "guarantee", .type = FIELD_CHOICE, AT(host_status, guarantee), .choices = host_guarantee_codes, .sentence = "what it guarantees"},
    {.name = "cpu", .type = FIELD_NUMBER, AT(host_status, cpu), .max = 1000, .flags = FIELD_SPARSE, .column = 7, .sentence = "share of the processors in use, permille"},
    {.name = "memory", .type = FIELD_NUMBER, AT(host_status, memory), .max = 1000, .flags = FIELD_SPARSE, .column = 8, .sentence = "share of the memory in use, permille"},
    {.name = "pressure", .type = FIELD_NUMBER, AT(host_status, pressure), .max = 1000, .flags = FIELD_SPARSE, .sentence = "share of the time in which something waited, permille"},
    {.name = "reported_sessions", .type = FIELD_NUMBER, AT(host_status, reported_sessions), .max = INT64_MAX, .flags = FIELD_SPARSE, .sentence = "sessions reported by its agent"},
    {.name = "report_age", .type = FIELD_NUMBER, AT(host_status, report_age_s), .max = INT64_MAX, .flags = FIELD_SPARSE, .column = 9, .sentence = "seconds since the last report of its agent"},
    {.name = "warnings", .type = FIELD_TEXT, AT(host_status, warnings), .flags = FIELD_SPARSE, .sentence = "what is odd there, though nobody is kept out"},
    {.name = "without_desktop", .type = FIELD_NUMBER, AT(host_status, without_desktop), .max = INT64_MAX, .flags = FIELD_SPARSE, .sentence = "people who were let in within the last ten minutes and got no desktop"},
    {.name = "last_failure", .type = FIELD_CHOICE, AT(host_status, last_failure), .choices = last_failures, .flags = FIELD_SPARSE, .sentence = "why the last of them got none"},
    {.name = NULL},
};

static const struct field session_status_fields[] = {
    STORED(session_status, session, NOUN_SESSION),
    {.name = "state", .type = FIELD_CHOICE, AT(session_status, state), .choices = shown_states, .column = 5, .sentence = "starting, connected or disconnected; unknown while its host is away"},
    {.name = "idle", .type = FIELD_NUMBER, AT(session_status, idle_s), .max = INT64_MAX, .flags = FIELD_SPARSE, .column = 6, .sentence = "seconds without keyboard and mouse"},
    {.name = "user_name", .type = FIELD_TEXT, AT(session_status, user_name), .column = 2, .sentence = "user name of its person"},
    {.name = "name", .type = FIELD_TEXT, AT(session_status, name), .sentence = "their name"},
    {.name = "place", .type = FIELD_TEXT, AT(session_status, place), .column = 3, .sentence = "where it was last opened, for people"},
    {.name = NULL},
};

static const struct field device_status_fields[] = {
    STORED(device_status, device, NOUN_DEVICE),
    {.name = "online", .type = FIELD_FLAG, AT(device_status, online), .column = 4, .sentence = "it is connected to the broker"},
    {.name = "session", .type = FIELD_ID, AT(device_status, session), .refers = NOUN_SESSION, .column = 5, .sentence = "the session it shows; empty: none"},
    OF_AGENT(device_status),
    {.name = NULL},
};

static const struct field person_status_fields[] = {
    STORED(person_status, person, NOUN_PERSON),
    {.name = "user_name", .type = FIELD_TEXT, AT(person_status, user_name), .column = 2, .sentence = "user name"},
    {.name = "name", .type = FIELD_TEXT, AT(person_status, name), .column = 3, .sentence = "their name"},
    {.name = NULL},
};

static const struct field factor_status_fields[] = {
    STORED(factor_status, factor, NOUN_FACTOR),
    {.name = "user_name", .type = FIELD_TEXT, AT(factor_status, user_name), .column = 2, .sentence = "user name of its person"},
    {.name = "person_name", .type = FIELD_TEXT, AT(factor_status, person_name), .sentence = "their name"},
    {.name = "codes_left", .type = FIELD_NUMBER, AT(factor_status, codes_left), .max = FACTOR_CODES_MAX, .flags = FIELD_SPARSE, .column = 7, .sentence = "codes that were not used"},
    {.name = NULL},
};

static const struct field assignment_status_fields[] = {
    STORED(assignment_status, assignment, NOUN_ASSIGNMENT),
    {.name = "group_standing", .type = FIELD_CHOICE, AT(assignment_status, group_standing), .choices = group_standing_names, .sentence = "whether the directory has its group below group_base; unknown: not asked lately; twice: the name stands for none"},
    {.name = NULL},
};

static const struct field tenant_status_fields[] = {
    STORED(tenant_status, tenant, NOUN_TENANT),
    {.name = "group_standing", .type = FIELD_CHOICE, AT(tenant_status, group_standing), .choices = group_standing_names, .sentence = "the same of its admin_group"},
    {.name = NULL},
};

static const struct field printer_status_fields[] = {
    STORED(printer_status, printer, NOUN_PRINTER),
    {.name = "state", .type = FIELD_CHOICE, AT(printer_status, state), .choices = printer_state_words, .column = 5, .sentence = "as its print server said last; unknown: none is connected, or none has asked it yet"},
    {.name = "state_detail", .type = FIELD_TEXT, AT(printer_status, detail), .sentence = "what is wrong with it, such as media-empty"},
    {.name = "waiting", .type = FIELD_NUMBER, AT(printer_status, waiting), .max = INT64_MAX, .column = 6, .sentence = "jobs for it that are not out yet"},
    {.name = NULL},
};

static const struct field print_server_status_fields[] = {
    STORED(print_server_status, print_server, NOUN_PRINT_SERVER),
    {.name = "agent", .type = FIELD_CHOICE, AT(print_server_status, agent), .choices = agent_presences, .column = 3, .sentence = "whether pult-print is connected to the broker"},
    {.name = "jobs", .type = FIELD_NUMBER, AT(print_server_status, jobs), .max = INT64_MAX, .flags = FIELD_SPARSE, .column = 4, .sentence = "jobs that it has and that are not out"},
    OF_AGENT(print_server_status),
    {.name = NULL},
};

static const struct field gateway_status_fields[] = {
    STORED(gateway_status, gateway, NOUN_GATEWAY),
    {.name = "agent", .type = FIELD_CHOICE, AT(gateway_status, agent), .choices = agent_presences, .column = 3, .sentence = "whether pult-gateway is connected to the broker"},
    {.name = "channels", .type = FIELD_NUMBER, AT(gateway_status, channels), .max = INT64_MAX, .flags = FIELD_SPARSE, .column = 4, .sentence = "sessions that it carries now"},
    OF_AGENT(gateway_status),
    {.name = NULL},
};

static const struct field job_status_fields[] = {
    {.name = "id", .type = FIELD_ID, AT(job_status, id), .refers = NOUN_NONE, .column = 1, .sentence = "its id, in its owner's tenant"},
    {.name = "person", .type = FIELD_ID, AT(job_status, person), .refers = NOUN_PERSON, .sentence = "whose it is; empty: not found out yet"},
    {.name = "user_name", .type = FIELD_TEXT, AT(job_status, user_name), .column = 2, .sentence = "their user name"},
    {.name = "state", .type = FIELD_CHOICE, AT(job_status, state), .choices = job_state_words, .column = 3, .sentence = "waiting: printed automatically once it can be; held: until it is released; uncertain: nobody can tell whether it came out"},
    {.name = "reason", .type = FIELD_CHOICE, AT(job_status, reason), .choices = job_reason_words, .column = 4, .sentence = "why it waits, is held or was cancelled"},
    {.name = "printer", .type = FIELD_ID, AT(job_status, printer), .refers = NOUN_PRINTER, .column = 5, .sentence = "where it goes; empty: not decided, that is done when it is sent"},
    {.name = "server", .type = FIELD_ID, AT(job_status, server), .refers = NOUN_PRINT_SERVER, .sentence = "the print server that has it"},
    {.name = "host", .type = FIELD_ID, AT(job_status, host), .refers = NOUN_HOST, .sentence = "the session host that it came from"},
    {.name = "created", .type = FIELD_TIME, AT(job_status, created_ms), .column = 6, .sentence = "when it was printed"},
    {.name = "delete_at", .type = FIELD_TIME, AT(job_status, delete_at_ms), .sentence = "when it is deleted if it does not come out"},
    {.name = "size", .type = FIELD_NUMBER, AT(job_status, size), .max = INT64_MAX, .sentence = "of the document, bytes"},
    {.name = "pages", .type = FIELD_NUMBER, AT(job_status, pages), .max = INT64_MAX, .column = 7, .sentence = "of the document; 0: not known"},
    {.name = NULL},
};

static const struct field channel_status_fields[] = {
    {.name = "id", .type = FIELD_ID, AT(channel_status, id), .refers = NOUN_NONE, .column = 1, .sentence = "its id, in its person's tenant"},
    {.name = "person", .type = FIELD_ID, AT(channel_status, person), .refers = NOUN_PERSON, .sentence = "who came through it"},
    {.name = "user_name", .type = FIELD_TEXT, AT(channel_status, user_name), .column = 2, .sentence = "their user name"},
    {.name = "session", .type = FIELD_ID, AT(channel_status, session), .refers = NOUN_SESSION, .sentence = "the session that it leads to"},
    {.name = "host", .type = FIELD_ID, AT(channel_status, host), .refers = NOUN_HOST, .column = 5, .sentence = "the session host"},
    {.name = "gateway", .type = FIELD_ID, AT(channel_status, gateway), .refers = NOUN_GATEWAY, .column = 4, .sentence = "the gateway that carries it"},
    {.name = "way", .type = FIELD_CHOICE, AT(channel_status, way), .choices = channel_way_words, .column = 3, .sentence = "plain: a desk of ours; browser; tsgu: a program that speaks RDP; front-door"},
    {.name = "network", .type = FIELD_TEXT, AT(channel_status, network), .column = 6, .sentence = "where they are"},
    {.name = "since", .type = FIELD_TIME, AT(channel_status, since_ms), .column = 7, .sentence = "when it was opened"},
    {.name = NULL},
};

static const char *const grant_states[] = {"waits-for-both", "waits-for-giver", "waits-for-receiver", "in-force", "over", NULL};

static const struct field grant_status_fields[] = {
    STORED(grant_status, grant, NOUN_GRANT),
    {.name = "state", .type = FIELD_CHOICE, AT(grant_status, state), .choices = grant_states, .column = 7, .sentence = "whether it is in force, or whose approval it waits for; over: its time has come"},
    {.name = NULL},
};

static const struct field administrator_status_fields[] = {
    STORED(administrator_status, administrator, NOUN_ADMINISTRATOR),
    {.name = "scope", .type = FIELD_TEXT, AT(administrator_status, scope), .column = 3, .sentence = "what they administer: their tenant, or the whole district"},
    {.name = NULL},
};
// clang-format on

const struct record_type host_status_type = STATUS(host_status), session_status_type = STATUS(session_status),
                         device_status_type = STATUS(device_status), person_status_type = STATUS(person_status),
                         administrator_status_type = STATUS(administrator_status),
                         assignment_status_type = STATUS(assignment_status), tenant_status_type = STATUS(tenant_status),
                         printer_status_type = STATUS(printer_status),
                         print_server_status_type = STATUS(print_server_status),
                         gateway_status_type = STATUS(gateway_status), job_status_type = STATUS(job_status),
                         channel_status_type = STATUS(channel_status), grant_status_type = STATUS(grant_status),
                         factor_status_type = STATUS(factor_status);

// Of some nothing more is known than what is stored.
const struct record_type *const noun_status_types[NOUN_COUNT] = {
    [NOUN_TENANT] = &tenant_status_type,        [NOUN_SITE] = &noun_types[NOUN_SITE],
    [NOUN_POOL] = &noun_types[NOUN_POOL],       [NOUN_HOST] = &host_status_type,
    [NOUN_PROFILE] = &noun_types[NOUN_PROFILE], [NOUN_ASSIGNMENT] = &assignment_status_type,
    [NOUN_DEVICE] = &device_status_type,        [NOUN_ADMINISTRATOR] = &administrator_status_type,
    [NOUN_PERSON] = &person_status_type,        [NOUN_SESSION] = &session_status_type,
    [NOUN_PRINTER] = &printer_status_type,      [NOUN_PRINT_SERVER] = &print_server_status_type,
    [NOUN_GATEWAY] = &gateway_status_type,      [NOUN_JOB] = &job_status_type,
    [NOUN_CHANNEL] = &channel_status_type,      [NOUN_GRANT] = &grant_status_type,
    [NOUN_FACTOR] = &factor_status_type,
};

// clang-format off
#define LIST_FIELDS(of)                                                                                                \
    (const struct field[]){                                                                                            \
        {.name = "items", .type = FIELD_RECORDS, AT(noun_list, items), .max = PAGE_MAX, .record = (of), .sentence = "in the order of their ids"}, \
        {.name = "next", .type = FIELD_TEXT, AT(noun_list, next), .flags = FIELD_SPARSE, .sentence = "there are more: ask again with ?after= this"}, \
        {.name = NULL},                                                                                                \
    }
// clang-format on

const struct record_type noun_list_types[NOUN_COUNT] = {
    [NOUN_TENANT] = {"tenant_list", LIST_FIELDS(&tenant_status_type), sizeof(struct noun_list)},
    [NOUN_SITE] = {"site_list", LIST_FIELDS(&noun_types[NOUN_SITE]), sizeof(struct noun_list)},
    [NOUN_POOL] = {"pool_list", LIST_FIELDS(&noun_types[NOUN_POOL]), sizeof(struct noun_list)},
    [NOUN_HOST] = {"host_list", LIST_FIELDS(&host_status_type), sizeof(struct noun_list)},
    [NOUN_PROFILE] = {"profile_list", LIST_FIELDS(&noun_types[NOUN_PROFILE]), sizeof(struct noun_list)},
    [NOUN_ASSIGNMENT] = {"assignment_list", LIST_FIELDS(&assignment_status_type), sizeof(struct noun_list)},
    [NOUN_DEVICE] = {"device_list", LIST_FIELDS(&device_status_type), sizeof(struct noun_list)},
    [NOUN_ADMINISTRATOR] = {"administrator_list", LIST_FIELDS(&administrator_status_type), sizeof(struct noun_list)},
    [NOUN_PERSON] = {"person_list", LIST_FIELDS(&person_status_type), sizeof(struct noun_list)},
    [NOUN_SESSION] = {"session_list", LIST_FIELDS(&session_status_type), sizeof(struct noun_list)},
    [NOUN_PRINTER] = {"printer_list", LIST_FIELDS(&printer_status_type), sizeof(struct noun_list)},
    [NOUN_PRINT_SERVER] = {"print_server_list", LIST_FIELDS(&print_server_status_type), sizeof(struct noun_list)},
    [NOUN_GATEWAY] = {"gateway_list", LIST_FIELDS(&gateway_status_type), sizeof(struct noun_list)},
    [NOUN_JOB] = {"job_list", LIST_FIELDS(&job_status_type), sizeof(struct noun_list)},
    [NOUN_FACTOR] = {"factor_list", LIST_FIELDS(&factor_status_type), sizeof(struct noun_list)},
    [NOUN_CHANNEL] = {"channel_list", LIST_FIELDS(&channel_status_type), sizeof(struct noun_list)},
    [NOUN_GRANT] = {"grant_list", LIST_FIELDS(&grant_status_type), sizeof(struct noun_list)},
};
