// SPDX-License-Identifier: EUPL-1.2
#include "admin-tool/command.h"
#include "broker/client/language.h"

#include <string.h>

// The steps, each in the person's language where the catalogue has what the broker made it from.
static void print_steps(struct out *out, struct explain_answer *answer)
{
    char *steps = answer->why, *formats = answer->why_formats;
    size_t number = 0;
    for (char *step = strsep(&steps, "\n"); step && *step; step = strsep(&steps, "\n")) {
        owned(text) struct text line = {0};
        const char *format = formats ? strsep(&formats, "\n") : NULL;
        language_detail(&line, step, format ? format : "");
        out_line(out, "%zu. %s", ++number, line.bytes);
    }
}

static void print_explanation(struct out *out, struct explain_answer *answer)
{
    static const struct out_column columns[] = {{"profile", NULL}, {"host", NULL}, {"session", NULL}, {.field = NULL}};
    enum refusal refusal = refusal_by_code(answer->refusal);
    print_steps(out, answer);
    bool refused = answer->refusal[0] && !text_equal(answer->refusal, refusal_rows[REFUSAL_NONE].code);
    if (refused) { // a newer broker may know reasons that are not known here
        out_line(out, _("The logon would be refused: %s"),
                 refusal != REFUSAL_NONE ? language_sentence(refusal) : answer->refusal);
        return;
    }
    out_line(out, "%s", _("The logon would succeed:"));
    out_record(out, &explain_answer_type, answer, columns);
}

enum exit_code logon_explain(struct tool *tool, const struct invocation *invocation)
{
    const char *device = tool->options.device, *person = invocation->words[0];
    struct explain_request request;
    struct explain_answer answer;
    if (!id_is_valid(NOUN_DEVICE, device)) {
        out_complain("%s", _("Missing --device TENANT/DEVICE."));
        return EXIT_USAGE;
    }
    TEXT_PUT(request.device, device);
    if (!text_copy(request.person, sizeof request.person, person)) {
        out_complain("%s", _("A user name is not that long."));
        return EXIT_USAGE;
    }
    struct tool_call call = {.method = method_find(METHOD_EXPLAIN, NOUN_NONE), .body = &request};
    enum exit_code code = tool_ask(tool, &call, &answer);
    if (code != EXIT_DONE)
        return code;
    if (tool->out.json)
        out_json(&tool->out, &explain_answer_type, &answer);
    else
        print_explanation(&tool->out, &answer);
    return EXIT_DONE;
}
