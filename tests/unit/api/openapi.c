// SPDX-License-Identifier: EUPL-1.2
// That it is OpenAPI is for tests/integration/openapi; that nothing is missing is looked for here.
#include "broker/api/openapi.h"
#include "broker/api/link_rows.h"
#include "broker/api/method.h"

#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

static json_object *document;

static void open_document(void)
{
    struct text text = {0};
    openapi_print(&text);
    document = json_tokener_parse(text.bytes);
    text_drop(&text);
    cr_assert(document);
}

static void close_document(void)
{
    json_object_put(document);
}

TestSuite(openapi, .init = open_document, .fini = close_document);

static json_object *member(json_object *object, const char *name)
{
    json_object *value = NULL;
    json_object_object_get_ex(object, name, &value);
    cr_assert(value, "no %s", name);
    return value;
}

static json_object *operation_of(const struct method *method)
{
    char path[256], verb[8];
    const char *brace = strchr(method->path, '{');
    snprintf(path, sizeof path, "%.*s%s%s", brace ? (int)(brace - method->path) : 256, method->path,
             !brace                        ? ""
             : method->noun == NOUN_TENANT ? "{tenant}"
                                           : "{tenant}/{name}",
             brace ? strchr(brace, '}') + 1 : "");
    text_cut(verb, sizeof verb, method->verb);
    text_lower(verb);
    return member(member(member(document, "paths"), path), verb);
}

static size_t count_operations(void)
{
    size_t count = 0;
    json_object_object_foreach(member(document, "paths"), path, operations)
    {
        (void)path;
        count += (size_t)json_object_object_length(operations);
    }
    return count;
}

// Pages are for browsers, which are told by the pages themselves what there is.
static bool is_page(const struct method *method)
{
    return method->flags & METHOD_PAGE;
}

Test(openapi, has_every_method_once_and_no_page)
{
    size_t pages = 0;
    for (size_t i = 0; i < method_count; i++) {
        pages += is_page(&method_rows[i]);
        if (is_page(&method_rows[i]))
            continue;
        json_object *operation = operation_of(&method_rows[i]);
        cr_expect_str_eq(json_object_get_string(member(operation, "summary")), method_rows[i].sentence);
        bool has_body = json_object_object_get_ex(operation, "requestBody", NULL);
        cr_expect_eq(has_body, method_rows[i].body != NULL, "%s", method_rows[i].path);
    }
    cr_expect_eq(count_operations() + pages, method_count);
}

static bool names_refusal(json_object *operation, enum refusal refusal)
{
    char status[16], type[96];
    json_object *answer = NULL;
    snprintf(status, sizeof status, "%d", refusal_rows[refusal].status);
    snprintf(type, sizeof type, "\"urn:pult:%s\"", refusal_rows[refusal].code);
    return json_object_object_get_ex(member(operation, "responses"), status, &answer) &&
           strstr(json_object_to_json_string(answer), type);
}

Test(openapi, has_every_refusal_of_each_method_and_no_other)
{
    for (size_t i = 0; i < method_count; i++)
        for (enum refusal refusal = REFUSAL_NONE + 1; !is_page(&method_rows[i]) && refusal < REFUSAL_COUNT; refusal++)
            cr_expect_eq(names_refusal(operation_of(&method_rows[i]), refusal),
                         method_may_refuse(&method_rows[i], refusal), "%s %s: %s", method_rows[i].verb,
                         method_rows[i].path, refusal_rows[refusal].code);
}

// Whatever is referred to is there.
static void follow(json_object *value)
{
    json_object *found = NULL;
    if (json_object_is_type(value, json_type_array))
        for (size_t i = 0; i < json_object_array_length(value); i++)
            follow(json_object_array_get_idx(value, i));
    if (!json_object_is_type(value, json_type_object))
        return;
    json_object_object_foreach(value, name, within)
    {
        static const char start[] = "#/components/schemas/";
        const char *reference = strcmp(name, "$ref") == 0 ? json_object_get_string(within) : start;
        cr_assert(text_starts(reference, start), "%s", reference);
        if (reference != start)
            cr_expect(json_object_object_get_ex(member(member(document, "components"), "schemas"),
                                                reference + strlen(start), &found),
                      "%s", reference);
        follow(within);
    }
}

Test(openapi, refers_to_what_is_there)
{
    follow(document);
}

Test(openapi, has_the_messages_of_every_link)
{
    for (size_t i = 0; i < link_count; i++)
        for (size_t k = 0; k < link_rows[i].type_count; k++) {
            char name[2 * NAME_SIZE];
            snprintf(name, sizeof name, "%s_message_%s", noun_rows[link_rows[i].noun].name, link_rows[i].types[k].name);
            for (char *at = name; *at; at++)
                *at = *at == '-' ? '_' : *at;
            member(member(member(document, "components"), "schemas"), name);
        }
}

// What is in the journal only has no place in it, and nobody may set what is the broker's.
Test(openapi, tells_what_is_shown_and_what_may_be_set)
{
    json_object *schemas = member(member(document, "components"), "schemas");
    json_object *shown = member(member(schemas, "host_status"), "properties");
    json_object *set = member(member(schemas, "host_change"), "properties");
    cr_expect(json_object_object_get_ex(shown, "draining", NULL));
    cr_expect(json_object_object_get_ex(shown, "health", NULL));
    cr_expect_not(json_object_object_get_ex(shown, "enrol_token_hash", NULL));
    cr_expect(json_object_object_get_ex(set, "weight", NULL));
    cr_expect_not(json_object_object_get_ex(set, "draining", NULL));
    cr_expect_eq(json_object_get_int64(member(member(set, "weight"), "maximum")), 1000);
}
