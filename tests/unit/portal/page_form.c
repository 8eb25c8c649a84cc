// SPDX-License-Identifier: EUPL-1.2
// Forms as browsers send them, and what is refused of them.
#include "broker/portal/page_form.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct order {
    char name[16];
    char password[32];
    char session[ID_SIZE];
    int64_t size;
    bool agreed;
};

#define AT(member) .offset = offsetof(struct order, member), .size = sizeof(((struct order *)0)->member)

static const char *const sizes[] = {"small", "large", NULL};

// A row a line.
// clang-format off
static const struct field fields[] = {
    {.name = "name", .type = FIELD_TEXT, AT(name), .flags = FIELD_REQUIRED, .max = 8, .sentence = "who"},
    {.name = "password", .type = FIELD_TEXT, AT(password), .flags = FIELD_SECRET, .sentence = "its password"},
    {.name = "session", .type = FIELD_ID, AT(session), .refers = NOUN_SESSION, .sentence = "which"},
    {.name = "size", .type = FIELD_CHOICE, AT(size), .choices = sizes, .sentence = "how large"},
    {.name = "agreed", .type = FIELD_FLAG, AT(agreed), .sentence = "whether"},
    {.name = NULL},
};
// clang-format on
static const struct record_type type = {"order", fields, sizeof(struct order)};

static struct order order;
static struct fault why;
static char bytes[512];
static size_t sent;

static bool read_bytes(const char *text, size_t length)
{
    cr_assert_leq(length, sizeof bytes);
    memcpy(bytes, text, length);
    memset(&order, 'x', sizeof order);
    sent = length;
    return page_form_read(&type, bytes, length, &order, &why);
}

static bool read_text(const char *text)
{
    return read_bytes(text, strlen(text));
}

static void assert_wiped(void)
{
    for (size_t i = 0; i < sent; i++)
        cr_assert_eq(bytes[i], 0);
}

Test(page_form, is_read_by_its_rows)
{
    cr_assert(read_text("name=J%C3%B6rg+M.&password=%26%3D%2B%25+a&session=neustadt%2fs-1&size=large&agreed=on"));
    cr_expect_str_eq(order.name, "Jörg M.");
    cr_expect_str_eq(order.password, "&=+% a");
    cr_expect_str_eq(order.session, "neustadt/s-1");
    cr_expect_eq(order.size, 1);
    cr_expect(order.agreed);
    assert_wiped();
}

Test(page_form, what_is_not_there_is_empty)
{
    cr_assert(read_text("name=anna"));
    cr_expect_str_eq(order.password, "");
    cr_expect_eq(order.size, 0);
    cr_expect_not(order.agreed);
    cr_assert(read_text("password=&name=anna&session="));
    cr_expect_str_eq(order.session, "");
}

Test(page_form, what_browsers_do_not_send_is_refused)
{
    static const struct {
        const char *text, *said;
    } rows[] = {
        {"", "name: required"},
        {"name=", "name: required"},
        {"name=anna&name=anna", "name: given twice"},
        {"name=anna&colour=red", "there is a field that the form does not have"},
        {"name=anna&", NULL},
        {"&name=anna", "there is a field that the form does not have"},
        {"name=anna&&size=small", "there is a field that the form does not have"},
        {"name", "name: required"},
        {"name=123456789", "name: longer than 8 letters"},
        {"name=%C3%B6%C3%B6%C3%B6%C3%B6%C3%B6%C3%B6%C3%B6%C3%B6", "name: longer than 15 bytes"},
        {"name=an%00na", "name: contains control characters or is not valid UTF-8"},
        {"name=an%0D%0Ana", "name: contains control characters or is not valid UTF-8"},
        {"name=an%C3", "name: contains control characters or is not valid UTF-8"},
        {"name=%C0%AF", "name: contains control characters or is not valid UTF-8"},
        {"name=a%", "name: contains control characters or is not valid UTF-8"},
        {"name=a%4", "name: contains control characters or is not valid UTF-8"},
        {"name=a%4g", "name: contains control characters or is not valid UTF-8"},
        {"name=a%%41", "name: contains control characters or is not valid UTF-8"},
        {"name%00=a", "there is a field that the form does not have"},
        {"name=a&size=medium", "size: not one of the choices (small, ...)"},
        {"name=a&size=", "size: not one of the choices (small, ...)"},
        {"name=a&agreed=off", "agreed: is on or not there"},
        {"name=a&session=../x", "session: is no id"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cr_expect_eq(read_text(rows[i].text), rows[i].said == NULL, "%s", rows[i].text);
        if (rows[i].said)
            cr_expect_str_eq(why.text, rows[i].said, "%s: %s", rows[i].text, why.text);
        assert_wiped();
    }
    cr_expect_not(read_bytes("name=a\0b", 8));
    cr_expect_not(read_bytes("name=a&name\0=b", 14));
}

// A password of a form that was refused is not left anywhere.
Test(page_form, that_is_refused_leaves_nothing)
{
    cr_assert_not(read_text("password=geheim&name=anna&size=medium"));
    for (size_t i = 0; i < sizeof order; i++)
        cr_assert_eq(((const unsigned char *)&order)[i], 0);
    assert_wiped();
}

Test(page_form, a_name_may_be_spelled_in_percent)
{
    cr_assert(read_text("%6eame=anna"));
    cr_expect_str_eq(order.name, "anna");
}
