// SPDX-License-Identifier: EUPL-1.2
// Printers out of service, and back.
#include "broker/calls/noun.h"
#include "broker/calls/print_orders.h"

static void change_draining(struct services *services, struct request *request, bool draining)
{
    const struct printer *printer = state_find(services->state, NOUN_PRINTER, request->id);
    if (!printer) {
        request_refuse(request, REFUSAL_NOT_FOUND, NULL);
        return;
    }
    struct event event;
    struct printer_status answer;
    size_t count = printer->draining != draining;
    services_event(&event, draining ? EVENT_PRINTER_DRAINED : EVENT_PRINTER_UNDRAINED, NOUN_PRINTER, request);
    event.record.printer = *printer;
    event.record.printer.draining = draining;
    noun_etag(request->etag, NOUN_PRINTER, &event.record);
    noun_fill_status(&answer, services, NOUN_PRINTER, &event.record);
    services_commit_answer(services, request, &event, count, &answer);
    print_tell_printers(services);
}

void call_printer_drain(struct services *services, struct request *request)
{
    change_draining(services, request, true);
}

void call_printer_undrain(struct services *services, struct request *request)
{
    change_draining(services, request, false);
}
