// SPDX-License-Identifier: EUPL-1.2
#include "tests/e2e/story.h"
#include "broker/base/clock.h"
#include "broker/base/text.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <glob.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

// What is waited for is given the seconds of a machine that does nothing else, and as many times as long on a busy one:
// only a failure takes so long.
enum { WORDS_MAX = 40, OUTPUT_MAX = 64 * 1024, PATIENCE = 3 };

static char folder[64], build[512], output[OUTPUT_MAX];
static int leash[2] = {-1, -1}, pictures;
extern char **environ;

// Runs a program with `input` on its standard input; output and errors go to `output`. Its exit code.
static int run(const char *const *words, const char *input)
{
    char in_path[80], out_path[80];
    snprintf(in_path, sizeof in_path, "%s/input", folder);
    snprintf(out_path, sizeof out_path, "%s/output", folder);
    int in = open(in_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int out = open(out_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    cr_assert(in >= 0 && out >= 0);
    if (input && write(in, input, strlen(input)) < 0)
        cr_assert_fail("input");
    lseek(in, 0, SEEK_SET);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in, 0);
    posix_spawn_file_actions_adddup2(&actions, out, 1);
    posix_spawn_file_actions_adddup2(&actions, out, 2);
    pid_t child = 0;
    int status = -1;
    int rc = posix_spawn(&child, words[0], &actions, NULL, (char *const *)(uintptr_t)words, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (rc == 0)
        waitpid(child, &status, 0);
    ssize_t length = pread(out, output, sizeof output - 1, 0);
    output[length > 0 ? length : 0] = 0;
    close(in);
    close(out);
    unlink(in_path);
    return rc == 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void print_ends_of_logs(void)
{
    char shell[200];
    snprintf(shell, sizeof shell, "cd %s/logs && find . -name '*.log' -size +0 -exec tail -v -n 15 {} + | cut -c 1-240",
             folder);
    const char *words[] = {"/bin/sh", "-c", shell, NULL};
    run(words, NULL);
    fprintf(stderr, "The ends of the logs:\n%s", output);
}

// Nothing but what is printed may be left of a machine on which this happens.
__attribute__((format(printf, 1, 2), noreturn)) static void fail(const char *format, ...)
{
    static char sentence[OUTPUT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    fprintf(stderr, "%s: %s\n", criterion_current_test->name, sentence);
    print_ends_of_logs();
    cr_assert_fail("%.2000s", sentence);
    abort();
}

static void must(const char *const *words, const char *input)
{
    struct text line = {0};
    int code = run(words, input);
    if (code == 0)
        return;
    for (size_t i = 0; words[i]; i++)
        text_addf(&line, "%s ", words[i]);
    fail("%sended with %d:\n%s", line.bytes, code, output);
}

// Appends the words of `text` (cut up in place) behind words[count].
static void split(const char **words, size_t count, char *text)
{
    for (char *word = strsep(&text, " "); word; word = strsep(&text, " "))
        if (*word && count + 1 < WORDS_MAX)
            words[count++] = word;
    words[count] = NULL;
}

void story_open(const char *options)
{
    char copy[512], end[16], screens[600];
    const char *words[WORDS_MAX] = {"tests/town/open", folder, build};
    const char *build_folder = getenv("PULT_BUILD");
    TEXT_PUT(build, build_folder ? build_folder : ".build/dev");
    snprintf(screens, sizeof screens, "%s/screens", build);
    mkdir(screens, 0755);
    TEXT_PUT(folder, "/tmp/pult-story.XXXXXX");
    cr_assert(mkdtemp(folder) && pipe(leash) == 0);
    // The town ends with this process, however that ends.
    fcntl(leash[1], F_SETFD, FD_CLOEXEC);
    snprintf(end, sizeof end, "%d", leash[0]);
    snprintf(copy, sizeof copy, "%s --leash %s", options, end);
    split(words, 3, copy);
    must(words, NULL);
    close(leash[0]);
    char *whole = realpath(build, NULL);
    cr_assert(whole);
    setenv("TOWN", folder, 1);
    setenv("BUILD", whole, 1);
    free(whole);
}

void story_close(void)
{
    const char *words[] = {"tests/town/town", "down", folder, NULL};
    must(words, NULL);
    close(leash[1]);
    const char *remove[] = {"/bin/rm", "-rf", folder, NULL};
    run(remove, NULL);
}

static void desk(const char *name, const char *command, const char *argument, const char *input)
{
    const char *words[] = {"tests/town/desk", folder, name, command, argument, NULL};
    must(words, input);
}

void desk_types(const char *name, const char *text)
{
    desk(name, "type", text, NULL);
}

void desk_types_secret(const char *name, const char *text)
{
    desk(name, "type", "-", text);
}

void desk_presses(const char *name, const char *key)
{
    desk(name, "key", key, NULL);
}

void desk_logs_on(const char *name, const char *person, const char *password)
{
    desk_presses(name, "Escape"); // the name of whoever was refused may stand there
    desk_types(name, person);
    desk_presses(name, "Tab");
    desk_types_secret(name, password);
    desk_presses(name, "Return");
}

void screen_shows(const char *name, const char *expression, int seconds)
{
    char limit[16], picture[700];
    snprintf(limit, sizeof limit, "%d", seconds);
    const char *words[] = {"tests/town/desk", folder, name, "wait-text", expression, limit, NULL};
    int code = run(words, NULL);
    char seen[2000];
    text_cut(seen, sizeof seen, output);
    snprintf(picture, sizeof picture, "%s/screens/%s-%s-%02d-%s.png", build, criterion_current_test->category,
             criterion_current_test->name, ++pictures, name);
    desk(name, "screenshot", picture, NULL);
    if (code != 0)
        fail("%s", seen);
}

static int run_pultctl(const char *text)
{
    char copy[512], tool[600];
    TEXT_PUT(copy, text);
    char *here = realpath("tests/town/pultctl", NULL);
    cr_assert(here);
    TEXT_PUT(tool, here);
    free(here);
    const char *words[WORDS_MAX] = {"tests/town/town", "run", folder, "broker", tool, folder, build};
    split(words, 7, copy);
    return run(words, NULL);
}

void pultctl(const char *words)
{
    int code = run_pultctl(words);
    if (code != 0)
        fail("pultctl %s ended with %d:\n%s", words, code, output);
}

void pultctl_refuses(const char *words, int code, const char *text)
{
    int ended = run_pultctl(words);
    if (ended != code || !strstr(output, text))
        fail("pultctl %s ended with %d, not %d and \"%s\":\n%s", words, ended, code, text, output);
}

void pultctl_shows(const char *words, const char *text)
{
    pultctl(words);
    if (!strstr(output, text))
        fail("pultctl %s does not show \"%s\" but:\n%s", words, text, output);
}

void pultctl_soon_shows(const char *words, const char *text, int seconds)
{
    int64_t until_ms = clock_steady_ms() + seconds * PATIENCE * 1000;
    while (run_pultctl(words) != 0 || !strstr(output, text))
        if (clock_steady_ms() > until_ms)
            fail("pultctl %s does not show \"%s\" within %d s but:\n%s", words, text, seconds, output);
        else
            usleep(100 * 1000);
}

// Each command is said with what it was given, in case that it fails.
void place_runs(const char *place, const char *shell)
{
    const char *words[] = {"tests/town/town", "run", folder, place, "sh", "-xc", shell, NULL};
    must(words, NULL);
}

static const char until_true[] = "end=$(($(date +%s) + $2)); until eval \"$1\" >/dev/null 2>&1; do\n"
                                 "[ $(date +%s) -lt $end ] || { set -x; eval \"$1\"; ps -eo user,pid,args; exit 1; }\n"
                                 "sleep 0.1; done";

void place_soon(const char *place, const char *condition, int seconds)
{
    char limit[16];
    snprintf(limit, sizeof limit, "%d", seconds * PATIENCE);
    const char *words[] = {"tests/town/town", "run", folder,    place, "sh", "-c",
                           until_true,        "sh",  condition, limit, NULL};
    must(words, NULL);
}

void sessions_soon_are(const char *filter, int seconds)
{
    char shell[600];
    snprintf(shell, sizeof shell, "tests/town/pultctl $TOWN $BUILD session list --json | tee /dev/stderr | jq -e '%s'",
             filter);
    place_soon("broker", shell, seconds);
}

void host_is_well(const char *host)
{
    char words[100], person[100];
    snprintf(person, sizeof person, "getent passwd $(awk '$1 == \"%.*s\" { print $2; exit }' tests/town/people)",
             (int)strcspn(host, "/"), host);
    place_soon(strchr(host, '/') + 1, person, 20);
    snprintf(words, sizeof words, "host show %s --json", host);
    pultctl_soon_shows(words, "\"health\":\"ok\"", 45);
}

void line_breaks(const char *host, const char *desk_name)
{
    char shell[400];
    snprintf(
        shell, sizeof shell,
        "kill -KILL $(ss -Htnp state established 'sport = :3389' | grep -F \":$(getent hosts %s | cut -d ' ' -f 1)]:\" "
        "| sed 's/.*pid=//; s/,.*//')",
        desk_name);
    place_runs(host, shell);
}

void story_runs(const char *shell)
{
    const char *words[] = {"/bin/sh", "-xc", shell, NULL};
    must(words, NULL);
}

void town(const char *text)
{
    char copy[200];
    const char *words[WORDS_MAX] = {"tests/town/town"};
    TEXT_PUT(copy, text);
    char *rest = copy;
    words[1] = strsep(&rest, " ");
    words[2] = folder;
    if (rest)
        split(words, 3, rest);
    must(words, NULL);
}

void broker_is_killed(void)
{
    place_runs("broker", "pkill -KILL -x pult-broker; while pgrep -x pult-broker >/dev/null; do sleep 0.02; done");
}

void broker_starts_again(void)
{
    char shell[1400];
    snprintf(shell, sizeof shell, "tests/town/serve-broker %s %s again", folder, build);
    place_runs("broker", shell);
}

void desk_is_switched_off(const char *name)
{
    place_runs(name, "pkill -KILL -x pult-agent; while pgrep -x 'pult-agent|Xvfb' >/dev/null; do sleep 0.02; done");
}

void desk_is_switched_on(const char *name)
{
    char shell[1400];
    snprintf(shell, sizeof shell, "tests/town/serve-desk %s %s %s again", folder, build, name);
    place_runs(name, shell);
}

void log_says(const char *log, const char *text, int seconds)
{
    char shell[600];
    snprintf(shell, sizeof shell, "timeout %d sh -c 'until grep -qF -- \"%s\" %s/logs/%s.log; do sleep 0.05; done'",
             seconds * PATIENCE, text, folder, log);
    const char *words[] = {"/bin/sh", "-c", shell, NULL};
    if (run(words, NULL) != 0)
        fail("%s.log does not say \"%s\" within %d s", log, text, seconds * PATIENCE);
}

bool xrdp_goes_by_account(void)
{
    glob_t found;
    bool does = glob("/usr/lib/*/xrdp/xrdp-sesexec", 0, NULL, &found) == 0;
    if (does)
        globfree(&found);
    return does;
}
