// SPDX-License-Identifier: EUPL-1.2
// One run of pultctl: its options, its writer, its connection to the broker, and how a run ends.
#pragma once
#include "admin-tool/options.h"
#include "admin-tool/out.h"
#include "broker/api/method.h"
#include "broker/client/client.h"

enum exit_code {
    EXIT_DONE = 0,
    EXIT_REFUSED = 1,
    EXIT_USAGE = 2,
    EXIT_UNREACHABLE = 3,
    EXIT_NOT_ALLOWED = 4, // or not logged on
    EXIT_NOT_CONFIRMED = 5,
};

struct tool {
    struct options options;
    struct out out;
    struct loop *loop;
    struct client *client;
    struct secret token;       // empty: by certificate, or logging on
    const char *authorization; // then a ticket; NULL: none
};

// Connects with the options; complains by itself. `with_token`: the token of log-on is loaded unless a certificate
// takes its place.
enum exit_code tool_open(struct tool *tool, bool with_token);
void tool_drop(struct tool *tool);

// What is asked of the broker.
struct tool_call {
    const struct method *method;
    const char *id;                 // what {id} in the path stands for
    const struct page_query *query; // NULL: none
    const void *body;               // the struct of method->body; NULL: none
    const char *etag;               // only while the thing is as it was looked at; NULL or "": in any case
    bool if_absent;                 // only when it is not there yet
};

// False, with a complaint, when `id` is none for this noun.
bool tool_takes_id(enum noun noun, const char *id) __attribute__((warn_unused_result));
// One call. `answer`, the struct of method->answer, receives what was answered and is zeroed first; the caller frees it
// by record_free. NULL: it does not matter.
void tool_send(struct tool *tool, const struct tool_call *call, void *answer, struct client_answer *told);
// The same, complaining when it is refused.
enum exit_code tool_ask(struct tool *tool, const struct tool_call *call, void *answer);
// Says to standard error why and returns how the run ends.
enum exit_code tool_complain(const struct tool *tool, const struct client_answer *answer);
enum exit_code tool_exit_code(enum refusal refusal);
