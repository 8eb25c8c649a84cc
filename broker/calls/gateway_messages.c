// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/gateway_messages.h"
#include "broker/api/record.h"
#include "broker/base/base64.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/calls/channel_journal.h"
#include "broker/calls/host_password.h"
#include "broker/core/wall.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_BYTES = (DIGEST_SIZE - 1) / 2, NAME_BYTES = 8 };

void gateway_linked(struct services *services, const char *gateway_id)
{
    struct gateway_message welcome = {.type = GATEWAY_WELCOME, .now_ms = commit_now_ms(services->commit)};
    const struct gateway *gateway = state_find(services->state, NOUN_GATEWAY, gateway_id);
    if (!gateway)
        return;
    log_info("gateway", "%s: connected", gateway_id);
    services_random_hex(welcome.key, KEY_BYTES);
    channels_link(&services->channels, gateway_id, welcome.key);
    TEXT_PUT(welcome.name, gateway->name);
    welcome.port = gateway->port;
    welcome.draining = gateway->draining;
    services_tell_gateway(services, gateway_id, &welcome);
    explicit_bzero(welcome.key, sizeof welcome.key);
}

void gateway_unlinked(struct services *services, const char *gateway_id)
{
    log_warn("gateway", "%s: disconnected; nobody new gets in there, who is in stays", gateway_id);
    channels_unlink(&services->channels, gateway_id);
}

void gateway_changed(struct services *services, const char *gateway_id)
{
    const struct gateway *gateway = state_find(services->state, NOUN_GATEWAY, gateway_id);
    if (!gateway) {
        channel_lost_all(services, gateway_id);
        channels_forget(&services->channels, gateway_id, clock_steady_ms());
        return;
    }
    struct gateway_message drain = {.type = GATEWAY_DRAIN, .port = gateway->port, .draining = gateway->draining};
    TEXT_PUT(drain.name, gateway->name);
    services_tell_gateway(services, gateway_id, &drain);
}

// ---- tokens

void gateway_offer(struct services *services, const struct session *session, enum channel_way way, const char *logon,
                   int64_t proven_ms, char token[CHANNEL_TOKEN_SIZE])
{
    char digest[DIGEST_SIZE];
    unsigned char bytes[CHANNEL_TOKEN_BYTES];
    const struct channel_offer offer = {.session = session, .way = way, .logon = logon, .proven_ms = proven_ms};
    services_random(bytes, sizeof bytes);
    bool fits = base64_encode_url(token, CHANNEL_TOKEN_SIZE, bytes, sizeof bytes);
    assert(fits);
    (void)fits;
    explicit_bzero(bytes, sizeof bytes);
    services_digest(digest, token, strlen(token));
    channels_offer(&services->channels, digest, &offer, clock_steady_ms());
}

// ---- a channel is asked for

struct opening {
    struct services *services;
    int64_t request_id;
    char gateway[ID_SIZE], network[CHANNEL_NETWORK_SIZE];
    char channel[ID_SIZE]; // while it is being written
};

static void refuse_channel(const struct opening *opening, enum refusal refusal, const char *why)
{
    struct gateway_message answer = {.type = GATEWAY_OPENED, .request_id = opening->request_id};
    log_info("gateway", "%s: no channel for somebody from %s: %s", opening->gateway, opening->network, why);
    TEXT_PUT(answer.refusal, refusal_rows[refusal].code);
    services_tell_gateway(opening->services, opening->gateway, &answer);
}

static const struct known_channel *note_channel(const struct opening *opening, const struct channel_token *token)
{
    struct services *services = opening->services;
    char name[2 * NAME_BYTES + sizeof "c-"] = "c-";
    services_random_hex(name + 2, NAME_BYTES);
    struct known_channel channel = {
        .fence = token->fence, .way = token->way, .since_ms = commit_now_ms(services->commit), .confirmed = true};
    channel.asked_ms = token->proven_ms;
    id_beside(channel.id, token->person, name);
    TEXT_PUT(channel.session, token->session);
    TEXT_PUT(channel.person, token->person);
    TEXT_PUT(channel.host, token->host);
    TEXT_PUT(channel.device, token->device);
    TEXT_PUT(channel.gateway, opening->gateway);
    TEXT_PUT(channel.token, token->digest);
    TEXT_PUT(channel.logon, token->logon);
    TEXT_PUT(channel.network, opening->network);
    channels_add(&services->channels, &channel);
    return channels_find(&services->channels, channel.id);
}

// Ours logs on by itself, at a desk; for whom else the gateway does it writes the one-time password.
static bool fill_logon(struct services *services, const struct known_channel *channel, struct gateway_message *answer)
{
    const struct session *session = state_session(services->state, channel->session);
    const struct store_person *person = people_find(&services->people, channel->person);
    text_put(answer->user_name, sizeof answer->user_name, person ? person->user_name : "");
    if (channel->way == CHANNEL_PLAIN)
        return true;
    return person && session_user_name(services->state, session, answer->user_name) &&
           host_password(services, session, false, answer->user_name, answer->one_time_password);
}

static void tell_where(const struct opening *opening, const struct known_channel *channel)
{
    struct services *services = opening->services;
    struct gateway_message answer = {
        .type = GATEWAY_OPENED, .request_id = opening->request_id, .fence = channel->fence};
    const struct host *host = state_host(services->state, channel->host);
    const struct session *session = state_session(services->state, channel->session);
    const struct profile *profile = state_find(services->state, NOUN_PROFILE, session->profile);
    TEXT_PUT(answer.channel, channel->id);
    TEXT_PUT(answer.session, channel->session);
    TEXT_PUT(answer.person, channel->person);
    TEXT_PUT(answer.host, channel->host);
    TEXT_PUT(answer.address, host->address);
    TEXT_PUT(answer.fingerprint, host->fingerprint);
    answer.port = host->port;
    answer.clipboard = profile->clipboard;
    answer.drives = profile->drives;
    answer.printers = profile->printers;
    answer.max_minutes = profile->max_minutes;
    if (!fill_logon(services, channel, &answer)) {
        channel_lost(services, channel, CHANNEL_REASON_NONE);
        refuse_channel(opening, REFUSAL_BUSY, "no one-time password could be made");
        return;
    }
    log_info("gateway", "%s: %s carries %s of %s to %s, from %s, %s", channel->gateway, channel->id, channel->session,
             channel->person, channel->host, channel->network, channel_way_words[channel->way]);
    bool is_told = services_tell_gateway(services, channel->gateway, &answer);
    explicit_bzero(answer.one_time_password, sizeof answer.one_time_password);
    if (!is_told) // nobody carries it, and nobody would ever say that it has ended
        channel_lost(services, channel, CHANNEL_GATEWAY_DOWN);
}

// Meanwhile the session may have moved, and the gateway may have lost its link and not know the channel.
static void opening_written(void *arg, bool durable, const struct fault *why)
{
    owned(bytes) struct opening *opening = arg;
    struct services *services = opening->services;
    const struct known_channel *channel = channels_find(&services->channels, opening->channel);
    enum channel_reason reason =
        channel ? channels_judge(&services->channels, services->state, channel) : CHANNEL_REASON_NONE;
    if (channel && !durable) {
        channels_remove(&services->channels, opening->channel, clock_steady_ms());
        refuse_channel(opening, REFUSAL_BUSY, why->text);
    } else if (reason != CHANNEL_REASON_NONE) {
        channel_lost(services, channel, reason);
        refuse_channel(opening, REFUSAL_CHANNEL_REFUSED, channel_reason_words[reason]);
    } else if (channel) {
        tell_where(opening, channel);
    }
}

static void write_opening(struct opening *opening, const struct channel_token *token)
{
    struct services *services = opening->services;
    const struct known_channel *channel = note_channel(opening, token);
    TEXT_PUT(opening->channel, channel->id);
    struct opening *waiting = mem_copy(opening, sizeof *opening);
    if (channel_opened(services, channel, opening_written, waiting))
        return;
    free(waiting);
    channels_remove(&services->channels, opening->channel, clock_steady_ms());
    refuse_channel(opening, REFUSAL_BUSY, "the journal cannot be written");
}

static void open_channel(struct services *services, const char *gateway_id, const struct gateway_message *asked)
{
    char digest[DIGEST_SIZE];
    const char *why = "the gateway is out of service";
    const struct gateway *gateway = state_find(services->state, NOUN_GATEWAY, gateway_id);
    struct opening opening = {.services = services, .request_id = asked->request_id};
    const struct channel_claim claim = {
        .digest = digest, .holder = asked->holder, .gateway = gateway_id, .way = (enum channel_way)asked->way};
    services_digest(digest, asked->token, strlen(asked->token));
    TEXT_PUT(opening.gateway, gateway_id);
    TEXT_PUT(opening.network, asked->network);
    if (!gateway || gateway->draining) {
        refuse_channel(&opening, REFUSAL_BUSY, why);
        return;
    }
    if (!channels_have_room(&services->channels, gateway_id)) {
        refuse_channel(&opening, REFUSAL_BUSY, "the gateway carries as many as it can");
        return;
    }
    const struct channel_token *token =
        channels_redeem(&services->channels, services->state, &claim, clock_steady_ms(), &why);
    if (token)
        write_opening(&opening, token);
    else
        refuse_channel(&opening, REFUSAL_CHANNEL_REFUSED, why);
}

// ---- what it carries

static void log_close(const char *gateway_id, const char *id, enum channel_reason reason)
{
    log_info("gateway", "%s: %s is to be closed: %s", gateway_id, id, channel_reason_words[reason]);
}

static void close_channel(struct services *services, const char *gateway_id, const char *id, enum channel_reason reason)
{
    struct gateway_message close = {.type = GATEWAY_CLOSE, .reason = reason};
    TEXT_PUT(close.channel, id);
    services_tell_gateway(services, gateway_id, &close);
}

// NULL: it can be one that a broker has opened there.
static const char *look_for_problem(const struct services *services, const struct known_channel *channel)
{
    char tenant_id[SLUG_SIZE];
    wall_owner(tenant_id, channel->person);
    if (!id_is_valid(NOUN_CHANNEL, channel->id) || !wall_owns(tenant_id, channel->id))
        return "a channel that is not named after its person's tenant";
    return channels_have_room(&services->channels, channel->gateway) ? NULL : "more channels than it can carry";
}

// One that was opened by a broker before this one, or before this one was restarted.
static void adopt_channel(struct services *services, const char *gateway_id, const struct gateway_channel *said)
{
    const struct session *session = state_session(services->state, said->session);
    int64_t now_ms = commit_now_ms(services->commit);
    struct known_channel channel = {.fence = said->fence,
                                    .way = (enum channel_way)said->way,
                                    .since_ms = said->since_ms < now_ms ? said->since_ms : now_ms,
                                    .confirmed = true};
    TEXT_PUT(channel.id, said->channel);
    TEXT_PUT(channel.session, said->session);
    TEXT_PUT(channel.person, said->person);
    TEXT_PUT(channel.host, said->host);
    TEXT_PUT(channel.device, session ? session->device : "");
    TEXT_PUT(channel.gateway, gateway_id);
    TEXT_PUT(channel.network, said->network);
    enum channel_reason reason = channels_judge(&services->channels, services->state, &channel);
    if (reason != CHANNEL_REASON_NONE) {
        log_close(gateway_id, said->channel, reason);
        close_channel(services, gateway_id, said->channel, reason);
        return;
    }
    const char *problem = look_for_problem(services, &channel);
    if (problem) {
        channel_complain(services, gateway_id, problem);
        close_channel(services, gateway_id, said->channel, CHANNEL_BROKEN);
        return;
    }
    log_info("gateway", "%s: %s still carries %s of %s to %s", gateway_id, channel.id, channel.session, channel.person,
             channel.host);
    channels_add(&services->channels, &channel);
}

static void hear_channels(struct services *services, const char *gateway_id, const struct gateway_message *message)
{
    for (size_t i = 0; i < message->channels.count; i++) {
        const struct gateway_channel *said = record_at(&message->channels, &gateway_channel_type, i);
        struct known_channel *known = channels_find(&services->channels, said->channel);
        if (!known)
            adopt_channel(services, gateway_id, said);
        else if (text_equal(known->gateway, gateway_id))
            known->confirmed = true;
        else
            channel_complain(services, gateway_id, "a channel of another gateway");
    }
    if (message->last)
        channel_lost_all(services, gateway_id);
}

void gateway_message(struct services *services, const char *gateway_id, struct gateway_message *message)
{
    switch ((enum gateway_message_type)message->type) {
    case GATEWAY_OPEN:
        open_channel(services, gateway_id, message);
        return;
    case GATEWAY_CHANNELS:
        hear_channels(services, gateway_id, message);
        return;
    case GATEWAY_ENDED:
        channel_hear_end(services, gateway_id, message);
        return;
    case GATEWAY_WELCOME:
    case GATEWAY_OPENED:
    case GATEWAY_CLOSE:
    case GATEWAY_NOTICE:
    case GATEWAY_DRAIN:
    case GATEWAY_COUNTED:
    case GATEWAY_MESSAGE_TYPE_COUNT:
        return; // the broker's own
    }
}

static void order_close(struct services *services, struct known_channel *channel, enum channel_reason reason)
{
    if (!channel->told_ms)
        log_close(channel->gateway, channel->id, reason);
    channel->told_ms = clock_steady_ms();
    close_channel(services, channel->gateway, channel->id, reason);
}

void gateway_close_session(struct services *services, const char *session_id, enum channel_reason reason)
{
    assert(reason != CHANNEL_REASON_NONE);
    for (size_t i = 0; i < services->channels.open.count; i++) {
        struct known_channel *channel = services->channels.open.records[i];
        if (!channel->device[0] && text_equal(channel->session, session_id))
            order_close(services, channel, reason);
    }
}

// Again and again until it has ended: while the gateway dials the host it has nothing to close yet.
void gateway_sweep(struct services *services)
{
    struct channels *channels = &services->channels;
    int64_t now_ms = clock_steady_ms();
    channels_sweep(channels, now_ms);
    for (size_t i = 0; i < channels->open.count; i++) {
        struct known_channel *channel = channels->open.records[i];
        bool is_told = channel->told_ms && now_ms - channel->told_ms < CHANNEL_CLOSE_AGAIN_MS;
        enum channel_reason reason = is_told ? CHANNEL_REASON_NONE : channels_judge(channels, services->state, channel);
        if (reason != CHANNEL_REASON_NONE)
            order_close(services, channel, reason);
    }
}
