// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/sweep.h"
#include "broker/base/clock.h"
#include "broker/calls/admin_rights.h"
#include "broker/calls/channel_standing.h"
#include "broker/calls/device_messages.h"
#include "broker/calls/host_messages.h"
#include "broker/calls/portal.h"
#include "broker/calls/print_messages.h"

void calls_sweep(struct services *services)
{
    device_sweep(services);
    host_sweep(services);
    print_sweep(services);
    grant_sweep(services);
    factor_sweep(services);
    admin_rights_sweep(services);
    channel_standing_sweep(services);
    if (services->portal)
        portal_sessions_sweep(&services->portal->sessions, clock_steady_ms());
}
