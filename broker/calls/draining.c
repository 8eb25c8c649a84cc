// SPDX-License-Identifier: EUPL-1.2
// Printers and gateways out of service, and back. Of hosts, which may come back by themselves: calls/host.
#include "broker/calls/gateway_messages.h"
#include "broker/calls/noun.h"
#include "broker/calls/print_orders.h"

#include <assert.h>

static void printer_changed(struct services *services, const char *id)
{
    (void)id;
    print_tell_printers(services);
}

static const struct draining_row {
    enum noun noun;
    size_t draining; // offset of the flag in its record
    enum event_type drained, undrained;
    void (*changed)(struct services *services, const char *id);
} rows[] = {
    {NOUN_PRINTER, offsetof(struct printer, draining), EVENT_PRINTER_DRAINED, EVENT_PRINTER_UNDRAINED, printer_changed},
    {NOUN_GATEWAY, offsetof(struct gateway, draining), EVENT_GATEWAY_DRAINED, EVENT_GATEWAY_UNDRAINED, gateway_changed},
};

static const struct draining_row *row_of(enum noun noun)
{
    size_t at = 0;
    while (at < sizeof rows / sizeof *rows && rows[at].noun != noun)
        at++;
    assert(at < sizeof rows / sizeof *rows);
    return &rows[at];
}

static void change_draining(struct services *services, struct request *request, bool draining)
{
    const struct draining_row *row = row_of(request->method->noun);
    const void *record = state_find(services->state, row->noun, request->id);
    if (!record) {
        request_refuse(request, REFUSAL_NOT_FOUND, NULL);
        return;
    }
    struct event event;
    union noun_status answer;
    services_event(&event, draining ? row->drained : row->undrained, row->noun, request);
    memcpy(&event.record, record, noun_rows[row->noun].size);
    bool *flag = (bool *)((char *)&event.record + row->draining);
    size_t count = *flag != draining;
    char id[ID_SIZE];
    TEXT_PUT(id, request->id);
    *flag = draining;
    noun_etag(request->etag, row->noun, &event.record);
    noun_fill_status(&answer, services, row->noun, &event.record);
    services_commit_answer(services, request, &event, count, &answer);
    row->changed(services, id);
}

void call_noun_drain(struct services *services, struct request *request)
{
    change_draining(services, request, true);
}

void call_noun_undrain(struct services *services, struct request *request)
{
    change_draining(services, request, false);
}
