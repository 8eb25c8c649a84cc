// SPDX-License-Identifier: EUPL-1.2
#include "broker/client/language.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <libintl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

static const char domain[] = "pult";

static const char *language_of_environment(void)
{
    static const char *const variables[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *value = getenv(variables[i]);
        if (value && *value)
            return value;
    }
    return "C";
}

static bool is_untranslatable(const char *locale)
{
    return !locale || text_equal(locale, "C") || text_equal(locale, "POSIX");
}

// gettext translates nothing in the locale C, and from glibc 2.39 on nothing in C.UTF-8 either. pult.UTF-8, beside our
// catalogues, is C.UTF-8 by another name; it follows LANGUAGE.
static bool set_own_locale(const char *folder)
{
    const char *path = getenv("LOCPATH");
    owned(bytes) char *before = path ? mem_dup(path) : NULL;
    setenv("LOCPATH", folder, 1);
    bool set = setlocale(LC_MESSAGES, "pult.UTF-8") != NULL;
    if (before)
        setenv("LOCPATH", before, 1);
    else
        unsetenv("LOCPATH");
    return set;
}

void language_init(const char *wanted)
{
    const char *language = wanted ? wanted : language_of_environment();
    const char *other = secure_getenv("PULT_LOCALE_DIR"), *folder = other ? other : PULT_LOCALE_DIR;
    bool set = setlocale(LC_ALL, "") != NULL;
    if (wanted)
        setenv("LANGUAGE", wanted, 1);
    else if (!set && !is_untranslatable(language))
        setenv("LANGUAGE", language, 0);
    const char *messages = setlocale(LC_MESSAGES, NULL);
    bool is_plain = is_untranslatable(messages) || text_starts(messages, "C.");
    if (!is_untranslatable(language) && is_plain && !set_own_locale(folder))
        setlocale(LC_MESSAGES, "C.UTF-8");
    if (is_untranslatable(setlocale(LC_CTYPE, NULL)))
        setlocale(LC_CTYPE, "C.UTF-8");
    bindtextdomain(domain, folder);
    bind_textdomain_codeset(domain, "UTF-8");
}

const char *language_text(const char *english)
{
    return *english ? dgettext(domain, english) : ""; // the empty text is the catalogue's own head
}

const char *language_sentence(enum refusal refusal)
{
    return language_text(refusal_rows[refusal].sentence);
}

// ---- sentences with something in them

enum { GAPS_MAX = 6 };

struct gap {
    const char *at;
    size_t length;
};

// "%s", "%.60s", "%lld"; in a translation also "%2$s", which names the gap.
static size_t conversion_length(const char *at, size_t *number)
{
    size_t digits = strspn(at + 1, "0123456789");
    if (digits && at[1 + digits] == '$')
        *number = (size_t)strtoul(at + 1, NULL, 10) - 1;
    size_t length = 1 + strcspn(at + 1, "sdu");
    return at[length] ? length + 1 : length;
}

// Where in `detail` stands what the format left open. What stands before the format's first words is a place.
static bool find_gaps(struct gap gaps[GAPS_MAX], const char *detail, const char *format, const char **begin)
{
    size_t length = strcspn(format, "%"), number = 0, unused;
    *begin = length ? memmem(detail, strlen(detail), format, length) : detail;
    if (!*begin)
        return false;
    const char *at = *begin + length;
    for (format += length; *format; format += length) {
        format += conversion_length(format, &unused);
        length = strcspn(format, "%");
        size_t left = strlen(at);
        const char *end = format[length]   ? memmem(at, left, format, length)
                          : left >= length ? at + left - length
                                           : NULL;
        if (!end || number == GAPS_MAX || memcmp(end, format, length) != 0)
            return false;
        gaps[number++] = (struct gap){at, (size_t)(end - at)};
        at = end + length;
    }
    return *at == 0;
}

// What fills a gap is a sentence of ours itself, or a name.
static void add_gap(struct text *text, const struct gap *gap)
{
    struct text words = {0};
    text_add(&words, gap->at, gap->length);
    text_adds(text, memchr(gap->at, ' ', gap->length) ? language_text(words.bytes) : words.bytes);
    text_drop(&words);
}

static void fill_gaps(struct text *text, const char *translated, const struct gap gaps[GAPS_MAX])
{
    size_t next = 0;
    for (size_t length; *translated; translated += length) {
        size_t number = next;
        length = strcspn(translated, "%");
        if (length) {
            text_add(text, translated, length);
            continue;
        }
        length = conversion_length(translated, &number);
        if (number < GAPS_MAX && gaps[number].at)
            add_gap(text, &gaps[number]);
        next++;
    }
}

void language_detail(struct text *text, const char *detail, const char *format)
{
    struct gap gaps[GAPS_MAX] = {0};
    const char *translated = language_text(format), *begin = NULL;
    if (translated == format || !find_gaps(gaps, detail, format, &begin)) {
        text_adds(text, detail);
        return;
    }
    text_add(text, detail, (size_t)(begin - detail));
    fill_gaps(text, translated, gaps);
}
