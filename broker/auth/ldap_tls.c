// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/ldap_tls.h"
#include "broker/base/file.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/net/tls_policy.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

// libldap 2.5 loses 8 KiB with each context that is given suites, and hands out a context without a way to give it
// back. So there is one for each version of each file, kept for good, instead of one for each connection.
struct authority {
    struct authority *next;
    char *file;
    struct stat version;
    LDAP *holder;
    void *context; // NULL: the file is not usable
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct authority *authorities;

static bool set_algorithms(LDAP *holder)
{
    char *package = NULL;
    int lowest = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2;
    ldap_get_option(holder, LDAP_OPT_X_TLS_PACKAGE, &package);
    const struct tls_policy_words *words = package ? tls_policy_words(package) : NULL;
    ldap_memfree(package);
    return words && ldap_set_option(holder, LDAP_OPT_X_TLS_PROTOCOL_MIN, &lowest) == 0 &&
           ldap_set_option(holder, LDAP_OPT_X_TLS_CIPHER_SUITE, words->suites) == 0 &&
           (!words->groups || ldap_set_option(holder, LDAP_OPT_X_TLS_ECNAME, words->groups) == 0);
}

static bool make_context(LDAP *holder, const char *ca_file)
{
    int demand = LDAP_OPT_X_TLS_DEMAND, client = 0;
    return ldap_set_option(holder, LDAP_OPT_X_TLS_CACERTFILE, ca_file) == 0 &&
           ldap_set_option(holder, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand) == 0 && set_algorithms(holder) &&
           ldap_set_option(holder, LDAP_OPT_X_TLS_NEWCTX, &client) == 0;
}

static struct authority *authority_new(const char *ca_file, const struct stat *version)
{
    struct authority *authority = mem_new(1, sizeof *authority);
    authority->file = mem_dup(ca_file);
    authority->version = *version;
    if (ldap_create(&authority->holder) == LDAP_SUCCESS && make_context(authority->holder, ca_file))
        ldap_get_option(authority->holder, LDAP_OPT_X_TLS_CTX, &authority->context);
    return authority;
}

static void *context_for(const char *ca_file, const struct stat *version)
{
    struct authority *found = NULL;
    pthread_mutex_lock(&lock);
    for (struct authority *one = authorities; one && !found; one = one->next)
        if (text_equal(one->file, ca_file) && file_is_same_version(&one->version, version))
            found = one;
    if (!found) {
        found = authority_new(ca_file, version);
        found->next = authorities;
        authorities = found;
    }
    void *context = found->context;
    pthread_mutex_unlock(&lock);
    return context;
}

bool ldap_tls_set(LDAP *ldap, const char *ca_file, struct fault *why)
{
    struct stat version;
    int demand = LDAP_OPT_X_TLS_DEMAND;
    if (stat(ca_file, &version) != 0)
        return fault_set(why, FAULT_UNAVAILABLE, "%.240s: %s", ca_file, strerror(errno));
    void *context = context_for(ca_file, &version);
    if (!context)
        return fault_set(why, FAULT_UNAVAILABLE, "%.240s contains no CA certificate", ca_file);
    // The second option is read from the handle, not from the context.
    if (ldap_set_option(ldap, LDAP_OPT_X_TLS_CTX, context) == 0 &&
        ldap_set_option(ldap, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand) == 0)
        return true;
    return fault_set(why, FAULT_UNAVAILABLE, "libldap rejects our TLS settings");
}
