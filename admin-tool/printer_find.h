// SPDX-License-Identifier: EUPL-1.2
// Printers that announce themselves on this network.
#pragma once
#include "broker/api/types.h"

struct found_printer {
    char id[ID_SIZE]; // empty: for people to fill in, as `site`
    char name[NAME_SIZE];
    char make[NAME_SIZE];
    char room[NAME_SIZE]; // where it says that it stands
    char site[ID_SIZE];
    char uri[URI_SIZE];
};
extern const struct record_type found_printer_type;

// Adds what ippfind wrote: of each printer URI, name, make and location, each ended by a zero byte. All of it is
// hostile: what is no clean text, or too long, is left out. One that listens with TLS and without is there once, with.
// Sorted by name.
void found_printers_read(struct record_list *printers, const char *bytes, size_t length);
