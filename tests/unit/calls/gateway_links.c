// SPDX-License-Identifier: EUPL-1.2
// What a gateway hears of itself.
#include "broker/calls/gateway_messages.h"
#include "tests/unit/calls/outside_fixture.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(gateway_links, .init = outside_open, .fini = outside_close);

Test(gateway_links, each_link_has_a_key_of_its_own)
{
    char first[DIGEST_SIZE];
    TEXT_PUT(first, last_told(GATEWAY_WELCOME)->key);
    cr_assert_eq(strlen(first), DIGEST_SIZE - 1);
    cr_assert_str_eq(channels_gateway(&calls.services.channels, GATEWAY)->key, first);
    cr_assert_str_eq(last_told(GATEWAY_WELCOME)->name, "gw.example");
    gateway_unlinked(&calls.services, GATEWAY);
    cr_assert_str_empty(channels_gateway(&calls.services.channels, GATEWAY)->key);
    gateway_linked(&calls.services, GATEWAY);
    cr_assert_str_neq(last_told(GATEWAY_WELCOME)->key, first);
}

Test(gateway_links, a_gateway_hears_that_it_is_drained)
{
    CALLS_EXPECT(200, METHOD_DRAIN, NOUN_GATEWAY, GATEWAY, "{}");
    cr_assert(last_told(GATEWAY_DRAIN)->draining);
    cr_assert(strstr(calls.events, "gateway.drained"), "%s", calls.events);
    gateway_linked(&calls.services, GATEWAY);
    cr_assert(last_told(GATEWAY_WELCOME)->draining, "also one that was away then");
    CALLS_EXPECT(200, METHOD_UNDRAIN, NOUN_GATEWAY, GATEWAY, "{}");
    cr_assert_not(last_told(GATEWAY_DRAIN)->draining);
    CALLS_EXPECT(404, METHOD_DRAIN, NOUN_GATEWAY, "neustadt/none", "{}");
}

// By these it knows the pages of its own portal from others.
Test(gateway_links, a_gateway_hears_by_what_name_and_port_it_is_called)
{
    cr_assert_str_eq(last_told(GATEWAY_WELCOME)->name, "gw.example");
    cr_assert_eq(last_told(GATEWAY_WELCOME)->port, 443);
    CALLS_EXPECT(200, METHOD_SET, NOUN_GATEWAY, GATEWAY, "{\"name\":\"other.example\",\"port\":8443}");
    cr_assert_str_eq(last_told(GATEWAY_DRAIN)->name, "other.example");
    cr_assert_eq(last_told(GATEWAY_DRAIN)->port, 8443);
}

Test(gateway_links, what_is_set_of_a_gateway_leaves_it_drained)
{
    CALLS_EXPECT(200, METHOD_DRAIN, NOUN_GATEWAY, GATEWAY, "{}");
    CALLS_EXPECT(200, METHOD_SET, NOUN_GATEWAY, GATEWAY, "{\"name\":\"other.example\",\"port\":8443}");
    cr_assert(last_told(GATEWAY_DRAIN)->draining);
}

Test(gateway_links, one_that_is_removed_is_forgotten)
{
    CALLS_EXPECT(200, METHOD_REMOVE, NOUN_GATEWAY, GATEWAY, "{}");
    cr_assert_null(channels_gateway(&calls.services.channels, GATEWAY));
}
