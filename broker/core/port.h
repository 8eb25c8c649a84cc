// SPDX-License-Identifier: EUPL-1.2
// What core and the calls need from outside, as ports. They answer later through `done`, never from within the call,
// and exactly once; what returns a value or `bool` does so at once. All of it happens in the loop's thread.
#pragma once
#include "broker/api/answer.h"
#include "broker/api/refusal.h"
#include "broker/api/types.h"
#include "broker/base/address.h"
#include "broker/base/fault.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

// ---- store: the journal

enum { STORE_HASH_BYTES = 32 };

struct store_event {
    uint64_t seq; // 1, 2, 3 ... without gaps
    int64_t at_ms;
    const char *payload; // compact JSON; NULL: erased
    size_t length;
};

// A row of the erasable table of people: the only place where a name stands.
struct store_person {
    char id[ID_SIZE];               // "tenant/p-<hex>"
    char key[NAME_SIZE];            // the directory's own unchanging id (entryUUID, objectGUID)
    char user_name[USER_NAME_SIZE]; // as the directory spells it
    char name[NAME_SIZE];           // to greet and list them
};

struct store_batch {
    const struct store_event *events;
    size_t event_count;
    const struct store_person *people; // inserted or replaced in the same transaction
    size_t person_count;
};

struct store_range {
    uint64_t first, last;
};

enum store_outcome {
    STORE_DURABLE, // all of it is on disk, and the head that vouches for it
    STORE_REFUSED, // none of it is; the disk is full, another broker writes, or the like
    STORE_UNKNOWN, // nobody can tell: end the program and replay
};

typedef void store_done(void *arg, enum store_outcome outcome, const struct fault *why);

// What vouches for the journal from outside of it, signed.
struct store_head {
    uint64_t seq;  // last event, 0: none
    int64_t at_ms; // when signed; never before that event
    unsigned char chain[STORE_HASH_BYTES];
    uint64_t anchor; // the events up to here are pruned
};

// What a journal from a backup lacks: the events behind `seq` up to `head_seq`, which is smaller when the head is the
// older of the two, and 0 when there is no head that can be read.
struct store_gap {
    uint64_t seq, head_seq;
    int64_t head_ms; // when the head was signed
};

// Whom a replay tells; all of it is borrowed for the call. What is NULL is not read. None may call the store. False
// ends the replay, and `why` is its fault.
struct store_reader {
    void *arg;
    bool (*snapshot)(void *arg, uint64_t seq, const char *bytes, size_t length, struct fault *why);
    bool (*event)(void *arg, const struct store_event *event, struct fault *why);
    bool (*person)(void *arg, const struct store_person *person, struct fault *why);
    // Who was ever erased, by a list that is kept apart from the journal: one from a backup may still know them.
    bool (*erased)(void *arg, const char *person_id, struct fault *why);
};
enum { STORE_FROM_SNAPSHOT = 0 };

enum store_role {
    STORE_FOLLOWS, // another broker writes, or nobody can at the moment
    STORE_WRITES,  // this one does, alone
};

struct store_follower {
    void *arg;
    // Who writes: told first, and again when it changes. Before STORE_WRITES comes all that others wrote, after it
    // nothing of theirs; before STORE_FOLLOWS come the answers to all changes under way.
    void (*role)(void *arg, enum store_role role);
    // What another broker wrote in one commit, borrowed: in order and without gaps, and only while STORE_FOLLOWS is the
    // last that was told.
    void (*batch)(void *arg, const struct store_batch *batch);
    // The journal as others write it is damaged, or they have pruned what would be next. Nothing is told any more.
    void (*failed)(void *arg, const struct fault *why);
};

// `events` are borrowed, none has a gap before it; fewer than asked for: there are no more. With `why` there are none.
typedef void store_page(void *arg, const struct store_event *events, size_t count, const struct fault *why);

// How a broker lives with its store: once `create`; then at each start `open`, `replay`, `follow`, and changes as long
// as it has the role STORE_WRITES. broker/store/README.md tells how the stores there fill this.
struct store_port {
    void *self;

    // ---- at the start and after a refusal: these may take their time

    // There is a journal, or what is left of one: `create` would refuse.
    bool (*exists)(void *self);
    // A new journal, not yet open; interrupted, it can be called again. FAULT_CONFLICT: there is one, or what is left
    // of one.
    bool (*create)(void *self, struct fault *why);
    // Signs the journal anew as it stands, not yet open, once an administrator wants to go on with a backup.
    // FAULT_CONFLICT: it fits its head, there is nothing to accept. FAULT_BROKEN: damaged, or head and journal never
    // belonged together.
    bool (*accept)(void *self, struct store_gap *gap, struct fault *why);
    // Makes what `copy` left in this store's folder its own journal: what vouched for it there is put aside, and the
    // head that is here, if there is one, knows better. It is to be accepted next. FAULT_BROKEN: it is not whole.
    bool (*adopt)(void *self, struct fault *why);
    // Checks everything. FAULT_ABSENT: there is no journal. FAULT_BROKEN: damaged, nothing was changed. FAULT_CONFLICT:
    // another program has it, and the store is for one only.
    bool (*open)(void *self, struct fault *why);
    // Events from `from` on, in order and to the end; with STORE_FROM_SNAPSHOT the snapshot, if there is one, and the
    // events behind it; then the people. All of it is of one moment. FAULT_BROKEN: damaged, with the place.
    // FAULT_ABSENT: `from` is pruned, or more than one behind the end. Then who was erased.
    bool (*replay)(void *self, uint64_t from, const struct store_reader *reader, struct fault *why);
    // After the loop has ended. Does what was asked for, answers and tells nothing more. Frees the store.
    void (*close)(void *self);

    // ---- changes, made in the order they are asked for; `done` comes later. What `done` has not come for stays valid.
    // Who has not the role STORE_WRITES is refused.

    // One at a time: the next only after `done`. The first event has the number behind the last one.
    void (*append)(void *self, const struct store_batch *batch, store_done *done, void *arg);
    // The state after event `seq`; replaces the snapshot before. 1 to 1,000,000,000 bytes.
    void (*keep_snapshot)(void *self, uint64_t seq, const char *bytes, size_t length, store_done *done, void *arg);
    // The payloads of these events are gone from the files, the chain still holds. Only up to the snapshot.
    void (*erase)(void *self, const struct store_range *ranges, size_t count, store_done *done, void *arg);
    // The events up to `last` are gone, the chain begins behind them. Only up to the snapshot. Export them before.
    void (*prune)(void *self, uint64_t last, store_done *done, void *arg);
    // The row of this person is gone from the files, and they are on the list of the erased; no fault when there is no
    // row. Refused: it may still be there.
    void (*erase_person)(void *self, const char *id, store_done *done, void *arg);

    // ---- reading

    // At most `limit` events from `from` on, as of after the changes asked for before. Faults as those of `replay`.
    void (*read)(void *self, uint64_t from, size_t limit, store_page *page, void *arg);
    // As of the last answer or batch. At once.
    void (*head)(void *self, struct store_head *head);
    // A copy of all of it, of one moment from now on, into this folder, which is there and empty: a store that is
    // opened there has everything. Changes go on meanwhile. One at a time; `folder` stays valid until `done`. Refused:
    // some of it may be there.
    void (*copy)(void *self, const char *folder, store_done *done, void *arg);
    // Whether such a copy is whole: reads it all. In any thread, also when this store is closed.
    bool (*verify_copy)(const char *folder, struct fault *why);
    // From now on `follower` (copied) is told of what is written from event `from` on: the one behind the replay's
    // last. Calling it again begins again, as after a refusal.
    void (*follow)(void *self, uint64_t from, const struct store_follower *follower);
};

// ---- auth: the directories

enum auth_verdict {
    AUTH_RIGHT,
    AUTH_WRONG,   // wrong name, wrong password, locked: told apart by nobody
    AUTH_EXPIRED, // the password was right, and so below; it may still be changed
    AUTH_MUST_CHANGE,
    AUTH_TOO_LATE, // expired, or to be changed, and no longer by the person
    AUTH_DISABLED,
    AUTH_OUTSIDE_HOURS, // the directory's own hours
    AUTH_REJECTED,      // a new password that the directory does not take, and why when it tells
    AUTH_TOO_SHORT,
    AUTH_TOO_SIMPLE,
    AUTH_REUSED,
    AUTH_TOO_YOUNG,   // the old one, to be changed already
    AUTH_UNAVAILABLE, // no server answered within the deadline
};

struct identity {
    char user_name[USER_NAME_SIZE]; // to log on with, as the directory spells it: compare it by text_same_name
    char key[NAME_SIZE];            // unchanging id
    char name[NAME_SIZE];           // display name
    char (*groups)[DN_SIZE];        // DNs in their one spelling, nested ones included
    size_t group_count;
    bool locked; // after wrong passwords, perhaps for a time only: a bind would tell. Who has a ticket has proven more
};

enum directory_state {
    DIRECTORY_UNKNOWN, // no connection, and nobody asked
    DIRECTORY_OK,
    DIRECTORY_DOWN,
    DIRECTORY_NO_BASE, // it answers, and knows no such base of people or groups
};

struct directory_status {
    enum directory_state state;
    int64_t since_ms;       // steady; 0: unknown
    char server[LIST_SIZE]; // the last that answered
    size_t connections;     // kept now
    char last_failure[320]; // the last failure that was not followed by a success of the same server
    char kerberos[320];     // what is wrong with the keytab or was with the last ticket; empty: nothing, or no Kerberos
};

// What a look-up came to, for administrators only: whoever logs on is not told.
enum person_finding {
    PERSON_KNOWN,
    PERSON_ABSENT,     // no entry has the name
    PERSON_TWICE,      // several have it
    PERSON_NO_CLASS,   // one has it that is no person
    PERSON_NO_ID,      // its unchanging id is missing, not readable for the broker's account, or not one
    PERSON_NAME_TAKEN, // the user name that it has at hosts is also another's
    PERSON_NO_BASE,    // the directory knows no such base of people
    PERSON_NOT_TOLD,   // no server answered within the deadline, or not as it should
};

typedef void auth_explained(void *arg, enum auth_verdict verdict, enum person_finding finding,
                            const struct identity *identity);

// `dn` in its one spelling, and "" unless GROUP_FOUND.
typedef void group_done(void *arg, enum group_standing standing, const char *dn);

// `identity` is borrowed and only there with AUTH_RIGHT.
typedef void auth_done(void *arg, enum auth_verdict verdict, const struct identity *identity);

// `steps` are borrowed.
typedef void examine_done(void *arg, const struct check_step *steps, size_t count);

struct auth_port {
    void *self;
    // `name` as typed, hostile. `password` is copied and wiped.
    void (*check)(void *self, const struct tenant *tenant, const char *name, const struct secret *password,
                  auth_done *done, void *arg);
    // For somebody already proven by Kerberos, or for a dry run: the same answer without a password.
    void (*look_up)(void *self, const struct tenant *tenant, const char *name, auth_done *done, void *arg);
    // As look_up, with what it came to.
    void (*explain)(void *self, const struct tenant *tenant, const char *name, auth_explained *done, void *arg);
    void (*change)(void *self, const struct tenant *tenant, const char *name, const struct secret *old_password,
                   const struct secret *new_password, auth_done *done, void *arg);
    // Asks the directory for a group.
    void (*find_group)(void *self, const struct tenant *tenant, const char *group, group_done *done, void *arg);
    // Local and at once, as it was found lately. A DN is GROUP_FOUND or GROUP_OUTSIDE without asking. `is_old`, or
    // NULL: what it is should be asked for before anything new is decided by it.
    enum group_standing (*group)(void *self, const struct tenant *tenant, const char *group, char dn[DN_SIZE],
                                 bool *is_old);
    // Negotiate: local, no network. `binding` is the SHA-256 of our certificate. True: `principal` holds the proven
    // name; its realm is the tenant's. `reply` (base64, may be "") goes back in WWW-Authenticate.
    bool (*accept_ticket)(void *self, const struct tenant *tenant, const char *token_base64,
                          const unsigned char binding[32], char principal[DN_SIZE], char *reply, size_t reply_size,
                          struct fault *why);
    // The tenant's settings changed or it is gone (NULL tenant settings are never passed): kept connections are closed.
    void (*forget)(void *self, const char *tenant_id);
    // Local and at once.
    void (*status)(void *self, const struct tenant *tenant, struct directory_status *status);
    // Goes the way of a logon on connections of its own, for somebody (`name` as typed, hostile) or nobody (""), and
    // says what works. False, and no `done`: too many at a time.
    bool (*examine)(void *self, const struct tenant *tenant, const char *name, examine_done *done, void *arg);
};

// ---- back-ups: a file that only the owners of certain certificates can open

enum backup_state { BACKUP_NONE, BACKUP_RUNNING, BACKUP_READY, BACKUP_FAILED };

struct backup_status {
    enum backup_state state;
    char id[SLUG_SIZE]; // of this one; "" with BACKUP_NONE
    int64_t began_ms;   // wall
    int64_t size;       // BACKUP_READY
    char digest[DIGEST_SIZE];
    struct fault failure; // BACKUP_FAILED
};

// `base64` is borrowed; "" at the end of the file. With `why` it is not there any more, or cannot be read.
typedef void backup_piece(void *arg, const char *base64, const struct fault *why);

struct backup_port {
    void *self;
    // Whether one can be begun now, and for whom it would be: a line each. FAULT_CONFLICT: nobody could open it,
    // another one is not done with, or there is no room for it.
    bool (*prepare)(void *self, struct text *recipients, struct fault *why);
    void (*start)(void *self); // after that, and at once
    void (*status)(void *self, struct backup_status *status);
    void (*read)(void *self, uint64_t offset, backup_piece *done, void *arg);
    void (*drop)(void *self); // it is fetched, or not wanted
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
    // That certificate, DER: for machines to which others connect. To be freed.
    bool (*authority)(void *self, struct ca_certificate *certificate);
    // Signs a PKCS #10 request (DER, hostile) for a machine. The subject is ours: CN = its id, OU = its kind.
    // `renews`: SHA-256 of the certificate that is renewed, "" for a first one. Fast; no network.
    bool (*sign)(void *self, const unsigned char *request, size_t length, enum noun noun, const char *id,
                 const char *renews, struct ca_certificate *certificate, struct fault *why);
};

// ---- seal: the key that print servers seal the keys of jobs for

struct seal_port {
    void *self;
    const char *certificate; // base64 of its DER
    // What the print server `holder` sealed, in base64, hostile; the key comes out in base64, and is to be wiped.
    // FAULT_DENIED: it was sealed for another key, or by another print server. Fast; no network.
    bool (*open)(void *self, const char *sealed, const char *holder, char *key, size_t size, struct fault *why);
};

// ---- factors: what people show besides a password when they log on from outside

enum {
    FACTOR_CHALLENGE_BYTES = 32,
    FACTOR_CODE_SIZE = 20,
    FACTOR_SECRET_TEXT_SIZE = 33,
    FACTOR_URI_SIZE = 1024,
};

// As a browser sends it, hostile: a code as typed, or what a passkey says; the rest is "".
struct factor_proof {
    const char *code;
    const char *credential;                                   // base64url
    const char *client_data, *authenticator_data, *signature; // base64
    const char *site, *origin;                                // of the page that asked
    const unsigned char *challenge;                           // what it asked; NULL: nothing
};

// A telephone's secret before anybody has shown a code of it: nothing is kept here meanwhile.
struct factor_offer {
    char sealed[FACTOR_KEY_SIZE];         // comes back with the first code
    char secret[FACTOR_SECRET_TEXT_SIZE]; // to be typed into the telephone; to be wiped, and below
    char uri[FACTOR_URI_SIZE];            // to be read by its camera
};

// All of it is local, fast and at once.
struct factor_port {
    void *self;
    // Whether this is the factor's. It has changed by that then (a counter, a code less), which has to be kept before
    // anything is done about it. FAULT_DENIED: it is not, and FAULT_INVALID: nor well formed.
    bool (*verify)(void *self, struct factor *factor, const struct factor_proof *proof, int64_t wall_ms,
                   struct fault *why);
    // A new passkey: fills credential, key, algorithm and count.
    bool (*enrol_passkey)(void *self, struct factor *factor, const struct factor_proof *proof, struct fault *why);
    // `issuer` and `account` are what the telephone will show. False: they are too long.
    bool (*offer_totp)(void *self, const char *person_id, const char *issuer, const char *account,
                       struct factor_offer *offer);
    // Of an offer to the factor's person, with the first code that the telephone shows: fills key and count.
    bool (*enrol_totp)(void *self, struct factor *factor, const char *sealed, const char *code, int64_t wall_ms,
                       struct fault *why);
    // New codes, to be wiped, whose digests the factor gets; at most FACTOR_CODES_MAX.
    void (*make_codes)(void *self, struct factor *factor, char (*codes)[FACTOR_CODE_SIZE], size_t count);
};

// ---- links: the machines that are connected now

// What a machine's agent said of itself when its link came up last.
struct link_agent {
    char program[32], version[32];
    int64_t protocol;
    enum refusal refusal; // why it has no link; REFUSAL_NONE: it was let in
};

struct link_figures {                            // of one noun, since the start
    uint64_t linked;                             // now
    uint64_t refused;                            // agents
    uint64_t skipped_messages, skipped_fields;   // that this broker does not know
    uint64_t refused_messages, refused_by_agent; // that had to be understood: by the broker, or by its agents
};

struct link_port {
    void *self;
    bool (*online)(void *self, enum noun noun, const char *id);
    // `message`: the struct of that noun's link. False: not online, its agent cannot be told that, or the queue is
    // full.
    bool (*send)(void *self, enum noun noun, const char *id, const void *message);
    bool (*agent)(void *self, enum noun noun, const char *id, struct link_agent *agent); // false: there was none yet
    void (*figures)(void *self, enum noun noun, struct link_figures *figures);
};

// ---- listeners: what comes in without having proven anything

// GATEWAY: for desks that come through a gateway, which says so before TLS; PORTAL: for people who do.
enum listener_kind {
    LISTENER_PUBLIC,
    LISTENER_DEVICE,
    LISTENER_ADMIN,
    LISTENER_PORTAL,
    LISTENER_GATEWAY,
    LISTENER_COUNT
};

struct listener_figures {
    uint64_t unproven;                       // connections that have proven nothing yet, now
    uint64_t dropped_full, dropped_late;     // since the start: for want of room, for taking too long
    int64_t flood_since_ms;                  // steady; 0: nothing is dropped for want of room
    uint64_t flood_dropped;                  // since then
    char network[ADDRESS_NETWORK_TEXT_SIZE]; // that the last of those came from
};

struct listener_port {
    void *self;
    void (*figures)(void *self, enum listener_kind kind, struct listener_figures *figures);
};

// ---- hosts: how they are

enum host_health {
    HOST_UNKNOWN, // not looked at yet
    HOST_OK,
    HOST_UNREACHABLE,
    HOST_NO_TLS,
    HOST_WRONG_CERTIFICATE,
    HOST_UNHEALTHY, // its agent says that something is wrong with it: no new sessions, those that run go on
    HOST_SILENT,    // its agent is not heard, though the host answers: the same
    HOST_FAILING,   // it lets people in who then get no desktop: new sessions only when no other host can have them
};

typedef void host_done(void *arg, enum host_health health, const char *detail);

struct host_port {
    void *self;
    void (*probe)(void *self, const struct host *host, host_done *done, void *arg);
    void (*wake)(void *self, const struct host *host); // nobody answers; a probe shows whether it helped
};
