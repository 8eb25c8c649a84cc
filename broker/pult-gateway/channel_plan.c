// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-gateway/channel_plan.h"
#include "broker/base/clock.h"

void channel_plan_make(struct guest *guest, const struct gateway_message *answer, enum channel_way way)
{
    struct gateway_channel *channel = &guest->plan.channel;
    *channel = (struct gateway_channel){.fence = answer->fence, .way = way, .since_ms = clock_wall_ms()};
    TEXT_PUT(channel->channel, answer->channel);
    TEXT_PUT(channel->session, answer->session);
    TEXT_PUT(channel->person, answer->person);
    TEXT_PUT(channel->host, answer->host);
    TEXT_PUT(channel->network, guest->from);
    guest->plan.idle_minutes = answer->idle_minutes;
    guest->plan.max_minutes = answer->max_minutes;
}

void channel_plan_failed(struct guest *guest, enum channel_reason reason)
{
    struct tunnel_end end = {.channel = guest->plan.channel, .reason = reason};
    if (end.channel.channel[0])
        guest->room->ended(guest->room->arg, &end);
    guest->plan.channel.channel[0] = 0; // it is told
}
