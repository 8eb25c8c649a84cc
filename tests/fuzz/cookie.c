// SPDX-License-Identifier: EUPL-1.2
// A Cookie header, any bytes: what is found stands in it, and is one that we could have made.
#include "broker/portal/cookie.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char cookie[COOKIE_SIZE], token[COOKIE_MAC_SIZE];
    char *header = malloc(size + 1);
    if (!header)
        abort();
    memcpy(header, data, size);
    header[size] = 0;
    if (cookie_read(header, COOKIE_SESSION, cookie)) {
        struct text again = {0};
        assert(strlen(cookie) == COOKIE_SIZE - 1 && strstr(header, cookie));
        cookie_print(&again, COOKIE_SESSION, cookie);
        assert(again.bytes && text_starts(again.bytes, COOKIE_SESSION "=") && strstr(again.bytes, cookie));
        text_drop(&again);
        cookie_form_token(cookie, "/logon", token);
        assert(cookie_fits_form(cookie, "/logon", token) && !cookie_fits_form(cookie, "/logoff", token));
    } else {
        assert(cookie[0] == 0);
    }
    free(header);
    return 0;
}
