// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/host_printing.h"
#include "broker/api/link_rows.h"
#include "broker/api/record.h"
#include "broker/base/log.h"
#include "broker/core/print_route.h"
#include "broker/core/wall.h"

#include <stdio.h>
#include <string.h>

static const char next_to_me[] = "next-to-me";
enum { TENANTS_MAX = 64 }; // whose people are on one host

struct tenants {
    char ids[TENANTS_MAX][SLUG_SIZE];
    size_t count;
};

static void add_tenant(struct tenants *tenants, const char *id)
{
    for (size_t i = 0; i < tenants->count; i++)
        if (text_equal(tenants->ids[i], id))
            return;
    if (tenants->count < TENANTS_MAX)
        memcpy(tenants->ids[tenants->count++], id, SLUG_SIZE);
}

// Who has a session there by what the host reports and the journal knows, and whose profile lets them print.
static void collect_people(const struct services *services, const char *host_id, struct record_list *people,
                           struct tenants *tenants)
{
    const struct report *report = reports_find(&services->reports, host_id);
    for (size_t i = 0; report && i < report->session_count; i++) {
        const struct session *session = state_session(services->state, report->sessions[i].session);
        const struct profile *profile = session ? state_find(services->state, NOUN_PROFILE, session->profile) : NULL;
        if (!session || !text_equal(session->host, host_id) || !profile || !profile->printers ||
            people->count == HOST_PRINTING_PEOPLE_MAX)
            continue;
        struct host_printing_person *person = record_add(people, &host_printing_person_type);
        TEXT_PUT(person->user_name, report->sessions[i].user_name);
        wall_owner(person->tenant, session->person);
        add_tenant(tenants, person->tenant);
    }
}

static bool has_a3(const struct printer *printer)
{
    return strstr(printer->media, "iso_a3_") != NULL;
}

// "room1", and of another tenant than the host's "altstadt.room1"; likewise one that is called as the queue for all.
static void name_queue(char name[ID_SIZE], const char *host_id, const char *printer_id)
{
    char owner[SLUG_SIZE];
    wall_owner(owner, printer_id);
    const char *slug = printer_id + strlen(owner) + 1;
    if (wall_owns(owner, host_id) && !text_equal(slug, next_to_me))
        text_put(name, ID_SIZE, slug);
    else
        snprintf(name, ID_SIZE, "%.*s.%.*s", SLUG_SIZE - 1, owner, SLUG_SIZE - 1, slug);
}

static struct host_queue *queue_of(struct record_list *queues, const struct printer *printer)
{
    for (size_t i = 0; i < queues->count; i++) {
        struct host_queue *queue = record_at(queues, &host_queue_type, i);
        if (text_equal(queue->printer, printer->id))
            return queue;
    }
    return NULL;
}

static struct host_queue *add_queue(struct record_list *queues, const char *host_id, const struct printer *printer)
{
    struct host_queue *queue = record_add(queues, &host_queue_type);
    name_queue(queue->name, host_id, printer->id);
    TEXT_PUT(queue->printer, printer->id);
    TEXT_PUT(queue->description, printer->name[0] ? printer->name : queue->name);
    TEXT_PUT(queue->location, printer->room);
    queue->colour = printer->colour;
    queue->duplex = printer->duplex;
    queue->a3 = has_a3(printer);
    return queue;
}

static void add_printers(const struct services *services, const char *host_id, const char *tenant_id,
                         struct record_list *queues)
{
    struct wall_walk walk = wall_walk(services->state, tenant_id, NOUN_PRINTER);
    for (const struct printer *printer; (printer = wall_next(&walk));) {
        struct host_queue *queue = queue_of(queues, printer);
        if (!queue && queues->count < HOST_QUEUES_MAX)
            queue = add_queue(queues, host_id, printer);
        size_t length = queue ? strlen(queue->tenants) : 0;
        if (queue && length + strlen(tenant_id) + 2 < sizeof queue->tenants)
            snprintf(queue->tenants + length, sizeof queue->tenants - length, "%s%s", length ? " " : "", tenant_id);
    }
}

static void add_next_to_me(struct record_list *queues)
{
    struct host_queue *queue = record_add(queues, &host_queue_type);
    TEXT_PUT(queue->name, next_to_me);
    TEXT_PUT(queue->description, next_to_me);
    queue->colour = queue->duplex = queue->a3 = true;
}

static void fill_printing(const struct services *services, const char *host_id, struct host_printing *printing)
{
    char tenant_id[SLUG_SIZE];
    wall_owner(tenant_id, host_id);
    const struct print_server *server = print_route_server(services->state, tenant_id);
    if (!server || !server->certificate[0])
        return;
    TEXT_PUT(printing->address, server->address);
    printing->port = server->port;
    TEXT_PUT(printing->server, server->id);
    services_authority(services, printing->authority);
}

static void digest_of(char digest[DIGEST_SIZE], const struct host_message *printing, const struct host_message *queues)
{
    struct text text = {0};
    text_add(&text, (const char *)&printing->printing, sizeof printing->printing);
    text_add(&text, queues->queues.rows, queues->queues.count * host_queue_type.size);
    text_addf(&text, "%zu", queues->queues.count);
    text_add(&text, queues->people.rows, queues->people.count * host_printing_person_type.size);
    services_digest(digest, text.bytes, text.length);
    text_drop(&text);
}

static size_t wire_length(const struct host_message *message)
{
    struct text text = {0};
    link_print(&text, link_of(NOUN_HOST), message);
    size_t length = text.length;
    text_drop(&text);
    return length;
}

// A host ends its link when a message is too large: of very many printers the last ones get no queue there.
static void fit_queues(const char *host_id, struct host_message *queues)
{
    size_t all = queues->queues.count;
    while (queues->queues.count && wire_length(queues) > HOST_MESSAGE_MAX)
        queues->queues.count -= queues->queues.count / 8 + 1;
    if (queues->queues.count < all)
        log_warn("host", "%s: only the first %zu of %zu printers get a queue there", host_id, queues->queues.count,
                 all);
}

void host_printing_tell(struct services *services, const char *host_id)
{
    struct host_message printing = {.type = HOST_PRINTING}, queues = {.type = HOST_QUEUES};
    struct tenants tenants = {0};
    char digest[DIGEST_SIZE];
    fill_printing(services, host_id, &printing.printing);
    if (printing.printing.address[0]) {
        collect_people(services, host_id, &queues.people, &tenants);
        add_next_to_me(&queues.queues);
    }
    for (size_t i = 0; i < tenants.count; i++)
        add_printers(services, host_id, tenants.ids[i], &queues.queues);
    digest_of(digest, &printing, &queues);
    if (reports_printing(&services->reports, host_id, digest)) {
        fit_queues(host_id, &queues);
        if (!services_tell_host(services, host_id, &printing) || !services_tell_host(services, host_id, &queues))
            reports_printing(&services->reports, host_id, ""); // with the next report again
    }
    record_free(host_link_types[HOST_QUEUES].fields, &queues);
}
