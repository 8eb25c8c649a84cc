// SPDX-License-Identifier: EUPL-1.2
#include "broker/broker_identity.h"
#include "broker/base/log.h"
#include "broker/base/text.h"
#include "broker/net/certificate.h"
#include "broker/net/resolver.h"

#include <string.h>

static void find_name(const struct broker_config *config, char name[NAME_SIZE])
{
    if (config->name[0])
        text_cut(name, NAME_SIZE, config->name);
    else
        resolver_own_name(name, NAME_SIZE);
}

bool broker_identity_settle(const struct broker_config *config, struct ca *ca, struct fault *why)
{
    char name[NAME_SIZE];
    bool made = false;
    if (!config->makes_certificate)
        return true;
    find_name(config, name);
    if (!ca_certify_server(ca, name, config->certificate, &made, why))
        return false;
    if (made)
        log_info("broker", "%s: a certificate for %s, by the broker's own CA", config->certificate, name);
    return true;
}

void broker_identity_invite(const struct broker_config *config, const char *token, char text[INVITATION_SIZE])
{
    struct invitation invitation = {.port = config->port};
    TEXT_PUT(invitation.token, token);
    find_name(config, invitation.host);
    if (!certificate_file_names(config->certificate, invitation.host))
        invitation.host[0] = 0;
    certificate_file_authority(config->certificate, invitation.pin);
    invitation_print(&invitation, text);
    explicit_bzero(&invitation, sizeof invitation);
}
