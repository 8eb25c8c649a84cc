// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/log.h"
#include "broker/client/agent_main.h"
#include "client-agent/agent.h"

static struct agent_config config;
static struct agent *agent;

static bool load_config(const char *path)
{
    bool loaded = agent_config_load(&config, path);
    if (loaded)
        log_set_level_choice(config.log_level);
    return loaded;
}

static bool check_config(const char *path)
{
    return agent_config_check(&config, conf_report_stderr, (void *)(uintptr_t)path);
}

static void complete_config(void)
{
    enrol_complete(config.state_dir, config.broker, config.broker_ca);
}

static struct enrol_config enrol_where(void)
{
    struct enrol_config where = {.noun = NOUN_DEVICE,
                                 .broker = config.broker,
                                 .port = (int)config.broker_port,
                                 .broker_ca = config.broker_ca,
                                 .state_dir = config.state_dir};
    return where;
}

static struct uplink_config uplink_where(void)
{
    return (struct uplink_config){.noun = NOUN_DEVICE,
                                  .broker = config.broker,
                                  .port = (int)config.device_port,
                                  .broker_ca = config.broker_ca,
                                  .state_dir = config.state_dir,
                                  .gateway = {config.gateway, (int)config.gateway_port, config.gateway_ca}};
}

static bool begin_agent(struct loop *loop, struct fault *why)
{
    struct uplink_config uplink = uplink_where();
    agent = agent_new(loop, &config, &uplink, why);
    return agent != NULL;
}

static void end_agent(void)
{
    agent_free(agent);
}

int main(int count, char **words)
{
    static const struct agent_program program = {
        .name = "pult-agent",
        .task = "manages this desk",
        .what = "device",
        .config_file = CONFIG_FILE,
        .unit = "pult-agent.service",
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
