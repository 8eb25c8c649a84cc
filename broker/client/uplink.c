// SPDX-License-Identifier: EUPL-1.2
#include "broker/client/uplink.h"
#include "broker/api/method.h"
#include "broker/base/log.h"
#include "broker/client/enrol.h"
#include "broker/client/renewal.h"

#include <stdlib.h>

enum { LINGER_MS = 2000, CHECK_MS = 8000 };

// A client and its link, with one certificate.
struct strand {
    struct uplink *line;
    struct client *client;
    struct strand *next; // of the retired
};

struct uplink {
    struct loop *loop;
    struct uplink_config config;
    struct gateway_client *gateway; // NULL: none
    struct websocket_events events;
    void *arg;
    struct strand *present, *coming; // coming: with the new certificate, not up yet; NULL: none
    struct strand *retired;          // with calls still open
    struct renewal *renewal;
    bool renewed; // a new pair is on the disk, and no link begun with it
    bool hushed;  // the present link is down and nobody was told yet
    struct loop_timer *linger;
};

static void strand_free(struct strand *strand)
{
    if (!strand)
        return;
    client_free(strand->client);
    free(strand);
}

// ---- what the links tell

static void retire(struct strand *strand)
{
    struct uplink *line = strand->line;
    client_unlink(strand->client);
    strand->next = line->retired;
    line->retired = strand;
    loop_timer_start(line->linger, LINGER_MS);
}

static void link_up(void *arg)
{
    struct strand *strand = arg;
    struct uplink *line = strand->line;
    if (strand == line->coming) {
        retire(line->present);
        line->present = take(line->coming);
    }
    line->hushed = false;
    enrol_follow(strand->client, line->config.state_dir);
    if (line->events.up)
        line->events.up(line->arg);
}

// The broker ends the old link when the new one comes up, and perhaps this is heard first.
static void link_down(void *arg)
{
    struct strand *strand = arg;
    struct uplink *line = strand->line;
    if (strand != line->present)
        return;
    if (line->coming) {
        line->hushed = true;
        loop_timer_start(line->linger, LINGER_MS);
    } else if (line->events.down) {
        line->events.down(line->arg);
    }
}

static void link_message(void *arg, const void *message)
{
    struct strand *strand = arg;
    if (strand == strand->line->present && strand->line->events.message)
        strand->line->events.message(strand->line->arg, message);
}

static void link_refused(void *arg, enum refusal refusal, const char *detail)
{
    struct strand *strand = arg;
    if (strand == strand->line->present && strand->line->events.refused)
        strand->line->events.refused(strand->line->arg, refusal, detail);
}

static void link_silent(void *arg, bool is_silent)
{
    struct strand *strand = arg;
    if (strand == strand->line->present && strand->line->events.silent)
        strand->line->events.silent(strand->line->arg, is_silent);
}

static void free_retired(struct uplink *line)
{
    for (struct strand **at = &line->retired; *at;) {
        struct strand *strand = *at;
        if (!client_is_idle(strand->client)) {
            at = &strand->next;
            loop_timer_start(line->linger, LINGER_MS);
            continue;
        }
        *at = strand->next;
        strand_free(strand);
    }
}

// ---- one certificate after the other

// False with why; fine without one, too.
static bool open_gateway(struct gateway_client **gateway, struct loop *loop, const struct uplink_config *config,
                         struct fault *why)
{
    bool named = config->gateway.name && config->gateway.name[0];
    *gateway = named ? gateway_client_new(loop, &config->gateway, why) : NULL;
    return *gateway || !named;
}

static struct client *open_client(struct loop *loop, const struct uplink_config *line, struct gateway_client *gateway,
                                  struct fault *why)
{
    struct credential_files files;
    credential_files(&files, line->noun, line->state_dir);
    struct client_config config = {
        .host = line->broker,
        .port = line->port,
        .ca_file = line->broker_ca,
        .certificate_file = files.certificate,
        .key_file = files.key,
        .gateway = gateway,
    };
    return client_new(loop, &config, why);
}

bool uplink_check(const struct uplink_config *config, struct fault *why)
{
    struct client_answer answer = {0};
    struct loop *loop = loop_new();
    struct gateway_client *gateway;
    bool opened = open_gateway(&gateway, loop, config, why);
    struct client *client = opened ? open_client(loop, config, gateway, why) : NULL;
    if (client) {
        const struct method *method = method_find(METHOD_HEALTH, NOUN_NONE);
        client_call_wait(client, method->verb, method->path, NULL, NULL, NULL, CHECK_MS, &answer);
        if (answer.refusal != REFUSAL_NONE)
            fault_set(why, FAULT_UNAVAILABLE, "%s", answer.detail);
        client_answer_drop(&answer);
    }
    client_free(client);
    gateway_client_free(gateway);
    loop_free(loop);
    return client && answer.refusal == REFUSAL_NONE;
}

static struct strand *strand_new(struct uplink *line, struct fault *why)
{
    static const struct websocket_events events = {
        .up = link_up, .down = link_down, .message = link_message, .refused = link_refused, .silent = link_silent};
    struct client *client = open_client(line->loop, &line->config, line->gateway, why);
    if (!client)
        return NULL;
    struct strand *strand = mem_new(1, sizeof *strand);
    strand->line = line;
    strand->client = client;
    client_link(client, line->config.noun, &events, strand);
    return strand;
}

static struct client *asking_client(void *arg)
{
    return uplink_client(arg);
}

// A call under way would find its certificate to be the old one.
static void begin_coming(struct uplink *line)
{
    struct fault why = {0};
    if (!client_is_idle(uplink_client(line))) {
        loop_timer_start(line->linger, LINGER_MS);
        return;
    }
    line->renewed = false;
    struct strand *coming = strand_new(line, &why);
    if (!coming) {
        log_error("renew", "the new certificate will be used after a restart: %s", why.text);
        return;
    }
    strand_free(line->coming); // one that never came up
    line->coming = coming;
}

static void renewed(void *arg)
{
    struct uplink *line = arg;
    line->renewed = true;
    begin_coming(line);
}

static void linger(void *arg)
{
    struct uplink *line = arg;
    free_retired(line);
    if (line->renewed)
        begin_coming(line);
    if (!line->hushed)
        return;
    line->hushed = false;
    if (line->events.down)
        line->events.down(line->arg);
}

struct uplink *uplink_new(struct loop *loop, const struct uplink_config *config, const struct websocket_events *events,
                          void *arg, struct fault *why)
{
    static const struct renewal_ports ports = {.client = asking_client, .renewed = renewed};
    struct uplink *line = mem_new(1, sizeof *line);
    line->loop = loop;
    line->config = *config;
    line->events = *events;
    line->arg = arg;
    if (open_gateway(&line->gateway, loop, config, why))
        line->present = strand_new(line, why);
    if (!line->present) {
        gateway_client_free(line->gateway);
        free(line);
        return NULL;
    }
    line->linger = loop_timer_new(loop, linger, line);
    line->renewal = renewal_new(loop, config->noun, config->state_dir, &ports, line);
    return line;
}

void uplink_free(struct uplink *line)
{
    if (!line)
        return;
    while (line->retired) {
        struct strand *strand = line->retired;
        line->retired = strand->next;
        strand_free(strand);
    }
    strand_free(line->coming);
    strand_free(line->present);
    gateway_client_free(line->gateway);
    renewal_free(line->renewal);
    loop_timer_free(line->linger);
    free(line);
}

struct client *uplink_client(const struct uplink *line)
{
    return line->present->client;
}

struct client *uplink_another(const struct uplink *line, struct fault *why)
{
    return open_client(line->loop, &line->config, line->gateway, why);
}

struct gateway_client *uplink_gateway(const struct uplink *line)
{
    return line->gateway;
}
