// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/record.h"
#include "broker/api/codec.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

// ---- a town hall of records within records

struct key {
    char door[16];
    char secret[16];
};

struct room {
    char id[ID_SIZE];
    int64_t desks; // -1: not counted
    struct record_list keys;
};

struct house {
    char name[32];
    int64_t floors;
    bool closed;
};

struct hall {
    struct house house; // its members beside those of the hall
    int64_t state;      // in place of the one that the house would tell
    struct key main;
    struct record_list rooms;
    int64_t noun;
    union record thing;
    int64_t opened_ms;
};

struct order {
    int64_t noun;
    union record thing; // beside
};

enum { ROOMS_MAX = 3, KEYS_MAX = 2 };

#define AT(holder, member) .offset = offsetof(struct holder, member), .size = sizeof(((struct holder *)0)->member)
// Without braces, which versions of clang-format set in different ways.
#define TYPE(holder) #holder, holder##_fields, sizeof(struct holder)

static const char *const states[] = {"open", "closed", "unknown", NULL};

// A row a line.
// clang-format off
static const struct field key_fields[] = {
    {.name = "door", .type = FIELD_TEXT, AT(key, door), .flags = FIELD_REQUIRED, .sentence = "which"},
    {.name = "secret", .type = FIELD_TEXT, AT(key, secret), .flags = FIELD_SECRET, .sentence = "its teeth"},
    {.name = NULL},
};
static const struct record_type key_type = {TYPE(key)};

static const struct field room_fields[] = {
    {.name = "id", .type = FIELD_ID, AT(room, id), .flags = FIELD_REQUIRED, .refers = NOUN_NONE, .sentence = "its id"},
    {.name = "desks", .type = FIELD_NUMBER, AT(room, desks), .max = 100, .flags = FIELD_SPARSE, .sentence = "how many"},
    {.name = "keys", .type = FIELD_RECORDS, AT(room, keys), .max = KEYS_MAX, .record = &key_type, .sentence = "its keys"},
    {.name = NULL},
};
static const struct record_type room_type = {TYPE(room)};

static const struct field house_fields[] = {
    {.name = "name", .type = FIELD_TEXT, AT(house, name), .flags = FIELD_REQUIRED, .sentence = "its name"},
    {.name = "floors", .type = FIELD_NUMBER, AT(house, floors), .max = 9, .flags = FIELD_READ_ONLY, .sentence = "how high"},
    {.name = "state", .type = FIELD_FLAG, AT(house, closed), .sentence = "closed or not"},
    {.name = NULL},
};
static const struct record_type house_type = {TYPE(house)};

static const struct field hall_fields[] = {
    {.name = "house", .type = FIELD_RECORD, AT(hall, house), .flags = FIELD_INLINE, .record = &house_type, .sentence = "the house"},
    {.name = "state", .type = FIELD_CHOICE, AT(hall, state), .choices = states, .sentence = "as it is now"},
    {.name = "main", .type = FIELD_RECORD, AT(hall, main), .flags = FIELD_SPARSE, .record = &key_type, .sentence = "the main key"},
    {.name = "rooms", .type = FIELD_RECORDS, AT(hall, rooms), .max = ROOMS_MAX, .record = &room_type, .sentence = "its rooms"},
    {.name = "noun", .type = FIELD_CHOICE, AT(hall, noun), .flags = FIELD_REQUIRED, .choices = noun_names, .sentence = "kind of thing"},
    {.name = "thing", .type = FIELD_NOUN, AT(hall, thing), .tag = offsetof(struct hall, noun), .sentence = "some thing"},
    {.name = "opened", .type = FIELD_TIME, AT(hall, opened_ms), .sentence = "since when"},
    {.name = NULL},
};
static const struct record_type hall_type = {TYPE(hall)};

static const struct field order_fields[] = {
    {.name = "noun", .type = FIELD_CHOICE, AT(order, noun), .flags = FIELD_REQUIRED, .choices = noun_names, .sentence = "kind of thing"},
    {.name = "thing", .type = FIELD_NOUN, AT(order, thing), .flags = FIELD_INLINE, .tag = offsetof(struct order, noun), .sentence = "the thing"},
    {.name = NULL},
};
static const struct record_type order_type = {TYPE(order)};
// clang-format on

// Too large for a stack that has to be looked after.
static struct hall hall;
static struct order order;

static void hall_drop(void)
{
    record_free(hall_fields, &hall);
}

static bool read_hall(enum codec_form form, const char *text, struct fault *why)
{
    return codec_decode(&hall_type, form, text, strlen(text), &hall, why);
}

static bool read_order(enum codec_form form, const char *text, struct fault *why)
{
    return codec_decode(&order_type, form, text, strlen(text), &order, why);
}

static void expect_printed(enum codec_form form, const char *expected)
{
    owned(text) struct text text = {0};
    codec_print_record(&text, hall_fields, form, &hall);
    cr_expect_str_eq(text.bytes, expected);
}

static void fill_hall(void)
{
    hall = (struct hall){.house = {.name = "Rathaus", .floors = 2}, .state = 2, .noun = NOUN_SITE};
    TEXT_PUT(hall.thing.site.id, "neustadt/hall");
    TEXT_PUT(hall.thing.site.name, "Hall");
    struct room *one = record_add(&hall.rooms, &room_type), *two = record_add(&hall.rooms, &room_type);
    one = record_at(&hall.rooms, &room_type, 0);
    TEXT_PUT(one->id, "neustadt/r1");
    one->desks = 0;
    TEXT_PUT(two->id, "neustadt/r2");
    two->desks = -1;
    struct key *key = record_add(&two->keys, &key_type);
    TEXT_PUT(key->door, "north");
    TEXT_PUT(key->secret, "teeth");
}

#define FULL_ROOMS                                                                                                     \
    "\"rooms\":[{\"id\":\"neustadt/r1\",\"desks\":0,\"keys\":[]},"                                                     \
    "{\"id\":\"neustadt/r2\",\"keys\":[{\"door\":\"north\",\"secret\":\"teeth\"}]}]"

// ---- writing

Test(record, is_printed_with_what_is_within, .fini = hall_drop)
{
    fill_hall();
    expect_printed(CODEC_ANSWER, "{\"name\":\"Rathaus\",\"floors\":2,\"state\":\"unknown\"," FULL_ROOMS
                                 ",\"noun\":\"site\",\"thing\":{\"id\":\"neustadt/hall\",\"name\":\"Hall\"}}");
    hall.noun = NOUN_NONE;
    hall.opened_ms = 1000;
    TEXT_PUT(hall.main.door, "south");
    expect_printed(CODEC_ANSWER, "{\"name\":\"Rathaus\",\"floors\":2,\"state\":\"unknown\","
                                 "\"main\":{\"door\":\"south\",\"secret\":\"\"}," FULL_ROOMS
                                 ",\"noun\":\"none\",\"opened\":\"1970-01-01T00:00:01.000Z\"}");
}

Test(record, in_the_journal_leaves_out_what_is_empty, .fini = hall_drop)
{
    fill_hall();
    expect_printed(
        CODEC_JOURNAL,
        "{\"name\":\"Rathaus\",\"floors\":2,\"state\":\"unknown\",\"rooms\":["
        "{\"id\":\"neustadt/r1\",\"desks\":0},{\"id\":\"neustadt/r2\",\"keys\":[{\"door\":\"north\","
        "\"secret\":\"teeth\"}]}],\"noun\":\"site\",\"thing\":{\"id\":\"neustadt/hall\",\"name\":\"Hall\"}}");
}

// As a client sends it: the broker refuses what is its own, and takes what is missing for empty.
Test(record, in_a_change_says_what_is_to_be_set, .fini = hall_drop)
{
    expect_printed(CODEC_CHANGE, "{\"name\":\"\",\"noun\":\"tenant\"}");
    fill_hall();
    expect_printed(CODEC_CHANGE, "{\"name\":\"Rathaus\",\"state\":\"unknown\",\"rooms\":["
                                 "{\"id\":\"neustadt/r1\",\"desks\":0},{\"id\":\"neustadt/r2\",\"keys\":[{\"door\":"
                                 "\"north\",\"secret\":\"teeth\"}]}],\"noun\":\"site\","
                                 "\"thing\":{\"id\":\"neustadt/hall\",\"name\":\"Hall\"}}");
}

// ---- reading

Test(record, comes_back_in_every_form, .fini = hall_drop)
{
    for (enum codec_form form = CODEC_CHANGE; form <= CODEC_JOURNAL; form++) {
        struct fault why = {0};
        owned(text) struct text text = {0}, again = {0};
        fill_hall();
        codec_print_record(&text, hall_fields, form, &hall);
        hall_drop();
        cr_assert(read_hall(form, text.bytes, &why), "%s", why.text);
        codec_print_record(&again, hall_fields, form, &hall);
        cr_expect_str_eq(text.bytes, again.bytes);
        const struct room *first = record_at(&hall.rooms, &room_type, 0),
                          *second = record_at(&hall.rooms, &room_type, 1);
        cr_expect_eq(first->desks, 0);
        cr_expect_eq(second->desks, -1, "nobody counted them");
        cr_expect_eq(second->keys.count, 1);
        cr_expect_eq(hall.state, 2);
        cr_expect_not(hall.house.closed);
        hall_drop();
    }
}

static void expect_refused(enum codec_form form, const char *text, const char *words)
{
    struct fault why = {0};
    cr_expect_not(read_hall(form, text, &why), "taken: %s", text);
    cr_expect_eq(why.kind, FAULT_INVALID);
    cr_expect(strstr(why.text, words), "%s: %s", text, why.text);
    cr_expect_eq(hall.rooms.count, 0, "what was read before is freed");
    cr_expect_null(hall.rooms.rows);
}

#define ROOM(number) "{\"id\":\"neustadt/r" number "\"}"

Test(record, list_has_a_bound)
{
    struct fault why = {0};
    cr_assert(read_hall(CODEC_CHANGE,
                        "{\"name\":\"x\",\"noun\":\"none\",\"rooms\":[" ROOM("1") "," ROOM("2") "," ROOM("3") "]}",
                        &why),
              "%s", why.text);
    cr_expect_eq(hall.rooms.count, ROOMS_MAX);
    hall_drop();
    expect_refused(
        CODEC_CHANGE,
        "{\"name\":\"x\",\"noun\":\"none\",\"rooms\":[" ROOM("1") "," ROOM("2") "," ROOM("3") "," ROOM("4") "]}",
        "rooms: more than 3");
    expect_refused(CODEC_ANSWER, "{\"noun\":\"none\",\"rooms\":[{},{},{},{}]}", "rooms: more than 3");
    expect_refused(CODEC_ANSWER, "{\"noun\":\"none\",\"rooms\":[{},{\"keys\":[{},{},{}]}]}",
                   "rooms[1]: keys: more than 2");
}

Test(record, fault_names_the_item_and_the_field)
{
    expect_refused(
        CODEC_CHANGE,
        "{\"name\":\"x\",\"noun\":\"none\",\"rooms\":[" ROOM("1") ",{\"id\":\"neustadt/r2\",\"desks\":101}]}",
        "rooms[1] neustadt/r2: desks: must be from 0 to 100");
    expect_refused(CODEC_CHANGE, "{\"name\":\"x\",\"noun\":\"none\",\"rooms\":[{\"desks\":1}]}",
                   "rooms[0]: id is missing");
    expect_refused(
        CODEC_CHANGE,
        "{\"name\":\"x\",\"noun\":\"none\",\"rooms\":[{\"id\":\"neustadt/r1\",\"keys\":[{\"door\":\"a\"},{}]}]}",
        "rooms[0] neustadt/r1: keys[1]: door is missing");
    expect_refused(CODEC_CHANGE, "{\"name\":\"x\",\"noun\":\"none\",\"main\":{\"door\":1}}",
                   "main: door: expected a string");
    expect_refused(CODEC_CHANGE, "{\"name\":\"x\",\"noun\":\"none\",\"main\":{}}", "main: door is missing");
    expect_refused(CODEC_CHANGE, "{\"noun\":\"none\"}", "name is missing");
}

Test(record, refuses_what_is_no_record)
{
    static const char *const wrong[] = {"null", "1", "\"x\"", "true", "[]", "[{}]", "1.5"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        for (enum codec_form form = CODEC_CHANGE; form <= CODEC_JOURNAL; form++) {
            char text[128];
            snprintf(text, sizeof text, "{\"noun\":\"none\",\"main\":%s}", wrong[i]);
            expect_refused(form, text, "main: expected an object");
            snprintf(text, sizeof text, "{\"noun\":\"none\",\"rooms\":[{},%s]}", wrong[i]);
            bool wants_all = form == CODEC_CHANGE || form == CODEC_MESSAGE;
            expect_refused(form, text, wants_all ? "rooms[0]: id is missing" : "rooms[1]: expected an object");
            snprintf(text, sizeof text, "{\"noun\":\"site\",\"thing\":%s}", wrong[i]);
            expect_refused(form, text, "thing: expected an object");
        }
    for (enum codec_form form = CODEC_CHANGE; form <= CODEC_JOURNAL; form++)
        expect_refused(form, "{\"noun\":\"none\",\"rooms\":{}}", "rooms: expected an array");
}

// A broker knows its own fields only; a client may be older than its broker.
Test(record, of_a_newer_program_is_read_in_an_answer_only)
{
    static const char newer[] =
        "{\"name\":\"x\",\"noun\":\"none\",\"new\":{\"a\":[{}]},\"rooms\":[{\"id\":\"neustadt/r1\",\"new\":1}]}";
    struct fault why = {0};
    cr_assert(read_hall(CODEC_ANSWER, newer, &why), "%s", why.text);
    cr_expect_eq(hall.rooms.count, 1);
    hall_drop();
    expect_refused(CODEC_JOURNAL, newer, "new: unknown field");
    expect_refused(CODEC_CHANGE, "{\"name\":\"x\",\"noun\":\"none\",\"rooms\":[{\"id\":\"neustadt/r1\",\"new\":1}]}",
                   "rooms[0] neustadt/r1: new: unknown field");
    expect_refused(CODEC_CHANGE, "{\"name\":\"x\",\"noun\":\"none\",\"floors\":1}", "floors: set by the broker");
}

// ---- the record of a noun that another field names

Test(record, of_a_noun_stands_beside_its_name_in_any_order)
{
    struct fault why = {0};
    cr_assert(read_order(CODEC_CHANGE, "{\"id\":\"neustadt/hall\",\"noun\":\"site\",\"name\":\"Hall\"}", &why), "%s",
              why.text);
    cr_expect_eq(order.noun, NOUN_SITE);
    cr_expect_str_eq(order.thing.site.name, "Hall");
    owned(text) struct text text = {0};
    codec_print_record(&text, order_fields, CODEC_CHANGE, &order);
    cr_expect_str_eq(text.bytes, "{\"noun\":\"site\",\"id\":\"neustadt/hall\",\"name\":\"Hall\"}");
    cr_assert(read_order(CODEC_CHANGE, "{\"noun\":\"none\"}", &why), "%s", why.text);
    cr_expect_eq(order.noun, NOUN_NONE);
}

Test(record, of_a_noun_has_the_fields_of_that_noun_only)
{
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"{\"id\":\"neustadt/hall\",\"name\":\"Hall\"}", "noun is missing"},
        {"{\"noun\":\"castle\",\"id\":\"neustadt/hall\"}", "noun: not one of the choices"},
        {"{\"noun\":1}", "noun: not one of the choices"},
        {"{\"noun\":\"site\",\"id\":\"neustadt/hall\",\"name\":\"Hall\",\"port\":1}", "port: unknown field"},
        {"{\"noun\":\"site\",\"id\":\"neustadt/hall\"}", "name is missing"},
        {"{\"noun\":\"none\",\"id\":\"neustadt/hall\"}", "id: unknown field"},
        {"{\"noun\":\"host\",\"id\":\"neustadt/ts1\",\"draining\":true}", "draining: set by the broker"},
        {"{}", "noun is missing"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fault why = {0};
        cr_expect_not(read_order(CODEC_CHANGE, rows[i].text, &why), "taken: %s", rows[i].text);
        cr_expect(strstr(why.text, rows[i].words), "%s: %s", rows[i].text, why.text);
    }
    expect_refused(CODEC_CHANGE, "{\"name\":\"x\",\"noun\":\"none\",\"thing\":{}}", "thing: of no noun");
}

Test(record, fault_in_a_list_of_nouns_names_both)
{
    static const struct field list_fields[] = {
        {.name = "objects", .type = FIELD_RECORDS, .size = sizeof(struct record_list), .max = 9, .record = &order_type},
        {.name = NULL},
    };
    static const struct record_type list_type = {"list", list_fields, sizeof(struct record_list)};
    static const char text[] = "{\"objects\":[{\"noun\":\"site\",\"id\":\"neustadt/hall\",\"name\":\"Hall\"},"
                               "{\"noun\":\"host\",\"id\":\"neustadt/ts1\",\"pool\":\"x\"}]}";
    struct record_list list;
    struct fault why = {0};
    cr_expect_not(codec_decode(&list_type, CODEC_CHANGE, text, strlen(text), &list, &why));
    cr_expect(strstr(why.text, "objects[1] host neustadt/ts1: pool: not an id"), "%s", why.text);
}

Test(record, of_no_noun_is_what_an_answer_does_not_name)
{
    struct fault why = {0};
    cr_assert(read_hall(CODEC_ANSWER, "{\"name\":\"x\"}", &why), "%s", why.text);
    cr_expect_eq(hall.noun, NOUN_NONE);
    expect_refused(CODEC_ANSWER, "{\"thing\":{}}", "thing: of no noun");
}

// ---- text as long as it is

struct note {
    char *text;
};

static const struct field note_fields[] = {
    {.name = "text", .type = FIELD_STRING, AT(note, text), .max = 5, .sentence = "what it says"},
    {.name = NULL},
};
static const struct record_type note_type = {TYPE(note)};

Test(record, text_of_any_length_has_a_bound)
{
    struct note note;
    struct fault why = {0};
    owned(text) struct text printed = {0};
    cr_assert(codec_decode(&note_type, CODEC_CHANGE, "{\"text\":\"hello\"}", 16, &note, &why), "%s", why.text);
    cr_expect_str_eq(note.text, "hello");
    codec_print_record(&printed, note_fields, CODEC_ANSWER, &note);
    cr_expect_str_eq(printed.bytes, "{\"text\":\"hello\"}");
    record_free(note_fields, &note);
    cr_expect_null(note.text);
    cr_expect_not(codec_decode(&note_type, CODEC_CHANGE, "{\"text\":\"hello!\"}", 17, &note, &why));
    cr_expect(strstr(why.text, "text: longer than 5 bytes"), "%s", why.text);
    cr_expect_not(codec_decode(&note_type, CODEC_CHANGE, "{\"text\":[1]}", 12, &note, &why));
    cr_expect_null(note.text);
}

// ---- the end

Test(record, secrets_are_wiped_wherever_they_are)
{
    fill_hall();
    TEXT_PUT(hall.main.secret, "main");
    hall_drop();
    cr_expect_str_eq(hall.main.secret, "");
    cr_expect_eq(hall.rooms.count, 0);
    cr_expect_null(hall.rooms.rows);
    record_free(hall_fields, &hall);
}
