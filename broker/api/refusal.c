// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/refusal.h"
#include "broker/base/text.h"

#define _(sentence) sentence

// A row a line.
// clang-format off
const struct refusal_row refusal_rows[REFUSAL_COUNT] = {
    [REFUSAL_NONE] = {"none", 200, ""},
    [REFUSAL_INVALID] = {"invalid", 400, _("The request is not valid.")},
    [REFUSAL_NOT_FOUND] = {"not-found", 404, _("Not found.")},
    [REFUSAL_METHOD] = {"method", 405, _("That operation is not supported here.")},
    [REFUSAL_CONFLICT] = {"conflict", 409, _("This conflicts with the current state. Check it and try again.")},
    [REFUSAL_OWN_RIGHTS] = {"own-rights", 409, _("You would take the right to administer from yourself, so nothing was done.")},
    [REFUSAL_PRECONDITION_FAILED] = {"precondition-failed", 412, _("Somebody else has changed it in the meantime, so nothing was done. Check it and try again.")},
    [REFUSAL_UNAUTHENTICATED] = {"unauthenticated", 401, _("Log on first.")},
    [REFUSAL_DENIED] = {"denied", 403, _("You are not allowed to do that.")},
    [REFUSAL_TOO_LARGE] = {"too-large", 413, _("The request is too large.")},
    [REFUSAL_WRONG_PASSWORD] = {"wrong-password", 401, _("The name or the password is wrong. Check both and try again.")},
    [REFUSAL_PASSWORD_EXPIRED] = {"password-expired", 403, _("Your password has expired. Choose a new one.")},
    [REFUSAL_PASSWORD_MUST_CHANGE] = {"password-must-change", 403, _("Your password must be changed. Choose a new one.")},
    [REFUSAL_PASSWORD_TOO_LATE] = {"password-too-late", 403, _("Your password has expired and can no longer be changed here. Ask the help desk for a new one.")},
    [REFUSAL_PASSWORD_TOO_SHORT] = {"password-too-short", 403, _("The new password is too short for the directory. Choose a longer one.")},
    [REFUSAL_PASSWORD_TOO_SIMPLE] = {"password-too-simple", 403, _("The new password is too simple for the directory. Choose a longer one of small and capital letters, digits and signs.")},
    [REFUSAL_PASSWORD_REUSED] = {"password-reused", 403, _("You have used this password before. Choose one that is new.")},
    [REFUSAL_PASSWORD_TOO_YOUNG] = {"password-too-young", 403, _("Your password was changed only lately, so the directory does not let you change it yet. Try again tomorrow or ask the help desk.")},
    [REFUSAL_PASSWORD_REJECTED] = {"password-rejected", 403, _("The directory does not accept the new password. Choose a longer one that you have not used before.")},
    [REFUSAL_ACCOUNT_DISABLED] = {"account-disabled", 403, _("Your account is disabled. Ask the help desk.")},
    [REFUSAL_OUTSIDE_HOURS] = {"outside-hours", 403, _("Your workplace is not available at this time. Come back during its hours or ask the help desk.")},
    [REFUSAL_TOO_MANY_ATTEMPTS] = {"too-many-attempts", 429, _("There were too many failed attempts. Wait a moment and try again.")},
    [REFUSAL_TOO_MANY_LOGONS] = {"too-many-logons", 429, _("You have logged on here many times in a row. Wait a moment and try again.")},
    [REFUSAL_NO_PROFILE] = {"no-profile", 403, _("No workplace is assigned to you. Ask the help desk.")},
    [REFUSAL_NO_GRANT] = {"no-grant", 403, _("Your workplace is on computers of another municipality, and the permission to use them has ended. Ask the help desk.")},
    [REFUSAL_NO_HOST] = {"no-host", 503, _("No session host is available at the moment. Try again in a minute or ask the help desk.")},
    [REFUSAL_HOSTS_FULL] = {"hosts-full", 503, _("All workplaces are in use at the moment. Try again later or ask the help desk.")},
    [REFUSAL_HOST_WAKING] = {"host-waking", 503, _("Your computer is being switched on. This takes a minute or two.")},
    [REFUSAL_NAME_TAKEN] = {"name-taken", 503, _("A desktop of somebody who had your user name before is being ended. This takes a few seconds.")},
    [REFUSAL_DIRECTORY_DOWN] = {"directory-down", 503, _("The directory does not respond, so passwords cannot be checked. Try again in a minute.")},
    [REFUSAL_STORE_DOWN] = {"store-down", 503, _("The broker cannot write its journal and refuses requests until it can. Try again in a minute. Administrators: check its disk.")},
    [REFUSAL_DEVICE_UNKNOWN] = {"device-unknown", 403, _("This device is not enrolled. Ask the help desk.")},
    [REFUSAL_DEVICE_DISABLED] = {"device-disabled", 403, _("This device is disabled. Use another desk or ask the help desk.")},
    [REFUSAL_CERTIFICATE_EXPIRED] = {"certificate-expired", 403, _("The certificate of this machine has expired. Ask the help desk to enrol it again.")},
    [REFUSAL_TICKET_REJECTED] = {"ticket-rejected", 401, _("Your Kerberos ticket was not accepted. Log on again.")},
    [REFUSAL_IDENTITY_SHARED] = {"identity-shared", 409, _("The identity of this machine is in use at another place. Tell the help desk at once: its key may have been copied.")},
    [REFUSAL_AGENT_TOO_OLD] = {"agent-too-old", 426, _("The program on this machine is too old for the broker. Ask the help desk to update it.")},
    [REFUSAL_AGENT_TOO_NEW] = {"agent-too-new", 501, _("The program on this machine is newer than the broker. Ask the help desk to update the broker.")},
    [REFUSAL_MESSAGE_UNKNOWN] = {"message-unknown", 501, _("The other side is too old to understand this message.")},
    [REFUSAL_TOO_MANY_MESSAGES] = {"too-many-messages", 429, _("This machine sends more messages than the broker takes. It tries again in a minute; if that does not help, ask the help desk.")},
    [REFUSAL_BUSY] = {"busy", 503, _("The broker is busy. Try again in a moment.")},
    [REFUSAL_NO_PRINT_SERVER] = {"no-print-server", 503, _("No print server is connected that could do that. Administrators: look whether pult-print runs.")},
    [REFUSAL_PRINTER_UNREACHABLE] = {"printer-unreachable", 503, _("The printer could not be asked. Check that it is switched on and that its address is right.")},
    [REFUSAL_NOT_OUTSIDE] = {"not-outside", 403, _("Your workplace cannot be used from outside. Use a desk in the town hall or ask the help desk.")},
    [REFUSAL_CHANNEL_REFUSED] = {"channel-refused", 403, _("This way to your desktop is not valid any more. Open the desktop again.")},
    [REFUSAL_PACKETS_LOST] = {"packets-lost", 503, _("Large packets are lost on the way to the broker, small ones get through (MTU). Try again: only small ones are used for the next hour. Tell the help desk.")},
    [REFUSAL_BROKER_UNREACHABLE] = {"broker-unreachable", 503, _("The broker cannot be reached. Try again in a minute or ask the help desk.")},
};
// clang-format on

enum refusal refusal_by_code(const char *code)
{
    for (enum refusal refusal = REFUSAL_NONE + 1; refusal < REFUSAL_COUNT; refusal++)
        if (text_equal(refusal_rows[refusal].code, code))
            return refusal;
    return REFUSAL_NONE;
}

bool refusal_asks_for_new_password(enum refusal refusal)
{
    static const enum refusal asking[] = {REFUSAL_PASSWORD_EXPIRED,    REFUSAL_PASSWORD_MUST_CHANGE,
                                          REFUSAL_PASSWORD_REJECTED,   REFUSAL_PASSWORD_TOO_SHORT,
                                          REFUSAL_PASSWORD_TOO_SIMPLE, REFUSAL_PASSWORD_REUSED};
    for (size_t i = 0; i < sizeof asking / sizeof *asking; i++)
        if (asking[i] == refusal)
            return true;
    return false;
}

enum refusal refusal_of_fault(enum fault_kind kind)
{
    switch (kind) {
    case FAULT_NONE:
        return REFUSAL_NONE;
    case FAULT_INVALID:
        return REFUSAL_INVALID;
    case FAULT_DENIED:
        return REFUSAL_DENIED;
    case FAULT_ABSENT:
        return REFUSAL_NOT_FOUND;
    case FAULT_CONFLICT:
        return REFUSAL_CONFLICT;
    case FAULT_BUSY:
        return REFUSAL_BUSY;
    case FAULT_UNAVAILABLE:
    case FAULT_BROKEN:
        return REFUSAL_STORE_DOWN;
    }
    return REFUSAL_INVALID;
}
