// SPDX-License-Identifier: EUPL-1.2
// Our own German catalogue, and damaged ones.
#include "broker/portal/catalogue.h"
#include "broker/base/file.h"
#include "broker/base/mem.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *bytes;
static size_t length;
static struct fault why;

static void read_german(void)
{
    char path[512];
    const char *build = getenv("PULT_BUILD");
    cr_assert(build);
    snprintf(path, sizeof path, "%s/locale/de/LC_MESSAGES/pult.mo", build);
    bytes = mem_room(CATALOGUE_MAX);
    cr_assert(file_read(path, bytes, CATALOGUE_MAX, &length, &why), "%s", why.text);
}

static void free_bytes(void)
{
    free(bytes);
}

TestSuite(catalogue, .init = read_german, .fini = free_bytes);

Test(catalogue, says_in_german_what_it_has)
{
    struct catalogue *german = catalogue_read(bytes, length, &why);
    cr_assert(german);
    cr_expect_str_eq(catalogue_sentence(german, "its port, usually 443"), "sein Port, meist 443");
    cr_expect_str_eq(catalogue_sentence(german, "nobody ever said so"), "nobody ever said so");
    cr_expect_str_eq(catalogue_sentence(german, ""), "");
    cr_expect_str_eq(catalogue_sentence(NULL, "its port, usually 443"), "its port, usually 443");
    catalogue_free(german);
}

Test(catalogue, that_is_cut_is_none)
{
    for (size_t cut = 0; cut < length; cut += cut < 64 ? 1 : 977)
        cr_expect_null(catalogue_read(bytes, cut, &why), "%zu", cut);
    cr_expect_null(catalogue_read(bytes, length - 1, &why));
    cr_expect_null(catalogue_read(bytes, CATALOGUE_MAX + 1, &why));
}

// Numbers of the head and of the tables may say anything.
Test(catalogue, that_is_damaged_is_none_or_is_sound)
{
    static const unsigned char masks[] = {0x01, 0x80, 0xff};
    for (size_t at = 0; at < 4096 && at < length; at += at < 64 ? 1 : 13)
        for (size_t i = 0; i < sizeof masks; i++) {
            bytes[at] = (char)(bytes[at] ^ masks[i]);
            struct catalogue *damaged = catalogue_read(bytes, length, &why);
            cr_assert(catalogue_sentence(damaged, "its port, usually 443"));
            catalogue_free(damaged);
            bytes[at] = (char)(bytes[at] ^ masks[i]);
        }
}
