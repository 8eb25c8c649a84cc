// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/services.h"

#include <assert.h>

typedef void call_function(struct services *services, struct request *request);

static call_function *const functions[METHOD_ID_COUNT] = {
    [METHOD_HEALTH] = call_health,
    [METHOD_METRICS] = call_metrics,
    [METHOD_LOGON] = call_logon,
    [METHOD_PASSWORD] = call_password,
    [METHOD_ENROL] = call_enrol,
    [METHOD_RENEW] = call_renew,
    [METHOD_ADMIN_LOGON] = call_admin_logon,
    [METHOD_ADMIN_LOGOFF] = call_admin_logoff,
    [METHOD_TOKENS] = call_tokens,
    [METHOD_TOKEN_REVOKE] = call_token_revoke,
    [METHOD_STATUS] = call_status,
    [METHOD_EXPLAIN] = call_explain,
    [METHOD_APPLY] = call_apply,
    [METHOD_LIST] = call_list,
    [METHOD_SHOW] = call_show,
    [METHOD_SET] = call_set,
    [METHOD_REMOVE] = call_remove,
    [METHOD_DRAIN] = call_drain,
    [METHOD_UNDRAIN] = call_undrain,
    [METHOD_RELEASE] = call_release,
    [METHOD_UNLOCK] = call_unlock,
    [METHOD_CHECK] = call_tenant_check,
    [METHOD_MESSAGE] = call_message,
    [METHOD_LOCK] = call_lock,
    [METHOD_ENROL_TOKEN] = call_enrol_token,
    [METHOD_EVENTS] = call_events,
    [METHOD_BACKUP_START] = call_backup_start,
    [METHOD_BACKUP_SHOW] = call_backup_show,
    [METHOD_BACKUP_READ] = call_backup_read,
    [METHOD_BACKUP_DROP] = call_backup_drop,
    [METHOD_OPENAPI] = call_openapi,
};

void calls_dispatch(struct services *services, struct request *request)
{
    assert(request->method && request->method->id < METHOD_ID_COUNT);
    const struct tenant *tenant = state_tenant(services->state, request->peer.tenant);
    if (tenant)
        TEXT_PUT(request->help_desk, tenant->help_desk);
    enum refusal refusal = wall_authorize(services->state, request->method, &request->peer, request->id);
    if (refusal != REFUSAL_NONE)
        request_refuse(request, refusal, NULL);
    else if (request->method->id == METHOD_REMOVE && request->method->noun == NOUN_SESSION)
        call_session_end(services, request);
    else if (request->method->id == METHOD_REMOVE && request->method->noun == NOUN_PERSON)
        call_person_erase(services, request);
    else if (!functions[request->method->id]) // the link, when it is asked for without an upgrade
        request_refuse(request, REFUSAL_METHOD, "only as a WebSocket");
    else
        functions[request->method->id](services, request);
}
