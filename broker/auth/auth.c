// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/auth.h"
#include "broker/auth/checkup.h"
#include "broker/auth/connector.h"
#include "broker/auth/directory.h"
#include "broker/auth/keytab.h"
#include "broker/auth/krb5.h"
#include "broker/auth/ldap.h"
#include "broker/base/text.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

struct tenant_directory {
    UT_hash_handle hh;
    struct tenant_directory *next; // of those to be forgotten
    struct directory *directory;
    struct krb5_acceptor *acceptor; // made when the first ticket comes
    char id[ID_SIZE];
};

// At a time, for each has a thread: of all tenants, and of one, whose directory may be slow.
enum { CHECKUPS_MAX = 8, TENANT_CHECKUPS_MAX = 2 };

struct open_checkup {
    struct open_checkup *next;
    struct auth *auth;
    char tenant_id[SLUG_SIZE];
    struct checkup *checkup;
    examine_done *done;
    void *arg;
};

struct auth {
    struct loop *loop;
    struct open_checkup *checkups;
    struct directory_config config;
    char *credentials_dir;
    struct tenant_directory *members;
    struct tenant_directory *forgotten;
    struct loop_timer *forgetting;
};

static void member_free(struct tenant_directory *member)
{
    directory_free(member->directory);
    krb5_acceptor_free(member->acceptor);
    free(member);
}

static struct tenant_directory *member_for(struct auth *auth, const struct tenant *tenant)
{
    struct tenant_directory *member = NULL;
    HASH_FIND_STR(auth->members, tenant->id, member);
    if (member)
        return member;
    member = mem_new(1, sizeof *member);
    TEXT_PUT(member->id, tenant->id);
    member->directory = directory_new(auth->loop, tenant, &auth->config);
    HASH_ADD_STR(auth->members, id, member);
    return member;
}

static void check_password(void *self, const struct tenant *tenant, const char *name, const struct secret *password,
                           auth_done *done, void *arg)
{
    directory_check(member_for(self, tenant)->directory, name, password, done, arg);
}

static void look_up(void *self, const struct tenant *tenant, const char *name, auth_done *done, void *arg)
{
    directory_look_up(member_for(self, tenant)->directory, name, done, arg);
}

static void explain(void *self, const struct tenant *tenant, const char *name, auth_explained *done, void *arg)
{
    directory_explain(member_for(self, tenant)->directory, name, done, arg);
}

static void change_password(void *self, const struct tenant *tenant, const char *name,
                            const struct secret *old_password, const struct secret *new_password, auth_done *done,
                            void *arg)
{
    directory_change(member_for(self, tenant)->directory, name, old_password, new_password, done, arg);
}

static void find_group(void *self, const struct tenant *tenant, const char *group, group_done *done, void *arg)
{
    group_names_find(directory_group_names(member_for(self, tenant)->directory), group, done, arg);
}

static enum group_standing group_now(void *self, const struct tenant *tenant, const char *group, char dn[DN_SIZE],
                                     bool *is_old)
{
    return group_names_get(directory_group_names(member_for(self, tenant)->directory), group, dn, is_old);
}

static bool accept_ticket(void *self, const struct tenant *tenant, const char *token_base64,
                          const unsigned char binding[32], char principal[DN_SIZE], char *reply, size_t reply_size,
                          struct fault *why)
{
    struct auth *auth = self;
    struct tenant_directory *member = member_for(auth, tenant);
    principal[0] = 0;
    if (reply_size > 0)
        reply[0] = 0;
    if (!member->acceptor)
        member->acceptor = krb5_acceptor_new(auth->credentials_dir, tenant->id, why);
    bool is_domain = tenant->directory == DIRECTORY_ACTIVE_DIRECTORY;
    if (!member->acceptor || !krb5_acceptor_accept(member->acceptor, tenant->realm, is_domain, token_base64, binding,
                                                   principal, reply, reply_size, why))
        return false;
    principal[strcspn(principal, "@")] = 0; // with the realm behind it, it could be somebody's mail address
    return true;
}

static void forget_due(void *arg)
{
    struct auth *auth = arg;
    while (auth->forgotten) {
        struct tenant_directory *member = auth->forgotten;
        LL_DELETE(auth->forgotten, member);
        member_free(member);
    }
}

// It may be called from within an answer of this very directory, so the connections go a moment later. The next
// question finds the new settings already.
static void forget_tenant(void *self, const char *tenant_id)
{
    struct auth *auth = self;
    struct tenant_directory *member = NULL;
    HASH_FIND_STR(auth->members, tenant_id, member);
    if (!member)
        return;
    HASH_DEL(auth->members, member);
    LL_PREPEND(auth->forgotten, member);
    loop_timer_start(auth->forgetting, 0);
}

static void status_of_kerberos(const struct auth *auth, const struct tenant *tenant,
                               const struct tenant_directory *member, struct directory_status *status)
{
    char path[512];
    struct fault why = {0};
    status->kerberos[0] = 0;
    if (!tenant->realm[0])
        return;
    snprintf(path, sizeof path, "%s/%s.keytab", auth->credentials_dir, tenant->id);
    if (!keytab_check(path, tenant->realm, &why))
        TEXT_PUT(status->kerberos, why.text);
    else if (member->acceptor)
        TEXT_PUT(status->kerberos, krb5_acceptor_trouble(member->acceptor));
}

static void tenant_status(void *self, const struct tenant *tenant, struct directory_status *status)
{
    struct tenant_directory *member = member_for(self, tenant);
    directory_status(member->directory, status);
    status_of_kerberos(self, tenant, member, status);
}

static void end_checkup(struct open_checkup *open, const struct check_step *steps, size_t count)
{
    LL_DELETE(open->auth->checkups, open);
    open->done(open->arg, steps, count);
    checkup_free(open->checkup);
    free(open);
}

static void examined(void *arg, const struct check_step *steps, size_t count)
{
    end_checkup(arg, steps, count);
}

static bool has_room_for_checkup(const struct auth *auth, const struct tenant *tenant)
{
    size_t count = 0, own = 0;
    for (const struct open_checkup *open = auth->checkups; open; open = open->next) {
        count++;
        own += text_equal(open->tenant_id, tenant->id);
    }
    return count < CHECKUPS_MAX && own < TENANT_CHECKUPS_MAX;
}

static bool examine(void *self, const struct tenant *tenant, const char *name, examine_done *done, void *arg)
{
    struct auth *auth = self;
    if (!has_room_for_checkup(auth, tenant))
        return false;
    struct open_checkup *open = mem_new(1, sizeof *open);
    *open = (struct open_checkup){.auth = auth, .done = done, .arg = arg};
    TEXT_PUT(open->tenant_id, tenant->id);
    // As long for each step as a connection for logons may take.
    open->checkup =
        checkup_new(auth->loop, tenant, auth->credentials_dir, name, auth->config.deadline_ms * 2 / 5, examined, open);
    if (!open->checkup) {
        free(open);
        return false;
    }
    LL_PREPEND(auth->checkups, open);
    return true;
}

struct auth *auth_new(struct loop *loop, const struct directory_config *config)
{
    struct auth *auth = mem_new(1, sizeof *auth);
    ldap_link_prepare();
    auth->loop = loop;
    auth->config = *config;
    auth->credentials_dir = mem_dup(config->credentials_dir ? config->credentials_dir : "/etc/pult/credentials");
    auth->config.credentials_dir = auth->credentials_dir;
    auth->config.deadline_ms = config->deadline_ms ? config->deadline_ms : 5000;
    auth->config.connections = config->connections ? config->connections : 16;
    auth->config.keep_groups_ms = config->keep_groups_ms ? config->keep_groups_ms : 60000;
    auth->config.keep_names_ms = config->keep_names_ms ? config->keep_names_ms : 300000;
    auth->config.most = config->most ? config->most : 4096;
    auth->forgetting = loop_timer_new(loop, forget_due, auth);
    return auth;
}

void auth_free(struct auth *auth)
{
    struct tenant_directory *member, *next;
    if (!auth)
        return;
    forget_due(auth);
    while (auth->checkups)
        end_checkup(auth->checkups, NULL, 0);
    HASH_ITER(hh, auth->members, member, next)
    {
        HASH_DEL(auth->members, member);
        member_free(member);
    }
    loop_timer_free(auth->forgetting);
    connector_settle();
    free(auth->credentials_dir);
    free(auth);
}

struct auth_port auth_port(struct auth *auth)
{
    return (struct auth_port){.self = auth,
                              .check = check_password,
                              .look_up = look_up,
                              .explain = explain,
                              .change = change_password,
                              .find_group = find_group,
                              .group = group_now,
                              .accept_ticket = accept_ticket,
                              .forget = forget_tenant,
                              .status = tenant_status,
                              .examine = examine};
}
