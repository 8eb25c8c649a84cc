// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/ticket.h"
#include "broker/base/log.h"
#include "broker/base/text.h"
#include "broker/base/worker.h"
#include "broker/client/client_ticket.h"

#include <krb5.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// Threads that a silent KDC holds up; beyond that nobody asks it for a while.
enum { RUNNING_MAX = 3, LIFE_S = 600 };

static atomic_int running; // threads, of them those that nobody waits for any more

struct ticket_job {
    struct ticket *ticket; // for the loop's thread only
    bool change;
    char realm[128], broker[256], name[256];
    struct secret password, new_password;
    unsigned char digest[32];

    enum refusal refusal;
    bool no_kdc, silent;
    char *authorization;
    char trouble[256]; // for the log
};

struct ticket {
    struct loop *loop;
    struct ticket_config config;
    char realm[128], broker[256];
    struct worker *worker; // whose answer is waited for
    struct loop_timer *deadline;
    unsigned attempt;
    bool change;
    ticket_got *got;
    ticket_changed *changed;
    void *arg;
};

// ---- in the thread: Kerberos

struct work {
    struct ticket_job *job;
    krb5_context context;
    krb5_principal person;
    krb5_ccache cache;
    krb5_creds creds;
};

// Without the details, which hold the name: what was typed there may have been the password.
static bool note_failure(struct work *work, krb5_error_code code, const char *what)
{
    krb5_clear_error_message(work->context);
    const char *text = krb5_get_error_message(work->context, code);
    snprintf(work->job->trouble, sizeof work->job->trouble, "%s: %s", what, text);
    krb5_free_error_message(work->context, text);
    return false;
}

struct code_row {
    krb5_error_code code;
    enum refusal refusal;
};

// Who is locked or disabled is told by none of these. Who is not known to the KDC may well be to the directory, and by
// more names: "Anna", "DOMAIN\\anna", or somebody without Kerberos. The broker sees to that.
static const struct code_row code_rows[] = {
    {KRB5KDC_ERR_PREAUTH_FAILED, REFUSAL_WRONG_PASSWORD}, {KRB5KRB_AP_ERR_BAD_INTEGRITY, REFUSAL_WRONG_PASSWORD},
    {KRB5KDC_ERR_CLIENT_REVOKED, REFUSAL_WRONG_PASSWORD}, {KRB5KDC_ERR_NAME_EXP, REFUSAL_WRONG_PASSWORD},
    {KRB5KDC_ERR_CLIENT_NOTYET, REFUSAL_WRONG_PASSWORD},  {KRB5_PREAUTH_FAILED, REFUSAL_WRONG_PASSWORD},
    {KRB5KDC_ERR_KEY_EXP, REFUSAL_PASSWORD_EXPIRED},      {KRB5KRB_AP_ERR_SKEW, REFUSAL_TICKET_REJECTED},
    {KRB5_KDCREP_SKEW, REFUSAL_TICKET_REJECTED},          {KRB5KDC_ERR_POLICY, REFUSAL_DENIED},
};

// Anything else means that Kerberos is of no use here, which is no fault of the person's.
static bool refuse_job(struct work *work, krb5_error_code code, const char *what)
{
    note_failure(work, code, what);
    for (size_t i = 0; i < sizeof code_rows / sizeof *code_rows; i++) {
        if (code_rows[i].code != code)
            continue;
        work->job->refusal = code_rows[i].refusal;
        return false;
    }
    work->job->no_kdc = true;
    work->job->silent = code == KRB5_KDC_UNREACH;
    return false;
}

static krb5_error_code get_creds(struct work *work, const char *service)
{
    krb5_get_init_creds_opt *options = NULL;
    krb5_error_code code = krb5_get_init_creds_opt_alloc(work->context, &options);
    if (code)
        return code;
    krb5_get_init_creds_opt_set_tkt_life(options, LIFE_S);
    krb5_get_init_creds_opt_set_renew_life(options, 0);
    krb5_get_init_creds_opt_set_forwardable(options, 0);
    krb5_get_init_creds_opt_set_proxiable(options, 0);
    krb5_get_init_creds_opt_set_change_password_prompt(options, 0);
    krb5_free_cred_contents(work->context, &work->creds);
    memset(&work->creds, 0, sizeof work->creds);
    code = krb5_get_init_creds_password(work->context, &work->creds, work->person, work->job->password.bytes, NULL,
                                        NULL, 0, service, options);
    krb5_get_init_creds_opt_free(work->context, options);
    return code;
}

// A KDC says "expired" before it looks at the password. Whoever does not know it shall not learn that.
static bool get_ticket(struct work *work)
{
    static const char change_service[] = "kadmin/changepw";
    krb5_error_code code = get_creds(work, NULL);
    if (code == KRB5KDC_ERR_KEY_EXP) {
        krb5_error_code second = get_creds(work, change_service);
        code = second ? second : KRB5KDC_ERR_KEY_EXP;
    }
    return code == 0 || refuse_job(work, code, "ticket");
}

static bool fill_cache(struct work *work)
{
    krb5_error_code code = krb5_cc_new_unique(work->context, "MEMORY", NULL, &work->cache);
    if (!code)
        code = krb5_cc_initialize(work->context, work->cache, work->person);
    if (!code)
        code = krb5_cc_store_cred(work->context, work->cache, &work->creds);
    return code == 0 || refuse_job(work, code, "cache");
}

// ---- in the thread: the token

static void get_token(struct work *work)
{
    char cache[128];
    struct fault why = {0};
    struct ticket_job *job = work->job;
    snprintf(cache, sizeof cache, "MEMORY:%s", krb5_cc_get_name(work->context, work->cache));
    job->authorization = client_ticket(cache, job->broker, job->digest, &why);
    job->no_kdc = !job->authorization;
    text_cut(job->trouble, sizeof job->trouble, why.text);
}

// ---- in the thread: the change of a password

static void change_password(struct work *work)
{
    struct ticket_job *job = work->job;
    int result = 0;
    krb5_data code_text = {0}, text = {0};
    krb5_error_code code = get_creds(work, "kadmin/changepw");
    if (code) {
        refuse_job(work, code, "change");
        return;
    }
    code = krb5_change_password(work->context, &work->creds, job->new_password.bytes, &result, &code_text, &text);
    if (code) {
        refuse_job(work, code, "change");
    } else if (result != KRB5_KPASSWD_SUCCESS) {
        snprintf(job->trouble, sizeof job->trouble, "change: %.*s", (int)code_text.length, code_text.data);
        job->refusal = result == KRB5_KPASSWD_SOFTERROR ? REFUSAL_PASSWORD_REJECTED : REFUSAL_DIRECTORY_DOWN;
    }
    krb5_free_data_contents(work->context, &code_text);
    krb5_free_data_contents(work->context, &text);
}

// ---- in the thread: all of it

// "anna" and "anna@realm" are people of our realm; who belongs elsewhere is the broker's to know.
static bool find_person(struct work *work)
{
    struct ticket_job *job = work->job;
    char *at = strrchr(job->name, '@');
    if (at && strcasecmp(at + 1, job->realm) != 0) {
        job->no_kdc = true;
        return false;
    }
    if (at)
        *at = 0;
    krb5_error_code code =
        krb5_build_principal(work->context, &work->person, (unsigned)strlen(job->realm), job->realm, job->name, NULL);
    return code == 0 || refuse_job(work, code, "name");
}

static void do_job(void *arg)
{
    struct work work = {.job = arg};
    if (krb5_init_context(&work.context) != 0) {
        work.job->no_kdc = true;
        TEXT_PUT(work.job->trouble, "krb5.conf cannot be read");
        return;
    }
    if (find_person(&work)) {
        if (work.job->change)
            change_password(&work);
        else if (get_ticket(&work) && fill_cache(&work))
            get_token(&work);
    }
    krb5_free_cred_contents(work.context, &work.creds);
    if (work.cache)
        krb5_cc_destroy(work.context, work.cache);
    krb5_free_principal(work.context, work.person);
    krb5_free_context(work.context);
}

// ---- in the loop

static void worker_drop(struct worker **worker)
{
    worker_free(*worker);
}

static void answer_job(struct ticket *ticket, const struct ticket_job *job)
{
    struct ticket_answer got = {.no_kdc = !job || job->no_kdc, .silent = !job || job->silent};
    loop_timer_stop(ticket->deadline);
    if (job) {
        got.refusal = job->refusal;
        got.authorization = job->authorization;
    }
    if (!ticket->change)
        ticket->got(ticket->arg, ticket->attempt, &got);
    else
        ticket->changed(ticket->arg, ticket->attempt, got.no_kdc ? REFUSAL_DIRECTORY_DOWN : got.refusal);
}

static void drop_job(void *arg)
{
    struct ticket_job *job = arg;
    secret_drop(&job->password);
    secret_drop(&job->new_password);
    free(job->authorization);
    free(job);
    atomic_fetch_sub(&running, 1);
}

static void job_done(void *arg)
{
    struct ticket_job *job = arg;
    struct ticket *ticket = job->ticket;
    owned(worker) struct worker *worker = take(ticket->worker);
    if (*job->trouble)
        log_info("ticket", "%s", job->trouble);
    answer_job(ticket, job);
}

static void deadline_passed(void *arg)
{
    struct ticket *ticket = arg;
    if (ticket->worker)
        log_warn("ticket", "the KDC of %s does not answer", ticket->realm);
    worker_free(take(ticket->worker));
    answer_job(ticket, NULL);
}

static struct ticket_job *new_job(struct ticket *ticket, const char *name, const struct secret *password)
{
    struct ticket_job *job = mem_new(1, sizeof *job);
    atomic_fetch_add(&running, 1);
    job->ticket = ticket;
    job->change = ticket->change;
    TEXT_PUT(job->realm, ticket->realm);
    TEXT_PUT(job->broker, ticket->broker);
    text_cut(job->name, sizeof job->name, name);
    job->password = *password;
    return job;
}

static void prepare_job(struct ticket *ticket, unsigned attempt, bool change)
{
    worker_free(take(ticket->worker));
    ticket->attempt = attempt;
    ticket->change = change;
}

// When too many threads are stuck already the answer is "no KDC" at once.
static void start_job(struct ticket *ticket, struct ticket_job *job)
{
    struct fault why = {0};
    if (atomic_load(&running) <= RUNNING_MAX)
        ticket->worker = worker_new(ticket->loop, do_job, job_done, drop_job, job, &why);
    if (!ticket->worker)
        drop_job(job);
    loop_timer_start(ticket->deadline, ticket->worker ? ticket->config.deadline_ms : 0);
}

void ticket_get(struct ticket *ticket, unsigned attempt, const char *name, const struct secret *password,
                const unsigned char broker_link_digest[32])
{
    prepare_job(ticket, attempt, false);
    struct ticket_job *job = new_job(ticket, name, password);
    memcpy(job->digest, broker_link_digest, 32);
    start_job(ticket, job);
}

void ticket_change(struct ticket *ticket, unsigned attempt, const char *name, const struct secret *old_password,
                   const struct secret *new_password)
{
    prepare_job(ticket, attempt, true);
    struct ticket_job *job = new_job(ticket, name, old_password);
    job->new_password = *new_password;
    start_job(ticket, job);
}

struct ticket *ticket_new(struct loop *loop, const struct ticket_config *config, ticket_got *got,
                          ticket_changed *changed, void *arg)
{
    struct ticket *ticket = mem_new(1, sizeof *ticket);
    ticket->loop = loop;
    ticket->config = *config;
    TEXT_PUT(ticket->realm, config->realm);
    TEXT_PUT(ticket->broker, config->broker);
    ticket->deadline = loop_timer_new(loop, deadline_passed, ticket);
    ticket->got = got;
    ticket->changed = changed;
    ticket->arg = arg;
    return ticket;
}

void ticket_free(struct ticket *ticket)
{
    if (!ticket)
        return;
    worker_free(ticket->worker);
    loop_timer_free(ticket->deadline);
    free(ticket);
}
