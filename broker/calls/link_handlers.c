// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/link_handlers.h"
#include "broker/calls/device_messages.h"
#include "broker/calls/gateway_messages.h"
#include "broker/calls/host_messages.h"
#include "broker/calls/print_messages.h"

static void take_device_message(struct services *services, const char *id, void *message)
{
    device_message(services, id, message);
}

static void take_host_message(struct services *services, const char *id, void *message)
{
    host_message(services, id, message);
}

static void take_print_message(struct services *services, const char *id, void *message)
{
    print_message(services, id, message);
}

static void take_gateway_message(struct services *services, const char *id, void *message)
{
    gateway_message(services, id, message);
}

const struct link_handler link_handlers[NOUN_COUNT] = {
    [NOUN_DEVICE] = {.up = device_tell_name, .message = take_device_message},
    [NOUN_HOST] = {.up = host_linked, .down = host_unlinked, .message = take_host_message},
    [NOUN_PRINT_SERVER] = {.up = print_linked, .down = print_unlinked, .message = take_print_message},
    [NOUN_GATEWAY] = {.up = gateway_linked, .down = gateway_unlinked, .message = take_gateway_message},
};
