// SPDX-License-Identifier: EUPL-1.2
// What the desk asks of the broker and hears from it, as structs instead of JSON.
#pragma once
#include "broker/api/line.h"
#include "broker/api/method.h"

struct broker;

struct broker_events {
    // `answer` is NULL unless not refused. `help_desk` may be empty; `retry_after_s` 0.
    void (*answer)(void *arg, unsigned attempt, enum refusal refusal, const struct logon_answer *answer,
                   const char *help_desk, int64_t retry_after_s);
    void (*changed)(void *arg, unsigned attempt, enum refusal refusal);
    void (*digest)(void *arg, unsigned attempt, enum refusal refusal); // see broker_meet
    void (*link_up)(void *arg);
    void (*link_down)(void *arg);
    void (*link_message)(void *arg, const struct link_message *message);
};

// Begins the line to it; NULL with a fault when a file cannot be read.
struct broker *broker_new(struct loop *loop, const struct line_config *config, const struct broker_events *events,
                          void *arg, struct fault *why);
void broker_free(struct broker *broker); // NULL allowed

void broker_log_on(struct broker *broker, unsigned attempt, const char *name, const struct secret *password,
                   const char *authorization);
void broker_change(struct broker *broker, unsigned attempt, const char *name, const struct secret *old_password,
                   const struct secret *new_password);
void broker_report(struct broker *broker, const struct link_message *message);
// Of the broker's certificate; false before the first connection.
bool broker_digest(struct broker *broker, unsigned char digest[32]);
// Connects, for its certificate's sake; `digest` tells when that is done.
void broker_meet(struct broker *broker, unsigned attempt);
