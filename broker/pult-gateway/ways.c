// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-gateway/ways.h"
#include "broker/base/log.h"
#include "broker/pult-gateway/channel_plan.h"
#include "broker/pult-gateway/way_browser.h"
#include "broker/pult-gateway/way_portal.h"
#include "broker/pult-gateway/way_tsgu.h"

#include <string.h>

// ---- GET /healthz: for load balancers

static void take_health(struct guest *guest)
{
    bool fine = guest->room->linked && !guest->room->draining;
    guest_answer(guest, fine ? 200 : 503, fine ? "ok" : guest->room->draining ? "draining" : "broker unreachable");
}

// ---- GET /v1/channel: to a session host, as the broker says

static void channel_answer(void *arg, const struct gateway_message *answer)
{
    struct guest *guest = arg;
    guest->question = NULL;
    if (!answer) {
        guest_answer(guest, 503, "the broker does not answer; try again");
        return;
    }
    if (answer->refusal[0]) {
        guest_answer(guest, 403, answer->refusal);
        return;
    }
    channel_plan_make(guest, answer, CHANNEL_PLAIN);
    if (guest_has_room(guest))
        guest_connect(guest, answer->address, (int)answer->port);
}

static void take_channel(struct guest *guest)
{
    static const char bearer[] = "Bearer ";
    const char *authorization = request_head_field(&guest->head, "Authorization");
    if (!guest_upgrades(guest))
        return;
    if (!authorization || !text_starts(authorization, bearer) ||
        strlen(authorization) != sizeof bearer - 1 + CHANNEL_TOKEN_SIZE - 1) {
        guest_answer(guest, 403, "channel-refused");
        return;
    }
    if (guest->room->draining) {
        guest_answer(guest, 503, "draining");
        return;
    }
    guest_wait(guest);
    guest->question = channel_question_ask(guest->room->office, authorization + sizeof bearer - 1, "", CHANNEL_PLAIN,
                                           guest->from, channel_answer, guest);
}

// ---- GET /v1/device: a desk speaks to the broker, which looks at its certificate

static void take_device(struct guest *guest)
{
    if (!guest_upgrades(guest))
        return;
    if (guest->room->draining) {
        guest_answer(guest, 503, "draining");
        return;
    }
    if (!guest->room->linked) {
        guest_answer(guest, 503, "the broker does not answer; try again");
        return;
    }
    TEXT_PUT(guest->plan.channel.network, guest->from);
    if (!guest_has_room(guest))
        return;
    guest_wait(guest);
    guest->vouches = true;
    guest->vouched_way = PROXY_TO_DEVICES;
    guest_connect(guest, guest->room->config->broker, (int)guest->room->config->gateway_port);
}

// ---- RDG_IN_DATA, RPC_IN_DATA, RPC_OUT_DATA: MS-TSGU by two connections, as programs speak it that found no WebSocket

static void refuse_two_connections(struct guest *guest)
{
    log_warn("gate",
             "%s asks for %s, which is not served: an RDP program that is too old, or a proxy that lets no WebSocket "
             "through",
             guest->from, guest->head.method);
    guest_answer(guest, 404, "only as a WebSocket");
}

// ---- the rows

static const struct way_row {
    const char *method, *path; // path NULL: any
    void (*begin)(struct guest *guest);
} rows[] = {
    {"GET", "/healthz", take_health},
    {"GET", "/v1/channel", take_channel},
    {"GET", "/v1/device", take_device},
    {"GET", "/v1/browser", way_browser_take},
    {"RDG_OUT_DATA", "/remoteDesktopGateway/", way_tsgu_take},
    {"RDG_IN_DATA", NULL, refuse_two_connections},
    {"RPC_IN_DATA", NULL, refuse_two_connections},
    {"RPC_OUT_DATA", NULL, refuse_two_connections},
};

void ways_take(struct guest *guest)
{
    bool path_is_known = false;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool is_path = !rows[i].path || text_equal(guest->head.path, rows[i].path);
        path_is_known |= is_path && rows[i].path;
        if (is_path && text_equal(guest->head.method, rows[i].method)) {
            rows[i].begin(guest);
            return;
        }
    }
    bool is_of_pages = text_equal(guest->head.method, "GET") || text_equal(guest->head.method, "POST");
    if (is_of_pages && !path_is_known)
        way_portal_take(guest);
    else
        guest_answer(guest, path_is_known ? 405 : 404, "there is no such thing here");
}
