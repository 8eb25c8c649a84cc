// SPDX-License-Identifier: EUPL-1.2
// How a device or a session host gets its certificate: an administrator makes a one-time token for it, which it turns
// in; and each further one for the one it has.
#include "broker/calls/enrol.h"
#include "broker/api/method.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INVITE_MS = 24 * 60 * 60 * 1000 };

void call_invite(struct world *world, struct call *call)
{
    enum noun noun = call->method->noun;
    const void *present = state_find(world->state, noun, call->id);
    if (!present) {
        call_refuse(call, REFUSAL_ABSENT, NULL);
        return;
    }
    if (noun == NOUN_HOST && ((const struct host *)present)->system == HOST_WINDOWS) {
        call_refuse(call, REFUSAL_CONFLICT, "on Windows hosts there is no agent of ours to be enrolled");
        return;
    }
    char token[65];
    world_random_hex(token, 24);
    struct event event;
    world_event(&event, noun == NOUN_HOST ? EVENT_HOST_INVITED : EVENT_DEVICE_INVITED, noun, call);
    memcpy(&event.record, present, noun_rows[noun].size);
    struct member member = member_of(noun, &event.record);
    world_digest(member.invite, token, strlen(token));
    *member.invite_until_ms = commit_now_ms(world->commit) + INVITE_MS;
    json_object *answer = json_object_new_object();
    json_object_object_add(answer, "token", json_object_new_string(token));
    json_object_object_add(answer, "until", world_time(*member.invite_until_ms));
    explicit_bzero(token, sizeof token);
    world_commit_answer(world, call, &event, 1, answer);
}

// Whoever a token stands for: their record, in `record`; NOUN_NONE when nobody's.
static enum noun invited_by(const struct world *world, const char *token, union record *record)
{
    static const enum noun nouns[] = {NOUN_DEVICE, NOUN_HOST};
    char digest[DIGEST_SIZE];
    enum noun found = NOUN_NONE;
    world_digest(digest, token, strlen(token));
    for (size_t n = 0; n < sizeof nouns / sizeof *nouns; n++) {
        const struct shelf *shelf = state_shelf(world->state, nouns[n]);
        for (size_t i = 0; i < shelf->count; i++) {
            struct member member = member_of(nouns[n], shelf->records[i]);
            if (!member.invite[0] || !secret_equal(member.invite, digest, DIGEST_SIZE))
                continue;
            memcpy(record, shelf->records[i], noun_rows[nouns[n]].size);
            found = *member.invite_until_ms > commit_now_ms(world->commit) ? nouns[n] : NOUN_NONE;
        }
    }
    return found;
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

static bool sign(struct world *world, struct call *call, const char *request, const char *id, const char *renews,
                 struct ca_certificate *certificate)
{
    struct fault why;
    unsigned char der[4096];
    size_t length = 0;
    if (!decode_request(request, der, &length)) {
        call_refuse(call, REFUSAL_INVALID, "request: not base64");
        return false;
    }
    if (world->ca.sign(world->ca.self, der, length, id, renews, certificate, &why))
        return true;
    call_refuse_fault(call, &why);
    return false;
}

static json_object *certificate_answer(enum noun noun, const char *id, const struct ca_certificate *certificate)
{
    owned(bytes) char *base64 = mem_new(1, certificate->length * 4 / 3 + 8);
    EVP_EncodeBlock((unsigned char *)base64, certificate->der, (int)certificate->length);
    json_object *answer = json_object_new_object();
    json_object_object_add(answer, noun_rows[noun].name, json_object_new_string(id));
    json_object_object_add(answer, "certificate", json_object_new_string(base64));
    return answer;
}

static void enrol(struct world *world, struct call *call, enum noun noun, const union record *record,
                  const char *request)
{
    struct ca_certificate certificate;
    if (!sign(world, call, request, record->id, "", &certificate))
        return;
    struct event event;
    char digest[DIGEST_SIZE];
    struct member_proof proof = {digest, "", certificate.until_ms};
    world_digest(digest, certificate.der, certificate.length);
    world_event(&event, noun == NOUN_HOST ? EVENT_HOST_ENROLLED : EVENT_DEVICE_ENROLLED, noun, call);
    event.record = *record;
    snprintf(event.by, sizeof event.by, "%s %s", noun_rows[noun].name, record->id);
    member_enrol(noun, &event.record, &proof, commit_now_ms(world->commit));
    log_info("enrol", "%s %s from %s", noun_rows[noun].name, record->id, call->peer.address);
    world_commit_answer(world, call, &event, 1, certificate_answer(noun, record->id, &certificate));
    free(certificate.der);
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
    union record record;
    enum noun noun = wait_ms ? NOUN_NONE : invited_by(world, request.token, &record);
    if (noun != NOUN_NONE) {
        enrol(world, call, noun, &record, request.request);
    } else if (wait_ms) {
        call_refuse_later(call, REFUSAL_TOO_MANY_ATTEMPTS, wait_ms);
    } else {
        throttle_failed(world->throttle, key, 5, clock_steady_ms());
        call_refuse(call, REFUSAL_DENIED, "the enrolment token is unknown, used or too old: make a new one");
    }
    explicit_bzero(&request, sizeof request);
}

// Nothing is written down: what is given out counts from its first use, and names the one it was given for.
void call_renew(struct world *world, struct call *call)
{
    struct fault why;
    struct renew_request request;
    struct ca_certificate certificate;
    char until[CLOCK_TEXT_SIZE];
    enum noun noun = call->peer.role == ROLE_HOST ? NOUN_HOST : NOUN_DEVICE;
    const void *record = state_find(world->state, noun, call->peer.id);
    struct member_proof proof = {call->peer.certificate, "", 0};
    // While its body came in it may have been removed, enrolled anew or disabled.
    if (member_standing(noun, record, &proof) != MEMBER_KNOWN) {
        call_refuse(call, REFUSAL_UNPROVEN, NULL);
        return;
    }
    if (noun == NOUN_DEVICE && ((const struct device *)record)->disabled) {
        call_refuse(call, REFUSAL_DEVICE_DISABLED, NULL);
        return;
    }
    if (!codec_read(renew_request_fields, sizeof request, CODEC_CHANGE, call->body, &request, &why)) {
        call_refuse_fault(call, &why);
        return;
    }
    if (!sign(world, call, request.request, call->peer.id, proof.certificate, &certificate))
        return;
    clock_text(until, certificate.until_ms);
    log_info("enrol", "%s %s from %s: gets its next certificate, valid until %s", noun_rows[noun].name, call->peer.id,
             call->peer.address, until);
    json_object *answer = certificate_answer(noun, call->peer.id, &certificate);
    free(certificate.der);
    call_answer(call, answer);
}

void enrol_renewed(struct world *world, enum noun noun, const char *id, const struct member_proof *proof,
                   const char *address)
{
    struct fault why;
    char until[CLOCK_TEXT_SIZE];
    struct event event = {.type = noun == NOUN_HOST ? EVENT_HOST_RENEWED : EVENT_DEVICE_RENEWED, .noun = noun};
    snprintf(event.by, sizeof event.by, "%s %s", noun_rows[noun].name, id);
    memcpy(&event.record, state_find(world->state, noun, id), noun_rows[noun].size);
    member_succeed(noun, &event.record, proof);
    clock_text(until, proof->until_ms);
    if (commit_events(world->commit, &event, 1, NULL, 0, NULL, NULL, &why))
        log_info("enrol", "%s shows its new certificate, valid until %s, from %s; the one before is not taken any more",
                 event.by, until, address);
    else
        log_warn("enrol", "%s: its new certificate is not written down yet: %s", event.by, why.text);
}
