// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/otp_key_file.h"
#include "broker/base/file.h"
#include "broker/base/text.h"

#include <string.h>

bool otp_key_file_read(const char *path, char text[OTP_KEY_TEXT_SIZE])
{
    return file_read_text(path, text, OTP_KEY_TEXT_SIZE, NULL) && text[0];
}

bool otp_key_file_write(const char *path, const char *text, struct fault *why)
{
    char before[OTP_KEY_TEXT_SIZE];
    bool same = otp_key_file_read(path, before) && text_equal(before, text);
    explicit_bzero(before, sizeof before);
    return same || file_replace(path, 0600, text, strlen(text), why);
}
