// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/link_rows.h"
#include "broker/api/device_link.h"
#include "broker/api/gateway_link.h"
#include "broker/api/host_link.h"
#include "broker/api/print_link.h"

const struct link_row link_rows[] = {
    {.noun = NOUN_DEVICE,
     .path = "/v1/devices/link",
     .program = "pult-agent",
     .types = device_link_types,
     .type_count = DEVICE_MESSAGE_TYPE_COUNT,
     .size = sizeof(struct device_message),
     .message_max = DEVICE_MESSAGE_MAX,
     .rate = {.burst = 60, .per_minute = 120}},
    {.noun = NOUN_HOST,
     .path = "/v1/hosts/link",
     .program = "pult-host",
     .types = host_link_types,
     .type_count = HOST_MESSAGE_TYPE_COUNT,
     .size = sizeof(struct host_message),
     .message_max = HOST_MESSAGE_MAX,
     .rate = {.burst = 600, .per_minute = 1200}},
    {.noun = NOUN_PRINT_SERVER,
     .path = "/v1/print-servers/link",
     .program = "pult-print",
     .types = print_link_types,
     .type_count = PRINT_MESSAGE_TYPE_COUNT,
     .size = sizeof(struct print_message),
     .message_max = PRINT_MESSAGE_MAX,
     .rate = {.burst = 30000, .per_minute = 60000}}, // all its jobs at once, and some messages for each
    {.noun = NOUN_GATEWAY,
     .path = "/v1/gateways/link",
     .program = "pult-gateway",
     .types = gateway_link_types,
     .type_count = GATEWAY_MESSAGE_TYPE_COUNT,
     .size = sizeof(struct gateway_message),
     .message_max = GATEWAY_MESSAGE_MAX,
     .rate = {.burst = 20000, .per_minute = 30000}}, // a morning's log-ons
};
const size_t link_count = sizeof link_rows / sizeof *link_rows;

const struct link_row *link_of(enum noun noun)
{
    for (size_t i = 0; i < link_count; i++)
        if (link_rows[i].noun == noun)
            return &link_rows[i];
    return NULL;
}
