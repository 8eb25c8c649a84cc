// SPDX-License-Identifier: EUPL-1.2
// How a machine gets its certificate: an administrator makes a one-time token for it, which it turns
// in; and each further one for the one it has.
#include "broker/calls/certificates.h"
#include "broker/api/machine.h"
#include "broker/api/record.h"
#include "broker/base/address.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INVITE_MS = 24 * 60 * 60 * 1000 };

void call_enrol_token(struct services *services, struct request *request)
{
    enum noun noun = request->method->noun;
    const void *present = state_find(services->state, noun, request->id);
    if (!present) {
        request_refuse(request, REFUSAL_NOT_FOUND, NULL);
        return;
    }
    if (!enrolment_is_possible(noun, present)) {
        request_refuse(request, REFUSAL_CONFLICT, "a Windows host has no agent to enrol");
        return;
    }
    char token[65];
    services_random_hex(token, 24);
    struct event event;
    services_event(&event, enrolment_event(noun, ENROLMENT_TOKEN_ISSUED), noun, request);
    memcpy(&event.record, present, noun_rows[noun].size);
    struct enrolled_machine member = enrolment_of(noun, &event.record);
    services_digest(member.enrol_token_hash, token, strlen(token));
    *member.enrol_token_until_ms = commit_now_ms(services->commit) + INVITE_MS;
    struct enrol_token_answer answer = {.until_ms = *member.enrol_token_until_ms};
    TEXT_PUT(answer.token, token);
    explicit_bzero(token, sizeof token);
    services_commit_answer(services, request, &event, 1, &answer);
    record_free(enrol_token_answer_type.fields, &answer);
}

// Whoever a token stands for: their record, in `record`; NOUN_NONE when nobody's.
static enum noun invited_by(const struct services *services, const char *token, union record *record)
{
    char digest[DIGEST_SIZE];
    enum noun found = NOUN_NONE;
    services_digest(digest, token, strlen(token));
    for (size_t n = 0; n < machine_count; n++) {
        enum noun noun = machine_rows[n].noun;
        const struct sorted_table *table = state_table(services->state, noun);
        for (size_t i = 0; i < table->count; i++) {
            struct enrolled_machine member = enrolment_of(noun, table->records[i]);
            if (!member.enrol_token_hash[0] || !secret_equal(member.enrol_token_hash, digest, DIGEST_SIZE))
                continue;
            memcpy(record, table->records[i], noun_rows[noun].size);
            found = *member.enrol_token_until_ms > commit_now_ms(services->commit) ? noun : NOUN_NONE;
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

static bool sign(struct services *services, struct request *request, const char *pkcs10, enum noun noun, const char *id,
                 const char *renews, struct ca_certificate *certificate)
{
    struct fault why;
    unsigned char der[4096];
    size_t length = 0;
    if (!decode_request(pkcs10, der, &length)) {
        request_refuse(request, REFUSAL_INVALID, "request: not base64");
        return false;
    }
    if (services->ca.sign(services->ca.self, der, length, noun, id, renews, certificate, &why))
        return true;
    request_refuse_fault(request, &why);
    return false;
}

static void fill_answer(struct certificate_answer *answer, enum noun noun, const char *id,
                        const struct ca_certificate *certificate)
{
    *answer = (struct certificate_answer){0};
    text_put(machine_answer_id(machine_of(noun), answer), ID_SIZE, id);
    assert(certificate->length * 4 / 3 + 4 < sizeof answer->certificate);
    EVP_EncodeBlock((unsigned char *)answer->certificate, certificate->der, (int)certificate->length);
}

static void enrol(struct services *services, struct request *request, enum noun noun, const union record *record)
{
    const struct enrol_request *body = request->body;
    struct ca_certificate certificate;
    if (!sign(services, request, body->request, noun, record->id, "", &certificate))
        return;
    struct event event;
    char digest[DIGEST_SIZE];
    struct enrolment_proof proof = {digest, "", certificate.until_ms};
    services_digest(digest, certificate.der, certificate.length);
    services_event(&event, enrolment_event(noun, ENROLMENT_DONE), noun, request);
    event.record = *record;
    snprintf(event.by, sizeof event.by, "%s %s", noun_rows[noun].name, record->id);
    enrolment_enrol(noun, &event.record, &proof, commit_now_ms(services->commit));
    if (noun == NOUN_HOST && body->fingerprint[0])
        TEXT_PUT(event.record.host.fingerprint, body->fingerprint);
    log_info("enrol", "%s %s from %s", noun_rows[noun].name, record->id, request->peer.address);
    struct certificate_answer answer;
    fill_answer(&answer, noun, record->id, &certificate);
    free(certificate.der);
    services_commit_answer(services, request, &event, 1, &answer);
}

void call_enrol(struct services *services, struct request *request)
{
    const struct enrol_request *body = request->body;
    char from[ADDRESS_NETWORK_TEXT_SIZE];
    int64_t now_ms = clock_steady_ms();
    address_network_text(from, request->peer.address);
    int64_t wait_ms = throttle_wait_ms(services->throttle, THROTTLE_ENROL, from, now_ms);
    union record record;
    enum noun noun = wait_ms ? NOUN_NONE : invited_by(services, body->token, &record);
    if (noun != NOUN_NONE) {
        enrol(services, request, noun, &record);
    } else if (wait_ms) {
        request_refuse_later(request, REFUSAL_TOO_MANY_ATTEMPTS, wait_ms);
    } else {
        throttle_end(services->throttle, THROTTLE_ENROL, from, THROTTLE_FAILED, "", now_ms);
        request_refuse(request, REFUSAL_DENIED, "the enrolment token is unknown, used or expired: create a new one");
    }
}

// Nothing is written down: what is given out counts from its first use, and names the one it was given for.
void call_renew(struct services *services, struct request *request)
{
    const struct renew_request *body = request->body;
    struct certificate_answer answer;
    struct ca_certificate certificate;
    char until[CLOCK_TEXT_SIZE];
    enum noun noun = machine_by_role(request->peer.role)->noun;
    const void *record = state_find(services->state, noun, request->peer.id);
    struct enrolment_proof proof = {request->peer.certificate, "", 0};
    // While its body came in it may have been removed, enrolled anew or disabled.
    if (enrolment_standing(noun, record, &proof) != ENROLMENT_CURRENT) {
        request_refuse(request, REFUSAL_UNAUTHENTICATED, NULL);
        return;
    }
    if (enrolment_is_disabled(noun, record)) {
        request_refuse(request, REFUSAL_DEVICE_DISABLED, NULL);
        return;
    }
    // Machines ask in the last third; whoever has a copy of the key shall not be ahead of them.
    if (clock_wall_ms() < request->peer.half_life_ms) {
        request_refuse(request, REFUSAL_CONFLICT, "a certificate is renewed in the second half of its life");
        return;
    }
    if (!sign(services, request, body->request, noun, request->peer.id, proof.certificate, &certificate))
        return;
    clock_text(until, certificate.until_ms);
    log_info("enrol", "%s %s from %s: issued its next certificate, valid until %s", noun_rows[noun].name,
             request->peer.id, request->peer.address, until);
    fill_answer(&answer, noun, request->peer.id, &certificate);
    free(certificate.der);
    request_answer(request, &answer);
}

void certificates_renewed(struct services *services, enum noun noun, const char *id,
                          const struct enrolment_proof *proof, const char *address)
{
    struct fault why;
    char until[CLOCK_TEXT_SIZE];
    struct event event = {.type = enrolment_event(noun, ENROLMENT_RENEWED), .noun = noun};
    snprintf(event.by, sizeof event.by, "%s %s", noun_rows[noun].name, id);
    memcpy(&event.record, state_find(services->state, noun, id), noun_rows[noun].size);
    enrolment_succeed(noun, &event.record, proof);
    clock_text(until, proof->until_ms);
    if (commit_events(services->commit, &event, 1, NULL, 0, NULL, NULL, &why))
        log_info("enrol",
                 "%s uses its new certificate, valid until %s, from %s; the previous one is no longer accepted",
                 event.by, until, address);
    else
        log_warn("enrol", "%s: new certificate not yet recorded: %s", event.by, why.text);
}

void certificates_shared(struct services *services, enum noun noun, const char *id, const char *address,
                         const char *other_address)
{
    struct fault why;
    struct event event = {.type = enrolment_event(noun, ENROLMENT_SHARED), .noun = noun};
    snprintf(event.by, sizeof event.by, "%s %s", noun_rows[noun].name, id);
    snprintf(event.why, sizeof event.why, "in use from %s and from %s in turn", address, other_address);
    log_warn("enrol", "%s: its identity is %s; its key may have been copied: enrol it again", event.by, event.why);
    memcpy(&event.record, state_find(services->state, noun, id), noun_rows[noun].size);
    struct enrolled_machine member = enrolment_of(noun, &event.record);
    if (*member.shared_ms) // once is enough for the journal
        return;
    *member.shared_ms = commit_now_ms(services->commit);
    if (!commit_events(services->commit, &event, 1, NULL, 0, NULL, NULL, &why))
        log_warn("enrol", "%s: not recorded: %s", event.by, why.text);
}
