// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/desk.h"
#include "broker/base/text.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

// The ports write down what they are asked, a word each, so that a test reads as what happens at the desk.
static struct desk *desk;
static char asked[400];
static unsigned attempt;
static char sentence[320], where[NAME_SIZE], help_desk[NAME_SIZE];
static struct secret shown_password;
static struct link_message told;
static int64_t timer_ms;
static char fresh_password[OTP_TEXT_SIZE];

static void note(const char *word)
{
    size_t used = strlen(asked);
    snprintf(asked + used, sizeof asked - used, "%s%s", used ? " " : "", word);
}

static void ask_ticket(void *arg, unsigned number, const char *name, const struct secret *password)
{
    (void)arg, (void)password;
    cr_assert_str_eq(name, "anna");
    attempt = number;
    note("ticket");
}

static void ask_broker(void *arg, unsigned number, const char *name, const struct secret *password,
                       const char *authorization)
{
    (void)arg, (void)name;
    attempt = number;
    note(authorization ? authorization : "password");
    shown_password = *password;
}

static void ask_change(void *arg, unsigned number, bool at_kdc, const char *name, const struct secret *old_password,
                       const struct secret *new_password)
{
    (void)arg, (void)name, (void)old_password;
    attempt = number;
    note(at_kdc ? "kpasswd" : "change");
    shown_password = *new_password;
}

static void open_view(void *arg, const struct logon_answer *answer, const struct secret *password)
{
    (void)arg;
    note("open");
    cr_assert_str_eq(answer->address, "ts1");
    shown_password = *password;
}

static void resume_view(void *arg, const char *one_time_password)
{
    (void)arg;
    note("resume");
    TEXT_PUT(fresh_password, one_time_password);
}

static void close_view(void *arg)
{
    (void)arg;
    note("close");
}

static void show_face(void *arg, const struct desk_face *face)
{
    (void)arg;
    TEXT_PUT(sentence, face->sentence);
    TEXT_PUT(where, face->where);
    TEXT_PUT(help_desk, face->help_desk);
}

static void report(void *arg, const struct link_message *message)
{
    (void)arg;
    told = *message;
    note(message->type == LINK_HELLO ? "hello" : message->type == LINK_RENEW ? "renew" : message->state);
}

static void set_timer(void *arg, int64_t wait_ms)
{
    (void)arg;
    timer_ms = wait_ms;
}

static const struct desk_ports ports = {ask_ticket, ask_broker, ask_change, open_view, resume_view,
                                        close_view, show_face,  report,     set_timer};

static void open_desk(bool has_realm)
{
    desk = desk_new(&ports, NULL, has_realm, "115");
    asked[0] = 0;
    timer_ms = 0;
}

static void close_desk(void)
{
    desk_free(desk);
}

static struct secret secret(const char *text)
{
    struct secret password;
    cr_assert(secret_set(&password, text, strlen(text)));
    return password;
}

static void log_on(void)
{
    struct secret password = secret("geheim");
    desk_log_on(desk, "anna", &password);
}

static struct logon_answer good_answer(void)
{
    struct logon_answer answer = {
        .fence = 7, .port = 3389, .session = "neustadt/s-1", .address = "ts1", .login = "anna"};
    memset(answer.fingerprint, 'a', DIGEST_SIZE - 1);
    return answer;
}

static void answer_well(void)
{
    struct logon_answer answer = good_answer();
    desk_answer(desk, attempt, REFUSAL_NONE, &answer, "", 0);
}

static void answer_no(enum refusal refusal)
{
    desk_answer(desk, attempt, refusal, NULL, "", 0);
}

static void answer_waking(int64_t retry_after_s)
{
    desk_answer(desk, attempt, REFUSAL_HOST_WAKING, NULL, "", retry_after_s);
}

static void give_ticket(enum refusal refusal, bool no_kdc)
{
    struct desk_ticket ticket = {.refusal = refusal, .no_kdc = no_kdc, .authorization = "Negotiate-x"};
    desk_ticket(desk, attempt, &ticket);
}

static void choose(const char *text)
{
    struct secret password = secret(text);
    desk_new_password(desk, &password);
}

static void link_says(enum link_type type, int64_t fence, const char *place)
{
    struct link_message message = {.type = type, .fence = fence, .session = "neustadt/s-1"};
    TEXT_PUT(message.place, place);
    desk_link_message(desk, &message);
}

static void ends(enum view_end end)
{
    desk_view(desk, VIEW_ENDED, end);
}

// Brings a fresh desk into a state, by the way people go.
static void bring_to(enum desk_state state)
{
    open_desk(false);
    if (state != DESK_GREETING)
        log_on();
    if (state == DESK_CHANGING || state == DESK_RENEWING)
        answer_no(REFUSAL_PASSWORD_EXPIRED);
    if (state == DESK_RENEWING)
        choose("neu");
    if (state == DESK_WAKING)
        answer_waking(5);
    if (state >= DESK_CONNECTING)
        answer_well();
    if (state == DESK_SHOWING || state == DESK_MENDING)
        desk_view(desk, VIEW_SHOWN, 0);
    if (state == DESK_MENDING)
        desk_view(desk, VIEW_BROKEN, 0);
    if (state == DESK_CLOSING)
        desk_cancel(desk);
    cr_assert_eq(desk_state(desk), state);
    asked[0] = 0;
}

static void open_without_realm(void)
{
    open_desk(false);
}

static void open_with_realm(void)
{
    open_desk(true);
}

// ---- every state and every event

static void event_answer_well(void)
{
    answer_well();
}

static void event_waking(void)
{
    answer_waking(5);
}

static void event_time(void)
{
    desk_time(desk);
}

static void event_refused(void)
{
    answer_no(REFUSAL_WRONG_PASSWORD);
}

static void event_expired(void)
{
    answer_no(REFUSAL_PASSWORD_EXPIRED);
}

static void event_changed(void)
{
    desk_changed(desk, attempt, REFUSAL_NONE);
}

static void event_rejected(void)
{
    desk_changed(desk, attempt, REFUSAL_PASSWORD_REJECTED);
}

static void event_choose(void)
{
    choose("neu");
}

static void event_cancel(void)
{
    desk_cancel(desk);
}

static void event_shown(void)
{
    desk_view(desk, VIEW_SHOWN, 0);
}

static void event_broken(void)
{
    desk_view(desk, VIEW_BROKEN, 0);
}

static void event_mended(void)
{
    desk_view(desk, VIEW_MENDED, 0);
}

static void event_waits(void)
{
    desk_view(desk, VIEW_WAITS, 0);
}

static void event_lock(void)
{
    desk_view(desk, VIEW_LOCK, 0);
}

static void event_ended(void)
{
    ends(VIEW_LOGGED_OFF);
}

static void event_moved(void)
{
    link_says(LINK_MOVED, 8, "Zimmer 2");
}

static void event_end(void)
{
    link_says(LINK_END, 7, "");
}

struct event_row {
    const char *name;
    void (*event)(void);
    const char *next; // a letter for each state: where it leads; '.' it changes nothing
};

// The letters: Greeting cHecking chAnging rEnewing Waking Connecting Showing Mending cLosing, in the order of enum
// desk_state.
static const char letters[] = "GHAEWCSML";
static const struct event_row event_rows[] = {
    {"log on", log_on, "H........"},
    {"the broker agrees", event_answer_well, ".C..C...."},
    {"the broker refuses", event_refused, ".G..G...."},
    {"the computer is being started", event_waking, ".W......."},
    {"the password has expired", event_expired, ".A..A...."},
    {"a new password is chosen", event_choose, "..E......"},
    {"it was changed", event_changed, "...H....."},
    {"it was rejected", event_rejected, "...A....."},
    {"cancel", event_cancel, ".GGGGL.L."},
    {"the desktop is there", event_shown, ".....S..."},
    {"the line breaks", event_broken, "......M.."},
    {"the line breaks and the password is used up", event_waits, "......M.."},
    {"the line is mended", event_mended, ".......S."},
    {"the desk is locked", event_lock, "......L.."},
    {"the session ends", event_ended, ".....GGGG"},
    {"the session moved", event_moved, ".....LLL."},
    {"the broker ends it", event_end, ".....LLL."},
    {"the time is over", event_time, ".......L."},
};

Test(desk, knows_what_each_event_means_in_each_state)
{
    for (size_t i = 0; i < sizeof event_rows / sizeof *event_rows; i++) {
        for (enum desk_state state = 0; state < DESK_STATE_COUNT; state++) {
            const struct event_row *row = &event_rows[i];
            char expected = row->next[state] == '.' ? letters[state] : row->next[state];
            bring_to(state);
            row->event();
            cr_expect_eq(letters[desk_state(desk)], expected, "%s while %s leads to %s", row->name,
                         desk_state_name(state), desk_state_name(desk_state(desk)));
            close_desk();
        }
    }
}

// ---- who is it

TestSuite(desk_by_password, .init = open_without_realm, .fini = close_desk);
TestSuite(desk_by_ticket, .init = open_with_realm, .fini = close_desk);

Test(desk_by_password, opens_what_the_broker_gives)
{
    log_on();
    answer_well();
    cr_assert_str_eq(asked, "password open");
    cr_assert_str_eq(shown_password.bytes, "geheim");
}

Test(desk_by_password, asks_again_without_a_name)
{
    struct secret password = secret("geheim");
    desk_log_on(desk, "", &password);
    cr_assert_str_eq(asked, "");
    cr_assert_str_eq(sentence, "Type your name and your password.");
}

Test(desk_by_password, says_why_it_was_refused_and_whom_to_call)
{
    log_on();
    desk_answer(desk, attempt, REFUSAL_NO_PROFILE, NULL, "0123 45", 0);
    cr_assert_str_eq(sentence, refusal_rows[REFUSAL_NO_PROFILE].sentence);
    cr_assert_str_eq(help_desk, "0123 45");
}

Test(desk_by_password, keeps_its_own_help_desk_when_the_broker_names_none)
{
    log_on();
    answer_no(REFUSAL_WRONG_PASSWORD);
    cr_assert_str_eq(help_desk, "115");
}

Test(desk_by_password, changes_an_expired_password_at_the_broker_and_goes_on)
{
    log_on();
    answer_no(REFUSAL_PASSWORD_MUST_CHANGE);
    cr_assert_str_eq(sentence, refusal_rows[REFUSAL_PASSWORD_MUST_CHANGE].sentence);
    choose("neu");
    desk_changed(desk, attempt, REFUSAL_NONE);
    answer_well();
    cr_assert_str_eq(asked, "password change password open");
    cr_assert_str_eq(shown_password.bytes, "neu");
}

Test(desk_by_password, lets_the_person_choose_again_when_the_directory_rejects_it)
{
    log_on();
    answer_no(REFUSAL_PASSWORD_EXPIRED);
    choose("x");
    desk_changed(desk, attempt, REFUSAL_PASSWORD_REJECTED);
    cr_assert_eq(desk_state(desk), DESK_CHANGING);
    cr_assert_str_eq(sentence, refusal_rows[REFUSAL_PASSWORD_REJECTED].sentence);
}

Test(desk_by_password, refuses_an_answer_that_does_not_pin_the_host)
{
    struct logon_answer answer = good_answer();
    answer.fingerprint[0] = 0;
    log_on();
    desk_answer(desk, attempt, REFUSAL_NONE, &answer, "", 0);
    cr_assert_str_eq(asked, "password failed");
    cr_assert_eq(desk_state(desk), DESK_GREETING);
}

Test(desk_by_password, tells_the_broker_when_the_person_turned_away_before_the_answer)
{
    log_on();
    unsigned first = attempt;
    desk_cancel(desk);
    struct logon_answer answer = good_answer();
    desk_answer(desk, first, REFUSAL_NONE, &answer, "", 0);
    cr_assert_str_eq(asked, "password disconnected");
    cr_assert_eq(told.fence, 7);
    cr_assert_eq(desk_state(desk), DESK_GREETING);
}

Test(desk_by_password, does_not_take_the_last_persons_answer_for_the_next)
{
    log_on();
    unsigned first = attempt;
    desk_cancel(desk);
    log_on();
    desk_answer(desk, first, REFUSAL_WRONG_PASSWORD, NULL, "", 0);
    cr_assert_eq(desk_state(desk), DESK_CHECKING);
}

Test(desk_by_ticket, shows_the_ticket_to_the_broker)
{
    log_on();
    give_ticket(REFUSAL_NONE, false);
    answer_well();
    cr_assert_str_eq(asked, "ticket Negotiate-x open");
}

Test(desk_by_ticket, gives_the_password_to_the_broker_when_no_kdc_answers)
{
    log_on();
    give_ticket(REFUSAL_NONE, true);
    cr_assert_str_eq(asked, "ticket password");
}

Test(desk_by_ticket, does_not_ask_the_broker_after_a_wrong_password)
{
    log_on();
    give_ticket(REFUSAL_WRONG_PASSWORD, false);
    cr_assert_str_eq(asked, "ticket");
    cr_assert_str_eq(sentence, refusal_rows[REFUSAL_WRONG_PASSWORD].sentence);
}

Test(desk_by_ticket, changes_at_the_kdc_what_the_kdc_calls_expired)
{
    log_on();
    give_ticket(REFUSAL_PASSWORD_EXPIRED, false);
    choose("neu");
    desk_changed(desk, attempt, REFUSAL_NONE);
    give_ticket(REFUSAL_NONE, false);
    cr_assert_str_eq(asked, "ticket kpasswd ticket Negotiate-x");
}

Test(desk_by_ticket, changes_at_the_broker_what_the_broker_calls_expired)
{
    log_on();
    give_ticket(REFUSAL_NONE, true);
    answer_no(REFUSAL_PASSWORD_EXPIRED);
    choose("neu");
    cr_assert_str_eq(asked, "ticket password change");
}

Test(desk_by_ticket, tries_once_more_when_the_broker_does_not_take_the_ticket)
{
    log_on();
    give_ticket(REFUSAL_NONE, false);
    answer_no(REFUSAL_TICKET);
    give_ticket(REFUSAL_NONE, false);
    answer_no(REFUSAL_TICKET);
    cr_assert_str_eq(asked, "ticket Negotiate-x ticket Negotiate-x");
    cr_assert_str_eq(sentence, refusal_rows[REFUSAL_TICKET].sentence);
}

// ---- a computer that has to be switched on

TestSuite(desk_waking, .fini = close_desk);

Test(desk_waking, asks_again_by_itself_after_the_time_the_broker_said)
{
    bring_to(DESK_CHECKING);
    answer_waking(7);
    cr_assert_str_eq(sentence, refusal_rows[REFUSAL_HOST_WAKING].sentence);
    cr_assert_eq(timer_ms, 7000);
    desk_time(desk);
    cr_assert_str_eq(asked, "password");
    cr_assert_str_eq(shown_password.bytes, "geheim");
    answer_well();
    cr_assert_str_eq(asked, "password open");
    cr_assert_eq(timer_ms, 0);
}

Test(desk_waking, gets_a_new_ticket_for_every_time)
{
    open_desk(true);
    log_on();
    give_ticket(REFUSAL_NONE, false);
    answer_waking(5);
    desk_time(desk);
    give_ticket(REFUSAL_NONE, false);
    cr_assert_str_eq(asked, "ticket Negotiate-x ticket Negotiate-x");
}

Test(desk_waking, gives_up_after_three_minutes)
{
    int times = 0;
    bring_to(DESK_CHECKING);
    answer_waking(5);
    for (; desk_state(desk) == DESK_WAKING && times < 100; times++) {
        desk_time(desk);
        answer_waking(5);
    }
    cr_assert_eq(times, 180 / 5);
    cr_assert(text_starts(sentence, "Your computer has not started in time."), "%s", sentence);
}

Test(desk_waking, is_not_driven_mad_by_what_the_broker_says)
{
    static const int64_t said[] = {0, -5, INT64_MAX};
    for (size_t i = 0; i < 3; i++) {
        bring_to(DESK_CHECKING);
        answer_waking(said[i]);
        cr_expect(timer_ms >= 1000 && timer_ms <= 30000, "%lld", (long long)timer_ms);
        close_desk();
    }
    open_desk(false);
}

Test(desk_waking, tells_the_broker_when_the_person_has_turned_away)
{
    bring_to(DESK_WAKING);
    desk_time(desk);
    unsigned last = attempt;
    desk_cancel(desk);
    struct logon_answer answer = good_answer();
    desk_answer(desk, last, REFUSAL_NONE, &answer, "", 0);
    cr_assert_str_eq(asked, "password disconnected");
}

// ---- passwords that work once

TestSuite(desk_one_time, .fini = close_desk);

static void give_password(const char *text, int64_t fence)
{
    struct link_message message = {.type = LINK_PASSWORD, .fence = fence, .session = "neustadt/s-1"};
    TEXT_PUT(message.password, text);
    desk_link_message(desk, &message);
}

static void break_line_when_linked(void)
{
    bring_to(DESK_SHOWING);
    desk_link_up(desk);
    asked[0] = 0;
    desk_view(desk, VIEW_WAITS, 0);
}

Test(desk_one_time, opens_the_session_again_with_a_fresh_one)
{
    break_line_when_linked();
    cr_assert_str_eq(asked, "disconnected renew");
    cr_assert_str_eq(told.session, "neustadt/s-1");
    cr_assert_eq(told.fence, 7);
    give_password("P1.fresh", 7);
    desk_view(desk, VIEW_MENDED, 0);
    cr_assert_str_eq(asked, "disconnected renew resume connected");
    cr_assert_str_eq(fresh_password, "P1.fresh");
    cr_assert_eq(timer_ms, 0);
}

Test(desk_one_time, asks_for_another_when_the_line_breaks_again_before_the_desktop_is_back)
{
    break_line_when_linked();
    give_password("P1.fresh", 7);
    desk_view(desk, VIEW_WAITS, 0);
    cr_assert_str_eq(asked, "disconnected renew resume renew");
}

Test(desk_one_time, waits_for_the_broker_and_says_so)
{
    bring_to(DESK_SHOWING);
    desk_view(desk, VIEW_WAITS, 0);
    cr_assert_str_eq(asked, "disconnected");
    cr_assert(text_starts(sentence, "The broker cannot be reached either."), "%s", sentence);
    desk_link_up(desk);
    cr_assert_str_eq(asked, "disconnected hello renew");
    cr_assert_str_eq(sentence, "");
    desk_link_down(desk);
    cr_assert(text_starts(sentence, "The broker cannot be reached either."), "%s", sentence);
}

Test(desk_one_time, asks_anew_when_the_answer_was_lost_with_the_link)
{
    break_line_when_linked();
    desk_link_down(desk);
    desk_link_up(desk);
    cr_assert_str_eq(asked, "disconnected renew hello renew");
    give_password("P1.fresh", 7);
    desk_link_down(desk);
    desk_link_up(desk);
    cr_assert_str_eq(asked, "disconnected renew hello renew resume hello");
}

Test(desk_one_time, says_when_the_session_is_this_desks_no_more)
{
    break_line_when_linked();
    give_password("", 7);
    cr_assert_str_eq(asked, "disconnected renew close");
    ends(VIEW_CLOSED);
    cr_assert(text_starts(sentence, "Your session was opened at another desk, or"), "%s", sentence);
}

Test(desk_one_time, gives_up_in_the_end)
{
    break_line_when_linked();
    cr_assert_eq(timer_ms, 600 * 1000);
    desk_time(desk);
    ends(VIEW_CLOSED);
    cr_assert(text_starts(sentence, "The connection to the session host was lost."), "%s", sentence);
}

Test(desk_one_time, takes_none_that_it_has_not_asked_for)
{
    bring_to(DESK_MENDING);
    give_password("P1.other", 7);
    cr_assert_str_eq(asked, "");
    close_desk();
    break_line_when_linked();
    give_password("P1.old", 6);
    give_password("P1.fresh", 7);
    give_password("P1.again", 7);
    cr_assert_str_eq(asked, "disconnected renew resume");
    cr_assert_str_eq(fresh_password, "P1.fresh");
}

// ---- the session

TestSuite(desk_session, .fini = close_desk);

Test(desk_session, tells_the_broker_what_becomes_of_it)
{
    bring_to(DESK_CONNECTING);
    desk_view(desk, VIEW_SHOWN, 0);
    desk_view(desk, VIEW_BROKEN, 0);
    desk_view(desk, VIEW_MENDED, 0);
    ends(VIEW_LOGGED_OFF);
    cr_assert_str_eq(asked, "connected disconnected connected ended");
    cr_assert_str_eq(told.session, "neustadt/s-1");
    cr_assert_eq(told.fence, 7);
    cr_assert_str_eq(sentence, "You are logged off.");
}

Test(desk_session, says_where_it_went)
{
    bring_to(DESK_SHOWING);
    link_says(LINK_MOVED, 8, "Zimmer 2");
    ends(VIEW_CLOSED);
    cr_assert_str_eq(asked, "close disconnected");
    cr_assert_str_eq(sentence, "Your session was opened at %s.");
    cr_assert_str_eq(where, "Zimmer 2");
}

Test(desk_session, says_where_it_went_when_the_host_was_quicker_than_the_broker)
{
    bring_to(DESK_SHOWING);
    ends(VIEW_LOGGED_OFF);
    link_says(LINK_MOVED, 8, "Zimmer 2");
    cr_assert_str_eq(sentence, "Your session was opened at %s.");
    cr_assert_str_eq(where, "Zimmer 2");
}

Test(desk_session, does_not_show_a_later_person_where_the_earlier_went)
{
    bring_to(DESK_SHOWING);
    ends(VIEW_LOGGED_OFF);
    log_on();
    answer_no(REFUSAL_WRONG_PASSWORD);
    link_says(LINK_MOVED, 8, "Zimmer 2");
    cr_assert_str_eq(sentence, refusal_rows[REFUSAL_WRONG_PASSWORD].sentence);
}

Test(desk_session, ignores_what_is_said_of_an_earlier_stay)
{
    bring_to(DESK_SHOWING);
    link_says(LINK_MOVED, 6, "Zimmer 2");
    cr_assert_eq(desk_state(desk), DESK_SHOWING);
}

Test(desk_session, ignores_what_is_said_of_another_session)
{
    struct link_message message = {.type = LINK_END, .fence = 9, .session = "neustadt/s-2"};
    bring_to(DESK_SHOWING);
    desk_link_message(desk, &message);
    cr_assert_eq(desk_state(desk), DESK_SHOWING);
}

Test(desk_session, says_that_the_administrators_ended_it)
{
    bring_to(DESK_SHOWING);
    link_says(LINK_END, 7, "");
    ends(VIEW_CLOSED);
    cr_assert_str_eq(sentence, "Your session was ended by the administrators.");
}

Test(desk_session, says_nothing_to_who_cancelled)
{
    bring_to(DESK_CONNECTING);
    desk_cancel(desk);
    ends(VIEW_CLOSED);
    cr_assert_str_eq(sentence, "");
    cr_assert_eq(desk_state(desk), DESK_GREETING);
}

Test(desk_session, goes_on_at_its_host_when_the_desk_is_locked)
{
    bring_to(DESK_SHOWING);
    desk_view(desk, VIEW_LOCK, 0);
    ends(VIEW_CLOSED);
    cr_assert_str_eq(asked, "close disconnected");
    cr_assert(text_starts(sentence, "This desk is locked."), "%s", sentence);
}

Test(desk_session, says_which_host_of_an_earlier_one_cannot_be_reached)
{
    bring_to(DESK_CHECKING);
    struct logon_answer answer = good_answer();
    TEXT_PUT(answer.lost, "neustadt/ts2");
    desk_answer(desk, attempt, REFUSAL_NONE, &answer, "", 0);
    cr_assert(text_starts(sentence, "Your earlier desktop on %s cannot be reached"), "%s", sentence);
    cr_assert_str_eq(where, "neustadt/ts2");
    desk_view(desk, VIEW_SHOWN, 0);
    cr_assert_str_eq(sentence, "");
}

struct ending {
    enum view_end end;
    const char *begins, *unseen, *seen; // the sentence; what the broker hears before and after it was shown
};

static const struct ending endings[] = {
    {VIEW_LOGGED_OFF, "You are logged off", "ended", "ended"},
    {VIEW_REPLACED, "Your session was opened at another desk", "disconnected", "disconnected"},
    {VIEW_ENDED_BY_HOST, "The session host has ended", "ended", "ended"},
    {VIEW_LOST, "The connection to the session host was lost", "disconnected", "disconnected"},
    {VIEW_UNREACHABLE, "The session host cannot be reached", "failed", "disconnected"},
    {VIEW_REFUSED, "The session host did not let you in", "failed", "disconnected"},
    {VIEW_FALSE_HOST, "The session host showed a false certificate", "failed", "disconnected"},
    {VIEW_FAILED, "The session could not be shown", "failed", "disconnected"},
};

static void check_ending(const struct ending *ending, enum desk_state state, const char *expected)
{
    bring_to(state);
    ends(ending->end);
    cr_expect(text_starts(sentence, ending->begins), "%s", sentence);
    cr_expect_str_eq(told.state, expected);
    cr_expect_eq(desk_state(desk), DESK_GREETING);
}

Test(desk, has_a_sentence_for_every_end)
{
    cr_assert_eq(sizeof endings / sizeof *endings, VIEW_END_COUNT - 1);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        check_ending(&endings[i], DESK_CONNECTING, endings[i].unseen);
        close_desk();
        check_ending(&endings[i], DESK_SHOWING, endings[i].seen);
        close_desk();
    }
}

Test(desk_session, greets_the_broker_with_what_it_shows)
{
    bring_to(DESK_SHOWING);
    desk_link_up(desk);
    cr_assert_eq(told.type, LINK_HELLO);
    cr_assert_str_eq(told.session, "neustadt/s-1");
    ends(VIEW_LOGGED_OFF);
    desk_link_up(desk);
    cr_assert_str_eq(told.session, "");
    cr_assert_eq(told.fence, 0);
}

Test(desk_session, shows_a_restarted_greeter_what_it_last_said)
{
    bring_to(DESK_SHOWING);
    ends(VIEW_LOST);
    char before[sizeof sentence];
    TEXT_PUT(before, sentence);
    sentence[0] = 0;
    desk_greeter_up(desk);
    cr_assert_str_eq(sentence, before);
}
