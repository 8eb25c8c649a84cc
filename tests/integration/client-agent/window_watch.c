// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/window_watch.h"
#include "tests/integration/client-agent/display_fixture.h"

#include <criterion/criterion.h>

static struct window_watch *watch;
static volatile bool is_locked;

static void shown(void *arg)
{
    (void)arg;
}

static void lock(void *arg)
{
    (void)arg;
    is_locked = true;
}

static void start(void)
{
    static const struct window_watch_events events = {.shown = shown, .lock = lock};
    struct fault why = {0};
    display_take();
    watch = window_watch_new(display_loop(), x_server_display(display_server()), x_server_cookie(display_server()),
                             &events, NULL, &why);
    cr_assert(watch, "%s", why.text);
}

static void stop(void)
{
    window_watch_free(watch);
    display_leave();
}

TestSuite(window, .init = start, .fini = stop);

static bool locks(const char *keys)
{
    is_locked = false;
    display_press(keys);
    return display_wait(&is_locked, 10000);
}

Test(window, has_two_ways_to_lock_the_desk)
{
    cr_expect(locks("super+l"));
    cr_expect(locks("ctrl+alt+l"));
}

Test(window, locks_the_desk_with_caps_lock_and_num_lock_on)
{
    display_press("Caps_Lock");
    cr_expect(locks("super+l"));
    display_press("Num_Lock");
    cr_expect(locks("ctrl+alt+l"));
}

Test(window, leaves_other_keys_to_the_session)
{
    static const char *const others[] = {"l", "shift+l", "ctrl+l", "alt+l", "super+k", "ctrl+alt+k"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        display_press(others[i]);
        display_run_ms(100);
        cr_expect_not(is_locked, "%s", others[i]);
    }
}
