// SPDX-License-Identifier: EUPL-1.2
// What a shell offers, for each row of the table of commands.
#include "admin-tool/complete.h"
#include "admin-tool/command.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct text lines;
static enum noun ids;

static void forget(void)
{
    text_drop(&lines);
}

TestSuite(complete, .fini = forget);

static bool offers(const char *word)
{
    char line[200];
    snprintf(line, sizeof line, "%s\n", word);
    const char *at = lines.bytes ? strstr(lines.bytes, line) : NULL;
    return at && (at == lines.bytes || at[-1] == '\n');
}

// Words with single spaces between.
static void after(const char *typed)
{
    static char copy[200];
    char *words[8], *rest = copy;
    int count = 0;
    text_put(copy, sizeof copy, typed);
    for (char *word; *copy && (word = strsep(&rest, " "));)
        words[count++] = word;
    forget();
    lines = (struct text){0};
    complete_add(&lines, count, words, &ids);
}

Test(complete, leads_to_every_command)
{
    for (const struct command *command = command_rows; command->first; command++) {
        bool any = text_equal(command->first, "NOUN");
        after("");
        cr_assert(any || offers(command->first), "%s", command->first);
        after(any ? "host" : command->first);
        cr_assert(!command->second || offers(command->second), "%s %s", command->first, command->second);
    }
    after("");
    for (enum noun noun = 0; noun < NOUN_COUNT; noun++)
        cr_assert(offers(noun_rows[noun].name), "%s", noun_rows[noun].name);
    cr_assert_not(offers("NOUN"));
}

Test(complete, offers_the_words_of_printing)
{
    static const char *const rows[][2] = {
        {"printer", "find"}, {"printer", "drain"}, {"printer", "add"},   {"print-server", "enrol-token"},
        {"job", "release"},  {"job", "list"},      {"grant", "request"}, {"grant", "list"},
        {"account", "list"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        after(rows[i][0]);
        cr_assert(offers(rows[i][1]), "%s %s", rows[i][0], rows[i][1]);
    }
    after("job");
    cr_assert_not(offers("set") || offers("add"));
}

Test(complete, offers_options_fields_and_ids_where_they_may_stand)
{
    after("printer add");
    cr_assert(ids == NOUN_PRINTER && offers("--json") && !offers("uri="));
    after("printer add neustadt/room1");
    cr_assert(ids == NOUN_NONE && offers("uri=") && offers("substitute=") && !offers("make=") && !offers("id="));
    after("printer add neustadt/room1 uri=ipp://x");
    cr_assert(offers("site="));
    after("grant request");
    cr_assert(offers("to=") && offers("printer=") && !offers("requested_by="));
    after("job move neustadt/j-1");
    cr_assert_eq(ids, NOUN_PRINTER);
    after("job release neustadt/j-1");
    cr_assert_eq(ids, NOUN_PRINTER);
    after("job move neustadt/j-1 neustadt/room1");
    cr_assert_eq(ids, NOUN_NONE);
    after("grant revoke neustadt/g-1");
    cr_assert_eq(ids, NOUN_GRANT);
    after("account list");
    cr_assert(offers("--month") && offers("--csv") && ids == NOUN_NONE);
    after("status");
    cr_assert(offers("--json") && !offers("--month"));
    after("nonsense");
    cr_assert_eq(lines.length, 0);
    after("nonsense more");
    cr_assert_eq(lines.length, 0);
}
