// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/logon_history.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"

#include <assert.h>
#include <string.h>

enum { EVENTS_IN_PAGE = 2000 };

// ---- what is written

static void write_logon(struct services *services, const char *person_id, const struct logon_place *place,
                        const struct past_logon *logon)
{
    struct event event;
    struct fault why;
    past_logon_event(&event, person_id, place->gateway, logon);
    if (!commit_events(services->commit, &event, 1, NULL, 0, NULL, NULL, &why))
        log_warn("portal", "a log-on of %s was not recorded: %s", person_id, why.text);
}

static struct past_logon logon_at(const struct services *services, const struct logon_place *place, int64_t count)
{
    struct past_logon logon = {.at_ms = commit_now_ms(services->commit), .count = count};
    text_cut(logon.network, sizeof logon.network, place->network);
    text_cut(logon.browser, sizeof logon.browser, place->browser);
    return logon;
}

void logon_history_right(struct services *services, const char *person_id, const struct logon_place *place)
{
    const struct past_logon logon = logon_at(services, place, 0);
    assert(services->portal);
    past_logons_add(&services->past_logons, person_id, &logon);
    write_logon(services, person_id, place, &logon);
}

void logon_history_refused(struct services *services, const char *tenant_id, const char *name,
                           const struct logon_place *place)
{
    const struct past_logon logon = logon_at(services, place, 1);
    const struct store_person *person = NULL;
    while (services->portal && (person = people_by_name(&services->people, tenant_id, name, person)))
        if (past_logons_refuse(&services->past_logons, person->id, &logon, clock_steady_ms()))
            write_logon(services, person->id, place, &logon);
}

// ---- what is read

// Most events are of other things, and reading one whole costs more than looking.
static bool may_be_logon(const struct store_event *stored)
{
    static const char type[] = "\"type\":\"portal.";
    return stored->payload && memmem(stored->payload, stored->length, type, sizeof type - 1);
}

static void take_event(struct services *services, struct event *event, const struct store_event *stored)
{
    char person_id[ID_SIZE];
    struct past_logon logon;
    struct fault why;
    if (!may_be_logon(stored) || !event_read(event, stored->payload, stored->length, &why))
        return;
    event->at_ms = stored->at_ms;
    if (past_logon_read(event, person_id, &logon) && people_find(&services->people, person_id)) // not erased
        past_logons_add(&services->past_logons, person_id, &logon);
}

static void read_page(struct services *services);

// What is written meanwhile is behind the last one, and known.
static void page_read(void *arg, const struct store_event *events, size_t count, const struct fault *why)
{
    struct services *services = arg;
    struct past_logons *past = &services->past_logons;
    owned(bytes) struct event *event = mem_new(1, sizeof *event);
    for (size_t i = 0; i < count && events[i].seq <= past->until; i++)
        take_event(services, event, &events[i]);
    if (count)
        past->next = events[count - 1].seq + 1;
    if (why)
        log_warn("portal", "people do not see all of their last log-ons: %s", why->text);
    else if (count && past->next <= past->until)
        read_page(services);
}

static void read_page(struct services *services)
{
    const struct store_port *store = &services->store;
    store->read(store->self, services->past_logons.next, EVENTS_IN_PAGE, page_read, services);
}

void logon_history_begin(struct services *services)
{
    struct store_head head;
    struct past_logons *past = &services->past_logons;
    assert(services->portal);
    services->store.head(services->store.self, &head);
    past->next = head.anchor + 1;
    past->until = head.seq;
    if (past->next <= past->until)
        read_page(services);
}
