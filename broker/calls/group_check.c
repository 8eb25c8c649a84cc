// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/group_check.h"
#include "broker/api/record.h"
#include "broker/calls/forecast.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

// At a time: what a file of thousands names must not stand before everybody's logon at a directory.
enum { ASKED_MAX = 16 };

struct checked_group {
    struct group_check *check;
    char tenant_id[SLUG_SIZE]; // whose directory knows it
    struct group_notice notice;
};

struct group_check {
    struct services *services;
    struct checked_group *groups; // those of one name in one directory stand side by side
    size_t count, capacity, next, open;
    char silent[SLUG_SIZE]; // the tenant whose directory did not answer last
    group_check_done *done;
    void *arg;
};

static int by_name(const void *a, const void *b)
{
    const struct checked_group *left = a, *right = b;
    int order = strcmp(left->tenant_id, right->tenant_id);
    order = order ? order : strcmp(left->notice.group, right->notice.group);
    return order ? order : strcmp(left->notice.id, right->notice.id);
}

static bool is_as_before(const struct group_check *check, size_t index)
{
    const struct checked_group *group = &check->groups[index];
    return index > 0 && text_equal(group->tenant_id, group[-1].tenant_id) &&
           text_equal(group->notice.group, group[-1].notice.group);
}

static void end_check(struct group_check *check)
{
    struct record_list notices = {0};
    const struct group_notice *twice = NULL;
    for (size_t i = 0; i < check->count; i++) {
        struct group_notice *notice = &check->groups[i].notice;
        if (is_as_before(check, i))
            notice->standing = check->groups[i - 1].notice.standing;
        if (notice->standing == GROUP_TWICE && !twice)
            twice = notice;
        if (notice->standing != GROUP_FOUND)
            *(struct group_notice *)record_add(&notices, &group_notice_type) = *notice;
    }
    check->done(check->arg, &notices, twice);
    free(notices.rows);
    free(check->groups);
    free(check);
}

static void ask_more(struct group_check *check);

static void group_found(void *arg, enum group_standing standing, const char *dn)
{
    struct checked_group *group = arg;
    struct group_check *check = group->check;
    (void)dn;
    assert(check->open > 0);
    check->open--;
    group->notice.standing = standing;
    if (standing == GROUP_UNKNOWN)
        TEXT_PUT(check->silent, group->tenant_id);
    ask_more(check);
}

// Each name once; and of a directory that is silent no second time, or a file would be waited for by the hour.
static void ask_more(struct group_check *check)
{
    struct services *services = check->services;
    for (; check->next < check->count && check->open < ASKED_MAX; check->next++) {
        struct checked_group *group = &check->groups[check->next];
        const struct tenant *tenant = state_tenant(services->state, group->tenant_id);
        group->notice.standing = GROUP_UNKNOWN;
        if (is_as_before(check, check->next) || !tenant || text_equal(check->silent, tenant->id))
            continue;
        check->open++;
        services->auth.find_group(services->auth.self, tenant, group->notice.group, group_found, group);
    }
    if (check->open == 0)
        end_check(check);
}

static const char *group_of(enum noun noun, const union record *record)
{
    return !record                   ? ""
           : noun == NOUN_ASSIGNMENT ? record->assignment.group
           : noun == NOUN_TENANT     ? record->tenant.admin_group
                                     : "";
}

static void add_event(struct group_check *check, const struct state *after, const struct event *event)
{
    char owner_id[SLUG_SIZE];
    const struct state *state = check->services->state;
    const char *group = event->type == EVENT_SET ? group_of(event->noun, &event->record) : "";
    wall_owner(owner_id, event->record.id);
    const struct tenant *tenant = state_tenant(state, owner_id), *wanted = state_tenant(after, owner_id);
    // A directory that is not set yet, or is being replaced, cannot be asked.
    if (!group[0] || !tenant || !wanted || forecast_asks_otherwise(tenant, wanted) ||
        text_equal(group, group_of(event->noun, state_find(state, event->noun, event->record.id))))
        return;
    mem_reserve(&check->groups, &check->capacity, check->count + 1, sizeof *check->groups);
    struct checked_group *checked = &check->groups[check->count++];
    *checked = (struct checked_group){.check = check, .notice.noun = event->noun};
    TEXT_PUT(checked->tenant_id, owner_id);
    TEXT_PUT(checked->notice.id, event->record.id);
    TEXT_PUT(checked->notice.group, group);
}

void group_check(struct services *services, const struct state *after, const struct event *events, size_t count,
                 group_check_done *done, void *arg)
{
    struct group_check *check = mem_new(1, sizeof *check);
    *check = (struct group_check){.services = services, .done = done, .arg = arg};
    for (size_t i = 0; i < count; i++)
        add_event(check, after, &events[i]);
    if (check->count)
        qsort(check->groups, check->count, sizeof *check->groups, by_name);
    ask_more(check);
}

bool group_check_refuse(struct request *request, const struct group_notice *twice)
{
    struct fault why;
    if (!twice)
        return false;
    fault_set(&why, FAULT_CONFLICT, "%s: several groups are called %.100s; write the DN of one", twice->id,
              twice->group);
    request_refuse_fault(request, &why);
    return true;
}
