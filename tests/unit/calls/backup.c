// SPDX-License-Identifier: EUPL-1.2
// Back-ups as the API has them: for the district, recorded, and refused with a reason.
#include "tests/unit/calls/calls_fixture.h"

#include <criterion/criterion.h>
#include <string.h>

static struct backup_status now;
static enum fault_kind trouble; // FAULT_NONE: none
static int prepared, started, dropped;
static uint64_t asked;
static const char *piece; // NULL: it cannot be read

static bool prepare(void *self, struct text *recipients, struct fault *why)
{
    (void)self;
    prepared++;
    text_adds(recipients, "/CN=recovery 0123");
    return !trouble || fault_set(why, trouble, "nobody could open it");
}

static void start(void *self)
{
    (void)self;
    started++;
    now = (struct backup_status){.state = BACKUP_RUNNING, .id = "abc", .began_ms = 1767225600000};
}

static void tell_status(void *self, struct backup_status *status)
{
    (void)self;
    *status = now;
}

static void read_piece(void *self, uint64_t offset, backup_piece *done, void *arg)
{
    static const struct fault gone = {.kind = FAULT_ABSENT, .text = "there is no back-up to fetch"};
    (void)self;
    asked = offset;
    done(arg, piece, piece ? NULL : &gone);
}

static void drop(void *self)
{
    (void)self;
    dropped++;
}

static void open_calls(void)
{
    calls_open();
    calls.services.backup = (struct backup_port){NULL, prepare, start, tell_status, read_piece, drop};
    now = (struct backup_status){0};
    trouble = FAULT_NONE;
    prepared = started = dropped = 0;
}

TestSuite(backup, .init = open_calls, .fini = calls_close);

Test(backup, is_begun_once_it_is_recorded_who_has_it_made_and_for_whom)
{
    owned(json) json_object *answer = calls_call(METHOD_BACKUP_START, NOUN_NONE, "", "{}");
    cr_assert_eq(calls.status, 200);
    cr_assert_str_eq(codec_string(answer, "state"), "running");
    cr_assert_str_eq(codec_string(answer, "id"), "abc");
    cr_assert_eq(started, 1);
    cr_assert(strstr(calls.events, "\"journal.backed_up\"") && strstr(calls.events, "/CN=recovery 0123") &&
                  strstr(calls.events, "neustadt/admin"),
              "%s", calls.events);
}

Test(backup, that_cannot_be_begun_is_not_recorded)
{
    uint64_t before = commit_last_seq(calls.services.commit);
    trouble = FAULT_CONFLICT;
    owned(json) json_object *answer = calls_call(METHOD_BACKUP_START, NOUN_NONE, "", "{}");
    cr_assert_eq(calls.status, 409);
    cr_assert_str_eq(codec_string(answer, "detail"), "nobody could open it");
    cr_assert_eq(started, 0);
    cr_assert_eq(commit_last_seq(calls.services.commit), before);
    static const enum fault_kind kinds[] = {FAULT_ABSENT, FAULT_INVALID, FAULT_UNAVAILABLE};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        trouble = kinds[i];
        owned(json) json_object *refusal = calls_call(METHOD_BACKUP_START, NOUN_NONE, "", "{}");
        cr_assert_neq(calls.status, 200);
    }
}

Test(backup, is_for_the_district_alone)
{
    static const enum method_id methods[] = {METHOD_BACKUP_START, METHOD_BACKUP_SHOW, METHOD_BACKUP_READ,
                                             METHOD_BACKUP_DROP};
    static const enum role roles[] = {ROLE_ADMIN, ROLE_HOST, ROLE_DEVICE, ROLE_UNAUTHENTICATED};
    piece = "AAAA";
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        for (size_t at = 0; at < sizeof methods / sizeof *methods; at++) {
            calls.caller.role = roles[i];
            owned(json) json_object *refusal = calls_call(methods[at], NOUN_NONE, "", "{}");
            cr_assert(calls.status == 403 || calls.status == 401, "%d", calls.status);
        }
    cr_assert_eq(prepared + started + dropped, 0);
}

Test(backup, is_fetched_piece_by_piece)
{
    piece = "cGllY2U=";
    TEXT_PUT(calls.page_after, "393216");
    owned(json) json_object *answer = calls_call(METHOD_BACKUP_READ, NOUN_NONE, "", "{}");
    cr_assert_eq(calls.status, 200);
    cr_assert_eq(asked, 393216);
    cr_assert_str_eq(codec_string(answer, "data"), piece);
    piece = "";
    owned(json) json_object *end = calls_call(METHOD_BACKUP_READ, NOUN_NONE, "", "{}");
    cr_assert_eq(calls.status, 200);
    cr_assert_str_eq(codec_string(end, "data"), "");
    piece = NULL;
    CALLS_EXPECT(404, METHOD_BACKUP_READ, NOUN_NONE, "", "{}");
    static const char *const wrong[] = {"-1", "x", "1.5", "99999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        TEXT_PUT(calls.page_after, wrong[i]);
        CALLS_EXPECT(400, METHOD_BACKUP_READ, NOUN_NONE, "", "{}");
    }
}

Test(backup, that_failed_says_why)
{
    now.state = BACKUP_FAILED;
    fault_set(&now.failure, FAULT_UNAVAILABLE, "the disk is full");
    owned(json) json_object *answer = calls_call(METHOD_BACKUP_SHOW, NOUN_NONE, "", "{}");
    cr_assert_str_eq(codec_string(answer, "state"), "failed");
    cr_assert_str_eq(codec_string(answer, "failure"), "the disk is full");
    CALLS_EXPECT(200, METHOD_BACKUP_DROP, NOUN_NONE, "", "{}");
    cr_assert_eq(dropped, 1);
}
