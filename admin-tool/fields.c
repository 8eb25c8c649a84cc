// SPDX-License-Identifier: EUPL-1.2
#include "admin-tool/fields.h"
#include "admin-tool/when.h"
#include "broker/client/client.h"
#include "broker/client/language.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

const struct field *field_find(enum noun noun, const char *name)
{
    for (const struct field *field = noun_rows[noun].fields; field->name; field++)
        if (text_equal(field->name, name))
            return field;
    return NULL;
}

// ---- values

static bool write_flag(const struct field *field, const char *text, bool *flag, struct fault *why)
{
    static const char *const yes[] = {"yes", "true", "on", NULL}, *const no[] = {"no", "false", "off", NULL};
    for (size_t i = 0; yes[i]; i++) {
        *flag = text_equal(text, yes[i]) || text_equal(text, _("yes"));
        if (*flag || text_equal(text, no[i]) || text_equal(text, _("no")))
            return true;
    }
    return fault_set(why, FAULT_INVALID, _("%s: expected yes or no"), field->name);
}

static bool write_number(const struct field *field, const char *text, int64_t *number, struct fault *why)
{
    if (text_number(text, field->min, field->max, number))
        return true;
    return fault_set(why, FAULT_INVALID, _("%s: expected a number from %lld to %lld"), field->name,
                     (long long)field->min, (long long)field->max);
}

static bool write_choice(const struct field *field, const char *text, int64_t *choice, struct fault *why)
{
    owned(text) struct text all = {0};
    for (int64_t i = 0; field->choices[i]; i++) {
        *choice = i;
        if (text_equal(field->choices[i], text))
            return true;
        text_addf(&all, "%s%s", i ? ", " : "", field->choices[i]);
    }
    return fault_set(why, FAULT_INVALID, _("%s: expected one of %s"), field->name, all.bytes ? all.bytes : "");
}

static bool write_text(const struct field *field, const char *text, char *to, struct fault *why)
{
    return text_copy(to, field->size, text) || fault_set(why, FAULT_INVALID, _("%s: too long"), field->name);
}

bool field_add_word(const struct field *field, const char *word, void *record, struct fault *why)
{
    char *to = (char *)record + field->offset;
    size_t length = strlen(to);
    assert(field->type == FIELD_LIST);
    if (!*word || strchr(word, ' '))
        return fault_set(why, FAULT_INVALID, _("%s: a word is empty or has a space in it"), field->name);
    if (length + 1 + strlen(word) >= field->size)
        return fault_set(why, FAULT_INVALID, _("%s: too long"), field->name);
    snprintf(to + length, field->size - length, "%s%s", length ? " " : "", word);
    return true;
}

static bool write_words(const struct field *field, const char *text, void *record, struct fault *why)
{
    ((char *)record)[field->offset] = 0;
    while (*(text += strspn(text, " ,"))) {
        char word[LIST_SIZE];
        size_t length = strcspn(text, " ,");
        snprintf(word, sizeof word, "%.*s", (int)length, text);
        if (length >= sizeof word)
            return fault_set(why, FAULT_INVALID, _("%s: too long"), field->name);
        if (!field_add_word(field, word, record, why))
            return false;
        text += length;
    }
    return true;
}

// As openssl prints it, too: capitals with colons between.
static bool write_digest(const struct field *field, const char *text, char to[DIGEST_SIZE], struct fault *why)
{
    unsigned char bytes[32];
    size_t length = 0;
    for (; *text && length + 1 < DIGEST_SIZE; text++)
        if (*text != ':')
            to[length++] = (char)tolower((unsigned char)*text);
    to[length] = 0;
    if (!*text && (length == 0 || text_unhex(bytes, sizeof bytes, to)))
        return true;
    return fault_set(why, FAULT_INVALID, _("%s: expected a SHA-256 as 64 hexadecimal digits"), field->name);
}

static bool write_time(const struct field *field, const char *text, int64_t *wall_ms, struct fault *why)
{
    *wall_ms = 0;
    return !*text || when_read(text, wall_ms) ||
           fault_set(why, FAULT_INVALID, _("%s: expected a time such as 2026-12-31 or \"2026-12-31 18:00\""),
                     field->name);
}

bool field_write(const struct field *field, const char *text, void *record, struct fault *why)
{
    void *slot = (char *)record + field->offset;
    switch (field->type) {
    case FIELD_FLAG:
        return write_flag(field, text, slot, why);
    case FIELD_NUMBER:
        return write_number(field, text, slot, why);
    case FIELD_CHOICE:
        return write_choice(field, text, slot, why);
    case FIELD_LIST:
        return write_words(field, text, record, why);
    case FIELD_DIGEST:
        return write_digest(field, text, slot, why);
    case FIELD_ID:
    case FIELD_TEXT:
        return write_text(field, text, slot, why);
    case FIELD_TIME:
        return write_time(field, text, slot, why);
    case FIELD_LINES:
    case FIELD_STRING:
    case FIELD_RECORD:
    case FIELD_RECORDS:
    case FIELD_NOUN:
        break; // nothing that people set is of these types
    }
    return fault_set(why, FAULT_INVALID, _("%s cannot be set"), field->name);
}

// ---- drafts

static uint64_t bit_of(enum noun noun, const struct field *field)
{
    ptrdiff_t index = field - noun_rows[noun].fields;
    assert(index >= 0 && index < 64);
    return 1ull << index;
}

void draft_give(struct draft *draft, const struct field *field)
{
    draft->given |= bit_of(draft->noun, field);
}

bool draft_has(const struct draft *draft, const struct field *field)
{
    return draft->given & bit_of(draft->noun, field);
}

bool draft_lacks(const struct draft *draft, const char *mark, struct text *names)
{
    for (const struct field *field = noun_rows[draft->noun].fields; field->name; field++)
        if ((field->flags & FIELD_REQUIRED) && !text_equal(field->name, "id") && !draft_has(draft, field))
            text_addf(names, " %s%s", field->name, mark);
    return names->length > 0;
}

static bool digest_of_file(const char *path, char digest[DIGEST_SIZE], struct fault *why)
{
    int64_t until_ms = 0;
    return client_read_certificate(path, digest, &until_ms, why);
}

bool draft_assign(struct draft *draft, const char *assignment, struct fault *why)
{
    char name[NAME_SIZE];
    const char *noun = noun_rows[draft->noun].name, *equals = strchr(assignment, '=');
    if (!equals || (size_t)(equals - assignment) >= sizeof name)
        return fault_set(why, FAULT_INVALID, _("%.100s: expected FIELD=VALUE"), assignment);
    snprintf(name, sizeof name, "%.*s", (int)(equals - assignment), assignment);
    const struct field *field = field_find(draft->noun, name);
    if (!field || (field->flags & FIELD_HIDDEN))
        return fault_set(why, FAULT_INVALID, _("a %s has no field %s. See: pultctl help %s"), noun, name, noun);
    if ((field->flags & FIELD_READ_ONLY) || text_equal(name, "id"))
        return fault_set(why, FAULT_INVALID, _("%s cannot be set"), name);
    draft_give(draft, field);
    if (field->type == FIELD_DIGEST && equals[1] == '@')
        return digest_of_file(equals + 2, (char *)&draft->record + field->offset, why);
    return field_write(field, equals + 1, &draft->record, why);
}
