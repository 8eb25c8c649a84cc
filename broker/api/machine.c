// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/machine.h"

const struct machine_row machine_rows[] = {
    {NOUN_DEVICE, ROLE_DEVICE, offsetof(struct certificate_answer, device), .serves = false},
    {NOUN_HOST, ROLE_HOST, offsetof(struct certificate_answer, host), .serves = false},
    {NOUN_GATEWAY, ROLE_GATEWAY, offsetof(struct certificate_answer, gateway), .serves = false},
    {NOUN_PRINT_SERVER, ROLE_PRINT_SERVER, offsetof(struct certificate_answer, print_server), .serves = true},
};
const size_t machine_count = sizeof machine_rows / sizeof *machine_rows;

const struct machine_row *machine_of(enum noun noun)
{
    for (size_t i = 0; i < machine_count; i++)
        if (machine_rows[i].noun == noun)
            return &machine_rows[i];
    return NULL;
}

const struct machine_row *machine_by_role(enum role role)
{
    for (size_t i = 0; i < machine_count; i++)
        if (machine_rows[i].role == role)
            return &machine_rows[i];
    return NULL;
}

char *machine_answer_id(const struct machine_row *row, struct certificate_answer *answer)
{
    return (char *)answer + row->answer;
}
