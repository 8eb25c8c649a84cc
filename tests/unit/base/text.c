// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/text.h"
#include "broker/base/fault.h"
#include "broker/base/mem.h"
#include "tests/program.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

Test(text, copying_tells_when_it_does_not_fit)
{
    char to[5];
    cr_expect(text_copy(to, sizeof to, "hall"));
    cr_expect_str_eq(to, "hall");
    cr_expect_not(text_copy(to, sizeof to, "halls"));
    cr_expect_str_eq(to, "", "nothing cut is left behind");
}

Test(text, cutting_leaves_whole_characters)
{
    char to[5];
    text_cut(to, sizeof to, "Büro");
    cr_expect_str_eq(to, "Bür");
    text_cut(to, sizeof to, "Rüü");
    cr_expect_str_eq(to, "Rü");
    text_cut(to, sizeof to, "abc€");
    cr_expect_str_eq(to, "abc");
    text_cut(to, sizeof to, "ab");
    cr_expect_str_eq(to, "ab");
}

struct sample {
    const char *bytes; // up to a NUL
    bool clean;
};

static const struct sample samples[] = {
    {"", true},
    {"M\xc3\xbcller", true},
    {"\xe2\x82\xac", true},     // U+20AC
    {"\xf0\x9f\x96\xa8", true}, // U+1F5A8
    {"\xf4\x8f\xbf\xbf", true}, // U+10FFFF
    {"\xc2\xa0", true},         // U+00A0
    {"a\tb", false},
    {"a\nb", false},
    {"\x7f", false},
    {"\x1b[2J", false},
    {"\xc2\x85", false},             // U+0085, a C1 control
    {"\xc0\xaf", false},             // over-long /
    {"\xc1\xbf", false},             // over-long
    {"\xe0\x80\xaf", false},         // over-long
    {"\xf0\x80\x80\xaf", false},     // over-long
    {"\xed\xa0\x80", false},         // a surrogate
    {"\xf4\x90\x80\x80", false},     // beyond U+10FFFF
    {"\xf8\x88\x80\x80\x80", false}, // five bytes
    {"\x80", false},                 // a tail without a head
    {"\xc3", false},                 // a head without a tail
    {"a\xe2\x82", false},
    {"\xff", false},
};

Test(text, only_clean_utf8_is_clean)
{
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
        cr_expect_eq(text_is_clean(samples[i].bytes, strlen(samples[i].bytes)), samples[i].clean, "sample %zu", i);
    cr_expect_not(text_is_clean("a\0b", 3));
}

Test(text, does_not_look_beyond_the_length)
{
    cr_expect_not(text_is_clean("\xc3\xbc", 1));
    cr_expect(text_is_clean("ab\n", 2));
    cr_expect(text_is_slug("ab/cd", 2));
}

static bool slug(const char *text)
{
    return text_is_slug(text, strlen(text));
}

Test(text, a_slug_is_a_plain_name)
{
    cr_expect(slug("a"));
    cr_expect(slug("neustadt-2"));
    cr_expect(slug("0"));
    const char *wrong[] = {"", "-a", "a-", "-", "A", "a_b", "a.b", "a b", "a/b", "..", "ü"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_not(slug(wrong[i]), "\"%s\"", wrong[i]);
    char longest[65] = {0};
    memset(longest, 'a', 64);
    cr_expect_not(slug(longest));
    cr_expect(slug(longest + 1));
}

Test(text, a_number_stands_alone_and_within_its_bounds)
{
    int64_t number = 7;
    cr_expect(text_number("-3", -3, 3, &number));
    cr_expect_eq(number, -3);
    cr_expect(text_number("9223372036854775807", 0, INT64_MAX, &number));
    cr_expect_eq(number, INT64_MAX);
    const char *wrong[] = {"", " 1", "1 ", "+1", "-", "--1", "0x10", "1.5", "1e3", "4", "-4", "9223372036854775808"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_not(text_number(wrong[i], -3, 3, &number), "\"%s\"", wrong[i]);
    cr_expect_eq(number, INT64_MAX, "untouched");
}

Test(text, hexadecimal_comes_back)
{
    unsigned char bytes[256], again[256];
    char hex[513];
    for (int i = 0; i < 256; i++)
        bytes[i] = (unsigned char)i;
    text_hex(hex, bytes, sizeof bytes);
    cr_expect_eq(strlen(hex), 512);
    cr_expect(text_unhex(again, sizeof again, hex));
    cr_expect_arr_eq(again, bytes, sizeof bytes);
    cr_expect(text_unhex(again, 2, "fFaA"));
    cr_expect_not(text_unhex(again, 2, "fffg"));
    cr_expect_not(text_unhex(again, 2, "fff"));
    cr_expect_not(text_unhex(again, 2, "fffff"));
    cr_expect_not(text_unhex(again, 2, "ff f"));
}

Test(text, lower_case_changes_ascii_only)
{
    char text[] = "ANNA.Müller@Z[";
    text_lower(text);
    cr_expect_str_eq(text, "anna.müller@z[");
    cr_expect(text_starts("neustadt/desk", "neustadt/"));
    cr_expect_not(text_starts("neu", "neustadt"));
}

Test(text, a_word_of_a_list_is_a_whole_one)
{
    cr_expect(text_has_word("image/urf application/pdf", "application/pdf"));
    cr_expect(text_has_word("image/urf application/pdf", "image/urf"));
    cr_expect(text_has_word("a  b", "b"));
    cr_expect_not(text_has_word("application/pdfx image/pdf", "application/pdf"));
    cr_expect_not(text_has_word("application/pdf", "pdf"));
    cr_expect_not(text_has_word("a  b", ""));
    cr_expect_not(text_has_word("", "a"));
}

Test(text, what_people_are_called_has_umlauts)
{
    char text[] = "ÖZLEM.ÀÞß×Ÿ MÜLLER-\xc3";
    text_lower_name(text);
    cr_expect_str_eq(text, "özlem.àþß×Ÿ müller-\xc3");
    cr_expect(text_same_name("Özlem", strlen("Özlem"), "özlem") && text_same_name("özLEM", strlen("özLEM"), "Özlem"));
    cr_expect_not(text_same_name("Özlem", strlen("Özlem"), "ozlem"));
    cr_expect_not(text_same_name("Özlem", strlen("Özle"), "özlem"));
    cr_expect_not(text_same_name("×", strlen("×"), "÷"));
}

Test(text, what_people_are_called_comes_from_all_over_europe)
{
    char text[] = "ŁUKASZ ŻĄĆĘŃŚŹ ŠĚČŘŽÝŮŤĎŇ ŞĞI ŐŰ ĐĹĽ ȘȚĂ İĸŉŸ \xc4"
                  "A\xc5";
    text_lower_name(text);
    cr_expect_str_eq(text, "łukasz żąćęńśź šěčřžýůťďň şği őű đĺľ șță İĸŉŸ \xc4"
                           "a\xc5");
    cr_expect(text_same_name("Łukasz", strlen("Łukasz"), "łukasz"));
    cr_expect_not(text_same_name("Łukasz", strlen("Łukasz"), "lukasz"));
    cr_expect_not(text_same_name("Š", strlen("Š"), "ş"));
    cr_expect_not(text_same_name("Ł", strlen("Ł"), "ń"));
}

Test(text, a_hardware_address_is_six_pairs_with_one_sign_between)
{
    unsigned char address[6];
    cr_expect(text_hardware_address(address, "00:1b:21:AA:bb:cc"));
    cr_expect_eq(memcmp(address, "\x00\x1b\x21\xaa\xbb\xcc", 6), 0);
    cr_expect(text_hardware_address(address, "00-1b-21-aa-bb-cc"));
    cr_expect_not(text_hardware_address(address, "00:1b-21:aa:bb:cc"));
    cr_expect_not(text_hardware_address(address, "00:1b:21:aa:bb:c"));
    cr_expect_not(text_hardware_address(address, "00:1b:21:aa:bb:cg"));
    cr_expect_not(text_hardware_address(address, ""));
}

Test(text, grows_as_it_is_added_to)
{
    owned(text) struct text text = {0};
    for (int i = 0; i < 500; i++)
        text_addf(&text, "%d,", i % 10);
    text_adds(&text, "end");
    text_add(&text, "\0x", 2);
    text_add(&text, NULL, 0);
    cr_expect_eq(text.length, 1000 + 3 + 2);
    cr_expect_eq(strlen(text.bytes), 1003);
    cr_expect_eq(text.bytes[text.length], 0);
    text_drop(&text);
    cr_expect_null(text.bytes);
}

Test(text, that_is_secret_grows_as_any_other)
{
    owned(text) struct text text = {.is_secret = true};
    for (int i = 0; i < 500; i++)
        text_addf(&text, "%d", i % 10);
    text_adds(&text, "end");
    cr_expect_eq(text.length, 503);
    cr_expect_str_eq(text.bytes + 490, "0123456789end");
    text_drop(&text);
    cr_expect_null(text.bytes);
    text_adds(&text, "again");
    cr_expect_str_eq(text.bytes, "again");
    cr_expect(text.is_secret);
}

enum { SECRET_LENGTH = 64 };

// Says through `out` what the secret was, closes it when it has forgotten that, too, and waits to be looked at.
static void keep_secret_text(int out)
{
    char secret[SECRET_LENGTH];
    void *others[10];
    struct text text = {.is_secret = true};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (size_t i = 0; i < sizeof secret; i++)
        secret[i] = (char)('a' + arc4random_uniform(26));
    text_add(&text, secret, sizeof secret);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        others[i] = mem_new(1, 64); // so that there is no room behind it to grow into
        text_addf(&text, "%*d", (int)text.length, 0);
    }
    text_drop(&text);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        free(others[i]);
    ssize_t said = write(out, secret, sizeof secret);
    explicit_bzero(secret, sizeof secret);
    close(out);
    while (said == (ssize_t)sizeof secret)
        pause();
    _exit(1);
}

Test(text, that_is_secret_is_nowhere_once_it_is_dropped)
{
    char secret[SECRET_LENGTH + 1] = "";
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    pid_t keeper = fork();
    cr_assert_geq(keeper, 0);
    if (keeper == 0)
        keep_secret_text(ends[1]);
    close(ends[1]);
    cr_assert_eq(read(ends[0], secret, SECRET_LENGTH), SECRET_LENGTH);
    cr_assert_eq(read(ends[0], secret, 1), 0);
    cr_expect_not(program_remembers(keeper, secret + 16), "free overwrites what comes first");
    kill(keeper, SIGKILL);
    waitpid(keeper, NULL, 0);
    close(ends[0]);
}

Test(text, makes_one_line_of_many)
{
    static const char *const rows[][2] = {
        {"", ""}, {"one", "one"}, {"one\ntwo\nthree", "one; two; three"}, {"\n\none\n\ntwo\n", "one; two"}};
    char line[32];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        text_one_line(line, sizeof line, rows[i][0]);
        cr_expect_str_eq(line, rows[i][1]);
    }
    text_one_line(line, 8, "abcd\n\xc3\xbc\xc3\xbc");
    cr_expect_str_eq(line, "abcd; ", "no half character");
}

Test(text, leaves_out_the_half_of_a_letter)
{
    static const char *const rows[][2] = {{"", ""},
                                          {"Müller", "Müller"},
                                          {"M\xc3", "M"},
                                          {"M\xc3ller", "Mller"},
                                          {"\x80\xbf", ""},
                                          {"a\xe4\xb8", "a"},
                                          {"a\xe4\xb8 \xe4\xb8\xad", "a 中"},
                                          {"\xed\xa0\x80x", "x"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[40];
        TEXT_PUT(text, rows[i][0]);
        text_mend(text);
        cr_expect_str_eq(text, rows[i][1]);
    }
    struct fault why;
    fault_set(&why, FAULT_INVALID, "%.3s: no such host", "a\xc3\xa4\xc3\xb6");
    cr_expect_str_eq(why.text, "aä: no such host");
    fault_set(&why, FAULT_INVALID, "%.2s: no such host", "a\xc3\xa4\xc3\xb6");
    cr_expect_str_eq(why.text, "a: no such host");
}

Test(text, characters_are_read_and_written_as_utf16)
{
    static const struct {
        const char *bytes;
        uint32_t character;
    } rows[] = {{"a", 'a'}, {"ü", 0xfc}, {"王", 0x738b}, {"😀", 0x1f600}, {"\xf4\x8f\xbf\xbf", 0x10ffff}};
    static const char *const wrong[] = {"\x80", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff"};
    uint32_t character;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cr_expect_eq(text_character(rows[i].bytes, strlen(rows[i].bytes), &character), strlen(rows[i].bytes));
        cr_expect_eq(character, rows[i].character);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_eq(text_character(wrong[i], strlen(wrong[i]), &character), 0);
    uint16_t units[2];
    cr_expect_eq(text_utf16(units, 0xfc), 1);
    cr_expect_eq(units[0], 0xfc);
    cr_expect_eq(text_utf16(units, 0x1f600), 2);
    cr_expect(units[0] == 0xd83d && units[1] == 0xde00);
}
