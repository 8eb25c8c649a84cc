// SPDX-License-Identifier: EUPL-1.2
// Proves people by their Kerberos ticket: Negotiate (SPNEGO) or bare Kerberos, in one step, without any network.
// The home of GSSAPI on the broker's side.
#pragma once
#include "broker/base/fault.h"
#include "broker/core/port.h"

struct krb5_acceptor;

enum { KRB5_TOKEN_MAX = 65536 };

// Reads <folder>/<tenant>.keytab. NULL with FAULT_UNAVAILABLE when it cannot.
struct krb5_acceptor *krb5_acceptor_new(const char *folder, const char *tenant_id, struct fault *why);
void krb5_acceptor_free(struct krb5_acceptor *acceptor); // NULL allowed
// Why the last ticket was not accepted, where that was not its owner's fault: a clock, a key that is not in the keytab.
// Empty when it was accepted.
const char *krb5_acceptor_trouble(const struct krb5_acceptor *acceptor);

// `token_base64` is hostile. `binding`: SHA-256 of the certificate the client saw; the ticket must be bound to it
// (RFC 5929, tls-server-end-point). True: `principal` is "name@REALM", of exactly this `realm` and without an instance.
// `is_domain`: the realm is an Active Directory, and the name is what its domain controller vouches for, see pac.h.
// `reply` is base64, empty when there is none. False: FAULT_DENIED, or FAULT_INVALID for what is no token.
bool krb5_acceptor_accept(struct krb5_acceptor *acceptor, const char *realm, bool is_domain, const char *token_base64,
                          const unsigned char binding[32], char principal[DN_SIZE], char *reply, size_t reply_size,
                          struct fault *why) __attribute__((warn_unused_result));
