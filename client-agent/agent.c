// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/agent.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/client/enrol.h"
#include "client-agent/agent_accounts.h"
#include "client-agent/broker_link.h"
#include "client-agent/carrier.h"
#include "client-agent/desk.h"
#include "client-agent/greeter.h"
#include "client-agent/notices.h"
#include "client-agent/session_view.h"
#include "client-agent/ticket.h"
#include "client-agent/window_watch.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TICKET_MS = 4000, DIAL_MS = 5000, GIVE_UP_MS = 30000, SHOW_MS = 30000, ANNOUNCE_MS = 75000, READ_MS = 7000 };
// The gate answers within two seconds.
enum { REFUSAL_MS = 5000 };

struct agent {
    struct loop *loop;
    const struct agent_config *config;
    struct account greeter_account, rdp_client_account;
    bool is_root;
    char place[NAME_SIZE], language[8];
    struct desk *desk;
    struct greeter *greeter;
    struct broker_link *broker;
    struct ticket *ticket; // NULL without a realm
    struct displays *screens;
    struct window_watch *greeter_window;
    bool greeted;
    struct session_view *view; // NULL without a session
    struct loop_timer *timer;
    struct carrier *carrier;
    struct notices *notices;
    int64_t small_until_ms; // small packets to session hosts: large ones were lost on the way to one, or to the broker

    // A ticket is bound to the broker's certificate. Until that is known, this logon waits.
    char waiting_name[USER_NAME_SIZE];
    struct secret waiting_password;
    unsigned waiting_attempt;
};

// ---- the desk's ports

static void get_ticket(void *arg, unsigned attempt, const char *name, const struct secret *password)
{
    struct agent *agent = arg;
    unsigned char digest[32];
    if (broker_link_digest(agent->broker, digest)) {
        ticket_get(agent->ticket, attempt, name, password, digest);
        return;
    }
    TEXT_PUT(agent->waiting_name, name);
    agent->waiting_password = *password;
    agent->waiting_attempt = attempt;
    broker_link_fetch_certificate(agent->broker, attempt);
}

static void broker_met(void *arg, unsigned attempt, enum refusal refusal)
{
    struct agent *agent = arg;
    unsigned char digest[32];
    if (attempt != agent->waiting_attempt)
        return;
    bool known = broker_link_digest(agent->broker, digest);
    if (known)
        ticket_get(agent->ticket, attempt, agent->waiting_name, &agent->waiting_password, digest);
    secret_drop(&agent->waiting_password);
    struct desk_ticket none = {.refusal = refusal == REFUSAL_NONE ? REFUSAL_BROKER_UNREACHABLE : refusal};
    if (!known)
        desk_ticket(agent->desk, attempt, &none);
}

static void log_on(void *arg, unsigned attempt, const char *name, const struct secret *password,
                   const char *authorization)
{
    struct agent *agent = arg;
    broker_link_log_on(agent->broker, attempt, name, password, authorization);
}

static void ask_jobs(void *arg, unsigned attempt, const struct desk_order *order, const char *name,
                     const struct secret *password, const char *authorization)
{
    static const enum broker_jobs kinds[] = {[DESK_WANTS_DESKTOP] = BROKER_JOBS,
                                             [DESK_WANTS_JOBS] = BROKER_JOBS,
                                             [DESK_WANTS_RELEASE] = BROKER_RELEASE,
                                             [DESK_WANTS_CANCEL] = BROKER_CANCEL};
    struct agent *agent = arg;
    struct own_jobs_request body = {.name = ""};
    if (!authorization) {
        text_cut(body.name, sizeof body.name, name);
        text_cut(body.password, sizeof body.password, password->bytes);
    }
    TEXT_PUT(body.job, order->job);
    TEXT_PUT(body.printer, order->printer);
    broker_link_jobs(agent->broker, attempt, kinds[order->wish], &body, authorization);
    explicit_bzero(&body, sizeof body);
}

static void change_password(void *arg, unsigned attempt, bool at_kdc, const char *name,
                            const struct secret *old_password, const struct secret *new_password)
{
    struct agent *agent = arg;
    if (at_kdc)
        ticket_change(agent->ticket, attempt, name, old_password, new_password);
    else
        broker_link_change(agent->broker, attempt, name, old_password, new_password);
}

static void session_view_changed(void *arg, enum session_view_event event, enum session_view_end end)
{
    struct agent *agent = arg;
    if (event == VIEW_ENDED) {
        notices_forget(agent->notices);
        session_view_free(take(agent->view));
    }
    desk_view(agent->desk, event, end);
}

static void notice_clicked(void *arg)
{
    struct agent *agent = arg;
    notices_clicked(agent->notices);
}

static void open_view(void *arg, const struct logon_answer *answer, const struct secret *password)
{
    struct agent *agent = arg;
    int64_t small_until_ms = broker_link_small_until_ms(agent->broker);
    if (agent->small_until_ms < small_until_ms)
        agent->small_until_ms = small_until_ms;
    struct session_view_config config = {
        .viewer = {.program = agent->config->viewer,
                   .sandbox = agent->config->sandbox,
                   .start = agent->config->rdp_client_start,
                   .drives_dir = agent->config->drives_dir,
                   .sound_dir = "/dev/snd",
                   .account = agent->is_root ? &agent->rdp_client_account : NULL},
        .run_dir = agent->config->run_dir,
        .small_until_ms = &agent->small_until_ms,
        .dial_ms = DIAL_MS,
        .give_up_ms = GIVE_UP_MS,
        .show_ms = SHOW_MS,
        .announce_ms = ANNOUNCE_MS,
        .refusal_ms = REFUSAL_MS,
        .read_ms = READ_MS,
        .gateway = broker_link_gateway(agent->broker),
        .clicked = notice_clicked,
    };
    agent->view = session_view_new(agent->loop, &config, agent->screens, answer, password, session_view_changed, agent);
}

static void resume_view(void *arg, const char *one_time_password)
{
    struct agent *agent = arg;
    session_view_resume(agent->view, one_time_password, broker_link_channel(agent->broker));
}

static void announce_desktop(void *arg)
{
    struct agent *agent = arg;
    session_view_announce(agent->view);
}

static void close_view(void *arg)
{
    struct agent *agent = arg;
    session_view_close(agent->view);
}

static void cover_view(void *arg, bool by_greeter)
{
    struct agent *agent = arg;
    if (agent->view)
        session_view_cover(agent->view, by_greeter);
}

static void add_notice(void *arg, const struct device_message *message)
{
    struct agent *agent = arg;
    notices_add(agent->notices, message);
}

static void show_face(void *arg, const struct desk_face *face)
{
    struct agent *agent = arg;
    struct greeter_message message = {.type = GREETER_BUSY, .idle = face->idle};
    if (face->own) {
        message.type = GREETER_JOBS;
        message.own = *face->own; // borrowed
    }
    if (face->state == DESK_GREETING)
        message.type = GREETER_SHOW;
    else if (face->state == DESK_CHANGING)
        message.type = GREETER_ASK_NEW;
    TEXT_PUT(message.state, desk_state_name(face->state));
    TEXT_PUT(message.sentence, face->sentence);
    TEXT_PUT(message.where, face->where);
    TEXT_PUT(message.place, agent->place);
    TEXT_PUT(message.help_desk, face->help_desk);
    TEXT_PUT(message.language, agent->language);
    if (face->state == DESK_GREETING)
        TEXT_PUT(message.name, face->name);
    greeter_say(agent->greeter, &message);
    notices_in_front(agent->notices, face->state == DESK_CONNECTED);
}

static void show_mark(void *arg)
{
    struct agent *agent = arg;
    struct greeter_message message = {.type = GREETER_MARK};
    greeter_say(agent->greeter, &message);
}

static void report_to_broker(void *arg, const struct device_message *message)
{
    struct agent *agent = arg;
    broker_link_report(agent->broker, message);
}

static void set_timer(void *arg, int64_t wait_ms)
{
    struct agent *agent = arg;
    if (wait_ms)
        loop_timer_start(agent->timer, wait_ms);
    else
        loop_timer_stop(agent->timer);
}

static const struct desk_ports desk_ports = {
    .ticket = get_ticket,
    .log_on = log_on,
    .jobs = ask_jobs,
    .change = change_password,
    .open = open_view,
    .resume = resume_view,
    .announce = announce_desktop,
    .close = close_view,
    .cover = cover_view,
    .notice = add_notice,
    .face = show_face,
    .mark = show_mark,
    .report = report_to_broker,
    .timer = set_timer,
};

// ---- what is said over the session

static void draw_notice(void *arg, int64_t number, const char *sentence, const char *where)
{
    struct agent *agent = arg;
    struct greeter_message message = {.type = GREETER_DRAW, .number = number};
    TEXT_PUT(message.sentence, sentence);
    TEXT_PUT(message.where, where);
    greeter_say(agent->greeter, &message);
}

static bool show_notice(void *arg, const struct notice_picture *picture)
{
    struct agent *agent = arg;
    return agent->view && session_view_notice(agent->view, picture);
}

static void hide_notice(void *arg)
{
    struct agent *agent = arg;
    if (agent->view)
        session_view_hide_notice(agent->view);
}

static void picture_drawn(struct agent *agent, const struct greeter_message *message)
{
    static unsigned char bits[NOTICE_BYTES_MAX];
    struct notice_picture picture;
    if (greeter_picture(agent->greeter, message, bits, &picture))
        notices_drawn(agent->notices, message->number, &picture);
}

static const struct notices_ports notices_ports = {
    .draw = draw_notice, .show = show_notice, .hide = hide_notice, .told = report_to_broker};

// ---- what comes back

static void got_ticket(void *arg, unsigned attempt, const struct ticket_answer *answer)
{
    struct agent *agent = arg;
    struct desk_ticket ticket = {.refusal = answer->refusal,
                                 .no_kdc = answer->no_kdc,
                                 .silent = answer->silent,
                                 .authorization = answer->authorization};
    desk_ticket(agent->desk, attempt, &ticket);
}

static void password_changed(void *arg, unsigned attempt, enum refusal refusal)
{
    struct agent *agent = arg;
    desk_changed(agent->desk, attempt, refusal);
}

static void broker_answered(void *arg, unsigned attempt, enum refusal refusal, const struct logon_answer *answer,
                            const char *help_desk, int64_t retry_after_s)
{
    struct agent *agent = arg;
    desk_answer(agent->desk, attempt, refusal, answer, help_desk, retry_after_s);
}

static void broker_told_jobs(void *arg, unsigned attempt, const struct own_jobs *own)
{
    struct agent *agent = arg;
    desk_own_jobs(agent->desk, attempt, own);
}

static void time_is_up(void *arg)
{
    struct agent *agent = arg;
    desk_time(agent->desk);
}

static void carrier_is(void *arg, bool is_there)
{
    struct agent *agent = arg;
    desk_carrier(agent->desk, is_there);
    if (!is_there && agent->view)
        session_view_unplugged(agent->view);
}

static void link_silent(void *arg, bool is_silent)
{
    struct agent *agent = arg;
    desk_link_silent(agent->desk, is_silent);
}

static void link_up(void *arg)
{
    struct agent *agent = arg;
    carrier_follow(agent->carrier, broker_link_descriptor(agent->broker));
    desk_link_up(agent->desk);
}

static void link_down(void *arg)
{
    struct agent *agent = arg;
    desk_link_down(agent->desk);
}

static void link_message(void *arg, const struct device_message *message)
{
    struct agent *agent = arg;
    if (message->type == DEVICE_DESK) {
        TEXT_PUT(agent->place, message->place);
        desk_greeter_up(agent->desk); // shows it
        return;
    }
    desk_link_message(agent->desk, message);
}

static void link_refused(void *arg, enum refusal refusal)
{
    struct agent *agent = arg;
    desk_link_refused(agent->desk, refusal);
}

static const struct broker_link_events broker_link_events = {
    .answer = broker_answered,
    .own_jobs = broker_told_jobs,
    .changed = password_changed,
    .digest = broker_met,
    .link_up = link_up,
    .link_down = link_down,
    .link_message = link_message,
    .link_refused = link_refused,
    .link_silent = link_silent,
};

static void greeter_up(void *arg)
{
    struct agent *agent = arg;
    desk_greeter_up(agent->desk);
}

static void pass_on(struct agent *agent, const struct greeter_message *message)
{
    struct secret password;
    if (!secret_set(&password, message->password, strlen(message->password)))
        return;
    if (message->type != GREETER_NEW_PASSWORD)
        desk_log_on(agent->desk, message->type == GREETER_ASK_JOBS ? DESK_WANTS_JOBS : DESK_WANTS_DESKTOP,
                    message->name, &password);
    else
        desk_new_password(agent->desk, &password);
    secret_drop(&password);
}

static void pass_order(struct agent *agent, enum desk_wish wish, const struct greeter_message *message)
{
    struct desk_order order = {.wish = wish};
    TEXT_PUT(order.job, message->job);
    TEXT_PUT(order.printer, message->printer);
    desk_jobs_order(agent->desk, &order);
}

static void greeter_heard_message(void *arg, const struct greeter_message *message)
{
    struct agent *agent = arg;
    switch ((enum greeter_type)message->type) {
    case GREETER_LOG_ON:
    case GREETER_NEW_PASSWORD:
        pass_on(agent, message);
        return;
    case GREETER_CANCEL:
        desk_cancel(agent->desk);
        return;
    case GREETER_TYPING:
        broker_link_probe(agent->broker);
        desk_typing(agent->desk);
        return;
    case GREETER_LANGUAGE:
        TEXT_PUT(agent->language, message->language);
        return;
    case GREETER_ASK_JOBS:
        if (*message->name)
            pass_on(agent, message);
        else
            pass_order(agent, DESK_WANTS_JOBS, message);
        return;
    case GREETER_RELEASE:
        pass_order(agent, DESK_WANTS_RELEASE, message);
        return;
    case GREETER_CANCEL_JOB:
        pass_order(agent, DESK_WANTS_CANCEL, message);
        return;
    case GREETER_DRAWN:
        picture_drawn(agent, message);
        return;
    case GREETER_SHOW:
    case GREETER_ASK_NEW:
    case GREETER_BUSY:
    case GREETER_MARK:
    case GREETER_JOBS:
    case GREETER_DRAW:
        return; // only we say this
    }
}

static const struct greeter_events greeter_events = {.up = greeter_up, .heard = greeter_heard_message};

// The first screen the person gets has the greeter on it already, with the keyboard.
static void greeter_appeared(void *arg)
{
    struct agent *agent = arg;
    if (!agent->greeted)
        displays_show(agent->screens, DISPLAY_GREETER);
    agent->greeted = true;
}

static void greeter_lock_pressed(void *arg)
{
    struct agent *agent = arg;
    desk_attention(agent->desk);
}

static void greeter_jobs_pressed(void *arg)
{
    struct agent *agent = arg;
    desk_jobs_key(agent->desk);
}

static void start_greeter(struct agent *agent, const struct x_server *server)
{
    static const struct window_watch_events events = {
        .shown = greeter_appeared, .lock = greeter_lock_pressed, .jobs = greeter_jobs_pressed};
    struct fault why = {0};
    window_watch_free(agent->greeter_window);
    agent->greeter_window =
        window_watch_new(agent->loop, x_server_display(server), x_server_cookie(server), &events, agent, &why);
    if (!agent->greeter_window)
        log_error("greeter", "%s", why.text);
    struct window_watch_screen screen = {.scale = 1};
    if (agent->greeter_window)
        window_watch_screen(agent->greeter_window, &screen);
    greeter_start(agent->greeter, x_server_display(server), x_server_auth_file(server), screen.scale);
}

static void display_ready(void *arg, enum display_kind kind)
{
    struct agent *agent = arg;
    if (kind == DISPLAY_GREETER)
        start_greeter(agent, displays_server(agent->screens, kind));
    else if (agent->view)
        session_view_screen_ready(agent->view);
}

static void display_ended(void *arg, enum display_kind kind)
{
    struct agent *agent = arg;
    if (kind == DISPLAY_GREETER) {
        window_watch_free(take(agent->greeter_window));
        greeter_stop(agent->greeter);
    } else if (agent->view) {
        session_view_screen_ended(agent->view);
    }
}

static const struct displays_events displays_events = {.ready = display_ready, .ended = display_ended};

// ---- putting it together

static bool find_accounts(struct agent *agent, struct fault *why)
{
    agent->is_root = geteuid() == 0;
    return agent_accounts_find(agent->config, &agent->greeter_account, &agent->rdp_client_account, why);
}

static void make_parts(struct agent *agent)
{
    const struct agent_config *config = agent->config;
    struct greeter_config greeter = {.program = config->greeter,
                                     .account = agent->is_root ? &agent->greeter_account : NULL,
                                     .language = config_languages[config->language]};
    struct displays_config screens = {
        .commands = {[DISPLAY_GREETER] = config->greeter_server, [DISPLAY_RDP_CLIENT] = config->rdp_client_server},
        .clients = {agent->is_root ? agent->greeter_account.uid : geteuid(),
                    agent->is_root ? agent->rdp_client_account.uid : geteuid()},
        .switch_command = config->switch_command,
        .first_vt = (int)config->first_vt,
        .run_dir = config->run_dir,
    };
    struct ticket_config ticket = {.realm = config->realm, .broker = config->broker, .deadline_ms = TICKET_MS};
    if (*config->realm)
        agent->ticket = ticket_new(agent->loop, &ticket, got_ticket, password_changed, agent);
    agent->notices = notices_new(agent->loop, &notices_ports, agent);
    agent->timer = loop_timer_new(agent->loop, time_is_up, agent);
    agent->desk = desk_new(&desk_ports, agent, agent->ticket != NULL, config->help_desk);
    agent->greeter = greeter_new(agent->loop, &greeter, &greeter_events, agent);
    agent->screens = displays_new(agent->loop, &screens, &displays_events, agent);
}

static void find_place(struct agent *agent)
{
    char id[ID_SIZE];
    enrol_id(id, NOUN_DEVICE, agent->config->state_dir);
    text_cut(agent->place, sizeof agent->place, *agent->config->desk_name ? agent->config->desk_name : id);
    TEXT_PUT(agent->language, config_languages[agent->config->language]);
}

struct agent *agent_new(struct loop *loop, const struct agent_config *config, const struct uplink_config *uplink,
                        struct fault *why)
{
    struct agent *agent = mem_new(1, sizeof *agent);
    agent->loop = loop;
    agent->config = config;
    agent->carrier = carrier_new(loop, carrier_is, agent, why);
    if (agent->carrier && find_accounts(agent, why))
        agent->broker = broker_link_new(loop, uplink, &broker_link_events, agent, why);
    if (!agent->broker) {
        carrier_free(agent->carrier);
        free(agent);
        return NULL;
    }
    find_place(agent);
    make_parts(agent);
    return agent;
}

void agent_free(struct agent *agent)
{
    if (!agent)
        return;
    session_view_free(agent->view);
    window_watch_free(agent->greeter_window);
    greeter_free(agent->greeter);
    displays_free(agent->screens);
    ticket_free(agent->ticket);
    broker_link_free(agent->broker);
    carrier_free(agent->carrier);
    notices_free(agent->notices);
    desk_free(agent->desk);
    loop_timer_free(agent->timer);
    secret_drop(&agent->waiting_password);
    free(agent);
}
