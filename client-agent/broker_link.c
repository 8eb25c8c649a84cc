// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/broker_link.h"
#include "broker/api/record.h"
#include "broker/base/log.h"

#include <stdlib.h>
#include <string.h>

enum { LOG_ON_MS = 20000, CHANGE_MS = 30000, MEET_MS = 8000 };

struct broker_query;

struct broker_link {
    struct uplink *line;
    struct broker_query *calls;
    struct broker_link_events events;
    void *arg;
    char channel[CHANNEL_TOKEN_SIZE]; // the last one
};

struct broker_query {
    struct broker_query *next;
    struct broker_link *broker;
    unsigned attempt;
};

static struct broker_query *call_new(struct broker_link *broker, unsigned attempt)
{
    struct broker_query *call = mem_new(1, sizeof *call);
    call->broker = broker;
    call->attempt = attempt;
    call->next = broker->calls;
    broker->calls = call;
    return call;
}

static void call_free(struct broker_query *call)
{
    struct broker_query **at = &call->broker->calls;
    while (*at != call)
        at = &(*at)->next;
    *at = call->next;
    free(call);
}

static void log_refusal(const char *what, const struct client_answer *answer)
{
    if (answer->refusal != REFUSAL_NONE)
        log_info("broker", "%s: %s (%s)", what, refusal_rows[answer->refusal].code, answer->detail);
}

static void logged_on(void *arg, const struct client_answer *answer)
{
    struct broker_query *call = arg;
    struct broker_link *broker = call->broker;
    struct logon_answer got = {0};
    struct fault why = {0};
    enum refusal refusal = answer->refusal;
    log_refusal("logon", answer);
    if (refusal == REFUSAL_NONE && !client_read(answer, &logon_answer_type, &got, &why)) {
        log_error("broker", "logon: the answer cannot be read: %s", why.text);
        explicit_bzero(&got, sizeof got); // an empty one cannot be used, and the desk says so
    }
    broker->events.answer(broker->arg, call->attempt, refusal, refusal == REFUSAL_NONE ? &got : NULL, answer->help_desk,
                          answer->retry_after_s);
    explicit_bzero(&got, sizeof got);
    call_free(call);
}

void broker_link_log_on(struct broker_link *broker, unsigned attempt, const char *name, const struct secret *password,
                        const char *authorization)
{
    struct logon_request body = {.channel = broker_link_gateway(broker)};
    if (!authorization) {
        text_cut(body.name, sizeof body.name, name);
        text_cut(body.password, sizeof body.password, password->bytes);
    }
    client_call(uplink_client(broker->line), "POST", "/v1/logon", authorization, &logon_request_type, &body, LOG_ON_MS,
                logged_on, call_new(broker, attempt));
    explicit_bzero(&body, sizeof body);
}

// ---- print jobs

static void told_jobs(void *arg, const struct client_answer *answer)
{
    struct broker_query *call = arg;
    struct broker_link *broker = call->broker;
    struct own_jobs own = {0};
    struct fault why = {0};
    enum refusal refusal = answer->refusal;
    log_refusal("print jobs", answer);
    if (refusal == REFUSAL_NONE && !client_read(answer, &own_jobs_type, &own, &why)) {
        log_error("broker", "print jobs: the answer cannot be read: %s", why.text);
        refusal = REFUSAL_BROKER_UNREACHABLE;
    }
    if (refusal == REFUSAL_NONE)
        broker->events.own_jobs(broker->arg, call->attempt, &own);
    else
        broker->events.answer(broker->arg, call->attempt, refusal, NULL, answer->help_desk, answer->retry_after_s);
    own_jobs_free(&own);
    call_free(call);
}

void broker_link_jobs(struct broker_link *broker, unsigned attempt, enum broker_jobs what,
                      const struct own_jobs_request *body, const char *authorization)
{
    static const struct {
        const char *path;
        const struct record_type *type;
    } rows[] = {[BROKER_JOBS] = {"/v1/print/jobs", &own_jobs_request_type},
                [BROKER_RELEASE] = {"/v1/print/release", &own_release_request_type},
                [BROKER_CANCEL] = {"/v1/print/cancel", &own_cancel_request_type}};
    client_call(uplink_client(broker->line), "POST", rows[what].path, authorization, rows[what].type, body, LOG_ON_MS,
                told_jobs, call_new(broker, attempt));
}

// ---- passwords

static void password_changed(void *arg, const struct client_answer *answer)
{
    struct broker_query *call = arg;
    struct broker_link *broker = call->broker;
    log_refusal("password", answer);
    broker->events.changed(broker->arg, call->attempt, answer->refusal);
    call_free(call);
}

void broker_link_change(struct broker_link *broker, unsigned attempt, const char *name,
                        const struct secret *old_password, const struct secret *new_password)
{
    struct password_request body = {0};
    text_cut(body.name, sizeof body.name, name);
    text_cut(body.password, sizeof body.password, old_password->bytes);
    text_cut(body.new_password, sizeof body.new_password, new_password->bytes);
    client_call(uplink_client(broker->line), "POST", "/v1/password", NULL, &password_request_type, &body, CHANGE_MS,
                password_changed, call_new(broker, attempt));
    explicit_bzero(&body, sizeof body);
}

static void met(void *arg, const struct client_answer *answer)
{
    struct broker_query *call = arg;
    struct broker_link *broker = call->broker;
    log_refusal("greeting", answer);
    broker->events.digest(broker->arg, call->attempt, answer->refusal);
    call_free(call);
}

void broker_link_fetch_certificate(struct broker_link *broker, unsigned attempt)
{
    client_call(uplink_client(broker->line), "GET", "/healthz", NULL, NULL, NULL, MEET_MS, met,
                call_new(broker, attempt));
}

bool broker_link_digest(struct broker_link *broker, unsigned char digest[32])
{
    return client_broker_digest(uplink_client(broker->line), digest);
}

// ---- the link

void broker_link_report(struct broker_link *broker, const struct device_message *message)
{
    struct device_message said = *message;
    said.wants_channel = broker_link_gateway(broker);
    if (!client_link_send(uplink_client(broker->line), &said))
        log_debug("broker", "link down, report not sent: %s %s", device_link_types[message->type].name,
                  message->session);
}

static void link_up(void *arg)
{
    struct broker_link *broker = arg;
    log_info("broker", "the link is up");
    broker->events.link_up(broker->arg);
}

static void link_down(void *arg)
{
    struct broker_link *broker = arg;
    log_warn("broker", "the link is down");
    broker->events.link_down(broker->arg);
}

static void link_message(void *arg, const void *message)
{
    struct broker_link *broker = arg;
    const struct device_message *said = message;
    if (said->type == DEVICE_PASSWORD)
        TEXT_PUT(broker->channel, said->channel);
    broker->events.link_message(broker->arg, said);
}

static void link_refused(void *arg, enum refusal refusal, const char *detail)
{
    struct broker_link *broker = arg;
    log_error("broker", "%s (%s)", refusal_rows[refusal].sentence, detail);
    broker->events.link_refused(broker->arg, refusal);
}

static void link_silent(void *arg, bool is_silent)
{
    struct broker_link *broker = arg;
    log_info("broker", "the broker %s", is_silent ? "does not answer" : "answers again");
    broker->events.link_silent(broker->arg, is_silent);
}

void broker_link_probe(struct broker_link *broker)
{
    client_link_probe(uplink_client(broker->line));
}

int64_t broker_link_small_until_ms(const struct broker_link *broker)
{
    return client_small_until_ms(uplink_client(broker->line));
}

int broker_link_descriptor(const struct broker_link *broker)
{
    return client_link_descriptor(uplink_client(broker->line));
}

struct broker_link *broker_link_new(struct loop *loop, const struct uplink_config *config,
                                    const struct broker_link_events *events, void *arg, struct fault *why)
{
    static const struct websocket_events link = {
        .up = link_up, .down = link_down, .message = link_message, .refused = link_refused, .silent = link_silent};
    struct broker_link *broker = mem_new(1, sizeof *broker);
    broker->events = *events;
    broker->arg = arg;
    broker->line = uplink_new(loop, config, &link, broker, why);
    if (broker->line)
        return broker;
    broker_link_free(broker);
    return NULL;
}

void broker_link_free(struct broker_link *broker)
{
    if (!broker)
        return;
    uplink_free(broker->line);
    while (broker->calls)
        call_free(broker->calls);
    explicit_bzero(broker->channel, sizeof broker->channel);
    free(broker);
}

struct gateway_client *broker_link_gateway(const struct broker_link *broker)
{
    return uplink_gateway(broker->line);
}

const char *broker_link_channel(const struct broker_link *broker)
{
    return broker->channel;
}
