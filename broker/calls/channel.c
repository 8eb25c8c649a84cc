// SPDX-License-Identifier: EUPL-1.2
// Channels that are open, for administrators.
#include "broker/calls/told_list.h"

static void fill_channel(void *filled, const struct services *services, const void *record)
{
    const struct known_channel *channel = record;
    const struct store_person *person = people_find(&services->people, channel->person);
    struct channel_status *status = filled;
    *status = (struct channel_status){.way = channel->way, .since_ms = channel->since_ms};
    TEXT_PUT(status->id, channel->id);
    TEXT_PUT(status->person, channel->person);
    TEXT_PUT(status->user_name, person ? person->user_name : "");
    TEXT_PUT(status->session, channel->session);
    TEXT_PUT(status->host, channel->host);
    TEXT_PUT(status->gateway, channel->gateway);
    TEXT_PUT(status->network, channel->network);
}

void call_channels(struct services *services, struct request *request)
{
    told_list(services, request, &services->channels.open, fill_channel);
}

void call_channel_show(struct services *services, struct request *request)
{
    told_show(services, request, channels_find(&services->channels, request->id), fill_channel);
}
