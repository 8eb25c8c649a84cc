// SPDX-License-Identifier: EUPL-1.2
#include "admin-tool/command.h"
#include "broker/api/record.h"
#include "broker/client/language.h"

// The token alone on standard output, so that it can be piped to where it is needed; the rest is said beside it.
static enum exit_code print_token(struct tool *tool, enum noun noun, const char *id)
{
    struct enrol_token_answer answer;
    struct tool_call call = {.method = method_find(METHOD_ENROL_TOKEN, noun), .id = id};
    if (!tool_takes_id(noun, id))
        return EXIT_USAGE;
    enum exit_code code = tool_ask(tool, &call, &answer);
    if (code != EXIT_DONE)
        return code;
    owned(text) struct text until = {0};
    out_time(&until, answer.until_ms);
    out_json(&tool->out, &enrol_token_answer_type, &answer);
    out_line(&tool->out, "%s", answer.token);
    if (!tool->out.json)
        out_complain(_("The token can be used once, until %s."), until.bytes ? until.bytes : "");
    record_free(enrol_token_answer_type.fields, &answer);
    return EXIT_DONE;
}

enum exit_code device_enrol_token(struct tool *tool, const struct invocation *invocation)
{
    return print_token(tool, NOUN_DEVICE, invocation->words[0]);
}

enum exit_code host_enrol_token(struct tool *tool, const struct invocation *invocation)
{
    return print_token(tool, NOUN_HOST, invocation->words[0]);
}
