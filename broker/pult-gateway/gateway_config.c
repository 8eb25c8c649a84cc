// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-gateway/gateway_config.h"
#include "broker/api/channel.h"
#include "broker/base/address.h"
#include "broker/base/log.h"
#include "broker/client/credential.h"
#include "broker/net/forwarded.h"

#include <stddef.h>
#include <string.h>

#define AT(member)                                                                                                     \
    .offset = offsetof(struct gateway_config, member), .size = sizeof(((struct gateway_config *)0)->member)

// As enum forwarded_field.
static const char *const proxy_fields[FORWARDED_FIELD_COUNT + 1] = {
    [FORWARDED_NONE] = "none",
    [FORWARDED_X_FOR] = "x-forwarded-for",
    [FORWARDED_STANDARD] = "forwarded",
};

// A row a line.
// clang-format off
const struct conf_row gateway_config_rows[] = {
    {.key = "broker", .type = CONF_TEXT, AT(broker), .sentence = "host name of the broker, as in its certificate; empty: as the enrolment token said"},
    {.key = "broker-port", .type = CONF_NUMBER, AT(broker_port), .min = 1, .max = 65535, .preset = "8443", .sentence = "the broker's public port, used to enrol"},
    {.key = "device-port", .type = CONF_NUMBER, AT(device_port), .min = 1, .max = 65535, .preset = "8444", .sentence = "the broker's port for machines that are enrolled"},
    {.key = "gateway-port", .type = CONF_NUMBER, AT(gateway_port), .min = 1, .max = 65535, .preset = "8446", .sentence = "the broker's port for those who come through a gateway"},
    {.key = "broker-ca", .type = CONF_PATH, AT(broker_ca), .preset = "/etc/pult/broker-ca.crt", .sentence = "certificate of the CA that signed the broker's certificate (PEM); no such file: the one that the enrolment token named"},
    {.key = "state-dir", .type = CONF_PATH, AT(state_dir), .preset = "/var/lib/pult-gateway", .sentence = "where key and certificate for the broker are kept"},
    {.key = "address", .type = CONF_TEXT, AT(address), .sentence = "IP address to listen on, unless pult-gateway.socket passes the port; empty: all"},
    {.key = "port", .type = CONF_NUMBER, AT(port), .min = 1, .max = 65535, .preset = "443", .sentence = "port to listen on, unless pult-gateway.socket passes it"},
    {.key = "proxies", .type = CONF_TEXT, AT(proxies), .sentence = "networks of the proxies that say who calls, by the PROXY protocol, version 2, or by proxy-field, with one space between; empty: none"},
    {.key = "proxy-field", .type = CONF_CHOICE, AT(proxy_field), .choices = proxy_fields, .preset = "none", .sentence = "x-forwarded-for or forwarded: the HTTP field by which these proxies say who calls; none: they write neither"},
    {.key = "front-door-port", .type = CONF_NUMBER, AT(front_door_port), .min = 0, .max = 65535, .preset = "0", .sentence = "port for RDP programs in the house, usually 3389; 0: none"},
    {.key = "certificate", .type = CONF_PATH, AT(certificate), .preset = "/etc/pult/gateway.crt", .sentence = "certificate that callers are shown, with its chain (PEM)"},
    {.key = "key", .type = CONF_PATH, AT(key), .preset = "/etc/pult/gateway.key", .sentence = "private key of the certificate (PEM)"},
    {.key = "tunnels", .type = CONF_NUMBER, AT(tunnels), .min = 1, .max = CHANNELS_OF_GATEWAY_MAX, .preset = "5000", .sentence = "sessions that are carried at a time, in all"},
    {.key = "person-tunnels", .type = CONF_NUMBER, AT(person_tunnels), .min = 1, .max = 1000, .preset = "8", .sentence = "the same of one person"},
    {.key = "network-tunnels", .type = CONF_NUMBER, AT(network_tunnels), .min = 1, .max = 100000, .preset = "1000", .sentence = "the same from one network"},
    {.key = "unproven-connections", .type = CONF_NUMBER, AT(unproven), .min = 16, .max = 100000, .preset = "2000", .sentence = "connections that have proven nothing yet, in all"},
    {.key = "unproven-per-network", .type = CONF_NUMBER, AT(network_unproven), .min = 4, .max = 100000, .preset = "200", .sentence = "the same from one network"},
    {.key = "patience-seconds", .type = CONF_NUMBER, AT(patience_s), .min = 1, .max = 600, .preset = "10", .sentence = "how long a caller may take for each step until there is a session"},
    {.key = "buffer-mib", .type = CONF_NUMBER, AT(buffer_mib), .min = 1, .max = 65536, .preset = "64", .sentence = "MiB, in all, for what callers and hosts do not take at once"},
    {.key = "log-level", .type = CONF_CHOICE, AT(log_level), .choices = log_level_choices, .preset = "info", .sentence = "error, warn, info or debug; debug: every step"},
    {.key = NULL},
};
// clang-format on

static bool are_networks(const char *text)
{
    while (*text) {
        char word[ADDRESS_NETWORK_TEXT_SIZE];
        struct address_network network;
        size_t length = strcspn(text, " ");
        if (length >= sizeof word)
            return false;
        memcpy(word, text, length);
        word[length] = 0;
        if (!address_network_read(&network, word))
            return false;
        text += length + (text[length] == ' ');
    }
    return true;
}

bool gateway_config_load(struct gateway_config *config, const char *path)
{
    memset(config, 0, sizeof *config);
    if (!conf_load(path, gateway_config_rows, config, conf_report_stderr, (void *)(uintptr_t)path))
        return false;
    bool fine = are_networks(config->proxies);
    if (!fine)
        conf_report_stderr((void *)(uintptr_t)path, 0, "proxies: expected networks with one space between");
    return fine;
}

bool gateway_config_check(const struct gateway_config *config, conf_report *report, void *arg)
{
    struct conf_check check = {.report = report, .arg = arg};
    conf_check_folder(&check, "state-dir", config->state_dir);
    conf_check_file(&check, "certificate", config->certificate);
    conf_check_file(&check, "key", config->key);
    if (credential_check(&check, NOUN_GATEWAY, config->state_dir, "pult-gateway")) {
        conf_check_file(&check, "broker-ca", config->broker_ca);
        if (!*config->broker)
            conf_found(&check, "broker is missing: host name of the broker, as in its certificate");
    }
    return !check.failed;
}
