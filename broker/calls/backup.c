// SPDX-License-Identifier: EUPL-1.2
// /v1/backup: begun, looked at, fetched piece by piece, dropped. For whom it is encrypted is the configuration's: who
// may call this gets nothing that they could read.
#include "broker/base/mem.h"
#include "broker/calls/services.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void answer_status(struct services *services, struct request *request)
{
    struct backup_status status;
    services->backup.status(services->backup.self, &status);
    struct backup_answer answer = {.state = status.state, .began_ms = status.began_ms, .size = status.size};
    TEXT_PUT(answer.id, status.id);
    TEXT_PUT(answer.digest, status.digest);
    if (status.state == BACKUP_FAILED)
        TEXT_PUT(answer.failure, status.failure.text);
    request_answer(request, &answer);
}

struct starting {
    struct services *services;
    struct request *request;
};

// The copy then holds who had it made. Another one may have begun while that was written.
static void recorded(void *arg, bool durable, const struct fault *why)
{
    struct starting starting = *(struct starting *)arg;
    struct fault reason;
    owned(text) struct text recipients = {0};
    free(arg);
    struct backup_port *backup = &starting.services->backup;
    if (!durable || !backup->prepare(backup->self, &recipients, &reason)) {
        request_refuse_fault(starting.request, durable ? &reason : why);
        return;
    }
    backup->start(backup->self);
    answer_status(starting.services, starting.request);
}

void call_backup_start(struct services *services, struct request *request)
{
    struct fault why;
    struct event event;
    owned(text) struct text recipients = {0};
    if (!services->backup.prepare(services->backup.self, &recipients, &why)) {
        request_refuse_fault(request, &why);
        return;
    }
    services_event(&event, EVENT_JOURNAL_BACKED_UP, NOUN_NONE, request);
    text_cut(event.why, sizeof event.why, recipients.bytes ? recipients.bytes : "");
    struct starting *starting = mem_new(1, sizeof *starting);
    *starting = (struct starting){services, request};
    if (commit_events(services->commit, &event, 1, NULL, 0, recorded, starting, &why))
        return;
    free(starting);
    request_refuse_fault(request, &why);
}

void call_backup_show(struct services *services, struct request *request)
{
    answer_status(services, request);
}

struct reading_piece {
    struct services *services;
    struct request *request;
};

static void answer_piece(void *arg, const char *base64, const struct fault *why)
{
    struct reading_piece reading = *(struct reading_piece *)arg;
    struct backup_status status;
    free(arg);
    assert(!base64 == (why != NULL));
    if (why) {
        request_refuse_fault(reading.request, why);
        return;
    }
    reading.services->backup.status(reading.services->backup.self, &status);
    struct backup_piece_answer answer = {.data = (char *)base64};
    TEXT_PUT(answer.id, status.id);
    request_answer(reading.request, &answer);
}

void call_backup_read(struct services *services, struct request *request)
{
    int64_t offset = 0;
    if (request->page.after[0] && !text_number(request->page.after, 0, INT64_MAX, &offset)) {
        request_refuse(request, REFUSAL_INVALID, "after: expected a number of bytes");
        return;
    }
    struct reading_piece *reading = mem_new(1, sizeof *reading);
    *reading = (struct reading_piece){services, request};
    services->backup.read(services->backup.self, (uint64_t)offset, answer_piece, reading);
}

void call_backup_drop(struct services *services, struct request *request)
{
    services->backup.drop(services->backup.self);
    request_answer(request, NULL);
}
