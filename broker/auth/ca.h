// SPDX-License-Identifier: EUPL-1.2
// The broker's certificate authority for devices: an EC P-256 key and a self-signed certificate in the data folder.
#pragma once
#include "broker/core/port.h"

struct ca;

enum { CA_DAYS = 3650, CA_RENEWED_DAYS = CA_DAYS / 3 };

// Makes key (0600) and certificate (PEM). Refuses to overwrite a certificate; a key without one was left by a creation
// that was interrupted, and is used.
bool ca_create(const char *key_file, const char *certificate_file, struct fault *why)
    __attribute__((warn_unused_result));
// `life_s`: how long what it signs is valid; no longer than its own certificate, though. That one is renewed first.
// NULL with why.
struct ca *ca_open(const char *key_file, const char *certificate_file, int64_t life_s, struct fault *why);
// A new certificate with the same key and name, when fewer than CA_RENEWED_DAYS are left of the present one: what was
// signed before stays good. Whether there is one; then ca_port says another end. Call it each day.
bool ca_renew(struct ca *ca);
// The broker's own certificate for a name: key, certificate and that of the CA in one file (PEM, 0600). Made when it is
// not there, not this CA's, with a former certificate of it or for another name, and when a third of its life is left;
// `made` says so.
bool ca_certify_server(const struct ca *ca, const char *name, const char *path, bool *made, struct fault *why)
    __attribute__((warn_unused_result));
void ca_free(struct ca *ca);
struct ca_port ca_port(struct ca *ca);
