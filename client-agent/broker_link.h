// SPDX-License-Identifier: EUPL-1.2
// What the desk asks of the broker and hears from it, as structs instead of JSON.
#pragma once
#include "broker/api/device_link.h"
#include "broker/api/method.h"
#include "broker/client/uplink.h"

struct broker_link;

struct broker_link_events {
    // `answer` is NULL unless not refused. `help_desk` may be empty; `retry_after_s` 0.
    void (*answer)(void *arg, unsigned attempt, enum refusal refusal, const struct logon_answer *answer,
                   const char *help_desk, int64_t retry_after_s);
    // To broker_link_jobs, when it is not refused; else `answer` tells.
    void (*own_jobs)(void *arg, unsigned attempt, const struct own_jobs *own);
    void (*changed)(void *arg, unsigned attempt, enum refusal refusal);
    void (*digest)(void *arg, unsigned attempt, enum refusal refusal); // see broker_link_fetch_certificate
    void (*link_up)(void *arg);
    void (*link_down)(void *arg);
    void (*link_message)(void *arg, const struct device_message *message);
    void (*link_refused)(void *arg, enum refusal refusal); // the broker does not let this program in; see client_link
    void (*link_silent)(void *arg, bool is_silent);        // after broker_link_probe
};

// Begins the line to it; NULL with a fault when a file cannot be read. With a gateway the desk is outside.
struct broker_link *broker_link_new(struct loop *loop, const struct uplink_config *config,
                                    const struct broker_link_events *events, void *arg, struct fault *why);
void broker_link_free(struct broker_link *broker);                            // NULL allowed
struct gateway_client *broker_link_gateway(const struct broker_link *broker); // NULL: the desk is in the house
// The token that came with the last one-time password; good until the next one comes.
const char *broker_link_channel(const struct broker_link *broker);

void broker_link_log_on(struct broker_link *broker, unsigned attempt, const char *name, const struct secret *password,
                        const char *authorization);
enum broker_jobs { BROKER_JOBS, BROKER_RELEASE, BROKER_CANCEL };
// Of `body` only what that method takes.
void broker_link_jobs(struct broker_link *broker, unsigned attempt, enum broker_jobs what,
                      const struct own_jobs_request *body, const char *authorization);
void broker_link_change(struct broker_link *broker, unsigned attempt, const char *name,
                        const struct secret *old_password, const struct secret *new_password);
// Somebody waits for the broker: is it there? Told by link_silent when it is not.
void broker_link_probe(struct broker_link *broker);
int64_t broker_link_small_until_ms(const struct broker_link *broker);
int broker_link_descriptor(const struct broker_link *broker); // of the link; -1 while it is down
void broker_link_report(struct broker_link *broker, const struct device_message *message);
// Of the broker's certificate; false before the first connection.
bool broker_link_digest(struct broker_link *broker, unsigned char digest[32]);
// Connects, for its certificate's sake; `digest` tells when that is done.
void broker_link_fetch_certificate(struct broker_link *broker, unsigned attempt);
