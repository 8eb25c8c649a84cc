// SPDX-License-Identifier: EUPL-1.2
// The first day of a district: an administrator with a fresh broker, pultctl and a file.
#include "broker/store/sqlite.h"
#include "tests/e2e/lone_broker.h"
#include "tests/program.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char line[512];

static void start(void)
{
    lone_broker_open("admin-ca = %1$s/tls/ca.crt\n");
}

TestSuite(administrator, .init = start, .fini = lone_broker_close, .timeout = 200);

static const char hall[] =
    "tenants:\n"
    "  - {id: kreis, name: Landkreis, district: yes, servers: [ldaps://l.kreis.example], user_base: dc=k, bind_dn: "
    "cn=p}\n"
    "  - {id: neustadt, name: Neustadt, servers: [ldaps://l.neustadt.example], user_base: dc=n, bind_dn: cn=p}\n"
    "devices:\n"
    "  - {id: neustadt/desk1, site: neustadt/hall, room: Room 101}\n"
    "hosts:\n"
    "  - id: neustadt/ts1\n"
    "    pool: neustadt/ts\n"
    "    address: 10.9.9.9\n"
    "    port: 3389\n"
    "    weight: 100\n"
    "    max_sessions: 40\n"
    "    fingerprint: \"0000000000000000000000000000000000000000000000000000000000000000\"\n"
    "pools:\n"
    "  - {id: neustadt/ts, name: Terminal servers, kind: terminal-server}\n"
    "sites:\n"
    "  - {id: neustadt/hall, name: Town hall}\n"
    "profiles:\n"
    "  - {id: neustadt/office, name: Office, pool: neustadt/ts, days: [mon, tue]}\n"
    "assignments:\n"
    "  - {id: neustadt/staff, profile: neustadt/office, group: staff, priority: 1}\n";

static void log_on_and_apply(void)
{
    lone_must("login --token-stdin", lone.token);
    lone_must("apply -f - --yes", hall);
}

Test(administrator, logs_on_once_with_the_first_token)
{
    cr_assert_eq(lone_pultctl("status", NULL), 4);
    cr_assert_eq(lone_pultctl("login --token-stdin", "wrong\n"), 4);
    lone_must("login --token-stdin", lone.token);
    cr_assert(lone_shows("district"), "%s", lone.said.out);
    lone_must("status", NULL);
    cr_assert_eq(lone_pultctl("login --token-stdin", lone.token), 4);
    lone_must("logout", NULL);
    cr_assert_eq(lone_pultctl("status", NULL), 4);
}

Test(administrator, sets_up_a_town_hall_from_a_file)
{
    lone_must("login --token-stdin", lone.token);
    cr_assert_eq(lone_pultctl("apply -f -", hall), 5);
    lone_must("host list", NULL);
    cr_assert(lone_shows("There are none."), "%s", lone.said.out);
    lone_must("apply -f - --yes", hall);
    lone_must("host list", NULL);
    cr_assert(lone_shows("neustadt/ts1"), "%s", lone.said.out);
    lone_must("apply -f - --dry-run", hall);
    cr_assert(lone_shows("Nothing to do: everything is as in the file."), "%s", lone.said.out);
}

Test(administrator, changes_one_thing_at_a_time)
{
    log_on_and_apply();
    lone_must("host set neustadt/ts1 max_sessions=60", NULL);
    lone_must("host show neustadt/ts1", NULL);
    cr_assert(lone_shows("max_sessions   60"), "%s", lone.said.out);
    cr_assert(lone_shows("weight         100"), "%s", lone.said.out);
    lone_must("profile set neustadt/office days= hours=06:00-20:00", NULL);
    lone_must("--json profile show neustadt/office", NULL);
    cr_assert(lone_shows("\"days\":[]"), "%s", lone.said.out);
    cr_assert_eq(lone_pultctl("profile set neustadt/office hours=late", NULL), 1, "%s", lone.said.out);
    cr_assert_eq(lone_pultctl("tenant remove neustadt", NULL), 1);
    cr_assert_eq(lone_pultctl("pool remove neustadt/ts", NULL), 1);
    cr_assert(strstr(lone.said.err, "host neustadt/ts1, profile neustadt/office: remove or change first"), "%s",
              lone.said.err);
    cr_assert_eq(lone_pultctl("host add neustadt/ts2 pool=neustadt/ts weight=1", NULL), 2);
    cr_assert(strstr(lone.said.err, "address= port= max_sessions="), "%s", lone.said.err);
    lone_must("site add neustadt/yard name=Yard", NULL);
    lone_must("site remove neustadt/yard", NULL);
}

// A request as a program would send it, with the logon that pultctl keeps; what comes back is in lone.said.out.
static bool asks(const char *request, const char *headers, const char *body, const char *answer)
{
    static char text[4096];
    char kept[1024] = "", path[200];
    snprintf(path, sizeof path, "%s/run/pult/127.0.0.1_8443", lone.town);
    FILE *file = fopen(path, "re");
    cr_assert(file && fgets(kept, sizeof kept, file));
    fclose(file);
    char *start = strstr(kept, "\"token\":\"");
    cr_assert(start);
    snprintf(text, sizeof text,
             "%s HTTP/1.1\r\nhost: broker\r\nauthorization: Bearer %.64s\r\ncontent-length: %zu\r\n"
             "connection: close\r\n%s\r\n%s",
             request, start + 9, strlen(body), headers, body);
    program_run(&lone.said, "timeout 10 openssl s_client -quiet -connect 127.0.0.1:8443", text);
    cr_assert_neq(lone.said.exit_code, 124, "the broker keeps the connection open: %s", lone.said.out);
    return lone_shows(answer);
}

#define ENTRY "PUT /v1/administrators/neustadt/backup?accept="
Test(administrator, accepts_no_refusal_that_there_is_not)
{
    char body[200];
    snprintf(body, sizeof body, "{\"name\":\"Backup\",\"certificate\":\"%064d\"}", 7);
    log_on_and_apply();
    cr_assert(asks(ENTRY "everything", "", body, " 400 "), "%s", lone.said.out);
    cr_assert(asks("DELETE /v1/administrators/neustadt/backup?accept=own", "", "", " 400 "), "%s", lone.said.out);
    cr_assert(asks("POST /v1/apply", "", "{\"objects\":[],\"accept\":\"everything\"}", " 400 "), "%s", lone.said.out);
    cr_assert(lone_shows("accept"), "%s", lone.said.out);
    cr_assert(asks(ENTRY "own-rights", "", body, " 200 "), "%s", lone.said.out);
    cr_assert(asks(ENTRY "nothing", "", body, " 200 "), "%s", lone.said.out);
    cr_assert(asks(ENTRY, "", body, " 200 "), "%s", lone.said.out);
}

Test(administrator, changes_nothing_that_somebody_else_changed_meanwhile)
{
    char condition[128];
    log_on_and_apply();
    cr_assert(asks("GET /v1/sites/neustadt/hall", "", "", "etag: \""), "%s", lone.said.out);
    snprintf(condition, sizeof condition, "if-match: %.34s\r\n", strstr(lone.said.out, "etag: ") + 6);
    lone_must("site set neustadt/hall name=Rathaus", NULL);
    cr_assert(asks("PUT /v1/sites/neustadt/hall", condition, "{\"name\":\"Mine\"}", " 412 "), "%s", lone.said.out);
    cr_assert(lone_shows("urn:pult:precondition-failed"), "%s", lone.said.out);
    cr_assert(asks("PUT /v1/sites/neustadt/hall", "if-none-match: *\r\n", "{\"name\":\"Mine\"}", " 412 "));
    cr_assert(asks("PUT /v1/sites/neustadt/none", "if-match: *\r\n", "{\"name\":\"Mine\"}", " 412 "));
    lone_must("site show neustadt/hall", NULL);
    cr_assert(lone_shows("Rathaus"), "%s", lone.said.out);
    lone_must("site add neustadt/yard name=Yard", NULL);
    cr_assert(asks("DELETE /v1/sites/neustadt/yard", condition, "", " 412 "), "%s", lone.said.out);
    cr_assert(asks("GET /v1/sites/neustadt/yard", "", "", "etag: \""), "%s", lone.said.out);
    snprintf(condition, sizeof condition, "if-match: %.34s, \"other\"\r\n", strstr(lone.said.out, "etag: ") + 6);
    cr_assert(asks("PUT /v1/sites/neustadt/yard", condition, "{\"name\":\"Mine\"}", " 200 "), "%s", lone.said.out);
    cr_assert(asks("DELETE /v1/sites/neustadt/yard", condition, "", " 412 "), "%s", lone.said.out);
}

Test(administrator, drains_a_host)
{
    log_on_and_apply();
    lone_must("host drain neustadt/ts1", NULL);
    lone_must("host set neustadt/ts1 weight=50", NULL);
    lone_must("--json host show neustadt/ts1", NULL);
    cr_assert(lone_shows("\"draining\":true"), "%s", lone.said.out);
    lone_must("host undrain neustadt/ts1", NULL);
    lone_must("--json host show neustadt/ts1", NULL);
    cr_assert(lone_shows("\"draining\":false"), "%s", lone.said.out);
}

Test(administrator, finds_it_all_again_after_a_restart)
{
    log_on_and_apply();
    lone_must("device enrol-token neustadt/desk1", NULL);
    // 24 bytes, and where the broker is; it does not show the CA of its certificate here.
    cr_assert_str_eq(lone.said.out + 48, "@127.0.0.1:8443\n", "%s", lone.said.out);
    lone_broker_stop();
    cr_assert_eq(lone_pultctl("device list", NULL), 3);
    lone_broker_start();
    cr_assert_eq(lone_pultctl("device list", NULL), 4);
}

static void appended(void *arg, enum store_outcome outcome, const struct fault *why)
{
    cr_assert_eq(outcome, STORE_DURABLE, "%s", why->text);
    loop_stop(arg);
}

static void add_event(const struct store_port *store, struct loop *loop, const char *payload,
                      const struct store_person *person)
{
    struct store_head head;
    store->head(store->self, &head);
    struct store_event event = {
        .seq = head.seq + 1, .at_ms = head.at_ms, .payload = payload, .length = strlen(payload)};
    struct store_batch batch = {&event, 1, person, person ? 1 : 0};
    store->append(store->self, &batch, appended, loop);
    loop_run(loop);
}

// What is on the disk when the broker ends between the event and the erasing.
static void leave_a_name_over(void)
{
    char data[200];
    struct fault why;
    struct store_person person = {.id = "neustadt/p-1", .key = "k", .user_name = "zacharias", .name = "Zacharias"};
    struct loop *loop = loop_new();
    snprintf(data, sizeof data, "%s/data", lone.town);
    struct store_port store = store_open_sqlite(&(struct chain_config){.folder = data}, loop);
    cr_assert(store.open(store.self, &why), "%s", why.text);
    add_event(&store, loop, "{\"v\":1,\"type\":\"person.first_logon\",\"record\":{\"id\":\"neustadt/p-1\"}}", &person);
    add_event(&store, loop, "{\"v\":1,\"type\":\"person.erased\",\"id\":\"neustadt/p-1\"}", NULL);
    store.close(store.self);
    loop_free(loop);
}

Test(administrator, finds_no_name_that_was_to_go_when_the_broker_ended)
{
    lone_broker_stop();
    leave_a_name_over();
    snprintf(line, sizeof line, "grep -rqi zacharias %s/data", lone.town);
    program_run(&lone.said, line, NULL);
    cr_assert_eq(lone.said.exit_code, 0, "the name is not there to begin with");
    lone_broker_start();
    lone_write("gone", "while grep -rqi zacharias $(dirname $0)/data; do sleep 0.05; done\n");
    snprintf(line, sizeof line, "timeout 10 sh %s/gone", lone.town);
    program_run(&lone.said, line, NULL);
    cr_assert_eq(lone.said.exit_code, 0, "the name is still in the files");
    lone_must("login --token-stdin", lone.token);
    lone_must("event list --after 0", NULL);
    cr_assert(lone_shows("person.erased"), "%s", lone.said.out);
}

Test(administrator, reads_the_journal)
{
    log_on_and_apply();
    lone_must("event list --last 2", NULL);
    cr_assert(lone_shows("device.set"), "%s", lone.said.out);
    cr_assert_not(lone_shows("admin.logged_on"));
    lone_must("event list --after 0", NULL);
    cr_assert(lone_shows("admin.logged_on"), "%s", lone.said.out);
    cr_assert(lone_shows("neustadt/staff"), "%s", lone.said.out);
}

// ---- by certificate

// issue NAME AUTHORITY KEY DAYS: NAME.crt and NAME.key for somebody; DAYS below 0: a certificate that has ended.
// OpenSSL 3.5 issues none that ends before it begins, and takes both dates instead.
static const char issue_script[] = "set -e\ncd $(dirname $0)\n"
                                   "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.key "
                                   "-out $1.csr -subj /CN=$1\n"
                                   "when=\"-days $4\"\n"
                                   "if [ $4 -lt 0 ] && openssl x509 -help 2>&1 | grep -q not_before; then\n"
                                   "  when='-not_before 20200101000000Z -not_after 20200102000000Z'\n"
                                   "fi\n"
                                   "openssl x509 -req -in $1.csr -CA $2 -CAkey $3 -CAcreateserial $when -out $1.crt\n";

static void issue(const char *name, const char *authority, const char *key, int days)
{
    lone_write("issue", issue_script);
    snprintf(line, sizeof line, "sh %s/issue %s %s/%s %s/%s %d", lone.town, name, lone.town, authority, lone.town, key,
             days);
    program_run(&lone.said, line, NULL);
    cr_assert_eq(lone.said.exit_code, 0, "%s", lone.said.err);
}

static void list_administrator(const char *id, const char *certificate)
{
    char words[300];
    snprintf(words, sizeof words, "administrator add %s name=Somebody certificate=@%s/%s.crt", id, lone.town,
             certificate);
    lone_must(words, NULL);
}

// pultctl by certificate, without any logon.
static int shows_certificate(const char *certificate, const char *words)
{
    char all[400];
    snprintf(all, sizeof all, "--certificate %s/%s.crt --key %s/%s.key %s", lone.town, certificate, lone.town,
             certificate, words);
    return lone_pultctl(all, NULL);
}

static void hire(void)
{
    issue("kreis", "tls/ca.crt", "tls/ca.key", 2);
    issue("anna", "tls/ca.crt", "tls/ca.key", 2);
    log_on_and_apply();
    list_administrator("kreis/kim", "kreis");
    list_administrator("neustadt/anna", "anna");
}

Test(administrator, comes_by_a_certificate_and_sees_the_own_tenant_only)
{
    hire();
    lone_must("logout", NULL);
    cr_assert_eq(shows_certificate("kreis", "tenant list"), 0, "%s", lone.said.err);
    cr_assert(lone_shows("kreis ") && lone_shows("neustadt"), "%s", lone.said.out);
    cr_assert_eq(shows_certificate("anna", "tenant list"), 0, "%s", lone.said.err);
    cr_assert_not(lone_shows("kreis"), "%s", lone.said.out);
    cr_assert_eq(shows_certificate("anna", "site set neustadt/hall name=Rathaus"), 0, "%s", lone.said.err);
    cr_assert_eq(shows_certificate("anna", "tenant show kreis"), 1, "%s", lone.said.out);
    cr_assert_eq(shows_certificate("kreis", "event list --last 1"), 0, "%s", lone.said.err);
    cr_assert(lone_shows("admin neustadt/anna by certificate"), "%s", lone.said.out);
}

Test(administrator, of_a_tenant_makes_no_administrators)
{
    hire();
    lone_must("logout", NULL);
    cr_assert_eq(shows_certificate("anna", "administrator list"), 0, "%s", lone.said.err);
    cr_assert(lone_shows("neustadt/anna") && !lone_shows("kreis/kim"), "%s", lone.said.out);
    cr_assert_eq(shows_certificate("anna", "administrator remove neustadt/anna"), 4);
    cr_assert_eq(shows_certificate("anna", "administrator set neustadt/anna name=Me"), 4);
    cr_assert_eq(shows_certificate("anna", "administrator show kreis/kim"), 1);
}

Test(administrator, who_is_removed_is_out_at_once)
{
    hire();
    cr_assert_eq(shows_certificate("anna", "status"), 0, "%s", lone.said.err);
    lone_must("administrator remove neustadt/anna", NULL);
    cr_assert_eq(shows_certificate("anna", "status"), 4, "%s", lone.said.err);
    cr_assert(strstr(lone.said.err, "No administrator has the certificate"), "%s", lone.said.err);
}

Test(administrator, proves_nothing_by_an_expired_or_foreign_certificate)
{
    hire();
    issue("late", "tls/ca.crt", "tls/ca.key", -1);
    issue("foreign", "other/tls/ca.crt", "other/tls/ca.key", 2);
    list_administrator("kreis/late", "late");
    list_administrator("kreis/foreign", "foreign");
    cr_assert_eq(shows_certificate("late", "status"), 3, "%s%s", lone.said.out, lone.said.err);
    cr_assert(strstr(lone.said.err, "has expired"), "%s", lone.said.err);
    cr_assert_eq(shows_certificate("foreign", "status"), 3, "%s%s", lone.said.out, lone.said.err);
    cr_assert(strstr(lone.said.err, "certificates signed by the broker's admin-ca"), "%s", lone.said.err);
}

// ask: two requests on one connection, the second after the certificate's end.
static const char short_script[] =
    "set -e\ncd $(dirname $0)\n: >index\necho 01 >serial\n"
    "printf '[ca]\\ndefault_ca=d\\n[d]\\ndatabase=index\\nnew_certs_dir=.\\nserial=serial\\ndefault_md=sha256\\n"
    "policy=p\\n[p]\\ncommonName=supplied\\n' >ca.conf\n"
    "openssl ca -batch -notext -config ca.conf -in anna.csr -cert tls/ca.crt -keyfile tls/ca.key -out short.crt "
    "-startdate $(date -u -d -1hour +%Y%m%d%H%M%SZ) -enddate $(date -u -d +8sec +%Y%m%d%H%M%SZ)\n";
static const char ask_script[] =
    "cd $(dirname $0)\nask() { printf \"GET /v1/status HTTP/1.1\\r\\nhost: b\\r\\n$1\\r\\n\"; }\n"
    "(ask; sleep 9; ask 'connection: close\\r\\n') | openssl s_client -quiet -connect 127.0.0.1:8445 -cert short.crt "
    "-key anna.key\n";

Test(administrator, is_out_when_the_certificate_ends_even_on_a_kept_connection)
{
    issue("anna", "tls/ca.crt", "tls/ca.key", 2);
    log_on_and_apply();
    lone_write("short", short_script);
    lone_write("ask", ask_script);
    snprintf(line, sizeof line, "sh %s/short", lone.town);
    program_run(&lone.said, line, NULL);
    cr_assert_eq(lone.said.exit_code, 0, "%s", lone.said.err);
    list_administrator("neustadt/anna", "short");
    snprintf(line, sizeof line, "sh %s/ask", lone.town);
    program_run(&lone.said, line, NULL);
    char *first = strstr(lone.said.out, "HTTP/1.1 200"), *second = strstr(lone.said.out, "HTTP/1.1 401");
    cr_assert(first && second && first < second, "%s%s", lone.said.out, lone.said.err);
}

Test(administrator, is_never_a_device_and_a_device_never_an_administrator)
{
    hire();
    issue("desk", "data/device-ca.pem", "data/device-ca.key", 2);
    list_administrator("kreis/desk", "desk");
    cr_assert_eq(shows_certificate("desk", "status"), 3, "%s%s", lone.said.out, lone.said.err);
    setenv("PULT_BROKER", "127.0.0.1:8444", 1);
    cr_assert_eq(shows_certificate("kreis", "status"), 3, "%s%s", lone.said.out, lone.said.err);
    cr_assert_eq(shows_certificate("desk", "status"), 4, "%s%s", lone.said.out, lone.said.err);
    setenv("PULT_BROKER", "127.0.0.1:8443", 1);
    cr_assert_eq(shows_certificate("kreis", "status"), 4, "%s%s", lone.said.out, lone.said.err);
}

Test(administrator, has_a_certificate_of_their_own)
{
    char words[300];
    hire();
    snprintf(words, sizeof words, "administrator add neustadt/bert name=Bert certificate=@%s/anna.crt", lone.town);
    cr_assert_eq(lone_pultctl(words, NULL), 1, "%s", lone.said.out);
    cr_assert(strstr(lone.said.err, "another administrator already has this one"), "%s", lone.said.err);
    cr_assert_eq(lone_pultctl("administrator add neustadt/bert name=Bert certificate=", NULL), 1, "%s", lone.said.out);
    cr_assert_eq(shows_certificate("anna", "login"), 2, "%s", lone.said.err);
}

Test(administrator, is_asked_before_the_own_right_goes)
{
    static const char *const takes[] = {"administrator remove kreis/kim",
                                        "administrator set kreis/kim certificate="
                                        "0000000000000000000000000000000000000000000000000000000000000001",
                                        "tenant set kreis district=no", "--json tenant set kreis district=no"};
    hire();
    lone_must("tenant set neustadt district=yes", NULL);
    for (size_t i = 0; i < sizeof takes / sizeof *takes; i++) {
        cr_assert_eq(shows_certificate("kreis", takes[i]), 5, "%s: %s%s", takes[i], lone.said.out, lone.said.err);
        cr_assert(strstr(lone.said.err, "take the right to administer from yourself"), "%s", lone.said.err);
        cr_assert(strstr(lone.said.err, "no terminal to ask on, and no --yes"), "%s", lone.said.err);
    }
    snprintf(line, sizeof line,
             "admin-tool/pultctl --certificate %s/kreis.crt --key %s/kreis.key tenant set kreis district=no", lone.town,
             lone.town);
    program_at_terminal(&lone.said, line, "Continue?", "n\n");
    cr_assert_eq(lone.said.exit_code, 5);
    cr_assert_eq(shows_certificate("kreis", "tenant list"), 0, "%s", lone.said.err);
    cr_assert(lone_shows("neustadt"), "still the district: %s", lone.said.out);
    program_at_terminal(&lone.said, line, "Continue?", "y\n");
    cr_assert_eq(lone.said.exit_code, 0, "%s", lone.said.out);
    cr_assert_eq(shows_certificate("kreis", "tenant show neustadt"), 1, "%s", lone.said.out);
}

Test(administrator, says_yes_to_losing_the_own_right)
{
    hire();
    cr_assert_eq(shows_certificate("kreis", "administrator remove kreis/kim --yes"), 0, "%s", lone.said.err);
    cr_assert_eq(shows_certificate("kreis", "status"), 4, "%s", lone.said.err);
}

Test(administrator, sees_the_own_loss_in_a_plan)
{
    static const char file[] = "administrators:\n  - {id: kreis/kim, name: Kim, certificate: "
                               "\"0000000000000000000000000000000000000000000000000000000000000001\"}\n";
    hire();
    lone_write("loss.yaml", file);
    char words[200];
    snprintf(words, sizeof words, "apply -f %s/loss.yaml", lone.town);
    cr_assert_eq(shows_certificate("kreis", words), 5, "%s", lone.said.err);
    cr_assert(strstr(lone.said.out, "WARNING: this is about your own right to administer."), "%s", lone.said.out);
    snprintf(words, sizeof words, "apply -f %s/loss.yaml --yes", lone.town);
    cr_assert_eq(shows_certificate("kreis", words), 0, "%s", lone.said.err);
    cr_assert_eq(shows_certificate("kreis", "status"), 4, "%s", lone.said.err);
}

Test(administrator, is_not_vouched_for_by_the_devices_authority)
{
    lone_broker_stop();
    lone_broker_configure("admin-ca = %1$s/data/device-ca.pem\n");
    cr_assert_eq(lone_broker_runs(""), 1);
    cr_assert(strstr(lone.said.err, "the CA of the devices"), "%s", lone.said.err);
}
