// SPDX-License-Identifier: EUPL-1.2
// From a user name to an entry of the directory, and from the entry to a person with their groups.
#pragma once
#include "broker/auth/directory_request.h"

// Ends in directory_prove, or in the request's end.
void person_search_find(struct directory_request *request);
// Of the entry at `dn`; ends the request.
void person_search_read(struct directory_request *request);
// For the walk over the groups.
void person_search_walk_ready(struct group_walk *walk, bool known);
