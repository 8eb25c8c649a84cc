// SPDX-License-Identifier: EUPL-1.2
// Running a program as a person would, and seeing what it says.
#pragma once
#include <stdbool.h>
#include <sys/types.h>

struct program_result {
    int exit_code; // -1: ended by a signal
    char out[32 * 1024], err[8 * 1024];
};

// Words with single spaces between, found by PATH or below $PULT_BUILD ("admin-tool/pultctl"). `input` becomes its
// standard input.
void program_run(struct program_result *program, const char *line, const char *input);
// The same at a terminal: types `input` once the program has said `question`, which ends up in `out` with all else.
void program_at_terminal(struct program_result *program, const char *line, const char *question, const char *input);
// A line for the shell. Ends the test with what it said when it fails.
void program_shell(const char *line);
// Left running; killed with this process. Its standard error goes to `log`.
pid_t program_start(const char *line, const char *log);
void program_stop(pid_t pid);
void program_kill(pid_t pid); // at once
// Any process, until SIGCONT. Returns when all its threads stand still: the signal alone comes when they next run.
void program_freeze(pid_t pid);
// Whether this, ASCII, is in the memory that a process can write to, in UTF-16 as well. Of it alone: the test's own has
// it, too.
bool program_remembers(pid_t pid, const char *secret);
