// SPDX-License-Identifier: EUPL-1.2
#include "broker/broker_config.h"
#include "broker/base/conf.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT(member) .offset = offsetof(struct broker_config, member), .size = sizeof(((struct broker_config *)0)->member)

// clang-format off
static const struct conf_row rows[] = {
    {.key = "listen-address", .type = CONF_TEXT, AT(listen_address), .sentence = "address to listen on; empty: all"},
    {.key = "name", .type = CONF_TEXT, AT(name), .sentence = "the name that others reach the broker by; empty: this machine's full name"},
    {.key = "port", .type = CONF_NUMBER, AT(port), .min = 1, .max = 65535, .preset = "8443", .sentence = "HTTPS for administrators and for enrolment"},
    {.key = "device-port", .type = CONF_NUMBER, AT(device_port), .min = 1, .max = 65535, .preset = "8444", .sentence = "HTTPS for devices and session hosts, which present a certificate"},
    {.key = "admin-port", .type = CONF_NUMBER, AT(admin_port), .min = 1, .max = 65535, .preset = "8445", .sentence = "HTTPS for administrators who present a certificate; only with admin-ca"},
    {.key = "gateway-port", .type = CONF_NUMBER, AT(gateway_port), .max = 65535, .preset = "8446", .sentence = "HTTPS for those whom a gateway lets in from outside; 0: none"},
    {.key = "admin-ca", .type = CONF_PATH, AT(admin_ca), .sentence = "CA of administrators' client certificates, PEM; empty: none are accepted"},
    {.key = "portal-dir", .type = CONF_PATH, AT(portal_dir), .preset = "/usr/share/pult/portal", .sentence = "pages that people see in a browser who come through a gateway; empty: none"},
    {.key = "certificate", .type = CONF_PATH, AT(certificate), .sentence = "the broker's certificate and its chain, PEM; empty: it makes one by its own CA"},
    {.key = "key", .type = CONF_PATH, AT(key), .sentence = "its key, PEM"},
    {.key = "rdp-certificate", .type = CONF_PATH, AT(rdp_certificate), .sentence = "certificate and its chain, PEM, that sign the files by which RDP programs come through a gateway; empty: there are no such files"},
    {.key = "rdp-key", .type = CONF_PATH, AT(rdp_key), .sentence = "its key, PEM"},
    {.key = "data-dir", .type = CONF_PATH, AT(data_dir), .preset = "/var/lib/pult-broker", .sentence = "journal, people, device CA"},
    {.key = "journal-head-dir", .type = CONF_PATH, AT(journal_head_dir), .sentence = "the journal's signed head, best on another disk; empty: data-dir"},
    {.key = "keep-sessions-days", .type = CONF_NUMBER, AT(keep_sessions_days), .max = 36500, .preset = "1096", .sentence = "how long the journal tells who used which session when; 0: for ever"},
    {.key = "keep-audit-days", .type = CONF_NUMBER, AT(keep_audit_days), .max = 36500, .preset = "366", .sentence = "how long it tells of logons of administrators and at the portal, locks, drains, tokens, and of assignments that were replaced; 0: for ever"},
    {.key = "keep-journal-days", .type = CONF_NUMBER, AT(keep_journal_days), .max = 36500, .preset = "3653", .sentence = "how long it keeps events at all; 0: for ever"},
    {.key = "certificate-lifetime-s", .type = CONF_NUMBER, AT(certificate_lifetime_s), .min = 30, .max = 315360000, .preset = "63072000", .sentence = "how long the certificates of devices and session hosts are valid; they renew them in time"},
    {.key = "credentials-dir", .type = CONF_PATH, AT(credentials_dir), .preset = "/etc/pult/credentials", .sentence = "TENANT.password, TENANT.ca.pem and TENANT.keytab of each tenant's directory"},
    {.key = "directory-deadline-ms", .type = CONF_NUMBER, AT(directory_deadline_ms), .min = 200, .max = 60000, .preset = "5000", .sentence = "how long a directory may take for one attempt"},
    {.key = "directory-connections", .type = CONF_NUMBER, AT(directory_connections), .min = 1, .max = 64, .preset = "8", .sentence = "persistent connections per directory for checking passwords"},
    {.key = "admin-password-tries", .type = CONF_NUMBER, AT(admin_password_tries), .min = 1, .max = 10, .preset = "3", .sentence = "wrong passwords for a name at the port for administrators, then none is tried for half an hour; fewer than lock an account in any directory"},
    {.key = "outside-password-tries", .type = CONF_NUMBER, AT(outside_password_tries), .min = 2, .max = 10, .preset = "3", .sentence = "wrong passwords for a name from outside, each after a right second factor, then none is tried for half an hour; the last one only with a passkey; together with admin-password-tries fewer than lock an account in any directory"},
    {.key = "wake-command", .type = CONF_TEXT, AT(wake_command), .sentence = "command that wakes hosts with wake=command; %h is the host's id, %a its address"},
    {.key = "unproven-connections", .type = CONF_NUMBER, AT(unproven_connections), .min = 16, .max = 100000, .preset = "16384", .sentence = "connections that have proven nothing yet, in all"},
    {.key = "unproven-per-port", .type = CONF_NUMBER, AT(unproven_per_port), .min = 16, .max = 100000, .preset = "8192", .sentence = "the same, on one port"},
    {.key = "unproven-per-network", .type = CONF_NUMBER, AT(unproven_per_network), .min = 16, .max = 100000, .preset = "4096", .sentence = "the same, from one IPv4 address or IPv6 /64"},
    {.key = "unproven-handshakes", .type = CONF_NUMBER, AT(unproven_handshakes), .min = 16, .max = 100000, .preset = "1024", .sentence = "of these, in TLS or later, which costs memory"},
    {.key = "unproven-patience-s", .type = CONF_NUMBER, AT(unproven_patience_s), .min = 1, .max = 120, .preset = "10", .sentence = "how long each of their steps may take"},
    {.key = "backup-certificates", .type = CONF_PATH, AT(backup_certificates), .sentence = "certificates of those who can open a back-up, PEM; empty: none is made"},
    {.key = "log-level", .type = CONF_CHOICE, AT(log_level), .choices = log_level_choices, .preset = "info", .sentence = "error, warn, info or debug"},
    {.key = NULL},
};
// clang-format on

#define HOST_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:"

// Of those that are open.
static bool ports_differ(const struct broker_config *config)
{
    const int64_t ports[] = {config->port, config->device_port, config->admin_ca[0] ? config->admin_port : 0,
                             config->gateway_port};
    bool differ = true;
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
        for (size_t k = 0; k < i; k++)
            differ = differ && (!ports[i] || ports[i] != ports[k]);
    return differ;
}

bool broker_config_load(const char *path, struct broker_config *config)
{
    memset(config, 0, sizeof *config);
    if (!conf_load(path, rows, config, conf_report_stderr, (void *)(uintptr_t)path))
        return false;
    if (!ports_differ(config)) {
        conf_report_stderr((void *)(uintptr_t)path, 0, "port, device-port, admin-port and gateway-port must differ");
        return false;
    }
    if (config->wake_command[0] && config->wake_command[0] != '/') {
        conf_report_stderr((void *)(uintptr_t)path, 0, "wake-command must begin with the whole path of a program");
        return false;
    }
    if (!config->certificate[0] != !config->key[0]) {
        conf_report_stderr((void *)(uintptr_t)path, 0, "certificate and key: name both, or none");
        return false;
    }
    if (!config->rdp_certificate[0] != !config->rdp_key[0]) {
        conf_report_stderr((void *)(uintptr_t)path, 0, "rdp-certificate and rdp-key: name both, or none");
        return false;
    }
    if (config->name[strspn(config->name, HOST_LETTERS)]) {
        conf_report_stderr((void *)(uintptr_t)path, 0,
                           "name: one name or IP address, of letters, digits, dots, - and :");
        return false;
    }
    config->makes_certificate = !config->certificate[0];
    if (config->makes_certificate) {
        snprintf(config->certificate, sizeof config->certificate, "%.380s/broker.pem", config->data_dir);
        TEXT_PUT(config->key, config->certificate);
    }
    owned(bytes) char *whole = realpath(path, NULL);
    if (!whole || !text_copy(config->path, sizeof config->path, whole)) {
        conf_report_stderr((void *)(uintptr_t)path, 0, "its path is too long");
        return false;
    }
    log_set_level_choice(config->log_level);
    return true;
}

void broker_config_data_file(const struct broker_config *config, const char *name, char path[CONFIG_PATH_SIZE + 64])
{
    snprintf(path, CONFIG_PATH_SIZE + 64, "%s/%s", config->data_dir, name);
}
