// SPDX-License-Identifier: EUPL-1.2
// What a client says by MS-TSGU, whole and as it would come in byte by byte: the same comes of it. The first byte says
// what the broker and the session host answer.
#include "broker/pult-gateway/tsgu.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

enum { REFUSED = 1, UNREACHABLE = 2, CLOSES = 4 };

struct sum {
    size_t steps, payload;
    uint32_t bytes;
    enum tsgu_event last;
};

static void add(struct sum *sum, const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        sum->bytes = sum->bytes * 31 + bytes[i];
}

// False: nothing more is said.
static bool answer(struct tsgu *tsgu, struct tsgu_step *step, unsigned choice)
{
    static const struct tsgu_terms terms = {.drives = true, .idle_minutes = 10};
    bool asks = step->event == TSGU_SHOWS_TOKEN, refused = choice & (asks ? REFUSED : UNREACHABLE);
    if (!asks && step->event != TSGU_WANTS_CHANNEL)
        return step->event != TSGU_LEAVES && step->event != TSGU_IS_BROKEN;
    assert(!step->answer_length);
    if (refused)
        step->answer_length = tsgu_refuse(tsgu, TSGU_ERROR_DENIED, step->answer);
    else if (asks)
        step->answer_length = tsgu_admit(tsgu, &terms, step->answer);
    else
        step->answer_length = tsgu_connected(tsgu, step->answer);
    return !refused;
}

static struct sum talk(const uint8_t *data, size_t size, size_t piece, unsigned choice)
{
    unsigned char room[TSGU_ROOM], bye[TSGU_ANSWER_MAX];
    struct tsgu tsgu;
    struct tsgu_step step = {0};
    struct sum sum = {0};
    bool goes_on = true;
    tsgu_begin(&tsgu, room);
    for (size_t at = 0; at < size && goes_on;) {
        size_t some = size - at < piece ? size - at : piece;
        size_t used = tsgu_read(&tsgu, data + at, some, &step);
        assert(used > 0 && used <= some);
        if (step.event == TSGU_SAYS) {
            assert(step.length > 0 && step.data >= data + at && step.data + step.length <= data + at + used);
            sum.payload += step.length;
            add(&sum, step.data, step.length);
        } else if (step.event != TSGU_MORE) {
            sum.steps++;
            sum.last = step.event;
        }
        at += used;
        if (step.event == TSGU_SHOWS_TOKEN)
            assert(strnlen(step.token, sizeof step.token) == CHANNEL_TOKEN_SIZE - 1);
        goes_on = answer(&tsgu, &step, choice);
        assert(step.answer_length <= TSGU_ANSWER_MAX);
        add(&sum, step.answer, step.answer_length);
        if (choice & CLOSES && tsgu.state == TSGU_IS_OPEN)
            add(&sum, bye, tsgu_close(&tsgu, CHANNEL_MOVED, bye));
    }
    assert(goes_on || tsgu.state == TSGU_IS_GONE);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    struct sum whole = talk(data + 1, size - 1, size, data[0]), cut = talk(data + 1, size - 1, 1, data[0]);
    assert(whole.steps == cut.steps && whole.payload == cut.payload && whole.bytes == cut.bytes &&
           whole.last == cut.last);
    (void)whole, (void)cut;
    return 0;
}
