// SPDX-License-Identifier: EUPL-1.2
#include "tests/unit/calls/calls_fixture.h"
#include "broker/calls/admin_sessions.h"
#include "broker/calls/print_messages.h"
#include "broker/calls/print_requests.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct calls_fixture calls;

// ---- the store

static store_done *written;
static void *written_arg;

static void append(void *self, const struct store_batch *batch, store_done *done, void *arg)
{
    (void)self;
    calls.events[0] = 0;
    for (size_t i = 0; i < batch->event_count; i++) {
        size_t length = strlen(calls.events);
        snprintf(calls.events + length, sizeof calls.events - length, "%.*s\n", (int)batch->events[i].length,
                 batch->events[i].payload);
    }
    written = done;
    written_arg = arg;
}

static store_done *gone;
static void *gone_arg;

static void erase_person(void *self, const char *id, store_done *done, void *arg)
{
    (void)self;
    TEXT_PUT(calls.erased, id);
    gone = done;
    gone_arg = arg;
}

static store_page *paged;
static void *paged_arg;
static uint64_t paged_from;
static size_t paged_limit;

static void read_page(void *self, uint64_t from, size_t limit, store_page *page, void *arg)
{
    (void)self;
    paged = page;
    paged_arg = arg;
    paged_from = from;
    paged_limit = limit;
}

static void read_head(void *self, struct store_head *head)
{
    (void)self;
    *head = (struct store_head){.seq = commit_last_seq(calls.services.commit), .anchor = calls.store_anchor};
}

static void answer_page(void)
{
    static const struct fault pruned = {.kind = FAULT_ABSENT, .text = "pruned"};
    store_page *page = paged;
    size_t first = paged_from - 1, left = calls.stored_count - first;
    paged = NULL;
    if (page && first > calls.stored_count)
        page(paged_arg, NULL, 0, &pruned);
    else if (page)
        page(paged_arg, calls.stored + first, left < paged_limit ? left : paged_limit, NULL);
}

static auth_done *asked;
static void *asked_arg;
static enum auth_verdict asked_verdict;

static void look_up(void *self, const struct tenant *tenant, const char *name, auth_done *done, void *arg)
{
    (void)self, (void)tenant, (void)name;
    asked = done;
    asked_arg = arg;
    asked_verdict = calls.verdict;
    calls.look_ups++;
}

static auth_explained *explained;

static void explain(void *self, const struct tenant *tenant, const char *name, auth_explained *done, void *arg)
{
    look_up(self, tenant, name, NULL, arg);
    explained = done;
}

static void check_password(void *self, const struct tenant *tenant, const char *name, const struct secret *password,
                           auth_done *done, void *arg)
{
    look_up(self, tenant, name, done, arg);
    calls.look_ups--;
    calls.binds++;
    asked_verdict = text_equal(password->bytes, "anna-geheim") ? AUTH_RIGHT : AUTH_WRONG;
}

// The directory knows one person: anna of the group rathaus.
static void answer_directory(void)
{
    static char dns[1][DN_SIZE] = {"cn=rathaus,ou=groups,dc=example"};
    struct identity anna = {.user_name = "anna", .key = "1", .name = "Anna", .groups = dns, .group_count = 1};
    anna.locked = calls.locked;
    if (calls.key)
        TEXT_PUT(anna.key, calls.key);
    if (explained) {
        auth_explained *done = explained;
        explained = NULL;
        done(asked_arg, asked_verdict, calls.finding, asked_verdict == AUTH_RIGHT ? &anna : NULL);
    }
    while (asked) {
        auth_done *done = asked;
        asked = NULL;
        done(asked_arg, asked_verdict, asked_verdict == AUTH_RIGHT ? &anna : NULL);
    }
}

enum { GROUPS_ASKED_MAX = 16 }; // at a time
static group_done *group_asked[GROUPS_ASKED_MAX];
static void *group_arg[GROUPS_ASKED_MAX];
static size_t group_count;

static void find_group(void *self, const struct tenant *tenant, const char *group, group_done *done, void *arg)
{
    (void)self, (void)tenant, (void)group;
    cr_assert_lt(group_count, GROUPS_ASKED_MAX);
    group_arg[group_count] = arg;
    group_asked[group_count++] = done;
    calls.group_questions++;
}

static void answer_groups(void)
{
    char dn[DN_SIZE];
    if (group_count > 0 && calls.meanwhile)
        calls.meanwhile();
    while (group_count > 0) {
        size_t last = --group_count;
        core_groups.dn(NULL, "", "rathaus", dn);
        calls.group = calls.group_answer;
        group_asked[last](group_arg[last], calls.group, calls.group == GROUP_FOUND ? dn : "");
    }
}

static enum group_standing group_now(void *self, const struct tenant *tenant, const char *group, char dn[DN_SIZE],
                                     bool *is_old)
{
    (void)self;
    dn[0] = 0;
    if (is_old)
        *is_old = calls.group == GROUP_UNKNOWN;
    if (calls.group != GROUP_FOUND)
        return calls.group;
    return core_groups.dn(core_groups.arg, tenant->id, group, dn) ? GROUP_FOUND : GROUP_ABSENT;
}

// What was asked last for an administrator.
static void answer_printer(void)
{
    const struct print_message *question = calls.told_count ? &calls.told[calls.told_count - 1].message : NULL;
    if (!calls.printer || !question || (question->type != PRINT_PROBE && question->type != PRINT_TEST_PAGE))
        return;
    struct print_message answer = *calls.printer;
    answer.type = question->type == PRINT_PROBE ? PRINT_PROBED : PRINT_TESTED;
    answer.request_id = question->request_id;
    calls.printer = NULL;
    print_message(&calls.services, calls.told[calls.told_count - 1].to, &answer);
}

void calls_settle(void)
{
    answer_printer();
    answer_groups();
    answer_directory();
    answer_page();
    while (written) {
        store_done *done = written;
        written = NULL;
        if (calls.while_writing)
            calls.while_writing();
        done(written_arg, STORE_DURABLE, NULL);
    }
    while (gone) {
        static const struct fault full = {.kind = FAULT_UNAVAILABLE, .text = "the disk is full"};
        store_done *done = gone;
        gone = NULL;
        done(gone_arg, calls.disk_is_full ? STORE_REFUSED : STORE_DURABLE, &full);
    }
}

static int64_t now_ms(void *arg)
{
    (void)arg;
    return calls.core.now_ms;
}

// ---- hosts, desks and directories

static const char *detail_of(void *arg, const char *host_id)
{
    (void)arg, (void)host_id;
    return calls.detail;
}

static void probe_now(void *arg, const char *host_id)
{
    (void)arg, (void)host_id;
}

static bool is_online(void *self, enum noun noun, const char *id)
{
    (void)self, (void)noun;
    return !calls.offline || !text_equal(calls.offline, id);
}

static bool send_message(void *self, enum noun noun, const char *id, const void *message)
{
    (void)self;
    if (noun == NOUN_DEVICE) {
        TEXT_PUT(calls.to_desk.to, id);
        own_jobs_free(&calls.to_desk.message.own);
        calls.to_desk.message = *(const struct device_message *)message;
        own_jobs_copy(&calls.to_desk.message.own, &((const struct device_message *)message)->own);
        calls.to_desk_count++;
        return true;
    }
    if (calls.away)
        return false;
    if (noun == NOUN_PRINT_SERVER) {
        cr_assert_lt(calls.told_count, SENT_MAX);
        TEXT_PUT(calls.told[calls.told_count].to, id);
        calls.told[calls.told_count].message = *(const struct print_message *)message;
        calls.told[calls.told_count++].message.printers.rows = NULL; // its sender's
        return true;
    }
    if (noun == NOUN_GATEWAY) {
        TEXT_PUT(calls.to_gateway.to, id);
        calls.to_gateway.message = *(const struct gateway_message *)message;
        calls.to_gateway.count++;
        return true;
    }
    cr_assert_lt(calls.sent_count, SENT_MAX);
    TEXT_PUT(calls.sent[calls.sent_count].to, id);
    calls.sent[calls.sent_count++].message = *(const struct host_message *)message;
    return true;
}

static bool show_authority(void *self, struct ca_certificate *certificate)
{
    (void)self;
    *certificate = (struct ca_certificate){.der = mem_new(1, 2), .length = 2};
    return true;
}

// A telephone shows "t1", "t2" ..., each once; a passkey says "signed"; a code on paper is its own digest.
static bool verify_factor(void *self, struct factor *factor, const struct factor_proof *proof, int64_t wall_ms,
                          struct fault *why)
{
    (void)self, (void)wall_ms;
    int64_t step = proof->code[0] == 't' ? atoll(proof->code + 1) : 0;
    bool right = false;
    calls.verified++;
    switch ((enum factor_kind)factor->kind) {
    case FACTOR_PASSKEY:
        right = proof->challenge && text_equal(proof->credential, factor->credential) &&
                text_equal(proof->signature, "signed") && text_equal(proof->origin, "https://gw.example");
        factor->count += right;
        break;
    case FACTOR_TOTP:
        right = step > factor->count && text_equal(factor->key, "sealed");
        factor->count = right ? step : factor->count;
        break;
    case FACTOR_RECOVERY:
    case FACTOR_HELP_DESK:
        right = proof->code[0] && text_starts(factor->codes, proof->code);
        if (right)
            memmove(factor->codes, factor->codes + strcspn(factor->codes, " "),
                    strlen(factor->codes + strcspn(factor->codes, " ")) + 1);
        if (factor->codes[0] == ' ')
            memmove(factor->codes, factor->codes + 1, strlen(factor->codes));
        break;
    }
    return right || fault_set(why, FAULT_DENIED, "not shown rightly");
}

static bool enrol_passkey(void *self, struct factor *factor, const struct factor_proof *proof, struct fault *why)
{
    (void)self;
    TEXT_PUT(factor->credential, proof->client_data);
    return (proof->challenge && text_equal(proof->authenticator_data, "made")) ||
           fault_set(why, FAULT_DENIED, "not made here");
}

static bool offer_totp(void *self, const char *person_id, const char *issuer, const char *account,
                       struct factor_offer *offer)
{
    (void)self;
    snprintf(offer->sealed, sizeof offer->sealed, "for %s", person_id);
    snprintf(offer->uri, sizeof offer->uri, "otpauth://totp/%s:%s", issuer, account);
    return true;
}

static bool enrol_totp(void *self, struct factor *factor, const char *sealed, const char *code, int64_t wall_ms,
                       struct fault *why)
{
    char own[FACTOR_KEY_SIZE];
    const struct factor_proof proof = {.code = code};
    snprintf(own, sizeof own, "for %s", factor->person);
    TEXT_PUT(factor->key, "sealed");
    return text_equal(sealed, own) ? verify_factor(self, factor, &proof, wall_ms, why)
                                   : fault_set(why, FAULT_DENIED, "sealed for somebody else");
}

static void make_codes(void *self, struct factor *factor, char (*codes)[FACTOR_CODE_SIZE], size_t count)
{
    static int made;
    (void)self;
    factor->codes[0] = 0;
    for (size_t i = 0; i < count; i++) {
        snprintf(codes[i], FACTOR_CODE_SIZE, "p%03d", ++made);
        snprintf(factor->codes + strlen(factor->codes), sizeof factor->codes - strlen(factor->codes), "%s%s",
                 i ? " " : "", codes[i]);
    }
}

// What is sealed for the broker begins with "sealed:".
static bool open_sealed(void *self, const char *sealed, const char *holder, char *key, size_t size, struct fault *why)
{
    (void)self;
    if (!text_starts(sealed, "sealed:") || !text_equal(holder, "neustadt/print"))
        return fault_set(why, FAULT_DENIED, "for another key");
    text_put(key, size, sealed + strlen("sealed:"));
    return true;
}

static bool find_agent(void *self, enum noun noun, const char *id, struct link_agent *agent)
{
    (void)self, (void)noun, (void)id;
    *agent = calls.agent;
    return agent->version[0];
}

static void get_listener_figures(void *self, enum listener_kind kind, struct listener_figures *figures)
{
    (void)self;
    *figures = calls.listeners[kind];
}

static void get_figures(void *self, enum noun noun, struct link_figures *figures)
{
    (void)self, (void)noun;
    *figures = calls.figures;
}

// A ticket is the principal that it proves.
static bool accept_ticket(void *self, const struct tenant *tenant, const char *ticket, const unsigned char binding[32],
                          char principal[DN_SIZE], char *reply, size_t reply_size, struct fault *why)
{
    (void)self, (void)tenant, (void)binding, (void)reply, (void)reply_size, (void)why;
    return text_copy(principal, DN_SIZE, ticket);
}

static void directory_status(void *self, const struct tenant *tenant, struct directory_status *status)
{
    (void)self, (void)tenant;
    *status = (struct directory_status){.state = DIRECTORY_OK};
}

static void forget(void *self, const char *tenant_id)
{
    (void)self, (void)tenant_id;
}

void calls_open(void)
{
    struct services *services = &calls.services;
    struct fault why;
    char path[FOLDER_SIZE + 8];
    calls = (struct calls_fixture){.detail = "",
                                   .page_limit = 100,
                                   .group = GROUP_FOUND,
                                   .group_answer = GROUP_FOUND,
                                   .caller = {.role = ROLE_DISTRICT, .id = "neustadt/admin", .tenant = "neustadt"}};
    folder_make(calls.folder, "office");
    snprintf(path, sizeof path, "%s/otp", calls.folder);
    core_open(&calls.core);
    struct commit_ports ports = {.store = {.append = append, .erase_person = erase_person}, .now_ms = now_ms};
    *services = (struct services){
        .loop = loop_new(),
        .state = calls.core.state,
        .commit = commit_new(calls.core.state, &ports, 1, 1),
        .erasure = erasure_new(&ports.store, NULL, NULL),
        .group_cache = group_cache_new(1024 * 1024),
        .throttle = throttle_new(ADMIN_TRIES_USUAL),
        .otp_maker = otp_maker_open(path, &why),
        .admin_sessions = admin_sessions_new("/nonexistent"),
        .health = calls.core.source,
        .auth = {.check = check_password,
                 .look_up = look_up,
                 .explain = explain,
                 .find_group = find_group,
                 .group = group_now,
                 .accept_ticket = accept_ticket,
                 .status = directory_status,
                 .forget = forget},
        .store = {.read = read_page, .head = read_head},
        .links = {NULL, is_online, send_message, find_agent, get_figures},
        .ca = {.authority = show_authority},
        .guesses = guesses_new((const unsigned char *)"for these tests.", GUESSES_TRIES_USUAL),
        .factors = {NULL, verify_factor, enrol_passkey, offer_totp, enrol_totp, make_codes},
        .seal = {.certificate = "c2VhbA==", .open = open_sealed},
        .listeners = {NULL, get_listener_figures},
    };
    cr_assert(services->otp_maker, "%s", why.text);
    folder_remove(calls.folder);
    services->groups = services_groups(services);
    print_jobs_init(&services->print_jobs);
    services->health.detail = detail_of;
    services->health.probe_now = probe_now;
}

void calls_close(void)
{
    struct services *services = &calls.services;
    own_jobs_free(&calls.to_desk.message.own);
    people_clear(&services->people);
    reports_clear(&services->reports);
    print_requests_free(services->print_requests);
    print_jobs_clear(&services->print_jobs);
    admin_sessions_free(services->admin_sessions);
    limits_clear(&services->limits);
    otp_maker_free(services->otp_maker);
    throttle_free(services->throttle);
    guesses_free(services->guesses);
    challenges_fini(&services->challenges);
    group_cache_free(services->group_cache);
    commit_free(services->commit);
    erasure_free(services->erasure);
    loop_free(services->loop);
    core_close(&calls.core);
}

// ---- a call

static struct text answered;
static bool loop_runs;

static void finish(struct request *request, int status, struct text *answer, int64_t retry_after_s)
{
    (void)retry_after_s;
    calls.status = status;
    TEXT_PUT(calls.etag, request->etag);
    answered = *answer;
    if (loop_runs)
        loop_stop(calls.services.loop);
    request_fini(request);
    free(request);
}

// Whoever reads the method table knows how a call can be refused.
static void expect_named_refusal(const struct method *method, const char *type)
{
    cr_assert(text_starts(type, "urn:pult:"), "%s", type);
    enum refusal refusal = refusal_by_code(type + strlen("urn:pult:"));
    cr_assert(refusal != REFUSAL_NONE && method_may_refuse(method, refusal), "%s %s: %s", method->verb, method->path,
              type);
}

json_object *calls_call(enum method_id id, enum noun noun, const char *thing, const char *body)
{
    struct fault why;
    json_object *answer = NULL;
    struct request *request = mem_new(1, sizeof *request);
    request->method = method_find(id, noun);
    cr_assert(request->method);
    request->peer = calls.caller;
    TEXT_PUT(request->id, thing);
    TEXT_PUT(request->page.tenant, calls.filter);
    request->page.accept = calls.accept;
    request->page.limit = calls.page_limit;
    request->page.from_ms = calls.page_from_ms;
    request->page.until_ms = calls.page_until_ms;
    TEXT_PUT(request->page.after, calls.page_after);
    if (calls.ticket) {
        request->negotiate = mem_dup(calls.ticket);
        request->negotiate_reply = mem_new(1, NEGOTIATE_REPLY_SIZE);
    }
    request->finish = finish;
    calls.status = 0;
    owned(bytes) char *bytes = mem_dup(body);
    if (request_read_body(request, bytes, strlen(body), &why))
        calls_dispatch(&calls.services, request);
    else
        request_refuse_fault(request, &why);
    calls_settle();
    loop_runs = !calls.status; // a refusal that takes its time
    if (loop_runs)
        loop_run(calls.services.loop);
    loop_runs = false;
    cr_assert(calls.status, "not answered");
    cr_assert(codec_parse(&answer, answered.bytes, answered.length, &why), "%s", why.text);
    text_drop(&answered);
    if (calls.status != 200)
        expect_named_refusal(method_find(id, noun), codec_string(answer, "type"));
    return answer;
}
