// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/owner.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool owner_become(const char *folder, struct fault *why)
{
    struct stat found;
    if (geteuid() != 0 || stat(folder, &found) != 0 || found.st_uid == 0)
        return true;
    const struct passwd *owner = getpwuid(found.st_uid);
    if (!owner)
        return fault_set(why, FAULT_UNAVAILABLE, "%s belongs to user %u, whom nobody knows here", folder,
                         (unsigned)found.st_uid);
    return (initgroups(owner->pw_name, owner->pw_gid) == 0 && setgid(owner->pw_gid) == 0 &&
            setuid(owner->pw_uid) == 0) ||
           fault_set(why, FAULT_DENIED, "cannot become user %s, to whom %s belongs: %s", owner->pw_name, folder,
                     strerror(errno));
}
