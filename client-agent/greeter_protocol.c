// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/greeter_protocol.h"
#include "broker/api/record.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define AT(member)                                                                                                     \
    .offset = offsetof(struct greeter_message, member), .size = sizeof(((struct greeter_message *)0)->member)

static const char *const types[] = {
    [GREETER_SHOW] = "show",       [GREETER_ASK_NEW] = "ask-new-password",
    [GREETER_BUSY] = "busy",       [GREETER_MARK] = "mark",
    [GREETER_JOBS] = "jobs",       [GREETER_DRAW] = "draw",
    [GREETER_LOG_ON] = "logon",    [GREETER_NEW_PASSWORD] = "new-password",
    [GREETER_CANCEL] = "cancel",   [GREETER_LANGUAGE] = "language",
    [GREETER_TYPING] = "typing",   [GREETER_ASK_JOBS] = "ask-jobs",
    [GREETER_RELEASE] = "release", [GREETER_CANCEL_JOB] = "cancel-job",
    [GREETER_DRAWN] = "drawn",     NULL,
};

// A row a line.
// clang-format off
const struct field greeter_fields[] = {
    {.name = "type", .type = FIELD_CHOICE, AT(type), .flags = FIELD_REQUIRED, .choices = types, .sentence = "kind of message"},
    {.name = "state", .type = FIELD_TEXT, AT(state), .sentence = "state of the desk"},
    {.name = "sentence", .type = FIELD_TEXT, AT(sentence), .sentence = "what the person is told"},
    {.name = "where", .type = FIELD_TEXT, AT(where), .sentence = "stands for the %s in the sentence"},
    {.name = "place", .type = FIELD_TEXT, AT(place), .sentence = "which desk this is"},
    {.name = "help_desk", .type = FIELD_TEXT, AT(help_desk), .sentence = "telephone number"},
    {.name = "language", .type = FIELD_TEXT, AT(language), .sentence = "de or en"},
    {.name = "name", .type = FIELD_TEXT, AT(name), .sentence = "user name"},
    {.name = "password", .type = FIELD_TEXT, AT(password), .flags = FIELD_SECRET, .sentence = "password"},
    {.name = "job", .type = FIELD_TEXT, AT(job), .sentence = "a print job"},
    {.name = "printer", .type = FIELD_ID, AT(printer), .refers = NOUN_PRINTER, .sentence = "where to print it; empty: the nearest"},
    {.name = "jobs", .type = FIELD_RECORDS, AT(own.jobs), .max = OWN_JOBS_MAX, .record = &own_job_type, .sentence = "the person's print jobs"},
    {.name = "more", .type = FIELD_FLAG, AT(own.more), .sentence = "there are more than these"},
    {.name = "printers", .type = FIELD_RECORDS, AT(own.printers), .max = OWN_PRINTERS_MAX, .record = &own_printer_type, .sentence = "where they can be printed"},
    {.name = "idle", .type = FIELD_FLAG, AT(idle), .sentence = "there is nothing to wait for"},
    {.name = "number", .type = FIELD_NUMBER, AT(number), .max = INT64_MAX, .sentence = "of the picture"},
    {.name = "width", .type = FIELD_NUMBER, AT(width), .max = INT32_MAX, .sentence = "of the picture, in pixels"},
    {.name = "height", .type = FIELD_NUMBER, AT(height), .max = INT32_MAX, .sentence = "of the picture, in pixels"},
    {.name = NULL},
};
// clang-format on
static const struct record_type greeter_type = {"greeter", greeter_fields, sizeof(struct greeter_message)};

void greeter_line(struct text *line, const struct greeter_message *message)
{
    codec_print_record(line, greeter_fields, CODEC_CHANGE, message); // what is empty is left out
    text_adds(line, "\n");
}

void greeter_line_drop(struct text *line)
{
    if (line->bytes)
        explicit_bzero(line->bytes, line->length);
    text_drop(line);
}

static bool hear_line(const char *bytes, size_t length, greeter_heard *heard, void *arg, struct fault *why)
{
    struct greeter_message message;
    bool fine = codec_decode(&greeter_type, CODEC_CHANGE, bytes, length, &message, why);
    if (fine)
        heard(arg, &message);
    if (fine)
        record_free(greeter_fields, &message);
    explicit_bzero(&message, sizeof message);
    return fine;
}

static bool hear_lines(struct greeter_reader *reader, greeter_heard *heard, void *arg, struct fault *why)
{
    size_t start = 0;
    bool fine = true;
    for (char *end; fine && (end = memchr(reader->bytes + start, '\n', reader->length - start));) {
        fine = hear_line(reader->bytes + start, (size_t)(end - reader->bytes) - start, heard, arg, why);
        start = (size_t)(end - reader->bytes) + 1;
    }
    size_t before = reader->length;
    reader->length -= start;
    memmove(reader->bytes, reader->bytes + start, reader->length);
    explicit_bzero(reader->bytes + reader->length, before - reader->length);
    if (fine && reader->length == sizeof reader->bytes)
        return fault_set(why, FAULT_INVALID, "a line is longer than %d bytes", GREETER_LINE_MAX);
    return fine;
}

bool greeter_read(struct greeter_reader *reader, int descriptor, greeter_heard *heard, void *arg, struct fault *why)
{
    ssize_t got = read(descriptor, reader->bytes + reader->length, sizeof reader->bytes - reader->length);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (got <= 0)
        return false;
    reader->length += (size_t)got;
    return hear_lines(reader, heard, arg, why);
}
