// SPDX-License-Identifier: EUPL-1.2
// What a guest may ask for, a row each: see ways.c.
#pragma once
#include "broker/pult-gateway/guest.h"

void ways_take(struct guest *guest); // its head is read: it is answered, or waits
