// SPDX-License-Identifier: EUPL-1.2
// For the main of a program through which passwords and keys pass.
#pragma once

void secrecy_keep(void);       // no core dump, no tracer
void secrecy_wipe_freed(void); // freed memory is overwritten: for one that is never busy
