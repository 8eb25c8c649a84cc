// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/notify.h"
#include "broker/base/child.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/client/language.h"

#include <assert.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WINDOWS_MAX = 3, COLUMNS = 64 };

// ---- sentences

static const char *const causes[] = {
    [HOST_BECAUSE_IDLE] = N_("You have not used this desktop for a long time."),
    [HOST_BECAUSE_DISCONNECTED_LIMIT] = N_("This desktop has been disconnected for a long time."),
    [HOST_BECAUSE_SESSION_LIMIT] = N_("This desktop has reached its time limit."),
    [HOST_BECAUSE_HOURS] = N_("The permitted hours of this desktop are over."),
    [HOST_BECAUSE_ADMIN] = N_("The administrators have to end this desktop."),
    [HOST_BECAUSE_SUPERSEDED] = N_("You have another desktop now; this one is no longer needed."),
    [HOST_BECAUSE_NAME_REUSED] = N_("Your user name belongs to somebody else now; this desktop is ended."),
};

// For idle desktops a lock, else a logoff.
static void print_lock(char *what, size_t size, int64_t minutes)
{
    if (minutes > 1)
        snprintf(what, size, _("It will be locked in %lld minutes."), (long long)minutes);
    else
        text_cut(what, size, minutes ? _("It will be locked in one minute.") : _("It is locked now."));
}

static void print_log_off(char *what, size_t size, int64_t minutes)
{
    if (minutes > 1)
        snprintf(what, size, _("It will be logged off in %lld minutes. Please save your work."), (long long)minutes);
    else
        text_cut(what, size,
                 minutes ? _("It will be logged off in one minute. Please save your work.")
                         : _("It is logged off now."));
}

void notify_sentence(char sentence[NOTIFY_SENTENCE_SIZE], enum host_reason reason, int64_t minutes, const char *text)
{
    char what[200];
    struct text whole = {0};
    if (reason == HOST_BECAUSE_NONE || (size_t)reason >= sizeof causes / sizeof *causes) {
        text_cut(sentence, NOTIFY_SENTENCE_SIZE, text);
        return;
    }
    if (reason == HOST_BECAUSE_IDLE)
        print_lock(what, sizeof what, minutes);
    else if (reason == HOST_BECAUSE_SUPERSEDED)
        text_cut(what, sizeof what, _("Save your work: it is ended when you leave it."));
    else
        print_log_off(what, sizeof what, minutes);
    text_addf(&whole, "%s %s%s%s", _(causes[reason]), what, *text ? "\n" : "", text);
    text_cut(sentence, NOTIFY_SENTENCE_SIZE, whole.bytes);
    text_drop(&whole);
}

// ---- windows

struct notice_window {
    struct notifier *notifier;
    struct notice_window *next, **at;
    struct process server;
    enum host_reason reason;
    int64_t shown_ms;
    struct child *child;
};

struct notifier {
    struct loop *loop;
    struct notice_window *windows; // the newest first
};

static void window_free(struct notice_window *window)
{
    assert(*window->at == window);
    *window->at = window->next;
    if (window->next)
        window->next->at = window->at;
    child_free(window->child);
    free(window);
}

static void closed(void *arg, int status)
{
    (void)status;
    window_free(arg);
}

// What is on a plain session host: zenity comes with most desktops, xmessage with X itself.
static const char *program(void)
{
    static const char *const programs[] = {"/usr/bin/zenity", "/usr/bin/xmessage"};
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
        if (access(programs[i], X_OK) == 0)
            return programs[i];
    return NULL;
}

bool notify_can(void)
{
    return program() != NULL;
}

static void wrap(char *sentence)
{
    char *space = NULL;
    size_t column = 0;
    for (char *at = sentence; *at; at++) {
        column += ((unsigned char)*at & 0xc0) != 0x80;
        if (*at == '\n')
            column = 0;
        if (*at == ' ')
            space = at;
        if (column > COLUMNS && space) {
            *space = '\n';
            column = (size_t)(at - space);
            space = NULL;
        }
    }
}

// xmessage draws with the X server's own fonts, which know Latin-1 everywhere.
static void to_latin_1(char *to, size_t size, const char *from)
{
    char *in = (char *)(uintptr_t)from, *out = to;
    size_t in_left = strlen(from), out_left = size - 1;
    iconv_t codec = iconv_open("ISO-8859-1//TRANSLIT", "UTF-8");
    *to = 0;
    if (codec == (iconv_t)-1)
        return;
    if (iconv(codec, &in, &in_left, &out, &out_left) == (size_t)-1)
        log_debug("notify", "a message cannot be shown in full: it has characters beyond Latin-1");
    iconv_close(codec);
    *out = 0;
}

// zenity reads "\n" and the like as C does, and "\\fs1\neu" is a folder.
static void escape(char to[2 * NOTIFY_SENTENCE_SIZE], const char *from)
{
    for (; *from; from++) {
        if (*from == '\\')
            *to++ = '\\';
        *to++ = *from;
    }
    *to = 0;
}

static struct child *start_window(struct notifier *notifier, const struct xrdp_session *session, char *sentence,
                                  struct notice_window *window, struct fault *why)
{
    char display[32], cookies[INVENTORY_PATH_SIZE + 16], latin[NOTIFY_SENTENCE_SIZE], escaped[2 * NOTIFY_SENTENCE_SIZE];
    const char *tool = program();
    bool plain = tool && strstr(tool, "xmessage");
    snprintf(display, sizeof display, "DISPLAY=:%d", session->display);
    snprintf(cookies, sizeof cookies, "XAUTHORITY=%s", session->cookies);
    wrap(sentence);
    to_latin_1(latin, sizeof latin, sentence);
    escape(escaped, sentence);
    const char *const zenity[] = {tool, "--info", "--title=Pult", "--no-markup", "--text", escaped, NULL};
    const char *const xmessage[] = {tool,       "-center", "-title",   "Pult", "-xrm", "*international: false",
                                    "-buttons", "OK:0",    "-default", "OK",   latin,  NULL};
    const char *const environment[] = {display, cookies, plain ? "LC_ALL=C" : "LC_ALL=C.UTF-8", "PATH=/usr/bin:/bin",
                                       NULL};
    struct account account = {.uid = session->owner.uid, .gid = session->owner.gid};
    account.group_count = session->owner.group_count;
    memcpy(account.groups, session->owner.groups, account.group_count * sizeof *account.groups);
    struct child_plan plan = {.arguments = plain ? xmessage : zenity,
                              .environment = environment,
                              .account = &account,
                              .input = -1,
                              .output = -1};
    if (tool)
        return child_start(notifier->loop, &plan, closed, window, why);
    fault_set(why, FAULT_ABSENT, "neither zenity nor xmessage is installed");
    return NULL;
}

static bool is_in(const struct notice_window *window, const struct xrdp_session *session)
{
    return window->server.pid == session->server.pid && window->server.started == session->server.started;
}

static void make_room(struct notifier *notifier, const struct xrdp_session *session, enum host_reason reason)
{
    struct notice_window *oldest = NULL;
    int count = 0;
    for (struct notice_window *one = notifier->windows; one; one = one->next) {
        if (!is_in(one, session))
            continue;
        if (reason != HOST_BECAUSE_NONE && one->reason == reason)
            child_end(one->child);
        oldest = one;
        count++;
    }
    if (count >= WINDOWS_MAX)
        child_end(oldest->child);
}

void notify_show(struct notifier *notifier, const struct xrdp_session *session, enum host_reason reason,
                 const char *sentence)
{
    char copy[NOTIFY_SENTENCE_SIZE];
    struct fault why = {0};
    text_cut(copy, sizeof copy, sentence);
    make_room(notifier, session, reason);
    struct notice_window *window = mem_new(1, sizeof *window);
    window->notifier = notifier;
    window->server = session->server;
    window->reason = reason;
    window->shown_ms = clock_steady_ms();
    window->child = start_window(notifier, session, copy, window, &why);
    if (!window->child) {
        log_warn("tell", "display :%d: %s", session->display, why.text);
        free(window);
        return;
    }
    window->next = notifier->windows;
    window->at = &notifier->windows;
    if (window->next)
        window->next->at = &window->next;
    notifier->windows = window;
}

void notify_idle(struct notifier *notifier, const struct xrdp_session *session, int64_t idle_s)
{
    int64_t now_ms = clock_steady_ms();
    for (struct notice_window *one = notifier->windows; one; one = one->next)
        if (one->reason == HOST_BECAUSE_IDLE && is_in(one, session) && (idle_s + 1) * 1000 < now_ms - one->shown_ms)
            child_end(one->child);
}

struct notifier *notify_new(struct loop *loop)
{
    struct notifier *notifier = mem_new(1, sizeof *notifier);
    notifier->loop = loop;
    return notifier;
}

void notify_free(struct notifier *notifier)
{
    if (!notifier)
        return;
    while (notifier->windows)
        window_free(notifier->windows);
    free(notifier);
}
