// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/device_link.h"
#include "broker/api/link_rows.h"
#include "broker/api/method.h"
#include "broker/api/print_link.h"
#include "broker/api/record.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct link_input input;

static enum link_kind hear(enum noun noun, enum link_end from, const char *said)
{
    link_input_fini(&input);
    link_read(&input, link_of(noun), from, said, strlen(said));
    return input.kind;
}

static const struct device_message *desk_message(void)
{
    return input.message;
}

static void let_go(void)
{
    link_input_fini(&input);
}

TestSuite(links, .fini = let_go);

// ---- the rows

static void check_fields(const struct link_row *row, const struct link_type *type)
{
    for (const struct field *field = type->fields; field->name; field++) {
        cr_expect(field->offset + field->size <= row->size, "%s: %s", type->name, field->name);
        cr_expect(field->offset >= sizeof(int64_t), "%s: %s stands where the type is", type->name, field->name);
        cr_expect(field->sentence && field->sentence[0], "%s: %s", type->name, field->name);
        cr_expect(strcmp(field->name, "type") != 0 && strcmp(field->name, "must") != 0, "%s", type->name);
        for (const struct field *other = type->fields; other != field; other++)
            cr_expect_str_neq(other->name, field->name, "%s has \"%s\" twice", type->name, field->name);
    }
}

Test(links, have_messages_that_fit_their_structs)
{
    for (size_t i = 0; i < link_count; i++) {
        const struct link_row *row = &link_rows[i];
        cr_expect_leq(row->type_count, LINK_TYPES_MAX);
        for (size_t k = 0; k < row->type_count; k++) {
            const struct link_type *type = &row->types[k];
            cr_assert(type->name && text_is_slug(type->name, strlen(type->name)), "%s %zu", row->path, k);
            cr_expect(type->sentence && type->sentence[0], "%s", type->name);
            check_fields(row, type);
            for (size_t other = 0; other < k; other++)
                cr_expect(row->types[other].from != type->from || strcmp(row->types[other].name, type->name) != 0,
                          "%s stands twice", type->name);
        }
    }
}

Test(links, have_a_method_of_their_path_for_machines_only)
{
    char id[ID_SIZE];
    bool path_known;
    for (size_t i = 0; i < link_count; i++) {
        const struct method *method = method_match("GET", link_rows[i].path, id, &path_known);
        cr_assert(method, "%s", link_rows[i].path);
        cr_expect(method->flags & METHOD_CERTIFICATE);
        cr_expect_eq(link_of(link_rows[i].noun), &link_rows[i], "two links of one noun");
    }
    cr_expect_null(link_of(NOUN_TENANT));
}

// ---- what is said is heard

// Something in every field that there is.
static void fill(const struct field *fields, void *record)
{
    for (const struct field *field = fields; field->name; field++) {
        void *slot = (char *)record + field->offset;
        if (field->type == FIELD_ID)
            snprintf(slot, field->size, "neustadt/word");
        else if (field->type == FIELD_TEXT || field->type == FIELD_LIST)
            snprintf(slot, field->size, "word");
        else if (field->type == FIELD_DIGEST)
            memset(slot, 'a', DIGEST_SIZE - 1);
        else if (field->type == FIELD_LINES)
            snprintf(slot, field->size, "one\ntwo");
        else if (field->type == FIELD_TIME)
            *(int64_t *)slot = 77000;
        else if (field->type == FIELD_NUMBER)
            *(int64_t *)slot = field->max < 77 ? field->max : 77;
        else if (field->type == FIELD_CHOICE)
            *(int64_t *)slot = 1;
        else if (field->type == FIELD_FLAG)
            *(bool *)slot = true;
        else if (field->type == FIELD_RECORDS)
            fill(field->record->fields, record_add(slot, field->record));
        else if (field->type == FIELD_RECORD)
            fill(field->record->fields, slot);
        else
            cr_assert_fail("%s: a type that this test does not know", field->name);
    }
}

Test(links, carry_every_field_of_every_message)
{
    for (size_t i = 0; i < link_count; i++) {
        const struct link_row *row = &link_rows[i];
        for (size_t k = 0; k < row->type_count; k++) {
            owned(text) struct text first = {0}, again = {0};
            void *message = mem_new(1, row->size);
            fill(row->types[k].fields, message);
            *(int64_t *)message = (int64_t)k;
            link_print(&first, row, message);
            cr_assert_eq(hear(row->noun, row->types[k].from, first.bytes), LINK_MESSAGE, "%s: %s", first.bytes,
                         input.why.text);
            cr_expect_eq(*(int64_t *)input.message, (int64_t)k);
            cr_expect_eq(input.skipped, 0, "%s", first.bytes);
            for (const struct field *field = row->types[k].fields; field->name; field++)
                cr_expect(!field_is_empty(field, input.message), "%s: %s is lost", first.bytes, field->name);
            link_print(&again, row, input.message);
            cr_expect_str_eq(first.bytes, again.bytes);
            record_free(row->types[k].fields, message);
            free(message);
        }
    }
}

Test(links, leave_out_what_is_empty_and_say_what_must_be_understood)
{
    owned(text) struct text text = {0};
    struct device_message message = {.type = DEVICE_SHOWING};
    link_print(&text, link_of(NOUN_DEVICE), &message);
    cr_expect_str_eq(text.bytes, "{\"type\":\"showing\"}");
    text_drop(&text);
    message = (struct device_message){.type = DEVICE_LOCK, .session = "a/s-1", .fence = 3};
    link_print(&text, link_of(NOUN_DEVICE), &message);
    cr_expect_str_eq(text.bytes, "{\"type\":\"lock\",\"must\":[\"type\"],\"session\":\"a/s-1\",\"fence\":3}");
}

Test(links, take_a_message_from_who_may_say_it_only)
{
    static const char moved[] = "{\"type\":\"moved\",\"session\":\"a/s-1\",\"fence\":3}";
    cr_expect_eq(hear(NOUN_DEVICE, LINK_BROKER, moved), LINK_MESSAGE);
    cr_expect_eq(hear(NOUN_DEVICE, LINK_AGENT, moved), LINK_SKIPPED);
    cr_expect_eq(hear(NOUN_HOST, LINK_BROKER, moved), LINK_SKIPPED);
}

Test(links, refuse_what_lacks_a_field_that_is_required)
{
    cr_expect_eq(hear(NOUN_DEVICE, LINK_BROKER, "{\"type\":\"moved\",\"fence\":3}"), LINK_UNREADABLE);
    cr_expect(strstr(input.why.text, "session is missing"), "%s", input.why.text);
    cr_expect_eq(hear(NOUN_DEVICE, LINK_BROKER, "{\"type\":\"moved\",\"session\":\"a/s-1\"}"), LINK_UNREADABLE);
    cr_expect_eq(hear(NOUN_HOST, LINK_AGENT, "{\"type\":\"report\",\"cpu\":3}"), LINK_UNREADABLE);
    cr_expect(strstr(input.why.text, "sessions is missing"), "%s", input.why.text);
    cr_expect_eq(hear(NOUN_HOST, LINK_AGENT, "{\"type\":\"report\",\"sessions\":[]}"), LINK_MESSAGE);
    cr_expect_eq(hear(NOUN_HOST, LINK_BROKER, "{\"type\":\"queues\",\"queues\":[{}],\"people\":[]}"), LINK_UNREADABLE);
    cr_expect(strstr(input.why.text, "queues[0]: name is missing"), "%s", input.why.text);
    cr_expect_eq(hear(NOUN_HOST, LINK_AGENT, "{\"sessions\":[]}"), LINK_UNREADABLE);
}

// Else one account that the directory has lost would keep a whole host away.
Test(links, take_a_desktop_without_a_user_name)
{
    cr_expect_eq(
        hear(NOUN_HOST, LINK_AGENT, "{\"type\":\"report\",\"sessions\":[{\"idle\":3},{\"user_name\":\"anna\"}]}"),
        LINK_MESSAGE, "%s", input.why.text);
}

Test(links, refuse_what_is_no_message)
{
    static const char *const wrong[] = {"",
                                        "[]",
                                        "null",
                                        "{}",
                                        "{\"type\":5}",
                                        "{\"type\":\"\"}",
                                        "{\"type\":\"state\"",
                                        "{\"type\":\"state\",\"must\":\"type\"}",
                                        "{\"type\":\"a\",\"type\":\"b\"}"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cr_expect_eq(hear(NOUN_DEVICE, LINK_AGENT, wrong[i]), LINK_UNREADABLE, "%s", wrong[i]);
        cr_expect(input.why.text[0]);
    }
}

Test(links, refuse_more_sessions_than_a_host_may_have)
{
    owned(text) struct text said = {0};
    text_adds(&said, "{\"type\":\"report\",\"sessions\":[{\"user_name\":\"x\"}");
    for (int i = 1; i < HOST_SESSIONS_MAX; i++)
        text_adds(&said, ",{\"user_name\":\"x\"}");
    size_t length = said.length;
    text_adds(&said, "]}");
    cr_expect_eq(hear(NOUN_HOST, LINK_AGENT, said.bytes), LINK_MESSAGE, "%s", input.why.text);
    said.length = length;
    text_adds(&said, ",{\"user_name\":\"x\"}]}");
    cr_expect_eq(hear(NOUN_HOST, LINK_AGENT, said.bytes), LINK_UNREADABLE);
}

// ---- between versions

Test(links, a_desk_reports_a_state_that_there_is)
{
    static const char *const wrong[] = {
        "{\"type\":\"state\",\"session\":\"a/s-1\",\"fence\":3,\"state\":\"exploded\"}",
        "{\"type\":\"state\",\"session\":\"a/s-1\",\"fence\":3,\"state\":\"\"}",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cr_expect_eq(hear(NOUN_DEVICE, LINK_AGENT, wrong[i]), LINK_UNREADABLE);
        cr_expect(text_starts(input.why.text, "state: "), "%s", input.why.text);
    }
    cr_assert_eq(
        hear(NOUN_DEVICE, LINK_AGENT, "{\"type\":\"state\",\"session\":\"a/s-1\",\"fence\":3,\"state\":\"failed\"}"),
        LINK_MESSAGE, "%s", input.why.text);
    cr_assert_eq(desk_message()->state, DESK_REPORTS_FAILED);
}

Test(links, skip_and_count_what_they_do_not_know)
{
    cr_expect_eq(hear(NOUN_DEVICE, LINK_AGENT, "{\"type\":\"weather\",\"sky\":\"blue\"}"), LINK_SKIPPED);
    cr_expect_str_eq(input.type, "weather");
    cr_expect_eq(hear(NOUN_DEVICE, LINK_BROKER, "{\"type\":\"end\",\"session\":\"a/s-1\",\"fence\":3,\"moon\":1}"),
                 LINK_MESSAGE);
    cr_expect_eq(input.skipped, 1);
    cr_expect_str_eq(desk_message()->session, "a/s-1");
    cr_expect_eq(hear(NOUN_DEVICE, LINK_BROKER,
                      "{\"type\":\"end\",\"must\":[\"type\"],\"session\":\"a/s-1\",\"fence\":3,\"reason\":\"whim\"}"),
                 LINK_MESSAGE, "a new reason keeps no session open: %s", input.why.text);
    cr_expect_eq(input.skipped, 1);
    cr_expect_eq(desk_message()->reason, HOST_BECAUSE_NONE);
    cr_expect_eq(
        hear(NOUN_HOST, LINK_AGENT,
             "{\"type\":\"report\",\"moon\":1,\"sessions\":[{\"user_name\":\"x\"},{\"user_name\":\"y\",\"sun\":1}]}"),
        LINK_MESSAGE);
    cr_expect_eq(input.skipped, 2);
}

Test(links, refuse_and_name_what_they_must_understand_and_do_not)
{
    cr_expect_eq(hear(NOUN_DEVICE, LINK_BROKER, "{\"type\":\"oath\",\"must\":[\"type\"]}"), LINK_UNKNOWN);
    cr_expect_str_eq(input.type, "oath");
    cr_expect_str_eq(input.why.text, "\"oath\" is not known here");
    cr_expect_eq(hear(NOUN_DEVICE, LINK_BROKER, "{\"type\":\"oath\",\"must\":[\"words\"]}"), LINK_UNKNOWN);
    cr_expect_eq(hear(NOUN_DEVICE, LINK_BROKER,
                      "{\"type\":\"end\",\"must\":[\"type\",\"until\"],\"session\":\"a/s-1\",\"fence\":3,\"until\":5}"),
                 LINK_UNKNOWN);
    cr_expect_str_eq(input.why.text, "\"until\" of \"end\" is not known here");
    cr_expect_eq(hear(NOUN_DEVICE, LINK_BROKER,
                      "{\"type\":\"end\",\"must\":[\"session\",\"type\"],\"session\":\"a/s-1\",\"fence\":3}"),
                 LINK_MESSAGE, "%s", input.why.text);
}

Test(links, begin_with_a_hello_that_any_version_can_read)
{
    owned(text) struct text text = {0};
    struct link_hello hello;
    link_introduce(&hello, link_of(NOUN_HOST), LINK_AGENT);
    cr_expect_eq(hello.protocol, LINK_PROTOCOL);
    cr_expect_str_eq(hello.program, "pult-host");
    cr_expect_str_eq(hello.version, PULT_VERSION);
    cr_expect_str_eq(hello.capabilities, "message printing");
    link_print_hello(&text, &hello);
    cr_expect_eq(hear(NOUN_DEVICE, LINK_AGENT, text.bytes), LINK_HELLO);
    cr_expect_eq(memcmp(&hello, &input.hello, sizeof hello), 0);
    cr_expect_eq(
        hear(NOUN_DEVICE, LINK_AGENT,
             "{\"type\":\"hello\",\"protocol\":99,\"program\":\"pult-agent\",\"version\":\"9\",\"anthem\":\"la\"}"),
        LINK_HELLO);
    cr_expect_eq(input.skipped, 1);
    cr_expect_eq(hear(NOUN_DEVICE, LINK_AGENT, "{\"type\":\"hello\"}"), LINK_UNREADABLE);
}

Test(links, are_refused_to_agents_that_are_too_old_or_too_new)
{
    static const struct {
        int64_t protocol;
        enum refusal refusal;
    } rows[] = {{LINK_PROTOCOL, REFUSAL_NONE},
                {LINK_PROTOCOL - 1, REFUSAL_NONE},
                {LINK_PROTOCOL - 2, REFUSAL_AGENT_TOO_OLD},
                {LINK_PROTOCOL + 1, REFUSAL_AGENT_TOO_NEW},
                {1000000, REFUSAL_AGENT_TOO_NEW}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fault why = {0};
        struct link_hello hello = {.protocol = rows[i].protocol, .program = "pult-host", .version = "0.9.7"};
        cr_expect_eq(link_judge(&hello, link_of(NOUN_HOST), &why), rows[i].refusal, "%d", (int)rows[i].protocol);
        if (rows[i].refusal != REFUSAL_NONE)
            cr_expect(strstr(why.text, "pult-host 0.9.7") && strstr(why.text, PULT_VERSION), "%s", why.text);
    }
}

Test(links, say_nothing_that_the_other_side_cannot_take)
{
    const struct link_row *row = link_of(NOUN_HOST);
    struct link_hello bare = {.capabilities = "messages mess"}, able = {.capabilities = "weather message"};
    uint32_t few = link_accepted(row, LINK_BROKER, &bare), all = link_accepted(row, LINK_BROKER, &able);
    cr_expect_eq(few & 1U << HOST_MESSAGE, 0);
    cr_expect_neq(few & 1U << HOST_LOG_OFF, 0);
    cr_expect_neq(all & 1U << HOST_MESSAGE, 0);
    cr_expect_eq(all & 1U << HOST_REPORT, 0, "only the agent says that");
}

// By which the broker judges whether a print server may speak of that person.
Test(links, what_was_printed_says_from_which_host_it_came)
{
    owned(text) struct text said = {0};
    struct print_message printed = {.type = PRINT_PRINTED, .number = 1, .job = "j-1", .host = "neustadt/ts1"};
    link_print(&said, link_of(NOUN_PRINT_SERVER), &printed);
    cr_assert_eq(hear(NOUN_PRINT_SERVER, LINK_AGENT, said.bytes), LINK_MESSAGE, "%s", input.why.text);
    cr_assert_str_eq(((const struct print_message *)input.message)->host, "neustadt/ts1");
}
