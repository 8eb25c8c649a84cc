// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/agent_accounts.h"
#include "client-agent/x_server.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// The folder of the viewer's socket is the viewer's own; nobody else may enter it.
static bool make_folders(const struct agent_config *config, uid_t owner, struct fault *why)
{
    char path[SERVER_PATH_SIZE];
    if ((mkdir(config->run_dir, 0755) != 0 && errno != EEXIST) || chmod(config->run_dir, 0755) != 0)
        return fault_set(why, FAULT_BROKEN, "%s: %s", config->run_dir, strerror(errno));
    snprintf(path, sizeof path, "%s/viewer", config->run_dir);
    if ((mkdir(path, 0700) != 0 && errno != EEXIST) || chmod(path, 0700) != 0 || chown(path, owner, (gid_t)-1) != 0)
        return fault_set(why, FAULT_BROKEN, "%s: %s", path, strerror(errno));
    return true;
}

bool agent_accounts_find(const struct agent_config *config, struct account *greeter, struct account *rdp_client,
                         struct fault *why)
{
    bool is_root = geteuid() == 0;
    if (is_root &&
        (!account_find(greeter, config->greeter_user, why) || !account_find(rdp_client, config->rdp_client_user, why)))
        return false;
    return make_folders(config, is_root ? rdp_client->uid : geteuid(), why);
}
