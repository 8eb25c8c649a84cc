// SPDX-License-Identifier: EUPL-1.2
// list, show, add, set and remove, the same for every noun: the rows of broker/api/types.h say what there is.
#include "admin-tool/command.h"
#include "admin-tool/fields.h"
#include "broker/client/language.h"

#include <string.h>

enum { PAGE = 500, LIST_COLUMNS_MAX = 10, SHOW_COLUMNS_MAX = 48 };

// What a list shows of each; `show` and --json show everything.
static const char *const list_columns[NOUN_COUNT][LIST_COLUMNS_MAX] = {
    [NOUN_TENANT] = {"id", "name", "district", "realm", "help_desk"},
    [NOUN_SITE] = {"id", "name"},
    [NOUN_POOL] = {"id", "name", "kind"},
    [NOUN_HOST] = {"id", "pool", "address", "health", "sessions", "max_sessions", "cpu", "memory", "report_age",
                   "draining"},
    [NOUN_PROFILE] = {"id", "name", "pool", "hours", "days"},
    [NOUN_ASSIGNMENT] = {"id", "profile", "group", "person", "priority"},
    [NOUN_DEVICE] = {"id", "site", "room", "online", "session", "certificate_until", "disabled"},
    [NOUN_ADMINISTRATOR] = {"id", "name", "scope"},
    [NOUN_PERSON] = {"id", "user_name", "name", "first_seen"},
    [NOUN_SESSION] = {"id", "user_name", "place", "host", "state", "idle", "changed"},
};

static struct out_column column_of(enum noun noun, const char *key)
{
    const struct field *field = field_find(noun, key);
    enum out_kind kind = field && field->type == FIELD_TIME ? OUT_TIME
                         : text_equal(key, "health")        ? OUT_HEALTH
                         : text_equal(key, "guarantee")     ? OUT_GUARANTEE
                         : text_equal(key, "agent_refusal") ? OUT_REFUSAL
                                                            : OUT_PLAIN;
    return (struct out_column){.key = key, .kind = kind};
}

// ---- list

static void add_items(json_object *all, json_object *page)
{
    json_object *items = codec_member(page, "items");
    for (size_t i = 0; json_object_is_type(items, json_type_array) && i < json_object_array_length(items); i++)
        json_object_array_add(all, json_object_get(json_object_array_get_idx(items, i)));
}

static enum exit_code fetch_all(struct tool *tool, const char *start, json_object *all)
{
    char path[PATH_SIZE + ID_SIZE + 8], after[ID_SIZE] = "";
    for (;;) {
        owned(json) json_object *page = NULL;
        snprintf(path, sizeof path, "%s%s%s", start, after[0] ? "&after=" : "", after);
        enum exit_code code = tool_ask(tool, "GET", path, NULL, &page);
        if (code != EXIT_DONE)
            return code;
        add_items(all, page);
        const char *next = codec_string(page, "next");
        if (!*next || text_equal(next, after) || !text_copy(after, sizeof after, next))
            return EXIT_DONE;
    }
}

enum exit_code noun_list(struct tool *tool, const struct invocation *invocation)
{
    enum noun noun = invocation->noun;
    const char *tenant = tool->options.given & OPTION_TENANT ? tool->options.tenant : "";
    char start[PATH_SIZE];
    struct out_column columns[LIST_COLUMNS_MAX + 1] = {0};
    if (*tenant && !text_is_slug(tenant, strlen(tenant))) {
        out_complain(_("%s: a tenant's id is made of a-z, 0-9 and -"), tenant);
        return EXIT_USAGE;
    }
    snprintf(start, sizeof start, "/v1/%s?limit=%d%s%.*s", noun_rows[noun].plural, PAGE, *tenant ? "&tenant=" : "",
             SLUG_SIZE, tenant);
    for (size_t i = 0; i < LIST_COLUMNS_MAX && list_columns[noun][i]; i++)
        columns[i] = column_of(noun, list_columns[noun][i]);
    owned(json) json_object *items = json_object_new_array();
    enum exit_code code = fetch_all(tool, start, items);
    if (code == EXIT_DONE)
        out_list(&tool->out, items, columns);
    return code;
}

// ---- show

enum exit_code noun_show(struct tool *tool, const struct invocation *invocation)
{
    char path[PATH_SIZE];
    owned(json) json_object *object = NULL;
    struct out_column columns[SHOW_COLUMNS_MAX + 1] = {0};
    size_t count = 0;
    if (!tool_path(path, invocation->noun, invocation->words[0], NULL))
        return EXIT_USAGE;
    enum exit_code code = tool_ask(tool, "GET", path, NULL, &object);
    if (code != EXIT_DONE)
        return code;
    json_object_object_foreach(object, key, value)
    {
        (void)value;
        if (count < SHOW_COLUMNS_MAX)
            columns[count++] = column_of(invocation->noun, key);
    }
    out_object(&tool->out, object, columns);
    return EXIT_DONE;
}

// ---- add and set

// All of them at once, where the broker would name one at a time.
static bool complain_of_missing(const struct invocation *invocation, json_object *wanted)
{
    owned(text) struct text missing = {0};
    const char *noun = noun_rows[invocation->noun].name;
    for (const struct field *field = noun_rows[invocation->noun].fields; field->name; field++)
        if ((field->flags & FIELD_REQUIRED) && !text_equal(field->name, "id") && !codec_member(wanted, field->name))
            text_addf(&missing, " %s=", field->name);
    if (missing.bytes)
        out_complain(_("a %s also needs:%s See: pultctl help %s"), noun, missing.bytes, noun);
    return missing.bytes != NULL;
}

static enum exit_code put(struct tool *tool, const struct invocation *invocation, const char *path,
                          const struct client_answer *present)
{
    struct fault why = {0};
    struct client_answer answer;
    owned(json) json_object *wanted = fields_of_people(invocation->noun, present ? present->body : NULL);
    for (int i = 1; i < invocation->count; i++) {
        if (!field_assign(invocation->noun, wanted, invocation->words[i], &why)) {
            out_complain("%s", why.text);
            return EXIT_USAGE;
        }
    }
    if (!present && complain_of_missing(invocation, wanted))
        return EXIT_USAGE;
    tool_change(tool, "PUT", path, present ? present->etag : NULL, wanted, &answer);
    owned(json) json_object *body = take(answer.body);
    if (answer.refusal != REFUSAL_NONE)
        return tool_complain(tool, &answer);
    out_json(&tool->out, body);
    out_line(&tool->out, present ? _("%s %s changed.") : _("%s %s added."), noun_rows[invocation->noun].name,
             invocation->words[0]);
    return EXIT_DONE;
}

static enum exit_code set(struct tool *tool, const struct invocation *invocation, bool adding)
{
    char path[PATH_SIZE];
    struct client_answer present;
    if (!tool_path(path, invocation->noun, invocation->words[0], NULL))
        return EXIT_USAGE;
    tool_call(tool, "GET", path, NULL, &present);
    owned(json) json_object *body = present.body;
    if (present.refusal == REFUSAL_NONE && adding) {
        out_complain(_("%s already exists. To change it: pultctl %s set"), invocation->words[0],
                     noun_rows[invocation->noun].name);
        return EXIT_REFUSED;
    }
    if (present.refusal == REFUSAL_NOT_FOUND && !adding) {
        out_complain(_("%s does not exist. To add it: pultctl %s add"), invocation->words[0],
                     noun_rows[invocation->noun].name);
        return EXIT_REFUSED;
    }
    if (present.refusal != REFUSAL_NONE && present.refusal != REFUSAL_NOT_FOUND)
        return tool_complain(tool, &present);
    return put(tool, invocation, path, adding ? NULL : &present);
}

enum exit_code noun_set(struct tool *tool, const struct invocation *invocation)
{
    return set(tool, invocation, false);
}

enum exit_code noun_add(struct tool *tool, const struct invocation *invocation)
{
    return set(tool, invocation, true);
}

// ---- remove

// All of them, even when one is refused; the run ends with the last refusal.
enum exit_code noun_remove(struct tool *tool, const struct invocation *invocation)
{
    enum exit_code worst = EXIT_DONE;
    char path[PATH_SIZE];
    for (int i = 0; i < invocation->count; i++)
        if (!tool_path(path, invocation->noun, invocation->words[i], NULL))
            return EXIT_USAGE;
    for (int i = 0; i < invocation->count; i++) {
        struct client_answer answer;
        if (!tool_path(path, invocation->noun, invocation->words[i], NULL))
            return EXIT_USAGE;
        tool_call(tool, "DELETE", path, NULL, &answer);
        json_drop(&answer.body);
        if (answer.refusal == REFUSAL_NONE) {
            out_line(&tool->out, invocation->noun == NOUN_SESSION ? _("%s %s ended.") : _("%s %s removed."),
                     noun_rows[invocation->noun].name, invocation->words[i]);
            continue;
        }
        if (invocation->count > 1)
            out_complain("%s %s:", noun_rows[invocation->noun].name, invocation->words[i]);
        worst = tool_complain(tool, &answer);
    }
    return worst;
}
