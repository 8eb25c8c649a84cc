// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/conf.h"
#include "broker/base/text.h"

#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

struct settings {
    char name[16];
    char folder[32];
    int64_t port;
    int64_t level;
};

static const char *const levels[] = {"error", "warn", NULL};

#define AT(member) .offset = offsetof(struct settings, member), .size = sizeof(((struct settings *)0)->member)

static const struct conf_row rows[] = {
    {.key = "name", .type = CONF_TEXT, AT(name), .required = true, .sentence = "how it is called"},
    {.key = "folder", .type = CONF_PATH, AT(folder), .preset = "/var/lib/pult", .sentence = "a folder"},
    {.key = "port", .type = CONF_NUMBER, AT(port), .min = 1, .max = 65535, .preset = "443", .sentence = "a port"},
    {.key = "level", .type = CONF_CHOICE, AT(level), .choices = levels, .sentence = "a level"},
    {.key = NULL},
};

// Mistakes as "line: text" lines.
static void note(void *arg, int line, const char *mistake)
{
    text_addf(arg, "%d: %s\n", line, mistake);
}

static bool parse(const char *content, size_t length, struct settings *settings, struct text *mistakes)
{
    *settings = (struct settings){0};
    text_adds(mistakes, "");
    return conf_parse(content, length, rows, settings, note, mistakes);
}

static void expect_mistakes(const char *content, const char *expected)
{
    struct settings settings;
    struct text mistakes = {0};
    bool right = parse(content, strlen(content), &settings, &mistakes);
    cr_expect_eq(right, expected[0] == 0);
    cr_expect_str_eq(mistakes.bytes, expected);
    text_drop(&mistakes);
}

Test(conf, reads_what_is_given_and_presets_the_rest)
{
    struct settings settings;
    struct text mistakes = {0};
    const char content[] = "# the broker\r\n\n  name =  Pult am Markt \t\nlevel=warn\nport\t=\t8443";
    cr_expect(parse(content, strlen(content), &settings, &mistakes), "%s", mistakes.bytes);
    cr_expect_str_eq(settings.name, "Pult am Markt");
    cr_expect_str_eq(settings.folder, "/var/lib/pult");
    cr_expect_eq(settings.port, 8443);
    cr_expect_eq(settings.level, 1);
    text_drop(&mistakes);
}

Test(conf, tells_every_mistake_with_its_line)
{
    expect_mistakes("colour = red\nport = 0\nport = 2\nfolder = var\nlevel = loud\nname\n",
                    "1: unknown setting \"colour\"\n"
                    "2: port must be a number from 1 to 65535\n"
                    "3: duplicate setting port\n"
                    "4: folder is a path and must begin with /\n"
                    "5: level is \"loud\"; possible values: error, warn\n"
                    "6: expected: key = value\n"
                    "0: name is missing: how it is called\n");
}

Test(conf, a_value_fits_to_the_last_byte)
{
    expect_mistakes("name = 123456789012345\n", "");
    expect_mistakes("name = 1234567890123456\n", "1: name is longer than 15 bytes\n");
}

Test(conf, a_value_may_hold_an_equals_sign)
{
    struct settings settings;
    struct text mistakes = {0};
    cr_expect(parse("name = a=b = c", 14, &settings, &mistakes));
    cr_expect_str_eq(settings.name, "a=b = c");
    text_drop(&mistakes);
}

Test(conf, refuses_bytes_that_are_no_text)
{
    const char *wrong[] = {"name = \xff", "name = a\x01", "name = \x1b[2J", "name = a\rb"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect_mistakes(wrong[i], "1: the line is not valid UTF-8\n0: name is missing: how it is called\n");
    struct settings settings;
    struct text mistakes = {0};
    cr_expect_not(parse("name = a\0b", 10, &settings, &mistakes));
    cr_expect_not(settings.name[0]);
    text_drop(&mistakes);
}

Test(conf, refuses_a_line_without_end)
{
    static char content[300 * 1024];
    memset(content, 'a', sizeof content);
    struct settings settings;
    struct text mistakes = {0};
    cr_expect_not(parse(content, sizeof content, &settings, &mistakes));
    cr_expect(text_starts(mistakes.bytes, "1: the line is longer than 1023 bytes\n"), "%s", mistakes.bytes);
    text_drop(&mistakes);
}

static void expect_load_fails(const char *path, const char *words)
{
    struct settings settings = {0};
    struct text mistakes = {0};
    cr_expect_not(conf_load(path, rows, &settings, note, &mistakes));
    cr_expect(strstr(mistakes.bytes, words), "%s: %s", path, mistakes.bytes);
    text_drop(&mistakes);
}

static void write_file(char *name, size_t size)
{
    int descriptor = mkstemp(name);
    cr_assert_geq(descriptor, 0);
    static const char line[] = "#23456789012345\n";
    for (size_t done = 0; done < size; done += 16)
        cr_assert_eq(write(descriptor, line, 16), 16);
    cr_assert_eq(write(descriptor, "name=x\n", 7), 7);
    close(descriptor);
}

Test(conf, tells_which_file_cannot_be_read)
{
    expect_load_fails("/no/such/file", "No such file");
    expect_load_fails("/", "Is a directory");
    char large[] = "/tmp/pult-test-XXXXXX";
    write_file(large, 256 * 1024);
    expect_load_fails(large, "larger than 256 KiB");
    unlink(large);
}

Test(conf, loads_a_file)
{
    char name[] = "/tmp/pult-test-XXXXXX";
    write_file(name, 200 * 1024);
    struct settings settings = {0};
    struct text mistakes = {0};
    cr_expect(conf_load(name, rows, &settings, note, &mistakes), "%s", mistakes.bytes);
    cr_expect_str_eq(settings.name, "x");
    text_drop(&mistakes);
    unlink(name);
}
