// SPDX-License-Identifier: EUPL-1.2
#include "broker/client/credential.h"
#include "broker/base/clock.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { CERTIFICATE_MAX = 8192, FRESH_SIZE = CREDENTIAL_PATH_SIZE + 8 };

struct credential {
    enum noun noun;
    char path[CREDENTIAL_PATH_SIZE], old_key[CREDENTIAL_PATH_SIZE], old_certificate[CREDENTIAL_PATH_SIZE];
    char fresh[FRESH_SIZE];
    bool kept;
    int folder; // locked
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

static void file_drop(FILE **file)
{
    if (*file)
        fclose(*file);
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

static FILE *open_fresh(const char *path, mode_t mode, struct fault *why)
{
    unlink(path);
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "w");
    if (!file)
        fault_set(why, FAULT_BROKEN, "%s: %s", path, strerror(errno));
    return file;
}

// The name is durable only with its folder.
static bool sync_folder(const char *path)
{
    char name[FRESH_SIZE];
    TEXT_PUT(name, path);
    char *slash = strrchr(name, '/');
    if (!slash)
        return false;
    slash[1] = 0;
    int folder = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = folder >= 0 && fsync(folder) == 0;
    if (folder >= 0)
        close(folder);
    return synced;
}

static bool settle(FILE *file, const char *fresh, const char *path, struct fault *why)
{
    bool fine = fflush(file) == 0 && fsync(fileno(file)) == 0 && rename(fresh, path) == 0 && sync_folder(path);
    return fine || fault_set(why, FAULT_BROKEN, "%s: %s", path, strerror(errno));
}

bool credential_write_line(const char *path, const char *line, struct fault *why)
{
    char fresh[FRESH_SIZE];
    snprintf(fresh, sizeof fresh, "%s.new", path);
    owned(file) FILE *file = open_fresh(fresh, 0644, why);
    if (!file)
        return false;
    fprintf(file, "%s\n", line);
    return settle(file, fresh, path, why);
}

// ---- what is there

static bool read_dates(const X509 *certificate, struct credential_dates *dates)
{
    struct tm from, until;
    unsigned char digest[32];
    unsigned length = sizeof digest;
    if (ASN1_TIME_to_tm(X509_get0_notBefore(certificate), &from) != 1 ||
        ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &until) != 1 ||
        X509_digest(certificate, EVP_sha256(), digest, &length) != 1)
        return false;
    dates->from_ms = (int64_t)timegm(&from) * 1000;
    dates->until_ms = (int64_t)timegm(&until) * 1000;
    text_hex(dates->digest, digest, sizeof digest);
    return true;
}

bool credential_dates(const struct credential_files *files, struct credential_dates *dates, struct fault *why)
{
    owned(file) FILE *file = fopen(files->certificate, "re");
    if (!file)
        return fault_set(why, FAULT_ABSENT, "%s: %s", files->certificate, strerror(errno));
    owned(certificate) X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
    return (certificate && read_dates(certificate, dates)) ||
           fault_set(why, FAULT_INVALID, "%s: no certificate in it", files->certificate);
}

void credential_check(struct conf_check *check, enum noun noun, const char *state_dir, const char *program)
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
        return;
    }
    if (!credential_dates(&files, &dates, &why)) {
        conf_found(check, "%s", why.text);
        return;
    }
    if (dates.until_ms > clock_wall_ms())
        return;
    // No mistake that keeps the program from starting: a greeter that says so is better than none.
    clock_text(until, dates.until_ms);
    snprintf(line, sizeof line,
             "the certificate of this %s ran out on %s: get a token by pultctl %s enrol-token, and run %s --enrol",
             kind, until, kind, program);
    check->report(check->arg, 0, line);
}

// ---- a fresh one

struct credential *credential_new(enum noun noun, const char *state_dir, struct fault *why)
{
    owned(credential) struct credential *pair = mem_new(1, sizeof *pair);
    pair->noun = noun;
    path_of(pair->path, noun, state_dir, "pem");
    path_of(pair->old_key, noun, state_dir, "key");
    path_of(pair->old_certificate, noun, state_dir, "crt");
    snprintf(pair->fresh, sizeof pair->fresh, "%s.new", pair->path);
    pair->folder = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (pair->folder < 0 || flock(pair->folder, LOCK_EX | LOCK_NB) != 0) {
        pair->kept = true; // what is there is somebody else's
        fault_set(why, FAULT_BUSY, "%s: %s", state_dir,
                  errno == EWOULDBLOCK ? "another program is about to replace the key" : strerror(errno));
        return NULL;
    }
    pair->key = EVP_EC_gen("P-256");
    owned(file) FILE *file = open_fresh(pair->fresh, 0600, why);
    if (!file)
        return NULL;
    // A disk that takes nothing is found out before the broker is asked for anything.
    bool written = pair->key && PEM_write_PKCS8PrivateKey(file, pair->key, NULL, NULL, 0, NULL, NULL) &&
                   fflush(file) == 0 && fsync(fileno(file)) == 0;
    if (written)
        return take(pair);
    fault_set(why, FAULT_BROKEN, "%s: no key can be written", pair->fresh);
    return NULL;
}

void credential_free(struct credential *pair)
{
    if (!pair)
        return;
    if (!pair->kept)
        unlink(pair->fresh);
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
    return fine || fault_set(why, FAULT_BROKEN, "no certificate request can be made");
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
        return fault_set(why, FAULT_INVALID, "the broker's answer holds no certificate");
    if (X509_check_private_key(certificate, pair->key) != 1)
        return fault_set(why, FAULT_INVALID, "the broker's certificate is not for the key that was made here");
    owned(file) FILE *file = fopen(pair->fresh, "ae"); // behind the key
    if (!file || !PEM_write_X509(file, certificate))
        return fault_set(why, FAULT_BROKEN, "%s cannot be written", pair->fresh);
    if (!settle(file, pair->fresh, pair->path, why))
        return false;
    pair->kept = true;
    unlink(pair->old_certificate);
    unlink(pair->old_key);
    return true;
}
