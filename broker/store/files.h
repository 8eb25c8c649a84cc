// SPDX-License-Identifier: EUPL-1.2
// The system calls that the key and the head are written with, as a table: a test puts a disk there whose power fails.
// Each behaves as the call of its name.
#pragma once
#include "broker/base/fault.h"

#include <stddef.h>
#include <sys/types.h>

struct files {
    int (*open)(const char *path, int flags, mode_t mode);
    int (*close)(int descriptor);
    ssize_t (*pread)(int descriptor, void *bytes, size_t size, off_t offset);
    ssize_t (*pwrite)(int descriptor, const void *bytes, size_t length, off_t offset);
    int (*fsync)(int descriptor);
    int (*fdatasync)(int descriptor);
    int (*rename)(const char *from, const char *to);
    int (*unlink)(const char *path);
};

extern const struct files files_real;

enum { FILES_PATH_SIZE = 4096 };

bool files_exists(const struct files *files, const char *path);
// At most `size` bytes from the file's beginning; *length tells how many there were. FAULT_ABSENT: no such file.
bool files_read(const struct files *files, const char *path, void *bytes, size_t size, size_t *length,
                struct fault *why) __attribute__((warn_unused_result));
// A whole new file of mode 0600 in place of what was there: after a power cut either the old or the new one stands
// there.
bool files_publish(const struct files *files, const char *path, const void *bytes, size_t length, struct fault *why)
    __attribute__((warn_unused_result));
// Makes what was created, renamed or removed in the folder of `path` durable.
bool files_sync_folder_of(const struct files *files, const char *path, struct fault *why)
    __attribute__((warn_unused_result));
