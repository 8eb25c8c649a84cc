// SPDX-License-Identifier: EUPL-1.2
// The thread that writes the spool: what came meanwhile is one batch, and shares what a sync costs. First the documents
// and their names, then the records: whose record is there, their document is. Nothing of an unfinished one is needed.
#pragma once
#include "broker/base/fault.h"
#include "broker/base/loop.h"
#include "broker/base/text.h"
#include "broker/pult-print/spool_job.h"

enum { SPOOL_PATH_SIZE = 300 };

struct file_draft;
struct spool_writer;

struct spool_write { // the beginning of its owner's own struct
    struct spool_write *next;
    char id[SPOOL_ID_SIZE];
    struct file_draft *document; // a new job's, complete; NULL: the job is there
    struct text record;          // as it is to stand in the file
    bool is_over;                // its document goes, and the record with it into another file
    struct fault why;            // FAULT_NONE: it is on the disk
    void (*finished)(void *arg, struct spool_write *write); // in the loop; frees it by spool_write_free
    void *arg;
};

void spool_write_free(struct spool_write *write); // and what it is the beginning of

void spool_path(char path[SPOOL_PATH_SIZE], const char *folder, const char *id, const char *end);

struct spool_writer *spool_writer_new(struct loop *loop, const char *folder, struct fault *why); // NULL with why
// Takes it, made with mem_new.
void spool_writer_push(struct spool_writer *writer, struct spool_write *write);
// Writes what was pushed and ends the thread; nothing is finished any more. After the loop has run; NULL allowed.
void spool_writer_free(struct spool_writer *writer);
