// SPDX-License-Identifier: EUPL-1.2
// Printers found by what they announce, by a real avahi-daemon.
#include "tests/folder.h"
#include "tests/program.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char folder[FOLDER_SIZE];
static struct program_result result;

static void open_folder(void)
{
    folder_make(folder, "printer-find");
    setenv("LC_ALL", "C.UTF-8", 1);
}

static void close_folder(void)
{
    folder_remove(folder);
}

enum { TRIES = 6 };

TestSuite(printer_find, .init = open_folder, .fini = close_folder, .timeout = 900);

// What a printer announces on the network may be lost there, or come too late on a busy machine: people look again,
// too.
static void find(const char *words)
{
    char line[600];
    snprintf(line, sizeof line,
             "unshare -n -m -p -f --kill-child --mount-proc tests/integration/admin-tool/announce %s "
             "%s/admin-tool/pultctl printer find%s",
             folder, getenv("PULT_BUILD"), words);
    for (int i = 0; i < TRIES; i++) {
        program_run(&result, line, "");
        if (result.exit_code != 0 || strstr(result.out, "hall.local"))
            return;
    }
}

Test(printer_find, lists_what_the_network_offers_and_makes_a_table_of_it)
{
    find("");
    cr_assert_eq(result.exit_code, 0, "%s%s", result.out, result.err);
    cr_assert(strstr(result.out, "Bürgerbüro; $(reboot)"), "%s", result.out);
    cr_assert(strstr(result.out, "Rathaus, Zimmer 12") && strstr(result.out, "ipps://hall.local:8631/ipp/print"), "%s",
              result.out);
    cr_assert_null(strstr(result.out, "ipp://hall"), "%s", result.out);
    find(" --csv");
    cr_assert_str_eq(result.out, "id,name,uri,site,room\r\n,\"Bürgerbüro; $(reboot)\","
                                 "ipps://hall.local:8631/ipp/print,,\"Rathaus, Zimmer 12\"\r\n");
    find(" --json");
    cr_assert(strncmp(result.out, "[{", 2) == 0 && strstr(result.out, "\"uri\":\"ipps://hall.local:8631/ipp/print\""),
              "%s", result.out);
}

Test(printer_find, says_how_to_go_on_where_nobody_listens_for_them)
{
    setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent", 1);
    program_run(&result, "admin-tool/pultctl printer find", "");
    cr_assert_eq(result.exit_code, 3, "%s%s", result.out, result.err);
    cr_assert(strstr(result.err, "avahi-daemon") && strstr(result.err, "pultctl printer add"), "%s", result.err);
}
