// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/job_seal.h"
#include "broker/base/base64.h"
#include "broker/base/file.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/net/certificate.h"
#include "broker/net/envelope.h"

#include <assert.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_SIZE = 300, DER_MAX = 4096 };

struct job_seal {
    char seal[PATH_SIZE], authority[PATH_SIZE];
    const char *holder;
    struct recipients *recipients; // NULL: nobody yet
};

static void certificate_drop(X509 **certificate)
{
    X509_free(*certificate);
}

static void read_recipients(struct job_seal *sealing)
{
    struct fault why = {0};
    if (!file_exists(sealing->seal))
        return;
    struct recipients *recipients = recipients_load(sealing->seal, &why);
    if (!recipients) {
        log_error("seal", "%s", why.text);
        return;
    }
    recipients_free(sealing->recipients);
    sealing->recipients = recipients;
}

struct job_seal *job_seal_new(const char *state_dir, const char *holder)
{
    struct job_seal *sealing = mem_new(1, sizeof *sealing);
    sealing->holder = holder;
    snprintf(sealing->seal, sizeof sealing->seal, "%s/seal.pem", state_dir);
    snprintf(sealing->authority, sizeof sealing->authority, "%s/authority.pem", state_dir);
    read_recipients(sealing);
    return sealing;
}

void job_seal_free(struct job_seal *sealing)
{
    if (!sealing)
        return;
    recipients_free(sealing->recipients);
    free(sealing);
}

static X509 *read_certificate(const char *base64, struct fault *why)
{
    size_t length = 0;
    unsigned char der[DER_MAX];
    const unsigned char *at = der;
    X509 *certificate = NULL;
    if (strlen(base64) / 4 * 3 <= sizeof der && base64_decode(der, &length, base64))
        certificate = d2i_X509(NULL, &at, (long)length);
    if (certificate && at == der + length)
        return certificate;
    X509_free(certificate);
    fault_set(why, FAULT_INVALID, "the broker sent no certificate");
    return NULL;
}

static bool keep_certificate(const char *path, const X509 *certificate, struct fault *why)
{
    unsigned char present[CERTIFICATE_DIGEST_BYTES], digest[CERTIFICATE_DIGEST_BYTES];
    certificate_digest(certificate, digest);
    if (certificate_file_digest(path, present, NULL) && memcmp(present, digest, sizeof digest) == 0)
        return true;
    return certificate_write(path, certificate, why);
}

bool job_seal_learn(struct job_seal *sealing, const char *seal, const char *authority, struct fault *why)
{
    owned(certificate) X509 *to = read_certificate(seal, why);
    owned(certificate) X509 *by = to ? read_certificate(authority, why) : NULL;
    if (!by || !keep_certificate(sealing->authority, by, why) || !keep_certificate(sealing->seal, to, why))
        return false;
    read_recipients(sealing);
    return true;
}

bool job_seal_is_ready(const struct job_seal *sealing)
{
    return sealing->recipients && file_exists(sealing->authority);
}

const char *job_seal_authority(const struct job_seal *sealing)
{
    return sealing->authority;
}

bool job_seal_seal(const struct job_seal *sealing, const unsigned char key[PRINT_KEY_BYTES],
                   char sealed[SPOOL_SEALED_SIZE], struct fault *why)
{
    owned(text) struct text envelope = {0};
    unsigned char plain[PRINT_KEY_BYTES + ID_SIZE];
    size_t length = strlen(sealing->holder);
    sealed[0] = 0;
    assert(length > 0 && length < ID_SIZE);
    if (!sealing->recipients)
        return fault_set(why, FAULT_UNAVAILABLE, "no broker has been heard of yet");
    memcpy(plain, key, PRINT_KEY_BYTES);
    memcpy(plain + PRINT_KEY_BYTES, sealing->holder, length);
    bool is_sealed = envelope_seal(sealing->recipients, plain, PRINT_KEY_BYTES + length, &envelope, why);
    explicit_bzero(plain, sizeof plain);
    return is_sealed && (base64_encode(sealed, SPOOL_SEALED_SIZE, envelope.bytes, envelope.length) ||
                         fault_set(why, FAULT_INVALID, "the broker's sealing certificate has too large a key"));
}
