// SPDX-License-Identifier: EUPL-1.2
// A question to one tenant's directory while it is open: what directory.c and person_search.c share.
#pragma once
#include "broker/auth/connector.h"
#include "broker/auth/directory_config.h"
#include "broker/auth/dn_cache.h"
#include "broker/auth/group_names.h"
#include "broker/auth/groups.h"
#include "broker/auth/ldap_dn.h"
#include "broker/auth/person_entry.h"

enum request_kind { REQUEST_CHECK, REQUEST_LOOK_UP, REQUEST_CHANGE };

struct directory_request {
    struct directory_request *prev, *next; // in the order of coming; or of those to answer
    struct directory *directory;
    enum request_kind kind;
    int64_t started_ms;
    struct operation operation; // one operation at a time: find, bind, read
    struct group_walk walk;
    auth_done *done;
    auth_explained *explained; // instead
    void *arg;
    enum auth_verdict verdict;
    enum person_finding finding;
    char user_name[USER_NAME_SIZE];
    char dn[DN_WRITTEN_SIZE];  // where the person stands; empty: not known
    char known_key[NAME_SIZE]; // the id that belonged to `dn` when it was put by; empty: it comes from a search
    size_t found;              // entries of the search
    bool refused;              // a bind with `dn` went wrong
    bool was_read;             // the person's entry has come
    int64_t lock_s;            // how long the policies that were found lock for; 0: without end, or none was found
    struct person_entry_read person;
    struct secret password;
    struct secret *new_password;
};

struct directory {
    struct tenant tenant;
    struct directory_schema schema;
    const char *person_attributes[PERSON_ATTRIBUTES_MAX];
    struct directory_config config;
    struct loop *loop;
    struct connector *connector;
    struct ldap_pool *pool;
    struct groups *groups;
    struct group_names *group_names;
    struct dn_cache *known;
    struct directory_request *open; // in the order of coming, so one timer is enough
    struct directory_request *answers;
    size_t count;
    struct loop_timer *deadline, *answering;
    bool deadline_set;
    int64_t down_ms; // since when no server can be reached; 0: one can
    int64_t up_ms;   // since when one can; 0: never
    bool lacks_base; // the last search found no such base
    size_t server;   // the last that answered
    char nobody[DN_WRITTEN_SIZE];
    char (*group_dns)[DN_SIZE]; // for the identity being handed on
    size_t group_capacity;
};

// Its end: it is answered and freed.
void directory_finish(struct directory_request *request, enum auth_verdict verdict);
// With a line in the log of what the directory said instead, if it did.
void directory_finish_unavailable(struct directory_request *request, const char *doing,
                                  const struct ldap_result *result);
// The search is over; `dn` is empty when it found nobody.
void directory_prove(struct directory_request *request);
