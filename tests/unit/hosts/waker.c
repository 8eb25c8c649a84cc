// SPDX-License-Identifier: EUPL-1.2
#include "broker/hosts/waker.h"
#include "broker/base/clock.h"
#include "broker/base/text.h"
#include "tests/folder.h"
#include "tests/network.h"
#include "tests/program.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MANY = 100, LOOK_MS = 20, SHORT_MS = 300 };

static struct loop *loop;
static struct waker *waker;
static struct loop_timer *look;
static char folder[FOLDER_SIZE], script[128], said[128];

// What the command is in these tests: it writes its words, one a line, into a file of its own and names it when done.
static const char recorder[] = "#!/bin/sh\n"
                               "here=${0%/*}\n"
                               "echo begun >>\"$here/begun\"\n"
                               "for word; do printf '%s\\n' \"$word\"; done >\"$here/said.$$\"\n"
                               "[ ! -p \"$here/gate\" ] || read -r go <\"$here/gate\"\n"
                               "cat \"$here/said.$$\" >>\"$here/said\"\n";

static void write_script(void)
{
    int descriptor = open(script, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
    cr_assert(descriptor >= 0);
    cr_assert_eq(write(descriptor, recorder, strlen(recorder)), (ssize_t)strlen(recorder));
    close(descriptor);
}

static void begin(void)
{
    network_own();
    folder_make(folder, "waker");
    snprintf(script, sizeof script, "%s/record", folder);
    snprintf(said, sizeof said, "%s/said", folder);
    write_script();
    loop = loop_new();
}

static void finish(void)
{
    waker_free(waker);
    loop_timer_free(look);
    loop_free(loop);
    folder_remove(folder);
}

TestSuite(waker, .init = begin, .fini = finish, .timeout = 60);

static void command(const char *words, int64_t deadline_ms)
{
    char text[400];
    snprintf(text, sizeof text, "%s %s", script, words);
    waker = waker_new(loop, text, deadline_ms);
}

static struct host host_of(const char *id, const char *address, const char *wake)
{
    struct host host = {.port = 3389};
    TEXT_PUT(host.id, id);
    TEXT_PUT(host.address, address);
    TEXT_PUT(host.wake, wake);
    return host;
}

static const char *content(const char *name)
{
    static char bytes[16 * 1024];
    char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = descriptor < 0 ? 0 : read(descriptor, bytes, sizeof bytes - 1);
    bytes[length > 0 ? length : 0] = 0;
    if (descriptor >= 0)
        close(descriptor);
    return bytes;
}

static size_t lines(const char *name)
{
    size_t count = 0;
    for (const char *at = content(name); (at = strchr(at, '\n')); at++)
        count++;
    return count;
}

// ---- running the loop until a file has so many lines

static struct {
    const char *name;
    size_t lines;
} awaited;

static void look_again(void *arg)
{
    (void)arg;
    if (lines(awaited.name) >= awaited.lines)
        loop_stop(loop);
    else
        loop_timer_start(look, LOOK_MS);
}

static void run_until(const char *name, size_t count)
{
    awaited.name = name;
    awaited.lines = count;
    if (!look)
        look = loop_timer_new(loop, look_again, NULL);
    loop_timer_start(look, 0);
    loop_run(loop);
}

static void stop(void *arg)
{
    (void)arg;
    loop_stop(loop);
}

static void run_for(int64_t wait_ms)
{
    struct loop_timer *timer = loop_timer_new(loop, stop, NULL);
    loop_timer_start(timer, wait_ms);
    loop_run(loop);
    loop_timer_free(timer);
}

// ---- packets

Test(waker, a_magic_packet_is_six_times_ff_and_sixteen_times_the_address)
{
    static const unsigned char address[] = {0x00, 0x1b, 0x21, 0xaa, 0xbb, 0xcc};
    unsigned char packet[WAKER_PACKET];
    cr_assert(waker_packet("00:1b:21:AA:bb:cc", packet));
    for (size_t i = 0; i < 6; i++)
        cr_assert_eq(packet[i], 0xff);
    for (size_t i = 0; i < 16; i++)
        cr_assert_eq(memcmp(packet + 6 + i * 6, address, 6), 0);
    cr_assert(waker_packet("00-1b-21-aa-bb-cc", packet));
}

Test(waker, what_is_no_hardware_address_makes_no_packet)
{
    static const char *const wrong[] = {
        "",
        "00:1b:21:aa:bb",
        "00:1b:21:aa:bb:cc:dd",
        "00:1b:21:aa:bb:cc ",
        "00:1b-21:aa:bb:cc",
        "00:1b:21:aa:bb:cg",
        "001b:21:aa:bb:cc:",
        ":::::::::::::::::",
        "0x:1b:21:aa:bb:cc",
        "00 1b 21 aa bb cc",
        "\xff\xff:1b:21:aa:bb:cc",
        "00:1b:21:aa:bb:cc\n00:1b:21:aa:bb:cc",
    };
    unsigned char packet[WAKER_PACKET];
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_assert_not(waker_packet(wrong[i], packet), "\"%s\"", wrong[i]);
}

Test(waker, a_packet_goes_to_every_network_whatever_it_was_told_of_its_broadcast_address)
{
    program_shell("ip link add one type bridge && ip address add 10.9.0.1/24 dev one && ip link set one up && "
                  "ip link add two type bridge && ip address add 10.10.0.1/16 broadcast + dev two && "
                  "ip link set two up");
    int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(9)};
    cr_assert_eq(bind(descriptor, (struct sockaddr *)&at, sizeof at), 0, "%s", strerror(errno));
    waker = waker_new(loop, "", WAKER_DEADLINE_MS);
    struct host host = host_of("neustadt/pc1", "pc1", "00:1b:21:aa:bb:cc 00:1b:21:aa:bb:dd");
    waker_wake(waker, &host);
    unsigned char got[200];
    size_t count = 0;
    for (ssize_t length; (length = recv(descriptor, got, sizeof got, 0)) >= 0; count++) {
        cr_assert_eq(length, WAKER_PACKET);
        cr_assert(got[101] == 0xcc || got[101] == 0xdd);
    }
    close(descriptor);
    cr_assert_eq(count, 4);
}

Test(waker, without_a_network_nothing_happens)
{
    waker = waker_new(loop, "", WAKER_DEADLINE_MS);
    struct host host = host_of("neustadt/pc1", "pc1", "00:1b:21:aa:bb:cc");
    waker_wake(waker, &host);
}

// ---- the command

Test(waker, the_command_gets_id_and_address_in_their_words)
{
    command("on %h  --at=%a %% %x", WAKER_DEADLINE_MS);
    struct host host = host_of("neustadt/pc1", "pc1.example", "command");
    waker_wake(waker, &host);
    run_until("said", 5);
    cr_assert_str_eq(content("said"), "on\nneustadt/pc1\n--at=pc1.example\n%%\n%x\n");
}

Test(waker, no_shell_reads_what_a_host_says_of_itself)
{
    command("%a %a.b", WAKER_DEADLINE_MS);
    struct host host = host_of("neustadt/pc1", "$(touch x); `touch y` 'a' \"b\" * > z & %h", "command");
    waker_wake(waker, &host);
    run_until("said", 2);
    cr_assert_str_eq(content("said"), "$(touch x); `touch y` 'a' \"b\" * > z & %h\n"
                                      "$(touch x); `touch y` 'a' \"b\" * > z & %h.b\n");
}

Test(waker, an_address_does_not_become_an_option)
{
    command("--to %a", WAKER_DEADLINE_MS);
    struct host bad = host_of("neustadt/pc1", "--config=/tmp/evil", "command");
    struct host good = host_of("neustadt/pc2", "pc2", "command");
    waker_wake(waker, &bad);
    waker_wake(waker, &good);
    run_until("said", 2);
    cr_assert_str_eq(content("said"), "--to\npc2\n");
}

Test(waker, the_command_runs_only_for_hosts_that_say_so)
{
    command("%h", WAKER_DEADLINE_MS);
    struct host by_packet = host_of("neustadt/pc1", "pc1", "00:1b:21:aa:bb:cc");
    struct host by_command = host_of("neustadt/pc2", "pc2", "00:1b:21:aa:bb:cc command");
    waker_wake(waker, &by_packet);
    waker_wake(waker, &by_command);
    run_until("said", 1);
    cr_assert_str_eq(content("said"), "neustadt/pc2\n");
}

Test(waker, nothing_of_the_brokers_environment_goes_along)
{
    setenv("SECRET", "geheim", 1);
    waker = waker_new(loop, "/bin/sh -c env>\"$0\" %a", WAKER_DEADLINE_MS);
    struct host host = host_of("neustadt/pc1", said, "command");
    waker_wake(waker, &host);
    run_until("said", 2);
    cr_assert_not(strstr(content("said"), "SECRET"), "%s", content("said"));
    cr_assert(strstr(content("said"), "PATH=/usr/local/sbin:"), "%s", content("said"));
}

static void close_gate(void)
{
    char gate[100];
    snprintf(gate, sizeof gate, "%s/gate", folder);
    cr_assert_eq(mkfifo(gate, 0600), 0);
}

// Lets one waiting command through, which it opens for.
static void open_gate(void)
{
    char shell[200];
    snprintf(shell, sizeof shell, "timeout 20 sh -c 'echo go >%s/gate'", folder);
    program_shell(shell);
}

Test(waker, a_host_is_not_called_again_while_its_command_runs)
{
    close_gate();
    command("%h", WAKER_DEADLINE_MS);
    struct host host = host_of("neustadt/pc1", "pc1", "command");
    for (int i = 0; i < 10; i++)
        waker_wake(waker, &host);
    run_until("begun", 1);
    open_gate();
    run_until("said", 1);
    run_for(100);
    cr_assert_eq(lines("begun"), 1);
    // What it has said is there a moment before it has ended.
    while (lines("begun") < 2) {
        waker_wake(waker, &host);
        run_for(LOOK_MS);
    }
    open_gate();
    run_until("said", 2);
}

Test(waker, many_at_once_wait_for_their_turn_and_all_come)
{
    command("%h", WAKER_DEADLINE_MS);
    close_gate();
    for (int i = 0; i < MANY; i++) {
        char id[32];
        snprintf(id, sizeof id, "neustadt/pc%d", i);
        struct host host = host_of(id, "pc", "command");
        waker_wake(waker, &host);
    }
    run_until("begun", WAKER_COMMANDS_MAX);
    run_for(100);
    cr_assert_eq(lines("begun"), WAKER_COMMANDS_MAX);
    char gate[100];
    snprintf(gate, sizeof gate, "%s/gate", folder);
    // Open to all from now on: who reads gets a line, and who comes later finds no gate.
    int descriptor = open(gate, O_RDWR | O_CLOEXEC);
    for (int i = 0; i < WAKER_COMMANDS_MAX; i++)
        cr_assert_eq(write(descriptor, "go\n", 3), 3);
    unlink(gate);
    run_until("said", MANY);
    close(descriptor);
    for (int i = 0; i < MANY; i++) {
        char id[32];
        snprintf(id, sizeof id, "neustadt/pc%d\n", i);
        cr_assert(strstr(content("said"), id), "%s", id);
    }
}

Test(waker, a_command_that_does_not_end_is_ended)
{
    close_gate();
    command("%h", SHORT_MS);
    struct host host = host_of("neustadt/pc1", "pc1", "command");
    int64_t began_ms = clock_steady_ms();
    waker_wake(waker, &host);
    // Called again and again, it begins again only when the first was ended.
    while (lines("begun") < 2) {
        run_for(LOOK_MS);
        waker_wake(waker, &host);
    }
    cr_assert_geq(clock_steady_ms() - began_ms, SHORT_MS);
    cr_assert_eq(lines("said"), 0);
}

Test(waker, a_command_that_is_not_there_holds_up_nothing)
{
    waker = waker_new(loop, "/nonexistent/wake %h", WAKER_DEADLINE_MS);
    for (int i = 0; i < MANY; i++) {
        char id[32];
        snprintf(id, sizeof id, "neustadt/pc%d", i);
        struct host host = host_of(id, "pc", "command");
        waker_wake(waker, &host);
    }
    run_for(SHORT_MS);
}

Test(waker, commands_still_running_end_with_it)
{
    close_gate();
    command("%h", WAKER_DEADLINE_MS);
    struct host host = host_of("neustadt/pc1", "pc1", "command");
    waker_wake(waker, &host);
    run_until("begun", 1);
    int64_t began_ms = clock_steady_ms();
    waker_free(waker);
    waker = NULL;
    cr_assert_lt(clock_steady_ms() - began_ms, 5000); // and not only when their time is up
    cr_assert_eq(lines("said"), 0);
}
