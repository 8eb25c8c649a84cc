// SPDX-License-Identifier: EUPL-1.2
#include "broker/net/lws_spin_guard.h"

#include <dlfcn.h>
#include <openssl/ssl.h>

enum { SAME_MAX = 8 };

typedef int pending_of(const SSL *ssl);

// libwebsockets asks this one instead of OpenSSL's: what a program defines comes before what its libraries do.
int SSL_pending(const SSL *ssl)
{
    static pending_of *ask;
    static const SSL *last;
    static int before, same;
    if (!ask)
        *(void **)&ask = dlsym(RTLD_NEXT, "SSL_pending");
    int pending = ask(ssl);
    same = pending && ssl == last && pending == before ? same + 1 : 0;
    last = ssl;
    before = pending;
    return same < SAME_MAX ? pending : 0;
}

bool lws_spin_guard_works(void)
{
    return dlsym(RTLD_DEFAULT, "SSL_pending") == (void *)(uintptr_t)SSL_pending;
}
