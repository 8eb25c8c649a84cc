// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/checkup.h"
#include "broker/auth/check_steps.h"
#include "broker/auth/kerberos_check.h"
#include "broker/auth/ldap_dial.h"
#include "broker/auth/logon_name.h"
#include "broker/auth/person_entry.h"
#include "broker/auth/service_account.h"
#include "broker/base/clock.h"
#include "broker/base/text.h"
#include "broker/base/worker.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

enum { SERVERS_MAX = 8, SHOWN_MAX = 3, SHOWN_SIZE = 200, CLOCK_WARNING_S = 60, CLOCK_LIMIT_S = 300 };

// What the thread holds; the loop's part looks at it when the thread has ended.
struct directory_look {
    struct service_account service;
    struct directory_schema schema;
    char name[USER_NAME_SIZE];      // as typed
    char user_name[USER_NAME_SIZE]; // as searched
    bool named;                     // somebody is looked for
    char server[LIST_SIZE];         // that the rest is asked of
    struct check_steps steps;
    struct checkup *checkup; // the loop's alone
};

struct checkup {
    struct worker *worker;
    examine_done *done;
    void *arg;
};

// The entries of a search: how many, and what the first of them is.
struct found {
    const struct directory_look *look;
    size_t count;
    char dns[SHOWN_MAX][SHOWN_SIZE]; // for people
    char dn[DN_WRITTEN_SIZE];        // of the first, as the server has it; "": longer than that
    bool has_id, has_ids, has_member_of;
    const char *other_id;     // an id that it has instead
    char classes[SHOWN_SIZE]; // of the first
    char time[32];            // of the root of the directory
    struct person_entry_read person;
    bool is_person;
};

static void copy_shown(char *to, size_t size, struct ldap_bytes bytes)
{
    size_t length = bytes.length < size ? bytes.length : size - 1;
    memcpy(to, bytes.at, length);
    to[length] = 0;
    text_mend(to);
    if (!text_is_clean(to, strlen(to)))
        text_put(to, size, "?");
}

static void add_classes(char classes[SHOWN_SIZE], const struct ldap_entry *entry)
{
    const struct ldap_attribute *attribute = ldap_entry_attribute(entry, "objectClass");
    classes[0] = 0;
    for (size_t i = 0; attribute && i < attribute->count; i++) {
        char word[SCHEMA_WORD_SIZE];
        size_t length = strlen(classes);
        copy_shown(word, sizeof word, attribute->values[i]);
        if (length + strlen(word) + 2 < SHOWN_SIZE)
            snprintf(classes + length, SHOWN_SIZE - length, "%s%s", length ? " " : "", word);
    }
}

static const char *const known_ids[] = {"entryUUID", "nsUniqueId", "objectGUID", "ipaUniqueID", NULL};

static void look_at_entry(struct found *found, const struct ldap_entry *entry)
{
    const struct directory_look *look = found->look;
    const struct ldap_attribute *id = ldap_entry_attribute(entry, look->schema.id_attribute);
    const struct ldap_attribute *time = ldap_entry_attribute(entry, "currentTime");
    found->has_id = id && id->count > 0;
    found->has_ids = id && id->count > 1;
    for (size_t i = 0; known_ids[i] && !found->has_id && !found->other_id; i++)
        found->other_id = ldap_entry_attribute(entry, known_ids[i]) ? known_ids[i] : NULL;
    found->has_member_of = ldap_entry_attribute(entry, "memberOf") != NULL;
    found->is_person = look->named && person_entry_identity(&found->person, &look->service.tenant, &look->schema,
                                                            look->user_name, entry, clock_wall_ms());
    if (entry->dn.length < sizeof found->dn)
        memcpy(found->dn, entry->dn.at, entry->dn.length);
    add_classes(found->classes, entry);
    if (time && time->count > 0)
        copy_shown(found->time, sizeof found->time, time->values[0]);
}

static bool take_entry(void *arg, int id, const struct ldap_entry *entry, const struct ldap_result *result)
{
    struct found *found = arg;
    (void)id;
    (void)result;
    if (!entry)
        return true;
    if (found->count < SHOWN_MAX)
        copy_shown(found->dns[found->count], SHOWN_SIZE, entry->dn);
    if (found->count++ == 0)
        look_at_entry(found, entry);
    return true;
}

// Whether there was an answer; its code is LDAP's, or RESULT_UNWILLING with `why`.
static int search(struct directory_look *look, struct ldap_link *link, const char *base, const char *filter,
                  const char *const *attributes, struct found *found, struct fault *why)
{
    struct ldap_reply reply;
    struct ldap_query query = {.base = base,
                               .filter = filter ? filter : "(objectClass=*)",
                               .subtree = filter != NULL,
                               .attributes = attributes,
                               .size_limit = SHOWN_MAX};
    *found = (struct found){.look = look};
    query.time_limit_s = (int)(look->service.wait_ms / 1000) + 1;
    if (!ldap_link_search_now(link, &query, look->service.wait_ms, take_entry, found, &reply, why))
        return RESULT_UNWILLING;
    if (reply.result.code != RESULT_SUCCESS)
        fault_set(why, FAULT_UNAVAILABLE, "code %d %s", reply.result.code, reply.text);
    return reply.result.code == RESULT_SIZE_LIMIT && found->count ? RESULT_SUCCESS : reply.result.code;
}

// ---- Servers

static bool reach_server(struct directory_look *look, const char *uri)
{
    struct fault why;
    int descriptor = ldap_dial(uri, look->service.wait_ms, &why);
    if (descriptor < 0) {
        check_add(&look->steps, CHECK_STEP_ADDRESS, CHECK_FAILED,
                  "%s cannot be reached: %s. Correct servers, or let the broker's connections to that port through the "
                  "firewalls.",
                  uri, why.text);
        return false;
    }
    close(descriptor);
    check_add(&look->steps, CHECK_STEP_ADDRESS, CHECK_OK, "%s accepts connections", uri);
    return true;
}

static struct ldap_link *open_link(struct directory_look *look, const char *uri)
{
    struct fault why;
    struct ldap_link *link = ldap_link_open(uri, look->service.ca_file, look->service.wait_ms, &why);
    if (link)
        check_add(&look->steps, CHECK_STEP_TLS, CHECK_OK, "%s proves its name by a certificate that %s vouches for",
                  uri, look->service.ca_file);
    else
        check_add(&look->steps, CHECK_STEP_TLS, CHECK_FAILED,
                  "%s: %s. The server needs a certificate for the name that servers has, signed by an authority in %s.",
                  uri, why.text, look->service.ca_file);
    return link;
}

static bool bind_link(struct directory_look *look, struct ldap_link *link, const char *uri)
{
    struct fault why;
    const struct tenant *tenant = &look->service.tenant;
    if (!service_account_fits(&look->service, link, &why)) {
        check_add(&look->steps, CHECK_STEP_BIND, CHECK_FAILED, "%s: %s. Correct directory.", uri, why.text);
        return false;
    }
    bool by_ticket = tenant->bind_method == BIND_METHOD_KERBEROS;
    const char *file = by_ticket ? look->service.keytab_file : look->service.password_file;
    if (service_account_bind(&look->service, link, uri, &why)) {
        check_add(&look->steps, CHECK_STEP_BIND, CHECK_OK, "%s lets %s in", uri, tenant->bind_dn);
        return true;
    }
    check_add(&look->steps, CHECK_STEP_BIND, CHECK_FAILED, "%s: %s. Correct bind_dn (%s), or the secret in %s.", uri,
              why.text, tenant->bind_dn, file);
    return false;
}

// A link to this server, or NULL.
static struct ldap_link *check_server(struct directory_look *look, const char *uri)
{
    struct ldap_link *link = reach_server(look, uri) ? open_link(look, uri) : NULL;
    if (!link || bind_link(look, link, uri))
        return link;
    ldap_link_close(link);
    return NULL;
}

// All of them are looked at; the rest goes by the first that works.
static struct ldap_link *check_servers(struct directory_look *look)
{
    char list[LIST_SIZE], *rest = NULL;
    struct ldap_link *first = NULL;
    TEXT_PUT(list, look->service.tenant.servers);
    char *uri = strtok_r(list, " ", &rest);
    for (size_t i = 0; uri && i < SERVERS_MAX; i++, uri = strtok_r(NULL, " ", &rest)) {
        struct ldap_link *link = check_server(look, uri);
        if (first) {
            ldap_link_close(link);
            continue;
        }
        first = link;
        TEXT_PUT(look->server, uri);
    }
    return first;
}

// ---- What is below

static const char *const nothing[] = {"1.1", NULL};

static bool check_base(struct directory_look *look, struct ldap_link *link, enum check_step_kind step,
                       const char *field, const char *base)
{
    struct fault why;
    struct found found;
    int code = search(look, link, base, NULL, nothing, &found, &why);
    if (code == RESULT_SUCCESS && found.count > 0) {
        check_add(&look->steps, step, CHECK_OK, "%s is there: %s", field, base);
        return true;
    }
    if (code == RESULT_SUCCESS || code == RESULT_NO_SUCH_OBJECT)
        check_add(&look->steps, step, CHECK_FAILED,
                  "the directory has no entry %s, or does not show it to %s. Correct %s, or let the account read it.",
                  base, look->service.tenant.bind_dn, field);
    else
        check_add(&look->steps, step, CHECK_FAILED, "%s cannot be read: %s", base, why.text);
    return false;
}

// Attributes of a person, and what tells what they have instead of what is missing.
static void person_attributes(const struct directory_look *look, const char *attributes[PERSON_ATTRIBUTES_MAX + 8])
{
    const char *wanted[PERSON_ATTRIBUTES_MAX];
    size_t count = 0;
    person_entry_attributes(wanted, &look->schema);
    for (size_t i = 0; wanted[i]; i++)
        if (strcasecmp(wanted[i], "tokenGroups") != 0) // told of the base of a search only
            attributes[count++] = wanted[i];
    for (size_t i = 0; known_ids[i]; i++)
        attributes[count++] = known_ids[i];
    attributes[count++] = "objectClass";
    attributes[count++] = "memberOf";
    attributes[count] = NULL;
}

static void list_words(char list[LIST_SIZE], const struct schema_words *words)
{
    list[0] = 0;
    for (size_t i = 0; i < words->count; i++) {
        size_t length = strlen(list);
        snprintf(list + length, LIST_SIZE - length, "%s%s", i ? " " : "", words->at[i]);
    }
}

// Nobody was found: is it the class?
static void tell_nobody(struct directory_look *look, struct ldap_link *link)
{
    const struct tenant *tenant = &look->service.tenant;
    const char *attributes[PERSON_ATTRIBUTES_MAX + 8];
    char filter[FILTER_SIZE], names[LIST_SIZE], classes[LIST_SIZE];
    struct directory_schema any = look->schema;
    struct fault why;
    struct found found;
    any.person_classes = (struct schema_words){.at = {"top"}, .count = 1};
    list_words(names, &look->schema.logon_attributes);
    list_words(classes, &look->schema.person_classes);
    person_attributes(look, attributes);
    if (look->named)
        logon_name_filter(filter, tenant, &any, look->user_name);
    else
        logon_name_any_filter(filter, tenant, &any);
    if (search(look, link, tenant->user_base, filter, attributes, &found, &why) == RESULT_SUCCESS && found.count > 0)
        check_add(&look->steps, CHECK_STEP_PERSON, CHECK_FAILED,
                  "%s has the name, but is of none of the classes %s. It is of these: %s. Set person_classes.",
                  found.dns[0], classes, found.classes);
    else if (look->named)
        check_add(&look->steps, CHECK_STEP_PERSON, CHECK_FAILED,
                  "below %s no entry that the account may read has the name %s in %s. Correct the name, user_base or "
                  "logon_attributes.",
                  tenant->user_base, look->name, names);
    else
        check_add(&look->steps, CHECK_STEP_PERSON, CHECK_FAILED,
                  "below %s no entry that the account may read has one of these: %s. Correct user_base or "
                  "logon_attributes, or let the account read them.",
                  tenant->user_base, names);
}

static void tell_no_person(struct directory_look *look, const struct found *found)
{
    const char *id = look->schema.id_attribute;
    if (!found->has_id && found->other_id)
        check_add(&look->steps, CHECK_STEP_PERSON, CHECK_FAILED, "%s has no %s. It has this: set id_attribute=%s.",
                  found->dns[0], id, found->other_id);
    else if (!found->has_id)
        check_add(&look->steps, CHECK_STEP_PERSON, CHECK_FAILED,
                  "%s has no %s that the account may read. Set id_attribute, or let the account read it.",
                  found->dns[0], id);
    else if (found->has_ids)
        check_add(&look->steps, CHECK_STEP_PERSON, CHECK_FAILED,
                  "%s has several values of %s, so none of them tells who it is. Set id_attribute.", found->dns[0], id);
    else
        check_add(&look->steps, CHECK_STEP_PERSON, CHECK_FAILED,
                  "%s has no %s, which is the user name at session hosts, or one that cannot be used. Set "
                  "logon_attributes.",
                  found->dns[0], look->schema.logon_attributes.at[0]);
}

static void judge_person(struct directory_look *look, const struct found *found)
{
    if (look->named && found->count > 1)
        check_add(
            &look->steps, CHECK_STEP_PERSON, CHECK_FAILED,
            "several entries have the name %s, so it is nobody's: %s and %s. Make it unique, or correct user_base.",
            look->name, found->dns[0], found->dns[1]);
    else if (!found->has_id || found->has_ids || (look->named && !found->is_person))
        tell_no_person(look, found);
    else if (!look->named)
        check_add(&look->steps, CHECK_STEP_PERSON, CHECK_OK, "people are found, such as %s", found->dns[0]);
    else if (found->person.disabled)
        check_add(&look->steps, CHECK_STEP_PERSON, CHECK_WARNING,
                  "%s is %s (user name %s), but the account is disabled or has expired", look->name, found->dns[0],
                  found->person.user_name);
    else
        check_add(&look->steps, CHECK_STEP_PERSON, CHECK_OK, "%s is %s (user name %s)", look->name, found->dns[0],
                  found->person.user_name);
}

static bool check_person(struct directory_look *look, struct ldap_link *link, struct found *found)
{
    const struct tenant *tenant = &look->service.tenant;
    const char *attributes[PERSON_ATTRIBUTES_MAX + 8];
    char filter[FILTER_SIZE];
    struct fault why;
    person_attributes(look, attributes);
    if (look->named)
        logon_name_filter(filter, tenant, &look->schema, look->user_name);
    else
        logon_name_any_filter(filter, tenant, &look->schema);
    int code = search(look, link, tenant->user_base, filter, attributes, found, &why);
    if (code != RESULT_SUCCESS)
        check_add(&look->steps, CHECK_STEP_PERSON, CHECK_FAILED, "people cannot be searched: %s", why.text);
    else if (found->count == 0)
        tell_nobody(look, link);
    else
        judge_person(look, found);
    return code == RESULT_SUCCESS && found->count > 0;
}

// Groups are there, but are they found in the way that is set?
static void check_membership(struct directory_look *look, struct ldap_link *link, const struct found *person)
{
    static const struct schema_words members = {.at = {"member", "uniqueMember", "memberUid"}, .count = 3};
    struct directory_schema any = look->schema;
    char filter[FILTER_SIZE];
    struct fault why;
    struct found found;
    any.group_classes = (struct schema_words){.at = {"top"}, .count = 1};
    any.member_attributes = members;
    struct ldap_bytes dn = {person->dn, strlen(person->dn)};
    logon_name_member_filter(filter, &any, dn, person->person.user_name);
    if (search(look, link, tenant_group_base(&look->service.tenant), filter, nothing, &found, &why) != RESULT_SUCCESS)
        check_add(&look->steps, CHECK_STEP_GROUPS, CHECK_FAILED, "groups cannot be searched: %s", why.text);
    else if (found.count > 0 && look->schema.group_way == GROUPS_BY_MEMBER_OF && !person->has_member_of)
        check_add(&look->steps, CHECK_STEP_GROUPS, CHECK_FAILED,
                  "%s names %s as a member, but that entry has no memberOf. Set member_attributes to member, "
                  "uniqueMember or memberUid, or have the directory keep memberOf.",
                  found.dns[0], person->dns[0]);
}

static void check_groups(struct directory_look *look, struct ldap_link *link)
{
    char filter[FILTER_SIZE], classes[LIST_SIZE];
    struct fault why;
    struct found found;
    const char *base = tenant_group_base(&look->service.tenant);
    list_words(classes, &look->schema.group_classes);
    logon_name_any_group_filter(filter, &look->schema);
    if (search(look, link, base, filter, nothing, &found, &why) != RESULT_SUCCESS)
        check_add(&look->steps, CHECK_STEP_GROUPS, CHECK_FAILED, "groups cannot be searched: %s", why.text);
    else if (found.count > 0)
        check_add(&look->steps, CHECK_STEP_GROUPS, CHECK_OK, "groups are found, such as %s", found.dns[0]);
    else
        check_add(&look->steps, CHECK_STEP_GROUPS, CHECK_WARNING,
                  "below %s no entry that the account may read is of one of these classes: %s. Correct group_base or "
                  "group_classes, if workplaces are assigned by group.",
                  base, classes);
}

// ---- Clock and Kerberos

static void judge_clock(struct directory_look *look, const char *whose, int64_t ahead_s)
{
    long long seconds = (long long)(ahead_s < 0 ? -ahead_s : ahead_s);
    if (seconds <= CLOCK_WARNING_S)
        check_add(&look->steps, CHECK_STEP_CLOCK, CHECK_OK, "the clocks of %s and of the broker agree", whose);
    else
        check_add(&look->steps, CHECK_STEP_CLOCK, seconds > CLOCK_LIMIT_S ? CHECK_FAILED : CHECK_WARNING,
                  "the clocks of %s and of the broker are %lld seconds apart; Kerberos refuses more than 300. Set both "
                  "by NTP.",
                  whose, seconds);
}

static bool check_clock(struct directory_look *look, struct ldap_link *link)
{
    static const char *const wanted[] = {"currentTime", NULL};
    struct fault why;
    struct found found;
    struct tm parts = {0};
    if (search(look, link, "", NULL, wanted, &found, &why) != RESULT_SUCCESS ||
        !strptime(found.time, "%Y%m%d%H%M%S", &parts))
        return false;
    judge_clock(look, look->server, (int64_t)timegm(&parts) - clock_wall_ms() / 1000);
    return true;
}

static void check_kerberos(struct directory_look *look, bool clock_known)
{
    const struct tenant *tenant = &look->service.tenant;
    int64_t ahead_s = 0;
    if (!tenant->realm[0]) {
        check_add(&look->steps, CHECK_STEP_KERBEROS, CHECK_SKIPPED, "no realm is set: people log on by password only");
    } else if (kerberos_check(&look->steps, tenant->realm, look->service.keytab_file, &ahead_s) && !clock_known) {
        judge_clock(look, tenant->realm, ahead_s);
        clock_known = true;
    }
    if (!clock_known)
        check_add(&look->steps, CHECK_STEP_CLOCK, CHECK_SKIPPED, "neither directory nor KDC tells its time");
}

// ---- The thread and its end

static void look_around(void *arg)
{
    struct directory_look *look = arg;
    bool clock_known = false;
    struct found person;
    struct ldap_link *link = check_servers(look);
    if (link) {
        const struct tenant *tenant = &look->service.tenant;
        bool based = check_base(look, link, CHECK_STEP_USER_BASE, "user_base", tenant->user_base);
        bool found = based && check_person(look, link, &person);
        if (check_base(look, link, CHECK_STEP_GROUP_BASE, "group_base", tenant_group_base(tenant))) {
            check_groups(look, link);
            if (found && person.is_person)
                check_membership(look, link, &person);
        }
        clock_known = check_clock(look, link);
    }
    ldap_link_close(link);
    check_kerberos(look, clock_known);
}

static void look_ended(void *arg)
{
    struct directory_look *look = arg;
    struct checkup *checkup = look->checkup;
    checkup->done(checkup->arg, look->steps.rows, look->steps.count);
}

struct checkup *checkup_new(struct loop *loop, const struct tenant *tenant, const char *credentials_dir,
                            const char *name, int64_t wait_ms, examine_done *done, void *arg)
{
    struct fault why;
    struct directory_look *look = mem_new(1, sizeof *look);
    struct checkup *checkup = mem_new(1, sizeof *checkup);
    *checkup = (struct checkup){.done = done, .arg = arg};
    look->checkup = checkup;
    service_account_init(&look->service, tenant, credentials_dir, wait_ms);
    look->named = name[0] != 0;
    TEXT_PUT(look->name, name);
    if (!directory_schema_read(&look->schema, tenant, &why))
        check_add(&look->steps, CHECK_STEP_USER_BASE, CHECK_FAILED, "the settings of the directory cannot be used: %s",
                  why.text);
    if (look->named && !logon_name_read(look->user_name, tenant, &look->schema, name))
        check_add(&look->steps, CHECK_STEP_PERSON, CHECK_FAILED,
                  "%s cannot be a user name: it is too long, or has a suffix that is not this tenant's", look->name);
    look->named = look->user_name[0] != 0;
    checkup->worker = worker_new(loop, look_around, look_ended, free, look, &why);
    if (checkup->worker)
        return checkup;
    free(look);
    free(checkup);
    return NULL;
}

void checkup_free(struct checkup *checkup)
{
    worker_free(checkup->worker);
    free(checkup);
}
