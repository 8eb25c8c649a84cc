// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/services.h"
#include "broker/api/codec_print.h"
#include "broker/base/base64.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pending {
    struct request *request;
    struct text answer; // may hold a token
};

static void change_committed(void *arg, bool durable, const struct fault *why)
{
    struct pending *pending = arg;
    if (durable) {
        request_answer_text(pending->request, &pending->answer);
    } else {
        explicit_bzero(pending->answer.bytes, pending->answer.length);
        text_drop(&pending->answer);
        request_refuse(pending->request, REFUSAL_STORE_DOWN, why->text);
    }
    free(pending);
}

void services_commit_answer(struct services *services, struct request *request, struct event *events, size_t count,
                            const void *answer)
{
    struct fault why;
    assert(request->method->answer && (events || count == 0));
    struct pending *pending = mem_new(1, sizeof *pending);
    pending->request = request;
    pending->answer.is_secret = true; // of some methods it is
    codec_print_record(&pending->answer, request->method->answer->fields, CODEC_ANSWER, answer);
    if (count == 0)
        change_committed(pending, true, NULL);
    else if (!commit_events(services->commit, events, count, NULL, 0, change_committed, pending, &why))
        change_committed(pending, false, &why);
}

static bool group_dn(void *arg, const char *tenant_id, const char *group, char dn[DN_SIZE])
{
    struct services *services = arg;
    const struct tenant *tenant = state_tenant(services->state, tenant_id);
    return tenant && services->auth.group(services->auth.self, tenant, group, dn, NULL) == GROUP_FOUND;
}

struct group_source services_groups(struct services *services)
{
    return (struct group_source){services, group_dn};
}

struct membership services_membership(const struct services *services, const char *person_id,
                                      const struct identity *identity)
{
    return (struct membership){person_id, identity->user_name, (const char(*)[DN_SIZE])identity->groups,
                               identity->group_count, &services->groups};
}

struct session_ages services_ages(struct services *services)
{
    int64_t now_ms = clock_steady_ms();
    awake_beat(&services->reports.awake, now_ms, clock_wall_ms());
    return (struct session_ages){commit_now_ms(services->commit), awake_ms(&services->reports.awake, now_ms)};
}

void services_actor(char by[ACTOR_SIZE], const struct request *request)
{
    static const char *const actors[] = {[ROLE_NOBODY] = "nobody",
                                         [ROLE_UNAUTHENTICATED] = "somebody",
                                         [ROLE_DEVICE] = "device",
                                         [ROLE_HOST] = "host",
                                         [ROLE_PRINT_SERVER] = "print-server",
                                         [ROLE_GATEWAY] = "gateway",
                                         [ROLE_PERSON] = "person",
                                         [ROLE_MACHINE] = "member",
                                         [ROLE_ADMIN] = "admin",
                                         [ROLE_DISTRICT] = "admin"};
    snprintf(by, ACTOR_SIZE, "%s %s%s", actors[request->peer.role], request->peer.id,
             request->peer.by_certificate ? " by certificate" : "");
}

void services_event(struct event *event, enum event_type type, enum noun noun, const struct request *request)
{
    *event = (struct event){.type = type, .noun = noun};
    services_actor(event->by, request);
}

void services_random(void *bytes, size_t length)
{
    arc4random_buf(bytes, length);
}

void services_random_hex(char *hex, size_t bytes)
{
    unsigned char random[64];
    assert(bytes <= sizeof random);
    services_random(random, bytes);
    text_hex(hex, random, bytes);
}

void services_digest(char hex[DIGEST_SIZE], const void *bytes, size_t length)
{
    unsigned char digest[32];
    int rc = EVP_Digest(bytes, length, digest, NULL, EVP_sha256(), NULL);
    assert(rc == 1);
    (void)rc;
    text_hex(hex, digest, sizeof digest);
}

bool services_tell_host(struct services *services, const char *id, const struct host_message *message)
{
    return services->links.send(services->links.self, NOUN_HOST, id, message);
}

void services_authority(const struct services *services, char base64[PRINT_SEAL_SIZE])
{
    struct ca_certificate authority = {0};
    bool fits = services->ca.authority(services->ca.self, &authority) &&
                base64_encode(base64, PRINT_SEAL_SIZE, authority.der, authority.length);
    assert(fits); // it is the broker's own
    free(authority.der);
}

bool services_tell_print_server(struct services *services, const char *id, const struct print_message *message)
{
    return services->links.send(services->links.self, NOUN_PRINT_SERVER, id, message);
}

bool services_tell_gateway(struct services *services, const char *id, const struct gateway_message *message)
{
    return services->links.send(services->links.self, NOUN_GATEWAY, id, message);
}

bool services_tell_device(struct services *services, const char *id, const struct device_message *message)
{
    return services->links.send(services->links.self, NOUN_DEVICE, id, message);
}
