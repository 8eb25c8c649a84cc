// SPDX-License-Identifier: EUPL-1.2
// Memory that is there or ends the program, ownership that ends with the scope, secrets that are wiped.
// Sizes that come from outside are capped before they get here.
#pragma once
#include <stddef.h>

// `owned(json) json_object *x = ...;` calls json_drop(&x) at the end of the scope; take(x) hands x on instead.
#define owned(kind) __attribute__((cleanup(kind##_drop)))
#define take(pointer)                                                                                                  \
    ({                                                                                                                 \
        __typeof__(pointer) taken_ = (pointer);                                                                        \
        (pointer) = NULL;                                                                                              \
        taken_;                                                                                                        \
    })

// Zeroed; never NULL.
__attribute__((malloc, returns_nonnull)) void *mem_new(size_t count, size_t size);
// Not zeroed: for what is large and written before it is read.
__attribute__((malloc, returns_nonnull)) void *mem_room(size_t size);
__attribute__((malloc, returns_nonnull)) char *mem_dup(const char *text);
__attribute__((malloc, returns_nonnull)) void *mem_copy(const void *bytes, size_t length);
// Room for at least `needed` items in *array; doubles. New room is not zeroed.
void mem_reserve(void *array, size_t *capacity, size_t needed, size_t item_size);

void bytes_drop(void *pointer_to_pointer); // owned(bytes) char *x: free

enum { SECRET_MAX = 1024 };

// A password or token. Wiped when dropped; has no log format on purpose.
struct secret {
    size_t length;
    char bytes[SECRET_MAX + 1]; // always ends in NUL
};

// False when `length` is over SECRET_MAX or a NUL is within; the secret is then empty.
_Bool secret_set(struct secret *secret, const char *bytes, size_t length) __attribute__((warn_unused_result));
void secret_drop(struct secret *secret);
// Compares in a time that does not depend on where they differ.
_Bool secret_equal(const void *a, const void *b, size_t length);
