// SPDX-License-Identifier: EUPL-1.2
#include "tests/unit/client-agent/desk_fixture.h"
#include "broker/base/text.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct visit visit;

static void note(const char *word)
{
    size_t used = strlen(visit.asked);
    snprintf(visit.asked + used, sizeof visit.asked - used, "%s%s", used ? " " : "", word);
}

static void ask_ticket(void *arg, unsigned number, const char *name, const struct secret *password)
{
    (void)arg, (void)password;
    cr_assert_str_eq(name, "anna");
    visit.attempt = number;
    note("ticket");
}

static void ask_broker(void *arg, unsigned number, const char *name, const struct secret *password,
                       const char *authorization)
{
    (void)arg, (void)name;
    visit.attempt = number;
    note(authorization ? authorization : "password");
    visit.password = *password;
}

static void ask_change(void *arg, unsigned number, bool at_kdc, const char *name, const struct secret *old_password,
                       const struct secret *new_password)
{
    (void)arg, (void)name, (void)old_password;
    visit.attempt = number;
    note(at_kdc ? "kpasswd" : "change");
    visit.password = *new_password;
}

static void open_view(void *arg, const struct logon_answer *answer, const struct secret *password)
{
    (void)arg;
    note("open");
    cr_assert_str_eq(answer->address, "ts1");
    visit.password = *password;
}

static void resume_view(void *arg, const char *one_time_password)
{
    (void)arg;
    note("resume");
    TEXT_PUT(visit.one_time_password, one_time_password);
}

static void close_view(void *arg)
{
    (void)arg;
    note("close");
}

static void show_face(void *arg, const struct desk_face *face)
{
    (void)arg;
    TEXT_PUT(visit.sentence, face->sentence);
    TEXT_PUT(visit.where, face->where);
    TEXT_PUT(visit.help_desk, face->help_desk);
}

static void report(void *arg, const struct link_message *message)
{
    (void)arg;
    visit.told = *message;
    note(message->type == LINK_HELLO   ? "hello"
         : message->type == LINK_RENEW ? "renew"
                                       : desk_report_words[message->state]);
}

static void set_timer(void *arg, int64_t wait_ms)
{
    (void)arg;
    visit.timer_ms = wait_ms;
}

static const struct desk_ports ports = {ask_ticket, ask_broker, ask_change, open_view, resume_view,
                                        close_view, show_face,  report,     set_timer};

void visit_open(bool has_realm)
{
    visit.desk = desk_new(&ports, NULL, has_realm, "115");
    visit.asked[0] = 0;
    visit.timer_ms = 0;
}

void visit_close(void)
{
    desk_free(visit.desk);
}

struct secret visit_secret(const char *text)
{
    struct secret password;
    cr_assert(secret_set(&password, text, strlen(text)));
    return password;
}

void visit_log_on(void)
{
    struct secret password = visit_secret("geheim");
    desk_log_on(visit.desk, "anna", &password);
}

struct logon_answer visit_good_answer(void)
{
    struct logon_answer answer = {
        .fence = 7, .port = 3389, .session = "neustadt/s-1", .address = "ts1", .login = "anna"};
    memset(answer.fingerprint, 'a', DIGEST_SIZE - 1);
    return answer;
}

void visit_answer_well(void)
{
    struct logon_answer answer = visit_good_answer();
    desk_answer(visit.desk, visit.attempt, REFUSAL_NONE, &answer, "", 0);
}

void visit_answer_no(enum refusal refusal)
{
    desk_answer(visit.desk, visit.attempt, refusal, NULL, "", 0);
}

void visit_answer_waking(int64_t retry_after_s)
{
    desk_answer(visit.desk, visit.attempt, REFUSAL_HOST_WAKING, NULL, "", retry_after_s);
}

void visit_give_ticket(enum refusal refusal, bool no_kdc)
{
    struct desk_ticket ticket = {.refusal = refusal, .no_kdc = no_kdc, .authorization = "Negotiate-x"};
    desk_ticket(visit.desk, visit.attempt, &ticket);
}

void visit_choose(const char *text)
{
    struct secret password = visit_secret(text);
    desk_new_password(visit.desk, &password);
}

void visit_link_says(enum link_type type, int64_t fence, const char *place)
{
    struct link_message message = {.type = type, .fence = fence, .session = "neustadt/s-1"};
    TEXT_PUT(message.place, place);
    message.because = HOST_BECAUSE_ADMIN;
    desk_link_message(visit.desk, &message);
}

void visit_ends(enum session_view_end end)
{
    desk_view(visit.desk, VIEW_ENDED, end);
}

// Brings a fresh desk into a state, by the way people go.
void visit_bring_to(enum desk_state state)
{
    visit_open(false);
    if (state != DESK_GREETING)
        visit_log_on();
    if (state == DESK_CHANGING || state == DESK_RENEWING)
        visit_answer_no(REFUSAL_PASSWORD_EXPIRED);
    if (state == DESK_RENEWING)
        visit_choose("neu");
    if (state == DESK_WAKING)
        visit_answer_waking(5);
    if (state >= DESK_CONNECTING)
        visit_answer_well();
    if (state == DESK_CONNECTED || state == DESK_RECONNECTING)
        desk_view(visit.desk, VIEW_SHOWN, 0);
    if (state == DESK_RECONNECTING)
        desk_view(visit.desk, VIEW_BROKEN, 0);
    if (state == DESK_CLOSING)
        desk_cancel(visit.desk);
    cr_assert_eq(desk_state(visit.desk), state);
    visit.asked[0] = 0;
}
