// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/host_agent.h"
#include "broker/api/host_link.h"
#include "broker/api/record.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/client/enrol.h"
#include "broker/client/language.h"
#include "broker/client/uplink.h"
#include "broker/pult-host/backend_socket.h"
#include "broker/pult-host/health_checks.h"
#include "broker/pult-host/load.h"
#include "broker/pult-host/name_checks.h"
#include "broker/pult-host/newcomers.h"
#include "broker/pult-host/notify.h"
#include "broker/pult-host/otp_key_file.h"
#include "broker/pult-host/otp_log.h"
#include "broker/pult-host/otp_verifier.h"
#include "broker/pult-host/pam_socket.h"
#include "broker/pult-host/print_queues.h"
#include "broker/pult-host/sessions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    PATH_SIZE = 300,
    SOON_MS = 50, // what changes together is reported together
    CLOCK_MAX_MS = 5000,
    VERIFY_MS = PAM_DEADLINE_MS - 200, // the way to pam_pult.so and back is within its deadline, too
};

struct host_agent {
    struct loop *loop;
    const struct host_config *config;
    char host[ID_SIZE], key_file[PATH_SIZE];
    struct uplink *uplink;
    struct used_otps *used;
    struct otp_log *otp_log;
    struct otp_verifier *verifier;
    struct pam_socket *pam_socket;
    struct sessions *sessions;
    struct newcomers *newcomers;
    struct notifier *notifier;
    struct health_checks *checks;
    struct name_checks *names;
    struct print_queues *queues;
    struct backend_socket *backends;
    struct load load;
    struct loop_timer *soon, *every;
    bool welcomed;
    int64_t started_ms;
    bool clock_known;
    int64_t clock_ms; // the broker's clock minus time since boot
};

// ---- the broker's clock. Time since boot goes on while the machine sleeps and when somebody sets its clock.

static int64_t boot_time_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t broker_now_ms(void *arg)
{
    const struct host_agent *agent = arg;
    return agent->clock_known ? boot_time_ms() + agent->clock_ms : clock_wall_ms();
}

// ---- the report

static void add_fault(struct text *faults, const char *fault)
{
    text_addf(faults, "%s%s", faults->length ? "\n" : "", fault);
}

static void collect_faults(struct host_agent *agent, char *text, size_t size)
{
    struct text faults = {0};
    char line[100];
    int64_t off_ms = clock_wall_ms() - broker_now_ms(agent);
    health_checks_print(agent->checks, &faults);
    if (otp_log_is_broken(agent->otp_log))
        add_fault(&faults, "one-time passwords: their use cannot be written to disk");
    if (!sessions_connections_known(agent->sessions))
        add_fault(&faults, "sessions: the kernel does not tell which are connected");
    snprintf(line, sizeof line, "clock: %lld s %s the broker's", (long long)llabs(off_ms) / 1000,
             off_ms > 0 ? "ahead of" : "behind");
    if (llabs(off_ms) > CLOCK_MAX_MS)
        add_fault(&faults, line);
    text_cut(text, size, faults.bytes ? faults.bytes : "");
    text_drop(&faults);
}

static void collect_warnings(const struct host_agent *agent, char *text, size_t size)
{
    struct text warnings = {0};
    name_checks_print(agent->names, &warnings);
    print_queues_print(agent->queues, &warnings);
    text_cut(text, size, warnings.bytes ? warnings.bytes : "");
    text_drop(&warnings);
}

static void add_session(const struct host_agent *agent, struct record_list *sessions, const struct sessions_row *row)
{
    struct host_session *session = record_add(sessions, &host_session_type);
    session->unprinted_ms = backend_socket_waits(agent->backends, row->user_name);
    session->connected = row->session.connected;
    session->starting = row->session.sesexec.pid && !row->session.window_manager.pid;
    session->since_ms = row->session.since_ms;
    session->idle_s = row->idle_s < 0 ? 0 : row->idle_s;
    TEXT_PUT(session->user_name, row->user_name);
    TEXT_PUT(session->found_as, row->found_as);
    snprintf(session->display, sizeof session->display, ":%d", row->session.display);
    if (row->admission) {
        TEXT_PUT(session->session, row->admission->session);
        session->fence = row->admission->fence;
    }
}

static void report(void *arg)
{
    struct host_agent *agent = arg;
    struct sessions_row row;
    struct host_message message = {.type = HOST_REPORT,
                                   .started_ms = agent->started_ms,
                                   .fence = used_otps_highest(agent->used),
                                   .announces = true};
    if (!agent->welcomed)
        return;
    load_read(&agent->load, "/proc");
    message.cpu = agent->load.cpu;
    message.memory = agent->load.memory;
    message.pressure = agent->load.pressure;
    collect_faults(agent, message.faults, sizeof message.faults);
    collect_warnings(agent, message.warnings, sizeof message.warnings);
    for (size_t i = 0; sessions_at(agent->sessions, i, &row); i++)
        if (message.sessions.count < HOST_SESSIONS_MAX)
            add_session(agent, &message.sessions, &row);
    client_link_send(uplink_client(agent->uplink), &message);
    free(message.sessions.rows);
}

static void something_changed(void *arg)
{
    struct host_agent *agent = arg;
    loop_timer_start(agent->soon, SOON_MS);
}

static void session_replaced(void *arg, const struct admission *admission)
{
    struct host_agent *agent = arg;
    struct host_message message = {.type = HOST_ENDED, .reason = HOST_BECAUSE_NAME_REUSED};
    TEXT_PUT(message.session, admission->session);
    if (agent->welcomed)
        client_link_send(uplink_client(agent->uplink), &message);
}

static void report_again(void *arg)
{
    struct host_agent *agent = arg;
    struct sessions_row row;
    for (size_t i = 0; sessions_at(agent->sessions, i, &row); i++)
        notify_idle(agent->notifier, &row.session, row.idle_s);
    sessions_ask_idle(agent->sessions);
    used_otps_forget(agent->used, broker_now_ms(agent));
    report(agent);
    loop_timer_start(agent->every, HOST_REPORT_MS);
}

// ---- what the broker wants

static void welcome(struct host_agent *agent, const struct host_message *message)
{
    struct fault why = {0};
    agent->clock_ms = message->now_ms - boot_time_ms();
    agent->clock_known = message->now_ms > 0;
    agent->welcomed = true;
    log_info("link", "connected to the broker as %s", agent->host);
    if (!otp_verifier_set_key(agent->verifier, message->otp_key))
        log_error("link", "the broker sent no valid key for one-time passwords");
    else if (!otp_key_file_write(agent->key_file, message->otp_key, &why))
        log_error("link", "%s", why.text);
    report(agent);
}

// The session by its id or, without one, all of a user name; with neither `all` decides.
static bool is_meant(const struct host_message *message, const struct sessions_row *row, bool all)
{
    if (*message->session)
        return row->admission && text_equal(row->admission->session, message->session);
    return *message->user_name ? text_same_name(row->user_name, strlen(row->user_name), message->user_name) : all;
}

// What the broker does not know any more may still be somebody's work: it knew less than we do here and now.
static void log_off(struct host_agent *agent, const struct sessions_row *row, const struct host_message *message)
{
    if (message->reason == HOST_BECAUSE_SUPERSEDED && row->session.connected) {
        log_warn("link", "the broker does not know the desktop of %s any more, but somebody works there: it stays",
                 row->user_name);
        return;
    }
    bool someone_waits = message->reason == HOST_BECAUSE_NAME_REUSED;
    sessions_end(agent->sessions, &row->session, someone_waits ? &logoff_fast : &logoff_graceful);
}

static void disconnect(struct host_agent *agent, const struct sessions_row *row, const struct host_message *message)
{
    (void)message;
    sessions_disconnect(agent->sessions, &row->session);
}

static void tell(struct host_agent *agent, const struct sessions_row *row, const struct host_message *message)
{
    char sentence[NOTIFY_SENTENCE_SIZE];
    notify_sentence(sentence, (enum host_reason)message->reason, message->minutes, message->text);
    notify_show(agent->notifier, &row->session, (enum host_reason)message->reason, sentence);
}

typedef void act(struct host_agent *agent, const struct sessions_row *row, const struct host_message *message);

static void each_meant(struct host_agent *agent, const struct host_message *message, bool all, act *does)
{
    struct sessions_row row;
    for (size_t i = 0; sessions_at(agent->sessions, i, &row); i++)
        if (!row.ends && is_meant(message, &row, all))
            does(agent, &row, message);
}

static void link_message(void *arg, const void *of_link)
{
    struct host_agent *agent = arg;
    const struct host_message *message = of_link;
    switch ((enum host_message_type)message->type) {
    case HOST_WELCOME:
        welcome(agent, message);
        return;
    case HOST_VERIFIED:
        otp_verifier_confirmed(agent->verifier, message->request_id, message->valid);
        return;
    case HOST_LOG_OFF:
        each_meant(agent, message, false, log_off);
        return;
    case HOST_DISCONNECT:
        each_meant(agent, message, false, disconnect);
        return;
    case HOST_MESSAGE:
        each_meant(agent, message, true, tell);
        return;
    case HOST_PRINTING:
        print_queues_set_server(agent->queues, &message->printing);
        return;
    case HOST_QUEUES:
        print_queues_set(agent->queues, message);
        return;
    case HOST_REPORT:
    case HOST_VERIFY:
    case HOST_ENDED:
    case HOST_DESKTOP:
    case HOST_MESSAGE_TYPE_COUNT:
        return; // only we say this
    }
}

static void link_down(void *arg)
{
    struct host_agent *agent = arg;
    agent->welcomed = false;
    log_warn("link", "broker unreachable; verifying one-time passwords locally");
    otp_verifier_link_down(agent->verifier);
}

static void link_refused(void *arg, enum refusal refusal, const char *detail)
{
    (void)arg;
    log_error("link", "%s (%s)", refusal_rows[refusal].sentence, detail);
}

// ---- the verifier's ports

static bool confirm(void *arg, int64_t request_id, const struct otp *otp)
{
    struct host_agent *agent = arg;
    struct host_message message = {.type = HOST_VERIFY, .request_id = request_id, .fence = otp->fence};
    TEXT_PUT(message.session, otp->session);
    TEXT_PUT(message.user_name, otp->user_name);
    return agent->welcomed && client_link_send(uplink_client(agent->uplink), &message);
}

static void step_done(void *arg, bool fine)
{
    otp_verifier_step_done(arg, fine);
}

static const char *settle(void *arg, const struct otp *otp, struct admission *admission)
{
    struct host_agent *agent = arg;
    return sessions_settle(agent->sessions, otp, admission);
}

static void clear(void *arg, const struct otp *otp, const struct admission *admission, struct otp_verifier_step *step)
{
    struct host_agent *agent = arg;
    sessions_clear(agent->sessions, otp, admission, step_done, step);
}

static void keep(void *arg, const struct otp *otp, const struct admission *admission, struct otp_verifier_step *step)
{
    struct host_agent *agent = arg;
    otp_log_keep(agent->otp_log, otp->nonce, admission, step_done, step);
}

static const struct otp_verifier_ports otp_verifier_ports = {
    .now_ms = broker_now_ms, .confirm = confirm, .settle = settle, .clear = clear, .keep = keep};

// ---- who was let in

static void tell_of_newcomer(void *arg, const struct admission *admission, enum desktop_outcome outcome,
                             bool was_running)
{
    struct host_agent *agent = arg;
    struct host_message message = {
        .type = HOST_DESKTOP, .fence = admission->fence, .outcome = outcome, .was_running = was_running};
    TEXT_PUT(message.session, admission->session);
    TEXT_PUT(message.user_name, admission->user_name);
    if (agent->welcomed)
        client_link_send(uplink_client(agent->uplink), &message);
    if (outcome == DESKTOP_READY)
        sessions_ask_idle(agent->sessions); // which also closes an X server that admits everybody
    something_changed(agent);
}

// ---- what PAM asks

struct pending_request {
    struct host_agent *agent;
    struct pam_request *request;
    char user_name[USER_NAME_SIZE];
    uid_t uid; // of that name
    uint64_t connection;
    int64_t since_ms;
};

static void answer_pam(void *arg, const struct otp_verdict *verdict)
{
    struct pending_request *pending = arg;
    struct pam_answer answer = {.valid = verdict->valid, .uid = verdict->uid};
    answer.password_offset = (uint16_t)verdict->password_offset;
    int64_t took_ms = clock_steady_ms() - pending->since_ms;
    if (verdict->valid)
        log_info("otp", "%s accepted (%lld ms)", pending->user_name, (long long)took_ms);
    else
        log_warn("otp", "%s rejected: %s (%lld ms)", pending->user_name, verdict->why, (long long)took_ms);
    // Whoever comes to a desktop of before may have been renamed.
    if (verdict->valid && verdict->uid == pending->uid)
        name_checks_add(pending->agent->names, pending->user_name, pending->uid);
    // Before the answer: after it the connection that identifies the process is closed.
    if (verdict->valid)
        newcomers_add(pending->agent->newcomers, verdict->admission, pending->connection,
                      pam_request_asker(pending->request));
    else
        sessions_refuse(pending->agent->sessions, pending->connection);
    pam_socket_answer(pending->request, &answer);
    free(pending);
}

static void pam_asked(void *arg, const struct pam_question *question, struct pam_request *request)
{
    struct host_agent *agent = arg;
    struct pending_request *pending = mem_new(1, sizeof *pending);
    pending->agent = agent;
    pending->request = request;
    pending->connection = question->connection;
    pending->uid = question->uid;
    pending->since_ms = clock_steady_ms();
    const char *user_name = question->user_name, *plain_name = question->plain_name;
    if (*plain_name && otp_verifier_issued_for(agent->verifier, plain_name, question->password))
        user_name = plain_name;
    text_cut(pending->user_name, sizeof pending->user_name, user_name);
    otp_verifier_ask(agent->verifier, user_name, question->uid, question->password, answer_pam, pending);
}

// ---- putting it together

static bool open_verifier(struct host_agent *agent, struct fault *why)
{
    char path[PATH_SIZE], key[OTP_KEY_TEXT_SIZE];
    struct otp_verifier_config config = {
        .host = agent->host, .confirm_ms = HOST_VERIFY_MS, .deadline_ms = VERIFY_MS, .previous_ms = OTP_MS};
    snprintf(path, sizeof path, "%s/ledger", agent->config->state_dir);
    agent->otp_log = otp_log_open(agent->loop, path, agent->used, why);
    if (!agent->otp_log)
        return false;
    agent->verifier = otp_verifier_new(agent->loop, &config, agent->used, &otp_verifier_ports, agent);
    if (otp_key_file_read(agent->key_file, key) && !otp_verifier_set_key(agent->verifier, key))
        log_warn("otp", "%s does not contain a key; waiting for the broker's", agent->key_file);
    explicit_bzero(key, sizeof key);
    if (mkdir(agent->config->run_dir, 0755) != 0 && errno != EEXIST)
        return fault_set(why, FAULT_BROKEN, "%s: %s", agent->config->run_dir, strerror(errno));
    snprintf(path, sizeof path, "%s/pam.sock", agent->config->run_dir);
    agent->pam_socket = pam_socket_open(agent->loop, path, pam_asked, agent, why);
    return agent->pam_socket != NULL;
}

static bool open_backends(struct host_agent *agent, struct fault *why)
{
    agent->backends = backend_socket_open(agent->loop, agent->config->state_dir, why);
    if (agent->backends)
        backend_socket_on_wait(agent->backends, something_changed, agent);
    return agent->backends != NULL;
}

static bool connect_broker(struct host_agent *agent, struct fault *why)
{
    static const struct websocket_events events = {.down = link_down, .message = link_message, .refused = link_refused};
    struct uplink_config config = {.noun = NOUN_HOST,
                                   .broker = agent->config->broker,
                                   .port = (int)agent->config->device_port,
                                   .broker_ca = agent->config->broker_ca,
                                   .state_dir = agent->config->state_dir};
    agent->uplink = uplink_new(agent->loop, &config, &events, agent, why);
    return agent->uplink != NULL;
}

static void start_watching(struct host_agent *agent)
{
    static const struct sessions_events sessions_events = {.changed = something_changed, .replaced = session_replaced};
    const struct host_config *config = agent->config;
    struct health_checks_config checks = {.rdp_port = config->rdp_port,
                                          .sesman_port = config->sesman_port,
                                          .certificate = config->certificate,
                                          .probe_account = config->probe_account,
                                          .state_dir = config->state_dir,
                                          .free_percent = config->free_percent};
    struct print_queues_config queues = {
        .socket = config->cups_socket, .backend = config->print_backend, .state_dir = config->state_dir};
    agent->soon = loop_timer_new(agent->loop, report, agent);
    agent->every = loop_timer_new(agent->loop, report_again, agent);
    agent->sessions = sessions_new(agent->loop, agent->used, &sessions_events, agent);
    sessions_keep_layouts(agent->sessions, config->session_keyboard);
    agent->newcomers = newcomers_new(agent->loop, agent->sessions, config->desktop_s * 1000, tell_of_newcomer, agent);
    agent->notifier = notify_new(agent->loop);
    agent->names = name_checks_new(agent->loop, something_changed, agent);
    agent->queues = print_queues_new(agent->loop, &queues, something_changed, agent);
    agent->checks = health_checks_new(agent->loop, &checks, something_changed, agent);
    loop_timer_start(agent->every, 0);
}

struct host_agent *host_agent_new(struct loop *loop, const struct host_config *config, struct fault *why)
{
    struct host_agent *agent = mem_new(1, sizeof *agent);
    agent->loop = loop;
    agent->config = config;
    agent->started_ms = clock_wall_ms();
    language_init(*config->language ? config->language : NULL);
    snprintf(agent->key_file, sizeof agent->key_file, "%s/otp.key", config->state_dir);
    enrol_id(agent->host, NOUN_HOST, config->state_dir);
    if (!*agent->host)
        fault_set(why, FAULT_ABSENT, "this host is not enrolled; run pult-host --enrol");
    agent->used = used_otps_new();
    start_watching(agent);
    if (*agent->host && open_verifier(agent, why) && open_backends(agent, why) && connect_broker(agent, why))
        return agent;
    host_agent_free(agent);
    return NULL;
}

void host_agent_free(struct host_agent *agent)
{
    if (!agent)
        return;
    uplink_free(agent->uplink);
    pam_socket_free(agent->pam_socket);
    otp_verifier_free(agent->verifier);
    otp_log_free(agent->otp_log);
    used_otps_free(agent->used);
    health_checks_free(agent->checks);
    name_checks_free(agent->names);
    backend_socket_free(agent->backends);
    print_queues_free(agent->queues);
    notify_free(agent->notifier);
    newcomers_free(agent->newcomers);
    sessions_free(agent->sessions);
    loop_timer_free(agent->soon);
    loop_timer_free(agent->every);
    free(agent);
}
