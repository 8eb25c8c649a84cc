// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/method.h"
#include "broker/base/text.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static char id[ID_SIZE];
static bool path_known;

static const struct method *match(const char *verb, const char *path)
{
    return method_match(verb, path, id, &path_known);
}

Test(methods, say_who_may_call_them_and_what_they_do)
{
    for (size_t i = 0; i < method_count; i++) {
        const struct method *row = &method_rows[i];
        cr_expect(row->who > ROLE_NOBODY && row->who <= ROLE_DISTRICT, "%s %s: nobody may call it", row->verb,
                  row->path);
        cr_expect(row->sentence && row->sentence[0], "%s %s", row->verb, row->path);
        cr_expect(row->path[0] == '/');
        bool answers = !(row->flags & (METHOD_PLAIN | METHOD_DOCUMENT | METHOD_WEBSOCKET | METHOD_PAGE));
        cr_expect(row->answer == NULL || answers || row->flags & METHOD_PAGE);
        cr_expect(row->answer != NULL || !answers, "%s %s: its answer", row->verb, row->path);
    }
}

// An id that anybody's administrator may name is an id of their own tenant.
Test(methods, with_an_id_know_its_noun_and_keep_to_the_tenant)
{
    for (size_t i = 0; i < method_count; i++) {
        const struct method *row = &method_rows[i];
        bool has_id = strstr(row->path, "{id}") != NULL;
        cr_expect(!has_id || row->noun != NOUN_NONE, "%s %s", row->verb, row->path);
        cr_expect(row->who != ROLE_ADMIN || row->noun == NOUN_NONE || (row->flags & METHOD_OWN_TENANT),
                  "%s %s: reaches across tenants", row->verb, row->path);
        cr_expect_eq(row->who == ROLE_DEVICE || row->who == ROLE_HOST || row->who == ROLE_PRINT_SERVER ||
                         row->who == ROLE_GATEWAY || row->who == ROLE_MACHINE,
                     (row->flags & METHOD_CERTIFICATE) != 0, "%s %s", row->verb, row->path);
    }
}

Test(methods, are_found_by_their_own_paths)
{
    for (size_t i = 0; i < method_count; i++) {
        const struct method *row = &method_rows[i];
        const char *name = row->noun == NOUN_TENANT ? "neustadt" : "neustadt/x-1";
        const char *brace = strstr(row->path, "{id}");
        char path[256];
        int length = brace ? (int)(brace - row->path) : (int)strlen(row->path);
        snprintf(path, sizeof path, "%.*s%s%s", length, row->path, brace ? name : "", brace ? brace + 4 : "");
        cr_expect_eq(match(row->verb, path), row, "%s %s finds another row", row->verb, path);
        cr_expect_str_eq(id, brace ? name : "");
        cr_expect(path_known);
    }
}

Test(methods, of_a_known_path_with_another_verb_are_told_apart)
{
    cr_expect_null(match("DELETE", "/v1/logon"));
    cr_expect(path_known);
    cr_expect_null(match("DELETE", "/v1/hosts"));
    cr_expect(path_known);
    cr_expect_null(match("PATCH", "/v1/hosts/neustadt/ts1"));
    cr_expect(path_known);
    cr_expect_str_eq(id, "");
    cr_expect_null(match("GET", "/v1/nothing"));
    cr_expect_not(path_known);
    cr_expect_null(match("get", "/healthz"));
    cr_expect_null(match("", "/healthz"));
}

Test(methods, are_not_found_by_hostile_paths)
{
    const char *hostile[] = {
        "",
        "//",
        "healthz",
        "/healthz/",
        "/healthz?x",
        "//healthz",
        "/HEALTHZ",
        "/v1",
        "/v1/",
        "/v1/hosts/",
        "/v1/hosts/neustadt",
        "/v1/hosts/neustadt/",
        "/v1/hosts/neustadt//ts1",
        "/v1/hosts//ts1",
        "/v1/hosts/../../v1/status",
        "/v1/hosts/neustadt/..",
        "/v1/hosts/neustadt/ts1/",
        "/v1/hosts/neustadt/ts1/x/y",
        "/v1/hosts/neustadt%2fts1",
        "/v1/hosts/neustadt/ts1%00",
        "/v1/hosts/Neustadt/ts1",
        "/v1/hosts/neustadt/ts 1",
        "/v1/hosts/neustadt/ts1\n",
        "/v1/hosts/neustadt/\xc3\xbc",
        "/v1/hosts/{id}",
        "/v1/hosts/neustadt/ts1/drain/",
        "/v1/tenants/a/b",
        "/v1/tenants/",
        "/v1/hosts/-a/b",
        "/v1/hosts/a/b-",
        "/v1/hosts/neustadt/ts1/drainx",
    };
    const char *verbs[] = {"GET", "PUT", "POST", "DELETE"};
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++)
        for (size_t j = 0; j < sizeof verbs / sizeof *verbs; j++) {
            cr_expect_null(match(verbs[j], hostile[i]), "%s \"%s\"", verbs[j], hostile[i]);
            cr_expect_str_eq(id, "");
            cr_expect_not(path_known, "\"%s\"", hostile[i]);
        }
}

Test(methods, take_no_id_that_is_too_long)
{
    char slug[256] = {0}, path[600];
    memset(slug, 'a', 63);
    snprintf(path, sizeof path, "/v1/hosts/%s/%s", slug, slug);
    cr_expect_not_null(match("GET", path));
    cr_expect_eq(strlen(id), 127);
    memset(slug, 'a', 64);
    snprintf(path, sizeof path, "/v1/hosts/%s/b", slug);
    cr_expect_null(match("GET", path));
    static char endless[100000];
    memset(endless, 'a', sizeof endless - 1);
    memcpy(endless, "/v1/hosts/", 10);
    cr_expect_null(match("GET", endless));
    memset(endless, '/', sizeof endless - 1);
    cr_expect_null(match("GET", endless));
}

Test(methods, are_found_by_their_nouns)
{
    const struct method *set = method_find(METHOD_SET, NOUN_HOST);
    cr_assert_not_null(set);
    cr_expect_str_eq(set->path, "/v1/hosts/{id}");
    cr_expect_null(method_find(METHOD_SET, NOUN_SESSION), "sessions come from what happens");
    for (enum noun noun = 0; noun < NOUN_COUNT; noun++) {
        cr_expect_eq(method_find(METHOD_SET, noun) != NULL, noun_rows[noun].writable, "%s", noun_rows[noun].name);
        cr_expect_not_null(method_find(METHOD_LIST, noun), "%s", noun_rows[noun].name);
        cr_expect_not_null(method_find(METHOD_SHOW, noun), "%s", noun_rows[noun].name);
    }
}

Test(methods, of_tenants_are_changed_by_the_district_only)
{
    cr_expect_eq(method_find(METHOD_SET, NOUN_TENANT)->who, ROLE_DISTRICT);
    cr_expect_eq(method_find(METHOD_REMOVE, NOUN_TENANT)->who, ROLE_DISTRICT);
    cr_expect_eq(method_find(METHOD_EVENTS, NOUN_NONE)->who, ROLE_DISTRICT);
}

// Who comes through a gateway is a person or their desk: nothing there administers.
Test(methods, for_the_outside_are_of_no_administrator)
{
    size_t count = 0;
    for (size_t i = 0; i < method_count; i++) {
        const struct method *method = &method_rows[i];
        if (!(method->flags & METHOD_OUTSIDE))
            continue;
        count++;
        cr_expect_eq(method->noun, NOUN_NONE, "%s", method->path);
        cr_expect(method->who == ROLE_DEVICE || method->who == ROLE_MACHINE ||
                      (method->who == ROLE_UNAUTHENTICATED && method->id == METHOD_HEALTH),
                  "%s", method->path);
    }
    cr_assert_gt(count, 0);
}
