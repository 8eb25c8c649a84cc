// SPDX-License-Identifier: EUPL-1.2
// What core and the calls need from outside, as ports. They answer later through `done`, never from within the call,
// and exactly once. All of it happens in the loop's thread.
#pragma once
#include "broker/api/types.h"
#include "broker/base/fault.h"
#include "broker/base/mem.h"

// ---- store: the journal

struct store_event {
    uint64_t seq; // 1, 2, 3 ... without gaps
    int64_t at_ms;
    const char *payload; // compact JSON
    size_t length;
};

// A row of the erasable table of people: the only place where a name stands.
struct store_person {
    char id[ID_SIZE];       // "tenant/p-<hex>"
    char key[NAME_SIZE];    // the directory's own unchanging id (entryUUID, objectGUID)
    char login[LOGIN_SIZE]; // log-on name, lower case
    char name[NAME_SIZE];   // to greet and list them
};

struct store_batch {
    const struct store_event *events;
    size_t event_count;
    const struct store_person *people; // inserted or replaced in the same transaction
    size_t person_count;
};

enum store_outcome {
    STORE_DURABLE, // all of it is on disk, and the head that vouches for it
    STORE_REFUSED, // none of it is; the disk is full, or the like
    STORE_UNKNOWN, // nobody can tell: end the program and replay
};

typedef void store_done(void *arg, enum store_outcome outcome, const struct fault *why);

struct store_port {
    void *self;
    // One batch at a time: the next only after `done`. `batch` and what it points to stay valid until then.
    void (*append)(void *self, const struct store_batch *batch, store_done *done, void *arg);
    // Calls `event` for each one from `from` on, in order. False when damaged: `why` says where.
    bool (*replay)(void *self, uint64_t from, bool (*event)(void *arg, const struct store_event *event), void *arg,
                   struct fault *why);
    // The row of this person is gone from the files; no fault when there is none. Refused: it may still be there.
    void (*erase_person)(void *self, const char *id, store_done *done, void *arg);
};

// ---- auth: the directories

enum auth_verdict {
    AUTH_RIGHT,
    AUTH_WRONG,   // wrong name, wrong password, locked: told apart by nobody
    AUTH_EXPIRED, // the password was right, and so below
    AUTH_MUST_CHANGE,
    AUTH_DISABLED,
    AUTH_OUTSIDE_HOURS, // the directory's own hours
    AUTH_REJECTED,      // a new password that the directory does not take
    AUTH_UNAVAILABLE,   // no server answered within the deadline
};

struct identity {
    char login[LOGIN_SIZE];  // as the directory spells it, lower case
    char key[NAME_SIZE];     // unchanging id
    char name[NAME_SIZE];    // display name
    char (*groups)[DN_SIZE]; // DNs, lower case, nested ones included
    size_t group_count;
    bool locked; // after wrong passwords, perhaps for a time only: a bind would tell. Who has a ticket has proven more
};

enum directory_state { DIRECTORY_UNKNOWN, DIRECTORY_OK, DIRECTORY_DOWN }; // unknown: no connection, and nobody asked

struct directory_status {
    enum directory_state state;
    int64_t since_ms;       // steady; 0: unknown
    char server[LIST_SIZE]; // the last that answered
    size_t connections;     // kept now
    char trouble[320];      // the last failure that was not followed by a success of the same server
};

// `identity` is borrowed and only there with AUTH_RIGHT.
typedef void auth_done(void *arg, enum auth_verdict verdict, const struct identity *identity);

struct auth_port {
    void *self;
    // `name` as typed, hostile. `password` is copied and wiped.
    void (*check)(void *self, const struct tenant *tenant, const char *name, const struct secret *password,
                  auth_done *done, void *arg);
    // For somebody already proven by Kerberos, or for a dry run: the same answer without a password.
    void (*look_up)(void *self, const struct tenant *tenant, const char *name, auth_done *done, void *arg);
    void (*change)(void *self, const struct tenant *tenant, const char *name, const struct secret *old_password,
                   const struct secret *new_password, auth_done *done, void *arg);
    // Negotiate: local, no network. `binding` is the SHA-256 of our certificate. True: `principal` holds the proven
    // "name@REALM". `reply` (base64, may be "") goes back in WWW-Authenticate.
    bool (*accept_ticket)(void *self, const struct tenant *tenant, const char *token_base64,
                          const unsigned char binding[32], char principal[DN_SIZE], char *reply, size_t reply_size,
                          struct fault *why);
    // The tenant's settings changed or it is gone (NULL tenant settings are never passed): kept connections are closed.
    void (*forget)(void *self, const char *tenant_id);
    // Local and at once.
    void (*status)(void *self, const struct tenant *tenant, struct directory_status *status);
};

// ---- ca: the broker's own certificate authority for devices

// Before the digest of the certificate that another one renews, in that one's subject alternative name.
#define CA_RENEWS "urn:pult:renews:"

struct ca_certificate {
    unsigned char *der; // to be freed
    size_t length;
    int64_t until_ms;
};

struct ca_port {
    void *self;
    int64_t until_ms; // the authority's own certificate; none that it signs is valid any longer
    // Signs a PKCS #10 request (DER, hostile) for a device or a session host. The subject is ours: CN = its id.
    // `renews`: SHA-256 of the certificate that is renewed, "" for a first one. Fast; no network.
    bool (*sign)(void *self, const unsigned char *request, size_t length, const char *id, const char *renews,
                 struct ca_certificate *certificate, struct fault *why);
};

// ---- links: the devices that are connected now

struct link_message; // broker/api/method.h

struct link_port {
    void *self;
    bool (*online)(void *self, const char *device_id);
    bool (*send)(void *self, const char *device_id, const struct link_message *message); // false: not online
    size_t (*count)(void *self);
};

// ---- host links: the agents of session hosts that are connected now

struct host_message; // broker/api/host_link.h

struct host_link_port {
    void *self;
    bool (*online)(void *self, const char *host_id);
    bool (*send)(void *self, const char *host_id, const struct host_message *message); // false: not online
};

// ---- hosts: how they are

enum host_health {
    HOST_UNKNOWN, // not looked at yet
    HOST_OK,
    HOST_UNREACHABLE,
    HOST_NO_TLS,
    HOST_WRONG_CERTIFICATE,
    HOST_UNHEALTHY, // its agent says that something is wrong with it: no new sessions, those that run go on
    HOST_SILENT,    // its agent has just fallen silent: the same
    HOST_LOST,      // it stays silent: what runs there is not known
};

typedef void host_done(void *arg, enum host_health health, const char *detail);

struct host_port {
    void *self;
    void (*probe)(void *self, const struct host *host, host_done *done, void *arg);
    void (*wake)(void *self, const struct host *host); // nobody answers; a probe shows whether it helped
};
