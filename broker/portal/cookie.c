// SPDX-License-Identifier: EUPL-1.2
#include "broker/portal/cookie.h"
#include "broker/base/base64.h"
#include "broker/base/mem.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RANDOM_BYTES = 32, MAC_BYTES = 32 };

void cookie_make(char cookie[COOKIE_SIZE])
{
    unsigned char bytes[RANDOM_BYTES];
    arc4random_buf(bytes, sizeof bytes);
    bool fits = base64_encode_url(cookie, COOKIE_SIZE, bytes, sizeof bytes);
    assert(fits);
    (void)fits;
    explicit_bzero(bytes, sizeof bytes);
}

static bool is_ours(const char *value, size_t length)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    return length == COOKIE_SIZE - 1 && strspn(value, letters) >= length;
}

// A subdomain, or whoever was in the line once, may have set another of the same name: which is ours cannot be told.
bool cookie_value(const char *header, const char *name, char *value, size_t size)
{
    size_t found = 0, name_length = strlen(name);
    bool fits = true;
    value[0] = 0;
    for (const char *at = header; *at; at += *at == ';') {
        at += strspn(at, " \t");
        size_t length = strcspn(at, ";");
        if (length > name_length && at[name_length] == '=' && memcmp(at, name, name_length) == 0) {
            size_t value_length = length - name_length - 1;
            fits = ++found == 1 && value_length < size;
            if (fits) {
                memcpy(value, at + name_length + 1, value_length);
                value[value_length] = 0;
            }
        }
        at += length;
    }
    if (found == 1 && fits)
        return true;
    explicit_bzero(value, size);
    return false;
}

bool cookie_read(const char *header, const char *name, char cookie[COOKIE_SIZE])
{
    if (cookie_value(header, name, cookie, COOKIE_SIZE) && is_ours(cookie, strlen(cookie)))
        return true;
    explicit_bzero(cookie, COOKIE_SIZE);
    return false;
}

static void print_cookie(struct text *header, const char *name, const char *value, const char *life)
{
    text_addf(header, "%s=%s; Path=/; Secure; HttpOnly; SameSite=Strict%s", name, value, life);
}

void cookie_print(struct text *header, const char *name, const char *cookie)
{
    assert(is_ours(cookie, strlen(cookie)));
    print_cookie(header, name, cookie, "");
}

void cookie_print_end(struct text *header, const char *name)
{
    print_cookie(header, name, "", "; Max-Age=0");
}

// The cookie is random and secret, so it is a key; nothing need be kept, and another broker comes to the same.
void cookie_form_token(const char *cookie, const char *path, char token[COOKIE_MAC_SIZE])
{
    unsigned char mac[MAC_BYTES];
    char statement[512];
    size_t length = 0;
    bool fits = snprintf(statement, sizeof statement, "pult form 1 %s", path) < (int)sizeof statement;
    assert(fits && is_ours(cookie, strlen(cookie)));
    bool made = EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, cookie, COOKIE_SIZE - 1, (const unsigned char *)statement,
                          strlen(statement), mac, sizeof mac, &length) != NULL;
    assert(made && length == sizeof mac);
    (void)fits, (void)made;
    text_hex(token, mac, sizeof mac);
}

bool cookie_fits_form(const char *cookie, const char *path, const char *given)
{
    char token[COOKIE_MAC_SIZE];
    cookie_form_token(cookie, path, token);
    return strlen(given) == sizeof token - 1 && secret_equal(token, given, sizeof token - 1);
}
