// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/portal_file.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/calls/gateway_messages.h"
#include "broker/calls/services.h"

#include <assert.h>
#include <string.h>

static const struct gateway *gateway_of(const struct services *services, const struct request *request)
{
    const char *id = request->peer.gateway;
    return id[0] ? state_find(services->state, NOUN_GATEWAY, id) : NULL;
}

bool portal_has_files(const struct services *services, const struct request *request)
{
    return services->portal->signer && gateway_of(services, request);
}

static const struct rdp_file *sign_file(const struct services *services, const struct request *request,
                                        const struct logon_decision *decision, struct fault *why)
{
    const struct gateway *gateway = gateway_of(services, request);
    assert(gateway);
    // Where there is no agent of ours nobody takes a one-time password.
    const struct rdp_file_terms terms = {.gateway = gateway->name,
                                         .port = gateway->port,
                                         .host = host_has_agent(&decision->host) ? NULL : decision->host.address,
                                         .clipboard = decision->profile.clipboard,
                                         .drives = decision->profile.drives,
                                         .printers = decision->profile.printers};
    return rdp_signer_file(services->portal->signer, &terms, why);
}

static bool print_file(struct services *services, const struct request *request, const struct logon_decision *decision,
                       const char *user_name, struct text *text, struct fault *why)
{
    char token[CHANNEL_TOKEN_SIZE], logon[DIGEST_SIZE];
    const struct rdp_file *file = sign_file(services, request, decision, why);
    if (!file)
        return false;
    portal_holder(request, logon);
    gateway_offer(services, &decision->session, CHANNEL_TSGU, logon, clock_steady_ms(), token);
    bool printed = rdp_file_print(file, user_name, token, text, why);
    explicit_bzero(token, sizeof token);
    return printed;
}

void portal_answer_file(struct services *services, struct request *request, const struct logon_decision *decision,
                        const char *user_name)
{
    struct text text = {0};
    struct fault why = {0};
    if (!portal_has_files(services, request)) { // the gateway was removed meanwhile
        portal_refuse(request, REFUSAL_BUSY, 0);
        return;
    }
    if (!print_file(services, request, decision, user_name, &text, &why)) {
        log_error("portal", "no file for %s: %s", decision->session.id, why.text);
        portal_refuse(request, REFUSAL_BUSY, 0);
        return;
    }
    request->visit->kind = PAGE_FILE;
    request->visit->content_type = "application/x-rdp";
    request->visit->file_name = "desktop.rdp";
    request->finish(request, 200, &text, 0); // which wipes it
}
