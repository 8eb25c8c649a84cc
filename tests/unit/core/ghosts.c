// SPDX-License-Identifier: EUPL-1.2
// A seeded simulator of session hosts that vanish, return, restart and lie, and of a broker that forgets all soft
// state. What the hosts really have is modelled beside what the broker believes. After every step what must always hold
// is checked; at the end everything is mended, and what the broker believes must be what there is. PULT_SEED=n
// PULT_HISTORIES=1 runs one again.
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/core/reconcile.h"
#include "tests/unit/core/core_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HISTORIES = 10000, STEPS = 100, PEOPLE = 6, HOSTS = 4, THERE_MAX = 16, PASSWORDS_MAX = 8, HEARD_MAX = 8 };

// A session as it really is on a host: whose, and by which number it was last opened.
struct real {
    char session[ID_SIZE], person[ID_SIZE];
    int64_t fence;
    bool connected;
};

struct machine {
    char id[ID_SIZE];
    bool sole, up, linked;
    struct real there[THERE_MAX];
    size_t count;
    int64_t highest; // the number that its disk keeps, over restarts
};

// A one-time password on its way from a desk to a host, or kept by somebody who should not.
struct password {
    char session[ID_SIZE], person[ID_SIZE], host[ID_SIZE];
    int64_t fence, until_ms;
    bool used;
};

// A report that was sent and has not arrived.
struct letter {
    char host[ID_SIZE];
    struct host_session *sessions;
    size_t count;
};

struct world {
    struct core_fixture core;
    struct reports reports;
    uint64_t random;
    struct machine machines[HOSTS];
    struct password passwords[PASSWORDS_MAX];
    size_t password_next;
    struct letter letters[HEARD_MAX];
    size_t letter_count;
    int64_t steady_ms;
    uint64_t opened, ghosts_ended, refused_old;
};

static uint64_t seed_now;

static void must(bool holds, const char *what)
{
    if (!holds)
        cr_assert_fail("seed %llu: %s", (unsigned long long)seed_now, what);
}

static uint64_t roll(struct world *world, uint64_t sides)
{
    uint64_t x = world->random += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return (x ^ (x >> 31)) % sides;
}

static struct machine *machine_of(struct world *world, const char *host_id)
{
    for (size_t i = 0; i < HOSTS; i++)
        if (text_equal(world->machines[i].id, host_id))
            return &world->machines[i];
    return NULL;
}

static enum host_health health_of(void *arg, const char *host_id)
{
    struct world *world = arg;
    const char *detail;
    const struct machine *machine = machine_of(world, host_id);
    return machine->up ? report_health(&world->reports, host_id, HOST_OK, world->steady_ms, &detail) : HOST_UNREACHABLE;
}

static void open_world(struct world *world, uint64_t seed)
{
    static const char *const ids[HOSTS] = {"neustadt/ts1", "neustadt/ts2", "neustadt/ts3", "altdorf/ts4"};
    memset(world, 0, sizeof *world);
    world->random = seed;
    world->steady_ms = 1000000;
    core_open(&world->core);
    union record desktops = {.pool = {.id = "neustadt/building", .name = "desktops", .kind = POOL_DESKTOP}};
    core_set(&world->core, NOUN_POOL, &desktops);
    for (size_t i = 0; i < HOSTS; i++) {
        struct machine *machine = &world->machines[i];
        TEXT_PUT(machine->id, ids[i]);
        machine->up = true;
        machine->sole = i == 2;
        machine->linked = true;
        core_set_agent(&world->core, ids[i], true);
        reports_link(&world->reports, ids[i], true, world->steady_ms);
    }
    world->core.source = (struct health_source){.arg = world, .get = health_of};
    world->reports.awake.since_ms = world->steady_ms;
}

static void drop_letter(struct world *world, size_t i)
{
    free(world->letters[i].sessions);
    memmove(&world->letters[i], &world->letters[i + 1], (--world->letter_count - i) * sizeof *world->letters);
}

static void close_world(struct world *world)
{
    while (world->letter_count)
        drop_letter(world, 0);
    reports_clear(&world->reports);
    core_close(&world->core);
}

// ---- what happens at a host

static void remove_real(struct machine *machine, size_t i)
{
    machine->there[i] = machine->there[--machine->count];
}

static struct real *real_of(struct machine *machine, const char *person)
{
    for (size_t i = 0; i < machine->count; i++)
        if (text_equal(machine->there[i].person, person))
            return &machine->there[i];
    return NULL;
}

// What the agent's verifier does: an old number or a used password is refused; on a machine for one person whoever else
// has a session has lost it.
static void present(struct world *world, struct password *password)
{
    struct machine *machine = machine_of(world, password->host);
    struct real *real = real_of(machine, password->person);
    int64_t least = machine->sole ? machine->highest : real ? real->fence : 0;
    if (!machine->up || password->used || password->until_ms < world->core.now_ms || password->fence < least) {
        world->refused_old += machine->up && password->fence < least;
        return;
    }
    password->used = true;
    if (machine->sole)
        while (machine->count && !(real && machine->count == 1 && real == machine->there))
            remove_real(machine, text_equal(machine->there[0].person, password->person) ? machine->count - 1 : 0);
    real = real_of(machine, password->person);
    if (!real) {
        must(machine->count < THERE_MAX, "the model is too small");
        real = &machine->there[machine->count++];
    }
    *real = (struct real){.fence = password->fence, .connected = true};
    TEXT_PUT(real->session, password->session);
    TEXT_PUT(real->person, password->person);
    if (password->fence > machine->highest)
        machine->highest = password->fence;
    world->opened++;
}

static void send_report(struct world *world, struct machine *machine)
{
    if (!machine->up || !machine->linked || world->letter_count == HEARD_MAX)
        return;
    struct letter *letter = &world->letters[world->letter_count++];
    TEXT_PUT(letter->host, machine->id);
    letter->sessions = mem_new(machine->count + 2, sizeof *letter->sessions);
    letter->count = machine->count;
    for (size_t i = 0; i < machine->count; i++) {
        TEXT_PUT(letter->sessions[i].session, machine->there[i].session);
        letter->sessions[i].fence = machine->there[i].fence;
        letter->sessions[i].connected = machine->there[i].connected;
    }
}

// A host that lies: it claims a session that is elsewhere, with any number.
static void send_lie(struct world *world, struct machine *machine)
{
    const struct sorted_table *sessions = state_table(world->core.state, NOUN_SESSION);
    size_t before = world->letter_count;
    send_report(world, machine);
    if (world->letter_count == before || sessions->count == 0)
        return;
    const struct session *victim = sessions->records[roll(world, sessions->count)];
    struct letter *letter = &world->letters[before];
    if (text_equal(victim->host, machine->id))
        return;
    struct host_session *lie = &letter->sessions[letter->count++];
    TEXT_PUT(lie->session, victim->id);
    lie->fence = victim->fence + (int64_t)roll(world, 100);
    lie->connected = roll(world, 2);
}

// ---- what happens at the broker

static void log_off(struct world *world, const struct host_message *order, const char *host_id)
{
    struct machine *machine = machine_of(world, host_id);
    for (size_t i = machine->count; i-- > 0;)
        if (text_equal(machine->there[i].session, order->session)) {
            remove_real(machine, i);
            world->ghosts_ended++;
        }
}

static void compare(struct world *world, const char *host_id)
{
    struct reconciliation found = {0};
    const struct report *report = reports_find(&world->reports, host_id);
    struct session_ages ages = {world->core.now_ms, awake_ms(&world->reports.awake, world->steady_ms)};
    reconcile(world->core.state, report, &ages, &found);
    for (size_t i = 0; i < found.event_count; i++) {
        const struct session *session = state_session(world->core.state, found.events[i].record.id);
        must(session && text_equal(session->host, host_id), "a host changed a session that is not its own");
        state_apply(world->core.state, &found.events[i]);
    }
    for (size_t i = 0; i < found.order_count; i++)
        must(found.orders[i].type == HOST_MESSAGE || !report_session(report, found.orders[i].session)->connected,
             "somebody works at what is to be ended");
    for (size_t i = 0; i < found.order_count; i++)
        if (found.orders[i].type == HOST_LOG_OFF)
            log_off(world, &found.orders[i], host_id);
    reconciliation_fini(&found);
}

static void deliver(struct world *world, size_t i)
{
    struct letter *letter = &world->letters[i];
    struct host_message as = {.type = HOST_REPORT};
    char host[ID_SIZE];
    TEXT_PUT(host, letter->host);
    reports_take(&world->reports, host, &as, take(letter->sessions), letter->count, world->core.fence,
                 world->steady_ms);
    drop_letter(world, i);
    compare(world, host);
}

static void log_on(struct world *world)
{
    static const char *const devices[] = {"neustadt/desk1", "neustadt/desk2", "neustadt/desk3", "altdorf/desk1"};
    static struct logon_decision decision;
    char user_name[8];
    uint64_t person = roll(world, PEOPLE);
    snprintf(user_name, sizeof user_name, "p%u", (unsigned)person);
    const char *device = devices[roll(world, 4)];
    bool desktop = person % 2 && !text_equal(device, "altdorf/desk1");
    core_log_on(&world->core, user_name, desktop ? "bauamt" : "rathaus", device, &decision);
    must(decision.refusal == REFUSAL_NONE ? decision.session.id[0] != 0 : refusal_rows[decision.refusal].sentence[0],
         "neither a session nor a sentence");
    if (decision.refusal != REFUSAL_NONE)
        return;
    must(!decision.abandoned_host[0] || !machine_of(world, decision.abandoned_host)->up,
         "a session of a host that answers was given up");
    struct password *password = &world->passwords[world->password_next++ % PASSWORDS_MAX];
    *password = (struct password){.fence = decision.session.fence, .until_ms = world->core.now_ms + OTP_MS};
    TEXT_PUT(password->session, decision.session.id);
    TEXT_PUT(password->person, decision.session.person);
    TEXT_PUT(password->host, decision.session.host);
    if (roll(world, 4))
        present(world, password);
}

static void end_by_administrator(struct world *world)
{
    const struct sorted_table *sessions = state_table(world->core.state, NOUN_SESSION);
    if (sessions->count == 0)
        return;
    const struct session *session = sessions->records[roll(world, sessions->count)];
    struct host_message order = {.type = HOST_LOG_OFF};
    TEXT_PUT(order.session, session->id);
    if (machine_of(world, session->host)->linked)
        log_off(world, &order, session->host);
    core_change(&world->core, session->id, SESSION_ADMIN_ENDS);
}

static void set_link(struct world *world, struct machine *machine, bool linked)
{
    machine->linked = linked;
    reports_link(&world->reports, machine->id, linked, world->steady_ms);
    for (size_t i = world->letter_count; !linked && i-- > 0;)
        if (text_equal(world->letters[i].host, machine->id))
            drop_letter(world, i);
    send_report(world, machine);
}

static void pass_time(struct world *world, int64_t ms)
{
    world->core.now_ms += ms;
    world->steady_ms += ms;
    world->reports.awake.beat_ms = world->steady_ms;
    world->reports.awake.clock_ms = world->core.now_ms - world->steady_ms;
}

// The broker is stopped, and goes on; or its clock is set.
static void hold_broker(struct world *world)
{
    if (roll(world, 2))
        world->core.now_ms += (int64_t)roll(world, 7200000) - 1800000;
    else
        world->steady_ms += 60000, world->core.now_ms += 60000;
    awake_beat(&world->reports.awake, world->steady_ms, world->core.now_ms);
}

static void crash_host(struct world *world, struct machine *machine)
{
    machine->count = 0;
    machine->up = !machine->up;
    set_link(world, machine, false);
}

static void people_do_something(struct world *world, struct machine *machine)
{
    if (machine->count == 0)
        return;
    size_t i = roll(world, machine->count);
    if (roll(world, 2))
        remove_real(machine, i);
    else
        machine->there[i].connected = !machine->there[i].connected;
}

static void step(struct world *world)
{
    struct machine *machine = &world->machines[roll(world, HOSTS)];
    switch (roll(world, 15)) {
    case 0:
    case 1:
    case 2:
        log_on(world);
        break;
    case 3: // late, or a second time
        if (world->password_next)
            present(world, &world->passwords[roll(world, world->password_next) % PASSWORDS_MAX]);
        break;
    case 4:
        people_do_something(world, machine);
        break;
    case 5:
        set_link(world, machine, machine->up && !machine->linked);
        break;
    case 6:
        if (roll(world, 3) == 0)
            crash_host(world, machine);
        break;
    case 7:
        if (roll(world, 4) == 0)
            end_by_administrator(world);
        break;
    case 8:
        send_lie(world, machine);
        break;
    case 9: // the broker starts again: its soft state is gone
        if (roll(world, 10) == 0) {
            reports_clear(&world->reports);
            world->reports.awake.since_ms = world->steady_ms;
            for (size_t i = 0; i < HOSTS; i++)
                world->machines[i].linked = false;
            while (world->letter_count)
                drop_letter(world, 0);
        }
        break;
    case 10:
    case 11:
        if (world->letter_count)
            deliver(world, 0);
        break;
    case 12:
        hold_broker(world);
        break;
    default:
        send_report(world, machine);
        pass_time(world, (int64_t)roll(world, 20000));
        break;
    }
}

// ---- what must always hold

static void check_one_session_a_person_and_pool(const struct world *world)
{
    const struct sorted_table *sessions = state_table(world->core.state, NOUN_SESSION);
    for (size_t i = 0; i < sessions->count; i++) {
        const struct session *session = sessions->records[i];
        char tenant[SLUG_SIZE];
        id_tenant(tenant, session->id);
        must(id_is_of_tenant(session->host, tenant) && id_is_of_tenant(session->device, tenant), "a foreign tenant");
        for (size_t j = i + 1; j < sessions->count; j++) {
            const struct session *other = sessions->records[j];
            must(!text_equal(session->person, other->person) || !text_equal(session->pool, other->pool),
                 "two sessions of one person in one pool");
        }
    }
}

static void check_one_person_a_desktop(const struct world *world)
{
    for (size_t i = 0; i < HOSTS; i++)
        must(!world->machines[i].sole || world->machines[i].count <= 1, "two people on one desktop");
}

// ---- in the end all is mended: what is believed must be what there is

// Its desk was told, or was when it came back.
static void desks_let_go_of_what_is_over(struct world *world, struct machine *machine)
{
    for (size_t i = 0; i < machine->count; i++)
        if (!state_session(world->core.state, machine->there[i].session))
            machine->there[i].connected = false;
}

static void mend(struct world *world)
{
    for (int round = 0; round < 4; round++) {
        pass_time(world, RECONCILE_LEASE_MS + 1);
        for (size_t i = 0; i < HOSTS; i++) {
            world->machines[i].up = true;
            while (world->letter_count)
                deliver(world, 0);
            set_link(world, &world->machines[i], true);
            desks_let_go_of_what_is_over(world, &world->machines[i]);
            send_report(world, &world->machines[i]);
            while (world->letter_count)
                deliver(world, 0);
        }
    }
}

static void check_no_ghosts(struct world *world)
{
    const struct sorted_table *sessions = state_table(world->core.state, NOUN_SESSION);
    size_t real = 0;
    for (size_t i = 0; i < HOSTS; i++)
        for (size_t j = 0; j < world->machines[i].count; j++, real++) {
            const struct real *one = &world->machines[i].there[j];
            const struct session *session = state_session(world->core.state, one->session);
            must(session && text_equal(session->host, world->machines[i].id),
                 "a session that the broker does not know");
            must(text_equal(session->person, one->person), "somebody else's session");
            must((session->state == SESSION_CONNECTED) == one->connected || session->fence != one->fence,
                 "connected or not: believed otherwise");
        }
    must(sessions->count == real, "a ghost: a session that no host has");
}

Test(ghosts, there_are_none_in_the_end, .timeout = 240)
{
    static struct world world;
    uint64_t first = getenv("PULT_SEED") ? strtoull(getenv("PULT_SEED"), NULL, 10) : 1;
    uint64_t count = getenv("PULT_HISTORIES") ? strtoull(getenv("PULT_HISTORIES"), NULL, 10) : HISTORIES;
    uint64_t opened = 0, ghosts_ended = 0, refused_old = 0, left = 0;
    for (seed_now = first; seed_now < first + count; seed_now++) {
        open_world(&world, seed_now);
        for (int i = 0; i < STEPS; i++) {
            step(&world);
            check_one_session_a_person_and_pool(&world);
            check_one_person_a_desktop(&world);
            must(i % 10 || state_is_sound(world.core.state), "an order or a count differs from the records");
        }
        mend(&world);
        check_no_ghosts(&world);
        opened += world.opened;
        ghosts_ended += world.ghosts_ended;
        refused_old += world.refused_old;
        left += state_count(world.core.state, NOUN_SESSION);
        close_world(&world);
    }
    // The histories must have gone somewhere, or the checks looked at nothing.
    cr_assert(opened > count && left > count / 2, "%llu opened, %llu left", (unsigned long long)opened,
              (unsigned long long)left);
    cr_assert(ghosts_ended > count / 20 && refused_old > count / 100, "%llu ghosts ended, %llu old numbers refused",
              (unsigned long long)ghosts_ended, (unsigned long long)refused_old);
}
