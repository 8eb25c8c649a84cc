// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/world.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

struct pending {
    struct call *call;
    json_object *answer;
};

static void committed(void *arg, bool durable, const struct fault *why)
{
    struct pending *pending = arg;
    if (durable) {
        call_answer(pending->call, pending->answer);
    } else {
        json_object_put(pending->answer);
        call_refuse(pending->call, REFUSAL_STORE_DOWN, why->text);
    }
    free(pending);
}

void world_commit_answer(struct world *world, struct call *call, struct event *events, size_t count,
                         json_object *answer)
{
    struct fault why;
    struct pending *pending = mem_new(1, sizeof *pending);
    pending->call = call;
    pending->answer = answer;
    if (count == 0)
        committed(pending, true, NULL);
    else if (!commit_events(world->commit, events, count, NULL, 0, committed, pending, &why))
        committed(pending, false, &why);
}

void world_event(struct event *event, enum event_type type, enum noun noun, const struct call *call)
{
    *event = (struct event){.type = type, .noun = noun};
    static const char *const actors[] = {
        [ROLE_NOBODY] = "nobody", [ROLE_ANYONE] = "somebody", [ROLE_DEVICE] = "device", [ROLE_HOST] = "host",
        [ROLE_MEMBER] = "member", [ROLE_ADMIN] = "admin",     [ROLE_DISTRICT] = "admin"};
    snprintf(event->by, sizeof event->by, "%s %s%s", actors[call->peer.role], call->peer.id,
             call->peer.by_certificate ? " by certificate" : "");
}

void world_random(void *bytes, size_t length)
{
    arc4random_buf(bytes, length);
}

void world_random_hex(char *hex, size_t bytes)
{
    unsigned char random[64];
    assert(bytes <= sizeof random);
    world_random(random, bytes);
    text_hex(hex, random, bytes);
}

void world_digest(char hex[DIGEST_SIZE], const void *bytes, size_t length)
{
    unsigned char digest[32];
    int rc = EVP_Digest(bytes, length, digest, NULL, EVP_sha256(), NULL);
    assert(rc == 1);
    (void)rc;
    text_hex(hex, digest, sizeof digest);
}

json_object *world_time(int64_t wall_ms)
{
    char text[CLOCK_TEXT_SIZE];
    clock_text(text, wall_ms);
    return json_object_new_string(text);
}
