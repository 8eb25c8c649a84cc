// SPDX-License-Identifier: EUPL-1.2
#include "broker/store/erased_list.h"
#include "broker/base/file.h"
#include "broker/base/log.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { LINES_AT_ONCE = 512 };

static void find_path(char path[FILE_PATH_SIZE], const char *folder)
{
    int length = snprintf(path, FILE_PATH_SIZE, "%s/erased", folder);
    assert(length > 0 && length < FILE_PATH_SIZE);
    (void)length;
}

// The id of a line; false when it is torn or was never one.
static bool read_line(char id[ID_SIZE], const char line[ERASED_LINE])
{
    if (line[ERASED_LINE - 1] != '\n')
        return false;
    memcpy(id, line, ERASED_LINE);
    id[ERASED_LINE - 1] = 0;
    id[strcspn(id, " ")] = 0;
    return id_is_valid(NOUN_PERSON, id);
}

static bool each_of(const char *lines, size_t count, bool (*each)(void *arg, const char *person_id, struct fault *why),
                    void *arg, struct fault *why)
{
    for (size_t i = 0; i < count; i++) {
        char id[ID_SIZE];
        if (!read_line(id, lines + i * ERASED_LINE))
            log_warn("store", "a line of the list of the erased is damaged, and ignored");
        else if (!each(arg, id, why))
            return false;
    }
    return true;
}

// *whole: how many bytes there are in whole lines.
static bool walk_list(const char *path, off_t *whole, bool (*each)(void *arg, const char *person_id, struct fault *why),
                      void *arg, struct fault *why)
{
    char lines[LINES_AT_ONCE * ERASED_LINE];
    *whole = 0;
    int descriptor = file_system->open(path, O_RDONLY, 0);
    if (descriptor < 0)
        return errno == ENOENT || fault_set(why, FAULT_UNAVAILABLE, "cannot open %.200s: %s", path, strerror(errno));
    bool right = true;
    ssize_t got;
    while (right && (got = file_system->pread(descriptor, lines, sizeof lines, *whole)) >= ERASED_LINE) {
        right = !each || each_of(lines, (size_t)got / ERASED_LINE, each, arg, why);
        *whole += got - got % ERASED_LINE;
    }
    if (right && got < 0)
        right = fault_set(why, errno == EIO ? FAULT_BROKEN : FAULT_UNAVAILABLE, "cannot read %.200s: %s", path,
                          strerror(errno));
    file_system->close(descriptor);
    return right;
}

bool erased_list_add(const char *folder, const char *person_id, struct fault *why)
{
    char path[FILE_PATH_SIZE], line[ERASED_LINE];
    off_t end = 0;
    find_path(path, folder);
    assert(id_is_valid(NOUN_PERSON, person_id) && strlen(person_id) < ERASED_LINE);
    memset(line, ' ', sizeof line);
    memcpy(line, person_id, strlen(person_id));
    line[ERASED_LINE - 1] = '\n';
    if (!file_exists(path))
        return file_create(path, 0600, line, sizeof line, why);
    return walk_list(path, &end, NULL, NULL, why) && file_append(path, end, line, sizeof line, why);
}

bool erased_list_each(const char *folder, bool (*each)(void *arg, const char *person_id, struct fault *why), void *arg,
                      struct fault *why)
{
    char path[FILE_PATH_SIZE];
    off_t end;
    find_path(path, folder);
    return walk_list(path, &end, each, arg, why);
}
