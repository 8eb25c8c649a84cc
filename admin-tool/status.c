// SPDX-License-Identifier: EUPL-1.2
#include "admin-tool/command.h"
#include "broker/base/clock.h"
#include "broker/client/language.h"

#include <string.h>

enum { EVENTS_USUAL = 50, EVENTS_PAGE = 500, AUTHORITY_DAYS = 730 };

static void show_part(struct out *out, json_object *items, const struct out_column *columns)
{
    if (out->json || !json_object_is_type(items, json_type_array) || !json_object_array_length(items))
        return;
    out_line(out, "%s", "");
    out_list(out, items, columns);
}

static void show_directories(struct out *out, json_object *directories)
{
    static const struct out_column columns[] = {{"tenant", N_("Directory of"), OUT_PLAIN},
                                                {"state", N_("State"), OUT_HEALTH},
                                                {"since", N_("since"), OUT_TIME},
                                                {"server", N_("Server"), OUT_PLAIN},
                                                {"connections", N_("Connections"), OUT_PLAIN},
                                                {"last_failure", N_("last failure"), OUT_PLAIN},
                                                {.key = NULL}};
    show_part(out, directories, columns);
}

static void show_problems(struct out *out, json_object *problems)
{
    static const struct out_column columns[] = {{"host", N_("Host with problems"), OUT_PLAIN},
                                                {"health", N_("State"), OUT_HEALTH},
                                                {"sessions", N_("Sessions"), OUT_PLAIN},
                                                {"detail", N_("last failure"), OUT_PLAIN},
                                                {.key = NULL}};
    show_part(out, problems, columns);
}

static void show_certificates(struct out *out, json_object *ending)
{
    static const struct out_column columns[] = {{"id", N_("Certificate expires, not renewed"), OUT_PLAIN},
                                                {"kind", N_("Kind"), OUT_PLAIN},
                                                {"until", N_("valid until"), OUT_TIME},
                                                {.key = NULL}};
    show_part(out, ending, columns);
}

// What it signs ends with it, so a certificate of two years is cut from then on.
static void warn_of_authority(struct out *out, const char *until)
{
    char soon[CLOCK_TEXT_SIZE];
    clock_text(soon, clock_wall_ms() + (int64_t)AUTHORITY_DAYS * 24 * 60 * 60 * 1000);
    if (!*until || strcmp(until, soon) > 0)
        return;
    owned(text) struct text when = {0};
    out_time(&when, until);
    out_warn(out, _("The certificate of the device CA expires on %s. Restart the broker: it will renew it."),
             when.bytes);
}

enum exit_code status_show(struct tool *tool, const struct invocation *invocation)
{
    static const struct out_column columns[] = {
        {"version", N_("Version"), OUT_PLAIN},          {"since", N_("Running since"), OUT_TIME},
        {"store", N_("Journal"), OUT_HEALTH},           {"events", N_("Events"), OUT_PLAIN},
        {"tenants", N_("Tenants"), OUT_PLAIN},          {"hosts", N_("Session hosts"), OUT_PLAIN},
        {"hosts_ok", N_("of which usable"), OUT_PLAIN}, {"hosts_draining", N_("of which draining"), OUT_PLAIN},
        {"devices", N_("Devices"), OUT_PLAIN},          {"devices_online", N_("of which online"), OUT_PLAIN},
        {"sessions", N_("Sessions"), OUT_PLAIN},        {.key = NULL},
    };
    (void)invocation;
    owned(json) json_object *status = NULL;
    enum exit_code code = tool_ask(tool, "GET", "/v1/status", NULL, &status);
    if (code != EXIT_DONE)
        return code;
    out_object(&tool->out, status, columns);
    show_directories(&tool->out, codec_member(status, "directories"));
    show_problems(&tool->out, codec_member(status, "problems"));
    show_certificates(&tool->out, codec_member(status, "certificates_ending"));
    warn_of_authority(&tool->out, codec_string(status, "device_ca_until"));
    return EXIT_DONE;
}

// ---- the journal

// What an event is about stands in its record, or as its id when the thing is gone.
static void add_about(json_object *event)
{
    const char *id = codec_string(event, "id");
    if (!*id)
        id = codec_string(codec_member(event, "record"), "id");
    json_object_object_add(event, "about", json_object_new_string(id));
}

static enum exit_code fetch_events(struct tool *tool, int64_t after, json_object *all)
{
    for (;;) {
        char path[PATH_SIZE];
        int64_t next = 0;
        owned(json) json_object *page = NULL;
        snprintf(path, sizeof path, "/v1/events?after=%lld&limit=%d", (long long)after, EVENTS_PAGE);
        enum exit_code code = tool_ask(tool, "GET", path, NULL, &page);
        if (code != EXIT_DONE)
            return code;
        json_object *items = codec_member(page, "items");
        for (size_t i = 0; json_object_is_type(items, json_type_array) && i < json_object_array_length(items); i++)
            json_object_array_add(all, json_object_get(json_object_array_get_idx(items, i)));
        if (!text_number(codec_string(page, "next"), after + 1, INT64_MAX, &next))
            return EXIT_DONE;
        after = next;
    }
}

static enum exit_code first_event(struct tool *tool, int64_t *after)
{
    const struct options *options = &tool->options;
    int64_t last = EVENTS_USUAL;
    if (options->after[0] && text_number(options->after, 0, INT64_MAX - 1, after))
        return EXIT_DONE;
    if (options->after[0] || (options->last[0] && !text_number(options->last, 1, INT64_MAX - 1, &last))) {
        out_complain(_("%s: expected a number"), options->after[0] ? "--after" : "--last");
        return EXIT_USAGE;
    }
    owned(json) json_object *status = NULL;
    enum exit_code code = tool_ask(tool, "GET", "/v1/status", NULL, &status);
    int64_t events = code == EXIT_DONE ? codec_number(status, "events") : 0;
    *after = events > last ? events - last : 0;
    return code;
}

enum exit_code event_list(struct tool *tool, const struct invocation *invocation)
{
    static const struct out_column columns[] = {{.key = "seq"},  {.key = "at", .kind = OUT_TIME},
                                                {.key = "type"}, {.key = "about"},
                                                {.key = "by"},   {.key = "why"},
                                                {.key = NULL}};
    (void)invocation;
    int64_t after = 0;
    owned(json) json_object *events = json_object_new_array();
    enum exit_code code = first_event(tool, &after);
    if (code == EXIT_DONE)
        code = fetch_events(tool, after, events);
    if (code != EXIT_DONE)
        return code;
    for (size_t i = 0; !tool->out.json && i < json_object_array_length(events); i++)
        add_about(json_object_array_get_idx(events, i));
    out_list(&tool->out, events, columns);
    return EXIT_DONE;
}
