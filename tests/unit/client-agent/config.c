// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/ca.h"
#include "broker/base/file.h"
#include "broker/base/text.h"
#include "client-agent/agent_config.h"
#include "client-agent/x_server.h"
#include "tests/folder.h"

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

static void write_text(const char *folder, const char *name, const char *text)
{
    struct fault why;
    char path[FOLDER_SIZE + 16];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    cr_assert(file_replace(path, 0600, text, strlen(text), &why), "%s", why.text);
}

static void write_certificate(const char *path)
{
    struct fault why;
    char key[FOLDER_SIZE + 24];
    snprintf(key, sizeof key, "%s.key", path);
    cr_assert(ca_create(key, path, &why), "%s", why.text);
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
}

// The broker and its authority are the enrolment's to tell, so before it they are not missed.
Test(config, check_names_what_enrolling_did_not_leave)
{
    char folder[FOLDER_SIZE], path[FOLDER_SIZE + 16];
    folder_make(folder, "agent-config");
    snprintf(path, sizeof path, "%s/device.pem", folder);
    write_certificate(path);
    cr_assert(parse("broker-ca = /no/ca\n"));
    TEXT_PUT(config.state_dir, folder);
    cr_assert_not(agent_config_check(&config, note, NULL));
    cr_assert_not(strstr(mistakes, "not enrolled"), "%s", mistakes);
    cr_assert(strstr(mistakes, "broker-ca: /no/ca"));
    cr_assert(strstr(mistakes, "0: broker is missing"));

    write_text(folder, "broker", "broker.example\n");
    write_text(folder, "broker-ca.pem", "any");
    enrol_complete(config.state_dir, config.broker, config.broker_ca);
    cr_assert_str_eq(config.broker, "broker.example");
    mistakes[0] = 0;
    cr_assert_not(agent_config_check(&config, note, NULL)); // other things are not there
    cr_assert_not(strstr(mistakes, "broker"), "%s", mistakes);
    folder_remove(folder);
}

Test(config, goes_before_what_enrolling_left)
{
    char folder[FOLDER_SIZE], ca[FOLDER_SIZE + 16];
    folder_make(folder, "agent-config");
    write_text(folder, "broker", "elsewhere.example\n");
    write_text(folder, "broker-ca.pem", "any");
    write_text(folder, "ca.crt", "ours");
    snprintf(ca, sizeof ca, "%s/ca.crt", folder);
    cr_assert(parse("broker = broker.example\n"));
    TEXT_PUT(config.broker_ca, ca);
    enrol_complete(folder, config.broker, config.broker_ca);
    cr_assert_str_eq(config.broker, "broker.example");
    cr_assert_str_eq(config.broker_ca, ca);
    folder_remove(folder);
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
