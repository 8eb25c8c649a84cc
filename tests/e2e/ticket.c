// SPDX-License-Identifier: EUPL-1.2
// ticket HOST CERTIFICATE: what a person with a Kerberos ticket shows to the broker of that certificate, as the value
// of the header Authorization.
#include "broker/client/client.h"
#include "broker/client/client_ticket.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    char text[DIGEST_SIZE];
    int64_t until_ms;
    struct fault why;
    if (argc != 3)
        return 2;
    if (!client_read_certificate(argv[2], text, &until_ms, &why)) {
        fprintf(stderr, "%s\n", why.text);
        return 1;
    }
    long length = 0;
    unsigned char *digest = OPENSSL_hexstr2buf(text, &length);
    char *authorization = digest ? client_ticket(NULL, argv[1], digest, &why) : NULL;
    if (authorization)
        puts(authorization);
    else
        fprintf(stderr, "%s\n", why.text);
    OPENSSL_free(digest);
    free(authorization);
    return authorization ? 0 : 1;
}
