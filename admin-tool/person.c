// SPDX-License-Identifier: EUPL-1.2
// A person asks to be forgotten (GDPR, article 17), cannot log on since somebody guesses at their password, or has
// nothing yet to show besides it from outside.
#include "admin-tool/command.h"
#include "admin-tool/prompt.h"
#include "broker/api/record.h"
#include "broker/client/language.h"

#include <string.h>

static void show_what_goes(struct out *out, const struct person_status *person)
{
    out_line(out, _("%s (user name %s, %s) would be erased permanently:"), person->name, person->user_name,
             person->person.id);
    out_line(out, "  %s", _("erased: name, user name and the directory's id of this person"));
    out_line(out, "  %s", _("kept: the events of the journal, with an id that no longer identifies anybody"));
    out_line(out, "  %s", _("not touched: directory, home directory, logs of hosts, what they did as administrator"));
}

enum exit_code person_erase(struct tool *tool, const struct invocation *invocation)
{
    struct person_status person;
    struct tool_call call = {.method = method_find(METHOD_SHOW, NOUN_PERSON), .id = invocation->words[0]};
    if (!tool_takes_id(NOUN_PERSON, call.id))
        return EXIT_USAGE;
    enum exit_code code = tool_ask(tool, &call, &person);
    if (code != EXIT_DONE)
        return code;
    show_what_goes(&tool->out, &person);
    if (!prompt_confirmed(tool->options.yes))
        return EXIT_NOT_CONFIRMED;
    call.method = method_find(METHOD_REMOVE, NOUN_PERSON);
    code = tool_ask(tool, &call, NULL);
    if (code == EXIT_DONE)
        out_line(&tool->out, _("%s is erased. If they log on again, they are a new person to the broker."),
                 invocation->words[0]);
    return code;
}

enum exit_code person_unlock(struct tool *tool, const struct invocation *invocation)
{
    const char *slash = strchr(invocation->words[0], '/');
    char tenant[SLUG_SIZE];
    struct unlock_request request;
    struct unlock_answer answer;
    size_t length = slash ? (size_t)(slash - invocation->words[0]) : 0;
    if (!length || length >= sizeof tenant || !slash[1] || !text_copy(request.name, sizeof request.name, slash + 1)) {
        out_complain("%s", _("Expected TENANT/NAME, as status shows it."));
        return EXIT_USAGE;
    }
    memcpy(tenant, invocation->words[0], length);
    tenant[length] = 0;
    struct tool_call call = {.method = method_find(METHOD_UNLOCK, NOUN_TENANT), .id = tenant, .body = &request};
    if (!tool_takes_id(NOUN_TENANT, tenant))
        return EXIT_USAGE;
    enum exit_code code = tool_ask(tool, &call, &answer);
    if (code == EXIT_DONE && answer.was_waiting)
        out_line(&tool->out, _("%s may try again at once."), invocation->words[0]);
    else if (code == EXIT_DONE)
        out_line(&tool->out, _("No wrong passwords were counted for %s. The directory may have locked the account."),
                 invocation->words[0]);
    return code;
}

// The code alone on standard output, as with tokens.
enum exit_code person_factor_code(struct tool *tool, const struct invocation *invocation)
{
    struct factor_code_answer answer;
    owned(text) struct text until = {0};
    struct tool_call call = {.method = method_find(METHOD_FACTOR_CODE, NOUN_PERSON), .id = invocation->words[0]};
    if (!tool_takes_id(NOUN_PERSON, call.id))
        return EXIT_USAGE;
    enum exit_code code = tool_ask(tool, &call, &answer);
    if (code != EXIT_DONE)
        return code;
    out_json(&tool->out, &factor_code_answer_type, &answer);
    out_line(&tool->out, "%s", answer.code);
    out_time(&until, answer.until_ms);
    if (!tool->out.json)
        out_complain(_("The code can be used once, until %s. Tell it only to the person whom you recognise."),
                     until.bytes ? until.bytes : "");
    record_free(factor_code_answer_type.fields, &answer);
    return EXIT_DONE;
}
