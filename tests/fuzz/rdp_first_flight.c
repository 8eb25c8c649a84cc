// SPDX-License-Identifier: EUPL-1.2
// What an RDP client says after TLS. However it is cut, the same goes to the host; uncorrected it is what came.
#include "broker/pult-gateway/rdp_first_flight.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { GROWTH = 1024 };

static const struct rdp_corrections all = {.keyboard_layout = 0x407,
                                           .frames_ahead = 2,
                                           .deep_colour = true,
                                           .nla = true,
                                           .user_name = "anna.müller",
                                           .password = "one-time-password"};
static const struct rdp_corrections none = {.clipboard = true, .devices = true, .nla = true};

// How many bytes were taken; *last is how it ended.
static size_t correct(const struct rdp_corrections *corrections, const uint8_t *data, size_t size, size_t piece,
                      struct text *out, enum rdp_flight_event *last)
{
    struct rdp_first_flight *flight = rdp_first_flight_new(corrections);
    size_t at = 0;
    assert(flight);
    *last = RDP_FLIGHT_MORE;
    while (at < size && *last != RDP_FLIGHT_LAST && *last != RDP_FLIGHT_BROKEN) {
        struct rdp_flight_part part;
        size_t some = size - at < piece ? size - at : piece;
        size_t used = rdp_first_flight_read(flight, data + at, some, &part);
        assert(used <= some && (used > 0 || part.event == RDP_FLIGHT_BROKEN));
        if (part.event == RDP_FLIGHT_SEND || part.event == RDP_FLIGHT_LAST) {
            assert(part.length > 0 && part.length <= RDP_FLIGHT_PACKET_MAX + GROWTH);
            text_add(out, (const char *)part.data, part.length);
        }
        assert(!part.why == (part.event != RDP_FLIGHT_BROKEN));
        *last = part.event;
        at += used;
    }
    rdp_first_flight_free(flight);
    return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    owned(text) struct text whole = {0}, cut = {0}, same = {0};
    enum rdp_flight_event by_all, by_pieces, by_none;
    size_t taken = correct(&all, data, size, size ? size : 1, &whole, &by_all);
    size_t taken_in_pieces = correct(&all, data, size, 7, &cut, &by_pieces);
    assert(whole.length == cut.length && (!cut.length || memcmp(whole.bytes, cut.bytes, cut.length) == 0));
    assert((by_all == RDP_FLIGHT_LAST) == (by_pieces == RDP_FLIGHT_LAST));
    assert((by_all == RDP_FLIGHT_BROKEN) == (by_pieces == RDP_FLIGHT_BROKEN));
    if (by_all == RDP_FLIGHT_LAST)
        assert(taken == taken_in_pieces);
    assert(whole.length <= size + GROWTH);
    size_t uncorrected = correct(&none, data, size, size ? size : 1, &same, &by_none);
    assert(same.length <= uncorrected && (!same.length || memcmp(same.bytes, data, same.length) == 0));
    assert((by_none == RDP_FLIGHT_LAST) == (by_all == RDP_FLIGHT_LAST));
    (void)taken, (void)taken_in_pieces, (void)uncorrected;
    return 0;
}
