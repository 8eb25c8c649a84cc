// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/proof.h"
#include "broker/calls/group_lookup.h"

#include <stdlib.h>
#include <string.h>

struct proof {
    struct services *services;
    char tenant_id[SLUG_SIZE];
    char *name;
    struct secret password;
    bool is_check;
    struct group_lookup groups;
    auth_done *done;
    auth_explained *explained; // instead
    void *arg;
};

static void proof_free(struct proof *proof)
{
    secret_drop(&proof->password);
    free(proof->name);
    free(proof);
}

static void groups_known(void *arg, bool known)
{
    struct proof *proof = arg;
    struct auth_port *auth = &proof->services->auth;
    const struct tenant *tenant = state_tenant(proof->services->state, proof->tenant_id);
    if ((!tenant || !known) && proof->explained)
        proof->explained(proof->arg, AUTH_UNAVAILABLE, PERSON_NOT_TOLD, NULL);
    else if (!tenant || !known)
        proof->done(proof->arg, AUTH_UNAVAILABLE, NULL);
    else if (proof->explained)
        auth->explain(auth->self, tenant, proof->name, proof->explained, proof->arg);
    else if (proof->is_check)
        auth->check(auth->self, tenant, proof->name, &proof->password, proof->done, proof->arg);
    else
        auth->look_up(auth->self, tenant, proof->name, proof->done, proof->arg);
    proof_free(proof);
}

static void start_proof(struct proof *proof, const struct tenant *tenant)
{
    TEXT_PUT(proof->tenant_id, tenant->id);
    group_lookup_begin(&proof->groups, proof->services, groups_known, proof);
    group_lookup_add(&proof->groups, proof->services->state, tenant->id);
    group_lookup_end(&proof->groups);
}

static struct proof *proof_new(struct services *services, const char *name, auth_done *done, void *arg)
{
    struct proof *proof = mem_new(1, sizeof *proof);
    *proof = (struct proof){.services = services, .name = mem_dup(name), .done = done, .arg = arg};
    return proof;
}

void proof_check(struct services *services, const struct tenant *tenant, const char *name,
                 const struct secret *password, auth_done *done, void *arg)
{
    struct proof *proof = proof_new(services, name, done, arg);
    proof->password = *password;
    proof->is_check = true;
    start_proof(proof, tenant);
}

void proof_explain(struct services *services, const struct tenant *tenant, const char *name, auth_explained *done,
                   void *arg)
{
    struct proof *proof = proof_new(services, name, NULL, arg);
    proof->explained = done;
    start_proof(proof, tenant);
}

void proof_look_up(struct services *services, const struct tenant *tenant, const char *name, auth_done *done, void *arg)
{
    start_proof(proof_new(services, name, done, arg), tenant);
}
