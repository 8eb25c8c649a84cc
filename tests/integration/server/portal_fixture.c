// SPDX-License-Identifier: EUPL-1.2
#include "tests/integration/server/portal_fixture.h"
#include "broker/base/base64.h"
#include "broker/base/clock.h"
#include "broker/calls/logon_history.h"
#include "broker/calls/portal.h"
#include "broker/calls/print_messages.h"
#include "broker/net/certificate.h"
#include "broker/server/server.h"
#include "broker/server/ticket_keys.h"
#include "tests/integration/server/passer.h"
#include "tests/network.h"
#include "tests/unit/calls/calls_fixture.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SETTLE_MS = 2 };

char portal_folder[FOLDER_SIZE];
static pid_t server_pid, passer_pid;

// ---- who may log on

static const struct store_person anna = {
    .id = "neustadt/p-a", .key = "1", .user_name = "anna", .name = "Anna <b>Šimić</b>"};

struct answer_later {
    outside_logon_done *done;
    void *arg;
    bool right;
};

static void answer_logon(void *arg)
{
    struct answer_later *later = arg;
    later->done(later->arg, later->right ? REFUSAL_NONE : REFUSAL_WRONG_PASSWORD, 0, later->right ? &anna : NULL);
    free(later);
}

// Of a passkey this looks whether all of it has come, and for this page's question.
static void ask_passkey(const struct services *services, const char *holder, char text[DIGEST_SIZE])
{
    (void)services;
    text_put(text, DIGEST_SIZE, holder);
}

static bool passkey_answers(const struct outside_logon_input *input)
{
    unsigned char said[2048], question[(DIGEST_SIZE - 1) / 2];
    char wanted[64], expected[96];
    size_t length = sizeof said - 1;
    if (!text_equal(input->challenge, input->holder) || !text_unhex(question, sizeof question, input->holder) ||
        !base64_encode_url(wanted, sizeof wanted, question, sizeof question) ||
        !base64_decode(said, &length, input->client_data))
        return false;
    said[length] = 0;
    snprintf(expected, sizeof expected, "\"challenge\":\"%s\"", wanted);
    return strstr((const char *)said, expected) && text_equal(input->passkey, PORTAL_PASSKEY) &&
           strlen(input->authenticator_data) > 40 && strlen(input->signature) > 40;
}

static void log_on(struct services *services, struct outside_logon_input *input, outside_logon_done *done, void *arg)
{
    struct answer_later *later = mem_new(1, sizeof *later);
    later->done = done;
    later->arg = arg;
    cr_assert_str_eq(input->address, PASSER_CALLER);
    later->right = text_equal(input->name, "anna") && (text_equal(input->code, "123456") || passkey_answers(input)) &&
                   text_starts(input->password.bytes, "geheim & größer+1");
    const struct logon_place place = {input->gateway, input->address, input->browser};
    if (!later->right)
        logon_history_refused(services, "neustadt", "anna", &place);
    secret_drop(&input->password);
    loop_post(services->loop, answer_logon, later);
}

// ---- the server

static void open_profile(void)
{
    const struct profile *profile = state_find(calls.services.state, NOUN_PROFILE, "neustadt/clerk");
    union record record = {.profile = *profile};
    record.profile.outside = OUTSIDE_BY_ANY;
    TEXT_PUT(record.profile.name, "Sachbearbeitung");
    core_set(&calls.core, NOUN_PROFILE, &record);
}

static void give_factor(void)
{
    union record record = {.factor = {.kind = FACTOR_PASSKEY, .name = "Schlüsselbund", .enrolled_ms = 1}};
    union record person = {.person = {.first_seen_ms = 1}};
    TEXT_PUT(person.person.id, anna.id);
    core_set(&calls.core, NOUN_PERSON, &person);
    TEXT_PUT(record.factor.id, "neustadt/f-a");
    TEXT_PUT(record.factor.person, anna.id);
    core_set(&calls.core, NOUN_FACTOR, &record);
}

static void add_job(const char *name, const char *person)
{
    struct print_message message = {.type = PRINT_JOB,
                                    .user_name = "x",
                                    .state = JOB_HELD,
                                    .reason = JOB_NOT_AT_A_DESK,
                                    .created_ms = 5,
                                    .pages = 3};
    TEXT_PUT(message.job, name);
    TEXT_PUT(message.person, person);
    TEXT_PUT(message.host, "neustadt/ts1");
    print_message(&calls.services, "neustadt/print", &message);
}

static void print_something(void)
{
    print_linked(&calls.services, "neustadt/print");
    add_job("j-1", anna.id);
    add_job("j-2", "neustadt/p-b");
}

// Others each time, so that a test knows them by what it was shown alone.
static void make_codes(void *self, struct factor *factor, char (*codes)[FACTOR_CODE_SIZE], size_t count)
{
    (void)self;
    TEXT_PUT(factor->codes, "kept");
    for (size_t i = 0; i < count; i++)
        snprintf(codes[i], FACTOR_CODE_SIZE, "p%08x%08x", arc4random(), arc4random());
}

static bool offer_totp(void *self, const char *person_id, const char *issuer, const char *account,
                       struct factor_offer *offer)
{
    (void)self, (void)issuer;
    snprintf(offer->sealed, sizeof offer->sealed, "for %s", person_id);
    for (size_t i = 0; i + 1 < sizeof offer->secret; i++)
        offer->secret[i] = "mw"[arc4random_uniform(2)];                    // as wide as one can be
    snprintf(offer->uri, sizeof offer->uri, "otpauth://totp/%s", account); // libqrencode does not wipe what it draws
    return true;
}

static struct rdp_signer *read_signer(const char *certificate, const char *key, struct fault *why)
{
    struct certificate_pair pair;
    if (!certificate_pair_read(&pair, certificate, key, why))
        return NULL;
    struct rdp_signer *signer = rdp_signer_new(pair.leaf, pair.key, pair.chain, why);
    certificate_pair_drop(&pair);
    return signer;
}

static struct loop_timer *settling;

static void settle(void *arg)
{
    (void)arg;
    calls_settle();
    loop_timer_start(settling, SETTLE_MS);
}

static void stop(void *arg)
{
    loop_stop(arg);
}

static void serve(int ready)
{
    struct fault why = {0};
    char certificate[FOLDER_SIZE + 16], key[FOLDER_SIZE + 16], tickets[FOLDER_SIZE + 16], assets[512], locale[512];
    calls_open();
    calls.verdict = AUTH_RIGHT;
    open_profile();
    give_factor();
    people_put(&calls.services.people, &anna);
    print_something();
    snprintf(certificate, sizeof certificate, "%s/broker.crt", portal_folder);
    snprintf(key, sizeof key, "%s/broker.key", portal_folder);
    snprintf(tickets, sizeof tickets, "%s/tickets", portal_folder);
    snprintf(assets, sizeof assets, "%s/portal/assets", getenv("PULT_BUILD"));
    snprintf(locale, sizeof locale, "%s/locale", getenv("PULT_BUILD"));
    calls.services.portal = portal_new("broker/portal/pages", locale, assets, &why);
    calls.services.outside_logon = log_on;
    calls.services.outside_challenge = ask_passkey;
    calls.services.factors.make_codes = make_codes;
    calls.services.factors.offer_totp = offer_totp;
    struct ticket_keys *ticket_keys = ticket_keys_open(tickets, clock_wall_ms());
    const struct server_config config = {
        .address = "127.0.0.1",
        .port = PORTAL_PUBLIC_PORT,
        .device_port = PORTAL_DEVICE_PORT,
        .gateway_port = PORTAL_GATEWAY_PORT,
        .certificate_file = certificate,
        .key_file = key,
        .device_ca_file = certificate,
        .admin_ca_file = "",
        .ticket_keys = ticket_keys,
        .unproven = {.all = 200, .port = 200, .network = 200, .handshakes = 100, .patience_ms = 10000},
    };
    struct rdp_signer *signer = read_signer(certificate, key, &why);
    if (signer && calls.services.portal)
        portal_use_signer(calls.services.portal, signer);
    struct server *server = signer && calls.services.portal ? server_new(&calls.services, &config, &why) : NULL;
    if (!server) {
        fprintf(stderr, "%s\n", why.text);
        _exit(1);
    }
    channels_link(&calls.services.channels, PASSER_GATEWAY, PASSER_KEY);
    settling = loop_timer_new(calls.services.loop, settle, NULL);
    loop_timer_start(settling, SETTLE_MS);
    loop_on_signal(calls.services.loop, SIGTERM, stop, calls.services.loop);
    close(ready);
    loop_run(calls.services.loop);
    loop_timer_free(settling);
    server_free(server);
    portal_free(calls.services.portal);
    past_logons_fini(&calls.services.past_logons);
    print_jobs_clear(&calls.services.print_jobs);
    calls_close();
    ticket_keys_free(ticket_keys);
    _exit(0);
}

void portal_open(void)
{
    char line[400];
    int ready[2];
    char byte;
    network_own();
    folder_make(portal_folder, "portal");
    snprintf(line, sizeof line,
             "cd %s && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 2 -subj /CN=broker "
             "-addext subjectAltName=DNS:localhost -keyout broker.key -out broker.crt",
             portal_folder);
    program_shell(line);
    cr_assert_eq(pipe(ready), 0);
    server_pid = fork();
    if (server_pid == 0) {
        close(ready[0]);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve(ready[1]);
    }
    close(ready[1]);
    cr_assert_eq(read(ready[0], &byte, 1), 0); // it is closed once both ports are open
    close(ready[0]);
    passer_pid = passer_start(PORTAL_PORT, PORTAL_GATEWAY_PORT);
}

void portal_close(void)
{
    int status = 0;
    kill(passer_pid, SIGKILL);
    waitpid(passer_pid, &status, 0);
    kill(server_pid, SIGTERM);
    waitpid(server_pid, &status, 0);
    folder_remove(portal_folder);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the server ended with %d", status);
}

const char *portal_visit(const char *jar, const char *options, const char *path)
{
    static struct program_result said;
    char line[2048];
    snprintf(line, sizeof line, "curl -sS -i --cacert %s/broker.crt -b %s/%s -c %s/%s %s https://localhost:%d%s",
             portal_folder, portal_folder, jar, portal_folder, jar, options, PORTAL_PORT, path);
    while (strstr(line, "  "))
        memmove(strstr(line, "  "), strstr(line, "  ") + 1, strlen(strstr(line, "  ")));
    program_run(&said, line, "");
    cr_assert_eq(said.exit_code, 0, "%s: %s", line, said.err);
    return said.out;
}

bool portal_remembers(const char *secret)
{
    return program_remembers(server_pid, secret);
}
