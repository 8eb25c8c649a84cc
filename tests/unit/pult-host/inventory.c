// SPDX-License-Identifier: EUPL-1.2
// The sessions of a machine that consists of files: who is one, whose, connected or not, lost or not.
#include "broker/pult-host/inventory.h"
#include "broker/base/text.h"
#include "tests/folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[FOLDER_SIZE];
static struct inventory inventory;
static struct program_list programs;

static void put(const char *path, const char *bytes, size_t length)
{
    char whole[200];
    snprintf(whole, sizeof whole, "%s/%s", root, path);
    FILE *file = fopen(whole, "we");
    cr_assert(file, "%s", whole);
    fwrite(bytes, 1, length, file);
    fclose(file);
}

// `words`: the arguments, separated by spaces; `display`: what its environment says, or NULL.
static void process(int pid, int parent, unsigned uid, const char *name, const char *words, const char *display)
{
    char path[64], text[600];
    snprintf(path, sizeof path, "%s/%d", root, pid);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "%d/stat", pid);
    snprintf(text, sizeof text, "%d (%s) S %d 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 %d 9 9\n", pid, name, parent,
             pid * 100);
    put(path, text, strlen(text));
    snprintf(path, sizeof path, "%d/status", pid);
    snprintf(text, sizeof text, "Name:\t%s\nUid:\t%u\t%u\t%u\t%u\nGid:\t100\t100\t100\t100\nGroups:\t100 27 \n", name,
             uid, uid, uid, uid);
    put(path, text, strlen(text));
    snprintf(path, sizeof path, "%d/cmdline", pid);
    size_t length = strlen(words) + 1;
    snprintf(text, sizeof text, "%s", words);
    for (size_t i = 0; i < length; i++)
        text[i] = text[i] == ' ' ? 0 : text[i];
    put(path, text, length);
    snprintf(path, sizeof path, "%d/environ", pid);
    length = (size_t)snprintf(text, sizeof text, "HOME=/home/x%cDISPLAY=%s", 0, display ? display : "") + 1;
    put(path, text, display ? length : 0);
}

#define SERVER " -auth .Xauthority -config xrdp/xorg.conf -noreset"

static void start(void)
{
    folder_make(root, "proc");
    put("stat", "cpu  1 2 3 4\nbtime 1700000000\n", 31);
    process(50, 1, 0, "xrdp-sesman", "xrdp-sesman", NULL);
    process(60, 50, 0, "xrdp-sesman", "xrdp-sesman", NULL);
    process(61, 60, 1001, "startwm.sh", "/bin/sh startwm.sh", ":10.0");
    process(62, 60, 1001, "Xorg", "/usr/lib/xorg/Xorg :10" SERVER, NULL);
    process(63, 60, 1001, "xrdp-chansrv", "xrdp-chansrv", ":10");
    process(64, 61, 1001, "a) S 1 (b", "editor", ":10.0");
}

static void stop(void)
{
    inventory_drop(&inventory);
    inventory_programs_drop(&programs);
    folder_remove(root);
}

TestSuite(inventory, .init = start, .fini = stop);

static const struct xrdp_session *look(const struct socket_display *displays, size_t count)
{
    inventory_read(&inventory, root, displays, count);
    return inventory.rows;
}

Test(inventory, finds_a_session_with_all_that_is_told_of_it)
{
    struct socket_display displays[] = {{.display = 10, .uid = 1001, .connected = true, .peer = 77}};
    const struct xrdp_session *one = look(displays, 1);
    cr_assert_eq(inventory.count, 1);
    cr_assert(one->display == 10 && one->connected && one->peer == 77 && !one->orphan);
    cr_assert(one->server.pid == 62 && one->sesexec.pid == 60 && one->window_manager.pid == 61);
    cr_assert(one->owner.uid == 1001 && one->owner.gid == 100 && one->owner.group_count == 2);
    cr_assert_eq(one->since_ms, 1700000000000LL + 6200 * 1000 / sysconf(_SC_CLK_TCK));
}

Test(inventory, one_that_nobody_sees_is_not_connected)
{
    struct socket_display displays[] = {
        {.display = 10, .uid = 1001},
        {.display = 10, .uid = 1002, .connected = true}, // somebody else's socket of that name
        {.display = 11, .uid = 1001, .connected = true},
    };
    cr_assert_not(look(displays, 3)->connected);
    cr_assert_not(look(NULL, 0)->connected);
}

Test(inventory, x_servers_that_are_not_xrdps_are_none)
{
    process(70, 1, 1002, "Xorg", "/usr/lib/xorg/Xorg :0 -nolisten tcp", NULL);
    process(71, 50, 0, "Xorg", "/usr/lib/xorg/Xorg :11" SERVER, NULL);
    process(72, 1, 1002, "Xorg", "/usr/lib/xorg/Xorg", NULL);
    process(73, 1, 1002, "xterm", "xterm :12 xrdp/xorg.conf", NULL);
    look(NULL, 0);
    cr_assert_eq(inventory.count, 1);
}

static bool shows(pid_t pid)
{
    for (size_t i = 0; i < inventory.count; i++)
        if (inventory.rows[i].server.pid == pid)
            return true;
    return false;
}

// By hand, or by clone(CLONE_PARENT) from within a session: then the session manager's process is the parent.
static void nobody_is_hidden_by_servers(int count, int parent)
{
    for (int pid = 2000; pid < 2000 + count; pid++)
        process(pid, parent, 1002, "Xorg", "/usr/lib/xorg/Xorg :5 xrdp/xorg.conf", NULL);
    process(4000, 50, 0, "xrdp-sesman", "xrdp-sesman", NULL);
    process(4001, 4000, 1003, "Xorg", "/usr/lib/xorg/Xorg :12" SERVER, NULL);
    process(4002, 1, 1004, "Xorg", "/usr/lib/xorg/Xorg :13" SERVER, NULL);
    look(NULL, 0);
    cr_assert(shows(62) && shows(4001) && shows(4002));
    cr_assert_eq(inventory.count, 3 + INVENTORY_EACH);
}

Test(inventory, one_person_with_many_servers_hides_nobody)
{
    nobody_is_hidden_by_servers(INVENTORY_MAX, 1);
}

Test(inventory, one_person_with_many_servers_below_the_session_manager_hides_nobody)
{
    nobody_is_hidden_by_servers(2 * INVENTORY_EACH, 60);
}

Test(inventory, what_looks_like_an_orphan_takes_no_place_from_the_session_managers)
{
    for (int i = 0; i < INVENTORY_MAX; i++)
        process(2000 + i, 1, 5000 + (unsigned)i, "Xorg", "/usr/lib/xorg/Xorg :5 xrdp/xorg.conf", NULL);
    process(4000, 50, 0, "xrdp-sesman", "xrdp-sesman", NULL);
    process(4001, 4000, 1003, "Xorg", "/usr/lib/xorg/Xorg :12" SERVER, NULL);
    look(NULL, 0);
    cr_assert(shows(62) && shows(4001));
    cr_assert_eq(inventory.count, INVENTORY_MAX);
}

Test(inventory, what_waits_for_the_x_server_is_no_window_manager)
{
    process(60, 50, 0, "xrdp-sesman", "xrdp-sesman", NULL);
    process(61, 60, 0, "xrdp-sesman", "xrdp-sesman", NULL);
    cr_assert_eq(look(NULL, 0)->window_manager.pid, 0);
}

static void ended(pid_t pid)
{
    char path[32], text[100];
    snprintf(path, sizeof path, "%d/stat", (int)pid);
    snprintf(text, sizeof text, "%d (Xorg) Z 60 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 %d 9 9\n", (int)pid,
             (int)pid * 100);
    put(path, text, strlen(text));
}

Test(inventory, tells_how_far_a_session_that_is_opened_has_come)
{
    cr_assert_eq(inventory_start(root, 1001, 6001), START_NONE, "this one began before");
    cr_assert_eq(inventory_start(root, 1001, 6000), START_UNDER_WAY);
    cr_assert_eq(inventory_start(root, 1002, 6000), START_NONE, "it is somebody else's");
    ended(62);
    cr_assert_eq(inventory_start(root, 1001, 6000), START_FAILED);
    static const char *const names[] = {"xrdp-sesman", "xrdp-sesexec"};
    for (int i = 0; i < 2; i++) {
        int manager = 75 + 10 * i, child = manager + 1;
        uint64_t since = (uint64_t)manager * 100;
        process(manager, 50, 0, names[i], names[i], NULL);
        cr_assert_eq(inventory_start(root, 1002, since), START_LOGON, "a helper of PAM looks so until it is run");
        process(child, manager, 0, names[i], names[i], NULL);
        cr_assert_eq(inventory_start(root, 1002, since), START_LOGON, "nobody knows yet whose it is");
        process(child, manager, 1002, names[i], names[i], NULL);
        cr_assert_eq(inventory_start(root, 1002, since), START_UNDER_WAY);
        cr_assert_eq(inventory_start(root, 1001, since), START_NONE, "it is somebody else's");
    }
    process(97, 50, 1002, "xrdp-sesman", "xrdp-sesman", NULL);
    cr_assert_eq(inventory_start(root, 1002, 9000), START_NONE, "a person is not the session manager");
}

Test(inventory, after_the_session_manager_is_killed_its_sessions_are_orphans)
{
    process(60, 1, 0, "xrdp-sesman", "xrdp-sesman", NULL);
    cr_assert(look(NULL, 0)->orphan);
    cr_assert_eq(inventory.rows->window_manager.pid, 61);
    process(62, 1, 1001, "Xorg", "/usr/lib/xorg/Xorg :10" SERVER, NULL);
    cr_assert(look(NULL, 0)->orphan);
    cr_assert_eq(inventory.rows->sesexec.pid, 0);
}

Test(inventory, sessions_of_a_newer_xrdp_survive_its_session_manager)
{
    process(60, 1, 0, "xrdp-sesexec", "xrdp-sesexec", NULL);
    cr_assert_not(look(NULL, 0)->orphan);
}

Test(inventory, a_person_cannot_be_the_session_manager)
{
    process(60, 50, 1001, "xrdp-sesman", "xrdp-sesman", NULL);
    cr_assert(look(NULL, 0)->orphan);
}

static enum program_kind kind_of(pid_t pid)
{
    for (size_t i = 0; i < programs.count; i++)
        if (programs.rows[i].process.pid == pid)
            return programs.rows[i].kind;
    return (enum program_kind) - 1;
}

Test(inventory, the_programs_of_a_session_are_its_own_and_nobody_elses)
{
    process(80, 1, 1001, "daemon", "left", ":10");
    process(81, 1, 1001, "elsewhere", "other", ":100");
    process(82, 1, 1001, "cron", "job", NULL);
    process(83, 1, 1002, "liar", "liar", ":10");
    process(84, 61, 1002, "su", "su", ":10.0");
    process(85, 1, 1001, "ssh", "ssh", "localhost:10.0");
    struct xrdp_session one = *look(NULL, 0);
    inventory_programs(&programs, root, &one);
    cr_assert_eq(programs.count, 5);
    cr_assert(kind_of(61) == PROGRAM_WINDOW_MANAGER && kind_of(64) == PROGRAM_OTHER && kind_of(80) == PROGRAM_OTHER);
    cr_assert(kind_of(62) == PROGRAM_PLUMBING && kind_of(63) == PROGRAM_PLUMBING);
}

Test(inventory, files_that_are_no_processes_hurt_nobody)
{
    static const char nonsense[] = "\xff\0(((\n Uid: x";
    process(90, 60, 1001, "Xorg", "/usr/lib/xorg/Xorg :99999999999999999999", NULL);
    process(91, 60, 1001, "Xorg", "/usr/lib/xorg/Xorg :-1", NULL);
    process(92, 60, 1001, "Xorg", "x", NULL);
    put("92/stat", nonsense, sizeof nonsense);
    process(93, 60, 1001, "Xorg", "/usr/lib/xorg/Xorg :13", NULL);
    put("93/status", nonsense, sizeof nonsense);
    process(94, 94, 1001, "Xorg", "/usr/lib/xorg/Xorg :14 -auth", NULL);
    look(NULL, 0);
    cr_assert_eq(inventory.count, 1);
}
