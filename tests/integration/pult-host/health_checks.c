// SPDX-License-Identifier: EUPL-1.2
// What makes a session host unfit, lived through.
#include "broker/pult-host/health_checks.h"
#include "tests/folder.h"
#include "tests/integration/hosts/fake.h"
#include "tests/network.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <glob.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char folder[FOLDER_SIZE], file[64], installed_xrdp[FOLDER_SIZE], fault[HEALTH_FAULT_SIZE];
static struct health_checks_config config;

// Whichever xrdp is installed here, a test says itself which it wants.
static void hide_xrdp(void)
{
    glob_t found;
    cr_assert(glob("/usr/lib/*/xrdp", 0, NULL, &found) == 0 && found.gl_pathc == 1);
    snprintf(installed_xrdp, sizeof installed_xrdp, "%s", found.gl_pathv[0]);
    globfree(&found);
    cr_assert(mount("xrdp", installed_xrdp, "tmpfs", 0, "size=1m") == 0 &&
              mount("run", "/run", "tmpfs", 0, "size=1m") == 0 && mkdir("/run/xrdp", 0755) == 0 &&
              mkdir("/run/xrdp/sockdir", 0755) == 0);
}

static void start(void)
{
    network_own();
    cr_assert(unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
    hide_xrdp();
    folder_make(folder, "check");
    cr_assert_eq(mount("disk", folder, "tmpfs", 0, "size=1m"), 0);
    snprintf(file, sizeof file, "%s/cert.pem", folder);
    config =
        (struct health_checks_config){.certificate = file, .probe_account = "", .state_dir = folder, .free_percent = 3};
}

static void stop(void)
{
    umount(folder);
    folder_remove(folder);
}

TestSuite(check, .init = start, .fini = stop, .timeout = 30);

static void expect(health_check *check, const char *words)
{
    fault[0] = 0;
    bool fine = check(&config, fault);
    cr_assert_eq(fine, *words == 0, "%s", fault);
    cr_assert(strstr(fault, words), "\"%s\" is not in \"%s\"", words, fault);
}

static struct fake *xrdp_is(fake_play *play, const void *bytes, size_t length)
{
    struct fake *fake = fake_new(play);
    fake->bytes = bytes;
    fake->length = length;
    config.rdp_port = fake->port;
    FILE *pem = fopen(file, "we");
    PEM_write_X509(pem, SSL_CTX_get0_certificate(fake->tls));
    fclose(pem);
    return fake;
}

Test(check, xrdp_with_tls_and_the_configured_certificate_is_fine)
{
    xrdp_is(fake_serves_tls, NULL, 0);
    expect(health_check_xrdp, "");
}

Test(check, xrdp_that_offers_only_another_group_is_not)
{
    SSL_CTX_set1_groups_list(xrdp_is(fake_serves_tls, NULL, 0)->tls, "X25519");
    expect(health_check_xrdp, "it does not show the certificate");
}

Test(check, xrdp_that_fell_back_to_its_own_security_is_not)
{
    static const unsigned char plain[19] = {3, 0, 0, 19, 14, 0xd0, 0, 0, 0, 0, 0, 2, 0, 8, 0, 0, 0, 0, 0};
    static const unsigned char refused[19] = {3, 0, 0, 19, 14, 0xd0, 0, 0, 0, 0, 0, 3, 0, 8, 0, 3, 0, 0, 0};
    xrdp_is(fake_says, plain, sizeof plain);
    expect(health_check_xrdp, "it does not offer TLS");
    xrdp_is(fake_says, refused, sizeof refused);
    expect(health_check_xrdp, "it has no certificate for TLS");
    xrdp_is(fake_says, "HTTP/1.1 400 no\r\n\r\n", 19);
    expect(health_check_xrdp, "what answers is not RDP");
    xrdp_is(fake_says_and_resets, "", 0);
    expect(health_check_xrdp, "no answer within");
}

Test(check, xrdp_with_another_certificate_is_not)
{
    struct fake *other = fake_new(fake_serves_tls);
    xrdp_is(fake_serves_tls, NULL, 0);
    config.rdp_port = other->port;
    expect(health_check_xrdp, "it does not show the certificate");
    xrdp_is(fake_babbles_after_confirm, NULL, 0);
    expect(health_check_xrdp, "it does not show the certificate");
    config.certificate = "/nowhere";
    xrdp_is(fake_serves_tls, NULL, 0);
    expect(health_check_xrdp, "cannot read its certificate");
    config.rdp_port = fake_closed_port();
    expect(health_check_xrdp, "nothing listens");
}

Test(check, a_session_manager_takes_connections)
{
    config.sesman_port = fake_new(fake_says)->port;
    expect(health_check_sesman, "");
    config.sesman_port = fake_closed_port();
    expect(health_check_sesman, "nothing listens");
    config.sesman_port = 0;
    expect(health_check_sesman, "nothing listens");
}

// ---- xrdp from 0.10 on

#define SESMAN_SOCKET "/run/xrdp/sockdir/sesman.socket"

static int listener_at_path(int backlog)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = SESMAN_SOCKET};
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert(bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(listener, backlog) == 0);
    return listener;
}

static void upgraded_to_010(void)
{
    char path[FOLDER_SIZE + 40];
    snprintf(path, sizeof path, "%s/xrdp-sesexec", installed_xrdp);
    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0755));
}

// What it says in farewell, too.
static void *accept_one(void *arg)
{
    static const unsigned char farewell[12] = {2, 0, 12, 0, 1, 0, 10};
    unsigned char said[13];
    int one = accept(*(int *)arg, NULL, NULL);
    bool fine = recv(one, said, sizeof said, MSG_WAITALL) == 12 && memcmp(said, farewell, 12) == 0;
    close(one);
    return fine ? arg : NULL;
}

Test(check, a_session_manager_at_a_socket_takes_connections)
{
    pthread_t thread;
    void *fine = NULL;
    int listener = listener_at_path(2);
    for (int round = 0; round < 3; round++) { // its queue would be full by then
        config.sesman_port = round ? 0 : fake_closed_port();
        cr_assert_eq(pthread_create(&thread, NULL, accept_one, &listener), 0);
        expect(health_check_sesman, "");
        pthread_join(thread, &fine);
        cr_assert(fine);
    }
    close(listener);
    expect(health_check_sesman, "nothing listens at " SESMAN_SOCKET);
}

Test(check, a_session_manager_at_a_socket_that_hangs_does_not)
{
    int listener = listener_at_path(0);
    for (int round = 0; round < 2; round++)
        expect(health_check_sesman, "it has accepted no connection for 3 s");
    close(listener);
}

Test(check, a_session_manager_whose_program_was_upgraded_has_to_be_restarted)
{
    config.sesman_port = fake_new(fake_says)->port;
    expect(health_check_sesman, "");
    upgraded_to_010();
    expect(health_check_sesman, "xrdp was upgraded and the old one still runs");
}

Test(check, a_session_manager_that_hangs_does_not)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(listener, (struct sockaddr *)&address, length), 0);
    cr_assert_eq(listen(listener, 5), 0);
    getsockname(listener, (struct sockaddr *)&address, &length);
    config.sesman_port = ntohs(address.sin_port);
    expect(health_check_sesman, "it has accepted no connection for 3 s");
    close(listener);
}

Test(check, accounts_that_are_known_and_not)
{
    expect(health_check_accounts, "");
    config.probe_account = "root";
    expect(health_check_accounts, "");
    config.probe_account = "nobody-of-this-name";
    expect(health_check_accounts, "nobody-of-this-name is unknown on this host");
}

static void fill(const char *path)
{
    FILE *filler = fopen(path, "we");
    while (fputs("0123456789abcdef", filler) >= 0 && fflush(filler) == 0)
        ;
    fclose(filler);
}

Test(check, a_full_disk_and_one_without_inodes)
{
    char path[64];
    cr_assert_eq(mount("small", "/var", "tmpfs", 0, "size=64k,nr_inodes=4"), 0);
    config.free_percent = 1;
    fill("/var/filler");
    expect(health_check_disks, "of /var is free");
    unlink("/var/filler");
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "/var/%d", i);
        FILE *one = fopen(path, "we");
        cr_assert(one);
        fclose(one);
    }
    config.free_percent = 1;
    expect(health_check_disks, "of the inodes of /var are free");
    umount("/var");
}

Test(check, a_state_folder_that_is_read_only_or_full)
{
    expect(health_check_state, "");
    fill(file);
    expect(health_check_state, "No space left");
    cr_assert_eq(mount("disk", folder, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
    expect(health_check_state, "Read-only");
}
