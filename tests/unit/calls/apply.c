// SPDX-License-Identifier: EUPL-1.2
// Many objects at once that name each other.
#include "tests/unit/calls/calls_fixture.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(apply, .init = calls_open, .fini = calls_close, .timeout = 20);

#define ROOM(name, substitute)                                                                                         \
    "{\"noun\":\"printer\",\"id\":\"neustadt/" name "\",\"name\":\"P\",\"site\":\"neustadt/rathaus\","                 \
    "\"uri\":\"ipp://p/\",\"substitute\":\"neustadt/" substitute "\"}"

static void expect_substitute(const char *id, const char *substitute)
{
    const struct printer *printer = state_find(calls.services.state, NOUN_PRINTER, id);
    cr_assert(printer, "%s", id);
    cr_assert_str_eq(printer->substitute, substitute);
}

Test(apply, a_file_may_name_printers_as_each_others_substitutes)
{
    owned(json) json_object *answer =
        calls_call(METHOD_APPLY, NOUN_NONE, "",
                   "{\"dry_run\":false,\"objects\":[" ROOM("a1", "a2") "," ROOM("a2", "a3") "," ROOM("a3", "a1") "]}");
    cr_assert_eq(calls.status, 200, "%s", json_object_to_json_string(answer));
    expect_substitute("neustadt/a1", "neustadt/a2");
    expect_substitute("neustadt/a2", "neustadt/a3");
    expect_substitute("neustadt/a3", "neustadt/a1");
    json_object *changes = codec_member(answer, "changes");
    cr_assert_eq(json_object_array_length(changes), 3, "each is named once");
    for (size_t i = 0; i < 3; i++) {
        const char *change = json_object_to_json_string(json_object_array_get_idx(changes, i));
        cr_assert(strstr(change, "\"to\": \"neustadt\\/a") || strstr(change, "\"to\":\"neustadt\\/a"), "%s", change);
    }
    owned(json) json_object *again =
        calls_call(METHOD_APPLY, NOUN_NONE, "", "{\"dry_run\":false,\"objects\":[" ROOM("a1", "a2") "]}");
    json_object *same = json_object_array_get_idx(codec_member(again, "changes"), 0);
    cr_assert_str_eq(codec_string(same, "change"), "same");
}

Test(apply, a_file_that_names_no_such_substitute_is_refused_whole)
{
    CALLS_EXPECT(400, METHOD_APPLY, NOUN_NONE, "",
                 "{\"dry_run\":false,\"objects\":[" ROOM("b1", "b2") "," ROOM("b2", "nowhere") "]}");
    cr_assert_null(state_find(calls.services.state, NOUN_PRINTER, "neustadt/b1"));
    CALLS_EXPECT(400, METHOD_APPLY, NOUN_NONE, "", "{\"dry_run\":false,\"objects\":[" ROOM("b1", "b1") "]}");
}
