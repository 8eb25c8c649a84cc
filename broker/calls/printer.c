// SPDX-License-Identifier: EUPL-1.2
// Printers: out of service and back, asked what they are, and a page to try them.
#include "broker/calls/noun.h"

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
}

void call_printer_drain(struct services *services, struct request *request)
{
    change_draining(services, request, true);
}

void call_printer_undrain(struct services *services, struct request *request)
{
    change_draining(services, request, false);
}

void call_printer_read(struct services *services, struct request *request)
{
    (void)services;
    request_refuse(request, REFUSAL_NO_PRINT_SERVER, NULL);
}

void call_printer_test(struct services *services, struct request *request)
{
    (void)services;
    request_refuse(request, REFUSAL_NO_PRINT_SERVER, NULL);
}
