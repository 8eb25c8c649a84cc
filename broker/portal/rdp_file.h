// SPDX-License-Identifier: EUPL-1.2
// The .rdp file that opens somebody's session in an RDP program, through a gateway by MS-TSGU. What decides where it
// leads and what it may is signed, as Windows' rdpsign does it; token and name stand outside of that, so one signed
// text serves everybody with the same terms.
#pragma once
#include "broker/base/fault.h"
#include "broker/base/text.h"

#include <openssl/x509.h>

struct rdp_file_terms {
    const char *gateway; // its host name, as in its certificate: the program sees no other
    int64_t port;
    // The session host, whose certificate the program sees then, and where it shows a typed password (NLA); NULL: the
    // gateway stands between, and nobody is asked for one.
    const char *host;
    bool clipboard, drives, printers;
};

// `above`: the certificates from the signer's up to one that programs believe, or NULL; all are borrowed. NULL with
// why: a name that can be none, or a key that cannot sign.
struct rdp_file *rdp_file_new(const struct rdp_file_terms *terms, X509 *signer, EVP_PKEY *key, STACK_OF(X509) * above,
                              struct fault *why);
void rdp_file_free(struct rdp_file *file); // NULL allowed
// Appends the whole file, UTF-16 with its mark. It holds the token: the caller wipes it, and has all of it then if
// there was nothing before. False with why: a name or a token with more than one line.
bool rdp_file_print(const struct rdp_file *file, const char *user_name, const char *token, struct text *to,
                    struct fault *why) __attribute__((warn_unused_result));
