// SPDX-License-Identifier: EUPL-1.2
// One run of pultctl: its options, its writer, its connection to the broker, and how a run ends.
#pragma once
#include "admin-tool/options.h"
#include "admin-tool/out.h"
#include "broker/client/client.h"

enum exit_code {
    EXIT_DONE = 0,
    EXIT_REFUSED = 1,
    EXIT_USAGE = 2,
    EXIT_UNREACHABLE = 3,
    EXIT_NOT_ALLOWED = 4, // or not logged on
    EXIT_NOT_CONFIRMED = 5,
};

enum { PATH_SIZE = 512 };

struct tool {
    struct options options;
    struct out out;
    struct loop *loop;
    struct client *client;
    struct secret token; // empty: by certificate, or logging on
};

// Connects with the options; complains by itself. `with_token`: the token of log-on is loaded unless a certificate
// takes its place.
enum exit_code tool_open(struct tool *tool, bool with_token);
void tool_drop(struct tool *tool);

// One call of the broker's API; `body` may be NULL. The caller owns answer->body.
void tool_call(struct tool *tool, const char *verb, const char *path, json_object *body, struct client_answer *answer);
// The same for a change to what was looked at before: only while it is of this version (etag; "": in any case), or,
// with NULL, only when it is not there.
void tool_change(struct tool *tool, const char *verb, const char *path, const char *etag, json_object *body,
                 struct client_answer *answer);
// The same, complaining when it is refused; *body (may be NULL) receives the answer, never NULL after EXIT_DONE.
enum exit_code tool_ask(struct tool *tool, const char *verb, const char *path, json_object *request,
                        json_object **body);
// Says to standard error why and returns how the run ends.
enum exit_code tool_complain(const struct tool *tool, const struct client_answer *answer);
enum exit_code tool_exit_code(enum refusal refusal);

// "/v1/hosts/neustadt/ts1/drain"; `id` and `action` may be NULL. False, with a complaint, when `id` is none.
bool tool_path(char path[PATH_SIZE], enum noun noun, const char *id, const char *action)
    __attribute__((warn_unused_result));
