// SPDX-License-Identifier: EUPL-1.2
// Pages and forms: what is no other way's goes to the broker's portal.
#pragma once

struct guest;

void way_portal_take(struct guest *guest);
