// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/codec.h"
#include "broker/api/method.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static bool parse(json_object **object, const char *text)
{
    struct fault why = {0};
    bool right = codec_parse(object, text, strlen(text), &why);
    cr_expect_eq(right, *object != NULL);
    cr_expect(right || (why.kind == FAULT_INVALID && why.text[0]), "%s", text);
    return right;
}

static void expect_refused(const char *text, const char *words)
{
    struct fault why = {0};
    json_object *object = NULL;
    cr_expect_not(codec_parse(&object, text, strlen(text), &why), "taken: %s", text);
    cr_expect(strstr(why.text, words), "%s: %s", text, why.text);
}

Test(codec, parses_objects)
{
    const char *right[] = {"{}",
                           "{\"a\":{\"b\":[1,-2,3.5e1,true,false,null,\"x\"]}}",
                           " {\"a\" :\t1}",
                           "{\"a\":\"\\u00fc\\\\u0000\\\"\"}",
                           "{\"a\":\"\xc3\xbc\"}",
                           "{\"a\":\":::{\\\"b\\\":1}\"}"};
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        owned(json) json_object *object = NULL;
        cr_expect(parse(&object, right[i]), "%s", right[i]);
    }
}

// RFC 8259 allows white space after the value, and `curl -d @file` sends the file's last end of line.
Test(codec, allows_white_space_after_the_object)
{
    owned(json) json_object *object = NULL;
    cr_expect(parse(&object, "{\"a\":1} \t\r\n"));
}

Test(codec, refuses_what_is_no_json)
{
    const char *wrong[] = {"",
                           " ",
                           "{",
                           "}",
                           "{]",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{\"a\":01}",
                           "{\"a\":+1}",
                           "{\"a\":.5}",
                           "{\"a\":NaN}",
                           "{\"a\":Infinity}",
                           "{\"a\":-Infinity}",
                           "{'a':1}",
                           "{a:1}",
                           "{\"a\":tru}",
                           "{\"a\":TRUE}",
                           "{\"a\":1}/* x */",
                           "/**/{}",
                           "{\"a\":1}{}",
                           "{\"a\":1}x",
                           "{\"a\":\"b",
                           "{\"a\":\"\\x41\"}",
                           "{\"a\":[1,]}",
                           "{\"a\" 1}"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect_refused(wrong[i], "");
}

Test(codec, reads_what_people_are_called)
{
    static const char *const names[] = {"Müller", "Łukasz Šimić", "Ωmega", "王", "😀", "a\\u00e4ü", "ü"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char text[100];
        owned(json) json_object *object = NULL;
        snprintf(text, sizeof text, "{\"%s\":[\"%s\"]}", names[i], names[i]);
        cr_assert(parse(&object, text), "%s", text);
        owned(text) struct text again = {0};
        codec_print(&again, object);
        cr_expect(strstr(again.bytes, i == 5 ? "aäü" : names[i]), "%s", again.bytes);
    }
}

static void expect_escaped(const char *bytes, const char *expected)
{
    char to[100];
    cr_expect_eq(codec_escape(to, bytes, strlen(bytes)), strlen(expected));
    cr_expect_str_eq(to, expected);
    cr_expect_leq(strlen(expected), CODEC_ESCAPED * strlen(bytes));
}

Test(codec, writes_letters_beyond_ascii_by_number)
{
    expect_escaped("", "");
    expect_escaped("Muller", "Muller");
    expect_escaped("Müller", "M\\u00fcller");
    expect_escaped("王", "\\u738b");
    expect_escaped("😀", "\\ud83d\\ude00");
}

Test(codec, refuses_numbers_beyond_64_bits)
{
    owned(json) json_object *object = NULL;
    cr_expect(parse(&object, "{\"a\":9223372036854775807,\"b\":\"123456789012345678901234567890\"}"));
    cr_expect_eq(codec_number(object, "a"), INT64_MAX);
    expect_refused("{\"a\":18446744073709551617}", "a number has more than 19 digits");
    expect_refused("{\"a\":[-123456789012345678901]}", "a number has more than 19 digits");
}

Test(codec, refuses_what_is_no_object)
{
    const char *wrong[] = {"[]", "1", "\"a\"", "null", "true"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect_refused(wrong[i], "");
}

Test(codec, refuses_bytes_that_are_no_text)
{
    expect_refused("{\"a\":\"\\u0000\"}", "not valid");
    expect_refused("{\"a\":\"x\ny\"}", "not valid");
    expect_refused("{\"a\":\"\xff\"}", "UTF-8");
    expect_refused("{\"a\":\"\xc3\"}", "UTF-8");
    expect_refused("{\"a\":\"\xc0\xaf\"}", "UTF-8");
    expect_refused("{\"a\":[{\"b\":\"\xed\xa0\x80\"}]}", "UTF-8");
    expect_refused("{\"\xc0\xaf\":1}", "UTF-8");
    expect_refused("{\"a\\u001b\":1}", "control characters");
    expect_refused("{\"a\":[\"\\u001b[2J\"]}", "control characters");
    expect_refused("{\"a\":\"x\\ny\"}", "control characters");
    struct fault why = {0};
    json_object *object = NULL;
    cr_expect_not(codec_parse(&object, "{\"a\":1}\0", 8, &why));
    cr_expect_not(codec_parse(&object, "{\"a\":\"\0\"}", 9, &why));
}

Test(codec, refuses_a_key_that_stands_twice)
{
    expect_refused("{\"a\":1,\"a\":2}", "duplicate key");
    expect_refused("{\"x\":{\"a\":1,\"b\":2,\"a\":3}}", "duplicate key");
    expect_refused("{\"x\":[{\"a\":1},{\"a\":1,\"a\":1}]}", "duplicate key");
    expect_refused("{\"a\":1,\"\\u0061\":2}", "duplicate key");
    owned(json) json_object *object = NULL;
    cr_expect(parse(&object, "{\"a\":{\"a\":{\"a\":null}},\"b\":[{\"a\":1},{\"a\":1}]}"));
}

Test(codec, refuses_what_is_too_deep)
{
    owned(json) json_object *object = NULL;
    cr_expect(parse(&object, "{\"a\":[[[[[[1]]]]]]}"));
    expect_refused("{\"a\":[[[[[[[[[1]]]]]]]]]}", "");
    static char deep[200000];
    memset(deep, '[', sizeof deep - 1);
    memcpy(deep, "{\"a\":", 5);
    expect_refused(deep, "");
}

// ---- fields

static bool read_as(enum noun noun, enum codec_form form, const char *text, void *target, struct fault *why)
{
    owned(json) json_object *object = NULL;
    return codec_parse(&object, text, strlen(text), why) &&
           codec_read(noun_rows[noun].fields, noun_rows[noun].size, form, object, target, why);
}

#define HOST                                                                                                           \
    "\"id\":\"neustadt/ts1\",\"pool\":\"neustadt/office\",\"address\":\"ts1\",\"port\":3389,"                          \
    "\"fingerprint\":\"" ZEROS "\",\"weight\":100,\"max_sessions\":40"
#define ZEROS "00000000000000000000000000000000000000000000000000000000000000Ff"

static void expect_no_host(const char *text, const char *words)
{
    struct host host;
    struct fault why = {0};
    cr_expect_not(read_as(NOUN_HOST, CODEC_CHANGE, text, &host, &why), "taken: %s", text);
    cr_expect_eq(why.kind, FAULT_INVALID);
    cr_expect(strstr(why.text, words), "\"%s\" does not name %s", why.text, words);
}

Test(codec, reads_a_change)
{
    struct host host;
    memset(&host, 'x', sizeof host);
    struct fault why = {0};
    cr_assert(read_as(NOUN_HOST, CODEC_CHANGE, "{" HOST "}", &host, &why), "%s", why.text);
    cr_expect_str_eq(host.pool, "neustadt/office");
    cr_expect_eq(host.port, 3389);
    cr_expect_not(host.draining, "what is not said is empty");
    cr_expect_eq(host.fingerprint[62], 'f', "fingerprints are kept in lower case");
}

Test(codec, names_the_field_that_is_wrong)
{
    expect_no_host("{\"id\":\"neustadt/ts1\"}", "pool is missing");
    expect_no_host("{" HOST ",\"colour\":1}", "colour: unknown field");
    expect_no_host("{" HOST ",\"draining\":true}", "draining: set by the broker");
    expect_no_host("{\"port\":0}", "port: must be from 1 to 65535");
    expect_no_host("{\"port\":65536}", "port: ");
    expect_no_host("{\"port\":3389.0}", "port: expected a whole number");
    expect_no_host("{\"port\":\"3389\"}", "port: ");
    expect_no_host("{\"port\":9223372036854775807}", "port: ");
    expect_no_host("{\"port\":null}", "port: ");
    expect_no_host("{\"address\":3}", "address: expected a string");
    expect_no_host("{\"address\":null}", "address: ");
    expect_no_host("{\"address\":[\"a\"]}", "address: ");
    expect_no_host("{\"address\":\"a\\nb\"}", "address: ");
    expect_no_host("{\"address\":\"\\u0085\"}", "address: ");
    expect_no_host("{\"fingerprint\":\"00\"}", "fingerprint: ");
    expect_no_host("{\"pool\":\"office\"}", "pool: ");
    expect_no_host("{\"pool\":\"\"}", "pool: ");
    expect_no_host("{\"id\":\"../x\"}", "id: ");
}

Test(codec, a_text_fits_to_the_last_byte)
{
    struct host host;
    struct fault why = {0};
    char text[512], name[NAME_SIZE + 1] = {0};
    memset(name, 'n', NAME_SIZE - 1);
    snprintf(text, sizeof text, "{\"address\":\"%s\"}", name);
    cr_expect(read_as(NOUN_HOST, CODEC_JOURNAL, text, &host, &why), "%s", why.text);
    cr_expect_str_eq(host.address, name);
    name[NAME_SIZE - 1] = 'n';
    snprintf(text, sizeof text, "{\"address\":\"%s\"}", name);
    expect_no_host(text, "address: longer than 127 bytes");
}

static bool read_days(struct profile *profile, const char *days)
{
    struct fault why = {0};
    char text[2048];
    snprintf(text, sizeof text, "{\"days\":%s}", days);
    return read_as(NOUN_PROFILE, CODEC_JOURNAL, text, profile, &why);
}

Test(codec, reads_lists_word_by_word)
{
    struct profile profile;
    cr_expect(read_days(&profile, "[\"mon\",\"tue\"]"));
    cr_expect_str_eq(profile.days, "mon tue");
    cr_expect(read_days(&profile, "[]"));
    cr_expect_str_eq(profile.days, "");
    const char *wrong[] = {"\"mon\"", "[\"mon tue\"]", "[\"\"]",      "[\"mon\",\"\"]",
                           "[1]",     "[null]",        "[[\"mon\"]]", "null"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_not(read_days(&profile, wrong[i]), "%s", wrong[i]);
}

Test(codec, a_list_fits_to_the_last_byte)
{
    struct profile profile;
    char days[1024], word[600] = {0};
    memset(word, 'd', LIST_SIZE - 3);
    snprintf(days, sizeof days, "[\"%s\",\"x\"]", word);
    cr_expect(read_days(&profile, days));
    cr_expect_eq(strlen(profile.days), LIST_SIZE - 1);
    snprintf(days, sizeof days, "[\"%s\",\"xy\"]", word);
    cr_expect_not(read_days(&profile, days));
    word[LIST_SIZE - 3] = 'd', word[LIST_SIZE - 2] = 'd';
    snprintf(days, sizeof days, "[\"%s\"]", word);
    cr_expect(read_days(&profile, days));
    snprintf(days, sizeof days, "[\"%s\",\"\"]", word);
    cr_expect_not(read_days(&profile, days));
}

Test(codec, reads_choices_by_their_words)
{
    struct session session;
    struct fault why = {0};
    cr_expect(read_as(NOUN_SESSION, CODEC_JOURNAL, "{\"state\":\"disconnected\"}", &session, &why));
    cr_expect_eq(session.state, SESSION_DISCONNECTED);
    cr_expect_not(read_as(NOUN_SESSION, CODEC_JOURNAL, "{\"state\":\"gone\"}", &session, &why));
    cr_expect_not(read_as(NOUN_SESSION, CODEC_JOURNAL, "{\"state\":2}", &session, &why));
    cr_expect(strstr(why.text, "state: "), "%s", why.text);
}

Test(codec, an_answer_may_hold_more_or_less)
{
    struct host host;
    struct fault why = {0};
    cr_expect(read_as(NOUN_HOST, CODEC_ANSWER, "{\"port\":1,\"new_in_0_9\":{\"a\":1}}", &host, &why), "%s", why.text);
    cr_expect_not(read_as(NOUN_HOST, CODEC_ANSWER, "{\"port\":\"1\"}", &host, &why));
    cr_expect_not(read_as(NOUN_HOST, CODEC_JOURNAL, "{\"new\":1}", &host, &why));
}

// ---- writing

static char *write_as(enum noun noun, enum codec_form form, const void *source)
{
    owned(json) json_object *object = codec_write(noun_rows[noun].fields, form, source);
    struct text text = {0}, at_once = {0};
    codec_print(&text, object);
    codec_print_record(&at_once, noun_rows[noun].fields, form, source);
    cr_expect_str_eq(at_once.bytes, text.bytes, "with and without a tree");
    text_drop(&at_once);
    return text.bytes;
}

Test(codec, writes_every_noun_and_every_byte)
{
    for (enum noun noun = 0; noun < NOUN_COUNT; noun++)
        for (enum codec_form form = CODEC_ANSWER; form <= CODEC_JOURNAL; form++) {
            owned(bytes) char *empty = mem_new(1, noun_rows[noun].size);
            owned(bytes) char *written = write_as(noun, form, empty);
            cr_expect_neq(written[0], 0);
        }
    struct profile profile = {.days = "mon tue wed", .pool = "neustadt/office"};
    for (int c = 1; c < NAME_SIZE; c++)
        profile.name[c - 1] = (char)c;
    owned(bytes) char *answer = write_as(NOUN_PROFILE, CODEC_ANSWER, &profile);
    owned(bytes) char *journal = write_as(NOUN_PROFILE, CODEC_JOURNAL, &profile);
    cr_expect(strstr(journal, "[\"mon\",\"tue\",\"wed\"]"), "%s", journal);
}

Test(codec, answers_hide_what_is_hidden)
{
    struct device device = {
        .id = "neustadt/desk-1", .site = "neustadt/hall", .enrol_token_hash = ZEROS, .enrol_token_until_ms = 1000};
    owned(bytes) char *answer = write_as(NOUN_DEVICE, CODEC_ANSWER, &device);
    cr_expect_not(strstr(answer, ZEROS), "%s", answer);
    cr_expect(strstr(answer, "\"enrol_token_until\":\"1970-01-01T00:00:01.000Z\""), "%s", answer);
    owned(bytes) char *journal = write_as(NOUN_DEVICE, CODEC_JOURNAL, &device);
    cr_expect(strstr(journal, "\"enrol_token_hash\":\"" ZEROS "\",\"enrol_token_until\":1000"), "%s", journal);
    cr_expect_not(strstr(journal, "enrolled"), "what is empty is left out: %s", journal);
}

static void expect_back(enum noun noun, const void *source)
{
    owned(bytes) char *written = write_as(noun, CODEC_JOURNAL, source);
    owned(bytes) void *again = mem_new(1, noun_rows[noun].size);
    struct fault why = {0};
    cr_expect(read_as(noun, CODEC_JOURNAL, written, again, &why), "%s: %s", written, why.text);
    cr_expect_eq(memcmp(source, again, noun_rows[noun].size), 0, "%s", written);
}

Test(codec, the_journal_gives_back_what_it_got)
{
    struct session session = {.id = "neustadt/s-1",
                              .person = "neustadt/p-1",
                              .host = "neustadt/ts1",
                              .fence = INT64_MAX,
                              .state = SESSION_CONNECTED,
                              .started_ms = 1772351970123};
    expect_back(NOUN_SESSION, &session);
    struct profile profile = {.id = "neustadt/office",
                              .name = "B\xc3\xbcro \"1\" \\ /",
                              .clipboard = true,
                              .hours = "06:00-20:00",
                              .days = "mon tue"};
    expect_back(NOUN_PROFILE, &profile);
    struct host host = {0};
    expect_back(NOUN_HOST, &host);
}

Test(codec, an_answer_comes_back)
{
    struct device device = {.id = "neustadt/desk-1", .site = "neustadt/hall", .enrolled_ms = 1772351970000}, again;
    owned(bytes) char *answer = write_as(NOUN_DEVICE, CODEC_ANSWER, &device);
    struct fault why = {0};
    cr_expect(read_as(NOUN_DEVICE, CODEC_ANSWER, answer, &again, &why), "%s", why.text);
    cr_expect_eq(again.enrolled_ms, device.enrolled_ms);
    cr_expect_eq(again.enrol_token_until_ms, 0);
}

Test(codec, wiping_leaves_no_password)
{
    owned(json) json_object *object = NULL;
    cr_assert(parse(&object,
                    "{\"name\":\"anna\",\"inner\":{\"list\":[\"Geheim\"]},\"password\":\"a-password-longer-than-40-"
                    "bytes-so-that-it-is-not-inline\"}"));
    codec_wipe(object);
    owned(text) struct text text = {0};
    codec_print(&text, object);
    cr_expect_not(strstr(text.bytes, "Geheim"));
    cr_expect_not(strstr(text.bytes, "inline"), "%s", text.bytes);
    cr_expect(strstr(text.bytes, "\\u0000\\u0000"), "NULs: %s", text.bytes);
}

Test(codec, asking_for_what_is_not_there_gives_nothing)
{
    owned(json) json_object *object = NULL;
    cr_assert(parse(&object, "{\"s\":\"x\",\"n\":7,\"f\":true,\"z\":null}"));
    cr_expect_str_eq(codec_string(object, "s"), "x");
    cr_expect_eq(codec_number(object, "n"), 7);
    cr_expect(codec_flag(object, "f"));
    cr_expect_str_eq(codec_string(object, "n"), "");
    cr_expect_str_eq(codec_string(object, "none"), "");
    cr_expect_eq(codec_number(object, "s"), 0);
    cr_expect_not(codec_flag(object, "n"));
    cr_expect_null(codec_member(object, "z"));
    cr_expect_null(codec_member(NULL, "z"));
    cr_expect_str_eq(codec_string(codec_member(object, "s"), "x"), "");
}

// ---- times, and what may not be left empty

static bool read_until(const char *text, int64_t *until_ms)
{
    struct fault why = {0};
    struct drain_request request;
    owned(json) json_object *object = json_object_new_object();
    json_object_object_add(object, "until", json_object_new_string(text));
    bool read = codec_read(drain_request_type.fields, sizeof request, CODEC_CHANGE, object, &request, &why);
    cr_expect(read || why.kind == FAULT_INVALID);
    *until_ms = request.until_ms;
    return read;
}

Test(codec, reads_the_times_of_rfc_3339)
{
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {
        {"2026-03-01T18:00:00Z", 1772388000000},          {"2026-03-01T18:00:00.250Z", 1772388000250},
        {"2026-03-01T18:00:00.5Z", 1772388000500},        {"2026-03-01T19:00:00+01:00", 1772388000000},
        {"2026-03-01T12:30:00.000-05:30", 1772388000000}, {"2026-03-01T18:00:00.1234567Z", 1772388000123},
        {"2028-02-29T00:00:00Z", 1835395200000},          {"", 0},
    };
    int64_t ms = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cr_expect(read_until(rows[i].text, &ms), "%s", rows[i].text);
        cr_expect_eq(ms, rows[i].ms, "%s: %lld", rows[i].text, (long long)ms);
    }
}

Test(codec, refuses_times_that_may_mean_another)
{
    static const char *const wrong[] = {"2026-03-01T18:00:00",
                                        "2026-03-01T18:00:00 CET",
                                        "2026-03-01T18:00:00Z tomorrow",
                                        "2026-03-01T18:00:00.Z",
                                        "2026-03-01T18:00:00+1",
                                        "2026-03-01T18:00:00+0100",
                                        "2026-03-01T18:00:00+01:99",
                                        "2026-02-30T00:00:00Z",
                                        "18:00",
                                        "2026-03-01",
                                        "2026-03-01T18:00:00+24:00"};
    int64_t ms = 0;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_not(read_until(wrong[i], &ms), "%s", wrong[i]);
}

// Something for each field that a change needs, and for one of them nothing.
static json_object *all_but(const struct noun_row *row, const struct field *empty)
{
    json_object *object = json_object_new_object();
    for (const struct field *field = row->fields; field->name; field++) {
        if (!(field->flags & FIELD_REQUIRED))
            continue;
        json_object *value = field->type == FIELD_NUMBER ? json_object_new_int64(field->min)
                             : field->type == FIELD_LIST ? json_object_new_array()
                                                         : json_object_new_string(field == empty ? "" : "a/b");
        if (field->type == FIELD_LIST && field != empty)
            json_object_array_add(value, json_object_new_string("ldaps://dir.example"));
        if (field->type == FIELD_DIGEST && field != empty)
            json_object_set_string(value, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
        json_object_object_add(object, field->name, value);
    }
    return object;
}

Test(codec, what_is_needed_may_not_be_empty)
{
    static char record[8192];
    size_t looked_at = 0;
    for (enum noun noun = 0; noun < NOUN_COUNT; noun++) {
        const struct noun_row *row = &noun_rows[noun];
        cr_assert_leq(row->size, sizeof record);
        for (const struct field *field = row->fields; row->writable && field->name; field++) {
            struct fault why = {0};
            owned(json) json_object *whole = all_but(row, NULL), *object = all_but(row, field);
            if (!(field->flags & FIELD_REQUIRED) || field->type == FIELD_NUMBER)
                continue;
            cr_assert(codec_read(row->fields, row->size, CODEC_CHANGE, whole, record, &why), "%s", why.text);
            cr_expect_not(codec_read(row->fields, row->size, CODEC_CHANGE, object, record, &why), "%s %s", row->name,
                          field->name);
            cr_expect(strstr(why.text, field->name), "%s %s: %s", row->name, field->name, why.text);
            looked_at++;
        }
    }
    cr_assert_gt(looked_at, 13);
}
