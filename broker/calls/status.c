// SPDX-License-Identifier: EUPL-1.2
// How the broker is: for administrators, for Prometheus, for load balancers; and the journal for reading.
#include "broker/api/link_rows.h"
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
    int64_t hosts = 0, usable = hosts_usable(services, request, &hosts);
    json_object *answer = json_object_new_object();
    json_object_object_add(answer, "version", json_object_new_string(PULT_VERSION));
    json_object_object_add(answer, "since", services_time(services->started_ms));
    json_object_object_add(answer, "events", json_object_new_int64((int64_t)commit_last_seq(services->commit)));
    json_object_object_add(answer, "store",
                           json_object_new_string(commit_is_refusing(services->commit) ? "refusing" : "ok"));
    json_object_object_add(answer, "tenants", json_object_new_int64(count_seen(services, request, NOUN_TENANT)));
    json_object_object_add(answer, "devices", json_object_new_int64(count_seen(services, request, NOUN_DEVICE)));
    json_object_object_add(answer, "devices_online", json_object_new_int64(devices_online(services, request)));
    json_object_object_add(answer, "sessions", json_object_new_int64(count_seen(services, request, NOUN_SESSION)));
    json_object_object_add(answer, "hosts", json_object_new_int64(hosts));
    json_object_object_add(answer, "hosts_ok", json_object_new_int64(usable));
    json_object_object_add(answer, "hosts_draining",
                           json_object_new_int64(status_report_draining(services, &request->peer)));
    if (services->ca.until_ms)
        json_object_object_add(answer, "device_ca_until", services_time(services->ca.until_ms));
    json_object_object_add(answer, "certificates_ending", status_report_certificates(services, &request->peer));
    json_object_object_add(answer, "directories", status_report_directories(services, &request->peer));
    json_object_object_add(answer, "problems", status_report_problems(services, &request->peer));
    request_answer(request, answer);
}

void call_health(struct services *services, struct request *request)
{
    json_object *answer = json_object_new_object();
    if (commit_is_refusing(services->commit)) {
        json_object_put(answer);
        request_refuse(request, REFUSAL_STORE_DOWN, NULL);
        return;
    }
    json_object_object_add(answer, "status", json_object_new_string("ok"));
    request_answer(request, answer);
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
    text_addf(&text, "# TYPE pult_store_refusing gauge\npult_store_refusing %d\n",
              commit_is_refusing(services->commit));
    request_answer_text(request, &text);
}

// What is in the journal only stays there.
static void hide(json_object *object)
{
    char noun[SLUG_SIZE];
    text_cut(noun, sizeof noun, codec_string(object, "type"));
    noun[strcspn(noun, ".")] = 0;
    enum noun of = noun_by_name(noun);
    json_object *record = codec_member(object, "record");
    for (const struct field *field = of == NOUN_NONE || !record ? NULL : noun_rows[of].fields; field && field->name;
         field++)
        if (field->flags & FIELD_HIDDEN)
            json_object_object_del(record, field->name);
}

static json_object *print_event(const struct store_event *stored)
{
    struct fault why;
    json_object *object = NULL;
    if (!codec_parse(&object, stored->payload, stored->length, &why))
        return NULL;
    hide(object);
    json_object_object_add(object, "seq", json_object_new_int64((int64_t)stored->seq));
    json_object_object_add(object, "at", services_time(stored->at_ms));
    return object;
}

// NULL: one of them cannot be read. What is erased is left out.
static json_object *print_events(const struct store_event *events, size_t count)
{
    owned(json) json_object *items = json_object_new_array();
    for (size_t i = 0; i < count; i++) {
        json_object *item = events[i].payload ? print_event(&events[i]) : NULL;
        if (item)
            json_object_array_add(items, item);
        else if (events[i].payload)
            return NULL;
    }
    return take(items);
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
    bool more = (int64_t)count == request->limit && last < commit_last_seq(list->services->commit);
    free(list);
    static const struct fault unreadable = {.kind = FAULT_BROKEN, .text = "an event cannot be read"};
    json_object *items = why ? NULL : print_events(events, count);
    if (!items) {
        request_refuse_fault(request, why ? why : &unreadable);
        return;
    }
    char next[24];
    snprintf(next, sizeof next, "%llu", (unsigned long long)last);
    json_object *answer = json_object_new_object();
    json_object_object_add(answer, "items", items);
    json_object_object_add(answer, "next", more ? json_object_new_string(next) : NULL);
    request_answer(request, answer);
}

void call_events(struct services *services, struct request *request)
{
    int64_t after = 0;
    if (request->after[0] && !text_number(request->after, 0, INT64_MAX - 1, &after)) {
        request_refuse(request, REFUSAL_INVALID, "after: expected the number of an event");
        return;
    }
    struct event_list *list = mem_new(1, sizeof *list);
    *list = (struct event_list){services, request};
    services->store.read(services->store.self, (uint64_t)after + 1, (size_t)request->limit, answer_events, list);
}
