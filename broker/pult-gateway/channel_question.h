// SPDX-License-Identifier: EUPL-1.2
// The broker is asked about each channel; whoever waits for the answer waits here.
#pragma once
#include "broker/api/gateway_link.h"
#include "broker/base/loop.h"
#include "broker/pult-gateway/tunnel.h"

struct channel_office;   // all questions
struct channel_question; // one

// `answer` is borrowed; NULL: the broker is unreachable, or did not answer in time. Comes once, unless it is dropped,
// and never from within channel_question_ask.
typedef void channel_answered(void *arg, const struct gateway_message *answer);

// `send`: to the broker; false: it is unreachable. `ended` is told of a channel that was opened when nobody waited for
// it any more.
struct channel_office *channel_office_new(struct loop *loop, bool (*send)(void *arg, const void *message),
                                          tunnel_ended *ended, void *arg);
void channel_office_free(struct channel_office *office); // nobody waits any more; NULL allowed

struct channel_question *channel_question_ask(struct channel_office *office, const char *token, const char *holder,
                                              enum channel_way way, const char *network, channel_answered *done,
                                              void *arg);
// Nobody waits for it. A channel that is then opened all the same has ended. NULL allowed.
void channel_question_drop(struct channel_question *question);
// What the broker says.
void channel_office_hear(struct channel_office *office, const struct gateway_message *answer);
void channel_office_link_down(struct channel_office *office); // no answer will come
