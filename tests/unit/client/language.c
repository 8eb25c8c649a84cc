// SPDX-License-Identifier: EUPL-1.2
#include "broker/client/language.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static void speak_german(void)
{
    char folder[300];
    snprintf(folder, sizeof folder, "%s/locale", getenv("PULT_BUILD"));
    setenv("PULT_LOCALE_DIR", folder, 1);
    language_init("de");
}

TestSuite(language, .init = speak_german);

static void expect(const char *detail, const char *format, const char *german)
{
    struct text text = {0};
    language_detail(&text, detail, format);
    cr_expect_str_eq(text.bytes, german, "%s", text.bytes);
    text_drop(&text);
}

Test(language, says_what_a_broker_says_in_english)
{
    expect("until: this time is in the past", "until: this time is in the past",
           "until: diese Zeit liegt in der Vergangenheit");
    expect("name: longer than 127 bytes", "%s: longer than %zu bytes", "name: länger als 127 Bytes");
    expect("pool: there is no pool \"a/b\"", "%s: there is no %s \"%s\"", "pool: pool „a/b“ gibt es nicht");
    expect("name is missing: display name", "%s is missing: %s", "name fehlt: Anzeigename");
    expect("until: expected a whole number", "%s: expected %s", "until: erwartet wird eine ganze Zahl");
}

Test(language, says_why_something_was_decided)
{
    expect("assignment a/b applies (group cn=x, ou=y, priority 10): profile a/c",
           "assignment %s applies (group %s, priority %lld): profile %s",
           "die Zuweisung a/b gilt (Gruppe cn=x, ou=y, Vorrang 10): Profil a/c");
    expect("host a/b: draining", "host %s: draining", "Host a/b: außer Betrieb");
}

Test(language, leaves_the_place_before_it)
{
    expect("profile a/b: hours: expected a span such as 06:00-20:00, or 22:00-06:00 across midnight",
           "hours: expected a span such as 06:00-20:00, or 22:00-06:00 across midnight",
           "profile a/b: hours: erwartet wird eine Spanne wie 06:00-20:00 oder 22:00-06:00 über Mitternacht");
    expect("host a/b: port: must be from 1 to 65535", "%s: must be from %lld to %lld",
           "host a/b: port: muss von 1 bis 65535 sein");
}

Test(language, needs_no_installed_locale)
{
    static const char *const locales[] = {"C", "POSIX", "C.UTF-8", "C.utf8", "de_DE.UTF-8", "xx_XX.UTF-8"};
    for (size_t i = 0; i < sizeof locales / sizeof *locales; i++) {
        setenv("LC_ALL", locales[i], 1);
        language_init("de");
        cr_expect_str_eq(language_text("not valid JSON"), "kein gültiges JSON", "%s", locales[i]);
    }
    cr_expect_null(getenv("LOCPATH"), "is for other programs");
}

Test(language, is_that_of_the_environment)
{
    setenv("LC_ALL", "de_DE.UTF-8", 1);
    unsetenv("LANGUAGE");
    language_init(NULL);
    cr_expect_str_eq(language_text("not valid JSON"), "kein gültiges JSON");
    setenv("LC_ALL", "C.UTF-8", 1);
    unsetenv("LANGUAGE");
    language_init(NULL);
    cr_expect_str_eq(language_text("not valid JSON"), "not valid JSON");
}

// Another broker's, a proxy's, a liar's.
Test(language, leaves_in_english_what_it_cannot_take_apart)
{
    static const char *const formats[] = {"",
                                          "%s: there are none",
                                          "%s: longer than %zu bytes",
                                          "%s",
                                          "%",
                                          "%n%n%n%s%s%s%s%s%s%s%s",
                                          "%9999999999$s: longer than %zu bytes",
                                          "%s: expected %s"};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        expect("name: something else", formats[i], "name: something else");
    expect("", "%s: longer than %zu bytes", "");
    expect("name: longer than 127 bytes, or so", "%s: longer than %zu bytes", "name: longer than 127 bytes, or so");
}
