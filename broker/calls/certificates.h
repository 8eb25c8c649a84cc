// SPDX-License-Identifier: EUPL-1.2
#pragma once
#include "broker/calls/services.h"
#include "broker/core/enrolment.h"

// A certificate that a device or a session host was given for the one in its record is shown for the first time: it is
// the one in the record from now on. When the journal cannot be written, nothing happens but that it comes again.
void certificates_renewed(struct services *services, enum noun noun, const char *id,
                          const struct enrolment_proof *proof, const char *address);
// It is used from both addresses at once. Known until the machine is enrolled again.
void certificates_shared(struct services *services, enum noun noun, const char *id, const char *address,
                         const char *other_address);
