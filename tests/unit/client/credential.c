// SPDX-License-Identifier: EUPL-1.2
// Key and certificate on a disk whose power goes at any moment. This program's fsync, rename and unlink stand before
// libc's: before and after each of them it is looked at what the disk may hold in the worst case. Of a file that is
// what it held at its last fsync; under a name the file it named at the folder's last fsync, or the one that it names
// now.
#include "broker/client/credential.h"
#include "broker/auth/ca.h"
#include "broker/base/clock.h"
#include "tests/folder.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_MAX = 32, BYTES_MAX = 8192 };

static char folder[FOLDER_SIZE];
static struct ca *ca;

static struct file {
    ino_t inode;
    char bytes[BYTES_MAX];
    size_t length;
} files[FILES_MAX];
static size_t file_count;
static ino_t durable;      // what "device.pem" names for certain; 0: nothing
static bool watched;       // from the first pair on
static int looks, checked; // how often, and how many pairs were found

static const char *in_folder(const char *name)
{
    static char path[2][CREDENTIAL_PATH_SIZE];
    static int at;
    snprintf(path[at = !at], CREDENTIAL_PATH_SIZE, "%s/%s", folder, name);
    return path[at];
}

static ino_t inode_of(const char *path)
{
    struct stat found;
    return stat(path, &found) == 0 ? found.st_ino : 0;
}

static void check_file(ino_t inode)
{
    const struct file *file = NULL;
    for (size_t i = 0; i < file_count; i++)
        if (files[i].inode == inode)
            file = &files[i];
    cr_assert(file, "device.pem may be a file that was never made durable");
    BIO *key_in = BIO_new_mem_buf(file->bytes, (int)file->length);
    BIO *certificate_in = BIO_new_mem_buf(file->bytes, (int)file->length);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(key_in, NULL, NULL, NULL);
    X509 *certificate = PEM_read_bio_X509(certificate_in, NULL, NULL, NULL);
    cr_assert(key && certificate, "key or certificate is missing");
    cr_assert_eq(X509_check_private_key(certificate, key), 1, "they do not go together");
    EVP_PKEY_free(key);
    X509_free(certificate);
    BIO_free(key_in);
    BIO_free(certificate_in);
    checked++;
}

static void look(void)
{
    ino_t now = inode_of(in_folder("device.pem"));
    if (!watched)
        return;
    looks++;
    check_file(durable);
    if (now != durable)
        check_file(now);
}

int fsync(int descriptor)
{
    struct stat found;
    look();
    cr_assert_eq(fstat(descriptor, &found), 0);
    if (S_ISDIR(found.st_mode)) {
        durable = inode_of(in_folder("device.pem"));
    } else {
        cr_assert_lt(file_count, FILES_MAX);
        struct file *file = &files[file_count++];
        for (size_t i = 0; i + 1 < file_count; i++) // numbers are given out again
            if (files[i].inode == found.st_ino)
                files[i].inode = 0;
        char self[64];
        snprintf(self, sizeof self, "/proc/self/fd/%d", descriptor);
        FILE *in = fopen(self, "re");
        file->inode = found.st_ino;
        file->length = fread(file->bytes, 1, sizeof file->bytes, in);
        fclose(in);
    }
    look();
    return 0;
}

int rename(const char *from, const char *to)
{
    int (*real)(const char *, const char *) = (int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename");
    look();
    int rc = real(from, to);
    look();
    return rc;
}

int unlink(const char *path)
{
    int (*real)(const char *) = (int (*)(const char *))dlsym(RTLD_NEXT, "unlink");
    look();
    int rc = real(path);
    look();
    return rc;
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
    watched = false;
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
    cr_assert(port.sign(port.self, der, length, "neustadt/desk1", "", &certificate, &why), "%s", why.text);
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

static struct credential_dates dates_now(void)
{
    struct fault why;
    struct credential_files where;
    struct credential_dates dates = {0};
    credential_files(&where, NOUN_DEVICE, folder);
    cr_assert(credential_dates(&where, &dates, &why), "%s", why.text);
    return dates;
}

Test(pair, key_and_certificate_go_together_whenever_the_power_goes)
{
    get_one();
    cr_assert_eq(durable, inode_of(in_folder("device.pem")), "it is not durable when it is said to be");
    watched = true;
    struct credential_dates before = dates_now();
    get_one();
    struct credential_dates after = dates_now();
    cr_assert_str_neq(before.digest, after.digest);
    cr_assert_eq(durable, inode_of(in_folder("device.pem")));
    cr_assert_gt(looks, 8);
    cr_assert_gt(checked, looks, "there was no moment with two possible ends");
}

Test(pair, enrolling_and_renewing_do_not_meet)
{
    struct fault why;
    struct credential *first = new_pair();
    cr_assert_null(credential_new(NOUN_DEVICE, folder, &why));
    cr_assert(strstr(why.text, "another program is about to replace the key"), "%s", why.text);
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
    cr_assert(strstr(why.text, "not for the key that was made here"), "%s", why.text);
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
