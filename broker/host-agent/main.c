// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/enrol.h"
#include "broker/base/log.h"
#include "broker/base/text.h"
#include "broker/host-agent/agent.h"

#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>

// pult-host(8) lists them.
enum { EXIT_FINE, EXIT_FAILED, EXIT_USAGE, EXIT_CONFIG, EXIT_REFUSED, EXIT_UNREACHABLE };

struct options {
    const char *config_file, *token_file;
    bool enrol, check;
};

static const char usage[] = "pult-host [--config FILE]                           looks after this session host\n"
                            "pult-host [--config FILE] --check                   says what is wrong, line by line\n"
                            "pult-host [--config FILE] --enrol [--token-file FILE]\n"
                            "                                                    gets this host its certificate; the\n"
                            "                                                    token is read from FILE or from\n"
                            "                                                    standard input\n"
                            "pult-host --version\n";

static bool read_options(struct options *options, int count, char **words)
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

// What a core dump or freed memory holds could be a password.
static void keep_secrets(void)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
    mallopt(M_PERTURB, 0x5a);
}

static int get_certificate(const struct config *config, const char *token_file)
{
    static const int codes[] = {[ENROL_DONE] = EXIT_FINE,
                                [ENROL_FAILED] = EXIT_FAILED,
                                [ENROL_NO_TOKEN] = EXIT_USAGE,
                                [ENROL_REFUSED] = EXIT_REFUSED,
                                [ENROL_UNREACHABLE] = EXIT_UNREACHABLE};
    struct enrol_config where = {.noun = NOUN_HOST,
                                 .broker = config->broker,
                                 .port = (int)config->broker_port,
                                 .broker_ca = config->broker_ca,
                                 .state_dir = config->state_dir};
    return codes[enrol(&where, token_file)];
}

static void stop(void *arg)
{
    loop_stop(arg);
}

static int serve(const struct config *config)
{
    struct fault why = {0};
    struct loop *loop = loop_new();
    signal(SIGPIPE, SIG_IGN);
    struct agent *agent = agent_new(loop, config, &why);
    if (!agent) {
        log_error("host", "%s", why.text);
        loop_free(loop);
        return EXIT_FAILED;
    }
    loop_on_signal(loop, SIGTERM, stop, loop);
    loop_on_signal(loop, SIGINT, stop, loop);
    log_info("host", "version " PULT_VERSION " looks after this host");
    loop_run(loop);
    agent_free(agent);
    loop_free(loop);
    return EXIT_FINE;
}

int main(int count, char **words)
{
    static struct config config;
    struct options options = {.config_file = CONFIG_FILE};
    keep_secrets();
    if (count == 2 && text_equal(words[1], "--version")) {
        puts("pult-host " PULT_VERSION);
        return EXIT_FINE;
    }
    if (!read_options(&options, count, words)) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    if (!config_load(&config, options.config_file))
        return EXIT_CONFIG;
    if (config.debug)
        log_set_level(LOG_LEVEL_DEBUG);
    if (options.check)
        return config_check(&config, conf_report_stderr, (void *)(uintptr_t)options.config_file) ? EXIT_FINE
                                                                                                 : EXIT_CONFIG;
    return options.enrol ? get_certificate(&config, options.token_file) : serve(&config);
}
