// SPDX-License-Identifier: EUPL-1.2
#include "broker/portal/page_policy.h"

#include <assert.h>
#include <stddef.h>

// A row a line.
// clang-format off
// Everything comes from this host, but for KERN's icons, which are data: addresses in its style sheet; no form goes to
// another one, and none shows our pages in a frame.
#define POLICY(scripts, styles) \
    "default-src 'none'; script-src " scripts "; style-src " styles "; font-src 'self'; img-src 'self' data:; " \
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// The referrer stays within this origin; with "no-referrer" browsers would send "Origin: null" with our own forms.
#define EVERY \
    {"Strict-Transport-Security", "max-age=31536000"}, \
    {"X-Content-Type-Options", "nosniff"}, \
    {"Referrer-Policy", "same-origin"}, \
    {"Cross-Origin-Opener-Policy", "same-origin"}, \
    {"Cross-Origin-Resource-Policy", "same-origin"}
#define NOT_KEPT {"Cache-Control", "no-store"}

// What no page asks of the machine that it is shown on. Not named here is what a browser asks its user about.
#define NO_DEVICES "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), serial=(), usb=()"

static const struct page_field html_fields[] = {
    EVERY,
    NOT_KEPT,
    {"Content-Security-Policy", POLICY("'self'", "'self'") "; require-trusted-types-for 'script'"},
    {"Permissions-Policy", NO_DEVICES ", clipboard-read=(), clipboard-write=(self), publickey-credentials-create=(self), publickey-credentials-get=(self)"},
    {NULL, NULL},
};

// The client is WASM, and writes styles into the page.
static const struct page_field desktop_fields[] = {
    EVERY,
    NOT_KEPT,
    {"Content-Security-Policy", POLICY("'self' 'wasm-unsafe-eval'", "'self' 'unsafe-inline'")},
    {"Permissions-Policy", NO_DEVICES ", clipboard-read=(self), clipboard-write=(self), fullscreen=(self)"},
    {NULL, NULL},
};

static const struct page_field asset_fields[] = {
    EVERY,
    {"Cache-Control", "public, max-age=31536000, immutable"},
    {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
    {NULL, NULL},
};

static const struct page_field file_fields[] = {
    EVERY,
    NOT_KEPT,
    {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox"},
    {NULL, NULL},
};
// clang-format on

const struct page_field *page_policy(enum page_kind kind)
{
    static const struct page_field *const rows[PAGE_KIND_COUNT] = {
        [PAGE_HTML] = html_fields,
        [PAGE_DESKTOP] = desktop_fields,
        [PAGE_ASSET] = asset_fields,
        [PAGE_FILE] = file_fields,
    };
    assert(kind < PAGE_KIND_COUNT);
    return rows[kind];
}
