// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-gateway/way_portal.h"
#include "broker/base/mem.h"
#include "broker/pult-gateway/guest.h"
#include "broker/pult-gateway/portal_passage.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { SAID_MAX = 2 * REQUEST_HEAD_MAX };

// The head was taken apart where it stood: it is put together again, and what follows comes as it is. The broker was
// told who calls once: by a line that others may speak on after this caller it takes one request alone.
static void repeat_request(const struct guest *guest, struct text *said)
{
    const struct request_head *head = &guest->head;
    text_addf(said, "%s %s HTTP/1.%d\r\n", head->method, head->path, !head->is_http_1_0);
    for (size_t i = 0; i < head->count; i++)
        if (!guest->is_shared || strcasecmp(head->fields[i].name, "Connection") != 0)
            text_addf(said, "%s: %s\r\n", head->fields[i].name, head->fields[i].value);
    text_adds(said, guest->is_shared ? "Connection: close\r\n\r\n" : "\r\n");
    text_add(said, guest->bytes + guest->head_length, guest->length - guest->head_length);
}

static void portal_is_refused(struct guest *guest, int status)
{
    guest_answer(guest, status, "the portal does not answer; try again");
}

// There are as many more by now as others dialled faster.
static void portal_is_dialled(struct guest *guest, int descriptor)
{
    const struct tls_line line = guest->line;
    owned(text) struct text said = {0};
    if (!portal_passages_have_room(guest->room->passages, guest->from)) {
        close(descriptor);
        portal_is_refused(guest, 503);
        return;
    }
    mem_reserve(&said.bytes, &said.capacity, SAID_MAX, 1); // it is never moved: it may hold a password
    repeat_request(guest, &said);
    portal_passages_begin(guest->room->passages, &line, descriptor, guest->from, said.bytes, said.length);
    explicit_bzero(said.bytes, said.length);
    guest_hand_over(guest);
}

static void end_portal_talk(void *state)
{
    (void)state;
}

void way_portal_take(struct guest *guest)
{
    static const struct guest_talk talk = {
        .dialled = portal_is_dialled, .refused = portal_is_refused, .end = end_portal_talk};
    const struct guest_room *room = guest->room;
    if (!room->passages) {
        guest_answer(guest, 404, "there is no such thing here");
        return;
    }
    if (!room->linked || room->draining || !portal_passages_have_room(room->passages, guest->from)) {
        portal_is_refused(guest, 503);
        return;
    }
    guest_wait(guest);
    guest->talk = &talk;
    guest->vouches = true;
    guest->vouched_way = PROXY_TO_PORTAL;
    guest_connect(guest, room->config->broker, (int)room->config->gateway_port);
}
