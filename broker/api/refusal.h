// SPDX-License-Identifier: EUPL-1.2
// Why something was refused, for people: a stable code on the wire (RFC 9457 type "urn:pult:<code>") and a sentence
// that says what happened and what to do. Clients translate the sentence by its code (gettext domain "pult").
#pragma once
#include "broker/base/fault.h"

enum refusal {
    REFUSAL_NONE,
    REFUSAL_INVALID,
    REFUSAL_NOT_FOUND,
    REFUSAL_METHOD,
    REFUSAL_CONFLICT,
    REFUSAL_OWN_RIGHTS,
    REFUSAL_PRECONDITION_FAILED,
    REFUSAL_UNAUTHENTICATED,
    REFUSAL_DENIED,
    REFUSAL_TOO_LARGE,
    REFUSAL_WRONG_PASSWORD,
    REFUSAL_PASSWORD_EXPIRED,
    REFUSAL_PASSWORD_MUST_CHANGE,
    REFUSAL_PASSWORD_TOO_LATE,
    REFUSAL_PASSWORD_REJECTED,
    REFUSAL_PASSWORD_TOO_SHORT,
    REFUSAL_PASSWORD_TOO_SIMPLE,
    REFUSAL_PASSWORD_REUSED,
    REFUSAL_PASSWORD_TOO_YOUNG,
    REFUSAL_ACCOUNT_DISABLED,
    REFUSAL_OUTSIDE_HOURS,
    REFUSAL_TOO_MANY_ATTEMPTS,
    REFUSAL_TOO_MANY_LOGONS,
    REFUSAL_NO_PROFILE,
    REFUSAL_NO_GRANT,
    REFUSAL_NO_HOST,
    REFUSAL_HOSTS_FULL,
    REFUSAL_HOST_WAKING,
    REFUSAL_NAME_TAKEN,
    REFUSAL_DIRECTORY_DOWN,
    REFUSAL_STORE_DOWN,
    REFUSAL_DEVICE_UNKNOWN,
    REFUSAL_DEVICE_DISABLED,
    REFUSAL_CERTIFICATE_EXPIRED,
    REFUSAL_TICKET_REJECTED,
    REFUSAL_IDENTITY_SHARED,
    REFUSAL_AGENT_TOO_OLD,
    REFUSAL_AGENT_TOO_NEW,
    REFUSAL_MESSAGE_UNKNOWN,
    REFUSAL_TOO_MANY_MESSAGES,
    REFUSAL_BUSY,
    REFUSAL_NO_PRINT_SERVER,
    REFUSAL_PRINTER_UNREACHABLE,
    REFUSAL_CHANNEL_REFUSED,
    REFUSAL_NOT_OUTSIDE,
    REFUSAL_PACKETS_LOST,       // said by clients
    REFUSAL_BROKER_UNREACHABLE, // said by clients
    REFUSAL_COUNT,
};

struct refusal_row {
    const char *code;     // "wrong-password"
    int status;           // HTTP
    const char *sentence; // English; the gettext key
};

extern const struct refusal_row refusal_rows[REFUSAL_COUNT];

enum refusal refusal_by_code(const char *code); // REFUSAL_NONE when unknown
// The person is to choose a new password, or another one.
bool refusal_asks_for_new_password(enum refusal refusal);
enum refusal refusal_of_fault(enum fault_kind kind);
