// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/channel_journal.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"

#include <stdio.h>
#include <stdlib.h>

// An end that is being written.
struct pending_end {
    struct services *services;
    char gateway[ID_SIZE], channel[ID_SIZE];
    int64_t number;
};

static void describe(struct channel *told, const struct known_channel *channel)
{
    *told = (struct channel){.way = channel->way, .since_ms = channel->since_ms};
    TEXT_PUT(told->id, channel->id);
    TEXT_PUT(told->session, channel->session);
    TEXT_PUT(told->person, channel->person);
    TEXT_PUT(told->host, channel->host);
    TEXT_PUT(told->gateway, channel->gateway);
}

static bool write_event(struct services *services, struct event *event, commit_done *done, void *arg)
{
    struct fault why;
    const struct channel *channel = &event->record.channel;
    event->noun = NOUN_CHANNEL;
    snprintf(event->by, sizeof event->by, "gateway %s", channel->gateway);
    bool written = commit_events(services->commit, event, 1, NULL, 0, done, arg, &why);
    if (!written)
        log_warn("gateway", "%s: not recorded: %s", channel->id, why.text);
    return written;
}

bool channel_opened(struct services *services, const struct known_channel *channel, commit_done *done, void *arg)
{
    struct event event = {.type = EVENT_CHANNEL_OPENED};
    describe(&event.record.channel, channel);
    TEXT_PUT(event.record.channel.network, channel->network);
    return write_event(services, &event, done, arg);
}

// ---- ends

void channel_complain(struct services *services, const char *gateway_id, const char *what)
{
    struct known_gateway *gateway = channels_gateway(&services->channels, gateway_id);
    if (gateway && !gateway->complained)
        log_warn("gateway", "%s: ignored what it says of %s", gateway_id, what);
    if (gateway)
        gateway->complained = true;
}

static void tell_counted(struct services *services, const char *gateway_id, const char *channel_id)
{
    struct gateway_message counted = {.type = GATEWAY_COUNTED};
    TEXT_PUT(counted.channel, channel_id);
    services_tell_gateway(services, gateway_id, &counted);
}

// Numbers are counted in their order: one behind it would have it taken for counted.
static void wait_for_end(struct services *services, const char *gateway_id, int64_t number)
{
    struct known_gateway *gateway = channels_gateway(&services->channels, gateway_id);
    if (gateway && number && (!gateway->waits_for || number < gateway->waits_for))
        gateway->waits_for = number;
}

// Whether others have to come before.
static bool is_too_early(struct services *services, const char *gateway_id, int64_t number)
{
    struct known_gateway *gateway = channels_gateway(&services->channels, gateway_id);
    bool is_early = gateway && gateway->waits_for && number > gateway->waits_for;
    if (gateway && number == gateway->waits_for)
        gateway->waits_for = 0;
    return is_early;
}

static void end_written(void *arg, bool durable, const struct fault *why)
{
    struct pending_end *end = arg;
    if (durable) {
        tell_counted(end->services, end->gateway, end->channel);
    } else {
        log_warn("gateway", "%s: its end was not recorded, and comes again: %s", end->channel, why->text);
        wait_for_end(end->services, end->gateway, end->number);
    }
    free(end);
}

// One that was opened by a broker before this one is known by what the gateway says.
static bool may_speak_of(const struct services *services, const char *gateway_id, const struct gateway_message *message)
{
    char tenant_id[SLUG_SIZE];
    if (!id_is_valid(NOUN_CHANNEL, message->channel) || !id_is_valid(NOUN_PERSON, message->person))
        return false;
    wall_owner(tenant_id, message->channel);
    return wall_owns(tenant_id, message->person) && wall_serves(services->state, NOUN_GATEWAY, gateway_id, tenant_id);
}

// A journal with an id in it that is none could not be read again.
static void put_id(char id[ID_SIZE], enum noun noun, const char *said)
{
    text_put(id, ID_SIZE, id_is_valid(noun, said) ? said : "");
}

static void describe_said(struct channel *told, const char *gateway_id, const struct gateway_message *message,
                          int64_t now_ms)
{
    *told = (struct channel){.way = message->way, .since_ms = message->since_ms < now_ms ? message->since_ms : now_ms};
    TEXT_PUT(told->id, message->channel);
    TEXT_PUT(told->person, message->person);
    TEXT_PUT(told->gateway, gateway_id);
    put_id(told->session, NOUN_SESSION, message->session);
    put_id(told->host, NOUN_HOST, message->host);
}

static void write_end(struct services *services, const char *gateway_id, const struct gateway_message *message)
{
    struct event event = {.type = EVENT_CHANNEL_CLOSED};
    struct channel *told = &event.record.channel;
    const struct known_channel *channel = channels_find(&services->channels, message->channel);
    int64_t now_ms = commit_now_ms(services->commit);
    if (channel)
        describe(told, channel);
    else
        describe_said(told, gateway_id, message, now_ms);
    told->until_ms = now_ms;
    told->reason = message->reason;
    told->bytes_to_host = message->bytes_to_host;
    told->bytes_to_person = message->bytes_to_person;
    told->run = message->run;
    told->number = message->number;
    struct pending_end *end = mem_new(1, sizeof *end);
    end->services = services;
    TEXT_PUT(end->gateway, gateway_id);
    TEXT_PUT(end->channel, message->channel);
    end->number = message->number;
    log_info("gateway", "%s: %s has ended: %s; %lld bytes to the host, %lld to the person", gateway_id, told->id,
             channel_reason_words[told->reason], (long long)told->bytes_to_host, (long long)told->bytes_to_person);
    if (write_event(services, &event, end_written, end)) {
        channels_remove(&services->channels, message->channel, clock_steady_ms());
        return;
    }
    wait_for_end(services, gateway_id, message->number);
    free(end);
}

// What it says again stands in the journal, or is on its way there.
void channel_hear_end(struct services *services, const char *gateway_id, const struct gateway_message *message)
{
    const struct gateway *gateway = state_find(services->state, NOUN_GATEWAY, gateway_id);
    const struct known_channel *channel = channels_find(&services->channels, message->channel);
    if (!gateway)
        return;
    bool is_again = message->number && message->run == gateway->run && message->number <= gateway->ends;
    bool is_theirs = channel && text_equal(channel->gateway, gateway_id);
    if (is_again && !commit_is_idle(services->commit))
        return;
    if (!is_again && message->number && is_too_early(services, gateway_id, message->number))
        return;
    if (!is_again && (is_theirs || (!channel && message->number && may_speak_of(services, gateway_id, message)))) {
        write_end(services, gateway_id, message);
        return;
    }
    if (!is_again && (channel || message->number))
        channel_complain(services, gateway_id, "the end of a channel that is not its own");
    tell_counted(services, gateway_id, message->channel);
}

bool channel_lost(struct services *services, const struct known_channel *channel, enum channel_reason reason)
{
    struct event event = {.type = EVENT_CHANNEL_CLOSED};
    struct channel *told = &event.record.channel;
    describe(told, channel);
    told->until_ms = commit_now_ms(services->commit);
    told->reason = reason;
    if (!write_event(services, &event, NULL, NULL))
        return false;
    log_info("gateway", "%s: %s has ended: %s", told->gateway, told->id, channel_reason_words[reason]);
    channels_remove(&services->channels, told->id, clock_steady_ms());
    return true;
}

void channel_lost_all(struct services *services, const char *gateway_id)
{
    struct channels *channels = &services->channels;
    bool is_gone = !state_find(services->state, NOUN_GATEWAY, gateway_id);
    for (size_t i = channels->open.count; i > 0; i--) {
        const struct known_channel *channel = channels->open.records[i - 1];
        if (text_equal(channel->gateway, gateway_id) && (is_gone || !channel->confirmed) &&
            !channel_lost(services, channel, CHANNEL_GATEWAY_DOWN))
            return;
    }
}
