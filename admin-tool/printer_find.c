// SPDX-License-Identifier: EUPL-1.2
#include "admin-tool/printer_find.h"
#include "admin-tool/command.h"
#include "broker/api/record.h"
#include "broker/base/child.h"
#include "broker/client/language.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// As ippfind(1) has it.
enum { IPPFIND_FOUND = 0, IPPFIND_NONE = 1 };
enum { OUTPUT_MAX = 256 * 1024 };

#define AT(member) .offset = offsetof(struct found_printer, member), .size = sizeof(((struct found_printer *)0)->member)

// A row a line.
// clang-format off
static const struct field found_fields[] = {
    {.name = "id", .type = FIELD_ID, AT(id), .refers = NOUN_NONE, .flags = FIELD_SPARSE, .sentence = "for the table to fill in"},
    {.name = "name", .type = FIELD_TEXT, AT(name), .column = 1, .sentence = "as it announces itself"},
    {.name = "make", .type = FIELD_TEXT, AT(make), .column = 2, .sentence = "make and model"},
    {.name = "room", .type = FIELD_TEXT, AT(room), .column = 3, .sentence = "where it says that it stands"},
    {.name = "site", .type = FIELD_ID, AT(site), .refers = NOUN_SITE, .flags = FIELD_SPARSE, .sentence = "for the table to fill in"},
    {.name = "uri", .type = FIELD_TEXT, AT(uri), .column = 4, .sentence = "where it listens"},
    {.name = NULL},
};
// clang-format on
const struct record_type found_printer_type = {"found_printer", found_fields, sizeof(struct found_printer)};

// ---- what was found

static bool has_tls(const struct found_printer *printer)
{
    return strncmp(printer->uri, "ipps:", 5) == 0;
}

static int compare_found(const void *a, const void *b)
{
    const struct found_printer *one = a, *other = b;
    int order = strcmp(one->name, other->name);
    order = order ? order : has_tls(other) - has_tls(one);
    return order ? order : strcmp(one->uri, other->uri);
}

static void keep_one_of_each_name(struct record_list *printers)
{
    struct found_printer *all = printers->rows;
    size_t kept = 0;
    if (printers->count == 0)
        return;
    qsort(all, printers->count, sizeof *all, compare_found);
    for (size_t i = 1; i < printers->count; i++) {
        bool same = text_equal(all[kept].name, all[i].name) &&
                    (has_tls(&all[kept]) != has_tls(&all[i]) || text_equal(all[kept].uri, all[i].uri));
        if (!same)
            all[++kept] = all[i];
    }
    printers->count = kept + 1;
}

// The next text; NULL: none, or it has no end.
static const char *next_text(const char **at, size_t *left)
{
    const char *text = *at, *end = *left ? memchr(text, 0, *left) : NULL;
    if (!end)
        return NULL;
    *left -= (size_t)(end + 1 - text);
    *at = end + 1;
    return text;
}

static bool put_clean(char *to, size_t size, const char *text)
{
    return text_is_clean(text, strlen(text)) && text_copy(to, size, text);
}

void found_printers_read(struct record_list *printers, const char *bytes, size_t length)
{
    const char *uri, *name, *make, *room;
    while ((uri = next_text(&bytes, &length)) && (name = next_text(&bytes, &length)) &&
           (make = next_text(&bytes, &length)) && (room = next_text(&bytes, &length))) {
        struct found_printer found = {.id = ""};
        if (put_clean(found.uri, sizeof found.uri, uri) && put_clean(found.name, sizeof found.name, name) &&
            put_clean(found.make, sizeof found.make, make) && put_clean(found.room, sizeof found.room, room) && *uri)
            *(struct found_printer *)record_add(printers, &found_printer_type) = found;
    }
    keep_one_of_each_name(printers);
}

// ---- ippfind

struct ippfind {
    struct loop *loop;
    int status;
};

static void ippfind_ended(void *arg, int status)
{
    struct ippfind *ippfind = arg;
    ippfind->status = status;
    loop_stop(ippfind->loop);
}

// Its exit code; what it writes is in the file.
static int run_ippfind(int output)
{
    static const char *const words[] = {"/usr/bin/ippfind",
                                        "-T",
                                        "5",
                                        "_ipps._tcp",
                                        "_ipp._tcp",
                                        "--exec",
                                        "/usr/bin/printf",
                                        "%s\\0%s\\0%s\\0%s\\0",
                                        "{service_uri}",
                                        "{service_name}",
                                        "{txt_ty}",
                                        "{txt_note}",
                                        ";",
                                        NULL};
    static const struct child_limit limits[] = {{RLIMIT_FSIZE, OUTPUT_MAX}};
    const struct child_plan plan = {.arguments = words,
                                    .environment = (const char *const *)(uintptr_t)environ,
                                    .input = -1,
                                    .output = output,
                                    .limits = limits,
                                    .limit_count = 1};
    struct fault why;
    struct ippfind ippfind = {loop_new(), CHILD_NOT_STARTED};
    struct child *child = child_start(ippfind.loop, &plan, ippfind_ended, &ippfind, &why);
    if (child)
        loop_run(ippfind.loop);
    child_free(child);
    loop_free(ippfind.loop);
    return ippfind.status;
}

static enum exit_code complain_of_no_answer(void)
{
    out_complain("%s", _("Printers cannot be looked for here: that takes the packages cups-ipp-utils and avahi-daemon, "
                         "and a network that passes multicast on. A printer whose address is known needs none of it: "
                         "pultctl printer add TENANT/NAME name=NAME uri=ipps://ADDRESS/ipp/print site=TENANT/SITE"));
    return EXIT_UNREACHABLE;
}

static void show_found(struct tool *tool, const struct record_list *printers)
{
    static const struct out_column table[] = {{"id", NULL},   {"name", NULL}, {"uri", NULL},
                                              {"site", NULL}, {"room", NULL}, {.field = NULL}};
    if (tool->options.csv) {
        out_csv(&tool->out, &found_printer_type, printers, table);
        return;
    }
    out_list(&tool->out, &found_printer_type, printers, NULL);
    if (printers->count)
        out_line(&tool->out, "%s",
                 _("To add one: pultctl printer add TENANT/NAME name=NAME uri=URI site=TENANT/SITE room=ROOM. Many at "
                   "once: pultctl printer find --csv, and printer import."));
}

enum exit_code printer_find(struct tool *tool, const struct invocation *invocation)
{
    (void)invocation;
    struct record_list printers = {0};
    int output = memfd_create("found", MFD_CLOEXEC);
    int status = output >= 0 ? run_ippfind(output) : CHILD_NOT_STARTED;
    owned(bytes) char *bytes = mem_room(OUTPUT_MAX);
    ssize_t length = status == IPPFIND_FOUND ? pread(output, bytes, OUTPUT_MAX, 0) : 0;
    if (length > 0)
        found_printers_read(&printers, bytes, (size_t)length);
    if (output >= 0)
        close(output);
    if (status != IPPFIND_FOUND && status != IPPFIND_NONE)
        return complain_of_no_answer();
    show_found(tool, &printers);
    free(printers.rows);
    return EXIT_DONE;
}
