// SPDX-License-Identifier: EUPL-1.2
// A person at the portal opens their desktop by an RDP program.
#include "tests/unit/calls/at_portal.h"
#include "tests/unit/portal/signer_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static void open_signer(void)
{
    struct fault why = {0};
    at_portal_open();
    signer_open();
    struct rdp_signer *signer = rdp_signer_new(signer_certificate, signer_key, NULL, &why);
    cr_assert(signer, "%s", why.text);
    portal_use_signer(calls.services.portal, signer);
}

static void close_signer(void)
{
    at_portal_close();
    signer_close();
}

TestSuite(portal_files, .init = open_signer, .fini = close_signer);

static char *read_answer(void)
{
    cr_assert_eq(at_portal.status, 200, "%d: %s", at_portal.status, at_portal.answer.bytes);
    cr_assert_eq(at_portal.kind, PAGE_FILE);
    return signer_read_file(at_portal.answer.bytes, at_portal.answer.length);
}

static void expect_lines(const char *file, const char *const *lines)
{
    for (; *lines; lines++)
        cr_expect(signer_has_line(file, *lines), "%s is not in %s", *lines, file);
}

static void give_agents(void)
{
    static const char *const hosts[] = {"neustadt/ts1", "neustadt/ts2"};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        core_set_agent(&calls.core, hosts[i], true);
}

Test(portal_files, open_the_desktop_through_the_gateway_by_which_they_came)
{
    static const char *const lines[] = {"full address:s:gw.example", "gatewayhostname:s:gw.example:443",
                                        "enablecredsspsupport:i:0", "username:s:anna", NULL};
    give_agents();
    at_portal_fetches_file();
    owned(bytes) char *file = read_answer();
    cr_expect_str_eq(at_portal.file_name, "desktop.rdp");
    expect_lines(file, lines);
    cr_assert(at_portal_session());
    cr_expect_str_empty(at_portal_session()->device);
    cr_expect_not(at_portal_redeems(file, "gatewayaccesstoken:s:", CHANNEL_BROWSER, at_portal.holder));
    at_portal_fetches_file();
    owned(bytes) char *second = read_answer();
    cr_expect(at_portal_redeems(second, "gatewayaccesstoken:s:", CHANNEL_TSGU, ""));
}

Test(portal_files, lead_to_the_host_itself_where_it_has_no_agent)
{
    static const char *const lines[] = {"full address:s:ts.example", "gatewayhostname:s:gw.example:443",
                                        "enablecredsspsupport:i:1", NULL};
    at_portal_fetches_file();
    owned(bytes) char *file = read_answer();
    expect_lines(file, lines);
}

Test(portal_files, allow_what_the_profile_allows)
{
    for (int i = 0; i < 8; i++) {
        const struct profile *clerk = state_find(calls.core.state, NOUN_PROFILE, "neustadt/clerk");
        union record record = {.profile = *clerk};
        record.profile.clipboard = i & 1;
        record.profile.drives = i & 2;
        record.profile.printers = i & 4;
        core_set(&calls.core, NOUN_PROFILE, &record);
        calm_clear(&calls.services.calm);
        at_portal_fetches_file();
        owned(bytes) char *file = read_answer();
        const char *const lines[] = {i & 1 ? "redirectclipboard:i:1" : "redirectclipboard:i:0",
                                     i & 2 ? "redirectdrives:i:1" : "redirectdrives:i:0",
                                     i & 4 ? "redirectprinters:i:1" : "redirectprinters:i:0", NULL};
        expect_lines(file, lines);
    }
}

// Its form is on the page, in their language.
Test(portal_files, are_offered_with_the_desktop)
{
    char token[COOKIE_MAC_SIZE], field[COOKIE_MAC_SIZE + 64];
    cookie_form_token(at_portal.cookie, "/desktops/file", token);
    snprintf(field, sizeof field, "name=\"token\" value=\"%s\"", token);
    at_portal_calls(METHOD_PORTAL_DESKTOPS, at_portal.cookie, NULL);
    cr_expect_eq(at_portal.status, 200);
    cr_expect(strstr(at_portal.answer.bytes, "action=\"/desktops/file\""), "%s", at_portal.answer.bytes);
    cr_expect(strstr(at_portal.answer.bytes, field), "%s", at_portal.answer.bytes);
    cr_expect(strstr(at_portal.answer.bytes, "Mit einem RDP-Programm öffnen"), "%s", at_portal.answer.bytes);
}

// What to do with one depends on who logs on at the host.
Test(portal_files, say_whether_a_password_is_needed)
{
    at_portal_calls(METHOD_PORTAL_DESKTOPS, at_portal.cookie, NULL);
    cr_expect(strstr(at_portal.answer.bytes, "Das Programm fragt nach Ihrem Passwort."), "%s", at_portal.answer.bytes);
    cr_expect(strstr(at_portal.answer.bytes, "<code>xfreerdp3 desktop.rdp</code>"), "%s", at_portal.answer.bytes);
    core_set_agent(&calls.core, "neustadt/ts1", true); // and it may be the other one
    at_portal_calls(METHOD_PORTAL_DESKTOPS, at_portal.cookie, NULL);
    cr_expect(strstr(at_portal.answer.bytes, "Das Programm fragt nach Ihrem Passwort."), "%s", at_portal.answer.bytes);
    give_agents();
    at_portal_calls(METHOD_PORTAL_DESKTOPS, at_portal.cookie, NULL);
    cr_expect(strstr(at_portal.answer.bytes, "Ein Passwort ist dort nicht nötig."), "%s", at_portal.answer.bytes);
    cr_expect(strstr(at_portal.answer.bytes, "<code>xfreerdp3 desktop.rdp /p:</code>"), "%s", at_portal.answer.bytes);
}

// By pages: no script asks.
Test(portal_files, are_refused_to_whom_the_desktop_is)
{
    char token[COOKIE_MAC_SIZE];
    cookie_form_token(at_portal.cookie, "/desktops/channel", token);
    at_portal_asks(METHOD_PORTAL_FILE, at_portal.cookie, token);
    at_portal_is_refused(303, "");
    at_portal_set_profile(OUTSIDE_BY_DEVICE);
    at_portal_fetches_file();
    at_portal_is_refused(403, "<h1");
    at_portal_set_profile(OUTSIDE_BY_ANY);
    at_portal.profile = "neustadt/builder";
    at_portal_fetches_file();
    at_portal_is_refused(403, "<h1");
}

TestSuite(unsigned_portal, .init = at_portal_open, .fini = at_portal_close);

Test(unsigned_portal, has_no_files_where_nobody_signs_them)
{
    at_portal_calls(METHOD_PORTAL_DESKTOPS, at_portal.cookie, NULL);
    cr_expect_null(strstr(at_portal.answer.bytes, "/desktops/file"));
    at_portal_fetches_file();
    at_portal_is_refused(404, "<h1");
}
