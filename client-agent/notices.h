// SPDX-License-Identifier: EUPL-1.2
// What the broker has to tell the person who works at this desk about their print jobs: one at a time over the session,
// each job and reason once, several jobs that the same is said of together, for some seconds or until it is clicked.
// Whatever was not shown when the session leaves is not said to have been: the broker tells it at the next desk.
#pragma once
#include "broker/api/device_link.h"
#include "broker/base/loop.h"
#include "client-agent/notice_picture.h"

enum { NOTICES_MAX = 32, NOTICE_SHOWN_MS = 20 * 1000 };

struct notices_ports {
    // In the person's language; notices_drawn follows, with that number. `sentence` is English, the gettext key.
    void (*draw)(void *arg, int64_t number, const char *sentence, const char *where);
    bool (*show)(void *arg, const struct notice_picture *picture); // false: it cannot be
    void (*hide)(void *arg);
    void (*told)(void *arg, const struct device_message *noticed);
};

struct notices;

struct notices *notices_new(struct loop *loop, const struct notices_ports *ports, void *arg);
void notices_free(struct notices *notices);

void notices_add(struct notices *notices, const struct device_message *notice);
// Whether the session is before the person now.
void notices_in_front(struct notices *notices, bool session);
void notices_drawn(struct notices *notices, int64_t number, const struct notice_picture *picture);
void notices_clicked(struct notices *notices);
void notices_forget(struct notices *notices); // the session has left this desk
