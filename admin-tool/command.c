// SPDX-License-Identifier: EUPL-1.2
#include "admin-tool/command.h"
#include "broker/client/language.h"

#include <limits.h>

static const char any_noun[] = "NOUN";

// A row a line.
// clang-format off
const struct command command_rows[] = {
    {"login", NULL, 0, "", 0, 0, OPTION_TENANT | OPTION_NAME | OPTION_SECRETS, NEEDS_SETTINGS, admin_log_on, N_("logs you on to the broker; asks for the password")},
    {"logout", NULL, 0, "", 0, 0, 0, NEEDS_LOGON, admin_log_off, N_("logs you off")},
    {"token", "list", 0, "", 0, 0, 0, NEEDS_LOGON, token_list, N_("lists the administrators who are logged on")},
    {"token", "revoke", 0, "ID...", 1, INT_MAX, 0, NEEDS_LOGON, token_revoke, N_("ends logons of administrators, also your own")},
    {"status", NULL, 0, "", 0, 0, 0, NEEDS_LOGON, status_show, N_("shows the state of the broker, its hosts and its directories")},
    {"explain", NULL, 0, "PERSON --device DEVICE", 1, 1, OPTION_DEVICE, NEEDS_LOGON, logon_explain, N_("explains what a logon would do, and why, without doing it")},
    {any_noun, "list", METHOD_LIST, "", 0, 0, OPTION_TENANT, NEEDS_LOGON, noun_list, N_("lists all of them")},
    {any_noun, "show", METHOD_SHOW, "ID", 1, 1, 0, NEEDS_LOGON, noun_show, N_("shows everything about one of them")},
    {any_noun, "add", METHOD_SET, "ID FIELD=VALUE...", 2, INT_MAX, OPTION_YES, NEEDS_LOGON, noun_add, N_("adds a new one")},
    {any_noun, "set", METHOD_SET, "ID FIELD=VALUE...", 2, INT_MAX, OPTION_YES, NEEDS_LOGON, noun_set, N_("changes the given fields of one")},
    {any_noun, "remove", METHOD_REMOVE, "ID...", 1, INT_MAX, OPTION_YES, NEEDS_LOGON, noun_remove, N_("removes them")},
    {"host", "drain", 0, "ID", 1, 1, OPTION_DRAIN, NEEDS_LOGON, host_drain, N_("takes a host out of service: no new sessions; running ones continue")},
    {"host", "undrain", 0, "ID", 1, 1, 0, NEEDS_LOGON, host_undrain, N_("puts a host back into service")},
    {"host", "release", 0, "ID", 1, 1, 0, NEEDS_LOGON, host_release, N_("releases a persistent desktop")},
    {"host", "message", 0, "ID TEXT", 2, 2, 0, NEEDS_LOGON, host_show_message, N_("shows a message to everybody on a host")},
    {"host", "enrol-token", 0, "ID", 1, 1, 0, NEEDS_LOGON, host_enrol_token, N_("prints a one-time token with which the host's agent gets its certificate")},
    {"session", "message", 0, "ID TEXT", 2, 2, 0, NEEDS_LOGON, session_show_message, N_("shows a message in a session")},
    {"session", "lock", 0, "ID", 1, 1, 0, NEEDS_LOGON, session_lock, N_("disconnects a session; it keeps running, and whoever opens it must log on")},
    {"session", "end", 0, "ID...", 1, INT_MAX, 0, NEEDS_LOGON, noun_remove, N_("ends sessions; unsaved work in them is lost")},
    {"person", "erase", 0, "ID", 1, 1, OPTION_YES, NEEDS_LOGON, person_erase, N_("erases a person's name permanently; asks first")},
    {"person", "unlock", 0, "TENANT/NAME", 1, 1, 0, NEEDS_LOGON, person_unlock, N_("lets somebody at whose password was guessed try again at once")},
    {"person", "factor-code", 0, "ID", 1, 1, 0, NEEDS_LOGON, person_factor_code, N_("prints a code, good once, with which a person enrols a passkey or telephone from outside")},
    {"factor", "remove", 0, "ID...", 1, INT_MAX, 0, NEEDS_LOGON, noun_remove, N_("removes what people show besides their password from outside, such as a lost telephone")},
    {"tenant", "check", 0, "TENANT", 1, 1, OPTION_AS, NEEDS_LOGON, tenant_check, N_("looks at a tenant's directory as a logon would, and says how to mend what does not work")},
    {"device", "enrol-token", 0, "ID", 1, 1, 0, NEEDS_LOGON, device_enrol_token, N_("prints a one-time token with which the device gets its certificate")},
    {"printer", "import", 0, "FILE", 1, 1, OPTION_PLAN | OPTION_YES, NEEDS_LOGON, apply_table, N_("shows what a table of printers (CSV) would change, asks, and applies it all at once")},
    {"printer", "find", 0, "", 0, 0, OPTION_CSV, NEEDS_NOTHING, printer_find, N_("lists the printers that announce themselves on this network")},
    {"printer", "read", 0, "ID", 1, 1, 0, NEEDS_LOGON, printer_ask, N_("asks a printer what it is and can, and shows that")},
    {"printer", "drain", 0, "ID", 1, 1, 0, NEEDS_LOGON, printer_drain, N_("takes a printer out of service: its jobs go to its substitute, or wait")},
    {"printer", "undrain", 0, "ID", 1, 1, 0, NEEDS_LOGON, printer_undrain, N_("puts a printer back into service")},
    {"printer", "test", 0, "ID", 1, 1, 0, NEEDS_LOGON, printer_test, N_("prints a page that says which printer it is, and where")},
    {"job", "release", 0, "ID [PRINTER]", 1, 2, 0, NEEDS_LOGON, job_release, N_("prints a job that is held, or may not have come out, also at another printer")},
    {"job", "cancel", 0, "ID", 1, 1, 0, NEEDS_LOGON, job_cancel, N_("deletes a job that is not out yet")},
    {"job", "move", 0, "ID PRINTER", 2, 2, 0, NEEDS_LOGON, job_move, N_("sends a job that is not out yet to another printer")},
    {"print-server", "enrol-token", 0, "ID", 1, 1, 0, NEEDS_LOGON, print_server_enrol_token, N_("prints a one-time token with which the print server gets its certificate")},
    {"gateway", "drain", 0, "ID", 1, 1, 0, NEEDS_LOGON, gateway_drain, N_("takes a gateway out of service: it lets nobody in any more, and who is in stays")},
    {"gateway", "undrain", 0, "ID", 1, 1, 0, NEEDS_LOGON, gateway_undrain, N_("puts a gateway back into service")},
    {"gateway", "enrol-token", 0, "ID", 1, 1, 0, NEEDS_LOGON, gateway_enrol_token, N_("prints a one-time token with which the gateway gets its certificate")},
    {"grant", "request", 0, "FIELD=VALUE...", 4, INT_MAX, OPTION_TENANT, NEEDS_LOGON, grant_request, N_("asks that a tenant may use a printer, pool or site of another, and approves it for your side")},
    {"grant", "approve", 0, "ID", 1, 1, OPTION_TENANT, NEEDS_LOGON, grant_approve, N_("approves a grant for your side; confirms one with a review date")},
    {"grant", "revoke", 0, "ID...", 1, INT_MAX, 0, NEEDS_LOGON, grant_revoke, N_("revokes grants at once")},
    {"account", "list", 0, "", 0, 0, OPTION_TENANT | OPTION_ACCOUNTS | OPTION_CSV, NEEDS_LOGON, account_list, N_("lists the pages that were printed in a month, by whom, where, and their price; or who came in from outside")},
    {"event", "list", 0, "", 0, 0, OPTION_EVENTS, NEEDS_LOGON, event_list, N_("lists the journal: what was decided, by whom, when")},
    {"apply", NULL, 0, "", 0, 0, OPTION_FILE | OPTION_PLAN | OPTION_YES, NEEDS_LOGON, apply_file, N_("shows what a YAML file would change, asks, and applies it all at once")},
    {"backup", NULL, 0, "[FOLDER]", 0, 1, OPTION_BACKUP, NEEDS_LOGON, backup_make, N_("makes an encrypted back-up of the broker, and verifies what it wrote")},
    {"complete", NULL, 0, "-- WORD...", 0, INT_MAX, 0, NEEDS_NOTHING, complete_show, N_("for shells: prints what may stand next on a command line of these words")},
    {"help", NULL, 0, "[COMMAND]", 0, 2, 0, NEEDS_NOTHING, help_show, N_("describes the commands")},
    {.first = NULL},
};
// clang-format on

// People are erased and sessions ended, which is more than removing a record: such a method knows no versions.
static bool noun_has(enum noun noun, enum method_id method)
{
    bool reads = method == METHOD_LIST || method == METHOD_SHOW;
    const struct method *row = method_find(method, noun);
    return row && (reads || (noun_rows[noun].writable && row->flags & METHOD_VERSIONED));
}

bool command_is_of(const struct command *command, char **words)
{
    enum noun noun = noun_by_name(words[0]);
    if (command->second && (!words[1] || !text_equal(command->second, words[1])))
        return false;
    if (text_equal(command->first, any_noun))
        return noun != NOUN_NONE && noun_has(noun, command->method);
    return text_equal(command->first, words[0]);
}

static bool complain_unknown(int count, char **words)
{
    if (count == 0)
        out_complain("%s", _("Missing command. See: pultctl help"));
    else
        out_complain(_("Unknown command \"%s%s%s\". See: pultctl help"), words[0], count > 1 ? " " : "",
                     count > 1 ? words[1] : "");
    return false;
}

bool command_find(int count, char **words, struct invocation *invocation)
{
    for (const struct command *command = command_rows; count && command->first; command++) {
        if (!command_is_of(command, words))
            continue;
        int own = command->second ? 2 : 1;
        enum noun noun = noun_by_name(words[0]);
        *invocation = (struct invocation){command, noun, count - own, words + own};
        if (invocation->count >= command->min_args && invocation->count <= command->max_args)
            return true;
        fprintf(stderr, "%s", _("Usage: "));
        command_print_synopsis(stderr, command, noun);
        return false;
    }
    return complain_unknown(count, words);
}

bool command_takes(const struct command *command, unsigned given)
{
    unsigned surplus = given & ~(command->options | OPTION_ALWAYS);
    if (!surplus)
        return true;
    out_complain("%s", _("This command does not take that option. See: pultctl help"));
    return false;
}

void command_print_synopsis(FILE *file, const struct command *command, enum noun noun)
{
    bool named = noun != NOUN_NONE && text_equal(command->first, any_noun);
    fprintf(file, "pultctl %s", named ? noun_rows[noun].name : command->first);
    if (command->second)
        fprintf(file, " %s", command->second);
    if (command->arguments[0])
        fprintf(file, " %s", command->arguments);
    options_print_synopsis(file, command->options & ~(unsigned)OPTION_DEVICE); // stands among the arguments
    fputs("\n", file);
}
