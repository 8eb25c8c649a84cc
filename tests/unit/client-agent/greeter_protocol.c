// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/greeter_protocol.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int ends[2];
static struct greeter_reader reader;
static struct greeter_message got[4];
static int count;
static struct fault why;

static void open_line(void)
{
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    reader.length = 0;
    count = 0;
    why = (struct fault){0};
}

static void close_line(void)
{
    close(ends[0]);
    close(ends[1]);
}

TestSuite(greeter_port, .init = open_line, .fini = close_line);

static void heard(void *arg, const struct greeter_message *message)
{
    (void)arg;
    got[count++ % 4] = *message;
}

static void put(const char *bytes)
{
    cr_assert_eq(write(ends[0], bytes, strlen(bytes)), (ssize_t)strlen(bytes));
}

static bool hear(void)
{
    return greeter_read(&reader, ends[1], heard, NULL, &why);
}

Test(greeter_port, brings_a_message_across)
{
    struct greeter_message message = {.type = GREETER_LOG_ON};
    struct text line = {0};
    TEXT_PUT(message.name, "anna");
    TEXT_PUT(message.password, "geh\"eim\\ \xc3\xbc");
    greeter_line(&line, &message);
    put(line.bytes);
    greeter_line_drop(&line);
    cr_assert(hear(), "%s", why.text);
    cr_assert_eq(count, 1);
    cr_assert_eq(got[0].type, GREETER_LOG_ON);
    cr_assert_str_eq(got[0].name, "anna");
    cr_assert_str_eq(got[0].password, "geh\"eim\\ \xc3\xbc");
}

Test(greeter_port, brings_the_first_type_across_too)
{
    struct greeter_message message = {.type = GREETER_SHOW};
    struct text line = {0};
    greeter_line(&line, &message);
    put(line.bytes);
    greeter_line_drop(&line);
    cr_assert(hear(), "%s", why.text);
    cr_assert_eq(got[0].type, GREETER_SHOW);
}

Test(greeter_port, hears_lines_that_come_in_pieces_and_together)
{
    put("{\"type\":\"can");
    cr_assert(hear());
    cr_assert_eq(count, 0);
    put("cel\"}\n{\"type\":\"language\",\"language\":\"en\"}\n");
    cr_assert(hear());
    cr_assert_eq(count, 2);
    cr_assert_str_eq(got[1].language, "en");
}

Test(greeter_port, keeps_no_password_behind)
{
    put("{\"type\":\"logon\",\"name\":\"a\",\"password\":\"geheim\"}\n");
    cr_assert(hear());
    cr_assert_null(memmem(&reader, sizeof reader, "geheim", 6));
}

Test(greeter_port, ends_at_a_line_that_is_too_long)
{
    char block[1024];
    memset(block, 'x', sizeof block);
    bool fine = true;
    for (int i = 0; i < 33 && fine; i++) {
        cr_assert_eq(write(ends[0], block, sizeof block), (ssize_t)sizeof block);
        fine = hear();
    }
    cr_assert_not(fine);
    cr_assert(strstr(why.text, "longer"), "%s", why.text);
}

Test(greeter_port, ends_at_what_nobody_understands)
{
    static const char *const lines[] = {"nonsense\n",
                                        "{}\n",
                                        "{\"type\":\"fly\"}\n",
                                        "{\"type\":\"cancel\",\"x\":1}\n",
                                        "{\"type\":\"logon\",\"name\":\"a\\nb\"}\n",
                                        "\n"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        reader.length = 0;
        put(lines[i]);
        cr_expect_not(hear(), "%s", lines[i]);
    }
}

Test(greeter_port, tells_an_orderly_end_from_a_bad_one)
{
    shutdown(ends[0], SHUT_WR);
    cr_assert_not(hear());
    cr_assert_str_eq(why.text, "");
}
