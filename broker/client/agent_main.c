// SPDX-License-Identifier: EUPL-1.2
#include "broker/client/agent_main.h"
#include "broker/base/log.h"
#include "broker/base/secrecy.h"
#include "broker/base/text.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>

struct agent_options {
    const char *config_file, *token_file;
    bool enrol, check;
};

static void print_usage(const struct agent_program *program)
{
    const char *name = program->name;
    fprintf(stderr,
            "%s [--config FILE]          %s\n"
            "%s [--config FILE] --check  prints one line per error\n"
            "%s [--config FILE] --enrol [--token-file FILE]\n"
            "    gets this %s its certificate; the token is read from FILE or from standard input\n"
            "%s --version\n",
            name, program->task, name, name, program->what, name);
}

static bool read_options(struct agent_options *options, int count, char **words)
{
    static const struct option known[] = {
        {"config", required_argument, NULL, 'c'},
        {"enrol", no_argument, NULL, 'e'},
        {"token-file", required_argument, NULL, 't'},
        {"check", no_argument, NULL, 'k'},
        {NULL, 0, NULL, 0},
    };
    for (int found; (found = getopt_long(count, words, "", known, NULL)) != -1;) {
        if (found == 'c')
            options->config_file = optarg;
        else if (found == 't')
            options->token_file = optarg;
        else if (found == 'e')
            options->enrol = true;
        else if (found == 'k')
            options->check = true;
        else
            return false;
    }
    return optind == count && !(options->token_file && !options->enrol);
}

static enum agent_exit get_certificate(const struct agent_program *program, const char *token_file)
{
    static const enum agent_exit codes[] = {
        [ENROL_DONE] = AGENT_FINE,       [ENROL_FAILED] = AGENT_FAILED,           [ENROL_NO_TOKEN] = AGENT_USAGE,
        [ENROL_REFUSED] = AGENT_REFUSED, [ENROL_UNREACHABLE] = AGENT_UNREACHABLE,
    };
    struct enrol_config where = program->where();
    return codes[enrol(&where, token_file)];
}

static void stop(void *arg)
{
    loop_stop(arg);
}

static enum agent_exit serve(const struct agent_program *program)
{
    struct fault why = {0};
    struct loop *loop = loop_new();
    signal(SIGPIPE, SIG_IGN);
    bool begun = program->begin(loop, &why);
    if (begun) {
        loop_on_signal(loop, SIGTERM, stop, loop);
        loop_on_signal(loop, SIGINT, stop, loop);
        log_info("agent", "%s " PULT_VERSION " %s", program->name, program->task);
        loop_run(loop);
        program->end();
    } else {
        log_error("agent", "%s", why.text);
    }
    loop_free(loop);
    return begun ? AGENT_FINE : AGENT_FAILED;
}

enum agent_exit agent_main(const struct agent_program *program, int count, char **words)
{
    struct agent_options options = {.config_file = program->config_file};
    secrecy_keep();
    secrecy_wipe_freed();
    if (count == 2 && text_equal(words[1], "--version")) {
        printf("%s " PULT_VERSION "\n", program->name);
        return AGENT_FINE;
    }
    if (!read_options(&options, count, words)) {
        print_usage(program);
        return AGENT_USAGE;
    }
    if (!program->load(options.config_file))
        return AGENT_CONFIG;
    if (options.check)
        return program->check(options.config_file) ? AGENT_FINE : AGENT_CONFIG;
    return options.enrol ? get_certificate(program, options.token_file) : serve(program);
}
