// SPDX-License-Identifier: EUPL-1.2
// The links that are open now: one each machine, by its noun and id; a newer one replaces the older. A link is in
// exactly one place: among those whose agent has not said hello yet, or in the table of its noun.
#pragma once
#include "broker/api/link_rows.h"
#include "broker/base/sorted_table.h"
#include "broker/core/port.h"

struct lws;

enum {
    LINK_QUEUE_MAX = 256,
    LINK_PING_MS = 20000,
    LINK_DEAD_MS = 45000,
    LINK_HELLO_SIZE = 2048, // of a first message
    LINK_PIECE = 192, // kept for each link; control frames must fit. libwebsockets 4.3 ends a link after a hundred
                      // pieces of one TLS record
};

// What agents say they are. Most say the same, so it is kept once.
struct agent_build {
    char name[64]; // the key: program and version
    char program[32], version[32];
    size_t links;
};

// One for each connected machine: nothing in it is longer than it must be.
struct agent_link {
    const struct link_row *row;
    struct lws *wsi;
    struct agent_link *next, **before; // of those that have not said hello; `before` is NULL once it is linked
    struct agent_build *build;         // of its agent; NULL until it has said hello
    int64_t protocol;
    uint32_t accepted; // the types of messages that it may be sent, a bit each
    bool refused;      // ends once it was told
    bool complained;   // of a message that had to be understood: the log knows
    char **queue;      // printed messages, oldest first
    size_t queued, capacity;
    struct text received;        // a message that came in parts
    size_t skipped;              // messages and fields that this broker does not know
    struct meter meter;          // of its messages
    int64_t heard_ms, pinged_ms; // steady
    bool ping_due;
    char id[]; // the key: of the machine
};

struct link_table {
    struct agent_link *opening;
    struct sorted_table linked[NOUN_COUNT]; // the ids of struct agent_link: see link_table_at
    struct sorted_table builds;             // struct agent_build: of those that are linked
    struct sorted_table
        refused[NOUN_COUNT]; // struct refused_agent: of machines whose agent was refused and is not linked
    struct sorted_table spent[NOUN_COUNT];     // struct spent_meter: of machines that left lately and had said much
    struct sorted_table takeovers[NOUN_COUNT]; // see core/takeover
    struct link_figures figures[NOUN_COUNT];
};

// Its agent has not said hello.
struct agent_link *link_table_open(struct link_table *links, const struct link_row *row, const char *id,
                                   struct lws *wsi);
// Its agent said hello and is let in, or is refused. Of the former comes back the older link's wsi, to be closed by the
// caller, or NULL.
struct lws *link_table_admit(struct link_table *links, struct agent_link *link, const struct link_hello *hello);
void link_table_refuse(struct link_table *links, struct agent_link *link, const struct link_hello *hello,
                       enum refusal refusal);
// Whether it was linked until now.
bool link_table_close(struct link_table *links, struct agent_link *link);
struct agent_link *link_table_find(const struct link_table *links, enum noun noun, const char *id); // NULL: not linked
struct agent_link *link_table_at(const struct link_table *links, enum noun noun, size_t index);     // of those linked
// What was last known of its agent; false when none has come.
bool link_table_agent(const struct link_table *links, enum noun noun, const char *id, struct link_agent *agent);
// Whether its machine may say one more: a new link does not make a machine that says too much quiet.
bool link_table_may_speak(struct link_table *links, struct agent_link *link, int64_t now_ms);
void link_table_sweep(struct link_table *links, int64_t now_ms); // every few seconds: forgets who has been quiet
struct link_figures *link_table_figures(struct link_table *links, const struct agent_link *link);
void link_table_clear(struct link_table *links);

// False when its agent does not take messages of this type, or the queue is full.
bool agent_link_send(struct agent_link *link, const void *message);
bool agent_link_push(struct agent_link *link, struct text *message); // printed; taken over
char *agent_link_take(struct agent_link *link); // the oldest queued message, the caller's; NULL when there is none
