// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-gateway/door_logon.h"
#include "broker/api/gateway_logon.h"
#include "broker/api/record.h"
#include "broker/base/log.h"
#include "broker/base/text.h"

#include <stdlib.h>
#include <string.h>

struct door_logon {
    struct client *client; // NULL: there is none
    struct loop_timer *no_client;
    door_logon_done *done;
    void *arg;
};

static void answer_without_broker(void *arg)
{
    struct door_logon *logon = arg;
    const struct door_logon_result result = {.refusal = REFUSAL_BROKER_UNREACHABLE};
    logon->done(logon->arg, &result);
}

struct door_logon *door_logon_new(struct loop *loop, const struct uplink *uplink, door_logon_done *done, void *arg)
{
    struct door_logon *logon = mem_new(1, sizeof *logon);
    struct fault why = {0};
    logon->done = done;
    logon->arg = arg;
    logon->no_client = loop_timer_new(loop, answer_without_broker, logon);
    logon->client = uplink_another(uplink, &why);
    if (!logon->client)
        log_error("door", "the broker cannot be asked: %s", why.text);
    return logon;
}

static void hear_broker(void *arg, const struct client_answer *answer)
{
    struct door_logon *logon = arg;
    struct door_logon_result result = {.refusal = answer->refusal, .retry_after_s = answer->retry_after_s};
    struct gateway_logon_answer token = {0};
    struct fault why = {0};
    if (result.refusal == REFUSAL_NONE && !client_read(answer, &gateway_logon_answer_type, &token, &why)) {
        log_error("door", "the broker's answer cannot be read: %s", why.text);
        result.refusal = REFUSAL_BROKER_UNREACHABLE;
    }
    TEXT_PUT(result.token, token.channel);
    record_free(gateway_logon_answer_type.fields, &token);
    logon->done(logon->arg, &result);
    explicit_bzero(&result, sizeof result);
}

void door_logon_ask(struct door_logon *logon, const char *name, const struct secret *password, const char *network)
{
    struct gateway_logon_request body = {0};
    if (!logon->client) {
        loop_timer_start(logon->no_client, 0);
        return;
    }
    text_cut(body.name, sizeof body.name, name);
    TEXT_PUT(body.password, password->bytes);
    TEXT_PUT(body.network, network);
    client_call(logon->client, "POST", "/v1/gateways/logon", NULL, &gateway_logon_request_type, &body, DOOR_LOGON_MS,
                hear_broker, logon);
    record_free(gateway_logon_request_type.fields, &body);
}

void door_logon_free(struct door_logon *logon)
{
    if (!logon)
        return;
    client_free(logon->client);
    loop_timer_free(logon->no_client);
    free(logon);
}
