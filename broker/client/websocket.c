// SPDX-License-Identifier: EUPL-1.2
// Nothing is told from within an event of the connection: it is noted as news and told by `turn`, so that whoever is
// told may do anything, free the link included.
#include "broker/client/websocket.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/client/tls_connection.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    PING_MS = 20 * 1000,
    DEAD_MS = 10 * 1000, // after the ping, so 30 s after the last word
    PROBE_MS = 2500,
    PROVEN_MS = 1000,       // who was heard so lately is not asked
    REFUSED_MS = 60 * 1000, // who is refused has to be upgraded, or the broker has
};

enum news_kind { NEWS_UP, NEWS_DOWN, NEWS_MESSAGE, NEWS_REFUSED, NEWS_SILENT, NEWS_HEARD };

struct news {
    struct news *next;
    enum news_kind kind;
    struct link_input *input; // NULL unless the broker said it
};

struct letter {
    struct letter *next;
    struct text text; // with LWS_PRE bytes in front
};

struct websocket {
    struct tls_connection end;
    struct tls_connector *connector;
    const struct link_row *row;
    struct websocket_events events;
    void *arg;
    bool up;      // the broker has said hello
    bool cut_off; // it has said that it ends the link, and why: it is given a rest
    bool open, ping_due, pinged;
    uint32_t accepted; // types of messages that the broker takes, a bit each
    size_t skipped;    // messages and fields of the broker that this program does not know
    struct loop_timer *retry, *pulse, *turn, *probe;
    bool probing, silent; // asked and waits; and was told that nothing came
    int64_t wait_ms, heard_ms;
    struct text received;
    struct letter *first_letter, **last_letter;
    int letters;
    struct news *first_news, **last_news;
};

// ---- news and letters

static void add_news(struct websocket *link, enum news_kind kind, struct link_input *input)
{
    struct news *news = mem_new(1, sizeof *news);
    news->kind = kind;
    news->input = input;
    *link->last_news = news;
    link->last_news = &news->next;
    loop_timer_start(link->turn, 0);
}

static struct news *take_news(struct websocket *link)
{
    struct news *news = link->first_news;
    if (news) {
        link->first_news = news->next;
        if (!link->first_news)
            link->last_news = &link->first_news;
    }
    return news;
}

static void news_free(struct news *news)
{
    if (news->input)
        link_input_fini(news->input);
    free(news->input);
    free(news);
}

// A code that this program does not know is of a broker that came after it.
static enum refusal refusal_told(const struct link_refused *refused)
{
    enum refusal refusal = refusal_by_code(refused->code);
    return refusal == REFUSAL_NONE ? REFUSAL_AGENT_TOO_OLD : refusal;
}

static void turn(void *arg)
{
    struct websocket *link = arg;
    struct news *news = take_news(link);
    if (!news)
        return;
    loop_timer_start(link->turn, 0);
    if (news->kind == NEWS_UP && link->events.up)
        link->events.up(link->arg);
    else if (news->kind == NEWS_DOWN && link->events.down)
        link->events.down(link->arg);
    else if (news->kind == NEWS_MESSAGE && link->events.message)
        link->events.message(link->arg, news->input->message);
    else if ((news->kind == NEWS_SILENT || news->kind == NEWS_HEARD) && link->events.silent)
        link->events.silent(link->arg, news->kind == NEWS_SILENT);
    else if (news->kind == NEWS_REFUSED && link->events.refused)
        link->events.refused(link->arg, refusal_told(&news->input->refused), news->input->refused.detail);
    news_free(news);
}

static void drop_letter(struct websocket *link)
{
    struct letter *letter = link->first_letter;
    link->first_letter = letter->next;
    if (!link->first_letter)
        link->last_letter = &link->first_letter;
    link->letters--;
    text_drop(&letter->text);
    free(letter);
}

// ---- coming up and going down

int64_t websocket_pause_ms(int64_t wait_ms, uint32_t chance)
{
    int64_t half_ms = wait_ms / 2;
    return half_ms + chance % (half_ms + 1);
}

int64_t websocket_longer_ms(int64_t wait_ms)
{
    return wait_ms * 2 < WEBSOCKET_WAIT_MAX_MS ? wait_ms * 2 : WEBSOCKET_WAIT_MAX_MS;
}

static void retry_later(struct websocket *link)
{
    int64_t wait_ms = link->cut_off ? REFUSED_MS : link->wait_ms;
    link->cut_off = false;
    loop_timer_start(link->retry, websocket_pause_ms(wait_ms, arc4random()));
    link->wait_ms = websocket_longer_ms(link->wait_ms);
}

static void lost(struct websocket *link, const char *reason)
{
    char sentence[320];
    tls_connection_blame(link->connector, reason, sentence, sizeof sentence);
    log_info("link", "%s", sentence);
    loop_timer_stop(link->pulse);
    loop_timer_stop(link->probe);
    link->probing = link->silent = false;
    while (link->letters)
        drop_letter(link);
    text_drop(&link->received);
    if (link->skipped)
        log_info("link", "%zu messages and fields of the broker were skipped, this program does not know them",
                 link->skipped);
    if (link->up)
        add_news(link, NEWS_DOWN, NULL);
    else
        tls_trust_forget_session(tls_connection_trust(link->connector));
    link->open = link->up = link->ping_due = false;
    link->skipped = 0;
    retry_later(link);
}

static void dial(void *arg)
{
    struct websocket *link = arg;
    link->pinged = true; // a connection that does not come about is like a ping that is not answered
    loop_timer_start(link->pulse, WEBSOCKET_CONNECT_MS);
    tls_connection_dial(link->connector, &link->end, NULL, link->row->path);
}

static void websocket_heard(struct websocket *link)
{
    link->pinged = link->probing = false;
    link->heard_ms = clock_steady_ms();
    loop_timer_start(link->pulse, PING_MS);
    loop_timer_stop(link->probe);
    if (link->silent)
        add_news(link, NEWS_HEARD, NULL);
    link->silent = false;
}

static void probe_failed(void *arg)
{
    struct websocket *link = arg;
    if (!link->silent)
        add_news(link, NEWS_SILENT, NULL);
    link->silent = true;
    link->probing = false;
}

void websocket_probe(struct websocket *link)
{
    if (!link->up || link->probing || clock_steady_ms() - link->heard_ms < PROVEN_MS)
        return;
    link->probing = link->ping_due = true;
    loop_timer_start(link->probe, PROBE_MS);
    lws_callback_on_writable(link->end.wsi);
}

int websocket_descriptor(const struct websocket *link)
{
    return link->up ? lws_get_socket_fd(link->end.wsi) : -1;
}

static void pulse(void *arg)
{
    struct websocket *link = arg;
    if (link->pinged) {
        tls_connection_cut(&link->end);
        lost(link, "no answer");
        return;
    }
    link->pinged = link->ping_due = true;
    loop_timer_start(link->pulse, DEAD_MS);
    lws_callback_on_writable(link->end.wsi);
}

// ---- what goes out

// With something in it, as the broker's: what it is answered with is told by any libwebsockets.
static int write_ping(struct websocket *link)
{
    unsigned char ping[LWS_PRE + 1] = {[LWS_PRE] = '.'};
    link->ping_due = false;
    return lws_write(link->end.wsi, ping + LWS_PRE, 1, LWS_WRITE_PING);
}

static int write_letter(struct websocket *link)
{
    struct text *text = &link->first_letter->text;
    int length = (int)(text->length - LWS_PRE);
    int written = lws_write(link->end.wsi, (unsigned char *)text->bytes + LWS_PRE, (size_t)length, LWS_WRITE_TEXT);
    drop_letter(link);
    return written < length ? -1 : 0;
}

static int write_next(struct websocket *link)
{
    int rc = 0;
    if (link->ping_due)
        rc = write_ping(link);
    else if (link->letters)
        rc = write_letter(link);
    if (link->letters)
        lws_callback_on_writable(link->end.wsi);
    return rc < 0 ? -1 : 0;
}

// ---- what the broker says

// What the broker takes at once may wait here: all that there is to say after a hello.
static bool has_room(const struct websocket *link)
{
    return link->letters < link->row->rate.burst;
}

static void push(struct websocket *link, const struct text *text)
{
    static const char room[LWS_PRE];
    struct letter *letter = mem_new(1, sizeof *letter);
    assert(link->open && text->length <= link->row->message_max);
    text_add(&letter->text, room, sizeof room);
    text_add(&letter->text, text->bytes, text->length);
    *link->last_letter = letter;
    link->last_letter = &letter->next;
    link->letters++;
    lws_callback_on_writable(link->end.wsi);
}

static void say_hello(struct websocket *link)
{
    owned(text) struct text text = {0};
    struct link_hello hello;
    link_introduce(&hello, link->row, LINK_AGENT);
    link_print_hello(&text, &hello);
    push(link, &text);
}

static void come_up(struct websocket *link, const struct link_hello *hello)
{
    link->accepted = link_accepted(link->row, LINK_AGENT, hello);
    link->up = true;
    log_debug("link", "%s %s, protocol %lld, %s", hello->program, hello->version, (long long)hello->protocol,
              hello->capabilities);
    websocket_heard(link);
    add_news(link, NEWS_UP, NULL);
}

static void skip(struct websocket *link, const struct link_input *input)
{
    if (!link->skipped)
        log_info("link", "the broker says what this program does not know (in \"%s\"): skipped, and counted",
                 input->type);
    link->skipped += input->kind == LINK_SKIPPED ? 1 : input->skipped;
}

static void refuse_message(struct websocket *link, const struct link_input *input)
{
    owned(text) struct text text = {0};
    struct link_refused refused = {0};
    log_warn("link", "a message of the broker is refused: %s", input->why.text);
    TEXT_PUT(refused.code, refusal_rows[REFUSAL_MESSAGE_UNKNOWN].code);
    TEXT_PUT(refused.type, input->type);
    text_cut(refused.detail, sizeof refused.detail, input->why.text);
    link_print_refused(&text, &refused);
    if (has_room(link))
        push(link, &text);
}

// Of this link, or of a message of ours. True when `input` is kept.
static bool hear_refusal(struct websocket *link, struct link_input *input)
{
    const struct link_refused *refused = &input->refused;
    if (link->up && !refused->type[0]) {
        log_warn("link", "the broker ends the link: %s (%s)", refused->code, refused->detail);
        link->cut_off = true;
        return false;
    }
    if (link->up) {
        log_warn("link", "the broker refuses \"%s\": %s (%s)", refused->type, refused->code, refused->detail);
        return false;
    }
    link->wait_ms = REFUSED_MS;
    add_news(link, NEWS_REFUSED, input);
    return true;
}

// True when `input` is kept. Before the broker's hello only that, or why there is none, means anything.
static bool take_input(struct websocket *link, struct link_input *input)
{
    if (input->kind == LINK_REFUSED)
        return hear_refusal(link, input);
    if (!link->up && input->kind == LINK_HELLO)
        come_up(link, &input->hello);
    else if (link->up) // and not just about to end again
        link->wait_ms = WEBSOCKET_WAIT_MIN_MS;
    else
        return false;
    if (input->skipped || input->kind == LINK_SKIPPED)
        skip(link, input);
    if (input->kind == LINK_UNREADABLE)
        log_warn("link", "ignored an unreadable message from the broker: %s", input->why.text);
    if (input->kind == LINK_UNKNOWN)
        refuse_message(link, input);
    if (input->kind == LINK_MESSAGE)
        add_news(link, NEWS_MESSAGE, input);
    return input->kind == LINK_MESSAGE;
}

static void read_message(struct websocket *link)
{
    struct link_input *input = mem_new(1, sizeof *input);
    link_read(input, link->row, LINK_BROKER, link->received.bytes, link->received.length);
    text_drop(&link->received);
    if (take_input(link, input))
        return;
    link_input_fini(input);
    free(input);
}

static int read_some(struct websocket *link, const char *bytes, size_t length)
{
    if (link->up)
        websocket_heard(link);
    if (length > link->row->message_max - link->received.length) {
        log_warn("link", "ignored a message from the broker that is too large");
        return -1;
    }
    text_add(&link->received, bytes, length);
    if (!lws_remaining_packet_payload(link->end.wsi) && lws_is_final_fragment(link->end.wsi))
        read_message(link);
    return 0;
}

// ---- the connection's events

static int event(struct tls_connection *end, int reason, void *in, size_t length)
{
    struct websocket *link = (struct websocket *)end;
    switch (reason) {
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        link->open = true;
        say_hello(link);
        return 0;
    case LWS_CALLBACK_CLIENT_RECEIVE_PONG:
        if (link->up) {
            websocket_heard(link);
            link->wait_ms = WEBSOCKET_WAIT_MIN_MS;
        }
        return 0;
    case LWS_CALLBACK_CLIENT_RECEIVE:
        return read_some(link, in, length);
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        return write_next(link);
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
    case LWS_CALLBACK_CLIENT_CLOSED:
        tls_connection_forget(end);
        lost(link, reason == LWS_CALLBACK_CLIENT_CLOSED ? "closed" : in && length ? in : "no connection");
        return 0;
    }
    return 0;
}

// ---- for the owner

struct websocket *websocket_new(struct loop *loop, struct tls_connector *connector, const struct link_row *row,
                                const struct websocket_events *events, void *arg)
{
    struct websocket *link = mem_new(1, sizeof *link);
    link->end.event = event;
    link->connector = connector;
    link->row = row;
    link->events = *events;
    link->arg = arg;
    link->wait_ms = WEBSOCKET_WAIT_MIN_MS;
    link->last_letter = &link->first_letter;
    link->last_news = &link->first_news;
    link->retry = loop_timer_new(loop, dial, link);
    link->pulse = loop_timer_new(loop, pulse, link);
    link->turn = loop_timer_new(loop, turn, link);
    link->probe = loop_timer_new(loop, probe_failed, link);
    loop_timer_start(link->retry, 0);
    return link;
}

void websocket_free(struct websocket *link)
{
    if (!link)
        return;
    tls_connection_forget(&link->end);
    loop_timer_free(link->retry);
    loop_timer_free(link->pulse);
    loop_timer_free(link->turn);
    loop_timer_free(link->probe);
    while (link->letters)
        drop_letter(link);
    for (struct news *news; (news = take_news(link));)
        news_free(news);
    text_drop(&link->received);
    free(link);
}

bool websocket_send(struct websocket *link, const void *message)
{
    owned(text) struct text text = {0};
    int64_t type = *(const int64_t *)message;
    if (!link->up || !has_room(link) || !(link->accepted >> type & 1))
        return false;
    link_print(&text, link->row, message);
    push(link, &text);
    return true;
}
