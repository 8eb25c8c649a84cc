// SPDX-License-Identifier: EUPL-1.2
// The host's key for one-time passwords, kept on disk (mode 0600) so that a host that starts without the broker knows
// it. Its text is wiped after use.
#pragma once
#include "broker/api/otp.h"

bool otp_key_file_read(const char *path, char text[OTP_KEY_TEXT_SIZE]); // false: there is none
// Writes only when the key has changed.
bool otp_key_file_write(const char *path, const char *text, struct fault *why) __attribute__((warn_unused_result));
