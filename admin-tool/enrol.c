// SPDX-License-Identifier: EUPL-1.2
#include "admin-tool/command.h"
#include "broker/api/invitation.h"
#include "broker/api/record.h"
#include "broker/client/language.h"

#include <stdio.h>
#include <string.h>

enum { ENROL_PORT = 8443 };

// With what a machine must know of the broker to use it.
static void print_invitation(struct tool *tool, const char *before, const char *token)
{
    const struct options *options = &tool->options;
    struct invitation invitation = {.port = options->certificate[0] ? ENROL_PORT : options->port};
    char text[INVITATION_SIZE];
    TEXT_PUT(invitation.token, token);
    text_cut(invitation.host, sizeof invitation.host, options->host);
    client_authority_digest(tool->client, invitation.pin);
    invitation_print(&invitation, text);
    out_line(&tool->out, "%s%s", before, text);
    explicit_bzero(text, sizeof text);
    explicit_bzero(&invitation, sizeof invitation);
}

static enum exit_code get_token(struct tool *tool, enum noun noun, const char *id, struct enrol_token_answer *answer)
{
    struct tool_call call = {.method = method_find(METHOD_ENROL_TOKEN, noun), .id = id};
    return tool_takes_id(noun, id) ? tool_ask(tool, &call, answer) : EXIT_USAGE;
}

static void say_until(int64_t until_ms)
{
    owned(text) struct text until = {0};
    out_time(&until, until_ms);
    out_complain(_("The token can be used once, until %s."), until.bytes ? until.bytes : "");
}

// The token alone on standard output, so that it can be piped to where it is needed; the rest is said beside it.
static enum exit_code print_token(struct tool *tool, enum noun noun, const char *id)
{
    struct enrol_token_answer answer;
    enum exit_code code = get_token(tool, noun, id, &answer);
    if (code != EXIT_DONE)
        return code;
    out_json(&tool->out, &enrol_token_answer_type, &answer);
    print_invitation(tool, "", answer.token);
    if (!tool->out.json)
        say_until(answer.until_ms);
    record_free(enrol_token_answer_type.fields, &answer);
    return EXIT_DONE;
}

static bool is_windows(const struct noun_change *change)
{
    for (size_t i = 0; i < change->fields.count; i++) {
        const struct field_change *field = record_at(&change->fields, &field_change_type, i);
        if (text_equal(field->name, "os") && field->to && text_equal(field->to, "windows"))
            return true;
    }
    return false;
}

enum exit_code enrol_print_tokens(struct tool *tool, const struct record_list *changes)
{
    int64_t until_ms = 0;
    for (size_t i = 0; i < changes->count; i++) {
        const struct noun_change *change = record_at(changes, &noun_change_type, i);
        bool joins = change->noun == NOUN_DEVICE || change->noun == NOUN_PRINT_SERVER || change->noun == NOUN_GATEWAY ||
                     (change->noun == NOUN_HOST && !is_windows(change));
        if (change->change != CHANGE_ADD || !joins)
            continue;
        char before[ID_SIZE + 1];
        struct enrol_token_answer answer;
        enum exit_code code = get_token(tool, (enum noun)change->noun, change->id, &answer);
        if (code != EXIT_DONE)
            return code;
        until_ms = answer.until_ms;
        snprintf(before, sizeof before, "%s ", change->id);
        print_invitation(tool, before, answer.token);
        record_free(enrol_token_answer_type.fields, &answer);
    }
    if (until_ms)
        say_until(until_ms);
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

enum exit_code print_server_enrol_token(struct tool *tool, const struct invocation *invocation)
{
    return print_token(tool, NOUN_PRINT_SERVER, invocation->words[0]);
}

enum exit_code gateway_enrol_token(struct tool *tool, const struct invocation *invocation)
{
    return print_token(tool, NOUN_GATEWAY, invocation->words[0]);
}
