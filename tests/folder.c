// SPDX-License-Identifier: EUPL-1.2
#include "tests/folder.h"

#include <assert.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

enum { DESCRIPTORS = 16 };

void folder_make(char path[FOLDER_SIZE], const char *name)
{
    snprintf(path, FOLDER_SIZE, "/tmp/pult-%s-XXXXXX", name);
    char *made = mkdtemp(path);
    assert(made);
}

static int remove_inner(const char *path, const struct stat *status, int type, struct FTW *at)
{
    (void)status;
    (void)type;
    return at->level ? remove(path) : 0;
}

void folder_empty(const char *path)
{
    int rc = nftw(path, remove_inner, DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
    assert(rc == 0);
}

void folder_remove(const char *path)
{
    folder_empty(path);
    int rc = remove(path);
    assert(rc == 0);
}
