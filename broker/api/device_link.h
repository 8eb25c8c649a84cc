// SPDX-License-Identifier: EUPL-1.2
// What the broker and a desk's agent say to each other over the device's link; rows of api/link.
#pragma once
#include "broker/api/channel.h"
#include "broker/api/host_link.h"
#include "broker/api/link.h"
#include "broker/api/otp.h"
#include "broker/api/own_jobs.h"

enum { DEVICE_MESSAGE_MAX = 16 * 1024 }; // bytes

enum device_message_type {
    // From the broker.
    DEVICE_MOVED,    // the session was opened elsewhere; `place` says where
    DEVICE_END,      // the session has ended; reason
    DEVICE_LOCK,     // show it no longer, it goes on; reason
    DEVICE_DESK,     // once the link is up, and whenever it changes: what people call this desk; place
    DEVICE_PASSWORD, // answer to DEVICE_RENEW: `password`, and `channel` when it is asked for; empty when the session
                     // is not this desk's any more
    DEVICE_DESKTOP,  // the desktop is there: show it
    DEVICE_NOTICE,   // a print job does not come out as it should: tell the person; job, why, place
    DEVICE_OWN_JOBS, // answers DEVICE_JOBS and the two orders: own
    // From the agent.
    DEVICE_SHOWING, // once the link is up: which session the desk shows, or, with no state, waits for; may be empty
    DEVICE_STATE,   // the session is now in `state`
    DEVICE_RENEW,   // a fresh one-time password, please, for the session it has
    DEVICE_NOTICED, // the person was told: job, why
    DEVICE_JOBS,    // the print jobs of the person whose session it shows, please
    DEVICE_RELEASE, // one of them is to be printed: job, printer
    DEVICE_CANCEL,  // one of them is not wanted any more: job
    DEVICE_MESSAGE_TYPE_COUNT,
};

// What a desk says of the session that it has.
enum desk_report {
    DESK_REPORTS_NOTHING,
    DESK_REPORTS_CONNECTED,
    DESK_REPORTS_DISCONNECTED,
    DESK_REPORTS_ENDED,  // logged off, or cut by the host: the desk cannot always tell
    DESK_REPORTS_FAILED, // it could not be opened
    DESK_REPORT_COUNT,
};
extern const char *const desk_report_words[];

struct device_message {
    int64_t type; // enum device_message_type
    char session[ID_SIZE];
    int64_t fence; // as the sender knows it
    char place[NAME_SIZE];
    int64_t state;          // enum desk_report
    char detail[NAME_SIZE]; // why, for the log
    int64_t reason;         // enum host_reason: why, for the person
    char password[OTP_TEXT_SIZE];
    char channel[CHANNEL_TOKEN_SIZE]; // a token, for a gateway
    bool wants_channel;
    char job[JOB_NAME_SIZE];
    int64_t why;           // enum job_reason
    char printer[ID_SIZE]; // where to release it; empty: the nearest
    struct own_jobs own;
};

extern const struct link_type device_link_types[DEVICE_MESSAGE_TYPE_COUNT];
