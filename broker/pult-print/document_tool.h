// SPDX-License-Identifier: EUPL-1.2
// Looks into a document, which is hostile, by a program of Debian's in a sandbox (bubblewrap): no network, no files but
// the programs' own, little memory and time. The document goes in by a pipe and lies on no disk.
#pragma once
#include "broker/base/loop.h"
#include "broker/pult-print/document.h"

enum document_task { DOCUMENT_COUNT_PAGES, DOCUMENT_TO_PWG_RASTER, DOCUMENT_TO_URF, DOCUMENT_TO_POSTSCRIPT };

struct document_tool;

// `pages` of DOCUMENT_COUNT_PAGES; `made` of the others: a descriptor of the new document, the receiver's. Neither (0,
// -1) when it cannot be done: `why` says whether the document, this machine or our disk is to blame
// (FAULT_INVALID, FAULT_ABSENT, FAULT_BROKEN).
typedef void document_tool_done(void *arg, int64_t pages, int made, const struct fault *why);

// The reader is closed by it, in any case; without one (NULL) the `why` of that stands. NULL with why.
struct document_tool *document_tool_start(struct loop *loop, enum document_task task, struct document_reader *document,
                                          document_tool_done *done, void *arg, struct fault *why);
// What it makes is not wanted any more; `done` comes all the same, soon.
void document_tool_stop(struct document_tool *tool);
// `done` does not come any more; also from `done`. NULL allowed.
void document_tool_free(struct document_tool *tool);

// What makes one format of another that a printer takes (words); false: nothing does.
bool document_tool_for(enum document_task *task, const char **format, const char *from, const char *takes);
