// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/keytab.h"
#include "tests/folder.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <krb5.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char folder[FOLDER_SIZE], path[FOLDER_SIZE + 32];
static krb5_context context;
static struct fault why;

static void start(void)
{
    folder_make(folder, "keytab");
    snprintf(path, sizeof path, "%s/neustadt.keytab", folder);
    cr_assert_eq(krb5_init_context(&context), 0);
}

static void stop(void)
{
    krb5_free_context(context);
    folder_remove(folder);
}

TestSuite(keytab, .init = start, .fini = stop);

static void add_key(const char *name, krb5_kvno kvno, krb5_enctype type)
{
    char resolved[sizeof path + 8];
    unsigned char bytes[32] = "not a key that opens anything..";
    krb5_keytab keytab;
    krb5_keytab_entry entry = {.vno = kvno};
    size_t length = 0, unused = 0;
    cr_assert_eq(krb5_c_keylengths(context, type, &unused, &length), 0);
    entry.key = (krb5_keyblock){.enctype = type, .length = (unsigned)length, .contents = bytes};
    snprintf(resolved, sizeof resolved, "WRFILE:%s", path);
    cr_assert_eq(krb5_kt_resolve(context, resolved, &keytab), 0);
    cr_assert_eq(krb5_parse_name(context, name, &entry.principal), 0);
    cr_assert_eq(krb5_kt_add_entry(context, keytab, &entry), 0);
    krb5_free_principal(context, entry.principal);
    krb5_kt_close(context, keytab);
}

static void is_said(const char *realm, const char *words)
{
    why = (struct fault){0};
    cr_assert_not(keytab_check(path, realm, &why), "nothing is wrong, but \"%s\" was expected", words);
    cr_assert(strstr(why.text, words), "%s", why.text);
}

static void is_fine(const char *realm)
{
    cr_assert(keytab_check(path, realm, &why), "%s", why.text);
}

static const char service[] = "HTTP/broker.example@NEUSTADT";

Test(keytab, with_aes_keys_of_the_service_is_fine)
{
    add_key(service, 2, ENCTYPE_ARCFOUR_HMAC); // in use until the last ticket by it has expired
    add_key(service, 3, ENCTYPE_ARCFOUR_HMAC);
    add_key(service, 3, ENCTYPE_AES256_CTS_HMAC_SHA1_96);
    is_fine("NEUSTADT");
    is_fine("");
}

Test(keytab, whose_newest_key_is_of_an_old_type_is_said)
{
    add_key(service, 2, ENCTYPE_AES256_CTS_HMAC_SHA1_96);
    add_key(service, 3, ENCTYPE_ARCFOUR_HMAC);
    is_said("", "(kvno 3) is of type");
}

Test(keytab, of_another_service_or_realm_is_said_where_people_show_tickets)
{
    add_key("host/broker.example@NEUSTADT", 1, ENCTYPE_AES256_CTS_HMAC_SHA1_96);
    add_key("HTTP/broker.example@ALTDORF", 1, ENCTYPE_AES256_CTS_HMAC_SHA1_96);
    is_fine("");
    is_said("NEUSTADT", "no key of HTTP/... of the realm NEUSTADT");
}

Test(keytab, from_the_future_speaks_of_a_wrong_clock)
{
    // Behind version, size, count of components, realm, both components and the type of the name; libkrb5 writes its
    // own time there.
    enum { TIMESTAMP_AT = 2 + 4 + 2 + (2 + 8) + (2 + 4) + (2 + 14) + 4 };
    uint32_t future = htonl((uint32_t)(time(NULL) + 3600));
    add_key(service, 1, ENCTYPE_AES256_CTS_HMAC_SHA1_96);
    is_fine("NEUSTADT");
    int file = open(path, O_WRONLY | O_CLOEXEC);
    cr_assert_eq(pwrite(file, &future, sizeof future, TIMESTAMP_AT), (ssize_t)sizeof future);
    close(file);
    is_said("NEUSTADT", "clock");
}

Test(keytab, that_is_absent_or_none_is_said)
{
    is_said("NEUSTADT", "neustadt.keytab");
    FILE *file = fopen(path, "we");
    fputs("this is no keytab", file);
    fclose(file);
    is_said("", "neustadt.keytab");
}
