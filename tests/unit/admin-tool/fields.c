// SPDX-License-Identifier: EUPL-1.2
#include "admin-tool/fields.h"
#include "broker/api/codec_print.h"
#include "broker/base/mem.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct draft draft;
static struct text said;
static struct fault why;

static void start(enum noun noun)
{
    draft = (struct draft){.noun = noun};
}

static void stop(void)
{
    text_drop(&said);
}

TestSuite(fields, .fini = stop);

// What is sent to the broker after it; or the fault.
static const char *set(const char *assignment)
{
    text_drop(&said);
    if (!draft_assign(&draft, assignment, &why))
        return why.text;
    codec_print_record(&said, noun_rows[draft.noun].fields, CODEC_JOURNAL, &draft.record);
    return said.bytes;
}

static const char *set_new(enum noun noun, const char *assignment)
{
    start(noun);
    return set(assignment);
}

Test(fields, become_what_the_broker_expects)
{
    cr_assert_str_eq(set_new(NOUN_HOST, "port=3389"), "{\"port\":3389}");
    cr_assert_str_eq(set("address=a=b"), "{\"address\":\"a=b\",\"port\":3389}");
    cr_assert_str_eq(set_new(NOUN_PROFILE, "sound=on"), "{\"sound\":true}");
    cr_assert_str_eq(set("sound=off"), "{}");
    cr_assert_str_eq(set("days=mon,tue, wed"), "{\"days\":[\"mon\",\"tue\",\"wed\"]}");
    cr_assert_str_eq(set("days="), "{}");
}

Test(fields, take_a_fingerprint_as_openssl_prints_it)
{
    owned(text) struct text colons = {0}, plain = {0};
    text_adds(&colons, "fingerprint=AB");
    text_adds(&plain, "{\"fingerprint\":\"ab");
    for (int i = 1; i < 32; i++) {
        text_adds(&colons, ":0C");
        text_adds(&plain, "0c");
    }
    text_adds(&plain, "\"}");
    cr_assert_str_eq(set_new(NOUN_HOST, colons.bytes), plain.bytes);
    cr_assert_str_eq(set("fingerprint="), "{}");
    cr_assert(text_starts(set("fingerprint=AB:cd:09"), "fingerprint: expected a SHA-256"));
    text_adds(&colons, ":0C");
    cr_assert(text_starts(set(colons.bytes), "fingerprint: expected a SHA-256"));
    const char *fault = set_new(NOUN_ADMINISTRATOR, "certificate=@/nowhere/anna.crt");
    cr_assert(strstr(fault, "/nowhere/anna.crt: No such file"), "%s", fault);
}

Test(fields, are_refused_by_name)
{
    char address[300] = "address=";
    memset(address + strlen(address), 'a', 200);
    cr_assert(text_starts(set_new(NOUN_HOST, "port"), "port: expected FIELD=VALUE"));
    cr_assert(text_starts(set("=x"), "a host has no field"));
    cr_assert(text_starts(set("colour=red"), "a host has no field colour"));
    cr_assert(text_starts(set("port=0"), "port: expected a number from 1 to 65535"));
    cr_assert(text_starts(set("draining=yes"), "draining cannot be set"));
    cr_assert(text_starts(set("id=a/b"), "id cannot be set"));
    cr_assert(text_starts(set(address), "address: too long"));
    cr_assert(text_starts(set_new(NOUN_DEVICE, "enrol_token_hash=x"), "a device has no field enrol_token_hash"));
    cr_assert(text_starts(set_new(NOUN_POOL, "kind=tent"), "kind: expected one of terminal-server, desktop"));
    cr_assert(text_starts(set_new(NOUN_PROFILE, "sound=perhaps"), "sound: expected yes or no"));
}

Test(fields, of_a_list_never_grow_beyond_their_room)
{
    start(NOUN_TENANT);
    const struct field *servers = field_find(NOUN_TENANT, "servers");
    size_t count = 0;
    while (field_add_word(servers, "ldaps://dir.neustadt.example", &draft.record, &why))
        count++;
    cr_assert_eq(count, LIST_SIZE / sizeof "ldaps://dir.neustadt.example");
    cr_assert_str_eq(why.text, "servers: too long");
    cr_assert_not(field_add_word(servers, "two words", &draft.record, &why));
    cr_assert_not(field_add_word(servers, "", &draft.record, &why));
}

Test(fields, that_are_needed_are_named_together)
{
    struct text missing = {0};
    start(NOUN_HOST);
    cr_assert(draft_assign(&draft, "port=3389", &why));
    cr_assert(draft_lacks(&draft, "=", &missing));
    cr_assert(strstr(missing.bytes, " pool=") && strstr(missing.bytes, " weight="), "%s", missing.bytes);
    cr_assert_not(strstr(missing.bytes, "port="), "%s", missing.bytes);
    cr_assert_not(strstr(missing.bytes, "id="), "%s", missing.bytes);
    text_drop(&missing);
}

Test(fields, of_the_broker_are_not_sent_back)
{
    struct host host = {.id = "a/b", .address = "x", .port = 1, .draining = true, .enrolled_ms = 5};
    codec_print_record(&said, noun_rows[NOUN_HOST].fields, CODEC_CHANGE, &host);
    cr_assert(strstr(said.bytes, "\"port\":1"), "%s", said.bytes);
    cr_assert_not(strstr(said.bytes, "draining"), "%s", said.bytes);
    cr_assert_not(strstr(said.bytes, "enrolled"), "%s", said.bytes);
}
