// SPDX-License-Identifier: EUPL-1.2
#include "broker/backup/backup_maker.h"
#include "broker/base/base64.h"
#include "broker/base/clock.h"
#include "broker/base/file.h"
#include "broker/base/log.h"
#include "broker/base/worker.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PIECE = 96 * 1024, // 128 KiB in base64: what the loop can print and send between two logons
    PIECE_TEXT = PIECE / 3 * 4 + 1,
    KEPT_MS = 60 * 60 * 1000,
    TAKEN_MS = 60 * 1000, // since the last piece: whoever fetches it has not gone
    ID_BYTES = 8,
};

// The work of the thread, and what it works with.
struct sealing {
    struct backup_maker *maker;  // in the loop only
    struct backup_config config; // what it points to outlives the broker's threads
    atomic_bool given_up;        // the broker ends
    struct recipients *recipients;
    char folder[FILE_PATH_SIZE];
    bool (*verify_copy)(const char *folder, struct fault *why);
    int file;
    int64_t size;
    char digest[DIGEST_SIZE];
    bool right;
    struct fault why;
};

struct backup_maker {
    struct loop *loop;
    struct store_port store;
    struct backup_config config;
    struct backup_status status;
    struct recipients *recipients; // of the next one, between prepare and start
    struct sealing *sealing;       // the worker's
    struct worker *worker;
    struct worker *piece; // that is being read
    struct loop_timer *expiry;
    int64_t read_ms; // steady; when a piece was asked for last, or the file was ready
    int file;        // -1: none
    char folder[FILE_PATH_SIZE];
};

// ---- the folder with the copy, which holds everything in clear

static void remove_copy(const char *folder)
{
    DIR *entries = opendir(folder);
    for (struct dirent *entry; entries && (entry = readdir(entries));)
        unlinkat(dirfd(entries), entry->d_name, 0);
    if (entries)
        closedir(entries);
    rmdir(folder);
}

static bool make_folder(const char *folder, struct fault *why)
{
    remove_copy(folder);
    return mkdir(folder, 0700) == 0 ||
           fault_set(why, FAULT_UNAVAILABLE, "cannot make %.200s: %s", folder, strerror(errno));
}

// It has no name: whatever ends the broker, nothing stays of it.
static int open_file(const char *data_folder, struct fault *why)
{
    char path[FILE_PATH_SIZE];
    snprintf(path, sizeof path, "%s/backup.part", data_folder);
    unlink(path);
    int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        fault_set(why, FAULT_UNAVAILABLE, "cannot make %.200s: %s", path, strerror(errno));
    unlink(path);
    return file;
}

// ---- in the thread

static bool write_to_file(void *arg, const void *bytes, size_t length, struct fault *why)
{
    struct sealing *sealing = arg;
    if (atomic_load(&sealing->given_up))
        return fault_set(why, FAULT_UNAVAILABLE, "the broker ends");
    for (size_t at = 0; at < length;) {
        ssize_t put = pwrite(sealing->file, (const char *)bytes + at, length - at, (off_t)sealing->size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return fault_set(why, FAULT_UNAVAILABLE, "cannot write the back-up: %s", strerror(put ? errno : ENOSPC));
        at += (size_t)put;
        sealing->size += put;
    }
    return true;
}

static void seal(void *arg)
{
    struct sealing *sealing = arg;
    struct backup_writer *writer = backup_writer_new(sealing->recipients, write_to_file, sealing);
    sealing->right = sealing->verify_copy(sealing->folder, &sealing->why) &&
                     backup_content_write(writer, &sealing->config, sealing->folder, &sealing->why) &&
                     backup_writer_finish(writer, &sealing->why);
    if (sealing->right)
        backup_writer_digest(writer, sealing->digest);
    backup_writer_free(writer);
    remove_copy(sealing->folder);
}

static void drop_sealing(void *arg)
{
    struct sealing *sealing = arg;
    recipients_free(sealing->recipients);
    if (sealing->file >= 0)
        close(sealing->file);
    free(sealing);
}

// ---- from start to end

static void fail(struct backup_maker *maker, const struct fault *why)
{
    maker->status.state = BACKUP_FAILED;
    maker->status.failure = *why;
    log_error("backup", "%s", why->text);
    remove_copy(maker->folder);
}

static void sealed(void *arg)
{
    struct sealing *sealing = arg;
    struct backup_maker *maker = sealing->maker;
    assert(maker->status.state == BACKUP_RUNNING && maker->file < 0);
    if (sealing->right) {
        maker->file = sealing->file;
        sealing->file = -1;
        maker->status.state = BACKUP_READY;
        maker->status.size = sealing->size;
        TEXT_PUT(maker->status.digest, sealing->digest);
        maker->read_ms = clock_steady_ms();
        loop_timer_start(maker->expiry, KEPT_MS);
        log_info("backup", "%s: made, %lld bytes", maker->status.id, (long long)sealing->size);
    } else {
        fail(maker, &sealing->why);
    }
    maker->sealing = NULL;
    worker_free(take(maker->worker));
}

static void copied(void *arg, enum store_outcome outcome, const struct fault *why)
{
    struct backup_maker *maker = arg;
    struct fault reason;
    if (outcome != STORE_DURABLE) {
        fail(maker, why);
        return;
    }
    struct sealing *sealing = mem_new(1, sizeof *sealing);
    *sealing = (struct sealing){.maker = maker,
                                .config = maker->config,
                                .recipients = take(maker->recipients),
                                .verify_copy = maker->store.verify_copy,
                                .file = open_file(maker->config.folder, &reason)};
    TEXT_PUT(sealing->folder, maker->folder);
    if (sealing->file >= 0)
        maker->worker = worker_new(maker->loop, seal, sealed, drop_sealing, sealing, &reason);
    if (maker->worker) {
        maker->sealing = sealing;
        return;
    }
    drop_sealing(sealing);
    fail(maker, &reason);
}

static bool can_begin(struct backup_maker *maker, struct fault *why)
{
    bool fetched = maker->status.state == BACKUP_READY && clock_steady_ms() - maker->read_ms < TAKEN_MS;
    if (maker->status.state == BACKUP_RUNNING || maker->piece || fetched)
        return fault_set(why, FAULT_CONFLICT, "another back-up is being made or fetched; try again in a minute");
    // The copy, and what is made of it; as much again for the journal meanwhile.
    if (file_disk_free_bytes(maker->config.folder) / 4 < backup_content_size(maker->config.folder))
        return fault_set(why, FAULT_CONFLICT,
                         "there is no room for a back-up: four times the size of %.160s must be free there",
                         maker->config.folder);
    return true;
}

static bool prepare(void *self, struct text *recipients, struct fault *why)
{
    struct backup_maker *maker = self;
    if (!maker->config.certificates[0])
        return fault_set(why, FAULT_CONFLICT,
                         "nobody could open it: backup-certificates is not set; see pult-broker(8), BACK-UPS");
    if (!can_begin(maker, why))
        return false;
    recipients_free(take(maker->recipients));
    maker->recipients = recipients_load(maker->config.certificates, why);
    if (!maker->recipients)
        return false;
    recipients_describe(maker->recipients, recipients);
    return true;
}

static void drop_file(void *self)
{
    struct backup_maker *maker = self;
    if (maker->status.state != BACKUP_READY || maker->piece)
        return;
    loop_timer_stop(maker->expiry);
    close(maker->file);
    maker->file = -1;
    maker->status = (struct backup_status){0};
}

static void expire(void *arg)
{
    struct backup_maker *maker = arg;
    assert(maker->status.state == BACKUP_READY);
    if (maker->piece || clock_steady_ms() - maker->read_ms < KEPT_MS / 2)
        loop_timer_start(maker->expiry, KEPT_MS);
    else
        drop_file(maker);
}

static void start(void *self)
{
    struct backup_maker *maker = self;
    unsigned char id[ID_BYTES];
    struct fault why;
    assert(maker->recipients && maker->status.state != BACKUP_RUNNING);
    drop_file(maker);
    arc4random_buf(id, sizeof id);
    maker->status = (struct backup_status){.state = BACKUP_RUNNING, .began_ms = clock_wall_ms()};
    text_hex(maker->status.id, id, sizeof id);
    if (make_folder(maker->folder, &why))
        maker->store.copy(maker->store.self, maker->folder, copied, maker);
    else
        fail(maker, &why);
}

static void tell_status(void *self, struct backup_status *status)
{
    *status = ((struct backup_maker *)self)->status;
}

// ---- pieces

struct piece {
    struct backup_maker *maker; // in the loop only
    int file;                   // its own
    uint64_t offset;
    char *base64;
    bool right;
    struct fault why;
    backup_piece *done;
    void *arg;
};

static void read_bytes(void *arg)
{
    struct piece *piece = arg;
    owned(bytes) unsigned char *bytes = mem_room(PIECE);
    size_t length = 0;
    ssize_t got = 1;
    while (length < PIECE && got > 0) {
        got = pread(piece->file, bytes + length, PIECE - length, (off_t)(piece->offset + length));
        length += got > 0 ? (size_t)got : 0;
    }
    piece->base64 = mem_room(PIECE_TEXT);
    piece->right = got >= 0 && base64_encode(piece->base64, PIECE_TEXT, bytes, length);
    if (!piece->right)
        fault_set(&piece->why, FAULT_UNAVAILABLE, "cannot read the back-up: %s", strerror(errno));
}

static void tell_piece(void *arg)
{
    struct piece *piece = arg;
    struct backup_maker *maker = piece->maker;
    struct worker *worker = take(maker->piece);
    maker->read_ms = clock_steady_ms();
    piece->done(piece->arg, piece->right ? piece->base64 : NULL, piece->right ? NULL : &piece->why);
    worker_free(worker);
}

static void drop_piece(void *arg)
{
    struct piece *piece = arg;
    close(piece->file);
    free(piece->base64);
    free(piece);
}

struct refused_piece {
    backup_piece *done;
    void *arg;
    struct fault why;
};

static void refuse_piece(void *arg)
{
    struct refused_piece *refused = arg;
    refused->done(refused->arg, NULL, &refused->why);
    free(refused);
}

static void read_piece(void *self, uint64_t offset, backup_piece *done, void *arg)
{
    struct backup_maker *maker = self;
    struct fault why;
    fault_set(&why, FAULT_ABSENT, "there is no back-up to fetch");
    if (maker->status.state == BACKUP_READY && !maker->piece && offset <= (uint64_t)maker->status.size) {
        struct piece *piece = mem_new(1, sizeof *piece);
        *piece = (struct piece){.maker = maker, .file = dup(maker->file), .offset = offset, .done = done, .arg = arg};
        maker->piece = worker_new(maker->loop, read_bytes, tell_piece, drop_piece, piece, &why);
        if (maker->piece)
            return;
        drop_piece(piece);
    } else if (maker->piece) {
        fault_set(&why, FAULT_BUSY, "a piece of it is being read");
    }
    struct refused_piece *refused = mem_new(1, sizeof *refused);
    *refused = (struct refused_piece){done, arg, why};
    loop_post(maker->loop, refuse_piece, refused);
}

// ---- the maker

struct backup_maker *backup_maker_new(struct loop *loop, const struct store_port *store,
                                      const struct backup_config *config)
{
    struct backup_maker *maker = mem_new(1, sizeof *maker);
    *maker = (struct backup_maker){.loop = loop, .store = *store, .config = *config, .file = -1};
    maker->expiry = loop_timer_new(loop, expire, maker);
    int length = snprintf(maker->folder, sizeof maker->folder, "%s/backup", config->folder);
    assert(length > 0 && length < (int)sizeof maker->folder);
    (void)length;
    remove_copy(maker->folder); // that a broker left which was killed meanwhile
    return maker;
}

void backup_maker_free(struct backup_maker *maker)
{
    if (!maker)
        return;
    if (maker->sealing)
        atomic_store(&maker->sealing->given_up, true);
    worker_free(maker->worker); // what it holds may be gone now
    worker_free(maker->piece);
    recipients_free(maker->recipients);
    loop_timer_free(maker->expiry);
    if (maker->file >= 0)
        close(maker->file);
    if (!maker->sealing) // else the thread does
        remove_copy(maker->folder);
    free(maker);
}

struct backup_port backup_maker_port(struct backup_maker *maker)
{
    return (struct backup_port){maker, prepare, start, tell_status, read_piece, drop_file};
}
