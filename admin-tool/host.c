// SPDX-License-Identifier: EUPL-1.2
#include "admin-tool/command.h"
#include "broker/api/language.h"

static enum exit_code change(struct tool *tool, const struct invocation *invocation, const char *action,
                             json_object **host)
{
    char path[PATH_SIZE];
    if (!tool_path(path, NOUN_HOST, invocation->words[0], action))
        return EXIT_USAGE;
    enum exit_code code = tool_ask(tool, "POST", path, NULL, host);
    if (code == EXIT_DONE)
        out_json(&tool->out, *host);
    return code;
}

enum exit_code host_drain(struct tool *tool, const struct invocation *invocation)
{
    owned(json) json_object *host = NULL;
    enum exit_code code = change(tool, invocation, "drain", &host);
    if (code == EXIT_DONE)
        out_line(&tool->out, _("%s takes no new sessions. Still running there: %lld"), invocation->words[0],
                 (long long)codec_number(host, "sessions"));
    return code;
}

enum exit_code host_undrain(struct tool *tool, const struct invocation *invocation)
{
    owned(json) json_object *host = NULL;
    enum exit_code code = change(tool, invocation, "undrain", &host);
    if (code == EXIT_DONE)
        out_line(&tool->out, _("%s takes new sessions again."), invocation->words[0]);
    return code;
}
