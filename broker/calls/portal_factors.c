// SPDX-License-Identifier: EUPL-1.2
// People look after what they show besides their password, on pages of the portal. They change it soon after they have
// logged on, with what they have: whoever finds a browser that was left open enrols nothing of their own.
#include "broker/base/clock.h"
#include "broker/calls/factor_enrolment.h"
#include "broker/calls/portal.h"
#include "broker/calls/portal_person.h"
#include "broker/core/factor.h"
#include "broker/portal/qr_code.h"

#include <stdlib.h>
#include <string.h>

enum { HTTP_BAD_REQUEST = 400 };

// What is being written, of whoever asked.
struct factor_visit {
    struct services *services;
    struct request *request;
    char codes[FACTOR_CODES_MAX][FACTOR_CODE_SIZE];
};

static struct factor_visit *visit_factors(struct services *services, struct request *request)
{
    struct factor_visit *visit = mem_new(1, sizeof *visit);
    visit->services = services;
    visit->request = request;
    return visit;
}

static void end_visit(struct factor_visit *visit)
{
    explicit_bzero(visit, sizeof *visit);
    free(visit);
}

static const char *problem_of(const struct fault *why)
{
    static const char *const rows[] = {
        [FAULT_CONFLICT] = "You have so many that one has to be removed first.",
        [FAULT_DENIED] = "That was not right, or took too long. Please try again.",
        [FAULT_INVALID] = "That was not right, or took too long. Please try again.",
    };
    bool told = (size_t)why->kind < sizeof rows / sizeof *rows && rows[why->kind];
    return told ? rows[why->kind] : "This could not be written down just now. Please try again later.";
}

static bool may_change(const struct services *services, const struct request *request)
{
    const struct portal_session *session = portal_session_of(services, request);
    // Who came by a code of the help desk has nothing yet to log on with again.
    return session &&
           (factor_is_missing(services->state, request->peer.id) || portal_session_is_new(session, clock_steady_ms()));
}

// ---- pages

static void fill_token(const struct request *request, enum method_id id, char token[COOKIE_MAC_SIZE])
{
    cookie_form_token(request->visit->session, method_find(id, NOUN_NONE)->path, token);
}

// `problem`: NULL: there is none.
static void answer_factors(const struct services *services, struct request *request, const char *problem)
{
    struct view_factors view = {.is_missing = factor_is_missing(services->state, request->peer.id)};
    char holder[DIGEST_SIZE];
    portal_frame(services, request, &view.frame);
    text_cut(view.problem, sizeof view.problem, problem ? portal_sentence(request, problem) : "");
    view.may_change = may_change(services, request);
    services_digest(view.user, request->peer.id, strlen(request->peer.id));
    for (const struct factor *factor = NULL;
         (factor = factor_next(services->state, request->peer.id, factor)) && view.factors.count < VIEW_FACTORS_MAX;) {
        struct view_factor *row = record_add(&view.factors, &view_factor_type);
        TEXT_PUT(row->id, factor->id);
        TEXT_PUT(row->name, factor->name);
        row->kind = factor->kind;
        row->used_ms = factor->used_ms;
    }
    fill_token(request, METHOD_PORTAL_FACTOR_REMOVE, view.remove_token);
    fill_token(request, METHOD_PORTAL_PASSKEY, view.passkey_token);
    fill_token(request, METHOD_PORTAL_CODES, view.codes_token);
    portal_holder(request, holder);
    if (services->outside_challenge)
        services->outside_challenge(services, holder, view.challenge);
    TEXT_PUT(view.help_desk, request->help_desk);
    portal_answer(request, problem ? HTTP_BAD_REQUEST : 200, VIEW_FACTORS, &view);
    record_free(view_factors_type.fields, &view);
}

// Each time another secret: none is kept before its telephone has shown a code.
static void answer_telephone(const struct services *services, struct request *request, const char *problem)
{
    struct factor_offer offer;
    struct text path = {.is_secret = true};
    struct view_telephone *view = mem_new(1, sizeof *view);
    bool drawn = factor_offer_totp(services, request->peer.id, &offer) && qr_code_draw(offer.uri, &path, &view->side) &&
                 text_copy(view->path, sizeof view->path, path.bytes);
    if (drawn) {
        portal_frame(services, request, &view->frame);
        fill_token(request, METHOD_PORTAL_TELEPHONE_ADD, view->token);
        text_cut(view->problem, sizeof view->problem, problem ? portal_sentence(request, problem) : "");
        TEXT_PUT(view->sealed, offer.sealed);
        TEXT_PUT(view->secret, offer.secret);
        TEXT_PUT(view->help_desk, request->help_desk);
        portal_answer(request, problem ? HTTP_BAD_REQUEST : 200, VIEW_TELEPHONE, view);
    } else {
        portal_refuse(request, REFUSAL_BUSY, 0);
    }
    explicit_bzero(view, sizeof *view);
    explicit_bzero(&offer, sizeof offer);
    text_drop(&path);
    free(view);
}

static void show_factors(struct services *services, struct request *request, const struct identity *identity)
{
    (void)identity;
    answer_factors(services, request, NULL);
}

void call_portal_factors(struct services *services, struct request *request)
{
    portal_person_ask(services, request, show_factors);
}

static void show_telephone(struct services *services, struct request *request, const struct identity *identity)
{
    (void)identity;
    if (may_change(services, request))
        answer_telephone(services, request, NULL);
    else
        portal_send_on(request, "/factors");
}

void call_portal_telephone(struct services *services, struct request *request)
{
    portal_person_ask(services, request, show_telephone);
}

// ---- forms

// True: it goes on. Else the request has its answer: the page says what to do.
static bool begin_change(const struct services *services, struct request *request, const char *token)
{
    bool begun = portal_form_is_ours(request, token) && may_change(services, request);
    if (!begun)
        portal_send_on(request, "/factors");
    return begun;
}

static void factors_changed(void *arg, const struct fault *why)
{
    struct factor_visit *visit = arg;
    if (why)
        answer_factors(visit->services, visit->request, problem_of(why));
    else
        portal_send_on(visit->request, "/factors");
    end_visit(visit);
}

// Whoever took away what they had may have lost it: somebody else can be logged on by it.
static void log_off_elsewhere(const struct factor_visit *visit)
{
    char holder[DIGEST_SIZE];
    portal_holder(visit->request, holder);
    portal_log_off(visit->services, visit->request->peer.id, holder);
}

static void factor_removed(void *arg, const struct fault *why)
{
    if (!why)
        log_off_elsewhere(arg);
    factors_changed(arg, why);
}

static void telephone_added(void *arg, const struct fault *why)
{
    struct factor_visit *visit = arg;
    if (why)
        answer_telephone(visit->services, visit->request, problem_of(why));
    else
        portal_send_on(visit->request, "/factors");
    end_visit(visit);
}

static void add_telephone(struct services *services, struct request *request, const struct identity *identity)
{
    const struct portal_telephone_request *body = request->body;
    (void)identity;
    if (begin_change(services, request, body->token))
        factor_enrol_totp(services, request->peer.id, body->name, body->sealed, body->code, telephone_added,
                          visit_factors(services, request));
}

void call_portal_telephone_add(struct services *services, struct request *request)
{
    portal_person_ask(services, request, add_telephone);
}

static void add_passkey(struct services *services, struct request *request, const struct identity *identity)
{
    const struct portal_passkey_request *body = request->body;
    char holder[DIGEST_SIZE];
    (void)identity;
    if (!begin_change(services, request, body->token))
        return;
    portal_holder(request, holder);
    const struct passkey_offer offer = {.gateway = request->peer.gateway,
                                        .holder = holder,
                                        .challenge = body->challenge,
                                        .client_data = body->client_data,
                                        .authenticator_data = body->authenticator_data};
    factor_enrol_passkey(services, request->peer.id, body->name, &offer, factors_changed,
                         visit_factors(services, request));
}

void call_portal_passkey(struct services *services, struct request *request)
{
    portal_person_ask(services, request, add_passkey);
}

static void codes_made(void *arg, const struct fault *why)
{
    struct factor_visit *visit = arg;
    struct request *request = visit->request;
    struct view_code rows[FACTOR_CODES_MAX] = {0};
    struct view_codes view = {.codes = {.rows = rows}};
    if (why) {
        factors_changed(visit, why);
        return;
    }
    log_off_elsewhere(visit);
    portal_frame(visit->services, request, &view.frame);
    for (; view.codes.count < FACTOR_CODES_MAX && visit->codes[view.codes.count][0]; view.codes.count++)
        TEXT_PUT(rows[view.codes.count].code, visit->codes[view.codes.count]);
    TEXT_PUT(view.help_desk, request->help_desk);
    portal_answer(request, 200, VIEW_CODES, &view);
    explicit_bzero(rows, sizeof rows);
    end_visit(visit);
}

static void make_codes(struct services *services, struct request *request, const struct identity *identity)
{
    const struct portal_form_request *body = request->body;
    (void)identity;
    if (!begin_change(services, request, body->token))
        return;
    struct factor_visit *visit = visit_factors(services, request);
    factor_renew_recovery(services, request->peer.id, visit->codes, codes_made, visit);
}

void call_portal_codes(struct services *services, struct request *request)
{
    portal_person_ask(services, request, make_codes);
}

static void remove_factor(struct services *services, struct request *request, const struct identity *identity)
{
    const struct portal_factor_request *body = request->body;
    (void)identity;
    if (begin_change(services, request, body->token))
        factor_remove_own(services, request->peer.id, body->factor, factor_removed, visit_factors(services, request));
}

void call_portal_factor_remove(struct services *services, struct request *request)
{
    portal_person_ask(services, request, remove_factor);
}
