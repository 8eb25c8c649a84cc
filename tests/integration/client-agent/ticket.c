// SPDX-License-Identifier: EUPL-1.2
// Tickets of a real KDC.
#include "client-agent/ticket.h"
#include "broker/base/clock.h"
#include "broker/base/text.h"
#include "tests/folder.h"
#include "tests/network.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <gssapi/gssapi_ext.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[FOLDER_SIZE];
static pid_t kdc;
static struct loop *loop;
static struct ticket *ticket;
static volatile bool answered;
static unsigned answered_attempt;
static enum refusal refusal;
static bool no_kdc, silent;
static char authorization[8192];
static const unsigned char digest[32] = "the digest of a certificate, 32";

static void got(void *arg, unsigned attempt, const struct ticket_answer *answer)
{
    (void)arg;
    answered = true;
    answered_attempt = attempt;
    refusal = answer->refusal;
    no_kdc = answer->no_kdc;
    silent = answer->silent;
    text_cut(authorization, sizeof authorization, answer->authorization ? answer->authorization : "");
}

static void changed(void *arg, unsigned attempt, enum refusal why)
{
    (void)arg;
    answered = true;
    answered_attempt = attempt;
    refusal = why;
}

static void set_path(const char *variable, const char *name)
{
    char path[100];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    setenv(variable, path, 1);
}

static void await_kdc(void)
{
    char path[100];
    snprintf(path, sizeof path, "%s/ready", folder);
    for (int i = 0; i < 1200 && access(path, F_OK) != 0; i++)
        usleep(50000);
    cr_assert_eq(access(path, F_OK), 0, "the KDC does not start: see %s", folder);
}

static void start_kdc(void)
{
    kdc = fork();
    if (kdc == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        execl("tests/integration/client-agent/serve-kdc", "serve-kdc", folder, NULL);
        _exit(127);
    }
    await_kdc();
}

static void open_realm(const char *realm)
{
    struct ticket_config config = {.realm = realm, .broker = "broker.test", .deadline_ms = 1500};
    ticket = ticket_new(loop, &config, got, changed, NULL);
}

static void start(void)
{
    network_own();
    folder_make(folder, "kdc");
    set_path("KRB5_CONFIG", "krb5.conf");
    set_path("KRB5_KTNAME", "broker.keytab");
    setenv("KRB5RCACHENAME", "none:", 1);
    start_kdc();
    loop = loop_new();
    open_realm("TEST.EXAMPLE");
}

static void stop(void)
{
    ticket_free(ticket);
    loop_free(loop);
    kill(kdc, SIGTERM);
    waitpid(kdc, NULL, 0);
    folder_remove(folder);
}

TestSuite(ticket, .init = start, .fini = stop);

static void stop_loop(void *arg)
{
    loop_stop(arg);
}

static void run_ms(int64_t wait_ms)
{
    struct loop_timer *timer = loop_timer_new(loop, stop_loop, loop);
    loop_timer_start(timer, wait_ms);
    loop_run(loop);
    loop_timer_free(timer);
}

static void await_answer(void)
{
    for (int i = 0; i < 1500 && !answered; i++)
        run_ms(20);
    cr_assert(answered);
    answered = false;
}

static struct secret secret(const char *text)
{
    struct secret password;
    cr_assert(secret_set(&password, text, strlen(text)));
    return password;
}

static void get(const char *name, const char *password)
{
    struct secret typed = secret(password);
    ticket_get(ticket, 7, name, &typed, digest);
    await_answer();
    cr_assert_eq(answered_attempt, 7);
}

static void change(const char *name, const char *old_password, const char *new_password)
{
    struct secret old_secret = secret(old_password), new_secret = secret(new_password);
    ticket_change(ticket, 8, name, &old_secret, &new_secret);
    await_answer();
    cr_assert_eq(answered_attempt, 8);
}

// ---- in the broker's place

static size_t decode(unsigned char *bytes, const char *base64)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t length = 0;
    unsigned bits = 0;
    int count = 0;
    for (; *base64 && *base64 != '='; base64++) {
        bits = bits << 6 | (unsigned)(strchr(digits, *base64) - digits);
        count += 6;
        if (count >= 8)
            bytes[length++] = (unsigned char)(bits >> (count -= 8));
    }
    return length;
}

// Whose token it is; "" when it is not accepted. *bound: it was made for a connection to this certificate.
static void accept_token(const unsigned char certificate[32], char name[100], bool *bound)
{
    unsigned char bytes[8192];
    char binding[21 + 32] = "tls-server-end-point:";
    memcpy(binding + 21, certificate, 32);
    struct gss_channel_bindings_struct bindings = {.application_data = {sizeof binding, binding}};
    gss_buffer_desc token = {decode(bytes, authorization + strlen("Negotiate ")), bytes}, answer = {0}, text = {0};
    gss_ctx_id_t context = GSS_C_NO_CONTEXT;
    gss_name_t person = GSS_C_NO_NAME;
    OM_uint32 minor, flags = 0;
    name[0] = 0;
    *bound = false;
    OM_uint32 major = gss_accept_sec_context(&minor, &context, GSS_C_NO_CREDENTIAL, &token, &bindings, &person, NULL,
                                             &answer, &flags, NULL, NULL);
    if (major == GSS_S_COMPLETE && gss_display_name(&minor, person, &text, NULL) == GSS_S_COMPLETE) {
        snprintf(name, 100, "%.*s", (int)text.length, (char *)text.value);
        *bound = flags & GSS_C_CHANNEL_BOUND_FLAG;
    }
    gss_release_buffer(&minor, &text);
    gss_release_buffer(&minor, &answer);
    gss_release_name(&minor, &person);
    gss_delete_sec_context(&minor, &context, GSS_C_NO_BUFFER);
}

Test(ticket, is_accepted_by_the_broker_in_one_step)
{
    char name[100];
    bool bound;
    get("anna", "anna-geheim");
    cr_assert_eq(refusal, REFUSAL_NONE);
    cr_assert_not(no_kdc);
    cr_assert(text_starts(authorization, "Negotiate "), "%s", authorization);
    accept_token(digest, name, &bound);
    cr_assert_str_eq(name, "anna@TEST.EXAMPLE");
    cr_assert(bound, "the token is not bound to the broker's certificate");
}

Test(ticket, is_of_no_use_on_a_connection_to_somebody_else)
{
    char name[100];
    bool bound;
    get("anna", "anna-geheim");
    accept_token((const unsigned char *)"the digest of somebody elses one", name, &bound);
    cr_assert_str_eq(name, "");
}

Test(ticket, is_given_for_the_name_with_its_realm_too)
{
    get("anna@test.example", "anna-geheim");
    cr_assert(text_starts(authorization, "Negotiate "));
}

Test(ticket, is_not_asked_of_a_realm_that_the_person_is_not_of)
{
    get("anna@altdorf.example", "anna-geheim");
    cr_assert(no_kdc && !silent);
}

Test(ticket, is_the_brokers_matter_where_the_kdc_does_not_know_the_name)
{
    static const char *const names[] = {"nobody", "Anna", "TEST\\anna", "änne"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        get(names[i], "anna-geheim");
        cr_expect(no_kdc && !silent, "%s", names[i]);
    }
}

Test(ticket, is_refused_alike_to_all_whom_it_is_refused)
{
    static const char *const names[][2] = {{"anna", "falsch"},
                                           {"locked", "locked-geheim"},
                                           {"locked", "falsch"},
                                           {"expired", "falsch"},
                                           {"must", "falsch"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        get(names[i][0], names[i][1]);
        cr_expect_eq(refusal, REFUSAL_WRONG_PASSWORD, "%s with %s", names[i][0], names[i][1]);
        cr_expect_not(no_kdc);
    }
}

Test(ticket, is_refused_to_an_expired_password_and_given_to_the_new_one)
{
    static const char *const names[][2] = {{"expired", "expired-geheim"}, {"must", "must-geheim"}};
    for (size_t i = 0; i < 2; i++) {
        get(names[i][0], names[i][1]);
        cr_assert_eq(refusal, REFUSAL_PASSWORD_EXPIRED, "%s", names[i][0]);
        change(names[i][0], names[i][1], "Ganz-Neu-77");
        cr_assert_eq(refusal, REFUSAL_NONE);
        get(names[i][0], "Ganz-Neu-77");
        cr_assert_eq(refusal, REFUSAL_NONE);
    }
}

Test(ticket, a_new_password_that_is_too_short_is_rejected)
{
    change("expired", "expired-geheim", "kurz");
    cr_assert_eq(refusal, REFUSAL_PASSWORD_REJECTED);
}

Test(ticket, nobody_changes_a_password_without_knowing_it)
{
    change("anna", "falsch", "Ganz-Neu-77");
    cr_assert_eq(refusal, REFUSAL_WRONG_PASSWORD);
}

Test(ticket, says_soon_that_no_kdc_listens)
{
    ticket_free(ticket);
    open_realm("DEAD.EXAMPLE");
    get("anna", "anna-geheim");
    cr_assert(no_kdc && silent);
    cr_assert_eq(refusal, REFUSAL_NONE);
}

// Takes what is sent and never answers.
static int silent_kdc(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(8899)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(descriptor, (const struct sockaddr *)&address, sizeof address), 0);
    return descriptor;
}

Test(ticket, does_not_wait_for_a_silent_kdc_and_soon_stops_asking_it)
{
    int descriptor = silent_kdc();
    int64_t waits_ms[5];
    ticket_free(ticket);
    open_realm("SILENT.EXAMPLE");
    for (int i = 0; i < 5; i++) {
        int64_t before_ms = clock_steady_ms();
        get("anna", "anna-geheim");
        waits_ms[i] = clock_steady_ms() - before_ms;
        cr_expect(no_kdc && silent);
        cr_expect_lt(waits_ms[i], 1500 + 1000);
    }
    cr_assert_lt(waits_ms[4], 1000, "it was asked again and again");
    close(descriptor);
}

Test(ticket, forgets_an_answer_that_nobody_waits_for)
{
    struct secret typed = secret("anna-geheim");
    ticket_get(ticket, 1, "anna", &typed, digest);
    ticket_get(ticket, 2, "anna", &typed, digest);
    await_answer();
    cr_assert_eq(answered_attempt, 2);
    run_ms(300);
    cr_assert_not(answered);
}
