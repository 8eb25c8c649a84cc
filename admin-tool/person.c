// SPDX-License-Identifier: EUPL-1.2
// A person asks to be forgotten (GDPR, article 17).
#include "admin-tool/command.h"
#include "admin-tool/prompt.h"
#include "broker/client/language.h"

static void show_what_goes(struct out *out, json_object *person)
{
    out_line(out, _("%s (user name %s, %s) would be erased permanently:"), codec_string(person, "name"),
             codec_string(person, "user_name"), codec_string(person, "id"));
    out_line(out, "  %s", _("erased: name, user name and the directory's id of this person"));
    out_line(out, "  %s", _("kept: the events of the journal, with an id that no longer identifies anybody"));
    out_line(out, "  %s", _("not touched: directory, home directory, logs of hosts, what they did as administrator"));
}

enum exit_code person_erase(struct tool *tool, const struct invocation *invocation)
{
    char path[PATH_SIZE];
    owned(json) json_object *person = NULL, *answer = NULL;
    if (!tool_path(path, NOUN_PERSON, invocation->words[0], NULL))
        return EXIT_USAGE;
    enum exit_code code = tool_ask(tool, "GET", path, NULL, &person);
    if (code != EXIT_DONE)
        return code;
    show_what_goes(&tool->out, person);
    if (!prompt_confirmed(tool->options.yes))
        return EXIT_NOT_CONFIRMED;
    code = tool_ask(tool, "DELETE", path, NULL, &answer);
    if (code == EXIT_DONE)
        out_line(&tool->out, _("%s is erased. If they log on again, they are a new person to the broker."),
                 invocation->words[0]);
    return code;
}
