// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/world.h"

typedef void call_function(struct world *world, struct call *call);

static call_function *const functions[METHOD_ID_COUNT] = {
    [METHOD_HEALTH] = call_health,
    [METHOD_METRICS] = call_metrics,
    [METHOD_LOGON] = call_logon,
    [METHOD_PASSWORD] = call_password,
    [METHOD_ENROL] = call_enrol,
    [METHOD_RENEW] = call_renew,
    [METHOD_ADMIN_LOGON] = call_admin_logon,
    [METHOD_ADMIN_LOGOFF] = call_admin_logoff,
    [METHOD_STATUS] = call_status,
    [METHOD_WHY] = call_why,
    [METHOD_APPLY] = call_apply,
    [METHOD_LIST] = call_list,
    [METHOD_SHOW] = call_show,
    [METHOD_SET] = call_set,
    [METHOD_REMOVE] = call_remove,
    [METHOD_DRAIN] = call_drain,
    [METHOD_UNDRAIN] = call_undrain,
    [METHOD_RELEASE] = call_release,
    [METHOD_TELL] = call_tell,
    [METHOD_LOCK] = call_lock,
    [METHOD_INVITE] = call_invite,
    [METHOD_EVENTS] = call_events,
};

void calls_dispatch(struct world *world, struct call *call)
{
    const struct tenant *tenant = state_tenant(world->state, call->peer.tenant);
    if (tenant)
        TEXT_PUT(call->help_desk, tenant->help_desk);
    enum refusal refusal = wall_check(call->method, &call->peer, call->id);
    if (refusal != REFUSAL_NONE)
        call_refuse(call, refusal, NULL);
    else if (call->method->id == METHOD_REMOVE && call->method->noun == NOUN_SESSION)
        call_session_end(world, call);
    else if (call->method->id == METHOD_REMOVE && call->method->noun == NOUN_PERSON)
        call_person_erase(world, call);
    else if (!functions[call->method->id]) // the link, when it is asked for without an upgrade
        call_refuse(call, REFUSAL_METHOD, "only as a WebSocket");
    else
        functions[call->method->id](world, call);
}
