// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/enrolment.h"
#include "broker/base/text.h"

#include <stdint.h>
#include <string.h>

static const int64_t untold_life_ms = 730ll * 24 * 60 * 60 * 1000;

struct enrolled_machine enrolment_of(enum noun noun, union record *record)
{
    struct host *host = &record->host;
    struct device *device = &record->device;
    if (noun == NOUN_HOST)
        return (struct enrolled_machine){host->certificate,  host->enrol_token_hash, host->enrolment,
                                         &host->enrolled_ms, &host->until_ms,        &host->enrol_token_until_ms,
                                         &host->shared_ms};
    return (struct enrolled_machine){device->certificate,  device->enrol_token_hash, NULL,
                                     &device->enrolled_ms, &device->until_ms,        &device->enrol_token_until_ms,
                                     &device->shared_ms};
}

static struct enrolled_machine look_at(enum noun noun, const void *record)
{
    return enrolment_of(noun, (union record *)(uintptr_t)record);
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
    if (noun == NOUN_HOST && !member.enrolment[0])
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
    if (noun == NOUN_HOST)
        member.enrolment[0] = 0;
    member.enrol_token_hash[0] = 0;
    *member.enrol_token_until_ms = 0;
    *member.shared_ms = 0;
}
