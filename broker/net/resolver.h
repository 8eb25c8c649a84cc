// SPDX-License-Identifier: EUPL-1.2
// Names to addresses without blocking the loop: the system's resolver in threads, at most a few at a time, and its
// answers remembered, so that a name server that does not answer holds up nobody who was known before.
#pragma once
#include "broker/base/loop.h"

#include <netinet/in.h>
#include <stddef.h>
#include <sys/queue.h>

enum { RESOLVER_ADDRESSES_MAX = 16 };

union resolver_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

struct resolver_answer { // the families in turn, the system's first choice first (RFC 8305, section 4)
    size_t count;
    union resolver_address addresses[RESOLVER_ADDRESSES_MAX];
    const char *problem; // when there are none
};

struct resolver;

// Lies within what waits. `done` and `arg` are set by its owner, the rest by the resolver. The answer is borrowed.
struct resolver_wait {
    void (*done)(void *arg, const struct resolver_answer *answer);
    void *arg;
    bool waiting;
    LIST_ENTRY(resolver_wait) links;
};

struct resolver *resolver_new(struct loop *loop);
void resolver_free(struct resolver *resolver); // does not wait for questions still open; nobody may be waiting any more

// The answer when it is known. Otherwise NULL, and `wait` hears it later; also when the answer is an old one, which is
// then asked anew.
const struct resolver_answer *resolver_ask(struct resolver *resolver, const char *name, struct resolver_wait *wait);
void resolver_leave(struct resolver_wait *wait); // `done` does not come any more

// None of its addresses answers: it is asked anew at once, for whoever asks next.
void resolver_doubt(struct resolver *resolver, const char *name);
bool resolver_same_address(const union resolver_address *one, const union resolver_address *other);

// In a thread that may block, with nothing remembered.
void resolver_ask_now(const char *name, struct resolver_answer *answer);
// How this machine is called in full, as `hostname --fqdn` says; without a domain where nobody knows one. May block.
void resolver_own_name(char *name, size_t size);
