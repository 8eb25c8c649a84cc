// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/overview.h"
#include "broker/base/clock.h"
#include "broker/core/member.h"

static const int64_t soon_ms = 30ll * 24 * 60 * 60 * 1000;

static void ignore(void *arg, enum auth_verdict verdict, const struct identity *identity)
{
    (void)arg, (void)verdict, (void)identity;
}

static void add(json_object *object, const char *key, const char *text)
{
    json_object_object_add(object, key, json_object_new_string(text));
}

static json_object *directory_of(struct world *world, const struct tenant *tenant)
{
    static const char *const states[] = {
        [DIRECTORY_UNKNOWN] = "unknown", [DIRECTORY_OK] = "ok", [DIRECTORY_DOWN] = "down"};
    struct directory_status status;
    json_object *object = json_object_new_object();
    world->auth.status(world->auth.self, tenant, &status);
    add(object, "tenant", tenant->id);
    add(object, "state", states[status.state]);
    add(object, "server", status.server);
    if (status.since_ms)
        json_object_object_add(object, "since", world_time(clock_wall_ms() - (clock_steady_ms() - status.since_ms)));
    json_object_object_add(object, "connections", json_object_new_int64((int64_t)status.connections));
    add(object, "trouble", status.trouble);
    // Whoever looks again shall know whether it answers.
    if (status.state == DIRECTORY_UNKNOWN)
        world->auth.look_up(world->auth.self, tenant, "nobody", ignore, NULL);
    return object;
}

json_object *overview_directories(struct world *world, const struct peer *peer)
{
    const struct shelf *tenants = state_shelf(world->state, NOUN_TENANT);
    json_object *directories = json_object_new_array();
    for (size_t i = 0; i < tenants->count; i++)
        if (wall_sees(peer, tenants->records[i]))
            json_object_array_add(directories, directory_of(world, tenants->records[i]));
    return directories;
}

int64_t overview_draining(const struct world *world, const struct peer *peer)
{
    const struct shelf *hosts = state_shelf(world->state, NOUN_HOST);
    int64_t count = 0;
    for (size_t i = 0; i < hosts->count; i++) {
        char tenant[SLUG_SIZE];
        const struct host *host = hosts->records[i];
        id_tenant(tenant, host->id);
        count += wall_sees(peer, tenant) && host->draining;
    }
    return count;
}

static void add_ending(json_object *ending, const struct world *world, const struct peer *peer, enum noun noun)
{
    const struct shelf *shelf = state_shelf(world->state, noun);
    for (size_t i = 0; i < shelf->count; i++) {
        char tenant[SLUG_SIZE];
        const char *id = shelf->records[i];
        int64_t until_ms = member_until_ms(noun, id);
        id_tenant(tenant, id);
        if (!until_ms || until_ms - commit_now_ms(world->commit) > soon_ms || !wall_sees(peer, tenant))
            continue;
        json_object *object = json_object_new_object();
        add(object, "kind", noun_rows[noun].name);
        add(object, "id", id);
        json_object_object_add(object, "until", world_time(until_ms));
        json_object_array_add(ending, object);
    }
}

json_object *overview_certificates(const struct world *world, const struct peer *peer)
{
    json_object *ending = json_object_new_array();
    add_ending(ending, world, peer, NOUN_DEVICE);
    add_ending(ending, world, peer, NOUN_HOST);
    return ending;
}

json_object *overview_trouble(const struct world *world, const struct peer *peer)
{
    const struct shelf *hosts = state_shelf(world->state, NOUN_HOST);
    json_object *troubled = json_object_new_array();
    for (size_t i = 0; i < hosts->count; i++) {
        char tenant[SLUG_SIZE];
        const struct host *host = hosts->records[i];
        id_tenant(tenant, host->id);
        if (!wall_sees(peer, tenant) || host_is_in_order(&world->health, host->id))
            continue;
        json_object *object = json_object_new_object();
        add(object, "host", host->id);
        add(object, "pool", host->pool);
        add(object, "health", host_health_names[world->health.of(world->health.arg, host->id)]);
        add(object, "detail", world->health.detail(world->health.arg, host->id));
        json_object_object_add(object, "sessions",
                               json_object_new_int64(state_uses(world->state, NOUN_HOST, host->id)));
        json_object_array_add(troubled, object);
    }
    return troubled;
}
