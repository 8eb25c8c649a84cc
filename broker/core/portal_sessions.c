// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/portal_sessions.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static struct portal_session *session_at(const struct portal_sessions *sessions, size_t index)
{
    assert(index < sessions->sessions.count);
    return sessions->sessions.records[index];
}

static bool is_over(const struct portal_session *session, int64_t now_ms)
{
    return now_ms - session->used_ms >= PORTAL_IDLE_MS || now_ms - session->since_ms >= PORTAL_LIFE_MS;
}

void portal_sessions_fini(struct portal_sessions *sessions)
{
    sorted_table_clear(&sessions->sessions);
}

void portal_sessions_end(struct portal_sessions *sessions, const char *digest)
{
    free(sorted_table_take(&sessions->sessions, digest));
}

static void end_least_used(struct portal_sessions *sessions, const char *person_id)
{
    const struct portal_session *least = NULL;
    int count = 0;
    for (size_t i = 0; i < sessions->sessions.count; i++) {
        const struct portal_session *session = session_at(sessions, i);
        if (!text_equal(session->person, person_id))
            continue;
        count++;
        if (!least || session->used_ms < least->used_ms)
            least = session;
    }
    if (count >= PORTAL_SESSIONS_OF_PERSON)
        portal_sessions_end(sessions, least->digest);
}

bool portal_sessions_add(struct portal_sessions *sessions, const char *digest, const char *person_id, int64_t now_ms)
{
    assert(strlen(digest) == DIGEST_SIZE - 1 && id_is_valid(NOUN_PERSON, person_id));
    portal_sessions_sweep(sessions, now_ms);
    end_least_used(sessions, person_id);
    if (sessions->sessions.count >= PORTAL_SESSIONS_MAX)
        return false;
    struct portal_session *session = mem_new(1, sizeof *session);
    TEXT_PUT(session->digest, digest);
    TEXT_PUT(session->person, person_id);
    session->since_ms = session->used_ms = now_ms;
    void *before = sorted_table_put(&sessions->sessions, session);
    assert(!before);
    (void)before;
    return true;
}

const struct portal_session *portal_sessions_use(struct portal_sessions *sessions, const char *digest, int64_t now_ms)
{
    struct portal_session *session = sorted_table_find(&sessions->sessions, digest);
    if (!session || is_over(session, now_ms))
        return NULL;
    session->used_ms = now_ms;
    return session;
}

bool portal_session_is_new(const struct portal_session *session, int64_t now_ms)
{
    return session && now_ms - session->since_ms < PORTAL_NEW_MS;
}

// From the end, since what is behind the one that goes moves up.
size_t portal_sessions_end_person(struct portal_sessions *sessions, const char *person_id, const char *kept_digest)
{
    size_t ended = 0;
    for (size_t i = sessions->sessions.count; i-- > 0;) {
        const struct portal_session *session = session_at(sessions, i);
        if (!text_equal(session->person, person_id) || text_equal(session->digest, kept_digest))
            continue;
        portal_sessions_end(sessions, session->digest);
        ended++;
    }
    return ended;
}

void portal_sessions_sweep(struct portal_sessions *sessions, int64_t now_ms)
{
    for (size_t i = sessions->sessions.count; i-- > 0;) {
        const struct portal_session *session = session_at(sessions, i);
        if (is_over(session, now_ms))
            portal_sessions_end(sessions, session->digest);
    }
}
