// SPDX-License-Identifier: EUPL-1.2
// What devices, session hosts, print servers and gateways have in common: a certificate of the broker's own authority
// that proves them, and a token to get the first one with.
//
// A renewal stands in no journal when it is given out: the new certificate itself names the one that it renews
// (CA_RENEWS), under the authority's signature. Both are accepted until the new one is shown for the first time; that
// is the one event, and from then on the old one is worth nothing. So an answer that is lost, or a power cut at any
// moment, locks nobody out, and whatever was given out for a certificate ends with it: when it is renewed otherwise,
// when the machine is enrolled anew, when it is removed.
#pragma once
#include "broker/core/state.h"

struct enrolled_machine {
    char *certificate, *enrol_token_hash;
    char *enrolment; // NULL but with a host
    int64_t *enrolled_ms, *until_ms, *enrol_token_until_ms, *shared_ms;
};

struct enrolled_machine enrolment_of(enum noun noun, union record *record); // a noun of api/machine

// What happens to each kind of machine, and the event that tells of it.
enum enrolment_event {
    ENROLMENT_TOKEN_ISSUED,
    ENROLMENT_DONE,
    ENROLMENT_RENEWED,
    ENROLMENT_SHARED,
    ENROLMENT_EVENT_COUNT,
};
enum event_type enrolment_event(enum noun noun, enum enrolment_event event);

bool enrolment_is_disabled(enum noun noun, const void *record); // somebody has locked it out
bool enrolment_is_possible(enum noun noun, const void *record); // a program of ours runs there

const char *enrolment_certificate(enum noun noun, const void *record); // its SHA-256; "" without one
// Until when the certificate is valid; 0 without one. Before the journal told it, all were given for two years.
int64_t enrolment_until_ms(enum noun noun, const void *record);

int64_t enrolment_shared_ms(enum noun noun, const void *record); // since when its identity is known at two places

// A certificate as it was shown, the authority's signature verified. `renews`: the one it names, "" without.
struct enrolment_proof {
    const char *certificate, *renews;
    int64_t until_ms;
};

enum enrolment_standing {
    ENROLMENT_UNKNOWN,
    ENROLMENT_CURRENT,   // it is the one in the record
    ENROLMENT_SUCCESSOR, // it renews the one in the record
};

// By the digests alone: the dates are the caller's to look at. `record` may be NULL.
enum enrolment_standing enrolment_standing(enum noun noun, const void *record, const struct enrolment_proof *proof);

// The successor was shown: the record with it in the place of the one before.
void enrolment_succeed(enum noun noun, union record *record, const struct enrolment_proof *proof);
// What an enrolment makes of the record.
void enrolment_enrol(enum noun noun, union record *record, const struct enrolment_proof *proof, int64_t now_ms);
