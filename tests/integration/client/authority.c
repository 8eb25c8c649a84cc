// SPDX-License-Identifier: EUPL-1.2
// A broker whose authority is known by the digest of its certificate alone.
#include "broker/base/mem.h"
#include "broker/client/client.h"
#include "tests/integration/client/fake_broker.h"
#include "tests/program.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PORT = 8443, DEADLINE_MS = 20000 };

static const struct fake_row rows[] = {{"GET", "/v1/status", 200, NULL, "{}"}, {NULL}};

static const char *town;
static struct loop *loop;
static struct client *client;
static struct client_answer answer;
static pid_t broker;

static void start(void)
{
    town = fake_town();
    broker = fake_broker(PORT, rows);
    loop = loop_new();
}

static void stop(void)
{
    client_answer_drop(&answer);
    client_free(client);
    loop_free(loop);
    fake_broker_stop(broker);
}

TestSuite(authority, .init = start, .fini = stop, .timeout = 120);

static void ask(void)
{
    client_answer_drop(&answer);
    client_call_wait(client, "GET", "/v1/status", NULL, NULL, NULL, DEADLINE_MS, &answer);
}

static void become_client(const char *host, const char *ca_file, const char *pin)
{
    struct fault why = {0};
    struct client_config config = {.host = host, .port = PORT, .ca_file = ca_file, .pin = pin};
    client_free(client);
    client = client_new(loop, &config, &why);
    cr_assert(client, "%s", why.text);
}

static void become_pinned(const char *host, const char *authority)
{
    char file[100], digest[DIGEST_SIZE];
    int64_t until_ms;
    struct fault why = {0};
    snprintf(file, sizeof file, "%s/%s", town, authority);
    cr_assert(client_read_certificate(file, digest, &until_ms, &why), "%s", why.text);
    become_client(host, "/nowhere/ca.crt", digest);
}

Test(authority, knows_an_authority_by_its_digest_and_keeps_it)
{
    char file[100], digest[DIGEST_SIZE];
    struct fault why = {0};
    become_pinned("127.0.0.1", "tls/ca.crt");
    cr_assert_not(client_authority_digest(client, digest));
    ask();
    cr_assert_eq(answer.refusal, REFUSAL_NONE, "%s", answer.detail);
    cr_assert(client_authority_digest(client, digest));
    snprintf(file, sizeof file, "%s/kept.pem", town);
    cr_assert(client_authority_keep(client, file, &why), "%s", why.text);
    become_client("127.0.0.1", file, NULL);
    ask();
    cr_assert_eq(answer.refusal, REFUSAL_NONE, "%s", answer.detail);
}

static void does_not_believe(const char *host, const char *authority)
{
    become_pinned(host, authority);
    ask();
    cr_assert_eq(answer.refusal, REFUSAL_BROKER_UNREACHABLE, "%s", authority);
}

Test(authority, believes_no_authority_that_is_not_shown)
{
    does_not_believe("127.0.0.1", "other/tls/ca.crt");
    cr_assert(strstr(answer.detail, "does not show the authority"), "%s", answer.detail);
}

// It is shown, but vouches for nobody.
Test(authority, believes_no_digest_of_the_brokers_own_certificate)
{
    does_not_believe("127.0.0.1", "tls/broker.crt");
}

Test(authority, believes_no_other_name_by_a_digest)
{
    does_not_believe("localhost", "tls/ca.crt");
    cr_assert(strstr(answer.detail, "mismatch"), "%s", answer.detail);
}

static void shell(const char *form)
{
    char line[600];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(line, sizeof line, form, town);
#pragma GCC diagnostic pop
    program_shell(line);
}

static void digest_in(const char *file, char digest[DIGEST_SIZE])
{
    int64_t until_ms;
    struct fault why = {0};
    cr_assert(client_read_certificate(file, digest, &until_ms, &why), "%s", why.text);
}

// What the machine knows is "kept.pem", what the broker shows is made of it by `form`.
static void meets_a_broker_with(const char *form, char kept[DIGEST_SIZE], char shown[DIGEST_SIZE])
{
    char file[100], ca[100];
    snprintf(file, sizeof file, "%s/kept.pem", town);
    snprintf(ca, sizeof ca, "%s/tls/ca.crt", town);
    fake_broker_stop(broker);
    shell(form);
    broker = fake_broker(PORT, rows);
    become_client("127.0.0.1", file, NULL);
    ask();
    cr_assert_eq(answer.refusal, REFUSAL_NONE, "%s", answer.detail);
    client_authority_follow(client, file);
    digest_in(file, kept);
    digest_in(ca, shown);
}

// As the broker's own does after seven years.
Test(authority, is_followed_when_it_renews_itself_with_the_same_key)
{
    char before[DIGEST_SIZE], kept[DIGEST_SIZE], shown[DIGEST_SIZE];
    meets_a_broker_with("cd %1$s && cp tls/ca.crt kept.pem", before, shown);
    cr_assert_str_eq(before, shown);
    meets_a_broker_with("cd %1$s/tls && openssl x509 -in ca.crt -signkey ca.key -days 3650 -out n 2>/dev/null && "
                        "mv n ca.crt",
                        kept, shown);
    cr_assert_str_neq(shown, before);
    cr_assert_str_eq(kept, shown);
    ask();
    // And never back to one that ends earlier.
    meets_a_broker_with("cd %1$s/tls && openssl x509 -in ca.crt -signkey ca.key -days 30 -out n 2>/dev/null && "
                        "mv n ca.crt",
                        before, shown);
    cr_assert_str_eq(before, kept);
}

// Whoever checks a configuration tries one way after the other: what a client leaves behind harms no later one.
Test(authority, that_is_refused_leaves_the_loop_to_the_next_client)
{
    for (int i = 0; i < 8; i++) {
        does_not_believe("127.0.0.1", i % 2 ? "tls/broker.crt" : "other/tls/ca.crt");
        become_pinned("127.0.0.1", "tls/ca.crt");
        ask();
        cr_assert_eq(answer.refusal, REFUSAL_NONE, "%s", answer.detail);
    }
}

// The number of a descriptor that was closed is given to the next one at once.
Test(authority, closes_no_descriptor_of_others_with_a_client)
{
    int others[16];
    become_pinned("127.0.0.1", "tls/ca.crt");
    ask();
    client_free(take(client));
    for (int i = 0; i < 16; i++)
        others[i] = dup(STDERR_FILENO);
    become_pinned("127.0.0.1", "tls/ca.crt");
    ask();
    cr_assert_eq(answer.refusal, REFUSAL_NONE, "%s", answer.detail);
    for (int i = 0; i < 16; i++)
        cr_assert_eq(close(others[i]), 0);
}
