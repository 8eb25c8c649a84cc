// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *pointer)
{
    if (!pointer) {
        fputs("<2>out of memory\n", stderr);
        abort();
    }
    return pointer;
}

void *mem_new(size_t count, size_t size)
{
    return must(calloc(count ? count : 1, size ? size : 1));
}

void *mem_room(size_t size)
{
    return must(malloc(size ? size : 1));
}

char *mem_dup(const char *text)
{
    return must(strdup(text));
}

void *mem_copy(const void *bytes, size_t length)
{
    void *copy = mem_room(length);
    if (length)
        memcpy(copy, bytes, length);
    return copy;
}

void mem_reserve(void *array, size_t *capacity, size_t needed, size_t item_size)
{
    if (needed <= *capacity)
        return;
    size_t room = *capacity ? *capacity : 8;
    while (room < needed)
        room *= 2;
    void **pointer = array;
    *pointer = must(reallocarray(*pointer, room, item_size));
    *capacity = room;
}

void bytes_drop(void *pointer_to_pointer)
{
    void **pointer = pointer_to_pointer;
    free(*pointer);
    *pointer = NULL;
}

_Bool secret_set(struct secret *secret, const char *bytes, size_t length)
{
    secret_drop(secret);
    if (length > SECRET_MAX || memchr(bytes, 0, length))
        return 0;
    memcpy(secret->bytes, bytes, length);
    secret->bytes[length] = 0;
    secret->length = length;
    return 1;
}

void secret_drop(struct secret *secret)
{
    explicit_bzero(secret, sizeof *secret);
}

_Bool secret_equal(const void *a, const void *b, size_t length)
{
    const volatile unsigned char *left = a, *right = b;
    unsigned char difference = 0;
    for (size_t i = 0; i < length; i++)
        difference |= (unsigned char)(left[i] ^ right[i]);
    return difference == 0;
}
