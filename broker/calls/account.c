// SPDX-License-Identifier: EUPL-1.2
// GET /v1/accounts: what was printed, what it costs whom, and who came in from outside, read out of the journal a page
// of events at a time.
#include "broker/api/method.h"
#include "broker/api/record.h"
#include "broker/calls/services.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct account_list {
    struct services *services;
    struct request *request;
};

static bool is_wanted(const struct page_query *query, const char *id, int64_t at_ms)
{
    return (!query->tenant[0] || wall_owns(query->tenant, id)) && at_ms >= query->from_ms &&
           (!query->until_ms || at_ms < query->until_ms);
}

// Its owner's tenant pays for it and sees it; the printer's tenant sees what another one printed there, and not who.
static bool show_entry(const struct services *services, const struct peer *peer, struct account_entry *entry)
{
    const struct print_job *job = &entry->job;
    if (!wall_can_see(services->state, peer, NOUN_JOB, job->id)) {
        entry->job.id[0] = entry->job.person[0] = entry->job.server[0] = 0;
        entry->job.number = 0;
        return job->printer[0] && wall_owns(peer->tenant, job->printer);
    }
    const struct store_person *person = people_find(&services->people, job->person);
    TEXT_PUT(entry->user_name, person ? person->user_name : "");
    TEXT_PUT(entry->name, person ? person->name : "");
    return true;
}

static void add_job(const struct account_list *list, struct accounts_answer *answer, const struct print_job *job)
{
    struct account_entry entry = {.job = *job};
    if (!is_wanted(&list->request->page, job->id, job->printed_ms))
        return;
    wall_owner(entry.tenant, job->id);
    if (job->printer[0])
        wall_owner(entry.printer_tenant, job->printer);
    if (show_entry(list->services, &list->request->peer, &entry))
        *(struct account_entry *)record_add(&answer->items, &account_entry_type) = entry;
}

static void add_channel(const struct account_list *list, struct accounts_answer *answer, const struct channel *channel)
{
    const struct services *services = list->services;
    if (!is_wanted(&list->request->page, channel->id, channel->until_ms) ||
        !wall_can_see(services->state, &list->request->peer, NOUN_CHANNEL, channel->id))
        return;
    const struct store_person *person = people_find(&services->people, channel->person);
    struct channel_account *entry = record_add(&answer->channels, &channel_account_type);
    entry->channel = *channel;
    wall_owner(entry->tenant, channel->id);
    TEXT_PUT(entry->user_name, person ? person->user_name : "");
    TEXT_PUT(entry->name, person ? person->name : "");
}

// Most events are of other things, and reading one whole costs more than looking.
static bool may_count(const struct store_event *stored)
{
    static const char *const words[] = {"\"job.printed\"", "\"channel.closed\""};
    bool may = false;
    for (size_t i = 0; stored->payload && !may && i < sizeof words / sizeof *words; i++)
        may = memmem(stored->payload, stored->length, words[i], strlen(words[i]));
    return may;
}

static bool add_entries(const struct account_list *list, struct accounts_answer *answer,
                        const struct store_event *events, size_t count, struct fault *why)
{
    owned(bytes) struct event *event = mem_new(1, sizeof *event);
    for (size_t i = 0; i < count; i++) {
        if (!may_count(&events[i]))
            continue;
        if (!event_read(event, events[i].payload, events[i].length, why))
            return fault_set(why, FAULT_BROKEN, "event %llu cannot be read", (unsigned long long)events[i].seq);
        if (event->type == EVENT_JOB_PRINTED)
            add_job(list, answer, &event->record.job);
        else if (event->type == EVENT_CHANNEL_CLOSED)
            add_channel(list, answer, &event->record.channel);
    }
    return true;
}

static void answer_accounts(void *arg, const struct store_event *events, size_t count, const struct fault *failed)
{
    owned(bytes) struct account_list *list = arg;
    struct request *request = list->request;
    struct accounts_answer answer = {0};
    struct fault why = failed ? *failed : (struct fault){0};
    uint64_t last = count ? events[count - 1].seq : 0;
    if (failed || !add_entries(list, &answer, events, count, &why)) {
        request_refuse_fault(request, &why);
    } else {
        if (last < commit_last_seq(list->services->commit) && count)
            snprintf(answer.next, sizeof answer.next, "%llu", (unsigned long long)last);
        request_answer(request, &answer);
    }
    record_free(accounts_answer_type.fields, &answer);
}

void call_accounts(struct services *services, struct request *request)
{
    int64_t after = 0;
    struct store_head head;
    const struct store_port *store = &services->store;
    if (request->page.after[0] && !text_number(request->page.after, 0, INT64_MAX - 1, &after)) {
        request_refuse(request, REFUSAL_INVALID, "after: expected the number of an event");
        return;
    }
    store->head(store->self, &head);
    if (after < (int64_t)head.anchor)
        after = (int64_t)head.anchor;
    if (after >= (int64_t)head.seq) {
        struct accounts_answer nothing = {0};
        request_answer(request, &nothing);
        return;
    }
    struct account_list *list = mem_new(1, sizeof *list);
    *list = (struct account_list){services, request};
    store->read(store->self, (uint64_t)after + 1, (size_t)request->page.limit, answer_accounts, list);
}
