// SPDX-License-Identifier: EUPL-1.2
// What a domain controller may claim in tokenGroups; the names of groups cannot be asked for here.
#include "broker/auth/groups.h"
#include "broker/base/mem.h"

#include <criterion/criterion.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

enum { CLAIMS = 5000, CLAIM_SIZE = 100 };

static struct loop *loop;
static struct connector *connector;
static struct ldap_pool *pool;
static struct groups *groups;
static const struct tenant town = {.id = "burgstadt", .directory = DIRECTORY_ACTIVE_DIRECTORY};

static struct directory_schema schema;

static void nothing(void *arg)
{
    (void)arg;
}

static void begin(void)
{
    struct connector_port port = {.down = nothing};
    struct fault why;
    cr_assert(directory_schema_read(&schema, &town, &why));
    loop = loop_new();
    connector = connector_new(loop, &town, "/nonexistent", 100, &port);
    pool = ldap_pool_new(loop, connector, 1);
    groups = groups_new(loop, pool, &town, &schema, 1000, 1000);
}

static void end(void)
{
    groups_free(groups);
    ldap_pool_free(pool);
    connector_free(connector);
    connector_settle();
    loop_free(loop);
}

TestSuite(groups, .init = begin, .fini = end);

static char claims[CLAIMS][CLAIM_SIZE];
static struct ldap_bytes values[CLAIMS];

// So many groups are taken of these values.
static size_t taken(size_t count)
{
    struct ldap_attribute claimed = {{"tokenGroups", 11}, values, count};
    struct group_walk walk = {0};
    groups_begin(groups, &walk, &claimed);
    size_t found = walk.count;
    groups_end(groups, &walk);
    return found;
}

Test(groups, of_a_domain_have_a_bound)
{
    for (size_t i = 0; i < CLAIMS; i++) {
        memcpy(claims[i], &i, sizeof i);
        values[i] = (struct ldap_bytes){claims[i], 28};
    }
    cr_expect_eq(taken(CLAIMS), 1024, "which of them count is not known yet");
    cr_expect_eq(taken(100), 100);
}

Test(groups, are_security_identifiers_and_counted_once)
{
    static const size_t lengths[] = {0, 1, 7, 8, 68, 69, 100};
    for (size_t i = 0; i < 7; i++)
        values[i] = (struct ldap_bytes){claims[0], lengths[i]};
    cr_expect_eq(taken(7), 2);
    for (size_t i = 0; i < 50; i++)
        values[i] = (struct ldap_bytes){claims[0], 28};
    cr_expect_eq(taken(50), 1);
}

Test(groups, of_one_answer_after_the_other_have_a_bound_in_memory)
{
    enum { MANY = 300000, LENGTH = 28, MOST = 64 << 20 };
    char *bytes = mem_new(MANY, LENGTH);
    struct ldap_bytes *many = mem_new(MANY, sizeof *many);
    struct ldap_attribute claimed = {{"tokenGroups", 11}, many, MANY};
    struct group_walk walk = {0};
    for (size_t i = 0; i < MANY; i++) {
        memcpy(bytes + i * LENGTH, &i, sizeof i);
        many[i] = (struct ldap_bytes){bytes + i * LENGTH, LENGTH};
    }
    struct mallinfo2 before = mallinfo2();
    groups_begin(groups, &walk, &claimed);
    struct mallinfo2 after = mallinfo2();
    cr_expect_lt(after.uordblks + after.hblkhd, before.uordblks + before.hblkhd + MOST);
    cr_expect(walk.is_cut);
    groups_end(groups, &walk);
    values[0] = many[MANY - 1];
    cr_expect_eq(taken(1), 1, "the next walk has room again");
    free(many);
    free(bytes);
}

Test(groups, in_two_spellings_are_one)
{
    static const char *const dns[] = {"cn=Bau,dc=x", "CN=bau, DC=x", "cn=Plan,dc=x", "cn=Bau,dc=y", "cn=plan,DC=X"};
    struct tenant openldap = {.id = "burgstadt", .directory = DIRECTORY_OPENLDAP, .user_base = "dc=x"};
    struct directory_schema own;
    struct fault why;
    struct group_walk walk = {0};
    cr_assert(directory_schema_read(&own, &openldap, &why));
    struct groups *others = groups_new(loop, pool, &openldap, &own, 1000, 1000);
    struct ldap_attribute claimed = {{"memberOf", 8}, values, sizeof dns / sizeof *dns};
    for (size_t i = 0; i < claimed.count; i++)
        values[i] = (struct ldap_bytes){dns[i], strlen(dns[i])};
    groups_begin(others, &walk, &claimed);
    cr_expect_eq(walk.count, 2);
    groups_end(others, &walk);
    groups_free(others);
}
