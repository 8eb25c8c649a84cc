// SPDX-License-Identifier: EUPL-1.2
// How a device gets its certificate: an administrator makes a one-time token for it, the device turns it in.
#include "broker/api/method.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/calls/world.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INVITE_MS = 24 * 60 * 60 * 1000 };

void call_invite(struct world *world, struct call *call)
{
    const struct device *device = state_device(world->state, call->id);
    if (!device) {
        call_refuse(call, REFUSAL_ABSENT, NULL);
        return;
    }
    char token[65];
    world_random_hex(token, 24);
    struct event event;
    world_event(&event, EVENT_DEVICE_INVITED, NOUN_DEVICE, call);
    event.record.device = *device;
    world_digest(event.record.device.invite, token, strlen(token));
    event.record.device.invite_until_ms = commit_now_ms(world->commit) + INVITE_MS;
    json_object *answer = json_object_new_object();
    json_object_object_add(answer, "token", json_object_new_string(token));
    json_object_object_add(answer, "until", world_time(event.record.device.invite_until_ms));
    explicit_bzero(token, sizeof token);
    world_commit_answer(world, call, &event, 1, answer);
}

static const struct device *invited_by(const struct world *world, const char *token)
{
    char digest[DIGEST_SIZE];
    world_digest(digest, token, strlen(token));
    const struct shelf *devices = state_shelf(world->state, NOUN_DEVICE);
    const struct device *found = NULL;
    for (size_t i = 0; i < devices->count; i++) {
        const struct device *device = devices->records[i];
        if (device->invite[0] && secret_equal(device->invite, digest, DIGEST_SIZE))
            found = device;
    }
    return found && found->invite_until_ms > commit_now_ms(world->commit) ? found : NULL;
}

static bool decode_request(const char *base64, unsigned char *der, size_t *length)
{
    size_t text_length = strlen(base64);
    if (text_length == 0 || text_length % 4)
        return false;
    int decoded = EVP_DecodeBlock(der, (const unsigned char *)base64, (int)text_length);
    if (decoded <= 0)
        return false;
    *length = (size_t)decoded - (base64[text_length - 1] == '=') - (base64[text_length - 2] == '=');
    return true;
}

static void answer_certificate(struct world *world, struct call *call, struct event *event,
                               const unsigned char *certificate, size_t length)
{
    owned(bytes) char *base64 = mem_new(1, length * 4 / 3 + 8);
    EVP_EncodeBlock((unsigned char *)base64, certificate, (int)length);
    json_object *answer = json_object_new_object();
    json_object_object_add(answer, "device", json_object_new_string(event->record.id));
    json_object_object_add(answer, "certificate", json_object_new_string(base64));
    log_info("device", "%s enrolled from %s", event->record.id, call->peer.address);
    world_commit_answer(world, call, event, 1, answer);
}

static void enrol(struct world *world, struct call *call, const struct device *device, const char *request)
{
    struct fault why;
    unsigned char der[4096];
    size_t length = 0;
    if (!decode_request(request, der, &length)) {
        call_refuse(call, REFUSAL_INVALID, "request: not base64");
        return;
    }
    unsigned char *certificate = NULL;
    size_t certificate_length = 0;
    if (!world->ca.sign(world->ca.self, der, length, device->id, &certificate, &certificate_length, &why)) {
        call_refuse_fault(call, &why);
        return;
    }
    struct event event;
    world_event(&event, EVENT_DEVICE_ENROLLED, NOUN_DEVICE, call);
    event.record.device = *device;
    snprintf(event.by, sizeof event.by, "device %s", device->id);
    world_digest(event.record.device.certificate, certificate, certificate_length);
    event.record.device.enrolled_ms = commit_now_ms(world->commit);
    event.record.device.invite[0] = 0;
    event.record.device.invite_until_ms = 0;
    answer_certificate(world, call, &event, certificate, certificate_length);
    free(certificate);
}

void call_enrol(struct world *world, struct call *call)
{
    struct fault why;
    struct enrol_request request;
    bool read = codec_read(enrol_request_fields, sizeof request, CODEC_CHANGE, call->body, &request, &why);
    codec_wipe(call->body);
    if (!read) {
        call_refuse_fault(call, &why);
        return;
    }
    char key[ID_SIZE];
    snprintf(key, sizeof key, "enrol %s", call->peer.address);
    int64_t wait_ms = throttle_wait_ms(world->throttle, key, clock_steady_ms());
    const struct device *device = wait_ms ? NULL : invited_by(world, request.token);
    if (device) {
        enrol(world, call, device, request.request);
    } else if (wait_ms) {
        call_refuse_later(call, REFUSAL_TOO_MANY_ATTEMPTS, wait_ms);
    } else {
        throttle_failed(world->throttle, key, 5, clock_steady_ms());
        call_refuse(call, REFUSAL_DENIED, "the enrolment token is unknown, used or too old: make a new one");
    }
    explicit_bzero(&request, sizeof request);
}
