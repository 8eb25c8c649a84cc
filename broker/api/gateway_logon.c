// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/gateway_logon.h"

#include <stddef.h>

// A row a line.
// clang-format off
#define AT(holder, member) .offset = offsetof(struct holder, member), .size = sizeof(((struct holder *)0)->member)
#define TYPE(holder) {#holder, holder##_fields, sizeof(struct holder)}

static const struct field gateway_logon_request_fields[] = {
    {.name = "name", .type = FIELD_TEXT, AT(gateway_logon_request, name), .flags = FIELD_REQUIRED, .sentence = "user name as typed"},
    {.name = "password", .type = FIELD_TEXT, AT(gateway_logon_request, password), .flags = FIELD_SECRET | FIELD_REQUIRED, .sentence = "the password"},
    {.name = "network", .type = FIELD_TEXT, AT(gateway_logon_request, network), .flags = FIELD_REQUIRED, .sentence = "the network that they call from"},
    {.name = NULL},
};
const struct record_type gateway_logon_request_type = TYPE(gateway_logon_request);

static const struct field gateway_logon_answer_fields[] = {
    {.name = "channel", .type = FIELD_TEXT, AT(gateway_logon_answer, channel), .flags = FIELD_SECRET, .sentence = "token for a channel to the person's session, good for once and for seconds"},
    {.name = NULL},
};
const struct record_type gateway_logon_answer_type = TYPE(gateway_logon_answer);
