// SPDX-License-Identifier: EUPL-1.2
// Who was erased, by their ids alone, in a file beside the head: a journal that comes from a backup may still know
// them, and they are erased again. Lines of one length, so that one that a power cut tore is written over by the next.
#pragma once
#include "broker/core/port.h"

enum { ERASED_LINE = ID_SIZE };

// Durable when it returns true. Twice is as good as once.
bool erased_list_add(const char *folder, const char *person_id, struct fault *why) __attribute__((warn_unused_result));
// In no order. No list is an empty one; what is no id is passed over.
bool erased_list_each(const char *folder, bool (*each)(void *arg, const char *person_id, struct fault *why), void *arg,
                      struct fault *why) __attribute__((warn_unused_result));
