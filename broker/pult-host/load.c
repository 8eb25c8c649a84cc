// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/load.h"
#include "broker/base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 16 * 1024 };

// proc(5): user nice system idle iowait irq softirq steal. What a neighbour on the same hardware took is busy, too.
bool load_read_processors(const char *text, uint64_t *busy, uint64_t *total)
{
    uint64_t ticks[8] = {0}, sum = 0;
    if (!text_starts(text, "cpu "))
        return false;
    int found =
        sscanf(text + 4, "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64,
               &ticks[0], &ticks[1], &ticks[2], &ticks[3], &ticks[4], &ticks[5], &ticks[6], &ticks[7]);
    for (int i = 0; i < 8; i++) {
        if (ticks[i] > UINT64_MAX / 16)
            return false;
        sum += ticks[i];
    }
    *total = sum;
    *busy = sum - ticks[3] - ticks[4];
    return found >= 4;
}

static bool kilobytes(const char *text, const char *name, int64_t *found)
{
    const char *line = strstr(text, name);
    return line && sscanf(line + strlen(name), " %18" SCNd64 " kB", found) == 1 && *found >= 0;
}

bool load_read_memory(const char *text, int64_t *permille)
{
    int64_t total = 0, available = 0;
    if (!kilobytes(text, "MemTotal:", &total) || !kilobytes(text, "MemAvailable:", &available) || total == 0 ||
        total > INT64_MAX / 1000)
        return false;
    *permille = available > total ? 0 : (total - available) * 1000 / total;
    return true;
}

// "some avg10=0.00 avg60=0.00 avg300=0.00 total=0", in percent.
bool load_read_pressure(const char *text, int64_t *permille)
{
    unsigned whole = 0, hundredths = 0;
    if (sscanf(text, "some avg10=%3u.%2u ", &whole, &hundredths) != 2 || whole > 100 || hundredths > 99)
        return false;
    *permille = (int64_t)whole * 10 + hundredths / 10;
    *permille = *permille > 1000 ? 1000 : *permille;
    return true;
}

static bool read_text(const char *root, const char *name, char text[TEXT_MAX])
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", root, name);
    FILE *file = fopen(path, "re");
    size_t length = file ? fread(text, 1, TEXT_MAX - 1, file) : 0;
    text[length] = 0;
    if (file)
        fclose(file);
    return length > 0;
}

static void read_share(struct load *load, const char *text)
{
    uint64_t busy = 0, total = 0;
    if (!load_read_processors(text, &busy, &total))
        return;
    bool since = load->total && total > load->total && busy >= load->busy;
    load->cpu = since ? (int64_t)((busy - load->busy) * 1000 / (total - load->total)) : load->cpu;
    load->cpu = load->cpu > 1000 ? 1000 : load->cpu;
    load->busy = busy;
    load->total = total;
}

void load_read(struct load *load, const char *root)
{
    static const char *const pressures[] = {"pressure/cpu", "pressure/memory", "pressure/io"};
    char text[TEXT_MAX];
    if (read_text(root, "stat", text))
        read_share(load, text);
    if (read_text(root, "meminfo", text) && !load_read_memory(text, &load->memory))
        load->memory = 0;
    load->pressure = 0;
    for (size_t i = 0; i < sizeof pressures / sizeof *pressures; i++) {
        int64_t one = 0;
        if (read_text(root, pressures[i], text) && load_read_pressure(text, &one) && one > load->pressure)
            load->pressure = one;
    }
}
