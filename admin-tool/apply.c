// SPDX-License-Identifier: EUPL-1.2
// Configuration as text: first what would change and who would get something else, then a question, then all at once.
#include "admin-tool/command.h"
#include "admin-tool/prompt.h"
#include "admin-tool/yaml.h"
#include "broker/client/language.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool read_file(const char *path, struct text *text, struct fault *why)
{
    bool standard = text_equal(path, "-");
    char piece[16 * 1024];
    FILE *file = standard ? stdin : fopen(path, "re");
    if (!file)
        return fault_set(why, FAULT_ABSENT, "%s", strerror(errno));
    for (size_t got; text->length <= YAML_MAX && (got = fread(piece, 1, sizeof piece, file)) > 0;)
        text_add(text, piece, got);
    bool read = !ferror(file);
    if (!standard)
        fclose(file);
    return read || fault_set(why, FAULT_UNAVAILABLE, "%s", strerror(EIO));
}

static bool read_objects(const char *path, json_object **objects)
{
    struct fault why = {0};
    owned(text) struct text text = {0};
    text_adds(&text, "");
    if (read_file(path, &text, &why) && yaml_read(objects, text.bytes, text.length, &why))
        return true;
    out_complain("%s: %s", path, why.text);
    return false;
}

// ---- the plan as a table

static json_object *copy_member(json_object *object, const char *key)
{
    return json_object_get(codec_member(object, key));
}

static void add_row(json_object *rows, json_object *change, const char *action, json_object *field)
{
    struct text what = {0};
    json_object *row = json_object_new_object();
    text_addf(&what, "%s %s", codec_string(change, "noun"), codec_string(change, "id"));
    json_object_object_add(row, "what", json_object_new_string(what.bytes));
    json_object_object_add(row, "change", json_object_new_string(action));
    json_object_object_add(row, "field", copy_member(field, "name"));
    json_object_object_add(row, "from", copy_member(field, "from"));
    json_object_object_add(row, "to", copy_member(field, "to"));
    json_object_array_add(rows, row);
    text_drop(&what);
}

// A line per field that changes; what is added says its fields, too, but not those left empty.
static void add_rows(json_object *rows, json_object *change)
{
    bool adds = text_equal(codec_string(change, "change"), "add");
    json_object *fields = codec_member(change, "fields");
    size_t count = json_object_is_type(fields, json_type_array) ? json_object_array_length(fields) : 0;
    if (adds)
        add_row(rows, change, _("new"), NULL);
    for (size_t i = 0; i < count; i++) {
        json_object *field = json_object_array_get_idx(fields, i), *to = codec_member(field, "to");
        bool empty = json_object_is_type(to, json_type_string) && json_object_get_string_len(to) == 0;
        if (!(adds && (empty || text_equal(codec_string(field, "name"), "id"))))
            add_row(rows, change, adds ? "" : _("changed"), field);
    }
}

static size_t show_changes(struct out *out, json_object *plan)
{
    static const struct out_column columns[] = {{"what", N_("What"), OUT_PLAIN},   {"change", N_("Change"), OUT_PLAIN},
                                                {"field", N_("Field"), OUT_PLAIN}, {"from", N_("from"), OUT_PLAIN},
                                                {"to", N_("to"), OUT_PLAIN},       {.key = NULL}};
    json_object *changes = codec_member(plan, "changes");
    owned(json) json_object *rows = json_object_new_array();
    size_t count = 0;
    for (size_t i = 0; json_object_is_type(changes, json_type_array) && i < json_object_array_length(changes); i++) {
        json_object *change = json_object_array_get_idx(changes, i);
        if (text_equal(codec_string(change, "change"), "same"))
            continue;
        count++;
        add_rows(rows, change);
    }
    if (count && !out->json)
        out_list(out, rows, columns);
    return count;
}

// ---- who would get something else

enum { SHOWN_MAX = 100 };

static void add_text(json_object *row, const char *key, const char *text)
{
    json_object_object_add(row, key, json_object_new_string(text));
}

static json_object *row_of(json_object *person)
{
    json_object *row = json_object_new_object();
    const char *to = codec_string(person, "to");
    bool no_host = codec_flag(person, "no_host");
    add_text(row, "person", codec_string(person, "user_name"));
    add_text(row, "name", codec_string(person, "name"));
    add_text(row, "from", codec_string(person, "from"));
    add_text(row, "to", *to ? to : _("nothing"));
    if (no_host)
        add_text(row, "fields", _("no host in its pool"));
    else
        json_object_object_add(row, "fields", json_object_get(codec_member(person, "fields")));
    return row;
}

static bool is_lost(json_object *person)
{
    return !*codec_string(person, "to") || codec_flag(person, "no_host");
}

// Those who could not work any more are all shown; of the others as many as can be read.
static size_t show_people(struct out *out, json_object *affected, bool lost)
{
    static const struct out_column columns[] = {
        {"person", N_("Person"), OUT_PLAIN},        {"name", N_("Name"), OUT_PLAIN},
        {"from", N_("current profile"), OUT_PLAIN}, {"to", N_("new profile"), OUT_PLAIN},
        {"fields", N_("what changes"), OUT_PLAIN},  {.key = NULL}};
    owned(json) json_object *rows = json_object_new_array();
    for (size_t i = 0; i < json_object_array_length(affected); i++) {
        json_object *person = json_object_array_get_idx(affected, i);
        if (is_lost(person) == lost && (lost || json_object_array_length(rows) < SHOWN_MAX))
            json_object_array_add(rows, row_of(person));
    }
    if (json_object_array_length(rows))
        out_list(out, rows, columns);
    return json_object_array_length(rows);
}

static void show_affected(struct out *out, json_object *plan)
{
    json_object *affected = codec_member(plan, "affected");
    int64_t lost = codec_number(plan, "without_workplace"), count = codec_number(plan, "affected_count");
    int64_t people = codec_number(plan, "people"), not_checked = codec_number(plan, "not_checked");
    if (out->json || !json_object_is_type(affected, json_type_array))
        return;
    if (lost) {
        out_line(out, "%s", "");
        out_warn(out, _("WARNING: people who would lose their workplace: %lld"), (long long)lost);
        show_people(out, affected, true);
    }
    if (count > lost) {
        out_line(out, "%s", "");
        out_line(out, _("People whose workplace would change: %lld"), (long long)(count - lost));
        int64_t shown = (int64_t)show_people(out, affected, false);
        if (shown < count - lost)
            out_line(out, _("... and %lld more; all of them with --json."), (long long)(count - lost - shown));
    }
    if (people && !count)
        out_line(out, _("Nothing would change for people who have logged on before (%lld checked)."),
                 (long long)(people - not_checked));
    if (not_checked)
        out_warn(
            out,
            _("People who could not be checked: %lld. Their directory does not answer or is being replaced, or there "
              "are too many of them."),
            (long long)not_checked);
}

// ---- the command

static enum exit_code send(struct tool *tool, json_object *objects, bool dry_run, json_object **plan)
{
    owned(json) json_object *request = json_object_new_object();
    json_object_object_add(request, "dry_run", json_object_new_boolean(dry_run));
    json_object_object_add(request, "objects", json_object_get(objects));
    return tool_ask(tool, "POST", "/v1/apply", request, plan);
}

static enum exit_code carry_out(struct tool *tool, json_object *objects, json_object *plan)
{
    owned(json) json_object *done = NULL;
    enum exit_code code = send(tool, objects, false, &done);
    if (code != EXIT_DONE)
        return code;
    out_json(&tool->out, done);
    if (!json_object_equal(codec_member(plan, "changes"), codec_member(done, "changes"))) {
        out_line(&tool->out, "%s", _("Something was changed in the meantime. What was applied:"));
        show_changes(&tool->out, done);
    }
    out_line(&tool->out, "%s", _("Done."));
    return EXIT_DONE;
}

enum exit_code apply_file(struct tool *tool, const struct invocation *invocation)
{
    (void)invocation;
    const struct options *options = &tool->options;
    owned(json) json_object *objects = NULL;
    owned(json) json_object *plan = NULL;
    if (!options->file[0]) {
        out_complain("%s", _("Missing -f FILE."));
        return EXIT_USAGE;
    }
    if (!read_objects(options->file, &objects))
        return EXIT_USAGE;
    enum exit_code code = send(tool, objects, true, &plan);
    if (code != EXIT_DONE)
        return code;
    size_t changes = show_changes(&tool->out, plan);
    show_affected(&tool->out, plan);
    if (!changes)
        out_line(&tool->out, "%s", _("Nothing to do: everything is as in the file."));
    if (options->dry_run || !changes) {
        out_json(&tool->out, plan);
        return EXIT_DONE;
    }
    return prompt_confirmed(options->yes) ? carry_out(tool, objects, plan) : EXIT_NOT_CONFIRMED;
}
