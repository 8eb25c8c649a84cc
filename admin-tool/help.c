// SPDX-License-Identifier: EUPL-1.2
#include "admin-tool/command.h"
#include "broker/client/language.h"

static void print_command(FILE *file, const struct command *command, enum noun noun)
{
    fputs("  ", file);
    command_print_synopsis(file, command, noun);
    fprintf(file, "      %s\n", language_text(command->sentence));
}

static void print_exit_codes(FILE *file)
{
    fprintf(file, "\n%s\n",
            _("Exit codes: 0 done, 1 refused by the broker, 2 wrong usage, 3 broker unreachable, 4 not "
              "logged on or not allowed, 5 not confirmed."));
}

static void print_all(FILE *file)
{
    fprintf(file, "%s\n", _("pultctl manages the workplaces of town halls. Commands:"));
    for (const struct command *command = command_rows; command->first; command++)
        print_command(file, command, NOUN_NONE);
    fprintf(file, "\n%s", _("NOUN is one of:"));
    for (enum noun noun = 0; noun < NOUN_COUNT; noun++)
        fprintf(file, " %s", noun_rows[noun].name);
    fprintf(file, "\n\n%s\n", _("Options of every command:"));
    options_print_help(file, OPTION_ALWAYS);
    print_exit_codes(file);
}

static const char *type_name(const struct field *field)
{
    static const char *const names[] = {
        [FIELD_ID] = N_("id"),         [FIELD_TEXT] = N_("text"),     [FIELD_LIST] = N_("words"),
        [FIELD_LINES] = N_("lines"),   [FIELD_NUMBER] = N_("number"), [FIELD_FLAG] = N_("yes or no"),
        [FIELD_CHOICE] = N_("choice"), [FIELD_TIME] = N_("time"),     [FIELD_DIGEST] = N_("SHA-256"),
    };
    return language_text(names[field->type]);
}

static void print_field(FILE *file, const struct field *field)
{
    fprintf(file, "  %-16s %s: %s", field->name, type_name(field), language_text(field->sentence));
    for (int i = 0; field->choices && field->choices[i]; i++)
        fprintf(file, "%s%s", i ? ", " : " (", field->choices[i]);
    fprintf(file, "%s%s\n", field->choices ? ")" : "", field->flags & FIELD_REQUIRED ? _(" (required)") : "");
}

static void print_noun(FILE *file, enum noun noun)
{
    const struct noun_row *row = &noun_rows[noun];
    fprintf(file, "%s: %s\n", row->name, language_text(row->sentence));
    for (const struct command *command = command_rows; command->first; command++) {
        char *words[] = {(char *)(uintptr_t)row->name, (char *)(uintptr_t)command->second, NULL};
        if (command_is_of(command, words))
            print_command(file, command, noun);
    }
    fprintf(file, "\n%s\n", row->writable ? _("Fields that can be set:") : _("Fields:"));
    for (const struct field *field = row->fields; field->name; field++)
        if (!(field->flags & FIELD_HIDDEN) && !(row->writable && (field->flags & FIELD_READ_ONLY)))
            print_field(file, field);
}

static enum exit_code print_one(FILE *file, int count, char **words)
{
    bool found = false;
    enum noun noun = noun_by_name(words[0]);
    if (noun != NOUN_NONE && count == 1) {
        print_noun(file, noun);
        return EXIT_DONE;
    }
    for (const struct command *command = command_rows; command->first; command++) {
        char *pair[] = {words[0], count > 1 ? words[1] : (char *)(uintptr_t)command->second, NULL};
        if (!command_is_of(command, pair))
            continue;
        print_command(file, command, noun);
        options_print_help(file, command->options);
        found = true;
    }
    if (!found)
        out_complain(_("Unknown command \"%s%s%s\". See: pultctl help"), words[0], count > 1 ? " " : "",
                     count > 1 ? words[1] : "");
    return found ? EXIT_DONE : EXIT_USAGE;
}

enum exit_code help_show(struct tool *tool, const struct invocation *invocation)
{
    if (invocation->count)
        return print_one(tool->out.file, invocation->count, invocation->words);
    print_all(tool->out.file);
    return EXIT_DONE;
}
