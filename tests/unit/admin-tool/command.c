// SPDX-License-Identifier: EUPL-1.2
#include "admin-tool/command.h"
#include "broker/client/language.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdlib.h>

enum { WORDS_MAX = 16 };

static char line[256], *words[WORDS_MAX];
static struct invocation invocation;
static struct options options;

static int split(const char *text)
{
    int count = 0;
    TEXT_PUT(line, text);
    char *rest = line[0] ? line : NULL;
    while ((words[count] = strsep(&rest, " ")))
        count++;
    return count;
}

static bool find(const char *text)
{
    return command_find(split(text), words, &invocation);
}

TestSuite(command, .init = cr_redirect_stderr);

Test(command, is_found_by_its_words)
{
    cr_assert(find("status"));
    cr_assert_eq(invocation.command->run, status_show);
    cr_assert(find("host drain neustadt/ts1"));
    cr_assert_eq(invocation.command->run, host_drain);
    cr_assert_eq(invocation.noun, NOUN_HOST);
    cr_assert_eq(invocation.count, 1);
    cr_assert_str_eq(invocation.words[0], "neustadt/ts1");
}

Test(command, nouns_share_their_verbs)
{
    for (enum noun noun = 0; noun < NOUN_COUNT; noun++) {
        char text[64];
        snprintf(text, sizeof text, "%s list", noun_rows[noun].name);
        cr_assert(find(text), "%s", text);
        cr_assert_eq(invocation.noun, noun);
        snprintf(text, sizeof text, "%s set a/b c=d", noun_rows[noun].name);
        cr_assert_eq(find(text), noun_rows[noun].writable, "%s", text);
    }
}

Test(command, sessions_are_ended_not_removed)
{
    cr_assert(find("session end neustadt/s-1 neustadt/s-2"));
    cr_assert_eq(invocation.count, 2);
    cr_assert_not(find("session remove neustadt/s-1"));
    cr_assert_not(find("person remove neustadt/p-1"));
}

Test(command, refuses_what_is_none)
{
    cr_assert_not(find(""));
    cr_assert_not(find("host"));
    cr_assert_not(find("host explode"));
    cr_assert_not(find("desk list"));
    cr_assert_not(find("NOUN list"));
}

Test(command, counts_its_arguments)
{
    cr_assert_not(find("host drain"));
    cr_assert_not(find("host drain a/b c/d"));
    cr_assert_not(find("host set a/b"));
    cr_assert_not(find("status now"));
}

Test(command, takes_its_own_options_only)
{
    int count = split("pultctl host list --tenant neustadt --json");
    cr_assert(options_read(&options, &count, words));
    cr_assert(command_find(count, words, &invocation));
    cr_assert(command_takes(invocation.command, options.given));
    cr_assert(find("status"));
    cr_assert_not(command_takes(invocation.command, options.given));
}

Test(command, options_may_stand_anywhere)
{
    int count = split("pultctl --json host -b broker:1 show a/b --lang=de");
    cr_assert(options_read(&options, &count, words));
    cr_assert_eq(count, 3);
    cr_assert_str_eq(words[0], "host");
    cr_assert_str_eq(words[2], "a/b");
    cr_assert_null(words[3]);
    cr_assert(options.json);
    cr_assert_str_eq(options.broker, "broker:1");
    cr_assert_str_eq(options.lang, "de");
}

Test(command, refuses_unknown_options_and_missing_values)
{
    int count = split("pultctl status --password=secret");
    cr_assert_not(options_read(&options, &count, words));
    count = split("pultctl status --broker");
    cr_assert_not(options_read(&options, &count, words));
}

static char *read_file(const char *path)
{
    static char bytes[64 * 1024];
    FILE *file = fopen(path, "re");
    cr_assert(file, "%s", path);
    bytes[fread(bytes, 1, sizeof bytes - 1, file)] = 0;
    fclose(file);
    return bytes;
}

Test(command, stands_in_the_manual_page_with_its_options)
{
    const char *page = read_file("admin-tool/pultctl.1");
    for (const struct command *command = command_rows; command->first; command++) {
        char *synopsis = NULL;
        size_t length = 0;
        FILE *file = open_memstream(&synopsis, &length);
        command_print_synopsis(file, command, NOUN_NONE);
        fclose(file);
        cr_assert(strstr(page, synopsis), "%s", synopsis);
        free(synopsis);
    }
}

Test(command, speaks_german_throughout)
{
    char folder[256];
    snprintf(folder, sizeof folder, "%s/locale", getenv("PULT_BUILD"));
    setenv("PULT_LOCALE_DIR", folder, 1);
    language_init("de");
    for (const struct command *command = command_rows; command->first; command++)
        cr_expect_str_neq(_(command->sentence), command->sentence);
    for (enum refusal refusal = REFUSAL_NONE + 1; refusal < REFUSAL_COUNT; refusal++)
        cr_expect_str_neq(language_sentence(refusal), refusal_rows[refusal].sentence);
    for (enum noun noun = 0; noun < NOUN_COUNT; noun++) {
        cr_expect_str_neq(_(noun_rows[noun].sentence), noun_rows[noun].sentence);
        for (const struct field *field = noun_rows[noun].fields; field->name; field++)
            cr_expect_str_neq(_(field->sentence), field->sentence, "%s", field->sentence);
    }
}
