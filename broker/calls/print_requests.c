// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/print_requests.h"
#include "broker/base/clock.h"
#include "broker/calls/noun.h"
#include "broker/calls/print_orders.h"

#include <stdlib.h>

enum { WAITING_MAX = 64, WAIT_MS = 30 * 1000 };

struct waiting_request {
    int64_t id;
    struct request *request;
    enum print_message_type answer; // that it waits for
    char server[ID_SIZE];
    int64_t until_ms; // steady
};

struct print_requests {
    int64_t last_id;
    struct waiting_request waiting[WAITING_MAX];
    size_t count;
};

void print_requests_free(struct print_requests *requests)
{
    free(requests);
}

static struct request *take_waiting(struct print_requests *requests, size_t at)
{
    struct request *request = requests->waiting[at].request;
    requests->waiting[at] = requests->waiting[--requests->count];
    return request;
}

// ---- asked

// A print server that is linked and serves the printer's owner.
static const char *server_for(const struct services *services, const char *printer_id)
{
    char owner_id[SLUG_SIZE];
    const struct sorted_table *servers = state_table(services->state, NOUN_PRINT_SERVER);
    wall_owner(owner_id, printer_id);
    for (size_t i = 0; i < servers->count; i++)
        if (print_route_serves(services->state, servers->records[i], owner_id) &&
            services->links.online(services->links.self, NOUN_PRINT_SERVER, servers->records[i]))
            return servers->records[i];
    return NULL;
}

static void ask_printer(struct services *services, struct request *request, enum print_message_type question,
                        enum print_message_type answer)
{
    const struct printer *printer = state_find(services->state, NOUN_PRINTER, request->id);
    const char *server_id = printer ? server_for(services, printer->id) : NULL;
    if (!services->print_requests)
        services->print_requests = mem_new(1, sizeof *services->print_requests);
    struct print_requests *requests = services->print_requests;
    if (!server_id || requests->count == WAITING_MAX) {
        request_refuse(request,
                       !printer     ? REFUSAL_NOT_FOUND
                       : !server_id ? REFUSAL_NO_PRINT_SERVER
                                    : REFUSAL_BUSY,
                       NULL);
        return;
    }
    struct print_message message = {.type = question, .request_id = ++requests->last_id};
    TEXT_PUT(message.printer, printer->id);
    TEXT_PUT(message.uri, printer->uri);
    TEXT_PUT(message.fingerprint, printer->fingerprint);
    if (!services_tell_print_server(services, server_id, &message)) {
        request_refuse(request, REFUSAL_NO_PRINT_SERVER, NULL);
        return;
    }
    struct waiting_request *waiting = &requests->waiting[requests->count++];
    *waiting = (struct waiting_request){message.request_id, request, answer, "", clock_steady_ms() + WAIT_MS};
    TEXT_PUT(waiting->server, server_id);
}

void call_printer_read(struct services *services, struct request *request)
{
    ask_printer(services, request, PRINT_PROBE, PRINT_PROBED);
}

void call_printer_test(struct services *services, struct request *request)
{
    ask_printer(services, request, PRINT_TEST_PAGE, PRINT_TESTED);
}

// ---- answered

static void keep_found(struct printer *printer, const struct print_message *found, int64_t now_ms)
{
    TEXT_PUT(printer->make, found->make);
    TEXT_PUT(printer->formats, found->formats);
    TEXT_PUT(printer->media, found->media);
    if (!printer->fingerprint[0])
        TEXT_PUT(printer->fingerprint, found->fingerprint);
    printer->colour = found->colour;
    printer->duplex = found->duplex;
    printer->read_ms = now_ms;
}

static void answer_read(struct services *services, struct request *request, const char *server_id,
                        const struct print_message *found)
{
    const struct printer *printer = state_find(services->state, NOUN_PRINTER, request->id);
    struct printer_answer answer = {0};
    struct event event;
    if (!printer) { // it was removed meanwhile
        request_refuse(request, REFUSAL_NOT_FOUND, NULL);
        return;
    }
    if (printer->fingerprint[0] && found->fingerprint[0] && !text_equal(printer->fingerprint, found->fingerprint)) {
        request_refuse(request, REFUSAL_PRINTER_UNREACHABLE,
                       "its certificate is another than the one that is set as its fingerprint");
        return;
    }
    print_jobs_printer(&services->print_jobs, server_id, printer->id, (enum printer_state)found->printer_state,
                       found->detail, clock_steady_ms());
    services_event(&event, EVENT_PRINTER_READ, NOUN_PRINTER, request);
    event.record.printer = *printer;
    keep_found(&event.record.printer, found, commit_now_ms(services->commit));
    noun_etag(request->etag, NOUN_PRINTER, &event.record);
    noun_fill_status(&answer.printer, services, NOUN_PRINTER, &event.record);
    TEXT_PUT(answer.found_name, found->name);
    TEXT_PUT(answer.found_location, found->location);
    services_commit_answer(services, request, &event, 1, &answer);
    print_tell_printers(services);
}

void print_requests_answered(struct services *services, const char *server_id, const struct print_message *message)
{
    struct print_requests *requests = services->print_requests;
    for (size_t i = 0; requests && i < requests->count; i++) {
        const struct waiting_request *waiting = &requests->waiting[i];
        if (waiting->id != message->request_id || (int64_t)waiting->answer != message->type ||
            !text_equal(waiting->server, server_id))
            continue;
        struct request *request = take_waiting(requests, i);
        if (message->fault[0])
            request_refuse(request, REFUSAL_PRINTER_UNREACHABLE, message->fault);
        else if (message->type == PRINT_PROBED)
            answer_read(services, request, server_id, message);
        else
            request_answer(request, NULL);
        return;
    }
}

void print_requests_end(struct services *services, const char *server_id)
{
    struct print_requests *requests = services->print_requests;
    for (size_t i = requests ? requests->count : 0; i-- > 0;)
        if (text_equal(requests->waiting[i].server, server_id))
            request_refuse(take_waiting(requests, i), REFUSAL_NO_PRINT_SERVER, NULL);
}

void print_requests_sweep(struct services *services)
{
    struct print_requests *requests = services->print_requests;
    for (size_t i = requests ? requests->count : 0; i-- > 0;)
        if (requests->waiting[i].until_ms < clock_steady_ms())
            request_refuse(take_waiting(requests, i), REFUSAL_PRINTER_UNREACHABLE, "it did not answer in time");
}
