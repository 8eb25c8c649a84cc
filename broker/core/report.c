// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/report.h"
#include "broker/base/text.h"

#include <assert.h>
#include <stdlib.h>

struct shut_out {
    char session[ID_SIZE]; // the key
    char host[ID_SIZE];
};

enum { FAILURE_HALF_MS = 60 * 1000, FAILURES_MAX = 255000, EASY = 700, FULL = 1000 };

static void report_free(struct report *report)
{
    free(report->sessions);
    free(report);
}

static struct report *report_of(struct reports *reports, const char *host_id)
{
    struct report *report = sorted_table_find(&reports->table, host_id);
    if (report)
        return report;
    report = mem_new(1, sizeof *report);
    TEXT_PUT(report->host, host_id);
    sorted_table_put(&reports->table, report);
    return report;
}

void reports_clear(struct reports *reports)
{
    for (size_t i = 0; i < reports->table.count; i++)
        free(((struct report *)reports->table.records[i])->sessions);
    sorted_table_clear(&reports->table);
    sorted_table_clear(&reports->shut_out);
}

const struct report *reports_find(const struct reports *reports, const char *host_id)
{
    return sorted_table_find(&reports->table, host_id);
}

void reports_link(struct reports *reports, const char *host_id, bool up, int64_t now_ms)
{
    struct report *report = report_of(reports, host_id);
    if (report->linked == up)
        return;
    report->linked = up;
    report->changed_ms = now_ms;
    report->printing[0] = 0;
}

bool reports_printing(struct reports *reports, const char *host_id, const char *digest)
{
    struct report *report = report_of(reports, host_id);
    bool news = !text_equal(report->printing, digest);
    TEXT_PUT(report->printing, digest);
    return news;
}

static void forget_shut_out(struct reports *reports, const char *host_id)
{
    for (size_t i = reports->shut_out.count; i-- > 0;) {
        const struct shut_out *one = reports->shut_out.records[i];
        if (text_equal(one->host, host_id))
            free(sorted_table_take(&reports->shut_out, one->session));
    }
}

void reports_take(struct reports *reports, const char *host_id, const struct host_message *as,
                  struct host_session *sessions, size_t count, int64_t last_seq, int64_t now_ms)
{
    struct report *report = report_of(reports, host_id);
    assert(count <= HOST_SESSIONS_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct host_session *before = report_session(report, sessions[i].session);
        sessions[i].unrecorded = sessions[i].fence > last_seq || (before && before->unrecorded);
        sessions[i].told_unprinted =
            before && before->told_unprinted && before->unprinted_ms == sessions[i].unprinted_ms;
    }
    forget_shut_out(reports, host_id);
    free(report->sessions);
    report->sessions = sessions;
    report->session_count = count;
    report->as = *as;
    report->heard_ms = now_ms;
    if (!report->linked) { // what was known of its link was forgotten with a removal that did not come to be
        report->linked = true;
        report->changed_ms = now_ms;
    }
}

void reports_told_unprinted(struct reports *reports, const char *host_id, const char *session_id)
{
    struct report *report = sorted_table_find(&reports->table, host_id);
    for (size_t i = 0; report && i < report->session_count; i++)
        if (text_equal(report->sessions[i].session, session_id))
            report->sessions[i].told_unprinted = true;
}

bool reports_unrecorded(const struct reports *reports, const char *session_id)
{
    for (size_t i = 0; i < reports->table.count; i++) {
        const struct host_session *there = report_session(reports->table.records[i], session_id);
        if (there && there->unrecorded)
            return true;
    }
    return false;
}

static int64_t failures_now(const struct report *report, int64_t now_ms)
{
    int64_t halvings = (now_ms - report->failed_ms) / FAILURE_HALF_MS;
    return halvings > 30 ? 0 : report->failures >> halvings;
}

// Since when its agent has been silent; now: it is not.
static int64_t silent_from_ms(const struct reports *reports, const struct report *report, int64_t now_ms)
{
    if (!report || !report->heard_ms)
        return awake_from_ms(&reports->awake, 0) + REPORT_START_MS;
    if (!report->linked)
        return awake_from_ms(&reports->awake, report->changed_ms);
    int64_t from_ms = awake_from_ms(&reports->awake, report->heard_ms) + REPORT_STALE_MS;
    return from_ms < now_ms ? from_ms : now_ms;
}

static void shut_out(struct reports *reports, const char *host_id, const char *session_id)
{
    struct shut_out *one = mem_new(1, sizeof *one);
    TEXT_PUT(one->session, session_id);
    TEXT_PUT(one->host, host_id);
    free(sorted_table_put(&reports->shut_out, one));
}

bool reports_shut_out(const struct reports *reports, const char *session_id)
{
    return sorted_table_find(&reports->shut_out, session_id) != NULL;
}

// Each one doubles it: a host that lets nobody in has the fewest sessions of all, and must not draw everybody.
void reports_failed(struct reports *reports, const char *host_id, const char *session_id, int64_t now_ms)
{
    if (now_ms - silent_from_ms(reports, reports_find(reports, host_id), now_ms) >= REPORT_SHUT_OUT_MS)
        shut_out(reports, host_id, session_id);
    struct report *report = report_of(reports, host_id);
    int64_t failures = 2 * failures_now(report, now_ms) + 1000;
    report->failures = failures > FAILURES_MAX ? FAILURES_MAX : failures;
    report->failed_ms = now_ms;
}

static struct desktop_failure *failure_of(struct report *report, const char *person_id)
{
    struct desktop_failure *oldest = &report->no_desktop[0];
    for (size_t i = 0; i < REPORT_FAILURES_MAX; i++) {
        struct desktop_failure *one = &report->no_desktop[i];
        if (text_equal(one->person, person_id))
            return one;
        if (one->at_ms < oldest->at_ms)
            oldest = one;
    }
    return oldest;
}

void reports_desktop(struct reports *reports, const char *host_id, const char *person_id, enum desktop_outcome outcome,
                     bool is_new, int64_t now_ms)
{
    struct report *report = report_of(reports, host_id);
    struct desktop_failure *failure = failure_of(report, person_id);
    if (outcome != DESKTOP_READY) {
        TEXT_PUT(failure->person, person_id);
        failure->outcome = outcome;
        failure->at_ms = now_ms;
        return;
    }
    if (text_equal(failure->person, person_id))
        *failure = (struct desktop_failure){.at_ms = 0};
    if (is_new)
        report->desktop_ms = now_ms;
}

static bool is_lately(const struct desktop_failure *failure, int64_t now_ms)
{
    return failure->person[0] && now_ms - failure->at_ms < REPORT_FAILING_MS;
}

bool report_is_failing(const struct report *report, int64_t now_ms)
{
    int people = 0;
    for (size_t i = 0; i < REPORT_FAILURES_MAX; i++)
        people += is_lately(&report->no_desktop[i], now_ms) && report->no_desktop[i].at_ms > report->desktop_ms;
    return people >= REPORT_FAILING_PEOPLE;
}

int64_t report_without_desktop(const struct report *report, int64_t now_ms, const struct desktop_failure **last)
{
    int64_t people = 0;
    *last = NULL;
    for (size_t i = 0; report && i < REPORT_FAILURES_MAX; i++) {
        const struct desktop_failure *one = &report->no_desktop[i];
        if (!is_lately(one, now_ms))
            continue;
        people++;
        if (!*last || one->at_ms > (*last)->at_ms)
            *last = one;
    }
    return people;
}

const struct desktop_failure *report_failure_of(const struct report *report, const char *person_id, int64_t now_ms)
{
    for (size_t i = 0; report && i < REPORT_FAILURES_MAX; i++)
        if (is_lately(&report->no_desktop[i], now_ms) && text_equal(report->no_desktop[i].person, person_id))
            return &report->no_desktop[i];
    return NULL;
}

void reports_forget(struct reports *reports, const char *host_id)
{
    forget_shut_out(reports, host_id);
    struct report *report = sorted_table_take(&reports->table, host_id);
    if (report)
        report_free(report);
}

bool reports_surplus(struct reports *reports, const char *host_id, size_t shown)
{
    struct report *report = report_of(reports, host_id);
    bool more = shown > report->surplus_shown;
    report->surplus_shown = shown;
    return more;
}

bool report_is_fresh(const struct reports *reports, const char *host_id, int64_t now_ms)
{
    const struct report *report = reports_find(reports, host_id);
    return report && report->heard_ms && report->linked && silent_from_ms(reports, report, now_ms) == now_ms;
}

enum host_health report_health(const struct reports *reports, const char *host_id, enum host_health probed,
                               int64_t now_ms, const char **detail)
{
    const struct report *report = reports_find(reports, host_id);
    int64_t silent_ms = now_ms - silent_from_ms(reports, report, now_ms);
    if (!report || !report->heard_ms) {
        if (silent_ms < 0)
            return probed;
        *detail = "its agent has not connected since the broker started";
        return HOST_SILENT;
    }
    if (!report->linked || silent_ms > 0) {
        *detail = silent_ms < REPORT_PATIENCE_MS ? "its agent has just stopped reporting"
                                                 : "its agent does not report: who works there goes on, and gets "
                                                   "there again; nobody new is sent";
        return HOST_SILENT;
    }
    if (report->as.faults[0]) {
        *detail = report->as.faults;
        return HOST_UNHEALTHY;
    }
    if (report_is_failing(report, now_ms)) {
        *detail = "several people were let in there and got no desktop";
        return HOST_FAILING;
    }
    return probed;
}

// Nothing up to 70 %, then up to as much again at 100 %.
static int64_t load_penalty_of(int64_t permille)
{
    return permille <= EASY ? 0 : (permille - EASY) * FULL / (FULL - EASY);
}

int64_t report_load_penalty(const struct reports *reports, const char *host_id, int64_t now_ms)
{
    const struct report *report = reports_find(reports, host_id);
    if (!report)
        return 0;
    int64_t penalty = failures_now(report, now_ms);
    if (!report->heard_ms)
        return penalty;
    return penalty + load_penalty_of(report->as.cpu) + load_penalty_of(report->as.memory) + 2 * report->as.pressure;
}

int64_t report_fence(const struct reports *reports, const char *host_id)
{
    const struct report *report = reports_find(reports, host_id);
    return report ? report->as.fence : 0;
}

const struct host_session *report_session(const struct report *report, const char *session_id)
{
    for (size_t i = 0; report && i < report->session_count; i++)
        if (text_equal(report->sessions[i].session, session_id))
            return &report->sessions[i];
    return NULL;
}
