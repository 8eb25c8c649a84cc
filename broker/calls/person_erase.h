// SPDX-License-Identifier: EUPL-1.2
// People are erased: one, when they ask for it, or all of a tenant that is removed.
#pragma once
#include "broker/calls/services.h"

// Removes the tenant of `call` and erases its people; nothing else of it is there any more.
void person_erase_tenant(struct services *services, struct request *request);
