// SPDX-License-Identifier: EUPL-1.2
#include "broker/portal/page_template.h"
#include "broker/base/clock.h"
#include "broker/base/mem.h"
#include "broker/portal/html_context.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAG_SIZE = 512, GAPS_MAX = 4 };

enum page_part_kind { PART_TEXT, PART_VALUE, PART_EACH, PART_IF, PART_UNLESS };

struct page_part {
    enum page_part_kind kind;
    char *text; // PART_TEXT, owned
    size_t length;
    const struct field *field;
    size_t scope;          // which of the records that are open has it; 0: the page's own
    enum html_place place; // PART_VALUE
    int64_t choice;        // PART_IF, PART_UNLESS: this one; -1: whether it is empty
    size_t end;            // of a section: the first part behind it
};

struct page_template {
    struct page_part *parts;
    size_t count, capacity;
    void (*time)(char text[PAGE_TIME_SIZE], int64_t wall_ms);
};

struct section {
    size_t part;
    struct html_context html;
    const char *field;
};

struct page_reader {
    struct page_template *pattern;
    const struct page_source *source;
    struct html_context html;
    const struct record_type *scopes[PAGE_DEPTH_MAX + 1];
    size_t scope_count;
    struct section sections[PAGE_DEPTH_MAX];
    size_t section_count, file_count;
    struct fault *why;
};

static bool refuse(struct page_reader *reader, const char *what, const char *name)
{
    return fault_set(reader->why, FAULT_INVALID, "%s%s%.60s", what, *name ? ": " : "", name);
}

// NULL: too many.
static struct page_part *add_part(struct page_reader *reader, enum page_part_kind kind)
{
    struct page_template *pattern = reader->pattern;
    if (pattern->count == PAGE_PARTS_MAX) {
        (void)refuse(reader, "has too many parts", "");
        return NULL;
    }
    mem_reserve(&pattern->parts, &pattern->capacity, pattern->count + 1, sizeof *pattern->parts);
    struct page_part *part = &pattern->parts[pattern->count++];
    *part = (struct page_part){.kind = kind, .choice = -1};
    return part;
}

static bool add_text(struct page_reader *reader, const char *bytes, size_t length)
{
    struct page_part *part = length ? add_part(reader, PART_TEXT) : NULL;
    if (!part)
        return length == 0;
    part->text = mem_copy(bytes, length);
    part->length = length;
    return true;
}

// ---- fields

static const struct field *find_field(const struct page_reader *reader, const char *name, size_t *scope)
{
    for (*scope = reader->scope_count; (*scope)-- > 0;)
        for (const struct field *field = reader->scopes[*scope]->fields; field->name; field++)
            if (text_equal(field->name, name))
                return field;
    return NULL;
}

// What is never shown has no gap.
static const struct field *need_field(struct page_reader *reader, const char *name, size_t *scope)
{
    const struct field *field = find_field(reader, name, scope);
    if (!field)
        (void)refuse(reader, "there is no such field", name);
    else if (field->flags & (FIELD_SECRET | FIELD_HIDDEN) || field->type == FIELD_NOUN) {
        (void)refuse(reader, "this field is not shown", name);
        return NULL;
    }
    return field;
}

static bool add_value(struct page_reader *reader, const char *name)
{
    size_t scope;
    const struct field *field = need_field(reader, name, &scope);
    if (!field)
        return false;
    if (field->type == FIELD_RECORD || field->type == FIELD_RECORDS)
        return refuse(reader, "this field has no value of its own", name);
    enum html_place place = html_place(&reader->html);
    if (place == HTML_NOWHERE)
        return refuse(reader, "no value may stand here", name);
    struct page_part *part = add_part(reader, PART_VALUE);
    if (!part)
        return false;
    part->field = field;
    part->scope = scope;
    part->place = place;
    return true;
}

// ---- sentences

// "%s", or "%2$s", which says the gap. The length of what stands there; 0: something else.
static size_t gap_length(const char *at, size_t *gap)
{
    if (at[0] == '%' && at[1] == 's')
        return 2;
    if (at[0] != '%' || at[1] < '1' || at[1] > '0' + GAPS_MAX || at[2] != '$' || at[3] != 's')
        return 0;
    *gap = (size_t)(at[1] - '1');
    return 4;
}

static bool add_words(struct page_reader *reader, const char *words, size_t length)
{
    char plain[TAG_SIZE * 2];
    struct text escaped = {0};
    if (length >= sizeof plain)
        return refuse(reader, "a sentence is too long", "");
    memcpy(plain, words, length);
    plain[length] = 0;
    html_add(&escaped, html_place(&reader->html), plain);
    bool added = add_text(reader, escaped.bytes, escaped.length);
    text_drop(&escaped);
    return added;
}

static bool fill_sentence(struct page_reader *reader, const char *sentence, char *const names[GAPS_MAX], size_t count)
{
    size_t next = 0;
    bool used[GAPS_MAX] = {false};
    for (const char *words = sentence, *at = sentence;; at++) {
        size_t gap = next, length = gap_length(at, &gap);
        if (*at && !length)
            continue;
        if (!add_words(reader, words, (size_t)(at - words)))
            return false;
        if (!*at)
            break;
        if (gap >= count || used[gap])
            return refuse(reader, "a sentence and its gaps do not agree", sentence);
        if (!add_value(reader, names[gap]))
            return false;
        used[gap] = true;
        next++;
        words = at + length;
        at = words - 1;
    }
    return next == count || refuse(reader, "a sentence and its gaps do not agree", sentence);
}

static bool read_sentence(struct page_reader *reader, char *tag)
{
    char *names[GAPS_MAX] = {NULL}, *rest = tag;
    size_t count = 0;
    const char *english = strsep(&rest, "|");
    while (rest && count < GAPS_MAX)
        names[count++] = strsep(&rest, "|");
    if (rest)
        return refuse(reader, "a sentence has too many gaps", english);
    enum html_place place = html_place(&reader->html);
    if (place != HTML_TEXT && place != HTML_VALUE)
        return refuse(reader, "no sentence may stand here", english);
    return fill_sentence(reader, reader->source->sentence(reader->source->arg, english), names, count);
}

// ---- sections

static bool read_choice(struct page_reader *reader, const struct field *field, const char *word, int64_t *choice)
{
    *choice = -1;
    if (!word)
        return true;
    for (int64_t i = 0; field->type == FIELD_CHOICE && field->choices[i]; i++)
        if (text_equal(field->choices[i], word))
            *choice = i;
    return *choice >= 0 || refuse(reader, "the field has no such choice", word);
}

static bool begin_section(struct page_reader *reader, char *tag, bool is_wanted)
{
    char *word = tag;
    size_t scope;
    const char *name = strsep(&word, "=");
    const struct field *field = need_field(reader, name, &scope);
    int64_t choice;
    if (!field || !read_choice(reader, field, word, &choice))
        return false;
    if (reader->section_count == PAGE_DEPTH_MAX)
        return refuse(reader, "sections are too deep", name);
    bool opens = is_wanted && (field->type == FIELD_RECORD || field->type == FIELD_RECORDS);
    struct page_part *part = add_part(reader, opens ? PART_EACH : is_wanted ? PART_IF : PART_UNLESS);
    if (!part)
        return false;
    part->field = field;
    part->scope = scope;
    part->choice = choice;
    reader->sections[reader->section_count++] =
        (struct section){.part = reader->pattern->count - 1, .html = reader->html, .field = field->name};
    if (opens)
        reader->scopes[reader->scope_count++] = field->record;
    return true;
}

static bool begin_wanted(struct page_reader *reader, char *tag)
{
    return begin_section(reader, tag, true);
}

static bool begin_unwanted(struct page_reader *reader, char *tag)
{
    return begin_section(reader, tag, false);
}

// With and without the section, and after each row, what follows stands in the same place.
static bool end_section(struct page_reader *reader, char *tag)
{
    const struct section *section = reader->section_count ? &reader->sections[reader->section_count - 1] : NULL;
    if (!section || !text_equal(section->field, tag))
        return refuse(reader, "this section is not open", tag);
    if (!html_same(&section->html, &reader->html))
        return refuse(reader, "a section ends elsewhere in the HTML than it began", tag);
    struct page_part *part = &reader->pattern->parts[section->part];
    part->end = reader->pattern->count;
    if (part->kind == PART_EACH)
        reader->scope_count--;
    reader->section_count--;
    return true;
}

// ---- files

static bool skip_remark(struct page_reader *reader, char *tag)
{
    (void)reader, (void)tag;
    return true;
}

static bool read_file(struct page_reader *reader, char *name);

static char *trim(char *text)
{
    text += strspn(text, " \n");
    size_t length = strlen(text);
    while (length && strchr(" \n", text[length - 1]))
        text[--length] = 0;
    return text;
}

static bool read_tag(struct page_reader *reader, char *tag)
{
    static const struct {
        char sign;
        bool (*read)(struct page_reader *, char *);
    } rows[] = {
        {'!', skip_remark},    {'_', read_sentence}, {'#', begin_wanted},
        {'^', begin_unwanted}, {'/', end_section},   {'>', read_file},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (tag[0] == rows[i].sign)
            return rows[i].read(reader, trim(tag + 1));
    return add_value(reader, trim(tag));
}

static bool read_html(struct page_reader *reader, const char *text, size_t length, int *line)
{
    for (size_t i = 0; i < length; i++) {
        *line += text[i] == '\n';
        if (!html_follow(&reader->html, text[i], reader->why))
            return false;
    }
    return add_text(reader, text, length);
}

static bool read_text(struct page_reader *reader, const char *text, int *line)
{
    char tag[TAG_SIZE];
    const char *end;
    for (const char *begin; (begin = strstr(text, "{{")); text = end + 2) {
        if (!read_html(reader, text, (size_t)(begin - text), line))
            return false;
        end = strstr(begin, "}}");
        size_t length = end ? (size_t)(end - begin) - 2 : sizeof tag;
        if (length >= sizeof tag)
            return refuse(reader, "\"{{\" without its \"}}\"", "");
        memcpy(tag, begin + 2, length);
        tag[length] = 0;
        if (!read_tag(reader, tag))
            return false;
        for (size_t i = 0; i < length; i++)
            *line += begin[2 + i] == '\n';
    }
    return read_html(reader, text, strlen(text), line);
}

static bool read_file(struct page_reader *reader, char *name)
{
    char place[80];
    int line = 1;
    size_t open = reader->section_count;
    const char *text = reader->source->file(reader->source->arg, name);
    if (!text)
        return refuse(reader, "there is no such file", name);
    if (reader->file_count == PAGE_DEPTH_MAX)
        return refuse(reader, "files are too deep", name);
    reader->file_count++;
    bool read = read_text(reader, text, &line);
    if (read && reader->section_count != open)
        read = refuse(reader, "a section is not closed", "");
    reader->file_count--;
    if (!read) {
        snprintf(place, sizeof place, "%.60s, line %d", name, line);
        (void)fault_at(reader->why, place);
    }
    return read;
}

struct page_template *page_template_read(const struct page_source *source, const char *name,
                                         const struct record_type *type, struct fault *why)
{
    char path[TAG_SIZE];
    struct fault reason = {0};
    struct page_template *pattern = mem_new(1, sizeof *pattern);
    struct page_reader reader = {
        .pattern = pattern, .source = source, .scopes = {type}, .scope_count = 1, .why = why ? why : &reason};
    pattern->time = source->time;
    TEXT_PUT(path, name);
    bool read = read_file(&reader, path);
    if (read && !html_is_complete(&reader.html))
        read = refuse(&reader, "the page ends within a tag", name);
    if (read)
        return pattern;
    page_template_free(pattern);
    return NULL;
}

void page_template_free(struct page_template *pattern)
{
    for (size_t i = 0; pattern && i < pattern->count; i++)
        free(pattern->parts[i].text);
    if (pattern)
        free(pattern->parts);
    free(pattern);
}

// ---- writing

struct page_writer {
    const struct page_template *pattern;
    struct text *page;
    size_t begin;
    const void *records[PAGE_DEPTH_MAX + 1];
    size_t count;
};

static void add_time(struct text *value, const struct page_template *pattern, enum html_place place, int64_t wall_ms)
{
    char text[PAGE_TIME_SIZE];
    _Static_assert((int)CLOCK_TEXT_SIZE <= (int)PAGE_TIME_SIZE, "both write into it");
    if (place == HTML_TEXT)
        pattern->time(text, wall_ms);
    else
        clock_text(text, wall_ms);
    text_adds(value, text);
}

static int64_t number_in(const struct field *field, const void *record)
{
    return *(const int64_t *)(const void *)((const char *)record + field->offset);
}

static void write_value(struct page_writer *writer, const struct page_part *part)
{
    struct text value = {.is_secret = writer->page->is_secret};
    const void *record = writer->records[part->scope];
    if (part->field->type != FIELD_TIME)
        field_text(&value, part->field, record);
    else if (!field_is_empty(part->field, record))
        add_time(&value, writer->pattern, part->place, number_in(part->field, record));
    if (value.length)
        html_add(writer->page, part->place, value.bytes);
    text_drop(&value);
}

static bool applies(const struct page_writer *writer, const struct page_part *part)
{
    const void *record = writer->records[part->scope];
    bool is_so =
        part->choice < 0 ? !field_is_empty(part->field, record) : number_in(part->field, record) == part->choice;
    return is_so == (part->kind != PART_UNLESS);
}

static bool write_parts(struct page_writer *writer, size_t from, size_t to);

static bool write_rows(struct page_writer *writer, const struct page_part *part)
{
    size_t from = (size_t)(part - writer->pattern->parts) + 1;
    const void *slot = (const char *)writer->records[part->scope] + part->field->offset;
    const struct record_list *list = slot;
    bool is_list = part->field->type == FIELD_RECORDS, written = true;
    size_t rows = is_list ? list->count : 1;
    assert(writer->count <= PAGE_DEPTH_MAX);
    writer->count++;
    for (size_t i = 0; i < rows && written; i++) {
        writer->records[writer->count - 1] = is_list ? record_at(list, part->field->record, i) : slot;
        written = write_parts(writer, from, part->end);
    }
    writer->count--;
    return written;
}

static bool write_parts(struct page_writer *writer, size_t from, size_t to)
{
    for (size_t i = from; i < to;) {
        const struct page_part *part = &writer->pattern->parts[i];
        if (part->kind == PART_TEXT)
            text_add(writer->page, part->text, part->length);
        else if (part->kind == PART_VALUE)
            write_value(writer, part);
        else if (applies(writer, part) &&
                 !(part->kind == PART_EACH ? write_rows(writer, part) : write_parts(writer, i + 1, part->end)))
            return false;
        if (writer->page->length - writer->begin > PAGE_SIZE_MAX)
            return false;
        i = part->end ? part->end : i + 1;
    }
    return true;
}

bool page_template_write(const struct page_template *pattern, const void *record, struct text *page)
{
    struct page_writer writer = {
        .pattern = pattern, .page = page, .begin = page->length, .records = {record}, .count = 1};
    if (write_parts(&writer, 0, pattern->count))
        return true;
    page->length = writer.begin;
    if (page->bytes)
        page->bytes[page->length] = 0;
    return false;
}
