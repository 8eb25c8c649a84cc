// SPDX-License-Identifier: EUPL-1.2
// From the gate's yes to a desktop that stays, and all that can come between.
#include "broker/pult-host/newcomers.h"

#include <criterion/criterion.h>

enum { DESKTOP_MS = 30000 };

static struct newcomer_progress progress;
static struct newcomer_facts facts;
static enum desktop_outcome outcome;
static int64_t now_ms;

static void let_in(void)
{
    progress = (struct newcomer_progress){.began_ms = 1000};
    facts = (struct newcomer_facts){.connection = true, .window_manager_ms = -1};
    outcome = DESKTOP_READY;
    now_ms = 1000;
}

static enum newcomer_verdict after(int64_t ms)
{
    now_ms += ms;
    if (facts.window_manager_ms >= 0)
        facts.window_manager_ms += ms;
    return newcomer_judge(&progress, &facts, DESKTOP_MS, now_ms, &outcome);
}

static void fails_after(int64_t ms, enum desktop_outcome why)
{
    cr_assert_eq(after(ms - 1), NEWCOMER_WAITS);
    cr_assert_eq(after(1), NEWCOMER_FAILED);
    cr_assert_eq(outcome, why, "%s", desktop_outcome_words[outcome]);
}

static void new_desktop_comes(void)
{
    facts.answered = facts.is_there = facts.connected = true;
    cr_assert_eq(after(100), NEWCOMER_WAITS);
    facts.window_manager_ms = 0;
    cr_assert_eq(after(100), NEWCOMER_WAITS, "a start script that fails is there for a moment, too");
    cr_assert_eq(after(400), NEWCOMER_READY);
}

TestSuite(newcomers, .init = let_in);

Test(newcomers, a_new_desktop_is_ready_and_watched_for_seconds)
{
    new_desktop_comes();
    cr_assert_eq(after(1000), NEWCOMER_WAITS);
    cr_assert_eq(after(5000), NEWCOMER_OVER);
}

Test(newcomers, a_desktop_found_again_is_ready_at_once)
{
    facts.answered = facts.is_there = facts.older = facts.connected = true;
    facts.window_manager_ms = 0;
    cr_assert_eq(after(0), NEWCOMER_READY);
}

Test(newcomers, a_session_manager_that_opens_nothing_is_not_waited_for_long)
{
    cr_assert_eq(after(10000), NEWCOMER_WAITS, "it may still be at PAM");
    facts.answered = true;
    cr_assert_eq(after(0), NEWCOMER_WAITS);
    fails_after(3000, DESKTOP_NO_SESSION);
}

Test(newcomers, a_refused_way_back_is_noticed_though_the_desktop_is_there)
{
    facts.answered = facts.is_there = facts.older = true;
    facts.window_manager_ms = 60000;
    cr_assert_eq(after(0), NEWCOMER_WAITS);
    fails_after(3000, DESKTOP_NO_SESSION);
}

Test(newcomers, an_unknown_account_is_named)
{
    progress.no_account = true;
    facts.answered = true;
    after(0);
    fails_after(3000, DESKTOP_NO_ACCOUNT);
}

Test(newcomers, an_x_server_that_ended_is_told_once_nothing_of_it_is_in_the_way)
{
    facts.answered = true;
    facts.start = START_FAILED;
    cr_assert_eq(after(10000), NEWCOMER_WAITS);
    facts.start = START_NONE;
    cr_assert_eq(after(50), NEWCOMER_FAILED);
    cr_assert_eq(outcome, DESKTOP_NO_SCREEN);
}

Test(newcomers, a_session_that_is_gone_before_its_window_manager_failed)
{
    static const enum desktop_outcome outcomes[] = {DESKTOP_NO_SCREEN, DESKTOP_NO_WINDOW_MANAGER};
    for (size_t listens = 0; listens < 2; listens++) {
        let_in();
        facts.answered = facts.is_there = true;
        facts.listens = listens;
        after(300);
        facts.is_there = facts.listens = false;
        cr_assert_eq(after(50), NEWCOMER_FAILED);
        cr_assert_eq(outcome, outcomes[listens], "%s", desktop_outcome_words[outcome]);
    }
}

Test(newcomers, a_logon_that_never_comes_to_an_x_server_is_no_session)
{
    facts.start = START_LOGON;
    fails_after(DESKTOP_MS, DESKTOP_NO_SESSION);
}

Test(newcomers, a_desktop_that_ends_within_seconds_was_none)
{
    static const bool keeps_screen[] = {false, true};
    for (size_t i = 0; i < 2; i++) {
        let_in();
        new_desktop_comes();
        after(3000);
        facts.is_there = facts.connected = keeps_screen[i];
        facts.window_manager_ms = -1;
        cr_assert_eq(after(50), NEWCOMER_FAILED);
        cr_assert_eq(outcome, DESKTOP_ENDED);
    }
}

Test(newcomers, nobody_waits_beyond_the_time)
{
    facts.start = START_UNDER_WAY;
    fails_after(DESKTOP_MS, DESKTOP_NO_SCREEN);
    let_in();
    fails_after(DESKTOP_MS, DESKTOP_NO_SESSION);
    let_in();
    facts.is_there = facts.connected = true;
    fails_after(DESKTOP_MS, DESKTOP_NO_WINDOW_MANAGER);
}

Test(newcomers, who_turned_away_has_not_failed)
{
    facts.answered = true;
    facts.connection = false;
    cr_assert_eq(after(50), NEWCOMER_OVER);
    let_in();
    facts.answered = facts.is_there = true;
    facts.window_manager_ms = 0;
    after(50);
    facts.connection = false;
    cr_assert_eq(after(50), NEWCOMER_OVER);
}

// xrdp 0.10 shows no box of its own: a connection that ends with nothing under way came to nothing.
Test(newcomers, where_the_rdp_server_gives_up_the_logon_has_failed)
{
    facts.gives_up = facts.answered = true;
    facts.connection = false;
    facts.start = START_UNDER_WAY;
    cr_assert_eq(after(50), NEWCOMER_WAITS, "its session manager still works on it");
    facts.start = START_NONE;
    cr_assert_eq(after(50), NEWCOMER_FAILED);
    cr_assert_eq(outcome, DESKTOP_NO_SCREEN, "%s", desktop_outcome_words[outcome]);
    let_in();
    facts.gives_up = facts.answered = true;
    facts.connection = false;
    cr_assert_eq(after(50), NEWCOMER_FAILED);
    cr_assert_eq(outcome, DESKTOP_NO_SESSION, "%s", desktop_outcome_words[outcome]);
}

Test(newcomers, where_the_rdp_server_gives_up_who_turned_away_from_a_desktop_has_not_failed)
{
    facts.gives_up = facts.answered = facts.is_there = true;
    facts.window_manager_ms = 0;
    after(50);
    facts.connection = false;
    cr_assert_eq(after(50), NEWCOMER_OVER);
}

Test(newcomers, where_the_rdp_server_gives_up_a_refused_way_back_is_noticed)
{
    facts.gives_up = facts.answered = facts.is_there = facts.older = true;
    facts.window_manager_ms = 60000;
    cr_assert_eq(after(50), NEWCOMER_WAITS);
    facts.connection = false;
    cr_assert_eq(after(50), NEWCOMER_FAILED);
    cr_assert_eq(outcome, DESKTOP_NO_SESSION, "%s", desktop_outcome_words[outcome]);
}

Test(newcomers, what_is_logged_off_has_not_failed)
{
    new_desktop_comes();
    facts.ends = true;
    facts.window_manager_ms = -1;
    cr_assert_eq(after(50), NEWCOMER_OVER);
}
