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

static void list(const char *json, const struct out_column *columns)
{
    json_object *items = json_tokener_parse(json);
    out_list(&out, items, columns);
    json_object_put(items);
}

static const struct out_column two[] = {{.key = "id"}, {.key = "name"}, {.key = NULL}};

Test(out, aligns_columns)
{
    list("[{\"id\":\"a\",\"name\":\"Büro\"},{\"id\":\"neustadt/x\",\"name\":\"y\"}]", two);
    cr_assert_str_eq(text(), "id          name\na           Büro\nneustadt/x  y\n");
}

Test(out, aligns_behind_letters_of_several_bytes)
{
    list("[{\"id\":\"ä\",\"name\":\"x\"},{\"id\":\"中\",\"name\":\"y\"}]", two);
    cr_assert_str_eq(text(), "id  name\nä   x\n中  y\n");
}

Test(out, says_when_there_is_nothing)
{
    list("[]", two);
    cr_assert_str_eq(text(), "There are none.\n");
}

Test(out, shows_each_type_as_people_read_it)
{
    static const struct out_column columns[] = {
        {.key = "flag"}, {.key = "number"}, {.key = "list"}, {.key = "none"}, {.key = "at", .kind = OUT_TIME},
        {.key = NULL}};
    list("[{\"flag\":true,\"number\":7,\"list\":[\"a\",\"b\"],\"none\":null,\"at\":\"2026-07-01T08:00:00.123Z\"}]",
         columns);
    cr_assert_str_eq(text(), "flag  number  list  none  at\nyes   7       a, b        2026-07-01 10:00:00\n");
}

Test(out, escapes_what_could_command_a_terminal)
{
    list("[{\"id\":\"a\\u001b[2J\",\"name\":\"b\\n\\u202ec\\u009b\"}]", two);
    cr_assert_str_eq(text(), "id        name\na\\x1b[2J  b\\x0a\\xe2\\x80\\xaec\\xc2\\x9b\n");
    list("[{\"id\":\"\\u2066x\",\"name\":\"\\u200f„ok“…\"}]", two);
    cr_assert(strstr(text(), "\\xe2\\x81\\xa6x  \\xe2\\x80\\x8f„ok“…\n"), "%s", text());
}

Test(out, fits_the_terminal_and_keeps_the_id)
{
    out.width = 24;
    list("[{\"id\":\"neustadt/ts1\",\"name\":\"a very long name of a thing\"}]", two);
    cr_assert_str_eq(text(), "id            name\nneustadt/ts1  a very lo…\n");
}

Test(out, cuts_the_id_only_when_nothing_else_is_left)
{
    out.width = 10;
    list("[{\"id\":\"neustadt/ts1\",\"name\":\"abcdefghi\"}]", two);
    cr_assert_str_eq(text(), "id      name\nneust…  abcde…\n");
}

Test(out, prints_json_for_programs)
{
    out.json = true;
    list("[{\"id\":\"a/b\",\"more\":1}]", two);
    out_line(&out, "for people");
    cr_assert_str_eq(text(), "[{\"id\":\"a/b\",\"more\":1}]\n");
}

Test(out, shows_one_object_a_line_a_value)
{
    static const struct out_column columns[] = {{"id", "The id", OUT_PLAIN}, {.key = "gone"}, {.key = NULL}};
    json_object *object = json_tokener_parse("{\"id\":\"a\",\"other\":2}");
    out_object(&out, object, columns);
    json_object_put(object);
    cr_assert_str_eq(text(), "The id  a\n");
}

Test(out, has_no_colours_without_a_terminal)
{
    cr_assert_not(out.colours);
    cr_assert_eq(out.width, 0);
}

Test(out, marks_what_is_not_well)
{
    static const struct out_column columns[] = {{.key = "health", .kind = OUT_HEALTH}, {.key = NULL}};
    out.colours = true;
    list("[{\"health\":\"ok\"},{\"health\":\"unreachable\"}]", columns);
    cr_assert(strstr(text(), "\nok\n\033[31munreachable\033[0m\n"), "%s", text());
}
