// SPDX-License-Identifier: EUPL-1.2
// Cookies (RFC 6265) of the portal: random, for this host alone, out of reach of scripts and of other sites; and what
// proves that a form was ours, since only who has the cookie can make it.
#pragma once
#include "broker/base/text.h"

enum {
    COOKIE_SIZE = 44, // 32 random bytes, base64url without padding
    COOKIE_MAC_SIZE = 65,
};

// "__Host-": a browser keeps it only when it came over TLS, for the whole host, and not for a domain around it.
#define COOKIE_SESSION "__Host-pult"     // of a person who is logged on
#define COOKIE_VISITOR "__Host-pult-new" // of whoever has the page to log on before them
#define COOKIE_LANGUAGE "__Host-pult-language"

void cookie_make(char cookie[COOKIE_SIZE]);
// Of a Cookie header, which is hostile: the value of this cookie. False, and `value` empty: it is not there, there
// twice, or does not fit.
bool cookie_value(const char *header, const char *name, char *value, size_t size) __attribute__((warn_unused_result));
// The same, where it is one that cookie_make made. False, and `cookie` empty: it is not there, there twice, or none of
// ours.
bool cookie_read(const char *header, const char *name, char cookie[COOKIE_SIZE]) __attribute__((warn_unused_result));
// The value of a Set-Cookie header. It goes with the browser.
void cookie_print(struct text *header, const char *name, const char *cookie);
void cookie_print_end(struct text *header, const char *name);

// What a form carries hidden, against forged requests: HMAC-SHA-256 of its path, one of ours, by the cookie.
void cookie_form_token(const char *cookie, const char *path, char token[COOKIE_MAC_SIZE]);
// In a time that does not depend on what was given.
bool cookie_fits_form(const char *cookie, const char *path, const char *given);
