// SPDX-License-Identifier: EUPL-1.2
// Who comes to the front door. However it is cut, the same is answered, and the same name is read.
#include "broker/pult-gateway/rdp_logon.h"
#include "broker/base/text.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

struct outcome {
    enum rdp_logon_event last;
    bool is_known;
    char name[RDP_LOGON_NAME_SIZE];
    struct secret password;
};

static void try_to_come_in(const uint8_t *data, size_t size, size_t piece, struct text *said, struct outcome *outcome)
{
    struct rdp_logon *logon = rdp_logon_new(3);
    struct rdp_logon_part part = {.event = RDP_LOGON_MORE};
    size_t at = 0;
    while (at < size && part.event != RDP_LOGON_BROKEN && part.event != RDP_LOGON_WAITING) {
        size_t some = size - at < piece ? size - at : piece;
        size_t used = rdp_logon_read(logon, data + at, some, &part);
        assert(used <= some && (used > 0 || part.event == RDP_LOGON_BROKEN));
        assert(part.answer.length <= RDP_ANSWER_MAX && !part.why == (part.event != RDP_LOGON_BROKEN));
        text_add(said, (const char *)part.answer.bytes, part.answer.length);
        at += used;
        if (part.event == RDP_LOGON_KNOWN)
            outcome->is_known = rdp_logon_take(logon, outcome->name, &outcome->password);
    }
    outcome->last = part.event;
    rdp_logon_free(logon);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    owned(text) struct text whole = {0}, cut = {0};
    struct outcome at_once = {0}, in_pieces = {0};
    try_to_come_in(data, size, size ? size : 1, &whole, &at_once);
    try_to_come_in(data, size, 5, &cut, &in_pieces);
    assert(whole.length == cut.length && (!cut.length || memcmp(whole.bytes, cut.bytes, cut.length) == 0));
    assert((at_once.last == RDP_LOGON_WAITING) == (in_pieces.last == RDP_LOGON_WAITING));
    assert(at_once.is_known == in_pieces.is_known);
    if (at_once.is_known) {
        assert(text_is_clean(at_once.name, strlen(at_once.name)) && text_equal(at_once.name, in_pieces.name));
        assert(text_is_clean(at_once.password.bytes, at_once.password.length) && at_once.password.length);
        assert(text_equal(at_once.password.bytes, in_pieces.password.bytes));
    }
    return 0;
}
