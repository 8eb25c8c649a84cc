// SPDX-License-Identifier: EUPL-1.2
// How a machine gets its identity: a key, made here and never leaving, and the certificate the broker
// gives for it in exchange for an enrolment token.
#pragma once
#include "broker/client/credential.h"

enum { ENROL_BROKER_SIZE = 256 };

struct client;

struct enrol_config {
    enum noun noun;        // of api/machine
    const char *broker;    // "": the token says where it is
    int port;              // of `broker`
    const char *broker_ca; // where there is no such file, the token says which it is
    const char *state_dir;
    char fingerprint[DIGEST_SIZE]; // of the certificate that a host shows to desks; ""
};

// For the time after: the broker, where the configuration names none, and its authority, where there is no such file,
// as the enrolment left them in `state_dir`.
void enrol_complete(const char *state_dir, char broker[ENROL_BROKER_SIZE], char broker_ca[CREDENTIAL_PATH_SIZE]);
// That authority, when it has renewed its certificate: by a client that had an answer.
void enrol_follow(const struct client *client, const char *state_dir);

// "neustadt/desk1"; empty before it is enrolled.
void enrol_id(char id[ID_SIZE], enum noun noun, const char *state_dir);

enum enrol_end { ENROL_DONE, ENROL_FAILED, ENROL_NO_TOKEN, ENROL_REFUSED, ENROL_UNREACHABLE };

// For a command line: reads the token from the file (NULL or "-": standard input), makes key and request, takes both to
// the broker, writes what comes back and says how it went. What was there before stays until then. Blocks. Of the
// process that calls it the owner of `state_dir` remains, once the token is read (base/owner).
enum enrol_end enrol(const struct enrol_config *config, const char *token_file);
