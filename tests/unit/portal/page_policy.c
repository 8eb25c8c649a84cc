// SPDX-License-Identifier: EUPL-1.2
// What a browser may do with the portal's answers.
#include "broker/portal/page_policy.h"

#include <criterion/criterion.h>
#include <string.h>

static const char *value_of(enum page_kind kind, const char *name)
{
    const char *value = NULL;
    for (const struct page_field *field = page_policy(kind); field->name; field++)
        if (strcmp(field->name, name) == 0) {
            cr_assert_null(value, "%s is there twice", name);
            value = field->value;
        }
    return value ? value : "";
}

Test(page_policy, every_answer_comes_by_tls_is_what_it_says_and_is_framed_by_none)
{
    for (enum page_kind kind = 0; kind < PAGE_KIND_COUNT; kind++) {
        const char *policy = value_of(kind, "Content-Security-Policy");
        cr_expect_str_eq(value_of(kind, "X-Content-Type-Options"), "nosniff");
        cr_expect_str_eq(value_of(kind, "Strict-Transport-Security"), "max-age=31536000");
        cr_expect(strstr(policy, "default-src 'none'"));
        cr_expect(strstr(policy, "frame-ancestors 'none'"));
        cr_expect_not(strstr(policy, "unsafe-eval'") && !strstr(policy, "'wasm-unsafe-eval'"));
        cr_expect_not(strstr(policy, "http:") || strstr(policy, "https:") || strstr(policy, "*"));
    }
}

Test(page_policy, the_desktop_alone_gets_what_its_client_needs)
{
    for (enum page_kind kind = 0; kind < PAGE_KIND_COUNT; kind++) {
        const char *policy = value_of(kind, "Content-Security-Policy");
        cr_expect_eq(strstr(policy, "unsafe") != NULL, kind == PAGE_DESKTOP, "%s", policy);
    }
    const char *policy = value_of(PAGE_DESKTOP, "Content-Security-Policy");
    cr_expect(strstr(policy, "script-src 'self' 'wasm-unsafe-eval';"));
    cr_expect(strstr(policy, "style-src 'self' 'unsafe-inline';"));
}

Test(page_policy, what_is_about_a_person_is_kept_nowhere)
{
    for (enum page_kind kind = 0; kind < PAGE_KIND_COUNT; kind++)
        cr_expect_eq(strcmp(value_of(kind, "Cache-Control"), "no-store") == 0, kind != PAGE_ASSET);
}
