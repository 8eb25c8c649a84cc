// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/language.h"
#include "broker/base/text.h"

#include <libintl.h>
#include <locale.h>
#include <stdlib.h>

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

void language_init(const char *wanted)
{
    const char *language = wanted ? wanted : language_of_environment();
    bool set = setlocale(LC_ALL, "") != NULL;
    if (wanted)
        setenv("LANGUAGE", wanted, 1);
    else if (!set && !is_untranslatable(language))
        setenv("LANGUAGE", language, 0);
    // gettext translates nothing in the locale C. C.UTF-8 is always there and follows LANGUAGE.
    if (!is_untranslatable(language) && is_untranslatable(setlocale(LC_MESSAGES, NULL)))
        setlocale(LC_MESSAGES, "C.UTF-8");
    if (is_untranslatable(setlocale(LC_CTYPE, NULL)))
        setlocale(LC_CTYPE, "C.UTF-8");
    const char *folder = secure_getenv("PULT_LOCALE_DIR");
    bindtextdomain(domain, folder ? folder : PULT_LOCALE_DIR);
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
