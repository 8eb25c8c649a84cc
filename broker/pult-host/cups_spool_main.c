// SPDX-License-Identifier: EUPL-1.2
// pult-cups-spool [SPOOL CACHE]: runs before cupsd starts.
#include "broker/base/log.h"
#include "broker/pult-host/cups_spool.h"

int main(int count, char **words)
{
    struct fault why = {0};
    struct cups_spool_result result;
    bool settled = cups_spool_settle(count == 3 ? words[1] : "/var/spool/cups",
                                     count == 3 ? words[2] : "/var/cache/cups", &result, &why);
    if (result.resumed || result.removed)
        log_info("print", "cupsd's spool: %zu jobs are tried again, %zu left-over files removed", result.resumed,
                 result.removed);
    if (!settled)
        log_error("print", "cupsd's spool: %s", why.text);
    return settled ? 0 : 1;
}
