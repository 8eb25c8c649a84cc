// SPDX-License-Identifier: EUPL-1.2
#include "broker/server/connection.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/calls/certificates.h"
#include "broker/server/tls.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

// ---- whose it is

// TLS looks at the dates of a certificate once, at the first handshake: not when a session is resumed or a line kept.
static bool has_expired(const struct connection *connection)
{
    return connection->certificate_until_ms <= clock_wall_ms();
}

static struct enrolment_proof proof_of(const struct connection *connection)
{
    return (struct enrolment_proof){connection->certificate, connection->renews ? connection->renews : "",
                                    connection->certificate_until_ms};
}

bool connection_is_of_machines(enum listener_kind port)
{
    return port == LISTENER_DEVICE || port == LISTENER_GATEWAY;
}

// Whose certificate it is, whatever its dates say.
static const void *find_member(const struct connection *connection, enum noun noun)
{
    struct enrolment_proof proof = proof_of(connection);
    if (!connection_is_of_machines(connection->port))
        return NULL;
    const void *record = state_find(connection->server->services->state, noun, connection->common_name);
    return enrolment_standing(noun, record, &proof) == ENROLMENT_UNKNOWN ? NULL : record;
}

struct proven_machine connection_machine(const struct connection *connection)
{
    struct proven_machine machine = {0};
    for (size_t i = 0; !machine.record && !has_expired(connection) && i < machine_count; i++)
        machine = (struct proven_machine){&machine_rows[i], find_member(connection, machine_rows[i].noun)};
    return machine;
}

bool connection_has_standing(const struct connection *connection, enum noun noun)
{
    const void *record = has_expired(connection) ? NULL : find_member(connection, noun);
    return record && !enrolment_is_disabled(noun, record);
}

void connection_settle(const struct connection *connection)
{
    struct enrolment_proof proof = proof_of(connection);
    struct proven_machine machine = connection_machine(connection);
    if (!machine.record || enrolment_is_disabled(machine.row->noun, machine.record))
        return;
    if (enrolment_standing(machine.row->noun, machine.record, &proof) == ENROLMENT_SUCCESSOR)
        certificates_renewed(connection->server->services, machine.row->noun, machine.record, &proof,
                             connection->address);
}

const struct administrator *connection_administrator(const struct connection *connection)
{
    if (connection->port != LISTENER_ADMIN || !connection->certificate[0] || has_expired(connection))
        return NULL;
    return state_administrator_by(connection->server->services->state, connection->certificate);
}

bool connection_ran_out(const struct connection *connection)
{
    size_t at = 0;
    while (at < machine_count && !find_member(connection, machine_rows[at].noun))
        at++;
    if (!has_expired(connection) || at == machine_count)
        return false;
    const char *kind = noun_rows[machine_rows[at].noun].name;
    log_warn("enrol", "%s %s from %s: certificate expired; enrol it again (pultctl %s enrol-token %s)", kind,
             connection->common_name, connection->address, kind, connection->common_name);
    return true;
}

// ---- beginning and end

// Kept by those only whose certificate is not the known one: there are many others.
static void keep_renewed(struct connection *connection, const struct tls_identity *identity)
{
    if (identity->renews[0] && !connection_machine(connection).record)
        connection->renews = mem_dup(identity->renews);
}

void connection_prove(struct connection *connection, enum role role, const char *id)
{
    if (connection->caller) // whoever it was first
        return;
    connection->caller = caller_take(&connection->server->callers, role, id);
    if (connection->caller)
        unproven_remove(take(connection->unproven));
}

// Libwebsockets does not say when a handshake is done: a certificate proves something before the first request comes.
static bool prove_by_certificate(struct connection *connection)
{
    const SSL *ssl = lws_get_ssl(connection->wsi);
    if (connection->port == LISTENER_PUBLIC)
        return false;
    if (!connection->common_name && (!ssl || !SSL_is_init_finished(ssl)))
        return false;
    connection_of(connection->wsi);
    struct proven_machine machine = connection_machine(connection);
    const struct administrator *administrator = connection_administrator(connection);
    if (machine.record)
        connection_prove(connection, machine.row->role, machine.record);
    else if (administrator)
        connection_prove(connection, ROLE_ADMIN, administrator->id);
    return connection->caller;
}

static bool drop_connection(void *arg)
{
    struct connection *connection = arg;
    connection->unproven = NULL;
    if (prove_by_certificate(connection))
        return false;
    connection_kill(connection->wsi);
    return true;
}

static void connection_free(struct connection *connection)
{
    struct server *server = connection->server;
    unproven_remove(connection->unproven);
    caller_release(&server->callers, connection->caller);
    exchange_end(connection);
    free(connection->common_name);
    free(connection->renews);
    free(connection->address);
    free(connection->gateway);
    free(connection);
    server->open--;
    server_release(server);
}

static void note_caller(struct connection *connection, const struct passed_caller *caller)
{
    char address[sizeof((struct peer *)0)->address];
    static_assert(sizeof address >= ADDRESS_TEXT_SIZE, "it fits");
    address_print(address, &caller->address);
    connection->address = mem_dup(address);
    connection->gateway = mem_dup(caller->by);
}

void connection_begin(struct server *server, enum listener_kind kind, struct lws_vhost *vhost, int descriptor,
                      struct unproven *unproven, const struct passed_caller *caller)
{
    struct connection *connection = mem_new(1, sizeof *connection);
    lws_adopt_desc_t info = {
        .vh = vhost,
        .type = LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP | LWS_ADOPT_ALLOW_SSL,
        .fd.sockfd = descriptor,
        .opaque = connection,
    };
    assert(!server->adopting);
    server->open++;
    connection->server = server;
    connection->unproven = unproven;
    connection->port = kind;
    if (caller)
        note_caller(connection, caller);
    unproven_handshake(unproven, drop_connection, connection, clock_steady_ms());
    server->adopting = connection;
    lws_adopt_descriptor_vhost_via_info(&info); // when TLS fails at once, it ends like any other
    if (server->adopting)                       // it had no room for it
        connection_free(take(server->adopting));
}

void connection_created(struct lws *wsi)
{
    struct server *server = lws_context_user(lws_get_context(wsi));
    assert(server->adopting && !server->adopting->wsi);
    take(server->adopting)->wsi = wsi;
}

void connection_step(struct connection *connection, bool at_work)
{
    if (connection->unproven)
        unproven_step(connection->unproven, at_work, clock_steady_ms());
}

void connection_renew_ticket(struct connection *connection)
{
    struct tls_identity identity;
    SSL *ssl = lws_get_ssl(connection->wsi);
    int64_t since_ms = ticket_keys_since_ms(connection->server->ticket_keys);
    if (connection->ticket_ms == since_ms)
        return;
    tls_identify(ssl, &identity);
    tls_give_ticket(ssl, &identity, since_ms);
    connection->ticket_ms = since_ms;
}

static void read_other_side(struct connection *connection)
{
    struct tls_identity identity;
    struct lws *wsi = connection->wsi;
    tls_identify(lws_get_ssl(wsi), &identity);
    connection->certificate_until_ms = identity.until_ms;
    connection->ticket_ms = identity.ticket_ms;
    TEXT_PUT(connection->certificate, identity.certificate);
    connection->common_name = mem_dup(identity.common_name);
    if (connection_is_of_machines(connection->port))
        keep_renewed(connection, &identity);
    if (!connection->address) {
        char address[sizeof((struct peer *)0)->address] = "";
        lws_get_peer_simple(wsi, address, sizeof address);
        connection->address = mem_dup(address);
    }
    if (!connection->ticket_ms)
        connection_renew_ticket(connection);
    tls_forget_keys(lws_get_ssl(wsi));
}

struct connection *connection_of(struct lws *wsi)
{
    struct connection *connection = lws_get_opaque_user_data(wsi);
    assert(connection && connection->wsi == wsi);
    if (!connection->common_name)
        read_other_side(connection);
    return connection;
}

void exchange_free(struct exchange *exchange)
{
    text_drop(&exchange->body);
    free(exchange->negotiate_reply);
    page_visit_free(exchange->visit);
    free(exchange);
}

void exchange_end(struct connection *connection)
{
    struct exchange *exchange = connection->exchange;
    if (!exchange)
        return;
    connection->exchange = NULL;
    exchange->connection = NULL;
    if (exchange->request && (exchange->request->body || exchange->status))
        return; // the call frees it when it ends
    // Its body never came to its end, so no call ever got it.
    if (exchange->request) {
        if (exchange->body.bytes)
            explicit_bzero(exchange->body.bytes, exchange->body.length);
        request_fini(exchange->request);
        free(exchange->request);
    }
    exchange_free(exchange);
}

void connection_end(struct lws *wsi)
{
    struct connection *connection = lws_get_opaque_user_data(wsi);
    if (!connection)
        return;
    lws_set_opaque_user_data(wsi, NULL);
    connection_free(connection);
}

// Outside a callback of libwebsockets its own timers stand still until something else wakes it.
void connection_kill(struct lws *wsi)
{
    struct connection *connection = lws_get_opaque_user_data(wsi);
    if (connection)
        connection->dropped = true;
    lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
    lws_cancel_service(lws_get_context(wsi));
}

// What comes in the same turn of the loop is heard before the timer of connection_kill, and the timer that
// libwebsockets then sets for the request takes the place of that one.
bool connection_must_end(struct lws *wsi, enum lws_callback_reasons reason)
{
    const struct connection *connection;
    switch ((int)reason) {
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
    case LWS_CALLBACK_HTTP:
    case LWS_CALLBACK_HTTP_BODY:
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
    case LWS_CALLBACK_HTTP_WRITEABLE:
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
    case LWS_CALLBACK_ESTABLISHED:
    case LWS_CALLBACK_RECEIVE:
    case LWS_CALLBACK_RECEIVE_PONG:
    case LWS_CALLBACK_SERVER_WRITEABLE:
        connection = lws_get_opaque_user_data(wsi);
        return connection && connection->dropped;
    default: // others are of no connection, or of its end
        return false;
    }
}
