// SPDX-License-Identifier: EUPL-1.2
#include "admin-tool/out.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <stdlib.h>

static char *said;
static size_t length;
static struct out out;

static void start(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    setenv("TZ", "Europe/Berlin", 1);
    out_init(&out, open_memstream(&said, &length), false);
}

static void stop(void)
{
    fclose(out.file);
    free(said);
}

TestSuite(out, .init = start, .fini = stop);

static const char *text(void)
{
    fflush(out.file);
    return said;
}

// ---- things to show

struct thing {
    char id[64], name[64];
    bool flag;
    int64_t number, at_ms;
    char words[64];
    int64_t health;
    char hidden[16];
};

static const char *const healths[] = {"unknown", "ok", "unreachable", NULL};
#define AT(member) .offset = offsetof(struct thing, member), .size = sizeof(((struct thing *)0)->member)
static const struct field thing_fields[] = {
    {.name = "id", .type = FIELD_TEXT, AT(id), .column = 1},
    {.name = "number", .type = FIELD_NUMBER, AT(number), .max = 100},
    {.name = "flag", .type = FIELD_FLAG, AT(flag)},
    {.name = "words", .type = FIELD_LIST, AT(words)},
    {.name = "at", .type = FIELD_TIME, AT(at_ms)},
    {.name = "health", .type = FIELD_CHOICE, AT(health), .choices = healths},
    {.name = "name", .type = FIELD_TEXT, AT(name), .column = 2},
    {.name = "hidden", .type = FIELD_TEXT, AT(hidden), .flags = FIELD_HIDDEN},
    {.name = NULL},
};
static const struct record_type thing_type = {"thing", thing_fields, sizeof(struct thing)};

static void list(const struct thing *things, size_t count, const struct out_column *columns)
{
    struct record_list all = {(void *)(uintptr_t)things, count, count};
    out_list(&out, &thing_type, &all, columns);
}

#define LIST(columns, ...)                                                                                             \
    do {                                                                                                               \
        const struct thing things[] = {__VA_ARGS__};                                                                   \
        list(things, sizeof things / sizeof *things, columns);                                                         \
    } while (0)

Test(out, aligns_columns)
{
    LIST(NULL, {.id = "a", .name = "Büro"}, {.id = "neustadt/x", .name = "y"});
    cr_assert_str_eq(text(), "id          name\na           Büro\nneustadt/x  y\n");
}

Test(out, aligns_behind_letters_of_several_bytes)
{
    LIST(NULL, {.id = "ä", .name = "x"}, {.id = "中", .name = "y"});
    cr_assert_str_eq(text(), "id  name\nä   x\n中  y\n");
}

Test(out, says_when_there_is_nothing)
{
    list(NULL, 0, NULL);
    cr_assert_str_eq(text(), "There are none.\n");
}

Test(out, shows_each_type_as_people_read_it)
{
    static const struct out_column columns[] = {{"flag", NULL}, {"number", NULL}, {"words", NULL},
                                                {"name", NULL}, {"at", NULL},     {.field = NULL}};
    LIST(columns, {.flag = true, .number = 7, .words = "a b", .at_ms = 1782892800123});
    cr_assert_str_eq(text(), "flag  number  words  name  at\nyes   7       a, b         2026-07-01 10:00:00\n");
}

Test(out, escapes_what_could_command_a_terminal)
{
    LIST(NULL, {.id = "a\033[2J", .name = "b\n\u202ec\xc2\x9b"});
    cr_assert_str_eq(text(), "id        name\na\\x1b[2J  b\\x0a\\xe2\\x80\\xaec\\xc2\\x9b\n");
    LIST(NULL, {.id = "\u2066x", .name = "\u200f„ok“…"});
    cr_assert(strstr(text(), "\\xe2\\x81\\xa6x  \\xe2\\x80\\x8f„ok“…\n"), "%s", text());
}

Test(out, fits_the_terminal_and_keeps_the_id)
{
    out.width = 24;
    LIST(NULL, {.id = "neustadt/ts1", .name = "a very long name of a thing"});
    cr_assert_str_eq(text(), "id            name\nneustadt/ts1  a very lo…\n");
}

Test(out, cuts_the_id_only_when_nothing_else_is_left)
{
    out.width = 10;
    LIST(NULL, {.id = "neustadt/ts1", .name = "abcdefghi"});
    cr_assert_str_eq(text(), "id      name\nneust…  abcde…\n");
}

Test(out, prints_json_for_programs)
{
    out.json = true;
    LIST(NULL, {.id = "a/b", .number = 1, .hidden = "x"});
    out_line(&out, "for people");
    cr_assert_str_eq(text(), "[{\"id\":\"a/b\",\"number\":1,\"flag\":false,\"words\":[],\"health\":\"unknown\","
                             "\"name\":\"\"}]\n");
}

Test(out, prints_an_empty_list_for_programs)
{
    out.json = true;
    list(NULL, 0, NULL);
    cr_assert_str_eq(text(), "[]\n");
}

Test(out, shows_one_object_a_line_a_value)
{
    static const struct out_column columns[] = {{"id", "The id"}, {"at", NULL}, {.field = NULL}};
    const struct thing thing = {.id = "a", .number = 2};
    out_record(&out, &thing_type, &thing, columns);
    cr_assert_str_eq(text(), "The id  a\n");
}

Test(out, shows_everything_of_one_but_what_is_hidden)
{
    const struct thing thing = {.id = "a", .hidden = "secret"};
    out_record(&out, &thing_type, &thing, NULL);
    cr_assert_str_eq(text(), "id      a\nnumber  0\nflag    no\nwords   \nhealth  unknown\nname    \n");
}

Test(out, has_no_colours_without_a_terminal)
{
    cr_assert_not(out.colours);
    cr_assert_eq(out.width, 0);
}

Test(out, marks_what_is_not_well)
{
    static const struct out_column columns[] = {{"health", NULL}, {.field = NULL}};
    out.colours = true;
    LIST(columns, {.health = 1}, {.health = 2});
    cr_assert(strstr(text(), "\nok\n\033[31munreachable\033[0m\n"), "%s", text());
}
