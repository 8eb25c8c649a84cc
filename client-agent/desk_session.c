// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/client/language.h"
#include "client-agent/desk.h"
#include "client-agent/desk_jobs.h"
#include "client-agent/desk_state.h"
#include "client-agent/session_end.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    WAKING_MS = 180 * 1000,
    WAKING_STEP_MS = 1000,
    WAKING_STEP_MOST_MS = 30 * 1000,
    MENDING_MS = 600 * 1000,
    AWAY_MS = 3000
};

static const char broken_answer[] = N_("The broker's answer is not usable. Ask the help desk.");
static const char gone_sentence[] = N_("Your session was opened at another desk, or it has ended.");
static const char lost_sentence[] = N_("Your earlier desktop on %s cannot be reached at the moment. You are getting a "
                                       "new one. If something is missing there, tell the help desk.");
static const char slow_sentence[] = N_("Your computer has not started in time. Try again or ask the help desk.");
static const char taken_sentence[] = N_("A desktop that was opened under your user name before is still being ended. "
                                        "Try again in a minute or ask the help desk.");
static const char alone_sentence[] = N_("The broker cannot be reached either. The desk keeps trying.");
// The directory may well ask the same silent KDC, and then calls the right password wrong.
static const char unsure_sentence[] = N_("The Kerberos server does not answer, and the directory did not accept your "
                                         "name and password. If both are right, try again in a minute.");
static const char cable_sentence[] =
    N_("This desk is not connected to the network. Check that its cable is plugged in at both ends.");
static const char away_sentence[] = N_("The broker cannot be reached at the moment, although the cable is plugged in. "
                                       "The desk keeps trying. If it takes longer, call the help desk.");
static const char empty_sentence[] = N_("Enter your name and your password.");

struct desk *desk_new(const struct desk_ports *ports, void *arg, bool has_realm, const char *help_desk)
{
    struct desk *desk = mem_new(1, sizeof *desk);
    desk->ports = *ports;
    desk->arg = arg;
    desk->has_realm = has_realm;
    desk->sentence = "";
    desk->closing_sentence = "";
    text_cut(desk->help_desk, sizeof desk->help_desk, help_desk);
    return desk;
}

void desk_free(struct desk *desk)
{
    desk_forget_person(desk);
    own_jobs_free(&desk->own);
    free(desk);
}

// ---- who is it

// A space before or behind it is none of the name; false when it is no name.
static bool note_name(struct desk *desk, const char *name)
{
    name += strspn(name, " ");
    size_t length = strlen(name);
    while (length && name[length - 1] == ' ')
        length--;
    if (!length || length >= sizeof desk->name)
        return false;
    memcpy(desk->name, name, length);
    desk->name[length] = 0;
    return true;
}

void desk_log_on(struct desk *desk, enum desk_wish wish, const char *name, const struct secret *password)
{
    if (desk->state != DESK_GREETING)
        return;
    if (password->length == 0 || !note_name(desk, name)) {
        desk_enter(desk, DESK_GREETING, empty_sentence, "");
        return;
    }
    if (desk->unplugged) {
        desk_enter(desk, DESK_GREETING, cable_sentence, "");
        return;
    }
    // Without the link nobody could say where the session went, and nobody would know what is shown here.
    if (desk->link_refusal != REFUSAL_NONE) {
        desk_enter(desk, DESK_GREETING, refusal_rows[desk->link_refusal].sentence, "");
        return;
    }
    assert(wish == DESK_WANTS_DESKTOP || wish == DESK_WANTS_JOBS);
    desk->order = (struct desk_order){.wish = wish};
    desk->password = *password;
    desk->waited_ms = 0;
    desk_enter(desk, DESK_CHECKING, "", "");
    desk_check_person(desk);
}

// Whoever mistyped the password need not type the name again.
static void ask_again(struct desk *desk, const char *sentence)
{
    TEXT_PUT(desk->refused_name, desk->name);
    desk_enter(desk, DESK_GREETING, sentence, "");
}

static void refuse_person(struct desk *desk, enum refusal refusal, bool by_kdc)
{
    bool unsure = desk->kdc_silent && refusal == REFUSAL_WRONG_PASSWORD;
    desk->kdc_refused = by_kdc;
    if (desk->state == DESK_JOBS) {
        desk_jobs_refused(desk, refusal);
        return;
    }
    if (refusal_asks_for_new_password(refusal))
        desk_enter(desk, DESK_CHANGING, refusal_rows[refusal].sentence, "");
    else
        ask_again(desk, unsure ? unsure_sentence : refusal_rows[refusal].sentence);
}

static bool is_awaited(const struct desk *desk, unsigned attempt)
{
    bool waits = desk->state == DESK_CHECKING || desk->state == DESK_WAKING || (desk->state == DESK_JOBS && desk->asks);
    return waits && attempt == desk->attempt;
}

void desk_ticket(struct desk *desk, unsigned attempt, const struct desk_ticket *ticket)
{
    if (!is_awaited(desk, attempt))
        return;
    desk->kdc_silent = ticket->silent;
    if (ticket->no_kdc)
        desk_ask_broker(desk, NULL);
    else if (ticket->refusal == REFUSAL_NONE)
        desk_ask_broker(desk, ticket->authorization);
    else
        refuse_person(desk, ticket->refusal, true);
}

void desk_new_password(struct desk *desk, const struct secret *password)
{
    if (desk->state != DESK_CHANGING || password->length == 0)
        return;
    desk->new_password = *password;
    desk_enter(desk, DESK_RENEWING, "", "");
    desk->ports.change(desk->arg, ++desk->attempt, desk->kdc_refused, desk->name, &desk->password, &desk->new_password);
}

void desk_changed(struct desk *desk, unsigned attempt, enum refusal refusal)
{
    if (desk->state != DESK_RENEWING || attempt != desk->attempt)
        return;
    if (refusal == REFUSAL_NONE) {
        desk->password = desk->new_password;
        secret_drop(&desk->new_password);
        desk_enter(desk, DESK_CHECKING, "", "");
        desk_check_person(desk);
        return;
    }
    secret_drop(&desk->new_password);
    if (refusal_asks_for_new_password(refusal))
        desk_enter(desk, DESK_CHANGING, refusal_rows[refusal].sentence, "");
    else
        ask_again(desk, refusal_rows[refusal].sentence);
}

// ---- the session

static bool is_usable(const struct logon_answer *answer)
{
    return *answer->session && *answer->address && answer->port > 0 && *answer->fingerprint && *answer->user_name;
}

static void note_session(struct desk *desk, const struct logon_answer *answer)
{
    TEXT_PUT(desk->session, answer->session);
    desk->fence = answer->fence;
    desk->closing_sentence = "";
    desk->closing_where[0] = 0;
    desk->wants_password = false;
}

// The broker has opened a session for somebody who has turned away: it must not believe that it is being shown.
static void let_go(struct desk *desk, const struct logon_answer *answer)
{
    struct device_message message = {.type = DEVICE_STATE, .fence = answer->fence, .state = DESK_REPORTS_DISCONNECTED};
    TEXT_PUT(message.session, answer->session);
    TEXT_PUT(message.detail, "cancelled");
    desk->ports.report(desk->arg, &message);
}

static void open_session(struct desk *desk, const struct logon_answer *answer)
{
    note_session(desk, answer);
    if (!is_usable(answer)) {
        if (*answer->session)
            desk_report_session(desk, DEVICE_STATE, DESK_REPORTS_FAILED, "incomplete answer");
        desk_enter(desk, DESK_GREETING, broken_answer, "");
        return;
    }
    desk_enter(desk, DESK_CONNECTING, *answer->abandoned_host ? lost_sentence : "", answer->abandoned_host);
    desk->ports.open(desk->arg, answer, &desk->password);
}

// The person waits at the desk; what they typed is asked with again.
static void wait_for_computer(struct desk *desk, enum refusal refusal, int64_t retry_after_s)
{
    int64_t wait_ms = retry_after_s < WAKING_STEP_MOST_MS / 1000 ? retry_after_s * 1000 : WAKING_STEP_MOST_MS;
    if (wait_ms < WAKING_STEP_MS)
        wait_ms = WAKING_STEP_MS;
    desk->waited_ms += wait_ms;
    if (desk->waited_ms > WAKING_MS) {
        ask_again(desk, refusal == REFUSAL_NAME_TAKEN ? taken_sentence : slow_sentence);
        return;
    }
    desk_enter(desk, DESK_WAKING, refusal_rows[refusal].sentence, "");
    desk->ports.timer(desk->arg, wait_ms);
}

void desk_answer(struct desk *desk, unsigned attempt, enum refusal refusal, const struct logon_answer *answer,
                 const char *help_desk, int64_t retry_after_s)
{
    if (!is_awaited(desk, attempt)) {
        if (refusal == REFUSAL_NONE && answer)
            let_go(desk, answer);
        return;
    }
    if (*help_desk)
        text_cut(desk->help_desk, sizeof desk->help_desk, help_desk);
    if (refusal == REFUSAL_NONE && answer && desk->state != DESK_JOBS) {
        open_session(desk, answer);
    } else if (refusal == REFUSAL_TICKET_REJECTED && desk->has_realm && !desk->ticket_tried) {
        // The broker may have a new certificate, which the ticket was not bound to.
        desk->ticket_tried = true;
        desk_check_person(desk);
    } else if (refusal == REFUSAL_HOST_WAKING || refusal == REFUSAL_NAME_TAKEN) {
        wait_for_computer(desk, refusal, retry_after_s);
    } else {
        refuse_person(desk, refusal, false);
    }
}

static void close_session(struct desk *desk, const char *sentence, const char *where)
{
    desk->closing_sentence = sentence;
    text_cut(desk->closing_where, sizeof desk->closing_where, where);
    if (desk->state == DESK_CLOSING)
        return;
    desk_enter(desk, DESK_CLOSING, "", "");
    desk->ports.close(desk->arg);
}

void desk_cancel(struct desk *desk)
{
    if (desk->state == DESK_CONNECTING || desk->state == DESK_RECONNECTING)
        close_session(desk, "", "");
    else if (desk->state == DESK_CHECKING || desk->state == DESK_CHANGING || desk->state == DESK_RENEWING ||
             desk->state == DESK_WAKING)
        desk_enter(desk, DESK_GREETING, "", "");
    else if (desk_shows_jobs(desk))
        desk_jobs_close(desk);
}

static void session_ended(struct desk *desk, enum session_view_end end)
{
    bool known = *desk->closing_sentence || end == VIEW_CLOSED;
    bool was_shown = desk_shows_session(desk) || desk->state == DESK_RECONNECTING;
    bool goes_on = was_shown && session_end_rows[end].report == DESK_REPORTS_FAILED;
    bool cut_off =
        desk->unplugged && (end == VIEW_UNREACHABLE || end == VIEW_PACKETS_LOST || (end == VIEW_LOST && !was_shown));
    desk_report_session(desk, DEVICE_STATE, goes_on ? DESK_REPORTS_DISCONNECTED : session_end_rows[end].report,
                        session_end_rows[end].reason);
    const char *sentence = cut_off ? cable_sentence : session_end_rows[end].sentence;
    desk_enter(desk, DESK_GREETING, known ? desk->closing_sentence : sentence, known ? desk->closing_where : "");
}

// What there is to say of the way to the broker, beside that to the host.
static const char *network_sentence(const struct desk *desk)
{
    return desk->unplugged ? cable_sentence : desk->linked ? "" : alone_sentence;
}

static void break_off(struct desk *desk)
{
    desk_enter(desk, DESK_RECONNECTING, desk->unplugged ? cable_sentence : "", "");
    desk->ports.timer(desk->arg, MENDING_MS);
    desk_report_session(desk, DEVICE_STATE, DESK_REPORTS_DISCONNECTED, "line broken");
}

static void ask_for_password(struct desk *desk)
{
    desk->wants_password = true;
    desk_enter(desk, DESK_RECONNECTING, network_sentence(desk), "");
    if (desk->linked)
        desk_report_session(desk, DEVICE_RENEW, DESK_REPORTS_NOTHING, "");
}

static void is_shown(struct desk *desk)
{
    desk_enter(desk, DESK_CONNECTED, "", "");
    desk_report_session(desk, DEVICE_STATE, DESK_REPORTS_CONNECTED, "");
}

void desk_view(struct desk *desk, enum session_view_event event, enum session_view_end end)
{
    if (!desk_has_session(desk))
        return;
    if ((event == VIEW_BROKEN || event == VIEW_WAITS) && desk_shows_session(desk))
        break_off(desk);
    switch (event) {
    case VIEW_SHOWN:
        if (desk->state == DESK_CONNECTING)
            is_shown(desk);
        return;
    case VIEW_BROKEN:
        return;
    case VIEW_WAITS:
        if (desk->state == DESK_RECONNECTING)
            ask_for_password(desk);
        return;
    case VIEW_MENDED:
        if (desk->state == DESK_RECONNECTING)
            is_shown(desk);
        return;
    case VIEW_LOCK:
        if (desk->state == DESK_CONNECTED)
            close_session(desk, session_end_locked, "");
        desk_attention(desk);
        return;
    case VIEW_JOBS:
        desk_jobs_key(desk);
        return;
    case VIEW_ENDED:
        session_ended(desk, end);
        return;
    }
}

// ---- the network

static bool is_asking(const struct desk *desk)
{
    return desk->state == DESK_CHECKING || desk->state == DESK_WAKING;
}

// Whoever waits for an answer goes on waiting, and knows why it takes so long.
static void say_away(struct desk *desk)
{
    if ((desk->state == DESK_GREETING || is_asking(desk)) && !desk->unplugged && desk->link_refusal == REFUSAL_NONE)
        desk_enter(desk, desk->state, away_sentence, "");
}

static void take_back(struct desk *desk, const char *sentence)
{
    if (desk->sentence == sentence)
        desk_enter(desk, desk->state, "", "");
}

static void await_link(struct desk *desk)
{
    if (desk->state == DESK_GREETING && !desk->linked && desk->link_refusal == REFUSAL_NONE)
        desk->ports.timer(desk->arg, AWAY_MS);
}

void desk_typing(struct desk *desk)
{
    if (desk_shows_jobs(desk))
        desk_jobs_await_keys(desk);
    if (desk->state == DESK_GREETING && !desk->linked && desk->sentence != away_sentence)
        say_away(desk);
}

void desk_link_silent(struct desk *desk, bool is_silent)
{
    if (is_silent)
        say_away(desk);
    else
        take_back(desk, away_sentence);
}

void desk_carrier(struct desk *desk, bool is_there)
{
    desk->unplugged = !is_there;
    if (is_there) {
        take_back(desk, cable_sentence);
        await_link(desk);
    } else if (desk->state == DESK_GREETING || desk->state == DESK_JOBS || is_asking(desk)) {
        desk_enter(desk, DESK_GREETING, cable_sentence, "");
    } else if (desk->state == DESK_RECONNECTING || desk->state == DESK_CONNECTING) {
        desk_enter(desk, desk->state, cable_sentence, "");
    }
}

void desk_time(struct desk *desk)
{
    if (desk->state == DESK_WAKING)
        desk_check_person(desk);
    else if (desk_shows_jobs(desk))
        desk_jobs_time(desk);
    else if (desk->state == DESK_RECONNECTING)
        close_session(desk, session_end_rows[VIEW_LOST].sentence, "");
    else if (desk->state == DESK_GREETING && !desk->linked && !*desk->sentence)
        say_away(desk);
}

// ---- the broker's link

// No session ever sees these keys, so none can answer them as the greeter does.
void desk_attention(struct desk *desk)
{
    if (desk->state == DESK_SESSION_JOBS)
        close_session(desk, session_end_locked, "");
    desk->ports.mark(desk->arg);
}

void desk_greeter_up(struct desk *desk)
{
    desk_show_face(desk);
    await_link(desk);
}

void desk_link_up(struct desk *desk)
{
    bool shows = desk_shows_session(desk) || desk->state == DESK_RECONNECTING;
    struct device_message showing = {.type = DEVICE_SHOWING};
    if (desk->state == DESK_CONNECTING) {
        TEXT_PUT(showing.session, desk->session);
        showing.fence = desk->fence;
    }
    if (shows) {
        TEXT_PUT(showing.session, desk->session);
        showing.fence = desk->fence;
        showing.state = desk_shows_session(desk) ? DESK_REPORTS_CONNECTED : DESK_REPORTS_DISCONNECTED;
    }
    desk->linked = true;
    desk->ports.report(desk->arg, &showing);
    bool says_so = desk->link_refusal != REFUSAL_NONE && desk->sentence == refusal_rows[desk->link_refusal].sentence;
    desk->link_refusal = REFUSAL_NONE;
    if (desk->state == DESK_GREETING && says_so)
        desk_enter(desk, DESK_GREETING, "", "");
    take_back(desk, away_sentence);
    if (desk->state == DESK_RECONNECTING && desk->wants_password)
        ask_for_password(desk);
}

// Said again at each attempt. Whoever is reading something else reads it to the end, and learns of this at logon.
void desk_link_refused(struct desk *desk, enum refusal refusal)
{
    bool is_known = desk->link_refusal == refusal;
    desk->link_refusal = refusal;
    if (desk->state == DESK_GREETING && !is_known)
        desk_enter(desk, DESK_GREETING, refusal_rows[refusal].sentence, "");
}

void desk_link_down(struct desk *desk)
{
    desk->linked = false;
    await_link(desk);
    if (desk->state == DESK_RECONNECTING && desk->wants_password)
        desk_enter(desk, DESK_RECONNECTING, network_sentence(desk), "");
}

// A message about an earlier stay of the session at this desk comes too late.
static bool is_about_us(const struct desk *desk, const struct device_message *message)
{
    return text_equal(message->session, desk->session) && message->fence >= desk->fence && *desk->session;
}

static void got_password(struct desk *desk, const struct device_message *message)
{
    if (desk->state != DESK_RECONNECTING || !desk->wants_password || !is_about_us(desk, message))
        return;
    desk->wants_password = false;
    if (*message->password)
        desk->ports.resume(desk->arg, message->password);
    else
        close_session(desk, gone_sentence, "");
}

void desk_link_message(struct desk *desk, const struct device_message *message)
{
    if (message->type == DEVICE_PASSWORD)
        got_password(desk, message);
    if (message->type == DEVICE_OWN_JOBS && is_about_us(desk, message))
        desk_jobs_message(desk, message);
    if (message->type == DEVICE_NOTICE && desk_has_session(desk) && is_about_us(desk, message))
        desk->ports.notice(desk->arg, message);
    if (message->type == DEVICE_DESKTOP && desk_has_session(desk) && is_about_us(desk, message))
        desk->ports.announce(desk->arg);
    const char *sentence = session_end_word(message);
    if (!sentence || !is_about_us(desk, message))
        return;
    if (desk_has_session(desk))
        close_session(desk, sentence, message->place);
    else if (desk->state == DESK_GREETING && session_end_outdates(message, desk->sentence))
        desk_enter(desk, DESK_GREETING, sentence, message->place);
}
