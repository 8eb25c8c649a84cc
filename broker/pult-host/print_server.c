// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/print_server.h"
#include "broker/api/codec.h"
#include "broker/base/file.h"
#include "broker/base/text.h"

#include <stdio.h>
#include <string.h>

enum { PATH_SIZE = 400, CONTENT_SIZE = 8192 };

static void path_of(char path[PATH_SIZE], const char *state_dir)
{
    snprintf(path, PATH_SIZE, "%s/printing.json", state_dir);
}

bool print_server_read(struct host_printing *printing, const char *state_dir, struct fault *why)
{
    char path[PATH_SIZE], content[CONTENT_SIZE];
    path_of(path, state_dir);
    return file_read_text(path, content, sizeof content, why) &&
           codec_decode(&host_printing_type, CODEC_MESSAGE, content, strlen(content), printing, why);
}

bool print_server_write(const struct host_printing *printing, const char *state_dir, struct fault *why)
{
    char path[PATH_SIZE];
    struct text content = {0};
    path_of(path, state_dir);
    if (!printing->address[0])
        return file_remove(path, why) || !file_exists(path);
    codec_print_record(&content, host_printing_type.fields, CODEC_MESSAGE, printing);
    bool written = file_replace(path, 0600, content.bytes, content.length, why);
    text_drop(&content);
    return written;
}
