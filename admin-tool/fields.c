// SPDX-License-Identifier: EUPL-1.2
#include "admin-tool/fields.h"
#include "broker/client/client.h"
#include "broker/client/language.h"

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

static json_object *flag_value(const struct field *field, const char *text, struct fault *why)
{
    static const char *const yes[] = {"yes", "true", "on", NULL}, *const no[] = {"no", "false", "off", NULL};
    for (size_t i = 0; yes[i]; i++) {
        if (text_equal(text, yes[i]) || text_equal(text, _("yes")))
            return json_object_new_boolean(true);
        if (text_equal(text, no[i]) || text_equal(text, _("no")))
            return json_object_new_boolean(false);
    }
    fault_set(why, FAULT_INVALID, _("%s: expected yes or no"), field->name);
    return NULL;
}

static json_object *number_value(const struct field *field, const char *text, struct fault *why)
{
    int64_t number;
    if (text_number(text, field->min, field->max, &number))
        return json_object_new_int64(number);
    fault_set(why, FAULT_INVALID, _("%s: expected a number from %lld to %lld"), field->name, (long long)field->min,
              (long long)field->max);
    return NULL;
}

static json_object *choice_value(const struct field *field, const char *text, struct fault *why)
{
    struct text all = {0};
    for (size_t i = 0; field->choices[i]; i++) {
        if (text_equal(field->choices[i], text)) {
            text_drop(&all);
            return json_object_new_string(text);
        }
        text_addf(&all, "%s%s", i ? ", " : "", field->choices[i]);
    }
    fault_set(why, FAULT_INVALID, _("%s: expected one of %s"), field->name, all.bytes ? all.bytes : "");
    text_drop(&all);
    return NULL;
}

static json_object *list_value(const char *text)
{
    json_object *list = json_object_new_array();
    while (*(text += strspn(text, " ,"))) {
        size_t length = strcspn(text, " ,");
        json_object_array_add(list, json_object_new_string_len(text, (int)length));
        text += length;
    }
    return list;
}

// As openssl prints it, too: capitals with colons between.
static json_object *digest_value(const char *text)
{
    char digits[2 * DIGEST_SIZE]; // what is too long stays too long, for the broker to refuse
    size_t length = 0;
    for (const char *at = text; *at && length + 1 < sizeof digits; at++)
        if (*at != ':')
            digits[length++] = (char)tolower((unsigned char)*at);
    digits[length] = 0;
    return json_object_new_string(digits);
}

static json_object *digest_of_file(const char *path, struct fault *why)
{
    char digest[DIGEST_SIZE];
    int64_t until_ms = 0;
    return client_read_certificate(path, digest, &until_ms, why) ? json_object_new_string(digest) : NULL;
}

json_object *field_value(const struct field *field, const char *text, struct fault *why)
{
    switch (field->type) {
    case FIELD_FLAG:
        return flag_value(field, text, why);
    case FIELD_NUMBER:
        return number_value(field, text, why);
    case FIELD_CHOICE:
        return choice_value(field, text, why);
    case FIELD_LIST:
    case FIELD_LINES:
        return list_value(text);
    case FIELD_DIGEST:
        return digest_value(text);
    case FIELD_ID:
    case FIELD_TEXT:
    case FIELD_TIME:
        return json_object_new_string(text);
    case FIELD_STRING:
    case FIELD_RECORD:
    case FIELD_RECORDS:
    case FIELD_NOUN:
        fault_set(why, FAULT_INVALID, _("%s cannot be set"), field->name);
        return NULL;
    }
    return NULL;
}

bool field_assign(enum noun noun, json_object *object, const char *assignment, struct fault *why)
{
    char name[NAME_SIZE];
    const char *equals = strchr(assignment, '=');
    if (!equals || (size_t)(equals - assignment) >= sizeof name)
        return fault_set(why, FAULT_INVALID, _("%.100s: expected FIELD=VALUE"), assignment);
    snprintf(name, sizeof name, "%.*s", (int)(equals - assignment), assignment);
    const struct field *field = field_find(noun, name);
    if (!field || (field->flags & FIELD_HIDDEN))
        return fault_set(why, FAULT_INVALID, _("a %s has no field %s. See: pultctl help %s"), noun_rows[noun].name,
                         name, noun_rows[noun].name);
    if ((field->flags & FIELD_READ_ONLY) || text_equal(name, "id"))
        return fault_set(why, FAULT_INVALID, _("%s cannot be set"), name);
    bool of_file = field->type == FIELD_DIGEST && equals[1] == '@';
    json_object *value = of_file ? digest_of_file(equals + 2, why) : field_value(field, equals + 1, why);
    if (value)
        json_object_object_add(object, name, value);
    return value != NULL;
}

json_object *fields_of_people(enum noun noun, json_object *present)
{
    json_object *object = json_object_new_object();
    for (const struct field *field = noun_rows[noun].fields; field->name; field++) {
        json_object *value = codec_member(present, field->name);
        if (value && !(field->flags & (FIELD_READ_ONLY | FIELD_HIDDEN)) && !text_equal(field->name, "id"))
            json_object_object_add(object, field->name, json_object_get(value));
    }
    return object;
}
