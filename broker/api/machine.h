// SPDX-License-Identifier: EUPL-1.2
// The kinds of machines that have a certificate of the broker's own authority. One more is a row here, one in
// core/enrolment, and one in api/link_rows when it has a link.
#pragma once
#include "broker/api/method.h"

struct machine_row {
    enum noun noun;
    enum role role;
    size_t answer; // offset of its id in struct certificate_answer, where those of the others are empty
    bool serves;   // others connect to it, and its certificate is shown to them, too
};

extern const struct machine_row machine_rows[];
extern const size_t machine_count;

const struct machine_row *machine_of(enum noun noun); // NULL: such things have no certificate
const struct machine_row *machine_by_role(enum role role);
// Its id in an answer; "" when the certificate is for another kind.
char *machine_answer_id(const struct machine_row *row, struct certificate_answer *answer);
