// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/ipp_message.h"
#include "broker/base/mem.h"

#include <assert.h>
#include <string.h>

struct ipp_bytes {
    const unsigned char *at;
    size_t left;
};

static ssize_t give_bytes(void *arg, ipp_uchar_t *to, size_t size)
{
    struct ipp_bytes *bytes = arg;
    size_t length = size < bytes->left ? size : bytes->left;
    memcpy(to, bytes->at, length);
    bytes->at += length;
    bytes->left -= length;
    return (ssize_t)length;
}

ipp_t *ipp_message_read(const void *bytes, size_t length)
{
    struct ipp_bytes left = {bytes, length};
    ipp_t *message = ippNew();
    assert(message);
    if (ippReadIO(&left, give_bytes, 1, NULL, message) == IPP_STATE_DATA)
        return message;
    ippDelete(message);
    return NULL;
}
