// SPDX-License-Identifier: EUPL-1.2
// The first start, while the power goes.
#include "broker/broker.h"
#include "broker/auth/ca.h"
#include "broker/base/file.h"
#include "broker/base/log.h"
#include "broker/base/text.h"
#include "broker/broker_identity.h"
#include "broker/calls/admin_sessions.h"
#include "broker/net/certificate.h"
#include "tests/folder.h"
#include "tests/unit/power_fixture.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char folder[FOLDER_SIZE], heads[FOLDER_SIZE], token[80];

static void start(void)
{
    log_set_level(LOG_LEVEL_ERROR);
    folder_make(folder, "broker");
    folder_make(heads, "heads");
}

static void stop(void)
{
    folder_remove(folder);
    folder_remove(heads);
}

TestSuite(first_start, .init = start, .fini = stop, .timeout = 120);

// What it prints goes to `token`.
static bool init_in(const char *where, struct fault *why)
{
    struct broker_config config = {0};
    char printed[80];
    TEXT_PUT(config.data_dir, where);
    TEXT_PUT(config.journal_head_dir, heads);
    snprintf(printed, sizeof printed, "%s/printed", heads);
    fflush(stdout);
    int before = dup(STDOUT_FILENO), file = open(printed, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    dup2(file, STDOUT_FILENO);
    bool made = broker_init(&config, why);
    fflush(stdout);
    dup2(before, STDOUT_FILENO);
    ssize_t length = pread(file, token, sizeof token - 1, 0);
    token[length > 0 ? length : 0] = 0;
    token[strcspn(token, "\n")] = 0;
    close(before);
    close(file);
    return made;
}

static bool first_token_is_taken(const char *where, const char *words)
{
    char path[80];
    snprintf(path, sizeof path, "%s/first-administrator", where);
    struct admin_sessions *sessions = admin_sessions_new(path);
    bool taken = admin_sessions_take_first(sessions, words);
    admin_sessions_free(sessions);
    return taken;
}

static bool ca_is_whole(const char *where)
{
    struct fault why;
    char key[80], certificate[80];
    snprintf(key, sizeof key, "%s/device-ca.key", where);
    snprintf(certificate, sizeof certificate, "%s/device-ca.pem", where);
    struct ca *ca = ca_open(key, certificate, 100, &why);
    ca_free(ca);
    return ca != NULL;
}

static char first_token[80];

// SQLite's writes are not noted, so of the journal only the name counts. Where it is, all else must be; where it is
// not, the first start is made once more.
static int whether_started(const char *where)
{
    struct fault why;
    char journal[80];
    snprintf(journal, sizeof journal, "%s/journal.db", where);
    if (access(journal, F_OK) == 0)
        return ca_is_whole(where) && first_token_is_taken(where, first_token) ? 1 : -1;
    folder_empty(heads);
    return init_in(where, &why) && ca_is_whole(where) && first_token_is_taken(where, token) ? 0 : -1;
}

Test(first_start, is_complete_or_can_be_made_again_whenever_the_power_goes)
{
    struct fault why;
    power_fixture_start(folder);
    power_fixture_begin();
    cr_assert(init_in(folder, &why), "%s", why.text);
    power_fixture_done();
    TEXT_PUT(first_token, token);
    cr_assert_eq(strlen(first_token), 48);
    // Not each sync is needed here: a later one of the folder does for the one before.
    power_fixture_check_holds(whether_started);
    power_fixture_stop();
}

Test(first_start, happens_once)
{
    struct fault why;
    cr_assert(init_in(folder, &why), "%s", why.text);
    TEXT_PUT(first_token, token);
    cr_assert_not(init_in(folder, &why));
    cr_assert_eq(why.kind, FAULT_CONFLICT);
    cr_assert(strstr(why.text, "already"), "%s", why.text);
    cr_assert(first_token_is_taken(folder, first_token), "the second try spoilt it");
}

// Root asks for another token before there was a first one: told what makes it.
Test(first_start, comes_before_another_token)
{
    struct fault why;
    struct broker_config config = {0};
    TEXT_PUT(config.data_dir, folder);
    TEXT_PUT(config.journal_head_dir, heads);
    cr_assert_not(broker_first_token(&config, &why));
    cr_expect(strstr(why.text, "pult-broker --init"), "%s", why.text);
    cr_expect(strstr(why.text, "--restore"), "%s", why.text);
    cr_assert_not(first_token_is_taken(folder, ""));
}

static int whether_used(const char *where)
{
    return !first_token_is_taken(where, first_token);
}

Test(first_start, its_token_is_used_up_whenever_the_power_goes)
{
    struct fault why;
    cr_assert(init_in(folder, &why), "%s", why.text);
    TEXT_PUT(first_token, token);
    cr_assert_not(first_token_is_taken(folder, "another"));
    power_fixture_start(folder);
    power_fixture_begin();
    cr_assert(first_token_is_taken(folder, first_token));
    power_fixture_done();
    power_fixture_check(whether_used);
    power_fixture_stop();
    cr_assert_not(first_token_is_taken(folder, first_token));
}

// ---- without a certificate of the configuration

Test(first_start, makes_the_brokers_own_certificate_and_tells_whom_to_trust)
{
    struct fault why;
    struct broker_config config;
    struct invitation invitation;
    char file[80], text[200], digest[DIGEST_SIZE], printed[INVITATION_SIZE];
    snprintf(file, sizeof file, "%s/broker.conf", heads);
    snprintf(text, sizeof text, "data-dir = %s\nname = broker.example\nport = 9443\n", folder);
    cr_assert(file_replace(file, 0600, text, strlen(text), &why), "%s", why.text);
    cr_assert(broker_config_load(file, &config));
    cr_assert(config.makes_certificate);
    cr_assert(broker_init(&config, &why), "%s", why.text);
    cr_assert(certificate_file_names(config.certificate, "broker.example"));
    broker_identity_invite(&config, "abc", printed);
    cr_assert(invitation_read(&invitation, printed));
    cr_assert_str_eq(invitation.host, "broker.example");
    cr_assert_eq(invitation.port, 9443);
    cr_assert(certificate_file_authority(config.certificate, digest));
    cr_assert_str_eq(invitation.pin, digest);
    // A name that the certificate does not have is not told.
    TEXT_PUT(config.name, "other.example");
    broker_identity_invite(&config, "abc", printed);
    cr_assert_str_eq(printed, "abc");
}

static bool loads(const char *text)
{
    struct fault why;
    struct broker_config config;
    char file[80];
    snprintf(file, sizeof file, "%s/broker.conf", heads);
    cr_assert(file_replace(file, 0600, text, strlen(text), &why), "%s", why.text);
    return broker_config_load(file, &config);
}

Test(first_start, takes_one_name_only)
{
    cr_assert(loads("name = broker.example\n"));
    cr_assert_not(loads("name = broker.example,DNS:other.example\n"));
}

Test(first_start, wants_certificate_and_key_or_neither)
{
    cr_assert_not(loads("certificate = /etc/pult/broker.crt\n"));
}
