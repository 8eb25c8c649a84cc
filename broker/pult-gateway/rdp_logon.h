// SPDX-License-Identifier: EUPL-1.2
// The host's side of an RDP connection, for as long as it takes to know who comes (MS-RDPBCGR 1.3.1.1): connect, name
// and password, licence, capabilities. Then the client is sent to where its desktop is (2.2.13.3), or told why not
// (2.2.5.1). Only bytes; what the client says is hostile.
#pragma once
#include "broker/base/mem.h"
#include "broker/pult-gateway/rdp_host_answer.h"
#include "broker/pult-gateway/typed_proof.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RDP_LOGON_NAME_SIZE = 3 * 255 + 1 };

enum rdp_logon_event {
    RDP_LOGON_MORE,    // read on
    RDP_LOGON_KNOWN,   // name and password are there; read on
    RDP_LOGON_WAITING, // for rdp_host_redirect or rdp_host_refuse, after which the connection ends; no more is read
    RDP_LOGON_BROKEN,  // `why`; no more can be read
};

struct rdp_logon_part {
    enum rdp_logon_event event;
    struct rdp_host_answer answer; // to be sent, whatever the event
    const char *why;               // for the log
};

struct rdp_logon;

// `protocols`: what the client asked for in its first packet (enum rdp_protocol), as it wants to hear it again.
struct rdp_logon *rdp_logon_new(uint32_t protocols);
void rdp_logon_free(struct rdp_logon *logon); // wipes all of it; NULL allowed
// Reads on, as far as there is something to be told or sent. Returns how many bytes were taken; call it again with the
// rest.
size_t rdp_logon_read(struct rdp_logon *logon, const unsigned char *bytes, size_t length, struct rdp_logon_part *part);

// From RDP_LOGON_KNOWN on, before the password is taken.
void rdp_logon_prove(const struct rdp_logon *logon, struct typed_proof *proof);
// Likewise. The name as typed, "anna", or with the domain that was typed, "anna@neustadt". False: there
// is none, or no password, or not in valid UTF-16 without control characters.
bool rdp_logon_take(struct rdp_logon *logon, char name[RDP_LOGON_NAME_SIZE], struct secret *password)
    __attribute__((warn_unused_result));
