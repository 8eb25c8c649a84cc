// SPDX-License-Identifier: EUPL-1.2
// What a host says to an RDP client until it would see a desktop, and what comes instead (MS-RDPBCGR 2.2.1, 2.2.5.1,
// 2.2.13.3). Only bytes; each function adds whole packets.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RDP_ANSWER_MAX = 1024, // bytes
    RDP_CHANNELS_MAX = 31,
    RDP_TOKEN_MAX = 64,
};

struct rdp_host_answer {
    size_t length;
    unsigned char bytes[RDP_ANSWER_MAX];
};

// What the client said when it connected.
struct rdp_client_facts {
    uint32_t protocols; // in its first packet, enum rdp_protocol: it wants to hear it again
    uint16_t width, height;
    uint16_t channels; // at most RDP_CHANNELS_MAX
};

void rdp_host_connect(struct rdp_host_answer *answer, const struct rdp_client_facts *client);
void rdp_host_attach(struct rdp_host_answer *answer);
// False, and nothing: there is no such channel.
bool rdp_host_join(struct rdp_host_answer *answer, const struct rdp_client_facts *client, unsigned channel);
// The licence, and what we can: as little as a client needs, for nothing is ever drawn.
void rdp_host_information(struct rdp_host_answer *answer, const struct rdp_client_facts *client);
void rdp_host_fonts(struct rdp_host_answer *answer);
// The client comes again with "Cookie: msts=TOKEN" in its first packet.
void rdp_host_redirect(struct rdp_host_answer *answer, const char *token);
// The client has a sentence of its own for each of these (2.2.5.1.1).
enum rdp_error {
    RDP_ERROR_NONE,
    RDP_ERROR_DENIED = 0x7,
    RDP_ERROR_NO_PRIVILEGE = 0x9,
    RDP_ERROR_FRESH_CREDENTIALS = 0xa,
    RDP_ERROR_NO_HOST = 0x400,
    RDP_ERROR_REDIRECTING = 0x404, // to the host that it was sent to
    RDP_ERROR_HOSTS_FULL = 0x408,
};
void rdp_host_refuse(struct rdp_host_answer *answer, enum rdp_error error);
