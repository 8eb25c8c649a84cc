// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/types.h"
#include "broker/base/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

// A row a line.
// clang-format off
#define AT(holder, member) .offset = offsetof(struct holder, member), .size = sizeof(((struct holder *)0)->member)
#define OWN_ID(holder) {.name = "id", .type = FIELD_ID, AT(holder, id), .refers = NOUN_NONE, .column = 1, .sentence = "its id"}
#define END {.name = NULL}

const char *const directory_kind_words[] = {"openldap", "389-ds", "freeipa", "ucs", "active-directory", NULL};
static const char *const bind_methods[] = {"password", "kerberos", NULL};
static const char *const pool_kinds[] = {"terminal-server", "desktop", NULL};
static const char *const host_oses[] = {"linux", "windows", NULL};
static const char *const authentications[] = {"one-time-password", "password", NULL};
static const char *const home_printings[] = {"hold", "own-printer", NULL};
static const char *const outside_accesses[] = {"nobody", "device", "any", NULL};
const char *const page_counter_words[] = {"printer", "document", NULL};
const char *const session_state_words[] = {"starting", "connected", "disconnected", "ended", NULL};

static const struct field tenant_fields[] = {
    OWN_ID(tenant),
    {.name = "name", .type = FIELD_TEXT, AT(tenant, name), .flags = FIELD_REQUIRED, .column = 2, .sentence = "display name"},
    {.name = "district", .type = FIELD_FLAG, AT(tenant, district), .column = 3, .sentence = "its administrators manage all tenants; the first tenant is the district's in any case"},
    {.name = "directory", .type = FIELD_CHOICE, AT(tenant, directory), .choices = directory_kind_words, .sentence = "kind of directory: what it calls things, unless the fields below say otherwise"},
    {.name = "servers", .type = FIELD_LIST, AT(tenant, servers), .flags = FIELD_REQUIRED, .sentence = "directory servers, ldaps://name or ldap://name (StartTLS), tried in this order"},
    {.name = "user_base", .type = FIELD_TEXT, AT(tenant, user_base), .max = DN_MAX, .flags = FIELD_REQUIRED, .sentence = "base DN of people in the directory"},
    {.name = "group_base", .type = FIELD_TEXT, AT(tenant, group_base), .max = DN_MAX, .sentence = "base DN of groups in the directory, groups elsewhere do not count; empty: the same as user_base"},
    {.name = "logon_attributes", .type = FIELD_LIST, AT(tenant, logon_attributes), .sentence = "attributes that people may log on with, such as uid or mail; the first is the user name at session hosts; empty, and so below: as the kind of directory has it"},
    {.name = "person_classes", .type = FIELD_LIST, AT(tenant, person_classes), .sentence = "object classes of people, any of them"},
    {.name = "id_attribute", .type = FIELD_TEXT, AT(tenant, id_attribute), .sentence = "attribute with a person's unchanging id, such as entryUUID or nsUniqueId"},
    {.name = "group_classes", .type = FIELD_LIST, AT(tenant, group_classes), .sentence = "object classes of groups, any of them"},
    {.name = "member_attributes", .type = FIELD_LIST, AT(tenant, member_attributes), .sentence = "how groups are found: memberOf of people, or attributes of groups that name members by DN (member, uniqueMember) or user name (memberUid)"},
    {.name = "bind_method", .type = FIELD_CHOICE, AT(tenant, bind_method), .choices = bind_methods, .sentence = "how the service account authenticates: with its password, or with a ticket from the tenant's keytab"},
    {.name = "bind_dn", .type = FIELD_TEXT, AT(tenant, bind_dn), .max = DN_MAX, .flags = FIELD_REQUIRED, .sentence = "service account that may read people and groups"},
    {.name = "realm", .type = FIELD_TEXT, AT(tenant, realm), .column = 4, .sentence = "Kerberos realm; empty: logon by password only"},
    {.name = "admin_group", .type = FIELD_TEXT, AT(tenant, admin_group), .max = DN_MAX, .sentence = "directory group whose members administer this tenant: its DN, or its common name while no other group has it"},
    {.name = "help_desk", .type = FIELD_TEXT, AT(tenant, help_desk), .column = 5, .sentence = "telephone number shown with every refusal"},
    {.name = "max_devices", .type = FIELD_NUMBER, AT(tenant, max_devices), .max = 1000000, .sentence = "quota set by the district: how many devices it may have; 0: any number"},
    {.name = "max_hosts", .type = FIELD_NUMBER, AT(tenant, max_hosts), .max = 1000000, .sentence = "quota: session hosts"},
    {.name = "max_assignments", .type = FIELD_NUMBER, AT(tenant, max_assignments), .max = 1000000, .sentence = "quota: assignments"},
    {.name = "host_networks", .type = FIELD_LIST, AT(tenant, host_networks), .sentence = "networks that its session hosts and printers are in, such as 10.1.0.0/16; empty: any private network"},
    {.name = "job_hours", .type = FIELD_NUMBER, AT(tenant, job_hours), .max = 720, .sentence = "hours after which a print job that could not be printed, or was never released, is deleted; 0: 72"},
    END,
};

static const struct field site_fields[] = {
    OWN_ID(site),
    {.name = "name", .type = FIELD_TEXT, AT(site, name), .flags = FIELD_REQUIRED, .column = 2, .sentence = "display name"},
    END,
};

static const struct field pool_fields[] = {
    OWN_ID(pool),
    {.name = "name", .type = FIELD_TEXT, AT(pool, name), .flags = FIELD_REQUIRED, .column = 2, .sentence = "display name"},
    {.name = "kind", .type = FIELD_CHOICE, AT(pool, kind), .choices = pool_kinds, .column = 3, .sentence = "terminal servers (many people per host) or desktops (one person per machine)"},
    {.name = "persistent", .type = FIELD_FLAG, AT(pool, persistent), .sentence = "a desktop stays assigned to its person after logoff; otherwise the next person may get it"},
    END,
};

static const struct field host_fields[] = {
    OWN_ID(host),
    {.name = "pool", .type = FIELD_ID, AT(host, pool), .flags = FIELD_REQUIRED, .refers = NOUN_POOL, .column = 2, .sentence = "the pool it belongs to"},
    {.name = "address", .type = FIELD_TEXT, AT(host, address), .flags = FIELD_REQUIRED, .column = 3, .sentence = "name or IP address"},
    {.name = "port", .type = FIELD_NUMBER, AT(host, port), .min = 1, .max = 65535, .flags = FIELD_REQUIRED, .sentence = "RDP port, usually 3389"},
    {.name = "fingerprint", .type = FIELD_DIGEST, AT(host, fingerprint), .sentence = "SHA-256 of its certificate; a host that presents another one gets no password; its agent tells it when it is enrolled"},
    {.name = "weight", .type = FIELD_NUMBER, AT(host, weight), .min = 1, .max = 1000, .flags = FIELD_REQUIRED, .sentence = "share of the load, 100 is usual"},
    {.name = "max_sessions", .type = FIELD_NUMBER, AT(host, max_sessions), .min = 1, .max = 10000, .flags = FIELD_REQUIRED, .column = 6, .sentence = "maximum number of sessions at a time"},
    {.name = "os", .type = FIELD_CHOICE, AT(host, os), .choices = host_oses, .sentence = "linux, with our agent; or windows, without it: nothing there protects its sessions"},
    {.name = "owner", .type = FIELD_TEXT, AT(host, owner), .flags = FIELD_READ_ONLY, .sentence = "the person whose desktop it is, in a pool of persistent desktops"},
    {.name = "wake", .type = FIELD_LIST, AT(host, wake), .sentence = "hardware addresses for the magic packet that wakes it, or the word command for the broker's wake-command"},
    {.name = "draining", .type = FIELD_FLAG, AT(host, draining), .flags = FIELD_READ_ONLY, .column = 10, .sentence = "accepts no new sessions"},
    {.name = "drain_until", .type = FIELD_TIME, AT(host, drain_until_ms), .flags = FIELD_READ_ONLY, .sentence = "when it automatically accepts new sessions again; empty: when it is undrained"},
    {.name = "certificate", .type = FIELD_DIGEST, AT(host, certificate), .flags = FIELD_READ_ONLY, .sentence = "SHA-256 of its agent's certificate; empty: no agent, passwords go to the host"},
    {.name = "certificate_until", .type = FIELD_TIME, AT(host, until_ms), .flags = FIELD_READ_ONLY, .sentence = "when that certificate expires; its agent renews it in time"},
    {.name = "enrolment", .type = FIELD_DIGEST, AT(host, enrolment), .flags = FIELD_READ_ONLY | FIELD_HIDDEN, .sentence = "SHA-256 of the certificate its agent was enrolled with; empty: the current one"},
    {.name = "enrolled", .type = FIELD_TIME, AT(host, enrolled_ms), .flags = FIELD_READ_ONLY, .sentence = "when its agent was enrolled"},
    {.name = "enrol_token_hash", .type = FIELD_DIGEST, AT(host, enrol_token_hash), .flags = FIELD_READ_ONLY | FIELD_HIDDEN, .sentence = "SHA-256 of its enrolment token"},
    {.name = "enrol_token_until", .type = FIELD_TIME, AT(host, enrol_token_until_ms), .flags = FIELD_READ_ONLY, .sentence = "when its enrolment token expires"},
    {.name = "identity_shared", .type = FIELD_TIME, AT(host, shared_ms), .flags = FIELD_READ_ONLY, .sentence = "when its identity was seen in use at two places at once: its key may have been copied, enrol it again"},
    END,
};

static const struct field profile_fields[] = {
    OWN_ID(profile),
    {.name = "name", .type = FIELD_TEXT, AT(profile, name), .flags = FIELD_REQUIRED, .column = 2, .sentence = "display name"},
    {.name = "pool", .type = FIELD_ID, AT(profile, pool), .flags = FIELD_REQUIRED | FIELD_GRANTED, .refers = NOUN_POOL, .column = 3, .sentence = "where its sessions run"},
    {.name = "clipboard", .type = FIELD_FLAG, AT(profile, clipboard), .sentence = "copy and paste between desk and session"},
    {.name = "drives", .type = FIELD_FLAG, AT(profile, drives), .sentence = "USB sticks of the desk in the session"},
    {.name = "printers", .type = FIELD_FLAG, AT(profile, printers), .sentence = "printing, at printers of the broker's and at those of the desk"},
    {.name = "sound", .type = FIELD_FLAG, AT(profile, sound), .sentence = "sound of the session at the desk"},
    {.name = "multi_monitor", .type = FIELD_FLAG, AT(profile, multi_monitor), .sentence = "all monitors of the desk"},
    {.name = "home_printing", .type = FIELD_CHOICE, AT(profile, home_printing), .choices = home_printings, .sentence = "a print job of somebody who is at no desk: held until it is released at a printer, or sent to their own office printer"},
    {.name = "outside", .type = FIELD_CHOICE, AT(profile, outside), .choices = outside_accesses, .sentence = "who may come from outside, through a gateway: nobody, people at a desk of ours, or people at any computer"},
    {.name = "hours", .type = FIELD_TEXT, AT(profile, hours), .column = 4, .sentence = "logon hours, such as 06:00-20:00, or 22:00-06:00 across midnight; empty: always"},
    {.name = "days", .type = FIELD_LIST, AT(profile, days), .column = 5, .sentence = "logon days, mon to sun; empty: all"},
    {.name = "authentication", .type = FIELD_CHOICE, AT(profile, authentication), .choices = authentications, .sentence = "how sessions are opened: with a one-time password only, or with the person's password after it, where programs in the session need that"},
    {.name = "idle_minutes", .type = FIELD_NUMBER, AT(profile, idle_minutes), .max = 10080, .sentence = "minutes without keyboard or mouse input until the session is locked; 0: never"},
    {.name = "disconnected_minutes", .type = FIELD_NUMBER, AT(profile, disconnected_minutes), .max = 43200, .sentence = "minutes until a disconnected session is logged off; 0: never"},
    {.name = "max_minutes", .type = FIELD_NUMBER, AT(profile, max_minutes), .max = 43200, .sentence = "minutes until a session is logged off in any case; 0: never"},
    END,
};

static const struct field assignment_fields[] = {
    OWN_ID(assignment),
    {.name = "profile", .type = FIELD_ID, AT(assignment, profile), .flags = FIELD_REQUIRED, .refers = NOUN_PROFILE, .column = 2, .sentence = "what is assigned"},
    {.name = "group", .type = FIELD_TEXT, AT(assignment, group), .max = DN_MAX, .column = 3, .sentence = "to the members of this directory group: its DN, or its common name while no other group has it"},
    {.name = "person", .type = FIELD_TEXT, AT(assignment, person), .column = 4, .sentence = "or to this one person: user name"},
    {.name = "holder", .type = FIELD_TEXT, AT(assignment, holder), .flags = FIELD_READ_ONLY, .sentence = "whose it is from the first logon with that user name on; empty: nobody has logged on yet"},
    {.name = "priority", .type = FIELD_NUMBER, AT(assignment, priority), .min = 0, .max = 1000, .column = 5, .sentence = "the highest that applies wins"},
    END,
};

static const struct field device_fields[] = {
    OWN_ID(device),
    {.name = "site", .type = FIELD_ID, AT(device, site), .flags = FIELD_REQUIRED, .refers = NOUN_SITE, .column = 2, .sentence = "the building it is in"},
    {.name = "room", .type = FIELD_TEXT, AT(device, room), .column = 3, .sentence = "room and desk, as people know them"},
    {.name = "printer", .type = FIELD_ID, AT(device, printer), .refers = NOUN_PRINTER, .flags = FIELD_GRANTED, .sentence = "the printer nearest to it; empty: one in the same room, else at the same site"},
    {.name = "disabled", .type = FIELD_FLAG, AT(device, disabled), .column = 7, .sentence = "nobody can log on here"},
    {.name = "certificate", .type = FIELD_DIGEST, AT(device, certificate), .flags = FIELD_READ_ONLY, .sentence = "SHA-256 of its certificate; empty: not enrolled yet"},
    {.name = "certificate_until", .type = FIELD_TIME, AT(device, until_ms), .flags = FIELD_READ_ONLY, .column = 6, .sentence = "when that certificate expires; the device renews it in time"},
    {.name = "enrolled", .type = FIELD_TIME, AT(device, enrolled_ms), .flags = FIELD_READ_ONLY, .sentence = "when it was enrolled"},
    {.name = "enrol_token_hash", .type = FIELD_DIGEST, AT(device, enrol_token_hash), .flags = FIELD_READ_ONLY | FIELD_HIDDEN, .sentence = "SHA-256 of its enrolment token"},
    {.name = "enrol_token_until", .type = FIELD_TIME, AT(device, enrol_token_until_ms), .flags = FIELD_READ_ONLY, .sentence = "when its enrolment token expires"},
    {.name = "identity_shared", .type = FIELD_TIME, AT(device, shared_ms), .flags = FIELD_READ_ONLY, .sentence = "when its identity was seen in use at two places at once: its key may have been copied, enrol it again"},
    END,
};

static const struct field printer_fields[] = {
    OWN_ID(printer),
    {.name = "name", .type = FIELD_TEXT, AT(printer, name), .flags = FIELD_REQUIRED, .column = 2, .sentence = "display name"},
    {.name = "uri", .type = FIELD_TEXT, AT(printer, uri), .flags = FIELD_REQUIRED, .sentence = "where it listens: ipp://name/ipp/print, or ipps:// with TLS"},
    {.name = "site", .type = FIELD_ID, AT(printer, site), .flags = FIELD_REQUIRED, .refers = NOUN_SITE, .column = 3, .sentence = "the building it is in"},
    {.name = "room", .type = FIELD_TEXT, AT(printer, room), .column = 4, .sentence = "the room: desks in the room of the same name, or whose name begins with it and a comma or a space, are nearest"},
    {.name = "substitute", .type = FIELD_ID, AT(printer, substitute), .refers = NOUN_PRINTER, .sentence = "prints instead while this one is drained, stopped or away"},
    {.name = "price_mono", .type = FIELD_NUMBER, AT(printer, price_mono), .max = 1000000, .sentence = "price of a page side in black and white, in hundredths of a cent"},
    {.name = "price_colour", .type = FIELD_NUMBER, AT(printer, price_colour), .max = 1000000, .sentence = "price of a page side in colour, in hundredths of a cent"},
    {.name = "fingerprint", .type = FIELD_DIGEST, AT(printer, fingerprint), .sentence = "SHA-256 of its certificate; empty: taken from the printer when it is read for the first time"},
    {.name = "draining", .type = FIELD_FLAG, AT(printer, draining), .flags = FIELD_READ_ONLY, .column = 7, .sentence = "accepts no new jobs: they go to its substitute, or wait"},
    {.name = "make", .type = FIELD_TEXT, AT(printer, make), .flags = FIELD_READ_ONLY, .sentence = "make and model, as it says, and so below"},
    {.name = "formats", .type = FIELD_LIST, AT(printer, formats), .flags = FIELD_READ_ONLY, .sentence = "formats of documents, MIME types"},
    {.name = "media", .type = FIELD_LIST, AT(printer, media), .flags = FIELD_READ_ONLY, .sentence = "paper, PWG names"},
    {.name = "colour", .type = FIELD_FLAG, AT(printer, colour), .flags = FIELD_READ_ONLY, .sentence = "it prints in colour"},
    {.name = "duplex", .type = FIELD_FLAG, AT(printer, duplex), .flags = FIELD_READ_ONLY, .sentence = "it prints on both sides"},
    {.name = "read", .type = FIELD_TIME, AT(printer, read_ms), .flags = FIELD_READ_ONLY, .sentence = "when it was asked for that; empty: never"},
    END,
};

static const struct field print_server_fields[] = {
    OWN_ID(print_server),
    {.name = "address", .type = FIELD_TEXT, AT(print_server, address), .flags = FIELD_REQUIRED, .column = 2, .sentence = "name or IP address, for session hosts"},
    {.name = "port", .type = FIELD_NUMBER, AT(print_server, port), .min = 1, .max = 65535, .flags = FIELD_REQUIRED, .sentence = "where it takes jobs, usually 8631"},
    {.name = "accounts", .type = FIELD_NUMBER, AT(print_server, accounts), .flags = FIELD_READ_ONLY, .max = INT64_MAX, .sentence = "jobs that it has printed and that are in the journal"},
    {.name = "certificate", .type = FIELD_DIGEST, AT(print_server, certificate), .flags = FIELD_READ_ONLY, .sentence = "SHA-256 of its certificate; empty: not enrolled yet"},
    {.name = "certificate_until", .type = FIELD_TIME, AT(print_server, until_ms), .flags = FIELD_READ_ONLY, .column = 5, .sentence = "when that certificate expires; the print server renews it in time"},
    {.name = "enrolled", .type = FIELD_TIME, AT(print_server, enrolled_ms), .flags = FIELD_READ_ONLY, .sentence = "when it was enrolled"},
    {.name = "enrol_token_hash", .type = FIELD_DIGEST, AT(print_server, enrol_token_hash), .flags = FIELD_READ_ONLY | FIELD_HIDDEN, .sentence = "SHA-256 of its enrolment token"},
    {.name = "enrol_token_until", .type = FIELD_TIME, AT(print_server, enrol_token_until_ms), .flags = FIELD_READ_ONLY, .sentence = "when its enrolment token expires"},
    {.name = "identity_shared", .type = FIELD_TIME, AT(print_server, shared_ms), .flags = FIELD_READ_ONLY, .sentence = "when its identity was seen in use at two places at once: its key may have been copied, enrol it again"},
    END,
};

static const struct field gateway_fields[] = {
    OWN_ID(gateway),
    {.name = "name", .type = FIELD_TEXT, AT(gateway, name), .flags = FIELD_REQUIRED, .column = 2, .sentence = "host name by which it is called from outside, as in its certificate"},
    {.name = "port", .type = FIELD_NUMBER, AT(gateway, port), .min = 1, .max = 65535, .flags = FIELD_REQUIRED, .sentence = "its port, usually 443"},
    {.name = "draining", .type = FIELD_FLAG, AT(gateway, draining), .flags = FIELD_READ_ONLY, .column = 5, .sentence = "it lets nobody in any more; who is in stays"},
    {.name = "certificate", .type = FIELD_DIGEST, AT(gateway, certificate), .flags = FIELD_READ_ONLY, .sentence = "SHA-256 of the certificate that it shows the broker; empty: not enrolled yet"},
    {.name = "certificate_until", .type = FIELD_TIME, AT(gateway, until_ms), .flags = FIELD_READ_ONLY, .column = 6, .sentence = "when that certificate expires; the gateway renews it in time"},
    {.name = "enrolled", .type = FIELD_TIME, AT(gateway, enrolled_ms), .flags = FIELD_READ_ONLY, .sentence = "when it was enrolled"},
    {.name = "enrol_token_hash", .type = FIELD_DIGEST, AT(gateway, enrol_token_hash), .flags = FIELD_READ_ONLY | FIELD_HIDDEN, .sentence = "SHA-256 of its enrolment token"},
    {.name = "enrol_token_until", .type = FIELD_TIME, AT(gateway, enrol_token_until_ms), .flags = FIELD_READ_ONLY, .sentence = "when its enrolment token expires"},
    {.name = "identity_shared", .type = FIELD_TIME, AT(gateway, shared_ms), .flags = FIELD_READ_ONLY, .sentence = "when its identity was seen in use at two places at once: its key may have been copied, enrol it again"},
    {.name = "run", .type = FIELD_NUMBER, AT(gateway, run), .flags = FIELD_READ_ONLY, .max = INT64_MAX, .sentence = "drawn by it when it started, the last time that it told of a channel's end"},
    {.name = "ends", .type = FIELD_NUMBER, AT(gateway, ends), .flags = FIELD_READ_ONLY, .max = INT64_MAX, .sentence = "channels that have ended there since that start, and are in the journal"},
    END,
};

static const struct field administrator_fields[] = {
    OWN_ID(administrator),
    {.name = "name", .type = FIELD_TEXT, AT(administrator, name), .flags = FIELD_REQUIRED, .column = 2, .sentence = "display name"},
    {.name = "certificate", .type = FIELD_DIGEST, AT(administrator, certificate), .flags = FIELD_REQUIRED, .sentence = "SHA-256 of their certificate"},
    END,
};

static const struct field person_fields[] = {
    OWN_ID(person),
    {.name = "first_seen", .type = FIELD_TIME, AT(person, first_seen_ms), .flags = FIELD_READ_ONLY, .column = 4, .sentence = "first logon"},
    {.name = "printer", .type = FIELD_ID, AT(person, printer), .refers = NOUN_PRINTER, .flags = FIELD_GRANTED, .sentence = "their own office printer; empty: the nearest to the desk that they used last"},
    END,
};

const char *const factor_kind_words[] = {"passkey", "totp", "recovery", "help-desk", NULL};

static const struct field factor_fields[] = {
    OWN_ID(factor),
    {.name = "person", .type = FIELD_ID, AT(factor, person), .refers = NOUN_PERSON, .flags = FIELD_READ_ONLY, .sentence = "whose it is"},
    {.name = "kind", .type = FIELD_CHOICE, AT(factor, kind), .choices = factor_kind_words, .flags = FIELD_READ_ONLY, .column = 3, .sentence = "passkey; totp: codes that a telephone shows; recovery: codes on paper; help-desk: one code to enrol another with"},
    {.name = "name", .type = FIELD_TEXT, AT(factor, name), .flags = FIELD_READ_ONLY, .column = 4, .sentence = "what its person calls it"},
    {.name = "enrolled", .type = FIELD_TIME, AT(factor, enrolled_ms), .flags = FIELD_READ_ONLY, .column = 5, .sentence = "since when it is there"},
    {.name = "used", .type = FIELD_TIME, AT(factor, used_ms), .flags = FIELD_READ_ONLY, .column = 6, .sentence = "when it was right last"},
    {.name = "until", .type = FIELD_TIME, AT(factor, until_ms), .flags = FIELD_READ_ONLY | FIELD_SPARSE, .sentence = "when it expires; only a help desk's code does"},
    {.name = "credential", .type = FIELD_TEXT, AT(factor, credential), .flags = FIELD_READ_ONLY | FIELD_HIDDEN | FIELD_SPARSE, .sentence = "a passkey's own id"},
    {.name = "key", .type = FIELD_TEXT, AT(factor, key), .flags = FIELD_READ_ONLY | FIELD_HIDDEN | FIELD_SPARSE, .sentence = "a passkey's public key, or a telephone's secret as it is sealed"},
    {.name = "algorithm", .type = FIELD_NUMBER, AT(factor, algorithm), .min = INT32_MIN, .max = INT32_MAX, .flags = FIELD_READ_ONLY | FIELD_HIDDEN, .sentence = "of a passkey's key, by its number in COSE"},
    {.name = "count", .type = FIELD_NUMBER, AT(factor, count), .max = INT64_MAX, .flags = FIELD_READ_ONLY | FIELD_HIDDEN, .sentence = "what a passkey has counted, or the step of a telephone's code that was used last"},
    {.name = "codes", .type = FIELD_LIST, AT(factor, codes), .flags = FIELD_READ_ONLY | FIELD_HIDDEN | FIELD_SPARSE, .sentence = "SHA-256 of each code that was not used"},
    END,
};

static const struct field session_fields[] = {
    OWN_ID(session),
    {.name = "person", .type = FIELD_ID, AT(session, person), .refers = NOUN_PERSON, .flags = FIELD_READ_ONLY, .sentence = "whose desktop it is"},
    {.name = "pool", .type = FIELD_ID, AT(session, pool), .refers = NOUN_POOL, .flags = FIELD_READ_ONLY, .sentence = "pool of its host"},
    {.name = "host", .type = FIELD_ID, AT(session, host), .refers = NOUN_HOST, .flags = FIELD_READ_ONLY, .column = 4, .sentence = "where it runs"},
    {.name = "profile", .type = FIELD_ID, AT(session, profile), .refers = NOUN_PROFILE, .flags = FIELD_READ_ONLY, .sentence = "the profile it was opened with"},
    {.name = "device", .type = FIELD_ID, AT(session, device), .refers = NOUN_DEVICE, .flags = FIELD_READ_ONLY, .sentence = "the desk where it was last opened"},
    {.name = "state", .type = FIELD_CHOICE, AT(session, state), .choices = session_state_words, .flags = FIELD_READ_ONLY, .sentence = "starting, connected or disconnected; ended in the event that tells of its end"},
    {.name = "fence", .type = FIELD_NUMBER, AT(session, fence), .min = 0, .max = INT64_MAX, .flags = FIELD_READ_ONLY, .sentence = "fencing number, higher with every move"},
    {.name = "started", .type = FIELD_TIME, AT(session, started_ms), .flags = FIELD_READ_ONLY, .sentence = "when it was started"},
    {.name = "changed", .type = FIELD_TIME, AT(session, changed_ms), .flags = FIELD_READ_ONLY, .column = 7, .sentence = "when its state last changed"},
    END,
};

static const struct field print_job_fields[] = {
    OWN_ID(print_job),
    {.name = "person", .type = FIELD_ID, AT(print_job, person), .refers = NOUN_PERSON, .flags = FIELD_READ_ONLY, .sentence = "whose it was"},
    {.name = "printer", .type = FIELD_ID, AT(print_job, printer), .refers = NOUN_PRINTER, .flags = FIELD_READ_ONLY, .sentence = "where it came out"},
    {.name = "server", .type = FIELD_ID, AT(print_job, server), .refers = NOUN_PRINT_SERVER, .flags = FIELD_READ_ONLY, .sentence = "the print server that sent it"},
    {.name = "number", .type = FIELD_NUMBER, AT(print_job, number), .max = INT64_MAX, .flags = FIELD_READ_ONLY, .sentence = "of this entry in that print server's accounts"},
    {.name = "impressions", .type = FIELD_NUMBER, AT(print_job, impressions), .max = INT64_MAX, .flags = FIELD_READ_ONLY, .sentence = "page sides"},
    {.name = "sheets", .type = FIELD_NUMBER, AT(print_job, sheets), .max = INT64_MAX, .flags = FIELD_READ_ONLY, .sentence = "sheets of paper"},
    {.name = "colour", .type = FIELD_FLAG, AT(print_job, colour), .flags = FIELD_READ_ONLY, .sentence = "it was printed in colour"},
    {.name = "counted", .type = FIELD_CHOICE, AT(print_job, counted), .choices = page_counter_words, .flags = FIELD_READ_ONLY, .sentence = "by the printer itself, or, where it reports nothing, by the document"},
    {.name = "price", .type = FIELD_NUMBER, AT(print_job, price), .max = INT64_MAX, .flags = FIELD_READ_ONLY, .sentence = "by the printer's prices at that time, in hundredths of a cent"},
    {.name = "printed", .type = FIELD_TIME, AT(print_job, printed_ms), .flags = FIELD_READ_ONLY, .sentence = "when it was out, by the print server's clock"},
    END,
};

static const struct field channel_fields[] = {
    OWN_ID(channel),
    {.name = "session", .type = FIELD_ID, AT(channel, session), .refers = NOUN_SESSION, .flags = FIELD_READ_ONLY, .sentence = "the session that it led to"},
    {.name = "person", .type = FIELD_ID, AT(channel, person), .refers = NOUN_PERSON, .flags = FIELD_READ_ONLY, .sentence = "whose that is"},
    {.name = "host", .type = FIELD_ID, AT(channel, host), .refers = NOUN_HOST, .flags = FIELD_READ_ONLY, .sentence = "the session host"},
    {.name = "gateway", .type = FIELD_ID, AT(channel, gateway), .refers = NOUN_GATEWAY, .flags = FIELD_READ_ONLY, .sentence = "the gateway that carried it"},
    {.name = "way", .type = FIELD_CHOICE, AT(channel, way), .choices = channel_way_words, .flags = FIELD_READ_ONLY, .sentence = "how the person came"},
    {.name = "network", .type = FIELD_TEXT, AT(channel, network), .flags = FIELD_READ_ONLY | FIELD_SPARSE, .sentence = "where they were, in the event that tells of its beginning"},
    {.name = "since", .type = FIELD_TIME, AT(channel, since_ms), .flags = FIELD_READ_ONLY, .sentence = "when it was opened"},
    {.name = "until", .type = FIELD_TIME, AT(channel, until_ms), .flags = FIELD_READ_ONLY, .sentence = "when the broker heard of its end"},
    {.name = "reason", .type = FIELD_CHOICE, AT(channel, reason), .choices = channel_reason_words, .flags = FIELD_READ_ONLY, .sentence = "why it ended"},
    {.name = "bytes_to_host", .type = FIELD_NUMBER, AT(channel, bytes_to_host), .max = INT64_MAX, .flags = FIELD_READ_ONLY, .sentence = "that went to the host"},
    {.name = "bytes_to_person", .type = FIELD_NUMBER, AT(channel, bytes_to_person), .max = INT64_MAX, .flags = FIELD_READ_ONLY, .sentence = "that went to the person"},
    {.name = "run", .type = FIELD_NUMBER, AT(channel, run), .max = INT64_MAX, .flags = FIELD_READ_ONLY, .sentence = "drawn by the gateway when it started"},
    {.name = "number", .type = FIELD_NUMBER, AT(channel, number), .max = INT64_MAX, .flags = FIELD_READ_ONLY, .sentence = "of this end among those since that start; 0: its gateway told of none"},
    END,
};

static const struct field grant_fields[] = {
    OWN_ID(grant),
    {.name = "to", .type = FIELD_TEXT, AT(grant, to), .flags = FIELD_REQUIRED, .column = 2, .sentence = "the tenant that may use it"},
    {.name = "printer", .type = FIELD_TEXT, AT(grant, printer), .column = 3, .sentence = "the printer that it may use"},
    {.name = "pool", .type = FIELD_TEXT, AT(grant, pool), .column = 4, .sentence = "or the pool, with its hosts"},
    {.name = "site", .type = FIELD_TEXT, AT(grant, site), .column = 5, .sentence = "or the site: people of that tenant may log on at the desks there, as name@tenant"},
    {.name = "reason", .type = FIELD_TEXT, AT(grant, reason), .flags = FIELD_REQUIRED, .sentence = "why"},
    {.name = "until", .type = FIELD_TIME, AT(grant, until_ms), .column = 6, .sentence = "when it ends, at most 366 days ahead"},
    {.name = "review", .type = FIELD_TIME, AT(grant, review_ms), .column = 7, .sentence = "or when it ends unless both sides have confirmed it until then, at most 366 days ahead"},
    {.name = "requested_by", .type = FIELD_TEXT, AT(grant, requested_by), .flags = FIELD_READ_ONLY, .sentence = "who asked for it"},
    {.name = "requested", .type = FIELD_TIME, AT(grant, requested_ms), .flags = FIELD_READ_ONLY, .sentence = "when"},
    {.name = "giver_approved_by", .type = FIELD_TEXT, AT(grant, approvals[GRANT_GIVER].by), .flags = FIELD_READ_ONLY, .sentence = "who approved it for the tenant whose it is; empty: nobody yet"},
    {.name = "giver_approved", .type = FIELD_TIME, AT(grant, approvals[GRANT_GIVER].at_ms), .flags = FIELD_READ_ONLY, .sentence = "when"},
    {.name = "receiver_approved_by", .type = FIELD_TEXT, AT(grant, approvals[GRANT_RECEIVER].by), .flags = FIELD_READ_ONLY, .sentence = "who approved it for the tenant that may use it; empty: nobody yet"},
    {.name = "receiver_approved", .type = FIELD_TIME, AT(grant, approvals[GRANT_RECEIVER].at_ms), .flags = FIELD_READ_ONLY, .sentence = "when"},
    {.name = "since", .type = FIELD_TIME, AT(grant, since_ms), .flags = FIELD_READ_ONLY, .sentence = "since when both sides have approved it, or confirmed it last"},
    END,
};

const struct noun_row noun_rows[NOUN_COUNT] = {
    [NOUN_TENANT] = {"tenant", "tenants", tenant_fields, sizeof(struct tenant), true, "a municipality, or the district itself"},
    [NOUN_SITE] = {"site", "sites", site_fields, sizeof(struct site), true, "a building of a tenant"},
    [NOUN_POOL] = {"pool", "pools", pool_fields, sizeof(struct pool), true, "session hosts of one kind"},
    [NOUN_HOST] = {"host", "hosts", host_fields, sizeof(struct host), true, "a machine that runs sessions"},
    [NOUN_PROFILE] = {"profile", "profiles", profile_fields, sizeof(struct profile), true, "a workplace: pool, channels, hours, limits"},
    [NOUN_ASSIGNMENT] = {"assignment", "assignments", assignment_fields, sizeof(struct assignment), true, "who gets which profile"},
    [NOUN_PRINTER] = {"printer", "printers", printer_fields, sizeof(struct printer), true, "a printer that print servers send jobs to"},
    [NOUN_DEVICE] = {"device", "devices", device_fields, sizeof(struct device), true, "a thin client at a desk"},
    [NOUN_PRINT_SERVER] = {"print-server", "print-servers", print_server_fields, sizeof(struct print_server), true, "a machine with pult-print: takes print jobs from session hosts and sends them to printers"},
    [NOUN_GATEWAY] = {"gateway", "gateways", gateway_fields, sizeof(struct gateway), true, "a machine with pult-gateway: lets people in from outside, and carries their sessions"},
    [NOUN_ADMINISTRATOR] = {"administrator", "administrators", administrator_fields, sizeof(struct administrator), true, "an administrator with a client certificate; members of a tenant's admin_group need none"},
    [NOUN_PERSON] = {"person", "people", person_fields, sizeof(struct person), true, "somebody who has logged on"},
    [NOUN_FACTOR] = {"factor", "factors", factor_fields, sizeof(struct factor), false, "what somebody shows besides their password when they log on from outside"},
    [NOUN_SESSION] = {"session", "sessions", session_fields, sizeof(struct session), false, "a person's running desktop"},
    [NOUN_JOB] = {"job", "jobs", print_job_fields, sizeof(struct print_job), false, "a print job", .told_only = true},
    [NOUN_CHANNEL] = {"channel", "channels", channel_fields, sizeof(struct channel), false, "a way from outside to a session, through a gateway", .told_only = true},
    [NOUN_GRANT] = {"grant", "grants", grant_fields, sizeof(struct grant), false, "a written exception: a tenant may use a thing of another for a time"},
};
// clang-format on

const char *const noun_names[] = {"tenant",  "site",    "pool",         "host",    "profile",       "assignment",
                                  "printer", "device",  "print-server", "gateway", "administrator", "person",
                                  "factor",  "session", "job",          "channel", "grant",         "none",
                                  NULL};

// Without braces, which versions of clang-format set in different ways.
#define TYPE(holder) #holder, holder##_fields, sizeof(struct holder)

const struct record_type noun_types[NOUN_COUNT] = {
    [NOUN_TENANT] = {TYPE(tenant)},
    [NOUN_SITE] = {TYPE(site)},
    [NOUN_POOL] = {TYPE(pool)},
    [NOUN_HOST] = {TYPE(host)},
    [NOUN_PROFILE] = {TYPE(profile)},
    [NOUN_ASSIGNMENT] = {TYPE(assignment)},
    [NOUN_PRINTER] = {TYPE(printer)},
    [NOUN_DEVICE] = {TYPE(device)},
    [NOUN_PRINT_SERVER] = {TYPE(print_server)},
    [NOUN_GATEWAY] = {TYPE(gateway)},
    [NOUN_ADMINISTRATOR] = {TYPE(administrator)},
    [NOUN_PERSON] = {TYPE(person)},
    [NOUN_FACTOR] = {TYPE(factor)},
    [NOUN_SESSION] = {TYPE(session)},
    [NOUN_JOB] = {TYPE(print_job)},
    [NOUN_CHANNEL] = {TYPE(channel)},
    [NOUN_GRANT] = {TYPE(grant)},
};

const char host_wake_command[] = "command";

#define _(sentence) sentence

const struct host_guarantee_row host_guarantee_rows[HOST_GUARANTEE_COUNT] = {
    [HOST_FENCED] = {"fenced", _("one-time passwords; the host itself reports what runs there and disconnects older "
                                 "connections: one desktop, one person")},
    [HOST_PROBED] = {"probed", _("no agent: the typed password goes to the host, only the desks report what runs "
                                 "there, and nothing there ends an older connection")},
    [HOST_ON_WINDOWS] = {"windows",
                         _("Windows, without our agent: the typed password goes to the host by NLA, only the desks "
                           "report what runs there, and Windows alone decides whether an older connection is ended")},
};

const char *const host_guarantee_codes[] = {"fenced", "probed", "windows", NULL};

// RFC 1918 and RFC 4193.
const char *tenant_networks(const struct tenant *tenant)
{
    return tenant->host_networks[0] ? tenant->host_networks : "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7";
}

bool tenant_has_suffix(const struct tenant *tenant, const char *suffix)
{
    return (tenant->realm[0] && strcasecmp(tenant->realm, suffix) == 0) || strcasecmp(tenant->id, suffix) == 0;
}

int64_t tenant_job_hours(const struct tenant *tenant)
{
    return tenant->job_hours ? tenant->job_hours : 72;
}

const char *tenant_group_base(const struct tenant *tenant)
{
    return tenant->group_base[0] ? tenant->group_base : tenant->user_base;
}

bool host_has_agent(const struct host *host)
{
    return host->os != HOST_OS_WINDOWS && host->certificate[0];
}

const char *host_enrolment(const struct host *host)
{
    return host->enrolment[0] ? host->enrolment : host->certificate;
}

enum host_guarantee host_guarantee(const struct host *host)
{
    if (host->os == HOST_OS_WINDOWS)
        return HOST_ON_WINDOWS;
    return host_has_agent(host) ? HOST_FENCED : HOST_PROBED;
}

const char *host_guarantee_sentence(const char *code)
{
    for (size_t i = 0; i < HOST_GUARANTEE_COUNT; i++)
        if (text_equal(host_guarantee_rows[i].code, code))
            return host_guarantee_rows[i].sentence;
    return code;
}

void id_tenant(char tenant[SLUG_SIZE], const char *id)
{
    size_t length = strcspn(id, "/");
    if (length >= SLUG_SIZE)
        length = SLUG_SIZE - 1;
    memcpy(tenant, id, length);
    tenant[length] = 0;
}

bool id_is_of_tenant(const char *id, const char *tenant)
{
    size_t length = strlen(tenant);
    return strncmp(id, tenant, length) == 0 && (id[length] == '/' || id[length] == 0);
}

void id_beside(char id[ID_SIZE], const char *beside, const char *name)
{
    char tenant[SLUG_SIZE];
    id_tenant(tenant, beside);
    snprintf(id, ID_SIZE, "%s/%.*s", tenant, SLUG_SIZE - 1, name);
}

bool id_is_valid(enum noun noun, const char *id)
{
    const char *slash = strchr(id, '/');
    if (noun == NOUN_TENANT)
        return text_is_slug(id, strlen(id));
    return slash && text_is_slug(id, (size_t)(slash - id)) && text_is_slug(slash + 1, strlen(slash + 1));
}

enum noun noun_by_name(const char *name)
{
    for (enum noun noun = 0; noun < NOUN_COUNT; noun++)
        if (text_equal(noun_rows[noun].name, name))
            return noun;
    return NOUN_NONE;
}

enum noun noun_by_plural(const char *plural)
{
    for (enum noun noun = 0; noun < NOUN_COUNT; noun++)
        if (text_equal(noun_rows[noun].plural, plural))
            return noun;
    return NOUN_NONE;
}
