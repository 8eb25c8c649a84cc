// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/load.h"
#include "broker/pult-host/idle.h"
#include "broker/pult-host/sockets.h"

#include <criterion/criterion.h>
#include <string.h>

Test(load, the_processors_idle_and_waiting_time_is_not_busy)
{
    uint64_t busy = 0, total = 0;
    cr_assert(load_read_processors("cpu  10 20 30 400 50 6 7 8 9 10\ncpu0 1 2 3 4\n", &busy, &total));
    cr_assert_eq(total, 531);
    cr_assert_eq(busy, 81);
    cr_assert(load_read_processors("cpu  1 2 3 4", &busy, &total));
    static const char *const wrong[] = {"", "cpu", "cpu0 1 2 3 4", "cpu  1 2 x", "cpu  18446744073709551615 1 1 1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_assert_not(load_read_processors(wrong[i], &busy, &total), "%s", wrong[i]);
}

Test(load, memory_in_use_is_what_is_not_available)
{
    int64_t permille = -1;
    cr_assert(load_read_memory("MemTotal: 1000 kB\nMemFree: 1 kB\nMemAvailable:     250 kB\n", &permille));
    cr_assert_eq(permille, 750);
    cr_assert(load_read_memory("MemTotal: 10 kB\nMemAvailable: 999999 kB\n", &permille));
    cr_assert_eq(permille, 0);
    static const char *const wrong[] = {"", "MemTotal: 0 kB\nMemAvailable: 0 kB\n", "MemTotal: 5 kB\n",
                                        "MemTotal: -5 kB\nMemAvailable: 1 kB\n", "MemTotal: x\nMemAvailable: y"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_assert_not(load_read_memory(wrong[i], &permille), "%s", wrong[i]);
}

Test(load, pressure_is_the_share_of_the_last_ten_seconds)
{
    int64_t permille = -1;
    cr_assert(load_read_pressure("some avg10=12.34 avg60=0.00 avg300=0.00 total=0\nfull avg10=99.00", &permille));
    cr_assert_eq(permille, 123);
    cr_assert(load_read_pressure("some avg10=100.00 avg60=0", &permille));
    cr_assert_eq(permille, 1000);
    cr_assert_not(load_read_pressure("some avg10=101.00 ", &permille));
    cr_assert_not(load_read_pressure("some avg10=-1.00 ", &permille));
    cr_assert_not(load_read_pressure("full avg10=1.00 ", &permille));
}

Test(load, reads_this_machine)
{
    struct load load = {0};
    load_read(&load, "/proc");
    cr_assert(load.total > 0 && load.memory > 0 && load.memory <= 1000 && load.cpu == 0);
    load_read(&load, "/nowhere");
    cr_assert(load.total > 0 && load.pressure == 0);
}

Test(sockets, a_row_of_the_kernels_table)
{
    struct socket_row row;
    cr_assert(
        sockets_read_row("   3: 0100007F:0D16 00000000:0000 0A 00000000:00000003 00:00000000 00000000     0        "
                         "0 12345 1 0000000000000000 100 0 0 10 0\n",
                         &row));
    cr_assert(row.local_port == 3350 && row.state == 10 && row.loopback && row.receive_queue == 3 &&
              row.inode == 12345);
    cr_assert(sockets_read_row("   0: 00000000000000000000000001000000:0D16 00000000000000000000000001000000:C350 01 "
                               "00000000:00000000 00:00000000 00000000     0        0 7 1 0",
                               &row));
    cr_assert(row.remote_port == 50000 && row.loopback && row.state == 1);
    cr_assert(sockets_read_row("   0: 0000000000000000FFFF00000100007F:0D16 0000000000000000FFFF00000100007F:C350 01 "
                               "00000000:00000000 00:00000000 00000000     0        0 7 1 0",
                               &row));
    cr_assert(row.loopback);
    cr_assert_not(sockets_read_row("  sl  local_address rem_address   st tx_queue rx_queue", &row));
    cr_assert_not(sockets_read_row("   0: 01:0D16 01:0000 0A 0:0 0:0 0 0 0 5", &row));
}

static const unsigned char cookies[] = "\1\0\0\3ts1\0\00211\0\022MIT-MAGIC-COOKIE-1\0\4abcd"
                                       "\1\0\0\3ts1\0\00210\0\3XDM\0\2zz"
                                       "\1\0\0\3ts1\0\00210\0\022MIT-MAGIC-COOKIE-1\0\6secret";

Test(idle, finds_the_cookie_of_its_display)
{
    unsigned char cookie[IDLE_COOKIE_MAX];
    cr_assert_eq(idle_cookie(cookies, sizeof cookies - 1, 10, cookie), 6);
    cr_assert_eq(memcmp(cookie, "secret", 6), 0);
    cr_assert_eq(idle_cookie(cookies, sizeof cookies - 1, 11, cookie), 4);
    cr_assert_eq(idle_cookie(cookies, sizeof cookies - 1, 12, cookie), 0);
    for (size_t length = 0; length < sizeof cookies - 1; length++)
        cr_assert_eq(idle_cookie(cookies, length, 10, cookie), 0);
}

Test(idle, finds_the_root_window_in_a_greeting)
{
    unsigned char greeting[64] = {1, 0, 11, 0, 0, 0, 14, 0};
    greeting[24] = 5; // vendor, padded to 8
    greeting[28] = greeting[29] = 1;
    greeting[56] = 0x34;
    greeting[57] = 0x12;
    cr_assert_eq(idle_root_window(greeting, sizeof greeting), 0x1234);
    cr_assert_eq(idle_root_window(greeting, 59), 0);
    greeting[25] = 255;
    cr_assert_eq(idle_root_window(greeting, sizeof greeting), 0);
    greeting[0] = 0;
    cr_assert_eq(idle_root_window(greeting, sizeof greeting), 0);
}
