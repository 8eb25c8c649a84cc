// SPDX-License-Identifier: EUPL-1.2
#include "broker/broker_restore.h"
#include "broker/auth/ca.h"
#include "broker/backup/backup_content.h"
#include "broker/base/child.h"
#include "broker/base/file.h"
#include "broker/base/log.h"
#include "broker/base/owner.h"
#include "broker/broker.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONFIG_LINES_MAX = 4096 }; // of one without settings

static const char staging_name[] = "restored";

static void join(char path[FILE_PATH_SIZE], const char *folder, const char *name)
{
    int length = snprintf(path, FILE_PATH_SIZE, "%s/%s", folder, name);
    assert(length > 0 && length < FILE_PATH_SIZE); // a setting of the configuration, and a name in it
    (void)length;
}

// ---- configuration and credentials

static void say(const char *what, const char *path)
{
    printf("%s: %s\n", path, what);
}

static bool same_as(const char *path, const struct backup_small_file *file)
{
    size_t length = 0, size = (size_t)file->member.size;
    owned(bytes) char *bytes = mem_room(size + 1);
    bool same =
        file_read(path, bytes, size + 1, &length, NULL) && length == size && memcmp(bytes, file->bytes, length) == 0;
    explicit_bzero(bytes, size);
    return same;
}

// By name: on this machine the same people may have other numbers.
static void give_to_owner(const char *path, const struct archive_member *member)
{
    struct account account;
    gid_t group = (gid_t)-1;
    uid_t user = (uid_t)-1;
    if (geteuid() != 0)
        return;
    if (account_find(&account, member->owner, NULL))
        user = account.uid;
    if (account_find(&account, member->group, NULL)) // a service's group has its user's name
        group = account.gid;
    if (chown(path, user, group) != 0)
        log_warn("backup", "%s: cannot be given to %s:%s: %s", path, member->owner, member->group, strerror(errno));
}

static bool make_folder_of(const char *path, struct fault *why)
{
    char folder[FILE_PATH_SIZE];
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path)
        return true; // the present folder, or the root
    snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
    return (mkdir(folder, 0755) == 0 && chmod(folder, 0755) == 0) || errno == EEXIST ||
           fault_set(why, FAULT_UNAVAILABLE, "cannot make %.200s: %s", folder, strerror(errno));
}

static bool write_file(const char *path, const struct backup_small_file *file, struct fault *why)
{
    if (!make_folder_of(path, why) || !file_create(path, 0600, file->bytes, (size_t)file->member.size, why))
        return false;
    // Which the umask took from it: the broker may be one of its group.
    bool opened = chmod(path, file->member.mode) == 0;
    give_to_owner(path, &file->member);
    return opened || fault_set(why, FAULT_UNAVAILABLE, "cannot set the mode of %.200s: %s", path, strerror(errno));
}

// Only below the folder of the configuration: whoever has the certificate can make a back-up, and none of it goes
// elsewhere in this machine.
static bool put_elsewhere(const char *config_path, const struct backup_small_file *file, struct fault *why)
{
    char path[FILE_PATH_SIZE];
    size_t folder = (size_t)(strrchr(config_path, '/') + 1 - config_path);
    snprintf(path, sizeof path, "/%s", file->member.name + strlen(BACKUP_FILES));
    bool belongs = !file_exists(path) && strncmp(path, config_path, folder) == 0;
    if (belongs && !write_file(path, file, why))
        return false;
    if (belongs)
        say("restored", path);
    else if (!same_as(path, file))
        say("not restored: there is another one, or it lies elsewhere; take it out of the back-up by hand", path);
    return true;
}

// As a package brings it.
static bool sets_nothing(const char *path)
{
    char text[CONFIG_LINES_MAX];
    if (!file_read_text(path, text, sizeof text, NULL))
        return false;
    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        line += strspn(line, " \t\r");
        if (*line && *line != '\n' && *line != '#')
            return false;
    }
    return true;
}

// ---- what is there already

static const struct backup_small_file *find_data(const struct backup_small_files *files, const char *name)
{
    for (size_t i = 0; i < files->count; i++)
        if (text_starts(files->files[i].member.name, BACKUP_DATA) &&
            text_equal(files->files[i].member.name + strlen(BACKUP_DATA), name))
            return &files->files[i];
    return NULL;
}

// What vouches for a lost journal may be there, and what an interrupted restore has left.
static bool may_be_there(const struct broker_config *config, const struct backup_small_files *files, const char *name)
{
    static const char *const names[] = {".", "..", "head", "head.key", "erased", "lost+found", staging_name};
    char path[FILE_PATH_SIZE];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (text_equal(name, names[i]))
            return true;
    struct stat status;
    const struct backup_small_file *file = find_data(files, name);
    join(path, config->data_dir, name);
    bool is_socket = lstat(path, &status) == 0 && S_ISSOCK(status.st_mode); // which a broker that was killed left
    return is_socket || (file && same_as(path, file));
}

static bool is_empty(const struct broker_config *config, const struct backup_small_files *files, struct fault *why)
{
    DIR *entries = opendir(config->data_dir);
    if (!entries)
        return errno == ENOENT ||
               fault_set(why, FAULT_UNAVAILABLE, "cannot open %s: %s", config->data_dir, strerror(errno));
    bool empty = true;
    for (struct dirent *entry; empty && (entry = readdir(entries));)
        if (!may_be_there(config, files, entry->d_name))
            empty = fault_set(why, FAULT_CONFLICT, "%s is not empty: move %.64s away first", config->data_dir,
                              entry->d_name);
    closedir(entries);
    return empty;
}

// ---- configuration

static bool load_config(const char *path, struct broker_config *config, struct fault *why)
{
    return broker_config_load(path, config) || fault_set(why, FAULT_INVALID, "%s cannot be used", path);
}

static bool replace_config(const char *path, const struct backup_small_files *files, struct broker_config *config,
                           struct fault *why)
{
    char before[FILE_PATH_SIZE], fresh[FILE_PATH_SIZE];
    snprintf(before, sizeof before, "%s.before-restore", path);
    snprintf(fresh, sizeof fresh, "%s.from-backup", path);
    unlink(fresh); // an interrupted restore left it
    bool taken = write_file(fresh, &files->files[0], why) && load_config(fresh, config, why) &&
                 is_empty(config, files, why) && (!file_exists(path) || file_rename(path, before, why)) &&
                 file_rename(fresh, path, why);
    if (!taken) {
        unlink(fresh);
        return false;
    }
    say("restored", path);
    return load_config(path, config, why);
}

// The first file is the configuration. One that sets nothing, or cannot be used, makes room for it; but nothing is
// touched where a broker is already, and without any setting there may be one.
static bool put_config(const char *path, const struct backup_small_files *files, struct broker_config *config,
                       struct fault *why)
{
    bool used = file_exists(path) && broker_config_load(path, config);
    if (used && !is_empty(config, files, why))
        return false;
    return (used && !sets_nothing(path)) || replace_config(path, files, config, why);
}

static bool put_files(const char *path, const struct backup_small_files *files, struct broker_config *config,
                      struct fault *why)
{
    if (!files->count || !text_starts(files->files[0].member.name, BACKUP_FILES))
        return fault_set(why, FAULT_BROKEN, "it is no back-up of a broker: it begins with no configuration");
    if (!put_config(path, files, config, why))
        return false;
    for (size_t i = 1; i < files->count; i++)
        if (text_starts(files->files[i].member.name, BACKUP_FILES) &&
            !put_elsewhere(config->path, &files->files[i], why))
            return false;
    return true;
}

// ---- the data

static bool put_data(const struct broker_config *config, const struct backup_small_files *files, struct fault *why)
{
    for (size_t i = 0; i < files->count; i++) {
        char path[FILE_PATH_SIZE];
        const struct backup_small_file *file = &files->files[i];
        if (!text_starts(file->member.name, BACKUP_DATA))
            continue;
        const char *name = file->member.name + strlen(BACKUP_DATA);
        join(path, config->data_dir, name);
        if (strchr(name, '/'))
            return fault_set(why, FAULT_BROKEN, "%.160s: no file of a broker", name);
        if (!file_exists(path) && !file_create(path, 0600, file->bytes, (size_t)file->member.size, why))
            return false;
    }
    return true;
}

static bool ca_opens(const struct broker_config *config, struct fault *why)
{
    char key[FILE_PATH_SIZE], certificate[FILE_PATH_SIZE];
    join(key, config->data_dir, "device-ca.key");
    join(certificate, config->data_dir, "device-ca.pem");
    struct ca *ca = ca_open(key, certificate, config->certificate_lifetime_s, why);
    ca_free(ca);
    return ca != NULL;
}

static void empty_folder(const char *folder)
{
    DIR *entries = opendir(folder);
    for (struct dirent *entry; entries && (entry = readdir(entries));)
        unlinkat(dirfd(entries), entry->d_name, 0);
    if (entries)
        closedir(entries);
}

static bool move_all(const char *from, const char *to, struct fault *why)
{
    DIR *entries = opendir(from);
    bool moved = entries != NULL;
    for (struct dirent *entry; moved && (entry = readdir(entries));) {
        char old[FILE_PATH_SIZE], fresh[FILE_PATH_SIZE];
        join(old, from, entry->d_name);
        join(fresh, to, entry->d_name);
        if (entry->d_name[0] != '.')
            moved = file_rename(old, fresh, why);
    }
    if (entries)
        closedir(entries);
    return moved;
}

// In a folder of its own until it is accepted and whoever was erased since is erased again; then, last of all, it takes
// its place: without a journal there is no broker yet, and a restore that was interrupted is called again.
static bool put_journal(const struct broker_config *config, int backup, const struct envelope_key *key,
                        struct fault *why)
{
    char staging[FILE_PATH_SIZE];
    struct broker_config staged = *config;
    join(staging, config->data_dir, staging_name);
    empty_folder(staging);
    if (mkdir(staging, 0700) != 0 && errno != EEXIST)
        return fault_set(why, FAULT_UNAVAILABLE, "cannot make %.200s: %s", staging, strerror(errno));
    if (!text_copy(staged.data_dir, sizeof staged.data_dir, staging))
        return fault_set(why, FAULT_INVALID, "%s is too long", config->data_dir);
    if (!staged.journal_head_dir[0])
        TEXT_PUT(staged.journal_head_dir, config->data_dir);
    if (!backup_content_read_journal(backup, key, staging, why) || !broker_adopt_journal(&staged, why) ||
        !move_all(staging, config->data_dir, why))
        return false;
    return rmdir(staging) == 0 ||
           fault_set(why, FAULT_UNAVAILABLE, "cannot remove %.200s: %s", staging, strerror(errno));
}

static bool restore(const char *path, int backup, const struct envelope_key *key, struct backup_small_files *files,
                    struct fault *why)
{
    struct broker_config config;
    if (!backup_content_read(backup, key, files, why) || !put_files(path, files, &config, why))
        return false;
    bool done = owner_become(config.data_dir, why) && put_data(&config, files, why) && ca_opens(&config, why) &&
                put_journal(&config, backup, key, why);
    if (done)
        say("restored", config.data_dir);
    return done;
}

static void small_files_drop(struct backup_small_files *files)
{
    backup_small_files_free(files);
}

bool broker_restore(const char *path, const char *backup, const char *key_path, struct fault *why)
{
    owned(small_files) struct backup_small_files files = {0};
    // Both are opened before root's rights are given away.
    struct envelope_key *key = envelope_key_load(key_path, why);
    int file = key ? open(backup, O_RDONLY | O_CLOEXEC) : -1;
    if (key && file < 0)
        fault_set(why, FAULT_ABSENT, "cannot open %.200s: %s", backup, strerror(errno));
    bool done = file >= 0 && restore(path, file, key, &files, why);
    if (file >= 0)
        close(file);
    envelope_key_free(key);
    return done;
}
