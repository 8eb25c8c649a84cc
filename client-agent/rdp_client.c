// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/rdp_client.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "client-agent/syscall_filter.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORDS_MAX = 192, SOUND_MAX = 24, SOUND_NODE_SIZE = 80, LINE_SIZE = 512, LINES_MAX = 200 };

// Where things lie within the sandbox.
#define INSIDE_SOCKET "/run/pult/host.sock"
#define INSIDE_COOKIE "/run/pult/cookie"
#define INSIDE_DRIVES "/media"
#define INSIDE_START "/run/pult/start.so"
#define FILTER_DESCRIPTOR "3"

struct rdp_client {
    struct child *child;
    int output;
    struct loop_watch *output_watch;
    char line[LINE_SIZE];
    size_t length;
    int lines;
    rdp_client_ended *ended;
    void *arg;
};

// ---- exit codes

struct exit_code_row {
    int from, to;
    enum rdp_client_end end;
};

// XF_EXIT_CODE of FreeRDP 3, in its client/X11/xfreerdp.h. 128 and more are also bwrap's for signals: of those only 139
// (a crash; to FreeRDP an error of DNS, which a Unix socket has not) is likely. An end that we asked for is not looked
// up here.
static const struct exit_code_row end_rows[] = {
    {0, 0, RDP_CLIENT_LOGGED_OFF},
    {1, 1, RDP_CLIENT_ENDED},
    {2, 2, RDP_CLIENT_LOGGED_OFF},
    {3, 4, RDP_CLIENT_ENDED},
    {5, 5, RDP_CLIENT_REPLACED},
    {7, 10, RDP_CLIENT_REFUSED},
    {11, 12, RDP_CLIENT_LOGGED_OFF},
    {131, 131, RDP_CLIENT_LOST},
    {132, 132, RDP_CLIENT_REFUSED},
    {133, 133, RDP_CLIENT_WRONG_CERTIFICATE},
    {134, 135, RDP_CLIENT_REFUSED},
    {141, 142, RDP_CLIENT_LOST},
    {143, 143, RDP_CLIENT_WRONG_CERTIFICATE},
    {144, 144, RDP_CLIENT_REFUSED},
    {147, 147, RDP_CLIENT_LOST},
    {148, 159, RDP_CLIENT_REFUSED},
    {160, 160, RDP_CLIENT_LOST},
};

enum rdp_client_end rdp_client_end_of(int status)
{
    for (size_t i = 0; i < sizeof end_rows / sizeof *end_rows; i++)
        if (status >= end_rows[i].from && status <= end_rows[i].to)
            return end_rows[i].end;
    return RDP_CLIENT_FAILED;
}

// ---- its arguments

struct lines {
    char *at;
    size_t left;
    bool fits;
};

__attribute__((format(printf, 2, 3))) static void add_line(struct lines *lines, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(lines->at, lines->left, format, args);
    va_end(args);
    if (length < 0 || (size_t)length + 1 >= lines->left) {
        lines->fits = false;
        return;
    }
    lines->at[length] = '\n';
    lines->at[length + 1] = 0;
    lines->at += length + 1;
    lines->left -= (size_t)length + 1;
}

static void add_pin(struct lines *lines, const char *fingerprint)
{
    char pin[DIGEST_SIZE * 2] = "";
    for (size_t i = 0, used = 0; i < 32; i++)
        used += (size_t)snprintf(pin + used, sizeof pin - used, "%s%.2s", i ? ":" : "", fingerprint + 2 * i);
    add_line(lines, "/cert:deny,fingerprint:sha256:%s", pin);
}

static void add_channels(struct lines *lines, const struct rdp_client_config *config, const struct logon_answer *answer)
{
    add_line(lines, answer->clipboard ? "+clipboard" : "-clipboard");
    if (answer->drives && *config->drives_dir)
        add_line(lines, "/drive:Pult," INSIDE_DRIVES);
    add_line(lines, answer->sound ? "/sound:sys:alsa" : "/audio-mode:2");
}

// A desktop of xrdp knows nothing of scales. On a large monitor it gets fewer pixels, and the viewer draws each larger;
// across several monitors the viewer cannot do that, and only Windows draws larger itself.
bool rdp_client_enlarges(const struct rdp_client_task *task)
{
    return task->screen.scale > 1 && !(task->answer->multi_monitor && task->screen.monitors > 1);
}

static void add_size(struct lines *lines, const struct rdp_client_task *task)
{
    const struct window_watch_screen *screen = &task->screen;
    bool several = task->answer->multi_monitor && screen->monitors > 1;
    add_line(lines, "+f");
    if (several)
        add_line(lines, "/multimon");
    if (several && screen->scale > 1)
        add_line(lines, "/scale-desktop:%d", 100 * screen->scale);
    if (rdp_client_enlarges(task))
        add_line(lines, "/smart-sizing:%dx%d", screen->width / screen->scale, screen->height / screen->scale);
}

// Only to hosts of ours, which know these subtypes.
static void add_keyboard(struct lines *lines, const struct rdp_client_task *task)
{
    uint32_t layout, subtype;
    if (*task->answer->one_time_password && desk_keyboard_numbers(&task->keyboard, &layout, &subtype))
        add_line(lines, "/kbd:layout:0x%08X,type:4,subtype:%u", layout, subtype);
}

static bool is_one_line(const char *text)
{
    return text_is_clean(text, strlen(text));
}

bool rdp_client_input(const struct rdp_client_config *config, const struct rdp_client_task *task,
                      char input[RDP_CLIENT_INPUT_SIZE], struct fault *why)
{
    const struct logon_answer *answer = task->answer;
    bool one_time = *answer->one_time_password, typed = !one_time || answer->password_follows;
    const char *password = typed ? task->password->bytes : "";
    struct lines lines = {.at = input, .left = RDP_CLIENT_INPUT_SIZE, .fits = true};
    if (strlen(answer->fingerprint) != DIGEST_SIZE - 1)
        return fault_set(why, FAULT_INVALID, "the broker did not say which certificate the host has");
    if (!is_one_line(answer->user_name) || !is_one_line(answer->one_time_password) || !is_one_line(password))
        return fault_set(why, FAULT_INVALID, "the user name or password contains control characters");
    add_line(&lines, "/v:" INSIDE_SOCKET);
    add_line(&lines, "/u:%s", answer->user_name);
    add_line(&lines, "/p:%s%s%s", answer->one_time_password, one_time && typed ? ":" : "", password);
    add_pin(&lines, answer->fingerprint);
    // Without this a host, or who stands before it, can choose classic RDP security, which shows no certificate.
    add_line(&lines, "/sec:rdp:off");
    add_size(&lines, task);
    add_keyboard(&lines, task);
    add_line(&lines, "-toggle-fullscreen");
    // The keys that lock the desk must come through to the agent; there is nobody else on this X server.
    add_line(&lines, "-grab-keyboard");
    // A password that works once is of no use for that.
    add_line(&lines, one_time ? "-auto-reconnect" : "+auto-reconnect");
    if (!one_time)
        add_line(&lines, "/auto-reconnect-max-retries:100");
    add_line(&lines, "/log-level:WARN");
    add_channels(&lines, config, answer);
    return lines.fits || fault_set(why, FAULT_INVALID, "the viewer's arguments are too long");
}

// ---- its sandbox

struct sandbox_words {
    const char *word[WORDS_MAX];
    size_t count;
    char x_socket[64];
    char sound[SOUND_MAX][2][SOUND_NODE_SIZE];
};

static void add_words(struct sandbox_words *words, const char *const *more)
{
    for (; *more; more++) {
        assert(words->count + 1 < WORDS_MAX);
        words->word[words->count++] = *more;
    }
    words->word[words->count] = NULL;
}

#define ADD(words, ...) add_words((words), (const char *const[]){__VA_ARGS__, NULL})

static void add_walls(struct sandbox_words *words)
{
    ADD(words, "--unshare-user", "--unshare-all", "--die-with-parent", "--new-session", "--clearenv", "--cap-drop",
        "ALL");
    ADD(words, "--hostname", "desk", "--uid", "1000", "--gid", "1000");
    ADD(words, "--disable-userns", "--seccomp", FILTER_DESCRIPTOR);
    ADD(words, "--proc", "/proc", "--dev", "/dev", "--size", "67108864", "--tmpfs", "/tmp");
    ADD(words, "--size", "16777216", "--tmpfs", "/dev/shm", "--size", "1048576", "--tmpfs", "/run");
    ADD(words, "--size", "67108864", "--tmpfs", "/home", "--dir", "/home/viewer", "--chdir", "/home/viewer");
}

// To play, not to listen: no node that records.
static bool is_playback(const char *name)
{
    static const char *const patterns[] = {"controlC[0-9]*", "pcmC[0-9]*D[0-9]*p", "timer"};
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++)
        if (fnmatch(patterns[i], name, 0) == 0)
            return true;
    return false;
}

static void add_sound(struct sandbox_words *words, const char *folder)
{
    DIR *nodes = opendir(folder);
    size_t count = 0;
    for (struct dirent *node; nodes && count < SOUND_MAX && (node = readdir(nodes));) {
        char(*paths)[SOUND_NODE_SIZE] = words->sound[count];
        if (!is_playback(node->d_name) ||
            snprintf(paths[0], SOUND_NODE_SIZE, "%s/%s", folder, node->d_name) >= SOUND_NODE_SIZE ||
            snprintf(paths[1], SOUND_NODE_SIZE, "/dev/snd/%.60s", node->d_name) >= SOUND_NODE_SIZE)
            continue;
        ADD(words, "--dev-bind-try", paths[0], paths[1]);
        count++;
    }
    if (nodes)
        closedir(nodes);
}

static void add_system(struct sandbox_words *words)
{
    ADD(words, "--ro-bind", "/usr", "/usr");
    ADD(words, "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64", "--symlink", "usr/bin", "/bin");
    ADD(words, "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache", "--ro-bind-try", "/etc/fonts", "/etc/fonts");
    ADD(words, "--ro-bind-try", "/etc/alternatives", "/etc/alternatives");
    // Without these two FreeRDP compares thousands of files to find the name of the time zone.
    ADD(words, "--ro-bind-try", "/etc/timezone", "/etc/timezone", "--ro-bind-try", "/etc/localtime", "/etc/localtime");
    ADD(words, "--setenv", "LANG", "C.UTF-8", "--setenv", "HOME", "/home/viewer", "--setenv", "PATH", "/usr/bin");
}

static struct child *start_viewer(struct loop *loop, const struct rdp_client_config *config,
                                  const struct rdp_client_task *task, int input, int output, struct rdp_client *viewer,
                                  child_ended *ended, struct fault *why)
{
    static const char *const environment[] = {NULL};
    // Threads count as processes, and of a user all that run here. Where we are not root, its user is ours: no limit
    // then.
    static const struct child_limit limits[] = {{RLIMIT_CORE, 0},
                                                {RLIMIT_NOFILE, 1024},
                                                {RLIMIT_DATA, (rlim_t)1 << 30},
                                                {RLIMIT_AS, (rlim_t)8 << 30},
                                                {RLIMIT_NPROC, 512}};
    int filter = syscall_filter_open(task->answer->sound, why);
    if (filter < 0)
        return NULL;
    struct sandbox_words words = {.count = 0};
    snprintf(words.x_socket, sizeof words.x_socket, "/tmp/.X11-unix/X%s", task->display + 1);
    ADD(&words, config->sandbox);
    add_walls(&words);
    add_system(&words);
    ADD(&words, "--bind", words.x_socket, words.x_socket, "--ro-bind", task->auth_file, INSIDE_COOKIE);
    ADD(&words, "--bind", task->socket_path, INSIDE_SOCKET);
    if (config->start)
        ADD(&words, "--ro-bind-try", config->start, INSIDE_START, "--setenv", "LD_PRELOAD", INSIDE_START);
    if (task->answer->drives && *config->drives_dir)
        ADD(&words, "--bind-try", config->drives_dir, INSIDE_DRIVES);
    if (task->answer->sound)
        add_sound(&words, config->sound_dir);
    // Each alone, without what is mounted in it. What lies in /dev or at / would be counted nowhere, and by a file in
    // /proc it could have others ended before itself when memory is short.
    ADD(&words, "--remount-ro", "/proc", "--remount-ro", "/dev", "--remount-ro", "/");
    ADD(&words, "--setenv", "DISPLAY", task->display, "--setenv", "XAUTHORITY", INSIDE_COOKIE);
    ADD(&words, "--", config->program, "/args-from:stdin");
    struct child_plan plan = {.arguments = words.word,
                              .environment = environment,
                              .account = config->account,
                              .goes_first = true,
                              .input = input,
                              .output = output,
                              .pass = {filter},
                              .pass_count = 1,
                              .limits = limits,
                              .limit_count = sizeof limits / sizeof *limits - (config->account ? 0 : 1)};
    struct child *child = child_start(loop, &plan, ended, viewer, why);
    close(filter);
    return child;
}

// ---- its life

// The sandbox may hold somebody else's program by now: what it says is cut and counted.
static void log_lines(struct rdp_client *viewer)
{
    for (char *end; (end = memchr(viewer->line, '\n', viewer->length));) {
        *end = 0;
        if (viewer->lines++ < LINES_MAX)
            log_debug("viewer", "%s", viewer->line);
        viewer->length -= (size_t)(end + 1 - viewer->line);
        memmove(viewer->line, end + 1, viewer->length);
    }
    if (viewer->length == LINE_SIZE)
        viewer->length = 0;
}

static void viewer_readable(void *arg, bool readable, bool writable)
{
    struct rdp_client *viewer = arg;
    (void)readable;
    (void)writable;
    ssize_t got = read(viewer->output, viewer->line + viewer->length, LINE_SIZE - viewer->length);
    if (got > 0) {
        viewer->length += (size_t)got;
        log_lines(viewer);
    } else if (got == 0 || errno != EAGAIN) {
        loop_watch_set(viewer->output_watch, false, false);
    }
}

static void viewer_ended(void *arg, int status)
{
    struct rdp_client *viewer = arg;
    viewer->ended(viewer->arg, rdp_client_end_of(status), status);
}

// A pipe takes this much at once, so writing to it before anybody reads does not block.
static int pipe_with(char input[RDP_CLIENT_INPUT_SIZE])
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    size_t length = strlen(input);
    bool fine = write(ends[1], input, length) == (ssize_t)length;
    close(ends[1]);
    if (fine)
        return ends[0];
    close(ends[0]);
    return -1;
}

static bool begin_viewer(struct loop *loop, const struct rdp_client_config *config, const struct rdp_client_task *task,
                         struct rdp_client *viewer, struct fault *why)
{
    char input[RDP_CLIENT_INPUT_SIZE];
    int output[2] = {-1, -1};
    bool fine = rdp_client_input(config, task, input, why);
    int arguments = fine ? pipe_with(input) : -1;
    explicit_bzero(input, sizeof input);
    if (!fine)
        return false;
    if (arguments < 0 || pipe2(output, O_CLOEXEC) != 0) {
        if (arguments >= 0)
            close(arguments);
        return fault_set(why, FAULT_UNAVAILABLE, "cannot create a pipe: %s", strerror(errno));
    }
    viewer->child = start_viewer(loop, config, task, arguments, output[1], viewer, viewer_ended, why);
    close(arguments);
    close(output[1]);
    fcntl(output[0], F_SETFL, O_NONBLOCK);
    viewer->output = output[0];
    viewer->output_watch = loop_watch_new(loop, viewer->output, viewer_readable, viewer);
    loop_watch_set(viewer->output_watch, true, false);
    return viewer->child != NULL;
}

struct rdp_client *rdp_client_start(struct loop *loop, const struct rdp_client_config *config,
                                    const struct rdp_client_task *task, rdp_client_ended *done, void *arg,
                                    struct fault *why)
{
    struct rdp_client *viewer = mem_new(1, sizeof *viewer);
    viewer->output = -1;
    viewer->ended = done;
    viewer->arg = arg;
    if (begin_viewer(loop, config, task, viewer, why))
        return viewer;
    rdp_client_free(viewer);
    return NULL;
}

void rdp_client_stop(struct rdp_client *viewer)
{
    child_end(viewer->child);
}

void rdp_client_free(struct rdp_client *viewer)
{
    if (!viewer)
        return;
    child_free(viewer->child);
    loop_watch_free(viewer->output_watch);
    if (viewer->output >= 0)
        close(viewer->output);
    free(viewer);
}
