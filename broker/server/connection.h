// SPDX-License-Identifier: EUPL-1.2
// What the server keeps per connection, and the one request that may be under way on it.
#pragma once
#include "broker/api/machine.h"
#include "broker/calls/page_visit.h"
#include "broker/calls/services.h"
#include "broker/net/listener.h"
#include "broker/server/caller_table.h"
#include "broker/server/link_table.h"
#include "broker/server/ticket_keys.h"

#include <libwebsockets.h>

// A request from its headers to its answer. Lives on when the connection breaks while the call is still at work.
struct exchange {
    struct connection *connection; // NULL: broken meanwhile
    struct request *request;
    struct text body; // of the request, then of the answer
    size_t body_max;
    int status; // of the answer; 0: not there yet
    int64_t retry_after_s, began_ms;
    bool wants_ticket, is_text, close;
    bool body_comes;       // of a length that is taken
    bool whole;            // its body was complete once
    char *negotiate_reply; // NULL without a ticket
    char etag[ETAG_SIZE];
    struct page_visit *visit; // of a browser at the portal; NULL: it is none
};

struct connection {
    struct server *server;
    struct lws *wsi;
    struct exchange *exchange;     // NULL between requests
    struct unproven *unproven;     // NULL once it has proven who it is
    struct caller *caller;         // who that is; NULL before
    struct agent_link *link;       // NULL unless it is a WebSocket of an agent
    const struct link_row *kind;   // of that; NULL as long as none was asked for
    char certificate[DIGEST_SIZE]; // of the other side, empty without
    char *common_name;             // the same; as long as it is, for there are many; NULL during the handshake
    char *renews;                  // which one that certificate renews, as far as it matters; NULL: none
    char *address;                 // the same, in numbers; of who comes through a gateway from the beginning
    char *gateway;                 // that; NULL: from within
    int64_t certificate_until_ms;
    int64_t ticket_ms; // since when the key seals that its TLS ticket was sealed with
    enum listener_kind port;
    bool dropped;     // it only has to end, and counts no more
    bool in_callback; // of libwebsockets, which then wants to be asked before anything is written
};

// What comes by a port goes to its part of libwebsockets.
struct port_entry {
    struct server *server;
    enum listener_kind kind;
    struct lws_vhost *vhost;
};

struct server {
    struct services *services;
    struct ticket_keys *ticket_keys;
    struct lws_context *contexts[LISTENER_COUNT];
    struct port_entry entries[LISTENER_COUNT];
    struct listener *listeners[LISTENER_COUNT];
    struct unproven_table *unproven;
    struct sorted_table callers; // of the proven
    struct loop_timer *sweep;
    struct loop_timer *wake;     // of libwebsockets
    unsigned wakes;              // a bit for each listener whose part is to be woken; the timer runs unless 0
    struct connection *adopting; // of which libwebsockets makes its part just now
    size_t open, open_max;       // connections
    struct link_table links;
    SSL_CTX *tls[LISTENER_COUNT]; // libwebsockets' own
    enum listener_kind opening;   // of which it makes its part just now
    bool closing;
};

// ---- server.c
void server_release(struct server *server); // a connection has ended: perhaps the last one of a server that ends

// ---- connection.c
// Hands a descriptor whose TLS begins to libwebsockets. The descriptor is closed with the connection, perhaps at once.
void connection_begin(struct server *server, enum listener_kind kind, struct lws_vhost *vhost, int descriptor,
                      struct unproven *unproven, const struct passed_caller *caller);
struct connection *connection_of(struct lws *wsi);                 // its handshake is done
void connection_created(struct lws *wsi);                          // libwebsockets has made it
void connection_step(struct connection *connection, bool at_work); // see unproven_step
// A certificate or a token was right. Whoever has very many connections has proven nothing with the next.
void connection_prove(struct connection *connection, enum role role, const char *id);
void connection_renew_ticket(struct connection *connection); // when its key does not seal any more
void connection_end(struct lws *wsi);
void connection_kill(struct lws *wsi); // at the next turn of the loop
// First in each callback of a protocol: whether it shall end instead.
bool connection_must_end(struct lws *wsi, enum lws_callback_reasons reason);
// The machine that its certificate stands for, as the state has it at this moment; without a record when it has no
// standing. The record begins with its id.
struct proven_machine {
    const struct machine_row *row;
    const void *record;
};
struct proven_machine connection_machine(const struct connection *connection);
bool connection_is_of_machines(enum listener_kind port); // which ask for their certificates
// Whether it stands for a machine of this kind that nobody has locked out.
bool connection_has_standing(const struct connection *connection, enum noun noun);
const struct administrator *connection_administrator(const struct connection *connection);
// A certificate that is shown for the first time takes the place of the one that it renews.
void connection_settle(const struct connection *connection);
bool connection_ran_out(const struct connection *connection); // a machine's certificate; says so in the log
void exchange_free(struct exchange *exchange);
void exchange_end(struct connection *connection); // answered, or the connection is going

// ---- agent_link.c
int on_link(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length);
void agent_link_end(struct connection *connection); // its connection is going; NULL allowed

// ---- request.c
// Headers are there: finds the method and the caller, makes the call. False: the answer (a refusal) is already set.
bool exchange_begin(struct exchange *exchange, struct lws *wsi, const char *path, bool *has_body);
void exchange_dispatch(struct exchange *exchange); // the body is complete
void exchange_refuse(struct exchange *exchange, enum refusal refusal);
