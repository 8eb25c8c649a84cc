// SPDX-License-Identifier: EUPL-1.2
#include "admin-tool/yaml.h"
#include "broker/api/codec_print.h"
#include "broker/api/record.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdlib.h>

static struct apply_request request;
static struct text printed;
static struct fault why;

#define NEEDED ", weight: 100, max_sessions: 10"

static bool read(const char *yaml)
{
    return yaml_read(&request, yaml, strlen(yaml), &why);
}

static void drop(void)
{
    record_free(apply_request_type.fields, &request);
    text_drop(&printed);
}

TestSuite(yaml, .fini = drop);

static const char *print(void)
{
    text_drop(&printed);
    codec_print_record(&printed, apply_request_type.fields, CODEC_JOURNAL, &request);
    return printed.bytes;
}

Test(yaml, reads_objects_by_the_types_of_their_fields)
{
    cr_assert(read("tenants:\n"
                   "  - id: neustadt\n"
                   "    name: Stadt Neustadt\n"
                   "    district: yes\n"
                   "    servers: [ldaps://a, ldaps://b]\n"
                   "    user_base: dc=a\n"
                   "    bind_dn: cn=b\n"
                   "hosts:\n"
                   "  - {id: neustadt/ts1, port: 3389, address: '10.0.0.1', pool: neustadt/p, fingerprint: ''" NEEDED
                   "}\n"),
              "%s", why.text);
    cr_assert_str_eq(
        print(),
        "{\"objects\":[{\"noun\":\"tenant\",\"id\":\"neustadt\",\"name\":\"Stadt Neustadt\","
        "\"district\":true,\"servers\":[\"ldaps://a\",\"ldaps://b\"],\"user_base\":\"dc=a\",\"bind_dn\":\"cn=b\"},"
        "{\"noun\":\"host\",\"id\":\"neustadt/ts1\",\"pool\":\"neustadt/p\","
        "\"address\":\"10.0.0.1\",\"port\":3389,\"weight\":100,\"max_sessions\":10}]}");
}

Test(yaml, takes_empty_sections_and_empty_lists)
{
    cr_assert(read("tenants:\nsites: []\n"), "%s", why.text);
    cr_assert_eq(request.objects.count, 0);
}

Test(yaml, keeps_text_that_looks_like_something_else)
{
    cr_assert(read("sites:\n  - id: neustadt/x\n    name: 1e3\n"), "%s", why.text);
    const struct apply_object *site = record_at(&request.objects, &apply_object_type, 0);
    cr_assert_str_eq(site->record.site.name, "1e3");
}

Test(yaml, says_the_line_of_what_lacks_a_field)
{
    cr_assert_not(read("hosts:\n  - id: a/b\n    port: 3389\n"));
    cr_assert(text_starts(why.text, "line 2: a host also needs: pool:"), "%s", why.text);
}

struct refused {
    char yaml[160], said[64];
};

ParameterizedTestParameters(yaml, refuses)
{
    static struct refused refused[] = {
        {"", "line 1: the file is empty"},
        {"- a\n", "line 1: expected sections"},
        {"desks: []\n", "line 1: unknown section desks"},
        {"sessions: []\n", "line 1: unknown section sessions"},
        {"sites: []\nsites: []\n", "line 2: duplicate key sites"},
        {"sites: x\n", "line 1: expected a list"},
        {"sites:\n  - x\n", "line 2: expected an object"},
        {"sites:\n  - name: x\n", "line 2: needs an id"},
        {"sites:\n  - id: Neustadt/X\n", "line 2: needs an id"},
        {"sites:\n  - id: neustadt\n", "line 2: needs an id"},
        {"sites:\n  - id: a/b\n    nam: x\n", "line 3: a site has no field nam"},
        {"sites:\n  - id: a/b\n    name: x\n    name: y\n", "line 4: duplicate key name"},
        {"hosts:\n  - id: a/b\n    draining: yes\n", "line 3: draining cannot be set"},
        {"devices:\n  - id: a/b\n    enrol_token_hash: x\n", "line 3: a device has no field enrol_token_hash"},
        {"hosts:\n  - id: a/b\n    port: 99999\n", "line 3: port: expected a number"},
        {"hosts:\n  - id: a/b\n    address: [x]\n", "line 3: expected a single value"},
        {"profiles:\n  - id: a/b\n    sound: perhaps\n", "line 3: sound: expected yes or no"},
        {"pools:\n  - id: a/b\n    kind: tent\n", "line 3: kind: expected one of terminal-server, desktop"},
        {"sites:\n  - id: a/b\n    name: {x: y}\n", "line 3: expected a value"},
        {"tenants:\n  - id: a\n    servers: [[x]]\n", "line 3: expected a list of words"},
        {"sites:\n  - id: a/b\n    name: \"\\0\"\n", "line 3: control characters"},
        {"sites:\n  - id: a/b\n    name: \"\\e[2J\"\n", "line 3: control characters"},
        {"sites: &a []\n", "line 1: anchors"},
        {"sites:\n  - &a {id: a/b}\n  - *a\n", "line 2: anchors"},
        {"sites:\n  - id: a/b\n    name: *a\n", "line 3: anchors"},
        {"sites:\n  - id: a/b\n    name: !!str x\n", "line 3: anchors"},
        {"sites: []\n---\nsites: []\n", "line 2: more than one document"},
        {"sites:\n  - id: a/b\n    name: \xff\n", "line"},
        {"sites:\n\t- id: a/b\n", "line 2: "},
        {"sites: [\n", "line 2: "},
        {"%YAML 9.9\n---\nsites: []\n", "line 1: "},
    };
    return cr_make_param_array(struct refused, refused, sizeof refused / sizeof *refused);
}

ParameterizedTest(struct refused *row, yaml, refuses)
{
    cr_assert_not(read(row->yaml), "%s", row->yaml);
    cr_assert_eq(request.objects.count, 0);
    cr_assert_null(request.objects.rows);
    cr_assert_eq(why.kind, FAULT_INVALID);
    cr_assert(text_starts(why.text, row->said), "%s\nsaid: %s", row->yaml, why.text);
}

static char *repeat(const char *start, const char *piece, size_t length)
{
    char *yaml = malloc(length + 1);
    size_t at = strlen(start), step = strlen(piece);
    memcpy(yaml, start, at);
    for (; at + step <= length; at += step)
        memcpy(yaml + at, piece, step);
    yaml[at] = 0;
    return yaml;
}

static void refuses_quickly(const char *start, const char *piece)
{
    char *yaml = repeat(start, piece, YAML_MAX);
    cr_assert_not(read(yaml));
    free(yaml);
}

Test(yaml, refuses_deep_nesting_at_once, .timeout = 20)
{
    refuses_quickly("sites: ", "[");
    refuses_quickly("sites: ", "{");
    refuses_quickly("sites: ", "[{");
    refuses_quickly("", "- ");
    refuses_quickly("", "? ");
}

Test(yaml, refuses_multiplying_aliases, .timeout = 20)
{
    cr_assert_not(read("a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b]\n"));
}

Test(yaml, refuses_more_than_a_mebibyte)
{
    char *yaml = repeat("", "# x\n", YAML_MAX + 4);
    cr_assert_not(yaml_read(&request, yaml, YAML_MAX + 1, &why));
    cr_assert(strstr(why.text, "1 MiB"), "%s", why.text);
    free(yaml);
}

Test(yaml, refuses_too_many_objects, .timeout = 20)
{
    char *yaml = repeat("sites:\n", "- {id: a/b, name: x}\n", 300 * 1000);
    cr_assert_not(read(yaml));
    cr_assert(strstr(why.text, "more than 10,000"), "%s", why.text);
    free(yaml);
}
