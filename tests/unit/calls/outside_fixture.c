// SPDX-License-Identifier: EUPL-1.2
#include "tests/unit/calls/outside_fixture.h"
#include "broker/base/log.h"
#include "broker/calls/gateway_messages.h"

#include <criterion/criterion.h>

struct logon_decision anna;

void outside_open(void)
{
    union record person = {.person = {.id = PERSON, .first_seen_ms = 1}};
    const struct store_person row = {.id = PERSON, .key = "1", .user_name = "anna", .name = "Anna"};
    log_set_level(LOG_LEVEL_ERROR);
    calls_open();
    people_put(&calls.services.people, &row);
    core_set(&calls.core, NOUN_PERSON, &person);
    union record profile = {.profile =
                                *(const struct profile *)state_find(calls.core.state, NOUN_PROFILE, "neustadt/clerk")};
    profile.profile.outside = OUTSIDE_BY_ANY;
    profile.profile.max_minutes = 600;
    core_set(&calls.core, NOUN_PROFILE, &profile);
    core_log_on(&calls.core, "0123456789abcdef", "rathaus", "neustadt/desk1", &anna);
    gateway_linked(&calls.services, GATEWAY);
}

void outside_close(void)
{
    channels_fini(&calls.services.channels);
    calls_close();
}

const struct gateway_message *last_told(enum gateway_message_type type)
{
    cr_assert_str_eq(calls.to_gateway.to, GATEWAY);
    cr_assert_eq(calls.to_gateway.message.type, type);
    return &calls.to_gateway.message;
}
