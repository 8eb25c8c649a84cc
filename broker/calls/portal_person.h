// SPDX-License-Identifier: EUPL-1.2
// Whether whoever is logged on at the portal is somebody still: it goes on for hours, so the directory is asked before
// each page of theirs.
#pragma once
#include "broker/calls/request.h"

struct identity;
struct services;

typedef void portal_person_known(struct services *services, struct request *request, const struct identity *identity);
// `go_on` comes later when they are, and answers. Else the request is answered, and who is nobody any more logged off.
void portal_person_ask(struct services *services, struct request *request, portal_person_known *go_on);
// The same for pages that nobody sees before they have a second factor: they are sent to where it is set up.
void portal_person_enter(struct services *services, struct request *request, portal_person_known *go_on);
