// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/printer_credentials.h"

#include <stdio.h>
#include <string.h>

void printer_credentials(char path[PRINTER_PATH_SIZE], const char *folder, const char *printer)
{
    const char *slash = strchr(printer, '/');
    path[0] = 0;
    if (slash && id_is_valid(NOUN_PRINTER, printer))
        snprintf(path, PRINTER_PATH_SIZE, "%s/%.*s_%s", folder, (int)(slash - printer), printer, slash + 1);
}
