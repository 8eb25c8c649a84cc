// SPDX-License-Identifier: EUPL-1.2
#include "admin-tool/token.h"
#include "broker/api/codec.h"
#include "broker/api/record.h"
#include "broker/base/file.h"
#include "broker/client/language.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 4096, NAME_LENGTH = 300, FOLDER_LENGTH = NAME_LENGTH + 200 };

static void folder_path(char path[FOLDER_LENGTH])
{
    const char *runtime = getenv("XDG_RUNTIME_DIR"), *home = getenv("HOME");
    if (runtime && runtime[0] == '/')
        snprintf(path, FOLDER_LENGTH, "%s/pult", runtime);
    else
        snprintf(path, FOLDER_LENGTH, "%s/.cache/pult", home ? home : "");
}

static void make_folder(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(path, 0700);
        *slash = '/';
    }
    mkdir(path, 0700);
}

static bool is_ours_alone(int descriptor, mode_t type)
{
    struct stat status;
    return fstat(descriptor, &status) == 0 && (status.st_mode & S_IFMT) == type && status.st_uid == geteuid() &&
           (status.st_mode & 077) == 0;
}

static int open_folder(bool make, struct fault *why)
{
    char path[FOLDER_LENGTH];
    folder_path(path);
    if (make)
        make_folder(path);
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0) {
        fault_set(why, errno == ENOENT ? FAULT_ABSENT : FAULT_UNAVAILABLE, "%s: %s", path, strerror(errno));
        return -1;
    }
    if (is_ours_alone(folder, S_IFDIR))
        return folder;
    close(folder);
    fault_set(why, FAULT_DENIED, _("%s: this directory is accessible to others, or not yours"), path);
    return -1;
}

// A token must not reach another broker than the one it is from.
static void file_name(char name[NAME_LENGTH], const char *host, int64_t port)
{
    int length = snprintf(name, NAME_LENGTH, "%.200s_%lld", host, (long long)port);
    for (int i = 0; i < length; i++)
        if (name[i] == '/')
            name[i] = '_';
}

bool token_save(const char *host, int64_t port, const struct admin_logon_answer *answer, struct fault *why)
{
    char folder_name[FOLDER_LENGTH], name[NAME_LENGTH], path[FOLDER_LENGTH + NAME_LENGTH];
    struct text text = {0};
    int folder = open_folder(true, why);
    if (folder < 0)
        return false;
    close(folder); // it is ours alone, so nobody puts another in its place
    folder_path(folder_name);
    file_name(name, host, port);
    snprintf(path, sizeof path, "%s/%s", folder_name, name);
    mem_reserve(&text.bytes, &text.capacity, FILE_MAX, 1);
    codec_print_record(&text, admin_logon_answer_type.fields, CODEC_ANSWER, answer);
    // Whoever loses it in a power cut logs on again.
    bool saved = file_replace_volatile(path, 0600, text.bytes, text.length, why);
    explicit_bzero(text.bytes, text.capacity);
    text_drop(&text);
    return saved;
}

static bool read_file(int folder, const char *name, char *bytes, size_t *length, struct fault *why)
{
    int file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0)
        return fault_set(why, errno == ENOENT ? FAULT_ABSENT : FAULT_DENIED, "%s: %s", name, strerror(errno));
    bool alone = is_ours_alone(file, S_IFREG);
    ssize_t got = alone ? read(file, bytes, FILE_MAX) : -1;
    close(file);
    if (!alone)
        return fault_set(why, FAULT_DENIED, _("%s: this file is accessible to others, or not yours"), name);
    *length = got > 0 ? (size_t)got : 0;
    return got > 0 || fault_set(why, FAULT_ABSENT, "%s", name);
}

bool token_load(const char *host, int64_t port, struct secret *token, struct fault *why)
{
    char name[NAME_LENGTH], bytes[FILE_MAX];
    size_t length = 0;
    struct admin_logon_answer answer = {0};
    int folder = open_folder(false, why);
    if (folder < 0)
        return false;
    file_name(name, host, port);
    bool got = read_file(folder, name, bytes, &length, why);
    close(folder);
    got = got && codec_decode(&admin_logon_answer_type, CODEC_ANSWER, bytes, length, &answer, why);
    explicit_bzero(bytes, sizeof bytes);
    got = got && (answer.token[0] || fault_set(why, FAULT_ABSENT, "%s", name)) &&
          secret_set(token, answer.token, strlen(answer.token));
    record_free(admin_logon_answer_type.fields, &answer);
    return got;
}

void token_forget(const char *host, int64_t port)
{
    char name[NAME_LENGTH];
    int folder = open_folder(false, NULL);
    if (folder < 0)
        return;
    file_name(name, host, port);
    unlinkat(folder, name, 0);
    close(folder);
}
