// SPDX-License-Identifier: EUPL-1.2
// Configuration as text: first what would change and who would get something else, then a question, then all at once.
#include "admin-tool/command.h"
#include "admin-tool/csv.h"
#include "admin-tool/prompt.h"
#include "admin-tool/yaml.h"
#include "broker/api/codec_print.h"
#include "broker/api/record.h"
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

// NOUN_NONE: YAML of any nouns; else a table of one.
static bool read_objects(const char *path, enum noun noun, struct apply_request *request)
{
    struct fault why = {0};
    owned(text) struct text text = {0};
    text_adds(&text, "");
    bool read = read_file(path, &text, &why);
    if (read && (noun == NOUN_NONE ? yaml_read(request, text.bytes, text.length, &why)
                                   : csv_read(request, noun, text.bytes, text.length, &why)))
        return true;
    out_complain("%s: %s", path, why.text);
    return false;
}

#define AT(holder, member) .offset = offsetof(struct holder, member), .size = sizeof(((struct holder *)0)->member)

// ---- the plan as a table

struct plan_line {
    char what[ID_SIZE + SLUG_SIZE];
    char change[32];
    char field[SLUG_SIZE];
    char *from, *to; // the plan's
};

static const struct field plan_line_fields[] = {
    {.name = "what", .type = FIELD_TEXT, AT(plan_line, what)},
    {.name = "change", .type = FIELD_TEXT, AT(plan_line, change)},
    {.name = "field", .type = FIELD_TEXT, AT(plan_line, field)},
    {.name = "from", .type = FIELD_STRING, AT(plan_line, from)},
    {.name = "to", .type = FIELD_STRING, AT(plan_line, to)},
    {.name = NULL},
};
static const struct record_type plan_line_type = {"plan_line", plan_line_fields, sizeof(struct plan_line)};

static void add_line(struct record_list *lines, const struct noun_change *change, const char *action,
                     const struct field_change *field)
{
    struct plan_line *line = record_add(lines, &plan_line_type);
    snprintf(line->what, sizeof line->what, "%s %s", noun_names[change->noun], change->id);
    text_cut(line->change, sizeof line->change, action);
    if (!field)
        return;
    TEXT_PUT(line->field, field->name);
    line->from = field->from;
    line->to = field->to;
}

// A line per field that changes; what is added says its fields, too, but not those left empty.
static void add_lines(struct record_list *lines, const struct noun_change *change)
{
    bool adds = change->change == CHANGE_ADD;
    if (adds)
        add_line(lines, change, _("new"), NULL);
    for (size_t i = 0; i < change->fields.count; i++) {
        const struct field_change *field = record_at(&change->fields, &field_change_type, i);
        if (!(adds && (!field->to || text_equal(field->name, "id"))))
            add_line(lines, change, adds ? "" : _("changed"), field);
    }
}

static size_t show_changes(struct out *out, const struct apply_answer *plan)
{
    static const struct out_column columns[] = {{"what", N_("What")}, {"change", N_("Change")}, {"field", N_("Field")},
                                                {"from", N_("from")}, {"to", N_("to")},         {.field = NULL}};
    struct record_list lines = {0};
    size_t count = 0;
    for (size_t i = 0; i < plan->changes.count; i++) {
        const struct noun_change *change = record_at(&plan->changes, &noun_change_type, i);
        if (change->change == CHANGE_SAME)
            continue;
        count++;
        add_lines(&lines, change);
    }
    if (count && !out->json)
        out_list(out, &plan_line_type, &lines, columns);
    free(lines.rows);
    return count;
}

// ---- who would get something else

enum { SHOWN_MAX = 100 };

struct shown_person {
    char person[USER_NAME_SIZE], name[NAME_SIZE];
    char from[ID_SIZE], to[ID_SIZE];
    char fields[LIST_SIZE];
};

static const struct field shown_person_fields[] = {
    {.name = "person", .type = FIELD_TEXT, AT(shown_person, person)},
    {.name = "name", .type = FIELD_TEXT, AT(shown_person, name)},
    {.name = "from", .type = FIELD_TEXT, AT(shown_person, from)},
    {.name = "to", .type = FIELD_TEXT, AT(shown_person, to)},
    {.name = "fields", .type = FIELD_LINES, AT(shown_person, fields)},
    {.name = NULL},
};
static const struct record_type shown_person_type = {"shown_person", shown_person_fields, sizeof(struct shown_person)};

static void add_person(struct record_list *rows, const struct forecast_person *person)
{
    struct shown_person *row = record_add(rows, &shown_person_type);
    TEXT_PUT(row->person, person->user_name);
    TEXT_PUT(row->name, person->name);
    TEXT_PUT(row->from, person->from);
    text_cut(row->to, sizeof row->to, person->to[0] ? person->to : _("nothing"));
    text_cut(row->fields, sizeof row->fields, person->no_host ? _("no host in its pool") : person->fields);
    for (char *space = row->fields; !person->no_host && (space = strchr(space, ' '));)
        *space = '\n';
}

static bool is_lost(const struct forecast_person *person)
{
    return !person->to[0] || person->no_host;
}

// Those who could not work any more are all shown; of the others as many as can be read.
static size_t show_people(struct out *out, const struct record_list *affected, bool lost)
{
    static const struct out_column columns[] = {{"person", N_("Person")},        {"name", N_("Name")},
                                                {"from", N_("current profile")}, {"to", N_("new profile")},
                                                {"fields", N_("what changes")},  {.field = NULL}};
    struct record_list rows = {0};
    for (size_t i = 0; i < affected->count; i++) {
        const struct forecast_person *person = record_at(affected, &forecast_person_type, i);
        if (is_lost(person) == lost && (lost || rows.count < SHOWN_MAX))
            add_person(&rows, person);
    }
    size_t count = rows.count;
    if (count)
        out_list(out, &shown_person_type, &rows, columns);
    free(rows.rows);
    return count;
}

static void show_affected(struct out *out, const struct apply_answer *plan)
{
    const struct record_list *affected = &plan->affected;
    int64_t lost = plan->without_workplace, count = plan->affected_count;
    int64_t people = plan->people, not_checked = plan->not_checked;
    if (out->json)
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

static void show_groups(struct out *out, const struct record_list *groups)
{
    for (size_t i = 0; i < groups->count && !out->json; i++) {
        const struct group_notice *notice = record_at(groups, &group_notice_type, i);
        out_line(out, "%s", "");
        noun_warn_of_group(out, noun_names[notice->noun], notice->id, notice->group, notice->standing);
    }
}

static void show_own_loss(struct out *out, const struct apply_answer *plan)
{
    if (out->json || !plan->own_rights[0])
        return;
    out_line(out, "%s", "");
    out_warn(out, _("WARNING: this is about your own right to administer. %s"), language_text(plan->own_rights));
}

// ---- the command

static enum exit_code send_request(struct tool *tool, struct apply_request *request, bool dry_run,
                                   struct apply_answer *plan)
{
    struct tool_call call = {.method = method_find(METHOD_APPLY, NOUN_NONE), .body = request};
    request->dry_run = dry_run;
    return tool_ask(tool, &call, plan);
}

static bool same_changes(const struct apply_answer *plan, const struct apply_answer *done)
{
    bool same = plan->changes.count == done->changes.count;
    for (size_t i = 0; same && i < plan->changes.count; i++) {
        owned(text) struct text before = {0}, after = {0};
        codec_print_record(&before, noun_change_type.fields, CODEC_ANSWER,
                           record_at(&plan->changes, &noun_change_type, i));
        codec_print_record(&after, noun_change_type.fields, CODEC_ANSWER,
                           record_at(&done->changes, &noun_change_type, i));
        same = text_equal(before.bytes, after.bytes);
    }
    return same;
}

static enum exit_code carry_out(struct tool *tool, struct apply_request *request, const struct apply_answer *plan)
{
    struct apply_answer done;
    enum exit_code code = send_request(tool, request, false, &done);
    if (code == EXIT_DONE) {
        out_json(&tool->out, &apply_answer_type, &done);
        if (!same_changes(plan, &done)) {
            out_line(&tool->out, "%s", _("Something was changed in the meantime. What was applied:"));
            show_changes(&tool->out, &done);
        }
        out_line(&tool->out, "%s", _("Done."));
        printer_ask_new(tool, &done.changes);
        if (tool->options.enrol)
            code = enrol_print_tokens(tool, &done.changes);
    }
    record_free(apply_answer_type.fields, &done);
    return code;
}

static enum exit_code plan_and_apply(struct tool *tool, struct apply_request *request, struct apply_answer *plan)
{
    const struct options *options = &tool->options;
    enum exit_code code = send_request(tool, request, true, plan);
    if (code != EXIT_DONE)
        return code;
    size_t changes = show_changes(&tool->out, plan);
    show_affected(&tool->out, plan);
    show_groups(&tool->out, &plan->groups);
    show_own_loss(&tool->out, plan);
    if (!changes)
        out_line(&tool->out, "%s", _("Nothing to do: everything is as in the file."));
    if (options->dry_run || !changes) {
        out_json(&tool->out, &apply_answer_type, plan);
        return EXIT_DONE;
    }
    if (plan->own_rights[0]) // they are asked about it, too
        request->accept = ACCEPT_OWN_RIGHTS;
    return prompt_confirmed(options->yes) ? carry_out(tool, request, plan) : EXIT_NOT_CONFIRMED;
}

static enum exit_code apply_objects(struct tool *tool, const char *path, enum noun noun)
{
    struct apply_request request;
    struct apply_answer plan = {0};
    if (tool->options.enrol && tool->options.json) {
        out_complain("%s", _("--enrol prints lines with tokens, no JSON. Leave out --json."));
        return EXIT_USAGE;
    }
    if (!read_objects(path, noun, &request))
        return EXIT_USAGE;
    enum exit_code code = plan_and_apply(tool, &request, &plan);
    record_free(apply_answer_type.fields, &plan);
    record_free(apply_request_type.fields, &request);
    return code;
}

enum exit_code apply_file(struct tool *tool, const struct invocation *invocation)
{
    (void)invocation;
    if (tool->options.file[0])
        return apply_objects(tool, tool->options.file, NOUN_NONE);
    out_complain("%s", _("Missing -f FILE."));
    return EXIT_USAGE;
}

enum exit_code apply_table(struct tool *tool, const struct invocation *invocation)
{
    return apply_objects(tool, invocation->words[0], invocation->noun);
}
