// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/host_config.h"
#include "broker/base/log.h"
#include "broker/client/credential.h"
#include "broker/pult-host/name_checks.h"
#include "broker/pult-host/notify.h"
#include "broker/pult-host/print_queues.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define AT(member) .offset = offsetof(struct host_config, member), .size = sizeof(((struct host_config *)0)->member)

// A row a line.
// clang-format off
const struct conf_row host_config_rows[] = {
    {.key = "broker", .type = CONF_TEXT, AT(broker), .sentence = "host name of the broker, as in its certificate; empty: as the enrolment token said"},
    {.key = "broker-port", .type = CONF_NUMBER, AT(broker_port), .min = 1, .max = 65535, .preset = "8443", .sentence = "the broker's public port, used to enrol"},
    {.key = "device-port", .type = CONF_NUMBER, AT(device_port), .min = 1, .max = 65535, .preset = "8444", .sentence = "the broker's port for enrolled devices and hosts"},
    {.key = "broker-ca", .type = CONF_PATH, AT(broker_ca), .preset = "/etc/pult/broker-ca.crt", .sentence = "certificate of the CA that signed the broker's certificate (PEM); no such file: the one that the enrolment token named"},
    {.key = "state-dir", .type = CONF_PATH, AT(state_dir), .preset = "/var/lib/pult-host", .sentence = "where key, certificate and the log of used one-time passwords are kept"},
    {.key = "run-dir", .type = CONF_PATH, AT(run_dir), .preset = "/run/pult-host", .sentence = "where the socket for PAM is made"},
    {.key = "rdp-port", .type = CONF_NUMBER, AT(rdp_port), .min = 1, .max = 65535, .preset = "3389", .sentence = "the port that xrdp listens on"},
    {.key = "sesman-port", .type = CONF_NUMBER, AT(sesman_port), .min = 0, .max = 65535, .preset = "3350", .sentence = "the port that the session manager of xrdp 0.9 listens on at loopback; 0: none, it is 0.10 or later"},
    {.key = "certificate", .type = CONF_PATH, AT(certificate), .preset = "/etc/pult/rdp.crt", .sentence = "the certificate that xrdp should present (PEM)"},
    {.key = "probe-account", .type = CONF_TEXT, AT(probe_account), .sentence = "an account of the directory that must be known here; empty: none"},
    {.key = "free-percent", .type = CONF_NUMBER, AT(free_percent), .min = 0, .max = 50, .preset = "3", .sentence = "free space and inodes of /home, /tmp and /var in percent, below which there are no new sessions"},
    {.key = "desktop-seconds", .type = CONF_NUMBER, AT(desktop_s), .min = 5, .max = 60, .preset = "30", .sentence = "within which whoever was let in must have a desktop; else the connection is ended"},
    {.key = "session-keyboard", .type = CONF_PATH, AT(session_keyboard), .preset = PULT_SESSION_KEYBOARD, .sentence = "the program that keeps a keyboard layout chosen in a session"},
    {.key = "cups-socket", .type = CONF_PATH, AT(cups_socket), .preset = "/run/cups/cups.sock", .sentence = "the socket of cupsd, by which queues are made"},
    {.key = "print-backend", .type = CONF_PATH, AT(print_backend), .preset = "/usr/lib/cups/backend/pult", .sentence = "the program that cupsd hands what people print to"},
    {.key = "language", .type = CONF_TEXT, AT(language), .sentence = "language of messages in sessions, such as de; empty: by LANG"},
    {.key = "log-level", .type = CONF_CHOICE, AT(log_level), .choices = log_level_choices, .preset = "info", .sentence = "error, warn, info or debug; debug: every step"},
    {.key = NULL},
};
// clang-format on

bool host_config_load(struct host_config *config, const char *path)
{
    memset(config, 0, sizeof *config);
    return conf_load(path, host_config_rows, config, conf_report_stderr, (void *)(uintptr_t)path);
}

// Said, but no error: the agent starts all the same.
static void name_found(void *arg, const char *fault)
{
    const struct conf_check *check = arg;
    check->report(check->arg, 0, fault);
}

static void check_identity(struct conf_check *check, const struct host_config *config)
{
    if (!credential_check(check, NOUN_HOST, config->state_dir, "pult-host"))
        return;
    conf_check_file(check, "broker-ca", config->broker_ca);
    if (!*config->broker)
        conf_found(check, "broker is missing: host name of the broker, as in its certificate");
}

// Also no error.
static void check_printing(struct conf_check *check, const struct host_config *config)
{
    struct text found = {0};
    struct print_queues_config queues = {
        .socket = config->cups_socket, .backend = config->print_backend, .state_dir = config->state_dir};
    if (!print_queues_check(&queues, &found))
        check->report(check->arg, 0, found.bytes);
    text_drop(&found);
}

bool host_config_check(const struct host_config *config, conf_report *report, void *arg)
{
    struct conf_check check = {.report = report, .arg = arg};
    conf_check_folder(&check, "state-dir", config->state_dir);
    conf_check_file(&check, "certificate", config->certificate);
    conf_check_program(&check, "session-keyboard", config->session_keyboard);
    check_identity(&check, config);
    char ledger[300];
    snprintf(ledger, sizeof ledger, "%s/ledger", config->state_dir);
    name_check_log(ledger, name_found, &check);
    check_printing(&check, config);
    if (!notify_can())
        conf_found(&check, "messages cannot be shown in sessions: neither zenity nor xmessage is installed");
    return !check.failed;
}
