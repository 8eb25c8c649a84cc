// SPDX-License-Identifier: EUPL-1.2
// A configuration file: any bytes, and what was accepted keeps to its rows.
#include "broker/base/conf.h"
#include "broker/base/text.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

struct settings {
    char name[16];
    char state_dir[24];
    int64_t port;
    int64_t level;
};

static const char *const levels[] = {"error", "warn", "info", NULL};

#define AT(member) .offset = offsetof(struct settings, member), .size = sizeof(((struct settings *)0)->member)

static const struct conf_row rows[] = {
    {.key = "name", .type = CONF_TEXT, AT(name), .required = true, .sentence = "a name"},
    {.key = "state_dir", .type = CONF_PATH, AT(state_dir), .preset = "/var/lib/pult", .sentence = "a folder"},
    {.key = "port", .type = CONF_NUMBER, AT(port), .min = 1, .max = 65535, .preset = "443", .sentence = "a port"},
    {.key = "level", .type = CONF_CHOICE, AT(level), .choices = levels, .sentence = "a level"},
    {.key = NULL},
};

static void count(void *arg, int line, const char *mistake)
{
    assert(line >= 0 && mistake[0]);
    ++*(int *)arg;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct settings settings = {0};
    int mistakes = 0;
    bool right = conf_parse((const char *)data, size, rows, &settings, count, &mistakes);
    assert(right == (mistakes == 0));
    assert(text_is_clean(settings.name, strnlen(settings.name, sizeof settings.name)));
    assert(memchr(settings.name, 0, sizeof settings.name) && memchr(settings.state_dir, 0, sizeof settings.state_dir));
    assert(!right || settings.state_dir[0] == '/');
    assert(!right || (settings.port >= 1 && settings.port <= 65535));
    assert(settings.level >= 0 && settings.level < 3);
    return 0;
}
