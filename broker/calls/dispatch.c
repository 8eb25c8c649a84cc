// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/services.h"

#include <assert.h>

typedef void call_function(struct services *services, struct request *request);

static call_function *const functions[METHOD_ID_COUNT] = {
    [METHOD_HEALTH] = call_health,
    [METHOD_METRICS] = call_metrics,
    [METHOD_LOGON] = call_logon,
    [METHOD_GATEWAY_LOGON] = call_gateway_logon,
    [METHOD_PASSWORD] = call_password,
    [METHOD_OWN_JOBS] = call_own_jobs,
    [METHOD_OWN_RELEASE] = call_own_jobs,
    [METHOD_OWN_CANCEL] = call_own_jobs,
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
    [METHOD_CANCEL] = call_job_cancel,
    [METHOD_MOVE] = call_job_move,
    [METHOD_READ] = call_printer_read,
    [METHOD_TEST] = call_printer_test,
    [METHOD_UNLOCK] = call_unlock,
    [METHOD_CHECK] = call_tenant_check,
    [METHOD_MESSAGE] = call_message,
    [METHOD_LOCK] = call_lock,
    [METHOD_ENROL_TOKEN] = call_enrol_token,
    [METHOD_EVENTS] = call_events,
    [METHOD_ACCOUNTS] = call_accounts,
    [METHOD_BACKUP_START] = call_backup_start,
    [METHOD_BACKUP_SHOW] = call_backup_show,
    [METHOD_BACKUP_READ] = call_backup_read,
    [METHOD_BACKUP_DROP] = call_backup_drop,
    [METHOD_OPENAPI] = call_openapi,
    [METHOD_GRANT_REQUEST] = call_grant_request,
    [METHOD_GRANT_APPROVE] = call_grant_approve,
    [METHOD_PORTAL_HOME] = call_portal_home,
    [METHOD_PORTAL_LOGON] = call_portal_logon,
    [METHOD_PORTAL_DESKTOPS] = call_portal_desktops,
    [METHOD_PORTAL_DESKTOP] = call_portal_desktop,
    [METHOD_PORTAL_CHANNEL] = call_portal_channel,
    [METHOD_PORTAL_FILE] = call_portal_file,
    [METHOD_PORTAL_LOGOFF] = call_portal_logoff,
    [METHOD_PORTAL_FACTORS] = call_portal_factors,
    [METHOD_PORTAL_TELEPHONE] = call_portal_telephone,
    [METHOD_PORTAL_TELEPHONE_ADD] = call_portal_telephone_add,
    [METHOD_PORTAL_PASSKEY] = call_portal_passkey,
    [METHOD_PORTAL_CODES] = call_portal_codes,
    [METHOD_PORTAL_FACTOR_REMOVE] = call_portal_factor_remove,
    [METHOD_PORTAL_JOBS] = call_portal_jobs,
    [METHOD_PORTAL_JOB_RELEASE] = call_portal_job_release,
    [METHOD_PORTAL_JOB_CANCEL] = call_portal_job_cancel,
    [METHOD_FACTOR_CODE] = call_factor_code,
};

// Of these nouns something else is done than of all others.
static const struct {
    enum method_id id;
    enum noun noun;
    call_function *call;
} exceptions[] = {
    {METHOD_REMOVE, NOUN_SESSION, call_session_end},
    {METHOD_REMOVE, NOUN_PERSON, call_person_erase},
    {METHOD_DRAIN, NOUN_PRINTER, call_noun_drain},
    {METHOD_UNDRAIN, NOUN_PRINTER, call_noun_undrain},
    {METHOD_DRAIN, NOUN_GATEWAY, call_noun_drain},
    {METHOD_UNDRAIN, NOUN_GATEWAY, call_noun_undrain},
    {METHOD_LIST, NOUN_JOB, call_jobs},
    {METHOD_SHOW, NOUN_JOB, call_job_show},
    {METHOD_LIST, NOUN_CHANNEL, call_channels},
    {METHOD_SHOW, NOUN_CHANNEL, call_channel_show},
    {METHOD_RELEASE, NOUN_JOB, call_job_release},
    {METHOD_REMOVE, NOUN_GRANT, call_grant_revoke},
    {METHOD_REMOVE, NOUN_FACTOR, call_factor_remove},
};

static call_function *function_of(const struct method *method)
{
    for (size_t i = 0; i < sizeof exceptions / sizeof *exceptions; i++)
        if (exceptions[i].id == method->id && exceptions[i].noun == method->noun)
            return exceptions[i].call;
    return functions[method->id];
}

void calls_dispatch(struct services *services, struct request *request)
{
    assert(request->method && request->method->id < METHOD_ID_COUNT);
    const struct tenant *tenant = state_tenant(services->state, request->peer.tenant);
    if (tenant)
        TEXT_PUT(request->help_desk, tenant->help_desk);
    enum refusal refusal = wall_authorize(services->state, request->method, &request->peer, request->id);
    if (refusal != REFUSAL_NONE)
        request_refuse(request, refusal, NULL);
    else if (!function_of(request->method)) // the link, when it is asked for without an upgrade
        request_refuse(request, REFUSAL_METHOD, "only as a WebSocket");
    else
        function_of(request->method)(services, request);
}
