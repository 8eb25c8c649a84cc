// SPDX-License-Identifier: EUPL-1.2
// cupsd's backend for the queues of Pult (see backend(7)): JOB USER TITLE COPIES OPTIONS [FILE]. What a program was
// started with everybody on the machine can read, and the title may say what nobody should: it is overwritten before
// anything else, and all the rest handed on by the environment, which root alone can read. That is why the program
// behind this one, which takes a while to load, is another.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { USER = 2, TITLE = 3, COPIES = 4, OPTIONS = 5, FILE_NAME = 6, AGAIN_LATER = 6, PATH_SIZE = 300 };

static const char *const schemes[] = {"pult", "pult-door", NULL};

static const char *scheme_of(const char *uri)
{
    for (size_t i = 0; uri && schemes[i]; i++) {
        size_t length = strlen(schemes[i]);
        if (strncmp(uri, schemes[i], length) == 0 && uri[length] == ':')
            return schemes[i];
    }
    return NULL;
}

static void hide(char *word)
{
    explicit_bzero(word, strlen(word));
}

int main(int count, char **words)
{
    char path[PATH_SIZE];
    if (count > TITLE)
        hide(words[TITLE]);
    if (count == 1)
        return 0; // which devices there are: none that could be found
    const char *folder = getenv("CUPS_SERVERBIN"), *scheme = scheme_of(getenv("DEVICE_URI"));
    if (count <= OPTIONS || !folder || !scheme ||
        snprintf(path, sizeof path, "%s/daemon/%s", folder, scheme) >= (int)sizeof path ||
        setenv("PULT_JOB_USER", words[USER], 1) != 0 || setenv("PULT_JOB_COPIES", words[COPIES], 1) != 0 ||
        setenv("PULT_JOB_OPTIONS", words[OPTIONS], 1) != 0 ||
        setenv("PULT_JOB_FILE", count > FILE_NAME ? words[FILE_NAME] : "", 1) != 0) {
        fputs("ERROR: this is for cupsd to start\n", stderr);
        return AGAIN_LATER;
    }
    hide(words[OPTIONS]);
    execl(path, scheme, (char *)NULL);
    fprintf(stderr, "ERROR: %s is missing\n", path);
    return AGAIN_LATER;
}
