// SPDX-License-Identifier: EUPL-1.2
// The jobs that are kept here. One record a job, and its document, encrypted (document.h), beside it: id.job and id.doc
// in one folder. What was said to be done is on the disk; what was not is there whole or not at all. Of a job that is
// over, the record stays for SPOOL_REMEMBERED_MS (id.end), so that the same job is known again, and the document goes.
#pragma once
#include "broker/base/fault.h"
#include "broker/base/loop.h"
#include "broker/pult-print/document.h"
#include "broker/pult-print/spool_job.h"
#include "broker/pult-print/spool_writer.h"

#define SPOOL_REMEMBERED_MS (INT64_C(7) * 24 * 60 * 60 * 1000)

struct spool;

// Reads what is there. A record that is damaged is said in the log and put aside with its document (id.bad), for it may
// be anybody's; a job whose document is damaged is held. NULL with why: among others, another program has it.
struct spool *spool_open(struct loop *loop, const char *folder, struct fault *why);
// What is being written is written; no `done` comes any more. After the loop has run; NULL allowed.
void spool_free(struct spool *spool);

// Told of each job that is new, or another one in memory; one that is over is so still.
typedef void spool_changed(void *arg, const struct spool_job *job);
void spool_on_change(struct spool *spool, spool_changed *changed, void *arg);

// Oldest first. One that is over is among them until that is on the disk.
size_t spool_count(const struct spool *spool);
const struct spool_job *spool_at(const struct spool *spool, size_t index);
const struct spool_job *spool_find(const struct spool *spool, const char *id); // NULL: not among them
bool spool_knows(const struct spool *spool, const char *id);                   // or was over lately
uint64_t spool_bytes(const struct spool *spool);                               // of all documents

// Never from within the call. FAULT_NONE in `why`: it is on the disk.
typedef void spool_done(void *arg, const struct fault *why);
// A new job with its document, which is complete: the draft is the spool's from here on. When `done` says so, it is
// among the others.
void spool_add(struct spool *spool, const struct spool_job *job, struct file_draft *document, spool_done *done,
               void *arg);
// The job of that id, which is there, is now this: in memory at once. Over: its document goes. What cannot be written
// is told to `done`, which may be NULL, and tried again by spool_sweep.
void spool_put(struct spool *spool, const struct spool_job *job, spool_done *done, void *arg);
// What was put last is on the disk, or on its way there; else it could not be written, and spool_sweep tries again.
bool spool_is_written(const struct spool *spool, const char *id);
// The same in memory alone, until the next spool_put of this job: for what would be found out again.
void spool_note(struct spool *spool, const struct spool_job *job);

void spool_document_path(const struct spool *spool, const char *id, char path[SPOOL_PATH_SIZE]);
struct document_reader *spool_document_open(const struct spool *spool, const char *id,
                                            const unsigned char key[DOCUMENT_KEY_BYTES], struct fault *why);
// Call it every minute or so: forgets what was over long ago, writes again what could not be written.
void spool_sweep(struct spool *spool, int64_t now_ms);
