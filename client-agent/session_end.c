// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/session_end.h"
#include "broker/client/language.h"

static const char no_desktop_sentence[] =
    N_("The session host admitted you, but your desktop did not start. Try again; "
       "if this happens again, tell the help desk.");
// A session that is not known to have ended may go on at its host: to the broker it is disconnected.
const struct session_end_row session_end_rows[VIEW_END_COUNT] = {
    [VIEW_LOGGED_OFF] = {N_("You are logged off."), DESK_REPORTS_ENDED, "logged off"},
    [VIEW_REPLACED] = {N_("Your session was opened at another desk."), DESK_REPORTS_DISCONNECTED, "opened elsewhere"},
    [VIEW_ENDED_BY_HOST] = {N_("The session host has ended your session. Log on again or ask the help desk."),
                            DESK_REPORTS_ENDED, "ended by the host"},
    [VIEW_LOST] =
        {N_("The connection to the session host was lost. Log on again: if your programs are still running, you return "
            "to them."),
         DESK_REPORTS_DISCONNECTED, "connection lost"},
    [VIEW_UNREACHABLE] = {N_("The session host cannot be reached. Try again in a minute or ask the help desk."),
                          DESK_REPORTS_FAILED, "host unreachable"},
    [VIEW_REFUSED] = {N_("The session host rejected your logon. Try again or ask the help desk."), DESK_REPORTS_FAILED,
                      "refused by the host"},
    [VIEW_WRONG_CERTIFICATE] =
        {N_("The session host presented a wrong certificate. Your password was not sent. Tell the help desk."),
         DESK_REPORTS_FAILED, "false certificate"},
    [VIEW_FAILED] = {N_("The session could not be shown. Log on again or ask the help desk."), DESK_REPORTS_FAILED,
                     "viewer failed"},
    // Whether it was the gate or what comes behind it, the host says itself, when it says anything.
    [VIEW_NO_DESKTOP] = {N_("The session host has not shown your desktop. Try again; if this happens again, tell the "
                            "help desk."),
                         DESK_REPORTS_FAILED, "no desktop"},
    [VIEW_PACKETS_LOST] =
        {N_("Large packets are lost on the way to the session host, small ones get through (MTU). Log on again: only "
            "small ones are used for the next hour. Tell the help desk."),
         DESK_REPORTS_FAILED, "large packets lost"},
    [VIEW_CLOSED] = {"", DESK_REPORTS_DISCONNECTED, "closed at the desk"},
};

static const char moved_sentence[] = N_("Your session was opened at %s.");
static const char moved_somewhere[] = N_("Your session was opened at another desk.");
// What the broker does to a session, and why.
static const char *const ended_sentences[HOST_REASON_COUNT] = {
    [HOST_BECAUSE_NONE] = N_("Your session has ended."),
    [HOST_BECAUSE_IDLE] = N_("Your session has ended: you had not used it for a long time."),
    [HOST_BECAUSE_DISCONNECTED_LIMIT] = N_("Your session has ended: you had not used it for a long time."),
    [HOST_BECAUSE_SESSION_LIMIT] = N_("Your session has ended: it had reached its time limit."),
    [HOST_BECAUSE_HOURS] = N_("Your session has ended: its permitted hours are over."),
    [HOST_BECAUSE_ADMIN] = N_("Your session was ended by the administrators."),
    [HOST_BECAUSE_SUPERSEDED] = N_("Your session has ended: its host could not be reached, and you have a new one."),
    [HOST_BECAUSE_NAME_REUSED] = N_("Your session has ended: your user name belongs to somebody else now."),
    [HOST_BECAUSE_NO_DESKTOP] = no_desktop_sentence,
    [HOST_BECAUSE_DESKTOP_ENDED] =
        N_("Your desktop ended as soon as it had started. If you did not log off, try again; "
           "if this happens again, tell the help desk."),
};
static const char idle_sentence[] = N_("Your session was locked because you had not used it for a long time. Your "
                                       "programs keep running: log on to return to them.");
static const char closed_sentence[] =
    N_("Your session was locked by the administrators. Your programs keep running: log on to return to them.");
static const char blocked_sentence[] = N_("The session host did not let you back to your desktop. Your programs keep "
                                          "running: try again in a minute or ask the help desk.");
const char session_end_locked[] = N_("This desk is locked. Your programs keep running: log on to return to them.");

// xrdp says the same when somebody logs off and when the session goes elsewhere: the broker's word may come after it.
static bool tells_of_the_end(const char *sentence)
{
    static const enum session_view_end ends[] = {VIEW_LOGGED_OFF, VIEW_REPLACED,   VIEW_LOST,
                                                 VIEW_REFUSED,    VIEW_NO_DESKTOP, VIEW_ENDED_BY_HOST};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (sentence == session_end_rows[ends[i]].sentence)
            return true;
    return false;
}

// That programs keep running, or may, is not said any longer than they do.
static bool tells_of_programs(const char *sentence)
{
    return sentence == session_end_locked || sentence == idle_sentence || sentence == closed_sentence ||
           sentence == blocked_sentence || sentence == session_end_rows[VIEW_LOST].sentence;
}

bool session_end_outdates(const struct device_message *message, const char *sentence)
{
    if (message->type != DEVICE_END)
        return tells_of_the_end(sentence);
    return tells_of_programs(sentence) || (message->reason != HOST_BECAUSE_NONE && tells_of_the_end(sentence));
}

const char *session_end_word(const struct device_message *message)
{
    if (message->type == DEVICE_MOVED)
        return *message->place ? moved_sentence : moved_somewhere;
    if (message->type == DEVICE_LOCK && message->reason == HOST_BECAUSE_NO_DESKTOP)
        return blocked_sentence;
    if (message->type == DEVICE_LOCK)
        return message->reason == HOST_BECAUSE_IDLE ? idle_sentence : closed_sentence;
    return message->type == DEVICE_END ? ended_sentences[message->reason] : NULL;
}
