// SPDX-License-Identifier: EUPL-1.2
// The broker's certificate authority for devices: an EC P-256 key and a self-signed certificate in the data folder.
#pragma once
#include "broker/core/port.h"

struct ca;

enum { CA_DEVICE_DAYS = 730 };

// Makes key (0600) and certificate (PEM); refuses to overwrite.
bool ca_create(const char *key_file, const char *certificate_file, struct fault *why)
    __attribute__((warn_unused_result));
struct ca *ca_open(const char *key_file, const char *certificate_file, struct fault *why); // NULL with why
void ca_free(struct ca *ca);
struct ca_port ca_port(struct ca *ca);
