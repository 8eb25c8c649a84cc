// SPDX-License-Identifier: EUPL-1.2
// Whose sessions are whose: who comes back to which, and whose make room for whom.
#include "broker/pult-host/sessions.h"
#include "broker/base/text.h"
#include "tests/folder.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { UID = 54321, DISPLAY = 177 };

static char folder[FOLDER_SIZE];
static struct loop *loop;
static struct used_otps *used;
static struct sessions *sessions;
static struct loop_timer *patience;
static struct process server;
static enum { NOT_YET, CLEARED, NOT_CLEARED } cleared;
static char replaced[ID_SIZE];
static char keyboard_program[FOLDER_SIZE + 16]; // "": layouts are not kept

static const char annas[] = "neustadt/s-00000000000000aa-00000001", bertas[] = "neustadt/s-00000000000000bb-00000002";

// What looks like an X server of xrdp's below its session manager, and ends when asked to.
static void start_server(const char *sesexec)
{
    char program[3][80], line[400];
    const char *names[] = {"xrdp-sesman", sesexec, "Xorg"};
    for (int i = 0; i < 3; i++) {
        snprintf(program[i], sizeof program[i], "%s/%s", folder, names[i]);
        cr_assert(symlink("/bin/sh", program[i]) == 0 || i == 1);
    }
    snprintf(line, sizeof line,
             "%s -c 'USER=anna setpriv --reuid %d --clear-groups %s -c \"while :; do sleep 1; done\" :%d "
             "xrdp/xorg.conf & wait; exit 0' & wait; exit 0",
             program[1], UID, program[2], DISPLAY);
    if (fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execl(program[0], program[0], "-c", line, NULL);
        _exit(1);
    }
}

static bool lives(void)
{
    return process_lives("/proc", &server);
}

static void changed(void *arg)
{
    (void)arg;
}

static void is_replaced(void *arg, const struct admission *admission)
{
    (void)arg;
    TEXT_PUT(replaced, admission->session);
}

static void over(void *arg)
{
    (void)arg;
    loop_stop(loop);
}

static void run_for(int64_t wait_ms)
{
    loop_timer_start(patience, wait_ms);
    loop_run(loop);
}

static void start_watching(void)
{
    static const struct sessions_events events = {.changed = changed, .replaced = is_replaced};
    struct sessions_row row;
    sessions_free(sessions);
    sessions = sessions_new(loop, used, &events, NULL);
    if (*keyboard_program)
        sessions_keep_layouts(sessions, keyboard_program);
    for (int i = 0; i < 1000 && !sessions_at(sessions, 0, &row); i++) {
        run_for(20);
        sessions_look(sessions);
    }
    cr_assert(sessions_at(sessions, 0, &row) && row.session.display == DISPLAY && !row.session.orphan);
    server = row.session.server;
}

static void open_folder(void)
{
    folder_make(folder, "sessions");
    cr_assert_eq(chmod(folder, 0755), 0);
    loop = loop_new();
    patience = loop_timer_new(loop, over, NULL);
    used = used_otps_new();
}

static struct admission admission_of(const char *session, const char *user_name, uid_t uid, int64_t fence)
{
    struct admission admission = {.uid = uid, .fence = fence, .until_ms = 1};
    TEXT_PUT(admission.session, session);
    TEXT_PUT(admission.user_name, user_name);
    return admission;
}

// A desktop that anna was let in to, as xrdp before 0.10 makes it.
static void start(void)
{
    struct admission anna = admission_of(annas, "anna", UID, 5);
    open_folder();
    used_otps_accept(used, &anna);
    start_server("xrdp-sesman");
    start_watching();
}

static void stop(void)
{
    process_signal(&server, SIGKILL);
    sessions_free(sessions);
    used_otps_free(used);
    loop_timer_free(patience);
    loop_free(loop);
    folder_remove(folder);
}

TestSuite(sessions, .init = start, .fini = stop, .timeout = 60);

static void is_cleared(void *arg, bool fine)
{
    (void)arg;
    cleared = fine ? CLEARED : NOT_CLEARED;
    loop_stop(loop);
}

static struct otp otp_of(const struct admission *admission)
{
    struct otp otp = {.fence = admission->fence};
    TEXT_PUT(otp.session, admission->session);
    TEXT_PUT(otp.user_name, admission->user_name);
    return otp;
}

// As the verifier does. Why not; NULL: in.
static const char *comes_in(struct otp otp, struct admission *admission)
{
    const char *why = sessions_settle(sessions, &otp, admission);
    if (why)
        return why;
    cleared = NOT_YET;
    sessions_clear(sessions, &otp, admission, is_cleared, NULL);
    used_otps_accept(used, admission);
    run_for(20000);
    cr_assert_neq(cleared, NOT_YET);
    return cleared == CLEARED ? NULL : "not cleared";
}

static const char *logs_on(const char *session, const char *user_name, uid_t uid)
{
    struct admission admission = admission_of(session, user_name, uid, 9);
    return comes_in(otp_of(&admission), &admission);
}

static const struct admission *bound_to(void)
{
    static struct sessions_row row;
    sessions_look(sessions);
    return sessions_at(sessions, 0, &row) ? row.admission : NULL;
}

static void ends_within(int64_t wait_ms)
{
    for (int64_t waited_ms = 0; lives() && waited_ms < wait_ms; waited_ms += 20)
        run_for(20);
    cr_assert_not(lives());
}

Test(sessions, one_is_known_by_what_let_it_in)
{
    struct sessions_row row;
    cr_assert(sessions_at(sessions, 0, &row) && row.admission);
    cr_assert_str_eq(row.admission->session, annas);
    cr_assert_str_eq(row.found_as, "anna");
}

Test(sessions, people_come_back_to_their_own)
{
    cr_assert_null(logs_on(annas, "anna", UID));
    cr_assert(lives() && bound_to()->fence == 9 && !*replaced);
}

Test(sessions, people_come_back_to_their_own_whatever_the_broker_calls_it)
{
    cr_assert_null(logs_on("neustadt/s-00000000000000aa-00000007", "anna", UID));
    cr_assert(lives());
    cr_assert_str_eq(bound_to()->session, "neustadt/s-00000000000000aa-00000007");
}

Test(sessions, nobody_comes_to_one_of_somebody_else_who_had_their_name)
{
    cr_assert_not_null(logs_on(bertas, "anna", UID + 1));
    cr_assert_str_eq(replaced, annas);
    ends_within(20000);
    const char *why = "?";
    for (int i = 0; i < 1000 && why; i++) { // until the session manager has noticed
        run_for(20);
        why = logs_on(bertas, "anna", UID + 1);
    }
    cr_assert_null(why);
}

Test(sessions, one_of_somebody_else_who_had_their_uid_makes_way)
{
    cr_assert_null(logs_on(bertas, "berta", UID));
    cr_assert_not(lives());
    cr_assert_str_eq(replaced, annas);
}

Test(sessions, one_of_somebody_else_is_left_alone)
{
    cr_assert_null(logs_on(bertas, "berta", UID + 1));
    cr_assert(lives() && !*replaced);
    cr_assert_str_eq(bound_to()->session, annas);
}

Test(sessions, where_only_one_may_be_everybody_elses_makes_way)
{
    struct admission berta = admission_of(bertas, "berta", UID + 1, 9);
    struct otp otp = otp_of(&berta);
    otp.sole = true;
    cr_assert_null(comes_in(otp, &berta));
    cr_assert_not(lives());
}

Test(sessions, their_own_stays_where_only_one_may_be)
{
    struct admission anna = admission_of(annas, "anna", UID, 9);
    struct otp otp = otp_of(&anna);
    otp.sole = true;
    cr_assert_null(comes_in(otp, &anna));
    cr_assert(lives());
}

// Renamed to anna.berg: the account is the same, and nobody has the old name, or somebody else has.
static void who_is_renamed(uid_t uid_of_old_name)
{
    cr_assert_not_null(logs_on(annas, "anna.berg", UID));
    cr_assert(lives() && !*replaced);
    struct admission anna = admission_of(annas, "anna", uid_of_old_name, 9);
    struct otp otp = otp_of(&anna);
    otp.running = true;
    cr_assert_null(comes_in(otp, &anna));
    cr_assert(lives() && anna.uid == UID && bound_to()->fence == 9);
}

Test(sessions, who_is_renamed_comes_back_by_the_name_it_was_opened_with)
{
    who_is_renamed((uid_t)-1);
}

Test(sessions, who_is_renamed_comes_back_though_the_name_is_somebody_elses)
{
    who_is_renamed(UID + 1);
}

Test(sessions, a_name_of_before_opens_nothing_new)
{
    struct admission anna = admission_of("neustadt/s-00000000000000aa-00000007", "anna", UID, 9);
    struct otp otp = otp_of(&anna);
    otp.running = true;
    cr_assert_not_null(comes_in(otp, &anna));
    cr_assert(lives());
}

// After a restore from a backup the same person may have another id; an account of another number is never the same.
Test(sessions, what_the_journal_has_lost_is_its_accounts)
{
    static const char annas_again[] = "neustadt/s-00000000000000aa-00000007";
    struct admission anna = admission_of(annas_again, "anna", UID, 9), other = admission_of(bertas, "anna", UID + 1, 9);
    struct otp otp = otp_of(&anna), others = otp_of(&other);
    otp.unrecorded = others.unrecorded = true;
    cr_assert_null(comes_in(otp, &anna));
    cr_assert(lives() && !*replaced);
    cr_assert_str_eq(bound_to()->session, annas_again);
    cr_assert_not_null(comes_in(others, &other));
    cr_assert_str_eq(replaced, annas_again);
}

Test(sessions, a_restart_of_the_agent_changes_nothing)
{
    start_watching();
    cr_assert_str_eq(bound_to()->session, annas);
    cr_assert_null(logs_on(annas, "anna", UID));
    cr_assert(lives());
}

static void start_unknown(void)
{
    open_folder();
    start_server("xrdp-sesman");
    start_watching();
}

TestSuite(unknown_session, .init = start_unknown, .fini = stop, .timeout = 60);

Test(unknown_session, one_that_was_opened_without_us_is_its_accounts)
{
    cr_assert_null(bound_to());
    cr_assert_null(logs_on(annas, "anna", UID));
    cr_assert(lives());
    cr_assert_str_eq(bound_to()->session, annas);
}

Test(unknown_session, one_that_was_opened_without_us_is_nobody_elses_of_that_name)
{
    cr_assert_not_null(logs_on(annas, "anna", UID + 1));
    ends_within(20000);
}

static void start_newer(void)
{
    struct admission anna = admission_of(annas, "anna", UID, 5);
    open_folder();
    used_otps_accept(used, &anna);
    start_server("xrdp-sesexec");
    start_watching();
}

TestSuite(newer_xrdp, .init = start_newer, .fini = stop, .timeout = 60);

Test(newer_xrdp, who_is_renamed_comes_back_by_any_name)
{
    struct sessions_row row;
    cr_assert_null(logs_on(annas, "anna.berg", UID));
    cr_assert(lives() && sessions_at(sessions, 0, &row) && !*row.found_as);
}

Test(newer_xrdp, one_of_somebody_else_who_had_their_name_is_left_alone)
{
    cr_assert_null(logs_on(bertas, "anna", UID + 1));
    cr_assert(lives());
}

// Its session manager goes on meanwhile, and notices the end.
Test(newer_xrdp, one_of_somebody_else_who_had_their_uid_makes_way)
{
    struct sessions_row row;
    cr_assert(sessions_at(sessions, 0, &row) && row.session.by_account);
    struct process sesexec = row.session.sesexec;
    cr_assert_null(logs_on(bertas, "berta", UID));
    cr_assert(!lives() && !process_lives("/proc", &sesexec));
    cr_assert_str_eq(replaced, annas);
}

// ---- a program beside a desktop that hangs, as what it opens may: the person can make that so

static struct process keeper, manager;

static void find_keeper(void)
{
    struct process_list all = {0};
    process_list_read(&all, "/proc");
    for (size_t i = 0; i < all.count; i++)
        if (all.rows[i].parent == getpid() && text_equal(all.rows[i].name, "stubborn"))
            keeper = all.rows[i];
    process_list_drop(&all);
}

static void start_stubborn(void)
{
    static const char script[] = "#!/bin/sh\nwhile :; do sleep 1; done\n";
    struct sessions_row row;
    open_folder();
    snprintf(keyboard_program, sizeof keyboard_program, "%s/stubborn", folder);
    FILE *file = fopen(keyboard_program, "we");
    cr_assert(file && fputs(script, file) >= 0 && fclose(file) == 0 && chmod(keyboard_program, 0755) == 0);
    start_server("xrdp-sesman");
    signal(SIGTERM, SIG_IGN); // what begins from here on inherits it
    start_watching();
    cr_assert(sessions_at(sessions, 0, &row) && row.session.sesexec.pid);
    manager = row.session.sesexec;
    for (int i = 0; i < 1000 && !keeper.pid; i++) {
        run_for(20);
        find_keeper();
    }
    cr_assert(keeper.pid);
}

TestSuite(stubborn, .init = start_stubborn, .fini = stop, .timeout = 60);

Test(stubborn, nobody_waits_for_it_nor_is_refused_because_of_it)
{
    struct process now; // until the session manager has noticed
    cr_assert(process_signal(&server, SIGKILL));
    for (int i = 0; i < 1000 && process_read("/proc", manager.pid, &now) && now.started == manager.started; i++)
        run_for(20);
    sessions_look(sessions);
    cr_assert_null(bound_to());
    cr_assert(process_lives("/proc", &keeper), "it was waited for");
    cr_assert_null(logs_on(bertas, "anna", UID + 1), "the session manager has none any more");
    for (int i = 0; i < 1000 && process_lives("/proc", &keeper); i++) { // however often it is looked at
        run_for(20);
        sessions_look(sessions);
    }
    cr_assert_not(process_lives("/proc", &keeper));
}
