// SPDX-License-Identifier: EUPL-1.2
#include "broker/net/certificate.h"
#include "broker/base/file.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

void certificate_digest(const X509 *certificate, unsigned char digest[CERTIFICATE_DIGEST_BYTES])
{
    unsigned length = CERTIFICATE_DIGEST_BYTES;
    int rc = X509_digest(certificate, EVP_sha256(), digest, &length);
    assert(rc == 1 && length == CERTIFICATE_DIGEST_BYTES);
    (void)rc;
}

static int64_t wall_ms(const ASN1_TIME *date)
{
    struct tm parts;
    return ASN1_TIME_to_tm(date, &parts) == 1 ? (int64_t)timegm(&parts) * 1000 : 0;
}

int64_t certificate_from_ms(const X509 *certificate)
{
    return wall_ms(X509_get0_notBefore(certificate));
}

int64_t certificate_until_ms(const X509 *certificate)
{
    return wall_ms(X509_get0_notAfter(certificate));
}

bool certificate_renews(const X509 *newer, const X509 *older)
{
    EVP_PKEY *key = X509_get0_pubkey(older);
    bool is_same = key && X509_NAME_cmp(X509_get_subject_name(newer), X509_get_subject_name(older)) == 0 &&
                   X509_get0_pubkey(newer) && EVP_PKEY_eq(X509_get0_pubkey(newer), key) == 1 &&
                   X509_verify((X509 *)(uintptr_t)newer, key) == 1;
    ERR_clear_error();
    return is_same && certificate_until_ms(newer) > certificate_until_ms(older);
}

// Without this OpenSSL asks on the terminal.
static int no_passphrase(char *buffer, int size, int writing, void *arg)
{
    (void)buffer, (void)size, (void)writing, (void)arg;
    return 0;
}

X509 *certificate_read(const char *path, struct fault *why)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        fault_set(why, FAULT_ABSENT, "%s: %s", path, strerror(errno));
        return NULL;
    }
    X509 *certificate = PEM_read_X509(file, NULL, no_passphrase, NULL);
    fclose(file);
    ERR_clear_error();
    if (!certificate)
        fault_set(why, FAULT_INVALID, "%s: no certificate in it", path);
    return certificate;
}

bool certificate_write(const char *path, const X509 *certificate, struct fault *why)
{
    char *bytes = NULL;
    BIO *pem = BIO_new(BIO_s_mem());
    bool printed = pem && PEM_write_bio_X509(pem, certificate) == 1;
    long length = printed ? BIO_get_mem_data(pem, &bytes) : 0;
    bool written = printed ? file_replace(path, 0644, bytes, (size_t)length, why)
                           : fault_set(why, FAULT_BROKEN, "%s: the certificate cannot be printed", path);
    BIO_free(pem);
    return written;
}

STACK_OF(X509) * certificate_read_all(const char *path, struct fault *why)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        fault_set(why, FAULT_ABSENT, "%s: %s", path, strerror(errno));
        return NULL;
    }
    STACK_OF(X509) *certificates = sk_X509_new_null();
    for (X509 *certificate; (certificate = PEM_read_X509(file, NULL, no_passphrase, NULL));)
        sk_X509_push(certificates, certificate);
    fclose(file);
    ERR_clear_error();
    if (sk_X509_num(certificates) > 0)
        return certificates;
    fault_set(why, FAULT_INVALID, "%s: no certificate in it", path);
    sk_X509_free(certificates);
    return NULL;
}

bool certificate_file_digest(const char *path, unsigned char digest[CERTIFICATE_DIGEST_BYTES], struct fault *why)
{
    X509 *certificate = certificate_read(path, why);
    if (certificate)
        certificate_digest(certificate, digest);
    X509_free(certificate);
    return certificate != NULL;
}

bool certificate_name_is_address(const char *name)
{
    ASN1_OCTET_STRING *address = a2i_IPADDRESS(name);
    ASN1_OCTET_STRING_free(address);
    ERR_clear_error();
    return address != NULL;
}

bool certificate_file_names(const char *path, const char *name)
{
    X509 *certificate = certificate_read(path, NULL);
    bool names = certificate && *name &&
                 (certificate_name_is_address(name) ? X509_check_ip_asc(certificate, name, 0) == 1
                                                    : X509_check_host(certificate, name, 0, 0, NULL) == 1);
    X509_free(certificate);
    return names;
}

bool certificate_file_authority(const char *path, char digest[2 * CERTIFICATE_DIGEST_BYTES + 1])
{
    unsigned char bytes[CERTIFICATE_DIGEST_BYTES];
    FILE *file = fopen(path, "re");
    X509 *last = NULL;
    int count = 0;
    for (X509 *next; file && (next = PEM_read_X509(file, NULL, no_passphrase, NULL)); count++) {
        X509_free(last);
        last = next;
    }
    ERR_clear_error();
    if (file)
        fclose(file);
    bool found = count > 1 && X509_check_ca(last) == 1 && X509_self_signed(last, 0) == 1;
    digest[0] = 0;
    if (found) {
        certificate_digest(last, bytes);
        text_hex(digest, bytes, sizeof bytes);
    }
    X509_free(last);
    return found;
}

bool certificate_file_holds(const char *many_path, const char *one_path)
{
    unsigned char wanted[CERTIFICATE_DIGEST_BYTES], digest[CERTIFICATE_DIGEST_BYTES];
    FILE *file = fopen(many_path, "re");
    bool holds = !file || !certificate_file_digest(one_path, wanted, NULL);
    for (X509 *certificate; file && (certificate = PEM_read_X509(file, NULL, no_passphrase, NULL));) {
        certificate_digest(certificate, digest);
        holds = holds || memcmp(digest, wanted, sizeof wanted) == 0;
        X509_free(certificate);
    }
    ERR_clear_error();
    if (file)
        fclose(file);
    return holds;
}

int64_t certificate_file_until_ms(const char *path, struct fault *why)
{
    int64_t first_ms = 0;
    STACK_OF(X509) *all = certificate_read_all(path, why);
    for (int i = 0; i < sk_X509_num(all); i++) {
        int64_t until_ms = certificate_until_ms(sk_X509_value(all, i));
        if (i == 0 || until_ms < first_ms)
            first_ms = until_ms;
    }
    sk_X509_pop_free(all, X509_free);
    return first_ms;
}

// ---- pairs

static bool read_certificates(struct certificate_pair *pair, const char *path, struct fault *why)
{
    pair->chain = certificate_read_all(path, why);
    pair->leaf = sk_X509_shift(pair->chain);
    if (!pair->leaf)
        return false;
    pair->from_ms = certificate_from_ms(pair->leaf);
    pair->until_ms = certificate_until_ms(pair->leaf);
    return true;
}

static bool read_key(struct certificate_pair *pair, const char *path, struct fault *why)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return fault_set(why, FAULT_ABSENT, "%s: %s", path, strerror(errno));
    pair->key = PEM_read_PrivateKey(file, NULL, no_passphrase, NULL);
    fclose(file);
    ERR_clear_error();
    return pair->key || fault_set(why, FAULT_INVALID, "%s: no key in it, or one with a passphrase", path);
}

bool certificate_pair_read(struct certificate_pair *pair, const char *certificate_file, const char *key_file,
                           struct fault *why)
{
    *pair = (struct certificate_pair){0};
    bool read =
        read_certificates(pair, certificate_file, why) && read_key(pair, key_file, why) &&
        (X509_check_private_key(pair->leaf, pair->key) == 1 ||
         fault_set(why, FAULT_INVALID, "%s is not the key of the certificate in %s", key_file, certificate_file));
    ERR_clear_error();
    if (!read)
        certificate_pair_drop(pair);
    return read;
}

void certificate_pair_drop(struct certificate_pair *pair)
{
    X509_free(take(pair->leaf));
    sk_X509_pop_free(take(pair->chain), X509_free);
    EVP_PKEY_free(take(pair->key));
}

bool certificate_pair_use(const struct certificate_pair *pair, SSL_CTX *context, struct fault *why)
{
    const EVP_PKEY *present = SSL_CTX_get0_privatekey(context);
    assert(pair->leaf && pair->key);
    if (present && EVP_PKEY_get_base_id(present) != EVP_PKEY_get_base_id(pair->key))
        return fault_set(why, FAULT_INVALID, "the new key is of another kind than the one in use: restart the broker");
    bool used = SSL_CTX_use_cert_and_key(context, pair->leaf, pair->key, pair->chain, 1) == 1;
    ERR_clear_error();
    return used || fault_set(why, FAULT_INVALID, "this certificate cannot be used");
}
