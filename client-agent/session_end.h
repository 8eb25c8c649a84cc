// SPDX-License-Identifier: EUPL-1.2
// What a desk says of the end of a session that it showed: by what it saw itself, and by the broker's word, which may
// come later and know better. Sentences are compared by where they stand.
#pragma once
#include "broker/api/device_link.h"
#include "client-agent/session_view.h"

// How an end is told: to the person, and to the broker.
struct session_end_row {
    const char *sentence;
    enum desk_report report;
    const char *reason;
};
extern const struct session_end_row session_end_rows[VIEW_END_COUNT];
extern const char session_end_locked[]; // by its person

// The sentence for what the broker says; NULL: it is no word about how the session goes on.
const char *session_end_word(const struct device_message *message);
// Whether that word takes the place of the sentence that is shown.
bool session_end_outdates(const struct device_message *message, const char *sentence);
