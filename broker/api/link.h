// SPDX-License-Identifier: EUPL-1.2
// The link: the one WebSocket that each machine with a certificate of the broker's keeps to it. Each kind of machine
// has a row (api/link_rows) with the messages of both sides; they are written and read here, by these rows, and nowhere
// else. README.md tells the wire.
#pragma once
#include "broker/api/codec.h"
#include "broker/api/refusal.h"
#include "broker/base/meter.h"

enum {
    LINK_PROTOCOL = 1,                        // what this build speaks
    LINK_PROTOCOL_OLDEST = LINK_PROTOCOL - 1, // what its broker still serves: nobody upgrades all at once
    LINK_HELLO_MS = 10 * 1000,                // until the other side has said hello
    LINK_TYPES_MAX = 32,                      // of one link
};

enum link_end { LINK_BROKER, LINK_AGENT };

// One type of message.
struct link_type {
    const char *name;           // its word
    enum link_end from;         // who says it
    const struct field *fields; // of the struct of the link; those that are FIELD_REQUIRED must be there
    // Members that the receiver must understand or else refuse the message, as a FIELD_LIST: "type" when it may not
    // pass over the whole. NULL: whoever does not know it passes over it.
    const char *must;
    const char *needs; // what the receiver must have named among its capabilities to be sent it; NULL: nothing
    const char *sentence;
};

struct link_row {
    enum noun noun;      // of the machine
    const char *path;    // who may open it stands in the method row of this path
    const char *program; // its agent
    const struct link_type *types;
    size_t type_count;
    size_t size; // of the struct that holds any of its messages; it begins with int64_t type, an index into types
    size_t message_max;     // bytes on the wire
    struct meter_rate rate; // messages of an agent, its hello among them; who says more has its link ended
};

// ---- how a link begins: each side says hello, the agent first; the broker's hello lets it in

struct link_hello {
    int64_t protocol;
    char program[32], version[32];
    char capabilities[LIST_SIZE];
};

// What the other side, or a message of its, is told instead.
struct link_refused {
    char code[SLUG_SIZE];   // of a refusal
    char detail[LIST_SIZE]; // English, for the log
    char type[SLUG_SIZE];   // of the message that is refused; empty: it is the link itself, which ends
};

extern const struct field link_hello_fields[], link_refused_fields[];

// What this build says of itself on one side of that link.
void link_introduce(struct link_hello *hello, const struct link_row *row, enum link_end from);
// Whether this broker serves such an agent; REFUSAL_NONE: it does. `why` receives both sides' versions.
enum refusal link_judge(const struct link_hello *hello, const struct link_row *row, struct fault *why);
// The types that may be sent to who said this hello, a bit for each.
uint32_t link_accepted(const struct link_row *row, enum link_end from, const struct link_hello *hello);

// ---- messages as they are on the wire

void link_print(struct text *out, const struct link_row *row, const void *message);
void link_print_hello(struct text *out, const struct link_hello *hello);
void link_print_refused(struct text *out, const struct link_refused *refused);

enum link_kind {
    LINK_UNREADABLE, // not to be used; `why`
    LINK_SKIPPED,    // of a type that this build does not know and need not
    LINK_UNKNOWN,    // something in it must be understood and is not: to be refused; `why` names it
    LINK_HELLO,
    LINK_REFUSED,
    LINK_MESSAGE,
};

// One message as it was read.
struct link_input {
    const struct link_row *row;
    enum link_kind kind;
    char type[SLUG_SIZE]; // as it calls itself
    struct link_hello hello;
    struct link_refused refused;
    void *message;  // the struct of the link; NULL unless LINK_MESSAGE
    size_t skipped; // members and words in it that this build does not know
    struct fault why;
};

// `from` said it. The bytes are hostile; the caller caps `length`.
void link_read(struct link_input *input, const struct link_row *row, enum link_end from, const char *bytes,
               size_t length);
void link_input_fini(struct link_input *input); // wipes it: it may hold a password or a key
