// SPDX-License-Identifier: EUPL-1.2
// Who is logged on at the portal, how long, and how many times.
#include "broker/core/portal_sessions.h"
#include "broker/base/text.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define ANNA "neustadt/u-1"
#define BEN "neustadt/u-2"

static struct portal_sessions sessions;

static void end_all(void)
{
    portal_sessions_fini(&sessions);
}

TestSuite(portal_sessions, .fini = end_all);

static const char *digest_of(int number)
{
    static char digest[DIGEST_SIZE];
    snprintf(digest, sizeof digest, "%064d", number);
    return digest;
}

static void log_on(int number, const char *person, int64_t now_ms)
{
    cr_assert(portal_sessions_add(&sessions, digest_of(number), person, now_ms));
}

static bool is_on(int number, int64_t now_ms)
{
    return portal_sessions_use(&sessions, digest_of(number), now_ms) != NULL;
}

Test(portal_sessions, are_known_by_their_digest)
{
    log_on(1, ANNA, 0);
    log_on(2, BEN, 0);
    const struct portal_session *session = portal_sessions_use(&sessions, digest_of(2), 5);
    cr_assert(session);
    cr_expect_str_eq(session->person, BEN);
    cr_expect_eq(session->used_ms, 5);
    cr_expect_not(is_on(3, 5));
    cr_expect_null(portal_sessions_use(&sessions, "", 5));
    portal_sessions_end(&sessions, digest_of(2));
    portal_sessions_end(&sessions, digest_of(2));
    cr_expect_not(is_on(2, 5));
    cr_expect(is_on(1, 5));
}

Test(portal_sessions, end_when_nobody_uses_them)
{
    log_on(1, ANNA, 0);
    cr_expect(is_on(1, PORTAL_IDLE_MS - 1));
    cr_expect(is_on(1, 2 * PORTAL_IDLE_MS - 2));
    cr_expect_not(is_on(1, 3 * PORTAL_IDLE_MS - 2));
}

Test(portal_sessions, end_after_a_day_of_work)
{
    log_on(1, ANNA, 0);
    for (int64_t now_ms = 0; now_ms < PORTAL_LIFE_MS; now_ms += PORTAL_IDLE_MS / 2)
        cr_expect(is_on(1, now_ms));
    cr_expect_not(is_on(1, PORTAL_LIFE_MS));
}

// However much they are used.
Test(portal_sessions, are_new_for_a_while)
{
    int64_t over_ms = 100 + PORTAL_NEW_MS;
    log_on(1, ANNA, 100);
    cr_expect(portal_session_is_new(portal_sessions_use(&sessions, digest_of(1), 100), 100));
    cr_expect(portal_session_is_new(portal_sessions_use(&sessions, digest_of(1), over_ms - 1), over_ms - 1));
    cr_expect_not(portal_session_is_new(portal_sessions_use(&sessions, digest_of(1), over_ms), over_ms));
    cr_expect_not(portal_session_is_new(NULL, 100));
}

Test(portal_sessions, end_all_but_one)
{
    log_on(1, ANNA, 0);
    log_on(2, ANNA, 0);
    log_on(3, BEN, 0);
    char kept[DIGEST_SIZE];
    TEXT_PUT(kept, digest_of(2));
    cr_expect_eq(portal_sessions_end_person(&sessions, ANNA, kept), 1);
    cr_expect_not(is_on(1, 1));
    cr_expect(is_on(2, 1));
    cr_expect(is_on(3, 1));
}

Test(portal_sessions, that_are_over_are_swept)
{
    log_on(1, ANNA, 0);
    log_on(2, BEN, 10);
    portal_sessions_sweep(&sessions, PORTAL_IDLE_MS);
    cr_expect_eq(sessions.sessions.count, 1);
    cr_expect(is_on(2, PORTAL_IDLE_MS));
}

Test(portal_sessions, of_one_person_are_few)
{
    log_on(100, BEN, 0);
    for (int i = 0; i < PORTAL_SESSIONS_OF_PERSON; i++)
        log_on(i, ANNA, i);
    cr_expect(is_on(0, 50));
    log_on(50, ANNA, 60); // 1 was used least lately
    cr_expect_not(is_on(1, 70));
    cr_expect(is_on(0, 70));
    cr_expect(is_on(2, 70));
    cr_expect(is_on(50, 70));
    cr_expect(is_on(100, 70));
}

Test(portal_sessions, of_a_person_end_together)
{
    log_on(1, ANNA, 0);
    log_on(2, BEN, 0);
    log_on(3, ANNA, 0);
    cr_expect_eq(portal_sessions_end_person(&sessions, ANNA, ""), 2);
    cr_expect_not(is_on(1, 1));
    cr_expect_not(is_on(3, 1));
    cr_expect(is_on(2, 1));
}
