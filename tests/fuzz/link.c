// SPDX-License-Identifier: EUPL-1.2
// A message of a link: the first byte says of which link and from which end, the rest is what was said. What was
// understood is said again, and then understood as no more than that.
#include "broker/api/link_rows.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>

static void says_it_again(const struct link_row *row, enum link_end from, const struct link_input *input)
{
    owned(text) struct text first = {0}, second = {0};
    struct link_input again;
    link_print(&first, row, input->message);
    link_read(&again, row, from, first.bytes, first.length);
    assert(again.kind == LINK_MESSAGE && again.skipped == 0);
    link_print(&second, row, again.message);
    // Empty lines at the end of a list of lines are lost on the way.
    assert(second.length <= first.length);
    link_input_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct link_input input;
    struct fault why = {0};
    if (size == 0 || data[0] < '0')
        return 0;
    const struct link_row *row = &link_rows[(size_t)(data[0] - '0') / 2 % link_count];
    enum link_end from = data[0] % 2 ? LINK_AGENT : LINK_BROKER;
    link_read(&input, row, from, (const char *)data + 1, size - 1);
    assert((input.message != NULL) >= (input.kind == LINK_MESSAGE));
    assert(input.why.text[0] || (input.kind != LINK_UNREADABLE && input.kind != LINK_UNKNOWN));
    if (input.kind == LINK_MESSAGE)
        says_it_again(row, from, &input);
    if (input.kind == LINK_HELLO && link_judge(&input.hello, row, &why) != REFUSAL_NONE)
        assert(why.text[0]);
    link_accepted(row, from, &input.hello);
    link_input_fini(&input);
    return 0;
}
