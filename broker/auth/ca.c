// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/ca.h"
#include "broker/api/machine.h"
#include "broker/base/file.h"
#include "broker/base/log.h"
#include "broker/base/text.h"
#include "broker/net/certificate.h"

#include <assert.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DAY_S = 24 * 60 * 60, CLOCK_SKEW_S = 3600 };

struct ca {
    EVP_PKEY *key;
    X509 *certificate;
    char *certificate_file;
    int64_t life_s, until_s;
};

static void key_drop(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

static void x509_drop(X509 **certificate)
{
    X509_free(*certificate);
}

static void bio_drop(BIO **bio)
{
    BIO_free(*bio);
}

static void request_drop(X509_REQ **request)
{
    X509_REQ_free(*request);
}

static void file_drop(FILE **file)
{
    if (*file)
        fclose(*file);
}

static bool add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool added = extension && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return added;
}

static bool set_serial(X509 *certificate)
{
    unsigned char random[16];
    if (RAND_bytes(random, sizeof random) != 1)
        return false;
    random[0] &= 0x7f;
    BIGNUM *number = BN_bin2bn(random, sizeof random, NULL);
    bool set = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
    BN_free(number);
    return set;
}

// A clock that is behind takes a young certificate, too; of a short life that is a small part.
static bool set_dates(X509 *certificate, int64_t now_s, int64_t until_s)
{
    int64_t early_s = (until_s - now_s) / 10;
    return ASN1_TIME_set(X509_getm_notBefore(certificate), now_s - (early_s < CLOCK_SKEW_S ? early_s : CLOCK_SKEW_S)) &&
           ASN1_TIME_set(X509_getm_notAfter(certificate), until_s);
}

static bool set_common(X509 *certificate, const char *common_name, EVP_PKEY *key, int64_t until_s)
{
    X509_NAME *name = X509_get_subject_name(certificate);
    return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
           set_dates(certificate, time(NULL), until_s) &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name, -1, -1, 0) == 1 &&
           X509_set_pubkey(certificate, key) == 1;
}

static X509 *make_own(EVP_PKEY *key)
{
    owned(x509) X509 *certificate = X509_new();
    bool made = certificate && set_common(certificate, "Pult device CA", key, time(NULL) + (int64_t)CA_DAYS * DAY_S) &&
                X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) == 1 &&
                add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign") &&
                add_extension(certificate, certificate, NID_subject_key_identifier, "hash") &&
                X509_sign(certificate, key, EVP_sha256()) > 0;
    return made ? take(certificate) : NULL;
}

static EVP_PKEY *read_key(const char *path)
{
    owned(file) FILE *file = fopen(path, "re");
    return file ? PEM_read_PrivateKey(file, NULL, NULL, NULL) : NULL;
}

static bool create_key(const char *path, struct fault *why)
{
    char *bytes = NULL;
    owned(bio) BIO *pem = BIO_new(BIO_s_secmem());
    owned(key) EVP_PKEY *key = EVP_EC_gen("P-256");
    if (!pem || !key || PEM_write_bio_PrivateKey(pem, key, NULL, NULL, 0, NULL, NULL) != 1)
        return fault_set(why, FAULT_BROKEN, "the device CA's key could not be made");
    long length = BIO_get_mem_data(pem, &bytes);
    return file_create(path, 0600, bytes, (size_t)length, why);
}

bool ca_create(const char *key_file, const char *certificate_file, struct fault *why)
{
    if (file_exists(certificate_file))
        return fault_set(why, FAULT_CONFLICT, "%s: is there already", certificate_file);
    if (!file_exists(key_file) && !create_key(key_file, why))
        return false;
    owned(key) EVP_PKEY *key = read_key(key_file);
    owned(x509) X509 *certificate = key ? make_own(key) : NULL;
    if (!certificate)
        return fault_set(why, FAULT_BROKEN, "%s: no certificate could be made for this key", key_file);
    return certificate_write(certificate_file, certificate, why);
}

// With the same key and the same name, so that what the old one signed is good by the new one as well.
bool ca_renew(struct ca *ca)
{
    if (ca->until_s - time(NULL) >= (int64_t)CA_RENEWED_DAYS * DAY_S)
        return false;
    owned(x509) X509 *certificate = make_own(ca->key);
    const X509_NAME *name = X509_get_subject_name(ca->certificate);
    // One that was not made here is looked after elsewhere.
    if (!certificate || X509_NAME_cmp(X509_get_subject_name(certificate), name) != 0)
        return false;
    struct fault why = {0};
    if (!certificate_write(ca->certificate_file, certificate, &why)) {
        log_warn("enrol", "the device CA's certificate cannot be renewed: %s", why.text);
        return false;
    }
    X509_free(ca->certificate);
    ca->certificate = take(certificate);
    ca->until_s = certificate_until_ms(ca->certificate) / 1000;
    log_info("enrol", "%s: renewed the device CA's certificate", ca->certificate_file);
    return true;
}

struct ca *ca_open(const char *key_file, const char *certificate_file, int64_t life_s, struct fault *why)
{
    struct ca *ca = mem_new(1, sizeof *ca);
    ca->life_s = life_s;
    ca->certificate_file = mem_dup(certificate_file);
    ca->key = read_key(key_file);
    ca->certificate = certificate_read(certificate_file, NULL);
    if (!ca->key || !ca->certificate || X509_check_private_key(ca->certificate, ca->key) != 1) {
        fault_set(why, FAULT_BROKEN, "%s and %s: not a key and its certificate", key_file, certificate_file);
        ca_free(ca);
        return NULL;
    }
    ca->until_s = certificate_until_ms(ca->certificate) / 1000;
    ca_renew(ca);
    return ca;
}

// ---- the broker's own

// A renewed CA is shown at once, so that machines can learn it while the former is good.
static bool shows(const struct ca *ca, const char *path)
{
    unsigned char bytes[CERTIFICATE_DIGEST_BYTES];
    char shown[2 * CERTIFICATE_DIGEST_BYTES + 1], own[2 * CERTIFICATE_DIGEST_BYTES + 1];
    certificate_digest(ca->certificate, bytes);
    text_hex(own, bytes, sizeof bytes);
    return certificate_file_authority(path, shown) && text_equal(shown, own);
}

static bool serves_on(const struct ca *ca, const char *name, const char *path)
{
    owned(x509) X509 *present = certificate_read(path, NULL);
    if (!present || !certificate_file_names(path, name) || X509_verify(present, ca->key) != 1 || !shows(ca, path))
        return false;
    int64_t from_ms = certificate_from_ms(present), until_ms = certificate_until_ms(present);
    return until_ms - (int64_t)time(NULL) * 1000 > (until_ms - from_ms) / 3;
}

static X509 *sign_server(const struct ca *ca, const char *name, EVP_PKEY *key)
{
    char names[300];
    owned(x509) X509 *certificate = X509_new();
    int64_t until_s = time(NULL) + ca->life_s;
    snprintf(names, sizeof names, "%s:%.250s", certificate_name_is_address(name) ? "IP" : "DNS", name);
    bool made = certificate &&
                set_common(certificate, "Pult broker", key, until_s < ca->until_s ? until_s : ca->until_s) &&
                X509_set_issuer_name(certificate, X509_get_subject_name(ca->certificate)) == 1 &&
                add_extension(certificate, ca->certificate, NID_basic_constraints, "critical,CA:FALSE") &&
                add_extension(certificate, ca->certificate, NID_key_usage, "critical,digitalSignature") &&
                add_extension(certificate, ca->certificate, NID_ext_key_usage, "serverAuth") &&
                add_extension(certificate, ca->certificate, NID_subject_alt_name, names) &&
                X509_sign(certificate, ca->key, EVP_sha256()) > 0;
    return made ? take(certificate) : NULL;
}

bool ca_certify_server(const struct ca *ca, const char *name, const char *path, bool *made, struct fault *why)
{
    char *bytes = NULL;
    *made = false;
    if (serves_on(ca, name, path))
        return true;
    owned(key) EVP_PKEY *key = EVP_EC_gen("P-256");
    owned(x509) X509 *certificate = key ? sign_server(ca, name, key) : NULL;
    owned(bio) BIO *pem = BIO_new(BIO_s_secmem());
    if (!certificate || !pem || PEM_write_bio_PrivateKey(pem, key, NULL, NULL, 0, NULL, NULL) != 1 ||
        PEM_write_bio_X509(pem, certificate) != 1 || PEM_write_bio_X509(pem, ca->certificate) != 1)
        return fault_set(why, FAULT_BROKEN, "no certificate can be made for \"%s\", the name of this broker", name);
    long length = BIO_get_mem_data(pem, &bytes);
    *made = file_replace(path, 0600, bytes, (size_t)length, why);
    return *made;
}

void ca_free(struct ca *ca)
{
    if (!ca)
        return;
    EVP_PKEY_free(ca->key);
    X509_free(ca->certificate);
    free(ca->certificate_file);
    free(ca);
}

// Only the request's key counts, and that it is P-256 and its own: name and extensions are ours.
static EVP_PKEY *key_of_request(const unsigned char *der, size_t length, struct fault *why)
{
    const unsigned char *at = der;
    owned(request) X509_REQ *request = d2i_X509_REQ(NULL, &at, (long)length);
    if (!request || at != der + length) {
        fault_set(why, FAULT_INVALID, "request: not a PKCS #10 request");
        return NULL;
    }
    EVP_PKEY *key = X509_REQ_get_pubkey(request);
    char group[32] = "";
    bool right = key && EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1 &&
                 text_equal(group, "prime256v1") && X509_REQ_verify(request, key) == 1;
    if (right)
        return key;
    EVP_PKEY_free(key);
    fault_set(why, FAULT_INVALID, "request: not signed with the P-256 key it contains");
    return NULL;
}

static bool name_renewed(X509 *certificate, X509 *issuer, const char *renews)
{
    char value[sizeof "URI:" CA_RENEWS + DIGEST_SIZE];
    snprintf(value, sizeof value, "URI:" CA_RENEWS "%s", renews);
    return !renews[0] || add_extension(certificate, issuer, NID_subject_alt_name, value);
}

// A device and a host may bear one id, so its kind stands beside it.
static bool name_kind(X509 *certificate, const struct machine_row *machine)
{
    const unsigned char *kind = (const unsigned char *)noun_rows[machine->noun].name;
    return X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "OU", MBSTRING_UTF8, kind, -1, -1, 0) == 1;
}

static bool sign_request(void *self, const unsigned char *der, size_t length, enum noun noun, const char *id,
                         const char *renews, struct ca_certificate *out, struct fault *why)
{
    struct ca *ca = self;
    const struct machine_row *machine = machine_of(noun);
    assert(machine);
    *out = (struct ca_certificate){0};
    owned(key) EVP_PKEY *key = key_of_request(der, length, why);
    if (!key)
        return false;
    owned(x509) X509 *certificate = X509_new();
    int64_t until_s = time(NULL) + ca->life_s;
    if (until_s > ca->until_s)
        until_s = ca->until_s;
    bool made = certificate && set_common(certificate, id, key, until_s) && name_kind(certificate, machine) &&
                X509_set_issuer_name(certificate, X509_get_subject_name(ca->certificate)) == 1 &&
                add_extension(certificate, ca->certificate, NID_basic_constraints, "critical,CA:FALSE") &&
                add_extension(certificate, ca->certificate, NID_key_usage, "critical,digitalSignature") &&
                add_extension(certificate, ca->certificate, NID_ext_key_usage,
                              machine->serves ? "clientAuth,serverAuth" : "clientAuth") &&
                name_renewed(certificate, ca->certificate, renews) && X509_sign(certificate, ca->key, EVP_sha256()) > 0;
    int written = made ? i2d_X509(certificate, &out->der) : -1;
    if (written <= 0)
        return fault_set(why, FAULT_BROKEN, "could not create the certificate");
    out->length = (size_t)written;
    out->until_ms = until_s * 1000;
    return true;
}

static bool own_certificate(void *self, struct ca_certificate *out)
{
    const struct ca *ca = self;
    *out = (struct ca_certificate){.until_ms = ca->until_s * 1000};
    int length = i2d_X509(ca->certificate, &out->der);
    out->length = length > 0 ? (size_t)length : 0;
    return length > 0;
}

struct ca_port ca_port(struct ca *ca)
{
    return (struct ca_port){ca, ca->until_s * 1000, own_certificate, sign_request};
}
