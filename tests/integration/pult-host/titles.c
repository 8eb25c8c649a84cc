// SPDX-License-Identifier: EUPL-1.2
// Who can learn what somebody prints on a session host. cupsd hands the title to its backend among the words that the
// backend is started with, which everybody on the machine can read until it has overwritten them.
#include "broker/base/text.h"
#include "tests/integration/pult-host/cupsd.h"

#include <criterion/criterion.h>
#include <cups/cups.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { JOBS_SHORT = 50, JOBS_LONG = 1000, BATCH = 50, WORDS_SIZE = 4096 };

TestSuite(titles, .init = cupsd_init, .fini = cupsd_fini, .timeout = 1200);

// ---- who shows a title on their command line

enum shower { SHOWN_BY_CUPS_EXEC, SHOWN_BY_BACKEND, SHOWN_BY_OTHERS, SHOWER_COUNT };

struct sights {
    bool seen[SHOWER_COUNT][JOBS_LONG + 1]; // the last one is nobody's job
    char other[PATH_MAX];                   // what another is called
};

static ssize_t read_words(const char *pid, char words[WORDS_SIZE])
{
    char path[300];
    snprintf(path, sizeof path, "/proc/%s/cmdline", pid);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? 0 : read(file, words, WORDS_SIZE - 1);
    if (file >= 0)
        close(file);
    words[length > 0 ? length : 0] = 0;
    return length;
}

// By its first word: which program it is may be another a moment later.
static enum shower shower_of(const char *words)
{
    size_t length = strlen(words);
    if (length >= 9 && text_equal(words + length - 9, "cups-exec"))
        return SHOWN_BY_CUPS_EXEC; // cupsd's own, before the backend
    return text_starts(words, "pult:") ? SHOWN_BY_BACKEND : SHOWN_BY_OTHERS;
}

static void look_at(const char *pid, struct sights *sights)
{
    char words[WORDS_SIZE];
    ssize_t length = read_words(pid, words);
    const char *title = length > 0 ? memmem(words, (size_t)length, CUPSD_TITLE "-", strlen(CUPSD_TITLE "-")) : NULL;
    int number = title ? atoi(title + strlen(CUPSD_TITLE "-")) : -1;
    if (number < 0 || number > JOBS_LONG)
        return;
    enum shower shower = shower_of(words);
    sights->seen[shower][number] = true;
    if (shower == SHOWN_BY_OTHERS)
        text_cut(sights->other, sizeof sights->other, words);
}

// Does nothing else, until it is killed.
static pid_t start_watcher(struct sights *sights)
{
    pid_t pid = fork();
    if (pid)
        return pid;
    for (;;) {
        DIR *folder = opendir("/proc");
        for (struct dirent *entry; (entry = readdir(folder));)
            if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
                look_at(entry->d_name, sights);
        closedir(folder);
    }
}

// It sees what stays.
static void expect_sight(struct sights *sights)
{
    char title[sizeof CUPSD_TITLE + 16];
    snprintf(title, sizeof title, CUPSD_TITLE "-%d", JOBS_LONG);
    pid_t pid = fork();
    if (pid == 0) {
        execlp("sh", "sh", "-c", "kill -STOP $$", title, (char *)NULL);
        _exit(127);
    }
    while (!sights->seen[SHOWN_BY_OTHERS][JOBS_LONG]) // or the test's own time is over
        usleep(1000);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

// As a program does, and not by lp(1), on whose own command line the title stands.
static void print_titles(int first, int count)
{
    int status = 0;
    char path[FOLDER_SIZE + 8], title[sizeof CUPSD_TITLE + 16];
    snprintf(path, sizeof path, "%s/a.pdf", cupsd_folder);
    pid_t pid = fork();
    if (pid == 0) {
        if (setgid(CUPSD_ANNA) != 0 || setuid(CUPSD_ANNA) != 0)
            _exit(1);
        cupsSetUser("anna");
        for (int i = first; i < first + count; i++) {
            snprintf(title, sizeof title, CUPSD_TITLE "-%d", i);
            if (!cupsPrintFile2(CUPS_HTTP_DEFAULT, "next-to-me", path, title, 0, NULL))
                _exit(2);
        }
        _exit(0);
    }
    waitpid(pid, &status, 0);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%d", status);
}

static int count_of(const struct sights *sights, enum shower shower)
{
    int count = 0;
    for (int i = 0; i < JOBS_LONG; i++)
        count += sights->seen[shower][i];
    return count;
}

Test(titles, are_shown_by_what_starts_the_backend_and_by_nothing_behind_it)
{
    int jobs = getenv("PULT_LONG") ? JOBS_LONG : JOBS_SHORT;
    struct sights *sights = mmap(NULL, sizeof *sights, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(sights, MAP_FAILED);
    cupsd_has_queues();
    pid_t watcher = start_watcher(sights);
    expect_sight(sights);
    for (int first = 0; first < jobs; first += BATCH) {
        print_titles(first, BATCH);
        cupsd_await("test -z \"$(lpstat -o)\"");
    }
    cupsd_expect_each_once(jobs);
    kill(watcher, SIGKILL);
    waitpid(watcher, NULL, 0);
    fprintf(stderr, "titles: of %d jobs seen of %d in cups-exec, of %d in the backend\n", jobs,
            count_of(sights, SHOWN_BY_CUPS_EXEC), count_of(sights, SHOWN_BY_BACKEND));
    cr_expect_eq(count_of(sights, SHOWN_BY_OTHERS), 0, "seen in %s", sights->other);
    cupsd_shell("grep -r " CUPSD_TITLE " %s; find %s -name '*" CUPSD_TITLE "*'", cupsd_folder, cupsd_folder);
    cr_expect_str_eq(cupsd_said.out, "");
    munmap(sights, sizeof *sights);
}

// Root alone may read cupsd's own record of the job, which is there until it is handed over.
Test(titles, are_in_no_file_that_somebody_else_may_read)
{
    cupsd_has_queues();
    cupsd_plan("silent");
    cupsd_prints(CUPSD_ANNA, "-d next-to-me");
    cupsd_await("test -e %s/server/begun", cupsd_folder);
    cupsd_shell("cd %s && chmod 755 . && find . -name '*" CUPSD_TITLE
                "*'; setpriv --reuid %d --regid %d --clear-groups "
                "grep -rs " CUPSD_TITLE " .; grep -lr " CUPSD_TITLE " . | sed 's,/c.*,,'",
                cupsd_folder, CUPSD_BEN, CUPSD_BEN);
    cr_expect_str_eq(cupsd_said.out, "./spool\n");
    cupsd_plan("0000");
    cupsd_await_empty();
}

// ---- the backend, step by step

static void become_backend(void)
{
    char path[FOLDER_SIZE + 32], uri[sizeof cupsd_state + 32], programs[FOLDER_SIZE + 16];
    snprintf(path, sizeof path, "%s/bin/backend/pult", cupsd_folder);
    snprintf(uri, sizeof uri, "pult:%s?next-to-me", cupsd_state);
    snprintf(programs, sizeof programs, "%s/bin", cupsd_folder);
    setenv("DEVICE_URI", uri, 1);
    setenv("CUPS_SERVERBIN", programs, 1);
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    execl(path, uri, "7", "anna", CUPSD_TITLE, "1", "job-uuid=urn:uuid:180e924b-cb8e-3957-6940-58f4524a367d",
          (char *)NULL);
    _exit(127);
}

static bool shows_title(pid_t pid)
{
    char number[16], words[WORDS_SIZE];
    snprintf(number, sizeof number, "%d", (int)pid);
    ssize_t length = read_words(number, words);
    cr_assert_gt(length, 0);
    return memmem(words, (size_t)length, CUPSD_TITLE, strlen(CUPSD_TITLE)) != NULL;
}

// What it does with a job begins with one of these; what loads the program needs none of them.
static bool does_something(uint64_t call)
{
    return call == SYS_execve || call == SYS_socket || call == SYS_connect || call == SYS_write || call == SYS_clone ||
           call == SYS_sendmsg;
}

Test(titles, are_hidden_before_the_backend_does_anything_else)
{
    int status = 0;
    bool did = false;
    pid_t pid = fork();
    if (pid == 0)
        become_backend();
    cr_assert(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)); // it has just begun
    cr_assert(shows_title(pid));
    ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
    while (!did) {
        struct __ptrace_syscall_info info;
        ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
        cr_assert(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status));
        did = ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof info, &info) > 0 &&
              info.op == PTRACE_SYSCALL_INFO_ENTRY && does_something(info.entry.nr);
    }
    cr_expect_not(shows_title(pid));
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
}
