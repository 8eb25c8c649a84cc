// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-gateway/flight_content.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"

#include <assert.h>
#include <stdlib.h>

struct flight_content {
    struct rdp_first_flight *flight; // NULL: all goes as it is
    bool is_over;                    // its last packet was handed out
};

struct flight_content *flight_content_new(struct rdp_first_flight *flight)
{
    struct flight_content *content = mem_new(1, sizeof *content);
    assert(flight);
    content->flight = flight;
    return content;
}

void flight_content_free(void *of_tunnel)
{
    struct flight_content *content = of_tunnel;
    if (content)
        rdp_first_flight_free(content->flight);
    free(content);
}

size_t flight_content_unwrap(void *of_tunnel, const unsigned char *bytes, size_t length, struct websocket_piece *piece)
{
    struct flight_content *content = of_tunnel;
    struct rdp_flight_part part;
    if (content->is_over)
        rdp_first_flight_free(take(content->flight));
    *piece = (struct websocket_piece){.data = bytes, .length = length};
    if (!content->flight)
        return length;
    size_t used = rdp_first_flight_read(content->flight, bytes, length, &part);
    piece->data = part.data;
    piece->length = part.length;
    content->is_over = part.event == RDP_FLIGHT_LAST;
    if (part.event == RDP_FLIGHT_BROKEN) {
        log_info("tunnel", "what a client says first is no RDP: %s", part.why);
        piece->end = WEBSOCKET_CONTENT_IS_BROKEN;
    }
    return used;
}
