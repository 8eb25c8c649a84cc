// SPDX-License-Identifier: EUPL-1.2
#include "admin-tool/csv.h"
#include "admin-tool/fields.h"
#include "broker/api/record.h"
#include "broker/client/language.h"

#include <stdio.h>
#include <string.h>

enum { COLUMNS_MAX = 64, OBJECTS_MAX = 10000 };

struct csv_reader {
    const char *at, *end;
    char separator;
    size_t line; // of the row at hand
    struct text cell;
    struct fault *why;
    enum noun noun;
    const struct field *columns[COLUMNS_MAX];
    size_t column_count;
    struct apply_request request;
};

static void csv_reader_drop(struct csv_reader *reader)
{
    text_drop(&reader->cell);
    record_free(apply_request_type.fields, &reader->request);
}

static bool wrong(struct csv_reader *reader, const char *what)
{
    return fault_set(reader->why, FAULT_INVALID, _("line %zu: %s"), reader->line, what);
}

// ---- cells

static bool is_line_end(const struct csv_reader *reader)
{
    size_t left = (size_t)(reader->end - reader->at);
    return left == 0 || *reader->at == '\n' || (left > 1 && reader->at[0] == '\r' && reader->at[1] == '\n');
}

static void skip_line_end(struct csv_reader *reader)
{
    if (reader->at < reader->end && *reader->at == '\r')
        reader->at++;
    if (reader->at < reader->end)
        reader->at++;
    reader->line++;
}

// Behind the opening quote; a quote within stands twice.
static bool read_quoted(struct csv_reader *reader)
{
    for (; reader->at < reader->end; reader->at++) {
        if (*reader->at == '\n' || *reader->at == '\r')
            return wrong(reader, _("a line ends within quotes"));
        if (*reader->at == '"') {
            reader->at++;
            if (reader->at == reader->end || *reader->at != '"')
                return is_line_end(reader) || *reader->at == reader->separator ||
                       wrong(reader, _("something stands behind the closing quote"));
        }
        text_add(&reader->cell, reader->at, 1);
    }
    return wrong(reader, _("a quote is not closed"));
}

// The next cell of the row; its end, or the separator, comes next.
static bool read_cell(struct csv_reader *reader)
{
    reader->cell.length = 0;
    text_adds(&reader->cell, "");
    if (reader->at < reader->end && *reader->at == '"') {
        reader->at++;
        return read_quoted(reader);
    }
    for (; !is_line_end(reader) && *reader->at != reader->separator; reader->at++) {
        if (*reader->at == '"')
            return wrong(reader, _("a quote within a cell: quote the whole cell and write the quote twice"));
        text_add(&reader->cell, reader->at, 1);
    }
    return true;
}

static bool skip_separator(struct csv_reader *reader)
{
    bool more = !is_line_end(reader);
    reader->at += more;
    return more;
}

// ---- rows

static bool add_column(struct csv_reader *reader)
{
    char sentence[200];
    const char *name = reader->cell.bytes;
    const struct field *field = field_find(reader->noun, name);
    bool twice = false;
    for (size_t i = 0; i < reader->column_count; i++)
        twice = twice || reader->columns[i] == field;
    if (!field || (field->flags & FIELD_HIDDEN)) {
        snprintf(sentence, sizeof sentence, _("a %s has no field %.60s"), noun_rows[reader->noun].name, name);
    } else if (field->flags & FIELD_READ_ONLY) {
        snprintf(sentence, sizeof sentence, _("%.60s cannot be set"), name);
    } else if (twice) {
        snprintf(sentence, sizeof sentence, _("duplicate key %.60s"), name);
    } else {
        reader->columns[reader->column_count++] = field;
        return true;
    }
    return wrong(reader, sentence);
}

// Which separator it is shows in this row: no field has either in its name.
static bool read_header(struct csv_reader *reader)
{
    const char *newline = memchr(reader->at, '\n', (size_t)(reader->end - reader->at));
    size_t length = (size_t)((newline ? newline : reader->end) - reader->at);
    reader->separator = memchr(reader->at, ';', length) ? ';' : ',';
    do {
        if (reader->column_count == COLUMNS_MAX)
            return wrong(reader, _("too many columns"));
        if (!read_cell(reader) || !add_column(reader))
            return false;
    } while (skip_separator(reader));
    skip_line_end(reader);
    return true;
}

static bool check_row(struct csv_reader *reader, const struct draft *draft)
{
    char sentence[300];
    owned(text) struct text missing = {0};
    if (!id_is_valid(draft->noun, draft->record.id))
        return wrong(reader, _("needs an id: TENANT/NAME, each of a-z, 0-9 and -"));
    if (reader->request.objects.count >= OBJECTS_MAX)
        return wrong(reader, _("more than 10,000 objects"));
    if (!draft_lacks(draft, ":", &missing))
        return true;
    snprintf(sentence, sizeof sentence, _("a %s also needs:%s"), noun_rows[draft->noun].name, missing.bytes);
    return wrong(reader, sentence);
}

static bool read_row(struct csv_reader *reader)
{
    struct fault inner = {0};
    struct draft draft = {.noun = reader->noun};
    size_t column = 0;
    bool more = true;
    for (; more && column < reader->column_count; column++) {
        const struct field *field = reader->columns[column];
        if (!read_cell(reader))
            return false;
        if (reader->cell.length && !field_write(field, reader->cell.bytes, &draft.record, &inner))
            return wrong(reader, inner.text);
        if (reader->cell.length)
            draft_give(&draft, field);
        more = skip_separator(reader);
    }
    if (more || column < reader->column_count)
        return wrong(reader, _("it has not as many cells as the first row"));
    if (!check_row(reader, &draft))
        return false;
    struct apply_object *object = record_add(&reader->request.objects, &apply_object_type);
    object->noun = reader->noun;
    object->record = draft.record;
    skip_line_end(reader);
    return true;
}

static bool read_table(struct csv_reader *reader)
{
    static const char mark[] = "\xef\xbb\xbf"; // some programs begin UTF-8 so
    size_t length = (size_t)(reader->end - reader->at);
    if (length >= sizeof mark - 1 && memcmp(reader->at, mark, sizeof mark - 1) == 0)
        reader->at += sizeof mark - 1;
    if (reader->at == reader->end)
        return wrong(reader, _("the file is empty"));
    if (!read_header(reader))
        return false;
    while (reader->at < reader->end) {
        if (is_line_end(reader))
            skip_line_end(reader);
        else if (!read_row(reader))
            return false;
    }
    return true;
}

// Line for line, so that it can be said where.
static bool check_letters(const char *bytes, size_t length, struct fault *why)
{
    for (size_t at = 0, line = 1; at < length; line++) {
        const char *newline = memchr(bytes + at, '\n', length - at);
        size_t next = newline ? (size_t)(newline - bytes) : length, end = next;
        end -= end > at && bytes[end - 1] == '\r';
        size_t start = at + (line == 1 && end - at >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0);
        if (!text_is_clean(bytes + start, end - start))
            return fault_set(why, FAULT_INVALID, _("line %zu: %s"), line,
                             _("not UTF-8, or with control characters: save it as CSV in UTF-8"));
        at = next + 1;
    }
    return true;
}

bool csv_read(struct apply_request *request, enum noun noun, const char *bytes, size_t length, struct fault *why)
{
    *request = (struct apply_request){0};
    *why = (struct fault){0};
    if (length > CSV_MAX)
        return fault_set(why, FAULT_INVALID, "%s", _("the file is larger than 1 MiB"));
    if (!check_letters(bytes, length, why))
        return false;
    owned(csv_reader) struct csv_reader reader = {
        .at = bytes, .end = bytes + length, .line = 1, .why = why, .noun = noun};
    if (!read_table(&reader))
        return false;
    *request = reader.request;
    reader.request = (struct apply_request){0};
    return true;
}
