// SPDX-License-Identifier: EUPL-1.2
#include "broker/net/lws_spin_guard.h"

#include <criterion/criterion.h>
#include <openssl/ssl.h>

static SSL *line[2];

// Without certificates, over memory.
static void open_line(void)
{
    BIO *ends[2] = {NULL, NULL};
    cr_assert(BIO_new_bio_pair(&ends[0], 0, &ends[1], 0) == 1);
    for (int i = 0; i < 2; i++) {
        SSL_CTX *context = SSL_CTX_new(TLS_method());
        SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
        cr_assert(SSL_CTX_set_cipher_list(context, "AECDH-AES256-SHA:@SECLEVEL=0") == 1);
        line[i] = SSL_new(context);
        SSL_CTX_free(context);
        SSL_set_bio(line[i], ends[i], ends[i]);
    }
    SSL_set_connect_state(line[0]);
    SSL_set_accept_state(line[1]);
    for (int i = 0; !SSL_is_init_finished(line[0]) || !SSL_is_init_finished(line[1]); i++) {
        cr_assert(i < 20);
        SSL_do_handshake(line[i & 1]);
    }
}

static void close_line(void)
{
    SSL_free(line[0]);
    SSL_free(line[1]);
}

TestSuite(spin, .init = open_line, .fini = close_line);

static void a_record_comes_and_ten_bytes_are_read(void)
{
    char bytes[1000] = "";
    cr_assert(SSL_write(line[0], bytes, sizeof bytes) == sizeof bytes);
    cr_assert(SSL_read(line[1], bytes, 10) == 10);
}

Test(spin, who_asks_without_reading_is_told_in_the_end_that_there_is_nothing)
{
    a_record_comes_and_ten_bytes_are_read();
    int asked = 0;
    while (SSL_pending(line[1]) == 990)
        cr_assert(++asked < 100);
    cr_assert(asked >= 2); // who reads asks twice
    cr_assert_eq(SSL_pending(line[1]), 0);
}

Test(spin, who_reads_is_told_what_there_is)
{
    char byte;
    a_record_comes_and_ten_bytes_are_read();
    for (int left = 990; left > 0; left--) {
        cr_assert_eq(SSL_pending(line[1]), left);
        cr_assert_eq(SSL_pending(line[1]), left);
        cr_assert(SSL_read(line[1], &byte, 1) == 1);
    }
    cr_assert_eq(SSL_pending(line[1]), 0);
}

Test(spin, others_lines_are_not_mixed_up_with_it)
{
    a_record_comes_and_ten_bytes_are_read();
    for (int i = 0; i < 100; i++) {
        cr_assert_eq(SSL_pending(line[0]), 0);
        cr_assert_eq(SSL_pending(line[1]), 990);
    }
}

Test(spin, libwebsockets_asks_here)
{
    cr_assert(lws_spin_guard_works());
}
