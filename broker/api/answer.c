// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/answer.h"

// A row a line.
// clang-format off
#define AT(holder, member) .offset = offsetof(struct holder, member), .size = sizeof(((struct holder *)0)->member)
#define TYPE(holder) {#holder, holder##_fields, sizeof(struct holder)}
#define COUNT(holder, member, said) {.name = #member, .type = FIELD_NUMBER, AT(holder, member), .max = INT64_MAX, .sentence = (said)}

static const struct field nothing_fields[] = {{.name = NULL}};
const struct record_type nothing_type = {"nothing", nothing_fields, 0};

static const struct field problem_fields[] = {
    {.name = "type", .type = FIELD_TEXT, AT(problem, type), .flags = FIELD_REQUIRED, .sentence = "which problem: a stable code"},
    {.name = "title", .type = FIELD_TEXT, AT(problem, title), .sentence = "what happened and what to do, in English"},
    {.name = "status", .type = FIELD_NUMBER, AT(problem, status), .min = 400, .max = 599, .sentence = "HTTP status"},
    {.name = "detail", .type = FIELD_TEXT, AT(problem, detail), .flags = FIELD_SPARSE, .sentence = "what it was in this case, in English"},
    {.name = "detail_format", .type = FIELD_TEXT, AT(problem, detail_format), .flags = FIELD_SPARSE, .sentence = "the template of the detail, for translation"},
    {.name = "help_desk", .type = FIELD_TEXT, AT(problem, help_desk), .flags = FIELD_SPARSE, .sentence = "telephone number of the caller's help desk"},
    {.name = "retry_after", .type = FIELD_NUMBER, AT(problem, retry_after_s), .min = 1, .max = INT32_MAX, .flags = FIELD_SPARSE, .sentence = "seconds until it is worth trying again"},
    {.name = NULL},
};
const struct record_type problem_type = TYPE(problem);

static const struct field logon_answer_fields[] = {
    {.name = "session", .type = FIELD_ID, AT(logon_answer, session), .refers = NOUN_SESSION, .sentence = "the session"},
    {.name = "fence", .type = FIELD_NUMBER, AT(logon_answer, fence), .max = INT64_MAX, .sentence = "its fencing number"},
    {.name = "address", .type = FIELD_TEXT, AT(logon_answer, address), .sentence = "the session host"},
    {.name = "port", .type = FIELD_NUMBER, AT(logon_answer, port), .min = 1, .max = 65535, .sentence = "its RDP port"},
    {.name = "fingerprint", .type = FIELD_DIGEST, AT(logon_answer, fingerprint), .sentence = "SHA-256 of its certificate"},
    {.name = "user_name", .type = FIELD_TEXT, AT(logon_answer, user_name), .sentence = "user name at the host"},
    {.name = "name", .type = FIELD_TEXT, AT(logon_answer, name), .sentence = "the person's name"},
    {.name = "one_time_password", .type = FIELD_TEXT, AT(logon_answer, one_time_password), .flags = FIELD_SECRET, .sentence = "password for the host; empty: the typed one"},
    {.name = "password_follows", .type = FIELD_FLAG, AT(logon_answer, password_follows), .sentence = "the typed password follows it after a colon"},
    {.name = "abandoned_host", .type = FIELD_TEXT, AT(logon_answer, abandoned_host), .sentence = "host of an earlier session that cannot be reached"},
    {.name = "channel", .type = FIELD_TEXT, AT(logon_answer, channel), .flags = FIELD_SECRET | FIELD_SPARSE, .sentence = "token for a channel through a gateway, good for once and for seconds; only when it was asked for"},
    {.name = "clipboard", .type = FIELD_FLAG, AT(logon_answer, clipboard), .sentence = "allowed channels"},
    {.name = "drives", .type = FIELD_FLAG, AT(logon_answer, drives), .sentence = "allowed channels"},
    {.name = "printers", .type = FIELD_FLAG, AT(logon_answer, printers), .sentence = "allowed channels"},
    {.name = "sound", .type = FIELD_FLAG, AT(logon_answer, sound), .sentence = "allowed channels"},
    {.name = "multi_monitor", .type = FIELD_FLAG, AT(logon_answer, multi_monitor), .sentence = "all monitors"},
    {.name = "announced", .type = FIELD_FLAG, AT(logon_answer, announced), .sentence = "\"desktop\" on the link says when the desktop is there: nothing of it is to be shown before"},
    {.name = "reconnected", .type = FIELD_FLAG, AT(logon_answer, reconnected), .sentence = "a running session was reconnected"},
    {.name = "moved_from", .type = FIELD_TEXT, AT(logon_answer, moved_from), .sentence = "place it was moved from"},
    {.name = "why", .type = FIELD_LINES, AT(logon_answer, why), .sentence = "how it was decided, one line per step"},
    {.name = NULL},
};
const struct record_type logon_answer_type = TYPE(logon_answer);

static const struct field certificate_answer_fields[] = {
    {.name = "device", .type = FIELD_ID, AT(certificate_answer, device), .refers = NOUN_DEVICE, .flags = FIELD_SPARSE, .sentence = "the device it is for"},
    {.name = "host", .type = FIELD_ID, AT(certificate_answer, host), .refers = NOUN_HOST, .flags = FIELD_SPARSE, .sentence = "or the session host"},
    {.name = "print_server", .type = FIELD_ID, AT(certificate_answer, print_server), .refers = NOUN_PRINT_SERVER, .flags = FIELD_SPARSE, .sentence = "or the print server"},
    {.name = "gateway", .type = FIELD_ID, AT(certificate_answer, gateway), .refers = NOUN_GATEWAY, .flags = FIELD_SPARSE, .sentence = "or the gateway"},
    {.name = "certificate", .type = FIELD_TEXT, AT(certificate_answer, certificate), .sentence = "certificate, DER in base64"},
    {.name = NULL},
};
const struct record_type certificate_answer_type = TYPE(certificate_answer);

static const struct field portal_refusal_answer_fields[] = {
    {.name = "sentence", .type = FIELD_TEXT, AT(portal_refusal_answer, sentence), .sentence = "what happened, and what to do"},
    {.name = NULL},
};
const struct record_type portal_refusal_answer_type = TYPE(portal_refusal_answer);

static const struct field admin_logon_answer_fields[] = {
    {.name = "token", .type = FIELD_TEXT, AT(admin_logon_answer, token), .flags = FIELD_SECRET, .sentence = "to be sent as Authorization: Bearer"},
    {.name = "until", .type = FIELD_TIME, AT(admin_logon_answer, until_ms), .sentence = "when it expires"},
    {.name = "name", .type = FIELD_TEXT, AT(admin_logon_answer, name), .sentence = "the administrator's name"},
    {.name = "scope", .type = FIELD_TEXT, AT(admin_logon_answer, scope), .sentence = "what they administer: their tenant, or the whole district"},
    {.name = NULL},
};
const struct record_type admin_logon_answer_type = TYPE(admin_logon_answer);

static const struct field token_answer_fields[] = {
    {.name = "id", .type = FIELD_ID, AT(token_answer, id), .refers = NOUN_NONE, .column = 1, .sentence = "names this logon; it is not the token"},
    {.name = "administrator", .type = FIELD_TEXT, AT(token_answer, administrator), .column = 2, .sentence = "who logged on"},
    {.name = "from", .type = FIELD_TEXT, AT(token_answer, from), .column = 3, .sentence = "from which address"},
    {.name = "since", .type = FIELD_TIME, AT(token_answer, since_ms), .column = 4, .sentence = "when"},
    {.name = "until", .type = FIELD_TIME, AT(token_answer, until_ms), .column = 5, .sentence = "when it expires"},
    {.name = "confirmed", .type = FIELD_TIME, AT(token_answer, confirmed_ms), .column = 6, .sentence = "when the directory last called them an administrator; empty: the first administrator"},
    {.name = NULL},
};
const struct record_type token_answer_type = TYPE(token_answer);

static const struct field tokens_answer_fields[] = {
    {.name = "items", .type = FIELD_RECORDS, AT(tokens_answer, items), .max = 1000, .record = &token_answer_type, .sentence = "in no order"},
    {.name = NULL},
};
const struct record_type tokens_answer_type = TYPE(tokens_answer);

static const struct field enrol_token_answer_fields[] = {
    {.name = "token", .type = FIELD_TEXT, AT(enrol_token_answer, token), .flags = FIELD_SECRET, .sentence = "the token; it is shown once"},
    {.name = "until", .type = FIELD_TIME, AT(enrol_token_answer, until_ms), .sentence = "when it expires"},
    {.name = NULL},
};
const struct record_type enrol_token_answer_type = TYPE(enrol_token_answer);

static const struct field printer_answer_fields[] = {
    {.name = "printer", .type = FIELD_RECORD, AT(printer_answer, printer), .flags = FIELD_INLINE, .record = &printer_status_type, .sentence = "the printer"},
    {.name = "found_name", .type = FIELD_TEXT, AT(printer_answer, found_name), .flags = FIELD_SPARSE, .sentence = "as it calls itself"},
    {.name = "found_location", .type = FIELD_TEXT, AT(printer_answer, found_location), .flags = FIELD_SPARSE, .sentence = "where it says that it is"},
    {.name = NULL},
};
const struct record_type printer_answer_type = TYPE(printer_answer);

static const struct field drain_answer_fields[] = {
    {.name = "host", .type = FIELD_RECORD, AT(drain_answer, host), .flags = FIELD_INLINE, .record = &host_status_type, .sentence = "the host"},
    {.name = "delivered", .type = FIELD_FLAG, AT(drain_answer, delivered), .sentence = "the message was delivered; false also without a message"},
    {.name = NULL},
};
const struct record_type drain_answer_type = TYPE(drain_answer);

static const char *const backup_states[] = {"none", "running", "ready", "failed", NULL};

static const struct field backup_answer_fields[] = {
    {.name = "state", .type = FIELD_CHOICE, AT(backup_answer, state), .choices = backup_states, .sentence = "running: it is being made; ready: it can be fetched, for an hour"},
    {.name = "id", .type = FIELD_TEXT, AT(backup_answer, id), .flags = FIELD_SPARSE, .sentence = "of this back-up"},
    {.name = "began", .type = FIELD_TIME, AT(backup_answer, began_ms), .sentence = "when it was begun"},
    COUNT(backup_answer, size, "bytes, when it is ready"),
    {.name = "digest", .type = FIELD_DIGEST, AT(backup_answer, digest), .sentence = "SHA-256 of the file, when it is ready"},
    {.name = "failure", .type = FIELD_TEXT, AT(backup_answer, failure), .flags = FIELD_SPARSE, .sentence = "why it failed"},
    {.name = NULL},
};
const struct record_type backup_answer_type = TYPE(backup_answer);

enum { PIECE_TEXT_MAX = 128 * 1024 };

static const struct field backup_piece_answer_fields[] = {
    {.name = "id", .type = FIELD_TEXT, AT(backup_piece_answer, id), .sentence = "of the back-up that it is of"},
    {.name = "data", .type = FIELD_STRING, AT(backup_piece_answer, data), .max = PIECE_TEXT_MAX, .sentence = "the next bytes in base64; empty: that was all"},
    {.name = NULL},
};
const struct record_type backup_piece_answer_type = TYPE(backup_piece_answer);

static const struct field factor_code_answer_fields[] = {
    {.name = "code", .type = FIELD_TEXT, AT(factor_code_answer, code), .flags = FIELD_SECRET, .sentence = "the code; it is shown once, and good once"},
    {.name = "until", .type = FIELD_TIME, AT(factor_code_answer, until_ms), .sentence = "when it expires"},
    {.name = NULL},
};
const struct record_type factor_code_answer_type = TYPE(factor_code_answer);

static const struct field unlock_answer_fields[] = {
    {.name = "was_waiting", .type = FIELD_FLAG, AT(unlock_answer, was_waiting), .sentence = "wrong passwords were counted for this name"},
    {.name = NULL},
};
const struct record_type unlock_answer_type = TYPE(unlock_answer);

static const struct field explain_answer_fields[] = {
    {.name = "refusal", .type = FIELD_TEXT, AT(explain_answer, refusal), .sentence = "the problem's code, or none"},
    {.name = "host", .type = FIELD_ID, AT(explain_answer, host), .refers = NOUN_HOST, .sentence = "where the session would be"},
    {.name = "profile", .type = FIELD_ID, AT(explain_answer, profile), .refers = NOUN_PROFILE, .sentence = "the profile it was opened with"},
    {.name = "session", .type = FIELD_ID, AT(explain_answer, session), .refers = NOUN_SESSION, .sentence = "the session that would be reconnected"},
    {.name = "why", .type = FIELD_LINES, AT(explain_answer, why), .sentence = "how it was decided, one line per step"},
    {.name = "why_formats", .type = FIELD_LINES, AT(explain_answer, why_formats), .sentence = "the templates of those lines, for translation"},
    {.name = NULL},
};
const struct record_type explain_answer_type = TYPE(explain_answer);

static const char *const check_step_words[] = {"address", "tls", "bind", "user_base", "person", "group_base", "groups", "clock", "kerberos", NULL};
static const char *const check_state_words[] = {"ok", "warning", "failed", "not-checked", NULL};

static const struct field check_step_fields[] = {
    {.name = "step", .type = FIELD_CHOICE, AT(check_step, step), .choices = check_step_words, .column = 1, .sentence = "what was looked at"},
    {.name = "state", .type = FIELD_CHOICE, AT(check_step, state), .choices = check_state_words, .column = 2, .sentence = "whether it works"},
    {.name = "text", .type = FIELD_TEXT, AT(check_step, text), .column = 3, .sentence = "what was found, and what to do, in English"},
    {.name = "text_format", .type = FIELD_TEXT, AT(check_step, text_format), .sentence = "the template of the text, for translation"},
    {.name = NULL},
};
const struct record_type check_step_type = TYPE(check_step);

static const struct field tenant_check_answer_fields[] = {
    {.name = "steps", .type = FIELD_RECORDS, AT(tenant_check_answer, steps), .max = 100, .record = &check_step_type, .sentence = "in the order of looking"},
    {.name = NULL},
};
const struct record_type tenant_check_answer_type = TYPE(tenant_check_answer);

static const char *const health_words[] = {"ok", NULL};

static const struct field health_answer_fields[] = {
    {.name = "status", .type = FIELD_CHOICE, AT(health_answer, status), .choices = health_words, .sentence = "the broker is up"},
    {.name = NULL},
};
const struct record_type health_answer_type = TYPE(health_answer);

// ---- the status report

static const char *const own_certificate_names[] = {
    [OWN_CERTIFICATE_SERVER] = "certificate",
    [OWN_CERTIFICATE_ADMIN_CA] = "admin-ca",
    [OWN_CERTIFICATE_RDP] = "rdp-certificate",
    NULL,
};

static const struct field own_certificate_report_fields[] = {
    {.name = "kind", .type = FIELD_CHOICE, AT(own_certificate_report, kind), .choices = own_certificate_names, .sentence = "by the name that it has in the broker's configuration"},
    {.name = "until", .type = FIELD_TIME, AT(own_certificate_report, until_ms), .sentence = "when what is in use expires"},
    {.name = "problem", .type = FIELD_TEXT, AT(own_certificate_report, problem), .sentence = "for the district: why a newer one, read last, is not in use"},
    {.name = NULL},
};
const struct record_type own_certificate_report_type = TYPE(own_certificate_report);

static const struct field certificate_ending_fields[] = {
    {.name = "kind", .type = FIELD_CHOICE, AT(certificate_ending, kind), .choices = noun_names, .column = 1, .sentence = "device, host, print server or gateway"},
    {.name = "id", .type = FIELD_ID, AT(certificate_ending, id), .refers = NOUN_NONE, .column = 2, .sentence = "which"},
    {.name = "until", .type = FIELD_TIME, AT(certificate_ending, until_ms), .column = 3, .sentence = "when its certificate expires"},
    {.name = NULL},
};
const struct record_type certificate_ending_type = TYPE(certificate_ending);

static const struct field identity_shared_fields[] = {
    {.name = "kind", .type = FIELD_CHOICE, AT(identity_shared, kind), .choices = noun_names, .column = 1, .sentence = "device, host, print server or gateway"},
    {.name = "id", .type = FIELD_ID, AT(identity_shared, id), .refers = NOUN_NONE, .column = 2, .sentence = "which"},
    {.name = "since", .type = FIELD_TIME, AT(identity_shared, since_ms), .column = 3, .sentence = "when that was noticed"},
    {.name = NULL},
};
const struct record_type identity_shared_type = TYPE(identity_shared);

static const struct field name_reused_fields[] = {
    {.name = "assignment", .type = FIELD_ID, AT(name_reused, assignment), .refers = NOUN_ASSIGNMENT, .column = 1, .sentence = "which; remove and add it to give it to who has the name now"},
    {.name = "user_name", .type = FIELD_TEXT, AT(name_reused, user_name), .column = 2, .sentence = "the user name that it was made for"},
    {.name = "holder", .type = FIELD_ID, AT(name_reused, holder), .refers = NOUN_PERSON, .column = 3, .sentence = "who had that name and has the assignment"},
    {.name = "person", .type = FIELD_ID, AT(name_reused, person), .refers = NOUN_PERSON, .column = 4, .sentence = "who has the name now"},
    {.name = NULL},
};
const struct record_type name_reused_type = TYPE(name_reused);

static const char *const directory_states[] = {"unknown", "ok", "down", "no-base", NULL};

static const struct field directory_report_fields[] = {
    {.name = "tenant", .type = FIELD_ID, AT(directory_report, tenant), .refers = NOUN_TENANT, .column = 1, .sentence = "whose directory it is"},
    {.name = "state", .type = FIELD_CHOICE, AT(directory_report, state), .choices = directory_states, .column = 2, .sentence = "whether it answers; unknown: nobody has asked yet; no-base: it does, but user_base or group_base is not in it"},
    {.name = "server", .type = FIELD_TEXT, AT(directory_report, server), .column = 3, .sentence = "the server that answered last"},
    {.name = "since", .type = FIELD_TIME, AT(directory_report, since_ms), .column = 4, .sentence = "when its state last changed"},
    {.name = "connections", .type = FIELD_NUMBER, AT(directory_report, connections), .max = INT64_MAX, .column = 5, .sentence = "open connections to it"},
    {.name = "last_failure", .type = FIELD_TEXT, AT(directory_report, last_failure), .column = 6, .sentence = "the last failure that was not followed by a success"},
    {.name = "kerberos", .type = FIELD_TEXT, AT(directory_report, kerberos), .sentence = "what is wrong with the tenant's keytab, or was with the last ticket, unless that was its owner's fault"},
    {.name = NULL},
};
const struct record_type directory_report_type = TYPE(directory_report);

static const struct field host_problem_fields[] = {
    {.name = "host", .type = FIELD_ID, AT(host_problem, host), .refers = NOUN_HOST, .column = 1, .sentence = "which"},
    {.name = "pool", .type = FIELD_ID, AT(host_problem, pool), .refers = NOUN_POOL, .column = 2, .sentence = "its pool"},
    {.name = "health", .type = FIELD_CHOICE, AT(host_problem, health), .choices = host_health_names, .column = 3, .sentence = "its state"},
    {.name = "detail", .type = FIELD_TEXT, AT(host_problem, detail), .column = 4, .sentence = "what is wrong with it"},
    {.name = "sessions", .type = FIELD_NUMBER, AT(host_problem, sessions), .max = INT64_MAX, .column = 5, .sentence = "sessions that the broker knows there"},
    {.name = NULL},
};
const struct record_type host_problem_type = TYPE(host_problem);

static const char *const printing_states[] = {"unknown", "idle", "printing", "stopped", "unreachable", "silent", NULL};

static const struct field printing_problem_fields[] = {
    {.name = "kind", .type = FIELD_CHOICE, AT(printing_problem, kind), .choices = noun_names, .column = 2, .sentence = "printer or print server"},
    {.name = "id", .type = FIELD_ID, AT(printing_problem, id), .refers = NOUN_NONE, .column = 1, .sentence = "which"},
    {.name = "state", .type = FIELD_CHOICE, AT(printing_problem, state), .choices = printing_states, .column = 3, .sentence = "what is wrong; silent: the print server is not connected, its jobs wait there"},
    {.name = "detail", .type = FIELD_TEXT, AT(printing_problem, detail), .column = 4, .sentence = "what a printer says of it, such as media-empty"},
    {.name = "jobs", .type = FIELD_NUMBER, AT(printing_problem, jobs), .max = INT64_MAX, .column = 5, .sentence = "jobs that are known to wait for it, or there"},
    {.name = NULL},
};
const struct record_type printing_problem_type = TYPE(printing_problem);

static const char *const gateway_troubles[] = {"silent", "draining", NULL};

static const struct field gateway_problem_fields[] = {
    {.name = "gateway", .type = FIELD_ID, AT(gateway_problem, gateway), .refers = NOUN_GATEWAY, .column = 1, .sentence = "which"},
    {.name = "state", .type = FIELD_CHOICE, AT(gateway_problem, state), .choices = gateway_troubles, .column = 2, .sentence = "silent: it is not connected, and lets nobody in; draining: it lets nobody in any more, as an administrator said"},
    {.name = "channels", .type = FIELD_NUMBER, AT(gateway_problem, channels), .max = INT64_MAX, .column = 3, .sentence = "people who are in through it, as far as is known"},
    {.name = NULL},
};
const struct record_type gateway_problem_type = TYPE(gateway_problem);

static const struct field agent_count_fields[] = {
    {.name = "kind", .type = FIELD_CHOICE, AT(agent_count, kind), .choices = noun_names, .column = 1, .sentence = "of devices, of hosts, of print servers or of gateways"},
    {.name = "version", .type = FIELD_TEXT, AT(agent_count, version), .column = 2, .sentence = "of the agent"},
    {.name = "protocol", .type = FIELD_NUMBER, AT(agent_count, protocol), .max = INT32_MAX, .column = 3, .sentence = "that it speaks"},
    {.name = "count", .type = FIELD_NUMBER, AT(agent_count, count), .max = INT64_MAX, .column = 4, .sentence = "machines with such an agent"},
    {.name = "refusal", .type = FIELD_TEXT, AT(agent_count, refusal), .flags = FIELD_SPARSE, .column = 5, .sentence = "the problem's code, when it is not let in"},
    {.name = NULL},
};
const struct record_type agent_count_type = TYPE(agent_count);

static const char *const listener_names[] = {"public", "device", "admin", "portal", "gateway", NULL};

static const struct field flood_report_fields[] = {
    {.name = "port", .type = FIELD_CHOICE, AT(flood_report, port), .choices = listener_names, .column = 1, .sentence = "which"},
    {.name = "since", .type = FIELD_TIME, AT(flood_report, since_ms), .column = 2, .sentence = "when it began"},
    {.name = "dropped", .type = FIELD_NUMBER, AT(flood_report, dropped), .max = INT64_MAX, .column = 3, .sentence = "connections dropped to make room since then"},
    {.name = "connections", .type = FIELD_NUMBER, AT(flood_report, connections), .max = INT64_MAX, .column = 4, .sentence = "connections there now that have proven nothing"},
    {.name = "network", .type = FIELD_TEXT, AT(flood_report, network), .flags = FIELD_SPARSE, .column = 5, .sentence = "that the last one dropped came from; for the district"},
    {.name = NULL},
};
const struct record_type flood_report_type = TYPE(flood_report);
static const char *const guessed_ports[] = {"desks", "administrators", "front-door", NULL};

static const struct field guesses_report_fields[] = {
    {.name = "name", .type = FIELD_TEXT, AT(guesses_report, name), .column = 1, .sentence = "tenant and user name as typed"},
    {.name = "port", .type = FIELD_CHOICE, AT(guesses_report, port), .choices = guessed_ports, .column = 2, .sentence = "where it was tried: at desks, at the port for administrators, or at a gateway's front door"},
    {.name = "from", .type = FIELD_LIST, AT(guesses_report, from), .column = 3, .sentence = "the devices, or the networks, that tried last"},
    {.name = "failures", .type = FIELD_NUMBER, AT(guesses_report, failures), .max = INT64_MAX, .column = 4, .sentence = "wrong passwords that are counted now"},
    {.name = "last", .type = FIELD_TIME, AT(guesses_report, last_ms), .column = 5, .sentence = "when the last one was"},
    {.name = "until", .type = FIELD_TIME, AT(guesses_report, until_ms), .column = 6, .sentence = "when the next one is tried"},
    {.name = NULL},
};
const struct record_type guesses_report_type = TYPE(guesses_report);

static const char *const store_conditions[] = {"ok", "refusing", NULL};

static const struct field status_answer_fields[] = {
    {.name = "version", .type = FIELD_TEXT, AT(status_answer, version), .sentence = "of the broker"},
    {.name = "since", .type = FIELD_TIME, AT(status_answer, since_ms), .sentence = "when it was started"},
    COUNT(status_answer, events, "events in the journal"),
    {.name = "store", .type = FIELD_CHOICE, AT(status_answer, store), .choices = store_conditions, .sentence = "whether the journal is written"},
    COUNT(status_answer, tenants, "tenants that the caller may see, and so below"),
    COUNT(status_answer, devices, "devices"),
    COUNT(status_answer, devices_online, "devices that are connected now"),
    COUNT(status_answer, sessions, "sessions"),
    COUNT(status_answer, channels, "people who are in from outside now, each by a channel"),
    COUNT(status_answer, hosts, "session hosts"),
    COUNT(status_answer, hosts_ok, "session hosts that take people"),
    COUNT(status_answer, hosts_draining, "session hosts that somebody took out of service"),
    {.name = "device_ca_until", .type = FIELD_TIME, AT(status_answer, device_ca_until_ms), .sentence = "when the certificate of the device CA expires"},
    {.name = "disk_free", .type = FIELD_NUMBER, AT(status_answer, disk_free_permille), .max = 1000, .flags = FIELD_SPARSE, .sentence = "how much of the journal's disk is left, permille"},
    {.name = "own_certificates", .type = FIELD_RECORDS, AT(status_answer, own_certificates), .max = ANSWER_ITEMS_MAX, .record = &own_certificate_report_type, .sentence = "the certificate that the broker shows, and the CA of administrators' certificates"},
    {.name = "certificates_ending", .type = FIELD_RECORDS, AT(status_answer, certificates_ending), .max = ANSWER_ITEMS_MAX, .record = &certificate_ending_type, .sentence = "devices, hosts, print servers and gateways whose certificate expires within 30 days, or has expired"},
    {.name = "grants_ending", .type = FIELD_RECORDS, AT(status_answer, grants_ending), .max = ANSWER_ITEMS_MAX, .record = &noun_types[NOUN_GRANT], .sentence = "grants in force that end within 14 days, or unless both sides confirm them until then"},
    {.name = "identities_shared", .type = FIELD_RECORDS, AT(status_answer, identities_shared), .max = ANSWER_ITEMS_MAX, .record = &identity_shared_type, .sentence = "devices, hosts, print servers and gateways whose identity is in use at two places: their key may have been copied"},
    {.name = "names_reused", .type = FIELD_RECORDS, AT(status_answer, names_reused), .max = ANSWER_ITEMS_MAX, .record = &name_reused_type, .sentence = "assignments to a person whose user name is somebody else's now"},
    {.name = "directories", .type = FIELD_RECORDS, AT(status_answer, directories), .max = ANSWER_ITEMS_MAX, .record = &directory_report_type, .sentence = "the tenants' directories"},
    {.name = "problems", .type = FIELD_RECORDS, AT(status_answer, problems), .max = ANSWER_ITEMS_MAX, .record = &host_problem_type, .sentence = "session hosts that nobody can be sent to"},
    {.name = "printing", .type = FIELD_RECORDS, AT(status_answer, printing), .max = ANSWER_ITEMS_MAX, .record = &printing_problem_type, .sentence = "print servers that are not connected, and printers that have stopped or do not answer"},
    {.name = "gateways", .type = FIELD_RECORDS, AT(status_answer, gateways), .max = ANSWER_ITEMS_MAX, .record = &gateway_problem_type, .sentence = "gateways that let nobody in"},
    {.name = "floods", .type = FIELD_RECORDS, AT(status_answer, floods), .max = ANSWER_ITEMS_MAX, .record = &flood_report_type, .sentence = "ports on which connections that have proven nothing are dropped to make room"},
    {.name = "agents", .type = FIELD_RECORDS, AT(status_answer, agents), .max = ANSWER_ITEMS_MAX, .record = &agent_count_type, .sentence = "versions of the agents that are linked, or are not let in"},
    {.name = "guesses", .type = FIELD_RECORDS, AT(status_answer, guesses), .max = ANSWER_ITEMS_MAX, .record = &guesses_report_type, .sentence = "at whose passwords somebody guesses"},
    {.name = NULL},
};
const struct record_type status_answer_type = TYPE(status_answer);

// ---- the journal

static const struct field event_answer_fields[] = {
    {.name = "seq", .type = FIELD_NUMBER, AT(event_answer, seq), .max = INT64_MAX, .column = 1, .sentence = "its number"},
    {.name = "at", .type = FIELD_TIME, AT(event_answer, at_ms), .column = 2, .sentence = "when it was"},
    {.name = "type", .type = FIELD_TEXT, AT(event_answer, type), .column = 3, .sentence = "what happened, such as session.started"},
    {.name = "by", .type = FIELD_TEXT, AT(event_answer, by), .column = 5, .sentence = "by whom"},
    {.name = "why", .type = FIELD_LINES, AT(event_answer, why), .sentence = "why, one line per step"},
    {.name = "noun", .type = FIELD_CHOICE, AT(event_answer, noun), .choices = noun_names, .flags = FIELD_REQUIRED, .sentence = "kind of what it is about; none: it changed nothing"},
    {.name = "id", .type = FIELD_ID, AT(event_answer, id), .refers = NOUN_NONE, .flags = FIELD_SPARSE, .column = 4, .sentence = "what it is about"},
    {.name = "from", .type = FIELD_ID, AT(event_answer, from), .refers = NOUN_DEVICE, .flags = FIELD_SPARSE, .sentence = "the device where the session was before"},
    {.name = "record", .type = FIELD_NOUN, AT(event_answer, record), .tag = offsetof(struct event_answer, noun), .sentence = "its record after the event, or at its end; absent when only its id is known"},
    {.name = NULL},
};
const struct record_type event_answer_type = TYPE(event_answer);

static const struct field events_answer_fields[] = {
    {.name = "items", .type = FIELD_RECORDS, AT(events_answer, items), .max = 1000, .record = &event_answer_type, .sentence = "the oldest first"},
    {.name = "next", .type = FIELD_TEXT, AT(events_answer, next), .flags = FIELD_SPARSE, .sentence = "there are more: ask again with ?after= this"},
    {.name = NULL},
};
const struct record_type events_answer_type = TYPE(events_answer);

// ---- accounts

static const struct field account_entry_fields[] = {
    {.name = "job", .type = FIELD_RECORD, AT(account_entry, job), .flags = FIELD_INLINE, .record = &noun_types[NOUN_JOB], .sentence = "what was printed"},
    {.name = "tenant", .type = FIELD_TEXT, AT(account_entry, tenant), .sentence = "whose person it was, and who pays"},
    {.name = "printer_tenant", .type = FIELD_TEXT, AT(account_entry, printer_tenant), .sentence = "whose printer it is"},
    {.name = "user_name", .type = FIELD_TEXT, AT(account_entry, user_name), .sentence = "user name; empty: erased, or another tenant's person"},
    {.name = "name", .type = FIELD_TEXT, AT(account_entry, name), .sentence = "the person's name"},
    {.name = NULL},
};
const struct record_type account_entry_type = TYPE(account_entry);

static const struct field channel_account_fields[] = {
    {.name = "channel", .type = FIELD_RECORD, AT(channel_account, channel), .flags = FIELD_INLINE, .record = &noun_types[NOUN_CHANNEL], .sentence = "what it came to"},
    {.name = "tenant", .type = FIELD_TEXT, AT(channel_account, tenant), .sentence = "whose person it was"},
    {.name = "user_name", .type = FIELD_TEXT, AT(channel_account, user_name), .sentence = "user name; empty: erased"},
    {.name = "name", .type = FIELD_TEXT, AT(channel_account, name), .sentence = "the person's name"},
    {.name = NULL},
};
const struct record_type channel_account_type = TYPE(channel_account);

static const struct field accounts_answer_fields[] = {
    {.name = "items", .type = FIELD_RECORDS, AT(accounts_answer, items), .max = 1000, .record = &account_entry_type, .sentence = "the oldest first; none does not mean that there is no more"},
    {.name = "channels", .type = FIELD_RECORDS, AT(accounts_answer, channels), .flags = FIELD_SPARSE, .max = 1000, .record = &channel_account_type, .sentence = "from outside, that have ended; the oldest first"},
    {.name = "next", .type = FIELD_TEXT, AT(accounts_answer, next), .flags = FIELD_SPARSE, .sentence = "there may be more: ask again with ?after= this"},
    {.name = NULL},
};
const struct record_type accounts_answer_type = TYPE(accounts_answer);

// ---- many changes at once

static const char *const change_kinds[] = {"add", "same", "change", NULL};

static const struct field field_change_fields[] = {
    {.name = "name", .type = FIELD_TEXT, AT(field_change, name), .column = 1, .sentence = "which field"},
    {.name = "from", .type = FIELD_STRING, AT(field_change, from), .max = 4096, .flags = FIELD_SPARSE, .column = 2, .sentence = "what it is now, as text"},
    {.name = "to", .type = FIELD_STRING, AT(field_change, to), .max = 4096, .column = 3, .sentence = "what it becomes, as text"},
    {.name = NULL},
};
const struct record_type field_change_type = TYPE(field_change);

static const struct field noun_change_fields[] = {
    {.name = "noun", .type = FIELD_CHOICE, AT(noun_change, noun), .choices = noun_names, .column = 1, .sentence = "kind of object"},
    {.name = "id", .type = FIELD_ID, AT(noun_change, id), .refers = NOUN_NONE, .column = 2, .sentence = "which"},
    {.name = "change", .type = FIELD_CHOICE, AT(noun_change, change), .choices = change_kinds, .column = 3, .sentence = "what is done to it"},
    {.name = "fields", .type = FIELD_RECORDS, AT(noun_change, fields), .max = 100, .record = &field_change_type, .sentence = "what changes"},
    {.name = NULL},
};
const struct record_type noun_change_type = TYPE(noun_change);

static const struct field group_notice_fields[] = {
    {.name = "noun", .type = FIELD_CHOICE, AT(group_notice, noun), .choices = noun_names, .column = 1, .sentence = "kind of what names it"},
    {.name = "id", .type = FIELD_ID, AT(group_notice, id), .refers = NOUN_NONE, .column = 2, .sentence = "what names it"},
    {.name = "group", .type = FIELD_TEXT, AT(group_notice, group), .column = 3, .sentence = "the group"},
    {.name = "standing", .type = FIELD_CHOICE, AT(group_notice, standing), .choices = group_standing_names, .column = 4, .sentence = "whether the directory has it"},
    {.name = NULL},
};
const struct record_type group_notice_type = TYPE(group_notice);

static const struct field forecast_person_fields[] = {
    {.name = "id", .type = FIELD_ID, AT(forecast_person, id), .refers = NOUN_PERSON, .sentence = "who"},
    {.name = "user_name", .type = FIELD_TEXT, AT(forecast_person, user_name), .column = 1, .sentence = "their user name"},
    {.name = "name", .type = FIELD_TEXT, AT(forecast_person, name), .column = 2, .sentence = "their name"},
    {.name = "from", .type = FIELD_ID, AT(forecast_person, from), .refers = NOUN_PROFILE, .column = 3, .sentence = "their current profile; empty: none"},
    {.name = "to", .type = FIELD_ID, AT(forecast_person, to), .refers = NOUN_PROFILE, .column = 4, .sentence = "their new profile; empty: none"},
    {.name = "from_pool", .type = FIELD_ID, AT(forecast_person, from_pool), .refers = NOUN_POOL, .sentence = "its pool"},
    {.name = "to_pool", .type = FIELD_ID, AT(forecast_person, to_pool), .refers = NOUN_POOL, .sentence = "its pool"},
    {.name = "no_host", .type = FIELD_FLAG, AT(forecast_person, no_host), .sentence = "that pool would have no host that accepts sessions"},
    {.name = "fields", .type = FIELD_LIST, AT(forecast_person, fields), .column = 5, .sentence = "which fields would change"},
    {.name = NULL},
};
const struct record_type forecast_person_type = TYPE(forecast_person);

static const struct field apply_answer_fields[] = {
    {.name = "changes", .type = FIELD_RECORDS, AT(apply_answer, changes), .max = 10000, .record = &noun_change_type, .sentence = "an entry per object"},
    {.name = "applied", .type = FIELD_FLAG, AT(apply_answer, applied), .sentence = "the changes were made; otherwise this is a plan"},
    {.name = "groups", .type = FIELD_RECORDS, AT(apply_answer, groups), .max = 10000, .record = &group_notice_type, .sentence = "groups that changed settings name and that are not to be found"},
    {.name = "affected", .type = FIELD_RECORDS, AT(apply_answer, affected), .max = ANSWER_ITEMS_MAX, .record = &forecast_person_type, .sentence = "in a plan: whose workplace would change; all who would have none, and many of the others"},
    {.name = "own_rights", .type = FIELD_TEXT, AT(apply_answer, own_rights), .sentence = "what it takes from the caller's own right to administer; empty: nothing"},
    COUNT(apply_answer, affected_count, "of a plan: how many would get something else"),
    COUNT(apply_answer, without_workplace, "of a plan: how many of them could not work any more"),
    COUNT(apply_answer, people, "of a plan: how many people were thought of"),
    COUNT(apply_answer, not_checked, "of a plan: how many of them nothing is known of, since no directory was asked or answered"),
    {.name = NULL},
};
const struct record_type apply_answer_type = TYPE(apply_answer);
