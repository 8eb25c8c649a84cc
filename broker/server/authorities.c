// SPDX-License-Identifier: EUPL-1.2
#include "broker/server/authorities.h"

#include <openssl/err.h>

void authorities_drop(struct authorities *authorities)
{
    X509_STORE_free(authorities->store);
    sk_X509_NAME_pop_free(authorities->names, X509_NAME_free);
}

bool authorities_read(struct authorities *authorities, const char *path, struct fault *why)
{
    authorities->names = SSL_load_client_CA_file(path);
    authorities->store = X509_STORE_new();
    bool read = authorities->names && authorities->store && X509_STORE_load_file(authorities->store, path) == 1;
    ERR_clear_error();
    return read || fault_set(why, FAULT_INVALID, "no certificates in %s", path);
}

void authorities_use(SSL_CTX *context, struct authorities *authorities)
{
    SSL_CTX_set_cert_store(context, take(authorities->store));
    SSL_CTX_set_client_CA_list(context, take(authorities->names));
}
