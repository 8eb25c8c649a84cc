// SPDX-License-Identifier: EUPL-1.2
#include "tests/unit/portal/signer_fixture.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <string.h>

EVP_PKEY *signer_key;
X509 *signer_certificate;

void signer_open(void)
{
    signer_key = EVP_EC_gen("P-256");
    signer_certificate = X509_new();
    X509_set_version(signer_certificate, 2);
    X509_gmtime_adj(X509_getm_notBefore(signer_certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(signer_certificate), 3600);
    X509_set_pubkey(signer_certificate, signer_key);
    X509_NAME *name = X509_get_subject_name(signer_certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"gw.pult.example", -1, -1, 0);
    X509_set_issuer_name(signer_certificate, name);
    cr_assert_gt(X509_sign(signer_certificate, signer_key, EVP_sha256()), 0);
}

void signer_close(void)
{
    X509_free(signer_certificate);
    EVP_PKEY_free(signer_key);
}

char *signer_read_file(const char *bytes, size_t length)
{
    cr_assert_geq(length, 2);
    cr_assert_eq(memcmp(bytes, "\xff\xfe", 2), 0);
    cr_assert_eq(length % 2, 0);
    char *narrow = mem_new(1, length);
    for (size_t i = 2; i < length; i += 2) {
        cr_assert_eq(bytes[i + 1], 0);
        narrow[i / 2 - 1] = bytes[i];
    }
    return narrow;
}

bool signer_has_line(const char *file, const char *line)
{
    owned(text) struct text whole = {0};
    text_addf(&whole, "%s\r\n", line);
    const char *at = strstr(file, whole.bytes);
    return at && (at == file || at[-1] == '\n');
}
