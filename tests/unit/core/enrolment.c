// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/enrolment.h"
#include "broker/api/codec.h"
#include "broker/api/link_rows.h"
#include "broker/api/machine.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static const struct enrolment_proof first = {A, "", 1000}, next = {B, A, 2000}, other = {C, A, 3000};

static union record host(void)
{
    union record record = {.host = {.id = "neustadt/ts1", .os = HOST_OS_LINUX}};
    enrolment_enrol(NOUN_HOST, &record, &first, 10);
    return record;
}

static enum enrolment_standing standing(const union record *record, const struct enrolment_proof *proof)
{
    return enrolment_standing(NOUN_HOST, record, proof);
}

Test(member, old_and_new_are_taken_until_the_new_one_is_used)
{
    union record record = host();
    cr_assert_eq(standing(&record, &first), ENROLMENT_CURRENT);
    cr_assert_eq(standing(&record, &next), ENROLMENT_SUCCESSOR);
    cr_assert_eq(standing(&record, &other), ENROLMENT_SUCCESSOR, "the answer before was lost");
    enrolment_succeed(NOUN_HOST, &record, &next);
    cr_assert_eq(standing(&record, &next), ENROLMENT_CURRENT);
    cr_assert_eq(standing(&record, &first), ENROLMENT_UNKNOWN);
    cr_assert_eq(standing(&record, &other), ENROLMENT_UNKNOWN, "given for one that is worth nothing any more");
    cr_assert_eq(enrolment_until_ms(NOUN_HOST, &record), 2000);
}

Test(member, nobody_is_known_without_a_certificate)
{
    static const struct enrolment_proof empty = {"", "", 0}, renews_nothing = {B, "", 0};
    union record record = host(), fresh = {.host = {.id = "neustadt/ts2"}};
    cr_assert_eq(standing(NULL, &first), ENROLMENT_UNKNOWN);
    cr_assert_eq(standing(&fresh, &empty), ENROLMENT_UNKNOWN);
    cr_assert_eq(standing(&fresh, &renews_nothing), ENROLMENT_UNKNOWN);
    cr_assert_eq(standing(&record, &renews_nothing), ENROLMENT_UNKNOWN);
    cr_assert_eq(standing(&record, &empty), ENROLMENT_UNKNOWN);
}

Test(member, what_was_given_out_ends_when_the_machine_is_enrolled_anew)
{
    static const struct enrolment_proof anew = {C, "", 9000};
    union record record = host();
    enrolment_enrol(NOUN_HOST, &record, &anew, 20);
    cr_assert_eq(standing(&record, &next), ENROLMENT_UNKNOWN);
    cr_assert_eq(standing(&record, &first), ENROLMENT_UNKNOWN);
}

// One-time passwords are made with a key that hangs on it: those that are under way stay good.
Test(member, a_renewal_does_not_change_what_a_host_was_enrolled_with)
{
    static const struct enrolment_proof third = {C, B, 3000}, anew = {B, "", 9000};
    union record record = host();
    cr_assert_str_eq(host_enrolment(&record.host), A);
    enrolment_succeed(NOUN_HOST, &record, &next);
    cr_assert_str_eq(host_enrolment(&record.host), A);
    enrolment_succeed(NOUN_HOST, &record, &third);
    cr_assert_str_eq(host_enrolment(&record.host), A);
    enrolment_enrol(NOUN_HOST, &record, &anew, 20);
    cr_assert_str_eq(host_enrolment(&record.host), B);
}

// As version 0.1.0 wrote them before certificates were renewed.
Test(member, an_older_journal_is_read_and_its_certificates_last_two_years)
{
    static const char device_event[] = "{\"v\":1,\"type\":\"device.enrolled\",\"record\":{\"id\":\"neustadt/desk1\","
                                       "\"site\":\"neustadt/rathaus\",\"certificate\":\"" A "\",\"enrolled\":1000},"
                                       "\"by\":\"device neustadt/desk1\"}";
    static const char host_event[] = "{\"v\":1,\"type\":\"host.enrolled\",\"record\":{\"id\":\"neustadt/ts1\","
                                     "\"pool\":\"neustadt/office\",\"certificate\":\"" A "\",\"enrolled\":1000}}";
    struct fault why;
    struct event event;
    memset(&event, 0, sizeof event);
    cr_assert(event_read(&event, device_event, strlen(device_event), &why), "%s", why.text);
    cr_assert_eq(enrolment_until_ms(NOUN_DEVICE, &event.record), 1000 + 730ll * 24 * 60 * 60 * 1000);
    cr_assert_eq(enrolment_standing(NOUN_DEVICE, &event.record, &next), ENROLMENT_SUCCESSOR);
    memset(&event, 0, sizeof event);
    cr_assert(event_read(&event, host_event, strlen(host_event), &why), "%s", why.text);
    cr_assert_str_eq(host_enrolment(&event.record.host), A);
}

Test(member, a_renewal_is_an_event_that_is_read_as_it_was_written)
{
    struct fault why;
    struct text text = {0};
    struct event event = {.type = EVENT_HOST_RENEWED, .noun = NOUN_HOST, .record = host()}, again;
    enrolment_succeed(NOUN_HOST, &event.record, &next);
    event_print(&event, &text);
    memset(&again, 0, sizeof again);
    cr_assert(event_read(&again, text.bytes, text.length, &why), "%s", why.text);
    cr_assert_eq(again.type, EVENT_HOST_RENEWED);
    cr_assert_str_eq(again.record.host.certificate, B);
    cr_assert_str_eq(again.record.host.enrolment, A);
    cr_assert_eq(again.record.host.until_ms, 2000);
    text_drop(&text);
}

// One more kind is a row in each of these tables.
Test(member, every_kind_of_machine_has_all_its_rows)
{
    for (size_t i = 0; i < machine_count; i++) {
        static const char *const names[] = {"enrol_token_issued", "enrolled", "renewed", "identity_shared"};
        enum noun noun = machine_rows[i].noun;
        struct certificate_answer answer = {0};
        union record record = {0};
        cr_assert_eq(machine_of(noun), &machine_rows[i]);
        cr_assert_eq(machine_by_role(machine_rows[i].role), &machine_rows[i]);
        cr_assert(method_find(METHOD_ENROL_TOKEN, noun) && link_of(noun), "%s", noun_rows[noun].name);
        text_put(machine_answer_id(&machine_rows[i], &answer), ID_SIZE, "neustadt/x");
        for (size_t k = 0; k < machine_count; k++)
            cr_assert_eq(machine_answer_id(&machine_rows[k], &answer)[0] != 0, k == i);
        for (enum enrolment_event what = 0; what < ENROLMENT_EVENT_COUNT; what++) {
            char name[NAME_SIZE], expected[NAME_SIZE];
            struct event event = {.type = enrolment_event(noun, what), .noun = noun};
            event_name(&event, name);
            snprintf(expected, sizeof expected, "%s.%s", noun_rows[noun].name, names[what]);
            cr_assert_str_eq(name, expected);
        }
        struct enrolment_proof proof = {A, "", 1000};
        enrolment_enrol(noun, &record, &proof, 5);
        cr_assert_str_eq(enrolment_certificate(noun, &record), A);
        cr_assert_eq(enrolment_until_ms(noun, &record), 1000);
        cr_assert_eq(enrolment_standing(noun, &record, &proof), ENROLMENT_CURRENT);
        enrolment_succeed(noun, &record, &next);
        cr_assert_str_eq(enrolment_certificate(noun, &record), B);
        cr_assert_not(enrolment_is_disabled(noun, &record));
    }
    cr_assert_null(machine_of(NOUN_SITE));
    cr_assert_null(machine_by_role(ROLE_ADMIN));
}
