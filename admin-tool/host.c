// SPDX-License-Identifier: EUPL-1.2
// What is done to a running host, and to the sessions on it.
#include "admin-tool/command.h"
#include "broker/base/clock.h"
#include "broker/client/language.h"

#include <stdio.h>
#include <time.h>

static enum exit_code change(struct tool *tool, const struct invocation *invocation, const char *action,
                             json_object *request, json_object **host)
{
    char path[PATH_SIZE];
    if (!tool_path(path, NOUN_HOST, invocation->words[0], action))
        return EXIT_USAGE;
    enum exit_code code = tool_ask(tool, "POST", path, request, host);
    if (code == EXIT_DONE)
        out_json(&tool->out, *host);
    return code;
}

// "18:00", today or tomorrow; "2026-03-01 18:00", local time both; or RFC 3339 in UTC as the broker writes it.
static bool read_until(const char *text, char until[CLOCK_TEXT_SIZE])
{
    struct tm when;
    time_t now = time(NULL);
    localtime_r(&now, &when);
    const char *end = strptime(text, "%H:%M", &when);
    bool today = end && !*end;
    when.tm_sec = 0;
    if (!today && (!(end = strptime(text, "%Y-%m-%d %H:%M", &when)) || *end))
        return text_copy(until, CLOCK_TEXT_SIZE, text);
    when.tm_isdst = -1;
    time_t at = mktime(&when);
    if (today && at <= now) {
        when.tm_mday++;
        when.tm_isdst = -1;
        at = mktime(&when);
    }
    clock_text(until, (int64_t)at * 1000);
    return true;
}

enum exit_code host_drain(struct tool *tool, const struct invocation *invocation)
{
    char until[CLOCK_TEXT_SIZE];
    owned(json) json_object *host = NULL, *request = json_object_new_object();
    if (tool->options.until[0] && !read_until(tool->options.until, until)) {
        out_complain(_("--until %s: expected a time such as 18:00 or \"2026-03-01 18:00\""), tool->options.until);
        return EXIT_USAGE;
    }
    if (tool->options.until[0])
        json_object_object_add(request, "until", json_object_new_string(until));
    if (tool->options.message[0])
        json_object_object_add(request, "text", json_object_new_string(tool->options.message));
    enum exit_code code = change(tool, invocation, "drain", request, &host);
    if (code == EXIT_DONE)
        out_line(&tool->out, _("%s accepts no new sessions. Still running there: %lld"), invocation->words[0],
                 (long long)codec_number(host, "sessions"));
    if (code == EXIT_DONE && codec_member(host, "delivered") && !codec_flag(host, "delivered"))
        out_warn(&tool->out, "%s",
                 _("The message was not delivered: the host has no agent, or its agent does not answer."));
    return code;
}

enum exit_code host_undrain(struct tool *tool, const struct invocation *invocation)
{
    owned(json) json_object *host = NULL;
    enum exit_code code = change(tool, invocation, "undrain", NULL, &host);
    if (code == EXIT_DONE)
        out_line(&tool->out, _("%s accepts new sessions again."), invocation->words[0]);
    return code;
}

enum exit_code host_release(struct tool *tool, const struct invocation *invocation)
{
    owned(json) json_object *host = NULL;
    enum exit_code code = change(tool, invocation, "release", NULL, &host);
    if (code == EXIT_DONE)
        out_line(&tool->out, _("%s has no owner now."), invocation->words[0]);
    return code;
}

static enum exit_code order(struct tool *tool, enum noun noun, const char *id, const char *action, const char *text)
{
    char path[PATH_SIZE];
    owned(json) json_object *request = json_object_new_object(), *answer = NULL;
    if (!tool_path(path, noun, id, action))
        return EXIT_USAGE;
    if (text)
        json_object_object_add(request, "text", json_object_new_string(text));
    enum exit_code code = tool_ask(tool, "POST", path, request, &answer);
    if (code == EXIT_DONE)
        out_json(&tool->out, answer);
    return code;
}

enum exit_code host_show_message(struct tool *tool, const struct invocation *invocation)
{
    enum exit_code code = order(tool, NOUN_HOST, invocation->words[0], "message", invocation->words[1]);
    if (code == EXIT_DONE)
        out_line(&tool->out, _("The message was sent to everybody on %s."), invocation->words[0]);
    return code;
}

enum exit_code session_show_message(struct tool *tool, const struct invocation *invocation)
{
    enum exit_code code = order(tool, NOUN_SESSION, invocation->words[0], "message", invocation->words[1]);
    if (code == EXIT_DONE)
        out_line(&tool->out, "%s", _("The message was sent to the session."));
    return code;
}

enum exit_code session_lock(struct tool *tool, const struct invocation *invocation)
{
    enum exit_code code = order(tool, NOUN_SESSION, invocation->words[0], "lock", NULL);
    if (code == EXIT_DONE)
        out_line(&tool->out, _("%s is locked: it keeps running, and whoever opens it must log on."),
                 invocation->words[0]);
    return code;
}
