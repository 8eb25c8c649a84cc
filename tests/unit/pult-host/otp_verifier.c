// SPDX-License-Identifier: EUPL-1.2
// The verifier with a broker, a disk, a clock and neighbours that do as they are told.
#include "broker/pult-host/otp_verifier.h"
#include "broker/base/clock.h"
#include "broker/base/text.h"
#include "tests/folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { UID = 10001, CONFIRM_MS = 60, DEADLINE_MS = 1000, PREVIOUS_MS = 400, NOW_S = 1700000000 };

static const char session[] = "neustadt/s-0123456789abcdef-01234567", berts[] = "neustadt/s-fedcba9876543210-01234567";
static struct loop *loop;
static struct otp_maker *maker;
static const char *enrolment;
static struct used_otps *used;
static struct otp_verifier *verifier;

// How the others behave, and what they were asked.
static struct {
    int64_t now_ms;
    bool linked, says, good, disk_full, neighbour_stays, slow_disk;
    const char *no_desktop;
    uid_t desktop; // of the account that it belongs to
    int64_t fence_before;
    int confirms, kept, cleared;
    struct otp_verifier_step *step;
    bool fine;
} world;
static struct loop_timer *broker_speaks, *disk_turns, *neighbour_goes;
static int64_t asked_id;
static struct otp_verifier_step *keeping, *clearing;

static int64_t now_ms(void *arg)
{
    (void)arg;
    return world.now_ms;
}

static bool confirm(void *arg, int64_t request_id, const struct otp *otp)
{
    (void)arg;
    cr_assert(text_equal(otp->session, session) || text_equal(otp->session, berts));
    if (!world.linked)
        return false;
    world.confirms++;
    asked_id = request_id;
    if (world.says)
        loop_timer_start(broker_speaks, 1);
    return true;
}

static void speak(void *arg)
{
    (void)arg;
    otp_verifier_confirmed(verifier, asked_id, world.good);
}

static const char *settle(void *arg, const struct otp *otp, struct admission *admission)
{
    (void)arg;
    cr_assert(text_equal(otp->session, admission->session) && admission->fence == otp->fence);
    if (world.desktop)
        admission->uid = world.desktop;
    return world.no_desktop;
}

static void clear(void *arg, const struct otp *otp, const struct admission *admission, struct otp_verifier_step *step)
{
    (void)arg;
    (void)otp;
    const struct admission *before = used_otps_of_uid(used, admission->uid);
    world.fence_before = before ? before->fence : 0;
    world.cleared++;
    clearing = step;
    loop_timer_start(neighbour_goes, 1);
}

static void go(void *arg)
{
    (void)arg;
    otp_verifier_step_done(clearing, !world.neighbour_stays);
}

static void keep(void *arg, const struct otp *otp, const struct admission *admission, struct otp_verifier_step *step)
{
    (void)arg;
    cr_assert(used_otps_of_uid(used, admission->uid)->fence == admission->fence);
    (void)otp;
    keeping = step;
    if (!world.slow_disk)
        loop_timer_start(disk_turns, 1);
}

static void turn(void *arg)
{
    (void)arg;
    world.kept += !world.disk_full;
    otp_verifier_step_done(keeping, !world.disk_full);
}

static struct otp_verifier *otp_verifier_of(int64_t confirm_ms, int64_t deadline_ms)
{
    static const struct otp_verifier_ports ports = {now_ms, confirm, settle, clear, keep};
    struct otp_verifier_config config = {
        .host = "neustadt/ts1", .confirm_ms = confirm_ms, .deadline_ms = deadline_ms, .previous_ms = PREVIOUS_MS};
    return otp_verifier_new(loop, &config, used, &ports, NULL);
}

static void set_key(void)
{
    char text[OTP_KEY_TEXT_SIZE];
    cr_assert(otp_maker_key(maker, "neustadt/ts1", enrolment, text));
    cr_assert(otp_verifier_set_key(verifier, text));
}

static void open_verifier(void)
{
    char folder[FOLDER_SIZE], file[FOLDER_SIZE + 8];
    struct fault why = {0};
    memset(&world, 0, sizeof world);
    enrolment = "first";
    world.now_ms = NOW_S * 1000LL;
    world.linked = world.says = world.good = true;
    folder_make(folder, "verifier");
    snprintf(file, sizeof file, "%s/secret", folder);
    maker = otp_maker_open(file, &why);
    cr_assert(maker, "%s", why.text);
    folder_remove(folder);
    loop = loop_new();
    broker_speaks = loop_timer_new(loop, speak, NULL);
    disk_turns = loop_timer_new(loop, turn, NULL);
    neighbour_goes = loop_timer_new(loop, go, NULL);
    used = used_otps_new();
    verifier = otp_verifier_of(CONFIRM_MS, DEADLINE_MS);
    set_key();
}

static void close_verifier(void)
{
    otp_verifier_free(verifier);
    used_otps_free(used);
    otp_maker_free(maker);
    loop_timer_free(broker_speaks);
    loop_timer_free(disk_turns);
    loop_timer_free(neighbour_goes);
    loop_free(loop);
}

TestSuite(verifier, .init = open_verifier, .fini = close_verifier, .timeout = 20);

static struct otp for_anna(int64_t fence)
{
    struct otp otp = {.host = "neustadt/ts1", .user_name = "anna", .fence = fence, .until_ms = (NOW_S + 60) * 1000LL};
    TEXT_PUT(otp.session, session);
    return otp;
}

static char password[OTP_TEXT_SIZE + 64];

static const char *made(struct otp otp)
{
    char text[OTP_TEXT_SIZE];
    cr_assert(otp_make(maker, enrolment, &otp, text));
    snprintf(password, sizeof password, "%s%s", text, otp.password_follows ? ":geheim" : "");
    return password;
}

static struct verdict {
    bool valid;
    size_t password_offset;
    uid_t uid;
    char why[100];
    int count;
} said;

static void answered(void *arg, const struct otp_verdict *verdict)
{
    said.valid = verdict->valid;
    said.password_offset = verdict->password_offset;
    said.uid = verdict->uid;
    said.count++;
    TEXT_PUT(said.why, verdict->why);
    if (arg)
        loop_stop(loop);
}

static const char *asks(const char *user_name, const char *words)
{
    said = (struct verdict){0};
    otp_verifier_ask(verifier, user_name, text_equal(user_name, "bert") ? UID + 5 : UID, words, answered, loop);
    loop_run(loop);
    cr_assert_eq(said.count, 1);
    return said.why;
}

Test(verifier, lets_in_once)
{
    char kept[sizeof password];
    TEXT_PUT(kept, made(for_anna(7)));
    cr_assert_str_eq(asks("anna", kept), "good");
    cr_assert(said.valid && said.password_offset == 0);
    cr_assert(world.confirms == 1 && world.kept == 1 && world.cleared == 1);
    cr_assert_str_eq(used_otps_of_uid(used, UID)->session, session);
    cr_assert_str_eq(asks("anna", kept), "already used");
    cr_assert_not(said.valid);
    cr_assert_str_eq(asks("anna", made(for_anna(7))), "good");
}

Test(verifier, says_where_the_typed_password_begins)
{
    struct otp otp = for_anna(7);
    otp.password_follows = true;
    cr_assert_str_eq(asks("anna", made(otp)), "good");
    cr_assert_str_eq(password + said.password_offset, "geheim");
}

Test(verifier, refuses_what_is_for_another_host_or_person)
{
    struct otp otp = for_anna(7);
    cr_assert_str_eq(asks("bert", made(otp)), "not issued by the broker for this host and person");
    TEXT_PUT(otp.host, "neustadt/ts2");
    cr_assert_str_eq(asks("anna", made(otp)), "not issued by the broker for this host and person");
    cr_assert_str_eq(asks("anna", "anna-geheim-1"), "the password is not a one-time password");
    cr_assert_eq(world.confirms, 0);
}

Test(verifier, refuses_what_is_too_old)
{
    made(for_anna(7));
    world.now_ms = (NOW_S + 60) * 1000LL;
    cr_assert_str_eq(asks("anna", password), "expired");
    world.now_ms--;
    cr_assert_str_eq(asks("anna", password), "good");
}

Test(verifier, refuses_a_superseded_number)
{
    cr_assert_str_eq(asks("anna", made(for_anna(9))), "good");
    cr_assert_str_eq(asks("anna", made(for_anna(8))), "a newer one was used here");
    cr_assert_str_eq(asks("anna", made(for_anna(9))), "good");
}

Test(verifier, refuses_a_superseded_number_of_a_former_name_or_its_former_owner)
{
    struct otp renamed = for_anna(9), owner = for_anna(8);
    TEXT_PUT(renamed.user_name, "anna.berg");
    cr_assert_str_eq(asks("anna.berg", made(renamed)), "good");
    cr_assert_str_eq(asks("anna", made(for_anna(8))), "a newer one was used here");
    TEXT_PUT(owner.user_name, "anna.berg");
    TEXT_PUT(owner.session, berts);
    cr_assert_str_eq(asks("anna.berg", made(owner)), "a newer one was used here");
}

Test(verifier, tells_whose_desktop_it_is)
{
    cr_assert_str_eq(asks("anna", made(for_anna(7))), "good");
    cr_assert_eq(said.uid, UID);
    world.desktop = UID + 1;
    cr_assert_str_eq(asks("anna", made(for_anna(7))), "good");
    cr_assert_eq(said.uid, UID + 1);
}

Test(verifier, accepts_nobody_who_comes_to_no_desktop)
{
    world.no_desktop = "none";
    cr_assert_str_eq(asks("anna", made(for_anna(7))), "none");
    cr_assert(!said.valid && !world.cleared && !world.kept && !used_otps_of_uid(used, UID));
}

// Whoever is to make way is known by what let them in.
Test(verifier, makes_way_before_it_forgets_who_was_there)
{
    cr_assert_str_eq(asks("anna", made(for_anna(7))), "good");
    cr_assert_str_eq(asks("anna", made(for_anna(8))), "good");
    cr_assert_eq(world.fence_before, 7);
}

Test(verifier, of_a_desktop_only_the_newest_of_anybody_counts)
{
    struct otp bert = for_anna(9);
    TEXT_PUT(bert.user_name, "bert");
    TEXT_PUT(bert.session, berts);
    cr_assert_str_eq(asks("bert", made(bert)), "good");
    cr_assert_str_eq(asks("anna", made(for_anna(8))), "good"); // a terminal server
    struct otp anna = for_anna(8);
    anna.sole = true;
    cr_assert_str_eq(asks("anna", made(anna)), "someone else was admitted here with a newer one");
}

Test(verifier, does_what_the_broker_says)
{
    world.good = false;
    cr_assert_str_eq(asks("anna", made(for_anna(7))), "superseded: the broker has issued a newer one");
    cr_assert_eq(world.kept, 0);
    cr_assert_null(used_otps_of_uid(used, UID));
}

Test(verifier, decides_alone_when_the_broker_is_silent_or_cut_off)
{
    world.says = false;
    int64_t before = clock_steady_ms();
    cr_assert_str_eq(asks("anna", made(for_anna(7))), "good");
    cr_assert_geq(clock_steady_ms() - before, CONFIRM_MS - 2);
    otp_verifier_confirmed(verifier, asked_id, false); // too late, and about nothing any more
    world.linked = false;
    cr_assert_str_eq(asks("anna", made(for_anna(8))), "good");
    cr_assert_eq(world.confirms, 1);
    cr_assert_str_eq(asks("anna", made(for_anna(7))), "a newer one was used here");
}

static void cut_link(void *arg)
{
    (void)arg;
    world.linked = false;
    otp_verifier_link_down(verifier);
}

Test(verifier, does_not_wait_for_a_link_that_went_down)
{
    enum { LONG_MS = 9000 };
    otp_verifier_free(verifier);
    verifier = otp_verifier_of(LONG_MS, LONG_MS + 500);
    set_key();
    world.says = false;
    struct loop_timer *cut = loop_timer_new(loop, cut_link, NULL);
    loop_timer_start(cut, 1);
    int64_t before = clock_steady_ms();
    cr_assert_str_eq(asks("anna", made(for_anna(7))), "good");
    cr_assert_lt(clock_steady_ms() - before, LONG_MS / 2);
    loop_timer_free(cut);
}

Test(verifier, lets_nobody_in_whom_it_cannot_remember)
{
    world.disk_full = true;
    cr_assert_str_eq(asks("anna", made(for_anna(7))), "its use could not be written to disk");
    cr_assert_not(said.valid);
    cr_assert_str_eq(asks("anna", password), "already used");
    world.disk_full = false;
    cr_assert_str_eq(asks("anna", made(for_anna(7))), "good");
}

Test(verifier, answers_in_time_though_the_disk_does_not)
{
    world.slow_disk = true;
    int64_t before = clock_steady_ms();
    cr_assert_str_eq(asks("anna", made(for_anna(7))), "timed out");
    cr_assert_lt(clock_steady_ms() - before, 5 * DEADLINE_MS); // the disk never does
    otp_verifier_step_done(keeping, true);                     // and when it does at last, nobody is surprised
    cr_assert_eq(said.count, 1);
}

Test(verifier, lets_nobody_in_beside_somebody_who_does_not_go)
{
    world.neighbour_stays = true;
    cr_assert_str_eq(asks("anna", made(for_anna(7))), "another session here could not be ended");
}

Test(verifier, of_two_with_one_password_at_once_one_gets_in)
{
    int good = 0;
    made(for_anna(7));
    said = (struct verdict){0};
    otp_verifier_ask(verifier, "anna", UID, password, answered, NULL);
    otp_verifier_ask(verifier, "anna", UID, password, answered, NULL);
    struct loop_timer *end = loop_timer_new(loop, (loop_work *)loop_stop, loop);
    loop_timer_start(end, DEADLINE_MS + 50);
    loop_run(loop);
    loop_timer_free(end);
    good = world.kept;
    cr_assert_eq(said.count, 2);
    cr_assert_eq(good, 1);
}

Test(verifier, a_newer_one_overtakes_one_that_waits_for_the_broker)
{
    world.says = false;
    said = (struct verdict){0};
    made(for_anna(7));
    otp_verifier_ask(verifier, "anna", UID, password, answered, loop);
    used_otps_accept(used, &(struct admission){.user_name = "anna", .fence = 8});
    loop_run(loop);
    cr_assert_str_eq(said.why, "a newer one was used here");
}

static void enrol_anew(void)
{
    enrolment = "second";
    set_key();
    set_key(); // what every welcome after it says
}

Test(verifier, takes_a_new_key_and_the_previous_one_for_a_while)
{
    char of_before[2][sizeof password];
    for (int i = 0; i < 2; i++)
        TEXT_PUT(of_before[i], made(for_anna(7)));
    enrol_anew();
    cr_assert_str_eq(asks("anna", of_before[0]), "good");
    cr_assert_str_eq(asks("anna", made(for_anna(7))), "good");
    struct loop_timer *over = loop_timer_new(loop, (loop_work *)loop_stop, loop);
    loop_timer_start(over, PREVIOUS_MS + 5);
    loop_run(loop);
    loop_timer_free(over);
    cr_assert_str_eq(asks("anna", of_before[1]), "not issued by the broker for this host and person");
    cr_assert_str_eq(asks("anna", made(for_anna(7))), "good");
    cr_assert_not(otp_verifier_set_key(verifier, "0011"));
    cr_assert_str_eq(asks("anna", made(for_anna(7))), "good");
}

Test(verifier, knows_nobody_without_its_key)
{
    otp_verifier_free(verifier);
    verifier = otp_verifier_of(CONFIRM_MS, DEADLINE_MS);
    cr_assert_not(otp_verifier_set_key(verifier, "0011"));
    cr_assert_str_eq(asks("anna", made(for_anna(7))), "the key for one-time passwords is not known yet");
}
