// SPDX-License-Identifier: EUPL-1.2
#include "broker/server/gateway_port.h"
#include "broker/base/log.h"
#include "broker/base/text.h"
#include "broker/net/proxy_voucher.h"
#include "broker/server/connection.h"

// Desks show their certificates, people have none. No portal: there is nothing for people.
static bool find_wish(const struct server *server, enum proxy_way way, int *wish)
{
    *wish = way == PROXY_TO_DEVICES ? LISTENER_GATEWAY : LISTENER_PORTAL;
    return server->entries[*wish].vhost != NULL;
}

// A gateway that is linked says who it is that calls, by the key of its link. Nothing else is proven by that: whoever
// calls proves the rest in TLS, or by what they say there.
static bool is_vouched_for(struct server *server, const struct proxy_header *header, struct passed_caller *caller)
{
    struct proxy_voucher voucher;
    if (!header || !caller || !header->voucher ||
        !proxy_voucher_read(&voucher, header->voucher, header->voucher_length) ||
        !find_wish(server, voucher.way, &caller->wish))
        return false;
    struct known_gateway *gateway = channels_gateway(&server->services->channels, voucher.gateway);
    if (!gateway || !gateway->key[0] || !proxy_voucher_holds(&voucher, gateway->key, &caller->address, caller->port) ||
        !channels_take_number(gateway, voucher.number))
        return false;
    TEXT_PUT(caller->by, gateway->id);
    return true;
}

bool gateway_port_admits(void *arg, const struct sockaddr_storage *from, const struct proxy_header *header,
                         struct passed_caller *caller)
{
    const struct port_entry *entry = arg;
    struct address address;
    char text[ADDRESS_TEXT_SIZE] = "";
    bool admits = is_vouched_for(entry->server, header, caller);
    if (!admits && address_of_socket(&address, (const struct sockaddr *)from))
        address_print(text, &address);
    if (!admits)
        log_info("gateway", "%s: no gateway vouches for what it passes on", text);
    return admits;
}
