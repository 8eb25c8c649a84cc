// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/rdp_client.h"
#include "broker/base/text.h"
#include "tests/program.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct rdp_client_config config;
static struct logon_answer answer;
static struct secret password;
static struct rdp_client_task task;
static char input[RDP_CLIENT_INPUT_SIZE];
static struct fault why;

static void prepare(void)
{
    config = (struct rdp_client_config){.drives_dir = "/media"};
    answer = (struct logon_answer){.user_name = "anna", .one_time_password = "einmal-1"};
    for (int i = 0; i < 32; i++)
        memcpy(answer.fingerprint + 2 * i, i % 2 ? "cd" : "0a", 2);
    cr_assert(secret_set(&password, "getippt", 7));
    task = (struct rdp_client_task){
        .answer = &answer, .password = &password, .screen = {.monitors = 1, .width = 1920, .height = 1080, .scale = 1}};
    why = (struct fault){0};
}

TestSuite(viewer, .init = prepare);

static bool has_line(const char *line)
{
    size_t length = strlen(line);
    for (const char *at = input; (at = strstr(at, line)); at++)
        if ((at == input || at[-1] == '\n') && at[length] == '\n')
            return true;
    return false;
}

static void make(void)
{
    cr_assert(rdp_client_input(&config, &task, input, &why), "%s", why.text);
}

Test(viewer, pins_the_hosts_certificate)
{
    make();
    cr_assert(
        has_line("/cert:deny,fingerprint:sha256:0a:cd:0a:cd:0a:cd:0a:cd:0a:cd:0a:cd:0a:cd:0a:cd:0a:cd:0a:cd:0a:cd:"
                 "0a:cd:0a:cd:0a:cd:0a:cd:0a:cd"));
}

Test(viewer, never_agrees_to_security_without_a_certificate)
{
    make();
    cr_assert(has_line("/sec:rdp:off"));
}

Test(viewer, gives_the_one_time_password_to_the_host)
{
    make();
    cr_assert(has_line("/p:einmal-1"));
    cr_assert_not(strstr(input, "getippt"));
}

Test(viewer, puts_the_typed_password_behind_it_when_the_session_needs_it)
{
    answer.password_follows = true;
    make();
    cr_assert(has_line("/p:einmal-1:getippt"));
}

Test(viewer, connects_again_by_itself_only_with_a_password_that_works_again)
{
    make();
    cr_assert(has_line("-auto-reconnect"));
    answer.one_time_password[0] = 0;
    make();
    cr_assert(has_line("+auto-reconnect"));
}

Test(viewer, gives_the_typed_password_when_there_is_no_other)
{
    answer.one_time_password[0] = 0;
    make();
    cr_assert(has_line("/p:getippt"));
}

Test(viewer, has_no_channels_that_were_not_allowed)
{
    make();
    cr_assert(has_line("-clipboard"));
    cr_assert_not(strstr(input, "/drive"));
    cr_assert_not(strstr(input, "/sound"));
    cr_assert_not(strstr(input, "/printer"));
    cr_assert_not(strstr(input, "/multimon"));
}

Test(viewer, has_the_channels_that_were_allowed)
{
    answer.clipboard = answer.drives = answer.sound = answer.multi_monitor = true;
    task.screen.monitors = 2;
    make();
    cr_assert(has_line("+clipboard"));
    cr_assert(has_line("/drive:Pult,/media"));
    cr_assert(has_line("/sound:sys:alsa"));
    cr_assert(has_line("/multimon"));
}

Test(viewer, draws_each_pixel_larger_on_a_large_monitor)
{
    make();
    cr_assert_not(strstr(input, "sizing"));
    cr_assert_not(rdp_client_enlarges(&task));
    task.screen = (struct window_watch_screen){.monitors = 1, .width = 3840, .height = 2160, .scale = 2};
    answer.multi_monitor = true; // allowed, but there is one
    make();
    cr_assert(has_line("/smart-sizing:1920x1080"));
    cr_assert_not(strstr(input, "/multimon"));
    cr_assert(rdp_client_enlarges(&task));
}

Test(viewer, leaves_the_scale_to_the_host_across_several_monitors)
{
    task.screen = (struct window_watch_screen){.monitors = 2, .width = 3840, .height = 2160, .scale = 2};
    answer.multi_monitor = true;
    make();
    cr_assert(has_line("/multimon"));
    cr_assert(has_line("/scale-desktop:200"));
    cr_assert_not(rdp_client_enlarges(&task));
    answer.multi_monitor = false;
    make();
    cr_assert(has_line("/smart-sizing:1920x1080"));
}

Test(viewer, knows_large_monitors_by_their_shorter_side)
{
    static const struct {
        int width, height, scale;
    } rows[] = {{1920, 1080, 1}, {1080, 1920, 1}, {2560, 1440, 1}, {1920, 1200, 1}, {5120, 1440, 1}, {1024, 768, 1},
                {3840, 2160, 2}, {2160, 3840, 2}, {5120, 2880, 2}, {7680, 4320, 4}, {0, 0, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(window_watch_scale(rows[i].width, rows[i].height), rows[i].scale, "%dx%d", rows[i].width,
                     rows[i].height);
}

Test(viewer, says_the_variant_of_the_desks_layout_to_hosts_of_ours)
{
    make();
    cr_assert_not(strstr(input, "/kbd"));
    task.keyboard = (struct desk_keyboard){"de", ""};
    make();
    cr_assert_not(strstr(input, "/kbd"), "FreeRDP finds that by itself");
    task.keyboard = (struct desk_keyboard){"de", "nodeadkeys"};
    make();
    cr_assert(has_line("/kbd:layout:0x00000407,type:4,subtype:101"));
    task.keyboard = (struct desk_keyboard){"de", "neo"};
    make();
    cr_assert(has_line("/kbd:layout:0x00000407,type:4,subtype:102"));
    task.keyboard = (struct desk_keyboard){"de", "klingon"};
    make();
    cr_assert_not(strstr(input, "/kbd"));
    task.keyboard = (struct desk_keyboard){"de", "neo"};
    answer.one_time_password[0] = 0; // another host
    make();
    cr_assert_not(strstr(input, "/kbd"));
}

// The two tables stand at the two ends of the line.
Test(viewer, says_only_variants_that_the_package_of_the_host_knows)
{
    static const char *const variants[] = {"nodeadkeys", "neo", "bone", "mac_nodeadkeys", "dvorak", "altgr-intl", "us"};
    char section[200];
    struct program_result ini;
    program_run(&ini, "cat broker/pult-host/package/xrdp_keyboard.ini", NULL);
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        struct desk_keyboard keyboard = {.layout = "de"};
        uint32_t layout, subtype;
        TEXT_PUT(keyboard.variant, variants[i]);
        cr_assert(desk_keyboard_numbers(&keyboard, &layout, &subtype), "%s", variants[i]);
        snprintf(section, sizeof section, "keyboard_type=4\nkeyboard_subtype=%u\nvariant=%s\n", subtype, variants[i]);
        cr_expect(strstr(ini.out, section), "%s", section);
    }
    cr_expect(strstr(ini.out, "rdp_layout_de=0x00000407\n"));
}

Test(viewer, does_not_start_without_a_pin)
{
    answer.fingerprint[0] = 0;
    cr_assert_not(rdp_client_input(&config, &task, input, &why));
}

Test(viewer, lets_nothing_break_out_of_its_line)
{
    TEXT_PUT(answer.user_name, "anna\n/cert:ignore");
    cr_assert_not(rdp_client_input(&config, &task, input, &why));
    TEXT_PUT(answer.user_name, "anna");
    TEXT_PUT(answer.one_time_password, "x\n/cert:ignore");
    cr_assert_not(rdp_client_input(&config, &task, input, &why));
}

Test(viewer, takes_the_longest_password_there_is)
{
    memset(answer.one_time_password, 'o', OTP_TEXT_SIZE - 1);
    answer.password_follows = true;
    memset(password.bytes, 'p', SECRET_MAX);
    password.bytes[SECRET_MAX] = 0;
    password.length = SECRET_MAX;
    make();
}

Test(viewer, understands_exit_codes)
{
    static const struct {
        int status;
        enum rdp_client_end end;
    } rows[] = {
        {0, RDP_CLIENT_LOGGED_OFF},
        {1, RDP_CLIENT_ENDED},
        {2, RDP_CLIENT_LOGGED_OFF},
        {5, RDP_CLIENT_REPLACED},
        {12, RDP_CLIENT_LOGGED_OFF},
        {128, RDP_CLIENT_FAILED},
        {131, RDP_CLIENT_LOST},
        {132, RDP_CLIENT_REFUSED},
        {133, RDP_CLIENT_WRONG_CERTIFICATE},
        {139, RDP_CLIENT_FAILED},
        {141, RDP_CLIENT_LOST},
        {143, RDP_CLIENT_WRONG_CERTIFICATE},
        {145, RDP_CLIENT_FAILED},
        {147, RDP_CLIENT_LOST},
        {154, RDP_CLIENT_REFUSED},
        {255, RDP_CLIENT_FAILED},
        {CHILD_NOT_STARTED, RDP_CLIENT_FAILED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(rdp_client_end_of(rows[i].status), rows[i].end, "exit code %d", rows[i].status);
}
