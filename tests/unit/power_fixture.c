// SPDX-License-Identifier: EUPL-1.2
#include "tests/unit/power_fixture.h"
#include "broker/base/file.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "tests/folder.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { NAMES_MAX = 32, NODES_MAX = 256, DESCRIPTORS_MAX = 256, CHANGES_MAX = 10, STATES_MAX = 4096, FOLDER = -1 };

enum kind { CREATE, WRITE, SYNC, SYNC_FOLDER, RENAME, UNLINK, BEGIN, DONE };

struct operation {
    enum kind kind;
    int node;
    char name[64], to[64];
    off_t offset;
    char *bytes;
    size_t length;
};

struct names {
    struct {
        char name[64];
        int node;
    } rows[NAMES_MAX];
    int count;
};

struct content {
    char *bytes;
    size_t length;
};

// What is not synced, and how much of it the cut leaves.
enum left { LEFT_NOTHING, LEFT_ALL, LEFT_HALF, LEFT_ZEROES, LEFT_COUNT };
static const char *const left_words[LEFT_COUNT] = {"nothing", "all", "half", "zeroes"};

// The disk while the record is played: what is durable, and what may be.
struct disk {
    struct content durable[NODES_MAX];
    const struct operation *writes[NODES_MAX * 4];
    int write_count;
    struct names names;
    const struct operation *changes[CHANGES_MAX];
    int change_count;
    int begun, reported;
};

static const char *folder;
static char cut_folder[FOLDER_SIZE];
static const struct file_system *real;
static int descriptors[DESCRIPTORS_MAX]; // node + 1
static struct names now, first_names;
static struct content first_contents[NODES_MAX];
static int first_node_count, node_count;
static struct operation *operations;
static size_t operation_count, operation_capacity;
static struct {
    uint64_t hash;
    int version;
} states[STATES_MAX]; // that a reader has seen
static int state_count;

// ---- names

static int node_of(const struct names *names, const char *name)
{
    for (int i = 0; i < names->count; i++)
        if (text_equal(names->rows[i].name, name))
            return names->rows[i].node;
    return -1;
}

static void remove_name(struct names *names, const char *name)
{
    for (int i = 0; i < names->count; i++)
        if (text_equal(names->rows[i].name, name))
            names->rows[i--] = names->rows[--names->count];
}

static void put_name(struct names *names, const char *name, int node)
{
    remove_name(names, name);
    cr_assert_lt(names->count, NAMES_MAX);
    TEXT_PUT(names->rows[names->count].name, name);
    names->rows[names->count++].node = node;
}

static void change_names(struct names *names, const struct operation *change)
{
    remove_name(names, change->name);
    if (change->kind == CREATE)
        put_name(names, change->name, change->node);
    else if (change->kind == RENAME)
        put_name(names, change->to, change->node);
}

// ---- noting what is done

static struct operation *note(enum kind kind, int node, const char *name)
{
    mem_reserve(&operations, &operation_capacity, operation_count + 1, sizeof *operations);
    struct operation *operation = &operations[operation_count++];
    *operation = (struct operation){.kind = kind, .node = node};
    TEXT_PUT(operation->name, name);
    return operation;
}

// NULL: it lies elsewhere.
static const char *name_in_folder(const char *path)
{
    size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && path[length] == '/' ? path + length + 1 : NULL;
}

static int open_noted(const char *path, int flags, mode_t mode)
{
    const char *name = name_in_folder(path);
    int descriptor = real->open(path, flags, mode);
    cr_assert_lt(descriptor, DESCRIPTORS_MAX);
    if (descriptor < 0)
        return descriptor;
    int node = name ? node_of(&now, name) : -1;
    if (name && flags & O_CREAT) {
        cr_assert(node < 0 && node_count < NODES_MAX, "%s", name);
        put_name(&now, name, node = node_count++);
        note(CREATE, node, name);
    }
    descriptors[descriptor] = text_equal(path, folder) ? FOLDER : node + 1;
    return descriptor;
}

static int close_noted(int descriptor)
{
    descriptors[descriptor] = 0;
    return real->close(descriptor);
}

static ssize_t pwrite_noted(int descriptor, const void *bytes, size_t length, off_t offset)
{
    ssize_t written = real->pwrite(descriptor, bytes, length, offset);
    if (written > 0 && descriptors[descriptor] > 0) {
        struct operation *operation = note(WRITE, descriptors[descriptor] - 1, "");
        operation->bytes = mem_copy(bytes, (size_t)written);
        operation->length = (size_t)written;
        operation->offset = offset;
    }
    return written;
}

static int sync_noted(int descriptor)
{
    if (descriptors[descriptor] == FOLDER)
        note(SYNC_FOLDER, -1, "");
    else if (descriptors[descriptor] > 0)
        note(SYNC, descriptors[descriptor] - 1, "");
    return 0;
}

static int rename_noted(const char *from, const char *to, unsigned flags)
{
    int rc = real->rename(from, to, flags);
    if (rc == 0 && name_in_folder(from)) {
        struct operation *operation = note(RENAME, node_of(&now, name_in_folder(from)), name_in_folder(from));
        TEXT_PUT(operation->to, name_in_folder(to));
        change_names(&now, operation);
    }
    return rc;
}

static int unlink_noted(const char *path)
{
    int rc = real->unlink(path);
    if (rc == 0 && name_in_folder(path))
        change_names(&now, note(UNLINK, -1, name_in_folder(path)));
    return rc;
}

void power_fixture_begin(void)
{
    note(BEGIN, -1, "");
}

void power_fixture_done(void)
{
    note(DONE, -1, "");
}

int power_fixture_syncs(void)
{
    int count = 0;
    for (size_t i = 0; i < operation_count; i++)
        count += operations[i].kind == SYNC || operations[i].kind == SYNC_FOLDER;
    return count;
}

// ---- beginning and end

static void read_first(const char *name)
{
    char path[PATH_MAX];
    struct stat status;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    cr_assert(stat(path, &status) == 0 && S_ISREG(status.st_mode) && node_count < NODES_MAX, "%s", path);
    struct content *content = &first_contents[node_count];
    content->length = (size_t)status.st_size;
    content->bytes = mem_new(content->length + 1, 1);
    FILE *file = fopen(path, "re");
    cr_assert_eq(fread(content->bytes, 1, content->length, file), content->length);
    fclose(file);
    put_name(&now, name, node_count++);
}

static void forget(void)
{
    for (size_t i = 0; i < operation_count; i++)
        free(operations[i].bytes);
    for (int i = 0; i < first_node_count; i++)
        free(take(first_contents[i].bytes));
    operation_count = 0;
    now.count = node_count = first_node_count = state_count = 0;
}

static void begin_record(void)
{
    DIR *all = opendir(folder);
    forget();
    for (const struct dirent *one; (one = readdir(all)) != NULL;)
        if (one->d_name[0] != '.')
            read_first(one->d_name);
    closedir(all);
    first_names = now;
    first_node_count = node_count;
}

void power_fixture_start(const char *of)
{
    static struct file_system noted;
    folder = of;
    folder_make(cut_folder, "cut");
    real = file_system;
    noted = *real;
    noted.open = open_noted;
    noted.close = close_noted;
    noted.pwrite = pwrite_noted;
    noted.fsync = noted.fdatasync = sync_noted;
    noted.rename = rename_noted;
    noted.unlink = unlink_noted;
    begin_record();
    file_system = &noted;
}

void power_fixture_stop(void)
{
    file_system = real;
    forget();
    free(take(operations));
    operation_capacity = 0;
    folder_remove(cut_folder);
}

// ---- playing it

static void put_content(struct content *content, size_t offset, const char *bytes, size_t length)
{
    size_t end = offset + length;
    if (end > content->length) {
        content->bytes = realloc(content->bytes, end + 1);
        memset(content->bytes + content->length, 0, end - content->length);
        content->length = end;
    }
    if (bytes && length)
        memcpy(content->bytes + offset, bytes, length);
}

static void put_write(struct content *content, const struct operation *write, enum left left)
{
    size_t offset = (size_t)write->offset;
    if (left == LEFT_ALL)
        put_content(content, offset, write->bytes, write->length);
    else if (left == LEFT_HALF)
        put_content(content, offset, write->bytes, write->length / 2);
    else if (left == LEFT_ZEROES)
        put_content(content, offset, NULL, write->length);
}

static void sync_node(struct disk *disk, int node)
{
    int kept = 0;
    for (int i = 0; i < disk->write_count; i++) {
        if (disk->writes[i]->node == node)
            put_write(&disk->durable[node], disk->writes[i], LEFT_ALL);
        else
            disk->writes[kept++] = disk->writes[i];
    }
    disk->write_count = kept;
}

static void sync_names(struct disk *disk)
{
    for (int i = 0; i < disk->change_count; i++)
        change_names(&disk->names, disk->changes[i]);
    disk->change_count = 0;
}

static void play(struct disk *disk, const struct operation *operation)
{
    switch (operation->kind) {
    case CREATE:
    case RENAME:
    case UNLINK:
        cr_assert_lt(disk->change_count, CHANGES_MAX);
        disk->changes[disk->change_count++] = operation;
        return;
    case WRITE:
        cr_assert_lt((size_t)disk->write_count, sizeof disk->writes / sizeof *disk->writes);
        disk->writes[disk->write_count++] = operation;
        return;
    case SYNC:
        sync_node(disk, operation->node);
        return;
    case SYNC_FOLDER:
        sync_names(disk);
        return;
    case BEGIN:
        disk->begun++;
        return;
    case DONE:
        disk->reported++;
        return;
    }
}

static void disk_init(struct disk *disk)
{
    *disk = (struct disk){.names = first_names};
    for (int i = 0; i < first_node_count; i++)
        put_content(&disk->durable[i], 0, first_contents[i].bytes, first_contents[i].length);
}

static void disk_fini(struct disk *disk)
{
    for (int i = 0; i < NODES_MAX; i++)
        free(disk->durable[i].bytes);
}

// ---- what a cut leaves

static struct content survivor(const struct disk *disk, int node, enum left left)
{
    struct content content = {0};
    put_content(&content, 0, disk->durable[node].bytes, disk->durable[node].length);
    for (int i = 0; i < disk->write_count; i++)
        if (disk->writes[i]->node == node)
            put_write(&content, disk->writes[i], left);
    return content;
}

static struct names surviving_names(const struct disk *disk, unsigned selection)
{
    struct names names = disk->names;
    for (int i = 0; i < disk->change_count; i++)
        if (selection >> i & 1)
            change_names(&names, disk->changes[i]);
    return names;
}

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ at[i]) * 0x100000001b3u;
    return hash;
}

// In an order that does not depend on that of the names.
static uint64_t hash_disk(const struct disk *disk, const struct names *names, enum left left)
{
    uint64_t sum = 0;
    for (int i = 0; i < names->count; i++) {
        struct content content = survivor(disk, names->rows[i].node, left);
        uint64_t hash = hash_bytes(0xcbf29ce484222325u, names->rows[i].name, strlen(names->rows[i].name) + 1);
        sum += hash_bytes(hash, content.bytes, content.length);
        free(content.bytes);
    }
    return sum;
}

static void rebuild(const struct disk *disk, const struct names *names, enum left left, const char *at)
{
    char path[PATH_MAX];
    folder_empty(at);
    for (int i = 0; i < names->count; i++) {
        struct content content = survivor(disk, names->rows[i].node, left);
        snprintf(path, sizeof path, "%s/%s", at, names->rows[i].name);
        FILE *file = fopen(path, "we");
        cr_assert(file && fwrite(content.bytes ? content.bytes : "", 1, content.length, file) == content.length);
        fclose(file);
        free(content.bytes);
    }
}

static int find_version(const struct disk *disk, unsigned selection, enum left left, power_fixture_reader *reader)
{
    struct names names = surviving_names(disk, selection);
    uint64_t hash = hash_disk(disk, &names, left);
    for (int i = 0; i < state_count; i++)
        if (states[i].hash == hash)
            return states[i].version;
    rebuild(disk, &names, left, cut_folder);
    file_system = real;
    cr_assert_lt(state_count, STATES_MAX);
    states[state_count].hash = hash;
    states[state_count].version = reader(cut_folder);
    return states[state_count++].version;
}

// How often it goes wrong at this moment.
static int look(const struct disk *disk, power_fixture_reader *reader, bool shall_hold, size_t at)
{
    int wrong = 0;
    for (unsigned selection = 0; selection < 1u << disk->change_count; selection++)
        for (enum left left = 0; left < LEFT_COUNT; left++) {
            int version = find_version(disk, selection, left, reader);
            bool right = version >= disk->reported && version <= disk->begun;
            cr_assert(
                right || !shall_hold,
                "the power goes after %zu calls, %s is left of what is not synced, names %x: version %d is found; "
                "%d were begun, %d reported",
                at, left_words[left], selection, version, disk->begun, disk->reported);
            wrong += !right;
        }
    return wrong;
}

// Without the sync at `left_out`, unless that is beyond the end.
static int look_everywhere(power_fixture_reader *reader, size_t left_out, bool shall_hold)
{
    static struct disk disk;
    disk_init(&disk);
    int wrong = look(&disk, reader, shall_hold, 0);
    for (size_t i = 0; i < operation_count; i++) {
        if (i != left_out)
            play(&disk, &operations[i]);
        wrong += look(&disk, reader, shall_hold, i + 1);
    }
    disk_fini(&disk);
    return wrong;
}

void power_fixture_check_holds(power_fixture_reader *reader)
{
    const struct file_system *noting = file_system;
    state_count = 0;
    look_everywhere(reader, SIZE_MAX, true);
    file_system = noting;
}

void power_fixture_check(power_fixture_reader *reader)
{
    const struct file_system *noting = file_system;
    power_fixture_check_holds(reader);
    cr_assert_gt(power_fixture_syncs(), 0);
    for (size_t i = 0; i < operation_count; i++)
        if (operations[i].kind == SYNC || operations[i].kind == SYNC_FOLDER)
            cr_assert_gt(look_everywhere(reader, i, false), 0, "nothing goes wrong without the sync in call %zu",
                         i + 1);
    file_system = noting;
}

int power_fixture_violations(power_fixture_reader *reader)
{
    const struct file_system *noting = file_system;
    state_count = 0;
    int wrong = look_everywhere(reader, SIZE_MAX, false);
    file_system = noting;
    return wrong;
}

void power_fixture_cut(void)
{
    static struct disk disk;
    disk_init(&disk);
    for (size_t i = 0; i < operation_count; i++)
        play(&disk, &operations[i]);
    rebuild(&disk, &disk.names, LEFT_NOTHING, folder);
    disk_fini(&disk);
    begin_record();
}
