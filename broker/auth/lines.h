// SPDX-License-Identifier: EUPL-1.2
// The kept connections of one tenant and the errands that wait for them: several lines for binds, since a bind in
// flight has its connection to itself, and a few for searches, several at a time, bound as the service account.
#pragma once
#include "broker/auth/connector.h"

struct lines;
struct line;
struct errand;

enum errand_kind { ERRAND_BIND, ERRAND_SEARCH, ERRAND_KINDS };

struct errand_row {
    enum errand_kind kind;
    // Sends the operation; may be called again when the connection is lost before the answer. False: the link failed.
    bool (*send)(struct errand *errand, struct ldap_link *link, int *id);
    // Answers, never from within lines_send. `result` is NULL when connections were lost too often.
    void (*entry)(struct errand *errand, const struct entry *entry);
    void (*done)(struct errand *errand, const struct result *result);
};

// One LDAP operation; embedded in what it is for. Starts as {0}; idle again when `done` is called.
struct errand {
    const struct errand_row *row;
    struct errand *prev, *next; // while it waits for a line
    struct line *line;          // while it is in flight
    enum errand_state { ERRAND_IDLE, ERRAND_WAITING, ERRAND_SENT } state;
    int id;
    unsigned losses;
    uint64_t sent; // the turn
};

// `connector` is the lines' from now on only for links; `binds` of at most 64 lines.
struct lines *lines_new(struct loop *loop, struct connector *connector, size_t binds);
// Errands that are not idle are let go without a word.
void lines_free(struct lines *lines);

void lines_send(struct lines *lines, struct errand *errand, const struct errand_row *row);
// Idle errands allowed. A line that still owes an answer to a bind is closed, not used again.
void lines_cancel(struct lines *lines, struct errand *errand);
// A link from the connector.
void lines_add(struct lines *lines, struct ldap_link *link, size_t server);
bool lines_any(const struct lines *lines); // some connection stands
size_t lines_count(const struct lines *lines);
