// SPDX-License-Identifier: EUPL-1.2
// The WebSockets of machines' agents: who may have one, how it begins, what comes over it, what goes out.
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/calls/certificates.h"
#include "broker/calls/link_handlers.h"
#include "broker/core/takeover.h"
#include "broker/server/connection.h"
#include "broker/server/server.h"

#include <assert.h>
#include <string.h>

// ---- beginning and end

static bool path_is(struct lws *wsi, const struct link_row *row)
{
    char path[64];
    return lws_hdr_copy(wsi, path, sizeof path, WSI_TOKEN_GET_URI) > 0 && text_equal(path, row->path) &&
           lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_URI_ARGS) <= 0; // none takes a query
}

// Through a gateway come desks only, by the same flag as all that can be called there.
static bool may_come_here(const struct connection *connection, const struct link_row *row)
{
    char id[ID_SIZE];
    bool path_known = false;
    const struct method *method = method_match("GET", row->path, id, &path_known);
    return !connection->gateway || (method && method->flags & METHOD_OUTSIDE);
}

// Before the upgrade: which kind of link it is to be, and whether the certificate is good for it.
static int link_asked(struct lws *wsi)
{
    // What a certificate stands for can change while the line is open: asked again at every message and sweep.
    struct connection *connection = connection_of(wsi);
    connection_settle(connection);
    for (size_t i = 0; i < link_count; i++)
        if (path_is(wsi, &link_rows[i]) && may_come_here(connection, &link_rows[i]) &&
            connection_has_standing(connection, link_rows[i].noun))
            connection->kind = &link_rows[i];
    if (connection->kind)
        connection_prove(connection, machine_of(connection->kind->noun)->role, connection->common_name);
    return connection->kind ? 0 : -1;
}

static int link_begin(struct lws *wsi)
{
    struct connection *connection = connection_of(wsi);
    if (!connection->kind || !connection_has_standing(connection, connection->kind->noun))
        return -1;
    assert(link_handlers[connection->kind->noun].message && !connection->link);
    connection->link = link_table_open(&connection->server->links, connection->kind, connection->common_name, wsi);
    return 0;
}

// The first was named when it came.
static void note_skipped(const struct agent_link *link)
{
    if (link->skipped)
        log_info("link", "%s %s: %zu messages and fields of %s were skipped, this broker does not know them",
                 noun_rows[link->row->noun].name, link->id, link->skipped, link->build->name);
}

void agent_link_end(struct connection *connection)
{
    if (!connection || !connection->link)
        return;
    struct server *server = connection->server;
    const struct link_handler *handler = &link_handlers[connection->kind->noun];
    note_skipped(connection->link);
    bool was_linked = link_table_close(&server->links, take(connection->link));
    if (was_linked && handler->down)
        handler->down(server->services, connection->common_name);
}

// ---- hello

static void push_hello(struct agent_link *link)
{
    struct text text = {0};
    struct link_hello hello;
    link_introduce(&hello, link->row, LINK_BROKER);
    link_print_hello(&text, &hello);
    agent_link_push(link, &text);
}

static void push_refused(struct agent_link *link, enum refusal refusal, const char *type, const char *detail)
{
    struct text text = {0};
    struct link_refused refused = {0};
    TEXT_PUT(refused.code, refusal_rows[refusal].code);
    TEXT_PUT(refused.type, type);
    text_cut(refused.detail, sizeof refused.detail, detail);
    link_print_refused(&text, &refused);
    agent_link_push(link, &text);
}

// One identity has one place: who comes from a second one again and again is not let in.
static bool may_take_over(struct connection *connection)
{
    struct server *server = connection->server;
    const struct agent_link *link = connection->link;
    enum noun noun = link->row->noun;
    const struct agent_link *known = link_table_find(&server->links, noun, link->id);
    const struct connection *present = known ? lws_get_opaque_user_data(known->wsi) : NULL;
    if (!present)
        return true;
    if (!text_equal(present->certificate, connection->certificate)) {
        takeover_forget(&server->links.takeovers[noun], link->id);
        return true;
    }
    enum takeover_verdict verdict = takeover_judge(&server->links.takeovers[noun], link->id, present->address,
                                                   connection->address, clock_steady_ms());
    if (verdict == TAKEOVER_NOTICED)
        certificates_shared(server->services, noun, link->id, present->address, connection->address);
    return verdict == TAKEOVER_ACCEPTED;
}

static void refuse_second(struct connection *connection, const struct link_hello *hello)
{
    link_table_refuse(&connection->server->links, connection->link, hello, REFUSAL_IDENTITY_SHARED);
    push_refused(connection->link, REFUSAL_IDENTITY_SHARED, "", "another link with this certificate is up");
}

static void refuse_agent(struct connection *connection, const struct link_hello *hello, enum refusal refusal,
                         const struct fault *why)
{
    struct agent_link *link = connection->link;
    struct link_agent known;
    bool is_news = !link_table_agent(&connection->server->links, link->row->noun, link->id, &known) ||
                   known.refusal != refusal || !text_equal(known.version, hello->version);
    if (is_news) // it comes back every minute
        log_warn("link", "%s %s from %s is refused: %s", noun_rows[link->row->noun].name, link->id, connection->address,
                 why->text);
    link_table_refuse(&connection->server->links, link, hello, refusal);
    push_refused(link, refusal, "", why->text);
}

// Of one that was let in, and said what none of ours says, or too much.
static void end_link(struct connection *connection, enum refusal refusal, const char *why)
{
    struct agent_link *link = connection->link;
    log_warn("link", "%s %s: %s is cut off: %s", noun_rows[link->row->noun].name, link->id, link->build->name, why);
    link_table_figures(&connection->server->links, link)->refused_messages++;
    link->refused = true;
    push_refused(link, refusal, "", why);
}

static void admit_agent(struct connection *connection, const struct link_hello *hello)
{
    struct server *server = connection->server;
    struct agent_link *link = connection->link;
    const struct link_handler *handler = &link_handlers[link->row->noun];
    const struct agent_link *known = link_table_find(&server->links, link->row->noun, link->id);
    if (known)
        note_skipped(known);
    struct lws *older = link_table_admit(&server->links, link, hello);
    if (older) {
        struct connection *replaced = lws_get_opaque_user_data(older);
        if (replaced)
            replaced->link = NULL;
        connection_kill(older);
    }
    log_debug("link", "%s %s: %s %s, protocol %lld, %s", noun_rows[link->row->noun].name, link->id, hello->program,
              hello->version, (long long)hello->protocol, hello->capabilities);
    if (connection->gateway)
        log_info("link", "%s %s is outside: from %s, through %s", noun_rows[link->row->noun].name, link->id,
                 connection->address, connection->gateway);
    push_hello(link);
    if (handler->up)
        handler->up(server->services, connection->common_name);
}

// ---- what comes

static void skip(struct connection *connection, const struct link_input *input)
{
    struct agent_link *link = connection->link;
    struct link_figures *figures = link_table_figures(&connection->server->links, link);
    if (!link->skipped)
        log_info("link", "%s %s: %s says what this broker does not know (in \"%s\"): skipped, and counted",
                 noun_rows[link->row->noun].name, link->id, link->build->name, input->type);
    link->skipped += input->kind == LINK_SKIPPED ? 1 : input->skipped;
    figures->skipped_messages += input->kind == LINK_SKIPPED;
    figures->skipped_fields += input->skipped;
}

static const char too_many[] = "it says more than such a machine may";

// The first message; anything else comes from a program that knows no versions.
static void take_hello(struct connection *connection, const struct link_input *input)
{
    struct fault why = {.text = "it begins without a hello"};
    enum refusal refusal = input->kind == LINK_HELLO ? link_judge(&input->hello, input->row, &why) : REFUSAL_INVALID;
    if (!link_table_may_speak(&connection->server->links, connection->link, clock_steady_ms())) {
        refusal = REFUSAL_TOO_MANY_MESSAGES;
        fault_set(&why, FAULT_BUSY, "%s", too_many);
    }
    if (refusal != REFUSAL_NONE) {
        refuse_agent(connection, &input->hello, refusal, &why);
        return;
    }
    if (!may_take_over(connection)) {
        refuse_second(connection, &input->hello);
        return;
    }
    admit_agent(connection, &input->hello);
    if (input->skipped)
        skip(connection, input);
}

static void refuse_message(struct connection *connection, const struct link_input *input)
{
    struct agent_link *link = connection->link;
    if (!link->complained)
        log_warn("link", "%s %s: a message of %s is refused: %s", noun_rows[link->row->noun].name, link->id,
                 link->build->name, input->why.text);
    link->complained = true;
    link_table_figures(&connection->server->links, link)->refused_messages++;
    push_refused(link, REFUSAL_MESSAGE_UNKNOWN, input->type, input->why.text);
}

static void hear_refusal(struct connection *connection, const struct link_refused *refused)
{
    struct agent_link *link = connection->link;
    log_warn("link", "%s %s: %s refuses \"%s\": %s (%s)", noun_rows[link->row->noun].name, link->id, link->build->name,
             refused->type, refused->code, refused->detail);
    link_table_figures(&connection->server->links, link)->refused_by_agent++;
}

static void take_message(struct connection *connection, struct link_input *input)
{
    struct agent_link *link = connection->link;
    if (input->skipped || input->kind == LINK_SKIPPED)
        skip(connection, input);
    switch (input->kind) {
    case LINK_HELLO: // once is enough
    case LINK_SKIPPED:
        return;
    case LINK_UNREADABLE:
        end_link(connection, REFUSAL_INVALID, input->why.text);
        return;
    case LINK_UNKNOWN:
        refuse_message(connection, input);
        return;
    case LINK_REFUSED:
        hear_refusal(connection, &input->refused);
        return;
    case LINK_MESSAGE:
        link_handlers[link->row->noun].message(connection->server->services, link->id, input->message);
        return;
    }
}

static void message_complete(struct connection *connection)
{
    struct link_input input;
    struct agent_link *link = connection->link;
    link_read(&input, link->row, LINK_AGENT, link->received.bytes, link->received.length);
    text_drop(&link->received); // most links say nothing for hours
    if (!link->build)
        take_hello(connection, &input);
    else if (link_table_may_speak(&connection->server->links, link, clock_steady_ms()))
        take_message(connection, &input);
    else
        end_link(connection, REFUSAL_TOO_MANY_MESSAGES, too_many);
    link_input_fini(&input);
}

static int receive(struct connection *connection, struct lws *wsi, const char *bytes, size_t length)
{
    struct agent_link *link = connection->link;
    if (!link || !connection_has_standing(connection, link->row->noun))
        return -1;
    if (link->refused)
        return 0; // it ends as soon as it was told
    if (link->received.length + length > (link->build ? link->row->message_max : LINK_HELLO_SIZE))
        return -1;
    link->heard_ms = clock_steady_ms();
    text_add(&link->received, bytes, length);
    if (lws_is_final_fragment(wsi) && !lws_remaining_packet_payload(wsi))
        message_complete(connection);
    return 0;
}

// ---- what goes out

// With something in it: libwebsockets 4.1 does not tell a server of a pong that is empty.
static int write_ping(struct connection *connection)
{
    unsigned char ping[LWS_PRE + 1] = {[LWS_PRE] = '.'};
    connection_renew_ticket(connection);
    connection->link->ping_due = false;
    lws_callback_on_writable(connection->wsi);
    return lws_write(connection->wsi, ping + LWS_PRE, 1, LWS_WRITE_PING) < 0 ? -1 : 0;
}

static int write_next(struct connection *connection)
{
    struct agent_link *link = connection->link;
    if (!link || !connection_has_standing(connection, link->row->noun))
        return -1;
    if (link->ping_due)
        return write_ping(connection);
    owned(bytes) char *message = agent_link_take(link);
    if (!message)
        return link->refused ? -1 : 0;
    size_t length = strlen(message);
    owned(bytes) unsigned char *frame = mem_new(1, LWS_PRE + length);
    memcpy(frame + LWS_PRE, message, length);
    explicit_bzero(message, length);
    if (link->queued || link->refused)
        lws_callback_on_writable(connection->wsi);
    int written = lws_write(connection->wsi, frame + LWS_PRE, length, LWS_WRITE_TEXT);
    explicit_bzero(frame + LWS_PRE, length);
    return written < 0 ? -1 : 0;
}

int on_link(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
    (void)user;
    struct connection *connection = NULL;
    if (connection_must_end(wsi, reason))
        return -1;
    switch ((int)reason) {
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
        return link_asked(wsi);
    case LWS_CALLBACK_ESTABLISHED:
        return link_begin(wsi);
    case LWS_CALLBACK_RECEIVE:
        return receive(connection_of(wsi), wsi, in, length);
    case LWS_CALLBACK_RECEIVE_PONG:
        connection = connection_of(wsi);
        if (connection->link)
            connection->link->heard_ms = clock_steady_ms();
        return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return write_next(connection_of(wsi));
    case LWS_CALLBACK_CLOSED:
    case LWS_CALLBACK_WSI_DESTROY:
        agent_link_end(lws_get_opaque_user_data(wsi));
        connection_end(wsi);
        return 0;
    default:
        return 0;
    }
}

// ---- for the broker

static void sweep_linked(const struct awake *awake, const struct link_table *links, enum noun noun, int64_t now_ms)
{
    for (size_t i = 0; i < links->linked[noun].count; i++) {
        struct agent_link *link = link_table_at(links, noun, i);
        int64_t silent_ms = now_ms - awake_from_ms(awake, link->heard_ms);
        if (!connection_has_standing(connection_of(link->wsi), link->row->noun)) {
            lws_callback_on_writable(link->wsi);                // write_next ends it
        } else if (silent_ms > LINK_DEAD_MS || link->refused) { // or had time enough to hear why
            connection_kill(link->wsi);
        } else if (now_ms - link->heard_ms > LINK_PING_MS && now_ms - link->pinged_ms > LINK_PING_MS) {
            link->pinged_ms = now_ms;
            link->ping_due = true;
            lws_callback_on_writable(link->wsi);
        }
    }
}

void server_sweep_links(struct server *server)
{
    const struct awake *awake = &server->services->reports.awake;
    int64_t now_ms = clock_steady_ms();
    ticket_keys_turn(server->ticket_keys, clock_wall_ms());
    for (struct agent_link *link = server->links.opening; link; link = link->next)
        if (now_ms - awake_from_ms(awake, link->pinged_ms) > LINK_HELLO_MS)
            connection_kill(link->wsi);
    link_table_sweep(&server->links, now_ms);
    for (size_t i = 0; i < link_count; i++)
        sweep_linked(awake, &server->links, link_rows[i].noun, now_ms);
}

static bool is_online(void *self, enum noun noun, const char *id)
{
    const struct server *server = self;
    return link_table_find(&server->links, noun, id) != NULL;
}

static bool send_message(void *self, enum noun noun, const char *id, const void *message)
{
    const struct server *server = self;
    struct agent_link *link = link_table_find(&server->links, noun, id);
    return link && agent_link_send(link, message);
}

static bool find_agent(void *self, enum noun noun, const char *id, struct link_agent *agent)
{
    const struct server *server = self;
    return link_table_agent(&server->links, noun, id, agent);
}

static void get_figures(void *self, enum noun noun, struct link_figures *figures)
{
    const struct server *server = self;
    *figures = server->links.figures[noun];
}

struct link_port server_links(struct server *server)
{
    return (struct link_port){server, is_online, send_message, find_agent, get_figures};
}
