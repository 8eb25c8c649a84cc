// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/ca.h"
#include "broker/api/machine.h"
#include "broker/base/clock.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/net/certificate.h"
#include "tests/folder.h"
#include "tests/unit/power_fixture.h"

#include <criterion/criterion.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const int64_t day_ms = 24ll * 60 * 60 * 1000;
static char folder[FOLDER_SIZE], key_file[64], certificate_file[64];

static void make(void)
{
    struct fault why;
    folder_make(folder, "ca");
    snprintf(key_file, sizeof key_file, "%s/ca.key", folder);
    snprintf(certificate_file, sizeof certificate_file, "%s/ca.pem", folder);
    cr_assert(ca_create(key_file, certificate_file, &why), "%s", why.text);
}

static void drop(void)
{
    folder_remove(folder);
}

TestSuite(ca, .init = make, .fini = drop);

static struct ca *open_with(int64_t life_s)
{
    struct fault why;
    struct ca *ca = ca_open(key_file, certificate_file, life_s, &why);
    cr_assert(ca, "%s", why.text);
    return ca;
}

static X509 *read_own(void)
{
    FILE *file = fopen(certificate_file, "re");
    X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    cr_assert(certificate);
    return certificate;
}

// With a name of the requester's own choice.
static X509 *sign_as(struct ca *ca, enum noun noun, const char *renews, int64_t *until_ms)
{
    struct fault why;
    struct ca_certificate made;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509_REQ *request = X509_REQ_new();
    X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request), "CN", MBSTRING_UTF8,
                               (const unsigned char *)"altdorf/desk9", -1, -1, 0);
    X509_REQ_set_pubkey(request, key);
    X509_REQ_sign(request, key, EVP_sha256());
    unsigned char *der = NULL;
    int length = i2d_X509_REQ(request, &der);
    struct ca_port port = ca_port(ca);
    cr_assert(port.sign(port.self, der, (size_t)length, noun, "neustadt/desk1", renews, &made, &why), "%s", why.text);
    const unsigned char *at = made.der;
    X509 *certificate = d2i_X509(NULL, &at, (long)made.length);
    *until_ms = made.until_ms;
    free(made.der);
    OPENSSL_free(der);
    X509_REQ_free(request);
    EVP_PKEY_free(key);
    return certificate;
}

static X509 *sign(struct ca *ca, const char *renews, int64_t *until_ms)
{
    return sign_as(ca, NOUN_DEVICE, renews, until_ms);
}

// Puts one in its place that ends so soon.
static void age(int days)
{
    X509 *certificate = read_own();
    FILE *key_in = fopen(key_file, "re");
    EVP_PKEY *key = PEM_read_PrivateKey(key_in, NULL, NULL, NULL);
    fclose(key_in);
    ASN1_TIME_set(X509_getm_notAfter(certificate), time(NULL) + (time_t)days * 24 * 60 * 60);
    X509_sign(certificate, key, EVP_sha256());
    FILE *out = fopen(certificate_file, "we");
    PEM_write_X509(out, certificate);
    fclose(out);
    EVP_PKEY_free(key);
    X509_free(certificate);
}

static bool vouches_for(X509 *authority, X509 *certificate)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    X509_STORE_add_cert(store, authority);
    X509_STORE_CTX_init(context, store, certificate, NULL);
    bool good = X509_verify_cert(context) == 1;
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    return good;
}

// A device and a host may have the same id; and only to a print server others connect.
Test(ca, says_of_which_kind_a_machine_is_and_whom_others_connect_to)
{
    struct ca *ca = open_with(3600);
    for (size_t i = 0; i < machine_count; i++) {
        char kind[64] = "";
        int64_t until_ms;
        X509 *certificate = sign_as(ca, machine_rows[i].noun, "", &until_ms);
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_organizationalUnitName, kind, sizeof kind);
        cr_assert_str_eq(kind, noun_rows[machine_rows[i].noun].name);
        bool serves = X509_get_extended_key_usage(certificate) & XKU_SSL_SERVER;
        cr_assert_eq(serves, machine_rows[i].noun == NOUN_PRINT_SERVER, "%s", kind);
        cr_assert(X509_get_extended_key_usage(certificate) & XKU_SSL_CLIENT, "%s", kind);
        X509_free(certificate);
    }
    ca_free(ca);
}

Test(ca, names_whom_the_broker_says_and_what_is_renewed)
{
    char name[64], digest[DIGEST_SIZE];
    int64_t until_ms;
    memset(digest, 'a', DIGEST_SIZE - 1);
    digest[DIGEST_SIZE - 1] = 0;
    struct ca *ca = open_with(100);
    X509 *certificate = sign(ca, digest, &until_ms);
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
    cr_assert_str_eq(name, "neustadt/desk1");
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    cr_assert_eq(sk_GENERAL_NAME_num(names), 1);
    ASN1_STRING *uri = sk_GENERAL_NAME_value(names, 0)->d.uniformResourceIdentifier;
    cr_assert_eq(memcmp(ASN1_STRING_get0_data(uri), CA_RENEWS, strlen(CA_RENEWS)), 0);
    cr_assert_eq(memcmp(ASN1_STRING_get0_data(uri) + strlen(CA_RENEWS), digest, DIGEST_SIZE - 1), 0);
    cr_assert_lt(llabs(until_ms - clock_wall_ms() - 100 * 1000), 5000);
    GENERAL_NAMES_free(names);
    X509_free(certificate);
    ca_free(ca);
}

Test(ca, signs_nothing_beyond_its_own_end)
{
    int64_t until_ms;
    struct ca *ca = open_with(20ll * 365 * 24 * 60 * 60);
    X509 *certificate = sign(ca, "", &until_ms);
    cr_assert_eq(until_ms, ca_port(ca).until_ms);
    X509_free(certificate);
    ca_free(ca);
}

Test(ca, renews_itself_and_vouches_for_what_it_signed_before)
{
    int64_t until_ms;
    struct ca *ca = open_with(1000);
    X509 *signed_before = sign(ca, "", &until_ms);
    ca_free(ca);
    age(CA_RENEWED_DAYS - 1);
    ca = open_with(1000);
    X509 *own = read_own();
    cr_assert_gt(ca_port(ca).until_ms, clock_wall_ms() + (CA_DAYS - 1) * day_ms);
    cr_assert(vouches_for(own, signed_before));
    X509 *signed_after = sign(ca, "", &until_ms);
    cr_assert(vouches_for(own, signed_after));
    X509_free(own);
    X509_free(signed_before);
    X509_free(signed_after);
    ca_free(ca);
}

Test(ca, stays_as_it_is_while_there_is_time)
{
    age(CA_RENEWED_DAYS + 2);
    struct ca *ca = open_with(1000);
    cr_assert_lt(ca_port(ca).until_ms, clock_wall_ms() + (CA_RENEWED_DAYS + 3) * day_ms);
    ca_free(ca);
}

// As for a broker that runs for years: it could not be written at first.
Test(ca, renews_itself_while_it_is_open)
{
    char taken[80], path[80], shown[65], own[65];
    unsigned char bytes[CERTIFICATE_DIGEST_BYTES];
    struct fault why;
    bool made;
    snprintf(taken, sizeof taken, "%s.new", certificate_file);
    snprintf(path, sizeof path, "%s/broker.pem", folder);
    age(CA_RENEWED_DAYS - 1);
    cr_assert_eq(mkdir(taken, 0700), 0);
    struct ca *ca = open_with(1000);
    cr_assert_not(ca_renew(ca));
    cr_assert(ca_certify_server(ca, "broker.example", path, &made, &why) && made, "%s", why.text);
    cr_assert_eq(rmdir(taken), 0);
    cr_assert(ca_renew(ca));
    cr_assert_not(ca_renew(ca), "once is enough");
    cr_assert_gt(ca_port(ca).until_ms, clock_wall_ms() + (CA_DAYS - 1) * day_ms);
    cr_assert(ca_certify_server(ca, "broker.example", path, &made, &why) && made, "the former one would be shown");
    cr_assert(certificate_file_authority(path, shown));
    cr_assert(certificate_file_digest(certificate_file, bytes, NULL));
    text_hex(own, bytes, sizeof bytes);
    cr_assert_str_eq(shown, own);
    ca_free(ca);
}

// ---- when the power goes

// 1 when there is a whole one; 0 when one can be made as if nothing had happened.
static int whether_made(const char *where)
{
    struct fault why;
    char key[64], certificate[64];
    snprintf(key, sizeof key, "%s/ca.key", where);
    snprintf(certificate, sizeof certificate, "%s/ca.pem", where);
    struct ca *found = ca_open(key, certificate, 100, &why);
    int version = found ? 1 : 0;
    if (!found && ca_create(key, certificate, &why))
        found = ca_open(key, certificate, 100, &why);
    version = found ? version : -1;
    ca_free(found);
    return version;
}

Test(ca, made_while_the_power_goes_is_whole_or_can_be_made_again)
{
    struct fault why;
    cr_assert(unlink(key_file) == 0 && unlink(certificate_file) == 0);
    power_fixture_start(folder);
    power_fixture_begin();
    cr_assert(ca_create(key_file, certificate_file, &why), "%s", why.text);
    power_fixture_done();
    power_fixture_check(whether_made);
    power_fixture_stop();
}

Test(ca, is_not_made_over_one_that_is_there)
{
    struct fault why;
    cr_assert_not(ca_create(key_file, certificate_file, &why));
    cr_assert_eq(why.kind, FAULT_CONFLICT);
    cr_assert_eq(unlink(key_file), 0);
    cr_assert_not(ca_create(key_file, certificate_file, &why));
    cr_assert_eq(why.kind, FAULT_CONFLICT);
    cr_assert_neq(access(key_file, F_OK), 0);
}

static int whether_renewed(const char *where)
{
    char certificate[64];
    snprintf(certificate, sizeof certificate, "%s/ca.pem", where);
    FILE *file = fopen(certificate, "re");
    X509 *found = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
    if (file)
        fclose(file);
    time_t late = time(NULL) + (time_t)CA_DAYS * 24 * 60 * 60 / 2;
    int version = !found ? -1 : X509_cmp_time(X509_get0_notAfter(found), &late) > 0;
    X509_free(found);
    return version;
}

Test(ca, renewed_while_the_power_goes_is_the_old_one_or_the_new_one)
{
    age(CA_RENEWED_DAYS - 1);
    power_fixture_start(folder);
    power_fixture_begin();
    ca_free(open_with(1000));
    power_fixture_done();
    power_fixture_check(whether_renewed);
    power_fixture_stop();
}

// ---- the broker's own certificate

static bool certify(const struct ca *ca, const char *name, const char *path)
{
    struct fault why;
    bool made = false;
    cr_assert(ca_certify_server(ca, name, path, &made, &why), "%s", why.text);
    return made;
}

Test(ca, certifies_the_broker_and_shows_itself_behind_it)
{
    char path[80], digest[65], own[65];
    unsigned char bytes[CERTIFICATE_DIGEST_BYTES];
    snprintf(path, sizeof path, "%s/broker.pem", folder);
    struct ca *ca = open_with(1000);
    cr_assert(certify(ca, "broker.example", path));
    cr_assert_not(certify(ca, "broker.example", path), "once is enough");
    cr_assert(certificate_file_names(path, "broker.example"));
    cr_assert_not(certificate_file_names(path, "other.example"));
    cr_assert_not(certificate_file_names(path, ""));
    cr_assert(certificate_file_authority(path, digest));
    cr_assert(certificate_file_digest(certificate_file, bytes, NULL));
    text_hex(own, bytes, sizeof bytes);
    cr_assert_str_eq(digest, own);
    X509 *certificate = certificate_read(path, NULL);
    cr_assert_eq(X509_check_purpose(certificate, X509_PURPOSE_SSL_SERVER, 0), 1);
    cr_assert_eq(X509_check_purpose(certificate, X509_PURPOSE_SSL_CLIENT, 0), 0, "it is no machine's");
    X509_free(certificate);
    ca_free(ca);
}

// As a client looks for it (RFC 5280, 4.2.1.6), which takes an address for no name.
Test(ca, certifies_the_broker_by_an_address)
{
    static const char *const addresses[] = {"192.0.2.1", "2001:db8::1"};
    char path[80];
    snprintf(path, sizeof path, "%s/broker.pem", folder);
    struct ca *ca = open_with(1000);
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        cr_assert(certify(ca, addresses[i], path));
        cr_assert(certificate_file_names(path, addresses[i]));
        X509 *certificate = certificate_read(path, NULL);
        cr_assert_eq(X509_check_ip_asc(certificate, addresses[i], 0), 1, "%s", addresses[i]);
        X509_free(certificate);
        cr_assert_not(certify(ca, addresses[i], path), "once is enough");
    }
    cr_assert_not(certificate_file_names(path, addresses[0]));
    ca_free(ca);
}

Test(ca, certifies_the_broker_anew_for_another_name_and_in_time)
{
    char path[80], other_key[80], other_certificate[80];
    struct fault why;
    snprintf(path, sizeof path, "%s/broker.pem", folder);
    snprintf(other_key, sizeof other_key, "%s/other.key", folder);
    snprintf(other_certificate, sizeof other_certificate, "%s/other.pem", folder);
    struct ca *brief = open_with(-1), *ca = open_with(1000);
    cr_assert(certify(brief, "broker.example", path));
    cr_assert(certify(ca, "broker.example", path), "it had run out");
    cr_assert(certify(ca, "broker2.example", path));
    cr_assert(ca_create(other_key, other_certificate, &why), "%s", why.text);
    struct ca *other = ca_open(other_key, other_certificate, 1000, &why);
    cr_assert(certify(other, "broker2.example", path), "it was another authority's");
    ca_free(brief);
    ca_free(ca);
    ca_free(other);
}

// A CA that is no part of the file is not shown, and one certificate alone is nobody's authority.
Test(ca, is_not_read_where_it_does_not_stand)
{
    char digest[65];
    cr_assert_not(certificate_file_authority(certificate_file, digest));
    cr_assert_not(certificate_file_authority(key_file, digest));
    cr_assert_not(certificate_file_authority("/nowhere", digest));
    cr_assert_str_eq(digest, "");
}
