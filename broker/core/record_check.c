// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/record_check.h"
#include "broker/api/codec.h"
#include "broker/api/directory_schema.h"
#include "broker/base/address.h"
#include "broker/core/hours.h"
#include "broker/core/wall.h"

#include <stdio.h>
#include <string.h>

// What the owner may not use is answered like what is not there. To use is not to change: what is kept in the record of
// another tenant's thing would hold that.
static bool reference_fits(const struct state *state, const struct field *field, const char *id, const char *owner_id,
                           struct fault *why)
{
    bool may =
        field->flags & FIELD_GRANTED ? wall_may_use(state, owner_id, field->refers, id) : wall_owns(owner_id, id);
    return !*id || (may && state_find(state, field->refers, id)) ||
           fault_set(why, FAULT_INVALID, "%s: there is no %s \"%s\"", field->name, noun_rows[field->refers].name, id);
}

static bool hours_fit(const struct profile *profile, struct fault *why)
{
    int from_minute, to_minute;
    return hours_read(profile->hours, &from_minute, &to_minute) ||
           fault_set(why, FAULT_INVALID, "hours: expected a span such as 06:00-20:00, or 22:00-06:00 across midnight");
}

static bool days_fit(const struct profile *profile, struct fault *why)
{
    static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL};
    owned(json) json_object *words = codec_list(profile->days);
    for (size_t i = 0; i < json_object_array_length(words); i++) {
        const char *word = json_object_get_string(json_object_array_get_idx(words, i));
        size_t day = 0;
        while (days[day] && !text_equal(days[day], word))
            day++;
        if (!days[day])
            return fault_set(why, FAULT_INVALID, "days: mon, tue, wed, thu, fri, sat, sun, not \"%.20s\"", word);
    }
    return true;
}

static bool networks_fit(const struct tenant *tenant, struct fault *why)
{
    owned(json) json_object *words = codec_list(tenant->host_networks);
    for (size_t i = 0; i < json_object_array_length(words); i++) {
        struct address_network network;
        const char *word = json_object_get_string(json_object_array_get_idx(words, i));
        if (!address_network_read(&network, word))
            return fault_set(why, FAULT_INVALID, "host_networks: networks such as 10.1.0.0/16, not \"%.60s\"", word);
    }
    return true;
}

static bool tenant_fits(const struct state *state, const struct tenant *tenant, struct fault *why)
{
    if (!tenant->district && state_is_only_district(state, tenant->id))
        return fault_set(why, FAULT_CONFLICT, "district: make another tenant the district first");
    owned(json) json_object *words = codec_list(tenant->servers);
    for (size_t i = 0; i < json_object_array_length(words); i++) {
        const char *word = json_object_get_string(json_object_array_get_idx(words, i));
        if (!text_starts(word, "ldaps://") && !text_starts(word, "ldap://"))
            return fault_set(why, FAULT_INVALID, "servers: ldaps://name or ldap://name, not \"%.60s\"", word);
    }
    struct directory_schema schema;
    return directory_schema_read(&schema, tenant, why) && networks_fit(tenant, why);
}

// What there was before the quota stays.
static bool quota_fits(const struct state *state, enum noun noun, const char *id, const struct tenant *owner,
                       struct fault *why)
{
    static const struct {
        const char *name;
        size_t offset;
    } quotas[NOUN_COUNT] = {
        [NOUN_DEVICE] = {"max_devices", offsetof(struct tenant, max_devices)},
        [NOUN_HOST] = {"max_hosts", offsetof(struct tenant, max_hosts)},
        [NOUN_ASSIGNMENT] = {"max_assignments", offsetof(struct tenant, max_assignments)},
    };
    if (!quotas[noun].name || state_find(state, noun, id))
        return true;
    int64_t quota = *(const int64_t *)(const void *)((const char *)owner + quotas[noun].offset);
    int64_t count = quota ? (int64_t)wall_count(state, owner->id, noun) : 0;
    return !quota || count < quota ||
           fault_set(why, FAULT_CONFLICT, "%s: %s has %lld already, and the district allows %lld", quotas[noun].name,
                     owner->id, (long long)count, (long long)quota);
}

// What can be dialled at a literal address is what the district has allowed its owner, for hosts and printers alike.
static bool literal_fits(const struct state *state, const char *id, const char *field, const char *text,
                         struct fault *why)
{
    char owner_id[SLUG_SIZE];
    struct address address;
    wall_owner(owner_id, id);
    const struct tenant *tenant = state_tenant(state, owner_id);
    return !address_read(&address, text) ||
           (!address_is_reserved(&address) && tenant && address_networks_have(tenant_networks(tenant), &address)) ||
           fault_set(why, FAULT_INVALID, "%s: %.60s is in no network that the district allows this tenant", field,
                     text);
}

static bool host_name_fits(const char *field, const char *text, struct fault *why)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:-_";
    return (*text != '-' && !text[strspn(text, letters)]) ||
           fault_set(why, FAULT_INVALID, "%s: expected a name or an IP address, not \"%.60s\"", field, text);
}

// Desks dial it, and it may stand among a command's words: nothing that is an option there.
// What a name stands for shows when it is dialled.
static bool address_fits(const struct state *state, const struct host *host, struct fault *why)
{
    return host_name_fits("address", host->address, why) &&
           literal_fits(state, host->id, "address", host->address, why);
}

// "ipp://name", ":631" after it if need be, and a path.
static bool uri_fits(const struct state *state, const struct printer *printer, struct fault *why)
{
    char host[NAME_SIZE];
    const char *uri = printer->uri, *colons = strstr(uri, "://");
    const char *start = colons ? colons + 3 : uri;
    bool bracket = *start == '[';
    size_t length = strcspn(start + bracket, bracket ? "]" : ":/");
    const char *port = start + bracket + length + (bracket && start[bracket + length] == ']');
    int64_t number = 1;
    char digits[8] = "";
    if (*port == ':')
        snprintf(digits, sizeof digits, "%.*s", (int)strcspn(port + 1, "/"), port + 1);
    snprintf(host, sizeof host, "%.*s", (int)length, start + bracket);
    if (!colons || !(text_starts(uri, "ipp://") || text_starts(uri, "ipps://")) || !length || length >= sizeof host ||
        (*port == ':' && !text_number(digits, 1, 65535, &number)) || uri[strcspn(uri, " @?#%\"<>\\")])
        return fault_set(why, FAULT_INVALID, "uri: expected ipp://name/ipp/print or ipps://name/ipp/print");
    return host_name_fits("uri", host, why) && literal_fits(state, printer->id, "uri", host, why);
}

static bool printer_fits(const struct state *state, const struct printer *printer, struct fault *why)
{
    if (text_equal(printer->substitute, printer->id))
        return fault_set(why, FAULT_INVALID, "substitute: it is the printer itself");
    return uri_fits(state, printer, why);
}

// Whoever has not logged on yet is nobody that something could be set of.
static bool person_fits(const struct state *state, const struct person *person, struct fault *why)
{
    return state_find(state, NOUN_PERSON, person->id) ||
           fault_set(why, FAULT_ABSENT, "%s: nobody who has logged on", person->id);
}

static bool wake_fits(const struct host *host, struct fault *why)
{
    owned(json) json_object *words = codec_list(host->wake);
    for (size_t i = 0; i < json_object_array_length(words); i++) {
        const char *word = json_object_get_string(json_object_array_get_idx(words, i));
        unsigned char address[6];
        if (!text_hardware_address(address, word) && !text_equal(word, host_wake_command))
            return fault_set(why, FAULT_INVALID,
                             "wake: hardware addresses such as 00:11:22:aa:bb:cc, or %s, not \"%.20s\"",
                             host_wake_command, word);
    }
    return true;
}

// One certificate proves one administrator.
static bool certificate_fits(const struct state *state, const struct administrator *wanted, struct fault *why)
{
    const struct administrator *other = state_administrator_by(state, wanted->certificate);
    return !other || text_equal(other->id, wanted->id) ||
           fault_set(why, FAULT_CONFLICT, "certificate: another administrator already has this one");
}

static bool values_fit(const struct state *state, enum noun noun, const union record *record, struct fault *why)
{
    if (noun == NOUN_ADMINISTRATOR)
        return certificate_fits(state, &record->administrator, why);
    if (noun == NOUN_HOST)
        return address_fits(state, &record->host, why) && wake_fits(&record->host, why);
    if (noun == NOUN_PRINTER)
        return printer_fits(state, &record->printer, why);
    if (noun == NOUN_PRINT_SERVER)
        return host_name_fits("address", record->print_server.address, why);
    if (noun == NOUN_GATEWAY)
        return host_name_fits("name", record->gateway.name, why);
    if (noun == NOUN_PERSON)
        return person_fits(state, &record->person, why);
    if (noun == NOUN_TENANT)
        return tenant_fits(state, &record->tenant, why);
    if (noun == NOUN_PROFILE)
        return hours_fit(&record->profile, why) && days_fit(&record->profile, why);
    if (noun == NOUN_ASSIGNMENT && !record->assignment.group[0] == !record->assignment.person[0])
        return fault_set(why, FAULT_INVALID, "an assignment needs either a group or a person");
    return true;
}

bool record_check(const struct state *state, enum noun noun, const void *record, struct fault *why)
{
    const char *id = record;
    char owner_id[SLUG_SIZE];
    wall_owner(owner_id, id);
    if (!id_is_valid(noun, id))
        return fault_set(why, FAULT_INVALID, "id: not a valid id of a %s", noun_rows[noun].name);
    const struct tenant *owner = state_tenant(state, owner_id);
    if (noun != NOUN_TENANT && !owner)
        return fault_set(why, FAULT_INVALID, "id: there is no tenant \"%s\"", owner_id);
    if (noun != NOUN_TENANT && !quota_fits(state, noun, id, owner, why))
        return false;
    for (const struct field *field = noun_rows[noun].fields; field->name; field++)
        if (field->type == FIELD_ID && field->refers != NOUN_NONE &&
            !reference_fits(state, field, (const char *)record + field->offset, owner_id, why))
            return false;
    return values_fit(state, noun, record, why);
}
