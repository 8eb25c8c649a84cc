// SPDX-License-Identifier: EUPL-1.2
#include "broker/broker_portal.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/calls/logon_history.h"
#include "broker/calls/portal.h"
#include "broker/net/certificate.h"

#include <stdio.h>
#include <stdlib.h>

enum { PATH_ROOM = CONFIG_PATH_SIZE + 16 };

void broker_portal_open(const struct broker_config *config, struct services *services)
{
    struct fault why = {0};
    char pages[PATH_ROOM], assets[PATH_ROOM];
    const char *other = secure_getenv("PULT_LOCALE_DIR");
    if (!config->gateway_port || !config->portal_dir[0] || !services->outside_logon)
        return;
    snprintf(pages, sizeof pages, "%s/pages", config->portal_dir);
    snprintf(assets, sizeof assets, "%s/assets", config->portal_dir);
    services->portal = portal_new(pages, other ? other : PULT_LOCALE_DIR, assets, &why);
    if (services->portal)
        logon_history_begin(services);
    else
        log_error("portal", "nobody can log on by a browser: %s", why.text);
}

static struct rdp_signer *read_signer(const struct broker_config *config, struct fault *why)
{
    struct certificate_pair pair;
    if (!certificate_pair_read(&pair, config->rdp_certificate, config->rdp_key, why))
        return NULL;
    struct rdp_signer *signer = rdp_signer_new(pair.leaf, pair.key, pair.chain, why);
    certificate_pair_drop(&pair);
    return signer;
}

void broker_portal_sign(const struct broker_config *config, struct services *services)
{
    struct fault why = {0};
    if (!services->portal || !config->rdp_certificate[0])
        return;
    struct rdp_signer *signer = read_signer(config, &why);
    if (signer) {
        portal_use_signer(services->portal, signer);
        return;
    }
    log_error("portal", "rdp-certificate, rdp-key: %s", why.text);
    text_cut(services->own_certificates[OWN_CERTIFICATE_RDP].problem,
             sizeof services->own_certificates[OWN_CERTIFICATE_RDP].problem, why.text);
}

void broker_portal_close(struct services *services)
{
    portal_free(take(services->portal));
    past_logons_fini(&services->past_logons);
}
