// SPDX-License-Identifier: EUPL-1.2
// What a screen reader hears of the greeter, over the real accessibility bus.
#include "broker/api/record.h"
#include "client-agent/greeter.h"
#include "tests/integration/client-agent/display_fixture.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct greeter *greeter;
static pid_t bus, listener;
static char program[300], catalogues[300], heard_path[100], heard[16 * 1024];
static volatile bool has_started;

static void up(void *arg)
{
    (void)arg;
    has_started = true;
}

static void heard_message(void *arg, const struct greeter_message *message)
{
    (void)arg, (void)message;
}

// Its standard output goes to `output`.
static pid_t start_program(const char *const *words, int output)
{
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        setpgid(0, 0);
        dup2(output, STDOUT_FILENO);
        execv(words[0], (char *const *)(uintptr_t)words);
        _exit(127);
    }
    return pid;
}

static void start_bus(void)
{
    static const char *const words[] = {"/usr/bin/dbus-daemon", "--session", "--nofork", "--print-address=1", NULL};
    int ends[2];
    char address[300] = "";
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    bus = start_program(words, ends[1]);
    close(ends[1]);
    cr_assert_gt(read(ends[0], address, sizeof address - 1), 0);
    close(ends[0]);
    address[strcspn(address, "\n")] = 0;
    setenv("DBUS_SESSION_BUS_ADDRESS", address, 1);
}

static bool was_heard(const char *text)
{
    FILE *file = fopen(heard_path, "re");
    size_t length = file ? fread(heard, 1, sizeof heard - 1, file) : 0;
    if (file)
        fclose(file);
    heard[length] = 0;
    return strstr(heard, text);
}

static void hears(const char *text)
{
    for (int i = 0; i < 600 && !was_heard(text); i++)
        display_run_ms(50);
    cr_assert(was_heard(text), "\"%s\" is not among what was heard:\n%s", text, heard);
}

static void start_listener(void)
{
    static const char *const words[] = {"tests/integration/client-agent/listen", NULL};
    snprintf(heard_path, sizeof heard_path, "%s/heard", display_folder());
    int output = open(heard_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    listener = start_program(words, output);
    close(output);
    hears("listening");
}

static void say(enum greeter_type type, const char *state, const char *sentence, const char *where)
{
    struct greeter_message message = {.type = type};
    TEXT_PUT(message.state, state);
    TEXT_PUT(message.sentence, sentence);
    TEXT_PUT(message.where, where);
    greeter_say(greeter, &message);
}

static void start(void)
{
    static const struct greeter_events events = {.up = up, .heard = heard_message};
    display_take();
    start_bus();
    start_listener();
    snprintf(catalogues, sizeof catalogues, "%s/locale", getenv("PULT_BUILD"));
    setenv("PULT_LOCALE_DIR", catalogues, 1);
    snprintf(program, sizeof program, "%s/client-agent/pult-greeter", getenv("PULT_BUILD"));
    struct greeter_config config = {.program = program, .language = "en"};
    greeter = greeter_new(display_loop(), &config, &events, NULL);
    greeter_start(greeter, x_server_display(display_server()), x_server_auth_file(display_server()), 1);
    cr_assert(display_wait(&has_started, 15000));
    display_wait_for_colour(640, 4, "#123A5A");
    // It may have had the keyboard before it found the bus: only what changes is told there.
    for (int i = 0; i < 20 && !was_heard("text|Name|\n"); i++) {
        display_press("Tab");
        display_press("shift+Tab");
        display_run_ms(200);
    }
    hears("text|Name|\n");
}

static void stop(void)
{
    greeter_free(greeter);
    kill(-listener, SIGKILL);
    kill(-bus, SIGKILL);
    waitpid(listener, NULL, 0);
    waitpid(bus, NULL, 0);
    unlink(heard_path);
    display_leave();
}

TestSuite(spoken, .init = start, .fini = stop);

Test(spoken, every_field_by_its_name)
{
    display_press("Tab");
    hears("password text|Password|");
    display_press("Tab");
    hears("button|Log on|");
}

Test(spoken, what_went_wrong)
{
    say(GREETER_SHOW, "greeting", "Your session was opened at %s.", "Zimmer 2");
    hears("text|Name|Your session was opened at Zimmer 2.\n");
}

Test(spoken, what_is_being_done_and_how_it_ended)
{
    say(GREETER_BUSY, "checking", "", "");
    hears("label|Logging you on…|");
    say(GREETER_BUSY, "connecting", "", "");
    hears("label|Opening your desktop…|");
    say(GREETER_BUSY, "mending", "The broker cannot be reached either. The desk keeps trying.", "");
    hears("|The broker cannot be reached either. The desk keeps trying.\n");
    say(GREETER_ASK_NEW, "changing", "Your password has expired. Choose a new one.", "");
    hears("password text|New password|Your password has expired. Choose a new one.\n");
}

Test(spoken, that_a_name_is_too_long)
{
    display_press("Tab");
    display_type("geheim");
    display_press("shift+Tab");
    for (int i = 0; i < USER_NAME_SIZE / 16; i++)
        display_type("abcdefghijklmnop");
    display_press("Return");
    hears("|The name is too long.\n");
}

Test(spoken, that_caps_lock_is_on)
{
    display_press("Tab");
    hears("password text|Password|\n");
    display_press("Caps_Lock");
    hears("password text|Password|Caps lock is on.\n");
}

// With the name kept, the cursor is in the password: what went wrong is said there.
Test(spoken, what_went_wrong_to_whoever_mistyped_the_password)
{
    struct greeter_message refused = {.type = GREETER_SHOW, .name = "anna", .sentence = "Choose a new one."};
    say(GREETER_BUSY, "checking", "", "");
    hears("label|Logging you on…|");
    greeter_say(greeter, &refused);
    hears("password text|Password|Choose a new one.\n");
    display_press("Caps_Lock");
    hears("password text|Password|Choose a new one. Caps lock is on.\n");
}

static void show_jobs(size_t count, const char *sentence)
{
    static const struct own_job jobs[] = {
        {"j-1", "Flur 2, Rathaus", JOB_WAITING, JOB_PRINTER_AWAY, 1796000000000, 3},
        {"j-2", "", JOB_HELD, JOB_NOT_AT_A_DESK, 1796000060000, 1},
    };
    static const struct own_printer printers[] = {{"neustadt/room1", "Zimmer 12"}, {"neustadt/room2", "Flur 2"}};
    struct greeter_message message = {.type = GREETER_JOBS};
    TEXT_PUT(message.sentence, sentence);
    for (size_t i = 0; i < count; i++)
        *(struct own_job *)record_add(&message.own.jobs, &own_job_type) = jobs[i];
    for (size_t i = 0; i < 2; i++)
        *(struct own_printer *)record_add(&message.own.printers, &own_printer_type) = printers[i];
    greeter_say(greeter, &message);
    own_jobs_free(&message.own);
}

Test(spoken, print_jobs_and_printers_and_what_became_of_them)
{
    show_jobs(2, "");
    hears("Flur 2, Rathaus  3 pages. The printer does not answer. The job waits until it does.|\n");
    display_press("Down");
    hears("  1 page. You were at no desk when it was printed. Release it at a printer.|\n");
    display_press("Tab");
    hears("|Zimmer 12|");
    display_press("Down");
    hears("|Flur 2|");
    display_press("Tab");
    hears("button|Print|");
    show_jobs(2, "Your print job is deleted.");
    hears("Release it at a printer.|Your print job is deleted.\n");
    show_jobs(0, "Your print job is deleted.");
    hears("label|You have no print jobs that wait.|Your print job is deleted.\n");
    display_press("Tab");
    hears("button|Back|");
}

Test(spoken, that_print_jobs_are_not_to_be_had)
{
    struct greeter_message idle = {.type = GREETER_BUSY, .state = "session-jobs", .idle = true};
    say(GREETER_BUSY, "session-jobs", "", "");
    hears("label|Fetching your print jobs…|\n");
    TEXT_PUT(idle.sentence, "Try again later.");
    greeter_say(greeter, &idle);
    hears("label||Try again later.\n");
}

Test(spoken, when_a_job_was_printed_in_the_language_of_the_moment)
{
    time_t created = 1796000000;
    struct tm local;
    char english[40], german[40];
    localtime_r(&created, &local);
    snprintf(english, sizeof english, "|%d/%d, %d:%02d  Flur 2", local.tm_mday, local.tm_mon + 1, local.tm_hour,
             local.tm_min);
    snprintf(german, sizeof german, "|%d.%d. %d:%02d  Flur 2", local.tm_mday, local.tm_mon + 1, local.tm_hour,
             local.tm_min);
    show_jobs(1, "");
    hears(english);
    display_press("F2");
    hears(german);
}

Test(spoken, that_it_is_the_real_greeter)
{
    struct greeter_message mark = {.type = GREETER_MARK};
    greeter_say(greeter, &mark);
    hears("text|Name|This is the real logon screen of this desk.\n");
}
