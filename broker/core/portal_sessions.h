// SPDX-License-Identifier: EUPL-1.2
// Who is logged on at the portal: by the digest of their cookie, which nobody keeps. Soft: after a restart of the
// broker one logs on again. No I/O; times are steady.
#pragma once
#include "broker/api/types.h"
#include "broker/base/sorted_table.h"

enum {
    PORTAL_SESSIONS_MAX = 50000,
    PORTAL_SESSIONS_OF_PERSON = 5,
    PORTAL_IDLE_MS = 30 * 60 * 1000,
    PORTAL_LIFE_MS = 10 * 60 * 60 * 1000,
    PORTAL_NEW_MS = 15 * 60 * 1000,
};

struct portal_session {
    char digest[DIGEST_SIZE]; // the key
    char person[ID_SIZE];
    int64_t since_ms, used_ms;
};

struct portal_sessions {
    struct sorted_table sessions; // struct portal_session
};

void portal_sessions_fini(struct portal_sessions *sessions);
// `digest` is of a cookie that was made for it. Who has PORTAL_SESSIONS_OF_PERSON loses the one used least lately;
// false when PORTAL_SESSIONS_MAX are there in all.
bool portal_sessions_add(struct portal_sessions *sessions, const char *digest, const char *person_id, int64_t now_ms)
    __attribute__((warn_unused_result));
// Which is used by that. NULL: there is none, or its time is over. The digest is of what somebody sent.
const struct portal_session *portal_sessions_use(struct portal_sessions *sessions, const char *digest, int64_t now_ms);
// Since its log-on hardly anybody else can have sat down there. NULL allowed: it is not.
bool portal_session_is_new(const struct portal_session *session, int64_t now_ms);
void portal_sessions_end(struct portal_sessions *sessions, const char *digest); // if there is one
// All of somebody but this one ("": all). Returns how many.
size_t portal_sessions_end_person(struct portal_sessions *sessions, const char *person_id, const char *kept_digest);
void portal_sessions_sweep(struct portal_sessions *sessions, int64_t now_ms); // every second or so
