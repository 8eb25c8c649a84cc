// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/portal.h"
#include "broker/api/codec.h"
#include "broker/base/address.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/calls/logon_history.h"
#include "broker/calls/services.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HTTP_SEE_OTHER = 303, HTTP_FORBIDDEN = 403 };

struct portal *portal_new(const char *pages, const char *sentences, const char *assets, struct fault *why)
{
    struct portal *portal = mem_new(1, sizeof *portal);
    portal->pages = pages_read(pages, sentences, why);
    portal->assets = portal->pages ? page_assets_read(assets, why) : NULL;
    if (portal->assets)
        return portal;
    portal_free(portal);
    return NULL;
}

void portal_free(struct portal *portal)
{
    if (!portal)
        return;
    rdp_signer_free(portal->signer);
    portal_sessions_fini(&portal->sessions);
    page_assets_free(portal->assets);
    pages_free(portal->pages);
    free(portal);
}

void portal_use_signer(struct portal *portal, struct rdp_signer *signer)
{
    assert(signer);
    rdp_signer_free(portal->signer);
    portal->signer = signer;
}

// ---- who

static void digest_cookie(char digest[DIGEST_SIZE], const char *cookie)
{
    services_digest(digest, cookie, strlen(cookie));
}

void portal_prove(struct services *services, const char *cookie, struct peer *peer)
{
    char digest[DIGEST_SIZE];
    if (!*cookie)
        return;
    digest_cookie(digest, cookie);
    const struct portal_session *session = portal_sessions_use(&services->portal->sessions, digest, clock_steady_ms());
    if (!session || !people_find(&services->people, session->person)) // erased meanwhile
        return;
    char tenant_id[SLUG_SIZE];
    wall_owner(tenant_id, session->person);
    if (!wall_serves(services->state, NOUN_GATEWAY, peer->gateway, tenant_id))
        return;
    peer->role = ROLE_PERSON;
    TEXT_PUT(peer->id, session->person);
    TEXT_PUT(peer->tenant, tenant_id);
}

void portal_log_off(struct services *services, const char *person_id, const char *kept_digest)
{
    assert(id_is_valid(NOUN_PERSON, person_id));
    channels_log_off_others(&services->channels, person_id, kept_digest);
    if (services->portal && portal_sessions_end_person(&services->portal->sessions, person_id, kept_digest))
        log_info("portal", "%s: logged off", person_id);
}

// ---- pages

const char *portal_sentence(const struct request *request, const char *english)
{
    return pages_sentence(request->visit->pages, request->visit->language, english);
}

static void fill_look(const struct page_visit *visit, struct view_frame *frame)
{
    enum page_language other = visit->language == PAGE_GERMAN ? PAGE_ENGLISH : PAGE_GERMAN;
    TEXT_PUT(frame->language, page_language_rows[visit->language].tag);
    TEXT_PUT(frame->other_language, page_language_rows[other].tag);
    TEXT_PUT(frame->other_name, page_language_rows[other].name);
    TEXT_PUT(frame->assets, page_assets_digest(visit->assets));
}

// That of who is logged on; before, that of the gateway through which they come. NULL: nobody's.
static const struct tenant *whose_portal(const struct services *services, const struct peer *peer)
{
    char owner[SLUG_SIZE];
    TEXT_PUT(owner, peer->tenant);
    if (!owner[0] && peer->gateway[0])
        wall_owner(owner, peer->gateway);
    return state_tenant(services->state, owner);
}

void portal_frame(const struct services *services, const struct request *request, struct view_frame *frame)
{
    const struct page_visit *visit = request->visit;
    const struct tenant *tenant = whose_portal(services, &request->peer);
    const struct store_person *person =
        request->peer.role == ROLE_PERSON ? people_find(&services->people, request->peer.id) : NULL;
    fill_look(visit, frame);
    text_cut(frame->organisation, sizeof frame->organisation, tenant ? tenant->name : "");
    if (person) {
        text_cut(frame->person, sizeof frame->person, person->name);
        cookie_form_token(visit->session, method_find(METHOD_PORTAL_LOGOFF, NOUN_NONE)->path, frame->logoff_token);
    }
}

void portal_send_on(struct request *request, const char *location)
{
    struct text nothing = {0};
    assert(request->visit && location[0] == '/');
    request->visit->location = location;
    text_adds(&nothing, "");
    request->finish(request, HTTP_SEE_OTHER, &nothing, 0);
}

void portal_answer_script(struct request *request)
{
    request->visit->kind = PAGE_FILE;
    request->visit->content_type = "application/json";
}

void portal_answer(struct request *request, int status, enum view view, const void *record)
{
    struct text page = {.is_secret = true};
    struct page_visit *visit = request->visit;
    visit->kind = view_rows[view].kind;
    bool written = pages_write(visit->pages, view, visit->language, record, &page);
    assert(written); // views are bounded
    request->finish(request, status, &page, 0);
}

static void refuse_script(struct request *request, enum refusal refusal, int64_t retry_after_ms)
{
    struct text text = {0};
    struct portal_refusal_answer answer;
    text_cut(answer.sentence, sizeof answer.sentence, portal_sentence(request, refusal_rows[refusal].sentence));
    codec_print_record(&text, portal_refusal_answer_type.fields, CODEC_ANSWER, &answer);
    portal_answer_script(request);
    request->finish(request, refusal_rows[refusal].status, &text, (retry_after_ms + 999) / 1000);
}

// Nothing of whom it concerns is on it: it may be that nobody is logged on.
void portal_refuse(struct request *request, enum refusal refusal, int64_t retry_after_ms)
{
    struct page_visit *visit = request->visit;
    struct view_message message = {0};
    struct text page = {.is_secret = true};
    if (request->method && request->method->answer) {
        refuse_script(request, refusal, retry_after_ms);
        return;
    }
    if (refusal == REFUSAL_UNAUTHENTICATED) {
        portal_send_on(request, "/");
        return;
    }
    fill_look(visit, &message.frame);
    text_cut(message.title, sizeof message.title, portal_sentence(request, "This is not possible"));
    text_cut(message.text, sizeof message.text, portal_sentence(request, refusal_rows[refusal].sentence));
    TEXT_PUT(message.help_desk, request->help_desk);
    visit->kind = PAGE_HTML;
    bool written = pages_write(visit->pages, VIEW_MESSAGE, visit->language, &message, &page);
    assert(written);
    request->finish(request, refusal_rows[refusal].status, &page, (retry_after_ms + 999) / 1000);
}

// ---- log-on

// `problem`: why it was not possible; NULL: it is the first try. Before anybody is known the proof of the form hangs on
// a cookie of its own.
static void answer_logon(const struct services *services, struct request *request, int status, const char *name,
                         const char *problem)
{
    struct page_visit *visit = request->visit;
    struct view_logon view = {0};
    char holder[DIGEST_SIZE];
    const struct tenant *tenant = whose_portal(services, &request->peer);
    if (!visit->visitor[0]) {
        cookie_make(visit->visitor);
        page_visit_give_cookie(visit, COOKIE_VISITOR, visit->visitor);
    }
    portal_frame(services, request, &view.frame);
    cookie_form_token(visit->visitor, method_find(METHOD_PORTAL_LOGON, NOUN_NONE)->path, view.token);
    text_cut(view.name, sizeof view.name, name);
    if (services->outside_challenge) {
        digest_cookie(holder, visit->visitor);
        services->outside_challenge(services, holder, view.challenge);
    }
    text_cut(view.problem, sizeof view.problem, problem ? portal_sentence(request, problem) : "");
    TEXT_PUT(view.help_desk, tenant ? tenant->help_desk : "");
    portal_answer(request, status, VIEW_LOGON, &view);
    explicit_bzero(&view, sizeof view);
}

void call_portal_home(struct services *services, struct request *request)
{
    if (request->peer.role == ROLE_PERSON)
        portal_send_on(request, "/desktops");
    else
        answer_logon(services, request, 200, "", NULL);
}

// A form of before, of another site, or of a browser that keeps no cookies.
static bool form_is_ours(const struct request *request, const char *cookie, const char *token)
{
    return *cookie && cookie_fits_form(cookie, request->method->path, token);
}

bool portal_form_is_ours(const struct request *request, const char *token)
{
    return form_is_ours(request, request->visit->session, token);
}

void portal_holder(const struct request *request, char digest[DIGEST_SIZE])
{
    digest_cookie(digest, request->visit->session);
}

const struct portal_session *portal_session_of(const struct services *services, const struct request *request)
{
    char digest[DIGEST_SIZE];
    portal_holder(request, digest);
    return portal_sessions_use(&services->portal->sessions, digest, clock_steady_ms());
}

struct portal_logon {
    struct services *services;
    struct request *request;
    char name[USER_NAME_SIZE];
};

// Always a new cookie: one that somebody else knew is good for nothing after a log-on.
static void let_in(struct services *services, struct request *request, const char *person_id)
{
    char cookie[COOKIE_SIZE], digest[DIGEST_SIZE], network[ADDRESS_NETWORK_TEXT_SIZE];
    const struct logon_place place = {request->peer.gateway, network, request->visit->browser};
    address_network_text(network, request->peer.address);
    cookie_make(cookie);
    digest_cookie(digest, cookie);
    if (portal_sessions_add(&services->portal->sessions, digest, person_id, clock_steady_ms())) {
        log_info("portal", "%s logged on from %s", person_id, network);
        logon_history_right(services, person_id, &place);
        page_visit_give_cookie(request->visit, COOKIE_SESSION, cookie);
        page_visit_give_cookie(request->visit, COOKIE_VISITOR, "");
        portal_send_on(request, "/desktops");
    } else {
        portal_refuse(request, REFUSAL_BUSY, 0);
    }
    explicit_bzero(cookie, sizeof cookie);
}

static void logged_on(void *arg, enum refusal refusal, int64_t retry_after_ms, const struct store_person *person)
{
    struct portal_logon *logon = arg;
    const struct refusal_row *row = &refusal_rows[refusal];
    if (refusal == REFUSAL_NONE)
        let_in(logon->services, logon->request, person->id);
    else if (retry_after_ms)
        portal_refuse(logon->request, refusal, retry_after_ms);
    else
        answer_logon(logon->services, logon->request, row->status, logon->name, row->sentence);
    explicit_bzero(logon, sizeof *logon);
    free(logon);
}

void call_portal_logon(struct services *services, struct request *request)
{
    struct portal_logon_request *body = request->body;
    struct outside_logon_input input = {
        .gateway = request->peer.gateway,
        .address = request->peer.address,
        .browser = request->visit->browser,
        .name = body->name,
        .code = body->code,
        .passkey = body->passkey,
        .client_data = body->client_data,
        .authenticator_data = body->authenticator_data,
        .signature = body->signature,
        .challenge = body->challenge,
    };
    char holder[DIGEST_SIZE];
    if (!form_is_ours(request, request->visit->visitor, body->token)) {
        answer_logon(services, request, HTTP_FORBIDDEN, body->name,
                     "Please try again. This page was open for too long, or the browser keeps no cookies.");
        return;
    }
    if (!secret_set(&input.password, body->password, strlen(body->password))) {
        portal_refuse(request, REFUSAL_INVALID, 0);
        return;
    }
    digest_cookie(holder, request->visit->visitor);
    input.holder = holder;
    struct portal_logon *logon = mem_new(1, sizeof *logon);
    logon->services = services;
    logon->request = request;
    TEXT_PUT(logon->name, body->name);
    services->outside_logon(services, &input, logged_on, logon);
    record_free(portal_logon_request_type.fields, body); // which may have to wait for the directory
}

void call_portal_logoff(struct services *services, struct request *request)
{
    const struct portal_form_request *body = request->body;
    char digest[DIGEST_SIZE];
    if (portal_form_is_ours(request, body->token)) {
        portal_holder(request, digest);
        portal_sessions_end(&services->portal->sessions, digest);
        channels_log_off(&services->channels, request->peer.id, digest);
        page_visit_give_cookie(request->visit, COOKIE_SESSION, "");
        log_info("portal", "%s logged off", request->peer.id);
    }
    portal_send_on(request, "/");
}
