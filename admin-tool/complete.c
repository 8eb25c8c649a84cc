// SPDX-License-Identifier: EUPL-1.2
#include "admin-tool/complete.h"
#include "admin-tool/command.h"
#include "broker/api/record.h"

#include <string.h>

enum { IDS_MAX = 1000 };

// ---- from the tables

static void add_line(struct text *lines, const char *word)
{
    text_addf(lines, "%s\n", word);
}

static bool has_line(const struct text *lines, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = lines->bytes; at && *at; at = strchr(at, '\n') + 1)
        if (strncmp(at, word, length) == 0 && at[length] == '\n')
            return true;
    return false;
}

static void add_once(struct text *lines, const char *word)
{
    if (!has_line(lines, word))
        add_line(lines, word);
}

static void add_first_words(struct text *lines)
{
    for (const struct command *command = command_rows; command->first; command++)
        if (!text_equal(command->first, "NOUN"))
            add_once(lines, command->first);
    for (enum noun noun = 0; noun < NOUN_COUNT; noun++)
        add_once(lines, noun_rows[noun].name);
}

static void add_second_words(struct text *lines, char *first)
{
    for (const struct command *command = command_rows; command->first; command++) {
        char *pair[] = {first, (char *)(uintptr_t)command->second, NULL};
        if (command->second && command_is_of(command, pair))
            add_once(lines, command->second);
    }
}

static const struct command *command_of(int count, char **words)
{
    char *pair[] = {words[0], count > 1 ? words[1] : NULL, NULL};
    for (const struct command *command = command_rows; command->first; command++)
        if (command_is_of(command, pair))
            return command;
    return NULL;
}

static void add_fields(struct text *lines, enum noun noun)
{
    for (const struct field *field = noun_rows[noun].fields; field->name; field++)
        if (!(field->flags & (FIELD_HIDDEN | FIELD_READ_ONLY)) && !text_equal(field->name, "id"))
            text_addf(lines, "%s=\n", field->name);
}

// "ID [PRINTER]": what the argument of this number is called, "" behind the last one; "ID..." goes on.
static void name_argument(char name[NAME_SIZE], const char *arguments, int number)
{
    text_cut(name, NAME_SIZE, "");
    for (int i = 0; *arguments && i <= number; i++) {
        size_t length = strcspn(arguments, " ");
        snprintf(name, NAME_SIZE, "%.*s", (int)length, arguments);
        if (strstr(name, "..."))
            return;
        arguments += length + strspn(arguments + length, " ");
        if (!*arguments && i < number)
            text_cut(name, NAME_SIZE, "");
    }
}

void complete_add(struct text *lines, int count, char **words, enum noun *ids)
{
    char argument[NAME_SIZE];
    *ids = NOUN_NONE;
    if (count == 0) {
        add_first_words(lines);
        return;
    }
    const struct command *command = command_of(count, words);
    if (!command) {
        if (count == 1)
            add_second_words(lines, words[0]);
        return;
    }
    enum noun noun = noun_by_name(words[0]);
    options_add_names(lines, command->options | OPTION_ALWAYS);
    name_argument(argument, command->arguments, count - (command->second ? 2 : 1));
    if (strstr(argument, "FIELD=VALUE") && noun != NOUN_NONE)
        add_fields(lines, noun);
    else if (strncmp(argument, "ID", 2) == 0)
        *ids = noun;
    else if (strstr(argument, "PRINTER"))
        *ids = NOUN_PRINTER;
}

// ---- from the broker

// Whoever is not logged on gets none, and is told so where nobody looks.
static void add_ids(struct text *lines, struct tool *tool, enum noun noun)
{
    struct noun_list page = {0};
    struct page_query query = {.limit = IDS_MAX};
    struct tool_call call = {.method = method_find(METHOD_LIST, noun), .query = &query};
    if (!call.method || !options_complete(&tool->options) || tool_open(tool, true) != EXIT_DONE)
        return;
    if (tool_ask(tool, &call, &page) == EXIT_DONE)
        for (size_t i = 0; i < page.items.count; i++)
            add_line(lines, record_at(&page.items, noun_status_types[noun], i)); // each begins with its id
    record_free(noun_list_types[noun].fields, &page);
}

enum exit_code complete_show(struct tool *tool, const struct invocation *invocation)
{
    enum noun ids;
    owned(text) struct text lines = {0};
    complete_add(&lines, invocation->count, invocation->words, &ids);
    if (ids != NOUN_NONE)
        add_ids(&lines, tool, ids);
    fputs(lines.bytes ? lines.bytes : "", tool->out.file);
    return EXIT_DONE;
}
