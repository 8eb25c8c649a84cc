// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/log.h"
#include "broker/client/agent_main.h"
#include "broker/pult-gateway/gateway_config.h"
#include "broker/pult-gateway/gateway_service.h"

static struct gateway_config config;
static struct gateway_service *service;

static bool load_config(const char *path)
{
    bool loaded = gateway_config_load(&config, path);
    if (loaded)
        log_set_level_choice(config.log_level);
    return loaded;
}

static bool check_config(const char *path)
{
    return gateway_config_check(&config, conf_report_stderr, (void *)(uintptr_t)path);
}

static void complete_config(void)
{
    enrol_complete(config.state_dir, config.broker, config.broker_ca);
}

static struct enrol_config enrol_where(void)
{
    return (struct enrol_config){.noun = NOUN_GATEWAY,
                                 .broker = config.broker,
                                 .port = (int)config.broker_port,
                                 .broker_ca = config.broker_ca,
                                 .state_dir = config.state_dir};
}

static struct uplink_config uplink_where(void)
{
    return (struct uplink_config){.noun = NOUN_GATEWAY,
                                  .broker = config.broker,
                                  .port = (int)config.device_port,
                                  .broker_ca = config.broker_ca,
                                  .state_dir = config.state_dir};
}

static bool begin_service(struct loop *loop, struct fault *why)
{
    struct uplink_config uplink = uplink_where();
    service = gateway_service_new(loop, &config, &uplink, why);
    return service != NULL;
}

// After the loop: whoever is still here is cut off.
static void end_service(void)
{
    gateway_service_free(service);
}

int main(int count, char **words)
{
    static const struct agent_program program = {
        .name = "pult-gateway",
        .task = "lets people in from outside, and carries their sessions",
        .what = "gateway",
        .config_file = GATEWAY_CONFIG_FILE,
        .unit = "pult-gateway.service",
        .load = load_config,
        .complete = complete_config,
        .check = check_config,
        .link = uplink_where,
        .where = enrol_where,
        .begin = begin_service,
        .end = end_service,
    };
    return agent_main(&program, count, words);
}
