// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/method.h"
#include "broker/base/text.h"
#include "broker/client/client.h"
#include "tests/integration/client/fake_broker.h"
#include "tests/program.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PORT = 8443 };

// A row a line.
// clang-format off
static const struct fake_row rows[] = {
    {"GET", "/healthz", 200, NULL, "{}"},
    {"POST", "/v1/admin/logon", 200, NULL, "{\"token\":\"t0ken\",\"until\":\"2099-01-01T00:00:00Z\",\"name\":\"Anna\",\"scope\":\"neustadt\"}"},
    {"POST", "/v1/admin/logoff", 200, NULL, "{}"},
    {"GET", "/v1/hosts?limit=500", 200, NULL, "{\"items\":[{\"id\":\"a/one\",\"health\":\"ok\"}],\"next\":\"a/one\"}"},
    {"GET", "/v1/hosts?limit=1000", 200, NULL, "{\"items\":[{\"id\":\"a/one\"},{\"id\":\"b/two\"}]}"},
    {"GET", "/v1/hosts?limit=500&after=a/one", 200, NULL, "{\"items\":[{\"id\":\"a/two\",\"address\":\"\\u202ex\"}]}"},
    {"GET", "/v1/hosts?limit=500&tenant=b", 200, NULL, "{\"items\":[]}"},
    {"GET", "/v1/hosts/a/one", 200, "etag: 'v7'\r\n", "{\"id\":\"a/one\",\"pool\":\"a/p\",\"address\":\"h\",\"port\":3389,\"weight\":100,\"max_sessions\":9,\"draining\":false,\"health\":\"ok\"}"},
    {"PUT", "/v1/hosts/*", 200, NULL, NULL},
    {"PUT", "/v1/sites/a/busy", 412, NULL, "{\"type\":\"urn:pult:precondition-failed\"}"},
    {"PUT", "/v1/sites/a/nine", 200, NULL, NULL},
    {"GET", "/v1/sites/a/busy", 200, "etag: 'v1'\r\n", "{\"id\":\"a/busy\",\"name\":\"x\"}"},
    {"DELETE", "/v1/hosts/a/one", 409, NULL, "{\"type\":\"urn:pult:conflict\",\"detail\":\"session a/s: remove or change first\",\"detail_format\":\"%.250s: remove or change first\",\"help_desk\":\"115\"}"},
    {"DELETE", "/v1/hosts/a/two", 200, NULL, "{}"},
    {"DELETE", "/v1/hosts/a/three", 403, NULL, "{\"type\":\"urn:pult:denied\"}"},
    {"POST", "/v1/devices/a/desk1/enrol-token", 200, NULL, "{\"token\":\"abc123\",\"until\":\"2099-01-01T00:00:00Z\"}"},
    {"GET", "/v1/status", 200, NULL, "{\"version\":\"1\",\"device_ca_until\":\"2020-01-01T00:00:00.000Z\",\"certificates_ending\":[{\"kind\":\"device\",\"id\":\"a/desk1\",\"until\":\"2026-03-01T08:00:00.000Z\"}]}"},
    {"POST", "/v1/logon/explain", 200, NULL, "{\"refusal\":\"no-profile\",\"host\":\"\",\"profile\":\"\",\"session\":\"\",\"why\":[\"host a/b: draining\",\"second\"],\"why_formats\":[\"host %s: draining\"]}"},
    {"POST", "/v1/apply", 200, NULL, "{\"changes\":[{\"noun\":\"site\",\"id\":\"a/b\",\"change\":\"change\",\"fields\":[{\"name\":\"name\",\"from\":\"X\",\"to\":\"Y\"}]},{\"noun\":\"device\",\"id\":\"a/desk1\",\"change\":\"add\",\"fields\":[]},{\"noun\":\"printer\",\"id\":\"a/new\",\"change\":\"add\",\"fields\":[]},{\"noun\":\"printer\",\"id\":\"a/far\",\"change\":\"add\",\"fields\":[]},{\"noun\":\"host\",\"id\":\"a/ws1\",\"change\":\"add\",\"fields\":[{\"name\":\"os\",\"from\":\"\",\"to\":\"windows\"}]}],\"affected\":[{\"user_name\":\"bert\",\"name\":\"Bert\",\"from\":\"a/old\",\"to\":\"\",\"no_host\":false,\"fields\":[]},{\"user_name\":\"anna\",\"name\":\"Anna\",\"from\":\"a/old\",\"to\":\"a/new\",\"no_host\":false,\"fields\":[\"pool\",\"sound\"]}],\"affected_count\":2,\"without_workplace\":1,\"people\":9,\"not_checked\":3,\"applied\":true}"},
    {"GET", "/v1/printers/a/new", 404, NULL, "{\"type\":\"urn:pult:not-found\",\"status\":404}"},
    {"PUT", "/v1/printers/a/new", 200, NULL, NULL},
    {"POST", "/v1/printers/a/new/read", 200, NULL, "{\"id\":\"a/new\",\"name\":\"New\",\"uri\":\"ipp://p/ipp/print\",\"site\":\"a/s\",\"make\":\"Drucker 9\",\"formats\":[\"application/pdf\"],\"media\":[\"iso_a4_210x297mm\"],\"duplex\":true,\"state\":\"idle\",\"found_location\":\"Flur\"}"},
    {"GET", "/v1/printers/a/far", 404, NULL, "{\"type\":\"urn:pult:not-found\",\"status\":404}"},
    {"PUT", "/v1/printers/a/far", 200, NULL, NULL},
    {"POST", "/v1/printers/a/far/read", 503, NULL, "{\"type\":\"urn:pult:printer-unreachable\",\"status\":503}"},
    {"POST", "/v1/printers/a/new/drain", 200, NULL, "{\"id\":\"a/new\",\"name\":\"New\",\"uri\":\"ipp://p\",\"site\":\"a/s\",\"substitute\":\"a/far\"}"},
    {"POST", "/v1/jobs/a/j-1/move", 200, NULL, "{\"id\":\"a/j-1\",\"state\":\"waiting\"}"},
    {"GET", "/v1/people/a/anna", 404, NULL, "{\"type\":\"urn:pult:not-found\",\"status\":404}"},
    {"GET", "/v1/people?limit=500&tenant=a", 200, NULL, "{\"items\":[{\"id\":\"a/p-2\",\"user_name\":\"bert\"},{\"id\":\"a/p-1\",\"user_name\":\"anna\"}]}"},
    {"GET", "/v1/people/a/p-1", 200, NULL, "{\"id\":\"a/p-1\",\"user_name\":\"anna\"}"},
    {"PUT", "/v1/people/a/p-1", 200, NULL, NULL},
    {"POST", "/v1/grants", 200, NULL, "{\"id\":\"b/g-1\",\"to\":\"a\",\"pool\":\"b/office\",\"reason\":\"x\",\"until\":\"2030-01-01T00:00:00Z\",\"state\":\"waits-for-giver\"}"},
    {"DELETE", "/v1/grants/b/g-1", 200, NULL, "{}"},
    {"GET", "/v1/accounts?limit=1000&from=2026-11-01T00:00:00.000Z&until=2026-12-01T00:00:00.000Z", 200, NULL, "{\"items\":[{\"id\":\"a/j-1\",\"person\":\"a/p-1\",\"printer\":\"b/p\",\"server\":\"a/s\",\"number\":1,\"impressions\":4,\"sheets\":2,\"colour\":true,\"counted\":\"printer\",\"price\":1000,\"printed\":\"2026-11-03T08:00:00Z\",\"tenant\":\"a\",\"printer_tenant\":\"b\",\"user_name\":\"anna\",\"name\":\"Anna\"}],\"next\":\"7\"}"},
    {"GET", "/v1/accounts?limit=1000&after=7&from=2026-11-01T00:00:00.000Z&until=2026-12-01T00:00:00.000Z", 200, NULL, "{\"items\":[{\"id\":\"a/j-2\",\"person\":\"a/p-1\",\"printer\":\"b/p\",\"server\":\"a/s\",\"number\":2,\"impressions\":1,\"sheets\":1,\"colour\":false,\"counted\":\"document\",\"price\":250,\"printed\":\"2026-11-04T08:00:00Z\",\"tenant\":\"a\",\"printer_tenant\":\"b\",\"user_name\":\"anna\",\"name\":\"Anna\"}]}"},
    {NULL},
};
// clang-format on

static const char *town;
static pid_t broker;
static struct program_result pultctl;
static char path[200];

static void set(const char *name, const char *format)
{
    snprintf(path, sizeof path, "%s%s", town, format);
    setenv(name, path, 1);
}

// Behind the rows above: of every noun that can be listed an empty list, in one page.
static const struct fake_row *all_rows(void)
{
    enum { ROWS = sizeof rows / sizeof *rows };
    static struct fake_row all[ROWS + NOUN_COUNT];
    static char paths[NOUN_COUNT][60];
    size_t count = ROWS - 1;
    memcpy(all, rows, sizeof rows);
    for (enum noun noun = 0; noun < NOUN_COUNT; noun++) {
        const struct method *method = method_find(METHOD_LIST, noun);
        snprintf(paths[noun], sizeof paths[noun], "%s?*", method ? method->path : "");
        if (method)
            all[count++] = (struct fake_row){"GET", paths[noun], 200, NULL, "{\"items\":[]}"};
    }
    all[count] = (struct fake_row){NULL};
    return all;
}

static void start(void)
{
    town = fake_town();
    broker = fake_broker(PORT, all_rows());
    set("PULT_CA", "/tls/ca.crt");
    set("XDG_RUNTIME_DIR", "");
    set("XDG_CONFIG_HOME", "/settings");
    snprintf(path, sizeof path, "%s/locale", getenv("PULT_BUILD"));
    setenv("PULT_LOCALE_DIR", path, 1);
    setenv("PULT_BROKER", "127.0.0.1:8443", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("TZ", "UTC", 1);
    unsetenv("PULT_TOKEN_FILE");
    unsetenv("LANGUAGE");
}

static void stop(void)
{
    fake_broker_stop(broker);
}

TestSuite(pultctl, .init = start, .fini = stop, .timeout = 60);

static int run(const char *words, const char *input)
{
    char line[300];
    snprintf(line, sizeof line, "admin-tool/pultctl %s", words);
    program_run(&pultctl, line, input);
    return pultctl.exit_code;
}

static void log_on(void)
{
    cr_assert_eq(run("login --tenant neustadt --name anna --password-stdin", "secret\n"), 0, "%s", pultctl.err);
}

static const char *token_path(void)
{
    snprintf(path, sizeof path, "%s/pult/127.0.0.1_8443", town);
    return path;
}

static const char *said(const char *part)
{
    return strstr(pultctl.err, part);
}

static const char *shown(const char *part)
{
    return strstr(pultctl.out, part);
}

// SHA-256 of the certificate of the broker's authority.
static const char *authority(void)
{
    static char digest[DIGEST_SIZE];
    char file[100];
    int64_t until_ms;
    struct fault why;
    snprintf(file, sizeof file, "%s/tls/ca.crt", town);
    cr_assert(client_read_certificate(file, digest, &until_ms, &why), "%s", why.text);
    return digest;
}

// What the broker heard last, as JSON.
static void hear(void)
{
    program_run(&pultctl, "openssl s_client -quiet -connect 127.0.0.1:8443", "GET /seen HTTP/1.1\r\n\r\n");
}

Test(pultctl, keeps_its_log_on_where_only_its_owner_reads)
{
    struct stat status;
    log_on();
    cr_assert_eq(stat(token_path(), &status), 0);
    cr_assert_eq(status.st_mode & 0777, 0600);
    cr_assert(shown("Anna"), "%s", pultctl.out);
    cr_assert_not(shown("t0ken"));
    run("host list", NULL);
    hear();
    cr_assert(shown("Bearer t0ken"), "%s", pultctl.out);
}

Test(pultctl, sends_the_password_in_the_body)
{
    log_on();
    hear();
    cr_assert(shown("{\"tenant\":\"neustadt\",\"name\":\"anna\",\"password\":\"secret\"}"), "%s", pultctl.out);
}

Test(pultctl, asks_for_the_password_without_echo)
{
    program_at_terminal(&pultctl, "admin-tool/pultctl login --tenant neustadt --name anna",
                        "Password of anna (neustadt): ", "secret\n");
    cr_assert_eq(pultctl.exit_code, 0, "%s", pultctl.out);
    cr_assert_not(shown("secret"));
    hear();
    cr_assert(shown("\"password\":\"secret\""), "%s", pultctl.out);
}

Test(pultctl, can_be_broken_off_at_the_password)
{
    program_at_terminal(&pultctl, "admin-tool/pultctl login --tenant neustadt --name anna", "Password", "sec\003");
    cr_assert_eq(pultctl.exit_code, 2, "%s", pultctl.out);
}

Test(pultctl, takes_the_first_token_from_a_file)
{
    snprintf(path, sizeof path, "%s/first", town);
    FILE *file = fopen(path, "we");
    fputs("f1rst\n", file);
    fclose(file);
    setenv("PULT_TOKEN_FILE", path, 1);
    cr_assert_eq(run("login", NULL), 0, "%s", pultctl.err);
    hear();
    cr_assert(shown("\"last\":{\"token\":\"f1rst\"}"), "%s", pultctl.out);
}

Test(pultctl, must_be_logged_on)
{
    cr_assert_eq(run("host list", NULL), 4);
    cr_assert(said("not logged on"), "%s", pultctl.err);
    log_on();
    cr_assert_eq(run("logout", NULL), 0, "%s", pultctl.err);
    cr_assert_eq(access(token_path(), F_OK), -1);
    cr_assert_eq(run("host list", NULL), 4);
}

Test(pultctl, trusts_no_log_on_that_others_could_have_written)
{
    log_on();
    chmod(token_path(), 0640);
    cr_assert_eq(run("host list", NULL), 4);
    log_on();
    char other[220];
    snprintf(other, sizeof other, "%s.other", token_path());
    rename(token_path(), other);
    cr_assert_eq(symlink(other, token_path()), 0);
    cr_assert_eq(run("host list", NULL), 4);
    log_on();
    snprintf(path, sizeof path, "%s/pult", town);
    chmod(path, 0777);
    cr_assert_eq(run("host list", NULL), 4);
    cr_assert_neq(run("login --tenant neustadt --name anna --password-stdin", "secret\n"), 0);
}

Test(pultctl, does_not_write_through_a_link)
{
    char target[220];
    snprintf(path, sizeof path, "%s/pult", town);
    mkdir(path, 0700);
    snprintf(target, sizeof target, "%s/precious", town);
    cr_assert_eq(symlink(target, token_path()), 0);
    snprintf(path, sizeof path, "%s/pult/new", town);
    cr_assert_eq(symlink(target, path), 0);
    log_on();
    cr_assert_eq(access(target, F_OK), -1);
}

Test(pultctl, lists_page_after_page_and_shows_nothing_that_turns_the_line)
{
    log_on();
    cr_assert_eq(run("host list", NULL), 0, "%s", pultctl.err);
    cr_assert(text_starts(pultctl.out, "id     pool  address"), "%s", pultctl.out);
    cr_assert(shown("\na/one  "), "%s", pultctl.out);
    cr_assert(shown("\na/two        \\xe2\\x80\\xaex"), "%s", pultctl.out);
    cr_assert_eq(run("host list --tenant b", NULL), 0, "%s", pultctl.err);
    cr_assert_str_eq(pultctl.out, "There are none.\n");
}

Test(pultctl, gives_programs_json)
{
    log_on();
    cr_assert_eq(run("--json host list", NULL), 0);
    cr_assert(text_starts(pultctl.out, "[{\"id\":\"a/one\",") && shown("\"health\":\"ok\"") &&
                  shown("},{\"id\":\"a/two\","),
              "%s", pultctl.out);
}

Test(pultctl, gives_programs_json_of_every_list)
{
    log_on();
    for (enum noun noun = 0; noun < NOUN_COUNT; noun++) {
        char words[60];
        if (!method_find(METHOD_LIST, noun))
            continue;
        snprintf(words, sizeof words, "%s list --json --tenant nobody", noun_rows[noun].name);
        cr_assert_eq(run(words, NULL), 0, "%s: %s", words, pultctl.err);
        cr_assert_str_eq(pultctl.out, "[]\n", "%s", words);
    }
}

Test(pultctl, sets_what_was_given_and_leaves_the_rest)
{
    log_on();
    cr_assert_eq(run("host set a/one weight=50", NULL), 0, "%s", pultctl.err);
    hear();
    cr_assert(shown("\"last\":{\"id\":\"a/one\",\"pool\":\"a/p\",\"address\":\"h\",\"port\":3389,"
                    "\"weight\":50,\"max_sessions\":9}"),
              "%s", pultctl.out);
    cr_assert_eq(run("host set a/nine weight=50", NULL), 1);
    cr_assert(said("does not exist"), "%s", pultctl.err);
    cr_assert_eq(run("host add a/one weight=50", NULL), 1);
    cr_assert(said("already exists"), "%s", pultctl.err);
    cr_assert_eq(run("site add a/nine name=Nine", NULL), 0, "%s", pultctl.err);
}

Test(pultctl, changes_only_what_it_looked_at)
{
    log_on();
    cr_assert_eq(run("host set a/one weight=50", NULL), 0, "%s", pultctl.err);
    hear();
    cr_assert(shown("\"condition\":\"'v7'\""), "%s", pultctl.out);
    cr_assert_eq(run("site add a/nine name=Nine", NULL), 0, "%s", pultctl.err);
    hear();
    cr_assert(shown("\"condition\":\"absent *\""), "%s", pultctl.out);
    cr_assert_eq(run("site set a/busy name=y", NULL), 1);
    cr_assert(said("Somebody else has changed it in the meantime"), "%s", pultctl.err);
}

Test(pultctl, says_a_refusal_in_the_persons_language)
{
    log_on();
    cr_assert_eq(run("--lang de host remove a/one", NULL), 1);
    cr_assert_str_eq(
        pultctl.err,
        "pultctl: Das widerspricht dem jetzigen Stand. Bitte prüfen Sie ihn und versuchen Sie es noch einmal.\n"
        "pultctl: session a/s: zuerst entfernen oder ändern\n"
        "pultctl: Benutzerservice: 115\n");
    cr_assert_eq(run("host remove a/two a/three", NULL), 4);
    cr_assert(shown("host a/two removed."), "%s", pultctl.out);
    cr_assert(said("You are not allowed to do that."), "%s", pultctl.err);
}

Test(pultctl, prints_an_enrolment_token_alone)
{
    log_on();
    cr_assert_eq(run("device enrol-token a/desk1", NULL), 0);
    snprintf(path, sizeof path, "abc123@127.0.0.1:8443/%s\n", authority());
    cr_assert_str_eq(pultctl.out, path);
    cr_assert(said("2099-01-01 00:00:00"), "%s", pultctl.err);
}

Test(pultctl, tries_the_way_to_the_broker)
{
    cr_assert_eq(run("--check", NULL), 0, "%s", pultctl.err);
    cr_assert(shown("127.0.0.1:8443 answers"), "%s", pultctl.out);
    cr_assert_eq(run("--lang de --check", NULL), 0, "%s", pultctl.err);
    cr_assert(shown("127.0.0.1:8443 antwortet"), "%s", pultctl.out);
    set("PULT_CA", "/other/tls/ca.crt");
    cr_assert_eq(run("--check", NULL), 3);
    cr_assert(said("certificate"), "%s", pultctl.err);
    cr_assert_eq(run("--check --broker 127.0.0.1:9", NULL), 3);
    cr_assert_eq(run("--check status list", NULL), 2);
}

// Nothing else has told it where the broker is, and whom to trust.
Test(pultctl, keeps_what_the_first_token_says)
{
    char first[200], settings[100];
    unsetenv("PULT_BROKER");
    unsetenv("PULT_CA");
    cr_assert_eq(run("status", NULL), 2);
    cr_assert(said("No broker is set"), "%s", pultctl.err);
    snprintf(first, sizeof first, "good@127.0.0.1:8443/%064d\n", 7);
    cr_assert_eq(run("login --token-stdin", first), 3);
    cr_assert(said("does not show the authority"), "%s", pultctl.err);
    snprintf(settings, sizeof settings, "%s/settings/pult/pultctl.conf", town);
    cr_assert_neq(access(settings, F_OK), 0);
    snprintf(first, sizeof first, "good@127.0.0.1:8443/%s\n", authority());
    cr_assert_eq(run("login --token-stdin", first), 0, "%s", pultctl.err);
    cr_assert_eq(access(settings, F_OK), 0);
    cr_assert_eq(run("status", NULL), 0, "%s", pultctl.err);
}

Test(pultctl, prints_a_token_for_each_machine_that_apply_adds)
{
    static const char file[] = "sites:\n  - {id: a/b, name: Y}\n";
    char line[200];
    log_on();
    cr_assert_eq(run("apply -f - --yes --enrol", file), 0, "%s", pultctl.err);
    snprintf(line, sizeof line, "a/desk1 abc123@127.0.0.1:8443/%s\n", authority());
    cr_assert(shown(line), "%s", pultctl.out);
    cr_assert(said("2099-01-01 00:00:00"), "%s", pultctl.err);
    cr_assert_not(shown("a/ws1 abc123"));
    cr_assert_eq(run("--json apply -f - --yes --enrol", file), 2);
}

Test(pultctl, names_certificates_that_come_to_their_end)
{
    log_on();
    cr_assert_eq(run("status", NULL), 0);
    cr_assert(shown("a/desk1"), "%s", pultctl.out);
    cr_assert(shown("2026-03-01 08:00"), "%s", pultctl.out);
    cr_assert(shown("The certificate of the device CA expires on 2020-01-01"), "%s", pultctl.out);
    cr_assert_eq(run("--lang de status", NULL), 0);
    cr_assert(shown("Zertifikat läuft ab, nicht erneuert"), "%s", pultctl.out);
    cr_assert(shown("Das Zertifikat der Geräte-CA läuft am"), "%s", pultctl.out);
}

Test(pultctl, explains_a_log_on)
{
    log_on();
    cr_assert_eq(run("explain anna --device a/desk1", NULL), 0);
    cr_assert_str_eq(
        pultctl.out,
        "1. host a/b: draining\n2. second\nThe logon would be refused: No workplace is assigned to you. Ask "
        "the help desk.\n");
    cr_assert_eq(run("explain anna", NULL), 2);
    cr_assert_eq(run("--lang de explain anna --device a/desk1", NULL), 0);
    cr_assert(shown("1. Host a/b: außer Betrieb\n2. second\n"), "%s", pultctl.out);
}

static const char file[] = "sites:\n  - {id: a/b, name: Y}\n";

Test(pultctl, shows_the_plan_and_does_nothing_unasked)
{
    log_on();
    cr_assert_eq(run("apply -f -", file), 5);
    cr_assert_str_eq(
        pultctl.out,
        "What            Change   Field  from  to\nsite a/b        changed  name   X     Y\n"
        "device a/desk1  new                   \n"
        "printer a/new   new                   \n"
        "printer a/far   new                   \n"
        "host a/ws1      new                   \n"
        "host a/ws1               os           windows\n\n"
        "WARNING: people who would lose their workplace: 1\n"
        "Person  Name  current profile  new profile  what changes\n"
        "bert    Bert  a/old            nothing      \n\n"
        "People whose workplace would change: 1\n"
        "Person  Name  current profile  new profile  what changes\n"
        "anna    Anna  a/old            a/new        pool, sound\n"
        "People who could not be checked: 3. Their directory does not answer or is being replaced, or there are too "
        "many of them.\n");
    hear();
    cr_assert(shown("\"objects\":[{\"noun\":\"site\",\"id\":\"a/b\",\"name\":\"Y\"}],\"dry_run\":true"), "%s",
              pultctl.out);
    cr_assert_eq(run("apply -f - --dry-run", file), 0);
}

Test(pultctl, applies_after_yes)
{
    log_on();
    cr_assert_eq(run("apply -f - --yes", file), 0, "%s", pultctl.err);
    cr_assert(said("not known yet: a/far. When a print server"), "%s", pultctl.err);
    hear();
    cr_assert(shown("\"objects\":[{\"noun\":\"site\",\"id\":\"a/b\",\"name\":\"Y\"}]}"), "%s", pultctl.out);
}

static void answer_at_terminal(const char *answer)
{
    char line[300];
    snprintf(path, sizeof path, "%s/hall.yaml", town);
    FILE *yaml = fopen(path, "we");
    fputs(file, yaml);
    fclose(yaml);
    snprintf(line, sizeof line, "admin-tool/pultctl --lang de apply -f %s", path);
    program_at_terminal(&pultctl, line, "[j/N] ", answer);
}

Test(pultctl, asks_before_it_applies)
{
    log_on();
    answer_at_terminal("n\n");
    cr_assert_eq(pultctl.exit_code, 5, "%s", pultctl.out);
    answer_at_terminal("j\n");
    cr_assert_eq(pultctl.exit_code, 0, "%s", pultctl.out);
    cr_assert(shown("Erledigt."), "%s", pultctl.out);
}

Test(pultctl, says_when_the_broker_is_away)
{
    log_on();
    fake_broker_stop(broker);
    cr_assert_eq(run("host list", NULL), 3);
    cr_assert(said("The broker cannot be reached."), "%s", pultctl.err);
    broker = fake_broker(PORT, all_rows());
}

Test(pultctl, shows_its_token_to_no_other_broker)
{
    log_on();
    setenv("PULT_BROKER", "localhost:8443", 1);
    cr_assert_eq(run("host list", NULL), 4);
}

Test(pultctl, reads_its_settings_file)
{
    unsetenv("PULT_BROKER");
    cr_assert_eq(run("host list", NULL), 2);
    snprintf(path, sizeof path, "%s/settings", town);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/settings/pult", town);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/settings/pult/pultctl.conf", town);
    FILE *settings = fopen(path, "we");
    fputs("broker = 127.0.0.1:8443\ntenant = neustadt\nname = anna\nlang = de\n", settings);
    fclose(settings);
    cr_assert_eq(run("login --password-stdin", "secret\n"), 0, "%s", pultctl.err);
    cr_assert_eq(run("host remove a/three", NULL), 4);
    cr_assert(said("Dazu sind Sie nicht berechtigt."), "%s", pultctl.err);
}

// ---- printers, jobs, grants

Test(pultctl, asks_a_printer_that_is_added_and_shows_what_it_found)
{
    log_on();
    cr_assert_eq(run("printer add a/new name=New uri=ipp://p/ipp/print site=a/s", NULL), 0, "%s", pultctl.err);
    cr_assert(shown("printer a/new added.") && shown("Drucker 9") && shown("iso_a4_210x297mm") && shown("Flur"), "%s",
              pultctl.out);
    cr_assert_eq(run("printer add a/far name=Far uri=ipp://p/ipp/print site=a/s", NULL), 0, "%s", pultctl.err);
    cr_assert(shown("printer a/far added."), "%s", pultctl.out);
    cr_assert(said("pultctl printer read a/far"), "%s", pultctl.err);
    cr_assert_eq(run("printer drain a/new", NULL), 0, "%s", pultctl.err);
    cr_assert(shown("come out at a/far"), "%s", pultctl.out);
}

Test(pultctl, sends_a_job_elsewhere)
{
    log_on();
    cr_assert_eq(run("job move a/j-1 a/new", NULL), 0, "%s", pultctl.err);
    hear();
    cr_assert(shown("\"last\":{\"printer\":\"a/new\"}"), "%s", pultctl.out);
    cr_assert_eq(run("job move a/j-1 new", NULL), 2);
}

Test(pultctl, sets_the_printer_of_somebody_by_their_user_name)
{
    log_on();
    cr_assert_eq(run("person set a/anna printer=a/new", NULL), 0, "%s", pultctl.err);
    cr_assert(shown("person a/p-1 changed."), "%s", pultctl.out);
    hear();
    cr_assert(shown("\"printer\":\"a/new\""), "%s", pultctl.out);
}

Test(pultctl, asks_for_a_grant_and_says_who_is_to_approve_it)
{
    log_on();
    cr_assert_eq(run("grant request to=a pool=b/office reason=x until=2030-01-01", NULL), 0, "%s", pultctl.err);
    cr_assert(shown("b/g-1 waits for an administrator of the tenant whose it is"), "%s", pultctl.out);
    hear();
    cr_assert(shown("\"pool\":\"b/office\"") && shown("\"until\":\"2030-01-02T00:00:00.000Z\""), "%s", pultctl.out);
    cr_assert_eq(run("grant request to=a pool=b/office reason=x until=soon", NULL), 2);
    cr_assert(said("until: expected a time"), "%s", pultctl.err);
    cr_assert_eq(run("grant revoke b/g-1", NULL), 0, "%s", pultctl.err);
    cr_assert(shown("sessions that run go on"), "%s", pultctl.out);
}

Test(pultctl, sums_up_what_was_printed_in_a_month_over_all_pages)
{
    log_on();
    cr_assert_eq(run("account list --month 2026-11", ""), 0, "%s", pultctl.err);
    cr_assert(shown("anna") && shown("b/p") && shown("0.1250"), "%s", pultctl.out);
    cr_assert_eq(run("account list --month 2026-11 --by tenant --csv", ""), 0, "%s", pultctl.err);
    cr_assert_str_eq(pultctl.out, "tenant,printer_tenant,jobs,pages,colour_pages,not_reported,sheets,price\r\n"
                                  "a,b,2,5,4,1,3,0.1250\r\n");
    cr_assert_eq(run("account list --month 2026-11 --by person --json", ""), 0, "%s", pultctl.err);
    cr_assert(shown("\"pages\":5") && shown("\"price\":\"0.1250\""), "%s", pultctl.out);
    cr_assert_eq(run("account list --month November", ""), 2);
    cr_assert(said("2026-11"), "%s", pultctl.err);
    cr_assert_eq(run("account list --by room", ""), 2);
    cr_assert(said("person, printer, tenant or gateway"), "%s", pultctl.err);
}

// As bash does it at the key Tab.
Test(pultctl, completes_words_and_ids_in_a_shell)
{
    log_on();
    char line[600];
    snprintf(line, sizeof line, "bash tests/integration/admin-tool/complete %s/admin-tool/pultctl host drain a/",
             getenv("PULT_BUILD"));
    program_run(&pultctl, line, "");
    cr_assert_str_eq(pultctl.out, "a/one\n", "%s", pultctl.err);
    snprintf(line, sizeof line, "bash tests/integration/admin-tool/complete %s/admin-tool/pultctl printer add a/new su",
             getenv("PULT_BUILD"));
    program_run(&pultctl, line, "");
    cr_assert_str_eq(pultctl.out, "substitute=\n", "%s", pultctl.err);
}
