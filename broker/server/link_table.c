// SPDX-License-Identifier: EUPL-1.2
#include "broker/server/link_table.h"
#include "broker/base/clock.h"

#include <assert.h>
#include <libwebsockets.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct refused_agent {
    char id[ID_SIZE]; // the key
    struct link_agent agent;
};

struct spent_meter {
    char id[ID_SIZE]; // the key
    struct meter meter;
};

static void leave_build(struct link_table *links, struct agent_build *build)
{
    assert(build->links > 0);
    if (--build->links == 0)
        free(sorted_table_take(&links->builds, build->name));
}

static struct agent_build *join_build(struct link_table *links, const struct link_hello *hello)
{
    char name[sizeof(struct agent_build){0}.name];
    // Neither is as long as its room, so that the name holds both.
    snprintf(name, sizeof name, "%s %s", hello->program, hello->version);
    struct agent_build *build = sorted_table_find(&links->builds, name);
    if (!build) {
        build = mem_new(1, sizeof *build);
        TEXT_PUT(build->name, name);
        TEXT_PUT(build->program, hello->program);
        TEXT_PUT(build->version, hello->version);
        sorted_table_put(&links->builds, build);
    }
    build->links++;
    return build;
}

static void link_free(struct link_table *links, struct agent_link *link)
{
    while (link->queued) {
        char *message = link->queue[--link->queued];
        explicit_bzero(message, strlen(message)); // it may hold a key or a one-time password
        free(message);
    }
    free(link->queue);
    if (link->build)
        leave_build(links, link->build);
    text_drop(&link->received);
    free(link);
}

// ---- where it is

static bool is_opening(const struct agent_link *link)
{
    return link->before && *link->before == link;
}

// What the tables hold is an id at the end of its link.
static struct agent_link *link_with(char *id)
{
    return id ? (struct agent_link *)(void *)(id - offsetof(struct agent_link, id)) : NULL;
}

static bool is_linked(const struct link_table *links, const struct agent_link *link)
{
    return link_table_find(links, link->row->noun, link->id) == link;
}

static void take_from_opening(struct agent_link *link)
{
    assert(is_opening(link));
    *link->before = link->next;
    if (link->next)
        link->next->before = link->before;
    link->next = NULL;
    link->before = NULL;
}

struct agent_link *link_table_open(struct link_table *links, const struct link_row *row, const char *id,
                                   struct lws *wsi)
{
    size_t size = strlen(id) + 1;
    struct agent_link *link = mem_new(1, sizeof *link + size);
    text_put(link->id, size, id);
    link->row = row;
    link->wsi = wsi;
    link->heard_ms = link->pinged_ms = clock_steady_ms();
    link->next = links->opening;
    link->before = &links->opening;
    if (link->next)
        link->next->before = &link->next;
    links->opening = link;
    return link;
}

// The machine's: that of its link, also of an older one, or what was kept of that.
static struct meter *meter_of(const struct link_table *links, struct agent_link *link)
{
    struct agent_link *known = link_table_find(links, link->row->noun, link->id);
    struct spent_meter *spent = sorted_table_find(&links->spent[link->row->noun], link->id);
    return known ? &known->meter : spent ? &spent->meter : &link->meter;
}

bool link_table_may_speak(struct link_table *links, struct agent_link *link, int64_t now_ms)
{
    return meter_take(meter_of(links, link), &link->row->rate, now_ms);
}

static void keep_meter(struct link_table *links, const struct agent_link *link)
{
    if (meter_is_full(&link->meter, clock_steady_ms()))
        return;
    struct spent_meter *spent = mem_new(1, sizeof *spent);
    TEXT_PUT(spent->id, link->id);
    spent->meter = link->meter;
    free(sorted_table_put(&links->spent[link->row->noun], spent));
}

void link_table_sweep(struct link_table *links, int64_t now_ms)
{
    for (enum noun noun = 0; noun < NOUN_COUNT; noun++)
        for (size_t i = links->spent[noun].count; i-- > 0;) {
            struct spent_meter *spent = links->spent[noun].records[i];
            if (meter_is_full(&spent->meter, now_ms))
                free(sorted_table_take(&links->spent[noun], spent->id));
        }
}

struct lws *link_table_admit(struct link_table *links, struct agent_link *link, const struct link_hello *hello)
{
    struct link_figures *figures = &links->figures[link->row->noun];
    assert(!is_linked(links, link) && !link->refused);
    take_from_opening(link);
    link->meter = *meter_of(links, link);
    free(sorted_table_take(&links->spent[link->row->noun], link->id));
    link->build = join_build(links, hello);
    link->protocol = hello->protocol;
    link->accepted = link_accepted(link->row, LINK_BROKER, hello);
    struct agent_link *old = link_with(sorted_table_put(&links->linked[link->row->noun], link->id));
    struct lws *old_wsi = old ? old->wsi : NULL;
    free(sorted_table_take(&links->refused[link->row->noun], link->id));
    figures->linked = links->linked[link->row->noun].count;
    if (old)
        link_free(links, old);
    return old_wsi;
}

void link_table_refuse(struct link_table *links, struct agent_link *link, const struct link_hello *hello,
                       enum refusal refusal)
{
    struct refused_agent *refused = mem_new(1, sizeof *refused);
    assert(is_opening(link) && !link->refused && refusal != REFUSAL_NONE);
    link->refused = true;
    links->figures[link->row->noun].refused++;
    TEXT_PUT(refused->id, link->id);
    TEXT_PUT(refused->agent.program, hello->program);
    TEXT_PUT(refused->agent.version, hello->version);
    refused->agent.protocol = hello->protocol;
    refused->agent.refusal = refusal;
    free(sorted_table_put(&links->refused[link->row->noun], refused));
}

bool link_table_close(struct link_table *links, struct agent_link *link)
{
    struct sorted_table *linked = &links->linked[link->row->noun];
    bool was_linked = is_linked(links, link);
    assert(was_linked != is_opening(link));
    if (was_linked)
        sorted_table_take(linked, link->id);
    else
        take_from_opening(link);
    keep_meter(links, link);
    links->figures[link->row->noun].linked = linked->count;
    link_free(links, link);
    return was_linked;
}

struct agent_link *link_table_find(const struct link_table *links, enum noun noun, const char *id)
{
    return link_with(sorted_table_find(&links->linked[noun], id));
}

struct agent_link *link_table_at(const struct link_table *links, enum noun noun, size_t index)
{
    assert(index < links->linked[noun].count);
    return link_with(links->linked[noun].records[index]);
}

bool link_table_agent(const struct link_table *links, enum noun noun, const char *id, struct link_agent *agent)
{
    const struct agent_link *link = link_table_find(links, noun, id);
    const struct refused_agent *refused = sorted_table_find(&links->refused[noun], id);
    if (link) {
        *agent = (struct link_agent){.protocol = link->protocol};
        TEXT_PUT(agent->program, link->build->program);
        TEXT_PUT(agent->version, link->build->version);
    } else if (refused) {
        *agent = refused->agent;
    }
    return link || refused;
}

struct link_figures *link_table_figures(struct link_table *links, const struct agent_link *link)
{
    return &links->figures[link->row->noun];
}

void link_table_clear(struct link_table *links)
{
    while (links->opening)
        link_table_close(links, links->opening);
    for (enum noun noun = 0; noun < NOUN_COUNT; noun++) {
        while (links->linked[noun].count)
            link_table_close(links, link_table_at(links, noun, links->linked[noun].count - 1));
        sorted_table_clear(&links->linked[noun]);
        sorted_table_clear(&links->refused[noun]);
        sorted_table_clear(&links->spent[noun]);
        sorted_table_clear(&links->takeovers[noun]);
    }
    sorted_table_clear(&links->builds);
}

// ---- what goes out

bool agent_link_push(struct agent_link *link, struct text *message)
{
    assert(link->queued <= LINK_QUEUE_MAX);
    if (link->queued == LINK_QUEUE_MAX) {
        explicit_bzero(message->bytes, message->length);
        text_drop(message);
        return false;
    }
    mem_reserve(&link->queue, &link->capacity, link->queued + 1, sizeof *link->queue);
    link->queue[link->queued++] = message->bytes;
    *message = (struct text){0};
    lws_callback_on_writable(link->wsi);
    return true;
}

bool agent_link_send(struct agent_link *link, const void *message)
{
    struct text text = {0};
    int64_t type = *(const int64_t *)message;
    if (!(link->accepted >> type & 1))
        return false;
    link_print(&text, link->row, message);
    return agent_link_push(link, &text);
}

char *agent_link_take(struct agent_link *link)
{
    if (!link->queued)
        return NULL;
    char *first = link->queue[0];
    link->queued--;
    memmove(link->queue, link->queue + 1, link->queued * sizeof *link->queue);
    if (!link->queued) { // most links are told nothing for hours
        free(take(link->queue));
        link->capacity = 0;
    }
    return first;
}
