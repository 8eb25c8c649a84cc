// SPDX-License-Identifier: EUPL-1.2
// Real directories for a test, in a network of its own, and an auth port that asks them.
#pragma once
#include "broker/auth/auth.h"
#include <sys/types.h>

enum { FIRST_PORT = 3389, SECOND_PORT = 4389 }; // of serve-slapd; TLS is one above

// What a question was answered with; the identity copied.
struct answer {
    bool came;
    enum auth_verdict verdict;
    enum person_finding finding; // of explain
    bool locked;
    char user_name[USER_NAME_SIZE], key[NAME_SIZE], name[NAME_SIZE];
    char groups[32][DN_SIZE];
    size_t group_count;
    int64_t after_ms;
    int64_t asked_ms;
    size_t *missing; // counts down as answers come
};

// For a suite's .init: network, folder, loop. And .fini.
void fixture_begin(void);
void fixture_end(void);
extern struct loop *fixture_loop;
extern char fixture_folder[64];

// A directory "dc=<name>" with people; waits until it takes connections. Killed when the test ends.
pid_t slapd_start(const char *name, int port, int people);
// One that speaks this version of TLS with this group alone ("TLSv1.3", "X25519"), or, where they are NULL, all.
pid_t slapd_start_with(const char *name, int port, int people, const char *version, const char *group);
void slapd_kill(pid_t pid);
pid_t fixture_start(const char *const *arguments); // any other server
void await_port(int port);

// Makes `tenant`'s credentials: those of the directory `of`, and the password "pult-geheim".
void tenant_trusts(const char *tenant, const char *of);
// A tenant over "dc=<of>" with these servers.
struct tenant tenant_of(const char *id, const char *of, const char *servers);

struct auth *auth_start(int64_t deadline_ms);
void ask_check(struct auth *auth, const struct tenant *tenant, const char *name, const char *password,
               struct answer *answer);
// Runs the loop until all have come, or fails after `wait_ms`.
void await_answers(struct answer *answers, size_t count, int64_t wait_ms);
void run_for(int64_t wait_ms);

struct answer check(struct auth *auth, const struct tenant *tenant, const char *name, const char *password);
struct answer look_up(struct auth *auth, const struct tenant *tenant, const char *name);
struct answer change(struct auth *auth, const struct tenant *tenant, const char *name, const char *old_password,
                     const char *new_password);
bool is_in(const struct answer *answer, const char *group);
// A look-up that says what it came to.
struct answer explain(struct auth *auth, const struct tenant *tenant, const char *name);
// What a group of a setting means, asked for, and then what is remembered of it.
enum group_standing find_group(struct auth *auth, const struct tenant *tenant, const char *group, char dn[DN_SIZE]);
// "add" or "delete" of an entry, by the root of the directory.
void slapd_modify(const char *name, int port, const char *ldif);

// Has a directory looked at, and waits for it. Then: that some step said so, or that all of them work.
void examine(struct auth *auth, const struct tenant *tenant, const char *name);
void expect_step(enum check_step_kind kind, enum check_state state, const char *text);
void expect_no_failure(void);
