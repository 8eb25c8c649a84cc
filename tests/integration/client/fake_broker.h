// SPDX-License-Identifier: EUPL-1.2
// A stand-in for the broker's HTTPS side: a process that answers from rows. On a link it says again what it hears: a
// hello, too, which lets everybody in; "state" comes back as "moved", and a report as a long "message" with its length.
// What stands in the row of a link is said instead of that hello.
#pragma once
#include <stdbool.h>
#include <sys/types.h>

struct fake_row {
    const char *verb, *path; // path with its query, as sent; a path ending in * stands for all that begin so
    int status;
    const char *headers; // further header lines, each with \r\n, or NULL
    const char *body;    // NULL: the request's own body comes back. "slow": no answer. "cut": half an answer
};

// Own network with `lo` up; certificates for "broker" at 127.0.0.1 and for "desk1" in a new folder's tls/, a second
// authority in its other/tls/.
// Returns the folder; lives as long as the test.
const char *fake_town(void);
// Serves `rows` (ending with an all-NULL row) on 127.0.0.1:port until killed. GET /seen answers with the number of
// requests, of TLS sessions that were resumed, and the last authorization, client certificate, condition and body.
pid_t fake_broker(int port, const struct fake_row *rows);
// The same, and no packet of more than 700 bytes gets through to it.
pid_t fake_broker_behind_hole(int port, const struct fake_row *rows);
void fake_broker_stop(pid_t pid);
