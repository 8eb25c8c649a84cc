// SPDX-License-Identifier: EUPL-1.2
// The key of a device or of a session host and the certificate that the broker gave for it. Both stand in one file
// (PEM, mode 0600), which is replaced as a whole: whenever the power goes, a key and its own certificate are there. So
// a fresh key with each certificate costs nothing, and a copy that somebody once took is worth nothing after the next
// renewal.
#pragma once
#include "broker/api/types.h"
#include "broker/base/conf.h"
#include "broker/base/fault.h"

enum { CREDENTIAL_PATH_SIZE = 300, CREDENTIAL_REQUEST_SIZE = 4096 };

struct credential_files {
    char key[CREDENTIAL_PATH_SIZE], certificate[CREDENTIAL_PATH_SIZE]; // the same, but of what an earlier version wrote
};
// Where they are: "device.pem" or "host.pem"; while there is none but an older device.key and device.crt, these.
void credential_files(struct credential_files *files, enum noun noun, const char *state_dir);

struct credential_dates {
    int64_t from_ms, until_ms; // wall clock
    char digest[DIGEST_SIZE];  // SHA-256 of the certificate (DER)
};
bool credential_dates(const struct credential_files *files, struct credential_dates *dates, struct fault *why)
    __attribute__((warn_unused_result));

// For --check: a mistake, and false, when there is none; only a line when it has run out.
bool credential_check(struct conf_check *check, enum noun noun, const char *state_dir, const char *program);

// A fresh key, on the disk beside what is there, which stays; one at a time in a folder, whichever program makes it, so
// that enrolling and renewing do not undo each other. NULL with why.
struct credential;
struct credential *credential_new(enum noun noun, const char *state_dir, struct fault *why);
void credential_free(struct credential *pair); // unless it was kept nothing is left of it; NULL allowed
// For the broker: PKCS #10, DER in base64.
bool credential_request(const struct credential *pair, char base64[CREDENTIAL_REQUEST_SIZE], struct fault *why)
    __attribute__((warn_unused_result));
// The certificate, DER in base64, hostile: takes the place of what is there, durably. False: that is there still.
bool credential_keep(struct credential *pair, const char *certificate_base64, struct fault *why)
    __attribute__((warn_unused_result));
