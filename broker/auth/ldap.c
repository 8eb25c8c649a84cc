// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/ldap.h"
#include "broker/auth/ldap_dial.h"
#include "broker/auth/ldap_tls.h"
#include "broker/base/clock.h"
#include "broker/base/text.h"

#include <errno.h>
#include <lber.h>
#include <ldap.h>
#include <limits.h>
#include <openldap.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ANSWER_MAX = 1 << 20, // bytes of one LDAP message; more is refused before it is allocated
    SASL_STEPS_MAX = 8,
    ATTRIBUTES_MAX = 24, // of an entry; we ask for less
    VALUES_MAX = 4096,   // of an entry; the rest is left out
    PARTS_MAX = 10000,   // of an answer that is waited for; Samba heeds no limit, and sends all the groups that it has
};

struct ldap_link {
    LDAP *ldap;
    int descriptor;
    int64_t until_ms;          // while it is opened
    bool readable;             // something is in the socket that nobody has read yet
    struct ldap_bytes *values; // of the entry being handed on
    size_t value_capacity;
};

void ldap_link_prepare(void)
{
    // A ldaprc in the working folder, or /etc/ldap/ldap.conf, could switch off the check of certificates or bring
    // another authority, for every tenant at once.
    setenv("LDAPNOINIT", "1", 1);
    signal(SIGPIPE, SIG_IGN); // libldap writes to connections the server has closed
    int version = 0;
    ldap_get_option(NULL, LDAP_OPT_PROTOCOL_VERSION, &version); // initialises libldap now, with that
}

void ldap_link_close(struct ldap_link *link)
{
    if (!link)
        return;
    if (link->ldap)
        ldap_unbind_ext(link->ldap, NULL, NULL);
    else if (link->descriptor >= 0)
        close(link->descriptor);
    free(link->values);
    free(link);
}

static void link_drop(struct ldap_link **link)
{
    ldap_link_close(*link);
    *link = NULL;
}

static void message_drop(LDAPMessage **message)
{
    if (*message)
        ldap_msgfree(*message);
}

static void ldap_text_drop(char **text)
{
    ldap_memfree(*text);
}

int ldap_link_descriptor(const struct ldap_link *link)
{
    return link->descriptor;
}

static struct timeval wait_of(int64_t wait_ms)
{
    return (struct timeval){.tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000};
}

static bool fail_link(struct ldap_link *link, struct fault *why, const char *doing)
{
    int code = LDAP_OTHER;
    owned(ldap_text) char *detail = NULL;
    ldap_get_option(link->ldap, LDAP_OPT_RESULT_CODE, &code);
    ldap_get_option(link->ldap, LDAP_OPT_DIAGNOSTIC_MESSAGE, &detail);
    return fault_set(why, FAULT_UNAVAILABLE, "%s: %s%s%.160s", doing, ldap_err2string(code),
                     detail && *detail ? ": " : "", detail ? detail : "");
}

// ---- Opening

// libldap's network timeout begins anew with every byte, so a server that drips could hold the thread for ever, and one
// that is silent in a TLS handshake makes libldap 2.5 spin and wait for ever. This layer between TCP and TLS waits for
// the bytes itself and ends that.
static int keep_link(Sockbuf_IO_Desc *layer, void *arg)
{
    layer->sbiod_pvt = arg;
    return 0;
}

static bool ready_in_time(const Sockbuf_IO_Desc *layer, short events)
{
    const struct ldap_link *link = layer->sbiod_pvt;
    struct pollfd socket = {.fd = link->descriptor, .events = events};
    for (int64_t left; (left = link->until_ms - clock_steady_ms()) > 0;)
        if (poll(&socket, 1, (int)(left < INT_MAX ? left : INT_MAX)) > 0)
            return true;
    errno = ETIMEDOUT;
    return false;
}

static ber_slen_t limit_read(Sockbuf_IO_Desc *layer, void *bytes, ber_len_t length)
{
    return ready_in_time(layer, POLLIN) ? LBER_SBIOD_READ_NEXT(layer, bytes, length) : -1;
}

static ber_slen_t limit_write(Sockbuf_IO_Desc *layer, void *bytes, ber_len_t length)
{
    return ready_in_time(layer, POLLOUT) ? LBER_SBIOD_WRITE_NEXT(layer, bytes, length) : -1;
}

static int limit_control(Sockbuf_IO_Desc *layer, int option, void *arg)
{
    return LBER_SBIOD_CTRL_NEXT(layer, option, arg);
}

static Sockbuf_IO limit = {
    .sbi_setup = keep_link, .sbi_ctrl = limit_control, .sbi_read = limit_read, .sbi_write = limit_write};

static bool set_socket(struct ldap_link *link, int64_t wait_ms)
{
    ber_len_t most = ANSWER_MAX;
    Sockbuf *socket = NULL;
    link->until_ms = clock_steady_ms() + wait_ms;
    return ldap_get_option(link->ldap, LDAP_OPT_SOCKBUF, &socket) == 0 &&
           ber_sockbuf_ctrl(socket, LBER_SB_OPT_SET_MAX_INCOMING, &most) >= 0 &&
           ber_sockbuf_add_io(socket, &limit, LBER_SBIOD_LEVEL_PROVIDER, link) == 0;
}

// libldap asks with poll whether it may read. This layer answers, for we were told by our own.
static ber_slen_t told_read(Sockbuf_IO_Desc *layer, void *bytes, ber_len_t length)
{
    ((struct ldap_link *)layer->sbiod_pvt)->readable = false;
    return LBER_SBIOD_READ_NEXT(layer, bytes, length);
}

static ber_slen_t told_write(Sockbuf_IO_Desc *layer, void *bytes, ber_len_t length)
{
    return LBER_SBIOD_WRITE_NEXT(layer, bytes, length);
}

static int told_control(Sockbuf_IO_Desc *layer, int option, void *arg)
{
    const struct ldap_link *link = layer->sbiod_pvt;
    return option == LBER_SB_OPT_DATA_READY && link->readable ? 1 : LBER_SBIOD_CTRL_NEXT(layer, option, arg);
}

static Sockbuf_IO told = {
    .sbi_setup = keep_link, .sbi_ctrl = told_control, .sbi_read = told_read, .sbi_write = told_write};

// In the place of the limit, below TLS, and over them a layer that reads all there is at once: GnuTLS asks twice for
// each record, first for its length, and libldap asks for nothing that was read already.
static bool begin_reading_ahead(struct ldap_link *link)
{
    Sockbuf *socket = NULL;
    return ldap_get_option(link->ldap, LDAP_OPT_SOCKBUF, &socket) == 0 &&
           ber_sockbuf_remove_io(socket, &limit, LBER_SBIOD_LEVEL_PROVIDER) == 0 &&
           ber_sockbuf_add_io(socket, &told, LBER_SBIOD_LEVEL_PROVIDER, link) == 0 &&
           ber_sockbuf_add_io(socket, &ber_sockbuf_io_readahead, LBER_SBIOD_LEVEL_PROVIDER, NULL) == 0;
}

static bool set_options(LDAP *ldap, int64_t wait_ms)
{
    int version = LDAP_VERSION3;
    struct timeval wait = wait_of(wait_ms);
    // Without CONNECT_ASYNC, with which libldap 2.6 gives up a handshake that is not done at once ("Connecting").
    return ldap_set_option(ldap, LDAP_OPT_PROTOCOL_VERSION, &version) == 0 &&
           ldap_set_option(ldap, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) == 0 &&
           ldap_set_option(ldap, LDAP_OPT_RESTART, LDAP_OPT_ON) == 0 &&
           ldap_set_option(ldap, LDAP_OPT_NETWORK_TIMEOUT, &wait) == 0;
}

// The answer to the operation `id`, or of a search its next part, within `wait_ms`; NULL when none came.
static LDAPMessage *wait_for(struct ldap_link *link, int id, int64_t wait_ms)
{
    LDAPMessage *message = NULL;
    struct timeval wait = wait_of(wait_ms);
    if (ldap_result(link->ldap, id, LDAP_MSG_ONE, &wait, &message) <= 0)
        return NULL;
    return message;
}

static bool ask_for_tls(struct ldap_link *link, int64_t wait_ms, struct fault *why)
{
    int id = 0, code = LDAP_OTHER;
    if (ldap_start_tls(link->ldap, NULL, NULL, &id) != LDAP_SUCCESS)
        return fail_link(link, why, "StartTLS");
    owned(message) LDAPMessage *message = wait_for(link, id, wait_ms);
    if (!message)
        return fault_set(why, FAULT_UNAVAILABLE, "StartTLS: no answer");
    if (ldap_parse_result(link->ldap, message, &code, NULL, NULL, NULL, NULL, 0) != LDAP_SUCCESS ||
        code != LDAP_SUCCESS)
        return fault_set(why, FAULT_UNAVAILABLE, "StartTLS: %s", ldap_err2string(code));
    return true;
}

// A certificate that is refused leaves nothing but an unknown error.
static bool fail_tls(struct ldap_link *link, const char *ca_file, struct fault *why)
{
    fail_link(link, why, "TLS");
    if (strstr(why->text, "unknown error"))
        fault_set(why, FAULT_UNAVAILABLE, "TLS: the certificate is not signed by %.180s, or is for another name",
                  ca_file);
    return false;
}

static bool start_tls(struct ldap_link *link, const char *uri, const char *ca_file, int64_t wait_ms, struct fault *why)
{
    if (!set_options(link->ldap, wait_ms) || !set_socket(link, wait_ms))
        return fault_set(why, FAULT_UNAVAILABLE, "libldap rejects our settings");
    if (!ldap_tls_set(link->ldap, ca_file, why))
        return false;
    if (text_starts(uri, "ldap://") && !ask_for_tls(link, wait_ms, why))
        return false;
    if (ldap_install_tls(link->ldap) != LDAP_SUCCESS)
        return fail_tls(link, ca_file, why);
    // libldap would connect again by itself after a loss, blocking and without TLS: give it nowhere to go.
    if (!begin_reading_ahead(link) || ldap_set_option(link->ldap, LDAP_OPT_URI, "ldapi://%2Fdev%2Fnull") != 0)
        return fault_set(why, FAULT_UNAVAILABLE, "libldap rejects our settings");
    return true;
}

struct ldap_link *ldap_link_open(const char *uri, const char *ca_file, int64_t wait_ms, struct fault *why)
{
    owned(link) struct ldap_link *link = mem_new(1, sizeof *link);
    link->descriptor = ldap_dial(uri, wait_ms, why);
    if (link->descriptor < 0)
        return NULL;
    if (ldap_init_fd(link->descriptor, LDAP_PROTO_TCP, uri, &link->ldap) != LDAP_SUCCESS) {
        link->ldap = NULL;
        fault_set(why, FAULT_UNAVAILABLE, "libldap rejects the address");
        return NULL;
    }
    if (!start_tls(link, uri, ca_file, wait_ms, why))
        return NULL;
    return take(link);
}

// ---- Results

// Copies: diagnostic text and control die with the message.
static bool read_result(struct ldap_link *link, LDAPMessage *message, struct ldap_reply *reply)
{
    owned(ldap_text) char *text = NULL;
    LDAPControl **controls = NULL;
    reply->result = (struct ldap_result){.code = LDAP_OTHER, .diagnostic = reply->text};
    reply->text[0] = 0;
    if (ldap_parse_result(link->ldap, message, &reply->result.code, NULL, &text, NULL, &controls, 0) != LDAP_SUCCESS)
        return false;
    text_cut(reply->text, sizeof reply->text, text ? text : "");
    LDAPControl *policy = controls ? ldap_control_find(LDAP_CONTROL_PASSWORDPOLICYRESPONSE, controls, NULL) : NULL;
    if (policy) {
        // What does not fit is no such value; one byte too few makes it one that is refused.
        size_t length = policy->ldctl_value.bv_len < sizeof reply->policy ? policy->ldctl_value.bv_len : 1;
        if (length)
            memcpy(reply->policy, policy->ldctl_value.bv_val, length);
        reply->result.policy = (struct ldap_bytes){reply->policy, length};
    }
    ldap_controls_free(controls);
    return true;
}

static bool await_reply(struct ldap_link *link, int id, int64_t wait_ms, struct ldap_reply *reply, struct fault *why)
{
    owned(message) LDAPMessage *message = wait_for(link, id, wait_ms);
    if (!message)
        return fault_set(why, FAULT_UNAVAILABLE, "no answer");
    return read_result(link, message, reply) || fault_set(why, FAULT_UNAVAILABLE, "answer not understood");
}

bool ldap_link_bind_now(struct ldap_link *link, const char *dn, const struct secret *password, int64_t wait_ms,
                        struct ldap_reply *reply, struct fault *why)
{
    int id = 0;
    if (!ldap_link_bind(link, dn, password, &id))
        return fail_link(link, why, "bind");
    return await_reply(link, id, wait_ms, reply, why);
}

static void berval_drop(struct berval **value)
{
    ber_bvfree(*value);
}

static void sasl_gssapi_drop(struct sasl_gssapi **gssapi)
{
    sasl_gssapi_free(*gssapi);
}

static bool sasl_step(struct ldap_link *link, struct ldap_bytes say, int64_t wait_ms, struct berval **said,
                      struct ldap_reply *reply, struct fault *why)
{
    int id = 0;
    struct berval credentials = {say.length, (char *)(uintptr_t)say.at};
    if (ldap_sasl_bind(link->ldap, "", "GSSAPI", &credentials, NULL, NULL, &id) != LDAP_SUCCESS)
        return fail_link(link, why, "bind");
    owned(message) LDAPMessage *message = wait_for(link, id, wait_ms);
    if (!message)
        return fault_set(why, FAULT_UNAVAILABLE, "no answer");
    ldap_parse_sasl_bind_result(link->ldap, message, said, 0); // its code is that of the result
    return read_result(link, message, reply) || fault_set(why, FAULT_UNAVAILABLE, "answer not understood");
}

static bool sasl_steps(struct ldap_link *link, struct sasl_gssapi *gssapi, int64_t wait_ms, struct ldap_reply *reply,
                       struct fault *why)
{
    owned(berval) struct berval *said = NULL;
    for (int step = 0; step < SASL_STEPS_MAX; step++) {
        struct ldap_bytes say, heard = {said ? said->bv_val : "", said ? said->bv_len : 0};
        if (!sasl_gssapi_step(gssapi, heard, &say, why))
            return false;
        ber_bvfree(take(said));
        if (!sasl_step(link, say, wait_ms, &said, reply, why))
            return false;
        if (reply->result.code != LDAP_SASL_BIND_IN_PROGRESS)
            return reply->result.code != LDAP_SUCCESS || sasl_gssapi_done(gssapi) ||
                   fault_set(why, FAULT_UNAVAILABLE, "the directory accepts before it has authenticated itself");
    }
    return fault_set(why, FAULT_UNAVAILABLE, "the bind does not complete");
}

bool ldap_link_bind_ticket_now(struct ldap_link *link, const struct sasl_gssapi_config *config, int64_t wait_ms,
                               struct ldap_reply *reply, struct fault *why)
{
    struct sasl_gssapi_config bound = *config;
    struct berval seen = {0};
    if (ldap_get_option(link->ldap, LDAP_OPT_X_TLS_PEERCERT, &seen) != 0 || !seen.bv_val)
        return fault_set(why, FAULT_UNAVAILABLE, "libldap does not show the server's certificate");
    bound.server_certificate = (struct ldap_bytes){seen.bv_val, seen.bv_len};
    owned(sasl_gssapi) struct sasl_gssapi *gssapi = sasl_gssapi_new(&bound, why);
    ldap_memfree(seen.bv_val);
    return gssapi && sasl_steps(link, gssapi, wait_ms, reply, why);
}

bool ldap_link_exchange_now(struct ldap_link *link, const char *dn, const char *attribute, struct ldap_bytes old_value,
                            struct ldap_bytes new_value, int64_t wait_ms, struct ldap_reply *reply, struct fault *why)
{
    int id = 0;
    char *type = (char *)(uintptr_t)attribute;
    struct berval old = {old_value.length, (char *)(uintptr_t)old_value.at};
    struct berval new = {new_value.length, (char *)(uintptr_t)new_value.at};
    struct berval *olds[] = {&old, NULL}, *news[] = {&new, NULL};
    LDAPMod away = {LDAP_MOD_DELETE | LDAP_MOD_BVALUES, type, {.modv_bvals = olds}};
    LDAPMod there = {LDAP_MOD_ADD | LDAP_MOD_BVALUES, type, {.modv_bvals = news}};
    LDAPMod *changes[] = {&away, &there, NULL};
    if (ldap_modify_ext(link->ldap, dn, changes, NULL, NULL, &id) != LDAP_SUCCESS)
        return fail_link(link, why, "change");
    return await_reply(link, id, wait_ms, reply, why);
}

bool ldap_link_change_now(struct ldap_link *link, const struct secret *old_password, const struct secret *new_password,
                          int64_t wait_ms, struct ldap_reply *reply, struct fault *why)
{
    int id = 0;
    struct berval old = {old_password->length, (char *)old_password->bytes};
    struct berval new = {new_password->length, (char *)new_password->bytes};
    LDAPControl ask = {.ldctl_oid = LDAP_CONTROL_PASSWORDPOLICYREQUEST};
    LDAPControl *controls[] = {&ask, NULL};
    if (ldap_passwd(link->ldap, NULL, &old, &new, controls, NULL, &id) != LDAP_SUCCESS)
        return fail_link(link, why, "change of password");
    return await_reply(link, id, wait_ms, reply, why);
}

// ---- Never blocking

bool ldap_link_bind(struct ldap_link *link, const char *dn, const struct secret *password, int *id)
{
    struct berval credentials = {password->length, (char *)password->bytes};
    LDAPControl ask = {.ldctl_oid = LDAP_CONTROL_PASSWORDPOLICYREQUEST};
    LDAPControl *controls[] = {&ask, NULL};
    return ldap_sasl_bind(link->ldap, dn, LDAP_SASL_SIMPLE, &credentials, controls, NULL, id) == LDAP_SUCCESS;
}

bool ldap_link_search(struct ldap_link *link, const struct ldap_query *query, int *id)
{
    struct timeval time_limit = {.tv_sec = query->time_limit_s};
    int scope = query->subtree ? LDAP_SCOPE_SUBTREE : LDAP_SCOPE_BASE;
    return ldap_search_ext(link->ldap, query->base, scope, query->filter, (char **)query->attributes, 0, NULL, NULL,
                           &time_limit, query->size_limit, id) == LDAP_SUCCESS;
}

void ldap_link_abandon(struct ldap_link *link, int id)
{
    ldap_abandon_ext(link->ldap, id, NULL, NULL);
}

struct parsed {
    struct ldap_attribute attributes[ATTRIBUTES_MAX];
    struct berval *values[ATTRIBUTES_MAX]; // libldap's arrays, to free
    size_t count, value_count;
};

static void parsed_drop(struct parsed *parsed)
{
    for (size_t i = 0; i < parsed->count; i++)
        ber_memfree(parsed->values[i]);
}

static void ber_drop(BerElement **ber)
{
    if (*ber)
        ber_free(*ber, 0);
}

static void add_attribute(struct parsed *parsed, const struct berval *name, struct berval *values)
{
    struct ldap_attribute *attribute = &parsed->attributes[parsed->count];
    *attribute = (struct ldap_attribute){.name = {name->bv_val, name->bv_len}};
    while (values && values[attribute->count].bv_val && parsed->value_count < VALUES_MAX) {
        attribute->count++;
        parsed->value_count++;
    }
    parsed->values[parsed->count++] = values;
}

// Once all are counted, so that the room does not move any more.
static void place_values(struct ldap_link *link, struct parsed *parsed)
{
    mem_reserve(&link->values, &link->value_capacity, parsed->value_count, sizeof *link->values);
    struct ldap_bytes *to = link->values;
    for (size_t i = 0; i < parsed->count; i++) {
        parsed->attributes[i].values = to;
        for (size_t v = 0; v < parsed->attributes[i].count; v++)
            *to++ = (struct ldap_bytes){parsed->values[i][v].bv_val, parsed->values[i][v].bv_len};
    }
}

static bool parse_entry(struct ldap_link *link, LDAPMessage *message, BerElement **ber, struct ldap_bytes *dn,
                        struct parsed *parsed)
{
    struct berval name, *values = NULL;
    if (ldap_get_dn_ber(link->ldap, message, ber, &name) != LDAP_SUCCESS)
        return false;
    *dn = (struct ldap_bytes){name.bv_val, name.bv_len};
    while (parsed->count < ATTRIBUTES_MAX) {
        if (ldap_get_attribute_ber(link->ldap, message, *ber, &name, &values) != LDAP_SUCCESS)
            return false;
        if (!name.bv_val) {
            place_values(link, parsed);
            return true;
        }
        add_attribute(parsed, &name, values);
    }
    return false;
}

static bool hand_on_entry(struct ldap_link *link, LDAPMessage *message, ldap_link_answer *answer, void *arg)
{
    owned(ber) BerElement *ber = NULL;
    owned(parsed) struct parsed parsed = {.count = 0};
    struct ldap_entry entry;
    if (!parse_entry(link, message, &ber, &entry.dn, &parsed))
        return false;
    entry.attributes = parsed.attributes;
    entry.count = parsed.count;
    return answer(arg, ldap_msgid(message), &entry, NULL);
}

static bool hand_on(struct ldap_link *link, LDAPMessage *message, ldap_link_answer *answer, void *arg)
{
    int kind = ldap_msgtype(message);
    if (kind == LDAP_RES_SEARCH_ENTRY)
        return hand_on_entry(link, message, answer, arg);
    if (kind != LDAP_RES_SEARCH_RESULT && kind != LDAP_RES_BIND)
        return true; // a reference to another server, or a notice that this one will close
    struct ldap_reply reply;
    return read_result(link, message, &reply) && answer(arg, ldap_msgid(message), NULL, &reply.result);
}

// A server may send more than was asked for: nothing of that is kept.
bool ldap_link_search_now(struct ldap_link *link, const struct ldap_query *query, int64_t wait_ms,
                          ldap_link_answer *answer, void *arg, struct ldap_reply *reply, struct fault *why)
{
    int id = 0;
    int64_t until_ms = clock_steady_ms() + wait_ms;
    if (!ldap_link_search(link, query, &id))
        return fail_link(link, why, "search");
    for (int count = 0; count < PARTS_MAX; count++) {
        int64_t left_ms = until_ms - clock_steady_ms();
        owned(message) LDAPMessage *message = wait_for(link, id, left_ms > 0 ? left_ms : 0);
        if (!message)
            return fault_set(why, FAULT_UNAVAILABLE, "no answer");
        if (!hand_on(link, message, answer, arg))
            return fault_set(why, FAULT_UNAVAILABLE, "answer not understood");
        if (ldap_msgtype(message) == LDAP_RES_SEARCH_RESULT)
            return read_result(link, message, reply) || fault_set(why, FAULT_UNAVAILABLE, "answer not understood");
    }
    ldap_link_abandon(link, id);
    return fault_set(why, FAULT_UNAVAILABLE, "the server sends more than it was asked for");
}

static bool look_for_domain(void *arg, int id, const struct ldap_entry *entry, const struct ldap_result *result)
{
    bool *is_domain = arg;
    const struct ldap_attribute *has = entry ? ldap_entry_attribute(entry, "supportedCapabilities") : NULL;
    (void)id;
    (void)result;
    for (size_t i = 0; has && i < has->count; i++)
        *is_domain |= ldap_bytes_equal(has->values[i], "1.2.840.113556.1.4.800");
    return true;
}

bool ldap_link_is_domain_now(struct ldap_link *link, int64_t wait_ms, bool *is_domain, struct fault *why)
{
    static const char *const wanted[] = {"supportedCapabilities", NULL};
    struct ldap_query query = {.base = "", .filter = "(objectClass=*)", .attributes = wanted, .size_limit = 1};
    struct ldap_reply reply;
    struct fault detail;
    *is_domain = false;
    query.time_limit_s = (int)(wait_ms / 1000) + 1;
    return ldap_link_search_now(link, &query, wait_ms, look_for_domain, is_domain, &reply, &detail) ||
           fault_set(why, FAULT_UNAVAILABLE, "root of the directory: %s", detail.text);
}

// What libldap and TLS have taken from the socket already makes no descriptor readable: nobody would come back for it.
// libldap itself reads one piece of a message and then says that no more is there, since a time limit of nothing has
// passed meanwhile.
static bool holds_back(struct ldap_link *link)
{
    Sockbuf *socket = NULL;
    return ldap_get_option(link->ldap, LDAP_OPT_SOCKBUF, &socket) == 0 && socket &&
           ber_sockbuf_ctrl(socket, LBER_SB_OPT_DATA_READY, NULL) == 1;
}

// What is still in the socket makes the descriptor readable again: to ask for it here would cost a poll each time.
bool ldap_link_drain(struct ldap_link *link, ldap_link_answer *answer, void *arg)
{
    struct timeval at_once = {0};
    link->readable = true;
    do {
        owned(message) LDAPMessage *message = NULL;
        int kind = ldap_result(link->ldap, LDAP_RES_ANY, LDAP_MSG_ONE, &at_once, &message);
        if (kind < 0 || (kind > 0 && !hand_on(link, message, answer, arg)))
            return false;
    } while (holds_back(link));
    return true;
}
