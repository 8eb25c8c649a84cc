// SPDX-License-Identifier: EUPL-1.2
// The client's half of SASL GSSAPI (RFC 4752): proves a service account to a directory by a ticket from a keytab. No
// security layer, since TLS is there already; bound to the server's certificate instead (RFC 5929), which a hardened
// domain controller demands. Blocks while a KDC is asked, so never in the loop's thread.
#pragma once
#include "broker/auth/ldap_types.h"
#include "broker/base/fault.h"

struct sasl_gssapi;

struct sasl_gssapi_config {
    const char *keytab;                   // path
    const char *principal;                // ours, "pult@REALM"
    const char *host;                     // the server's name, as in its certificate
    const char *realm;                    // of the server
    struct ldap_bytes server_certificate; // DER
};

// NULL with `why` when there is no ticket to be had.
struct sasl_gssapi *sasl_gssapi_new(const struct sasl_gssapi_config *config, struct fault *why);
void sasl_gssapi_free(struct sasl_gssapi *gssapi); // NULL allowed

// What to send next, after what the server said (hostile; empty at first): borrowed until the next step. False: the
// server has not proven itself, or demands a layer.
bool sasl_gssapi_step(struct sasl_gssapi *gssapi, struct ldap_bytes said, struct ldap_bytes *say, struct fault *why)
    __attribute__((warn_unused_result));
// The server has proven itself and knows that no layer follows: only then does its "success" mean anything.
bool sasl_gssapi_done(const struct sasl_gssapi *gssapi);
