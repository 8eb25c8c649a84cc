// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/channels.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/core/wall.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct barred_person {
    char id[ID_SIZE]; // the key
};

// ---- gateways

static void known_gateway_free(struct known_gateway *gateway)
{
    if (gateway)
        explicit_bzero(gateway->key, sizeof gateway->key);
    free(gateway);
}

void channels_fini(struct channels *channels)
{
    while (channels->gateways.count)
        channels_forget(channels, ((struct known_gateway *)channels->gateways.records[0])->id, 0);
    sorted_table_clear(&channels->gateways);
    sorted_table_clear(&channels->tokens);
    sorted_table_clear(&channels->open);
    sorted_table_clear(&channels->barred);
}

struct known_gateway *channels_gateway(const struct channels *channels, const char *gateway_id)
{
    return sorted_table_find(&channels->gateways, gateway_id);
}

struct known_gateway *channels_link(struct channels *channels, const char *gateway_id, const char *key)
{
    struct known_gateway *gateway = channels_gateway(channels, gateway_id);
    assert(id_is_valid(NOUN_GATEWAY, gateway_id) && key[0]);
    if (!gateway) {
        gateway = mem_new(1, sizeof *gateway);
        TEXT_PUT(gateway->id, gateway_id);
        sorted_table_put(&channels->gateways, gateway);
    }
    TEXT_PUT(gateway->key, key);
    gateway->complained = false;
    gateway->last_number = 0;
    memset(gateway->numbers, 0, sizeof gateway->numbers);
    gateway->waits_for = 0;
    for (size_t i = 0; i < channels->open.count; i++) {
        struct known_channel *channel = channels->open.records[i];
        if (text_equal(channel->gateway, gateway_id)) {
            channel->told_ms = 0;
            channel->confirmed = false;
        }
    }
    return gateway;
}

static uint64_t *word_of(struct known_gateway *gateway, int64_t number, uint64_t *bit)
{
    uint64_t at = (uint64_t)number % CHANNELS_NUMBERS;
    *bit = UINT64_C(1) << at % 64;
    return &gateway->numbers[at / 64];
}

// Those in between have not come yet.
static void go_on_to(struct known_gateway *gateway, int64_t number)
{
    uint64_t bit;
    if (number - gateway->last_number >= CHANNELS_NUMBERS)
        memset(gateway->numbers, 0, sizeof gateway->numbers);
    else
        for (int64_t one = gateway->last_number + 1; one <= number; one++)
            *word_of(gateway, one, &bit) &= ~bit;
    gateway->last_number = number;
}

bool channels_take_number(struct known_gateway *gateway, int64_t number)
{
    uint64_t bit;
    assert(gateway->key[0] && number > 0);
    if (number <= gateway->last_number - CHANNELS_NUMBERS)
        return false;
    if (number > gateway->last_number)
        go_on_to(gateway, number);
    uint64_t *word = word_of(gateway, number, &bit);
    bool is_first = !(*word & bit);
    *word |= bit;
    return is_first;
}

void channels_unlink(struct channels *channels, const char *gateway_id)
{
    struct known_gateway *gateway = channels_gateway(channels, gateway_id);
    if (gateway)
        explicit_bzero(gateway->key, sizeof gateway->key);
}

static void remove_carried(struct channels *channels, const char *gateway_id, bool confirmed_too, int64_t now_ms)
{
    for (size_t i = channels->open.count; i > 0; i--) {
        const struct known_channel *channel = channels->open.records[i - 1];
        if (text_equal(channel->gateway, gateway_id) && (confirmed_too || !channel->confirmed))
            channels_remove(channels, channel->id, now_ms);
    }
}

void channels_remove_unconfirmed(struct channels *channels, const char *gateway_id, int64_t now_ms)
{
    remove_carried(channels, gateway_id, false, now_ms);
}

void channels_forget(struct channels *channels, const char *gateway_id, int64_t now_ms)
{
    remove_carried(channels, gateway_id, true, now_ms);
    known_gateway_free(sorted_table_take(&channels->gateways, gateway_id));
}

size_t channels_carried(const struct channels *channels, const char *gateway_id)
{
    const struct known_gateway *gateway = channels_gateway(channels, gateway_id);
    return gateway ? gateway->carried : 0;
}

bool channels_have_room(const struct channels *channels, const char *gateway_id)
{
    const struct known_gateway *gateway = channels_gateway(channels, gateway_id);
    return gateway && gateway->carried < CHANNELS_OF_GATEWAY_MAX;
}

// ---- tokens

static bool is_unused(const struct channel_token *token, const char *person_id)
{
    return !token->open && text_equal(token->person, person_id);
}

// Somebody who opens one after the other leaves no heap of them behind.
static void drop_oldest_of(struct channels *channels, const char *person_id)
{
    const struct channel_token *oldest = NULL;
    int count = 0;
    for (size_t i = 0; i < channels->tokens.count; i++) {
        const struct channel_token *token = channels->tokens.records[i];
        if (!is_unused(token, person_id))
            continue;
        count++;
        if (!oldest || token->until_ms < oldest->until_ms)
            oldest = token;
    }
    if (count >= CHANNEL_TOKENS_OF_PERSON)
        free(sorted_table_take(&channels->tokens, oldest->digest));
}

void channels_offer(struct channels *channels, const char digest[DIGEST_SIZE], const struct channel_offer *offer,
                    int64_t now_ms)
{
    const struct session *session = offer->session;
    struct channel_token *token = mem_new(1, sizeof *token);
    assert(strlen(digest) == DIGEST_SIZE - 1 && session->id[0] && session->state != SESSION_ENDED);
    drop_oldest_of(channels, session->person);
    TEXT_PUT(token->digest, digest);
    TEXT_PUT(token->session, session->id);
    TEXT_PUT(token->person, session->person);
    TEXT_PUT(token->host, session->host);
    TEXT_PUT(token->device, session->device);
    TEXT_PUT(token->logon, offer->logon);
    TEXT_PUT(token->holder, offer->way == CHANNEL_BROWSER ? offer->logon : ""); // RDP programs have no cookies
    token->fence = session->fence;
    token->proven_ms = offer->proven_ms;
    token->way = offer->way;
    // It comes in a file that a person opens, and its clients come a second time after a break, with the same one.
    token->uses = offer->way == CHANNEL_TSGU ? 2 : 1;
    token->until_ms = now_ms + (offer->way == CHANNEL_TSGU ? CHANNEL_FILE_MS : CHANNEL_TOKEN_MS);
    free(sorted_table_put(&channels->tokens, token));
}

// By its profile a workplace is for the hall, for our own desks elsewhere, or for any computer.
static bool may_come_by(const struct state *state, const struct session *session, enum channel_way way)
{
    const struct profile *profile = state_find(state, NOUN_PROFILE, session->profile);
    enum outside_access needed = way == CHANNEL_PLAIN ? OUTSIDE_BY_DEVICE : OUTSIDE_BY_ANY;
    return profile && profile->outside >= (int64_t)needed;
}

static bool device_is_good(const struct state *state, const char *device_id)
{
    const struct device *device = device_id[0] ? state_device(state, device_id) : NULL;
    return !device_id[0] || (device && !device->disabled && device->certificate[0]);
}

static const char *look_for_denial(const struct channels *channels, const struct state *state,
                                   const struct channel_token *token, const struct channel_claim *claim, int64_t now_ms)
{
    char tenant_id[SLUG_SIZE];
    if (token->way != claim->way)
        return "a token for another way";
    if (!text_equal(token->holder, claim->holder))
        return "a token of somebody else's";
    if (!token->uses)
        return "a token that was used";
    if (!token->open && now_ms >= token->until_ms)
        return "a token whose time is over";
    const struct session *session = state_session(state, token->session);
    wall_owner(tenant_id, token->person);
    if (!session)
        return "a token for a session that has ended";
    if (session->fence != token->fence)
        return "a token for a session that has moved";
    if (!wall_serves(state, NOUN_GATEWAY, claim->gateway, tenant_id))
        return "a token at a gateway that does not serve this tenant";
    if (!wall_may_use(state, tenant_id, NOUN_HOST, token->host))
        return "a token for a host that this tenant may not use any more";
    if (!device_is_good(state, token->device))
        return "a token of a desk that is disabled";
    if (channels_are_barred(channels, token->person))
        return "a token of somebody whom the directory does not let in any more";
    return may_come_by(state, session, token->way) ? NULL : "a profile that is not for the outside";
}

const struct channel_token *channels_redeem(struct channels *channels, const struct state *state,
                                            const struct channel_claim *claim, int64_t now_ms, const char **why)
{
    struct channel_token *token = sorted_table_find(&channels->tokens, claim->digest);
    *why = token ? look_for_denial(channels, state, token, claim, now_ms) : "a token that is not known";
    if (*why)
        return NULL;
    token->uses--;
    return token;
}

void channels_sweep(struct channels *channels, int64_t now_ms)
{
    for (size_t i = channels->tokens.count; i > 0; i--) {
        const struct channel_token *token = channels->tokens.records[i - 1];
        if (!token->open && (!token->uses || now_ms >= token->until_ms))
            free(sorted_table_take(&channels->tokens, token->digest));
    }
}

// ---- people

void channels_bar(struct channels *channels, const char *person_id)
{
    struct barred_person person;
    assert(id_is_valid(NOUN_PERSON, person_id));
    TEXT_PUT(person.id, person_id);
    free(sorted_table_put(&channels->barred, mem_copy(&person, sizeof person)));
}

void channels_pardon(struct channels *channels, const char *person_id)
{
    free(sorted_table_take(&channels->barred, person_id));
}

bool channels_are_barred(const struct channels *channels, const char *person_id)
{
    return sorted_table_find(&channels->barred, person_id);
}

// Who has opened an RDP program by a file may log off at the page, and work on.
static bool is_shown_by(const char *by, enum channel_way way, const char *logon)
{
    return way == CHANNEL_BROWSER && text_equal(by, logon);
}

// Desks prove who they are by themselves, and at the front door nobody shows more than a password.
static bool is_by_another(const char *by, enum channel_way way, const char *logon)
{
    return (way == CHANNEL_BROWSER || way == CHANNEL_TSGU) && !(logon[0] && text_equal(by, logon));
}

static void log_off(struct channels *channels, const char *person_id, const char *logon,
                    bool (*is_meant)(const char *by, enum channel_way way, const char *logon))
{
    for (size_t i = 0; i < channels->tokens.count; i++) {
        struct channel_token *token = channels->tokens.records[i];
        if (text_equal(token->person, person_id) && is_meant(token->logon, token->way, logon))
            token->uses = 0;
    }
    for (size_t i = 0; i < channels->open.count; i++) {
        struct known_channel *channel = channels->open.records[i];
        if (text_equal(channel->person, person_id) && is_meant(channel->logon, channel->way, logon))
            channel->logged_off = true;
    }
}

void channels_log_off(struct channels *channels, const char *person_id, const char *logon)
{
    assert(logon[0]);
    log_off(channels, person_id, logon, is_shown_by);
}

void channels_log_off_others(struct channels *channels, const char *person_id, const char *logon)
{
    log_off(channels, person_id, logon, is_by_another);
}

// ---- channels

void channels_add(struct channels *channels, const struct known_channel *channel)
{
    struct channel_token *token = sorted_table_find(&channels->tokens, channel->token);
    assert(id_is_valid(NOUN_CHANNEL, channel->id) && !channels_find(channels, channel->id));
    assert(channels_have_room(channels, channel->gateway));
    channels_gateway(channels, channel->gateway)->carried++;
    if (token)
        token->open++;
    sorted_table_put(&channels->open, mem_copy(channel, sizeof *channel));
}

struct known_channel *channels_find(const struct channels *channels, const char *id)
{
    return sorted_table_find(&channels->open, id);
}

void channels_remove(struct channels *channels, const char *id, int64_t now_ms)
{
    struct known_channel *channel = sorted_table_take(&channels->open, id);
    if (!channel)
        return;
    struct channel_token *token = sorted_table_find(&channels->tokens, channel->token);
    struct known_gateway *gateway = channels_gateway(channels, channel->gateway);
    if (token && --token->open == 0)
        token->until_ms = now_ms + CHANNEL_RECONNECT_MS;
    assert(gateway && gateway->carried);
    gateway->carried--;
    free(channel);
}

enum channel_reason channels_judge(const struct channels *channels, const struct state *state,
                                   const struct known_channel *channel)
{
    const struct session *session = state_session(state, channel->session);
    char tenant_id[SLUG_SIZE];
    wall_owner(tenant_id, channel->person);
    if (!session || !text_equal(session->person, channel->person) || !text_equal(session->host, channel->host))
        return CHANNEL_SESSION_ENDED;
    if (session->fence != channel->fence)
        return CHANNEL_MOVED;
    if (!device_is_good(state, channel->device))
        return CHANNEL_DEVICE_LOST;
    if (channels_are_barred(channels, channel->person))
        return CHANNEL_PERSON_DISABLED;
    if (channel->logged_off)
        return CHANNEL_LOGGED_OFF;
    bool is_allowed = wall_serves(state, NOUN_GATEWAY, channel->gateway, tenant_id) &&
                      wall_may_use(state, tenant_id, NOUN_HOST, channel->host) &&
                      may_come_by(state, session, channel->way);
    return is_allowed ? CHANNEL_REASON_NONE : CHANNEL_LOCKED;
}
