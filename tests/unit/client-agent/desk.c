// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/text.h"
#include "client-agent/session_end.h"
#include "tests/unit/client-agent/desk_fixture.h"

#include <criterion/criterion.h>
#include <string.h>

static void open_without_realm(void)
{
    desk_fixture_open(false);
}

static void open_with_realm(void)
{
    desk_fixture_open(true);
}

// ---- every state and every event

static void event_answer_well(void)
{
    desk_fixture_answer_well();
}

static void event_waking(void)
{
    desk_fixture_answer_waking(5);
}

static void event_time(void)
{
    desk_time(fixture.desk);
}

static void event_refused(void)
{
    desk_fixture_answer_no(REFUSAL_WRONG_PASSWORD);
}

static void event_expired(void)
{
    desk_fixture_answer_no(REFUSAL_PASSWORD_EXPIRED);
}

static void event_changed(void)
{
    desk_changed(fixture.desk, fixture.attempt, REFUSAL_NONE);
}

static void event_rejected(void)
{
    desk_changed(fixture.desk, fixture.attempt, REFUSAL_PASSWORD_REJECTED);
}

static void event_choose(void)
{
    desk_fixture_choose("neu");
}

static void event_cancel(void)
{
    desk_cancel(fixture.desk);
}

static void event_shown(void)
{
    desk_view(fixture.desk, VIEW_SHOWN, 0);
}

static void event_broken(void)
{
    desk_view(fixture.desk, VIEW_BROKEN, 0);
}

static void event_mended(void)
{
    desk_view(fixture.desk, VIEW_MENDED, 0);
}

static void event_waits(void)
{
    desk_view(fixture.desk, VIEW_WAITS, 0);
}

static void event_lock(void)
{
    desk_view(fixture.desk, VIEW_LOCK, 0);
}

static void event_ended(void)
{
    desk_fixture_ends(VIEW_LOGGED_OFF);
}

static void event_moved(void)
{
    desk_fixture_link_says(DEVICE_MOVED, 8, "Zimmer 2");
}

static void event_end(void)
{
    desk_fixture_link_says(DEVICE_END, 7, "");
}

static void event_version_refused(void)
{
    desk_link_refused(fixture.desk, REFUSAL_AGENT_TOO_NEW);
}

static void event_jobs_key(void)
{
    desk_jobs_key(fixture.desk);
}

struct event_row {
    const char *name;
    void (*event)(void);
    const char *next; // a letter for each state: where it leads; '.' it changes nothing
};

// The letters: Greeting cHecking chAnging rEnewing Waking Connecting Showing Mending cLosing Jobs
// jobs-before-the-session (P), in the order of enum desk_state.
static const char letters[] = "GHAEWCSMLJP";
static const struct event_row event_rows[] = {
    {"log on", desk_fixture_log_on, "H.........."},
    {"the broker agrees", event_answer_well, ".C..C......"},
    {"the broker refuses", event_refused, ".G..G......"},
    {"the computer is being started", event_waking, ".W........."},
    {"the password has expired", event_expired, ".A..A......"},
    {"a new password is chosen", event_choose, "..E........"},
    {"it was changed", event_changed, "...H......."},
    {"it was rejected", event_rejected, "...A......."},
    {"cancel", event_cancel, ".GGGGL.L.GS"},
    {"the desktop is there", event_shown, ".....S....."},
    {"the line breaks", event_broken, "......M...M"},
    {"the line breaks and the password is used up", event_waits, "......M...M"},
    {"the line is mended", event_mended, ".......S..."},
    {"the desk is locked", event_lock, "......L...L"},
    {"the session ends", event_ended, ".....GGGG.G"},
    {"the session moved", event_moved, ".....LLL..L"},
    {"the broker ends it", event_end, ".....LLL..L"},
    {"the agent is of the wrong version", event_version_refused, "..........."},
    {"print jobs are asked for", desk_fixture_ask_jobs, "H.........."},
    {"the key for print jobs", event_jobs_key, "......P...S"},
    {"the time is over", event_time, ".......L.GS"},
};

Test(desk, knows_what_each_event_means_in_each_state)
{
    for (size_t i = 0; i < sizeof event_rows / sizeof *event_rows; i++) {
        for (enum desk_state state = 0; state < DESK_STATE_COUNT; state++) {
            const struct event_row *row = &event_rows[i];
            char expected = row->next[state] == '.' ? letters[state] : row->next[state];
            desk_fixture_bring_to(state);
            row->event();
            cr_expect_eq(letters[desk_state(fixture.desk)], expected, "%s while %s leads to %s", row->name,
                         desk_state_name(state), desk_state_name(desk_state(fixture.desk)));
            desk_fixture_close();
        }
    }
}

// ---- who is it

TestSuite(desk_by_password, .init = open_without_realm, .fini = desk_fixture_close);
TestSuite(desk_by_ticket, .init = open_with_realm, .fini = desk_fixture_close);

Test(desk_by_password, opens_what_the_broker_gives)
{
    desk_fixture_log_on();
    desk_fixture_answer_well();
    cr_assert_str_eq(fixture.asked, "password open");
    cr_assert_str_eq(fixture.password.bytes, "geheim");
}

Test(desk_by_password, asks_again_without_a_name)
{
    struct secret password = desk_fixture_secret("geheim");
    desk_log_on(fixture.desk, DESK_WANTS_DESKTOP, "", &password);
    desk_log_on(fixture.desk, DESK_WANTS_DESKTOP, "  ", &password);
    cr_assert_str_eq(fixture.asked, "");
    cr_assert_str_eq(fixture.sentence, "Enter your name and your password.");
}

Test(desk_by_password, says_why_it_was_refused_and_whom_to_call)
{
    desk_fixture_log_on();
    desk_answer(fixture.desk, fixture.attempt, REFUSAL_NO_PROFILE, NULL, "0123 45", 0);
    cr_assert_str_eq(fixture.sentence, refusal_rows[REFUSAL_NO_PROFILE].sentence);
    cr_assert_str_eq(fixture.help_desk, "0123 45");
}

Test(desk_by_password, keeps_the_name_of_whoever_mistyped_the_password)
{
    desk_fixture_log_on();
    cr_assert_str_eq(fixture.name, "");
    desk_fixture_answer_no(REFUSAL_WRONG_PASSWORD);
    cr_assert_str_eq(fixture.name, "anna");
    desk_link_refused(fixture.desk, REFUSAL_AGENT_TOO_OLD); // news at the greeter do not take it away
    cr_assert_str_eq(fixture.name, "anna");
}

Test(desk_by_password, keeps_no_name_after_a_session_or_a_cancelled_logon)
{
    desk_fixture_log_on();
    desk_cancel(fixture.desk);
    cr_assert_str_eq(fixture.name, "");
    desk_fixture_log_on();
    desk_fixture_answer_no(REFUSAL_WRONG_PASSWORD);
    desk_fixture_log_on();
    desk_fixture_answer_well();
    desk_view(fixture.desk, VIEW_SHOWN, 0);
    desk_fixture_ends(VIEW_LOGGED_OFF);
    cr_assert_eq(desk_state(fixture.desk), DESK_GREETING);
    cr_assert_str_eq(fixture.name, "");
}

// Whatever the person sees: after these keys it is the real greeter, and it says so.
Test(desk, answers_the_keys_that_lock_it_in_every_state)
{
    for (enum desk_state state = 0; state < DESK_STATE_COUNT; state++) {
        desk_fixture_bring_to(state);
        bool before_session = state == DESK_SESSION_JOBS;
        desk_attention(fixture.desk);
        cr_expect_str_eq(fixture.asked, before_session ? "close mark" : "mark", "%s", desk_state_name(state));
        cr_expect_eq(desk_state(fixture.desk), before_session ? DESK_CLOSING : state);
        desk_fixture_close();
    }
}

Test(desk_by_password, lets_nobody_begin_while_the_broker_refuses_its_agent)
{
    desk_link_refused(fixture.desk, REFUSAL_AGENT_TOO_NEW);
    cr_assert_str_eq(fixture.sentence, refusal_rows[REFUSAL_AGENT_TOO_NEW].sentence);
    desk_fixture_log_on();
    cr_assert_str_eq(fixture.asked, "");
    cr_assert_eq(desk_state(fixture.desk), DESK_GREETING);
    cr_assert_str_eq(fixture.sentence, refusal_rows[REFUSAL_AGENT_TOO_NEW].sentence);
    desk_link_up(fixture.desk);
    cr_assert_str_eq(fixture.sentence, "");
    fixture.asked[0] = 0;
    desk_fixture_log_on();
    cr_assert_str_eq(fixture.asked, "password");
}

Test(desk_by_password, says_once_that_its_agent_is_refused)
{
    struct secret password = desk_fixture_secret("geheim");
    desk_link_refused(fixture.desk, REFUSAL_AGENT_TOO_OLD);
    desk_log_on(fixture.desk, DESK_WANTS_DESKTOP, "", &password);
    cr_assert_str_eq(fixture.sentence, "Enter your name and your password.");
    desk_link_refused(fixture.desk, REFUSAL_AGENT_TOO_OLD);
    cr_assert_str_eq(fixture.sentence, "Enter your name and your password.");
    desk_link_up(fixture.desk);
    cr_assert_str_eq(fixture.sentence, "Enter your name and your password.");
}

Test(desk_by_password, keeps_its_own_help_desk_when_the_broker_names_none)
{
    desk_fixture_log_on();
    desk_fixture_answer_no(REFUSAL_WRONG_PASSWORD);
    cr_assert_str_eq(fixture.help_desk, "115");
}

Test(desk_by_password, changes_an_expired_password_at_the_broker_and_goes_on)
{
    desk_fixture_log_on();
    desk_fixture_answer_no(REFUSAL_PASSWORD_MUST_CHANGE);
    cr_assert_str_eq(fixture.sentence, refusal_rows[REFUSAL_PASSWORD_MUST_CHANGE].sentence);
    desk_fixture_choose("neu");
    desk_changed(fixture.desk, fixture.attempt, REFUSAL_NONE);
    desk_fixture_answer_well();
    cr_assert_str_eq(fixture.asked, "password change password open");
    cr_assert_str_eq(fixture.password.bytes, "neu");
}

Test(desk_by_password, lets_the_person_choose_again_when_the_directory_rejects_it)
{
    static const enum refusal refusals[] = {REFUSAL_PASSWORD_REJECTED, REFUSAL_PASSWORD_TOO_SHORT,
                                            REFUSAL_PASSWORD_TOO_SIMPLE, REFUSAL_PASSWORD_REUSED};
    desk_fixture_log_on();
    desk_fixture_answer_no(REFUSAL_PASSWORD_EXPIRED);
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        desk_fixture_choose("x");
        desk_changed(fixture.desk, fixture.attempt, refusals[i]);
        cr_assert_eq(desk_state(fixture.desk), DESK_CHANGING);
        cr_assert_str_eq(fixture.sentence, refusal_rows[refusals[i]].sentence);
    }
}

Test(desk_by_password, asks_for_no_new_password_when_it_is_too_late)
{
    desk_fixture_log_on();
    desk_fixture_answer_no(REFUSAL_PASSWORD_TOO_LATE);
    cr_assert_eq(desk_state(fixture.desk), DESK_GREETING);
    cr_assert_str_eq(fixture.sentence, refusal_rows[REFUSAL_PASSWORD_TOO_LATE].sentence);
    desk_fixture_log_on();
    desk_fixture_answer_no(REFUSAL_PASSWORD_EXPIRED);
    desk_fixture_choose("x");
    desk_changed(fixture.desk, fixture.attempt, REFUSAL_PASSWORD_TOO_LATE);
    cr_assert_eq(desk_state(fixture.desk), DESK_GREETING);
}

Test(desk_by_password, refuses_an_answer_that_does_not_pin_the_host)
{
    struct logon_answer answer = desk_fixture_good_answer();
    answer.fingerprint[0] = 0;
    desk_fixture_log_on();
    desk_answer(fixture.desk, fixture.attempt, REFUSAL_NONE, &answer, "", 0);
    cr_assert_str_eq(fixture.asked, "password failed");
    cr_assert_eq(desk_state(fixture.desk), DESK_GREETING);
}

Test(desk_by_password, tells_the_broker_when_the_person_turned_away_before_the_answer)
{
    desk_fixture_log_on();
    unsigned first = fixture.attempt;
    desk_cancel(fixture.desk);
    struct logon_answer answer = desk_fixture_good_answer();
    desk_answer(fixture.desk, first, REFUSAL_NONE, &answer, "", 0);
    cr_assert_str_eq(fixture.asked, "password disconnected");
    cr_assert_eq(fixture.told.fence, 7);
    cr_assert_eq(desk_state(fixture.desk), DESK_GREETING);
}

Test(desk_by_password, does_not_take_the_last_persons_answer_for_the_next)
{
    desk_fixture_log_on();
    unsigned first = fixture.attempt;
    desk_cancel(fixture.desk);
    desk_fixture_log_on();
    desk_answer(fixture.desk, first, REFUSAL_WRONG_PASSWORD, NULL, "", 0);
    cr_assert_eq(desk_state(fixture.desk), DESK_CHECKING);
}

Test(desk_by_ticket, a_space_typed_beside_the_name_is_none_of_it)
{
    struct secret password = desk_fixture_secret("geheim");
    desk_log_on(fixture.desk, DESK_WANTS_DESKTOP, "  anna ", &password); // fixture.c looks at the name
    cr_assert_str_eq(fixture.asked, "ticket");
}

Test(desk_by_ticket, shows_the_ticket_to_the_broker)
{
    desk_fixture_log_on();
    desk_fixture_give_ticket(REFUSAL_NONE, false);
    desk_fixture_answer_well();
    cr_assert_str_eq(fixture.asked, "ticket Negotiate-x open");
}

Test(desk_by_ticket, gives_the_password_to_the_broker_when_no_kdc_answers)
{
    desk_fixture_log_on();
    desk_fixture_give_ticket(REFUSAL_NONE, true);
    cr_assert_str_eq(fixture.asked, "ticket password");
}

Test(desk_by_ticket, does_not_call_a_password_wrong_that_no_kdc_has_seen)
{
    struct desk_ticket silent = {.no_kdc = true, .silent = true};
    desk_fixture_log_on();
    desk_ticket(fixture.desk, fixture.attempt, &silent);
    desk_fixture_answer_no(REFUSAL_WRONG_PASSWORD);
    cr_assert(strstr(fixture.sentence, "The Kerberos server does not answer, and the directory did not accept"));
    desk_fixture_log_on();
    desk_fixture_give_ticket(REFUSAL_WRONG_PASSWORD, false);
    cr_assert_str_eq(fixture.sentence, refusal_rows[REFUSAL_WRONG_PASSWORD].sentence);
    desk_fixture_log_on();
    desk_fixture_give_ticket(REFUSAL_NONE, true); // a name of another realm: the directory's word counts
    desk_fixture_answer_no(REFUSAL_WRONG_PASSWORD);
    cr_assert_str_eq(fixture.sentence, refusal_rows[REFUSAL_WRONG_PASSWORD].sentence);
}

Test(desk_by_ticket, does_not_ask_the_broker_after_a_wrong_password)
{
    desk_fixture_log_on();
    desk_fixture_give_ticket(REFUSAL_WRONG_PASSWORD, false);
    cr_assert_str_eq(fixture.asked, "ticket");
    cr_assert_str_eq(fixture.sentence, refusal_rows[REFUSAL_WRONG_PASSWORD].sentence);
}

Test(desk_by_ticket, changes_at_the_kdc_what_the_kdc_calls_expired)
{
    desk_fixture_log_on();
    desk_fixture_give_ticket(REFUSAL_PASSWORD_EXPIRED, false);
    desk_fixture_choose("neu");
    desk_changed(fixture.desk, fixture.attempt, REFUSAL_NONE);
    desk_fixture_give_ticket(REFUSAL_NONE, false);
    cr_assert_str_eq(fixture.asked, "ticket kpasswd ticket Negotiate-x");
}

Test(desk_by_ticket, changes_at_the_broker_what_the_broker_calls_expired)
{
    desk_fixture_log_on();
    desk_fixture_give_ticket(REFUSAL_NONE, true);
    desk_fixture_answer_no(REFUSAL_PASSWORD_EXPIRED);
    desk_fixture_choose("neu");
    cr_assert_str_eq(fixture.asked, "ticket password change");
}

Test(desk_by_ticket, tries_once_more_when_the_broker_does_not_take_the_ticket)
{
    desk_fixture_log_on();
    desk_fixture_give_ticket(REFUSAL_NONE, false);
    desk_fixture_answer_no(REFUSAL_TICKET_REJECTED);
    desk_fixture_give_ticket(REFUSAL_NONE, false);
    desk_fixture_answer_no(REFUSAL_TICKET_REJECTED);
    cr_assert_str_eq(fixture.asked, "ticket Negotiate-x ticket Negotiate-x");
    cr_assert_str_eq(fixture.sentence, refusal_rows[REFUSAL_TICKET_REJECTED].sentence);
}

// ---- the network

TestSuite(desk_network, .init = open_without_realm, .fini = desk_fixture_close);

Test(desk_network, says_at_once_that_the_cable_is_out_and_takes_it_back)
{
    desk_link_up(fixture.desk);
    desk_carrier(fixture.desk, false);
    cr_assert(strstr(fixture.sentence, "cable is plugged in at both ends"), "%s", fixture.sentence);
    desk_fixture_log_on();
    cr_assert_eq(desk_state(fixture.desk), DESK_GREETING);
    cr_assert(strstr(fixture.sentence, "cable is plugged in at both ends"), "%s", fixture.sentence);
    desk_carrier(fixture.desk, true);
    cr_assert_str_eq(fixture.sentence, "");
}

Test(desk_network, does_not_wait_for_an_answer_without_a_cable)
{
    desk_fixture_log_on();
    desk_carrier(fixture.desk, false);
    cr_assert_eq(desk_state(fixture.desk), DESK_GREETING);
    cr_assert(strstr(fixture.sentence, "both ends"), "%s", fixture.sentence);
    desk_fixture_answer_no(REFUSAL_BROKER_UNREACHABLE);
    cr_assert(strstr(fixture.sentence, "both ends"), "%s", fixture.sentence);
}

Test(desk_network, blames_no_cable_that_is_plugged_in)
{
    desk_link_up(fixture.desk);
    desk_link_silent(fixture.desk, true);
    cr_assert(strstr(fixture.sentence, "although the cable is plugged in"), "%s", fixture.sentence);
    desk_link_silent(fixture.desk, false);
    cr_assert_str_eq(fixture.sentence, "");
    desk_fixture_log_on();
    desk_link_silent(fixture.desk, true);
    cr_assert_eq(desk_state(fixture.desk), DESK_CHECKING, "whoever waits goes on waiting");
    cr_assert(strstr(fixture.sentence, "although the cable is plugged in"), "%s", fixture.sentence);
    desk_fixture_answer_no(REFUSAL_BROKER_UNREACHABLE);
    cr_assert_not(strstr(fixture.sentence, "cable"), "%s", fixture.sentence);
}

Test(desk_network, tells_of_a_link_that_does_not_come_back_soon)
{
    desk_link_up(fixture.desk);
    desk_link_down(fixture.desk);
    cr_assert_str_eq(fixture.sentence, "");
    cr_assert_eq(fixture.timer_ms, 3000);
    desk_link_up(fixture.desk);
    desk_time(fixture.desk);
    cr_assert_str_eq(fixture.sentence, "", "it is back");
    desk_link_down(fixture.desk);
    desk_time(fixture.desk);
    cr_assert(strstr(fixture.sentence, "although the cable is plugged in"), "%s", fixture.sentence);
    desk_link_up(fixture.desk);
    cr_assert_str_eq(fixture.sentence, "");
    desk_link_down(fixture.desk);
    desk_typing(fixture.desk);
    cr_assert(strstr(fixture.sentence, "although the cable is plugged in"), "who types hears it at once");
}

Test(desk_network, does_not_take_away_what_somebody_reads)
{
    desk_fixture_log_on();
    desk_fixture_answer_no(REFUSAL_WRONG_PASSWORD);
    desk_link_down(fixture.desk);
    desk_time(fixture.desk);
    cr_assert_str_eq(fixture.sentence, refusal_rows[REFUSAL_WRONG_PASSWORD].sentence);
}

// A broker that refuses is there.
Test(desk_network, does_not_call_a_broker_away_that_refuses_its_agent)
{
    static const enum refusal refusals[] = {REFUSAL_AGENT_TOO_OLD, REFUSAL_AGENT_TOO_NEW, REFUSAL_IDENTITY_SHARED};
    desk_link_down(fixture.desk);
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        desk_link_refused(fixture.desk, refusals[i]);
        desk_typing(fixture.desk);
        desk_time(fixture.desk);
        desk_link_silent(fixture.desk, true);
        cr_assert_str_eq(fixture.sentence, refusal_rows[refusals[i]].sentence);
    }
}

Test(desk_network, says_in_a_session_that_the_cable_is_out)
{
    desk_fixture_close();
    desk_fixture_bring_to(DESK_CONNECTED);
    desk_carrier(fixture.desk, false);
    desk_view(fixture.desk, VIEW_BROKEN, 0);
    cr_assert_eq(desk_state(fixture.desk), DESK_RECONNECTING);
    cr_assert(strstr(fixture.sentence, "both ends"), "%s", fixture.sentence);
    desk_view(fixture.desk, VIEW_WAITS, 0);
    cr_assert(strstr(fixture.sentence, "both ends"), "%s", fixture.sentence);
    desk_carrier(fixture.desk, true);
    desk_view(fixture.desk, VIEW_MENDED, 0);
    cr_assert_eq(desk_state(fixture.desk), DESK_CONNECTED);
    cr_assert_str_eq(fixture.sentence, "");
}

// The host is not to blame, and where nothing arrives, whoever tries again in a minute tries in vain.
Test(desk_network, says_that_the_cable_is_out_when_no_session_comes_of_it)
{
    static const enum session_view_end ends[] = {VIEW_UNREACHABLE, VIEW_LOST, VIEW_PACKETS_LOST};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        desk_fixture_close();
        desk_fixture_bring_to(DESK_CONNECTING);
        desk_carrier(fixture.desk, false);
        desk_fixture_ends(ends[i]);
        cr_assert_eq(desk_state(fixture.desk), DESK_GREETING);
        cr_assert(strstr(fixture.sentence, "both ends"), "%s", fixture.sentence);
        desk_carrier(fixture.desk, true);
        cr_assert_str_eq(fixture.sentence, "");
    }
}

// What the host said before is as true without a cable.
Test(desk_network, says_what_a_host_had_said_before_the_cable_was_out)
{
    static const enum session_view_end ends[] = {VIEW_REFUSED, VIEW_WRONG_CERTIFICATE};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        desk_fixture_close();
        desk_fixture_bring_to(DESK_CONNECTING);
        desk_carrier(fixture.desk, false);
        desk_fixture_ends(ends[i]);
        cr_assert_str_eq(fixture.sentence, session_end_rows[ends[i]].sentence);
    }
}
