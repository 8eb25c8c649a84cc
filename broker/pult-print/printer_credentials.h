// SPDX-License-Identifier: EUPL-1.2
// What a printer wants to know of whoever prints, in a file of its own that only pult-print may read.
#pragma once
#include "broker/pult-print/ipp_line.h"

// FOLDER/TENANT_NAME, whether it is there or not; "" for what is no printer's id.
void printer_credentials(char path[PRINTER_PATH_SIZE], const char *folder, const char *printer);
