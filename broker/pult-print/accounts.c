// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/accounts.h"
#include "broker/api/codec.h"
#include "broker/base/file.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/base/worker.h"

#include <assert.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { ENTRY_TEXT_MAX = 4096, REMOVED_AT_ONCE = 16 };

// A row a line.
// clang-format off
#define AT(member) .offset = offsetof(struct print_account, member), .size = sizeof(((struct print_account *)0)->member)
static const struct field entry_fields[] = {
    {.name = "number", .type = FIELD_NUMBER, AT(number), .flags = FIELD_REQUIRED, .min = 1, .max = INT64_MAX, .sentence = "of the entry"},
    {.name = "job", .type = FIELD_TEXT, AT(job), .flags = FIELD_REQUIRED, .sentence = "what was printed"},
    {.name = "attempt", .type = FIELD_NUMBER, AT(attempt), .max = INT64_MAX, .sentence = "which time it was"},
    {.name = "host", .type = FIELD_TEXT, AT(host), .sentence = "the session host that it came from"},
    {.name = "person", .type = FIELD_TEXT, AT(person), .sentence = "whose it is"},
    {.name = "printer", .type = FIELD_TEXT, AT(printer), .sentence = "where it came out"},
    {.name = "at", .type = FIELD_TIME, AT(at_ms), .sentence = "when it was done"},
    {.name = "impressions", .type = FIELD_NUMBER, AT(impressions), .max = INT64_MAX, .sentence = "sides with something on them"},
    {.name = "sheets", .type = FIELD_NUMBER, AT(sheets), .max = INT64_MAX, .sentence = "sheets of paper"},
    {.name = "colour", .type = FIELD_FLAG, AT(colour), .sentence = "it was printed in colour"},
    {.name = "by_document", .type = FIELD_FLAG, AT(by_document), .sentence = "its pages were counted, since the printer counts none"},
    {.name = "outcome", .type = FIELD_NUMBER, AT(outcome), .max = INT32_MAX, .sentence = "how the job ends"},
    {.name = "reason", .type = FIELD_NUMBER, AT(reason), .max = INT32_MAX, .sentence = "and why"},
    {.name = NULL},
};
// clang-format on
static const struct record_type entry_type = {"print_account", entry_fields, sizeof(struct print_account)};

struct account_slot {
    struct print_account entry;
    bool durable, held, counted;
};

struct accounts {
    struct loop *loop;
    char *folder;
    accounts_tell *tell;
    void *arg;
    struct account_slot *slots; // by number
    size_t count, capacity;
    int64_t last; // the highest number that was ever given
    int64_t told; // and told since the broker is there; -1: it is not yet
    struct writing *first;
};

// One entry on its way to the disk, and old ones off it.
struct writing {
    struct accounts *accounts;
    struct writing *next;
    struct worker *worker;
    struct print_account entry;
    char *folder;
    int64_t removed[REMOVED_AT_ONCE];
    size_t removed_count;
    struct fault why;
    accounts_done *done;
    void *arg;
};

static void entry_path(char path[FILE_PATH_SIZE], const char *folder, int64_t number)
{
    snprintf(path, FILE_PATH_SIZE, "%s/%lld.json", folder, (long long)number);
}

static struct account_slot *find_slot(const struct accounts *accounts, int64_t number)
{
    size_t i = 0;
    while (i < accounts->count && accounts->slots[i].entry.number != number)
        i++;
    return i < accounts->count ? &accounts->slots[i] : NULL;
}

static struct account_slot *add_slot(struct accounts *accounts, const struct print_account *entry)
{
    mem_reserve(&accounts->slots, &accounts->capacity, accounts->count + 1, sizeof *accounts->slots);
    size_t at = accounts->count++;
    for (; at > 0 && accounts->slots[at - 1].entry.number > entry->number; at--)
        accounts->slots[at] = accounts->slots[at - 1];
    accounts->slots[at] = (struct account_slot){.entry = *entry};
    return &accounts->slots[at];
}

// ---- reading them again

// Nobody waits with printing for one that cannot be read.
static bool put_aside(const char *path, struct fault *why)
{
    char to[FILE_PATH_SIZE + 8];
    snprintf(to, sizeof to, "%s.bad", path);
    log_error("print", "%s is damaged (%s): what was printed by it is in no account; it is put aside as %s", path,
              why->text, to);
    return file_rename(path, to, why);
}

static bool read_entry(struct accounts *accounts, const char *name, struct fault *why)
{
    char path[FILE_PATH_SIZE], text[ENTRY_TEXT_MAX];
    struct print_account entry;
    char *end;
    int64_t number = strtoll(name, &end, 10);
    bool is_damaged = text_equal(end, ".json.bad");
    if (number < 1 || number == INT64_MAX || (!is_damaged && !text_equal(end, ".json")))
        return true; // what an interrupted writer left
    if (number > accounts->last)
        accounts->last = number; // whatever became of it
    if (is_damaged)
        return true;
    snprintf(path, sizeof path, "%s/%s", accounts->folder, name);
    if (!file_read_text(path, text, sizeof text, why))
        return why->kind == FAULT_INVALID && put_aside(path, why);
    bool read = codec_decode(&entry_type, CODEC_JOURNAL, text, strlen(text), &entry, why) &&
                (entry.number == number || fault_set(why, FAULT_BROKEN, "it is another one"));
    if (!read)
        return put_aside(path, why);
    add_slot(accounts, &entry)->durable = true;
    return true;
}

struct accounts *accounts_open(struct loop *loop, const char *folder, accounts_tell *tell, void *arg, struct fault *why)
{
    mkdir(folder, 0700); // unless it is there
    DIR *entries = opendir(folder);
    if (!entries) {
        fault_set(why, FAULT_UNAVAILABLE, "cannot read %s", folder);
        return NULL;
    }
    struct accounts *accounts = mem_new(1, sizeof *accounts);
    *accounts = (struct accounts){.loop = loop, .folder = mem_dup(folder), .tell = tell, .arg = arg, .told = -1};
    bool fine = true;
    for (struct dirent *one; fine && (one = readdir(entries));)
        fine = read_entry(accounts, one->d_name, why);
    closedir(entries);
    if (fine)
        return accounts;
    accounts_free(accounts);
    return NULL;
}

void accounts_free(struct accounts *accounts)
{
    if (!accounts)
        return;
    for (struct writing *one = accounts->first, *next; one; one = next) {
        next = one->next;
        worker_free(one->worker);
    }
    free(accounts->slots);
    free(accounts->folder);
    free(accounts);
}

// ---- telling

// One after the other: the broker takes a number that is not higher than its last one for a repetition.
static void tell_rest(struct accounts *accounts)
{
    for (size_t i = 0; i < accounts->count; i++) {
        const struct account_slot *slot = &accounts->slots[i];
        if (!slot->durable || slot->held)
            return;
        if (slot->counted || slot->entry.number <= accounts->told || accounts->told < 0)
            continue;
        if (!accounts->tell(accounts->arg, &slot->entry))
            return;
        accounts->told = slot->entry.number;
    }
}

void accounts_tell_all(struct accounts *accounts)
{
    accounts->told = 0;
    tell_rest(accounts);
}

void accounts_counted(struct accounts *accounts, int64_t number)
{
    for (size_t i = 0; i < accounts->count; i++)
        if (accounts->slots[i].entry.number <= number)
            accounts->slots[i].counted = true;
    if (accounts->last < number)
        accounts->last = number;
    tell_rest(accounts);
}

const struct print_account *accounts_hold(struct accounts *accounts, const char *job, int64_t attempt)
{
    for (size_t i = 0; i < accounts->count; i++) {
        struct account_slot *slot = &accounts->slots[i];
        if (text_equal(slot->entry.job, job) && slot->entry.attempt == attempt) {
            slot->held = true;
            return &slot->entry;
        }
    }
    return NULL;
}

void accounts_release(struct accounts *accounts, const char *job)
{
    for (size_t i = 0; i < accounts->count; i++)
        if (text_equal(accounts->slots[i].entry.job, job))
            accounts->slots[i].held = false;
    tell_rest(accounts);
}

// ---- writing

static void write_entry(void *arg)
{
    struct writing *writing = arg;
    struct text line = {0};
    char path[FILE_PATH_SIZE];
    entry_path(path, writing->folder, writing->entry.number);
    codec_print_record(&line, entry_fields, CODEC_JOURNAL, &writing->entry);
    bool written = file_replace(path, 0600, line.bytes, line.length, &writing->why);
    text_drop(&line);
    // One that stays is told, and acknowledged, once more.
    for (size_t i = 0; written && i < writing->removed_count; i++) {
        entry_path(path, writing->folder, writing->removed[i]);
        written = file_remove(path, NULL);
    }
}

static void drop_writing(void *arg)
{
    struct writing *writing = arg;
    free(writing->folder);
    free(writing);
}

static void unlist_writing(struct accounts *accounts, const struct writing *writing)
{
    struct writing **at = &accounts->first;
    while (*at != writing)
        at = &(*at)->next;
    *at = writing->next;
}

static void entry_written(void *arg)
{
    struct writing *writing = arg;
    struct accounts *accounts = writing->accounts;
    struct account_slot *slot = find_slot(accounts, writing->entry.number);
    assert(slot);
    struct fault why = writing->why;
    accounts_done *done = writing->done;
    void *done_arg = writing->arg;
    if (why.kind == FAULT_NONE)
        slot->durable = true;
    else {
        // Its number goes to nobody: it may be on the disk all the same.
        size_t at = (size_t)(slot - accounts->slots);
        memmove(slot, slot + 1, (--accounts->count - at) * sizeof *slot);
    }
    unlist_writing(accounts, writing);
    worker_free(writing->worker);
    done(done_arg, &why);
}

// The newest stays, whatever became of it: the next number comes from it.
static void take_counted(struct accounts *accounts, struct writing *writing)
{
    for (size_t i = 0; i < accounts->count && writing->removed_count < REMOVED_AT_ONCE;) {
        if (!accounts->slots[i].counted) {
            i++;
            continue;
        }
        writing->removed[writing->removed_count++] = accounts->slots[i].entry.number;
        memmove(&accounts->slots[i], &accounts->slots[i + 1], (--accounts->count - i) * sizeof *accounts->slots);
    }
}

void accounts_add(struct accounts *accounts, const struct print_account *entry, accounts_done *done, void *arg)
{
    struct fault why;
    assert(*entry->job);
    struct writing *writing = mem_new(1, sizeof *writing);
    *writing =
        (struct writing){.accounts = accounts, .next = accounts->first, .entry = *entry, .done = done, .arg = arg};
    writing->folder = mem_dup(accounts->folder);
    writing->entry.number = ++accounts->last;
    accounts->first = writing;
    take_counted(accounts, writing);
    add_slot(accounts, &writing->entry)->held = true;
    writing->worker = worker_new(accounts->loop, write_entry, entry_written, drop_writing, writing, &why);
    assert(writing->worker);
}
