// SPDX-License-Identifier: EUPL-1.2
#include "tests/integration/pult-host/cupsd.h"
#include "broker/base/clock.h"
#include "tests/network.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOOK_US = 20 * 1000, WAIT_MS = 90 * 1000 };

#define TOOL "tests/integration/pult-host/print_host"

char cupsd_folder[FOLDER_SIZE], cupsd_socket[FOLDER_SIZE + 16], cupsd_state[FOLDER_SIZE + 16];
struct program_result cupsd_said;

static const char accounts[] = "root:x:0:0::/root:/bin/sh\nlp:x:7:7::/:/bin/sh\nanna:x:2001:2001::/tmp:/bin/sh\n"
                               "ben:x:2002:2002::/tmp:/bin/sh\nNEUSTADT\\carl:x:2003:2003::/tmp:/bin/sh\n";

const struct host_printing_person cupsd_anna = {.user_name = "anna", .tenant = "neustadt"},
                                  cupsd_ben = {.user_name = "ben", .tenant = "altstadt"},
                                  cupsd_carl = {.user_name = "NEUSTADT\\carl", .tenant = "neustadt"};

const struct host_queue cupsd_next_to_me = {.name = "next-to-me",
                                            .description = "Next to me",
                                            .location = "wherever you are",
                                            .colour = true,
                                            .duplex = true,
                                            .a3 = true},
                        cupsd_room1 = {.name = "room1",
                                       .printer = "neustadt/room1",
                                       .description = "Drücker im Flur",
                                       .location = "Rathaus, Raum 1",
                                       .tenants = "altstadt-west neustadt"};

// ---- words

static void run_words(const char *format, va_list args)
{
    char line[CUPSD_LINE_SIZE];
    int length = vsnprintf(line, sizeof line, format, args);
    cr_assert(length > 0 && length < (int)sizeof line);
    program_run(&cupsd_said, "bash", line);
}

void cupsd_shell(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    run_words(format, args);
    va_end(args);
}

void cupsd_expect_success(void)
{
    cr_assert_eq(cupsd_said.exit_code, 0, "%s%s", cupsd_said.out, cupsd_said.err);
}

void cupsd_await(const char *format, ...)
{
    int64_t until_ms = clock_steady_ms() + WAIT_MS;
    do {
        va_list args;
        va_start(args, format);
        run_words(format, args);
        va_end(args);
        if (cupsd_said.exit_code != 0)
            usleep(LOOK_US);
    } while (cupsd_said.exit_code != 0 && clock_steady_ms() < until_ms);
    cr_assert_eq(cupsd_said.exit_code, 0, "did not come: %s: %s%s", format, cupsd_said.out, cupsd_said.err);
}

void cupsd_as(int uid, const char *line)
{
    cupsd_shell("setpriv --reuid %d --regid %d --clear-groups env HOME=/tmp %s", uid, uid, line);
}

void cupsd_prints(int uid, const char *options)
{
    char line[CUPSD_LINE_SIZE];
    snprintf(line, sizeof line, "lp -t " CUPSD_TITLE " %s %s/a.pdf", options, cupsd_folder);
    cupsd_as(uid, line);
}

// ---- cupsd

void cupsd_start(void)
{
    cupsd_shell(TOOL " cupsd %s $PULT_BUILD 'JobRetryInterval 1'", cupsd_folder);
    cupsd_expect_success();
}

void cupsd_kill(void)
{
    cupsd_shell("kill -KILL $(cat %s/cupsd.pid); tail -s 0.02 --pid=$(cat %s/cupsd.pid) -f /dev/null", cupsd_folder,
                cupsd_folder);
}

void cupsd_init(void)
{
    network_own();
    network_replace_file("/etc/passwd", accounts);
    folder_make(cupsd_folder, "printing");
    snprintf(cupsd_socket, sizeof cupsd_socket, "%s/cups.sock", cupsd_folder);
    snprintf(cupsd_state, sizeof cupsd_state, "%s/state", cupsd_folder);
    setenv("CUPS_SERVER", cupsd_socket, 1);
    cupsd_shell(TOOL " new %s $PULT_BUILD 8631", cupsd_folder);
    cupsd_expect_success();
    cupsd_shell("printf '%%%%PDF-1.4\\n1 0 obj<</Type/Catalog>>endobj\\n%%%%%%%%EOF\\n' >%s/a.pdf; chmod 644 %s/a.pdf",
                cupsd_folder, cupsd_folder);
    cupsd_start();
}

// What still writes there would be in the way.
void cupsd_fini(void)
{
    cupsd_shell("for p in $(cat %s/cupsd.pid %s/*/pid); do kill -KILL $p && tail -s 0.02 --pid=$p -f /dev/null; done",
                cupsd_folder, cupsd_folder);
    folder_remove(cupsd_folder);
}

// ---- the print server

void cupsd_plan(const char *answer)
{
    cupsd_shell("cd %s/server && echo '%s' >plan.new && mv plan.new plan", cupsd_folder, answer);
}

void cupsd_expect(int number, const char *name, const char *value)
{
    cupsd_await("test -e %s/server/%d.json", cupsd_folder, number);
    cupsd_shell("jq -jr '.[\"%s\"]' %s/server/%d.json", name, cupsd_folder, number);
    cr_assert_str_eq(cupsd_said.out, value, "%s: %s", name, cupsd_said.out);
}

void cupsd_try_again(void)
{
    cupsd_shell("for job in $(lpstat -o | cut -d' ' -f1); do lp -i $job -H resume; done");
}

static bool is_empty(void)
{
    cupsd_shell("test -z \"$(lpstat -o)\" && ! ls %s/spool/[cd]0* 2>/dev/null", cupsd_folder);
    return cupsd_said.exit_code == 0;
}

void cupsd_await_empty(void)
{
    int64_t until_ms = clock_steady_ms() + WAIT_MS;
    while (!is_empty() && clock_steady_ms() < until_ms) {
        cupsd_try_again();
        usleep(LOOK_US);
    }
    cr_assert(is_empty(), "jobs wait: %s", cupsd_said.out);
}

void cupsd_expect_each_once(int count)
{
    cupsd_await_empty();
    cupsd_shell("cat %s/server/*.json | jq -r '.\"job-uuid\"' | sort -u | wc -l; cat %s/server/twice 2>/dev/null",
                cupsd_folder, cupsd_folder);
    cr_expect_eq(atoi(cupsd_said.out), count, "%s", cupsd_said.out);
    cr_expect(!strchr(cupsd_said.out, ':'), "two handed it over at the same time: %s", cupsd_said.out);
}

// ---- queues

void cupsd_settle(const struct host_queue *const *queues, const struct host_printing_person *const *people,
                  struct cups_queues_result *result)
{
    struct host_queue rows[4];
    struct host_printing_person names[4];
    struct fault why = {0};
    struct cups_queues_plan wanted = {
        .socket = cupsd_socket, .state_dir = cupsd_state, .queues = rows, .people = names};
    for (; queues[wanted.queue_count]; wanted.queue_count++)
        rows[wanted.queue_count] = *queues[wanted.queue_count];
    for (; people[wanted.person_count]; wanted.person_count++)
        names[wanted.person_count] = *people[wanted.person_count];
    cr_assert(cups_queues_settle(&wanted, result, &why), "%s", why.text);
}

void cupsd_has_queues(void)
{
    struct cups_queues_result result;
    CUPSD_SETTLE(&result, CUPSD_QUEUES(&cupsd_next_to_me, &cupsd_room1), &cupsd_anna, &cupsd_ben, &cupsd_carl);
    cr_assert(result.added == 2 && !*result.fault, "%zu, %s", result.added, result.fault);
}
