// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/disk_alarm.h"
#include "broker/base/log.h"

#include <assert.h>
#include <stdio.h>

void disk_alarm_look(struct services *services, int64_t free_permille)
{
    assert(free_permille <= 1000);
    services->disk_free_permille = free_permille;
    if (free_permille > DISK_ALARM_OVER_PERMILLE)
        services->disk_alarm = false;
    if (services->disk_alarm || free_permille < 0 || free_permille > DISK_ALARM_PERMILLE)
        return;
    struct fault why;
    struct event event = {.type = EVENT_JOURNAL_DISK_LOW, .noun = NOUN_NONE, .by = "broker"};
    snprintf(event.why, sizeof event.why, "%lld.%lld %% of the journal's disk is left", (long long)free_permille / 10,
             (long long)free_permille % 10);
    log_error("store", "%s: make room, or the broker will refuse every change when it is full", event.why);
    services->disk_alarm = true;
    if (!commit_events(services->commit, &event, 1, NULL, 0, NULL, NULL, &why))
        log_warn("store", "the alarm is not recorded: %s", why.text);
}
