// SPDX-License-Identifier: EUPL-1.2
// Taking a host out of service and back.
#include "broker/calls/noun.h"

static void set_draining(struct world *world, struct call *call, bool draining)
{
    const struct host *host = state_host(world->state, call->id);
    if (!host) {
        call_refuse(call, REFUSAL_ABSENT, NULL);
        return;
    }
    struct event event;
    world_event(&event, draining ? EVENT_HOST_DRAINED : EVENT_HOST_UNDRAINED, NOUN_HOST, call);
    event.record.host = *host;
    event.record.host.draining = draining;
    size_t count = host->draining == draining ? 0 : 1;
    world_commit_answer(world, call, &event, count, noun_view(world, NOUN_HOST, &event.record));
}

void call_drain(struct world *world, struct call *call)
{
    set_draining(world, call, true);
}

void call_undrain(struct world *world, struct call *call)
{
    set_draining(world, call, false);
}
