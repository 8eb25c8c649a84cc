// SPDX-License-Identifier: EUPL-1.2
#include "broker/print_seal.h"
#include "broker/api/print_link.h"
#include "broker/base/base64.h"
#include "broker/base/file.h"
#include "broker/net/certificate.h"
#include "broker/net/envelope.h"

#include <stdlib.h>
#include <string.h>

enum { CERTIFICATE_MAX = 2048, SEALED_MAX = 4096 };

struct print_seal {
    struct envelope_key *key;
    char certificate[CERTIFICATE_MAX / 3 * 4 + 8]; // base64
};

static bool read_certificate(struct print_seal *seal, const char *path, struct fault *why)
{
    unsigned char *der = NULL;
    X509 *certificate = certificate_read(path, why);
    int length = certificate ? i2d_X509(certificate, &der) : -1;
    bool read = length > 0 && length <= CERTIFICATE_MAX &&
                base64_encode(seal->certificate, sizeof seal->certificate, der, (size_t)length);
    X509_free(certificate);
    OPENSSL_free(der);
    return read || (certificate && fault_set(why, FAULT_BROKEN, "%s: its certificate cannot be used", path));
}

struct print_seal *print_seal_open(const char *path, struct fault *why)
{
    if (!file_exists(path) && !envelope_key_create(path, "Pult print jobs", why))
        return NULL;
    struct print_seal *seal = mem_new(1, sizeof *seal);
    seal->key = envelope_key_load(path, why);
    if (seal->key && read_certificate(seal, path, why))
        return seal;
    print_seal_free(seal);
    return NULL;
}

void print_seal_free(struct print_seal *seal)
{
    if (!seal)
        return;
    envelope_key_free(seal->key);
    free(seal);
}

// A copy of a print server's disk is worth nothing to another print server, of whatever tenant.
static bool is_of_holder(const struct text *plain, const char *holder, struct fault *why)
{
    size_t length = strlen(holder);
    if (plain->length < PRINT_KEY_BYTES)
        return fault_set(why, FAULT_BROKEN, "what was sealed is no key of a job");
    return (plain->length == PRINT_KEY_BYTES + length && memcmp(plain->bytes + PRINT_KEY_BYTES, holder, length) == 0) ||
           fault_set(why, FAULT_DENIED, "another print server than %s sealed it", holder);
}

static bool open_sealed(void *self, const char *sealed, const char *holder, char *key, size_t size, struct fault *why)
{
    const struct print_seal *seal = self;
    unsigned char der[SEALED_MAX];
    size_t length = 0;
    struct text plain = {0};
    if (strlen(sealed) / 4 * 3 > sizeof der || !base64_decode(der, &length, sealed))
        return fault_set(why, FAULT_BROKEN, "the sealed key is not base64, or too long");
    bool opened = envelope_open(seal->key, der, length, &plain, why) && is_of_holder(&plain, holder, why) &&
                  (base64_encode(key, size, plain.bytes, PRINT_KEY_BYTES) ||
                   fault_set(why, FAULT_BROKEN, "there is no room for the key"));
    if (plain.bytes)
        explicit_bzero(plain.bytes, plain.length);
    text_drop(&plain);
    return opened;
}

struct seal_port print_seal_port(struct print_seal *seal)
{
    return (struct seal_port){seal, seal->certificate, open_sealed};
}
