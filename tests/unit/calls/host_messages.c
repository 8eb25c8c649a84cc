// SPDX-License-Identifier: EUPL-1.2
// Whose desktop the broker believes it is, by what its host says of names and accounts.
#include "broker/calls/host_messages.h"
#include "broker/api/record.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/text.h"
#include "broker/calls/device_messages.h"
#include "broker/calls/host_password.h"
#include "tests/unit/calls/calls_fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct logon_decision anna;

static void open_calls(void)
{
    log_set_level(LOG_LEVEL_ERROR);
    calls_open();
    core_log_on(&calls.core, "anna", "rathaus", "neustadt/desk1", &anna);
    core_set_agent(&calls.core, anna.host.id, true);
    core_change(&calls.core, anna.session.id, SESSION_DESK_CONNECTS);
    reports_link(&calls.services.reports, anna.host.id, true, clock_steady_ms());
}

static void close_calls(void)
{
    reports_clear(&calls.services.reports);
    calls_close();
}

TestSuite(host_messages, .init = open_calls, .fini = close_calls);

static bool runs(void)
{
    return state_session(calls.services.state, anna.session.id) != NULL;
}

static void says_it_ends(const char *host_id, const char *session_id, enum host_reason reason)
{
    struct host_message message = {.type = HOST_ENDED, .reason = reason};
    TEXT_PUT(message.session, session_id);
    host_message(&calls.services, host_id, &message);
}

static void reports_as(int64_t last_seq, const char *session_id, const char *user_name, const char *found_as)
{
    struct host_message as = {.type = HOST_REPORT};
    struct host_session *there = mem_new(1, sizeof *there);
    TEXT_PUT(there->session, session_id);
    TEXT_PUT(there->user_name, user_name);
    TEXT_PUT(there->found_as, found_as);
    there->fence = anna.session.fence;
    reports_take(&calls.services.reports, anna.host.id, &as, there, 1, last_seq, clock_steady_ms());
}

// That it has this session, and finds it again only by this name.
static void reports_after(int64_t last_seq, const char *session_id, const char *found_as)
{
    reports_as(last_seq, session_id, "", found_as);
}

static void reports_of(const char *session_id, const char *found_as)
{
    reports_after(INT64_MAX, session_id, found_as);
}

static void reports(const char *found_as)
{
    reports_of(anna.session.id, found_as);
}

Test(host_messages, one_whose_name_is_somebody_elses_ends_and_the_journal_says_why)
{
    says_it_ends(anna.host.id, anna.session.id, HOST_BECAUSE_NAME_REUSED);
    cr_assert_not(runs());
    cr_assert(strstr(calls.events, "somebody else's now") && strstr(calls.events, anna.host.id), "%s", calls.events);
    cr_assert_eq(calls.to_desk.message.type, DEVICE_END);
    cr_assert_eq(calls.to_desk.message.reason, HOST_BECAUSE_NAME_REUSED);
    says_it_ends(anna.host.id, anna.session.id, HOST_BECAUSE_NAME_REUSED);
}

Test(host_messages, a_host_ends_no_session_of_another_and_for_no_other_reason)
{
    says_it_ends("neustadt/ts9", anna.session.id, HOST_BECAUSE_NAME_REUSED);
    says_it_ends(anna.host.id, "neustadt/s-0000000000000000-00000000", HOST_BECAUSE_NAME_REUSED);
    for (enum host_reason reason = 0; reason < HOST_REASON_COUNT; reason++)
        if (reason != HOST_BECAUSE_NAME_REUSED)
            says_it_ends(anna.host.id, anna.session.id, reason);
    cr_assert(runs());
}

static const char somebody[] = "neustadt/s-fedcba9876543210-01234567";

static bool frees(const char *session_id, const char *user_name)
{
    struct session session = {.id = ""};
    TEXT_PUT(session.id, session_id);
    TEXT_PUT(session.host, anna.host.id);
    calls.sent_count = 0;
    return host_frees_name(&calls.services, &session, user_name);
}

Test(host_messages, who_has_the_name_of_somebody_who_comes_makes_way)
{
    reports("anna");
    cr_assert(frees(somebody, "anna"));
    cr_assert_not(runs());
    cr_assert(calls.sent_count == 1 && calls.sent[0].message.type == HOST_LOG_OFF &&
              calls.sent[0].message.reason == HOST_BECAUSE_NAME_REUSED);
    cr_assert_str_eq(calls.sent[0].message.session, anna.session.id);
    cr_assert(frees(somebody, "anna"), "as long as the host has it");
}

Test(host_messages, nobody_else_makes_way)
{
    reports("anna");
    cr_assert_not(frees(somebody, "berta"));
    cr_assert_not(frees(somebody, "Anna"));
    cr_assert_not(frees(anna.session.id, "anna"));
    reports(""); // found by the account
    cr_assert_not(frees(somebody, "anna"));
    cr_assert(runs());
}

Test(host_messages, what_is_odd_at_a_host_is_shown_and_keeps_nobody_out)
{
    struct host_message message = {.type = HOST_REPORT, .warnings = "user names: anna\nuser names: berta"};
    host_message(&calls.services, anna.host.id, &message);
    owned(json) json_object *shown = calls_call(METHOD_SHOW, NOUN_HOST, anna.host.id, "{}");
    cr_assert_str_eq(codec_string(shown, "warnings"), "user names: anna; user names: berta");
    const struct report *report = reports_find(&calls.services.reports, anna.host.id);
    cr_assert_str_eq(report->as.faults, "");
}

Test(host_messages, who_works_at_what_was_given_up_is_told_once)
{
    static const char given_up[] = "neustadt/s-0123456789abcdef-00000007";
    struct host_message report = {.type = HOST_REPORT};
    host_message(&calls.services, anna.host.id, &report); // is answered by what there is to print with
    calls.sent_count = 0;
    for (int i = 0; i < 3; i++) {
        struct host_session *there = record_add(&report.sessions, &host_session_type);
        TEXT_PUT(there->session, given_up);
        there->connected = true;
        host_message(&calls.services, anna.host.id, &report);
    }
    cr_assert_eq(calls.sent_count, 1);
    cr_assert(calls.sent[0].message.type == HOST_MESSAGE && calls.sent[0].message.reason == HOST_BECAUSE_SUPERSEDED);
    cr_assert_str_eq(calls.sent[0].message.session, given_up);
}

// As sessions are called outside of tests.
static const char annas[] = "neustadt/s-0123456789abcdef-01234567";

static const char *user_name_for(const char *user_name, const char **password)
{
    static char name[USER_NAME_SIZE], text[OTP_TEXT_SIZE];
    struct session session = anna.session;
    TEXT_PUT(session.id, annas);
    TEXT_PUT(name, user_name);
    cr_assert(host_password(&calls.services, &session, true, name, text));
    *password = text;
    return name;
}

Test(host_messages, who_was_renamed_logs_on_by_the_name_that_finds_the_desktop)
{
    char key[OTP_KEY_TEXT_SIZE];
    const char *password = "", *rest = NULL;
    struct otp otp = {.fence = 0};
    cr_assert(otp_maker_key(calls.services.otp_maker, anna.host.id,
                            host_enrolment(state_host(calls.services.state, anna.host.id)), key));
    struct otp_key *verifies = otp_key_read(key);
    cr_assert_str_eq(user_name_for("anna.berg", &password), "anna.berg", "nothing is reported");
    reports_of(annas, "anna");
    cr_assert_str_eq(user_name_for("anna.berg", &password), "anna");
    cr_assert(otp_read(verifies, password, anna.host.id, "anna", &otp, &rest) && otp.running);
    cr_assert_str_eq(user_name_for("anna", &password), "anna");
    cr_assert(otp_read(verifies, password, anna.host.id, "anna", &otp, &rest) && !otp.running);
    reports_link(&calls.services.reports, anna.host.id, false, clock_steady_ms());
    cr_assert_str_eq(user_name_for("anna.berg", &password), "anna", "the host decides, whatever has become of it");
    reports_of(annas, "");
    cr_assert_str_eq(user_name_for("anna.berg", &password), "anna.berg");
    cr_assert(otp_read(verifies, password, anna.host.id, "anna.berg", &otp, &rest) && !otp.running);
    otp_key_free(verifies);
}

// The same person may have another id since the journal was restored: the host decides, by the account.
Test(host_messages, what_the_journal_has_lost_makes_no_way)
{
    char key[OTP_KEY_TEXT_SIZE];
    const char *password = "", *rest = NULL;
    struct otp otp = {.fence = 0};
    reports_after(anna.session.fence - 1, somebody, "anna");
    cr_assert_not(frees(anna.session.id, "anna"));
    cr_assert(otp_maker_key(calls.services.otp_maker, anna.host.id,
                            host_enrolment(state_host(calls.services.state, anna.host.id)), key));
    struct otp_key *verifies = otp_key_read(key);
    user_name_for("anna", &password);
    cr_assert(otp_read(verifies, password, anna.host.id, "anna", &otp, &rest) && otp.unrecorded);
    user_name_for("berta", &password);
    cr_assert(otp_read(verifies, password, anna.host.id, "berta", &otp, &rest) && !otp.unrecorded, "it is anna's");
    reports_as(anna.session.fence - 1, somebody, "Anna", ""); // found by the account
    user_name_for("anna", &password);
    cr_assert(otp_read(verifies, password, anna.host.id, "anna", &otp, &rest) && otp.unrecorded);
    user_name_for("berta", &password);
    cr_assert(otp_read(verifies, password, anna.host.id, "berta", &otp, &rest) && !otp.unrecorded);
    otp_key_free(verifies);
}

// ---- what becomes of somebody whom a host has let in

static void says_of_desktop(const char *host_id, int64_t fence, enum desktop_outcome outcome, bool was_running)
{
    struct host_message message = {
        .type = HOST_DESKTOP, .outcome = outcome, .fence = fence, .was_running = was_running};
    TEXT_PUT(message.session, anna.session.id);
    calls.to_desk.to[0] = 0;
    host_message(&calls.services, host_id, &message);
}

static int64_t without_desktop(void)
{
    owned(json) json_object *shown = calls_call(METHOD_SHOW, NOUN_HOST, anna.host.id, "{}");
    return codec_number(shown, "without_desktop");
}

static void desk_hears(enum device_message_type type, enum host_reason reason)
{
    cr_assert_str_eq(calls.to_desk.to, "neustadt/desk1");
    cr_assert_eq(calls.to_desk.message.type, type);
    cr_assert_eq(calls.to_desk.message.reason, reason);
    cr_assert_eq(calls.to_desk.message.fence, anna.session.fence);
}

Test(host_messages, a_desktop_is_announced_to_its_desk)
{
    says_of_desktop(anna.host.id, anna.session.fence, DESKTOP_READY, false);
    desk_hears(DEVICE_DESKTOP, HOST_BECAUSE_NONE);
    cr_assert(runs());
    cr_assert_leq(without_desktop(), 0);
}

Test(host_messages, a_desktop_that_did_not_come_ends_the_session_and_is_told)
{
    says_of_desktop(anna.host.id, anna.session.fence, DESKTOP_NO_SCREEN, false);
    desk_hears(DEVICE_END, HOST_BECAUSE_NO_DESKTOP);
    cr_assert_not(runs());
    cr_assert(strstr(calls.events, "the X server did not start"), "%s", calls.events);
    cr_assert_eq(without_desktop(), 1);
}

Test(host_messages, a_desktop_that_ended_at_once_is_called_so)
{
    says_of_desktop(anna.host.id, anna.session.fence, DESKTOP_ENDED, false);
    desk_hears(DEVICE_END, HOST_BECAUSE_DESKTOP_ENDED);
    cr_assert_not(runs());
}

Test(host_messages, a_desktop_without_a_way_to_it_goes_on)
{
    says_of_desktop(anna.host.id, anna.session.fence, DESKTOP_NO_SESSION, true);
    desk_hears(DEVICE_LOCK, HOST_BECAUSE_NO_DESKTOP);
    cr_assert_eq(state_session(calls.services.state, anna.session.id)->state, SESSION_DISCONNECTED);
}

Test(host_messages, of_foreign_and_earlier_stays_a_host_says_nothing)
{
    const char *other = text_equal(anna.host.id, "neustadt/ts1") ? "neustadt/ts2" : "neustadt/ts1";
    says_of_desktop(other, anna.session.fence, DESKTOP_ENDED, false);
    says_of_desktop(anna.host.id, anna.session.fence - 1, DESKTOP_ENDED, false);
    says_of_desktop(anna.host.id, anna.session.fence + 1, DESKTOP_READY, false);
    cr_assert_str_eq(calls.to_desk.to, "");
    cr_assert(runs());
    cr_assert_leq(without_desktop(), 0);
}

// The announcement was lost with a link.
Test(host_messages, a_desk_that_waits_is_told_once_more)
{
    struct device_message waits = {.type = DEVICE_SHOWING, .fence = anna.session.fence};
    TEXT_PUT(waits.session, anna.session.id);
    calls.to_desk.to[0] = 0;
    device_message(&calls.services, "neustadt/desk1", &waits);
    cr_assert_str_eq(calls.to_desk.to, "", "nothing is known of it yet");
    reports("anna");
    device_message(&calls.services, "neustadt/desk1", &waits);
    cr_assert_str_eq(calls.to_desk.to, "", "nobody is connected to it");
    ((struct report *)(uintptr_t)reports_find(&calls.services.reports, anna.host.id))->sessions->connected = true;
    device_message(&calls.services, "neustadt/desk1", &waits);
    desk_hears(DEVICE_DESKTOP, HOST_BECAUSE_NONE);
}
