// SPDX-License-Identifier: EUPL-1.2
#include "broker/broker.h"
#include "broker/auth/auth.h"
#include "broker/auth/ca.h"
#include "broker/backup/backup_maker.h"
#include "broker/base/clock.h"
#include "broker/base/file.h"
#include "broker/base/log.h"
#include "broker/base/owner.h"
#include "broker/base/readiness.h"
#include "broker/broker_identity.h"
#include "broker/broker_portal.h"
#include "broker/broker_secrets.h"
#include "broker/calls/admin_sessions.h"
#include "broker/calls/disk_alarm.h"
#include "broker/calls/first_token.h"
#include "broker/calls/outside_logon.h"
#include "broker/calls/print_requests.h"
#include "broker/calls/sweep.h"
#include "broker/core/journal.h"
#include "broker/core/restore.h"
#include "broker/hosts/prober.h"
#include "broker/hosts/waker.h"
#include "broker/lone_work.h"
#include "broker/net/certificate.h"
#include "broker/own_certificates.h"
#include "broker/server/health.h"
#include "broker/server/root_socket.h"
#include "broker/server/server.h"
#include "broker/server/ticket_keys.h"
#include "broker/store/sqlite.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SWEEP_MS = 5000,
    CHANNELS_MS = 1000,
    DAY_MS = 24 * 60 * 60 * 1000,
    LINGER_MS = 2,
    PATH_ROOM = CONFIG_PATH_SIZE + 64
};

static const char first_token_word[] = "first-token";

static const int64_t ca_warned_ms = 730ll * DAY_MS;

struct broker {
    const struct broker_config *config;
    struct services services;
    struct journal *journal;
    struct ca *ca;
    struct auth *auth;
    struct prober *prober;
    struct health *health;
    struct waker *waker;
    struct backup_maker *backup;
    struct broker_secrets secrets;
    const char *backup_paths[8];
    struct ticket_keys *ticket_keys;
    struct server *server;
    struct root_socket *root_socket;
    char first_token_file[PATH_ROOM], device_ca_file[PATH_ROOM];
    struct loop_timer *sweep, *lingering, *daily;
};

// The only line that knows which store there is.
static struct store_port open_store(const struct broker_config *config, struct loop *loop)
{
    const char *head_dir = config->journal_head_dir[0] ? config->journal_head_dir : NULL;
    return store_open_sqlite(&(struct chain_config){.folder = config->data_dir, .head_folder = head_dir}, loop);
}

// ---- first start

static bool make_first_token(const struct broker_config *config, struct secret *token, struct fault *why)
{
    char path[PATH_ROOM];
    broker_config_data_file(config, "first-administrator", path);
    return first_token_make(path, token, why);
}

static void print_first_token(const struct broker_config *config, const char *token)
{
    char text[INVITATION_SIZE];
    broker_identity_invite(config, token, text);
    printf("%s\n", text);
    explicit_bzero(text, sizeof text);
    fprintf(stderr, "This token logs on the first administrator, once: pultctl login --token-stdin\n");
}

static struct ca *open_ca(const struct broker_config *config, struct fault *why)
{
    char key[PATH_ROOM], certificate[PATH_ROOM];
    broker_config_data_file(config, "device-ca.key", key);
    broker_config_data_file(config, "device-ca.pem", certificate);
    return ca_open(key, certificate, config->certificate_lifetime_s, why);
}

static bool make_ca(const struct broker_config *config, struct fault *why)
{
    char key[PATH_ROOM], certificate[PATH_ROOM];
    broker_config_data_file(config, "device-ca.key", key);
    broker_config_data_file(config, "device-ca.pem", certificate);
    if (!file_exists(certificate) && !ca_create(key, certificate, why))
        return false;
    struct ca *ca = open_ca(config, why);
    bool made = ca && broker_identity_settle(config, ca, why);
    ca_free(ca);
    return made;
}

// The journal comes last: without one there was no broker yet, and an --init that was interrupted is called again.
bool broker_init(const struct broker_config *config, struct fault *why)
{
    owned(secret) struct secret token = {0};
    struct loop *loop = loop_new();
    struct store_port store = open_store(config, loop);
    bool made = !store.exists(store.self) ||
                fault_set(why, FAULT_CONFLICT, "there is a journal in %s already", config->data_dir);
    made = made && make_ca(config, why) && make_first_token(config, &token, why) && store.create(store.self, why);
    store.close(store.self);
    loop_free(loop);
    if (made)
        print_first_token(config, token.bytes);
    return made;
}

// ---- by root, with no broker on it

// What `start` begins on the store that is not open yet, until it is written.
static bool work_alone(const struct broker_config *config, lone_start *start, struct fault *why)
{
    struct loop *loop = loop_new();
    struct store_port store = open_store(config, loop);
    bool written = lone_work(loop, &store, start, why);
    loop_free(loop);
    return written;
}

bool broker_accept_backup(const struct broker_config *config, struct fault *why)
{
    return work_alone(config, restore_start, why);
}

static struct lone_append *start_first_token(const struct store_port *store, lone_append_done *done, void *arg,
                                             struct fault *why)
{
    struct event event;
    first_token_event(&event);
    return store->open(store->self, why) ? lone_append_start(store, &event, done, arg) : NULL;
}

// In the journal first, as in a broker that runs.
static bool make_first_token_alone(const struct broker_config *config, struct fault *why)
{
    owned(secret) struct secret token = {0};
    bool made = owner_become(config->data_dir, why) && work_alone(config, start_first_token, why) &&
                make_first_token(config, &token, why);
    if (made)
        print_first_token(config, token.bytes);
    return made;
}

bool broker_first_token(const struct broker_config *config, struct fault *why)
{
    char token[ROOT_LINE_SIZE];
    if (geteuid() != 0)
        return fault_set(why, FAULT_DENIED, "only root can have a token for the first administrator");
    bool made = root_socket_ask(config->data_dir, first_token_word, token, why);
    if (made)
        print_first_token(config, token);
    explicit_bzero(token, sizeof token);
    return made || (why->kind == FAULT_ABSENT && make_first_token_alone(config, why));
}

// ---- the ports

static void die(void *arg, const struct fault *why)
{
    (void)arg;
    log_error("store", "commit outcome unknown; exiting to replay the journal: %s", why->text);
    _exit(70);
}

static int64_t wall_ms(void *arg)
{
    (void)arg;
    return clock_wall_ms();
}

static int64_t steady_ms(void *arg)
{
    (void)arg;
    return clock_steady_ms();
}

struct probing {
    host_done *done;
    void *arg;
};

static void probed(void *arg, const struct probe_report *report)
{
    static const enum host_health healths[] = {
        [PROBE_OK] = HOST_OK,
        [PROBE_UNREACHABLE] = HOST_UNREACHABLE,
        [PROBE_NO_TLS] = HOST_NO_TLS,
        [PROBE_WRONG_CERTIFICATE] = HOST_WRONG_CERTIFICATE,
    };
    struct probing *probing = arg;
    probing->done(probing->arg, healths[report->result], report->detail);
    free(probing);
}

static void probe(void *self, const struct host *host, host_done *done, void *arg)
{
    struct probing *probing = mem_new(1, sizeof *probing);
    *probing = (struct probing){done, arg};
    struct broker *broker = self;
    char tenant_id[SLUG_SIZE];
    wall_owner(tenant_id, host->id);
    const struct tenant *tenant = state_tenant(broker->services.state, tenant_id);
    const struct probe_target target = {
        .address = host->address,
        .port = (int)host->port,
        .fingerprint = host->fingerprint,
        .networks = tenant ? tenant_networks(tenant) : "",
        .evenly = !wall_may_know_ports(broker->services.state, host->id),
    };
    prober_start(broker->prober, &target, probed, probing);
}

static void wake(void *self, const struct host *host)
{
    struct broker *broker = self;
    waker_wake(broker->waker, host);
}

// ---- by root, of a broker that runs

static void first_token_issued(void *arg, const struct secret *token, const struct fault *why)
{
    root_request_answer(arg, token, token ? token->bytes : why->text);
}

static void issue_first_token(void *arg, struct root_request *request)
{
    struct broker *broker = arg;
    first_token_issue(&broker->services, broker->first_token_file, first_token_issued, request);
}

static const struct root_command_row root_commands[] = {{first_token_word, issue_first_token}, {NULL, NULL}};

// Without it the broker serves everybody but root, who has to stop it first.
static void open_root_socket(struct broker *broker)
{
    struct fault why = {0};
    broker->root_socket =
        root_socket_open(broker->services.loop, broker->config->data_dir, root_commands, broker, &why);
    if (!broker->root_socket)
        log_error("admin", "root cannot ask this broker for anything: %s", why.text);
}

// ---- what the server is made of, at the start and when it reads its certificate again

static struct server_config server_config(struct broker *broker)
{
    const struct broker_config *config = broker->config;
    broker_config_data_file(config, "device-ca.pem", broker->device_ca_file);
    return (struct server_config){
        .address = config->listen_address,
        .port = (int)config->port,
        .device_port = (int)config->device_port,
        .admin_port = (int)config->admin_port,
        .gateway_port = (int)config->gateway_port,
        .admin_ca_file = config->admin_ca,
        .certificate_file = config->certificate,
        .key_file = config->key,
        .device_ca_file = broker->device_ca_file,
        .ticket_keys = broker->ticket_keys,
        .unproven = {.all = config->unproven_connections,
                     .port = config->unproven_per_port,
                     .network = config->unproven_per_network,
                     .handshakes = config->unproven_handshakes,
                     .patience_ms = config->unproven_patience_s * 1000},
    };
}

// ---- what happens by itself

static int disk_free_permille(const struct broker_config *config)
{
    int least = file_disk_free_permille(config->data_dir);
    int of_head = config->journal_head_dir[0] ? file_disk_free_permille(config->journal_head_dir) : least;
    return of_head < least ? of_head : least;
}

static void sweep(void *arg)
{
    struct broker *broker = arg;
    calls_sweep(&broker->services);
    server_sweep_links(broker->server);
    journal_sweep(broker->journal);
    log_tell_rest();
    disk_alarm_look(&broker->services, disk_free_permille(broker->config));
    loop_timer_start(broker->sweep, SWEEP_MS);
}

static void note_certificates(struct broker *broker)
{
    own_certificates_note(broker->services.own_certificates, broker->config);
    broker_portal_sign(broker->config, &broker->services);
}

static void renew_certificate(void *arg)
{
    struct broker *broker = arg;
    struct fault why = {0};
    const struct server_config config = server_config(broker);
    if (broker_identity_settle(broker->config, broker->ca, &why) && server_renew(broker->server, &config, &why)) {
        log_info("tls", "certificate, key and authorities were read again");
        note_certificates(broker);
        loop_timer_start(broker->daily, 0);
        return;
    }
    log_error("tls", "what was read is not used, what was in use is kept: %s", why.text);
    TEXT_PUT(broker->services.own_certificates[OWN_CERTIFICATE_SERVER].problem, why.text);
}

// The one that the broker makes is made again before its end.
static void renew_own_make(struct broker *broker)
{
    struct fault why = {0};
    const struct broker_config *config = broker->config;
    const struct own_certificate *own = &broker->services.own_certificates[OWN_CERTIFICATE_SERVER];
    if (!config->makes_certificate)
        return;
    if (!broker_identity_settle(config, broker->ca, &why))
        log_error("tls", "%s", why.text);
    else if (certificate_file_until_ms(config->certificate, NULL) != own->until_ms)
        renew_certificate(broker);
}

// What has to be said of the device CA's is that it was made elsewhere, or cannot be written.
static void look_at_certificates(void *arg)
{
    struct broker *broker = arg;
    char until[CLOCK_TEXT_SIZE];
    if (ca_renew(broker->ca)) {
        broker->services.ca = ca_port(broker->ca);
        renew_certificate(broker);
    }
    clock_text(until, broker->services.ca.until_ms);
    if (broker->services.ca.until_ms - clock_wall_ms() < ca_warned_ms)
        log_warn("enrol", "the device CA's certificate expires on %s, with all it signed: see pult-broker(8)", until);
    renew_own_make(broker);
    own_certificates_warn(broker->services.own_certificates);
    loop_timer_start(broker->daily, DAY_MS);
}

static void stop(void *arg)
{
    struct broker *broker = arg;
    log_info("broker", "stopping");
    loop_stop(broker->services.loop);
}

// ---- start and end

static void flush_batch(void *arg)
{
    commit_flush(((struct broker *)arg)->services.commit);
}

static void delay_batch(void *arg)
{
    loop_timer_start(((struct broker *)arg)->lingering, LINGER_MS);
}

static bool open_journal(struct broker *broker, struct fault *why)
{
    struct services *services = &broker->services;
    int64_t began_ms = clock_steady_ms();
    services->store = open_store(broker->config, services->loop);
    const struct broker_config *config = broker->config;
    struct journal_ports ports = {services->store,
                                  broker,
                                  die,
                                  wall_ms,
                                  steady_ms,
                                  delay_batch,
                                  .ages = {.sessions_ms = config->keep_sessions_days * DAY_MS,
                                           .audit_ms = config->keep_audit_days * DAY_MS,
                                           .journal_ms = config->keep_journal_days * DAY_MS}};
    broker->journal = journal_open(&ports, services->state, &services->people, why);
    if (!broker->journal) {
        if (why->kind == FAULT_ABSENT)
            return fault_set(why, FAULT_ABSENT, "no journal in %s; run pult-broker --init first",
                             broker->config->data_dir);
        if (why->kind == FAULT_BROKEN)
            log_error("store", "journal is damaged; refusing to start: see pult-broker(8), DAMAGE");
        return false;
    }
    broker->lingering = loop_timer_new(services->loop, flush_batch, broker);
    services->commit = journal_commit(broker->journal);
    services->erasure = journal_erasure(broker->journal);
    log_info("store", "%llu events, %zu sessions, ready after %lld ms",
             (unsigned long long)commit_last_seq(services->commit), state_count(services->state, NOUN_SESSION),
             (long long)(clock_steady_ms() - began_ms));
    return true;
}

static void open_hosts(struct broker *broker)
{
    struct services *services = &broker->services;
    broker->prober = prober_new(services->loop, PROBER_DEADLINE_MS);
    broker->waker = waker_new(services->loop, broker->config->wake_command, WAKER_DEADLINE_MS);
    struct host_port hosts = {broker, probe, wake};
    broker->health = health_new(services->loop, services->state, &services->reports, &hosts);
    services->health = health_source(broker->health);
}

static void open_backup(struct broker *broker)
{
    static const char *const data_names[] = {"device-ca.key", "device-ca.pem",  "otp.secret",
                                             "seal.pem",      "factors.secret", NULL};
    const struct broker_config *config = broker->config;
    bool named = !config->makes_certificate; // else the next broker makes one, by the same CA
    const char *const paths[] = {config->path,
                                 named ? config->certificate : "",
                                 named ? config->key : "",
                                 config->admin_ca,
                                 config->backup_certificates,
                                 config->rdp_certificate,
                                 config->rdp_key,
                                 NULL};
    memcpy(broker->backup_paths, paths, sizeof paths);
    struct backup_config backup = {.folder = config->data_dir,
                                   .data_names = data_names,
                                   .paths = broker->backup_paths,
                                   .credentials_dir = config->credentials_dir,
                                   .certificates = config->backup_certificates};
    broker->backup = backup_maker_new(broker->services.loop, &broker->services.store, &backup);
    broker->services.backup = backup_maker_port(broker->backup);
}

static void open_directories(struct broker *broker)
{
    struct directory_config config = {
        .credentials_dir = broker->config->credentials_dir,
        .deadline_ms = broker->config->directory_deadline_ms,
        .connections = (int)broker->config->directory_connections,
    };
    broker->auth = auth_new(broker->services.loop, &config);
    broker->services.auth = auth_port(broker->auth);
    broker->services.groups = services_groups(&broker->services);
}

static bool open_server(struct broker *broker, struct fault *why)
{
    char ticket_keys[PATH_ROOM];
    broker_config_data_file(broker->config, "ticket-keys", ticket_keys);
    broker->ticket_keys = ticket_keys_open(ticket_keys, clock_wall_ms());
    const struct server_config config = server_config(broker);
    broker->server = server_new(&broker->services, &config, why);
    if (!broker->server)
        return false;
    broker->services.links = server_links(broker->server);
    broker->services.listeners = server_listeners(broker->server);
    return true;
}

static bool begin_broker(struct broker *broker, struct fault *why)
{
    struct services *services = &broker->services;
    broker_config_data_file(broker->config, "first-administrator", broker->first_token_file);
    services->loop = loop_new();
    loop_on_signal(services->loop, SIGHUP, renew_certificate,
                   broker); // heard when the loop runs; it ends nobody before
    services->state = state_new();
    services->throttle = throttle_new((int)broker->config->admin_password_tries);
    outside_logon_open(services, (int)broker->config->outside_password_tries);
    services->admin_sessions = admin_sessions_new(broker->first_token_file);
    services->group_cache = group_cache_new(GROUP_CACHE_BYTES);
    services->started_ms = clock_wall_ms();
    print_jobs_init(&services->print_jobs);
    services->disk_free_permille = disk_free_permille(broker->config);
    if (!open_journal(broker, why))
        return false;
    broker->ca = open_ca(broker->config, why);
    if (!broker->ca || !broker_identity_settle(broker->config, broker->ca, why) ||
        !broker_secrets_open(&broker->secrets, broker->config, services, why))
        return false;
    services->ca = ca_port(broker->ca);
    open_backup(broker);
    open_directories(broker);
    open_hosts(broker);
    broker_portal_open(broker->config, services);
    if (!open_server(broker, why))
        return false;
    open_root_socket(broker);
    broker->sweep = loop_timer_new(services->loop, sweep, broker);
    loop_timer_start(broker->sweep, SWEEP_MS);
    broker->daily = loop_timer_new(services->loop, look_at_certificates, broker);
    loop_timer_start(broker->daily, 0);
    note_certificates(broker);
    loop_on_signal(services->loop, SIGTERM, stop, broker);
    loop_on_signal(services->loop, SIGINT, stop, broker);
    return true;
}

static void end_broker(struct broker *broker)
{
    struct services *services = &broker->services;
    loop_timer_free(broker->sweep);
    loop_timer_free(broker->lingering);
    loop_timer_free(broker->daily);
    root_socket_free(broker->root_socket);
    server_free(broker->server);
    broker_portal_close(services);
    auth_free(broker->auth);
    prober_free(broker->prober);
    health_free(broker->health);
    waker_free(broker->waker);
    reports_clear(&services->reports);
    limits_clear(&services->limits);
    calm_clear(&services->calm);
    broker_secrets_close(&broker->secrets, services);
    print_requests_free(services->print_requests);
    print_jobs_clear(&services->print_jobs);
    channels_fini(&services->channels);
    journal_close(broker->journal);
    backup_maker_free(broker->backup);
    ca_free(broker->ca);
    admin_sessions_free(services->admin_sessions);
    group_cache_free(services->group_cache);
    throttle_free(services->throttle);
    outside_logon_close(services);
    people_clear(&services->people);
    state_free(services->state);
    loop_free(services->loop);
    ticket_keys_free(broker->ticket_keys);
}

bool broker_run(const struct broker_config *config, struct fault *why)
{
    struct broker broker = {.config = config};
    bool began = begin_broker(&broker, why);
    if (began) {
        log_info("broker", "pult-broker %s listening on port %d, for devices on port %d", PULT_VERSION,
                 (int)config->port, (int)config->device_port);
        readiness_tell();
        loop_run(broker.services.loop);
    }
    end_broker(&broker);
    return began;
}

// ---- a journal from a back-up

// The journal does by itself what is left to do, as at each start.
static void end_when_idle(void *arg)
{
    struct broker *broker = arg;
    const struct commit *commit = broker->services.commit;
    if (!commit_is_following(commit) && commit_is_idle(commit) && !erasure_is_busy(broker->services.erasure))
        loop_stop(broker->services.loop);
    else
        loop_timer_start(broker->sweep, LINGER_MS);
}

static bool settle_journal(const struct broker_config *config, struct fault *why)
{
    struct broker broker = {.config = config};
    broker.services.loop = loop_new();
    broker.services.state = state_new();
    bool opened = open_journal(&broker, why);
    if (opened) {
        broker.sweep = loop_timer_new(broker.services.loop, end_when_idle, &broker);
        loop_timer_start(broker.sweep, 0);
        loop_run(broker.services.loop);
    }
    end_broker(&broker);
    return opened;
}

bool broker_adopt_journal(const struct broker_config *config, struct fault *why)
{
    struct loop *loop = loop_new();
    struct store_port store = open_store(config, loop);
    bool adopted = store.adopt(store.self, why);
    store.close(store.self);
    loop_free(loop);
    // FAULT_CONFLICT: the head was there, and nothing is lost.
    return adopted && (broker_accept_backup(config, why) || why->kind == FAULT_CONFLICT) && settle_journal(config, why);
}
