// SPDX-License-Identifier: EUPL-1.2
// Nobody is locked out for good: root at the broker's machine lets somebody in, whatever the directories say.
#include "tests/e2e/lone_broker.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static void start(void)
{
    lone_broker_open("");
}

TestSuite(locked_out, .init = start, .fini = lone_broker_close, .timeout = 200);

// Nobody administers: the token is used up, and what it let in has ended with the broker.
static void lose_everybody(void)
{
    lone_must("login --token-stdin", lone.token);
    lone_must("tenant add kreis name=Landkreis servers=ldaps://127.0.0.1:6360 user_base=dc=k bind_dn=cn=p "
              "admin_group=typo",
              NULL);
    cr_assert(lone_shows("is the district's"), "%s", lone.said.out);
    lone_broker_stop();
    lone_broker_start();
    cr_assert_eq(lone_pultctl("status", NULL), 4);
    cr_assert_eq(lone_pultctl("login --token-stdin", lone.token), 4);
}

static void get_token(void)
{
    cr_assert_eq(lone_broker_runs("--first-token"), 0, "%s", lone.said.err);
    snprintf(lone.token, sizeof lone.token, "%.250s", lone.said.out);
    cr_assert_eq(strlen(lone.token), 49, "%s", lone.token);
}

static void administer_again(void)
{
    lone_must("login --token-stdin", lone.token);
    cr_assert(lone_shows("district"), "%s", lone.said.out);
    lone_must("status", NULL);
    lone_must("tenant set kreis admin_group=pult-admins", NULL);
    lone_must("event list", NULL);
    cr_assert(lone_shows("admin.first_token_issued") && lone_shows("root at the broker"), "%s", lone.said.out);
    cr_assert_eq(lone_pultctl("login --token-stdin", lone.token), 4, "a token is good once");
}

Test(locked_out, root_gets_a_token_of_the_broker_that_runs)
{
    lose_everybody();
    get_token();
    administer_again();
}

Test(locked_out, root_gets_a_token_of_the_broker_that_is_stopped)
{
    lose_everybody();
    lone_broker_stop();
    get_token();
    lone_broker_start();
    administer_again();
}

Test(locked_out, the_newest_token_counts_alone)
{
    char older[256];
    lose_everybody();
    get_token();
    snprintf(older, sizeof older, "%s", lone.token);
    get_token();
    cr_assert_eq(lone_pultctl("login --token-stdin", older), 4);
    administer_again();
}

// It holds the journal: nobody else may write in it, and root does not write over it.
Test(locked_out, no_second_program_writes_where_a_broker_does_not_answer)
{
    program_freeze(lone.pid);
    lone_write("ask", "rm $(dirname $0)/data/root.socket\nexec \"$PULT_BUILD\"/broker/pult-broker -c "
                      "$(dirname $0)/broker.conf --first-token\n");
    char line[300];
    snprintf(line, sizeof line, "sh %s/ask", lone.town);
    program_run(&lone.said, line, NULL);
    kill(lone.pid, SIGCONT);
    cr_assert_eq(lone.said.exit_code, 1);
    cr_assert(strstr(lone.said.err, "another program"), "%s", lone.said.err);
    cr_assert_str_eq(lone.said.out, "");
}

// As the package has it: the folder is a user's, and root calls.
Test(locked_out, what_root_does_by_hand_stays_the_files_of_the_brokers_user)
{
    char line[300];
    lone_broker_stop();
    snprintf(line, sizeof line, "chown -R nobody %s/data %s/tls %s/credentials", lone.town, lone.town, lone.town);
    program_shell(line);
    snprintf(line, sizeof line, "chmod 755 %s", lone.town);
    program_shell(line);
    get_token();
    cr_assert_eq(lone_broker_runs("--check"), 0, "%s", lone.said.err);
    snprintf(line, sizeof line, "test -z \"$(find %s/data ! -user nobody)\"", lone.town);
    program_shell(line);
    lone_broker_start();
    lone_must("login --token-stdin", lone.token);
}
