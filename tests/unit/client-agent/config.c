// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/text.h"
#include "client-agent/agent_config.h"
#include "client-agent/x_server.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct agent_config config;
static char mistakes[2000];

static void note(void *arg, int line, const char *mistake)
{
    (void)arg;
    size_t used = strlen(mistakes);
    snprintf(mistakes + used, sizeof mistakes - used, "%d: %s\n", line, mistake);
}

static bool parse(const char *text)
{
    mistakes[0] = 0;
    return conf_parse(text, strlen(text), agent_config_rows, &config, note, NULL);
}

Test(config, needs_nothing_but_the_broker)
{
    cr_assert(parse("broker = broker.kreis.example\n"), "%s", mistakes);
    cr_assert_str_eq(config.broker, "broker.kreis.example");
    cr_assert_eq(config.device_port, 8444);
    cr_assert_eq(config.language, CONFIG_GERMAN);
    cr_assert_str_eq(config.realm, "");
    cr_assert_str_eq(config.run_dir, "/run/pult-agent");
}

Test(config, tells_every_mistake_with_its_line)
{
    cr_assert_not(parse("language = fr\ndevice-port = 0\nno-such-key = 1\n"));
    cr_assert(strstr(mistakes, "1: language"), "%s", mistakes);
    cr_assert(strstr(mistakes, "2: device-port"));
    cr_assert(strstr(mistakes, "3: unknown setting"));
    cr_assert(strstr(mistakes, "0: broker is missing"));
}

Test(config, has_a_sentence_and_a_fitting_preset_for_every_key)
{
    for (const struct conf_row *row = agent_config_rows; row->key; row++)
        cr_expect(row->sentence && *row->sentence, "%s", row->key);
    cr_assert(parse("broker = b\n"), "%s", mistakes);
}

Test(config, check_names_what_is_not_there)
{
    cr_assert(parse("broker = b\nviewer = /no/viewer\nstate-dir = /no/state\nbroker-ca = /no/ca\n"
                    "greeter-server = /no/server vt%v\nviewer-user = nobody-such\n"));
    cr_assert_not(agent_config_check(&config, note, NULL));
    cr_assert(strstr(mistakes, "viewer: /no/viewer"), "%s", mistakes);
    cr_assert(strstr(mistakes, "greeter-server: /no/server"));
    cr_assert(strstr(mistakes, "state-dir: /no/state"));
    cr_assert(strstr(mistakes, "not enrolled"));
    cr_assert(strstr(mistakes, "broker-ca: /no/ca"));
}

Test(x_server_words, replace_the_terminal)
{
    const char *words[SERVER_WORDS_MAX];
    char room[200];
    cr_assert(x_server_words("  /usr/bin/Xorg vt%v   -s 0 ", 8, room, sizeof room, words));
    cr_assert_str_eq(words[0], "/usr/bin/Xorg");
    cr_assert_str_eq(words[1], "vt8");
    cr_assert_str_eq(words[2], "-s");
    cr_assert_str_eq(words[3], "0");
    cr_assert_null(words[4]);
}

Test(x_server_words, refuse_what_does_not_fit)
{
    const char *words[SERVER_WORDS_MAX];
    char room[40], many[400] = "";
    for (int i = 0; i < 100; i++)
        memcpy(many + 2 * i, "a ", 3);
    cr_assert_not(x_server_words("", 7, room, sizeof room, words));
    cr_assert_not(x_server_words("/usr/bin/a-rather-long-name-of-a-program", 7, room, sizeof room, words));
    char wide[1000];
    cr_assert_not(x_server_words(many, 7, wide, sizeof wide, words));
}
