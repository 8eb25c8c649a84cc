// SPDX-License-Identifier: EUPL-1.2
// What is done to gateways.
#include "admin-tool/command.h"
#include "broker/client/language.h"

enum exit_code gateway_drain(struct tool *tool, const struct invocation *invocation)
{
    struct gateway_status answer;
    enum exit_code code = noun_act(tool, METHOD_DRAIN, invocation, NULL, &answer);
    if (code == EXIT_DONE)
        out_line(&tool->out, _("%s lets nobody in any more. Still there: %lld"), invocation->words[0],
                 (long long)answer.channels);
    return code;
}

enum exit_code gateway_undrain(struct tool *tool, const struct invocation *invocation)
{
    struct gateway_status answer;
    enum exit_code code = noun_act(tool, METHOD_UNDRAIN, invocation, NULL, &answer);
    if (code == EXIT_DONE)
        out_line(&tool->out, _("%s lets people in again."), invocation->words[0]);
    return code;
}
