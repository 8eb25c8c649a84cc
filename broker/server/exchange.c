// SPDX-License-Identifier: EUPL-1.2
// From HTTP headers to a call: method, caller, query, limits. Everything here is hostile.
#include "broker/api/query.h"
#include "broker/base/clock.h"
#include "broker/calls/admin_rights.h"
#include "broker/calls/admin_sessions.h"
#include "broker/calls/portal.h"
#include "broker/core/enrolment.h"
#include "broker/net/certificate.h"
#include "broker/server/connection.h"
#include "broker/server/tls.h"

#include <stdlib.h>
#include <string.h>

enum { TICKET_MAX = 64 * 1024, BROWSER_HEADER_MAX = 4096 };

static const struct {
    enum lws_token_indexes token;
    const char *verb;
} verbs[] = {
    {WSI_TOKEN_GET_URI, "GET"},
    {WSI_TOKEN_POST_URI, "POST"},
    {WSI_TOKEN_PUT_URI, "PUT"},
    {WSI_TOKEN_DELETE_URI, "DELETE"},
};

static const char *verb_of(struct lws *wsi)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (lws_hdr_total_length(wsi, verbs[i].token) > 0)
            return verbs[i].verb;
    return "";
}

void exchange_refuse(struct exchange *exchange, enum refusal refusal)
{
    request_refuse(exchange->request, refusal, NULL);
}

static void prove_bearer(struct connection *connection, struct peer *peer, const char *token)
{
    const struct services *services = connection->server->services;
    admin_sessions_prove(services->admin_sessions, services->state, token, clock_wall_ms(), peer);
}

// The certificate that this connection was begun with: there may be a newer one by now.
static void prove_ticket(struct request *request, struct lws *wsi, const char *ticket)
{
    certificate_digest(SSL_get_certificate(lws_get_ssl(wsi)), request->binding);
    request->negotiate = mem_dup(ticket);
    request->negotiate_reply = mem_new(1, NEGOTIATE_REPLY_SIZE);
}

static bool read_authorization(struct exchange *exchange, struct lws *wsi)
{
    int length = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_AUTHORIZATION);
    if (length <= 0 || exchange->connection->port == LISTENER_ADMIN) // there the certificate decides alone
        return true;
    if (length > TICKET_MAX)
        return false;
    owned(bytes) char *header = mem_new(1, (size_t)length + 1);
    if (lws_hdr_copy(wsi, header, length + 1, WSI_TOKEN_HTTP_AUTHORIZATION) <= 0)
        return false;
    if (text_starts(header, "Bearer "))
        prove_bearer(exchange->connection, &exchange->request->peer, header + 7);
    else if (text_starts(header, "Negotiate "))
        prove_ticket(exchange->request, wsi, header + 10);
    explicit_bzero(header, (size_t)length);
    return true;
}

// ---- browsers

// "" when there is none, or it is longer than any that matters to us.
static void read_header(struct lws *wsi, enum lws_token_indexes token, char value[BROWSER_HEADER_MAX])
{
    if (lws_hdr_copy(wsi, value, BROWSER_HEADER_MAX, token) <= 0)
        value[0] = 0;
}

// "?language=en". Others are not ours, and passed over: addresses in mails get some.
static void read_language(struct lws *wsi, char language[PAGE_LANGUAGE_TAG_SIZE])
{
    static const char name[] = "language=";
    char pair[QUERY_PAIR_SIZE];
    language[0] = 0;
    for (int i = 0; lws_hdr_copy_fragment(wsi, pair, sizeof pair, WSI_TOKEN_HTTP_URI_ARGS, i) >= 0; i++)
        if (text_starts(pair, name) && !text_copy(language, PAGE_LANGUAGE_TAG_SIZE, pair + sizeof name - 1))
            language[0] = 0;
}

static void read_visit(struct exchange *exchange, struct lws *wsi)
{
    char cookies[BROWSER_HEADER_MAX], accepts[BROWSER_HEADER_MAX], language[PAGE_LANGUAGE_TAG_SIZE];
    read_header(wsi, WSI_TOKEN_HTTP_COOKIE, cookies);
    read_header(wsi, WSI_TOKEN_HTTP_ACCEPT_LANGUAGE, accepts);
    read_language(wsi, language);
    const struct portal *portal = exchange->connection->server->services->portal;
    struct page_visit *visit = page_visit_new(portal->pages, portal->assets, cookies, accepts, language);
    explicit_bzero(cookies, sizeof cookies);
    read_header(wsi, WSI_TOKEN_HTTP_ACCEPT_ENCODING, accepts);
    visit->takes_gzip = strstr(accepts, "gzip") != NULL;
    read_header(wsi, WSI_TOKEN_HTTP_USER_AGENT, accepts);
    browser_name(visit->browser, accepts);
    exchange->request->visit = visit;
    exchange->request->refuse = portal_refuse;
}

// A style sheet, font or picture. True: it is answered.
static bool answer_asset(struct request *request, const char *verb, const char *path)
{
    struct text bytes = {0};
    if (!text_equal(verb, "GET") || !page_visit_asset(request->visit, path, &bytes))
        return false;
    request_answer_text(request, &bytes);
    return true;
}

static bool announces_body(struct lws *wsi)
{
    return lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) > 0 ||
           lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0;
}

// What a port serves: the portal's pages at the portal's, and everything else at the others, but for who is outside.
static bool is_served(const struct method *method, enum listener_kind port)
{
    bool is_page = method->flags & METHOD_PAGE;
    bool is_for_outside = method->flags & METHOD_OUTSIDE;
    return port == LISTENER_PORTAL ? is_page : !is_page && (port != LISTENER_GATEWAY || is_for_outside);
}

// ---- who

static void prove_administrator(const struct connection *connection, struct peer *peer)
{
    const struct administrator *administrator = connection_administrator(connection);
    if (administrator)
        admin_rights_by_certificate(connection->server->services->state, administrator, peer);
}

static void read_peer(struct exchange *exchange)
{
    struct peer *peer = &exchange->request->peer;
    connection_settle(exchange->connection);
    struct proven_machine machine = connection_machine(exchange->connection);
    peer->role = machine.record ? machine.row->role : ROLE_UNAUTHENTICATED;
    TEXT_PUT(peer->address, exchange->connection->address);
    TEXT_PUT(peer->gateway, exchange->connection->gateway ? exchange->connection->gateway : "");
    prove_administrator(exchange->connection, peer);
    if (exchange->request->visit)
        portal_prove(exchange->connection->server->services, exchange->request->visit->session, peer);
    if (!machine.record)
        return;
    TEXT_PUT(peer->id, machine.record);
    TEXT_PUT(peer->certificate, enrolment_certificate(machine.row->noun, machine.record));
    wall_owner(peer->tenant, peer->id);
}

// libwebsockets keeps each pair as a fragment, decoded; one that is not there and one without a letter both have no
// length.
static bool read_query(struct request *request, struct lws *wsi, struct fault *why)
{
    struct query query;
    char pair[QUERY_PAIR_SIZE];
    query_begin(&query, request->method, &request->page);
    for (int i = 0;; i++) {
        int length = lws_hdr_fragment_length(wsi, WSI_TOKEN_HTTP_URI_ARGS, i);
        if (length >= (int)sizeof pair)
            return fault_set(why, FAULT_INVALID, "a query parameter is longer than %zu bytes", sizeof pair - 1);
        if (lws_hdr_copy_fragment(wsi, pair, sizeof pair, WSI_TOKEN_HTTP_URI_ARGS, i) < 0)
            return true;
        if (length && !query_take(&query, pair, (size_t)length, why))
            return false;
    }
}

// A condition that is cut would no longer hold what was meant.
static bool read_condition(struct lws *wsi, enum lws_token_indexes token, char condition[CONDITION_SIZE])
{
    return lws_hdr_total_length(wsi, token) <= 0 ||
           (lws_hdr_copy(wsi, condition, CONDITION_SIZE, token) > 0 && condition[0]);
}

static bool read_conditions(struct request *request, struct lws *wsi)
{
    return read_condition(wsi, WSI_TOKEN_HTTP_IF_MATCH, request->if_match) &&
           read_condition(wsi, WSI_TOKEN_HTTP_IF_NONE_MATCH, request->if_none_match);
}

static enum refusal read_length(struct exchange *exchange, struct lws *wsi, bool *has_body)
{
    char text[24];
    int64_t length = 0;
    size_t most = exchange->request->method->flags & METHOD_LARGE ? METHOD_BODY_LARGE : METHOD_BODY_MAX;
    *has_body = true; // and where it would end is not known
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0)
        return REFUSAL_INVALID;
    bool given = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) > 0;
    if (given && (lws_hdr_copy(wsi, text, sizeof text, WSI_TOKEN_HTTP_CONTENT_LENGTH) <= 0 ||
                  !text_number(text, 0, INT64_MAX, &length)))
        return REFUSAL_INVALID;
    *has_body = length > 0;
    exchange->body_comes = length > 0 && length <= (int64_t)most;
    exchange->body_max = exchange->body_comes ? (size_t)length : 0;
    return length > (int64_t)most ? REFUSAL_TOO_LARGE : REFUSAL_NONE;
}

bool exchange_begin(struct exchange *exchange, struct lws *wsi, const char *path, bool *has_body)
{
    struct request *request = exchange->request;
    const struct state *state = exchange->connection->server->services->state;
    bool path_known = false;
    *has_body = true; // as long as nobody has looked
    bool is_portal = exchange->connection->port == LISTENER_PORTAL;
    if (is_portal)
        read_visit(exchange, wsi);
    if (is_portal && answer_asset(request, verb_of(wsi), path)) {
        *has_body = announces_body(wsi);
        return false;
    }
    request->method = method_match(verb_of(wsi), path, request->id, &path_known);
    // Of what is not for the outside nothing is told there, nor what it is called by.
    enum listener_kind port = exchange->connection->port;
    if (request->method ? !is_served(request->method, port) : port == LISTENER_GATEWAY) {
        request->method = NULL;
        path_known = false;
    }
    if (!request->method) {
        exchange_refuse(exchange, path_known ? REFUSAL_METHOD : REFUSAL_NOT_FOUND);
        return false;
    }
    read_peer(exchange);
    if (request->method->id == METHOD_RENEW)
        request->peer.half_life_ms = tls_half_life_ms(lws_get_ssl(wsi));
    struct fault why = {.kind = FAULT_INVALID};
    enum refusal refusal = read_length(exchange, wsi, has_body);
    if (refusal == REFUSAL_NONE && (!read_authorization(exchange, wsi) ||
                                    (!is_portal && !read_query(request, wsi, &why)) || !read_conditions(request, wsi)))
        refusal = REFUSAL_INVALID;
    if (request->peer.role != ROLE_UNAUTHENTICATED)
        connection_prove(exchange->connection, request->peer.role, request->peer.id);
    // Who may not call it is told so before their body is read.
    if (refusal == REFUSAL_NONE)
        refusal = wall_authorize(state, request->method, &request->peer, request->id);
    struct proven_machine machine = connection_machine(exchange->connection);
    if (refusal == REFUSAL_NONE && request->method->flags & METHOD_CERTIFICATE && machine.record &&
        enrolment_is_disabled(machine.row->noun, machine.record))
        refusal = REFUSAL_DEVICE_DISABLED;
    if (refusal == REFUSAL_UNAUTHENTICATED && request->method->flags & METHOD_CERTIFICATE &&
        connection_ran_out(exchange->connection))
        refusal = REFUSAL_CERTIFICATE_EXPIRED;
    exchange->wants_ticket = request->method->id == METHOD_ADMIN_LOGON;
    exchange->is_text = request->method->flags & METHOD_PLAIN;
    if (refusal == REFUSAL_INVALID)
        request_refuse_fault(request, &why);
    else if (refusal != REFUSAL_NONE)
        exchange_refuse(exchange, refusal);
    return refusal == REFUSAL_NONE;
}

void exchange_dispatch(struct exchange *exchange)
{
    struct fault why;
    struct request *request = exchange->request;
    bool read = request_read_body(request, exchange->body.bytes, exchange->body.length, &why);
    if (exchange->body.length)
        explicit_bzero(exchange->body.bytes, exchange->body.length);
    exchange->body.length = 0;
    connection_step(exchange->connection, true);
    if (read)
        calls_dispatch(exchange->connection->server->services, request);
    else
        request_refuse_fault(request, &why);
}
