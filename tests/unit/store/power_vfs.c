// SPDX-License-Identifier: EUPL-1.2
#include "tests/unit/store/power_vfs.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILES_MAX = 32, NAME_MAX_LENGTH = 128, DESCRIPTORS = 32, SECTOR = 512 };

struct bytes {
    unsigned char *at;
    size_t length, capacity;
};

// A write, or (bytes NULL) a cut to `offset`.
struct pending {
    size_t offset, length;
    unsigned char *bytes;
};

struct node {
    bool used;
    int opens;
    struct bytes seen, durable;
    struct pending *pending;
    size_t pending_count, pending_capacity;
};

struct name {
    char path[NAME_MAX_LENGTH];
    int node; // -1: free entry
};

struct name_change {
    struct name name;
    bool gone;
};

static struct {
    struct node nodes[FILES_MAX];
    struct name seen[FILES_MAX], durable[FILES_MAX];
    struct name_change changes[256];
    int change_count;
    int descriptors[DESCRIPTORS]; // node + 1; 0: free; -1: a folder
    uint64_t random;
    int cut_in, sync_fails_in, total;
    size_t space;
    bool off;
} disk;

struct power_image {
    int count;
    struct {
        char path[NAME_MAX_LENGTH];
        unsigned char *bytes;
        size_t length;
    } files[FILES_MAX];
};

void power_seed(uint64_t seed)
{
    disk.random = seed * 0x9e3779b97f4a7c15u + 1;
}

uint64_t power_random(uint64_t below)
{
    uint64_t x = (disk.random += 0x9e3779b97f4a7c15u);
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return (x ^ (x >> 31)) % below;
}

// ---- bytes and nodes

static void put_bytes(struct bytes *to, size_t offset, const unsigned char *bytes, size_t length)
{
    size_t end = offset + length;
    if (end > to->length) {
        mem_reserve(&to->at, &to->capacity, end, 1);
        memset(to->at + to->length, 0, end - to->length);
        to->length = end;
    }
    if (length)
        memcpy(to->at + offset, bytes, length);
}

static void cut_bytes(struct bytes *to, size_t length)
{
    if (length < to->length)
        to->length = length;
    else if (length > to->length)
        put_bytes(to, length, NULL, 0);
}

static void forget_pending(struct node *node)
{
    for (size_t i = 0; i < node->pending_count; i++)
        free(node->pending[i].bytes);
    node->pending_count = 0;
}

static void apply_pending(struct node *node)
{
    for (size_t i = 0; i < node->pending_count; i++) {
        const struct pending *change = &node->pending[i];
        if (change->bytes)
            put_bytes(&node->durable, change->offset, change->bytes, change->length);
        else
            cut_bytes(&node->durable, change->offset);
    }
    forget_pending(node);
}

static void add_pending(struct node *node, size_t offset, const void *bytes, size_t length)
{
    mem_reserve(&node->pending, &node->pending_capacity, node->pending_count + 1, sizeof *node->pending);
    node->pending[node->pending_count++] = (struct pending){offset, length, bytes ? mem_copy(bytes, length) : NULL};
}

static int new_node(void)
{
    for (int i = 0; i < FILES_MAX; i++)
        if (!disk.nodes[i].used) {
            disk.nodes[i].used = true;
            return i;
        }
    abort();
}

static void free_node(struct node *node)
{
    forget_pending(node);
    free(node->pending);
    free(node->seen.at);
    free(node->durable.at);
    *node = (struct node){0};
}

// ---- names

static struct name *find_name(struct name *names, const char *path)
{
    for (int i = 0; i < FILES_MAX; i++)
        if (names[i].node >= 0 && text_equal(names[i].path, path))
            return &names[i];
    return NULL;
}

static void apply_name(struct name *names, const struct name_change *change)
{
    struct name *name = find_name(names, change->name.path);
    for (int i = 0; i < FILES_MAX && !name && !change->gone; i++)
        if (names[i].node < 0)
            name = &names[i];
    if (name)
        *name = change->name;
    if (name && change->gone)
        name->node = -1;
}

static void change_name(const char *path, int node, bool gone)
{
    struct name_change change = {.name.node = node, .gone = gone};
    TEXT_PUT(change.name.path, path);
    apply_name(disk.seen, &change);
    assert(disk.change_count < 256);
    disk.changes[disk.change_count++] = change;
}

// No change of names may be pending.
static void drop_nameless_nodes(void)
{
    bool named[FILES_MAX] = {false};
    for (int i = 0; i < FILES_MAX; i++) {
        if (disk.durable[i].node >= 0)
            named[disk.durable[i].node] = true;
        if (disk.seen[i].node >= 0)
            named[disk.seen[i].node] = true;
    }
    for (int i = 0; i < FILES_MAX; i++)
        if (disk.nodes[i].used && !named[i] && disk.nodes[i].opens == 0)
            free_node(&disk.nodes[i]);
}

static void sync_names(void)
{
    for (int i = 0; i < disk.change_count; i++)
        apply_name(disk.durable, &disk.changes[i]);
    disk.change_count = 0;
    drop_nameless_nodes();
}

static int node_of(const char *path)
{
    const struct name *name = find_name(disk.seen, path);
    return name ? name->node : -1;
}

// ---- what happens at a cut

// One sector's part of a write: kept, dropped, or kept up to somewhere within.
static void survive_sector(struct node *node, const struct pending *write, size_t from, size_t length, unsigned percent)
{
    if (power_random(100) >= percent)
        return;
    if (power_random(8) == 0)
        length = (size_t)power_random(length + 1);
    if (length)
        put_bytes(&node->durable, write->offset + from, write->bytes + from, length);
}

static void survive_write(struct node *node, const struct pending *write, unsigned percent)
{
    for (size_t from = 0, length; from < write->length; from += length) {
        length = SECTOR - (write->offset + from) % SECTOR;
        if (length > write->length - from)
            length = write->length - from;
        survive_sector(node, write, from, length, percent);
    }
}

static void survive(struct node *node)
{
    static const unsigned percents[] = {0, 20, 50, 80, 95, 100};
    unsigned percent = percents[power_random(6)];
    for (size_t i = 0; i < node->pending_count; i++) {
        const struct pending *change = &node->pending[i];
        if (change->bytes)
            survive_write(node, change, percent);
        else if (power_random(100) < percent)
            cut_bytes(&node->durable, change->offset);
    }
    // The length is kept apart from the content: it may be the new one with nothing in it.
    if (node->pending_count && power_random(3) == 0 && node->seen.length > node->durable.length)
        cut_bytes(&node->durable, node->seen.length);
    forget_pending(node);
}

static void survive_names(void)
{
    bool in_order = power_random(2);
    int kept = (int)power_random((uint64_t)disk.change_count + 1);
    for (int i = 0; i < disk.change_count; i++)
        if (in_order ? i < kept : power_random(2))
            apply_name(disk.durable, &disk.changes[i]);
    disk.change_count = 0;
}

void power_back(void)
{
    for (int i = 0; i < DESCRIPTORS; i++)
        assert(disk.descriptors[i] == 0);
    survive_names();
    for (int i = 0; i < FILES_MAX; i++) {
        struct node *node = &disk.nodes[i];
        if (!node->used)
            continue;
        survive(node);
        node->seen.length = 0;
        put_bytes(&node->seen, 0, node->durable.at, node->durable.length);
    }
    memcpy(disk.seen, disk.durable, sizeof disk.seen);
    drop_nameless_nodes();
    disk.off = false;
    disk.cut_in = disk.sync_fails_in = 0;
    disk.space = SIZE_MAX;
}

void power_cut_after(int operations)
{
    disk.cut_in = operations;
}

bool power_is_off(void)
{
    return disk.off;
}

size_t power_used(void)
{
    size_t used = 0;
    for (int i = 0; i < FILES_MAX; i++)
        used += disk.nodes[i].seen.length;
    return used;
}

void power_set_space(size_t bytes)
{
    disk.space = bytes;
}

void power_fail_sync(int nth)
{
    disk.sync_fails_in = nth;
}

int power_changes(void)
{
    return disk.total;
}

// Before each change. True when the power goes with it.
static bool goes_off(void)
{
    disk.total++;
    if (disk.cut_in > 0 && --disk.cut_in == 0)
        disk.off = true;
    return disk.off;
}

// ---- what both sides do to a node

// 0, or an errno.
static int write_node(int node, const void *bytes, size_t length, size_t offset)
{
    if (disk.off)
        return EIO;
    bool off = goes_off();
    size_t end = disk.nodes[node].seen.length, used = power_used();
    size_t room = end + (disk.space > used ? disk.space - used : 0);
    bool full = offset + length > end && offset + length > room;
    if (full)
        length = room > offset ? room - offset : 0;
    if (length) {
        put_bytes(&disk.nodes[node].seen, offset, bytes, length);
        add_pending(&disk.nodes[node], offset, bytes, length);
    }
    return off ? EIO : full ? ENOSPC : 0;
}

static int cut_node(int node, size_t length)
{
    if (disk.off)
        return EIO;
    bool off = goes_off();
    cut_bytes(&disk.nodes[node].seen, length);
    add_pending(&disk.nodes[node], length, NULL, 0);
    return off ? EIO : 0;
}

static int sync_node(int node)
{
    if (disk.off || goes_off())
        return EIO;
    if (disk.sync_fails_in > 0 && --disk.sync_fails_in == 0) {
        survive(&disk.nodes[node]);
        return EIO;
    }
    apply_pending(&disk.nodes[node]);
    return 0;
}

static size_t read_node(int node, void *bytes, size_t size, size_t offset)
{
    const struct bytes *seen = &disk.nodes[node].seen;
    size_t length = offset >= seen->length ? 0 : seen->length - offset;
    if (length > size)
        length = size;
    if (length)
        memcpy(bytes, seen->at + offset, length);
    return length;
}

// ---- system calls

static int fail(int error)
{
    errno = error;
    return -1;
}

static int new_descriptor(int value)
{
    for (int i = 0; i < DESCRIPTORS; i++)
        if (disk.descriptors[i] == 0) {
            disk.descriptors[i] = value;
            return i + 1000;
        }
    abort();
}

static int open_call(const char *path, int flags, mode_t mode)
{
    (void)mode;
    if (disk.off)
        return fail(EIO);
    if (flags & O_DIRECTORY)
        return new_descriptor(-1);
    int node = node_of(path);
    if (node >= 0 && flags & O_EXCL)
        return fail(EEXIST);
    if (node < 0 && !(flags & O_CREAT))
        return fail(ENOENT);
    if (node < 0) {
        if (goes_off())
            return fail(EIO);
        change_name(path, node = new_node(), false);
    }
    disk.nodes[node].opens++;
    return new_descriptor(node + 1);
}

static int close_call(int descriptor)
{
    int node = disk.descriptors[descriptor - 1000] - 1;
    if (node >= 0)
        disk.nodes[node].opens--;
    disk.descriptors[descriptor - 1000] = 0;
    return 0;
}

static ssize_t pread_call(int descriptor, void *bytes, size_t size, off_t offset)
{
    if (disk.off)
        return fail(EIO);
    return (ssize_t)read_node(disk.descriptors[descriptor - 1000] - 1, bytes, size, (size_t)offset);
}

static ssize_t pwrite_call(int descriptor, const void *bytes, size_t length, off_t offset)
{
    int error = write_node(disk.descriptors[descriptor - 1000] - 1, bytes, length, (size_t)offset);
    return error ? fail(error) : (ssize_t)length;
}

static int sync_call(int descriptor)
{
    int node = disk.descriptors[descriptor - 1000];
    if (node > 0) {
        int error = sync_node(node - 1);
        return error ? fail(error) : 0;
    }
    if (disk.off || goes_off())
        return fail(EIO);
    sync_names();
    return 0;
}

static int rename_call(const char *from, const char *to, unsigned flags)
{
    int node = node_of(from);
    if (disk.off || goes_off())
        return fail(EIO);
    if (node < 0)
        return fail(ENOENT);
    if (flags & RENAME_NOREPLACE && node_of(to) >= 0)
        return fail(EEXIST);
    change_name(to, node, false);
    change_name(from, node, true);
    return 0;
}

static int unlink_call(const char *path)
{
    if (disk.off)
        return fail(EIO);
    if (node_of(path) < 0)
        return fail(ENOENT);
    if (goes_off())
        return fail(EIO);
    change_name(path, -1, true);
    return 0;
}

static const struct file_system power_system = {
    .open = open_call,
    .close = close_call,
    .pread = pread_call,
    .pwrite = pwrite_call,
    .fsync = sync_call,
    .fdatasync = sync_call,
    .rename = rename_call,
    .unlink = unlink_call,
};

// ---- the VFS

struct power_handle {
    sqlite3_file base;
    int node;
    bool sync_folder; // with the first sync
    bool temporary;
};

static int handle_close(sqlite3_file *file)
{
    struct power_handle *handle = (struct power_handle *)file;
    disk.nodes[handle->node].opens--;
    if (handle->temporary)
        free_node(&disk.nodes[handle->node]);
    return SQLITE_OK;
}

static int handle_read(sqlite3_file *file, void *bytes, int size, sqlite3_int64 offset)
{
    if (disk.off)
        return SQLITE_IOERR_READ;
    size_t got = read_node(((struct power_handle *)file)->node, bytes, (size_t)size, (size_t)offset);
    if (got == (size_t)size)
        return SQLITE_OK;
    memset((char *)bytes + got, 0, (size_t)size - got);
    return SQLITE_IOERR_SHORT_READ;
}

static int handle_write(sqlite3_file *file, const void *bytes, int length, sqlite3_int64 offset)
{
    int error = write_node(((struct power_handle *)file)->node, bytes, (size_t)length, (size_t)offset);
    return error == ENOSPC ? SQLITE_FULL : error ? SQLITE_IOERR_WRITE : SQLITE_OK;
}

static int handle_truncate(sqlite3_file *file, sqlite3_int64 length)
{
    return cut_node(((struct power_handle *)file)->node, (size_t)length) ? SQLITE_IOERR_TRUNCATE : SQLITE_OK;
}

static int handle_sync(sqlite3_file *file, int flags)
{
    (void)flags;
    struct power_handle *handle = (struct power_handle *)file;
    if (sync_node(handle->node) != 0)
        return SQLITE_IOERR_FSYNC;
    if (handle->sync_folder) {
        if (goes_off())
            return SQLITE_IOERR_DIR_FSYNC;
        sync_names();
        handle->sync_folder = false;
    }
    return SQLITE_OK;
}

static int handle_size(sqlite3_file *file, sqlite3_int64 *size)
{
    *size = (sqlite3_int64)disk.nodes[((struct power_handle *)file)->node].seen.length;
    return disk.off ? SQLITE_IOERR_FSTAT : SQLITE_OK;
}

static int handle_lock(sqlite3_file *file, int kind)
{
    (void)file, (void)kind;
    return SQLITE_OK;
}

static int handle_check_lock(sqlite3_file *file, int *taken)
{
    (void)file;
    *taken = 0;
    return SQLITE_OK;
}

static int handle_control(sqlite3_file *file, int operation, void *arg)
{
    (void)file, (void)arg;
    return operation == SQLITE_FCNTL_POWERSAFE_OVERWRITE ? SQLITE_OK : SQLITE_NOTFOUND;
}

static int handle_sector_size(sqlite3_file *file)
{
    (void)file;
    return 4096;
}

static int handle_traits(sqlite3_file *file)
{
    (void)file;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static const sqlite3_io_methods handle_methods = {
    .iVersion = 1,
    .xClose = handle_close,
    .xRead = handle_read,
    .xWrite = handle_write,
    .xTruncate = handle_truncate,
    .xSync = handle_sync,
    .xFileSize = handle_size,
    .xLock = handle_lock,
    .xUnlock = handle_lock,
    .xCheckReservedLock = handle_check_lock,
    .xFileControl = handle_control,
    .xSectorSize = handle_sector_size,
    .xDeviceCharacteristics = handle_traits,
};

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *flags_out)
{
    (void)vfs;
    struct power_handle *handle = (struct power_handle *)file;
    *handle = (struct power_handle){.node = path ? node_of(path) : -1, .temporary = !path};
    if (disk.off || (handle->node < 0 && path && !(flags & SQLITE_OPEN_CREATE)))
        return SQLITE_CANTOPEN;
    if (handle->node < 0) {
        if (goes_off())
            return SQLITE_CANTOPEN;
        handle->node = new_node();
        handle->sync_folder = flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL);
        if (path)
            change_name(path, handle->node, false);
    }
    disk.nodes[handle->node].opens++;
    handle->base.pMethods = &handle_methods;
    if (flags_out)
        *flags_out = flags;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync_folder)
{
    (void)vfs;
    if (disk.off)
        return SQLITE_IOERR_DELETE;
    if (node_of(path) < 0)
        return SQLITE_IOERR_DELETE_NOENT;
    if (goes_off())
        return SQLITE_IOERR_DELETE;
    change_name(path, -1, true);
    if (sync_folder) {
        if (goes_off())
            return SQLITE_IOERR_DIR_FSYNC;
        sync_names();
    }
    return SQLITE_OK;
}

static int vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *result)
{
    (void)vfs, (void)flags;
    *result = node_of(path) >= 0;
    return disk.off ? SQLITE_IOERR_ACCESS : SQLITE_OK;
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *path, int size, char *full)
{
    (void)vfs;
    return text_copy(full, (size_t)size, path) ? SQLITE_OK : SQLITE_CANTOPEN;
}

static int vfs_last_error(sqlite3_vfs *vfs, int size, char *text)
{
    (void)vfs, (void)size, (void)text;
    return EIO;
}

static void empty_disk(void)
{
    for (int i = 0; i < FILES_MAX; i++)
        free_node(&disk.nodes[i]);
    for (int i = 0; i < FILES_MAX; i++)
        disk.seen[i].node = disk.durable[i].node = -1;
    disk.change_count = 0;
    disk.off = false;
    disk.cut_in = disk.sync_fails_in = 0;
    disk.space = SIZE_MAX;
}

void power_start(void)
{
    static sqlite3_vfs vfs;
    if (!vfs.zName) {
        vfs = *sqlite3_vfs_find(NULL);
        vfs.zName = POWER_VFS;
        vfs.szOsFile = sizeof(struct power_handle);
        vfs.pNext = NULL;
        vfs.xOpen = vfs_open;
        vfs.xDelete = vfs_delete;
        vfs.xAccess = vfs_access;
        vfs.xFullPathname = vfs_full_path;
        vfs.xGetLastError = vfs_last_error;
        sqlite3_vfs_register(&vfs, 0);
    }
    file_system = &power_system;
    empty_disk();
}

// ---- images and damage

struct power_image *power_image_new(void)
{
    struct power_image *image = mem_new(1, sizeof *image);
    for (int i = 0; i < FILES_MAX; i++) {
        if (disk.seen[i].node < 0)
            continue;
        const struct bytes *seen = &disk.nodes[disk.seen[i].node].seen;
        TEXT_PUT(image->files[image->count].path, disk.seen[i].path);
        image->files[image->count].bytes = mem_copy(seen->at, seen->length);
        image->files[image->count++].length = seen->length;
    }
    return image;
}

void power_image_free(struct power_image *image)
{
    for (int i = 0; i < image->count; i++)
        free(image->files[i].bytes);
    free(image);
}

void power_restore(const struct power_image *image)
{
    empty_disk();
    for (int i = 0; i < image->count; i++) {
        int node = new_node();
        put_bytes(&disk.nodes[node].seen, 0, image->files[i].bytes, image->files[i].length);
        put_bytes(&disk.nodes[node].durable, 0, image->files[i].bytes, image->files[i].length);
        change_name(image->files[i].path, node, false);
    }
    sync_names();
}

bool power_equals(const struct power_image *image)
{
    for (int i = 0; i < image->count; i++) {
        size_t length = 0;
        const unsigned char *bytes = power_file(image->files[i].path, &length);
        if (length != image->files[i].length || (length && memcmp(bytes, image->files[i].bytes, length) != 0))
            return false;
    }
    return true;
}

unsigned char *power_file(const char *path, size_t *length)
{
    int node = node_of(path);
    if (node < 0)
        return NULL;
    *length = disk.nodes[node].seen.length;
    return disk.nodes[node].seen.at;
}

void power_resize(const char *path, size_t length)
{
    int node = node_of(path);
    assert(node >= 0);
    cut_bytes(&disk.nodes[node].seen, length);
}

bool power_holds(const char *text)
{
    for (int i = 0; i < FILES_MAX; i++) {
        const struct node *node = &disk.nodes[i];
        if (node->used &&
            ((node->seen.length && memmem(node->seen.at, node->seen.length, text, strlen(text))) ||
             (node->durable.length && memmem(node->durable.at, node->durable.length, text, strlen(text)))))
            return true;
    }
    return false;
}
