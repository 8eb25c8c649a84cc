// SPDX-License-Identifier: EUPL-1.2
#include "broker/portal/browser_name.h"

#include <stdio.h>
#include <string.h>

struct browser_word {
    const char *word, *name;
};

// All of them also say that they are their forerunners: the first that fits is right.
static const struct browser_word browsers[] = {
    {"Edg/", "Edge"},     {"EdgA/", "Edge"},     {"EdgiOS/", "Edge"},   {"OPR/", "Opera"},       {"FxiOS/", "Firefox"},
    {"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"Firefox/", "Firefox"}, {NULL, ""},
};
static const struct browser_word systems[] = {
    {"iPhone", "iPhone"},   {"iPad", "iPad"},       {"Android", "Android"}, {"CrOS", "ChromeOS"},
    {"Windows", "Windows"}, {"Macintosh", "macOS"}, {"Linux", "Linux"},     {NULL, ""},
};

static const char *name_of(const struct browser_word *words, const char *user_agent)
{
    while (words->word && !strstr(user_agent, words->word))
        words++;
    return words->name;
}

void browser_name(char name[BROWSER_NAME_SIZE], const char *user_agent)
{
    const char *browser = name_of(browsers, user_agent), *system = name_of(systems, user_agent);
    snprintf(name, BROWSER_NAME_SIZE, "%s%s%s", browser, *browser && *system ? ", " : "", system);
}
