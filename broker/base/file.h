// SPDX-License-Identifier: EUPL-1.2
// Files that outlive a power cut. They are replaced as a whole: whoever reads finds the old content or the new one,
// never neither and never a mix, whenever the power goes; and what was reported as done stays done. The new content
// stands in PATH.new until it is complete, so one program at a time replaces a file; what an interrupted one left there
// goes with the next. Faults: FAULT_ABSENT no such file, FAULT_CONFLICT it is there already, FAULT_BROKEN the disk
// fails, FAULT_UNAVAILABLE it is full, read-only or not ours.
#pragma once
#include "broker/base/fault.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

enum { FILE_PATH_SIZE = 4096 };

// Also true when nobody can tell.
bool file_exists(const char *path);
// Of two looks at a path, whether the same file was there, as it was: its content, whose it is and who may read it. If
// not, it is to be read again.
bool file_is_same_version(const struct stat *a, const struct stat *b);
// At most `size` bytes from the file's beginning; *length tells how many there were.
bool file_read(const char *path, void *bytes, size_t size, size_t *length, struct fault *why)
    __attribute__((warn_unused_result));
// A file that must hold less than `size` bytes, with a NUL behind them; FAULT_INVALID when there are more.
bool file_read_text(const char *path, char *text, size_t size, struct fault *why) __attribute__((warn_unused_result));

// In place of what is there.
bool file_replace(const char *path, mode_t mode, const void *bytes, size_t length, struct fault *why)
    __attribute__((warn_unused_result));
// Never in place of what is there.
bool file_create(const char *path, mode_t mode, const void *bytes, size_t length, struct fault *why)
    __attribute__((warn_unused_result));
bool file_remove(const char *path, struct fault *why) __attribute__((warn_unused_result));
// What is not missed, or found and removed again when it is there after a power cut. False: it was not there.
bool file_remove_lazily(const char *path);
// In place of what `to` was. Only the name is made durable: what `from` holds must be.
bool file_rename(const char *from, const char *to, struct fault *why) __attribute__((warn_unused_result));
// Behind its first `end` bytes, which stay whatever happens. False: what stands behind them is unknown.
bool file_append(const char *path, off_t end, const void *bytes, size_t length, struct fault *why)
    __attribute__((warn_unused_result));
// For what is worth nothing after a restart (/run): whole for whoever reads it meanwhile, but it may be gone, or empty,
// after a power cut.
bool file_replace_volatile(const char *path, mode_t mode, const void *bytes, size_t length, struct fault *why)
    __attribute__((warn_unused_result));

// New content that comes bit by bit. What does not fit on the disk is found out when it is added.
struct file_draft;
struct file_draft *file_draft_new(const char *path, mode_t mode, struct fault *why); // NULL with why
bool file_draft_add(struct file_draft *draft, const void *bytes, size_t length, struct fault *why)
    __attribute__((warn_unused_result));
bool file_draft_publish(struct file_draft *draft, struct fault *why) __attribute__((warn_unused_result));
// Many of one folder at once, which share what a sync of it costs. `whys` has a place for each: FAULT_NONE, it is there
// for good.
void file_drafts_publish(struct file_draft *const *drafts, struct fault *whys, size_t count);
void file_draft_free(struct file_draft *draft); // of one that was not published nothing is left; NULL allowed

// How much of the disk that it lies on is left for others than root, in permille; -1: nobody can tell.
int file_disk_free_permille(const char *path);

// Bytes that are left there for others than root; UINT64_MAX: nobody can tell.
uint64_t file_disk_free_bytes(const char *path);

// The system calls underneath; each behaves as the call of its name, renameat2 in the present folder. A test puts a
// disk here whose power fails.
struct file_system {
    int (*open)(const char *path, int flags, mode_t mode);
    int (*close)(int descriptor);
    ssize_t (*pread)(int descriptor, void *bytes, size_t size, off_t offset);
    ssize_t (*pwrite)(int descriptor, const void *bytes, size_t length, off_t offset);
    int (*fsync)(int descriptor);
    int (*fdatasync)(int descriptor);
    int (*rename)(const char *from, const char *to, unsigned flags);
    int (*unlink)(const char *path);
};
extern const struct file_system *file_system;
