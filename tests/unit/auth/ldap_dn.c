// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/ldap_dn.h"
#include "broker/base/text.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct ldap_bytes bytes(const char *dn)
{
    return (struct ldap_bytes){dn, strlen(dn)};
}

static const char *canonical(const char *dn)
{
    static char text[DN_SIZE];
    cr_expect(ldap_dn_canonical(text, sizeof text, bytes(dn)), "%s", dn);
    return text;
}

Test(ldap_dn, has_one_spelling)
{
    static const char *const same[] = {"cn=Amt für Bau\\, Planung,ou=Ämter,dc=example",
                                       "CN=Amt f\\C3\\BCr Bau\\2C Planung,OU=\\c3\\84mter,DC=example",
                                       "cn=amt  für bau\\2c planung , ou=ämter,  dc=Example",
                                       "commonName=\\20Amt für Bau\\, Planung\\20,2.5.4.11=ÄMTER,DC=example",
                                       "cn=\"Amt für Bau, Planung\";ou=Ämter;dc=example"};
    char first[DN_SIZE];
    TEXT_PUT(first, canonical(same[0]));
    cr_expect_str_eq(first, "cn=amt für bau\\2c planung,ou=ämter,dc=example");
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        cr_expect_str_eq(canonical(same[i]), first, "%s: %s", same[i], canonical(same[i]));
        cr_expect(ldap_dn_equal(bytes(same[i]), bytes(same[0])));
    }
    cr_expect_str_eq(canonical(first), first);
    cr_expect_str_eq(canonical("uid=Jan+cn=Bau,dc=x"), canonical("CN=bau+uid=jan,dc=x"));
    cr_expect(ldap_dn_equal(bytes("ou=Bau+o=Amt,dc=x"), bytes("o=Amt+ou=Bau,dc=x")), "a type that begins another");
    cr_expect(ldap_dn_equal(bytes("cn=Plan+CN=bau,dc=x"), bytes("cn=Bau+cn=plan,dc=x")), "one type twice");
    cr_expect(ldap_dn_equal(bytes("cn=Bauamt+cn=Bau,dc=x"), bytes("cn=Bau+cn=Bauamt,dc=x")), "and values, too");
}

Test(ldap_dn, tells_names_apart)
{
    static const char *const names[] = {"cn=a\\,ou=b,dc=x",   "cn=a,ou=b,dc=x",  "cn=a b,ou=b,dc=x",
                                        "cn=ab,ou=b,dc=x",    "cn=a+ou=b,dc=x",  "cn=a\\+ou=b,dc=x",
                                        "cn=ä,ou=b,dc=x",     "uid=a,ou=b,dc=x", "cn=a\\00,ou=b,dc=x",
                                        "cn=a\\5c,ou=b,dc=x", "cn=,ou=b,dc=x"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (size_t j = 0; j < sizeof names / sizeof *names; j++)
            cr_expect_eq(ldap_dn_equal(bytes(names[i]), bytes(names[j])), i == j, "%s and %s", names[i], names[j]);
}

Test(ldap_dn, refuses_what_is_none)
{
    char text[DN_SIZE], longest[8 * DN_MAX];
    static const char *const wrong[] = {"",  "bauamt", "cn=a,,dc=x", "cn=\\FF\\FE,dc=x", "cn=a\\0ab,dc=x",
                                        ",", "=a,dc=x"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cr_expect_not(ldap_dn_canonical(text, sizeof text, bytes(wrong[i])), "%s", wrong[i]);
        cr_expect_not(ldap_dn_equal(bytes(wrong[i]), bytes(wrong[i])), "%s", wrong[i]);
        cr_expect_str_eq(text, "");
    }
    snprintf(longest, sizeof longest, "cn=%0*d", DN_MAX * 4 - 3, 0);
    cr_expect(ldap_dn_canonical(text, sizeof text, bytes(longest)));
    snprintf(longest, sizeof longest, "cn=%0*d", DN_MAX * 4 - 2, 0);
    cr_expect_not(ldap_dn_canonical(text, sizeof text, bytes(longest)));
}

Test(ldap_dn, has_a_top)
{
    cr_expect_str_eq(ldap_dn_top("ou=people,dc=x,dc=y"), "dc=x,dc=y");
    cr_expect_str_eq(ldap_dn_top("dc=x"), "dc=x");
    cr_expect_str_eq(ldap_dn_top("ou=people,ou=dc,o=amt,c=de"), "o=amt,c=de");
    cr_expect_str_eq(ldap_dn_top("ou=people"), "ou=people");
}

Test(ldap_dn, may_be_below_another)
{
    char base[DN_SIZE];
    TEXT_PUT(base, canonical("ou=Groups, dc=x"));
    cr_expect(ldap_dn_is_below(canonical("cn=a,OU=groups,dc=x"), base));
    cr_expect(ldap_dn_is_below(base, base));
    cr_expect_not(ldap_dn_is_below(canonical("cn=a\\,ou=groups,dc=x"), base));
    cr_expect_not(ldap_dn_is_below(canonical("cn=a,ou=moregroups,dc=x"), base));
    cr_expect_not(ldap_dn_is_below(canonical("dc=x"), base));
}
