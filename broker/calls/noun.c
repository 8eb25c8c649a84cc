// SPDX-License-Identifier: EUPL-1.2
// List, show, set and remove, the same for every noun: the rows of api/types.h say what there is.
#include "broker/calls/noun.h"
#include "broker/api/codec_print.h"
#include "broker/api/record.h"
#include "broker/base/clock.h"
#include "broker/calls/admin_rights.h"
#include "broker/calls/admin_sessions.h"
#include "broker/calls/device_messages.h"
#include "broker/calls/gateway_messages.h"
#include "broker/calls/group_check.h"
#include "broker/calls/person_erase.h"
#include "broker/calls/print_orders.h"
#include "broker/core/enrolment.h"
#include "broker/core/factor.h"
#include "broker/core/grant.h"
#include "broker/core/own_rights.h"
#include "broker/core/record_check.h"

#include <stdio.h>
#include <stdlib.h>

// ---- what the state does not hold, added for people to see

static void name_person(char user_name[USER_NAME_SIZE], char name[NAME_SIZE], const struct services *services,
                        const char *person_id)
{
    const struct store_person *person = people_find(&services->people, person_id);
    text_put(user_name, USER_NAME_SIZE, person ? person->user_name : "");
    text_put(name, NAME_SIZE, person ? person->name : "");
}

// Without an agent the broker guesses: it probes a port, and believes the desks.
static enum agent_presence agent_of(const struct services *services, const struct host *host)
{
    if (!host_has_agent(host))
        return AGENT_NONE;
    return services->links.online(services->links.self, NOUN_HOST, host->id) ? AGENT_LINKED : AGENT_SILENT;
}

static void fill_report(struct host_status *status, const struct report *report)
{
    status->cpu = report->as.cpu;
    status->memory = report->as.memory;
    status->pressure = report->as.pressure;
    text_cut(status->warnings, sizeof status->warnings, report->as.warnings);
    status->reported_sessions = (int64_t)report->session_count;
    status->report_age_s = (clock_steady_ms() - report->heard_ms) / 1000;
}

static void fill_failures(struct host_status *status, const struct report *report)
{
    const struct desktop_failure *last;
    status->without_desktop = report_without_desktop(report, clock_steady_ms(), &last);
    status->last_failure = last ? last->outcome : DESKTOP_READY;
    if (!last)
        status->without_desktop = -1;
}

static void fill_agent(struct agent_status *status, const struct services *services, enum noun noun, const char *id)
{
    struct link_agent agent;
    status->protocol = -1;
    if (!services->links.agent(services->links.self, noun, id, &agent))
        return;
    TEXT_PUT(status->version, agent.version);
    status->protocol = agent.protocol;
    if (agent.refusal != REFUSAL_NONE)
        TEXT_PUT(status->refusal, refusal_rows[agent.refusal].code);
}

static void fill_host(struct host_status *status, const struct services *services)
{
    const struct host *host = &status->host;
    const struct report *report = reports_find(&services->reports, host->id);
    status->host.until_ms = enrolment_until_ms(NOUN_HOST, host);
    status->health = services->health.get(services->health.arg, host->id);
    text_cut(status->health_detail, sizeof status->health_detail,
             services->health.detail(services->health.arg, host->id));
    status->sessions = state_uses(services->state, NOUN_HOST, host->id);
    status->agent = agent_of(services, host);
    fill_agent(&status->of_agent, services, NOUN_HOST, host->id);
    status->guarantee = host_guarantee(host);
    status->cpu = status->memory = status->pressure = status->reported_sessions = status->report_age_s = -1;
    const struct store_person *owner = host->owner[0] ? people_find(&services->people, host->owner) : NULL;
    if (owner)
        TEXT_PUT(status->owner_user_name, owner->user_name);
    fill_failures(status, report);
    if (report && report->heard_ms && host_has_agent(host))
        fill_report(status, report);
}

static void fill_session(struct session_status *status, const struct services *services)
{
    const struct session *session = &status->session;
    const struct device *device = state_device(services->state, session->device);
    const struct report *report = reports_find(&services->reports, session->host);
    const struct host_session *there = report_session(report, session->id);
    enum host_health health = services->health.get(services->health.arg, session->host);
    // What a host that is away has is not known; the journal keeps what was known last.
    bool away = health == HOST_SILENT || health == HOST_UNREACHABLE;
    status->state = away ? SESSION_SHOWN_UNKNOWN : session->state;
    status->idle_s = there ? there->idle_s : -1;
    name_person(status->user_name, status->name, services, session->person);
    TEXT_PUT(status->place, device ? device->room : "");
}

// The next session that is shown at its desk; NULL when there is no more.
static const struct session *next_shown(struct session_walk *walk)
{
    for (const struct session *session; (session = state_next_session(walk));)
        if (session->state != SESSION_DISCONNECTED)
            return session;
    return NULL;
}

static void fill_device(struct device_status *status, const struct services *services)
{
    const struct device *device = &status->device;
    struct session_walk walk = state_sessions_of(services->state, SESSIONS_OF_DEVICE, device->id);
    status->device.until_ms = enrolment_until_ms(NOUN_DEVICE, device);
    const struct session *session = next_shown(&walk);
    status->online = services->links.online(services->links.self, NOUN_DEVICE, device->id);
    TEXT_PUT(status->session, session ? session->id : "");
    fill_agent(&status->of_agent, services, NOUN_DEVICE, device->id);
}

// As the answer to a logon says it: the tenant, or the whole district.
static void fill_administrator(struct administrator_status *status, const struct services *services)
{
    wall_owner(status->scope, status->administrator.id);
    const struct tenant *tenant = state_tenant(services->state, status->scope);
    if (tenant && tenant->district)
        TEXT_PUT(status->scope, "district");
}

// As it was found lately.
static enum group_standing standing_of(const struct services *services, const char *id, const char *group)
{
    char owner_id[SLUG_SIZE], dn[DN_SIZE];
    wall_owner(owner_id, id);
    const struct tenant *tenant = group[0] ? state_tenant(services->state, owner_id) : NULL;
    return tenant ? services->auth.group(services->auth.self, tenant, group, dn, NULL) : GROUP_UNKNOWN;
}

static void fill_printer(struct printer_status *status, const struct services *services)
{
    const struct known_printer *known = sorted_table_find(&services->print_jobs.printers, status->printer.id);
    status->state = known ? known->state : PRINTER_UNKNOWN;
    text_cut(status->detail, sizeof status->detail, known ? known->detail : "");
    status->waiting = print_jobs_waiting(&services->print_jobs, status->printer.id, NULL);
}

static void fill_print_server(struct print_server_status *status, const struct services *services)
{
    const struct print_server *server = &status->print_server;
    bool is_linked = services->links.online(services->links.self, NOUN_PRINT_SERVER, server->id);
    status->print_server.until_ms = enrolment_until_ms(NOUN_PRINT_SERVER, server);
    status->agent = !server->certificate[0] ? AGENT_NONE : is_linked ? AGENT_LINKED : AGENT_SILENT;
    status->jobs = is_linked ? print_jobs_waiting(&services->print_jobs, NULL, server->id) : -1;
    fill_agent(&status->of_agent, services, NOUN_PRINT_SERVER, server->id);
}

static void fill_gateway(struct gateway_status *status, const struct services *services)
{
    const struct gateway *gateway = &status->gateway;
    bool is_linked = services->links.online(services->links.self, NOUN_GATEWAY, gateway->id);
    status->gateway.until_ms = enrolment_until_ms(NOUN_GATEWAY, gateway);
    status->agent = !gateway->certificate[0] ? AGENT_NONE : is_linked ? AGENT_LINKED : AGENT_SILENT;
    status->channels = is_linked ? (int64_t)channels_carried(&services->channels, gateway->id) : -1;
    fill_agent(&status->of_agent, services, NOUN_GATEWAY, gateway->id);
}

static void fill_factor(struct factor_status *status, const struct services *services)
{
    const struct factor *factor = &status->factor;
    bool has_codes = factor->kind == FACTOR_RECOVERY || factor->kind == FACTOR_HELP_DESK;
    name_person(status->user_name, status->person_name, services, factor->person);
    status->codes_left = has_codes ? (int64_t)factor_codes_left(factor) : -1;
}

static void fill_grant(struct grant_status *status, const struct services *services)
{
    static const enum grant_state waiting[2][2] = {{GRANT_WAITS_FOR_BOTH, GRANT_WAITS_FOR_GIVER},
                                                   {GRANT_WAITS_FOR_RECEIVER, GRANT_IN_FORCE}};
    const struct grant *grant = &status->grant;
    status->state = waiting[grant->approvals[GRANT_GIVER].at_ms != 0][grant->approvals[GRANT_RECEIVER].at_ms != 0];
    if (grant_is_over(grant, commit_now_ms(services->commit)))
        status->state = GRANT_IS_OVER;
}

void noun_fill_status(void *filled, const struct services *services, enum noun noun, const void *record)
{
    union noun_status *status = filled;
    memset(status, 0, noun_status_types[noun]->size);
    memcpy(status, record, noun_rows[noun].size); // with which each begins
    if (noun == NOUN_HOST)
        fill_host(&status->host, services);
    else if (noun == NOUN_SESSION)
        fill_session(&status->session, services);
    else if (noun == NOUN_PERSON)
        name_person(status->person.user_name, status->person.name, services, status->person.person.id);
    else if (noun == NOUN_ADMINISTRATOR)
        fill_administrator(&status->administrator, services);
    else if (noun == NOUN_DEVICE)
        fill_device(&status->device, services);
    else if (noun == NOUN_PRINTER)
        fill_printer(&status->printer, services);
    else if (noun == NOUN_PRINT_SERVER)
        fill_print_server(&status->print_server, services);
    else if (noun == NOUN_GATEWAY)
        fill_gateway(&status->gateway, services);
    else if (noun == NOUN_ASSIGNMENT)
        status->assignment.group_standing =
            standing_of(services, status->record.id, status->assignment.assignment.group);
    else if (noun == NOUN_FACTOR)
        fill_factor(&status->factor, services);
    else if (noun == NOUN_GRANT)
        fill_grant(&status->grant, services);
    else if (noun == NOUN_TENANT)
        status->tenant.group_standing = standing_of(services, status->record.id, status->tenant.tenant.admin_group);
}

// ---- versions

void noun_etag(char etag[ETAG_SIZE], enum noun noun, const void *record)
{
    char digest[DIGEST_SIZE];
    owned(text) struct text text = {0};
    codec_print_record(&text, noun_rows[noun].fields, CODEC_JOURNAL, record);
    services_digest(digest, text.bytes, text.length);
    snprintf(etag, ETAG_SIZE, "\"%.32s\"", digest);
}

static bool names_version(const char *condition, enum noun noun, const void *present)
{
    char etag[ETAG_SIZE];
    if (!present || text_equal(condition, "*"))
        return present;
    noun_etag(etag, noun, present);
    return strstr(condition, etag); // the header may list several
}

// RFC 9110, section 13.1: whoever says which version a change is for gets it done to that version only.
static bool condition_holds(struct services *services, const struct request *request)
{
    enum noun noun = request->method->noun;
    const void *present = state_find(services->state, noun, request->id);
    return (!request->if_match[0] || names_version(request->if_match, noun, present)) &&
           (!request->if_none_match[0] || !names_version(request->if_none_match, noun, present));
}

// Whoever would take their own right from themselves has to say that they mean it.
static bool refuse_own_loss(const struct services *services, struct request *request, const struct event *event)
{
    const char *loss = own_rights_loss(services->state, &request->peer, event, 1);
    if (!loss || request->page.accept == ACCEPT_OWN_RIGHTS)
        return false;
    request_refuse(request, REFUSAL_OWN_RIGHTS, loss);
    return true;
}

// ---- the four methods

void call_list(struct services *services, struct request *request)
{
    enum noun noun = request->method->noun;
    struct noun_list list = {0};
    bool more = false;
    struct wall_walk walk = wall_walk_seen(services->state, &request->peer, noun, request->page.after);
    for (const char *id; !more && (id = wall_next(&walk));) {
        if (request->page.tenant[0] && !wall_owns(request->page.tenant, id))
            continue;
        more = (int64_t)list.items.count == request->page.limit;
        if (!more)
            noun_fill_status(record_add(&list.items, noun_status_types[noun]), services, noun, id);
    }
    if (more) // each begins with its id
        TEXT_PUT(list.next, record_at(&list.items, noun_status_types[noun], list.items.count - 1));
    request_answer(request, &list);
    record_free(noun_list_types[noun].fields, &list);
}

void call_show(struct services *services, struct request *request)
{
    union noun_status status;
    const void *record = state_find(services->state, request->method->noun, request->id);
    if (!record) {
        request_refuse(request, REFUSAL_NOT_FOUND, NULL);
        return;
    }
    noun_etag(request->etag, request->method->noun, record);
    noun_fill_status(&status, services, request->method->noun, record);
    request_answer(request, &status);
}

// What the broker keeps in a record itself stays as it is when people set the rest.
static void keep_ours(const struct noun_row *row, const union record *present, union record *record)
{
    for (const struct field *field = row->fields; present && field->name; field++)
        if (field->flags & FIELD_READ_ONLY)
            memcpy((char *)record + field->offset, (const char *)present + field->offset, field->size);
}

// On Windows there is no agent of ours: what was enrolled or invited before is so no longer.
static void forget_agent(struct host *host)
{
    host->certificate[0] = host->enrolment[0] = host->enrol_token_hash[0] = 0;
    host->enrolled_ms = host->until_ms = host->enrol_token_until_ms = 0;
}

bool noun_check(const struct state *state, enum noun noun, const char *id, union record *record, struct fault *why)
{
    if (record->id[0] && !text_equal(record->id, id))
        return fault_set(why, FAULT_INVALID, "id: differs from the one in the path");
    TEXT_PUT(record->id, id);
    if (noun == NOUN_TENANT && !state_count(state, NOUN_TENANT)) // else nobody would ever administer all of them
        record->tenant.district = true;
    if (!record_check(state, noun, record, why))
        return false;
    keep_ours(&noun_rows[noun], state_find(state, noun, id), record);
    if (noun == NOUN_HOST && record->host.os == HOST_OS_WINDOWS)
        forget_agent(&record->host);
    const struct assignment *before = noun == NOUN_ASSIGNMENT ? state_find(state, noun, id) : NULL;
    if (before && !text_equal(before->person, record->assignment.person))
        record->assignment.holder[0] = 0;
    return true;
}

// Nobody works on at a device that nobody may log on at. Where there is no agent its desk alone could cut the line.
static void lock_sessions_at(struct services *services, const char *device_id)
{
    struct session_walk walk = state_sessions_of(services->state, SESSIONS_OF_DEVICE, device_id);
    for (const struct session *session; (session = next_shown(&walk));) {
        struct host_message lock = {.type = HOST_DISCONNECT, .reason = HOST_BECAUSE_ADMIN};
        TEXT_PUT(lock.session, session->id);
        services_tell_host(services, session->host, &lock);
    }
}

// Its desks are called by its name.
static void tell_desks_of_site(struct services *services, const char *site_id)
{
    const struct sorted_table *devices = state_table(services->state, NOUN_DEVICE);
    for (size_t i = 0; i < devices->count; i++) {
        const struct device *device = devices->records[i];
        if (text_equal(device->site, site_id))
            device_tell_name(services, device->id);
    }
}

void noun_changed(struct services *services, enum noun noun, const char *id)
{
    const struct device *device = noun == NOUN_DEVICE ? state_device(services->state, id) : NULL;
    if (device && device->disabled)
        lock_sessions_at(services, id);
    if (device)
        device_tell_name(services, id);
    else if (noun == NOUN_SITE)
        tell_desks_of_site(services, id);
    if (noun == NOUN_TENANT && !state_tenant(services->state, id)) // another may get its id
        admin_sessions_remove_tenant(services->admin_sessions, id);
    if (noun == NOUN_TENANT)
        services->auth.forget(services->auth.self, id);
    else if (noun == NOUN_HOST && state_host(services->state, id))
        services->health.probe_now(services->health.arg, id);
    else if (noun == NOUN_HOST)
        reports_forget(&services->reports, id);
    if (noun == NOUN_PRINT_SERVER && !state_find(services->state, noun, id))
        print_jobs_forget(&services->print_jobs, id);
    if (noun == NOUN_GATEWAY)
        gateway_changed(services, id);
    print_tell_printers(services);
}

static bool read_change(struct services *services, struct request *request, struct event *event)
{
    struct fault why;
    enum noun noun = request->method->noun;
    services_event(event, EVENT_SET, noun, request);
    memcpy(&event->record, request->body, noun_rows[noun].size);
    if (!noun_check(services->state, noun, request->id, &event->record, &why)) {
        request_refuse_fault(request, &why);
        return false;
    }
    if (!condition_holds(services, request)) {
        request_refuse(request, REFUSAL_PRECONDITION_FAILED, NULL);
        return false;
    }
    return !refuse_own_loss(services, request, event);
}

struct noun_change_request {
    struct services *services;
    struct request *request;
};

static void note_standing(union noun_status *status, enum noun noun, const struct group_notice *notice)
{
    if (noun == NOUN_ASSIGNMENT)
        status->assignment.group_standing = notice->standing;
    else if (noun == NOUN_TENANT)
        status->tenant.group_standing = notice->standing;
}

// Meanwhile somebody else may have changed something: all of it is checked again.
static void groups_checked(void *arg, struct record_list *notices, const struct group_notice *twice)
{
    struct noun_change_request *change = arg;
    struct services *services = change->services;
    struct request *request = change->request;
    struct event event;
    union noun_status status;
    enum noun noun = request->method->noun;
    char id[ID_SIZE];
    free(change);
    if (admin_rights_refuse(services, request) || group_check_refuse(request, twice) ||
        !read_change(services, request, &event))
        return;
    noun_fill_status(&status, services, noun, &event.record);
    if (notices->count)
        note_standing(&status, noun, record_at(notices, &group_notice_type, 0));
    noun_etag(request->etag, noun, &event.record);
    TEXT_PUT(id, request->id);
    services_commit_answer(services, request, &event, 1, &status);
    noun_changed(services, noun, id);
}

void call_set(struct services *services, struct request *request)
{
    struct event event;
    if (!read_change(services, request, &event))
        return;
    struct noun_change_request *change = mem_new(1, sizeof *change);
    *change = (struct noun_change_request){services, request};
    struct state *after = event.noun == NOUN_TENANT ? state_copy(services->state) : NULL;
    if (after)
        state_apply(after, &event);
    group_check(services, after ? after : services->state, &event, 1, groups_checked, change);
    state_free(after);
}

// It holds the tenants of both sides, and what its giver has approved: it is revoked first. What another tenant only
// asks for holds no thing.
static bool grant_holds(const struct grant *grant, enum noun noun, const char *id)
{
    if (noun == NOUN_TENANT)
        return text_equal(grant->to, id) || wall_owns(id, grant->id);
    return grant->approvals[GRANT_GIVER].at_ms && text_equal(grant_thing(grant, noun), id);
}

// By a grant that has ended another tenant's record holds nothing; a session does as long as it runs.
static bool names_in_field(const struct state *state, enum noun by, const struct field *field, const char *record,
                           enum noun noun, const char *id)
{
    char owner_id[SLUG_SIZE];
    if (field->type != FIELD_ID || field->refers != noun || !text_equal(record + field->offset, id))
        return false;
    wall_owner(owner_id, record);
    return by == NOUN_SESSION || wall_may_use(state, owner_id, noun, id);
}

// People do not hold their tenant: nobody wants to erase them one by one, so they go with it, and their factors too.
// And a desktop that is not shown does not hold the desk where it was shown last.
static bool refers_to(const struct state *state, enum noun by, const union record *record, enum noun noun,
                      const char *id)
{
    if (by == NOUN_GRANT)
        return grant_holds(&record->grant, noun, id);
    if (noun == NOUN_TENANT)
        return by != NOUN_TENANT && by != NOUN_PERSON && by != NOUN_FACTOR && wall_owns(id, record->id);
    if (noun == NOUN_DEVICE && by == NOUN_SESSION && record->session.state == SESSION_DISCONNECTED)
        return false;
    for (const struct field *field = noun_rows[by].fields; field->name; field++)
        if (names_in_field(state, by, field, record->id, noun, id))
            return true;
    return false;
}

// Names some of what would be left hanging, and says how much more there is; true when there is any. What another
// tenant has is none of the caller's business.
static bool refuse_if_used(const struct state *state, struct request *request)
{
    enum { NAMED_MAX = 5 };
    size_t count = 0, named = 0;
    owned(text) struct text names = {0};
    for (enum noun by = 0; by < NOUN_COUNT; by++) {
        const struct sorted_table *table = state_table(state, by);
        for (size_t i = 0; i < table->count; i++) {
            if (!refers_to(state, by, table->records[i], request->method->noun, request->id))
                continue;
            count++;
            if (named < NAMED_MAX && wall_can_see(state, &request->peer, by, table->records[i]))
                text_addf(&names, "%s%s %s", named++ ? ", " : "", noun_rows[by].name, (const char *)table->records[i]);
        }
    }
    if (!count)
        return false;
    if (count > named)
        text_addf(&names, "%s(+%zu)", named ? " " : "", count - named);
    struct fault why;
    fault_set(&why, FAULT_CONFLICT, "%.250s: remove or change first", names.bytes);
    request_refuse_fault(request, &why);
    return true;
}

void call_remove(struct services *services, struct request *request)
{
    enum noun noun = request->method->noun;
    if (!state_find(services->state, noun, request->id)) {
        request_refuse(request, REFUSAL_NOT_FOUND, NULL);
        return;
    }
    if (!condition_holds(services, request)) {
        request_refuse(request, REFUSAL_PRECONDITION_FAILED, NULL);
        return;
    }
    if (refuse_if_used(services->state, request))
        return;
    if (noun == NOUN_TENANT && state_is_only_district(services->state, request->id)) {
        request_refuse(request, REFUSAL_CONFLICT, "it is the district: make another tenant the district first");
        return;
    }
    char id[ID_SIZE];
    struct event event;
    TEXT_PUT(id, request->id);
    services_event(&event, EVENT_REMOVED, noun, request);
    TEXT_PUT(event.record.id, id);
    if (refuse_own_loss(services, request, &event))
        return;
    if (noun == NOUN_TENANT)
        person_erase_tenant(services, request);
    else
        services_commit_answer(services, request, &event, 1, NULL);
    noun_changed(services, noun, id);
}
