// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/answer.h"
#include "broker/base/text.h"

bool bytes_equal(struct bytes bytes, const char *text)
{
    return text_same_name(bytes.at, bytes.length, text);
}

const struct attribute *entry_attribute(const struct entry *entry, const char *name)
{
    for (size_t i = 0; i < entry->count; i++)
        if (bytes_equal(entry->attributes[i].name, name))
            return &entry->attributes[i];
    return NULL;
}
