// SPDX-License-Identifier: EUPL-1.2
// A form as a browser would send it, any bytes: what was accepted keeps to its rows, and nothing is left of it.
#include "broker/portal/page_form.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct logon {
    char name[24];
    char password[48];
    int64_t language;
    bool stays;
};

#define AT(member) .offset = offsetof(struct logon, member), .size = sizeof(((struct logon *)0)->member)

static const char *const languages[] = {"de", "en", NULL};

static const struct field fields[] = {
    {.name = "name", .type = FIELD_TEXT, AT(name), .flags = FIELD_REQUIRED, .max = 12, .sentence = "a name"},
    {.name = "password", .type = FIELD_TEXT, AT(password), .flags = FIELD_SECRET, .sentence = "a password"},
    {.name = "language", .type = FIELD_CHOICE, AT(language), .choices = languages, .sentence = "a language"},
    {.name = "stays", .type = FIELD_FLAG, AT(stays), .sentence = "a flag"},
    {.name = NULL},
};
static const struct record_type type = {"logon", fields, sizeof(struct logon)};

static bool is_wiped(const struct logon *logon)
{
    for (size_t i = 0; i < sizeof *logon; i++)
        if (((const unsigned char *)logon)[i])
            return false;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct logon logon;
    struct fault why = {0};
    char *bytes = malloc(size ? size : 1);
    if (!bytes)
        abort();
    memcpy(bytes, data, size);
    bool read = page_form_read(&type, bytes, size, &logon, &why);
    for (size_t i = 0; i < size; i++)
        assert(bytes[i] == 0);
    free(bytes);
    assert(read || (why.text[0] && is_wiped(&logon)));
    assert(!read || (logon.name[0] && text_letters(logon.name) <= 12));
    assert(text_is_clean(logon.name, strnlen(logon.name, sizeof logon.name)));
    assert(text_is_clean(logon.password, strnlen(logon.password, sizeof logon.password)));
    assert(memchr(logon.name, 0, sizeof logon.name) && memchr(logon.password, 0, sizeof logon.password));
    assert(logon.language == 0 || logon.language == 1);
    return 0;
}
