// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/file.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

struct file_draft {
    char path[FILE_PATH_SIZE], fresh[FILE_PATH_SIZE];
    int descriptor; // -1: it is published, or what it was is known
    off_t length;
};

// ---- the system calls

static int open_really(const char *path, int flags, mode_t mode)
{
    return open(path, flags | O_CLOEXEC, mode);
}

static int rename_really(const char *from, const char *to, unsigned flags)
{
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, flags);
}

static const struct file_system real = {
    .open = open_really,
    .close = close,
    .pread = pread,
    .pwrite = pwrite,
    .fsync = fsync,
    .fdatasync = fdatasync,
    .rename = rename_really,
    .unlink = unlink,
};

const struct file_system *file_system = &real;

static bool set_fault(struct fault *why, const char *what, const char *path)
{
    enum fault_kind kind = errno == ENOENT   ? FAULT_ABSENT
                           : errno == EEXIST ? FAULT_CONFLICT
                           : errno == EIO    ? FAULT_BROKEN
                                             : FAULT_UNAVAILABLE;
    return fault_set(why, kind, "cannot %s %.200s: %s", what, path, strerror(errno));
}

// The error of what went wrong, not of closing.
static void close_quietly(int descriptor)
{
    int error = errno;
    file_system->close(descriptor);
    errno = error;
}

// ---- reading

bool file_exists(const char *path)
{
    int descriptor = file_system->open(path, O_RDONLY, 0);
    if (descriptor < 0)
        return errno != ENOENT;
    file_system->close(descriptor);
    return true;
}

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool file_is_same_version(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           is_same_time(&a->st_mtim, &b->st_mtim) && is_same_time(&a->st_ctim, &b->st_ctim);
}

bool file_read(const char *path, void *bytes, size_t size, size_t *length, struct fault *why)
{
    *length = 0;
    int descriptor = file_system->open(path, O_RDONLY, 0);
    if (descriptor < 0)
        return set_fault(why, "open", path);
    ssize_t got = 1;
    while (*length < size && got != 0) {
        got = file_system->pread(descriptor, (char *)bytes + *length, size - *length, (off_t)*length);
        if (got < 0 && errno != EINTR)
            break;
        *length += got > 0 ? (size_t)got : 0;
    }
    close_quietly(descriptor);
    return got >= 0 || set_fault(why, "read", path);
}

bool file_read_text(const char *path, char *text, size_t size, struct fault *why)
{
    size_t length;
    text[0] = 0;
    if (!file_read(path, text, size, &length, why))
        return false;
    text[length < size ? length : 0] = 0;
    return length < size || fault_set(why, FAULT_INVALID, "%.240s: is longer than %zu bytes", path, size - 1);
}

// ---- names

static bool sync_folder_of(const char *path, struct fault *why)
{
    char folder[FILE_PATH_SIZE];
    const char *slash = strrchr(path, '/');
    int length = slash && slash > path ? (int)(slash - path) : 1;
    snprintf(folder, sizeof folder, "%.*s", length, slash ? path : ".");
    int descriptor = file_system->open(folder, O_RDONLY | O_DIRECTORY, 0);
    if (descriptor < 0)
        return set_fault(why, "open", folder);
    bool synced = file_system->fsync(descriptor) == 0 || set_fault(why, "sync", folder);
    file_system->close(descriptor);
    return synced;
}

bool file_remove(const char *path, struct fault *why)
{
    if (file_system->unlink(path) != 0)
        return set_fault(why, "remove", path);
    return sync_folder_of(path, why);
}

bool file_remove_lazily(const char *path)
{
    return file_system->unlink(path) == 0;
}

static bool move_name(const char *from, const char *to, unsigned flags, struct fault *why)
{
    return file_system->rename(from, to, flags) == 0 ||
           set_fault(why, flags & RENAME_NOREPLACE ? "create" : "replace", to);
}

bool file_rename(const char *from, const char *to, struct fault *why)
{
    return move_name(from, to, 0, why) && sync_folder_of(to, why);
}

// ---- writing

static bool write_at(int descriptor, off_t offset, const char *bytes, size_t length)
{
    while (length) {
        ssize_t written = file_system->pwrite(descriptor, bytes, length, offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written == 0)
            errno = ENOSPC;
        if (written <= 0)
            return false;
        bytes += written;
        offset += written;
        length -= (size_t)written;
    }
    return true;
}

bool file_append(const char *path, off_t end, const void *bytes, size_t length, struct fault *why)
{
    int descriptor = file_system->open(path, O_WRONLY | O_NOFOLLOW, 0);
    if (descriptor < 0)
        return set_fault(why, "open", path);
    bool written = write_at(descriptor, end, bytes, length) && file_system->fsync(descriptor) == 0;
    close_quietly(descriptor);
    return written || set_fault(why, "write", path);
}

struct file_draft *file_draft_new(const char *path, mode_t mode, struct fault *why)
{
    struct file_draft *draft = mem_new(1, sizeof *draft);
    TEXT_PUT(draft->path, path);
    int length = snprintf(draft->fresh, sizeof draft->fresh, "%s.new", path);
    assert(length > 0 && (size_t)length < sizeof draft->fresh);
    (void)length;
    // What an interrupted one left may have another mode or owner.
    draft->descriptor = -1;
    if (file_system->unlink(draft->fresh) == 0 || errno == ENOENT)
        draft->descriptor = file_system->open(draft->fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
    if (draft->descriptor >= 0)
        return draft;
    set_fault(why, "create", draft->fresh);
    free(draft);
    return NULL;
}

bool file_draft_add(struct file_draft *draft, const void *bytes, size_t length, struct fault *why)
{
    if (!write_at(draft->descriptor, draft->length, bytes, length))
        return set_fault(why, "write", draft->fresh);
    draft->length += (off_t)length;
    return true;
}

static bool publish_unsynced(struct file_draft *draft, unsigned flags, struct fault *why)
{
    if (!move_name(draft->fresh, draft->path, flags, why))
        return false;
    file_system->close(draft->descriptor);
    draft->descriptor = -1;
    return true;
}

// The content first: a name that reaches the disk before it would be that of an empty file.
static bool publish_content(struct file_draft *draft, unsigned flags, struct fault *why)
{
    if (file_system->fsync(draft->descriptor) != 0)
        return set_fault(why, "sync", draft->fresh);
    return publish_unsynced(draft, flags, why);
}

static bool publish(struct file_draft *draft, unsigned flags, struct fault *why)
{
    return publish_content(draft, flags, why) && sync_folder_of(draft->path, why);
}

void file_drafts_publish(struct file_draft *const *drafts, struct fault *whys, size_t count)
{
    const char *published = NULL;
    for (size_t i = 0; i < count; i++) {
        whys[i] = (struct fault){0};
        if (publish_content(drafts[i], 0, &whys[i]))
            published = drafts[i]->path;
    }
    struct fault why = {0};
    if (!published || sync_folder_of(published, &why))
        return;
    for (size_t i = 0; i < count; i++)
        if (whys[i].kind == FAULT_NONE)
            whys[i] = why;
}

bool file_draft_publish(struct file_draft *draft, struct fault *why)
{
    return publish(draft, 0, why);
}

void file_draft_free(struct file_draft *draft)
{
    if (!draft)
        return;
    if (draft->descriptor >= 0) {
        file_system->close(draft->descriptor);
        file_system->unlink(draft->fresh);
    }
    free(draft);
}

static void draft_drop(struct file_draft **draft)
{
    file_draft_free(*draft);
}

bool file_replace(const char *path, mode_t mode, const void *bytes, size_t length, struct fault *why)
{
    owned(draft) struct file_draft *draft = file_draft_new(path, mode, why);
    return draft && file_draft_add(draft, bytes, length, why) && publish(draft, 0, why);
}

bool file_create(const char *path, mode_t mode, const void *bytes, size_t length, struct fault *why)
{
    owned(draft) struct file_draft *draft = file_draft_new(path, mode, why);
    return draft && file_draft_add(draft, bytes, length, why) && publish(draft, RENAME_NOREPLACE, why);
}

bool file_replace_volatile(const char *path, mode_t mode, const void *bytes, size_t length, struct fault *why)
{
    owned(draft) struct file_draft *draft = file_draft_new(path, mode, why);
    return draft && file_draft_add(draft, bytes, length, why) && publish_unsynced(draft, 0, why);
}

int file_disk_free_permille(const char *path)
{
    struct statvfs disk;
    if (statvfs(path, &disk) != 0 || disk.f_blocks == 0)
        return -1;
    return (int)(disk.f_bavail * 1000 / disk.f_blocks);
}

uint64_t file_disk_free_bytes(const char *path)
{
    struct statvfs disk;
    return statvfs(path, &disk) == 0 ? (uint64_t)disk.f_bavail * disk.f_frsize : UINT64_MAX;
}
