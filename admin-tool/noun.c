// SPDX-License-Identifier: EUPL-1.2
// list, show, add, set and remove, the same for every noun: the rows of broker/api say what there is.
#include "admin-tool/command.h"
#include "admin-tool/fields.h"
#include "admin-tool/prompt.h"
#include "broker/api/record.h"
#include "broker/client/language.h"

#include <stdio.h>
#include <string.h>

enum { PAGE = 500 };

// ---- list

static void move_items(struct record_list *all, struct record_list *page, const struct record_type *type)
{
    for (size_t i = 0; i < page->count; i++)
        memcpy(record_add(all, type), record_at(page, type, i), type->size);
    page->count = 0;
}

static enum exit_code fetch_all(struct tool *tool, enum noun noun, const char *tenant, struct record_list *all)
{
    struct page_query query = {.limit = PAGE};
    struct tool_call call = {.method = method_find(METHOD_LIST, noun), .query = &query};
    TEXT_PUT(query.tenant, tenant);
    for (;;) {
        struct noun_list page;
        enum exit_code code = tool_ask(tool, &call, &page);
        bool more = code == EXIT_DONE && page.next[0] && !text_equal(page.next, query.after);
        if (code == EXIT_DONE)
            move_items(all, &page.items, noun_status_types[noun]);
        TEXT_PUT(query.after, page.next);
        record_free(noun_list_types[noun].fields, &page);
        if (!more)
            return code;
    }
}

enum exit_code noun_list(struct tool *tool, const struct invocation *invocation)
{
    enum noun noun = invocation->noun;
    const char *tenant = tool->options.given & OPTION_TENANT ? tool->options.tenant : "";
    struct noun_list all = {0};
    if (*tenant && !tool_takes_id(NOUN_TENANT, tenant))
        return EXIT_USAGE;
    enum exit_code code = fetch_all(tool, noun, tenant, &all.items);
    if (code == EXIT_DONE)
        out_list(&tool->out, noun_status_types[noun], &all.items, NULL);
    record_free(noun_list_types[noun].fields, &all);
    return code;
}

// ---- show

enum exit_code noun_show(struct tool *tool, const struct invocation *invocation)
{
    union noun_status status;
    enum noun noun = invocation->noun;
    struct tool_call call = {.method = method_find(METHOD_SHOW, noun), .id = invocation->words[0]};
    if (!tool_takes_id(noun, call.id))
        return EXIT_USAGE;
    enum exit_code code = tool_ask(tool, &call, &status);
    if (code == EXIT_DONE)
        out_record(&tool->out, noun_status_types[noun], &status, NULL);
    return code;
}

// ---- what is asked before

// Sent again when it would take their own right from whoever sends it and they mean it. The refusal that remains:
// EXIT_NOT_CONFIRMED when they do not, after it was said.
static enum exit_code send_change(struct tool *tool, struct tool_call *call, void *answer, struct client_answer *told)
{
    struct page_query accept = {.limit = 0};
    if (tool->options.yes)
        accept.accept = ACCEPT_OWN_RIGHTS;
    call->query = call->method->query ? &accept : NULL;
    tool_send(tool, call, answer, told);
    bool meant = true;
    if (told->refusal == REFUSAL_OWN_RIGHTS) {
        tool_complain(tool, told);
        meant = prompt_confirmed(false);
        accept.accept = ACCEPT_OWN_RIGHTS;
        if (meant)
            tool_send(tool, call, answer, told);
    }
    call->query = NULL;
    if (!meant)
        return EXIT_NOT_CONFIRMED;
    return told->refusal == REFUSAL_NONE ? EXIT_DONE : tool_complain(tool, told);
}

void noun_warn_of_group(struct out *out, const char *noun, const char *id, const char *group, int64_t standing)
{
    switch ((enum group_standing)standing) {
    case GROUP_ABSENT:
        out_warn(out, _("WARNING: %s %s is for nobody: the directory has no group %s below group_base."), noun, id,
                 group);
        return;
    case GROUP_OUTSIDE:
        out_warn(out, _("WARNING: %s %s is for nobody: the group %s is not below group_base."), noun, id, group);
        return;
    case GROUP_TWICE:
        out_warn(out, _("WARNING: %s %s is for nobody: several groups are called %s. Write the DN of one."), noun, id,
                 group);
        return;
    case GROUP_UNKNOWN:
        out_warn(out, _("The directory could not be asked for the group of %s %s: %s"), noun, id, group);
        return;
    case GROUP_FOUND:
        return;
    }
}

// ---- add and set

// All of them at once, where the broker would name one at a time.
static bool complain_of_missing(const struct draft *draft)
{
    owned(text) struct text missing = {0};
    const char *noun = noun_rows[draft->noun].name;
    if (!draft_lacks(draft, "=", &missing))
        return false;
    out_complain(_("a %s also needs:%s See: pultctl help %s"), noun, missing.bytes, noun);
    return true;
}

static enum exit_code put(struct tool *tool, const struct invocation *invocation, const char *id, struct draft *draft,
                          const char *etag)
{
    struct fault why = {0};
    struct client_answer told;
    union noun_status status;
    struct tool_call call = {.method = method_find(METHOD_SET, draft->noun),
                             .id = id,
                             .body = &draft->record,
                             .etag = etag,
                             .if_absent = !etag};
    for (int i = 1; i < invocation->count; i++) {
        if (!draft_assign(draft, invocation->words[i], &why)) {
            out_complain("%s", why.text);
            return EXIT_USAGE;
        }
    }
    if (!etag && complain_of_missing(draft))
        return EXIT_USAGE;
    enum exit_code code = send_change(tool, &call, &status, &told);
    if (code != EXIT_DONE)
        return code;
    out_json(&tool->out, call.method->answer, &status);
    out_line(&tool->out, etag ? _("%s %s changed.") : _("%s %s added."), noun_rows[draft->noun].name, call.id);
    if (draft->noun == NOUN_ASSIGNMENT && status.assignment.assignment.group[0])
        noun_warn_of_group(&tool->out, noun_rows[draft->noun].name, call.id, status.assignment.assignment.group,
                           status.assignment.group_standing);
    if (draft->noun == NOUN_TENANT && status.tenant.tenant.admin_group[0])
        noun_warn_of_group(&tool->out, noun_rows[draft->noun].name, call.id, status.tenant.tenant.admin_group,
                           status.tenant.group_standing);
    if (draft->noun == NOUN_TENANT && status.record.tenant.district && !draft->record.tenant.district)
        out_line(&tool->out, "%s", _("The first tenant is the district's: its administrators manage all tenants."));
    return EXIT_DONE;
}

// Of people only the id is a name of ours; who sets something of somebody knows their user name.
static enum exit_code find_person(struct tool *tool, const char *word, char id[ID_SIZE])
{
    struct noun_list all = {0};
    const char *name = strchr(word, '/') + 1;
    char tenant[SLUG_SIZE];
    text_cut(id, ID_SIZE, word);
    snprintf(tenant, sizeof tenant, "%.*s", (int)(name - 1 - word), word);
    enum exit_code code = fetch_all(tool, NOUN_PERSON, tenant, &all.items);
    for (size_t i = 0; code == EXIT_DONE && i < all.items.count; i++) {
        const struct person_status *person = record_at(&all.items, &person_status_type, i);
        if (text_same_name(name, strlen(name), person->user_name))
            text_cut(id, ID_SIZE, person->person.id);
    }
    record_free(noun_list_types[NOUN_PERSON].fields, &all);
    return code;
}

static enum exit_code write_noun(struct tool *tool, const struct invocation *invocation, bool adding)
{
    struct client_answer told;
    union noun_status present;
    enum noun noun = invocation->noun;
    struct draft draft = {.noun = noun};
    char id[ID_SIZE];
    struct tool_call call = {.method = method_find(METHOD_SHOW, noun), .id = invocation->words[0]};
    if (!tool_takes_id(noun, call.id))
        return EXIT_USAGE;
    tool_send(tool, &call, &present, &told);
    if (told.refusal == REFUSAL_NOT_FOUND && noun == NOUN_PERSON) {
        enum exit_code code = find_person(tool, invocation->words[0], id);
        if (code != EXIT_DONE)
            return code;
        call.id = id;
        tool_send(tool, &call, &present, &told);
    }
    if (told.refusal == REFUSAL_NONE && adding) {
        out_complain(_("%s already exists. To change it: pultctl %s set"), call.id, noun_rows[noun].name);
        return EXIT_REFUSED;
    }
    if (told.refusal == REFUSAL_NOT_FOUND && !adding) {
        out_complain(_("%s does not exist. To add it: pultctl %s add"), call.id, noun_rows[noun].name);
        return EXIT_REFUSED;
    }
    if (told.refusal != REFUSAL_NONE && told.refusal != REFUSAL_NOT_FOUND)
        return tool_complain(tool, &told);
    if (adding)
        TEXT_PUT(draft.record.id, call.id);
    else
        memcpy(&draft.record, &present, noun_rows[noun].size); // each status begins with the record
    return put(tool, invocation, call.id, &draft, adding ? NULL : told.etag);
}

enum exit_code noun_set(struct tool *tool, const struct invocation *invocation)
{
    return write_noun(tool, invocation, false);
}

enum exit_code noun_add(struct tool *tool, const struct invocation *invocation)
{
    enum exit_code code = write_noun(tool, invocation, true);
    if (code != EXIT_DONE || invocation->noun != NOUN_PRINTER || tool->out.json)
        return code;
    if (printer_show_found(tool, invocation->words[0]) != EXIT_DONE)
        out_complain(_("%s is added, but nothing is known of it yet. When it can be reached: pultctl printer read %s"),
                     invocation->words[0], invocation->words[0]);
    return EXIT_DONE;
}

// ---- remove

// All of them, even when one is refused; the run ends with the last refusal.
enum exit_code noun_remove(struct tool *tool, const struct invocation *invocation)
{
    enum noun noun = invocation->noun;
    enum exit_code worst = EXIT_DONE;
    for (int i = 0; i < invocation->count; i++)
        if (!tool_takes_id(noun, invocation->words[i]))
            return EXIT_USAGE;
    for (int i = 0; i < invocation->count; i++) {
        struct client_answer told;
        struct tool_call call = {.method = method_find(METHOD_REMOVE, noun), .id = invocation->words[i]};
        enum exit_code code = send_change(tool, &call, NULL, &told);
        if (code == EXIT_DONE)
            out_line(&tool->out, noun == NOUN_SESSION ? _("%s %s ended.") : _("%s %s removed."), noun_rows[noun].name,
                     call.id);
        else if (invocation->count > 1)
            out_complain(_("%s %s is as it was."), noun_rows[noun].name, call.id);
        worst = code == EXIT_DONE ? worst : code;
    }
    return worst;
}

// ---- everything else

enum exit_code noun_act(struct tool *tool, enum method_id method, const struct invocation *invocation, const void *body,
                        void *answer)
{
    struct tool_call call = {.method = method_find(method, invocation->noun), .id = invocation->words[0], .body = body};
    if (!tool_takes_id(invocation->noun, call.id))
        return EXIT_USAGE;
    enum exit_code code = tool_ask(tool, &call, answer);
    if (code == EXIT_DONE && answer)
        out_json(&tool->out, call.method->answer, answer);
    return code;
}
