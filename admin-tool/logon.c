// SPDX-License-Identifier: EUPL-1.2
#include "admin-tool/command.h"
#include "broker/client/language.h"

static const char *text_in(json_object *array, size_t i)
{
    bool is_there = json_object_is_type(array, json_type_array) && i < json_object_array_length(array);
    const char *text = is_there ? json_object_get_string(json_object_array_get_idx(array, i)) : NULL;
    return text ? text : "";
}

static void explain(struct out *out, json_object *answer)
{
    static const struct out_column columns[] = {{.key = "profile"}, {.key = "host"}, {.key = "session"}, {.key = NULL}};
    json_object *why = codec_member(answer, "why"), *formats = codec_member(answer, "why_formats");
    enum refusal refusal = refusal_by_code(codec_string(answer, "refusal"));
    for (size_t i = 0; json_object_is_type(why, json_type_array) && i < json_object_array_length(why); i++) {
        owned(text) struct text line = {0};
        language_detail(&line, text_in(why, i), text_in(formats, i));
        out_line(out, "%zu. %s", i + 1, line.bytes);
    }
    if (refusal != REFUSAL_NONE) {
        out_line(out, _("The logon would be refused: %s"), language_sentence(refusal));
        return;
    }
    out_line(out, "%s", _("The logon would succeed:"));
    out_object(out, answer, columns);
}

enum exit_code logon_explain(struct tool *tool, const struct invocation *invocation)
{
    const char *device = tool->options.device;
    owned(json) json_object *answer = NULL;
    owned(json) json_object *request = json_object_new_object();
    if (!id_is_valid(NOUN_DEVICE, device)) {
        out_complain("%s", _("Missing --device TENANT/DEVICE."));
        return EXIT_USAGE;
    }
    json_object_object_add(request, "person", json_object_new_string(invocation->words[0]));
    json_object_object_add(request, "device", json_object_new_string(device));
    enum exit_code code = tool_ask(tool, "POST", "/v1/logon/explain", request, &answer);
    if (code != EXIT_DONE)
        return code;
    if (tool->out.json)
        out_json(&tool->out, answer);
    else
        explain(&tool->out, answer);
    return EXIT_DONE;
}
