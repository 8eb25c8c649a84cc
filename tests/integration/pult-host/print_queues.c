// SPDX-License-Identifier: EUPL-1.2
// The queues of a session host in a real cupsd: as the broker wants them, for whom it wants them, and again when they
// are lost.
#include "broker/pult-host/print_queues.h"
#include "broker/base/clock.h"
#include "tests/integration/pult-host/cupsd.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

TestSuite(print_queues, .init = cupsd_init, .fini = cupsd_fini, .timeout = 280);

static const struct host_printing_person stranger = {.user_name = "nobody-here", .tenant = "neustadt"};

// ---- the queues

Test(print_queues, queues_are_kept_in_step)
{
    struct cups_queues_result result;
    cupsd_has_queues();
    CUPSD_SETTLE(&result, CUPSD_QUEUES(&cupsd_next_to_me, &cupsd_room1), &cupsd_anna, &cupsd_ben, &cupsd_carl);
    cr_expect(!result.added && !result.changed && !result.removed);
    CUPSD_SETTLE(&result, CUPSD_QUEUES(&cupsd_next_to_me, &cupsd_room1), &cupsd_ben, &stranger);
    cr_expect_eq(result.changed, 2);
    cupsd_prints(CUPSD_ANNA, "-d next-to-me");
    cr_expect(cupsd_said.exit_code != 0 && strstr(cupsd_said.err, "Not allowed"), "%s%s", cupsd_said.out,
              cupsd_said.err);
    cupsd_prints(CUPSD_BEN, "-d room1"); // nobody who may is here
    cr_expect_neq(cupsd_said.exit_code, 0);
    struct host_queue better = cupsd_room1;
    better.duplex = true;
    CUPSD_SETTLE(&result, CUPSD_QUEUES(&cupsd_next_to_me, &better), &cupsd_anna);
    cr_expect_eq(result.changed, 2);
    cupsd_shell("lpstat -d && lpstat -l -p room1");
    cr_expect(strstr(cupsd_said.out, "default destination: next-to-me") && strstr(cupsd_said.out, "Drücker im Flur"),
              "%s", cupsd_said.out);
}

Test(print_queues, a_queue_goes_when_it_is_not_wanted_and_empty)
{
    struct cups_queues_result result;
    cupsd_has_queues();
    cupsd_plan("0507");
    cupsd_prints(CUPSD_ANNA, "-d room1");
    cupsd_await("lpstat -o room1 | grep -q .");
    for (int i = 0; i < 3; i++) {
        CUPSD_SETTLE(&result, CUPSD_QUEUES(&cupsd_next_to_me), &cupsd_anna);
        cr_expect(result.kept == 1 && !result.removed);
    }
    cupsd_prints(CUPSD_ANNA, "-d room1");
    cr_expect(strstr(cupsd_said.err, "not accepting"), "%s", cupsd_said.err);
    CUPSD_SETTLE(&result, CUPSD_QUEUES(&cupsd_next_to_me, &cupsd_room1), &cupsd_anna); // wanted again
    cupsd_prints(CUPSD_ANNA, "-d room1");
    cupsd_expect_success();
    CUPSD_SETTLE(&result, CUPSD_QUEUES(&cupsd_next_to_me), &cupsd_anna);
    cupsd_plan("0000");
    cupsd_await_empty();
    CUPSD_SETTLE(&result, CUPSD_QUEUES(&cupsd_next_to_me), &cupsd_anna);
    cr_expect(result.removed == 1 && !result.kept);
    cupsd_expect_each_once(2);
}

Test(print_queues, the_queues_of_others_are_left_alone)
{
    struct cups_queues_result result;
    cupsd_shell("lpadmin -p room1 -E -v file:/dev/null 2>/dev/null; lpadmin -d room1");
    CUPSD_SETTLE(&result, CUPSD_QUEUES(&cupsd_next_to_me, &cupsd_room1), &cupsd_anna);
    cr_expect(result.added == 1 && strstr(result.fault, "room1 that is not Pult's"), "%s", result.fault);
    CUPSD_SETTLE(&result, CUPSD_QUEUES(&cupsd_next_to_me), &cupsd_anna);
    cupsd_shell("lpstat -v room1 -d");
    cr_expect(strstr(cupsd_said.out, "/dev/null") && strstr(cupsd_said.out, "destination: room1"), "%s",
              cupsd_said.out);
}

// ---- a cupsd that is away, or hangs

struct watched {
    struct loop *loop;
    struct print_queues *queues;
    const char *awaited; // a warning that begins so; "": none
    struct loop_timer *beat;
    int64_t last_ms, longest_ms;
};

static void look(void *arg)
{
    struct watched *watched = arg;
    struct text text = {0};
    print_queues_print(watched->queues, &text);
    const char *warning = text.bytes ? text.bytes : "";
    if (*watched->awaited ? strstr(warning, watched->awaited) != NULL : !*warning)
        loop_stop(watched->loop);
    text_drop(&text);
}

static void beat(void *arg)
{
    struct watched *watched = arg;
    int64_t now_ms = clock_steady_ms();
    if (now_ms - watched->last_ms > watched->longest_ms)
        watched->longest_ms = now_ms - watched->last_ms;
    watched->last_ms = now_ms;
    loop_timer_start(watched->beat, 10);
}

static void expect_check(const struct print_queues_config *config, const char *sentence)
{
    struct text found = {0};
    cr_expect(!print_queues_check(config, &found) && strstr(found.bytes, sentence), "%s", found.bytes);
    text_drop(&found);
}

// At the next change.
static void await_warning(struct watched *watched, const char *warning)
{
    watched->awaited = warning;
    loop_run(watched->loop);
}

Test(print_queues, a_cupsd_that_is_away_is_told_of_and_gets_its_queues_when_it_comes)
{
    char backend[FOLDER_SIZE + 40];
    snprintf(backend, sizeof backend, "%s/bin/backend/pult", cupsd_folder);
    struct print_queues_config config = {.socket = cupsd_socket, .backend = backend, .state_dir = cupsd_state};
    struct watched watched = {.loop = loop_new()};
    struct host_queue queue = cupsd_next_to_me;
    struct host_printing_person person = cupsd_anna;
    struct host_message wanted = {.queues = {.rows = &queue, .count = 1}, .people = {.rows = &person, .count = 1}};
    watched.queues = print_queues_new(watched.loop, &config, look, &watched);
    cupsd_kill();
    print_queues_set(watched.queues, &wanted);
    await_warning(&watched, "printing: cupsd does not answer at");
    expect_check(&config, "cupsd does not answer");
    cupsd_start();
    await_warning(&watched, "");
    cupsd_shell("lpstat -v next-to-me && rm %s", backend);
    cupsd_expect_success();
    print_queues_set(watched.queues, &wanted);
    await_warning(&watched, "backend is missing");
    expect_check(&config, "backend is missing");
    // It has lost all, and the backend is there again.
    cupsd_kill();
    cupsd_shell("rm -f %s/root/printers.conf*", cupsd_folder);
    cupsd_start();
    await_warning(&watched, "");
    cupsd_shell("lpstat -v next-to-me");
    cupsd_expect_success();
    print_queues_free(watched.queues);
    loop_free(watched.loop);
}

// Such a queue cupsd does not take either, with a sentence that helps nobody.
Test(print_queues, a_backend_that_is_missing_is_told_of_at_first_sight)
{
    char backend[FOLDER_SIZE + 40];
    snprintf(backend, sizeof backend, "%s/bin/backend/pult", cupsd_folder);
    struct print_queues_config config = {.socket = cupsd_socket, .backend = backend, .state_dir = cupsd_state};
    struct watched watched = {.loop = loop_new()};
    struct host_queue queue = cupsd_next_to_me;
    struct host_message wanted = {.queues = {.rows = &queue, .count = 1}};
    cupsd_shell("rm %s", backend);
    watched.queues = print_queues_new(watched.loop, &config, look, &watched);
    print_queues_set(watched.queues, &wanted);
    await_warning(&watched, "backend is missing");
    print_queues_free(watched.queues);
    loop_free(watched.loop);
}

Test(print_queues, a_cupsd_that_hangs_holds_nobody_up)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/hangs", cupsd_folder);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert(bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(listener, 4) == 0);
    struct print_queues_config config = {.socket = address.sun_path, .backend = "/bin/true", .state_dir = cupsd_state};
    struct watched watched = {.loop = loop_new(), .last_ms = clock_steady_ms()};
    struct host_queue queue = cupsd_next_to_me;
    struct host_message wanted = {.queues = {.rows = &queue, .count = 1}};
    watched.queues = print_queues_new(watched.loop, &config, look, &watched);
    watched.beat = loop_timer_new(watched.loop, beat, &watched);
    loop_timer_start(watched.beat, 0);
    print_queues_set(watched.queues, &wanted);
    await_warning(&watched, "hangs: no answer");
    cr_expect_lt(watched.longest_ms, 5000); // the wait itself is twice as long
    print_queues_free(watched.queues);
    loop_timer_free(watched.beat);
    loop_free(watched.loop);
    close(listener);
}
