// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/agent_config.h"
#include "broker/base/child.h"
#include "broker/base/log.h"
#include "broker/client/credential.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

#define AT(member) .offset = offsetof(struct agent_config, member), .size = sizeof(((struct agent_config *)0)->member)
#define XORG "/usr/bin/Xorg vt%v -nolisten tcp -noreset -novtswitch -s 0"

const char *const config_languages[] = {[CONFIG_GERMAN] = "de", [CONFIG_ENGLISH] = "en", NULL};

// A row a line.
// clang-format off
const struct conf_row agent_config_rows[] = {
    {.key = "broker", .type = CONF_TEXT, AT(broker), .sentence = "host name of the broker, as in its certificate; empty: as the enrolment token said"},
    {.key = "broker-port", .type = CONF_NUMBER, AT(broker_port), .min = 1, .max = 65535, .preset = "8443", .sentence = "the broker's public port, used to enrol"},
    {.key = "device-port", .type = CONF_NUMBER, AT(device_port), .min = 1, .max = 65535, .preset = "8444", .sentence = "the broker's port for enrolled devices"},
    {.key = "broker-ca", .type = CONF_PATH, AT(broker_ca), .preset = "/etc/pult/broker-ca.crt", .sentence = "certificate of the CA that signed the broker's certificate (PEM); no such file: the one that the enrolment token named"},
    {.key = "gateway", .type = CONF_TEXT, AT(gateway), .sentence = "host name of a gateway, for a desk outside: everything goes through it; empty: the desk is in the house"},
    {.key = "gateway-port", .type = CONF_NUMBER, AT(gateway_port), .min = 1, .max = 65535, .preset = "443", .sentence = "its port"},
    {.key = "gateway-ca", .type = CONF_PATH, AT(gateway_ca), .sentence = "certificate of the CA that signed the gateway's certificate (PEM); empty: those that the system believes"},
    {.key = "state-dir", .type = CONF_PATH, AT(state_dir), .preset = "/var/lib/pult-agent", .sentence = "directory of the device's key and certificate"},
    {.key = "run-dir", .type = CONF_PATH, AT(run_dir), .preset = "/run/pult-agent", .sentence = "directory of sockets, cookies and the file that names the visible display"},
    {.key = "realm", .type = CONF_TEXT, AT(realm), .sentence = "Kerberos realm of the people here; empty: names and passwords go to the broker"},
    {.key = "desk-name", .type = CONF_TEXT, AT(desk_name), .sentence = "what the greeter calls this desk until the broker has said it; empty: the device's id"},
    {.key = "help-desk", .type = CONF_TEXT, AT(help_desk), .sentence = "telephone number of the help desk, shown at the greeter"},
    {.key = "language", .type = CONF_CHOICE, AT(language), .choices = config_languages, .preset = "de", .sentence = "language of the greeter until somebody switches it"},
    {.key = "greeter", .type = CONF_PATH, AT(greeter), .preset = PULT_GREETER, .sentence = "the greeter program"},
    {.key = "viewer", .type = CONF_PATH, AT(viewer), .preset = "/usr/bin/xfreerdp3", .sentence = "the RDP client"},
    {.key = "viewer-start", .type = CONF_PATH, AT(rdp_client_start), .preset = PULT_VIEWER_START, .sentence = "library that makes the RDP client start faster and leaves Ctrl+Alt+M to the session"},
    {.key = "sandbox", .type = CONF_PATH, AT(sandbox), .preset = "/usr/bin/bwrap", .sentence = "bubblewrap, which the RDP client runs in"},
    {.key = "greeter-server", .type = CONF_TEXT, AT(greeter_server), .preset = XORG, .sentence = "command that starts the greeter's X server; %v is its virtual terminal"},
    {.key = "viewer-server", .type = CONF_TEXT, AT(rdp_client_server), .preset = XORG, .sentence = "command that starts a viewer's X server; %v is its virtual terminal"},
    {.key = "switch-command", .type = CONF_TEXT, AT(switch_command), .sentence = "makes virtual terminal %v visible, such as /usr/bin/chvt %v; empty: nothing to do"},
    {.key = "first-vt", .type = CONF_NUMBER, AT(first_vt), .min = 1, .max = 62, .preset = "7", .sentence = "the greeter's virtual terminal; the viewer's is the next"},
    {.key = "greeter-user", .type = CONF_TEXT, AT(greeter_user), .preset = "pult-greeter", .sentence = "the user that the greeter runs as when the agent is root"},
    {.key = "viewer-user", .type = CONF_TEXT, AT(rdp_client_user), .preset = "pult-viewer", .sentence = "the user that the viewer runs as when the agent is root"},
    {.key = "drives-dir", .type = CONF_PATH, AT(drives_dir), .preset = "/media", .sentence = "what a session may see as drives of the desk"},
    {.key = "log-level", .type = CONF_CHOICE, AT(log_level), .choices = log_level_choices, .preset = "info", .sentence = "error, warn, info or debug; debug: every step, and what the viewer says"},
    {.key = NULL},
};
// clang-format on

bool agent_config_load(struct agent_config *config, const char *path)
{
    memset(config, 0, sizeof *config);
    return conf_load(path, agent_config_rows, config, conf_report_stderr, (void *)(uintptr_t)path);
}

static void check_user(struct conf_check *check, const char *key, const char *name)
{
    struct account account;
    struct fault why = {0};
    if (geteuid() == 0 && *name && !account_find(&account, name, &why))
        conf_found(check, "%s: %s", key, why.text);
}

static void check_identity(struct conf_check *check, const struct agent_config *config)
{
    if (!credential_check(check, NOUN_DEVICE, config->state_dir, "pult-agent"))
        return;
    conf_check_file(check, "broker-ca", config->broker_ca);
    if (!*config->broker)
        conf_found(check, "broker is missing: host name of the broker, as in its certificate");
}

bool agent_config_check(const struct agent_config *config, conf_report *report, void *arg)
{
    struct conf_check check = {.report = report, .arg = arg};
    conf_check_program(&check, "greeter", config->greeter);
    conf_check_program(&check, "viewer", config->viewer);
    conf_check_file(&check, "viewer-start", config->rdp_client_start);
    conf_check_program(&check, "sandbox", config->sandbox);
    conf_check_program(&check, "greeter-server", config->greeter_server);
    conf_check_program(&check, "viewer-server", config->rdp_client_server);
    if (*config->switch_command)
        conf_check_program(&check, "switch-command", config->switch_command);
    check_user(&check, "greeter-user", config->greeter_user);
    check_user(&check, "viewer-user", config->rdp_client_user);
    conf_check_folder(&check, "state-dir", config->state_dir);
    check_identity(&check, config);
    return !check.failed;
}
