// SPDX-License-Identifier: EUPL-1.2
// What another tenant may use: asked for, approved by each side, revoked.
#include "admin-tool/command.h"
#include "admin-tool/fields.h"
#include "broker/api/record.h"
#include "broker/client/language.h"

// What is still to do.
static void show_state(struct out *out, const struct grant_status *status)
{
    const char *id = status->grant.id, *to = status->grant.to;
    switch ((enum grant_state)status->state) {
    case GRANT_WAITS_FOR_BOTH:
        out_line(out, _("%s waits for an administrator of each side: pultctl grant approve %s"), id, id);
        return;
    case GRANT_WAITS_FOR_GIVER:
        out_line(out, _("%s waits for an administrator of the tenant whose it is: pultctl grant approve %s"), id, id);
        return;
    case GRANT_WAITS_FOR_RECEIVER:
        out_line(out, _("%s waits for an administrator of %s: pultctl grant approve %s"), id, to, id);
        return;
    case GRANT_IN_FORCE:
        out_line(out, _("%s is in force: %s may use it."), id, to);
        return;
    case GRANT_IS_OVER:
        out_line(out, _("%s is over."), id);
        return;
    }
}

// For administrators of the district: the side that they speak for.
static const char *side_of(const struct tool *tool)
{
    return tool->options.given & OPTION_TENANT ? tool->options.tenant : "";
}

static enum exit_code send_grant(struct tool *tool, const struct tool_call *call)
{
    struct grant_status status;
    const char *side = side_of(tool);
    if (*side && !tool_takes_id(NOUN_TENANT, side))
        return EXIT_USAGE;
    enum exit_code code = tool_ask(tool, call, &status);
    if (code == EXIT_DONE) {
        out_json(&tool->out, call->method->answer, &status);
        show_state(&tool->out, &status);
    }
    return code;
}

enum exit_code grant_request(struct tool *tool, const struct invocation *invocation)
{
    struct fault why = {0};
    owned(text) struct text missing = {0};
    struct draft draft = {.noun = NOUN_GRANT};
    struct grant_request request = {.tenant = ""};
    for (int i = 0; i < invocation->count; i++) {
        if (!draft_assign(&draft, invocation->words[i], &why)) {
            out_complain("%s", why.text);
            return EXIT_USAGE;
        }
    }
    if (draft_lacks(&draft, "=", &missing)) {
        out_complain(_("a %s also needs:%s See: pultctl help %s"), "grant", missing.bytes, "grant");
        return EXIT_USAGE;
    }
    request.grant = draft.record.grant;
    text_cut(request.tenant, sizeof request.tenant, side_of(tool));
    struct tool_call call = {.method = method_find(METHOD_GRANT_REQUEST, NOUN_NONE), .body = &request};
    return send_grant(tool, &call);
}

enum exit_code grant_approve(struct tool *tool, const struct invocation *invocation)
{
    struct grant_approve_request request = {.tenant = ""};
    text_cut(request.tenant, sizeof request.tenant, side_of(tool));
    struct tool_call call = {
        .method = method_find(METHOD_GRANT_APPROVE, NOUN_GRANT), .id = invocation->words[0], .body = &request};
    return tool_takes_id(NOUN_GRANT, call.id) ? send_grant(tool, &call) : EXIT_USAGE;
}

enum exit_code grant_revoke(struct tool *tool, const struct invocation *invocation)
{
    enum exit_code worst = EXIT_DONE;
    for (int i = 0; i < invocation->count; i++)
        if (!tool_takes_id(NOUN_GRANT, invocation->words[i]))
            return EXIT_USAGE;
    for (int i = 0; i < invocation->count; i++) {
        struct tool_call call = {.method = method_find(METHOD_REMOVE, NOUN_GRANT), .id = invocation->words[i]};
        enum exit_code code = tool_ask(tool, &call, NULL);
        if (code == EXIT_DONE)
            out_line(&tool->out, _("%s is revoked: nothing new is begun by it; sessions that run go on."), call.id);
        worst = code == EXIT_DONE ? worst : code;
    }
    return worst;
}
