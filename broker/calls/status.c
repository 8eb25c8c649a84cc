// SPDX-License-Identifier: EUPL-1.2
// How the broker is: for administrators, for Prometheus, for load balancers; and the journal for reading.
#include "broker/api/link_rows.h"
#include "broker/api/openapi.h"
#include "broker/api/record.h"
#include "broker/base/log.h"
#include "broker/calls/services.h"
#include "broker/calls/status_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t hosts_usable(const struct services *services, const struct request *request, int64_t *all)
{
    int64_t usable = 0;
    struct wall_walk walk = wall_walk_seen(services->state, &request->peer, NOUN_HOST, "");
    for (const struct host *host; (host = wall_next(&walk)); ++*all)
        usable += host_is_available(&services->health, host->id);
    return usable;
}

static int64_t count_seen(const struct services *services, const struct request *request, enum noun noun)
{
    int64_t count = 0;
    struct wall_walk walk = wall_walk_seen(services->state, &request->peer, noun, "");
    while (wall_next(&walk))
        count++;
    return count;
}

static int64_t channels_seen(const struct services *services, const struct request *request)
{
    int64_t count = 0;
    const struct sorted_table *open = &services->channels.open;
    for (size_t i = 0; i < open->count; i++)
        count += wall_can_see(services->state, &request->peer, NOUN_CHANNEL, open->records[i]);
    return count;
}

static int64_t devices_online(const struct services *services, const struct request *request)
{
    int64_t count = 0;
    struct wall_walk walk = wall_walk_seen(services->state, &request->peer, NOUN_DEVICE, "");
    for (const struct device *device; (device = wall_next(&walk));)
        count += services->links.online(services->links.self, NOUN_DEVICE, device->id);
    return count;
}

void call_status(struct services *services, struct request *request)
{
    struct status_answer answer = {
        .version = PULT_VERSION,
        .since_ms = services->started_ms,
        .events = (int64_t)commit_last_seq(services->commit),
        .store = commit_is_refusing(services->commit) ? STORE_IS_REFUSING : STORE_IS_OK,
        .tenants = count_seen(services, request, NOUN_TENANT),
        .devices = count_seen(services, request, NOUN_DEVICE),
        .devices_online = devices_online(services, request),
        .sessions = count_seen(services, request, NOUN_SESSION),
        .channels = channels_seen(services, request),
        .hosts_draining = status_report_draining(services, &request->peer),
        .device_ca_until_ms = services->ca.until_ms,
        .disk_free_permille = services->disk_free_permille,
    };
    answer.hosts_ok = hosts_usable(services, request, &answer.hosts);
    status_report_own_certificates(&answer.own_certificates, services, &request->peer);
    status_report_certificates(&answer.certificates_ending, services, &request->peer);
    status_report_grants(&answer.grants_ending, services, &request->peer);
    status_report_shared(&answer.identities_shared, services, &request->peer);
    status_report_names(&answer.names_reused, services, &request->peer);
    status_report_directories(&answer.directories, services, &request->peer);
    status_report_problems(&answer.problems, services, &request->peer);
    status_report_printing(&answer.printing, services, &request->peer);
    status_report_gateways(&answer.gateways, services, &request->peer);
    status_report_floods(&answer.floods, services, &request->peer);
    status_report_agents(&answer.agents, services, &request->peer);
    status_report_guesses(&answer.guesses, services, &request->peer);
    request_answer(request, &answer);
    record_free(status_answer_type.fields, &answer);
}

void call_health(struct services *services, struct request *request)
{
    const struct health_answer answer = {0};
    if (commit_is_refusing(services->commit))
        request_refuse(request, REFUSAL_STORE_DOWN, NULL);
    else
        request_answer(request, &answer);
}

static void print_links(struct text *text, const struct services *services)
{
    static const struct {
        const char *name, *type;
        size_t offset;
    } rows[] = {
        {"pult_links", "gauge", offsetof(struct link_figures, linked)},
        {"pult_links_refused_total", "counter", offsetof(struct link_figures, refused)},
        {"pult_link_messages_skipped_total", "counter", offsetof(struct link_figures, skipped_messages)},
        {"pult_link_fields_skipped_total", "counter", offsetof(struct link_figures, skipped_fields)},
        {"pult_link_messages_refused_total", "counter", offsetof(struct link_figures, refused_messages)},
        {"pult_link_messages_refused_by_agents_total", "counter", offsetof(struct link_figures, refused_by_agent)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        text_addf(text, "# TYPE %s %s\n", rows[i].name, rows[i].type);
        for (size_t k = 0; k < link_count; k++) {
            struct link_figures figures;
            services->links.figures(services->links.self, link_rows[k].noun, &figures);
            text_addf(text, "%s{noun=\"%s\"} %llu\n", rows[i].name, noun_rows[link_rows[k].noun].name,
                      (unsigned long long)*(const uint64_t *)(const void *)((const char *)&figures + rows[i].offset));
        }
    }
}

static void print_listeners(struct text *text, const struct services *services)
{
    static const char *const ports[] = {
        [LISTENER_PUBLIC] = "public", [LISTENER_DEVICE] = "device",   [LISTENER_ADMIN] = "admin",
        [LISTENER_PORTAL] = "portal", [LISTENER_GATEWAY] = "gateway",
    };
    static const struct {
        const char *name, *type;
        size_t offset;
    } rows[] = {
        {"pult_unproven_connections", "gauge", offsetof(struct listener_figures, unproven)},
        {"pult_unproven_dropped_full_total", "counter", offsetof(struct listener_figures, dropped_full)},
        {"pult_unproven_dropped_late_total", "counter", offsetof(struct listener_figures, dropped_late)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        text_addf(text, "# TYPE %s %s\n", rows[i].name, rows[i].type);
        for (enum listener_kind kind = 0; kind < LISTENER_COUNT; kind++) {
            struct listener_figures figures;
            services->listeners.figures(services->listeners.self, kind, &figures);
            text_addf(text, "%s{port=\"%s\"} %llu\n", rows[i].name, ports[kind],
                      (unsigned long long)*(const uint64_t *)(const void *)((const char *)&figures + rows[i].offset));
        }
    }
}

static void print_printing(struct text *text, const struct services *services)
{
    const struct print_jobs *jobs = &services->print_jobs;
    size_t counts[JOB_STATE_COUNT] = {0}, printers[PRINTER_UNREACHABLE + 1] = {0};
    for (size_t i = 0; i < jobs->jobs.count; i++)
        counts[((const struct known_job *)jobs->jobs.records[i])->state]++;
    for (size_t i = 0; i < jobs->printers.count; i++)
        printers[((const struct known_printer *)jobs->printers.records[i])->state]++;
    text_adds(text, "# TYPE pult_print_jobs gauge\n");
    for (enum job_state state = 0; state < JOB_STATE_COUNT; state++)
        text_addf(text, "pult_print_jobs{state=\"%s\"} %zu\n", job_state_words[state], counts[state]);
    text_adds(text, "# TYPE pult_printers gauge\n");
    for (enum printer_state state = PRINTER_IDLE; state <= PRINTER_UNREACHABLE; state++)
        text_addf(text, "pult_printers{state=\"%s\"} %zu\n", printer_state_words[state], printers[state]);
    text_addf(text, "# TYPE pult_print_routes_total counter\npult_print_routes_total %llu\n",
              (unsigned long long)services->counters.routes);
    text_addf(text, "# TYPE pult_pages_printed_total counter\npult_pages_printed_total %llu\n",
              (unsigned long long)services->counters.pages);
}

static void print_channels(struct text *text, const struct services *services)
{
    size_t counts[CHANNEL_WAY_COUNT] = {0};
    for (size_t i = 0; i < services->channels.open.count; i++)
        counts[((const struct known_channel *)services->channels.open.records[i])->way]++;
    text_adds(text, "# TYPE pult_channels gauge\n");
    for (enum channel_way way = 0; way < CHANNEL_WAY_COUNT; way++)
        text_addf(text, "pult_channels{way=\"%s\"} %zu\n", channel_way_words[way], counts[way]);
}

void call_metrics(struct services *services, struct request *request)
{
    struct text text = {0};
    const struct counters *counters = &services->counters;
    text_addf(&text, "# TYPE pult_logons_total counter\npult_logons_total %llu\n",
              (unsigned long long)counters->logons);
    text_addf(&text, "# TYPE pult_logons_refused_total counter\npult_logons_refused_total %llu\n",
              (unsigned long long)counters->logons_refused);
    text_addf(&text, "# TYPE pult_moves_total counter\npult_moves_total %llu\n", (unsigned long long)counters->moves);
    text_addf(&text, "# TYPE pult_events_total counter\npult_events_total %llu\n",
              (unsigned long long)commit_last_seq(services->commit));
    text_addf(&text, "# TYPE pult_sessions gauge\npult_sessions %zu\n", state_count(services->state, NOUN_SESSION));
    print_links(&text, services);
    print_listeners(&text, services);
    print_printing(&text, services);
    print_channels(&text, services);
    if (services->disk_free_permille >= 0)
        text_addf(&text, "# TYPE pult_journal_disk_free_ratio gauge\npult_journal_disk_free_ratio %lld.%03lld\n",
                  (long long)services->disk_free_permille / 1000, (long long)services->disk_free_permille % 1000);
    text_addf(&text, "# TYPE pult_store_refusing gauge\npult_store_refusing %d\n",
              commit_is_refusing(services->commit));
    request_answer_text(request, &text);
}

// False: it cannot be read. The event is large, and the caller's to lend.
static bool add_event(struct record_list *items, struct event *event, const struct store_event *stored)
{
    struct fault why;
    if (!event_read(event, stored->payload, stored->length, &why))
        return false;
    struct event_answer *item = record_add(items, &event_answer_type);
    item->seq = (int64_t)stored->seq;
    item->at_ms = stored->at_ms;
    event_name(event, item->type);
    TEXT_PUT(item->by, event->by);
    TEXT_PUT(item->why, event->why);
    TEXT_PUT(item->from, event->from);
    item->noun = event->noun;
    if (event->noun != NOUN_NONE)
        TEXT_PUT(item->id, event->record.id);
    if (event->noun != NOUN_NONE && !event_has_id_only(event))
        item->record = event->record;
    return true;
}

// False: one of them cannot be read. What is erased is left out.
static bool add_events(struct record_list *items, const struct store_event *events, size_t count)
{
    owned(bytes) struct event *event = mem_new(1, sizeof *event);
    for (size_t i = 0; i < count; i++)
        if (events[i].payload && !add_event(items, event, &events[i]))
            return false;
    return true;
}

struct event_list {
    struct services *services;
    struct request *request;
};

static void answer_events(void *arg, const struct store_event *events, size_t count, const struct fault *why)
{
    struct event_list *list = arg;
    struct request *request = list->request;
    uint64_t last = count ? events[count - 1].seq : 0;
    bool more = (int64_t)count == request->page.limit && last < commit_last_seq(list->services->commit);
    free(list);
    static const struct fault unreadable = {.kind = FAULT_BROKEN, .text = "an event cannot be read"};
    struct events_answer answer = {0};
    if (why || !add_events(&answer.items, events, count)) {
        request_refuse_fault(request, why ? why : &unreadable);
    } else {
        if (more)
            snprintf(answer.next, sizeof answer.next, "%llu", (unsigned long long)last);
        request_answer(request, &answer);
    }
    record_free(events_answer_type.fields, &answer);
}

void call_events(struct services *services, struct request *request)
{
    int64_t after = 0;
    if (request->page.after[0] && !text_number(request->page.after, 0, INT64_MAX - 1, &after)) {
        request_refuse(request, REFUSAL_INVALID, "after: expected the number of an event");
        return;
    }
    struct event_list *list = mem_new(1, sizeof *list);
    *list = (struct event_list){services, request};
    services->store.read(services->store.self, (uint64_t)after + 1, (size_t)request->page.limit, answer_events, list);
}

// For administrators, since it is the largest answer by far: to everybody, it would multiply what a flood costs.
// `pult-broker --openapi` prints it without a broker.
void call_openapi(struct services *services, struct request *request)
{
    (void)services;
    struct text text = {0};
    openapi_print(&text);
    request_answer_text(request, &text);
}
