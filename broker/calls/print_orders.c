// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/print_orders.h"
#include "broker/api/link_rows.h"
#include "broker/api/record.h"
#include "broker/base/log.h"

#include <string.h>

struct print_world print_world(const struct services *services)
{
    return (struct print_world){services->state, &services->people, &services->reports, &services->print_jobs};
}

static void add_printer(struct print_message *message, const struct printer *printer)
{
    struct print_printer *row = record_add(&message->printers, &print_printer_type);
    TEXT_PUT(row->printer, printer->id);
    TEXT_PUT(row->uri, printer->uri);
    TEXT_PUT(row->fingerprint, printer->fingerprint);
    row->draining = printer->draining;
}

static bool has_printer(const struct print_message *message, const char *printer_id)
{
    for (size_t i = 0; i < message->printers.count; i++)
        if (text_equal(record_at(&message->printers, &print_printer_type, i), printer_id))
            return true;
    return false;
}

// All that the tenants which it serves may use.
static void collect_printers(const struct state *state, const char *server_id, struct print_message *message)
{
    const struct sorted_table *tenants = state_table(state, NOUN_TENANT);
    for (size_t i = 0; i < tenants->count; i++) {
        if (!print_route_serves(state, server_id, tenants->records[i]))
            continue;
        struct wall_walk walk = wall_walk(state, tenants->records[i], NOUN_PRINTER);
        for (const struct printer *printer; (printer = wall_next(&walk));) {
            if (has_printer(message, printer->id))
                continue;
            if (message->printers.count == PRINT_PRINTERS_MAX) {
                log_warn("print", "%s: told of its first %d printers only", server_id, PRINT_PRINTERS_MAX);
                return;
            }
            add_printer(message, printer);
        }
    }
}

static void tell_printers(struct services *services, struct known_server *server)
{
    struct print_message message = {.type = PRINT_PRINTERS};
    char digest[DIGEST_SIZE];
    owned(text) struct text text = {0};
    collect_printers(services->state, server->id, &message);
    link_print(&text, link_of(NOUN_PRINT_SERVER), &message);
    services_digest(digest, text.bytes, text.length);
    if (!text_equal(digest, server->printers) && services_tell_print_server(services, server->id, &message))
        TEXT_PUT(server->printers, digest);
    record_free(print_link_types[PRINT_PRINTERS].fields, &message);
}

void print_tell_printers(struct services *services)
{
    const struct sorted_table *servers = &services->print_jobs.servers;
    for (size_t i = 0; i < servers->count; i++) {
        struct known_server *server = servers->records[i];
        if (server->linked)
            tell_printers(services, server);
    }
}

void print_tell_counted(struct services *services, const char *server_id)
{
    const struct print_server *record = state_find(services->state, NOUN_PRINT_SERVER, server_id);
    struct print_message counted = {.type = PRINT_COUNTED, .number = record ? record->accounts : 0};
    if (counted.number && !print_jobs_server(&services->print_jobs, server_id)->entries)
        services_tell_print_server(services, server_id, &counted);
}

void print_welcome(struct services *services, const char *server_id)
{
    struct print_message welcome = {.type = PRINT_WELCOME, .now_ms = commit_now_ms(services->commit)};
    TEXT_PUT(welcome.seal, services->seal.certificate);
    services_authority(services, welcome.authority);
    services_tell_print_server(services, server_id, &welcome);
    tell_printers(services, print_jobs_server(&services->print_jobs, server_id));
    print_tell_counted(services, server_id);
}

bool print_may_use(const struct services *services, const char *server_id, const char *printer_id)
{
    struct print_message all = {0};
    collect_printers(services->state, server_id, &all);
    bool may = has_printer(&all, printer_id);
    record_free(print_link_types[PRINT_PRINTERS].fields, &all);
    return may;
}

bool print_order(struct services *services, const struct known_job *job, enum print_order order, const char *printer,
                 const char *by)
{
    const char *name = strchr(job->id, '/');
    struct print_message message = {.type = PRINT_ORDER, .order = order};
    TEXT_PUT(message.job, name ? name + 1 : "");
    TEXT_PUT(message.printer, printer);
    TEXT_PUT(message.by, by);
    log_info("print", "%s: told to %s %s, by %s", job->server, print_order_words[order], job->id, by);
    return services_tell_print_server(services, job->server, &message);
}
