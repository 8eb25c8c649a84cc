// SPDX-License-Identifier: EUPL-1.2
#include "admin-tool/out.h"
#include "broker/api/codec_print.h"
#include "broker/api/record.h"
#include "broker/base/mem.h"
#include "broker/client/language.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

enum { SOURCES_MAX = 64, NARROWEST = 6, GAP = 2 };

static const char bold[] = "\033[1m", red[] = "\033[31m", plain[] = "\033[0m", ellipsis[] = "…";

// ---- text

static size_t character_length(const char *at, size_t left)
{
    for (size_t length = 1; length <= 4 && length <= left; length++)
        if (text_is_clean(at, length))
            return length;
    return 0;
}

// Marks that turn the direction of what follows make a line read as another: U+200E, 200F, 202A-202E, 2066-2069.
static bool turns_direction(const char *at, size_t length)
{
    static const char *const marks[] = {"\u200e", "\u200f", "\u202a", "\u202b", "\u202c", "\u202d",
                                        "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"};
    for (size_t i = 0; length == 3 && i < sizeof marks / sizeof *marks; i++)
        if (memcmp(at, marks[i], 3) == 0)
            return true;
    return false;
}

void out_clean(struct text *text, const char *bytes)
{
    size_t left = strlen(bytes);
    while (left) {
        size_t length = character_length(bytes, left);
        if (length && !turns_direction(bytes, length)) {
            text_add(text, bytes, length);
        } else {
            text_addf(text, "\\x%02x", (unsigned char)*bytes);
            length = 1;
        }
        bytes += length;
        left -= length;
    }
}

// Columns of the terminal that the first character at `at` takes.
static int character_width(const char *at, size_t *length)
{
    wchar_t wide = L' ';
    mbstate_t state = {0};
    *length = character_length(at, strlen(at));
    if (*length == 0)
        *length = 1;
    int width = mbrtowc(&wide, at, *length, &state) <= 4 ? wcwidth(wide) : 1;
    return width < 0 ? 1 : width;
}

static int text_width(const char *text)
{
    int width = 0;
    for (size_t length; *text; text += length)
        width += character_width(text, &length);
    return width;
}

static void put_padded(struct text *text, const char *cell, int width, bool last)
{
    int used = 0, full = text_width(cell), room = full > width ? width - 1 : width;
    size_t length;
    for (; *cell; cell += length) {
        int step = character_width(cell, &length);
        if (used + step > room)
            break;
        text_add(text, cell, length);
        used += step;
    }
    if (full > width) {
        text_adds(text, ellipsis);
        used++;
    }
    for (; !last && used < width + GAP; used++)
        text_adds(text, " ");
}

// ---- what there is to show of a record

// One value: its row, and where the struct that holds it begins within the record.
struct source {
    const struct field *field;
    size_t base;
    const char *title;
};

static bool has_field(const struct field *fields, const char *name)
{
    for (; fields && fields->name; fields++)
        if (!(fields->flags & FIELD_INLINE) && text_equal(fields->name, name))
            return true;
    return false;
}

// As an answer names them: rows that stand beside others give way to those.
static size_t collect(struct source *sources, size_t count, const struct field *fields, const struct field *around,
                      size_t base)
{
    for (const struct field *field = fields; field->name; field++) {
        if (field->type == FIELD_RECORD && field->flags & FIELD_INLINE)
            count = collect(sources, count, field->record->fields, fields, base + field->offset);
        else if (!(field->flags & FIELD_HIDDEN) && !has_field(around, field->name) && count < SOURCES_MAX)
            sources[count++] = (struct source){field, base, field->name};
    }
    return count;
}

static int by_column(const void *a, const void *b)
{
    const struct source *one = a, *other = b;
    return (one->field->column > other->field->column) - (one->field->column < other->field->column);
}

static size_t keep_columns(struct source *sources, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (sources[i].field->column)
            sources[kept++] = sources[i];
    qsort(sources, kept, sizeof *sources, by_column);
    return kept;
}

static size_t choose(struct source *chosen, const struct source *sources, size_t count,
                     const struct out_column *columns)
{
    size_t kept = 0;
    for (const struct out_column *column = columns; column->field; column++)
        for (size_t i = 0; i < count; i++)
            if (text_equal(sources[i].field->name, column->field)) {
                chosen[kept] = sources[i];
                chosen[kept++].title = column->title ? language_text(column->title) : column->field;
            }
    return kept;
}

static size_t find_sources(struct source *chosen, const struct record_type *type, const struct out_column *columns)
{
    struct source all[SOURCES_MAX];
    size_t count = collect(all, 0, type->fields, NULL, 0);
    if (columns)
        return choose(chosen, all, count, columns);
    memcpy(chosen, all, count * sizeof *all);
    return count;
}

// ---- cells

void out_time(struct text *text, int64_t wall_ms)
{
    struct tm local;
    char shown[64];
    time_t seconds = (time_t)(wall_ms / 1000);
    if (!wall_ms)
        return;
    localtime_r(&seconds, &local);
    strftime(shown, sizeof shown, "%Y-%m-%d %H:%M:%S", &local);
    text_adds(text, shown);
}

static void put_words(struct text *text, const char *words, char separator)
{
    owned(bytes) char *copy = mem_dup(words);
    char *rest = copy;
    const char separators[] = {separator, 0};
    for (char *word = strsep(&rest, separators); word; word = strsep(&rest, separators)) {
        text_adds(text, word > copy ? ", " : "");
        out_clean(text, word);
    }
}

static const char *choice_text(const struct field *field, int64_t choice)
{
    if (field->choices == host_guarantee_codes)
        return language_text(host_guarantee_rows[choice].sentence);
    return field->choices[choice];
}

static void put_text(struct text *text, const struct field *field, const char *value)
{
    bool is_refusal = text_equal(field->name, "agent_refusal") || text_equal(field->name, "refusal");
    enum refusal refusal = is_refusal ? refusal_by_code(value) : REFUSAL_NONE;
    out_clean(text, refusal != REFUSAL_NONE ? language_sentence(refusal) : value); // one that is not known as its code
}

static void put_value(struct text *text, const struct source *source, const void *record)
{
    const struct field *field = source->field;
    const void *slot = (const char *)record + source->base + field->offset;
    switch (field->type) {
    case FIELD_ID:
    case FIELD_TEXT:
    case FIELD_DIGEST:
        put_text(text, field, slot);
        return;
    case FIELD_STRING:
        out_clean(text, *(char *const *)slot ? *(char *const *)slot : "");
        return;
    case FIELD_LIST:
        put_words(text, slot, ' ');
        return;
    case FIELD_LINES:
        put_words(text, slot, '\n');
        return;
    case FIELD_NUMBER:
        text_addf(text, "%lld", (long long)*(const int64_t *)slot);
        return;
    case FIELD_FLAG:
        text_adds(text, *(const bool *)slot ? _("yes") : _("no"));
        return;
    case FIELD_CHOICE:
        out_clean(text, choice_text(field, *(const int64_t *)slot));
        return;
    case FIELD_TIME:
        out_time(text, *(const int64_t *)slot);
        return;
    case FIELD_RECORD:
    case FIELD_RECORDS:
    case FIELD_NOUN:
        return; // they have a table of their own
    }
}

static bool is_shown(const struct source *source, const void *record)
{
    const struct field *field = source->field;
    bool sparse = field->flags & FIELD_SPARSE || field->type == FIELD_TIME;
    bool is_value = field->type != FIELD_RECORD && field->type != FIELD_RECORDS && field->type != FIELD_NOUN;
    return is_value && (!sparse || !field_is_empty(field, (const char *)record + source->base));
}

// Of what may be "ok" all else is trouble.
static bool is_trouble(const struct field *field, const char *cell)
{
    for (const char *const *choice = field->choices; choice && *choice; choice++)
        if (text_equal(*choice, "ok"))
            return *cell && !text_equal(cell, "ok");
    return false;
}

// ---- tables

struct grid {
    struct source columns[SOURCES_MAX];
    size_t count, rows;
    char **cells; // rows * count
    int widths[SOURCES_MAX];
};

static char *make_cell(const struct source *source, const void *record)
{
    struct text cell = {0};
    text_adds(&cell, "");
    if (is_shown(source, record))
        put_value(&cell, source, record);
    return cell.bytes;
}

static void grid_fill(struct grid *grid, const struct record_type *type, const struct record_list *list)
{
    grid->rows = list->count;
    grid->cells = mem_new(grid->rows * grid->count + 1, sizeof *grid->cells);
    for (size_t i = 0; i < grid->count; i++)
        grid->widths[i] = text_width(grid->columns[i].title);
    for (size_t i = 0; i < grid->rows * grid->count; i++) {
        size_t column = i % grid->count;
        grid->cells[i] = make_cell(&grid->columns[column], record_at(list, type, i / grid->count));
        int width = text_width(grid->cells[i]);
        if (width > grid->widths[column])
            grid->widths[column] = width;
    }
}

static void grid_drop(struct grid *grid)
{
    for (size_t i = 0; i < grid->rows * grid->count; i++)
        free(grid->cells[i]);
    free(grid->cells);
}

static int grid_width(const struct grid *grid)
{
    int width = -GAP;
    for (size_t i = 0; i < grid->count; i++)
        width += grid->widths[i] + GAP;
    return width;
}

static size_t widest(const struct grid *grid, size_t from)
{
    size_t found = from;
    for (size_t i = from; i < grid->count; i++)
        if (grid->widths[i] > grid->widths[found])
            found = i;
    return found;
}

// The first column is the id, which people copy: it is cut only when nothing else can be.
static void grid_fit(struct grid *grid, int width)
{
    while (width && grid_width(grid) > width) {
        size_t column = grid->count > 1 ? widest(grid, 1) : 0;
        if (grid->widths[column] <= NARROWEST)
            column = 0;
        if (grid->widths[column] <= NARROWEST)
            return;
        grid->widths[column]--;
    }
}

static void put_row(struct out *out, const struct grid *grid, size_t row)
{
    struct text line = {0};
    for (size_t i = 0; i < grid->count; i++) {
        const char *cell = grid->cells[row * grid->count + i];
        bool marked = out->colours && is_trouble(grid->columns[i].field, cell);
        text_adds(&line, marked ? red : "");
        put_padded(&line, cell, grid->widths[i], i + 1 == grid->count);
        text_adds(&line, marked ? plain : "");
    }
    fprintf(out->file, "%s\n", line.bytes);
    text_drop(&line);
}

static void put_head(struct out *out, const struct grid *grid)
{
    struct text line = {0};
    text_adds(&line, out->colours ? bold : "");
    for (size_t i = 0; i < grid->count; i++)
        put_padded(&line, grid->columns[i].title, grid->widths[i], i + 1 == grid->count);
    text_adds(&line, out->colours ? plain : "");
    fprintf(out->file, "%s\n", line.bytes);
    text_drop(&line);
}

// ---- for commands

void out_init(struct out *out, FILE *file, bool json)
{
    struct winsize size = {0};
    const char *no_color = getenv("NO_COLOR"), *terminal = getenv("TERM");
    bool tty = isatty(fileno(file));
    *out = (struct out){.file = file, .json = json};
    if (tty && ioctl(fileno(file), TIOCGWINSZ, &size) == 0)
        out->width = size.ws_col;
    out->colours = tty && !(no_color && *no_color) && terminal && !text_equal(terminal, "dumb");
}

void out_json(struct out *out, const struct record_type *type, const void *record)
{
    owned(text) struct text text = {0};
    if (!out->json)
        return;
    codec_print_record(&text, type->fields, CODEC_ANSWER, record);
    fprintf(out->file, "%s\n", text.bytes);
}

static void print_list(struct out *out, const struct record_type *type, const struct record_list *list)
{
    owned(text) struct text text = {0};
    text_adds(&text, "[");
    for (size_t i = 0; i < list->count; i++) {
        text_adds(&text, i ? "," : "");
        codec_print_record(&text, type->fields, CODEC_ANSWER, record_at(list, type, i));
    }
    fprintf(out->file, "%s]\n", text.bytes);
}

void out_list(struct out *out, const struct record_type *type, const struct record_list *list,
              const struct out_column *columns)
{
    if (out->json) {
        print_list(out, type, list);
        return;
    }
    if (list->count == 0) {
        out_line(out, "%s", _("There are none."));
        return;
    }
    owned(grid) struct grid grid = {0};
    grid.count = find_sources(grid.columns, type, columns);
    if (!columns)
        grid.count = keep_columns(grid.columns, grid.count);
    assert(grid.count > 0);
    grid_fill(&grid, type, list);
    grid_fit(&grid, out->width);
    put_head(out, &grid);
    for (size_t row = 0; row < grid.rows; row++)
        put_row(out, &grid, row);
}

static void put_csv_cell(FILE *file, const char *cell)
{
    const char *formula = strchr("=+-@", *cell) && *cell ? "'" : "";
    if (!strpbrk(cell, ",;\"\r\n")) {
        fprintf(file, "%s%s", formula, cell);
        return;
    }
    fprintf(file, "\"%s", formula);
    for (; *cell; cell++)
        fprintf(file, "%s%c", *cell == '"' ? "\"" : "", *cell);
    fputc('"', file);
}

void out_csv(struct out *out, const struct record_type *type, const struct record_list *list,
             const struct out_column *columns)
{
    struct source sources[SOURCES_MAX];
    size_t count = find_sources(sources, type, columns);
    for (size_t i = 0; i < count; i++)
        fprintf(out->file, "%s%s", sources[i].field->name, i + 1 < count ? "," : "\r\n");
    for (size_t row = 0; row < list->count; row++) {
        for (size_t i = 0; i < count; i++) {
            owned(bytes) char *cell = make_cell(&sources[i], record_at(list, type, row));
            put_csv_cell(out->file, cell);
            fputs(i + 1 < count ? "," : "\r\n", out->file);
        }
    }
}

void out_record(struct out *out, const struct record_type *type, const void *record, const struct out_column *columns)
{
    struct source sources[SOURCES_MAX];
    int width = 0;
    out_json(out, type, record);
    size_t count = out->json ? 0 : find_sources(sources, type, columns);
    for (size_t i = 0; i < count; i++)
        if (is_shown(&sources[i], record) && text_width(sources[i].title) > width)
            width = text_width(sources[i].title);
    for (size_t i = 0; i < count; i++) {
        owned(text) struct text line = {0};
        if (!is_shown(&sources[i], record))
            continue;
        put_padded(&line, sources[i].title, width, false);
        put_value(&line, &sources[i], record);
        fprintf(out->file, "%s\n", line.bytes);
    }
}

__attribute__((format(printf, 3, 0))) static void put_line(FILE *file, const char *start, const char *format,
                                                           va_list args)
{
    char raw[2048];
    struct text line = {0};
    vsnprintf(raw, sizeof raw, format, args);
    out_clean(&line, raw);
    fprintf(file, "%s%s\n", start, line.bytes ? line.bytes : "");
    text_drop(&line);
}

void out_line(struct out *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (!out->json)
        put_line(out->file, "", format, args);
    va_end(args);
}

void out_warn(struct out *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs(out->colours && !out->json ? red : "", out->file);
    if (!out->json)
        put_line(out->file, "", format, args);
    fputs(out->colours && !out->json ? plain : "", out->file);
    va_end(args);
}

void out_complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    put_line(stderr, "pultctl: ", format, args);
    va_end(args);
}
