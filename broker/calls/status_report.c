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
    add(object, "last_failure", status.last_failure);
    // Whoever looks again shall know whether it answers.
    if (status.state == DIRECTORY_UNKNOWN)
        services->auth.look_up(services->auth.self, tenant, "nobody", ignore, NULL);
    return object;
}

json_object *status_report_directories(struct services *services, const struct peer *peer)
{
    json_object *directories = json_object_new_array();
    struct wall_walk walk = wall_walk_seen(services->state, peer, NOUN_TENANT, "");
    for (const struct tenant *tenant; (tenant = wall_next(&walk));)
        json_object_array_add(directories, directory_of(services, tenant));
    return directories;
}

int64_t status_report_draining(const struct services *services, const struct peer *peer)
{
    int64_t count = 0;
    struct wall_walk walk = wall_walk_seen(services->state, peer, NOUN_HOST, "");
    for (const struct host *host; (host = wall_next(&walk));)
        count += host->draining;
    return count;
}

static void add_ending(json_object *ending, const struct services *services, const struct peer *peer, enum noun noun)
{
    struct wall_walk walk = wall_walk_seen(services->state, peer, noun, "");
    for (const char *id; (id = wall_next(&walk));) {
        int64_t until_ms = enrolment_until_ms(noun, id);
        if (!until_ms || until_ms - commit_now_ms(services->commit) > soon_ms)
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

// An agent of the wrong version is the cause, whatever else is seen of it.
static const char *detail_of(const struct services *services, const char *host_id)
{
    struct link_agent agent;
    bool is_refused = services->links.agent(services->links.self, NOUN_HOST, host_id, &agent) && agent.refusal;
    return is_refused ? refusal_rows[agent.refusal].sentence : services->health.detail(services->health.arg, host_id);
}

json_object *status_report_problems(const struct services *services, const struct peer *peer)
{
    json_object *problems = json_object_new_array();
    struct wall_walk walk = wall_walk_seen(services->state, peer, NOUN_HOST, "");
    for (const struct host *host; (host = wall_next(&walk));) {
        if (host_is_available(&services->health, host->id))
            continue;
        json_object *object = json_object_new_object();
        add(object, "host", host->id);
        add(object, "pool", host->pool);
        add(object, "health", host_health_names[services->health.get(services->health.arg, host->id)]);
        add(object, "detail", detail_of(services, host->id));
        json_object_object_add(object, "sessions",
                               json_object_new_int64(state_uses(services->state, NOUN_HOST, host->id)));
        json_object_array_add(problems, object);
    }
    return problems;
}
