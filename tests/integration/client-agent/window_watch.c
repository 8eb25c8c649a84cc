// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/window_watch.h"
#include "client-agent/notice_picture.h"
#include "tests/integration/client-agent/display_fixture.h"
#include "tests/program.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <xcb/xcb.h>
#include <xcb/xcbext.h>
#include <xcb/xinput.h>

static struct window_watch *watch;
static volatile bool is_locked, is_shown, is_asked, is_clicked;

static void shown(void *arg)
{
    (void)arg;
    is_shown = true;
}

static void lock(void *arg)
{
    (void)arg;
    is_locked = true;
}

static void jobs(void *arg)
{
    (void)arg;
    is_asked = true;
}

static void clicked(void *arg)
{
    (void)arg;
    is_clicked = true;
}

static void start_watch(void)
{
    static const struct window_watch_events events = {.shown = shown, .lock = lock, .jobs = jobs, .clicked = clicked};
    struct fault why = {0};
    watch = window_watch_new(display_loop(), x_server_display(display_server()), x_server_cookie(display_server()),
                             &events, NULL, &why);
    cr_assert(watch, "%s", why.text);
}

static void stop_watch(void)
{
    window_watch_free(watch);
    watch = NULL;
}

static void start(void)
{
    display_take();
    start_watch();
}

static void stop(void)
{
    stop_watch();
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

Test(window, has_keys_for_the_print_jobs)
{
    display_press("ctrl+alt+p");
    cr_assert(display_wait(&is_asked, 10000));
    cr_expect_not(is_locked);
    is_asked = false;
    display_press("super+p"); // that one is the session's
    display_press("ctrl+p");
    display_press("p");
    cr_expect(locks("ctrl+alt+l"));
    cr_expect_not(is_asked);
}

// ---- what is said over the session

static xcb_window_t open_client(xcb_connection_t *client)
{
    xcb_window_t root = xcb_setup_roots_iterator(xcb_get_setup(client)).data->root, window = xcb_generate_id(client);
    static const uint32_t black = 0;
    xcb_create_window(client, XCB_COPY_FROM_PARENT, window, root, 0, 0, 1280, 800, 0, XCB_WINDOW_CLASS_INPUT_OUTPUT,
                      XCB_COPY_FROM_PARENT, XCB_CW_BACK_PIXEL, &black);
    xcb_map_window(client, window);
    xcb_flush(client);
    cr_assert(display_wait(&is_shown, 10000));
    return window;
}

static xcb_window_t focus_of(xcb_connection_t *client)
{
    xcb_get_input_focus_reply_t *reply = xcb_get_input_focus_reply(client, xcb_get_input_focus(client), NULL);
    cr_assert(reply);
    xcb_window_t focus = reply->focus;
    free(reply);
    return focus;
}

static bool show_notice(void)
{
    static unsigned char bits[100 * 100]; // 800 pixels are 100 bytes
    static const struct window_watch_screen screen = {.monitors = 1, .width = 1280, .height = 800, .scale = 1};
    struct notice_picture picture = {.width = 800, .height = 100, .bits = bits};
    cr_assert_eq(notice_picture_stride(800) * 100, sizeof bits);
    return window_watch_notice(watch, &screen, &picture);
}

Test(window, says_something_over_its_client_and_takes_no_keyboard)
{
    xcb_connection_t *client = xcb_connect(NULL, NULL);
    xcb_window_t window = open_client(client);
    is_shown = false;
    cr_assert(show_notice());
    display_wait_for_colour(640, 50, "#FFF1CF");
    cr_assert_eq(focus_of(client), window);
    cr_assert_not(is_shown, "it is none of the client's windows");
    program_shell("xdotool mousemove 640 50 click 1");
    cr_assert(display_wait(&is_clicked, 10000));
    cr_assert_eq(focus_of(client), window);
    window_watch_hide_notice(watch);
    display_wait_for_colour(640, 50, "#000000");
    window_watch_hide_notice(watch);
    xcb_disconnect(client);
}

Test(window, says_one_thing_at_a_time_and_nothing_when_it_goes)
{
    xcb_connection_t *client = xcb_connect(NULL, NULL);
    open_client(client);
    cr_assert(show_notice());
    cr_assert(show_notice(), "in place of the first");
    display_wait_for_colour(640, 50, "#FFF1CF");
    stop_watch();
    display_wait_for_colour(640, 50, "#000000");
    start_watch();
    xcb_disconnect(client);
}

// A full socket would hold up the whole agent.
Test(window, is_not_held_up_by_a_server_that_its_client_keeps)
{
    xcb_connection_t *client = xcb_connect(NULL, NULL);
    int shown_times = 0;
    xcb_grab_server(client);
    free(xcb_get_input_focus_reply(client, xcb_get_input_focus(client), NULL));
    for (int i = 0; i < 1000; i++)
        shown_times += show_notice();
    cr_expect_lt(shown_times, 1000);
    xcb_disconnect(client);
}

// ---- a client that was taken over

// A viewer that was taken over does what it likes on its X server.
Test(window, locks_the_desk_when_its_client_keeps_the_keyboard)
{
    xcb_connection_t *client = xcb_connect(NULL, NULL);
    xcb_window_t root = xcb_setup_roots_iterator(xcb_get_setup(client)).data->root;
    xcb_grab_keyboard_reply_t *grabbed = xcb_grab_keyboard_reply(
        client, xcb_grab_keyboard(client, 1, root, XCB_CURRENT_TIME, XCB_GRAB_MODE_ASYNC, XCB_GRAB_MODE_ASYNC), NULL);
    cr_assert(grabbed && grabbed->status == XCB_GRAB_STATUS_SUCCESS);
    free(grabbed);
    cr_expect(locks("super+l"));
    cr_expect(locks("ctrl+alt+l"));
    xcb_disconnect(client);
}

// Of the keyboard that the X server has, not of the one that XTEST makes; 0 when there is none.
static uint8_t find_keyboard(xcb_connection_t *hands)
{
    uint8_t found = 0;
    free(xcb_input_xi_query_version_reply(hands, xcb_input_xi_query_version(hands, 2, 2), NULL));
    xcb_input_xi_query_device_reply_t *reply =
        xcb_input_xi_query_device_reply(hands, xcb_input_xi_query_device(hands, XCB_INPUT_DEVICE_ALL), NULL);
    cr_assert(reply);
    xcb_input_xi_device_info_iterator_t devices = xcb_input_xi_query_device_infos_iterator(reply);
    for (; devices.rem; xcb_input_xi_device_info_next(&devices)) {
        const char *name = xcb_input_xi_device_info_name(devices.data);
        if (devices.data->type == XCB_INPUT_DEVICE_TYPE_SLAVE_KEYBOARD &&
            !memmem(name, devices.data->name_len, "XTEST", 5))
            found = (uint8_t)devices.data->deviceid;
    }
    free(reply);
    return found;
}

// XTestFakeInput with a device's event (XTEST 2.2 and later), for which libxcb has no function of its own.
static void move_key(xcb_connection_t *hands, uint8_t device, uint8_t key, bool press)
{
    static const char name[] = "XTEST";
    enum { FAKE_INPUT = 2 };
    struct {
        uint8_t major, minor;
        uint16_t length;
        uint8_t type, detail, unused[29], device;
    } request = {.minor = FAKE_INPUT, .detail = key, .device = device};
    struct iovec parts[3] = {[2] = {&request, sizeof request}}; // libxcb wants room before
    xcb_query_extension_reply_t *test =
        xcb_query_extension_reply(hands, xcb_query_extension(hands, sizeof name - 1, name), NULL);
    cr_assert(test && test->present);
    request.type = (uint8_t)(xcb_get_extension_data(hands, &xcb_input_id)->first_event +
                             (press ? XCB_INPUT_DEVICE_KEY_PRESS : XCB_INPUT_DEVICE_KEY_RELEASE));
    xcb_protocol_request_t kind = {.count = 1, .opcode = test->major_opcode, .isvoid = 1};
    xcb_send_request(hands, 0, parts + 2, &kind);
    free(xcb_get_input_focus_reply(hands, xcb_get_input_focus(hands), NULL));
    free(test);
}

Test(window, locks_the_desk_while_its_client_types_the_same_keys)
{
    enum { SUPER = 133, L = 46 };
    xcb_connection_t *hands = xcb_connect(NULL, NULL);
    uint8_t keyboard = find_keyboard(hands);
    cr_assert_neq(keyboard, 0);
    program_shell("xdotool keydown 46");
    move_key(hands, keyboard, SUPER, true);
    program_shell("xdotool key 133");
    display_run_ms(200);
    cr_expect_not(is_locked);
    move_key(hands, keyboard, L, true);
    cr_expect(display_wait(&is_locked, 10000));
    xcb_disconnect(hands);
}

Test(window, locks_the_desk_when_its_client_changes_what_keys_mean)
{
    program_shell("xmodmap -e 'clear control' -e 'clear mod1' -e 'clear mod4'");
    cr_expect(locks("super+l"));
    cr_expect(locks("ctrl+alt+l"));
}

static xcb_window_t window;

static xcb_connection_t *show_window(void)
{
    const uint32_t focus = XCB_EVENT_MASK_FOCUS_CHANGE;
    xcb_connection_t *client = xcb_connect(NULL, NULL);
    xcb_screen_t *screen = xcb_setup_roots_iterator(xcb_get_setup(client)).data;
    window = xcb_generate_id(client);
    xcb_create_window(client, XCB_COPY_FROM_PARENT, window, screen->root, 0, 0, 100, 100, 0,
                      XCB_WINDOW_CLASS_INPUT_OUTPUT, screen->root_visual, XCB_CW_EVENT_MASK, &focus);
    xcb_map_window(client, window);
    xcb_flush(client);
    cr_assert(display_wait(&is_shown, 10000));
    return client;
}

static int times_focused(xcb_connection_t *client)
{
    int times = 0;
    free(xcb_get_input_focus_reply(client, xcb_get_input_focus(client), NULL)); // all before it has come then
    for (xcb_generic_event_t *event; (event = xcb_poll_for_event(client)); free(event))
        times += (event->response_type & 0x7f) == XCB_FOCUS_IN;
    return times;
}

// By the keys as they are, whatever stands on them.
Test(window, locks_the_desk_with_layouts_that_have_the_l_elsewhere_or_not_at_all)
{
    static const struct {
        const char *layout;
        int key; // that has the L
    } rows[] = {{"de", 46}, {"ru,us", 46}, {"ru", 46}, {"de neo", 26}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char line[200];
        stop_watch();
        snprintf(line, sizeof line, "setxkbmap %s", rows[i].layout);
        program_shell(line);
        start_watch();
        is_locked = false;
        snprintf(line, sizeof line, "xdotool keydown 37 keydown 64 key %d keyup 64 keyup 37", rows[i].key);
        program_shell(line);
        cr_expect(display_wait(&is_locked, 10000), "%s", rows[i].layout);
    }
}

Test(window, has_its_client_look_again_which_locks_are_on)
{
    cr_assert_not(window_watch_refocus(watch), "there is no window");
    xcb_connection_t *client = show_window();
    display_run_ms(100);
    cr_assert_eq(times_focused(client), 1);
    cr_assert(window_watch_refocus(watch));
    display_run_ms(100);
    cr_assert_eq(times_focused(client), 1);
    xcb_disconnect(client);
}

static void expect_size(xcb_connection_t *client, uint16_t width, uint16_t height)
{
    xcb_get_geometry_reply_t *size = NULL;
    for (int i = 0; i < 200 && !(size && size->width == width && size->height == height); i++) {
        free(size);
        display_run_ms(20);
        size = xcb_get_geometry_reply(client, xcb_get_geometry(client, window), NULL);
    }
    cr_assert(size && size->width == width && size->height == height);
    free(size);
}

Test(window, leaves_a_window_its_size_or_fills_the_monitor_with_it)
{
    static const uint32_t small[] = {50, 60};
    xcb_connection_t *client = show_window();
    display_run_ms(200);
    expect_size(client, 100, 100);
    window_watch_fill(watch);
    xcb_configure_window(client, window, XCB_CONFIG_WINDOW_WIDTH | XCB_CONFIG_WINDOW_HEIGHT, small);
    expect_size(client, 1280, 800);
    xcb_configure_window(client, window, XCB_CONFIG_WINDOW_WIDTH | XCB_CONFIG_WINDOW_HEIGHT, small);
    xcb_flush(client);
    display_run_ms(200);
    expect_size(client, 1280, 800);
    xcb_disconnect(client);
}

// The client keeps the X server for itself and has it answer nobody else; its windows still appear.
Test(window, is_not_held_up_by_a_client_that_keeps_the_server, .timeout = 120)
{
    enum { ROUNDS = 12, WINDOWS = 200 };
    window_watch_fill(watch);
    xcb_connection_t *client = show_window();
    display_run_ms(200);
    xcb_grab_server(client);
    for (int round = 0; round < ROUNDS; round++) {
        is_shown = false;
        for (int i = 0; i < WINDOWS; i++) {
            xcb_unmap_window(client, window);
            xcb_map_window(client, window);
        }
        free(xcb_get_input_focus_reply(client, xcb_get_input_focus(client), NULL));
        cr_assert(display_wait(&is_shown, 10000));
    }
    display_run_ms(200);
    cr_assert_not(window_watch_refocus(watch), "the server listens");
    xcb_ungrab_server(client);
    times_focused(client);
    for (int i = 0; i < 500 && !window_watch_refocus(watch); i++)
        display_run_ms(20);
    display_run_ms(100);
    cr_assert_gt(times_focused(client), 0, "the window has the keyboard again");
    xcb_disconnect(client);
}

Test(window, knows_the_size_of_its_monitor)
{
    struct window_watch_screen screen;
    window_watch_screen(watch, &screen);
    cr_assert_eq(screen.monitors, 1);
    cr_assert_eq(screen.width, 1280);
    cr_assert_eq(screen.height, 800);
    cr_assert_eq(screen.scale, 1);
}

Test(window, knows_the_first_layout_of_the_desk)
{
    struct desk_keyboard keyboard;
    program_shell("setxkbmap de neo");
    window_watch_keyboard(watch, &keyboard);
    cr_assert_str_eq(keyboard.layout, "de");
    cr_assert_str_eq(keyboard.variant, "neo");
    program_shell("setxkbmap ch,us fr_nodeadkeys,");
    window_watch_keyboard(watch, &keyboard);
    cr_assert_str_eq(keyboard.layout, "ch");
    cr_assert_str_eq(keyboard.variant, "fr_nodeadkeys");
    program_shell("xprop -root -remove _XKB_RULES_NAMES");
    window_watch_keyboard(watch, &keyboard);
    cr_assert_str_eq(keyboard.layout, "");
}

// The client lets go of all keys when it loses the keyboard: a capital letter would become a small one.
Test(window, does_not_disturb_whoever_is_typing)
{
    xcb_connection_t *client = show_window();
    program_shell("xdotool keydown Shift_L");
    display_run_ms(200);
    cr_assert_not(window_watch_refocus(watch));
    program_shell("xdotool keyup Shift_L");
    display_run_ms(200);
    cr_assert(window_watch_refocus(watch));
    xcb_disconnect(client);
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
