// SPDX-License-Identifier: EUPL-1.2
// The portal as a browser has it, through the broker's own server.
#include "broker/api/channel.h"
#include "broker/base/file.h"
#include "broker/base/mem.h"
#include "tests/integration/server/portal_fixture.h"
#include "tests/unit/portal/signer_fixture.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(portal, .init = portal_open, .fini = portal_close, .timeout = 120);

static const char right[] = "-d name=anna -d password=geheim+%26+gr%C3%B6%C3%9Fer%2B1 -d code=123456";

#define EXPECT_IN(text, part) cr_expect(strstr(text, part), "not there: %s\n%s", part, text)
#define EXPECT_NOT_IN(text, part) cr_expect_not(strstr(text, part), "there: %s\n%s", part, text)

static void copy_token(char token[65], const char *page, const char *action)
{
    static const char before[] = "name=\"token\" value=\"";
    const char *form = strstr(page, action);
    const char *at = form ? strstr(form, before) : NULL;
    cr_assert(at, "no form for %s in %s", action, page);
    snprintf(token, 65, "%s", at + sizeof before - 1);
}

// What the page to log on has, sent back with these fields.
static const char *log_on(const char *jar, const char *fields)
{
    char token[65], options[512];
    copy_token(token, portal_visit(jar, "", "/"), "action=\"/logon\"");
    snprintf(options, sizeof options, "-d token=%s %s", token, fields);
    return portal_visit(jar, options, "/logon");
}

Test(portal, shows_whoever_comes_the_page_to_log_on)
{
    const char *page = portal_visit("jar", "", "/");
    EXPECT_IN(page, "HTTP/1.1 200");
    EXPECT_IN(page, "content-type: text/html; charset=utf-8");
    EXPECT_IN(page, "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; ");
    EXPECT_IN(page, "require-trusted-types-for 'script'");
    EXPECT_NOT_IN(page, "unsafe-inline");
    EXPECT_IN(page, "cache-control: no-store");
    EXPECT_IN(page, "strict-transport-security: max-age=");
    EXPECT_IN(page, "set-cookie: __Host-pult-new=");
    EXPECT_IN(page, "; Path=/; Secure; HttpOnly; SameSite=Strict\r\n");
    EXPECT_IN(page, "<html lang=\"de\">");
    EXPECT_IN(page, "<h1 class=\"kern-heading-large\">Anmelden</h1>");
}

Test(portal, speaks_the_language_of_the_browser_until_another_is_chosen)
{
    EXPECT_IN(portal_visit("jar", "-H Accept-Language:en-GB,de;q=0.5", "/"), "<html lang=\"en\">");
    EXPECT_IN(portal_visit("jar", "", "/?language=en&utm_source=mail"), "<html lang=\"en\">");
    EXPECT_IN(portal_visit("jar", "-H Accept-Language:de", "/"), "<html lang=\"en\">");
    EXPECT_IN(portal_visit("jar", "", "/?language=de"), "<html lang=\"de\">");
    EXPECT_IN(portal_visit("jar", "-H Accept-Language:en", "/?language=xx"), "<html lang=\"de\">");
}

Test(portal, logs_on_shows_the_desktops_and_logs_off)
{
    char token[65], options[128];
    const char *page = log_on("jar", right);
    EXPECT_IN(page, "HTTP/1.1 303");
    EXPECT_IN(page, "location: /desktops");
    EXPECT_IN(page, "set-cookie: __Host-pult=");
    EXPECT_IN(page, "set-cookie: __Host-pult-new=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");

    page = portal_visit("jar", "", "/desktops");
    EXPECT_IN(page, "HTTP/1.1 200");
    EXPECT_IN(page, "Sachbearbeitung");
    EXPECT_IN(page, "</time>, aus dem Netz 203.0.113.9</li>");
    EXPECT_IN(page, "Šimić");
    EXPECT_NOT_IN(page, "<b>");
    EXPECT_IN(portal_visit("jar", "", "/"), "location: /desktops");
    page = portal_visit("jar", "", "/desktops/open");
    EXPECT_IN(page, "data-profile=\"neustadt/clerk\"");
    EXPECT_IN(page, "script-src 'self' 'wasm-unsafe-eval'");

    copy_token(token, portal_visit("jar", "", "/desktops"), "action=\"/logoff\"");
    snprintf(options, sizeof options, "cp %s/jar %s/old", portal_folder, portal_folder);
    program_shell(options);
    snprintf(options, sizeof options, "-d token=%s", token);
    EXPECT_IN(portal_visit("jar", options, "/logoff"), "set-cookie: __Host-pult=; ");
    EXPECT_IN(portal_visit("old", "", "/desktops"), "location: /\r\n");
}

static const char *do_job(const char *action, const char *fields)
{
    char token[65], options[256], what[64];
    snprintf(what, sizeof what, "action=\"%s\"", action);
    copy_token(token, portal_visit("jar", "", "/jobs"), what);
    snprintf(options, sizeof options, "-d token=%s %s", token, fields);
    return portal_visit("jar", options, action);
}

// Another's, and another administration's printer, are as good as none.
Test(portal, shows_print_jobs_prints_and_deletes_them)
{
    EXPECT_IN(portal_visit("jar", "", "/jobs"), "location: /\r\n");
    log_on("jar", right);
    const char *page = portal_visit("jar", "", "/jobs");
    EXPECT_IN(page, "value=\"j-1\"");
    EXPECT_IN(page, "Seiten: 3.");
    EXPECT_IN(page, "<option value=\"neustadt/room1\">");
    EXPECT_NOT_IN(page, "j-2");
    EXPECT_NOT_IN(page, "altdorf");
    EXPECT_IN(do_job("/jobs/release", "-d job=j-2 -d printer=neustadt/room1"), "role=\"alert\"");
    EXPECT_IN(do_job("/jobs/release", "-d job=j-1 -d printer=altdorf/room1"), "role=\"alert\"");
    EXPECT_IN(do_job("/jobs/cancel", "-d job=j-2"), "role=\"alert\"");
    EXPECT_IN(portal_visit("jar", "-d token=0 -d job=j-1", "/jobs/cancel"), "location: /jobs");
    page = do_job("/jobs/release", "-d job=j-1 -d printer=neustadt/room1");
    EXPECT_IN(page, "Er wartet, bis er an der Reihe ist.");
    EXPECT_NOT_IN(page, "role=\"alert\"");
    page = do_job("/jobs/cancel", "-d job=j-1");
    EXPECT_IN(page, "Er ist gelöscht.");
    EXPECT_NOT_IN(page, "role=\"alert\"");
}

Test(portal, tells_nobody_which_part_was_wrong)
{
    static const char *const wrong[] = {
        "-d name=anna -d password=geheim -d code=123456",
        "-d name=anna -d password=geheim+%26+gr%C3%B6%C3%9Fer%2B1 -d code=123457",
        "-d name=bert -d password=geheim+%26+gr%C3%B6%C3%9Fer%2B1 -d code=123456",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *page = log_on("jar", wrong[i]);
        EXPECT_IN(page, "HTTP/1.1 401");
        EXPECT_IN(page, "role=\"alert\"");
        EXPECT_NOT_IN(page, "set-cookie: __Host-pult=");
        EXPECT_NOT_IN(page, "geheim");
    }
}

// Neither of a log-on nor of a wrong code anything is left, in no buffer on the way.
Test(portal, forgets_passwords)
{
    for (int code = 123456; code <= 123457; code++) {
        char fields[128], secret[24], jar[16];
        snprintf(secret, sizeof secret, "%08x%08x", arc4random(), arc4random());
        snprintf(fields, sizeof fields, "-d name=anna -d code=%d -d password=geheim+%%26+gr%%C3%%B6%%C3%%9Fer%%2B1%s",
                 code, secret);
        snprintf(jar, sizeof jar, "jar-%d", code);
        EXPECT_IN(log_on(jar, fields), code == 123456 ? "HTTP/1.1 303" : "HTTP/1.1 401");
        cr_expect_not(portal_remembers(secret), "after the code %d", code);
    }
}

// A browser that says what it is told, as it is told, in a record of TLS each.
struct speaker {
    SSL *tls;
    int descriptor;
};

static void begin_speaking(struct speaker *speaker, SSL_CTX *context)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORTAL_PORT)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    speaker->descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    speaker->tls = SSL_new(context);
    SSL_set_fd(speaker->tls, speaker->descriptor);
    cr_assert_eq(connect(speaker->descriptor, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(SSL_connect(speaker->tls), 1);
}

static void say(struct speaker *speaker, const char *text)
{
    cr_assert_eq(SSL_write(speaker->tls, text, (int)strlen(text)), (int)strlen(text));
}

static void end_speaking(struct speaker *speaker)
{
    SSL_free(speaker->tls);
    close(speaker->descriptor);
}

// What has come of it moves nowhere as more of it comes, whoever took the room behind it meanwhile.
Test(portal, forgets_a_password_that_comes_in_pieces)
{
    enum { FIRST = 400, REST = 9000, OTHERS = 20 };
    static char head[200], first[FIRST + 1], rest[REST + 1], answer[2000];
    struct speaker anna, others[OTHERS];
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    char secret[24];
    snprintf(secret, sizeof secret, "%08x%08x", arc4random(), arc4random());
    memset(first, 'x', FIRST);
    memset(rest, 'y', REST);
    int length = snprintf(first, sizeof first, "name=anna&signature=%0*d&password=%s&code=", FIRST / 8, 0, secret);
    first[length] = 'x';
    snprintf(head, sizeof head, "POST /logon HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n", FIRST + REST);
    begin_speaking(&anna, context);
    say(&anna, head);
    say(&anna, first);
    for (int i = 0; i < OTHERS; i++) {
        begin_speaking(&others[i], context);
        say(&others[i], head);
        say(&others[i], rest);
    }
    say(&anna, rest);
    int got = SSL_read(anna.tls, answer, sizeof answer - 1);
    cr_assert_gt(got, 0);
    EXPECT_IN(answer, "HTTP/1.1 400");
    cr_expect_not(portal_remembers(secret));
    end_speaking(&anna);
    for (int i = 0; i < OTHERS; i++)
        end_speaking(&others[i]);
    SSL_CTX_free(context);
}

// Of another site, of another browser, of another form.
Test(portal, takes_only_forms_of_its_own)
{
    char token[65], options[512];
    EXPECT_IN(portal_visit("jar", right, "/logon"), "HTTP/1.1 403");
    copy_token(token, portal_visit("other", "", "/"), "action=\"/logon\"");
    snprintf(options, sizeof options, "-d token=%s %s", token, right);
    EXPECT_IN(portal_visit("jar", options, "/logon"), "HTTP/1.1 403");
    EXPECT_IN(portal_visit("none", options, "/logon"), "HTTP/1.1 403");
    EXPECT_IN(log_on("jar", right), "HTTP/1.1 303");
    snprintf(options, sizeof options, "-d token=%s", token);
    EXPECT_NOT_IN(portal_visit("jar", options, "/logoff"), "set-cookie");
    EXPECT_IN(portal_visit("jar", "", "/desktops"), "HTTP/1.1 200");
}

Test(portal, refuses_what_no_form_of_it_sends)
{
    static const char *const options[] = {"-d name=a&name=b", "-d nobody=1", "-d name=%ff", "-d name=a%00b",
                                          "-H Content-Type:application/json -d {}"};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        const char *page = portal_visit("jar", options[i], "/logon");
        EXPECT_IN(page, "HTTP/1.1 400");
        EXPECT_IN(page, "content-type: text/html");
    }
    const char *page = portal_visit("jar", "-X DELETE", "/logon");
    EXPECT_IN(page, "HTTP/1.1 405");
    EXPECT_IN(page, "href=\"/?language=en\"");
}

// Whoever is not logged on is sent to where they can.
Test(portal, sends_strangers_to_the_page_to_log_on)
{
    EXPECT_IN(portal_visit("jar", "", "/desktops"), "HTTP/1.1 303");
    EXPECT_IN(portal_visit("jar", "-H Cookie:__Host-pult=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "/desktops"),
              "location: /\r\n");
    EXPECT_IN(portal_visit("jar", "-d token=x", "/logoff"), "location: /\r\n");
}

Test(portal, gives_style_sheets_packed_and_for_good)
{
    char asset[160];
    const char *page = portal_visit("jar", "", "/");
    const char *at = strstr(page, "/assets/");
    cr_assert(at);
    snprintf(asset, sizeof asset, "%.*s", (int)strcspn(at, "\""), at);
    page = portal_visit("jar", "--compressed -o /dev/null -D -", asset);
    EXPECT_IN(page, "HTTP/1.1 200");
    EXPECT_IN(page, "content-encoding: gzip");
    EXPECT_IN(page, "content-type: text/css");
    EXPECT_IN(page, "cache-control: public, max-age=31536000, immutable");
    EXPECT_IN(page, "vary: accept-encoding");
    page = portal_visit("jar", "-o /dev/null -D -", asset);
    EXPECT_NOT_IN(page, "content-encoding");
    asset[8] = asset[8] == '0' ? '1' : '0';
    EXPECT_IN(portal_visit("jar", "", asset), "HTTP/1.1 404");
}

static void copy_field(char *value, size_t size, const char *page, const char *name)
{
    char before[64];
    snprintf(before, sizeof before, "name=\"%s\" value=\"", name);
    const char *at = strstr(page, before);
    cr_assert(at, "no %s in %s", name, page);
    snprintf(value, size, "%.*s", (int)strcspn(at + strlen(before), "\""), at + strlen(before));
}

static const char *send_factor_form(const char *page, const char *action, const char *fields)
{
    char token[65], options[512];
    copy_token(token, page, action);
    snprintf(options, sizeof options, "-d token=%s %s", token, fields);
    return portal_visit("jar", options, strchr(action, '/'));
}

Test(portal, lets_people_look_after_their_second_factors)
{
    char sealed[128], fields[256], id[128];
    log_on("jar", right);
    EXPECT_IN(portal_visit("jar", "", "/factors"), "Passkey Schlüsselbund");

    const char *page = portal_visit("jar", "", "/factors/telephone");
    EXPECT_IN(page, "<path d=\"M");
    copy_field(sealed, sizeof sealed, page, "sealed");
    for (char *at = sealed; *at; at++)
        *at = *at == ' ' ? '+' : *at;
    snprintf(fields, sizeof fields, "-d name=Handy -d sealed=%s -d code=x", sealed);
    EXPECT_IN(send_factor_form(page, "/factors/telephone", fields), "role=\"alert\"");
    snprintf(fields, sizeof fields, "-d name=Handy -d sealed=%s -d code=t1", sealed);
    page = portal_visit("jar", "", "/factors/telephone");
    EXPECT_IN(send_factor_form(page, "/factors/telephone", fields), "location: /factors\r\n");
    page = portal_visit("jar", "", "/factors");
    EXPECT_IN(page, "Authenticator Handy");

    page = send_factor_form(page, "/factors/codes", "");
    EXPECT_IN(page, "<li>p");
    page = portal_visit("jar", "", "/factors");
    EXPECT_IN(page, "Wiederherstellungscodes");

    copy_field(id, sizeof id, strstr(page, "Schlüsselbund"), "factor");
    snprintf(fields, sizeof fields, "-d factor=%s", id);
    EXPECT_IN(send_factor_form(page, "/factors/remove", fields), "location: /factors\r\n");
    EXPECT_NOT_IN(portal_visit("jar", "", "/factors"), "Schlüsselbund");
    EXPECT_IN(portal_visit("jar", "-d token=x", "/factors/codes"), "location: /factors\r\n");
}

// What a page showed once is in nothing that it was written into on the way.
Test(portal, forgets_what_it_has_shown)
{
    char shown[64], token[65], options[128];
    log_on("jar", right);
    const char *page = portal_visit("jar", "", "/factors/telephone");
    const char *secret = strstr(page, "Geheimnis: ");
    cr_assert(secret, "%s", page);
    snprintf(shown, sizeof shown, "%.32s", secret + strlen("Geheimnis: "));
    cr_expect_not(portal_remembers(shown + 16), "the secret of the telephone"); // free overwrites what comes first

    page = send_factor_form(portal_visit("jar", "", "/factors"), "/factors/codes", "");
    for (int i = 0; i < 10; i++) {
        page = strstr(page, "<li>p");
        cr_assert(page);
        page += strlen("<li>");
        snprintf(shown, sizeof shown, "%.17s", page);
        cr_expect_not(portal_remembers(shown), "code %d", i);
    }

    page = strstr(portal_visit("jar", "", "/desktops/open"), "data-token=\"");
    cr_assert(page);
    snprintf(token, sizeof token, "%s", page + strlen("data-token=\""));
    snprintf(options, sizeof options, "-d token=%s -d profile=neustadt/clerk", token);
    page = strstr(portal_visit("jar", options, "/desktops/channel"), "\"channel\":\"");
    cr_assert(page);
    snprintf(shown, 44, "%s", page + strlen("\"channel\":\""));
    cr_expect_not(portal_remembers(shown), "the token of a channel");
}

enum { FILE_MAX = 64 * 1024 };

// As a browser keeps it; the headers are returned.
static const char *fetch_file(const char *jar, char **file)
{
    char profile[128], options[512], path[FOLDER_SIZE + 16];
    struct fault why = {0};
    size_t length = 0;
    const char *page = portal_visit(jar, "", "/desktops");
    owned(bytes) char *bytes = mem_room(FILE_MAX);
    copy_field(profile, sizeof profile, strstr(page, "action=\"/desktops/file\""), "profile");
    snprintf(path, sizeof path, "%s/desktop.rdp", portal_folder);
    snprintf(options, sizeof options, "-o %s -D - -d profile=%s", path, profile);
    page = send_factor_form(page, "/desktops/file", options);
    cr_assert(file_read(path, bytes, FILE_MAX, &length, &why), "%s", why.text);
    const char *body = memmem(bytes, length, "\xff\xfe", 2); // curl keeps the headers before it
    cr_assert(body);
    *file = signer_read_file(body, length - (size_t)(body - bytes));
    return page;
}

// The token in it is nowhere in the broker once the file is with its person.
Test(portal, gives_a_file_for_rdp_programs_and_forgets_it)
{
    static const char before[] = "gatewayaccesstoken:s:";
    char token[CHANNEL_TOKEN_SIZE];
    char *file = NULL;
    log_on("jar", right);
    const char *headers = fetch_file("jar", &file);
    EXPECT_IN(headers, "HTTP/1.1 200");
    EXPECT_IN(headers, "content-type: application/x-rdp");
    EXPECT_IN(headers, "content-disposition: attachment; filename=\"desktop.rdp\"");
    EXPECT_IN(headers, "cache-control: no-store");
    cr_expect(signer_has_line(file, "gatewayhostname:s:gw.example:443"), "%s", file);
    cr_expect(signer_has_line(file, "username:s:anna"), "%s", file);
    const char *at = strstr(file, before);
    cr_assert(at, "%s", file);
    snprintf(token, sizeof token, "%s", at + sizeof before - 1);
    cr_assert_eq(strlen(token), CHANNEL_TOKEN_SIZE - 1);
    cr_expect_not(portal_remembers(token));
    free(file);
}

// Nothing of the broker's own methods is there, and no page at their ports.
Test(portal, has_a_port_for_itself)
{
    struct program_result said;
    char line[256];
    EXPECT_IN(portal_visit("jar", "", "/healthz"), "HTTP/1.1 404");
    EXPECT_IN(portal_visit("jar", "", "/v1/status"), "HTTP/1.1 404");
    EXPECT_IN(portal_visit("jar", "-d {}", "/v1/admin/logon"), "HTTP/1.1 404");
    snprintf(line, sizeof line, "curl -sS -i --cacert %s/broker.crt https://localhost:%d/desktops", portal_folder,
             PORTAL_PUBLIC_PORT);
    program_run(&said, line, "");
    EXPECT_IN(said.out, "HTTP/1.1 404");
}

Test(portal, is_reached_through_a_gateway_alone)
{
    struct program_result said;
    char line[256];
    snprintf(line, sizeof line, "curl -sS --cacert %s/broker.crt https://localhost:%d/", portal_folder,
             PORTAL_GATEWAY_PORT);
    program_run(&said, line, "");
    cr_assert_neq(said.exit_code, 0, "%s", said.out);
}
