// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/print_service.h"
#include "broker/api/print_link.h"
#include "broker/base/child.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/client/credential.h"
#include "broker/client/enrol.h"
#include "broker/pult-print/job_dispatch.h"
#include "broker/pult-print/print_door.h"
#include "broker/pult-print/print_report.h"
#include "broker/pult-print/printer_questions.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_SIZE = 300, SWEEP_MS = 30 * 1000, MIB = 1024 * 1024 };

struct print_service {
    struct loop *loop;
    const struct print_config *config;
    char id[ID_SIZE], socket[PATH_SIZE], credentials[PATH_SIZE];
    struct uplink *uplink;
    struct job_seal *sealing;
    struct spool *spool;
    struct intake_office office;
    struct print_door *door;
    struct accounts *accounts;
    struct job_dispatch *dispatch;
    struct printer_questions *questions;
    struct loop_timer *sweep;
    bool welcomed;
};

// ---- what the broker is told

static bool send_message(void *arg, const struct print_message *message)
{
    struct print_service *service = arg;
    return service->welcomed && client_link_send(uplink_client(service->uplink), message);
}

static void tell_job(struct print_service *service, const struct spool_job *job)
{
    struct print_message message;
    if (!service->welcomed)
        return;
    print_report_job(&message, service->dispatch, job);
    send_message(service, &message);
}

static void job_changed(void *arg, const struct spool_job *job)
{
    struct print_service *service = arg;
    tell_job(service, job);
    if (service->dispatch)
        job_dispatch_changed(service->dispatch, job);
}

static bool tell_printed(void *arg, const struct print_account *entry)
{
    struct print_service *service = arg;
    struct print_message message;
    if (!service->welcomed)
        return false;
    print_report_printed(&message, service->dispatch, entry);
    return send_message(service, &message);
}

static void tell_all_jobs(struct print_service *service)
{
    struct print_message end = {.type = PRINT_JOBS_END};
    for (size_t i = 0; i < spool_count(service->spool); i++)
        tell_job(service, spool_at(service->spool, i));
    send_message(service, &end);
}

// ---- what the broker says

// With each link: its certificate or that of the broker's authority may have been renewed.
static void open_door(struct print_service *service)
{
    struct fault why = {0};
    struct credential_files files;
    if (!job_seal_is_ready(service->sealing))
        return;
    credential_files(&files, NOUN_PRINT_SERVER, service->config->state_dir);
    SSL_CTX *context = door_context_new(files.certificate, job_seal_authority(service->sealing), &why);
    if (!context || !print_door_open(service->door, context, &why))
        log_error("door", "%s", why.text);
}

static void welcome(struct print_service *service, const struct print_message *message)
{
    struct fault why = {0};
    service->welcomed = true;
    log_info("link", "connected to the broker as %s", service->id);
    if (!job_seal_learn(service->sealing, message->seal, message->authority, &why))
        log_error("link", "%s", why.text);
    open_door(service);
    job_dispatch_clock(service->dispatch, message->now_ms); // by which all that follows is told
    tell_all_jobs(service);
    job_dispatch_link(service->dispatch, true);
    accounts_tell_all(service->accounts);
}

// So that nobody is told twice, whatever the broker has forgotten meanwhile.
static void note_told(struct print_service *service, const struct print_message *message)
{
    const struct spool_job *present = spool_find(service->spool, message->job);
    if (!present || spool_job_is_over(present))
        return;
    struct spool_job job = *present;
    job_reasons_print(job.told, job_reasons_with(job_reasons_read(job.told), message->reason));
    spool_put(service->spool, &job, NULL, NULL);
}

static void link_message(void *arg, const void *of_link)
{
    struct print_service *service = arg;
    const struct print_message *message = of_link;
    switch ((enum print_message_type)message->type) {
    case PRINT_WELCOME:
        welcome(service, message);
        return;
    case PRINT_PRINTERS:
        job_dispatch_printers(service->dispatch, message);
        return;
    case PRINT_ROUTED:
        job_dispatch_routed(service->dispatch, message);
        return;
    case PRINT_ORDER:
        job_dispatch_order(service->dispatch, message);
        return;
    case PRINT_PROBE:
    case PRINT_TEST_PAGE:
        printer_questions_ask(service->questions, message);
        return;
    case PRINT_COUNTED:
        accounts_counted(service->accounts, message->number);
        return;
    case PRINT_TOLD:
        note_told(service, message);
        return;
    case PRINT_ROUTE:
    case PRINT_JOB:
    case PRINT_JOBS_END:
    case PRINT_PRINTER:
    case PRINT_PROBED:
    case PRINT_TESTED:
    case PRINT_PRINTED:
    case PRINT_MESSAGE_TYPE_COUNT:
        return; // only we say this
    }
}

static void link_down(void *arg)
{
    struct print_service *service = arg;
    service->welcomed = false;
    job_dispatch_link(service->dispatch, false);
    log_warn("link", "broker unreachable; jobs are taken and wait");
}

static void link_refused(void *arg, enum refusal refusal, const char *detail)
{
    (void)arg;
    log_error("link", "%s (%s)", refusal_rows[refusal].sentence, detail);
}

// ---- putting it together

static void sweep_spool(void *arg)
{
    struct print_service *service = arg;
    spool_sweep(service->spool, clock_wall_ms());
    loop_timer_start(service->sweep, SWEEP_MS);
}

static void set_office(struct print_service *service)
{
    const struct print_config *config = service->config;
    service->office = (struct intake_office){
        .spool = service->spool,
        .sealing = service->sealing,
        .limits = {.job_bytes = config->job_mib * MIB,
                   .jobs = config->jobs,
                   .host_jobs = config->host_jobs,
                   .user_jobs = config->user_jobs,
                   .disk_reserve = config->disk_reserve_mib * MIB},
    };
}

static bool open_spool(struct print_service *service, struct fault *why)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/spool", service->config->state_dir);
    service->spool = spool_open(service->loop, path, why);
    if (!service->spool)
        return false;
    spool_on_change(service->spool, job_changed, service);
    return true;
}

static bool begin_printing(struct print_service *service, struct fault *why)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/accounts", service->config->state_dir);
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return fault_set(why, FAULT_UNAVAILABLE, "%s: %s", path, strerror(errno));
    service->accounts = accounts_open(service->loop, path, tell_printed, service, why);
    if (!service->accounts)
        return false;
    struct job_dispatch_config config = {.workers = &print_workers,
                                         .loop = service->loop,
                                         .spool = service->spool,
                                         .accounts = service->accounts,
                                         .credentials = service->credentials,
                                         .send = send_message,
                                         .arg = service};
    service->questions = printer_questions_new(service->loop, service->credentials, send_message, service);
    service->dispatch = job_dispatch_new(&config);
    return true;
}

static bool open_doors(struct print_service *service, struct fault *why)
{
    const struct print_config *config = service->config;
    struct account user;
    struct print_door_config door = {.address = config->address,
                                     .port = (int)config->port,
                                     .socket = service->socket,
                                     .socket_uid = -1,
                                     .patience_ms = config->patience_s * 1000};
    if (config->door_user[0] && account_find(&user, config->door_user, NULL))
        door.socket_uid = user.uid;
    if (mkdir(config->run_dir, 0755) != 0 && errno != EEXIST)
        return fault_set(why, FAULT_BROKEN, "%s: %s", config->run_dir, strerror(errno));
    snprintf(service->socket, sizeof service->socket, "%s/door.sock", config->run_dir);
    set_office(service);
    service->door = print_door_new(service->loop, &door, &service->office, why);
    if (service->door)
        open_door(service);
    return service->door != NULL;
}

static bool connect_broker(struct print_service *service, const struct uplink_config *uplink, struct fault *why)
{
    static const struct websocket_events events = {.down = link_down, .message = link_message, .refused = link_refused};
    service->uplink = uplink_new(service->loop, uplink, &events, service, why);
    return service->uplink != NULL;
}

struct print_service *print_service_new(struct loop *loop, const struct print_config *config,
                                        const struct uplink_config *uplink, struct fault *why)
{
    struct print_service *service = mem_new(1, sizeof *service);
    service->loop = loop;
    service->config = config;
    enrol_id(service->id, NOUN_PRINT_SERVER, config->state_dir);
    service->sealing = job_seal_new(config->state_dir, service->id);
    service->sweep = loop_timer_new(loop, sweep_spool, service);
    snprintf(service->credentials, sizeof service->credentials, "%s/credentials", config->state_dir);
    if (!*service->id)
        fault_set(why, FAULT_ABSENT, "this print server is not enrolled; run pult-print --enrol");
    if (*service->id && open_spool(service, why) && begin_printing(service, why) && open_doors(service, why) &&
        connect_broker(service, uplink, why)) {
        loop_timer_start(service->sweep, SWEEP_MS);
        return service;
    }
    print_service_free(service);
    return NULL;
}

void print_service_free(struct print_service *service)
{
    if (!service)
        return;
    uplink_free(service->uplink);
    print_door_free(service->door);
    printer_questions_free(service->questions);
    job_dispatch_free(service->dispatch);
    accounts_free(service->accounts);
    spool_free(service->spool);
    intake_office_close(&service->office);
    job_seal_free(service->sealing);
    loop_timer_free(service->sweep);
    free(service);
}
