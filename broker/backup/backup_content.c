// SPDX-License-Identifier: EUPL-1.2
#include "broker/backup/backup_content.h"
#include "broker/base/file.h"
#include "broker/base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 256 * 1024, NAMES_ROOM = 4096 };

// Names, since numbers mean somebody else on another machine.
static void tell_owner(struct archive_member *member, const struct stat *status)
{
    char room[NAMES_ROOM];
    struct passwd user, *found_user = NULL;
    struct group group, *found_group = NULL;
    if (getpwuid_r(status->st_uid, &user, room, sizeof room, &found_user) == 0 && found_user)
        text_cut(member->owner, sizeof member->owner, user.pw_name);
    if (getgrgid_r(status->st_gid, &group, room, sizeof room, &found_group) == 0 && found_group)
        text_cut(member->group, sizeof member->group, group.gr_name);
}

static bool cannot_read(const char *path, struct fault *why)
{
    return fault_set(why, FAULT_UNAVAILABLE, "cannot back up %.200s: %s", path, strerror(errno));
}

static bool write_bytes(struct backup_writer *writer, const char *path, int file, uint64_t left, struct fault *why)
{
    owned(bytes) char *chunk = mem_room(CHUNK);
    bool done = true;
    while (left && done) {
        ssize_t got = read(file, chunk, left < CHUNK ? (size_t)left : CHUNK);
        if (got <= 0)
            return got < 0 ? cannot_read(path, why)
                           : fault_set(why, FAULT_BUSY, "cannot back up %.200s: it was changed meanwhile", path);
        done = backup_writer_add(writer, chunk, (size_t)got, why);
        left -= (uint64_t)got;
    }
    explicit_bzero(chunk, CHUNK);
    return done;
}

// Under `name`. `most` 0: however large it is.
static bool write_file(struct backup_writer *writer, const char *path, const char *name, uint64_t most,
                       struct fault *why)
{
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return cannot_read(path, why);
    struct archive_member member = {0};
    bool done = fstat(file, &status) == 0 || cannot_read(path, why);
    if (done && (!S_ISREG(status.st_mode) || (most && (uint64_t)status.st_size > most)))
        done = fault_set(why, FAULT_INVALID, "cannot back up %.200s: not an ordinary file, or too large", path);
    if (done) {
        member = (struct archive_member){
            .mode = status.st_mode & 0777, .size = (uint64_t)status.st_size, .changed_s = status.st_mtim.tv_sec};
        tell_owner(&member, &status);
        done = text_copy(member.name, sizeof member.name, name) ||
               fault_set(why, FAULT_INVALID, "cannot back up %.200s: its path is too long", path);
    }
    done = done && backup_writer_begin(writer, &member, why) && write_bytes(writer, path, file, member.size, why);
    close(file);
    return done;
}

static bool write_named(struct backup_writer *writer, const char *folder, const char *name, const char *before,
                        uint64_t most, struct fault *why)
{
    char path[FILE_PATH_SIZE], full[FILE_PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    snprintf(full, sizeof full, "%s%s", before, name);
    return write_file(writer, path, full, most, why);
}

static int is_ordinary(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

// All ordinary files of a folder, in order.
static bool write_folder(struct backup_writer *writer, const char *folder, const char *before, uint64_t most,
                         struct fault *why)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_ordinary, alphasort);
    if (count < 0)
        return cannot_read(folder, why);
    bool done = true;
    for (int i = 0; i < count; i++) {
        char path[FILE_PATH_SIZE];
        struct stat status;
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (done && stat(path, &status) == 0 && S_ISREG(status.st_mode))
            done = write_named(writer, folder, entries[i]->d_name, before, most, why);
        free(entries[i]);
    }
    free(entries);
    return done;
}

bool backup_content_write(struct backup_writer *writer, const struct backup_config *config, const char *journal,
                          struct fault *why)
{
    char name[FILE_PATH_SIZE];
    bool done = true;
    // First what a restore needs to know where the rest belongs.
    for (const char *const *path = config->paths; *path && done; path++) {
        snprintf(name, sizeof name, BACKUP_FILES "%s", **path ? *path + 1 : "");
        done = !**path || write_file(writer, *path, name, BACKUP_SMALL_FILE_MAX, why);
    }
    snprintf(name, sizeof name, BACKUP_FILES "%s%c", config->credentials_dir + 1, '/');
    done = done && write_folder(writer, config->credentials_dir, name, BACKUP_SMALL_FILE_MAX, why);
    for (const char *const *data = config->data_names; *data && done; data++)
        done = write_named(writer, config->folder, *data, BACKUP_DATA, BACKUP_SMALL_FILE_MAX, why);
    return done && write_folder(writer, journal, BACKUP_JOURNAL, 0, why);
}

uint64_t backup_content_size(const char *folder)
{
    uint64_t size = 0;
    DIR *entries = opendir(folder);
    for (struct dirent *entry; entries && (entry = readdir(entries));) {
        struct stat status;
        if (fstatat(dirfd(entries), entry->d_name, &status, 0) == 0 && S_ISREG(status.st_mode))
            size += (uint64_t)status.st_size;
    }
    if (entries)
        closedir(entries);
    return size;
}

// ---- the other way

enum { SMALL_FILES_MAX = 10000, SMALL_BYTES_MAX = 64 * 1024 * 1024 };

struct unpacking {
    struct backup_small_files *small; // NULL: they are not wanted
    uint64_t small_bytes;
    const char *folder; // for the journal; NULL: it is not wanted
    struct file_draft *draft;
    struct text bytes; // of a small file
    struct archive_member member;
    bool in_small;
};

static void unpacking_fini(struct unpacking *unpacking)
{
    file_draft_free(unpacking->draft);
    if (unpacking->bytes.length)
        explicit_bzero(unpacking->bytes.bytes, unpacking->bytes.length);
    text_drop(&unpacking->bytes);
}

static bool begin_small(struct unpacking *unpacking, struct fault *why)
{
    const struct archive_member *member = &unpacking->member;
    unpacking->small_bytes += member->size;
    if (member->size > BACKUP_SMALL_FILE_MAX || unpacking->small_bytes > SMALL_BYTES_MAX ||
        unpacking->small->count == SMALL_FILES_MAX)
        return fault_set(why, FAULT_BROKEN, "%.160s: more than a back-up of ours holds", member->name);
    unpacking->bytes.length = 0;
    mem_reserve(&unpacking->bytes.bytes, &unpacking->bytes.capacity, (size_t)member->size + 1, 1);
    return true;
}

static bool begin_file(void *arg, const struct archive_member *member, struct fault *why)
{
    struct unpacking *unpacking = arg;
    bool of_journal = text_starts(member->name, BACKUP_JOURNAL);
    const char *name = of_journal ? member->name + strlen(BACKUP_JOURNAL) : "";
    unpacking->member = *member;
    unpacking->in_small = !of_journal && unpacking->small;
    if (unpacking->in_small)
        return begin_small(unpacking, why);
    if (!of_journal || !unpacking->folder)
        return true;
    if (strchr(name, '/'))
        return fault_set(why, FAULT_BROKEN, "%.160s: no file of a journal", member->name);
    char path[FILE_PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", unpacking->folder, name);
    unpacking->draft = file_draft_new(path, 0600, why);
    return unpacking->draft != NULL;
}

static bool take_bytes(void *arg, const void *bytes, size_t length, struct fault *why)
{
    struct unpacking *unpacking = arg;
    if (unpacking->in_small)
        text_add(&unpacking->bytes, bytes, length);
    return !unpacking->draft || file_draft_add(unpacking->draft, bytes, length, why);
}

static bool end_file(void *arg, struct fault *why)
{
    struct unpacking *unpacking = arg;
    if (unpacking->draft) {
        bool done = file_draft_publish(unpacking->draft, why);
        file_draft_free(take(unpacking->draft));
        return done;
    }
    if (!unpacking->in_small)
        return true;
    struct backup_small_files *small = unpacking->small;
    mem_reserve(&small->files, &small->capacity, small->count + 1, sizeof *small->files);
    small->files[small->count++] = (struct backup_small_file){
        .member = unpacking->member,
        .bytes = mem_copy(unpacking->bytes.bytes, unpacking->bytes.length + 1),
    };
    explicit_bzero(unpacking->bytes.bytes, unpacking->bytes.length);
    return true;
}

static bool read_all(int file, struct backup_reader *reader, struct fault *why)
{
    owned(bytes) char *chunk = mem_room(CHUNK);
    bool right = true;
    ssize_t got = 1;
    for (off_t at = 0; right && (got = pread(file, chunk, CHUNK, at)) > 0; at += got)
        right = backup_reader_add(reader, chunk, (size_t)got, why);
    if (right && got < 0)
        right = fault_set(why, FAULT_UNAVAILABLE, "cannot read it: %s", strerror(errno));
    return right && backup_reader_finish(reader, why);
}

static bool unpack(int file, const struct envelope_key *key, struct unpacking *unpacking, struct fault *why)
{
    struct archive_events events = {unpacking, begin_file, take_bytes, end_file};
    struct backup_reader *reader = backup_reader_new(key, &events);
    bool right = read_all(file, reader, why);
    backup_reader_free(reader);
    unpacking_fini(unpacking);
    return right;
}

bool backup_content_read(int file, const struct envelope_key *key, struct backup_small_files *files, struct fault *why)
{
    struct unpacking unpacking = {.small = files};
    return unpack(file, key, &unpacking, why);
}

bool backup_content_read_journal(int file, const struct envelope_key *key, const char *folder, struct fault *why)
{
    struct unpacking unpacking = {.folder = folder};
    return unpack(file, key, &unpacking, why);
}

void backup_small_files_free(struct backup_small_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        explicit_bzero(files->files[i].bytes, (size_t)files->files[i].member.size);
        free(files->files[i].bytes);
    }
    free(files->files);
    *files = (struct backup_small_files){0};
}
