// SPDX-License-Identifier: EUPL-1.2
// What the calls work with: the state and its commits, and the ports to everything outside. One per broker.
#pragma once
#include "broker/api/device_link.h"
#include "broker/api/host_link.h"
#include "broker/api/otp.h"
#include "broker/api/print_link.h"
#include "broker/base/loop.h"
#include "broker/calls/outside_proof.h"
#include "broker/calls/request.h"
#include "broker/core/calm.h"
#include "broker/core/challenges.h"
#include "broker/core/channels.h"
#include "broker/core/commit.h"
#include "broker/core/erasure.h"
#include "broker/core/group_cache.h"
#include "broker/core/guesses.h"
#include "broker/core/limits.h"
#include "broker/core/logon.h"
#include "broker/core/past_logons.h"
#include "broker/core/people.h"
#include "broker/core/print_jobs.h"
#include "broker/core/throttle.h"

struct admin_sessions;
struct print_requests;
struct portal;

struct counters { // since the start, for /metrics
    uint64_t logons, logons_refused, moves, passwords_changed;
    uint64_t routes, pages; // print jobs that were asked about; page sides that were accounted for
};

// Certificates by which others know the broker, or it knows administrators.
struct own_certificate {
    int64_t until_ms;  // of what is in use; 0: there is none
    char problem[320]; // why a newer one is not in use; empty: nothing
};

struct services {
    struct loop *loop;
    struct state *state;
    struct commit *commit;
    struct portal *portal;                         // NULL: nothing listens for it
    outside_logon_function *outside_logon;         // with the portal
    outside_challenge_function *outside_challenge; // NULL: nobody asks for passkeys
    struct erasure *erasure;
    struct people people;
    struct group_cache *group_cache;
    struct throttle *throttle;
    struct guesses *guesses; // log-ons from outside
    struct challenges challenges;
    struct past_logons past_logons;
    struct factor_port factors;
    struct admin_sessions *admin_sessions;
    struct auth_port auth;
    struct ca_port ca;
    struct seal_port seal;
    struct link_port links;
    struct listener_port listeners;
    struct reports reports;
    struct channels channels;
    struct print_jobs print_jobs;
    struct print_requests *print_requests; // that a print server is asked for now
    struct limits limits;
    struct calm calm;
    struct otp_maker *otp_maker;
    struct health_source health;
    struct group_source groups; // services_groups
    struct store_port store;
    struct backup_port backup;
    int64_t grants_looked_ms;   // when it was last looked whether one ends soon
    int64_t disk_free_permille; // of the journal's disk; -1: not known
    bool disk_alarm;            // it was said that it gets full
    struct own_certificate own_certificates[OWN_CERTIFICATE_COUNT];
    struct counters counters;
    int64_t started_ms;
    int64_t clock_ms; // wall clock at steady 0, as the hosts were told; 0: not looked at yet
};

// What the groups of settings mean, as the directories have it.
struct group_source services_groups(struct services *services);
struct membership services_membership(const struct services *services, const char *person_id,
                                      const struct identity *identity);
// To judge silence by, now.
struct session_ages services_ages(struct services *services);
// The function behind each method. It owns the call from here on.
void calls_dispatch(struct services *services, struct request *request);

// ---- one file per group of methods
void call_logon(struct services *services, struct request *request);
void call_gateway_logon(struct services *services, struct request *request);
void call_explain(struct services *services, struct request *request);
void call_own_jobs(struct services *services, struct request *request); // and what a person may do with them
void call_password(struct services *services, struct request *request);
void call_enrol(struct services *services, struct request *request);
void call_renew(struct services *services, struct request *request);
void call_enrol_token(struct services *services, struct request *request);
void call_admin_logon(struct services *services, struct request *request);
void call_admin_logoff(struct services *services, struct request *request);
void call_tokens(struct services *services, struct request *request);
void call_token_revoke(struct services *services, struct request *request);
void call_list(struct services *services, struct request *request);
void call_show(struct services *services, struct request *request);
void call_set(struct services *services, struct request *request);
void call_remove(struct services *services, struct request *request);
void call_drain(struct services *services, struct request *request);
void call_undrain(struct services *services, struct request *request);
void call_release(struct services *services, struct request *request);
void call_noun_drain(struct services *services, struct request *request);
void call_noun_undrain(struct services *services, struct request *request);
void call_printer_read(struct services *services, struct request *request);
void call_printer_test(struct services *services, struct request *request);
void call_jobs(struct services *services, struct request *request);
void call_job_show(struct services *services, struct request *request);
void call_channels(struct services *services, struct request *request);
void call_channel_show(struct services *services, struct request *request);
void call_job_release(struct services *services, struct request *request);
void call_job_cancel(struct services *services, struct request *request);
void call_job_move(struct services *services, struct request *request);
void call_unlock(struct services *services, struct request *request);
void call_tenant_check(struct services *services, struct request *request);
void call_message(struct services *services, struct request *request);
void call_lock(struct services *services, struct request *request);
void call_person_erase(struct services *services, struct request *request);
void call_session_end(struct services *services, struct request *request);
void call_apply(struct services *services, struct request *request);
void call_status(struct services *services, struct request *request);
void call_health(struct services *services, struct request *request);
void call_metrics(struct services *services, struct request *request);
void call_events(struct services *services, struct request *request);
void call_accounts(struct services *services, struct request *request);
void call_backup_start(struct services *services, struct request *request);
void call_backup_show(struct services *services, struct request *request);
void call_backup_read(struct services *services, struct request *request);
void call_backup_drop(struct services *services, struct request *request);
void call_factor_code(struct services *services, struct request *request); // of the help desk
void call_factor_remove(struct services *services, struct request *request);
void call_grant_request(struct services *services, struct request *request);
void call_grant_approve(struct services *services, struct request *request);
void call_grant_revoke(struct services *services, struct request *request);
void call_openapi(struct services *services, struct request *request);
void call_portal_home(struct services *services, struct request *request);
void call_portal_logon(struct services *services, struct request *request);
void call_portal_desktops(struct services *services, struct request *request);
void call_portal_desktop(struct services *services, struct request *request);
void call_portal_channel(struct services *services, struct request *request);
void call_portal_file(struct services *services, struct request *request);
void call_portal_logoff(struct services *services, struct request *request);
void call_portal_factors(struct services *services, struct request *request);
void call_portal_telephone(struct services *services, struct request *request);
void call_portal_telephone_add(struct services *services, struct request *request);
void call_portal_passkey(struct services *services, struct request *request);
void call_portal_codes(struct services *services, struct request *request);
void call_portal_factor_remove(struct services *services, struct request *request);
void call_portal_jobs(struct services *services, struct request *request);
void call_portal_job_release(struct services *services, struct request *request);
void call_portal_job_cancel(struct services *services, struct request *request);

void grant_sweep(struct services *services);  // ends those whose time is over
void factor_sweep(struct services *services); // the same

// Commits and, once durable, answers with what `answer` is now. The usual end of a change.
void services_commit_answer(struct services *services, struct request *request, struct event *events, size_t count,
                            const void *answer);
// Who calls, as events have it.
void services_actor(char by[ACTOR_SIZE], const struct request *request);
// An empty event about a noun, by the caller.
void services_event(struct event *event, enum event_type type, enum noun noun, const struct request *request);
void services_random(void *bytes, size_t length);
void services_random_hex(char *hex, size_t bytes); // 2 * bytes + 1 characters
void services_digest(char hex[DIGEST_SIZE], const void *bytes, size_t length);
// The certificate that signs those of machines, base64 of its DER.
void services_authority(const struct services *services, char base64[PRINT_SEAL_SIZE]);
// See link_port: false when they cannot be told.
bool services_tell_host(struct services *services, const char *id, const struct host_message *message);
bool services_tell_print_server(struct services *services, const char *id, const struct print_message *message);
bool services_tell_gateway(struct services *services, const char *id, const struct gateway_message *message);
bool services_tell_device(struct services *services, const char *id, const struct device_message *message);
