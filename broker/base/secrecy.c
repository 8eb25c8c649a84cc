// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/secrecy.h"

#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>

void secrecy_keep(void)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
}

void secrecy_wipe_freed(void)
{
    mallopt(M_PERTURB, 0x5a);
}
