// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/first_token.h"
#include "broker/base/clock.h"
#include "broker/base/file.h"
#include "broker/base/log.h"

#include <stdlib.h>
#include <string.h>

enum { TOKEN_BYTES = 24 };

struct issue {
    const char *file;
    first_token_done *done;
    void *arg;
};

bool first_token_make(const char *file, struct secret *token, struct fault *why)
{
    char text[2 * TOKEN_BYTES + 1], digest[DIGEST_SIZE];
    services_random_hex(text, TOKEN_BYTES);
    services_digest(digest, text, strlen(text));
    bool made = secret_set(token, text, strlen(text)) && file_replace(file, 0600, digest, DIGEST_SIZE - 1, why);
    explicit_bzero(text, sizeof text);
    return made;
}

void first_token_event(struct event *event)
{
    *event = (struct event){.at_ms = clock_wall_ms(),
                            .type = EVENT_ADMIN_FIRST_TOKEN_ISSUED,
                            .noun = NOUN_NONE,
                            .by = "root at the broker"};
}

static void recorded(void *arg, bool durable, const struct fault *recording_why)
{
    struct issue *issue = arg;
    struct fault why = {0};
    owned(secret) struct secret token = {0};
    bool made = durable && first_token_make(issue->file, &token, &why);
    if (made)
        log_warn("admin", "root at the broker has made a token for the first administrator");
    issue->done(issue->arg, made ? &token : NULL, durable ? &why : recording_why);
    free(issue);
}

void first_token_issue(struct services *services, const char *file, first_token_done *done, void *arg)
{
    struct fault why = {0};
    struct event event;
    struct issue *issue = mem_new(1, sizeof *issue);
    *issue = (struct issue){file, done, arg};
    first_token_event(&event);
    if (!commit_events(services->commit, &event, 1, NULL, 0, recorded, issue, &why))
        recorded(issue, false, &why);
}
