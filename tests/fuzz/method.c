// SPDX-License-Identifier: EUPL-1.2
// The verb, the path and the query of a request, as `VERB path?query`.
#include "broker/api/query.h"
#include "broker/base/text.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

// As the server hands it over: pair by pair, and none that is too long.
static void take_query(const struct method *method, char *query)
{
    struct query taken;
    struct page_query page;
    struct fault why = {0};
    query_begin(&taken, method, &page);
    for (char *pair; (pair = strsep(&query, "&")) != NULL;)
        if (strlen(pair) < QUERY_PAIR_SIZE && !query_take(&taken, pair, strlen(pair), &why))
            assert(why.kind == FAULT_INVALID && text_is_clean(why.text, strlen(why.text)));
    assert(page.limit >= 1 && page.limit <= 1000);
    assert(page.accept >= ACCEPT_NOTHING && page.accept <= ACCEPT_OWN_RIGHTS);
    assert(text_is_clean(page.after, strlen(page.after)) && text_is_clean(page.tenant, strlen(page.tenant)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    owned(bytes) char *verb = mem_new(1, size + 1);
    memcpy(verb, data, size);
    char *space = strchr(verb, ' ');
    if (!space)
        return 0;
    *space = 0;
    char *query = space + 1 + strcspn(space + 1, "?");
    if (*query)
        *query++ = 0;
    char id[ID_SIZE];
    bool path_known = false;
    const struct method *method = method_match(verb, space + 1, id, &path_known);
    if (!method) {
        assert(id[0] == 0);
        return 0;
    }
    assert(path_known && text_equal(method->verb, verb) && method->who != ROLE_NOBODY);
    if (strstr(method->path, "{id}"))
        assert(id_is_valid(method->noun, id) && strstr(space + 1, id));
    else
        assert(id[0] == 0 && text_equal(method->path, space + 1));
    take_query(method, query);
    return 0;
}
