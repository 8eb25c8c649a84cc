// SPDX-License-Identifier: EUPL-1.2
// The RDP programs of Debian, as they are, come in by MS-TSGU, and the session host hears who logs on.
#include "broker/base/file.h"
#include "broker/base/text.h"
#include "broker/net/certificate.h"
#include "broker/net/rdp.h"
#include "broker/portal/rdp_file.h"
#include "broker/pult-gateway/rdp_logon.h"
#include "tests/integration/hosts/fake.h"
#include "tests/integration/pult-gateway/gate_fixture.h"
#include "tests/program.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

// ---- a session host that hears who logs on, and lets them wait

static char logged_on[RDP_LOGON_NAME_SIZE], given[OTP_TEXT_SIZE];
static atomic_int logons, breaks;                 // that are still to come
static atomic_bool heard_clipboard, heard_drives; // the channels were asked for

static bool hear_request(int client, uint32_t *protocols)
{
    unsigned char request[RDP_CLIENT_REQUEST_MAX];
    size_t length = 0, wanted;
    enum rdp_client_answer answer;
    while ((answer = rdp_client_request(request, length, &wanted, protocols)) == RDP_CLIENT_PARTIAL) {
        if (recv(client, request + length, wanted - length, MSG_WAITALL) != (ssize_t)(wanted - length))
            return false;
        length = wanted;
    }
    return answer == RDP_CLIENT_REQUEST;
}

static void take_logon(struct rdp_logon *logon)
{
    struct secret password = {0};
    if (rdp_logon_take(logon, logged_on, &password))
        TEXT_PUT(given, password.bytes);
    secret_drop(&password);
    atomic_fetch_add(&logons, 1);
}

// As a client names its channels: eight bytes each.
static void hear_channels(const unsigned char *bytes, size_t length)
{
    if (memmem(bytes, length, "cliprdr\0", 8))
        atomic_store(&heard_clipboard, true);
    if (memmem(bytes, length, "rdpdr\0\0\0", 8))
        atomic_store(&heard_drives, true);
}

// False: it has ended.
static bool hear_logon(struct rdp_logon *logon, SSL *tls)
{
    unsigned char bytes[16 * 1024];
    struct rdp_logon_part part;
    int got = SSL_read(tls, bytes, sizeof bytes);
    if (got > 0)
        hear_channels(bytes, (size_t)got);
    for (int at = 0; at < got;) {
        at += (int)rdp_logon_read(logon, bytes + at, (size_t)(got - at), &part);
        if (part.answer.length)
            SSL_write(tls, part.answer.bytes, (int)part.answer.length);
        if (part.event == RDP_LOGON_KNOWN)
            take_logon(logon);
        if (part.event == RDP_LOGON_WAITING || part.event == RDP_LOGON_BROKEN)
            return false;
    }
    return got > 0;
}

static void hears_logons(struct fake *fake, int client)
{
    static const unsigned char confirm[RDP_CONFIRM_MAX] = {3, 0, 0, 19, 14, 0xd0, 0, 0, 0x12, 0x34,
                                                           0, 2, 0, 8,  0,  1,    0, 0, 0};
    uint32_t protocols;
    char byte;
    if (!hear_request(client, &protocols) || send(client, confirm, sizeof confirm, MSG_NOSIGNAL) < 0)
        return;
    struct rdp_logon *logon = rdp_logon_new(protocols);
    SSL *tls = SSL_new(fake->tls);
    SSL_set_fd(tls, client);
    if (SSL_accept(tls) == 1)
        while (hear_logon(logon, tls))
            ;
    bool breaks_off = atomic_fetch_sub(&breaks, 1) > 0;
    while (!breaks_off && recv(client, &byte, 1, 0) > 0)
        ;
    SSL_free(tls);
    rdp_logon_free(logon);
}

// ---- the programs

static bool somebody_has_logged_on(void)
{
    return atomic_load(&logons) > 0;
}

static void open_gate(void)
{
    gate_fixture_open();
    struct fake *host = fake_new(hears_logons);
    fixture.answer.port = host->port;
    fixture.answer.clipboard = true;
    TEXT_PUT(fixture.answer.fingerprint, host->fingerprint);
    TEXT_PUT(fixture.answer.user_name, "anna");
    TEXT_PUT(fixture.answer.one_time_password, "otp-1-secret");
    // As an authority of the system's. No settings of anybody's, no question that could be answered.
    setenv("SSL_CERT_FILE", fixture.config.certificate, 1);
    setenv("HOME", fixture.folder, 1);
}

TestSuite(programs, .init = open_gate, .fini = gate_fixture_close, .timeout = 120);

static char rdp_path[FOLDER_SIZE + 16];

// As a person gets it from the portal.
static void write_rdp_file(void)
{
    const struct rdp_file_terms terms = {.gateway = "localhost", .port = GATE_PORT, .clipboard = true};
    struct certificate_pair signer = {0};
    struct fault why = {0};
    owned(text) struct text text = {0};
    cr_assert(certificate_pair_read(&signer, fixture.config.certificate, fixture.config.key, &why), "%s", why.text);
    struct rdp_file *file = rdp_file_new(&terms, signer.leaf, signer.key, NULL, &why);
    cr_assert(file, "%s", why.text);
    cr_assert(rdp_file_print(file, "anna", TOKEN, &text, &why), "%s", why.text);
    snprintf(rdp_path, sizeof rdp_path, "%s/anna.rdp", fixture.folder);
    cr_assert(file_create(rdp_path, 0600, text.bytes, text.length, &why), "%s", why.text);
    rdp_file_free(file);
    certificate_pair_drop(&signer);
}

static pid_t opens_file(const char *program, const char *words)
{
    char line[2 * FOLDER_SIZE + 200], log[FOLDER_SIZE + 16];
    write_rdp_file();
    snprintf(log, sizeof log, "%s/log", fixture.folder);
    snprintf(line, sizeof line, "bash tests/integration/pult-gateway/at-a-screen %s %s%s", program, rdp_path, words);
    return program_start(line, log);
}

static void logs_on_without_a_password(const char *program, const char *words)
{
    pid_t pid = opens_file(program, words);
    await_at_gate(somebody_has_logged_on);
    program_kill(pid); // and the screen with it
    cr_assert_str_eq(logged_on, "anna");
    cr_assert_str_eq(given, "otp-1-secret");
    cr_assert_str_eq(fixture.last_question.token, TOKEN);
    cr_assert_eq(fixture.last_question.way, CHANNEL_TSGU);
    cr_assert_eq(tunnels_count(fixture.tunnels), 1);
}

// It asks for a password that it has not, unless it is told that there is none.
Test(programs, xfreerdp_3_logs_on_without_a_password)
{
    logs_on_without_a_password("xfreerdp3", " /p:");
}

// Whatever its file says, and whoever has started it how.
static void asks_for_everything(bool is_allowed)
{
    fixture.answer.clipboard = fixture.answer.drives = is_allowed;
    logs_on_without_a_password("xfreerdp3", " /p: +clipboard /drive:home,/tmp");
    cr_assert_eq(atomic_load(&heard_clipboard), is_allowed);
    cr_assert_eq(atomic_load(&heard_drives), is_allowed);
}

Test(programs, a_host_hears_of_the_channels_that_the_profile_allows)
{
    asks_for_everything(true);
}

Test(programs, a_host_hears_of_no_channel_that_the_profile_denies)
{
    asks_for_everything(false);
}

static bool they_came_again(void)
{
    return atomic_load(&logons) > 1;
}

// The same token, and a one-time password of its own.
Test(programs, a_line_that_broke_is_mended_without_a_password)
{
    atomic_store(&breaks, 1);
    pid_t pid = opens_file("xfreerdp3", " /p:");
    await_at_gate(somebody_has_logged_on);
    TEXT_PUT(fixture.answer.one_time_password, "otp-2-secret");
    await_at_gate(they_came_again);
    program_kill(pid); // and the screen with it
    cr_assert_str_eq(logged_on, "anna");
    cr_assert_str_eq(given, "otp-2-secret");
    cr_assert_eq(fixture.asked, 2);
    cr_assert_str_eq(fixture.last_question.token, TOKEN);
    cr_assert_eq(fixture.ended, 1);
}

// Of Debian 12.
Test(programs, xfreerdp_2_logs_on_without_a_password)
{
    if (access("/usr/bin/xfreerdp", X_OK) != 0)
        cr_skip("there is no FreeRDP 2 here");
    logs_on_without_a_password("xfreerdp", "");
}
