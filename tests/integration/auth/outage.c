// SPDX-License-Identifier: EUPL-1.2
// Directories that stop, die, lie and say nothing; and the other tenants meanwhile.
#include "broker/base/clock.h"
#include "broker/base/file.h"
#include "broker/base/text.h"
#include "tests/integration/auth/directory_fixture.h"
#include "tests/program.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TICK_MS = 5, LATE_MS = 250, SHORT_MS = 500, CROWD = 1000 };

static struct auth *auth;

static void end(void)
{
    auth_free(auth);
    fixture_end();
}

TestSuite(outage, .init = fixture_begin, .fini = end, .timeout = 120);

// A tenant on the directory of the same name.
static struct tenant town(const char *name, const char *servers)
{
    tenant_trusts(name, name);
    return tenant_of(name, name, servers);
}

static void expect(const struct tenant *tenant, const char *user_name, const char *password, enum auth_verdict verdict)
{
    struct answer answer = check(auth, tenant, user_name, password);
    cr_expect_eq(answer.verdict, verdict, "%s of %s: %d, not %d", user_name, tenant->id, answer.verdict, verdict);
}

static void expect_anna(const struct tenant *tenant, enum auth_verdict verdict)
{
    expect(tenant, "anna", "anna-geheim", verdict);
}

static void serve_nonsense(const char *kind, int port)
{
    char port_text[16];
    snprintf(port_text, sizeof port_text, "%d", port);
    const char *const arguments[] = {"tests/integration/auth/serve-nonsense", kind, port_text, fixture_folder, NULL};
    fixture_start(arguments);
    await_port(port);
}

// ---- The loop's own pulse. Time in which it could go on and another program had the processor is not the loop's

struct pulse {
    struct loop_timer *timer;
    int64_t due_ms, waited_ms, latest_ms;
};

// How long this thread has waited for a processor (schedstat, see proc(5)).
static int64_t waited_ms(void)
{
    long long ran_ns = 0, waited_ns = 0;
    FILE *file = fopen("/proc/thread-self/schedstat", "re");
    cr_assert(file && fscanf(file, "%lld %lld", &ran_ns, &waited_ns) == 2);
    fclose(file);
    return waited_ns / 1000000;
}

static void tick(void *arg)
{
    struct pulse *pulse = arg;
    int64_t now_ms = clock_steady_ms(), waited = waited_ms(),
            late_ms = now_ms - pulse->due_ms - waited + pulse->waited_ms;
    if (late_ms > pulse->latest_ms)
        pulse->latest_ms = late_ms;
    pulse->due_ms = now_ms + TICK_MS;
    pulse->waited_ms = waited;
    loop_timer_start(pulse->timer, TICK_MS);
}

static void pulse_start(struct pulse *pulse)
{
    *pulse = (struct pulse){
        .timer = loop_timer_new(fixture_loop, tick, pulse), .due_ms = clock_steady_ms(), .waited_ms = waited_ms()};
    loop_timer_start(pulse->timer, 0);
}

// Whoever waits in the loop for a directory stands still for a second and more.
static void pulse_stop(struct pulse *pulse)
{
    loop_timer_free(pulse->timer);
    cr_expect_leq(pulse->latest_ms, LATE_MS, "the loop stood still for %lld ms", (long long)pulse->latest_ms);
}

// Somebody tries again and again.
static void expect_anna_soon(const struct tenant *tenant)
{
    for (int64_t until_ms = clock_steady_ms() + 20000; clock_steady_ms() < until_ms; run_for(200))
        if (check(auth, tenant, "anna", "anna-geheim").verdict == AUTH_RIGHT)
            return;
    expect_anna(tenant, AUTH_RIGHT);
}

// ---- Stories

Test(outage, of_one_directory_is_nothing_to_another)
{
    struct pulse pulse;
    struct answer stuck[20];
    pid_t pid = slapd_start("neustadt", FIRST_PORT, 0);
    slapd_start("altdorf", SECOND_PORT, 0);
    auth = auth_start(2000);
    struct tenant neustadt = town("neustadt", "ldaps://127.0.0.1:3390");
    struct tenant altdorf = town("altdorf", "ldaps://127.0.0.1:4390");
    expect_anna(&neustadt, AUTH_RIGHT);
    expect_anna(&altdorf, AUTH_RIGHT);
    program_freeze(pid);
    pulse_start(&pulse);
    for (size_t i = 0; i < 20; i++)
        ask_check(auth, &neustadt, i % 2 ? "anna" : "bert", "anna-geheim", &stuck[i]);
    for (size_t i = 0; i < 50; i++) {
        struct answer answer = check(auth, &altdorf, "anna", "anna-geheim");
        cr_expect_eq(answer.verdict, AUTH_RIGHT);
        cr_expect_lt(answer.after_ms, 1500); // far from the end of the wait
    }
    await_answers(stuck, 20, 10000);
    for (size_t i = 0; i < 20; i++) {
        cr_expect_eq(stuck[i].verdict, AUTH_UNAVAILABLE);
        cr_expect(stuck[i].after_ms >= 1990 && stuck[i].after_ms < 3500, "after %lld ms", (long long)stuck[i].after_ms);
    }
    kill(pid, SIGCONT);
    expect_anna_soon(&neustadt); // the server was put aside for a moment
    pulse_stop(&pulse);
}

Test(outage, ends_by_itself_when_the_directory_is_back)
{
    pid_t pid = slapd_start("neustadt", FIRST_PORT, 0);
    struct tenant neustadt = town("neustadt", "ldaps://127.0.0.1:3390");
    auth = auth_start(3000);
    expect_anna(&neustadt, AUTH_RIGHT);
    slapd_kill(pid);
    struct answer answer = check(auth, &neustadt, "anna", "anna-geheim");
    cr_expect_eq(answer.verdict, AUTH_UNAVAILABLE);
    cr_expect_lt(answer.after_ms, 2500, "nobody waits that long for a directory that is known to be away");
    slapd_start("neustadt", FIRST_PORT, 0);
    expect_anna_soon(&neustadt);
}

// On a busy machine slapd may take longer to start than the broker waits; then the outage was none of the short ones.
Test(outage, that_is_short_is_not_noticed)
{
    struct answer answer;
    int64_t away_ms;
    int tries = 0;
    pid_t pid = slapd_start("neustadt", FIRST_PORT, 0);
    struct tenant neustadt = town("neustadt", "ldaps://127.0.0.1:3390");
    auth = auth_start(20000);
    expect_anna(&neustadt, AUTH_RIGHT);
    do {
        cr_assert_lt(tries++, 10, "slapd never starts within %d ms", SHORT_MS);
        expect_anna_soon(&neustadt);
        int64_t began_ms = clock_steady_ms();
        slapd_kill(pid);
        ask_check(auth, &neustadt, "anna", "anna-geheim", &answer);
        run_for(50);
        pid = slapd_start("neustadt", FIRST_PORT, 0);
        away_ms = clock_steady_ms() - began_ms;
        await_answers(&answer, 1, 25000);
    } while (away_ms > SHORT_MS);
    cr_expect_eq(answer.verdict, AUTH_RIGHT);
}

Test(outage, of_the_first_server_leaves_the_second)
{
    slapd_start("neustadt", SECOND_PORT, 0);
    struct tenant neustadt = town("neustadt", "ldaps://127.0.0.1:3390 ldaps://127.0.0.1:4390");
    auth = auth_start(5000);
    expect_anna(&neustadt, AUTH_RIGHT); // nobody listens at the first
    pid_t first = slapd_start("altdorf", FIRST_PORT, 0);
    struct auth_port port = auth_port(auth);
    port.forget(port.self, "neustadt");
    expect_anna(&neustadt, AUTH_RIGHT); // somebody else listens there
    slapd_kill(first);
}

Test(outage, by_silence_of_the_first_server_costs_less_than_the_deadline)
{
    static const char *const kinds[] = {"silent", "dripping"};
    struct pulse pulse;
    serve_nonsense("silent", 5390);
    serve_nonsense("dripping", 5391);
    slapd_start("neustadt", SECOND_PORT, 0);
    auth = auth_start(6000);
    pulse_start(&pulse);
    for (size_t i = 0; i < 2; i++) {
        char servers[64];
        snprintf(servers, sizeof servers, "ldaps://127.0.0.1:%zu ldaps://127.0.0.1:4390", 5390 + i);
        struct tenant tenant = tenant_of(kinds[i], "neustadt", servers);
        tenant_trusts(kinds[i], "neustadt");
        struct answer answer = check(auth, &tenant, "anna", "anna-geheim");
        cr_expect_eq(answer.verdict, AUTH_RIGHT, "%s", kinds[i]);
        cr_expect_lt(answer.after_ms, 5900);
    }
    pulse_stop(&pulse);
}

Test(outage, is_a_server_that_knows_only_what_is_not_allowed)
{
    static const struct {
        const char *version, *group;
        enum auth_verdict verdict;
    } rows[] = {{"TLSv1.3", "P-256", AUTH_RIGHT},
                {"TLSv1.2", "P-384", AUTH_RIGHT},
                {"TLSv1.3", "X25519", AUTH_UNAVAILABLE},
                {"TLSv1.2", "X25519", AUTH_UNAVAILABLE},
                {"TLSv1.1", "P-256", AUTH_UNAVAILABLE}};
    auth = auth_start(5000);
    for (int i = 0; i < (int)(sizeof rows / sizeof rows[0]); i++) {
        char name[16], servers[64];
        snprintf(name, sizeof name, "town%d", i);
        snprintf(servers, sizeof servers, "ldaps://127.0.0.1:%d", 7001 + 2 * i);
        slapd_start_with(name, 7000 + 2 * i, 0, rows[i].version, rows[i].group);
        struct tenant tenant = town(name, servers);
        struct answer answer = check(auth, &tenant, "anna", "anna-geheim");
        cr_expect_eq(answer.verdict, rows[i].verdict, "%s %s: %d", rows[i].version, rows[i].group, answer.verdict);
    }
}

Test(outage, of_a_server_in_use_moves_to_the_next)
{
    pid_t first = slapd_start("neustadt", FIRST_PORT, 0);
    slapd_start("neustadt", SECOND_PORT, 0); // over the same data
    struct tenant neustadt = town("neustadt", "ldaps://127.0.0.1:3390 ldaps://127.0.0.1:4390");
    auth = auth_start(2000);
    expect_anna(&neustadt, AUTH_RIGHT);
    program_freeze(first);
    expect_anna(&neustadt, AUTH_UNAVAILABLE);
    expect_anna(&neustadt, AUTH_RIGHT);
    struct answer answer = check(auth, &neustadt, "anna", "anna-geheim");
    cr_expect_eq(answer.verdict, AUTH_RIGHT);
    cr_expect_lt(answer.after_ms, 1000);
    kill(first, SIGCONT);
}

Test(outage, never_makes_a_wrong_certificate_right)
{
    slapd_start("neustadt", FIRST_PORT, 0);
    slapd_start("altdorf", SECOND_PORT, 0);
    auth = auth_start(1500);
    struct tenant neustadt = town("neustadt", "ldaps://127.0.0.1:4390");
    expect_anna(&neustadt, AUTH_UNAVAILABLE);
    TEXT_PUT(neustadt.id, "plain");
    TEXT_PUT(neustadt.servers, "ldap://127.0.0.1:4389");
    tenant_trusts("plain", "neustadt");
    expect_anna(&neustadt, AUTH_UNAVAILABLE);
    TEXT_PUT(neustadt.id, "name");
    TEXT_PUT(neustadt.servers, "ldaps://localhost:3390"); // the certificate is for 127.0.0.1
    tenant_trusts("name", "neustadt");
    expect_anna(&neustadt, AUTH_UNAVAILABLE);
}

Test(outage, by_a_missing_authority_or_password_is_an_outage)
{
    char path[128];
    slapd_start("neustadt", FIRST_PORT, 0);
    auth = auth_start(1500);
    struct tenant neustadt = town("neustadt", "ldaps://127.0.0.1:3390");
    snprintf(path, sizeof path, "%s/neustadt.ca.pem", fixture_folder);
    remove(path);
    expect_anna(&neustadt, AUTH_UNAVAILABLE);
    tenant_trusts("neustadt", "neustadt");
    snprintf(path, sizeof path, "%s/neustadt.password", fixture_folder);
    remove(path);
    run_for(1000);
    expect_anna(&neustadt, AUTH_UNAVAILABLE);
    tenant_trusts("neustadt", "neustadt"); // and is over without a restart
    expect_anna_soon(&neustadt);
}

Test(outage, by_a_wrong_password_of_the_broker_does_not_lock_its_account)
{
    struct fault why;
    char path[128];
    slapd_start("neustadt", FIRST_PORT, 0); // locks for ever after five wrong ones
    auth = auth_start(1500);
    struct tenant neustadt = town("neustadt", "ldaps://127.0.0.1:3390");
    snprintf(path, sizeof path, "%s/neustadt.password", fixture_folder);
    cr_assert(file_replace(path, 0600, "wrong", 5, &why), "%s", why.text);
    for (int i = 0; i < 8; i++) {
        expect_anna(&neustadt, AUTH_UNAVAILABLE);
        run_for(1000);
    }
    tenant_trusts("neustadt", "neustadt"); // the right one is tried without a restart
    expect_anna_soon(&neustadt);
}

Test(outage, is_what_servers_that_are_none_are_taken_for)
{
    static const char *const kinds[] = {"silent", "nonsense", "closing", "dripping", "tls-nonsense", "tls-too-long"};
    struct pulse pulse;
    struct answer answers[sizeof kinds / sizeof kinds[0]];
    slapd_start("neustadt", FIRST_PORT, 0); // for its certificate
    auth = auth_start(1500);
    pulse_start(&pulse);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        char servers[64];
        serve_nonsense(kinds[i], 6000 + (int)i);
        snprintf(servers, sizeof servers, "ldaps://127.0.0.1:%d", 6000 + (int)i);
        struct tenant tenant = tenant_of(kinds[i], "neustadt", servers);
        tenant_trusts(kinds[i], "neustadt");
        pulse.due_ms = clock_steady_ms() + 60000; // starting servers is not the loop's time
        ask_check(auth, &tenant, "anna", "anna-geheim", &answers[i]);
    }
    tick(&pulse);
    await_answers(answers, sizeof kinds / sizeof kinds[0], 15000);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        cr_expect_eq(answers[i].verdict, AUTH_UNAVAILABLE, "%s: %d", kinds[i], answers[i].verdict);
    pulse_stop(&pulse);
}

Test(outage, is_not_hidden_by_a_server_that_sends_more_than_it_was_asked_for)
{
    slapd_start("neustadt", FIRST_PORT, 0); // for its certificate
    auth = auth_start(5000);
    serve_nonsense("talkative", 6000);
    struct tenant tenant = tenant_of("talkative", "neustadt", "ldaps://127.0.0.1:6000");
    tenant_trusts("talkative", "neustadt");
    examine(auth, &tenant, "anna");
    expect_step(CHECK_STEP_BIND, CHECK_OK, "ldaps://127.0.0.1:6000 lets ");
    expect_step(CHECK_STEP_USER_BASE, CHECK_FAILED, "the server sends more than it was asked for");
}

Test(outage, does_not_come_from_a_thousand_people_at_once)
{
    struct answer *answers = calloc(CROWD, sizeof *answers);
    slapd_start("neustadt", FIRST_PORT, CROWD);
    struct tenant neustadt = town("neustadt", "ldaps://127.0.0.1:3390");
    auth = auth_start(40000);
    for (size_t i = 0; i < CROWD; i++) {
        char user_name[16], password[32];
        snprintf(user_name, sizeof user_name, "u%zu", i);
        snprintf(password, sizeof password, "u%zu-geheim", i);
        ask_check(auth, &neustadt, user_name, i % 10 == 0 ? "falsch" : password, &answers[i]);
    }
    await_answers(answers, CROWD, 50000);
    for (size_t i = 0; i < CROWD; i++)
        cr_expect_eq(answers[i].verdict, i % 10 == 0 ? AUTH_WRONG : AUTH_RIGHT);
    free(answers);
}

Test(outage, is_told_to_those_who_find_the_queue_full)
{
    struct answer answers[12];
    pid_t pid = slapd_start("neustadt", FIRST_PORT, 0);
    struct tenant neustadt = town("neustadt", "ldaps://127.0.0.1:3390");
    struct directory_config config = {.credentials_dir = fixture_folder, .deadline_ms = 10000, .most = 8};
    auth = auth_new(fixture_loop, &config);
    expect_anna(&neustadt, AUTH_RIGHT);
    program_freeze(pid);
    for (size_t i = 0; i < 12; i++)
        ask_check(auth, &neustadt, "anna", "anna-geheim", &answers[i]);
    await_answers(answers + 8, 4, 5000);
    for (size_t i = 0; i < 12; i++)
        cr_expect_eq(answers[i].came, i >= 8);
    kill(pid, SIGCONT);
    await_answers(answers, 8, 15000);
    for (size_t i = 0; i < 12; i++)
        cr_expect_eq(answers[i].verdict, i >= 8 ? AUTH_UNAVAILABLE : AUTH_RIGHT);
}

Test(outage, is_none_when_an_answer_comes_in_pieces)
{
    slapd_start("neustadt", FIRST_PORT, 0);
    serve_nonsense("shredding", 5390);
    struct tenant neustadt = town("neustadt", "ldaps://127.0.0.1:5390");
    auth = auth_start(10000);
    for (int i = 0; i < 20; i++) {
        struct answer answer = check(auth, &neustadt, "crowd", "crowd-geheim");
        cr_assert_eq(answer.verdict, AUTH_RIGHT, "number %d", i);
        cr_expect_eq(answer.group_count, 256);
        auth_port(auth).forget(auth_port(auth).self, neustadt.id);
    }
}

static void looked(void *arg, const struct check_step *rows, size_t count)
{
    (void)rows, (void)count;
    size_t *missing = arg;
    if (--*missing == 0)
        loop_stop(fixture_loop);
}

// Each look has a thread, and may take seconds; none is over before the loop runs.
Test(outage, looks_at_one_directory_leave_room_for_looks_at_others)
{
    enum { OF_ONE = 2 };
    size_t missing = OF_ONE + 1;
    auth = auth_start(5000);
    struct auth_port port = auth_port(auth);
    struct tenant asked = tenant_of("altdorf", "altdorf", "ldaps://127.0.0.1:5390");
    struct tenant other = tenant_of("neustadt", "neustadt", "ldaps://127.0.0.1:5390");
    for (int i = 0; i < OF_ONE; i++)
        cr_assert(port.examine(port.self, &asked, "", looked, &missing));
    cr_expect_not(port.examine(port.self, &asked, "", looked, &missing));
    cr_expect(port.examine(port.self, &other, "", looked, &missing));
    run_for(20000);
    cr_expect_eq(missing, 0);
    missing = 1;
    cr_expect(port.examine(port.self, &asked, "", looked, &missing), "there is room again");
    run_for(20000);
    cr_expect_eq(missing, 0);
}
