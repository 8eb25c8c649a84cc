// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/report.h"
#include "broker/base/text.h"

#include <assert.h>
#include <stdlib.h>

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
}

void reports_take(struct reports *reports, const char *host_id, const struct host_message *as,
                  struct host_session *sessions, size_t count, int64_t last_seq, int64_t now_ms)
{
    struct report *report = report_of(reports, host_id);
    assert(count <= HOST_SESSIONS_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct host_session *before = report_session(report, sessions[i].session);
        sessions[i].unrecorded = sessions[i].fence > last_seq || (before && before->unrecorded);
    }
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

// Each one doubles it: a host that lets nobody in has the fewest sessions of all, and must not draw everybody.
void reports_failed(struct reports *reports, const char *host_id, int64_t now_ms)
{
    struct report *report = report_of(reports, host_id);
    int64_t failures = 2 * failures_now(report, now_ms) + 1000;
    report->failures = failures > FAILURES_MAX ? FAILURES_MAX : failures;
    report->failed_ms = now_ms;
}

void reports_forget(struct reports *reports, const char *host_id)
{
    struct report *report = sorted_table_take(&reports->table, host_id);
    if (report)
        report_free(report);
}

static enum host_health silent(int64_t since_ms, int64_t now_ms, const char **detail)
{
    bool patient = now_ms - since_ms < REPORT_PATIENCE_MS;
    *detail =
        patient ? "its agent has just stopped reporting" : "its agent does not report: what runs there is unknown";
    return patient ? HOST_SILENT : HOST_LOST;
}

bool report_is_fresh(const struct reports *reports, const char *host_id, int64_t now_ms)
{
    const struct report *report = reports_find(reports, host_id);
    return report && report->heard_ms && report->linked && now_ms - report->heard_ms <= REPORT_STALE_MS;
}

enum host_health report_health(const struct reports *reports, const char *host_id, enum host_health probed,
                               int64_t now_ms, const char **detail)
{
    const struct report *report = reports_find(reports, host_id);
    if (!report || !report->heard_ms) {
        if (now_ms - reports->started_ms < REPORT_START_MS)
            return probed;
        *detail = "its agent has not connected since the broker started";
        return HOST_LOST;
    }
    if (!report->linked)
        return silent(report->changed_ms, now_ms, detail);
    if (now_ms - report->heard_ms > REPORT_STALE_MS)
        return silent(report->heard_ms + REPORT_STALE_MS, now_ms, detail);
    if (report->as.faults[0]) {
        *detail = report->as.faults;
        return HOST_UNHEALTHY;
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
