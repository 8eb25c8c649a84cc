// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/ldap_types.h"
#include "broker/base/text.h"

bool ldap_bytes_equal(struct ldap_bytes bytes, const char *text)
{
    return text_same_name(bytes.at, bytes.length, text);
}

const struct ldap_attribute *ldap_entry_attribute(const struct ldap_entry *entry, const char *name)
{
    for (size_t i = 0; i < entry->count; i++)
        if (ldap_bytes_equal(entry->attributes[i].name, name))
            return &entry->attributes[i];
    return NULL;
}
