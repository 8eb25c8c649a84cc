// SPDX-License-Identifier: EUPL-1.2
// What is done to a running host, and to the sessions on it.
#include "admin-tool/command.h"
#include "admin-tool/when.h"
#include "broker/client/language.h"

#include <stdio.h>

enum exit_code host_drain(struct tool *tool, const struct invocation *invocation)
{
    struct drain_request request = {0};
    struct drain_answer answer;
    if (tool->options.until[0] && !when_read(tool->options.until, &request.until_ms)) {
        out_complain(_("--until %s: expected a time such as 18:00 or \"2026-03-01 18:00\""), tool->options.until);
        return EXIT_USAGE;
    }
    if (!text_copy(request.text, sizeof request.text, tool->options.message)) {
        out_complain("%s", _("--message: too long"));
        return EXIT_USAGE;
    }
    enum exit_code code = noun_act(tool, METHOD_DRAIN, invocation, &request, &answer);
    if (code == EXIT_DONE)
        out_line(&tool->out, _("%s accepts no new sessions. Still running there: %lld"), invocation->words[0],
                 (long long)answer.host.sessions);
    if (code == EXIT_DONE && request.text[0] && !answer.delivered)
        out_warn(&tool->out, "%s",
                 _("The message was not delivered: the host has no agent, or its agent does not answer."));
    return code;
}

enum exit_code host_undrain(struct tool *tool, const struct invocation *invocation)
{
    struct host_status host;
    enum exit_code code = noun_act(tool, METHOD_UNDRAIN, invocation, NULL, &host);
    if (code == EXIT_DONE)
        out_line(&tool->out, _("%s accepts new sessions again."), invocation->words[0]);
    return code;
}

enum exit_code host_release(struct tool *tool, const struct invocation *invocation)
{
    struct host_status host;
    enum exit_code code = noun_act(tool, METHOD_RELEASE, invocation, NULL, &host);
    if (code == EXIT_DONE)
        out_line(&tool->out, _("%s has no owner now."), invocation->words[0]);
    return code;
}

static enum exit_code show_message(struct tool *tool, const struct invocation *invocation)
{
    struct message_request request;
    if (text_copy(request.text, sizeof request.text, invocation->words[1]))
        return noun_act(tool, METHOD_MESSAGE, invocation, &request, NULL);
    out_complain(_("A message has at most %zu bytes."), sizeof request.text - 1);
    return EXIT_USAGE;
}

enum exit_code host_show_message(struct tool *tool, const struct invocation *invocation)
{
    enum exit_code code = show_message(tool, invocation);
    if (code == EXIT_DONE)
        out_line(&tool->out, _("The message was sent to everybody on %s."), invocation->words[0]);
    return code;
}

enum exit_code session_show_message(struct tool *tool, const struct invocation *invocation)
{
    enum exit_code code = show_message(tool, invocation);
    if (code == EXIT_DONE)
        out_line(&tool->out, "%s", _("The message was sent to the session."));
    return code;
}

enum exit_code session_lock(struct tool *tool, const struct invocation *invocation)
{
    enum exit_code code = noun_act(tool, METHOD_LOCK, invocation, NULL, NULL);
    if (code == EXIT_DONE)
        out_line(&tool->out, _("%s is locked: it keeps running, and whoever opens it must log on."),
                 invocation->words[0]);
    return code;
}
