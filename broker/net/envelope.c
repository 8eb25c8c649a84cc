// SPDX-License-Identifier: EUPL-1.2
#include "broker/net/envelope.h"
#include "broker/base/file.h"
#include "broker/base/mem.h"
#include "broker/net/certificate.h"

#include <assert.h>
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALID_DAYS = 36500 }; // nobody looks at that

struct recipients {
    STACK_OF(X509) * certificates;
};

struct envelope_key {
    EVP_PKEY *pair;
};

static void cms_drop(CMS_ContentInfo **cms)
{
    CMS_ContentInfo_free(*cms);
}

static void pair_drop(EVP_PKEY **pair)
{
    EVP_PKEY_free(*pair);
}

static void certificate_drop(X509 **certificate)
{
    X509_free(*certificate);
}

static void bio_drop(BIO **bio)
{
    BIO_free(*bio);
}

static void take_bytes(BIO *from, struct text *to)
{
    char *bytes = NULL;
    long length = BIO_get_mem_data(from, &bytes);
    text_add(to, bytes, length > 0 ? (size_t)length : 0);
}

// ---- sealing

static bool can_open_something(const struct recipients *recipients, const char *path, struct fault *why)
{
    owned(text) struct text sealed = {0};
    return envelope_seal(recipients, "?", 1, &sealed, NULL) ||
           fault_set(why, FAULT_INVALID, "%s: nothing can be encrypted to one of its keys; take RSA or P-256", path);
}

struct recipients *recipients_load(const char *path, struct fault *why)
{
    STACK_OF(X509) *certificates = certificate_read_all(path, why);
    if (!certificates)
        return NULL;
    struct recipients *recipients = mem_new(1, sizeof *recipients);
    recipients->certificates = certificates;
    if (can_open_something(recipients, path, why))
        return recipients;
    recipients_free(recipients);
    return NULL;
}

void recipients_free(struct recipients *recipients)
{
    if (!recipients)
        return;
    sk_X509_pop_free(recipients->certificates, X509_free);
    free(recipients);
}

void recipients_describe(const struct recipients *recipients, struct text *out)
{
    for (int i = 0; i < sk_X509_num(recipients->certificates); i++) {
        unsigned char digest[CERTIFICATE_DIGEST_BYTES];
        char subject[128], hex[2 * CERTIFICATE_DIGEST_BYTES + 1];
        const X509 *certificate = sk_X509_value(recipients->certificates, i);
        certificate_digest(certificate, digest);
        text_hex(hex, digest, sizeof digest);
        X509_NAME_oneline(X509_get_subject_name(certificate), subject, sizeof subject);
        text_addf(out, "%s%s %s", i ? "\n" : "", subject, hex);
    }
}

bool envelope_seal(const struct recipients *recipients, const void *bytes, size_t length, struct text *sealed,
                   struct fault *why)
{
    assert(length > 0 && length <= ENVELOPE_PLAIN_MAX && !sealed->length);
    owned(bio) BIO *plain = BIO_new_mem_buf(bytes, (int)length);
    owned(bio) BIO *out = BIO_new(BIO_s_mem());
    owned(cms) CMS_ContentInfo *cms =
        CMS_encrypt(recipients->certificates, plain, EVP_aes_256_gcm(), CMS_BINARY | CMS_PARTIAL);
    bool done = cms && out && CMS_final(cms, plain, NULL, CMS_BINARY) == 1 && i2d_CMS_bio(out, cms) == 1;
    ERR_clear_error();
    if (!done)
        return fault_set(why, FAULT_INVALID, "cannot encrypt to the certificates");
    take_bytes(out, sealed);
    return true;
}

// ---- opening

static CMS_ContentInfo *read_envelope(const void *sealed, size_t length, struct fault *why)
{
    const unsigned char *at = sealed;
    CMS_ContentInfo *cms = length <= ENVELOPE_MAX ? d2i_CMS_ContentInfo(NULL, &at, (long)length) : NULL;
    ERR_clear_error();
    if (cms && at == (const unsigned char *)sealed + length &&
        OBJ_obj2nid(CMS_get0_type(cms)) == NID_id_smime_ct_authEnvelopedData)
        return cms;
    CMS_ContentInfo_free(cms);
    fault_set(why, FAULT_BROKEN, "it is no envelope (CMS AuthEnvelopedData), or damaged");
    return NULL;
}

bool envelope_check(const void *sealed, size_t length, struct fault *why)
{
    owned(cms) CMS_ContentInfo *cms = read_envelope(sealed, length, why);
    return cms != NULL;
}

static bool certify_self(X509 *certificate, EVP_PKEY *key, const char *name)
{
    X509_NAME *subject = X509_get_subject_name(certificate);
    return X509_set_version(certificate, X509_VERSION_3) == 1 &&
           ASN1_INTEGER_set_int64(X509_get_serialNumber(certificate), (int64_t)(arc4random() >> 1) + 1) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), 0) &&
           X509_time_adj_ex(X509_getm_notAfter(certificate), VALID_DAYS, 0, NULL) &&
           X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, subject) == 1 && X509_set_pubkey(certificate, key) == 1 &&
           X509_sign(certificate, key, EVP_sha256()) > 0;
}

bool envelope_key_create(const char *path, const char *name, struct fault *why)
{
    char *bytes = NULL;
    owned(pair) EVP_PKEY *key = EVP_EC_gen("P-256");
    owned(certificate) X509 *certificate = X509_new();
    owned(bio) BIO *pem = BIO_new(BIO_s_secmem());
    if (!key || !certificate || !pem || !certify_self(certificate, key, name) ||
        PEM_write_bio_PrivateKey(pem, key, NULL, NULL, 0, NULL, NULL) != 1 || PEM_write_bio_X509(pem, certificate) != 1)
        return fault_set(why, FAULT_BROKEN, "%s: no key could be made", path);
    long length = BIO_get_mem_data(pem, &bytes);
    return file_create(path, 0600, bytes, (size_t)length, why);
}

struct envelope_key *envelope_key_load(const char *path, struct fault *why)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        fault_set(why, FAULT_ABSENT, "%s: %s", path, strerror(errno));
        return NULL;
    }
    EVP_PKEY *pair = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    ERR_clear_error();
    if (!pair) {
        fault_set(why, FAULT_INVALID, "%s: no private key in it, or another passphrase", path);
        return NULL;
    }
    struct envelope_key *key = mem_new(1, sizeof *key);
    key->pair = pair;
    return key;
}

void envelope_key_free(struct envelope_key *key)
{
    if (!key)
        return;
    EVP_PKEY_free(key->pair);
    free(key);
}

bool envelope_open(const struct envelope_key *key, const void *sealed, size_t length, struct text *plain,
                   struct fault *why)
{
    assert(!plain->length);
    owned(cms) CMS_ContentInfo *cms = read_envelope(sealed, length, why);
    owned(bio) BIO *out = BIO_new(BIO_s_secmem());
    if (!cms)
        return false;
    // It gives out what it decrypts before it knows whether that was altered: `out` is looked at only afterwards.
    bool opened = out && CMS_decrypt(cms, key->pair, NULL, NULL, out, CMS_BINARY) == 1;
    ERR_clear_error();
    if (!opened)
        return fault_set(why, FAULT_DENIED, "this key does not open it: it was made for others, or altered");
    take_bytes(out, plain);
    return true;
}
