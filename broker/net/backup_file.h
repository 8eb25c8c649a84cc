// SPDX-License-Identifier: EUPL-1.2
// The file of a back-up: an archive (tar) of README and part-00000001.cms, part-00000002.cms ... Each part is an
// envelope with the next 4 MiB of the archive within, so that neither side needs more memory than that, and standard
// tools open it. The archive within ends with SHA256SUMS of all that is in it: a part that was left out or put in from
// elsewhere is found out.
#pragma once
#include "broker/base/archive.h"
#include "broker/net/envelope.h"

enum { BACKUP_DIGEST_SIZE = 65 };

struct backup_writer;

typedef bool backup_sink(void *arg, const void *bytes, size_t length, struct fault *why);

// Any thread, as all below. `recipients` are borrowed.
struct backup_writer *backup_writer_new(const struct recipients *recipients, backup_sink *sink, void *arg);
void backup_writer_free(struct backup_writer *writer); // NULL allowed
// A member, then exactly its bytes.
bool backup_writer_begin(struct backup_writer *writer, const struct archive_member *member, struct fault *why)
    __attribute__((warn_unused_result));
bool backup_writer_add(struct backup_writer *writer, const void *bytes, size_t length, struct fault *why)
    __attribute__((warn_unused_result));
bool backup_writer_finish(struct backup_writer *writer, struct fault *why) __attribute__((warn_unused_result));

// SHA-256 of the file, in hexadecimal digits; after backup_writer_finish.
void backup_writer_digest(struct backup_writer *writer, char hex[BACKUP_DIGEST_SIZE]);

struct backup_reader;

// `key` NULL: looks only whether the file is complete and each part an envelope. With a key `members`, both borrowed,
// are told what is within; that it is all of it, and unaltered, is known when backup_reader_finish says so.
struct backup_reader *backup_reader_new(const struct envelope_key *key, const struct archive_events *members);
void backup_reader_free(struct backup_reader *reader); // NULL allowed
// Hostile. FAULT_DENIED: the key does not open it. FAULT_BROKEN: it is no back-up, or damaged.
bool backup_reader_add(struct backup_reader *reader, const void *bytes, size_t length, struct fault *why)
    __attribute__((warn_unused_result));
bool backup_reader_finish(struct backup_reader *reader, struct fault *why) __attribute__((warn_unused_result));
void backup_reader_digest(struct backup_reader *reader, char hex[BACKUP_DIGEST_SIZE]); // the same, of what was read
