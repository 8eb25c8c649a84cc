// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/otp_key_file.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void file_drop(FILE **file)
{
    if (*file)
        fclose(*file);
}

bool otp_key_file_read(const char *path, char text[OTP_KEY_TEXT_SIZE])
{
    owned(file) FILE *file = fopen(path, "re");
    return file && fgets(text, OTP_KEY_TEXT_SIZE, file);
}

bool otp_key_file_write(const char *path, const char *text, struct fault *why)
{
    char before[OTP_KEY_TEXT_SIZE], fresh[320];
    bool same = otp_key_file_read(path, before) && text_equal(before, text);
    explicit_bzero(before, sizeof before);
    if (same)
        return true;
    snprintf(fresh, sizeof fresh, "%s.new", path);
    unlink(fresh);
    int descriptor = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    owned(file) FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "w");
    bool fine =
        file && fputs(text, file) >= 0 && fflush(file) == 0 && fsync(fileno(file)) == 0 && rename(fresh, path) == 0;
    return fine || fault_set(why, FAULT_BROKEN, "%s: %s", path, strerror(errno));
}
