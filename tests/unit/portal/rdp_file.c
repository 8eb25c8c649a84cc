// SPDX-License-Identifier: EUPL-1.2
// Files for RDP programs: what is in them, and that OpenSSL finds the signature right for just that.
#include "broker/portal/rdp_file.h"
#include "broker/base/base64.h"
#include "broker/base/mem.h"
#include "tests/unit/portal/signer_fixture.h"

#include <criterion/criterion.h>
#include <openssl/pkcs7.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ"

static const struct rdp_file_terms usual = {.gateway = "gw.pult.example", .port = 443, .clipboard = true};
static struct fault why;

TestSuite(rdp_file, .init = signer_open, .fini = signer_close);

// As a program would read it: ASCII alone is in these.
static char *file_of(const struct rdp_file_terms *terms, const char *user_name)
{
    owned(text) struct text text = {0};
    struct rdp_file *file = rdp_file_new(terms, signer_certificate, signer_key, NULL, &why);
    cr_assert(file, "%s", why.text);
    cr_assert(rdp_file_print(file, user_name, TOKEN, &text, &why), "%s", why.text);
    rdp_file_free(file);
    return signer_read_file(text.bytes, text.length);
}

Test(rdp_file, leads_through_the_gateway_and_asks_nothing)
{
    owned(bytes) char *file = file_of(&usual, "anna");
    static const char *const lines[] = {
        "full address:s:gw.pult.example",
        "alternate full address:s:gw.pult.example",
        "gatewayhostname:s:gw.pult.example:443",
        "gatewayusagemethod:i:1",
        "gatewaycredentialssource:i:5",
        "gatewayaccesstoken:s:" TOKEN,
        "enablecredsspsupport:i:0",
        "prompt for credentials:i:0",
        "username:s:anna",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        cr_expect(signer_has_line(file, lines[i]), "%s", lines[i]);
}

// On hosts that take no one-time password: its own certificate, and a typed password.
Test(rdp_file, leads_to_the_host_itself_where_nobody_stands_between)
{
    struct rdp_file_terms terms = usual;
    terms.host = "pc1.neustadt.example";
    owned(bytes) char *file = file_of(&terms, "anna");
    static const char *const lines[] = {
        "full address:s:pc1.neustadt.example",
        "alternate full address:s:pc1.neustadt.example",
        "gatewayhostname:s:gw.pult.example:443",
        "enablecredsspsupport:i:1",
        "authentication level:i:2",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        cr_expect(signer_has_line(file, lines[i]), "%s", lines[i]);
}

Test(rdp_file, allows_what_the_terms_allow)
{
    for (int i = 0; i < 8; i++) {
        struct rdp_file_terms terms = usual;
        terms.clipboard = i & 1;
        terms.drives = i & 2;
        terms.printers = i & 4;
        owned(bytes) char *file = file_of(&terms, "anna");
        cr_expect(signer_has_line(file, i & 1 ? "redirectclipboard:i:1" : "redirectclipboard:i:0"));
        cr_expect(signer_has_line(file, i & 2 ? "redirectdrives:i:1" : "redirectdrives:i:0"));
        cr_expect(signer_has_line(file, i & 2 ? "drivestoredirect:s:*" : "drivestoredirect:s:"));
        cr_expect(signer_has_line(file, i & 4 ? "redirectprinters:i:1" : "redirectprinters:i:0"));
        cr_expect(signer_has_line(file, "redirectcomports:i:0"));
    }
}

// ---- the signature, read as Windows does

static size_t value_of(const char *file, const char *setting, const char **value)
{
    const char *at = strstr(file, setting);
    cr_assert_not_null(at);
    *value = at + strlen(setting);
    return strcspn(*value, "\r");
}

// What it is made over: the lines that the scope names come first in our files, and in its order.
static void signed_bytes(const char *file, struct text *bytes)
{
    const char *scope, *end = strstr(file, "screen mode id");
    size_t length = value_of(file, "signscope:s:", &scope);
    owned(text) struct text narrow = {0};
    text_add(&narrow, file, (size_t)(end - file));
    text_adds(&narrow, "signscope:s:");
    text_add(&narrow, scope, length);
    text_adds(&narrow, "\r\n");
    for (size_t i = 0; i <= narrow.length; i++) // with its NUL
        text_add(bytes, (const char[]){narrow.bytes[i], 0}, 2);
}

static bool signature_is_right(const char *file)
{
    const char *value;
    size_t length = value_of(file, "signature:s:", &value);
    owned(bytes) char *base64 = mem_copy(value, length + 1);
    base64[length] = 0;
    owned(bytes) unsigned char *bytes = mem_room(length);
    owned(text) struct text message = {0};
    cr_assert(base64_decode(bytes, &length, base64));
    static const unsigned char head[] = {1, 0, 1, 0, 1, 0, 0, 0};
    cr_assert_eq(memcmp(bytes, head, sizeof head), 0);
    cr_assert_eq((size_t)(bytes[8] | bytes[9] << 8), length - 12);
    const unsigned char *der = bytes + 12;
    PKCS7 *signature = d2i_PKCS7(NULL, &der, (long)length - 12);
    cr_assert_not_null(signature);
    cr_assert_eq(PKCS7_get_detached(signature), 1);
    signed_bytes(file, &message);
    BIO *content = BIO_new_mem_buf(message.bytes, (int)message.length);
    bool right = PKCS7_verify(signature, NULL, NULL, content, NULL, PKCS7_BINARY | PKCS7_NOVERIFY) == 1;
    BIO_free(content);
    PKCS7_free(signature);
    return right;
}

Test(rdp_file, is_signed_over_what_its_scope_names)
{
    owned(bytes) char *file = file_of(&usual, "anna");
    cr_assert(signature_is_right(file));
    strstr(file, "gatewayhostname:s:gw")[18] = 'x';
    cr_assert_not(signature_is_right(file));
}

Test(rdp_file, name_and_token_stand_outside_of_the_signature)
{
    owned(bytes) char *file = file_of(&usual, "anna");
    strstr(file, TOKEN)[0] = 'x';
    strstr(file, "username:s:anna")[11] = 'x';
    cr_assert(signature_is_right(file));
    const char *scope;
    size_t length = value_of(file, "signscope:s:", &scope);
    cr_assert_eq(strncmp(scope, "Full Address,Alternate Full Address,", 36), 0);
    cr_assert_null(memmem(scope, length, "ccess", 5));
}

Test(rdp_file, letters_of_any_kind_are_utf_16)
{
    owned(text) struct text text = {0};
    struct rdp_file *file = rdp_file_new(&usual, signer_certificate, signer_key, NULL, &why);
    cr_assert(rdp_file_print(file, "Jörg😀", TOKEN, &text, &why));
    static const char expected[] = "J\0\xf6\0r\0g\0\x3d\xd8\0\xde\r\0\n";
    cr_assert_not_null(memmem(text.bytes, text.length, expected, sizeof expected));
    rdp_file_free(file);
}

Test(rdp_file, nothing_of_two_lines_gets_in)
{
    owned(text) struct text text = {0};
    struct rdp_file_terms terms = usual;
    struct rdp_file *file = rdp_file_new(&usual, signer_certificate, signer_key, NULL, &why);
    cr_assert_not(rdp_file_print(file, "anna\r\nfull address:s:evil", TOKEN, &text, &why));
    cr_assert_not(rdp_file_print(file, "anna", "token\n", &text, &why));
    cr_assert_eq(text.length, 0);
    rdp_file_free(file);
    terms.gateway = "gw\r\npcb:s:x";
    cr_assert_null(rdp_file_new(&terms, signer_certificate, signer_key, NULL, &why));
    terms.gateway = "";
    cr_assert_null(rdp_file_new(&terms, signer_certificate, signer_key, NULL, &why));
    terms = usual;
    terms.host = "pc1\r\npcb:s:x";
    cr_assert_null(rdp_file_new(&terms, signer_certificate, signer_key, NULL, &why));
}
