// SPDX-License-Identifier: EUPL-1.2
// The broker's own certificate comes to its end, is renewed without a restart, and what is wrong with it is said before
// and after.
#include "tests/e2e/lone_broker.h"
#include "tests/e2e/story.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void start(void)
{
    lone_broker_open("admin-ca = %1$s/tls/ca.crt\n");
}

TestSuite(own_certificate, .init = start, .fini = lone_broker_close, .timeout = 200);
TestSuite(own_certificate_in_town, .fini = story_close, .timeout = 400);

// issue NAME DAYS: DIR/tls/NAME.crt and .key, for this machine, by the authority that everybody here trusts.
static const char issue_script[] =
    "set -e\ncd $(dirname $0)/tls\n"
    "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.key.new -out $1.csr -subj /CN=$1\n"
    "printf 'subjectAltName=IP:127.0.0.1' >extensions\n"
    "openssl x509 -req -in $1.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days $2 -extfile extensions -out $1.crt\n"
    "mv $1.key.new $1.key\n";

static void shell(const char *form)
{
    char line[1024];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(line, sizeof line, form, lone.town);
#pragma GCC diagnostic pop
    program_shell(line);
}

static void issue(const char *name, int days)
{
    char line[300];
    lone_write("issue", issue_script);
    snprintf(line, sizeof line, "sh %s/issue %s %d 2>/dev/null", lone.town, name, days);
    program_shell(line);
}

// It says in its log that it has read them again, or that it has not.
static void reload(const char *word)
{
    shell(": >%s/broker.log");
    kill(lone.pid, SIGHUP);
    lone_soon_logs(word);
}

static void serial_shown(int port, char serial[128])
{
    char line[300];
    lone_write("show", "openssl s_client -connect 127.0.0.1:$1 </dev/null 2>/dev/null | openssl x509 -noout -serial\n");
    snprintf(line, sizeof line, "sh %s/show %d", lone.town, port);
    program_run(&lone.said, line, "");
    snprintf(serial, 128, "%.120s", lone.said.out);
    cr_assert(strstr(serial, "serial="), "port %d shows nothing: %s", port, lone.said.err);
}

Test(own_certificate, is_served_anew_after_hup_at_each_port)
{
    static const int ports[] = {8443, 8444, 8445};
    char before[3][128], after[128];
    for (int i = 0; i < 3; i++)
        serial_shown(ports[i], before[i]);
    issue("broker", 90);
    reload("were read again");
    for (int i = 0; i < 3; i++) {
        serial_shown(ports[i], after);
        cr_assert_str_neq(after, before[i], "port %d", ports[i]);
    }
    lone_must("login --token-stdin", lone.token);
}

Test(own_certificate, that_is_broken_is_not_taken_and_the_one_before_is_kept)
{
    char before[128], after[128];
    lone_must("login --token-stdin", lone.token);
    serial_shown(8443, before);
    issue("other", 90);
    shell("cp %1$s/tls/broker.key %1$s/kept.key && cp %1$s/tls/other.key %1$s/tls/broker.key");
    reload("what was in use is kept");
    cr_assert(lone_logs("is not the key of the certificate"));
    serial_shown(8443, after);
    cr_assert_str_eq(after, before);
    lone_must("status", NULL);
    cr_assert(lone_shows("keeps its certificate") && lone_shows("is not the key"), "%s", lone.said.out);
    shell("cp %1$s/kept.key %1$s/tls/broker.key");
    reload("were read again");
    lone_must("status", NULL);
    cr_assert_not(lone_shows("keeps its certificate"), "%s", lone.said.out);
}

Test(own_certificate, of_administrators_authority_is_not_replaced_by_nothing)
{
    shell("cp %1$s/tls/ca.crt %1$s/kept.crt && : >%1$s/tls/ca.crt");
    reload("what was in use is kept");
    cr_assert(lone_logs("admin-ca"));
    shell("cp %1$s/kept.crt %1$s/tls/ca.crt");
    reload("were read again");
}

Test(own_certificate, is_spoken_of_from_thirty_days_before_its_end)
{
    lone_must("login --token-stdin", lone.token);
    issue("broker", 32);
    reload("were read again");
    lone_must("status", NULL);
    cr_assert_not(lone_shows("broker's certificate is valid until"), "%s", lone.said.out);
    issue("broker", 29);
    reload("the broker's own certificate expires on");
    lone_must("status", NULL);
    cr_assert(lone_shows("WARNING: the broker's certificate is valid until"), "%s", lone.said.out);
    cr_assert_eq(lone_broker_runs("--check"), 0, "%s", lone.said.err);
    cr_assert(strstr(lone.said.err, "expires on"), "%s", lone.said.err);
}

// ---- the check before the start

static void check_says(int code, const char *words)
{
    cr_assert_eq(lone_broker_runs("--check"), code, "%s%s", lone.said.out, lone.said.err);
    cr_assert(strstr(lone.said.err, words), "%s", lone.said.err);
}

Test(own_certificate, is_checked_against_its_key)
{
    issue("other", 90);
    shell("cp %1$s/tls/other.key %1$s/tls/broker.key");
    check_says(1, "is not the key of the certificate");
    shell("openssl ec -in %1$s/tls/other.key -aes256 -passout pass:x -out %1$s/tls/broker.key 2>/dev/null");
    check_says(1, "no key in it, or one with a passphrase");
    shell(": >%1$s/tls/broker.crt");
    check_says(1, "no certificate in it");
}

Test(own_certificate, is_checked_as_the_user_who_runs_the_broker)
{
    lone_broker_stop();
    shell("chmod 755 %1$s %1$s/tls && chown -R nobody %1$s/data %1$s/credentials && chmod 644 %1$s/tls/*.crt && "
          "chmod 600 %1$s/tls/broker.key");
    check_says(1, "broker.key: Permission denied");
    shell("chown nobody %1$s/tls/broker.key");
    check_says(0, "");
}

// The one that signs the files of RDP programs.
Test(own_certificate, that_signs_files_is_checked_and_read_again_as_well)
{
    char locale[600];
    snprintf(locale, sizeof locale, "%s/locale", getenv("PULT_BUILD"));
    setenv("PULT_LOCALE_DIR", locale, 1);
    lone_broker_stop();
    issue("rdp", 29);
    shell("printf 'portal-dir = %%s/portal\\nrdp-certificate = %1$s/tls/rdp.crt\\nrdp-key = %1$s/tls/rdp.key\\n' "
          "$(realpath $PULT_BUILD) >>%1$s/broker.conf");
    check_says(0, "rdp-certificate:");
    lone_broker_start();
    lone_soon_logs("the certificate that signs .rdp files (rdp-certificate) expires on");
    lone_must("login --token-stdin", lone.token);
    lone_must("status", NULL);
    cr_assert(lone_shows("WARNING: the certificate that signs .rdp files is valid until"), "%s", lone.said.out);
    issue("other", 90);
    shell("cp %1$s/tls/other.key %1$s/tls/rdp.key");
    check_says(1, "rdp-certificate, rdp-key: ");
    reload("rdp-certificate, rdp-key: ");
    lone_must("status", NULL);
    cr_assert(lone_shows("is not the key"), "%s", lone.said.out);
    issue("rdp", 90);
    check_says(0, "");
    reload("were read again");
    lone_must("status", NULL);
    cr_assert_not(lone_shows(".rdp files") || lone_shows("is not the key"), "%s", lone.said.out);
}

static void take_port(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    int taken = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(taken, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(taken, 1), 0);
}

Test(own_certificate, is_not_all_that_is_checked_ports_are_too)
{
    check_says(0, "a broker is running and has the ports");
    lone_broker_stop();
    check_says(0, "");
    take_port(8444);
    check_says(1, "device-port: cannot listen on 127.0.0.1 port 8444");
    take_port(8445);
    check_says(1, "admin-port: cannot listen on 127.0.0.1 port 8445");
}

// ---- of the broker's own make

static pid_t print_server;

static void close_own_make(void)
{
    if (print_server)
        program_stop(print_server);
    lone_broker_close();
}

TestSuite(certificate_of_own_make, .fini = close_own_make, .timeout = 200);

static const char print_server_settings[] =
    "tenants:\n"
    "  - {id: kreis, name: Kreis, district: yes, servers: [ldaps://l.kreis.example], user_base: dc=k, bind_dn: cn=p}\n"
    "print-servers:\n"
    "  - {id: kreis/print, address: print.kreis.example, port: 8631}\n";

// Everybody knows it by what the broker made itself.
static void open_own_make(void)
{
    char path[200];
    lone_broker_open("");
    lone_broker_stop();
    shell("sed -i '/^certificate/d; /^key/d; 1i name = localhost' %1$s/broker.conf");
    lone_broker_start();
    snprintf(path, sizeof path, "%s/data/device-ca.pem", lone.town);
    setenv("PULT_CA", path, 1);
    setenv("PULT_BROKER", "localhost", 1);
    lone_must("login --token-stdin", lone.token);
    lone_must("apply -f - --yes", print_server_settings);
}

// By one word that tells where the broker is and whom to trust.
static void start_print_server(void)
{
    char line[300], log[200];
    lone_must("print-server enrol-token kreis/print", NULL);
    lone_write("token", lone.said.out);
    shell("mkdir -m 700 %1$s/print && printf 'state-dir = %1$s/print\\nrun-dir = %1$s/print\\n' >%1$s/print.conf");
    snprintf(line, sizeof line, "broker/pult-print/pult-print --config %1$s/print.conf --enrol --token-file %1$s/token",
             lone.town);
    program_run(&lone.said, line, NULL);
    cr_assert_eq(lone.said.exit_code, 0, "%s%s", lone.said.out, lone.said.err);
    snprintf(line, sizeof line, "broker/pult-print/pult-print --config %s/print.conf", lone.town);
    snprintf(log, sizeof log, "%s/print.log", lone.town);
    print_server = program_start(line, log);
    lone_soon_logs("kreis/print: print server connected");
}

static void come_back(void)
{
    shell(": >%s/broker.log");
    lone_broker_start();
    lone_soon_logs("kreis/print: print server connected");
}

Test(certificate_of_own_make, is_followed_by_a_machine_that_runs_when_its_authority_is_renewed)
{
    open_own_make();
    start_print_server();
    shell("cmp %1$s/data/device-ca.pem %1$s/print/broker-ca.pem && cp %1$s/print/broker-ca.pem %1$s/known.pem");
    lone_broker_stop();
    // Near its end, it is made again by the same key when the broker starts.
    shell("cd %1$s/data && openssl x509 -in device-ca.pem -signkey device-ca.key -days 30 -out near && mv near "
          "device-ca.pem");
    come_back();
    // The broker logs the connection before the print server has kept what it hears on it.
    shell(
        "i=0; until cmp -s %1$s/data/device-ca.pem %1$s/print/broker-ca.pem || [ $((i += 1)) -gt 600 ]; do sleep 0.1; "
        "done; ! cmp -s %1$s/data/device-ca.pem %1$s/known.pem && "
        "cmp %1$s/data/device-ca.pem %1$s/print/broker-ca.pem");
    // It goes on by either: what the authority signed before is good by the renewed certificate, too.
    lone_broker_stop();
    come_back();
}

// ---- with a device on its line

Test(own_certificate_in_town, is_replaced_under_a_link_that_stays)
{
    story_open("--tenant altdorf --host none --desk none");
    place_runs("broker", "tests/e2e/reload");
}
