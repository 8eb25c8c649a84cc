// SPDX-License-Identifier: EUPL-1.2
// The town hall of core's tests with an administrator's desk in it: calls go in, answers come out, the store always
// writes. What is sent to hosts and desks is noted.
#pragma once
#include "broker/api/codec.h"
#include "broker/api/method.h"
#include "broker/calls/services.h"
#include "tests/folder.h"
#include "tests/unit/core/core_fixture.h"

enum { SENT_MAX = 16 };

struct calls_fixture {
    struct core_fixture core;
    struct services services;
    const char *detail;       // of every host's health
    char folder[FOLDER_SIZE]; // for the broker's secret
    struct {
        char to[ID_SIZE];
        struct host_message message;
    } sent[SENT_MAX];
    size_t sent_count;
    struct {
        char to[ID_SIZE];
        struct device_message message;
    } to_desk; // the last one
    int to_desk_count;
    struct {
        char to[ID_SIZE];
        struct print_message message; // its list has no rows
    } told[SENT_MAX];                 // print servers
    size_t told_count;
    struct {
        char to[ID_SIZE];
        struct gateway_message message;
        int count;
    } to_gateway;                        // the last one
    const struct print_message *printer; // what a print server answers that is asked about a printer; NULL: nothing yet
    char filter[SLUG_SIZE];              // ?tenant=
    int64_t accept;                      // ?accept=
    struct peer caller;                  // at first an administrator of the district
    const char *ticket;                  // that comes with each call: the principal itself; NULL: none
    bool away;                           // no host can be told anything
    const char *offline;                 // whose agent is not linked; NULL: all are
    struct link_agent agent;             // of every machine; without a version there is none
    struct link_figures figures;
    struct listener_figures listeners[LISTENER_COUNT];
    int status;
    char etag[ETAG_SIZE];
    const struct store_event *stored; // what a page of the journal is read from, and which
    size_t stored_count;
    int64_t page_limit;
    char page_after[ID_SIZE];
    int64_t page_from_ms, page_until_ms;
    uint64_t store_anchor; // so many events are pruned
    char events[4096];     // what was appended last
    char erased[ID_SIZE];  // whose name went last
    bool disk_is_full;
    enum auth_verdict verdict;               // of looking anna up
    enum person_finding finding;             // what that came to
    int verified;                            // factors that were looked at
    int look_ups, binds;                     // that the directory was asked for
    enum group_standing group, group_answer; // of every group: as remembered, and when it is asked for
    int group_questions;
    void (*meanwhile)(void); // happens while groups are asked for; NULL: nothing
    void (*while_writing)(void);
    const char *key; // anna's, when it is another
    bool locked;
};

extern struct calls_fixture calls;

void calls_open(void);
void calls_close(void);
// calls.caller calls; the answer is the caller's. calls.status tells how it went.
json_object *calls_call(enum method_id id, enum noun noun, const char *thing, const char *body);
// The directory answers, and the store.
void calls_settle(void);
// The last one is refused unless it answered `status`.
#define CALLS_EXPECT(wanted, ...)                                                                                      \
    do {                                                                                                               \
        owned(json) json_object *answer_ = calls_call(__VA_ARGS__);                                                    \
        cr_assert_eq(calls.status, wanted, "%d: %s", calls.status, json_object_to_json_string(answer_));               \
    } while (0)
