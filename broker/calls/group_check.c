// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/group_check.h"
#include "broker/api/record.h"
#include "broker/calls/forecast.h"

#include <assert.h>
#include <stdlib.h>

struct checked_group {
    struct checked_group *next;
    struct group_check *check;
    struct group_notice notice;
};

struct group_check {
    struct checked_group *groups; // the last one first
    size_t open;
    group_check_done *done;
    void *arg;
};

static void end_check(struct group_check *check)
{
    struct record_list notices = {0};
    const struct group_notice *twice = NULL;
    assert(check->open > 0);
    if (--check->open > 0)
        return;
    for (const struct checked_group *group = check->groups; group; group = group->next) {
        if (group->notice.standing == GROUP_TWICE)
            twice = &group->notice;
        if (group->notice.standing != GROUP_FOUND)
            *(struct group_notice *)record_add(&notices, &group_notice_type) = group->notice;
    }
    check->done(check->arg, &notices, twice);
    free(notices.rows);
    while (check->groups) {
        struct checked_group *group = check->groups;
        check->groups = group->next;
        free(group);
    }
    free(check);
}

static void group_found(void *arg, enum group_standing standing, const char *dn)
{
    struct checked_group *group = arg;
    (void)dn;
    group->notice.standing = standing;
    end_check(group->check);
}

static const char *group_of(enum noun noun, const union record *record)
{
    return !record                   ? ""
           : noun == NOUN_ASSIGNMENT ? record->assignment.group
           : noun == NOUN_TENANT     ? record->tenant.admin_group
                                     : "";
}

static void check_event(struct group_check *check, struct services *services, const struct state *after,
                        const struct event *event)
{
    char owner_id[SLUG_SIZE];
    const char *group = event->type == EVENT_SET ? group_of(event->noun, &event->record) : "";
    wall_owner(owner_id, event->record.id);
    const struct tenant *tenant = state_tenant(services->state, owner_id), *wanted = state_tenant(after, owner_id);
    // A directory that is not set yet, or is being replaced, cannot be asked.
    if (!group[0] || !tenant || !wanted || forecast_asks_otherwise(tenant, wanted) ||
        text_equal(group, group_of(event->noun, state_find(services->state, event->noun, event->record.id))))
        return;
    struct checked_group *checked = mem_new(1, sizeof *checked);
    checked->next = check->groups;
    checked->check = check;
    checked->notice.noun = event->noun;
    TEXT_PUT(checked->notice.id, event->record.id);
    TEXT_PUT(checked->notice.group, group);
    check->groups = checked;
    check->open++;
    services->auth.find_group(services->auth.self, tenant, group, group_found, checked);
}

void group_check(struct services *services, const struct state *after, const struct event *events, size_t count,
                 group_check_done *done, void *arg)
{
    struct group_check *check = mem_new(1, sizeof *check);
    *check = (struct group_check){.open = 1, .done = done, .arg = arg};
    for (size_t i = 0; i < count; i++)
        check_event(check, services, after, &events[i]);
    end_check(check);
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
