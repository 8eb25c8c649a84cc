// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/greeter.h"
#include "broker/api/record.h"
#include "tests/integration/client-agent/display_fixture.h"
#include "tests/program.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COUNT_MAX = 8 };

static struct greeter *greeter;
static struct greeter_message got[COUNT_MAX];
static int count, starts, typings;
static volatile bool has_message, has_started;
static char program[300];

static void up(void *arg)
{
    struct greeter_message message = {.type = GREETER_SHOW};
    (void)arg;
    starts++;
    has_started = true;
    TEXT_PUT(message.place, "Zimmer 12");
    TEXT_PUT(message.help_desk, "0123 456-0");
    if (greeter)
        greeter_say(greeter, &message);
}

static void heard(void *arg, const struct greeter_message *message)
{
    (void)arg;
    if (message->type == GREETER_TYPING) {
        typings++;
        return;
    }
    got[count++ % COUNT_MAX] = *message;
    has_message = true;
}

// Until the window has been painted: its top is blue then.
static void wait_for_paint(void)
{
    display_wait_for_colour(640, 4, "#123A5A");
    display_run_ms(200);
}

static void start_greeter(int scale)
{
    static const struct greeter_events events = {.up = up, .heard = heard};
    snprintf(program, sizeof program, "%s/client-agent/pult-greeter", getenv("PULT_BUILD"));
    struct greeter_config config = {.program = program, .language = "de"};
    greeter = greeter_new(display_loop(), &config, &events, NULL);
    greeter_start(greeter, x_server_display(display_server()), x_server_auth_file(display_server()), scale);
    wait_for_paint();
}

static void start(void)
{
    display_take();
    start_greeter(1);
}

static void start_small(void)
{
    display_take_small();
    start_greeter(1);
}

static void start_large(void)
{
    display_take_large();
    start_greeter(2);
}

static void stop(void)
{
    greeter_free(greeter);
    display_leave();
}

TestSuite(greeter, .init = start, .fini = stop);
TestSuite(greeter_large, .init = start_large, .fini = stop);
TestSuite(greeter_small, .init = start_small, .fini = stop);

static void say(enum greeter_type type, const char *sentence)
{
    struct greeter_message message = {.type = type};
    TEXT_PUT(message.sentence, sentence);
    greeter_say(greeter, &message);
    display_run_ms(300);
}

static void expect(enum greeter_type type)
{
    cr_assert(display_wait(&has_message, 15000), "the greeter says nothing");
    has_message = false;
    cr_assert_eq(got[(count - 1) % COUNT_MAX].type, type);
}

static void expect_nothing(void)
{
    display_run_ms(500);
    cr_assert_not(has_message);
}

static void log_on(const char *name, const char *password)
{
    display_type(name);
    display_press("Tab");
    display_type(password);
    display_press("Return");
}

Test(greeter, hands_on_what_was_typed_without_a_window_manager)
{
    log_on("anna", "geh eim\"\\%ü€");
    expect(GREETER_LOG_ON);
    cr_assert_str_eq(got[0].name, "anna");
    cr_assert_str_eq(got[0].password, "geh eim\"\\%ü€");
    cr_assert(typings >= 1 && typings < 10, "%d times for 15 keys", typings);
}

Test(greeter, goes_from_the_name_to_the_password_with_enter)
{
    display_type("anna");
    display_press("Return");
    expect_nothing();
    display_type("geheim");
    display_press("Return");
    expect(GREETER_LOG_ON);
}

Test(greeter, keeps_nothing_after_a_try)
{
    log_on("anna", "geheim");
    expect(GREETER_LOG_ON);
    say(GREETER_BUSY, "");
    say(GREETER_SHOW, "The name or the password is wrong. Check both and try again.");
    display_press("Return");
    display_press("Return");
    expect_nothing();
    log_on("bert", "anders");
    expect(GREETER_LOG_ON);
    cr_assert_str_eq(got[1].name, "bert");
    cr_assert_str_eq(got[1].password, "anders");
}

Test(greeter, keeps_the_name_and_waits_for_the_password_after_a_wrong_one)
{
    struct greeter_message refused = {.type = GREETER_SHOW, .name = "anna"};
    log_on("anna", "falsch");
    expect(GREETER_LOG_ON);
    say(GREETER_BUSY, "");
    greeter_say(greeter, &refused);
    display_run_ms(300);
    display_type("geheim");
    display_press("Return");
    expect(GREETER_LOG_ON);
    cr_assert_str_eq(got[1].name, "anna");
    cr_assert_str_eq(got[1].password, "geheim");
}

Test(greeter, lets_go_of_a_kept_name_with_escape)
{
    struct greeter_message refused = {.type = GREETER_SHOW, .name = "anna"};
    say(GREETER_BUSY, "");
    greeter_say(greeter, &refused);
    display_run_ms(300);
    display_press("Escape");
    log_on("bert", "anders");
    expect(GREETER_LOG_ON);
    cr_assert_str_eq(got[0].name, "bert");
}

Test(greeter, clears_the_fields_with_escape)
{
    display_type("falsch");
    display_press("Escape");
    log_on("anna", "geheim");
    expect(GREETER_LOG_ON);
    cr_assert_str_eq(got[0].name, "anna");
}

Test(greeter, does_not_take_away_what_is_being_typed_when_there_is_news)
{
    display_type("an");
    say(GREETER_SHOW, "Your session was opened at %s.");
    display_type("na");
    display_press("Tab");
    display_type("geheim");
    display_press("Return");
    expect(GREETER_LOG_ON);
    cr_assert_str_eq(got[0].name, "anna");
}

Test(greeter, takes_no_keys_while_the_person_waits)
{
    say(GREETER_BUSY, "");
    log_on("anna", "geheim");
    expect_nothing();
    display_press("Escape");
    expect(GREETER_CANCEL);
}

Test(greeter, wants_a_new_password_twice_the_same)
{
    say(GREETER_ASK_NEW, "Your password has expired. Choose a new one.");
    log_on("neu-1", "neu-2");
    expect_nothing();
    log_on("neu-3", "neu-3");
    expect(GREETER_NEW_PASSWORD);
    cr_assert_str_eq(got[0].password, "neu-3");
}

Test(greeter, lets_the_person_turn_away_from_a_new_password)
{
    say(GREETER_ASK_NEW, "Your password has expired. Choose a new one.");
    display_press("Escape");
    expect(GREETER_CANCEL);
}

// ---- print jobs

static void fill_jobs(struct own_jobs *own)
{
    static const struct own_job jobs[] = {
        {"j-1", "Flur 2, Rathaus", JOB_WAITING, JOB_PRINTER_AWAY, 1796000000000, 3},
        {"j-2", "", JOB_HELD, JOB_NOT_AT_A_DESK, 1796000060000, 1},
    };
    static const struct own_printer printers[] = {{"neustadt/room1", "Zimmer 12"},
                                                  {"neustadt/room2", "Flur 2, Rathaus"}};
    for (size_t i = 0; i < 2; i++) {
        *(struct own_job *)record_add(&own->jobs, &own_job_type) = jobs[i];
        *(struct own_printer *)record_add(&own->printers, &own_printer_type) = printers[i];
    }
}

static void show_jobs(const char *sentence)
{
    struct greeter_message message = {.type = GREETER_JOBS};
    TEXT_PUT(message.sentence, sentence);
    fill_jobs(&message.own);
    greeter_say(greeter, &message);
    own_jobs_free(&message.own);
    display_run_ms(300);
}

Test(greeter, asks_for_print_jobs_with_name_and_password)
{
    display_type("anna");
    display_press("F5");
    expect_nothing(); // no password yet: it waits for it
    display_type("geheim");
    display_press("F5");
    expect(GREETER_ASK_JOBS);
    cr_assert_str_eq(got[0].name, "anna");
    cr_assert_str_eq(got[0].password, "geheim");
    display_press("Return");
    expect_nothing(); // nothing of it is left
}

Test(greeter, releases_and_deletes_print_jobs_by_keys_alone)
{
    say(GREETER_BUSY, "");
    show_jobs("");
    display_press("Return");
    expect(GREETER_RELEASE);
    cr_assert_str_eq(got[0].job, "j-1");
    cr_assert_str_eq(got[0].printer, "neustadt/room1", "the nearest");
    display_press("Down");
    display_press("Tab");
    display_press("Down");
    display_press("Return");
    expect(GREETER_RELEASE);
    cr_assert_str_eq(got[1].job, "j-2");
    cr_assert_str_eq(got[1].printer, "neustadt/room2");
    show_jobs("Your print job is sent to this printer: %s");
    display_press("Delete");
    expect(GREETER_CANCEL_JOB);
    cr_assert_str_eq(got[2].job, "j-2", "what was chosen stays chosen");
    display_press("F5");
    expect(GREETER_ASK_JOBS);
    cr_assert_str_eq(got[3].name, "");
    display_press("Escape");
    expect(GREETER_CANCEL);
    cr_assert_geq(typings, 1);
}

Test(greeter, offers_nothing_where_no_print_jobs_are)
{
    struct greeter_message none = {.type = GREETER_JOBS};
    say(GREETER_BUSY, "");
    greeter_say(greeter, &none);
    display_run_ms(300);
    display_press("Return");
    display_press("Delete");
    expect_nothing();
    display_press("Tab");
    display_press("Return"); // "Back" is all there is
    expect(GREETER_CANCEL);
}

Test(greeter, shows_no_print_jobs_after_the_form_is_back)
{
    say(GREETER_BUSY, "");
    show_jobs("");
    say(GREETER_SHOW, "");
    display_press("Delete");
    display_press("Escape");
    expect_nothing();
    log_on("bert", "anders");
    expect(GREETER_LOG_ON);
    cr_assert_str_eq(got[0].name, "bert");
}

static struct notice_picture draw(const char *sentence, const char *where, unsigned char *bits)
{
    struct notice_picture picture = {0};
    struct greeter_message message = {.type = GREETER_DRAW, .number = 7};
    TEXT_PUT(message.sentence, sentence);
    TEXT_PUT(message.where, where);
    greeter_say(greeter, &message);
    expect(GREETER_DRAWN);
    const struct greeter_message *drawn = &got[(count - 1) % COUNT_MAX];
    cr_assert_eq(drawn->number, 7);
    cr_assert(greeter_picture(greeter, drawn, bits, &picture));
    return picture;
}

static size_t ink_of(const struct notice_picture *picture)
{
    size_t ink = 0;
    for (size_t i = 0; i < notice_picture_stride(picture->width) * (size_t)picture->height; i++)
        ink += (size_t)__builtin_popcount(picture->bits[i]);
    return ink;
}

Test(greeter, draws_what_is_said_over_a_session)
{
    static unsigned char bits[NOTICE_BYTES_MAX];
    say(GREETER_BUSY, "");
    struct notice_picture picture = draw(job_reason_sentences[JOB_NO_GRANT], "Flur 2, Rathaus", bits);
    cr_assert(picture.width > 400 && picture.width < 1280 && picture.height > 60 && picture.height < 400, "%d x %d",
              picture.width, picture.height);
    cr_assert_gt(ink_of(&picture), 2000);
    int height = picture.height;
    picture = draw(job_reason_sentences[JOB_MAY_NOT_PRINT], "", bits);
    cr_assert_lt(picture.height, height, "as high as its words");
}

Test(greeter_large, draws_twice_as_large)
{
    static unsigned char bits[NOTICE_BYTES_MAX];
    say(GREETER_BUSY, "");
    struct notice_picture picture = draw(job_reason_sentences[JOB_NO_GRANT], "Flur 2, Rathaus", bits);
    cr_assert(picture.width > 1200 && picture.height > 160, "%d x %d", picture.width, picture.height);
    cr_assert_gt(ink_of(&picture), 8000);
}

Test(greeter, is_not_believed_about_a_picture_that_it_has_not_drawn)
{
    static const struct greeter_message lies[] = {{.width = 4096, .height = 4096},
                                                  {.width = INT64_MAX, .height = 1},
                                                  {.width = 700, .height = 900},
                                                  {.width = 0, .height = 10},
                                                  {.width = 64, .height = 64}};
    static unsigned char bits[NOTICE_BYTES_MAX];
    struct notice_picture picture;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++)
        cr_expect_not(greeter_picture(greeter, &lies[i], bits, &picture), "%zu", i);
}

Test(greeter, tells_the_language_that_was_chosen)
{
    display_press("F2");
    expect(GREETER_LANGUAGE);
    cr_assert_str_eq(got[0].language, "en");
    display_press("F2");
    expect(GREETER_LANGUAGE);
    cr_assert_str_eq(got[1].language, "de");
}

Test(greeter, fills_the_screen)
{
    char colour[16];
    static const int corners[][2] = {{0, 0}, {1279, 0}, {0, 799}, {1279, 799}};
    for (size_t i = 0; i < 4; i++) {
        display_colour(corners[i][0], corners[i][1], colour);
        cr_expect_str_neq(colour, "#000000", "corner %zu is bare", i);
    }
}

Test(greeter_small, has_room_for_print_jobs_in_large_type)
{
    say(GREETER_BUSY, "");
    show_jobs("Your print job is sent to this printer: %s");
    display_press("F3");
    display_wait_for_colour(1020, 400, "#E6ECF1"); // beside the card
    display_wait_for_colour(1020, 764, "#D3DCE4");
}

Test(greeter_small, has_room_for_large_type)
{
    say(GREETER_SHOW, "The Kerberos server does not answer, and the directory did not accept your name and password. "
                      "If both are right, try again in a minute.");
    display_press("F3");
    display_wait_for_colour(1020, 400, "#E6ECF1"); // beside the card
    display_wait_for_colour(1020, 764, "#D3DCE4");
    display_wait_for_colour(512, 140, "#FFFFFF"); // larger than it was
}

// As on 1920x1080, each pixel twice as large: the form is a third of the screen wide, not a sixth.
Test(greeter_large, is_as_large_as_elsewhere)
{
    display_wait_for_colour(20, 180, "#123A5A"); // within its top, which is twice as high
    display_wait_for_colour(1920 - 620, 1000, "#FFFFFF");
    display_wait_for_colour(1920 + 620, 1000, "#FFFFFF");
    display_wait_for_colour(3820, 2140, "#D3DCE4"); // to the last corner
    log_on("anna", "geheim");
    expect(GREETER_LOG_ON);
    cr_assert_str_eq(got[0].name, "anna");
}

Test(greeter, says_for_a_while_that_it_is_the_real_one)
{
    struct greeter_message mark = {.type = GREETER_MARK};
    display_type("an");
    greeter_say(greeter, &mark);
    display_wait_for_colour(20, 120, "#1B5E2B");
    display_type("na");
    display_wait_for_colour(20, 120, "#E6ECF1"); // after a quarter of a minute
    display_press("Tab");
    display_type("geheim");
    display_press("Return");
    expect(GREETER_LOG_ON);
    cr_assert_str_eq(got[0].name, "anna");
}

Test(greeter, becomes_black_and_white_with_f4)
{
    display_press("F4");
    display_wait_for_colour(640, 4, "#000000");
}

Test(greeter, cannot_be_closed_from_the_keyboard)
{
    display_press("alt+F4");
    display_press("ctrl+q");
    display_press("ctrl+w");
    log_on("anna", "geheim");
    expect(GREETER_LOG_ON);
    cr_assert_eq(starts, 1);
}

Test(greeter, comes_back_after_a_crash)
{
    struct program_result pkill;
    char line[100];
    snprintf(line, sizeof line, "pkill -KILL -P %d -x pult-greeter", getpid());
    has_started = false;
    program_run(&pkill, line, NULL);
    cr_assert_eq(pkill.exit_code, 0, "%s", pkill.err);
    cr_assert(display_wait(&has_started, 15000));
    wait_for_paint();
    log_on("anna", "geheim");
    expect(GREETER_LOG_ON);
}
