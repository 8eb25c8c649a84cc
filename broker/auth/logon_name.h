// SPDX-License-Identifier: EUPL-1.2
// The user name as typed (hostile), and the only place where a search filter is built.
#pragma once
#include "broker/api/directory_schema.h"
#include "broker/auth/ldap_dn.h"
#include "broker/auth/ldap_types.h"

enum { FILTER_SIZE = 40960 };

// "anna", "DOM\anna", or "anna@suffix" when the suffix is the tenant's realm or id: `user_name` becomes "anna", in
// lower case. Where people may log on with an address, or with a userPrincipalName that has another suffix, it stays
// whole. False, and `user_name` empty, for any other suffix and for what cannot be a name: empty, too long, not clean
// UTF-8.
bool logon_name_read(char user_name[USER_NAME_SIZE], const struct tenant *tenant, const struct directory_schema *schema,
                     const char *typed) __attribute__((warn_unused_result));
// What a value of this logon attribute is for that user name: without a suffix that is ours, or with the realm.
void logon_name_value(char value[USER_NAME_SIZE + NAME_SIZE], const struct tenant *tenant, const char *attribute,
                      const char *user_name);
// Finds the person with this user name. Takes any bytes: every one that is not plainly harmless is escaped (RFC
// 4515).
void logon_name_filter(char filter[FILTER_SIZE], const struct tenant *tenant, const struct directory_schema *schema,
                       const char *user_name);
// The same whatever class the entry is of.
void logon_name_classless_filter(char filter[FILTER_SIZE], const struct tenant *tenant,
                                 const struct directory_schema *schema, const char *user_name);
// Finds anybody with a user name; any group.
void logon_name_any_filter(char filter[FILTER_SIZE], const struct tenant *tenant,
                           const struct directory_schema *schema);
void logon_name_any_group_filter(char filter[FILTER_SIZE], const struct directory_schema *schema);
// Finds the groups that name this member: less than DN_WRITTEN_SIZE bytes of DN. `user_name`: NULL for a group.
void logon_name_member_filter(char filter[FILTER_SIZE], const struct directory_schema *schema, struct ldap_bytes dn,
                              const char *user_name);
// Finds the groups of this common name.
void logon_name_group_filter(char filter[FILTER_SIZE], const struct directory_schema *schema, const char *name);
// Finds the object with this security identifier (Active Directory). At most 68 bytes: sub-authorities end at 15.
void logon_name_sid_filter(char filter[FILTER_SIZE], struct ldap_bytes sid);
