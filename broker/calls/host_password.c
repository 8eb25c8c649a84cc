// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/host_password.h"
#include "broker/base/text.h"

#include <string.h>

static bool is_sole(const struct services *services, const struct host *host)
{
    const struct pool *pool = host ? state_find(services->state, NOUN_POOL, host->pool) : NULL;
    return pool && pool->kind == POOL_DESKTOP;
}

bool host_password_follows(const struct services *services, const struct session *session)
{
    const struct profile *profile = state_find(services->state, NOUN_PROFILE, session->profile);
    return profile && profile->authentication == AUTHENTICATION_PASSWORD;
}

static const char *found_as(const struct services *services, const struct session *session)
{
    const struct host_session *there = report_session(reports_find(&services->reports, session->host), session->id);
    return there ? there->found_as : "";
}

// The host asks no further whose one is that has this name: nobody else's desktop may make it so.
static bool has_unrecorded(const struct services *services, const char *host_id, const char *user_name)
{
    const struct report *report = reports_find(&services->reports, host_id);
    size_t length = strlen(user_name);
    for (size_t i = 0; report && i < report->session_count; i++) {
        const struct host_session *there = &report->sessions[i];
        if (there->unrecorded &&
            (text_same_name(user_name, length, there->user_name) || text_same_name(user_name, length, there->found_as)))
            return true;
    }
    return false;
}

bool host_password(const struct services *services, const struct session *session, bool has_typed,
                   char user_name[USER_NAME_SIZE], char text[OTP_TEXT_SIZE])
{
    const struct host *host = state_host(services->state, session->host);
    const char *opened_as = found_as(services, session);
    text[0] = 0;
    if (!host || !host_has_agent(host))
        return true;
    struct otp otp = {
        .fence = session->fence,
        .until_ms = commit_now_ms(services->commit) + OTP_MS,
        .sole = is_sole(services, host),
        .running = *opened_as && !text_equal(opened_as, user_name),
        .password_follows = has_typed && host_password_follows(services, session),
    };
    if (otp.running)
        text_put(user_name, USER_NAME_SIZE, opened_as);
    otp.unrecorded = has_unrecorded(services, host->id, user_name);
    TEXT_PUT(otp.session, session->id);
    TEXT_PUT(otp.host, host->id);
    TEXT_PUT(otp.user_name, user_name);
    return otp_make(services->otp_maker, host_enrolment(host), &otp, text);
}
