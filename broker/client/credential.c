// SPDX-License-Identifier: EUPL-1.2
#include "broker/client/credential.h"
#include "broker/base/clock.h"
#include "broker/base/file.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/net/certificate.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { CERTIFICATE_MAX = 8192 };

struct credential {
    enum noun noun;
    char path[CREDENTIAL_PATH_SIZE], old_key[CREDENTIAL_PATH_SIZE], old_certificate[CREDENTIAL_PATH_SIZE];
    struct file_draft *draft; // the key, and then the certificate behind it
    int folder;               // locked
    EVP_PKEY *key;
};

static void request_drop(X509_REQ **request)
{
    X509_REQ_free(*request);
}

static void certificate_drop(X509 **certificate)
{
    X509_free(*certificate);
}

static void bio_drop(BIO **bio)
{
    BIO_free(*bio);
}

static void credential_drop(struct credential **pair)
{
    credential_free(*pair);
}

// ---- files

static void path_of(char path[CREDENTIAL_PATH_SIZE], enum noun noun, const char *state_dir, const char *end)
{
    snprintf(path, CREDENTIAL_PATH_SIZE, "%s/%s.%s", state_dir, noun_rows[noun].name, end);
}

void credential_files(struct credential_files *files, enum noun noun, const char *state_dir)
{
    char old_certificate[CREDENTIAL_PATH_SIZE];
    path_of(files->certificate, noun, state_dir, "pem");
    path_of(files->key, noun, state_dir, "pem");
    path_of(old_certificate, noun, state_dir, "crt");
    if (access(files->certificate, F_OK) == 0 || access(old_certificate, F_OK) != 0)
        return;
    TEXT_PUT(files->certificate, old_certificate);
    path_of(files->key, noun, state_dir, "key");
}

// ---- what is there

bool credential_dates(const struct credential_files *files, struct credential_dates *dates, struct fault *why)
{
    unsigned char digest[CERTIFICATE_DIGEST_BYTES];
    owned(certificate) X509 *certificate = certificate_read(files->certificate, why);
    if (!certificate)
        return false;
    certificate_digest(certificate, digest);
    text_hex(dates->digest, digest, sizeof digest);
    dates->from_ms = certificate_from_ms(certificate);
    dates->until_ms = certificate_until_ms(certificate);
    return true;
}

bool credential_check(struct conf_check *check, enum noun noun, const char *state_dir, const char *program)
{
    struct fault why = {0};
    struct credential_files files;
    struct credential_dates dates = {0};
    char until[CLOCK_TEXT_SIZE], line[240];
    const char *kind = noun_rows[noun].name;
    credential_files(&files, noun, state_dir);
    if (access(files.certificate, R_OK) != 0) {
        conf_found(check, "this %s is not enrolled (%s: %s); run %s --enrol", kind, files.certificate, strerror(errno),
                   program);
        return false;
    }
    if (!credential_dates(&files, &dates, &why)) {
        conf_found(check, "%s", why.text);
        return false;
    }
    if (dates.until_ms > clock_wall_ms())
        return true;
    // No mistake that keeps the program from starting: a greeter that says so is better than none.
    clock_text(until, dates.until_ms);
    snprintf(line, sizeof line,
             "the certificate of this %s ran out on %s: get a token by pultctl %s enrol-token, and run %s --enrol",
             kind, until, kind, program);
    check->report(check->arg, 0, line);
    return true;
}

// ---- a fresh one

static bool add_pem(struct file_draft *draft, BIO *pem, struct fault *why)
{
    char *bytes = NULL;
    long length = BIO_get_mem_data(pem, &bytes);
    return file_draft_add(draft, bytes, (size_t)length, why);
}

static bool draft_key(struct credential *pair, struct fault *why)
{
    owned(bio) BIO *pem = BIO_new(BIO_s_secmem());
    pair->key = EVP_EC_gen("P-256");
    if (!pem || !pair->key || !PEM_write_bio_PKCS8PrivateKey(pem, pair->key, NULL, NULL, 0, NULL, NULL))
        return fault_set(why, FAULT_BROKEN, "no key can be made");
    pair->draft = file_draft_new(pair->path, 0600, why);
    return pair->draft && add_pem(pair->draft, pem, why);
}

struct credential *credential_new(enum noun noun, const char *state_dir, struct fault *why)
{
    owned(credential) struct credential *pair = mem_new(1, sizeof *pair);
    pair->noun = noun;
    path_of(pair->path, noun, state_dir, "pem");
    path_of(pair->old_key, noun, state_dir, "key");
    path_of(pair->old_certificate, noun, state_dir, "crt");
    pair->folder = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (pair->folder < 0 || flock(pair->folder, LOCK_EX | LOCK_NB) != 0) {
        fault_set(why, FAULT_BUSY, "%s: %s", state_dir,
                  errno == EWOULDBLOCK ? "another program is replacing the key" : strerror(errno));
        return NULL;
    }
    // A disk that takes nothing is found out before the broker is asked for anything.
    return draft_key(pair, why) ? take(pair) : NULL;
}

void credential_free(struct credential *pair)
{
    if (!pair)
        return;
    file_draft_free(pair->draft);
    if (pair->folder >= 0)
        close(pair->folder);
    EVP_PKEY_free(pair->key);
    free(pair);
}

static X509_REQ *make_request(const struct credential *pair)
{
    owned(request) X509_REQ *request = X509_REQ_new();
    X509_NAME *name = X509_REQ_get_subject_name(request);
    // The broker decides which one this is, by token or certificate; the name here is for who looks at the request.
    const unsigned char *kind = (const unsigned char *)noun_rows[pair->noun].name;
    bool fine = X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, kind, -1, -1, 0) &&
                X509_REQ_set_pubkey(request, pair->key) && X509_REQ_sign(request, pair->key, EVP_sha256()) > 0;
    return fine ? take(request) : NULL;
}

bool credential_request(const struct credential *pair, char base64[CREDENTIAL_REQUEST_SIZE], struct fault *why)
{
    owned(request) X509_REQ *request = make_request(pair);
    unsigned char *der = NULL;
    int length = request ? i2d_X509_REQ(request, &der) : -1;
    bool fine = length > 0 && (size_t)length / 3 * 4 + 8 <= CREDENTIAL_REQUEST_SIZE;
    if (fine)
        EVP_EncodeBlock((unsigned char *)base64, der, length);
    OPENSSL_free(der);
    return fine || fault_set(why, FAULT_BROKEN, "cannot create a certificate request");
}

static X509 *decode(const char *base64)
{
    unsigned char der[CERTIFICATE_MAX];
    size_t length = strlen(base64);
    if (length == 0 || length % 4 || length / 4 * 3 > sizeof der)
        return NULL;
    int decoded = EVP_DecodeBlock(der, (const unsigned char *)base64, (int)length);
    const unsigned char *at = der;
    return decoded > 0 ? d2i_X509(NULL, &at, decoded) : NULL;
}

bool credential_keep(struct credential *pair, const char *certificate_base64, struct fault *why)
{
    owned(certificate) X509 *certificate = decode(certificate_base64);
    if (!certificate)
        return fault_set(why, FAULT_INVALID, "the broker's answer contains no certificate");
    if (X509_check_private_key(certificate, pair->key) != 1)
        return fault_set(why, FAULT_INVALID, "the broker's certificate is not for the key that was created here");
    owned(bio) BIO *pem = BIO_new(BIO_s_mem());
    if (!pem || !PEM_write_bio_X509(pem, certificate))
        return fault_set(why, FAULT_BROKEN, "the certificate cannot be written as PEM");
    if (!add_pem(pair->draft, pem, why) || !file_draft_publish(pair->draft, why))
        return false;
    unlink(pair->old_certificate);
    unlink(pair->old_key);
    return true;
}
