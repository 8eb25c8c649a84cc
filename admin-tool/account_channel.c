// SPDX-License-Identifier: EUPL-1.2
#include "admin-tool/account_channel.h"
#include "broker/api/answer.h"
#include "broker/api/record.h"

#include <stdlib.h>
#include <string.h>

enum { MINUTE_MS = 60 * 1000 };

#define AT(member) .offset = offsetof(struct channel_sum, member), .size = sizeof(((struct channel_sum *)0)->member)

// A row a line.
// clang-format off
static const struct field sum_fields[] = {
    {.name = "tenant", .type = FIELD_TEXT, AT(tenant), .sentence = "whose people they are"},
    {.name = "person", .type = FIELD_TEXT, AT(person), .sentence = "id of the person"},
    {.name = "user_name", .type = FIELD_TEXT, AT(user_name), .sentence = "their user name; empty: erased"},
    {.name = "name", .type = FIELD_TEXT, AT(name), .sentence = "their name"},
    {.name = "gateway", .type = FIELD_TEXT, AT(gateway), .sentence = "the gateway"},
    {.name = "channels", .type = FIELD_NUMBER, AT(channels), .max = INT64_MAX, .sentence = "how often they came in"},
    {.name = "minutes", .type = FIELD_NUMBER, AT(minutes), .max = INT64_MAX, .sentence = "how long they were in, in all"},
    {.name = "bytes_to_host", .type = FIELD_NUMBER, AT(bytes_to_host), .max = INT64_MAX, .sentence = "bytes that they sent"},
    {.name = "bytes_to_person", .type = FIELD_NUMBER, AT(bytes_to_person), .max = INT64_MAX, .sentence = "bytes that they got"},
    {.name = NULL},
};
// clang-format on
const struct record_type channel_sum_type = {"channel_sum", sum_fields, sizeof(struct channel_sum)};

static int compare_sums(const void *a, const void *b)
{
    const struct channel_sum *one = a, *other = b;
    int order = strcmp(one->tenant, other->tenant);
    order = order ? order : strcmp(one->user_name, other->user_name);
    order = order ? order : strcmp(one->person, other->person);
    return order ? order : strcmp(one->gateway, other->gateway);
}

static void add_sum(void *to, const void *from)
{
    struct channel_sum *sum = to;
    const struct channel_sum *other = from;
    sum->channels += other->channels;
    sum->open_ms += other->open_ms;
    sum->bytes_to_host += other->bytes_to_host;
    sum->bytes_to_person += other->bytes_to_person;
}

void channel_sums_merge(struct record_list *sums)
{
    record_merge(sums, &channel_sum_type, compare_sums, add_sum);
    struct channel_sum *all = sums->rows;
    for (size_t i = 0; i < sums->count; i++)
        all[i].minutes = all[i].open_ms / MINUTE_MS;
}

void channel_sums_add(struct record_list *sums, const struct channel_account *entry)
{
    const struct channel *channel = &entry->channel;
    struct channel_sum *sum = record_add(sums, &channel_sum_type);
    TEXT_PUT(sum->tenant, entry->tenant);
    TEXT_PUT(sum->person, channel->person);
    TEXT_PUT(sum->user_name, entry->user_name);
    TEXT_PUT(sum->name, entry->name);
    TEXT_PUT(sum->gateway, channel->gateway);
    sum->channels = 1;
    sum->open_ms = channel->until_ms - channel->since_ms;
    sum->bytes_to_host = channel->bytes_to_host;
    sum->bytes_to_person = channel->bytes_to_person;
}
