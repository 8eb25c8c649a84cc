// SPDX-License-Identifier: EUPL-1.2
// One signed text for all with the same terms, and never that of others.
#include "broker/portal/rdp_signer.h"
#include "broker/base/mem.h"
#include "tests/unit/portal/signer_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct rdp_signer *signer;
static struct fault why;

static void open_signer(void)
{
    signer_open();
    signer = rdp_signer_new(signer_certificate, signer_key, NULL, &why);
    cr_assert(signer, "%s", why.text);
}

static void close_signer(void)
{
    rdp_signer_free(signer);
    signer_close();
}

TestSuite(rdp_signer, .init = open_signer, .fini = close_signer);

static const struct rdp_file *file_for(const struct rdp_file_terms *terms)
{
    const struct rdp_file *file = rdp_signer_file(signer, terms, &why);
    cr_assert(file, "%s", why.text);
    return file;
}

static void expect_line(const struct rdp_file_terms *terms, const char *line)
{
    owned(text) struct text text = {0};
    cr_assert(rdp_file_print(file_for(terms), "anna", "token", &text, &why), "%s", why.text);
    owned(bytes) char *file = signer_read_file(text.bytes, text.length);
    cr_expect(signer_has_line(file, line), "%s", line);
}

Test(rdp_signer, signs_once_for_all_with_the_same_terms)
{
    char gateway[] = "gw.pult.example";
    struct rdp_file_terms terms = {.gateway = gateway, .port = 443, .clipboard = true};
    const struct rdp_file *first = file_for(&terms);
    terms.gateway = "gw.pult.example";
    cr_expect_eq(file_for(&terms), first);
    gateway[0] = 'x'; // the caller's own, and gone by now
    cr_expect_eq(file_for(&terms), first);
}

Test(rdp_signer, gives_nobody_what_was_signed_for_others)
{
    struct rdp_file_terms terms = {.gateway = "gw.pult.example", .port = 443};
    expect_line(&terms, "redirectclipboard:i:0");
    terms.clipboard = true;
    expect_line(&terms, "redirectclipboard:i:1");
    terms.drives = true;
    expect_line(&terms, "redirectdrives:i:1");
    terms.printers = true;
    expect_line(&terms, "redirectprinters:i:1");
    terms.host = "pc1.example";
    expect_line(&terms, "full address:s:pc1.example");
    terms.port = 444;
    expect_line(&terms, "gatewayhostname:s:gw.pult.example:444");
    terms.gateway = "other.pult.example";
    expect_line(&terms, "gatewayhostname:s:other.pult.example:444");
}

// Of more than it keeps, the first are signed again.
Test(rdp_signer, signs_for_any_number)
{
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 200; i++) {
            char name[32], line[64];
            const struct rdp_file_terms terms = {.gateway = name, .port = 443};
            snprintf(name, sizeof name, "gw%d.pult.example", i);
            snprintf(line, sizeof line, "full address:s:gw%d.pult.example", i);
            expect_line(&terms, line);
        }
}

Test(rdp_signer, is_none_with_a_key_that_cannot_sign)
{
    EVP_PKEY *other = EVP_EC_gen("P-256");
    cr_expect_null(rdp_signer_new(signer_certificate, other, NULL, &why));
    EVP_PKEY_free(other);
}
