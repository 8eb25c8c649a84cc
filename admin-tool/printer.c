// SPDX-License-Identifier: EUPL-1.2
// What is done to printers, and to the jobs for them.
#include "admin-tool/command.h"
#include "broker/api/record.h"
#include "broker/client/language.h"

// ---- printers

enum exit_code printer_show_found(struct tool *tool, const char *id)
{
    static const struct out_column columns[] = {
        {"make", NULL},   {"found_name", NULL}, {"found_location", NULL}, {"formats", NULL}, {"media", NULL},
        {"colour", NULL}, {"duplex", NULL},     {"fingerprint", NULL},    {"state", NULL},   {.field = NULL}};
    struct printer_answer answer;
    struct tool_call call = {.method = method_find(METHOD_READ, NOUN_PRINTER), .id = id};
    enum exit_code code = tool_ask(tool, &call, &answer);
    if (code == EXIT_DONE && tool->out.json)
        out_json(&tool->out, call.method->answer, &answer);
    else if (code == EXIT_DONE)
        out_record(&tool->out, call.method->answer, &answer, columns);
    return code;
}

enum exit_code printer_ask(struct tool *tool, const struct invocation *invocation)
{
    const char *id = invocation->words[0];
    return tool_takes_id(NOUN_PRINTER, id) ? printer_show_found(tool, id) : EXIT_USAGE;
}

void printer_ask_new(struct tool *tool, const struct record_list *changes)
{
    owned(text) struct text silent = {0};
    bool can_ask = true;
    for (size_t i = 0; i < changes->count; i++) {
        const struct noun_change *change = record_at(changes, &noun_change_type, i);
        struct tool_call call = {.method = method_find(METHOD_READ, NOUN_PRINTER), .id = change->id};
        struct client_answer told = {.refusal = REFUSAL_NO_PRINT_SERVER};
        if (change->noun != NOUN_PRINTER || change->change != CHANGE_ADD)
            continue;
        if (can_ask)
            tool_send(tool, &call, NULL, &told);
        can_ask = can_ask && told.refusal != REFUSAL_NO_PRINT_SERVER; // nor the next one then
        if (told.refusal != REFUSAL_NONE)
            text_addf(&silent, " %s", change->id);
    }
    if (silent.length)
        out_complain(
            _("What these printers can is not known yet:%s. When a print server can reach them: pultctl printer "
              "read ID"),
            silent.bytes);
}

enum exit_code printer_drain(struct tool *tool, const struct invocation *invocation)
{
    struct printer_status answer;
    enum exit_code code = noun_act(tool, METHOD_DRAIN, invocation, NULL, &answer);
    if (code == EXIT_DONE && answer.printer.substitute[0])
        out_line(&tool->out, _("%s prints nothing new: its jobs come out at %s."), invocation->words[0],
                 answer.printer.substitute);
    else if (code == EXIT_DONE)
        out_line(&tool->out, _("%s prints nothing new: its jobs wait, for it has no substitute."),
                 invocation->words[0]);
    return code;
}

enum exit_code printer_undrain(struct tool *tool, const struct invocation *invocation)
{
    struct printer_status answer;
    enum exit_code code = noun_act(tool, METHOD_UNDRAIN, invocation, NULL, &answer);
    if (code == EXIT_DONE)
        out_line(&tool->out, _("%s prints again."), invocation->words[0]);
    return code;
}

enum exit_code printer_test(struct tool *tool, const struct invocation *invocation)
{
    enum exit_code code = noun_act(tool, METHOD_TEST, invocation, NULL, NULL);
    if (code == EXIT_DONE)
        out_line(&tool->out, _("%s has taken a page that says its name, its place and the time."),
                 invocation->words[0]);
    return code;
}

// ---- jobs

static enum exit_code order(struct tool *tool, enum method_id method, const struct invocation *invocation,
                            const void *body, const char *done)
{
    struct job_status answer;
    enum exit_code code = noun_act(tool, method, invocation, body, &answer);
    if (code == EXIT_DONE)
        out_line(&tool->out, "%s: %s", invocation->words[0], done);
    return code;
}

enum exit_code job_release(struct tool *tool, const struct invocation *invocation)
{
    struct job_release_request request = {.printer = ""};
    const char *printer = invocation->count > 1 ? invocation->words[1] : "";
    if (*printer && !tool_takes_id(NOUN_PRINTER, printer))
        return EXIT_USAGE;
    text_cut(request.printer, sizeof request.printer, printer);
    return order(tool, METHOD_RELEASE, invocation, &request, _("it is printed now."));
}

enum exit_code job_move(struct tool *tool, const struct invocation *invocation)
{
    struct job_move_request request;
    if (!tool_takes_id(NOUN_PRINTER, invocation->words[1]))
        return EXIT_USAGE;
    text_cut(request.printer, sizeof request.printer, invocation->words[1]);
    return order(tool, METHOD_MOVE, invocation, &request, _("it comes out at the other printer."));
}

enum exit_code job_cancel(struct tool *tool, const struct invocation *invocation)
{
    return order(tool, METHOD_CANCEL, invocation, NULL, _("it is deleted."));
}
