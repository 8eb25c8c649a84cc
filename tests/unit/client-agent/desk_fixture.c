// SPDX-License-Identifier: EUPL-1.2
#include "tests/unit/client-agent/desk_fixture.h"
#include "broker/api/record.h"
#include "broker/base/text.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct desk_fixture fixture;

static void note(const char *word)
{
    size_t used = strlen(fixture.asked);
    snprintf(fixture.asked + used, sizeof fixture.asked - used, "%s%s", used ? " " : "", word);
}

static void ask_ticket(void *arg, unsigned number, const char *name, const struct secret *password)
{
    (void)arg, (void)password;
    cr_assert_str_eq(name, "anna");
    fixture.attempt = number;
    note("ticket");
}

static void ask_broker(void *arg, unsigned number, const char *name, const struct secret *password,
                       const char *authorization)
{
    (void)arg, (void)name;
    fixture.attempt = number;
    note(authorization ? authorization : "password");
    fixture.password = *password;
}

static void ask_jobs(void *arg, unsigned number, const struct desk_order *order, const char *name,
                     const struct secret *password, const char *authorization)
{
    static const char *const words[] = {"desktop?", "jobs", "release", "cancel"};
    (void)arg, (void)name;
    fixture.attempt = number;
    note(words[order->wish]);
    if (authorization)
        note(authorization);
    fixture.order = *order;
    fixture.password = *password;
}

static void ask_change(void *arg, unsigned number, bool at_kdc, const char *name, const struct secret *old_password,
                       const struct secret *new_password)
{
    (void)arg, (void)name, (void)old_password;
    fixture.attempt = number;
    note(at_kdc ? "kpasswd" : "change");
    fixture.password = *new_password;
}

static void open_view(void *arg, const struct logon_answer *answer, const struct secret *password)
{
    (void)arg;
    note("open");
    cr_assert_str_eq(answer->address, "ts1");
    fixture.password = *password;
}

static void resume_view(void *arg, const char *one_time_password)
{
    (void)arg;
    note("resume");
    TEXT_PUT(fixture.one_time_password, one_time_password);
}

static void close_view(void *arg)
{
    (void)arg;
    note("close");
}

static void cover(void *arg, bool by_greeter)
{
    (void)arg;
    note(by_greeter ? "cover" : "uncover");
}

static void hear_notice(void *arg, const struct device_message *message)
{
    (void)arg, (void)message;
    note("notice");
}

static void show_face(void *arg, const struct desk_face *face)
{
    (void)arg;
    TEXT_PUT(fixture.sentence, face->sentence);
    TEXT_PUT(fixture.where, face->where);
    TEXT_PUT(fixture.help_desk, face->help_desk);
    TEXT_PUT(fixture.name, face->name);
    fixture.idle = face->idle;
    fixture.jobs_shown = face->own ? (int)face->own->jobs.count : -1;
}

static void mark(void *arg)
{
    (void)arg;
    note("mark");
}

static void report(void *arg, const struct device_message *message)
{
    (void)arg;
    fixture.told = *message;
    note(message->type == DEVICE_STATE     ? desk_report_words[message->state]
         : message->type == DEVICE_SHOWING ? "hello"
                                           : device_link_types[message->type].name);
}

static void set_timer(void *arg, int64_t wait_ms)
{
    (void)arg;
    fixture.timer_ms = wait_ms;
}

static void announce(void *arg)
{
    (void)arg;
    note("announce");
}

static const struct desk_ports ports = {.ticket = ask_ticket,
                                        .log_on = ask_broker,
                                        .jobs = ask_jobs,
                                        .change = ask_change,
                                        .open = open_view,
                                        .resume = resume_view,
                                        .announce = announce,
                                        .close = close_view,
                                        .cover = cover,
                                        .notice = hear_notice,
                                        .face = show_face,
                                        .mark = mark,
                                        .report = report,
                                        .timer = set_timer};

void desk_fixture_open(bool has_realm)
{
    fixture.desk = desk_new(&ports, NULL, has_realm, "115");
    fixture.asked[0] = 0;
    fixture.timer_ms = 0;
}

void desk_fixture_close(void)
{
    desk_free(fixture.desk);
}

struct secret desk_fixture_secret(const char *text)
{
    struct secret password;
    cr_assert(secret_set(&password, text, strlen(text)));
    return password;
}

void desk_fixture_log_on(void)
{
    struct secret password = desk_fixture_secret("geheim");
    desk_log_on(fixture.desk, DESK_WANTS_DESKTOP, "anna", &password);
}

void desk_fixture_ask_jobs(void)
{
    struct secret password = desk_fixture_secret("geheim");
    desk_log_on(fixture.desk, DESK_WANTS_JOBS, "anna", &password);
}

static void fill_jobs(struct own_jobs *own, int count, enum own_problem problem)
{
    *own = (struct own_jobs){.problem = problem};
    for (int i = 0; i < count; i++) {
        struct own_job *job = record_add(&own->jobs, &own_job_type);
        snprintf(job->job, sizeof job->job, "j-%d", i);
    }
    static const struct own_printer printers[] = {{"neustadt/room1", "Zimmer 12"}, {"neustadt/room2", "Flur 2"}};
    for (size_t i = 0; i < 2; i++)
        *(struct own_printer *)record_add(&own->printers, &own_printer_type) = printers[i];
}

void desk_fixture_tell_jobs(int count, enum own_problem problem)
{
    struct own_jobs own;
    fill_jobs(&own, count, problem);
    desk_own_jobs(fixture.desk, fixture.attempt, &own);
    own_jobs_free(&own);
}

void desk_fixture_link_tells_jobs(int64_t fence, int count, enum own_problem problem)
{
    struct device_message message = {.type = DEVICE_OWN_JOBS, .fence = fence, .session = "neustadt/s-1"};
    fill_jobs(&message.own, count, problem);
    desk_link_message(fixture.desk, &message);
    own_jobs_free(&message.own);
}

void desk_fixture_order(enum desk_wish wish, const char *job, const char *printer)
{
    struct desk_order order = {.wish = wish};
    TEXT_PUT(order.job, job);
    TEXT_PUT(order.printer, printer);
    desk_jobs_order(fixture.desk, &order);
}

struct logon_answer desk_fixture_good_answer(void)
{
    struct logon_answer answer = {
        .fence = 7, .port = 3389, .session = "neustadt/s-1", .address = "ts1", .user_name = "anna"};
    memset(answer.fingerprint, 'a', DIGEST_SIZE - 1);
    return answer;
}

void desk_fixture_answer_well(void)
{
    struct logon_answer answer = desk_fixture_good_answer();
    desk_answer(fixture.desk, fixture.attempt, REFUSAL_NONE, &answer, "", 0);
}

void desk_fixture_answer_no(enum refusal refusal)
{
    desk_answer(fixture.desk, fixture.attempt, refusal, NULL, "", 0);
}

void desk_fixture_answer_later(enum refusal refusal, int64_t retry_after_s)
{
    desk_answer(fixture.desk, fixture.attempt, refusal, NULL, "", retry_after_s);
}

void desk_fixture_answer_waking(int64_t retry_after_s)
{
    desk_fixture_answer_later(REFUSAL_HOST_WAKING, retry_after_s);
}

void desk_fixture_give_ticket(enum refusal refusal, bool no_kdc)
{
    struct desk_ticket ticket = {.refusal = refusal, .no_kdc = no_kdc, .authorization = "Negotiate-x"};
    desk_ticket(fixture.desk, fixture.attempt, &ticket);
}

void desk_fixture_choose(const char *text)
{
    struct secret password = desk_fixture_secret(text);
    desk_new_password(fixture.desk, &password);
}

void desk_fixture_link_says(enum device_message_type type, int64_t fence, const char *place)
{
    struct device_message message = {.type = type, .fence = fence, .session = "neustadt/s-1"};
    TEXT_PUT(message.place, place);
    message.reason = HOST_BECAUSE_ADMIN;
    desk_link_message(fixture.desk, &message);
}

void desk_fixture_ends(enum session_view_end end)
{
    desk_view(fixture.desk, VIEW_ENDED, end);
}

// Brings a fresh desk into a state, by the way people go.
void desk_fixture_bring_to(enum desk_state state)
{
    desk_fixture_open(false);
    if (state == DESK_JOBS)
        desk_fixture_ask_jobs();
    else if (state != DESK_GREETING)
        desk_fixture_log_on();
    if (state == DESK_CHANGING || state == DESK_RENEWING)
        desk_fixture_answer_no(REFUSAL_PASSWORD_EXPIRED);
    if (state == DESK_RENEWING)
        desk_fixture_choose("neu");
    if (state == DESK_WAKING)
        desk_fixture_answer_waking(5);
    if (state == DESK_JOBS)
        desk_fixture_tell_jobs(2, OWN_PROBLEM_NONE);
    else if (state >= DESK_CONNECTING)
        desk_fixture_answer_well();
    if (state == DESK_CONNECTED || state == DESK_RECONNECTING || state == DESK_SESSION_JOBS)
        desk_view(fixture.desk, VIEW_SHOWN, 0);
    if (state == DESK_RECONNECTING)
        desk_view(fixture.desk, VIEW_BROKEN, 0);
    if (state == DESK_SESSION_JOBS) {
        desk_link_up(fixture.desk);
        desk_jobs_key(fixture.desk);
        desk_fixture_link_tells_jobs(7, 2, OWN_PROBLEM_NONE);
    }
    if (state == DESK_CLOSING)
        desk_cancel(fixture.desk);
    cr_assert_eq(desk_state(fixture.desk), state);
    fixture.asked[0] = 0;
}
