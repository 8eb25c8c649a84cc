// SPDX-License-Identifier: EUPL-1.2
// When the certificates end by which others know the broker, and it knows administrators.
#pragma once
#include "broker/broker_config.h"
#include "broker/calls/services.h"

// Of the files that were read just now.
void own_certificates_note(struct own_certificate own[OWN_CERTIFICATE_COUNT], const struct broker_config *config);
void own_certificates_warn(const struct own_certificate own[OWN_CERTIFICATE_COUNT]); // to the log; call it each day
