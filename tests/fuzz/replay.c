// SPDX-License-Identifier: EUPL-1.2
// Hands a fuzz target every file of a folder, whole and cut short at each byte, without libFuzzer.
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE_MAX_READ = 1024 * 1024, CUTS_MAX = 4096 };

// A copy of its own size, so that a read beyond the end is one beyond the allocation.
static void hand_over(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        abort();
    memcpy(copy, bytes, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static bool replay(const char *folder, const char *name)
{
    static uint8_t bytes[SIZE_MAX_READ];
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rbe");
    if (!file)
        return false;
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    hand_over(bytes, size);
    for (size_t cut = 0; cut < size && cut < CUTS_MAX; cut++)
        hand_over(bytes, cut);
    return true;
}

int main(int argc, char **argv)
{
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    if (!folder) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    int count = 0;
    bool right = true;
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] == '.')
            continue;
        right = replay(argv[1], entry->d_name) && right;
        count++;
    }
    closedir(folder);
    printf("%d inputs replayed\n", count);
    return right && count > 0 ? 0 : 1;
}
