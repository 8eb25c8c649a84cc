// SPDX-License-Identifier: EUPL-1.2
#include "admin-tool/out.h"
#include "broker/client/language.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

enum { COLUMNS_MAX = 24, NARROWEST = 6, GAP = 2 };

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

// ---- cells

void out_time(struct text *text, const char *rfc3339)
{
    struct tm utc = {0}, local;
    const char *rest = strptime(rfc3339, "%Y-%m-%dT%H:%M:%S", &utc);
    char shown[64];
    if (!rest || (*rest != '.' && *rest != 'Z')) {
        out_clean(text, rfc3339);
        return;
    }
    time_t seconds = timegm(&utc);
    localtime_r(&seconds, &local);
    strftime(shown, sizeof shown, "%Y-%m-%d %H:%M:%S", &local);
    text_adds(text, shown);
}

// Of a broker that came after this program only the code is known.
static const char *refusal_sentence(const char *code)
{
    enum refusal refusal = refusal_by_code(code);
    return refusal == REFUSAL_NONE ? code : language_text(refusal_rows[refusal].sentence);
}

static void put_value(struct text *text, json_object *value, enum out_kind kind)
{
    switch (json_object_get_type(value)) {
    case json_type_null:
        return;
    case json_type_boolean:
        text_adds(text, json_object_get_boolean(value) ? _("yes") : _("no"));
        return;
    case json_type_string:
        if (kind == OUT_TIME)
            out_time(text, json_object_get_string(value));
        else if (kind == OUT_GUARANTEE)
            out_clean(text, language_text(host_guarantee_sentence(json_object_get_string(value))));
        else if (kind == OUT_REFUSAL)
            out_clean(text, refusal_sentence(json_object_get_string(value)));
        else
            out_clean(text, json_object_get_string(value));
        return;
    case json_type_array:
        for (size_t i = 0; i < json_object_array_length(value); i++) {
            text_adds(text, i ? ", " : "");
            put_value(text, json_object_array_get_idx(value, i), kind);
        }
        return;
    case json_type_int:
    case json_type_double:
    case json_type_object:
        out_clean(text, json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN));
        return;
    }
}

// ---- tables

struct grid {
    const struct out_column *columns;
    size_t count, rows;
    char **cells; // rows * count
    int widths[COLUMNS_MAX];
};

static const char *title_of(const struct out_column *column)
{
    return column->title ? language_text(column->title) : column->key;
}

static void grid_fill(struct grid *grid, json_object *items)
{
    grid->rows = json_object_array_length(items);
    grid->cells = mem_new(grid->rows * grid->count, sizeof *grid->cells);
    for (size_t i = 0; i < grid->count; i++)
        grid->widths[i] = text_width(title_of(&grid->columns[i]));
    for (size_t i = 0; i < grid->rows * grid->count; i++) {
        const struct out_column *column = &grid->columns[i % grid->count];
        json_object *item = json_object_array_get_idx(items, i / grid->count);
        struct text cell = {0};
        text_adds(&cell, "");
        put_value(&cell, codec_member(item, column->key), column->kind);
        grid->cells[i] = cell.bytes;
        int width = text_width(cell.bytes);
        if (width > grid->widths[i % grid->count])
            grid->widths[i % grid->count] = width;
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
        bool marked = out->colours && grid->columns[i].kind == OUT_HEALTH && *cell && !text_equal(cell, "ok");
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
        put_padded(&line, title_of(&grid->columns[i]), grid->widths[i], i + 1 == grid->count);
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

void out_json(struct out *out, json_object *value)
{
    if (out->json)
        fprintf(out->file, "%s\n", json_object_to_json_string_ext(value, JSON_C_TO_STRING_NOSLASHESCAPE));
}

void out_list(struct out *out, json_object *items, const struct out_column *columns)
{
    out_json(out, items);
    if (out->json)
        return;
    owned(grid) struct grid grid = {.columns = columns};
    while (grid.count < COLUMNS_MAX && columns[grid.count].key)
        grid.count++;
    grid_fill(&grid, items);
    if (grid.rows == 0) {
        out_line(out, "%s", _("There are none."));
        return;
    }
    grid_fit(&grid, out->width);
    put_head(out, &grid);
    for (size_t row = 0; row < grid.rows; row++)
        put_row(out, &grid, row);
}

void out_object(struct out *out, json_object *object, const struct out_column *columns)
{
    int width = 0;
    out_json(out, object);
    for (const struct out_column *column = columns; !out->json && column->key; column++)
        if (codec_member(object, column->key) && text_width(title_of(column)) > width)
            width = text_width(title_of(column));
    for (const struct out_column *column = columns; !out->json && column->key; column++) {
        json_object *value = codec_member(object, column->key);
        struct text line = {0};
        if (!value)
            continue;
        put_padded(&line, title_of(column), width, false);
        put_value(&line, value, column->kind);
        fprintf(out->file, "%s\n", line.bytes);
        text_drop(&line);
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
