// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/totp_seal.h"
#include "broker/base/base64.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

enum { NONCE_BYTES = 12, TAG_BYTES = 16, AT_SECRET = NONCE_BYTES, AT_TAG = AT_SECRET + TOTP_SECRET_BYTES };

_Static_assert(AT_TAG + TAG_BYTES == TOTP_SEALED_BYTES && TOTP_SEALED_BYTES % 3 == 0, "base64 without padding");

bool totp_seal(char sealed[TOTP_SEALED_SIZE], const unsigned char key[TOTP_SEAL_KEY_BYTES], const char *owner,
               const unsigned char secret[TOTP_SECRET_BYTES])
{
    unsigned char bytes[TOTP_SEALED_BYTES];
    int length = 0;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    arc4random_buf(bytes, NONCE_BYTES);
    bool made = context && EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, bytes) == 1 &&
                EVP_EncryptUpdate(context, NULL, &length, (const unsigned char *)owner, (int)strlen(owner)) == 1 &&
                EVP_EncryptUpdate(context, bytes + AT_SECRET, &length, secret, TOTP_SECRET_BYTES) == 1 &&
                EVP_EncryptFinal_ex(context, bytes + AT_TAG, &length) == 1 &&
                EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, bytes + AT_TAG) == 1;
    EVP_CIPHER_CTX_free(context);
    return made && base64_encode(sealed, TOTP_SEALED_SIZE, bytes, sizeof bytes);
}

bool totp_unseal(unsigned char secret[TOTP_SECRET_BYTES], const unsigned char key[TOTP_SEAL_KEY_BYTES],
                 const char *owner, const char *sealed)
{
    unsigned char bytes[TOTP_SEALED_BYTES];
    size_t sealed_length = 0;
    int length = 0;
    memset(secret, 0, TOTP_SECRET_BYTES);
    if (strlen(sealed) != TOTP_SEALED_SIZE - 1 || !base64_decode(bytes, &sealed_length, sealed) ||
        sealed_length != sizeof bytes)
        return false;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    bool opened = context && EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, bytes) == 1 &&
                  EVP_DecryptUpdate(context, NULL, &length, (const unsigned char *)owner, (int)strlen(owner)) == 1 &&
                  EVP_DecryptUpdate(context, secret, &length, bytes + AT_SECRET, TOTP_SECRET_BYTES) == 1 &&
                  EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, bytes + AT_TAG) == 1 &&
                  EVP_DecryptFinal_ex(context, bytes + AT_TAG, &length) == 1;
    EVP_CIPHER_CTX_free(context);
    if (!opened)
        explicit_bzero(secret, TOTP_SECRET_BYTES);
    return opened;
}
