// SPDX-License-Identifier: EUPL-1.2
#include "broker/store/files.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int open_real(const char *path, int flags, mode_t mode)
{
    return open(path, flags | O_CLOEXEC, mode);
}

const struct files files_real = {
    .open = open_real,
    .close = close,
    .pread = pread,
    .pwrite = pwrite,
    .fsync = fsync,
    .fdatasync = fdatasync,
    .rename = rename,
    .unlink = unlink,
};

static bool failed(struct fault *why, const char *what, const char *path)
{
    enum fault_kind kind = errno == ENOENT ? FAULT_ABSENT : errno == EIO ? FAULT_BROKEN : FAULT_UNAVAILABLE;
    return fault_set(why, kind, "cannot %s %s: %s", what, path, strerror(errno));
}

bool files_exists(const struct files *files, const char *path)
{
    int descriptor = files->open(path, O_RDONLY, 0);
    if (descriptor < 0)
        return errno != ENOENT;
    files->close(descriptor);
    return true;
}

bool files_read(const struct files *files, const char *path, void *bytes, size_t size, size_t *length,
                struct fault *why)
{
    *length = 0;
    int descriptor = files->open(path, O_RDONLY, 0);
    if (descriptor < 0)
        return failed(why, "open", path);
    ssize_t got = 0;
    while (*length < size &&
           (got = files->pread(descriptor, (char *)bytes + *length, size - *length, (off_t)*length)) > 0)
        *length += (size_t)got;
    if (got < 0)
        failed(why, "read", path);
    files->close(descriptor);
    return got >= 0;
}

static bool write_new(const struct files *files, const char *path, const void *bytes, size_t length, struct fault *why)
{
    if (files->unlink(path) != 0 && errno != ENOENT)
        return failed(why, "remove", path);
    int descriptor = files->open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (descriptor < 0)
        return failed(why, "create", path);
    errno = ENOSPC; // what a short write means
    bool right = files->pwrite(descriptor, bytes, length, 0) == (ssize_t)length && files->fsync(descriptor) == 0;
    if (!right)
        failed(why, "write", path);
    files->close(descriptor);
    return right;
}

bool files_publish(const struct files *files, const char *path, const void *bytes, size_t length, struct fault *why)
{
    char draft[FILES_PATH_SIZE];
    int written = snprintf(draft, sizeof draft, "%s.new", path);
    assert(written > 0 && (size_t)written < sizeof draft);
    if (!write_new(files, draft, bytes, length, why))
        return false;
    if (files->rename(draft, path) != 0)
        return failed(why, "rename to", path);
    return files_sync_folder_of(files, path, why);
}

bool files_sync_folder_of(const struct files *files, const char *path, struct fault *why)
{
    char folder[FILES_PATH_SIZE];
    const char *slash = strrchr(path, '/');
    int length = slash && slash > path ? (int)(slash - path) : 1;
    snprintf(folder, sizeof folder, "%.*s", length, slash ? path : ".");
    int descriptor = files->open(folder, O_RDONLY | O_DIRECTORY, 0);
    if (descriptor < 0)
        return failed(why, "open", folder);
    bool right = files->fsync(descriptor) == 0 || failed(why, "sync", folder);
    files->close(descriptor);
    return right;
}
