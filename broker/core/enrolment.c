// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/enrolment.h"
#include "broker/base/text.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

static const int64_t untold_life_ms = 730ll * 24 * 60 * 60 * 1000;

enum { NO_FIELD = -1 };

// Where in the record of each kind of machine these things stand.
struct enrolment_row {
    enum noun noun;
    enum event_type events[ENROLMENT_EVENT_COUNT];
    int certificate, enrol_token_hash, enrolment, enrolled_ms, until_ms, enrol_token_until_ms, shared_ms;
};

#define FIELDS(of)                                                                                                     \
    .certificate = offsetof(struct of, certificate), .enrol_token_hash = offsetof(struct of, enrol_token_hash),        \
    .enrolled_ms = offsetof(struct of, enrolled_ms), .until_ms = offsetof(struct of, until_ms),                        \
    .enrol_token_until_ms = offsetof(struct of, enrol_token_until_ms), .shared_ms = offsetof(struct of, shared_ms)
#define EVENTS(of)                                                                                                     \
    .events = {[ENROLMENT_TOKEN_ISSUED] = EVENT_##of##_ENROL_TOKEN_ISSUED,                                             \
               [ENROLMENT_DONE] = EVENT_##of##_ENROLLED,                                                               \
               [ENROLMENT_RENEWED] = EVENT_##of##_RENEWED,                                                             \
               [ENROLMENT_SHARED] = EVENT_##of##_IDENTITY_SHARED}

static const struct enrolment_row enrolment_rows[] = {
    {NOUN_DEVICE, EVENTS(DEVICE), FIELDS(device), .enrolment = NO_FIELD},
    {NOUN_HOST, EVENTS(HOST), FIELDS(host), .enrolment = offsetof(struct host, enrolment)},
    {NOUN_PRINT_SERVER, EVENTS(PRINT_SERVER), FIELDS(print_server), .enrolment = NO_FIELD},
    {NOUN_GATEWAY, EVENTS(GATEWAY), FIELDS(gateway), .enrolment = NO_FIELD},
};

static const struct enrolment_row *row_of(enum noun noun)
{
    size_t at = 0;
    while (at < sizeof enrolment_rows / sizeof *enrolment_rows && enrolment_rows[at].noun != noun)
        at++;
    assert(at < sizeof enrolment_rows / sizeof *enrolment_rows);
    return &enrolment_rows[at];
}

enum event_type enrolment_event(enum noun noun, enum enrolment_event event)
{
    return row_of(noun)->events[event];
}

static int64_t *time_at(union record *record, int offset)
{
    return (int64_t *)(void *)((char *)record + offset);
}

struct enrolled_machine enrolment_of(enum noun noun, union record *record)
{
    const struct enrolment_row *row = row_of(noun);
    char *start = (char *)record;
    return (struct enrolled_machine){
        .certificate = start + row->certificate,
        .enrol_token_hash = start + row->enrol_token_hash,
        .enrolment = row->enrolment == NO_FIELD ? NULL : start + row->enrolment,
        .enrolled_ms = time_at(record, row->enrolled_ms),
        .until_ms = time_at(record, row->until_ms),
        .enrol_token_until_ms = time_at(record, row->enrol_token_until_ms),
        .shared_ms = time_at(record, row->shared_ms),
    };
}

static struct enrolled_machine look_at(enum noun noun, const void *record)
{
    return enrolment_of(noun, (union record *)(uintptr_t)record);
}

const char *enrolment_certificate(enum noun noun, const void *record)
{
    return look_at(noun, record).certificate;
}

int64_t enrolment_until_ms(enum noun noun, const void *record)
{
    struct enrolled_machine member = look_at(noun, record);
    if (!member.certificate[0])
        return 0;
    return *member.until_ms ? *member.until_ms : *member.enrolled_ms + untold_life_ms;
}

int64_t enrolment_shared_ms(enum noun noun, const void *record)
{
    return *look_at(noun, record).shared_ms;
}

bool enrolment_is_disabled(enum noun noun, const void *record)
{
    return noun == NOUN_DEVICE && ((const struct device *)record)->disabled;
}

bool enrolment_is_possible(enum noun noun, const void *record)
{
    return noun != NOUN_HOST || ((const struct host *)record)->os != HOST_OS_WINDOWS;
}

enum enrolment_standing enrolment_standing(enum noun noun, const void *record, const struct enrolment_proof *proof)
{
    const char *known = record ? look_at(noun, record).certificate : "";
    if (!known[0] || !proof->certificate[0])
        return ENROLMENT_UNKNOWN;
    if (text_equal(known, proof->certificate))
        return ENROLMENT_CURRENT;
    return text_equal(known, proof->renews) ? ENROLMENT_SUCCESSOR : ENROLMENT_UNKNOWN;
}

void enrolment_succeed(enum noun noun, union record *record, const struct enrolment_proof *proof)
{
    struct enrolled_machine member = enrolment_of(noun, record);
    if (member.enrolment && !member.enrolment[0])
        text_put(member.enrolment, DIGEST_SIZE, member.certificate);
    text_put(member.certificate, DIGEST_SIZE, proof->certificate);
    *member.until_ms = proof->until_ms;
}

void enrolment_enrol(enum noun noun, union record *record, const struct enrolment_proof *proof, int64_t now_ms)
{
    struct enrolled_machine member = enrolment_of(noun, record);
    text_put(member.certificate, DIGEST_SIZE, proof->certificate);
    *member.until_ms = proof->until_ms;
    *member.enrolled_ms = now_ms;
    assert(member.enrol_token_hash);
    if (member.enrolment)
        member.enrolment[0] = 0;
    member.enrol_token_hash[0] = 0;
    *member.enrol_token_until_ms = 0;
    *member.shared_ms = 0;
}
