// SPDX-License-Identifier: EUPL-1.2
#include "broker/own_certificates.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/net/certificate.h"

void own_certificates_note(struct own_certificate own[OWN_CERTIFICATE_COUNT], const struct broker_config *config)
{
    const char *const files[] = {
        [OWN_CERTIFICATE_SERVER] = config->certificate,
        [OWN_CERTIFICATE_ADMIN_CA] = config->admin_ca,
        [OWN_CERTIFICATE_RDP] = config->rdp_certificate,
    };
    for (enum own_certificate_kind kind = 0; kind < OWN_CERTIFICATE_COUNT; kind++)
        own[kind] =
            (struct own_certificate){.until_ms = files[kind][0] ? certificate_file_until_ms(files[kind], NULL) : 0};
}

void own_certificates_warn(const struct own_certificate own[OWN_CERTIFICATE_COUNT])
{
    static const char *const names[] = {
        [OWN_CERTIFICATE_SERVER] = "the broker's own certificate",
        [OWN_CERTIFICATE_ADMIN_CA] = "the CA of administrators (admin-ca)",
        [OWN_CERTIFICATE_RDP] = "the certificate that signs .rdp files (rdp-certificate)",
    };
    int64_t now_ms = clock_wall_ms();
    for (enum own_certificate_kind kind = 0; kind < OWN_CERTIFICATE_COUNT; kind++) {
        char until[CLOCK_TEXT_SIZE];
        clock_text(until, own[kind].until_ms);
        if (own[kind].until_ms && own[kind].until_ms - now_ms < CERTIFICATE_SOON_MS)
            log_warn("tls", "%s %s on %s: see RENEWAL in pult-broker(8)", names[kind],
                     own[kind].until_ms > now_ms ? "expires" : "has expired", until);
    }
}
