// SPDX-License-Identifier: EUPL-1.2
// A browser's first message, as IronRDP 0.7.0 sends it, and what it is told.
#include "broker/pult-gateway/cleanpath.h"
#include "broker/base/mem.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static unsigned char bytes[CLEANPATH_REQUEST_MAX];
static struct cleanpath_request request;

static size_t load(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "tests/fuzz/corpus/cleanpath/%s", name);
    FILE *file = fopen(path, "rbe");
    cr_assert_not_null(file, "%s", path);
    size_t length = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return length;
}

static const char token[] = "qqqqqqqqqqqqqqqqqqqqq_-77777777777777777777";

static const struct {
    const char *name;
    enum cleanpath_answer answer;
    const char *token;
} rows[] = {
    {"iron-0.7.0", CLEANPATH_REQUEST, ""}, // its token is none of ours
    {"token", CLEANPATH_REQUEST, token},         {"blob", CLEANPATH_REQUEST, token},
    {"unknown-field", CLEANPATH_REQUEST, token}, {"followed", CLEANPATH_REQUEST, token},
    {"no-token", CLEANPATH_REQUEST, ""},         {"no-packet", CLEANPATH_WRONG, ""},
    {"other-version", CLEANPATH_WRONG, ""},      {"token-twice", CLEANPATH_WRONG, ""},
    {"out-of-order", CLEANPATH_WRONG, ""},       {"response", CLEANPATH_WRONG, ""},
    {"long-length", CLEANPATH_WRONG, ""},        {"indefinite", CLEANPATH_WRONG, ""},
    {"too-long", CLEANPATH_WRONG, ""},
};

Test(cleanpath, requests_are_read)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t wanted, length = load(rows[i].name);
        cr_expect_eq(cleanpath_read(&request, bytes, length, &wanted), rows[i].answer, "%s", rows[i].name);
        cr_expect_str_eq(request.token, rows[i].token, "%s", rows[i].name);
        if (rows[i].answer != CLEANPATH_REQUEST)
            continue;
        cr_expect_eq(request.rdp_request_length, 42, "%s", rows[i].name);
        cr_expect_eq(memcmp(request.rdp_request, "\x03\x00\x00\x2a\x25\xe0", 6), 0, "%s", rows[i].name);
    }
}

Test(cleanpath, a_request_comes_in_pieces)
{
    size_t wanted, length = load("token");
    for (size_t part = 0; part < length; part++) {
        cr_expect_eq(cleanpath_read(&request, bytes, part, &wanted), CLEANPATH_PARTIAL, "%zu", part);
        cr_expect_gt(wanted, part);
        cr_expect_str_empty(request.token);
    }
}

Test(cleanpath, a_token_has_letters_of_base64url_alone)
{
    size_t wanted, length = load("token");
    unsigned char *at = memmem(bytes, length, token, sizeof token - 1);
    static const char wrong[] = {'+', '/', '=', ' ', '\n', 0};
    for (size_t i = 0; i < sizeof wrong; i++) {
        at[5] = (unsigned char)wrong[i];
        cr_expect_eq(cleanpath_read(&request, bytes, length, &wanted), CLEANPATH_REQUEST);
        cr_expect_str_empty(request.token, "%d", wrong[i]);
    }
}

static void is_written(const struct text *out, const char *hex)
{
    char written[512];
    cr_assert_lt(2 * out->length, sizeof written);
    text_hex(written, out->bytes, out->length);
    cr_expect_str_eq(written, hex);
}

Test(cleanpath, an_error_says_what_happened)
{
    static const unsigned char refusal[] = {3, 0, 0, 19, 14, 0xd0, 0, 0, 0, 0, 0, 3, 0, 8, 0, 5, 0, 0, 0};
    static const struct {
        struct cleanpath_failure failure;
        const char *hex;
    } failures[] = {
        {{.http_status = 403}, "3015a00402020d3ea10d300ba003020101a10402020193"},
        {{.socket_error = CLEANPATH_SOCKET_REFUSED}, "3015a00402020d3ea10d300ba003020101a2040202274d"},
        {{.tls_alert = 42}, "3014a00402020d3ea10c300aa003020101a30302012a"},
        {{.http_status = 200}, "3015a00402020d3ea10d300ba003020101a104020200c8"},
        {{.confirm = refusal, .confirm_length = sizeof refusal},
         "3026a00402020d3ea1073005a003020102a6150413030000130ed000000000000300080005000000"},
    };
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        owned(text) struct text out = {0};
        cleanpath_write_failure(&out, &failures[i].failure);
        is_written(&out, failures[i].hex);
    }
}

Test(cleanpath, a_response_is_what_the_client_knows_as_one)
{
    static const unsigned char confirm[] = {3, 0, 0, 19, 14, 0xd0, 0, 0, 0x12, 0x34, 0, 2, 0, 8, 0, 1, 0, 0, 0};
    static const unsigned char certificate[] = {0x30, 3, 2, 1, 0};
    owned(text) struct text out = {0};
    size_t length = load("response");
    cleanpath_write_response(&out, confirm, sizeof confirm, certificate, sizeof certificate);
    cr_expect_eq(out.length, length);
    cr_expect_eq(memcmp(out.bytes, bytes, length), 0);
}

Test(cleanpath, long_certificates_fit)
{
    static const unsigned char confirm[19], certificate[2000];
    owned(text) struct text out = {0};
    cleanpath_write_response(&out, confirm, sizeof confirm, certificate, sizeof certificate);
    cr_expect_eq((size_t)((unsigned char)out.bytes[2] << 8 | (unsigned char)out.bytes[3]), out.length - 4);
    cr_expect_not_null(memmem(out.bytes, out.length, certificate, sizeof certificate));
}
