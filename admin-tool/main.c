// SPDX-License-Identifier: EUPL-1.2
#include "admin-tool/command.h"
#include "broker/base/log.h"
#include "broker/base/secrecy.h"
#include "broker/client/language.h"

static enum exit_code run(struct tool *tool, const struct invocation *invocation)
{
    enum command_needs needs = invocation->command->needs;
    enum exit_code code = EXIT_DONE;
    if (needs != NEEDS_NOTHING) {
        if (!options_complete(&tool->options))
            return EXIT_USAGE;
        if (tool->options.lang[0])
            language_init(tool->options.lang);
        code = needs == NEEDS_LOGON ? tool_open(tool, true) : EXIT_DONE;
    }
    return code == EXIT_DONE ? invocation->command->run(tool, invocation) : code;
}

// Settings, name, port and certificate: whoever can log on gets this far.
static enum exit_code check_broker(struct tool *tool)
{
    struct tool_call call = {.method = method_find(METHOD_HEALTH, NOUN_NONE)};
    if (!options_complete(&tool->options))
        return EXIT_USAGE;
    if (tool->options.lang[0])
        language_init(tool->options.lang);
    enum exit_code code = tool_open(tool, false);
    if (code == EXIT_DONE)
        code = tool_ask(tool, &call, NULL);
    if (code == EXIT_DONE)
        out_line(&tool->out, _("The broker %s answers, with a certificate that is trusted."), tool->options.broker);
    return code;
}

static enum exit_code run_words(struct tool *tool, int count, char **words)
{
    struct invocation invocation = {0};
    if (!options_read(&tool->options, &count, words))
        return EXIT_USAGE;
    if (tool->options.lang[0])
        language_init(tool->options.lang);
    out_init(&tool->out, stdout, tool->options.json);
    if (tool->options.version) {
        printf("pultctl %s\n", PULT_VERSION);
        return EXIT_DONE;
    }
    if (tool->options.help) {
        invocation = (struct invocation){.noun = NOUN_NONE, .count = count < 2 ? count : 2, .words = words};
        return help_show(tool, &invocation);
    }
    if (tool->options.check && count == 0)
        return check_broker(tool);
    if (!command_find(count, words, &invocation) || !command_takes(invocation.command, tool->options.given))
        return EXIT_USAGE;
    return run(tool, &invocation);
}

int main(int count, char **words)
{
    secrecy_keep();
    secrecy_wipe_freed();
    owned(tool) struct tool tool = {0};
    log_set_level(LOG_LEVEL_ERROR); // what people need to know is said to them
    language_init(NULL);
    enum exit_code code = run_words(&tool, count, words);
    if (fflush(stdout) != 0 && code == EXIT_DONE)
        return EXIT_REFUSED;
    return code;
}
