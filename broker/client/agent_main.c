// SPDX-License-Identifier: EUPL-1.2
#include "broker/client/agent_main.h"
#include "broker/base/child.h"
#include "broker/base/log.h"
#include "broker/base/readiness.h"
#include "broker/base/secrecy.h"
#include "broker/base/text.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct agent_options {
    const char *config_file, *token_file;
    bool enrol, check;
};

struct service_start {
    struct loop *loop;
    bool done;
};

static void print_usage(FILE *out, const struct agent_program *program)
{
    const char *name = program->name;
    fprintf(
        out,
        "%s [--config FILE]          %s\n"
        "%s [--config FILE] --check  prints one line per error, and tries the way to the broker\n"
        "%s [--config FILE] --enrol [--token-file FILE]\n"
        "    gets this %s its certificate and starts its service; the token is read from FILE or from standard input\n"
        "%s --version, --help\n",
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

static void unit_started(void *arg, int status)
{
    struct service_start *start = arg;
    start->done = status == 0;
    loop_stop(start->loop);
}

// A machine that has joined begins to work, without another command. Where no systemd runs, or the configuration is
// another than the service's, that is whoever's who enrolled it.
static void start_service(const struct agent_program *program, const char *config_file)
{
    static const char *const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
    const char *const arguments[] = {"/usr/bin/systemctl", "--no-block", "restart", program->unit, NULL};
    if (access("/run/systemd/system", F_OK) != 0 || !text_equal(config_file, program->config_file))
        return;
    struct service_start start = {.loop = loop_new()};
    struct child_plan plan = {.arguments = arguments, .environment = environment, .input = -1, .output = 1};
    struct fault why = {0};
    struct child *child = child_start(start.loop, &plan, unit_started, &start, &why);
    if (child)
        loop_run(start.loop);
    child_free(child);
    loop_free(start.loop);
    if (!start.done)
        printf("Start it: systemctl restart %s\n", program->unit);
}

// In a process of its own, which becomes the owner of what it writes: a service that is not root's has to read it. This
// one stays whose it is, and can start that service.
static int enrol_as_owner(const struct enrol_config *where, const char *token_file)
{
    int status = 0;
    pid_t enrolling = fork();
    if (enrolling == 0)
        exit((int)enrol(where, token_file));
    if (enrolling < 0 || waitpid(enrolling, &status, 0) != enrolling || !WIFEXITED(status))
        return ENROL_FAILED;
    return WEXITSTATUS(status);
}

static enum agent_exit get_certificate(const struct agent_program *program, const struct agent_options *options)
{
    static const enum agent_exit codes[] = {
        [ENROL_DONE] = AGENT_FINE,       [ENROL_FAILED] = AGENT_FAILED,           [ENROL_NO_TOKEN] = AGENT_USAGE,
        [ENROL_REFUSED] = AGENT_REFUSED, [ENROL_UNREACHABLE] = AGENT_UNREACHABLE,
    };
    struct enrol_config where = program->where();
    int end = enrol_as_owner(&where, options->token_file);
    enum agent_exit code = end >= ENROL_DONE && end <= ENROL_UNREACHABLE ? codes[end] : AGENT_FAILED;
    if (code == AGENT_FINE)
        start_service(program, options->config_file);
    return code;
}

static enum agent_exit check(const struct agent_program *program, const char *config_file)
{
    struct fault why = {0};
    if (!program->check(config_file))
        return AGENT_CONFIG;
    struct uplink_config where = program->link();
    if (uplink_check(&where, &why))
        return AGENT_FINE;
    fprintf(stderr, "%s: the broker cannot be reached: %s\n", config_file, why.text);
    return AGENT_UNREACHABLE;
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
        readiness_tell();
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
    if (count == 2 && text_equal(words[1], "--help")) {
        print_usage(stdout, program);
        return AGENT_FINE;
    }
    if (!read_options(&options, count, words)) {
        print_usage(stderr, program);
        return AGENT_USAGE;
    }
    if (!program->load(options.config_file))
        return AGENT_CONFIG;
    if (options.enrol)
        return get_certificate(program, &options);
    program->complete();
    if (options.check)
        return check(program, options.config_file);
    return program->check(options.config_file) ? serve(program) : AGENT_CONFIG;
}
