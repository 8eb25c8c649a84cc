// SPDX-License-Identifier: EUPL-1.2
#include "admin-tool/options.h"
#include "admin-tool/out.h"
#include "broker/base/conf.h"
#include "broker/base/file.h"
#include "broker/client/language.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define AT(member) .offset = offsetof(struct options, member), .size = sizeof(((struct options *)0)->member)

struct option_row {
    const char *name;
    char letter;
    unsigned flag;
    const char *value; // what it takes, for people; NULL: nothing
    size_t offset, size;
    const char *sentence;
};

// A row a line.
// clang-format off
static const struct option_row rows[] = {
    {"broker", 'b', OPTION_ALWAYS, "HOST[:PORT]", AT(broker), N_("the broker; PULT_BROKER")},
    {"ca", 0, OPTION_ALWAYS, "FILE", AT(ca), N_("CA certificate that signed the broker's; PULT_CA")},
    {"certificate", 0, OPTION_ALWAYS, "FILE", AT(certificate), N_("a client certificate to use instead of logging on; PULT_CERTIFICATE")},
    {"key", 0, OPTION_ALWAYS, "FILE", AT(key), N_("the key of that certificate; PULT_KEY")},
    {"json", 'j', OPTION_ALWAYS, NULL, AT(json), N_("JSON instead of tables")},
    {"lang", 0, OPTION_ALWAYS, "LANGUAGE", AT(lang), N_("language of the output, for example de")},
    {"check", 0, OPTION_ALWAYS, NULL, AT(check), N_("instead of a command: try the way to the broker")},
    {"help", 'h', OPTION_ALWAYS, NULL, AT(help), N_("describe the command")},
    {"version", 0, OPTION_ALWAYS, NULL, AT(version), N_("print the version of this program")},
    {"tenant", 't', OPTION_TENANT, "TENANT", AT(tenant), N_("only this tenant; with login, the tenant whose directory has your account")},
    {"name", 'n', OPTION_NAME, "NAME", AT(name), N_("user name; default: your user name on this computer")},
    {"password-stdin", 0, OPTION_SECRETS, NULL, AT(password_stdin), N_("read the password from the first line of standard input")},
    {"token-stdin", 0, OPTION_SECRETS, NULL, AT(token_stdin), N_("read the first administrator's token there; or name its file in PULT_TOKEN_FILE")},
    {"ticket", 0, OPTION_SECRETS, NULL, AT(ticket), N_("use the Kerberos ticket from kinit instead of a password")},
    {"file", 'f', OPTION_FILE, "FILE", AT(file), N_("the file to apply, - for standard input")},
    {"dry-run", 0, OPTION_PLAN, NULL, AT(dry_run), N_("show the plan and change nothing")},
    {"enrol", 0, OPTION_PLAN, NULL, AT(enrol), N_("print a one-time token for each new host and device")},
    {"yes", 'y', OPTION_YES, NULL, AT(yes), N_("do not ask")},
    {"device", 0, OPTION_DEVICE, "DEVICE", AT(device), N_("the desk: TENANT/NAME")},
    {"as", 0, OPTION_AS, "NAME", AT(as), N_("a person to look for, as they would type their name; their password is not needed")},
    {"until", 0, OPTION_DRAIN, "TIME", AT(until), N_("when it automatically accepts new sessions again, such as 18:00")},
    {"message", 0, OPTION_DRAIN, "TEXT", AT(message), N_("shown to the people on it")},
    {"command", 0, OPTION_BACKUP, "COMMAND", AT(command), N_("gets the back-up on standard input, for a second place; its name is in PULT_BACKUP")},
    {"recovery-key", 0, OPTION_BACKUP, "FILE", AT(recovery_key), N_("private key that opens it: everything in it is verified, too")},
    {"last", 0, OPTION_EVENTS, "COUNT", AT(last), N_("how many of the latest events; default: 50")},
    {"after", 0, OPTION_EVENTS, "NUMBER", AT(after), N_("all events after this number")},
    {"month", 0, OPTION_ACCOUNTS, "YYYY-MM", AT(month), N_("of this month; default: the present one")},
    {"by", 0, OPTION_ACCOUNTS, "WHOM", AT(by), N_("a line for each person, printer or tenant, default: for all that differ; gateway: who came in from outside")},
    {"csv", 0, OPTION_CSV, NULL, AT(csv), N_("as a table for spreadsheets")},
};

static const struct conf_row file_rows[] = {
    {.key = "broker", .type = CONF_TEXT, AT(broker), .sentence = "the broker, host[:port]"},
    {.key = "ca", .type = CONF_PATH, AT(ca), .sentence = "certificate of the authority that signed the broker's"},
    {.key = "certificate", .type = CONF_PATH, AT(certificate), .sentence = "a certificate to show instead of logging on"},
    {.key = "key", .type = CONF_PATH, AT(key), .sentence = "its key"},
    {.key = "tenant", .type = CONF_TEXT, AT(tenant), .sentence = "tenant to log on at"},
    {.key = "name", .type = CONF_TEXT, AT(name), .sentence = "log-on name"},
    {.key = "lang", .type = CONF_TEXT, AT(lang), .sentence = "language of what is said"},
    {.key = NULL},
};
// clang-format on

#define SETTINGS "pultctl.conf"

enum { ROWS = sizeof rows / sizeof *rows };

static char *text_at(struct options *options, size_t offset)
{
    return (char *)options + offset;
}

static bool take_value(struct options *options, const struct option_row *row, const char *value)
{
    options->given |= row->flag;
    if (!row->value) {
        *(bool *)text_at(options, row->offset) = true;
        return true;
    }
    if (text_copy(text_at(options, row->offset), row->size, value))
        return true;
    out_complain(_("--%s: the value is too long"), row->name);
    return false;
}

static void describe(struct option *long_options, char *letters)
{
    size_t length = 0;
    letters[length++] = ':'; // a missing value is told apart from an unknown option
    for (int i = 0; i < ROWS; i++) {
        long_options[i] = (struct option){rows[i].name, rows[i].value ? required_argument : no_argument, NULL, 256 + i};
        if (rows[i].letter)
            letters[length++] = rows[i].letter;
        if (rows[i].letter && rows[i].value)
            letters[length++] = ':';
    }
    letters[length] = 0;
}

static const struct option_row *row_of(int found)
{
    for (int i = 0; i < ROWS; i++)
        if (found == 256 + i || (found < 256 && rows[i].letter == (char)found))
            return &rows[i];
    return NULL;
}

bool options_read(struct options *options, int *count, char **words)
{
    struct option long_options[ROWS + 1] = {0};
    char letters[2 * ROWS + 2];
    describe(long_options, letters);
    optind = 0; // glibc: begin anew
    opterr = 0;
    for (int found; (found = getopt_long(*count, words, letters, long_options, NULL)) != -1;) {
        if (found == ':' || found == '?') {
            const char *word = words[optind - 1];
            out_complain(found == ':' ? _("%s needs a value") : _("unknown option %s"), word);
            return false;
        }
        if (!take_value(options, row_of(found), optarg))
            return false;
    }
    int rest = *count - optind;
    memmove(words, words + optind, (size_t)(rest + 1) * sizeof *words);
    *count = rest;
    return true;
}

static void fill(char *value, const char *from)
{
    if (!value[0] && from && !text_copy(value, OPTION_SIZE, from))
        value[0] = 0;
}

void options_path(char path[OPTION_SIZE], const char *name)
{
    const char *folder = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    if (folder && folder[0] == '/')
        snprintf(path, OPTION_SIZE, "%s/pult/%s", folder, name);
    else
        snprintf(path, OPTION_SIZE, "%s/.config/pult/%s", home ? home : "", name);
}

void options_beside(char path[OPTION_SIZE], const char *name)
{
    options_path(path, name);
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(path, 0700);
        *slash = '/';
    }
}

bool options_keep(const struct options *options, const char *ca, struct fault *why)
{
    char path[OPTION_SIZE], lines[2 * OPTION_SIZE + 32];
    options_beside(path, SETTINGS);
    int length = snprintf(lines, sizeof lines, "broker = %s\nca = %s\n", options->broker, ca);
    return file_create(path, 0600, lines, (size_t)length, why);
}

bool options_complete(struct options *options)
{
    char path[OPTION_SIZE];
    struct options file = {0};
    options_path(path, SETTINGS);
    if (access(path, F_OK) == 0 && !conf_load(path, file_rows, &file, conf_report_stderr, path))
        return false;
    fill(options->broker, getenv("PULT_BROKER"));
    fill(options->ca, getenv("PULT_CA"));
    fill(options->certificate, getenv("PULT_CERTIFICATE"));
    fill(options->key, getenv("PULT_KEY"));
    for (const struct conf_row *row = file_rows; row->key; row++)
        fill(text_at(options, row->offset), text_at(&file, row->offset));
    fill(options->ca, "/etc/pult/ca.crt");
    return true;
}

void options_print_synopsis(FILE *file, unsigned allowed)
{
    for (int i = 0; i < ROWS; i++) {
        if (!(rows[i].flag & allowed))
            continue;
        fprintf(file, " [--%s%s%s]", rows[i].name, rows[i].value ? " " : "", rows[i].value ? rows[i].value : "");
    }
}

void options_add_names(struct text *lines, unsigned allowed)
{
    for (int i = 0; i < ROWS; i++)
        if (rows[i].flag & allowed)
            text_addf(lines, "--%s\n", rows[i].name);
}

void options_print_help(FILE *file, unsigned allowed)
{
    for (int i = 0; i < ROWS; i++) {
        char name[64], letter[8] = "    ";
        if (!(rows[i].flag & allowed))
            continue;
        if (rows[i].letter)
            snprintf(letter, sizeof letter, "-%c, ", rows[i].letter);
        snprintf(name, sizeof name, "--%s %s", rows[i].name, rows[i].value ? rows[i].value : "");
        fprintf(file, "  %s%-22s %s\n", letter, name, language_text(rows[i].sentence));
    }
}
