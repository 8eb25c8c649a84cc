// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/wall.h"
#include "broker/base/text.h"

static enum refusal check_role(enum role needed, enum role has)
{
    switch (needed) {
    case ROLE_NOBODY:
        return REFUSAL_DENIED;
    case ROLE_UNAUTHENTICATED:
        return REFUSAL_NONE;
    case ROLE_DEVICE:
        return has == ROLE_DEVICE            ? REFUSAL_NONE
               : has == ROLE_UNAUTHENTICATED ? REFUSAL_UNAUTHENTICATED
                                             : REFUSAL_DENIED;
    case ROLE_HOST:
        return has == ROLE_HOST ? REFUSAL_NONE : has == ROLE_UNAUTHENTICATED ? REFUSAL_UNAUTHENTICATED : REFUSAL_DENIED;
    case ROLE_MACHINE:
        return has == ROLE_DEVICE || has == ROLE_HOST ? REFUSAL_NONE
               : has == ROLE_UNAUTHENTICATED          ? REFUSAL_UNAUTHENTICATED
                                                      : REFUSAL_DENIED;
    case ROLE_ADMIN:
        if (has == ROLE_ADMIN)
            return REFUSAL_NONE;
        __attribute__((fallthrough));
    case ROLE_DISTRICT:
        return has == ROLE_DISTRICT          ? REFUSAL_NONE
               : has == ROLE_UNAUTHENTICATED ? REFUSAL_UNAUTHENTICATED
                                             : REFUSAL_DENIED;
    }
    return REFUSAL_DENIED;
}

bool wall_can_see(const struct peer *peer, const char *tenant_id)
{
    return peer->role == ROLE_DISTRICT || text_equal(peer->tenant, tenant_id);
}

enum refusal wall_authorize(const struct method *method, const struct peer *peer, const char *id)
{
    enum refusal refusal = check_role(method->who, peer->role);
    if (refusal != REFUSAL_NONE)
        return refusal;
    char tenant[SLUG_SIZE];
    id_tenant(tenant, id);
    if (id[0] && (method->flags & METHOD_OWN_TENANT) && !wall_can_see(peer, tenant))
        return REFUSAL_NOT_FOUND;
    return REFUSAL_NONE;
}
