// SPDX-License-Identifier: EUPL-1.2
#include "tests/unit/calls/at_portal.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/calls/gateway_messages.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct at_portal at_portal;

void at_portal_set_profile(enum outside_access outside)
{
    const struct profile *clerk = state_find(calls.core.state, NOUN_PROFILE, "neustadt/clerk");
    union record record = {.profile = *clerk};
    record.profile.outside = outside;
    core_set(&calls.core, NOUN_PROFILE, &record);
}

void at_portal_open(void)
{
    char assets[512], locale[512];
    struct fault why = {0};
    union record person = {.person = {.id = PERSON, .first_seen_ms = 1}};
    union record factor = {.factor = {.id = FACTOR, .person = PERSON, .kind = FACTOR_PASSKEY, .enrolled_ms = 1}};
    const struct store_person row = {.id = PERSON, .key = "1", .user_name = "anna", .name = "Anna"};
    log_set_level(LOG_LEVEL_ERROR);
    calls_open();
    snprintf(assets, sizeof assets, "%s/portal/assets", getenv("PULT_BUILD"));
    snprintf(locale, sizeof locale, "%s/locale", getenv("PULT_BUILD"));
    calls.services.portal = portal_new("broker/portal/pages", locale, assets, &why);
    cr_assert(calls.services.portal, "%s", why.text);
    people_put(&calls.services.people, &row);
    core_set(&calls.core, NOUN_PERSON, &person);
    core_set(&calls.core, NOUN_FACTOR, &factor);
    at_portal_set_profile(OUTSIDE_BY_ANY);
    gateway_linked(&calls.services, GATEWAY);
    calls.verdict = AUTH_RIGHT;
    at_portal.profile = "neustadt/clerk";
    at_portal.gateway = GATEWAY;
    cookie_make(at_portal.cookie);
    services_digest(at_portal.holder, at_portal.cookie, strlen(at_portal.cookie));
    cr_assert(portal_sessions_add(&calls.services.portal->sessions, at_portal.holder, PERSON, clock_steady_ms()));
}

void at_portal_close(void)
{
    text_drop(&at_portal.answer);
    channels_fini(&calls.services.channels);
    portal_free(calls.services.portal);
    calls_close();
}

static void finish(struct request *request, int said, struct text *text, int64_t retry_after_s)
{
    (void)retry_after_s;
    at_portal.status = said;
    at_portal.kind = request->visit->kind;
    at_portal.sent_on_to = request->visit->location ? request->visit->location : "";
    TEXT_PUT(at_portal.file_name, request->visit->file_name ? request->visit->file_name : "");
    text_drop(&at_portal.answer);
    at_portal.answer = *text;
    request_fini(request);
    free(request);
}

void at_portal_calls(enum method_id method, const char *shown, void *body)
{
    struct portal *portal = calls.services.portal;
    struct request *request = mem_new(1, sizeof *request);
    char header[128];
    snprintf(header, sizeof header, COOKIE_SESSION "=%s", shown);
    *request = (struct request){.method = method_find(method, NOUN_NONE),
                                .peer = {.role = ROLE_UNAUTHENTICATED, .address = "203.0.113.7"},
                                .visit = page_visit_new(portal->pages, portal->assets, header, "de", ""),
                                .body = body,
                                .refuse = portal_refuse,
                                .finish = finish};
    at_portal.status = 0;
    TEXT_PUT(request->peer.gateway, at_portal.gateway);
    portal_prove(&calls.services, request->visit->session, &request->peer);
    calls_dispatch(&calls.services, request);
    if (at_portal.meanwhile)
        at_portal.meanwhile();
    calls_settle();
    calls_settle();
    cr_assert(at_portal.status, "not answered");
}

void at_portal_asks(enum method_id method, const char *shown, const char *token)
{
    struct portal_channel_request *body = mem_new(1, sizeof *body);
    TEXT_PUT(body->token, token);
    TEXT_PUT(body->profile, at_portal.profile);
    at_portal_calls(method, shown, body);
}

void at_portal_opens_desktop(void)
{
    char token[COOKIE_MAC_SIZE];
    cookie_form_token(at_portal.cookie, "/desktops/channel", token);
    at_portal_asks(METHOD_PORTAL_CHANNEL, at_portal.cookie, token);
}

void at_portal_fetches_file(void)
{
    char token[COOKIE_MAC_SIZE];
    cookie_form_token(at_portal.cookie, "/desktops/file", token);
    at_portal_asks(METHOD_PORTAL_FILE, at_portal.cookie, token);
}

void at_portal_read_token(const char *text, const char *before, char token[CHANNEL_TOKEN_SIZE])
{
    const char *at = strstr(text, before);
    cr_assert(at, "%s", text);
    snprintf(token, CHANNEL_TOKEN_SIZE, "%s", at + strlen(before));
    cr_assert_eq(strlen(token), CHANNEL_TOKEN_SIZE - 1);
}

const struct session *at_portal_session(void)
{
    struct session_walk theirs = state_sessions_of(calls.core.state, SESSIONS_OF_PERSON, PERSON);
    return state_next_session(&theirs);
}

bool at_portal_redeems(const char *text, const char *before, enum channel_way way, const char *with)
{
    char token[CHANNEL_TOKEN_SIZE], digest[DIGEST_SIZE];
    at_portal_read_token(text, before, token);
    services_digest(digest, token, strlen(token));
    const struct channel_claim claim = {.digest = digest, .holder = with, .way = way, .gateway = GATEWAY};
    const char *why = NULL;
    return channels_redeem(&calls.services.channels, calls.core.state, &claim, clock_steady_ms(), &why) != NULL;
}

void at_portal_is_refused(int wanted, const char *sentence)
{
    cr_expect_eq(at_portal.status, wanted, "%d: %s", at_portal.status, at_portal.answer.bytes);
    cr_expect(strstr(at_portal.answer.bytes, sentence), "%s", at_portal.answer.bytes);
    cr_expect_null(at_portal_session());
}
