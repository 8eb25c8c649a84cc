// SPDX-License-Identifier: EUPL-1.2
// A document as it lies on the disk: in pieces of DOCUMENT_PIECE bytes, each by AES-256-GCM with the key of this job
// alone. A piece opens only as what it is: of this job, at this place, the last one or not.
#pragma once
#include "broker/base/fault.h"

#include <stddef.h>
#include <stdint.h>

enum { DOCUMENT_PIECE = 64 * 1024, DOCUMENT_KEY_BYTES = 32 };

struct file_draft;
struct document_writer;
struct document_reader;

uint64_t document_length(uint64_t size); // of the file, when the document has so many bytes

// Makes its key. The file of that path is there when the draft is published. NULL with why.
struct document_writer *document_create(const char *path, const char *id, struct fault *why);
bool document_add(struct document_writer *writer, const void *bytes, size_t length, struct fault *why)
    __attribute__((warn_unused_result));
// All was added: the draft is the caller's. NULL with why.
struct file_draft *document_finish(struct document_writer *writer, struct fault *why);
uint64_t document_size(const struct document_writer *writer); // what was added
const unsigned char *document_key(const struct document_writer *writer);
void document_writer_free(struct document_writer *writer); // wipes the key; the draft goes; NULL allowed

// Any thread. `key` is copied. FAULT_DENIED: it is the key of another, or the first piece was altered.
struct document_reader *document_open(const char *path, const char *id, const unsigned char key[DOCUMENT_KEY_BYTES],
                                      struct fault *why);
// At most `size` bytes, which were not altered; *length 0: that was all. FAULT_BROKEN: altered, or cut.
bool document_read(struct document_reader *reader, void *bytes, size_t size, size_t *length, struct fault *why)
    __attribute__((warn_unused_result));
void document_close(struct document_reader *reader); // NULL allowed
