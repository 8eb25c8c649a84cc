// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/relay.h"
#include "broker/base/text.h"
#include "broker/client/gateway_dial.h"
#include "tests/folder.h"
#include "tests/network.h"
#include "tests/program.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { PORT = 3389, GIVE_UP_MS = 1000 };

static struct loop *loop;
static struct relay *relay;
static char folder[FOLDER_SIZE], path[100];
static char heard[100];
static bool was_up, given_up;
static struct gateway_client *gateway; // NULL: none
static int listener;

static void told(void *arg, enum relay_event event)
{
    static const char *const words[] = {"reached ", "up ",   "mending ",     "silent ",
                                        "heard ",   "lost ", "unreachable ", "given-up "};
    (void)arg;
    size_t length = strlen(heard);
    given_up = event == RELAY_GIVEN_UP;
    snprintf(heard + length, sizeof heard - length, "%s", words[event]);
}

static void listen_at(const char *text)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    int yes = 1;
    inet_pton(AF_INET, text, &address.sin_addr);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0, "%s", strerror(errno));
    cr_assert_eq(listen(listener, 4), 0);
}

static void listen_as_host(void)
{
    listen_at("127.0.0.1");
}

static void begin(const char *address)
{
    struct fault why = {0};
    struct relay_config config = {.socket_path = path,
                                  .viewer = (uid_t)-1,
                                  .address = address,
                                  .port = PORT,
                                  .dial_ms = 1000,
                                  .give_up_ms = GIVE_UP_MS,
                                  .was_up = was_up,
                                  .gateway = gateway,
                                  .channel = "token"};
    relay = relay_new(loop, &config, told, NULL, &why);
    cr_assert(relay, "%s", why.text);
}

static void start(void)
{
    network_own();
    loop = loop_new();
    folder_make(folder, "relay");
    snprintf(path, sizeof path, "%s/host.sock", folder);
    listener = -1;
}

static void stop(void)
{
    relay_free(relay);
    gateway_client_free(gateway);
    cr_assert_neq(access(path, F_OK), 0, "the socket was left behind");
    folder_remove(folder);
    if (listener >= 0)
        close(listener);
    loop_free(loop);
}

TestSuite(relay, .init = start, .fini = stop);

static void stop_loop(void *arg)
{
    loop_stop(arg);
}

static void run_ms(int64_t wait_ms)
{
    struct loop_timer *timer = loop_timer_new(loop, stop_loop, loop);
    loop_timer_start(timer, wait_ms);
    loop_run(loop);
    loop_timer_free(timer);
}

enum { TURN_MS = 10, TURNS_MAX = 1000 };

static void await(const char *expected)
{
    for (int i = 0; i < TURNS_MAX && strcmp(heard, expected) != 0; i++)
        run_ms(TURN_MS);
    cr_assert_str_eq(heard, expected);
}

static int connect_as_viewer(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    TEXT_PUT(address.sun_path, path);
    int viewer = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    cr_assert_eq(connect(viewer, (struct sockaddr *)&address, sizeof address), 0, "%s", strerror(errno));
    return viewer;
}

static int accept_now(void)
{
    return accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

static int accept_as_host(void)
{
    int host = -1;
    for (int i = 0; i < TURNS_MAX && (host = accept_now()) < 0; i++)
        run_ms(TURN_MS);
    cr_assert_geq(host, 0);
    return host;
}

static void await_end_of_host(void)
{
    for (int i = 0; i < TURNS_MAX && !relay_host_ended(relay); i++)
        run_ms(TURN_MS);
    cr_assert(relay_host_ended(relay));
}

static void expect_passes(int from, int to)
{
    char byte = 0;
    ssize_t got = -1;
    cr_assert_eq(write(from, "x", 1), 1);
    for (int i = 0; i < TURNS_MAX && (got = read(to, &byte, 1)) < 0; i++)
        run_ms(TURN_MS);
    cr_assert_eq(got, 1);
    cr_assert_eq(byte, 'x');
}

Test(relay, joins_viewer_and_host)
{
    listen_as_host();
    begin("127.0.0.1");
    int viewer = connect_as_viewer();
    int host = accept_as_host();
    expect_passes(viewer, host);
    expect_passes(host, viewer);
    cr_assert_str_eq(heard, "up ");
    close(viewer);
    close(host);
}

Test(relay, lets_only_its_owner_connect)
{
    struct stat status;
    listen_as_host();
    begin("127.0.0.1");
    cr_assert_eq(stat(path, &status), 0);
    cr_assert_eq(status.st_mode & 0777, 0600);
}

Test(relay, says_at_once_that_nobody_listens)
{
    begin("127.0.0.1");
    await("unreachable ");
}

Test(relay, says_when_the_host_is_there_before_the_viewer)
{
    listen_as_host();
    begin("127.0.0.1");
    await("reached ");
    int viewer = connect_as_viewer();
    await("reached up ");
    close(viewer);
}

Test(relay, is_patient_with_a_host_that_was_there_before)
{
    was_up = true;
    begin("127.0.0.1");
    run_ms(GIVE_UP_MS / 2);
    cr_assert_str_eq(heard, "");
    await("given-up ");
}

Test(relay, says_that_there_is_no_such_host)
{
    network_replace_file("/etc/hosts", "127.0.0.1 localhost\n");
    begin("no-such-host.invalid");
    await("unreachable ");
}

// Takes one connection into its queue; whoever comes then gets no answer at all.
static void be_silent_at(const char *address)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    inet_pton(AF_INET, address, &here.sin_addr);
    int silent = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), first = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert(bind(silent, (struct sockaddr *)&here, sizeof here) == 0 && listen(silent, 0) == 0);
    cr_assert_eq(connect(first, (struct sockaddr *)&here, sizeof here), 0);
}

Test(relay, tries_the_next_address_of_the_name_when_one_is_silent)
{
    char hosts[80];
    snprintf(hosts, sizeof hosts, "%s/hosts", folder);
    FILE *file = fopen(hosts, "we");
    fputs("127.0.0.2 ts1\n127.0.0.1 ts1\n127.0.0.9 ts1\n", file);
    fclose(file);
    cr_assert(unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
    cr_assert_eq(mount(hosts, "/etc/hosts", NULL, MS_BIND, NULL), 0);
    be_silent_at("127.0.0.1");
    be_silent_at("127.0.0.2");
    listen_at("127.0.0.9");
    begin("ts1");
    await("reached ");
    umount2("/etc/hosts", MNT_DETACH);
    unlink(hosts);
}

Test(relay, dials_again_when_the_viewer_comes_back)
{
    listen_as_host();
    begin("127.0.0.1");
    int viewer = connect_as_viewer();
    int dropped = accept_as_host();
    await("up ");
    cr_assert_not(relay_host_ended(relay));
    close(dropped);
    await_end_of_host();
    cr_assert_lt(accept_now(), 0, "the host was dialled for nobody");
    close(viewer);
    cr_assert(relay_host_ended(relay));
    viewer = connect_as_viewer();
    int host = accept_as_host();
    expect_passes(host, viewer);
    cr_assert_str_eq(heard, "up mending up ");
    close(viewer);
    close(host);
}

Test(relay, gives_up_when_the_host_stays_away)
{
    listen_as_host();
    begin("127.0.0.1");
    int viewer = connect_as_viewer();
    int host = accept_as_host();
    close(listener);
    listener = -1;
    close(host);
    await_end_of_host();
    close(viewer);
    viewer = connect_as_viewer();
    await("up mending given-up ");
    close(viewer);
}

// With the same token it would be refused.
Test(relay, dials_through_a_gateway_once)
{
    struct fault why = {0};
    struct gateway_client_config config = {.name = "127.0.0.1", .port = PORT, .ca_file = ""};
    gateway = gateway_client_new(loop, &config, &why);
    cr_assert(gateway, "%s", why.text);
    was_up = true;
    begin("ts1");
    await("unreachable ");
}

Test(relay, gives_up_when_the_viewer_neither_ends_nor_comes_back)
{
    listen_as_host();
    begin("127.0.0.1");
    int viewer = connect_as_viewer();
    close(accept_as_host());
    close(viewer);
    await("up given-up ");
}

// A host that takes every connection and drops it must not keep the person waiting for ever.
Test(relay, gives_up_on_a_host_that_hangs_up_each_time)
{
    listen_as_host();
    begin("127.0.0.1");
    for (int i = 0; i < TURNS_MAX && !given_up; i++) {
        int viewer = connect_as_viewer(), host = -1;
        for (int turn = 0; turn < TURNS_MAX && host < 0 && !given_up; turn++) {
            run_ms(TURN_MS);
            host = accept_now();
        }
        if (host >= 0)
            close(host);
        run_ms(TURN_MS);
        close(viewer);
        run_ms(TURN_MS);
    }
    cr_assert(given_up);
}

static void set_lo(const char *state)
{
    char command[40];
    snprintf(command, sizeof command, "ip link set lo %s", state);
    program_shell(command);
}

// Long before the connection itself is given up; and it may be the same one afterwards.
Test(relay, tells_of_a_host_from_which_nothing_comes_any_more)
{
    listen_as_host();
    begin("127.0.0.1");
    int viewer = connect_as_viewer();
    await("up ");
    set_lo("down");
    await("up silent ");
    set_lo("up");
    await("up silent heard ");
    close(viewer);
}

Test(relay, presumes_silence_when_the_cable_is_out)
{
    listen_as_host();
    begin("127.0.0.1");
    relay_presume_silent(relay);
    int viewer = connect_as_viewer();
    await("up ");
    relay_presume_silent(relay);
    relay_presume_silent(relay);
    cr_assert_str_eq(heard, "up silent ");
    await("up silent heard ");
    close(viewer);
}
