// SPDX-License-Identifier: EUPL-1.2
#include "broker/net/websocket_pump.h"
#include "broker/base/base64.h"
#include "broker/base/clock.h"
#include "broker/base/mem.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ROOM = 64 * 1024, // of one reading, and so of one frame
    TURN = 4,         // so many readings, then it is the others' turn
    STARVED_MS = 20,
};

struct pump_side {
    struct websocket_pump *pump;
    struct tls_line line;
    struct loop_watch *watch;
    unsigned char *kept; // to be written there; NULL: nothing
    size_t kept_at, kept_length;
};

struct websocket_pump {
    struct websocket_pool *pool;
    struct websocket_pump *next, **before; // of those that wait for room
    struct pump_side web, bare;
    struct websocket_frame_reader frames;
    const struct websocket_content *content; // NULL: the stream as it is
    void *state;                             // of the content
    struct websocket_figures figures;
    enum websocket_role role;
    bool starved, over, web_is_over;
    bool bare_ended; // what it said last is still on its way
    websocket_pump_ended *ended;
    void *arg;
};

struct websocket_pool {
    struct loop *loop;
    bool wipes;
    struct loop_timer *relief;
    struct websocket_pump *starving;
    size_t kept, kept_max;
    unsigned char room[WEBSOCKET_HEAD_MAX + WEBSOCKET_CONTENT_HEAD_MAX + ROOM];
};

static void pump_both(struct websocket_pump *pump);

// ---- room

static void leave_starving(struct websocket_pump *pump)
{
    if (!pump->starved)
        return;
    *pump->before = pump->next;
    if (pump->next)
        pump->next->before = pump->before;
    pump->starved = false;
}

// It goes on by itself: it is not watched meanwhile.
static void wait_for_turn(struct websocket_pump *pump, int64_t wait_ms)
{
    struct websocket_pool *pool = pump->pool;
    if (pump->starved)
        return;
    if (!pool->starving)
        loop_timer_start(pool->relief, wait_ms);
    pump->starved = true;
    pump->next = pool->starving;
    pump->before = &pool->starving;
    if (pump->next)
        pump->next->before = &pump->next;
    pool->starving = pump;
}

static bool has_room(struct websocket_pump *pump)
{
    bool has = pump->pool->kept < pump->pool->kept_max;
    if (!has)
        wait_for_turn(pump, STARVED_MS);
    return has;
}

static void relieve(void *arg)
{
    struct websocket_pool *pool = arg;
    struct websocket_pump *waiting = take(pool->starving);
    if (waiting)
        waiting->before = &waiting;
    while (waiting) {
        struct websocket_pump *pump = waiting;
        leave_starving(pump);
        pump_both(pump);
    }
}

struct websocket_pool *websocket_pool_new(struct loop *loop, size_t kept_max, bool wipes)
{
    struct websocket_pool *pool = mem_new(1, sizeof *pool);
    assert(kept_max > 0);
    pool->loop = loop;
    pool->kept_max = kept_max;
    pool->wipes = wipes;
    pool->relief = loop_timer_new(loop, relieve, pool);
    return pool;
}

void websocket_pool_free(struct websocket_pool *pool)
{
    if (!pool)
        return;
    assert(!pool->starving && !pool->kept);
    loop_timer_free(pool->relief);
    explicit_bzero(pool->room, sizeof pool->room);
    free(pool);
}

// ---- writing

static void forget_bytes(const struct websocket_pump *pump, unsigned char *bytes, size_t length)
{
    if (pump->pool->wipes && length)
        explicit_bzero(bytes, length);
}

static void drop_kept(struct pump_side *side)
{
    side->pump->pool->kept -= side->kept_length - side->kept_at;
    forget_bytes(side->pump, side->kept, side->kept_length);
    free(side->kept);
    side->kept = NULL;
    side->kept_at = side->kept_length = 0;
}

static void keep(struct pump_side *side, const unsigned char *bytes, size_t length)
{
    size_t left = side->kept_length - side->kept_at;
    unsigned char *kept = mem_room(left + length);
    if (left)
        memcpy(kept, side->kept + side->kept_at, left);
    memcpy(kept + left, bytes, length);
    forget_bytes(side->pump, side->kept, side->kept_length);
    free(side->kept);
    side->kept = kept;
    side->kept_at = 0;
    side->kept_length = left + length;
    side->pump->pool->kept += length;
}

// False: it has ended.
static bool write_side(struct pump_side *side, const unsigned char *bytes, size_t length)
{
    while (length > 0 && !side->kept) {
        ssize_t sent = tls_line_write(&side->line, bytes, length);
        if (sent < 0)
            return false;
        if (sent == 0)
            break;
        bytes += sent;
        length -= (size_t)sent;
    }
    if (length > 0)
        keep(side, bytes, length);
    return true;
}

static bool write_kept(struct pump_side *side)
{
    while (side->kept) {
        ssize_t sent = tls_line_write(&side->line, side->kept + side->kept_at, side->kept_length - side->kept_at);
        if (sent <= 0)
            return sent == 0;
        side->pump->pool->kept -= (size_t)sent;
        side->kept_at += (size_t)sent;
        if (side->kept_at == side->kept_length)
            drop_kept(side);
    }
    return true;
}

// `payload` has room for the head before it, and is masked there.
static bool write_frame(struct websocket_pump *pump, enum websocket_opcode opcode, unsigned char *payload,
                        size_t length)
{
    unsigned char head[WEBSOCKET_HEAD_MAX], mask[WEBSOCKET_MASK_SIZE];
    if (pump->role == WEBSOCKET_NONE)
        return write_side(&pump->web, payload, length);
    if (pump->role == WEBSOCKET_CLIENT) {
        arc4random_buf(mask, sizeof mask);
        websocket_frame_mask(payload, length, mask, 0);
    }
    size_t size = websocket_frame_head(head, opcode, length, pump->role == WEBSOCKET_CLIENT ? mask : NULL);
    memcpy(payload - size, head, size);
    return write_side(&pump->web, payload - size, size + length);
}

// `bytes` have no room before them.
static bool write_copy(struct websocket_pump *pump, enum websocket_opcode opcode, const unsigned char *bytes,
                       size_t length)
{
    unsigned char frame[WEBSOCKET_HEAD_MAX + WEBSOCKET_SAY_MAX];
    assert(length <= WEBSOCKET_SAY_MAX);
    if (length)
        memcpy(frame + WEBSOCKET_HEAD_MAX, bytes, length);
    return write_frame(pump, opcode, frame + WEBSOCKET_HEAD_MAX, length);
}

// A line that does not take what it got before can do without it.
static bool write_control(struct websocket_pump *pump, enum websocket_opcode opcode, const unsigned char *bytes,
                          size_t length)
{
    return pump->role == WEBSOCKET_NONE || pump->web.kept || write_copy(pump, opcode, bytes, length);
}

// ---- the end

static void finish_websocket_pump(struct websocket_pump *pump, enum websocket_pump_end end)
{
    if (pump->over)
        return;
    pump->over = true;
    pump->web_is_over = end == WEBSOCKET_PUMP_WEB;
    leave_starving(pump);
    loop_watch_set(pump->web.watch, false, false);
    loop_watch_set(pump->bare.watch, false, false);
    pump->ended(pump->arg, end);
}

// ---- reading

// As much as there is and fits. *ended: there will be no more.
static size_t read_side(struct pump_side *side, unsigned char *bytes, size_t size, bool *ended)
{
    size_t length = 0;
    while (length < size) {
        ssize_t got = tls_line_read(&side->line, bytes + length, size - length);
        *ended = got < 0;
        if (got <= 0)
            break;
        length += (size_t)got;
    }
    return length;
}

enum frames_end { FRAMES_FINE, FRAMES_ENDED, FRAMES_BROKEN, FRAMES_BARE_ENDED };

static enum frames_end take_control(const struct websocket_frame_reader *frames, struct websocket_pong *pong)
{
    if (frames->opcode == WEBSOCKET_PING)
        websocket_pong_note(pong, frames);
    return frames->opcode == WEBSOCKET_CLOSE ? FRAMES_ENDED : FRAMES_FINE;
}

static enum frames_end write_bare(struct websocket_pump *pump, const unsigned char *bytes, size_t length)
{
    pump->figures.payload_ms = pump->figures.web_heard_ms;
    pump->figures.bytes_to_bare += (int64_t)length;
    return write_side(&pump->bare, bytes, length) ? FRAMES_FINE : FRAMES_BARE_ENDED;
}

static enum frames_end unwrap(struct websocket_pump *pump, const unsigned char *bytes, size_t length)
{
    static const enum frames_end ends[] = {[WEBSOCKET_CONTENT_GOES_ON] = FRAMES_FINE,
                                           [WEBSOCKET_CONTENT_ENDS] = FRAMES_ENDED,
                                           [WEBSOCKET_CONTENT_IS_BROKEN] = FRAMES_BROKEN};
    enum frames_end end = FRAMES_FINE;
    for (size_t at = 0; at < length && end == FRAMES_FINE;) {
        struct websocket_piece piece;
        at += pump->content->unwrap(pump->state, bytes + at, length - at, &piece);
        end = ends[piece.end];
        if (piece.answer_length && !write_copy(pump, WEBSOCKET_BINARY, piece.answer, piece.answer_length))
            end = FRAMES_ENDED;
        else if (piece.length)
            end = write_bare(pump, piece.data, piece.length);
    }
    return end;
}

static enum frames_end take_payload(struct websocket_pump *pump, const unsigned char *bytes, size_t length)
{
    return (pump->content ? unwrap : write_bare)(pump, bytes, length);
}

// Payload of one frame after the other, moved together where it stands: who sends it a byte at a time has it written no
// more often than anybody else.
struct gathered_payload {
    unsigned char *bytes;
    size_t length;
};

static void gather_payload(struct gathered_payload *payload, unsigned char *bytes, size_t length)
{
    if (!payload->length)
        payload->bytes = bytes;
    else if (payload->bytes + payload->length != bytes)
        memmove(payload->bytes + payload->length, bytes, length);
    payload->length += length;
}

static enum frames_end read_frames(struct websocket_pump *pump, unsigned char *bytes, size_t length,
                                   struct gathered_payload *payload, struct websocket_pong *pong)
{
    enum frames_end end = FRAMES_FINE;
    for (size_t at = 0; at < length && end == FRAMES_FINE;) {
        enum websocket_event event;
        at += websocket_frame_read(&pump->frames, bytes + at, length - at, &event);
        if (event == WEBSOCKET_IS_BROKEN)
            end = FRAMES_BROKEN;
        else if (event == WEBSOCKET_CONTROL)
            end = take_control(&pump->frames, pong);
        else if (event == WEBSOCKET_DATA) // the last bytes that were read
            gather_payload(payload, bytes + at - pump->frames.length, pump->frames.length);
    }
    return end;
}

static enum frames_end take_frames(struct websocket_pump *pump, unsigned char *bytes, size_t length)
{
    struct gathered_payload payload = {bytes, length};
    struct websocket_pong pong = {.is_due = false};
    enum frames_end end = FRAMES_FINE;
    if (pump->role != WEBSOCKET_NONE) {
        payload.length = 0;
        end = read_frames(pump, bytes, length, &payload, &pong);
    }
    enum frames_end passed = payload.length ? take_payload(pump, payload.bytes, payload.length) : FRAMES_FINE;
    if (passed != FRAMES_FINE || end != FRAMES_FINE)
        return passed != FRAMES_FINE ? passed : end;
    return !pong.is_due || write_control(pump, WEBSOCKET_PONG, pong.data, pong.length) ? FRAMES_FINE : FRAMES_ENDED;
}

// False: it is over.
static bool judge_frames(struct websocket_pump *pump, enum frames_end end)
{
    static const enum websocket_pump_end ends[] = {[FRAMES_ENDED] = WEBSOCKET_PUMP_WEB,
                                                   [FRAMES_BROKEN] = WEBSOCKET_PUMP_BROKEN,
                                                   [FRAMES_BARE_ENDED] = WEBSOCKET_PUMP_BARE};
    if (end == FRAMES_FINE)
        return true;
    if (end == FRAMES_ENDED)
        write_control(pump, WEBSOCKET_CLOSE, NULL, 0);
    finish_websocket_pump(pump, ends[end]);
    return false;
}

// *more: there may be more at once.
static bool pump_web(struct websocket_pump *pump, bool *more)
{
    bool ended = false;
    if (pump->bare.kept || !has_room(pump))
        return true;
    unsigned char *room = pump->pool->room;
    size_t length = read_side(&pump->web, room, ROOM, &ended);
    *more |= length == ROOM;
    if (length)
        pump->figures.web_heard_ms = clock_steady_ms();
    enum frames_end end = take_frames(pump, room, length);
    forget_bytes(pump, room, length);
    if (!judge_frames(pump, end))
        return false;
    if (ended)
        finish_websocket_pump(pump, WEBSOCKET_PUMP_WEB);
    return !ended;
}

static bool pump_bare(struct websocket_pump *pump, bool *more)
{
    if (pump->web.kept || pump->bare_ended || !has_room(pump))
        return true;
    const struct websocket_content *content = pump->content;
    bool wraps = content && content->wrap;
    size_t head = wraps ? content->head_size : 0, most = wraps ? content->piece_max : ROOM;
    unsigned char *payload = pump->pool->room + WEBSOCKET_HEAD_MAX;
    size_t length = read_side(&pump->bare, payload + head, most, &pump->bare_ended);
    *more |= length == most;
    if (!length)
        return true;
    pump->figures.payload_ms = clock_steady_ms();
    pump->figures.bytes_to_web += (int64_t)length;
    if (wraps)
        content->wrap(pump->state, payload, length);
    bool is_written = write_frame(pump, WEBSOCKET_BINARY, payload, head + length);
    forget_bytes(pump, payload, head + length);
    if (is_written)
        return true;
    finish_websocket_pump(pump, WEBSOCKET_PUMP_WEB);
    return false;
}

static void watch_side(struct pump_side *side, bool reads)
{
    bool writes = side->kept || side->line.wants_write;
    loop_watch_set(side->watch, reads, writes);
}

static void pump_watch(struct websocket_pump *pump)
{
    watch_side(&pump->web, !pump->bare.kept && !pump->starved);
    watch_side(&pump->bare, !pump->web.kept && !pump->starved && !pump->bare_ended);
}

static void pump_both(struct websocket_pump *pump)
{
    bool more = true;
    for (int i = 0; more && i < TURN; i++) {
        more = false;
        if (!pump_bare(pump, &more) || !pump_web(pump, &more))
            return;
    }
    if (pump->bare_ended && !pump->web.kept) {
        finish_websocket_pump(pump, WEBSOCKET_PUMP_BARE);
        return;
    }
    if (more) // what TLS has read already makes no descriptor readable
        wait_for_turn(pump, 0);
    pump_watch(pump);
}

static void side_ready(void *arg, bool readable, bool writable)
{
    (void)readable, (void)writable;
    struct pump_side *side = arg;
    struct websocket_pump *pump = side->pump;
    if (pump->over)
        return;
    if (!write_kept(&pump->web))
        finish_websocket_pump(pump, WEBSOCKET_PUMP_WEB);
    else if (!write_kept(&pump->bare))
        finish_websocket_pump(pump, WEBSOCKET_PUMP_BARE);
    else
        pump_both(pump);
}

// ---- beginning and end

static void open_side(struct websocket_pump *pump, struct pump_side *side, const struct tls_line *line)
{
    side->pump = pump;
    side->line = *line;
    side->watch = loop_watch_new(pump->pool->loop, line->descriptor, side_ready, side);
}

struct websocket_pump *websocket_pump_new(struct websocket_pool *pool, const struct tls_line *web,
                                          enum websocket_role role, const struct tls_line *bare,
                                          websocket_pump_ended *ended, void *arg)
{
    struct websocket_pump *pump = mem_new(1, sizeof *pump);
    pump->pool = pool;
    pump->role = role;
    pump->frames.from_client = role == WEBSOCKET_SERVER;
    pump->ended = ended;
    pump->arg = arg;
    pump->figures.web_heard_ms = pump->figures.payload_ms = clock_steady_ms();
    open_side(pump, &pump->web, web);
    open_side(pump, &pump->bare, bare);
    return pump;
}

void websocket_pump_carry(struct websocket_pump *pump, const struct websocket_content *content, void *state,
                          struct websocket_frame_reader *frames)
{
    assert(content->head_size <= WEBSOCKET_CONTENT_HEAD_MAX && content->piece_max <= ROOM);
    pump->content = content;
    pump->state = state;
    if (frames) {
        pump->frames = *frames;
        *frames = (struct websocket_frame_reader){0};
    }
}

void websocket_pump_start(struct websocket_pump *pump, unsigned char *early, size_t length)
{
    enum frames_end end = take_frames(pump, early, length);
    forget_bytes(pump, early, length);
    if (judge_frames(pump, end))
        pump_both(pump);
}

static void close_side(struct pump_side *side)
{
    loop_watch_free(side->watch);
    drop_kept(side);
    tls_line_fini(&side->line);
}

void websocket_pump_free(struct websocket_pump *pump)
{
    if (!pump)
        return;
    leave_starving(pump);
    if (!pump->web_is_over)
        write_control(pump, WEBSOCKET_CLOSE, NULL, 0);
    websocket_frame_fini(&pump->frames);
    close_side(&pump->web);
    close_side(&pump->bare);
    free(pump);
}

void websocket_pump_ping(struct websocket_pump *pump)
{
    if (!pump->over && !write_control(pump, WEBSOCKET_PING, (const unsigned char *)".", 1))
        finish_websocket_pump(pump, WEBSOCKET_PUMP_WEB);
    else if (!pump->over)
        pump_watch(pump);
}

void websocket_pump_say(struct websocket_pump *pump, const unsigned char *bytes, size_t length)
{
    if (!pump->over && !write_copy(pump, WEBSOCKET_BINARY, bytes, length))
        finish_websocket_pump(pump, WEBSOCKET_PUMP_WEB);
    else if (!pump->over)
        pump_watch(pump);
}

void websocket_pump_say_last(struct websocket_pump *pump, const unsigned char *bytes, size_t length)
{
    if (!pump->web_is_over && !pump->web.kept)
        pump->web_is_over = !write_copy(pump, WEBSOCKET_BINARY, bytes, length);
}

void websocket_pump_say_goodbye(struct websocket_pump *pump, uint16_t code, const char *why)
{
    unsigned char payload[WEBSOCKET_CONTROL_MAX] = {(unsigned char)(code >> 8), (unsigned char)code};
    size_t length = strlen(why);
    assert(length <= sizeof payload - 2);
    memcpy(payload + 2, why, length);
    if (!pump->web_is_over)
        write_control(pump, WEBSOCKET_CLOSE, payload, 2 + length);
    pump->web_is_over = true;
}

void websocket_pump_figures(const struct websocket_pump *pump, struct websocket_figures *figures)
{
    *figures = pump->figures;
    figures->keeps = pump->web.kept || pump->bare.kept;
}

void websocket_key_answer(char answer[WEBSOCKET_KEY_ANSWER_SIZE], const char *key)
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // RFC 6455, section 1.3
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool made = context && EVP_DigestInit_ex(context, EVP_sha1(), NULL) == 1 &&
                EVP_DigestUpdate(context, key, strlen(key)) == 1 &&
                EVP_DigestUpdate(context, guid, sizeof guid - 1) == 1 &&
                EVP_DigestFinal_ex(context, digest, &length) == 1 &&
                base64_encode(answer, WEBSOCKET_KEY_ANSWER_SIZE, digest, length);
    EVP_MD_CTX_free(context);
    assert(made);
}
