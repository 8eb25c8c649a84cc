// SPDX-License-Identifier: EUPL-1.2
// A back-up of a running broker, and what comes back of it: everything that was there, nobody who was erased since, and
// nothing at all of a file that is not whole, not ours or not for this key.
#include "broker/base/clock.h"
#include "broker/base/mem.h"
#include "broker/core/event.h"
#include "broker/store/chain.h"
#include "tests/folder.h"
#include "tests/network.h"
#include "tests/program.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { DEADLINE_MS = 60000 };

static char folder[FOLDER_SIZE], file[200];
static pid_t broker;
static struct program_result said;

// ---- the broker, its machine, and what there is before

static const char machine[] =
    "umask 077; mkdir data heads etc etc/credentials store\n"
    "new='openssl req -x509 -noenc -days 2 -newkey'\n"
    "$new ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    " -keyout etc/broker.key -out etc/broker.crt\n"
    "$new rsa:2048 -subj /CN=recovery -keyout recovery.key -out etc/recovery.pem\n"
    "$new rsa:2048 -subj /CN=stranger -keyout stranger.key -out stranger.pem\n"
    "echo secret-of-the-directory >etc/credentials/kreis.password; chmod 640 etc/credentials/kreis.password\n"
    "chgrp daemon etc/credentials/kreis.password\n"
    "for at in listen-address=127.0.0.1 certificate=$PWD/etc/broker.crt key=$PWD/etc/broker.key data-dir=$PWD/data"
    " journal-head-dir=$PWD/heads credentials-dir=$PWD/etc/credentials backup-certificates=$PWD/etc/recovery.pem; do\n"
    "  echo $at; done >etc/pult-broker.conf\n"
    "$PULT_BUILD/broker/pult-broker -c etc/pult-broker.conf --init >first";

static void shell(const char *words)
{
    owned(bytes) char *line = NULL;
    cr_assert(asprintf(&line, "set -e; cd %s; %s", folder, words) > 0);
    program_shell(line);
}

static int run(const char *words, const char *input)
{
    owned(bytes) char *line = NULL;
    cr_assert(asprintf(&line, "%s", words) > 0);
    program_run(&said, line, input);
    return said.exit_code;
}

static void start_broker(void)
{
    char line[300], log[100];
    snprintf(line, sizeof line, "broker/pult-broker -c %s/etc/pult-broker.conf", folder);
    snprintf(log, sizeof log, "%s/log", folder);
    unlink(log);
    broker = program_start(line, log);
    snprintf(line, sizeof line, "grep -q listening %s", log);
    for (int64_t began_ms = clock_steady_ms(); run(line, NULL) != 0;) {
        cr_assert_lt(clock_steady_ms() - began_ms, DEADLINE_MS, "it does not start: see its log");
        nanosleep(&(struct timespec){.tv_nsec = 20 * 1000000}, NULL);
    }
}

static void stop_broker(void)
{
    program_stop(broker);
    broker = 0;
}

static void log_on(void)
{
    char line[200];
    snprintf(line, sizeof line, "broker/pult-broker -c %s/etc/pult-broker.conf --first-token", folder);
    cr_assert_eq(run(line, NULL), 0, "%s", said.err);
    owned(bytes) char *token = mem_dup(said.out);
    cr_assert_eq(run("admin-tool/pultctl login --token-stdin", token), 0, "%s", said.err);
}

// Who was there, as logons would have made them.
static void add_person(struct chain *chain, const char *id, const char *name)
{
    struct fault why;
    owned(text) struct text payload = {0};
    const struct signed_head *head = chain_head(chain);
    struct event event = {.type = EVENT_PERSON_FIRST_LOGON, .noun = NOUN_PERSON, .by = "device kreis/desk"};
    struct store_person person = {0};
    TEXT_PUT(event.record.person.id, id);
    event.record.person.first_seen_ms = 1;
    TEXT_PUT(person.id, id);
    TEXT_PUT(person.key, id);
    TEXT_PUT(person.user_name, name);
    TEXT_PUT(person.name, name);
    event_print(&event, &payload);
    struct store_event row = {head->seq + 1, head->at_ms, payload.bytes, payload.length};
    struct store_batch batch = {&row, 1, &person, 1};
    cr_assert_eq(chain_append(chain, &batch, &why), STORE_DURABLE, "%s", why.text);
}

static void add_people(void)
{
    char data[100], heads[100];
    struct fault why;
    struct chain *chain = NULL;
    snprintf(data, sizeof data, "%s/data", folder);
    snprintf(heads, sizeof heads, "%s/heads", folder);
    cr_assert(chain_open(&(struct chain_config){.folder = data, .head_folder = heads}, &chain, &why), "%s", why.text);
    add_person(chain, "kreis/p-1", "Erna-Erased");
    add_person(chain, "kreis/p-2", "Kim-Kept");
    chain_close(chain);
}

static void start(void)
{
    char ca[100];
    network_own();
    folder_make(folder, "backup");
    shell(machine);
    snprintf(ca, sizeof ca, "%s/etc/broker.crt", folder);
    setenv("PULT_BROKER", "localhost", 1);
    setenv("PULT_CA", ca, 1);
    setenv("XDG_RUNTIME_DIR", folder, 1);
    setenv("XDG_CONFIG_HOME", folder, 1);
    setenv("HOME", folder, 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    add_people();
    start_broker();
    log_on();
    cr_assert_eq(run("admin-tool/pultctl tenant add kreis name=Kreis district=true servers=ldaps://localhost "
                     "user_base=ou=people,dc=kreis bind_dn=cn=broker,dc=kreis",
                     NULL),
                 0, "%s", said.err);
    cr_assert_eq(run("admin-tool/pultctl site add kreis/hall name=Hall", NULL), 0, "%s", said.err);
}

static void stop(void)
{
    if (broker)
        stop_broker();
    folder_remove(folder);
}

TestSuite(backup, .init = start, .fini = stop, .timeout = 300);

static int back_up(const char *options)
{
    char line[400];
    snprintf(line, sizeof line, "admin-tool/pultctl backup %s/store%s%s", folder, options[0] ? " " : "", options);
    return run(line, NULL);
}

static void find_file(void)
{
    char line[200];
    snprintf(line, sizeof line, "find %s/store -name pult-*.tar", folder);
    run(line, NULL);
    said.out[strcspn(said.out, "\n")] = 0;
    cr_assert(said.out[0], "no back-up");
    snprintf(file, sizeof file, "%.199s", said.out);
}

static void make_backup(void)
{
    char key[100];
    snprintf(key, sizeof key, "--recovery-key %s/recovery.key", folder);
    cr_assert_eq(back_up(key), 0, "%s", said.err);
    find_file();
}

static int restore_with(const char *what, const char *key)
{
    char line[500];
    snprintf(line, sizeof line, "broker/pult-broker -c %s/etc/pult-broker.conf --restore %s --recovery-key %s/%s",
             folder, what, folder, key);
    return run(line, NULL);
}

static void is_refused(const char *sentence)
{
    cr_assert_eq(said.exit_code, 1, "%s", said.err);
    cr_assert(strstr(said.err, sentence), "%s", said.err);
}

// What an administrator sees of it all.
static void note_state(char state[16384])
{
    static const char *const nouns[] = {"tenant", "site", "pool", "host", "profile", "assignment", "device", "person"};
    state[0] = 0;
    for (size_t i = 0; i < sizeof nouns / sizeof *nouns; i++) {
        char line[100];
        snprintf(line, sizeof line, "admin-tool/pultctl %s list --json", nouns[i]);
        cr_assert_eq(run(line, NULL), 0, "%s", said.err);
        size_t length = strlen(state);
        snprintf(state + length, 16384 - length, "%s\n", said.out);
    }
}

static bool is_anywhere(const char *text)
{
    char line[200];
    snprintf(line, sizeof line, "grep -raqF %s %s/data %s/heads", text, folder, folder);
    return run(line, NULL) == 0;
}

static char before[16384], after[16384];

// ---- there and back

Test(backup, brings_back_everything_but_who_was_erased_since)
{
    char line[400];
    note_state(before);
    cr_assert(strstr(before, "Erna-Erased") && strstr(before, "Kim-Kept"), "%s", before);
    make_backup();
    cr_assert(strstr(said.out, "pult-"), "%s", said.out);
    note_state(after);
    cr_assert_str_eq(before, after, "the broker went on as it was");
    snprintf(line, sizeof line, "test -z \"$(grep -laF -e Erna-Erased -e secret-of -e 'PRIVATE KEY' %s)\"", file);
    program_shell(line);
    cr_assert_eq(run("admin-tool/pultctl person erase kreis/p-1 --yes", NULL), 0, "%s", said.err);
    cr_assert_eq(run("admin-tool/pultctl site add kreis/later name=Later", NULL), 0, "%s", said.err);
    cr_assert_not(is_anywhere("Erna-Erased"));
    stop_broker();
    shell("rm -r data; mkdir -m 700 data");
    cr_assert_eq(restore_with(file, "recovery.key"), 0, "%s", said.err);
    cr_assert(strstr(said.err, "are lost; the last was written before"), "%s", said.err);
    cr_assert_not(is_anywhere("Erna-Erased"), "before the broker is started");
    cr_assert(is_anywhere("Kim-Kept"));
    start_broker();
    log_on();
    note_state(after);
    cr_assert(strstr(after, "Kim-Kept") && !strstr(after, "Erna-Erased") && !strstr(after, "Later"), "%s", after);
    char *erased = strstr(before, "{\"id\":\"kreis/p-1\"");
    cr_assert(erased, "%s", before);
    char *next = strstr(erased + 1, "{\"id\"");
    memmove(erased, next, strlen(next) + 1);
    cr_assert_str_eq(before, after);
    cr_assert_eq(run("admin-tool/pultctl event list --json", NULL), 0);
    cr_assert(strstr(said.out, "journal.backed_up") && strstr(said.out, "/CN=recovery"), "%s", said.out);
    cr_assert(strstr(said.out, "journal.restored") && strstr(said.out, "person.erased"), "%s", said.out);
}

Test(backup, makes_a_broker_of_a_new_machine)
{
    note_state(before);
    make_backup();
    stop_broker();
    shell("cp -a etc old; rm -r data heads etc; mkdir -m 700 data heads etc");
    cr_assert_eq(restore_with(file, "recovery.key"), 0, "%s", said.err);
    cr_assert(strstr(said.err, "the journal's head was lost: nobody can tell"), "%s", said.err);
    shell(
        "diff -r old etc; test \"$(stat -c %a:%U:%G etc/credentials/kreis.password)\" = 640:root:daemon;"
        "test \"$(stat -c %a etc/credentials)\" = 755; $PULT_BUILD/broker/pult-broker -c etc/pult-broker.conf --check;"
        "test \"$(stat -c %a data/device-ca.key data/otp.secret data/seal.pem data/journal.db heads/head.key | sort "
        "-u)\" = 600;"
        "test ! -e data/restored");
    start_broker();
    log_on();
    note_state(after);
    cr_assert_str_eq(before, after);
}

// As the manual has it made.
Test(backup, is_opened_with_the_passphrase_of_its_key)
{
    char line[500];
    make_backup();
    stop_broker();
    shell("rm -r data heads; mkdir -m 700 data heads;"
          "openssl pkey -in recovery.key -aes256 -passout pass:in-the-safe -out locked.key");
    snprintf(line, sizeof line,
             "broker/pult-broker -c %s/etc/pult-broker.conf --restore %s --recovery-key %s/locked.key", folder, file,
             folder);
    program_at_terminal(&said, line, "pass phrase", "wrong-one\n");
    cr_assert_eq(said.exit_code, 1, "%s", said.out);
    cr_assert(strstr(said.out, "another passphrase"), "%s", said.out);
    program_at_terminal(&said, line, "pass phrase", "in-the-safe\n");
    cr_assert_eq(said.exit_code, 0, "%s", said.out);
}

// By root, from where only root can read.
Test(backup, belongs_to_the_broker_s_user_where_it_is_restored)
{
    make_backup();
    stop_broker();
    shell("chmod 711 .; rm -r data heads etc/credentials/*; mkdir -m 700 data heads; chown daemon:daemon data heads");
    cr_assert_eq(restore_with(file, "recovery.key"), 0, "%s", said.err);
    shell("test \"$(stat -c %U data/* heads/* | sort -u)\" = daemon;"
          "test \"$(stat -c %U:%a etc/credentials/kreis.password)\" = root:640");
}

// As it is left between its steps.
Test(backup, is_restored_again_when_that_was_interrupted)
{
    note_state(before);
    make_backup();
    stop_broker();
    shell("find data -type f ! -name device-ca.* ! -name otp.secret -delete; mkdir -m 700 data/restored; echo half "
          ">data/restored/journal.db");
    shell("cp data/otp.secret secret; echo other >data/otp.secret");
    restore_with(file, "recovery.key");
    is_refused("move otp.secret away first");
    shell("cp secret data/otp.secret");
    cr_assert_eq(restore_with(file, "recovery.key"), 0, "%s", said.err);
    start_broker();
    log_on();
    note_state(after);
    cr_assert_str_eq(before, after);
}

// A package's sets nothing; that of a broker stays.
Test(backup, replaces_a_configuration_that_sets_nothing_or_cannot_be_used)
{
    static const char *const poor[] = {"echo '# certificate = x' >etc/pult-broker.conf",
                                       "echo 'port = none' >etc/pult-broker.conf"};
    make_backup();
    stop_broker();
    shell("echo other >etc/credentials/kreis.password");
    for (size_t i = 0; i < sizeof poor / sizeof *poor; i++) {
        shell("rm -r data heads; mkdir -m 700 data heads");
        shell(poor[i]);
        cr_assert_eq(restore_with(file, "recovery.key"), 0, "%s", said.err);
        cr_assert(strstr(said.out, "not restored"), "%s", said.out);
        shell(
            "grep -q backup-certificates etc/pult-broker.conf; test $(wc -l <etc/pult-broker.conf.before-restore) = 1;"
            "grep -qx other etc/credentials/kreis.password");
    }
    shell("rm -r data heads; mkdir -m 700 data heads; sed -i /backup-certificates/d etc/pult-broker.conf");
    cr_assert_eq(restore_with(file, "recovery.key"), 0, "%s", said.err);
    shell("test -z \"$(grep backup-certificates etc/pult-broker.conf)\"");
}

Test(backup, goes_to_a_second_place_by_a_command)
{
    char line[300];
    snprintf(line, sizeof line, "--command %s/second", folder);
    shell("printf '#!/bin/sh\\nexec cat >%s/$PULT_BACKUP.second\\n' $PWD >second; chmod +x second");
    cr_assert_eq(back_up(line), 0, "%s", said.err);
    cr_assert(strstr(said.out, "no --recovery-key"), "%s", said.out);
    find_file();
    shell("cmp store/pult-*.tar pult-*.second");
    shell("rm store/*; printf '#!/bin/sh\\ncat >/dev/null; exit 7\\n' >second");
    cr_assert_neq(back_up(line), 0, "%s", said.out);
    cr_assert(strstr(said.err, "the command failed (7)"), "%s", said.err);
}

// As pult-backup.service does: by a certificate that the settings name, on the port for administrators.
Test(backup, is_made_by_a_certificate)
{
    char line[200];
    stop_broker();
    shell(
        "openssl req -x509 -noenc -days 2 -newkey rsa:2048 -subj /CN=backup -addext extendedKeyUsage=clientAuth"
        " -keyout etc/backup.key -out etc/backup.crt 2>/dev/null;"
        "echo admin-ca=$PWD/etc/backup.crt >>etc/pult-broker.conf; mkdir -p pult;"
        "for at in broker=localhost ca=$PWD/etc/broker.crt certificate=$PWD/etc/backup.crt key=$PWD/etc/backup.key; do"
        " echo $at; done >pult/pultctl.conf");
    start_broker();
    unsetenv("PULT_BROKER");
    cr_assert_eq(back_up(""), 4, "nobody has that certificate");
    snprintf(line, sizeof line, "broker/pult-broker -c %s/etc/pult-broker.conf --first-token", folder);
    cr_assert_eq(run(line, NULL), 0, "%s", said.err);
    owned(bytes) char *token = mem_dup(said.out);
    shell("mv pult/pultctl.conf .");
    setenv("PULT_BROKER", "localhost", 1);
    cr_assert_eq(run("admin-tool/pultctl login --token-stdin", token), 0, "%s", said.err);
    snprintf(line, sizeof line,
             "admin-tool/pultctl administrator add kreis/backup name=Backup certificate=@%s/etc/backup.crt", folder);
    cr_assert_eq(run(line, NULL), 0, "%s", said.err);
    unsetenv("PULT_BROKER");
    shell("mv pultctl.conf pult");
    cr_assert_eq(back_up(""), 0, "%s", said.err);
    find_file();
}

// As pultctl(1) has it for the broker's own machine: what a token tells of broker and CA is kept where the token is,
// for the unit may write nowhere else.
Test(backup, is_made_by_a_first_token_with_nothing_set)
{
    char line[400];
    stop_broker();
    shell("sed -i -E '/^(certificate|key)=/d' etc/pult-broker.conf; echo name=localhost >>etc/pult-broker.conf;"
          "mkdir run");
    start_broker();
    snprintf(line, sizeof line, "%s/run", folder);
    setenv("XDG_CONFIG_HOME", line, 1);
    setenv("XDG_RUNTIME_DIR", line, 1);
    unsetenv("PULT_BROKER");
    unsetenv("PULT_CA");
    log_on();
    cr_assert_eq(back_up(""), 0, "%s", said.err);
    find_file();
}

// ---- refused

Test(backup, is_not_made_for_nobody)
{
    stop_broker();
    shell("sed -i /backup-certificates/d etc/pult-broker.conf; rm -r data heads; mkdir data heads;"
          "$PULT_BUILD/broker/pult-broker -c etc/pult-broker.conf --init >first");
    start_broker();
    log_on();
    cr_assert_eq(back_up(""), 1);
    cr_assert(strstr(said.err, "backup-certificates is not set"), "%s", said.err);
    shell("test -z \"$(ls store)\"");
    stop_broker();
    shell("echo backup-certificates=$PWD/recovery.key >>etc/pult-broker.conf");
    char line[200];
    snprintf(line, sizeof line, "broker/pult-broker -c %s/etc/pult-broker.conf --check", folder);
    cr_assert_eq(run(line, NULL), 1);
    cr_assert(strstr(said.err, "no certificate in it"), "%s", said.err);
}

Test(backup, that_is_not_whole_or_not_ours_leaves_nothing_behind)
{
    char path[200];
    make_backup();
    stop_broker();
    shell("rm -r data heads; mkdir -m 700 data heads");
    restore_with(file, "stranger.key");
    is_refused("this key does not open it");
    shell("head -c -2000 store/pult-*.tar >cut");
    snprintf(path, sizeof path, "%s/cut", folder);
    restore_with(path, "recovery.key");
    is_refused("not complete");
    shell("cp store/pult-*.tar altered; printf x | dd of=altered bs=1 seek=9000 conv=notrunc 2>/dev/null");
    snprintf(path, sizeof path, "%s/altered", folder);
    restore_with(path, "recovery.key");
    is_refused("altered");
    shell("tar -cf foreign etc");
    snprintf(path, sizeof path, "%s/foreign", folder);
    restore_with(path, "recovery.key");
    is_refused("no archive");
    restore_with("/nowhere", "recovery.key");
    is_refused("cannot open /nowhere");
    shell("test -z \"$(ls data heads | grep -v :)\"");
    cr_assert_eq(restore_with(file, "recovery.key"), 0, "%s", said.err);
}

Test(backup, is_not_restored_over_a_broker)
{
    make_backup();
    restore_with(file, "recovery.key");
    is_refused("is not empty");
    note_state(before);
    stop_broker();
    restore_with(file, "recovery.key");
    is_refused("is not empty");
    start_broker();
    log_on();
    note_state(after);
    cr_assert_str_eq(before, after);
}

// Not even its configuration is touched, whatever is wrong with it.
Test(backup, that_meets_a_broker_writes_nothing)
{
    static const char *const configs[] = {"true", "echo 'port = none' >etc/pult-broker.conf",
                                          "rm etc/pult-broker.conf"};
    make_backup();
    stop_broker();
    for (size_t i = 0; i < sizeof configs / sizeof *configs; i++) {
        shell("rm -f etc/credentials/kreis.password");
        shell(configs[i]);
        shell("rm -rf seen; cp -a etc seen");
        restore_with(file, "recovery.key");
        is_refused("is not empty");
        shell("diff -r seen etc");
    }
}

// Also the name alone, from the folder that it is in.
Test(backup, is_restored_by_a_configuration_of_any_path)
{
    char line[500];
    make_backup();
    stop_broker();
    shell("rm -r data heads etc/pult-broker.conf; mkdir -m 700 data heads");
    snprintf(line, sizeof line,
             "cd etc; $PULT_BUILD/broker/pult-broker -c pult-broker.conf --restore %s --recovery-key ../recovery.key",
             file);
    shell(line);
    shell("test -s data/journal.db; grep -q backup-certificates etc/pult-broker.conf");
}

// ---- what a broker leaves that was killed meanwhile

Test(backup, leaves_nothing_in_clear)
{
    make_backup();
    shell("test ! -e data/backup; test ! -e data/backup.part");
    stop_broker();
    shell("mkdir data/backup; echo Erna-Erased >data/backup/journal.db");
    start_broker();
    shell("test ! -e data/backup");
}
