// SPDX-License-Identifier: EUPL-1.2
// What is in a back-up: "journal/..." as the store copies it, "data/..." of the broker's data, and "files/..." with the
// whole path of what lies elsewhere.
#pragma once
#include "broker/net/backup_file.h"

enum { BACKUP_SMALL_FILE_MAX = 1024 * 1024 }; // all but the store's

#define BACKUP_JOURNAL "journal/"
#define BACKUP_DATA "data/"
#define BACKUP_FILES "files/"

// All strings are borrowed.
struct backup_config {
    const char *folder;            // of the data, where the copy is made
    const char *const *data_names; // files in it that belong to a back-up, with those of the store; NULL at the end
    const char *const *paths;      // files elsewhere: configuration, certificates; "" is none; NULL at the end
    const char *credentials_dir;
    const char *certificates; // of those who can open it; "": nobody can
};

// In any thread. `journal` is the folder with the store's copy.
bool backup_content_write(struct backup_writer *writer, const struct backup_config *config, const char *journal,
                          struct fault *why) __attribute__((warn_unused_result));
// Bytes of all ordinary files in a folder; 0 when it cannot be read.
uint64_t backup_content_size(const char *folder);

// ---- the other way

// All but the journal, in memory, and only once the whole back-up has proven complete and unaltered.
struct backup_small_file {
    struct archive_member member;
    char *bytes; // wiped when it is freed
};
struct backup_small_files {
    struct backup_small_file *files;
    size_t count, capacity;
};
// `file`: its descriptor, which is read from the beginning; hostile. FAULT_DENIED: the key does not open it.
// FAULT_BROKEN: no back-up, cut or altered.
bool backup_content_read(int file, const struct envelope_key *key, struct backup_small_files *files, struct fault *why)
    __attribute__((warn_unused_result));
void backup_small_files_free(struct backup_small_files *files); // zeroes are allowed
// What is below "journal/", into this folder.
bool backup_content_read_journal(int file, const struct envelope_key *key, const char *folder, struct fault *why)
    __attribute__((warn_unused_result));
