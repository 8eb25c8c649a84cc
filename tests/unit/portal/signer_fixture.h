// SPDX-License-Identifier: EUPL-1.2
// Who signs .rdp files in tests: a certificate that it has made itself. And such a file read again.
#pragma once
#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

extern EVP_PKEY *signer_key;
extern X509 *signer_certificate;

void signer_open(void);
void signer_close(void);

// What is in a file, UTF-16, of ASCII alone; the caller frees it.
char *signer_read_file(const char *bytes, size_t length);
bool signer_has_line(const char *file, const char *line);
