// SPDX-License-Identifier: EUPL-1.2
#include "broker/portal/pages.h"
#include "broker/base/file.h"
#include "broker/base/mem.h"
#include "broker/portal/catalogue.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILES_MAX = 32, FILE_SIZE_MAX = 64 * 1024 };

struct pages {
    struct catalogue *catalogues[PAGE_LANGUAGE_COUNT]; // NULL for English
    struct page_template *templates[PAGE_LANGUAGE_COUNT][VIEW_COUNT];
};

// While they are read.
struct page_reading {
    const char *folder;
    const struct catalogue *catalogue;
    struct page_file {
        char name[SLUG_SIZE];
        char *text;
    } files[FILES_MAX];
    size_t count;
};

static const char *find_file(void *arg, const char *name)
{
    struct page_reading *reading = arg;
    for (size_t i = 0; i < reading->count; i++)
        if (text_equal(reading->files[i].name, name))
            return reading->files[i].text;
    char path[FILE_PATH_SIZE];
    struct page_file *file = &reading->files[reading->count];
    if (reading->count == FILES_MAX || !text_copy(file->name, sizeof file->name, name) ||
        !text_is_slug(name, strlen(name)) ||
        snprintf(path, sizeof path, "%s/%s.html", reading->folder, name) >= (int)sizeof path)
        return NULL;
    file->text = mem_room(FILE_SIZE_MAX);
    if (!file_read_text(path, file->text, FILE_SIZE_MAX, NULL)) {
        free(take(file->text));
        return NULL;
    }
    reading->count++;
    return file->text;
}

static const char *find_sentence(void *arg, const char *english)
{
    const struct page_reading *reading = arg;
    return catalogue_sentence(reading->catalogue, english);
}

// English is what is written in the files.
static bool read_catalogue(struct pages *pages, const char *locale_folder, enum page_language language,
                           struct fault *why)
{
    char path[FILE_PATH_SIZE];
    size_t length;
    if (language == PAGE_ENGLISH)
        return true;
    if (snprintf(path, sizeof path, "%s/%s/LC_MESSAGES/pult.mo", locale_folder, page_language_rows[language].tag) >=
        (int)sizeof path)
        return fault_set(why, FAULT_INVALID, "%.200s: is too long", locale_folder);
    owned(bytes) char *bytes = mem_room(CATALOGUE_MAX);
    if (!file_read(path, bytes, CATALOGUE_MAX, &length, why))
        return false;
    pages->catalogues[language] = catalogue_read(bytes, length, why);
    return pages->catalogues[language] || fault_at(why, path);
}

static bool read_language(struct pages *pages, struct page_reading *reading, enum page_language language,
                          struct fault *why)
{
    const struct page_source source = {
        .file = find_file, .sentence = find_sentence, .time = page_language_rows[language].print_time, .arg = reading};
    reading->catalogue = pages->catalogues[language];
    for (enum view view = 0; view < VIEW_COUNT; view++) {
        const struct view_row *row = &view_rows[view];
        pages->templates[language][view] = page_template_read(&source, row->file, row->type, why);
        if (!pages->templates[language][view])
            return fault_at(why, reading->folder);
    }
    return true;
}

struct pages *pages_read(const char *folder, const char *locale_folder, struct fault *why)
{
    struct pages *pages = mem_new(1, sizeof *pages);
    struct page_reading reading = {.folder = folder};
    bool read = true;
    for (enum page_language language = 0; read && language < PAGE_LANGUAGE_COUNT; language++)
        read = read_catalogue(pages, locale_folder, language, why) && read_language(pages, &reading, language, why);
    for (size_t i = 0; i < reading.count; i++)
        free(reading.files[i].text);
    if (read)
        return pages;
    pages_free(pages);
    return NULL;
}

void pages_free(struct pages *pages)
{
    for (enum page_language language = 0; pages && language < PAGE_LANGUAGE_COUNT; language++) {
        for (enum view view = 0; view < VIEW_COUNT; view++)
            page_template_free(pages->templates[language][view]);
        catalogue_free(pages->catalogues[language]);
    }
    free(pages);
}

bool pages_write(const struct pages *pages, enum view view, enum page_language language, const void *record,
                 struct text *page)
{
    assert(view < VIEW_COUNT && language < PAGE_LANGUAGE_COUNT);
    return page_template_write(pages->templates[language][view], record, page);
}

const char *pages_sentence(const struct pages *pages, enum page_language language, const char *english)
{
    assert(language < PAGE_LANGUAGE_COUNT);
    return catalogue_sentence(pages->catalogues[language], english);
}
