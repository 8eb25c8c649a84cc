// SPDX-License-Identifier: EUPL-1.2
// Key and certificate of a device, also while the power goes.
#include "broker/client/credential.h"
#include "broker/auth/ca.h"
#include "broker/base/clock.h"
#include "broker/base/text.h"
#include "tests/folder.h"
#include "tests/unit/power_fixture.h"

#include <criterion/criterion.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[FOLDER_SIZE];
static struct ca *ca;

static const char *in_folder(const char *name)
{
    static char path[2][CREDENTIAL_PATH_SIZE];
    static int at;
    snprintf(path[at = !at], CREDENTIAL_PATH_SIZE, "%s/%s", folder, name);
    return path[at];
}

static void open_folder(void)
{
    struct fault why;
    folder_make(folder, "pair");
    cr_assert(ca_create(in_folder("ca.key"), in_folder("ca.pem"), &why), "%s", why.text);
    ca = ca_open(in_folder("ca.key"), in_folder("ca.pem"), 1000, &why);
    cr_assert(ca);
}

static void remove_folder(void)
{
    ca_free(ca);
    folder_remove(folder);
}

TestSuite(pair, .init = open_folder, .fini = remove_folder);

// What the broker would answer to the request.
static void sign_for(const struct credential *pair, char base64[CREDENTIAL_REQUEST_SIZE])
{
    struct fault why;
    struct ca_certificate certificate;
    unsigned char der[CREDENTIAL_REQUEST_SIZE];
    char request[CREDENTIAL_REQUEST_SIZE];
    cr_assert(credential_request(pair, request, &why), "%s", why.text);
    size_t length = strlen(request);
    int decoded = EVP_DecodeBlock(der, (const unsigned char *)request, (int)length);
    length = (size_t)decoded - (request[length - 1] == '=') - (request[length - 2] == '=');
    struct ca_port port = ca_port(ca);
    cr_assert(port.sign(port.self, der, length, NOUN_DEVICE, "neustadt/desk1", "", &certificate, &why), "%s", why.text);
    EVP_EncodeBlock((unsigned char *)base64, certificate.der, (int)certificate.length);
    free(certificate.der);
}

static struct credential *new_pair(void)
{
    struct fault why;
    struct credential *pair = credential_new(NOUN_DEVICE, folder, &why);
    cr_assert(pair, "%s", why.text);
    return pair;
}

static void get_one(void)
{
    struct fault why;
    char base64[CREDENTIAL_REQUEST_SIZE];
    struct credential *pair = new_pair();
    sign_for(pair, base64);
    cr_assert(credential_keep(pair, base64, &why), "%s", why.text);
    credential_free(pair);
}

static struct credential_dates dates_in(const char *where)
{
    struct fault why;
    struct credential_files files;
    struct credential_dates dates = {0};
    credential_files(&files, NOUN_DEVICE, where);
    cr_assert(credential_dates(&files, &dates, &why), "%s", why.text);
    return dates;
}

static struct credential_dates dates_now(void)
{
    return dates_in(folder);
}

static bool go_together(const char *path)
{
    FILE *in = fopen(path, "re");
    EVP_PKEY *key = in ? PEM_read_PrivateKey(in, NULL, NULL, NULL) : NULL;
    X509 *certificate = in ? PEM_read_X509(in, NULL, NULL, NULL) : NULL;
    bool do_so = key && certificate && X509_check_private_key(certificate, key) == 1;
    EVP_PKEY_free(key);
    X509_free(certificate);
    if (in)
        fclose(in);
    return do_so;
}

static char digests[3][DIGEST_SIZE];

static int which_pair(const char *where)
{
    char path[CREDENTIAL_PATH_SIZE];
    snprintf(path, sizeof path, "%s/device.pem", where);
    if (!go_together(path))
        return -1;
    for (int i = 0; i < 3; i++)
        if (text_equal(dates_in(where).digest, digests[i]))
            return i;
    return -1;
}

Test(pair, key_and_certificate_go_together_whenever_the_power_goes)
{
    get_one();
    TEXT_PUT(digests[0], dates_now().digest);
    power_fixture_start(folder);
    for (int i = 1; i < 3; i++) {
        power_fixture_begin();
        get_one();
        power_fixture_done();
        TEXT_PUT(digests[i], dates_now().digest);
        cr_assert_str_neq(digests[i], digests[i - 1]);
    }
    power_fixture_check(which_pair);
    power_fixture_stop();
}

static int whether_there(const char *where)
{
    char path[CREDENTIAL_PATH_SIZE];
    snprintf(path, sizeof path, "%s/device.pem", where);
    return access(path, F_OK) != 0 ? 0 : go_together(path) ? 1 : -1;
}

Test(pair, the_first_one_is_there_in_whole_or_not_at_all)
{
    power_fixture_start(folder);
    power_fixture_begin();
    get_one();
    power_fixture_done();
    power_fixture_check(whether_there);
    power_fixture_stop();
}

Test(pair, enrolling_and_renewing_do_not_meet)
{
    struct fault why;
    struct credential *first = new_pair();
    cr_assert_null(credential_new(NOUN_DEVICE, folder, &why));
    cr_assert(strstr(why.text, "another program is replacing the key"), "%s", why.text);
    cr_assert_eq(access(in_folder("device.pem.new"), F_OK), 0, "the first one's key is gone");
    credential_free(first);
    credential_free(new_pair());
}

Test(pair, only_its_owner_reads_it)
{
    struct stat found;
    get_one();
    cr_assert_eq(stat(in_folder("device.pem"), &found), 0);
    cr_assert_eq(found.st_mode & 0777, 0600);
}

Test(pair, an_answer_for_another_key_changes_nothing)
{
    struct fault why;
    char base64[CREDENTIAL_REQUEST_SIZE];
    get_one();
    struct credential_dates before = dates_now();
    struct credential *lost = new_pair();
    sign_for(lost, base64);
    credential_free(lost);
    struct credential *pair = new_pair();
    cr_assert_not(credential_keep(pair, base64, &why));
    cr_assert(strstr(why.text, "not for the key that was created here"), "%s", why.text);
    cr_assert_not(credential_keep(pair, "AAAA", &why));
    credential_free(pair);
    cr_assert_str_eq(dates_now().digest, before.digest);
    cr_assert_neq(access(in_folder("device.pem.new"), F_OK), 0, "the key that came to nothing is still there");
}

Test(pair, what_an_older_version_wrote_is_used_and_goes_with_the_first_renewal)
{
    struct credential_files where;
    FILE *old = fopen(in_folder("device.crt"), "we");
    fclose(old);
    credential_files(&where, NOUN_DEVICE, folder);
    cr_assert_str_eq(where.certificate, in_folder("device.crt"));
    cr_assert_str_eq(where.key, in_folder("device.key"));
    get_one();
    credential_files(&where, NOUN_DEVICE, folder);
    cr_assert_str_eq(where.certificate, in_folder("device.pem"));
    cr_assert_str_eq(where.key, where.certificate);
    cr_assert_neq(access(in_folder("device.crt"), F_OK), 0);
}
