// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/log.h"
#include "broker/base/text.h"
#include "broker/client/agent_main.h"
#include "broker/net/certificate.h"
#include "broker/pult-host/host_agent.h"

static struct host_config config;
static struct host_agent *agent;

static bool load_config(const char *path)
{
    bool loaded = host_config_load(&config, path);
    if (loaded)
        log_set_level_choice(config.log_level);
    return loaded;
}

static bool check_config(const char *path)
{
    return host_config_check(&config, conf_report_stderr, (void *)(uintptr_t)path);
}

static void complete_config(void)
{
    enrol_complete(config.state_dir, config.broker, config.broker_ca);
}

static struct enrol_config enrol_where(void)
{
    struct enrol_config where = {.noun = NOUN_HOST,
                                 .broker = config.broker,
                                 .port = (int)config.broker_port,
                                 .broker_ca = config.broker_ca,
                                 .state_dir = config.state_dir};
    unsigned char digest[CERTIFICATE_DIGEST_BYTES];
    if (certificate_file_digest(config.certificate, digest, NULL))
        text_hex(where.fingerprint, digest, sizeof digest);
    return where;
}

static struct uplink_config uplink_where(void)
{
    return (struct uplink_config){.noun = NOUN_HOST,
                                  .broker = config.broker,
                                  .port = (int)config.device_port,
                                  .broker_ca = config.broker_ca,
                                  .state_dir = config.state_dir};
}

static bool begin_agent(struct loop *loop, struct fault *why)
{
    agent = host_agent_new(loop, &config, why);
    return agent != NULL;
}

static void end_agent(void)
{
    host_agent_free(agent);
}

int main(int count, char **words)
{
    static const struct agent_program program = {
        .name = "pult-host",
        .task = "manages this session host",
        .what = "host",
        .config_file = CONFIG_FILE,
        .unit = "pult-host.service",
        .load = load_config,
        .complete = complete_config,
        .check = check_config,
        .link = uplink_where,
        .where = enrol_where,
        .begin = begin_agent,
        .end = end_agent,
    };
    return agent_main(&program, count, words);
}
