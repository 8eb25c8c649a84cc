// SPDX-License-Identifier: EUPL-1.2
// For tests in which sessions are ended. Linked in, it starts the test again in a process space of its own.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

// No other process of the machine may be seen.
__attribute__((constructor)) static void be_alone(int count, char **words)
{
    char before[16];
    // The shell is there to be process 1. The next has our number, by which Criterion names a socket of the machine's.
    const char *line[32] = {
        "unshare",      "--pid", "--fork", "--kill-child",
        "--mount-proc", "sh",    "-c",     "echo $PULT_ALONE >/proc/sys/kernel/ns_last_pid; \"$0\" \"$@\"; exit $?"};
    if (getenv("PULT_ALONE"))
        return;
    snprintf(before, sizeof before, "%d", (int)getpid() - 1);
    setenv("PULT_ALONE", before, 1);
    for (int i = 0; i < count && i < 20; i++)
        line[8 + i] = words[i];
    execvp(line[0], (char *const *)(uintptr_t)line);
    _exit(1);
}
