// SPDX-License-Identifier: EUPL-1.2
// What a store has to give so that port_cases.c can try it. One per test program: CMakeLists.txt links the cases with
// each store's own file.
#pragma once
#include "broker/base/loop.h"
#include "broker/core/port.h"

struct store_kind {
    void (*make)(void);   // a place with no journal
    void (*remove)(void); // all of it
    struct store_port (*connect)(const void *place, struct loop *loop);
    bool (*holds)(const char *text);  // somewhere in its files
    void (*fill_disk)(bool full);     // nothing more can be written, or can again
    void (*lose_outcome)(void);       // of the next change nobody can tell whether it was made
    void (*keep_backup)(void);        // closed: a copy of the journal, not of its head
    void (*bring_back)(void);         // closed: the copy takes the journal's place
    void (*damage)(const char *text); // closed: changes a byte of this text in the journal
};

extern const struct store_kind store_kind;
