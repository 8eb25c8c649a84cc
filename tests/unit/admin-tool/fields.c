// SPDX-License-Identifier: EUPL-1.2
#include "admin-tool/fields.h"

#include <criterion/criterion.h>
#include <string.h>

static json_object *object;
static struct fault why;

static void start(void)
{
    object = json_object_new_object();
}

static void stop(void)
{
    json_drop(&object);
}

TestSuite(fields, .init = start, .fini = stop);

static const char *set(enum noun noun, const char *assignment)
{
    return field_assign(noun, object, assignment, &why)
               ? json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)
               : why.text;
}

Test(fields, become_what_the_broker_expects)
{
    cr_assert_str_eq(set(NOUN_HOST, "port=3389"), "{\"port\":3389}");
    cr_assert_str_eq(set(NOUN_HOST, "address=a=b"), "{\"port\":3389,\"address\":\"a=b\"}");
    stop();
    start();
    cr_assert_str_eq(set(NOUN_PROFILE, "sound=off"), "{\"sound\":false}");
    cr_assert_str_eq(set(NOUN_PROFILE, "days=mon,tue, wed"), "{\"sound\":false,\"days\":[\"mon\",\"tue\",\"wed\"]}");
    cr_assert_str_eq(set(NOUN_PROFILE, "days="), "{\"sound\":false,\"days\":[]}");
}

Test(fields, take_a_fingerprint_as_openssl_prints_it)
{
    cr_assert_str_eq(set(NOUN_HOST, "fingerprint=AB:cd:09"), "{\"fingerprint\":\"abcd09\"}");
    const char *said = set(NOUN_ADMINISTRATOR, "certificate=@/nowhere/anna.crt");
    cr_assert(strstr(said, "/nowhere/anna.crt: No such file"), "%s", said);
}

Test(fields, are_refused_by_name)
{
    cr_assert(text_starts(set(NOUN_HOST, "port"), "port: expected FIELD=VALUE"));
    cr_assert(text_starts(set(NOUN_HOST, "=x"), "a host has no field"));
    cr_assert(text_starts(set(NOUN_HOST, "colour=red"), "a host has no field colour"));
    cr_assert(text_starts(set(NOUN_HOST, "port=0"), "port: expected a number from 1 to 65535"));
    cr_assert(text_starts(set(NOUN_HOST, "draining=yes"), "draining cannot be set"));
    cr_assert(text_starts(set(NOUN_HOST, "id=a/b"), "id cannot be set"));
    cr_assert(text_starts(set(NOUN_DEVICE, "enrol_token_hash=x"), "a device has no field enrol_token_hash"));
    cr_assert(text_starts(set(NOUN_POOL, "kind=tent"), "kind: expected one of terminal-server, desktop"));
}

Test(fields, of_the_broker_are_not_sent_back)
{
    owned(json) json_object *host =
        json_tokener_parse("{\"id\":\"a/b\",\"port\":1,\"draining\":true,\"health\":\"ok\",\"sessions\":3}");
    owned(json) json_object *people = fields_of_people(NOUN_HOST, host);
    cr_assert_str_eq(json_object_to_json_string_ext(people, JSON_C_TO_STRING_PLAIN), "{\"port\":1}");
}
