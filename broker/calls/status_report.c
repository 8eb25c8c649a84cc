// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/status_report.h"
#include "broker/base/clock.h"
#include "broker/core/enrolment.h"

static const int64_t soon_ms = 30ll * 24 * 60 * 60 * 1000;

static void ignore(void *arg, enum auth_verdict verdict, const struct identity *identity)
{
    (void)arg, (void)verdict, (void)identity;
}

static void add(json_object *object, const char *key, const char *text)
{
    json_object_object_add(object, key, json_object_new_string(text));
}

static json_object *directory_of(struct services *services, const struct tenant *tenant)
{
    static const char *const states[] = {
        [DIRECTORY_UNKNOWN] = "unknown", [DIRECTORY_OK] = "ok", [DIRECTORY_DOWN] = "down"};
    struct directory_status status;
    json_object *object = json_object_new_object();
    services->auth.status(services->auth.self, tenant, &status);
    add(object, "tenant", tenant->id);
    add(object, "state", states[status.state]);
    add(object, "server", status.server);
    if (status.since_ms)
        json_object_object_add(object, "since", services_time(clock_wall_ms() - (clock_steady_ms() - status.since_ms)));
    json_object_object_add(object, "connections", json_object_new_int64((int64_t)status.connections));
    add(object, "trouble", status.trouble);
    // Whoever looks again shall know whether it answers.
    if (status.state == DIRECTORY_UNKNOWN)
        services->auth.look_up(services->auth.self, tenant, "nobody", ignore, NULL);
    return object;
}

json_object *status_report_directories(struct services *services, const struct peer *peer)
{
    const struct sorted_table *tenants = state_table(services->state, NOUN_TENANT);
    json_object *directories = json_object_new_array();
    for (size_t i = 0; i < tenants->count; i++)
        if (wall_can_see(peer, tenants->records[i]))
            json_object_array_add(directories, directory_of(services, tenants->records[i]));
    return directories;
}

int64_t status_report_draining(const struct services *services, const struct peer *peer)
{
    const struct sorted_table *hosts = state_table(services->state, NOUN_HOST);
    int64_t count = 0;
    for (size_t i = 0; i < hosts->count; i++) {
        char tenant[SLUG_SIZE];
        const struct host *host = hosts->records[i];
        id_tenant(tenant, host->id);
        count += wall_can_see(peer, tenant) && host->draining;
    }
    return count;
}

static void add_ending(json_object *ending, const struct services *services, const struct peer *peer, enum noun noun)
{
    const struct sorted_table *table = state_table(services->state, noun);
    for (size_t i = 0; i < table->count; i++) {
        char tenant[SLUG_SIZE];
        const char *id = table->records[i];
        int64_t until_ms = enrolment_until_ms(noun, id);
        id_tenant(tenant, id);
        if (!until_ms || until_ms - commit_now_ms(services->commit) > soon_ms || !wall_can_see(peer, tenant))
            continue;
        json_object *object = json_object_new_object();
        add(object, "kind", noun_rows[noun].name);
        add(object, "id", id);
        json_object_object_add(object, "until", services_time(until_ms));
        json_object_array_add(ending, object);
    }
}

json_object *status_report_certificates(const struct services *services, const struct peer *peer)
{
    json_object *ending = json_object_new_array();
    add_ending(ending, services, peer, NOUN_DEVICE);
    add_ending(ending, services, peer, NOUN_HOST);
    return ending;
}

json_object *status_report_problems(const struct services *services, const struct peer *peer)
{
    const struct sorted_table *hosts = state_table(services->state, NOUN_HOST);
    json_object *troubled = json_object_new_array();
    for (size_t i = 0; i < hosts->count; i++) {
        char tenant[SLUG_SIZE];
        const struct host *host = hosts->records[i];
        id_tenant(tenant, host->id);
        if (!wall_can_see(peer, tenant) || host_is_available(&services->health, host->id))
            continue;
        json_object *object = json_object_new_object();
        add(object, "host", host->id);
        add(object, "pool", host->pool);
        add(object, "health", host_health_names[services->health.of(services->health.arg, host->id)]);
        add(object, "detail", services->health.detail(services->health.arg, host->id));
        json_object_object_add(object, "sessions",
                               json_object_new_int64(state_uses(services->state, NOUN_HOST, host->id)));
        json_object_array_add(troubled, object);
    }
    return troubled;
}
