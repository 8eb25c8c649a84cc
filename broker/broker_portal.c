// SPDX-License-Identifier: EUPL-1.2
#include "broker/broker_portal.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/calls/portal.h"

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
    if (!services->portal)
        log_error("portal", "nobody can log on by a browser: %s", why.text);
}

void broker_portal_close(struct services *services)
{
    portal_free(take(services->portal));
}
