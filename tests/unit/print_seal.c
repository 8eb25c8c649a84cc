// SPDX-License-Identifier: EUPL-1.2
#include "broker/print_seal.h"
#include "broker/base/base64.h"
#include "broker/base/text.h"
#include "broker/net/envelope.h"
#include "tests/folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static char folder[FOLDER_SIZE], path[FOLDER_SIZE + 16];
static struct print_seal *seal;

static void open_seal(void)
{
    struct fault why = {0};
    folder_make(folder, "seal");
    snprintf(path, sizeof path, "%s/seal.pem", folder);
    seal = print_seal_open(path, &why);
    cr_assert(seal, "%s", why.text);
}

static void close_seal(void)
{
    print_seal_free(seal);
    folder_remove(folder);
}

TestSuite(print_seal, .init = open_seal, .fini = close_seal);

#define HOLDER "neustadt/print"
#define KEY "0123456789abcdef0123456789abcdef" // 32 bytes

// As a print server seals a key of its: by the certificate alone.
static void seal_key(const char *for_path, const void *key, size_t length, char *base64, size_t size)
{
    struct fault why = {0};
    owned(text) struct text sealed = {0};
    struct recipients *recipients = recipients_load(for_path, &why);
    cr_assert(recipients, "%s", why.text);
    cr_assert(envelope_seal(recipients, key, length, &sealed, &why), "%s", why.text);
    cr_assert(base64_encode(base64, size, sealed.bytes, sealed.length));
    recipients_free(recipients);
}

static bool opens_for(const char *holder, const char *sealed, char *key, size_t size, struct fault *why)
{
    struct seal_port port = print_seal_port(seal);
    return port.open(port.self, sealed, holder, key, size, why);
}

static bool opens(const char *sealed, char *key, size_t size, struct fault *why)
{
    return opens_for(HOLDER, sealed, key, size, why);
}

Test(print_seal, opens_what_was_sealed_for_its_certificate)
{
    char sealed[2048], key[64], expected[64];
    struct fault why = {0};
    seal_key(path, KEY HOLDER, strlen(KEY HOLDER), sealed, sizeof sealed); // it fits into a message
    cr_assert(opens(sealed, key, sizeof key, &why), "%s", why.text);
    cr_assert(base64_encode(expected, sizeof expected, KEY, strlen(KEY)));
    cr_assert_str_eq(key, expected);
}

// Who has a copy of another print server's disk may have a print server of their own.
Test(print_seal, gives_a_key_back_to_nobody_but_who_sealed_it)
{
    static const char *const others[] = {"altdorf/print", "neustadt/prin", "neustadt/print2", ""};
    char sealed[2048], key[64] = "";
    struct fault why = {0};
    seal_key(path, KEY HOLDER, strlen(KEY HOLDER), sealed, sizeof sealed);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        cr_assert_not(opens_for(others[i], sealed, key, sizeof key, &why), "%s", others[i]);
        cr_assert_eq(why.kind, FAULT_DENIED);
        cr_assert_str_eq(key, "");
    }
    seal_key(path, KEY, strlen(KEY), sealed, sizeof sealed); // of nobody
    cr_assert_not(opens(sealed, key, sizeof key, &why));
}

Test(print_seal, is_made_once_and_for_its_owner_only)
{
    struct stat status;
    struct fault why = {0};
    char certificate[4096];
    cr_assert_eq(stat(path, &status), 0);
    cr_assert_eq(status.st_mode & 0777, 0600);
    TEXT_PUT(certificate, print_seal_port(seal).certificate);
    cr_assert(certificate[0]);
    print_seal_free(seal);
    seal = print_seal_open(path, &why);
    cr_assert(seal, "%s", why.text);
    cr_assert_str_eq(print_seal_port(seal).certificate, certificate);
}

Test(print_seal, tells_what_was_sealed_for_another_from_what_is_none)
{
    char other_path[sizeof path + 8], sealed[2048], key[64] = "", cut[2048];
    struct fault why = {0};
    snprintf(other_path, sizeof other_path, "%s/other.pem", folder);
    cr_assert(envelope_key_create(other_path, "another", &why), "%s", why.text);
    cr_assert_not(envelope_key_create(other_path, "another", &why)); // never over what is there
    seal_key(other_path, "0123", 4, sealed, sizeof sealed);
    cr_assert_not(opens(sealed, key, sizeof key, &why));
    cr_assert_eq(why.kind, FAULT_DENIED);
    seal_key(path, "0123", 4, sealed, sizeof sealed);
    text_cut(cut, strlen(sealed) / 8 * 4 + 1, sealed);
    static const char *const none[] = {"", "A", "====", "not base64!", "AAAA"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        cr_assert_not(opens(none[i], key, sizeof key, &why), "%s", none[i]);
    cr_assert_not(opens(cut, key, sizeof key, &why));
    cr_assert_str_eq(key, "");
    static char too_long[100];
    seal_key(path, too_long, sizeof too_long, sealed, sizeof sealed); // no key is so long
    cr_assert_not(opens(sealed, key, sizeof key, &why));
}
