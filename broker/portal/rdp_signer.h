// SPDX-License-Identifier: EUPL-1.2
// Who signs the .rdp files of a portal, and what was signed last: a signature costs the processor a millisecond, and
// all with the same terms have the same one.
#pragma once
#include "broker/portal/rdp_file.h"

struct rdp_signer;

// `above` as of rdp_file_new; all of it stays the caller's, too. NULL with why: such a key cannot sign.
struct rdp_signer *rdp_signer_new(X509 *certificate, EVP_PKEY *key, STACK_OF(X509) * above, struct fault *why);
void rdp_signer_free(struct rdp_signer *signer); // NULL allowed
// Good until the next call. NULL with why as of rdp_file_new.
const struct rdp_file *rdp_signer_file(struct rdp_signer *signer, const struct rdp_file_terms *terms,
                                       struct fault *why);
