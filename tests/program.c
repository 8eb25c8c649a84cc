// SPDX-License-Identifier: EUPL-1.2
#include "tests/program.h"

#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORDS_MAX = 64, AREAS_LEAST = 10, SECRET_MAX = 256, AREA_MAX = 256 * 1024 * 1024 };

static void become(const char *line)
{
    char *words[WORDS_MAX] = {NULL}, path[512], *copy = strdup(line);
    size_t count = 0;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (count + 1 < WORDS_MAX && (words[count] = strsep(&copy, " ")))
        count++;
    if (count && strchr(words[0], '/') && words[0][0] != '/') {
        snprintf(path, sizeof path, "%s/%s", getenv("PULT_BUILD"), words[0]);
        words[0] = path;
    }
    execvp(words[0], words);
    perror(words[0]);
    _exit(127);
}

static int exit_code_of(pid_t pid)
{
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int file_with(const char *input)
{
    int file = memfd_create("input", MFD_CLOEXEC);
    ssize_t written = write(file, input, strlen(input));
    assert(written == (ssize_t)strlen(input));
    lseek(file, 0, SEEK_SET);
    return file;
}

static void read_back(int file, char *text, size_t size)
{
    lseek(file, 0, SEEK_SET);
    ssize_t got = read(file, text, size - 1);
    text[got > 0 ? got : 0] = 0;
    close(file);
}

void program_run(struct program_result *program, const char *line, const char *input)
{
    int in = file_with(input ? input : ""), out = memfd_create("out", MFD_CLOEXEC),
        err = memfd_create("err", MFD_CLOEXEC);
    pid_t pid = fork();
    assert(pid >= 0);
    if (pid == 0) {
        dup2(in, STDIN_FILENO);
        dup2(out, STDOUT_FILENO);
        dup2(err, STDERR_FILENO);
        become(line);
    }
    program->exit_code = exit_code_of(pid);
    close(in);
    read_back(out, program->out, sizeof program->out);
    read_back(err, program->err, sizeof program->err);
}

void program_shell(const char *line)
{
    struct program_result shell;
    program_run(&shell, "sh", line);
    if (shell.exit_code == 0)
        return;
    fprintf(stderr, "%s ended with %d: %s%s\n", line, shell.exit_code, shell.out, shell.err);
    abort();
}

void program_at_terminal(struct program_result *program, const char *line, const char *question, const char *input)
{
    int terminal = -1;
    size_t length = 0;
    bool asked = false;
    *program = (struct program_result){0};
    pid_t pid = forkpty(&terminal, NULL, NULL, NULL);
    assert(pid >= 0);
    if (pid == 0)
        become(line);
    while (length + 1 < sizeof program->out) {
        ssize_t got = read(terminal, program->out + length, sizeof program->out - 1 - length);
        if (got <= 0)
            break;
        length += (size_t)got;
        if (!asked && strstr(program->out, question)) {
            ssize_t written = write(terminal, input, strlen(input));
            assert(written > 0);
            asked = true;
        }
    }
    close(terminal);
    program->exit_code = exit_code_of(pid);
}

pid_t program_start(const char *line, const char *log)
{
    pid_t pid = fork();
    assert(pid >= 0);
    if (pid == 0) {
        int file = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
        dup2(file, STDERR_FILENO);
        become(line);
    }
    return pid;
}

void program_stop(pid_t pid)
{
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
}

void program_kill(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

// proc(5): the state follows the name, which stands in parentheses.
static bool runs(const char *task)
{
    char line[512] = "";
    FILE *file = fopen(task, "re");
    if (!file)
        return false;
    char *read = fgets(line, sizeof line, file);
    fclose(file);
    const char *name_end = read ? strrchr(line, ')') : NULL;
    return name_end && name_end[1] && !strchr("TtZX", name_end[2]);
}

static bool some_run(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *tasks = opendir(path);
    bool some = false;
    assert(tasks);
    for (const struct dirent *one; !some && (one = readdir(tasks)) != NULL;) {
        char stat[400];
        snprintf(stat, sizeof stat, "%s/%s/stat", path, one->d_name);
        some = one->d_name[0] != '.' && runs(stat);
    }
    closedir(tasks);
    return some;
}

void program_freeze(pid_t pid)
{
    int rc = kill(pid, SIGSTOP);
    assert(rc == 0);
    while (some_run(pid))
        usleep(1000);
}

// One of many gigabytes is a sanitizer's own.
static bool area_has(int memory, unsigned long from, unsigned long to, const char *secret)
{
    char wide[2 * SECRET_MAX] = "";
    size_t length = to - from, letters = strlen(secret);
    assert(letters <= SECRET_MAX);
    for (size_t i = 0; i < letters; i++)
        wide[2 * i] = secret[i];
    char *bytes = length <= AREA_MAX ? malloc(length) : NULL;
    ssize_t got = bytes ? pread(memory, bytes, length, (off_t)from) : 0;
    bool has =
        got > 0 && (memmem(bytes, (size_t)got, secret, letters) || memmem(bytes, (size_t)got, wide, 2 * letters));
    free(bytes);
    return has;
}

bool program_remembers(pid_t pid, const char *secret)
{
    char path[64], line[512];
    size_t areas = 0;
    bool found = false;
    snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
    int memory = open(path, O_RDONLY | O_CLOEXEC);
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *maps = fopen(path, "re");
    assert(memory >= 0 && maps);
    while (fgets(line, sizeof line, maps)) {
        unsigned long from = 0, to = 0;
        char rights[8] = "";
        if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) == 3 && strncmp(rights, "rw", 2) == 0) {
            areas++;
            found = found || area_has(memory, from, to, secret);
        }
    }
    fclose(maps);
    close(memory);
    assert(areas > AREAS_LEAST);
    return found;
}
