// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/document_tool.h"
#include "broker/base/child.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/base/worker.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define BUBBLEWRAP "/usr/bin/bwrap"
#define DOCUMENT "/tmp/document"
#define GHOSTSCRIPT(device)                                                                                            \
    "exec /usr/bin/gs -q -dSAFER -dBATCH -dNOPAUSE -sDEVICE=" device                                                   \
    " -r300 -sstdout=%stderr -sOutputFile=%stdout -f " DOCUMENT " >&4"

enum {
    SAID_MAX = 8 * 1024,
    SECONDS_MAX = 120, // of processor time
    MEGABYTE = 1024 * 1024,
    MADE_MAX_MB = 512,
    MEMORY_MAX_MB = 2048,
    WAIT_MS = 300 * 1000,
};

// A row a task.
static const struct tool_row {
    const char *from, *to;
    const char *program, *line; // for the shell: what is made goes to 4, see start_program
} tool_rows[] = {
    [DOCUMENT_COUNT_PAGES] = {"application/pdf", NULL, "/usr/bin/pdfinfo", "exec /usr/bin/pdfinfo " DOCUMENT},
    [DOCUMENT_TO_PWG_RASTER] = {"application/pdf", "image/pwg-raster", "/usr/bin/gs", GHOSTSCRIPT("pwgraster")},
    [DOCUMENT_TO_URF] = {"application/pdf", "image/urf", "/usr/bin/gs", GHOSTSCRIPT("urf")},
    [DOCUMENT_TO_POSTSCRIPT] = {"application/pdf", "application/postscript", "/usr/bin/pdftops",
                                "exec /usr/bin/pdftops " DOCUMENT " - >&4"},
};
enum { TOOLS = sizeof tool_rows / sizeof *tool_rows };

struct document_tool {
    enum document_task task;
    document_tool_done *done;
    void *arg;
    struct child *child;
    struct worker *feeder;
    struct feed *feed; // as long as there is a feeder
    struct loop_timer *deadline;
    int said, made; // memory
};

// ---- the document goes in

struct feed {
    struct document_reader *document;
    int to;
    atomic_bool damaged; // the document; before its end is seen
};

static bool write_all(int to, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(to, bytes, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes += written;
        length -= (size_t)written;
    }
    return true;
}

static void feed_document(void *arg)
{
    struct feed *feed = arg;
    char *piece = mem_room(DOCUMENT_PIECE);
    size_t length = 1;
    // A sandbox that ended meanwhile is seen by its exit code.
    while (length > 0) {
        bool read = document_read(feed->document, piece, DOCUMENT_PIECE, &length, NULL);
        if (!read)
            atomic_store(&feed->damaged, true);
        if (!read || !write_all(feed->to, piece, length))
            break;
    }
    explicit_bzero(piece, DOCUMENT_PIECE);
    free(piece);
    close(feed->to);
    feed->to = -1;
}

static void feed_done(void *arg)
{
    (void)arg;
}

static void feed_drop(void *arg)
{
    struct feed *feed = arg;
    document_close(feed->document);
    if (feed->to >= 0)
        close(feed->to);
    free(feed);
}

// ---- and what comes out

static int64_t read_pages(int said)
{
    char text[SAID_MAX + 1];
    ssize_t length = pread(said, text, SAID_MAX, 0);
    text[length > 0 ? length : 0] = 0;
    const char *at = strstr(text, "\nPages:");
    long pages = at ? strtol(at + strlen("\nPages:"), NULL, 10) : 0;
    return pages > 0 ? pages : 0;
}

static void program_ended(void *arg, int status)
{
    struct document_tool *tool = arg;
    struct fault why = {0};
    const char *program = tool_rows[tool->task].program;
    // A program may well make something of half a document.
    bool damaged = atomic_load(&tool->feed->damaged), fine = status == 0 && !damaged;
    int64_t pages = fine && tool->task == DOCUMENT_COUNT_PAGES ? read_pages(tool->said) : 0;
    int made = -1;
    if (fine && tool->task != DOCUMENT_COUNT_PAGES && lseek(tool->made, 0, SEEK_END) > 0)
        made = dup(tool->made);
    if (damaged)
        fault_set(&why, FAULT_BROKEN, "the stored document is damaged");
    else if (pages == 0 && made < 0)
        fault_set(&why, access(program, X_OK) == 0 && status != CHILD_NOT_STARTED ? FAULT_INVALID : FAULT_ABSENT,
                  "%s ended with %d", program, status);
    tool->done(tool->arg, pages, made, &why);
}

void document_tool_stop(struct document_tool *tool)
{
    child_end(tool->child);
}

static void takes_too_long(void *arg)
{
    document_tool_stop(arg);
}

static bool start_program(struct document_tool *tool, struct loop *loop, int document, struct fault *why)
{
    static const char *const environment[] = {"PATH=/usr/bin", "LC_ALL=C.UTF-8", NULL};
    static const char *const sandbox[] = {BUBBLEWRAP,
                                          "--unshare-all",
                                          "--die-with-parent",
                                          "--new-session",
                                          "--ro-bind",
                                          "/usr",
                                          "/usr",
                                          "--ro-bind-try",
                                          "/etc/fonts",
                                          "/etc/fonts",
                                          "--ro-bind-try",
                                          "/etc/ghostscript",
                                          "/etc/ghostscript",
                                          "--ro-bind-try",
                                          "/var/lib/ghostscript",
                                          "/var/lib/ghostscript",
                                          "--ro-bind-try",
                                          "/etc/papersize",
                                          "/etc/papersize",
                                          "--symlink",
                                          "usr/lib",
                                          "/lib",
                                          "--symlink",
                                          "usr/lib64",
                                          "/lib64",
                                          "--dev",
                                          "/dev",
                                          "--tmpfs",
                                          "/tmp",
                                          "--ro-bind-data",
                                          "3",
                                          DOCUMENT,
                                          "--",
                                          "/usr/bin/sh",
                                          "-c"};
    static const struct child_limit limits[] = {
        {RLIMIT_CPU, SECONDS_MAX},
        {RLIMIT_FSIZE, (rlim_t)MADE_MAX_MB * MEGABYTE},
        {RLIMIT_DATA, (rlim_t)MEMORY_MAX_MB * MEGABYTE},
        {RLIMIT_CORE, 0},
    };
    enum { SANDBOX = sizeof sandbox / sizeof *sandbox };
    const char *arguments[SANDBOX + 2] = {0};
    const struct tool_row *row = &tool_rows[tool->task];
    memcpy(arguments, sandbox, sizeof sandbox);
    arguments[SANDBOX] = row->line;
    struct child_plan plan = {
        .arguments = arguments,
        .environment = environment,
        .goes_first = true,
        .input = -1,
        .output = tool->said,
        .pass = {document, tool->made},
        .pass_count = 2,
        .limits = limits,
        .limit_count = sizeof limits / sizeof *limits,
    };
    tool->child = child_start(loop, &plan, program_ended, tool, why);
    return tool->child != NULL;
}

struct document_tool *document_tool_start(struct loop *loop, enum document_task task, struct document_reader *document,
                                          document_tool_done *done, void *arg, struct fault *why)
{
    int ends[2] = {-1, -1};
    if (!document)
        return NULL;
    assert((size_t)task < sizeof tool_rows / sizeof *tool_rows);
    struct document_tool *tool = mem_new(1, sizeof *tool);
    struct feed *feed = mem_new(1, sizeof *feed);
    *tool = (struct document_tool){.task = task, .done = done, .arg = arg};
    tool->said = memfd_create("said", MFD_CLOEXEC);
    tool->made = memfd_create("made", MFD_CLOEXEC);
    *feed = (struct feed){.document = document, .to = -1};
    bool fine = tool->said >= 0 && tool->made >= 0 && pipe2(ends, O_CLOEXEC) == 0;
    if (!fine)
        fault_set(why, FAULT_UNAVAILABLE, "no descriptors left");
    feed->to = ends[1];
    fine = fine && start_program(tool, loop, ends[0], why);
    if (ends[0] >= 0)
        close(ends[0]);
    if (fine)
        tool->feeder = worker_new(loop, feed_document, feed_done, feed_drop, feed, why);
    tool->feed = feed;
    if (!tool->feeder) {
        feed_drop(feed);
        document_tool_free(tool);
        return NULL;
    }
    tool->deadline = loop_timer_new(loop, takes_too_long, tool);
    loop_timer_start(tool->deadline, WAIT_MS);
    return tool;
}

void document_tool_free(struct document_tool *tool)
{
    if (!tool)
        return;
    child_free(tool->child);
    worker_free(tool->feeder);
    loop_timer_free(tool->deadline);
    if (tool->said >= 0)
        close(tool->said);
    if (tool->made >= 0)
        close(tool->made);
    free(tool);
}

bool document_tool_for(enum document_task *task, const char **format, const char *from, const char *takes)
{
    for (size_t i = 0; i < TOOLS; i++) {
        const struct tool_row *row = &tool_rows[i];
        if (row->to && text_equal(row->from, from) && text_has_word(takes, row->to)) {
            *task = (enum document_task)i;
            *format = row->to;
            return true;
        }
    }
    return false;
}
