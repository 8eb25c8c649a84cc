// SPDX-License-Identifier: EUPL-1.2
#include "admin-tool/command.h"
#include "broker/api/record.h"
#include "broker/base/clock.h"
#include "broker/client/language.h"

#include <string.h>

enum { EVENTS_USUAL = 50, EVENTS_PAGE = 500, AUTHORITY_DAYS = 730, EXPIRY_DAYS = 30 };

static void show_part(struct out *out, const struct record_type *type, const struct record_list *list,
                      const struct out_column *columns)
{
    if (out->json || list->count == 0)
        return;
    out_line(out, "%s", "");
    out_list(out, type, list, columns);
}

static void show_directories(struct out *out, const struct record_list *directories)
{
    static const struct out_column columns[] = {{"tenant", N_("Directory of")},
                                                {"state", N_("State")},
                                                {"since", N_("since")},
                                                {"server", N_("Server")},
                                                {"connections", N_("Connections")},
                                                {"last_failure", N_("last failure")},
                                                {.field = NULL}};
    show_part(out, &directory_report_type, directories, columns);
}

static void warn_of_kerberos(struct out *out, const struct record_list *directories)
{
    for (size_t i = 0; i < directories->count; i++) {
        const struct directory_report *report = record_at(directories, &directory_report_type, i);
        if (report->kerberos[0])
            out_warn(out, _("WARNING: Kerberos of %s: %s"), report->tenant, report->kerberos);
    }
}

static void show_problems(struct out *out, const struct record_list *problems)
{
    static const struct out_column columns[] = {{"host", N_("Host with problems")},
                                                {"health", N_("State")},
                                                {"sessions", N_("Sessions")},
                                                {"detail", N_("last failure")},
                                                {.field = NULL}};
    show_part(out, &host_problem_type, problems, columns);
}

static void show_certificates(struct out *out, const struct record_list *ending)
{
    static const struct out_column columns[] = {{"id", N_("Certificate expires, not renewed")},
                                                {"kind", N_("Kind")},
                                                {"until", N_("valid until")},
                                                {.field = NULL}};
    show_part(out, &certificate_ending_type, ending, columns);
}

static void show_grants(struct out *out, const struct record_list *ending)
{
    static const struct out_column columns[] = {{"id", N_("Grant ends soon")},
                                                {"to", N_("for")},
                                                {"printer", N_("Printer")},
                                                {"pool", N_("Pool")},
                                                {"site", N_("Site")},
                                                {"until", N_("ends at")},
                                                {"review", N_("or unless confirmed")},
                                                {.field = NULL}};
    show_part(out, &noun_types[NOUN_GRANT], ending, columns);
}

static void show_floods(struct out *out, const struct record_list *floods)
{
    static const struct out_column columns[] = {{"port", N_("Flooded port")},
                                                {"since", N_("since")},
                                                {"dropped", N_("Connections dropped")},
                                                {"network", N_("most recently from")},
                                                {.field = NULL}};
    show_part(out, &flood_report_type, floods, columns);
}

static void show_printing(struct out *out, const struct record_list *printing)
{
    static const struct out_column columns[] = {
        {"id", N_("Printing in trouble")}, {"kind", N_("Kind")},         {"state", N_("State")},
        {"detail", N_("Detail")},          {"jobs", N_("Jobs waiting")}, {.field = NULL}};
    show_part(out, &printing_problem_type, printing, columns);
}

static void show_gateways(struct out *out, const struct record_list *gateways)
{
    static const struct out_column columns[] = {{"gateway", N_("Gateway that lets nobody in")},
                                                {"state", N_("State")},
                                                {"channels", N_("People in from outside")},
                                                {.field = NULL}};
    show_part(out, &gateway_problem_type, gateways, columns);
}

static void show_shared(struct out *out, const struct record_list *shared)
{
    static const struct out_column columns[] = {{"id", N_("In use at two places: enrol it again")},
                                                {"kind", N_("Kind")},
                                                {"since", N_("noticed")},
                                                {.field = NULL}};
    show_part(out, &identity_shared_type, shared, columns);
}

static void show_reused(struct out *out, const struct record_list *reused)
{
    static const struct out_column columns[] = {{"assignment", N_("Made for somebody else")},
                                                {"user_name", N_("who had the name")},
                                                {"person", N_("that now has")},
                                                {.field = NULL}};
    show_part(out, &name_reused_type, reused, columns);
}

static void show_agents(struct out *out, const struct record_list *agents)
{
    static const struct out_column columns[] = {{"kind", N_("Agents of")},          {"version", N_("Version")},
                                                {"protocol", N_("Protocol")},       {"count", N_("Count")},
                                                {"refusal", N_("refused because")}, {.field = NULL}};
    show_part(out, &agent_count_type, agents, columns);
}

static void show_guesses(struct out *out, const struct record_list *guesses)
{
    static const struct out_column columns[] = {{"name", N_("Wrong passwords for")},
                                                {"port", N_("At")},
                                                {"from", N_("From")},
                                                {"failures", N_("Count")},
                                                {"last", N_("Last")},
                                                {"until", N_("Waits until")},
                                                {.field = NULL}};
    show_part(out, &guesses_report_type, guesses, columns);
}

// What it signs ends with it, so a certificate of two years is cut from then on.
static void warn_of_authority(struct out *out, int64_t until_ms)
{
    if (!until_ms || until_ms > clock_wall_ms() + (int64_t)AUTHORITY_DAYS * 24 * 60 * 60 * 1000)
        return;
    owned(text) struct text when = {0};
    out_time(&when, until_ms);
    out_warn(out, _("The certificate of the device CA expires on %s: see CERTIFICATES in pult-broker(8)."), when.bytes);
}

static void warn_of_own_certificate(struct out *out, const struct own_certificate_report *report)
{
    owned(text) struct text when = {0};
    out_time(&when, report->until_ms);
    bool ends = report->until_ms < clock_wall_ms() + (int64_t)EXPIRY_DAYS * 24 * 60 * 60 * 1000;
    if (ends && report->kind == OWN_CERTIFICATE_SERVER)
        out_warn(out,
                 _("WARNING: the broker's certificate is valid until %s; after that nobody can connect. Renew it: "
                   "pult-broker(8), RENEWAL."),
                 when.bytes);
    if (ends && report->kind == OWN_CERTIFICATE_ADMIN_CA)
        out_warn(out,
                 _("WARNING: the CA of administrators' certificates is valid until %s; after that none of them is "
                   "accepted. Renew it: pult-broker(8), RENEWAL."),
                 when.bytes);
    if (ends && report->kind == OWN_CERTIFICATE_RDP)
        out_warn(out,
                 _("WARNING: the certificate that signs .rdp files is valid until %s; after that RDP programs warn of "
                   "them. Renew it: pult-broker(8), RENEWAL."),
                 when.bytes);
    if (report->problem[0])
        out_warn(out, _("WARNING: the broker keeps its certificate, since what it read last cannot be used: %s"),
                 report->problem);
}

static void warn_of_own_certificates(struct out *out, const struct record_list *certificates)
{
    for (size_t i = 0; i < certificates->count; i++)
        warn_of_own_certificate(out, record_at(certificates, &own_certificate_report_type, i));
}

static void warn_of_disk(struct out *out, int64_t free_permille)
{
    if (free_permille >= 0 && free_permille <= 100)
        out_warn(out,
                 _("WARNING: %lld.%lld %% of the disk of the broker's journal is left. Make room: when it is full, "
                   "nobody can log on."),
                 (long long)free_permille / 10, (long long)free_permille % 10);
}

enum exit_code status_show(struct tool *tool, const struct invocation *invocation)
{
    static const struct out_column columns[] = {
        {"version", N_("Version")},
        {"since", N_("Running since")},
        {"store", N_("Journal")},
        {"events", N_("Events")},
        {"tenants", N_("Tenants")},
        {"hosts", N_("Session hosts")},
        {"hosts_ok", N_("of which usable")},
        {"hosts_draining", N_("of which draining")},
        {"devices", N_("Devices")},
        {"devices_online", N_("of which online")},
        {"sessions", N_("Sessions")},
        {"channels", N_("of which from outside")},
        {.field = NULL},
    };
    (void)invocation;
    struct status_answer status;
    struct tool_call call = {.method = method_find(METHOD_STATUS, NOUN_NONE)};
    enum exit_code code = tool_ask(tool, &call, &status);
    if (code == EXIT_DONE) {
        out_record(&tool->out, &status_answer_type, &status, columns);
        show_directories(&tool->out, &status.directories);
        show_problems(&tool->out, &status.problems);
        show_printing(&tool->out, &status.printing);
        show_gateways(&tool->out, &status.gateways);
        show_shared(&tool->out, &status.identities_shared);
        show_reused(&tool->out, &status.names_reused);
        show_certificates(&tool->out, &status.certificates_ending);
        show_grants(&tool->out, &status.grants_ending);
        show_floods(&tool->out, &status.floods);
        show_agents(&tool->out, &status.agents);
        show_guesses(&tool->out, &status.guesses);
        warn_of_kerberos(&tool->out, &status.directories);
        warn_of_disk(&tool->out, status.disk_free_permille);
        warn_of_authority(&tool->out, status.device_ca_until_ms);
        warn_of_own_certificates(&tool->out, &status.own_certificates);
    }
    record_free(status_answer_type.fields, &status);
    return code;
}

// ---- the journal

static enum exit_code fetch_events(struct tool *tool, int64_t after, struct record_list *all)
{
    struct page_query query = {.limit = EVENTS_PAGE};
    struct tool_call call = {.method = method_find(METHOD_EVENTS, NOUN_NONE), .query = &query};
    for (bool more = true; more;) {
        struct events_answer page;
        snprintf(query.after, sizeof query.after, "%lld", (long long)after);
        enum exit_code code = tool_ask(tool, &call, &page);
        for (size_t i = 0; code == EXIT_DONE && i < page.items.count; i++)
            *(struct event_answer *)record_add(all, &event_answer_type) =
                *(struct event_answer *)record_at(&page.items, &event_answer_type, i);
        more = code == EXIT_DONE && text_number(page.next, after + 1, INT64_MAX, &after);
        record_free(events_answer_type.fields, &page);
        if (code != EXIT_DONE)
            return code;
    }
    return EXIT_DONE;
}

static enum exit_code first_event(struct tool *tool, int64_t *after)
{
    const struct options *options = &tool->options;
    struct status_answer status;
    struct tool_call call = {.method = method_find(METHOD_STATUS, NOUN_NONE)};
    int64_t last = EVENTS_USUAL;
    if (options->after[0] && text_number(options->after, 0, INT64_MAX - 1, after))
        return EXIT_DONE;
    if (options->after[0] || (options->last[0] && !text_number(options->last, 1, INT64_MAX - 1, &last))) {
        out_complain(_("%s: expected a number"), options->after[0] ? "--after" : "--last");
        return EXIT_USAGE;
    }
    enum exit_code code = tool_ask(tool, &call, &status);
    *after = status.events > last ? status.events - last : 0;
    record_free(status_answer_type.fields, &status);
    return code;
}

enum exit_code event_list(struct tool *tool, const struct invocation *invocation)
{
    (void)invocation;
    int64_t after = 0;
    struct events_answer all = {0};
    enum exit_code code = first_event(tool, &after);
    if (code == EXIT_DONE)
        code = fetch_events(tool, after, &all.items);
    if (code == EXIT_DONE)
        out_list(&tool->out, &event_answer_type, &all.items, NULL);
    record_free(events_answer_type.fields, &all);
    return code;
}
