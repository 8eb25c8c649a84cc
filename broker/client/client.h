// SPDX-License-Identifier: EUPL-1.2
// Talking to the broker: one HTTPS call at a time over a kept connection, and a device's link (WebSocket).
// TLS 1.2/1.3 with the broker's certificate checked against `ca_file`, or `pin`, and `host`; nothing else is trusted.
#pragma once
#include "broker/api/codec.h"
#include "broker/api/refusal.h"
#include "broker/api/types.h"
#include "broker/base/loop.h"
#include "broker/client/websocket.h"

struct client;

struct gateway_client;

struct client_config {
    const char *host; // name in the broker's certificate
    int port;
    const char *ca_file;
    const char *pin; // SHA-256 of the authority's certificate, in place of ca_file; NULL or "": none
    const char *certificate_file, *key_file; // the device's or administrator's own, NULL: none
    struct gateway_client *gateway;          // everything goes through it; NULL: the broker is dialled itself
};

enum { CLIENT_ETAG_SIZE = 48 };

struct client_request {
    const char *verb, *path;
    const char *authorization; // whole header value ("Bearer ...", "Negotiate ..."), or NULL
    const char
        *if_match; // only while the thing is of this version, else REFUSAL_PRECONDITION_FAILED; NULL or "": in any case
    bool if_absent;                 // only when it is not there yet
    const struct record_type *type; // of the body; NULL: none
    const void *body;               // printed by its rows, as CODEC_CHANGE
    int64_t deadline_ms;
};

struct client_answer {
    enum refusal refusal;    // REFUSAL_NONE: done. REFUSAL_BROKER_UNREACHABLE: no answer within the deadline
    int status;              // HTTP, 0 without an answer
    char *body;              // valid JSON, see client_read; borrowed; NULL: none
    size_t length;           // of it
    char detail[320];        // what the broker says beyond the refusal, English; or the cause of no answer
    char detail_format[200]; // what that was made from, for language_detail; "" without
    char help_desk[128];
    char etag[CLIENT_ETAG_SIZE]; // the version that was answered, for `if_match`; "" without
    int64_t retry_after_s;
};

typedef void client_done(void *arg, const struct client_answer *answer);

// What was answered, by its rows, as CODEC_ANSWER; the caller frees it by record_free. FAULT_INVALID when there is
// nothing, or not that.
bool client_read(const struct client_answer *answer, const struct record_type *type, void *target, struct fault *why)
    __attribute__((warn_unused_result));
// Of the waiting calls: wipes and frees the body. Again is allowed.
void client_answer_drop(struct client_answer *answer);

// NULL with a fault when a file cannot be read. All strings are copied.
struct client *client_new(struct loop *loop, const struct client_config *config, struct fault *why);
void client_free(struct client *client); // open calls end without `done`

// Calls are queued. `done` is never called from within. All strings are copied.
void client_send(struct client *client, const struct client_request *request, client_done *done, void *arg);
// Runs the loop until the answer is there; for command-line programs. The caller ends with client_answer_drop.
void client_send_wait(struct client *client, const struct client_request *request, struct client_answer *answer);
// The same without a condition.
void client_call(struct client *client, const char *verb, const char *path, const char *authorization,
                 const struct record_type *type, const void *body, int64_t deadline_ms, client_done *done, void *arg);
void client_call_wait(struct client *client, const char *verb, const char *path, const char *authorization,
                      const struct record_type *type, const void *body, int64_t deadline_ms,
                      struct client_answer *answer);
bool client_is_idle(const struct client *client); // no call is open
// SHA-256 of the broker's certificate as last seen, for Kerberos channel binding; false before the first connection.
bool client_broker_digest(struct client *client, unsigned char digest[32]);
// The certificate of the broker's authority, where the broker shows it: its SHA-256, and the file that a later client
// trusts. False when it does not, or before the first connection.
bool client_authority_digest(const struct client *client, char digest[DIGEST_SIZE]);
bool client_authority_keep(const struct client *client, const char *path, struct fault *why)
    __attribute__((warn_unused_result));
// Replaces the authority in a file that was kept so, when it has renewed itself with the same key; whoever comes once
// in the last third of its life knows it for ever. Call it after an answer.
void client_authority_follow(const struct client *client, const char *path);

// SHA-256 (DER, hexadecimal) of the first certificate in a PEM file, and until when it is valid.
bool client_read_certificate(const char *file, char digest[DIGEST_SIZE], int64_t *until_ms, struct fault *why)
    __attribute__((warn_unused_result));

// The link: comes up by itself, again and again with growing waits and jitter, until client_free. Pings every 20 s;
// a broker that has not answered for 30 s counts as gone.
void client_link(struct client *client, enum noun noun, const struct websocket_events *events, void *arg);
void client_unlink(struct client *client); // ends it for good, without a word; calls go on
// Large packets were lost on the way to the broker: small ones are used until then, by clock_steady_ms. 0: not so.
int64_t client_small_until_ms(const struct client *client);
void client_link_probe(struct client *client);           // see websocket_probe
int client_link_descriptor(const struct client *client); // -1 while the link is not up
// `message`: the struct of the link. False when the link is down, or the broker does not know messages of this type.
bool client_link_send(struct client *client, const void *message);
