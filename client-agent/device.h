// SPDX-License-Identifier: EUPL-1.2
// The device's identity: its key, made here and never leaving, and the certificate the broker gives for it.
#pragma once
#include "broker/api/refusal.h"
#include "broker/api/types.h"
#include "client-agent/config.h"

enum { DEVICE_PATH_SIZE = 300 };

struct device_paths {
    char key[DEVICE_PATH_SIZE], certificate[DEVICE_PATH_SIZE], id[DEVICE_PATH_SIZE];
};
void device_paths(struct device_paths *paths, const char *state_dir);

// "neustadt/desk1"; empty before it is enrolled.
void device_id(char id[ID_SIZE], const char *state_dir);

// Makes key and request, takes the token to the broker and writes what comes back. A key that is there already is used
// again, so that enrolling can be repeated. Blocks. *refusal is the broker's, when it was that.
bool device_enrol(const struct config *config, const char *token, enum refusal *refusal, struct fault *why)
    __attribute__((warn_unused_result));

// A P-256 key from `path`, made (mode 0600) when there is none, and the PKCS #10 request of it in base64 of the DER.
bool device_request(const char *path, char *base64, size_t size, struct fault *why) __attribute__((warn_unused_result));
