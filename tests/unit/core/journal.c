// SPDX-License-Identifier: EUPL-1.2
// State and people from a store: at the start, after a refusal, and while another broker writes.
#include "broker/core/journal.h"
#include "broker/base/log.h"
#include "broker/core/snapshot.h"
#include "tests/unit/core/fake_store.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct state *state;
static struct people people;
static struct journal *journal;
static struct store_port store;
static struct fault why;
static int64_t now_ms = 500;
static int deaths;
static char told[32]; // "+" durable, "-" refused

static void note_death(void *arg, const struct fault *fault)
{
    (void)arg, (void)fault;
    deaths++;
}

static int64_t clock_ms(void *arg)
{
    (void)arg;
    return now_ms;
}

static void delay_batch(void *arg)
{
    (void)arg;
}

static void note_answer(void *arg, bool durable, const struct fault *fault)
{
    (void)arg, (void)fault;
    told[strlen(told)] = durable ? '+' : '-';
}

static void begin(void)
{
    log_set_level(LOG_LEVEL_ERROR);
    state = state_new();
    store = fake_store_new();
}

static void end(void)
{
    journal_close(journal);
    fake_store_drop();
    people_clear(&people);
    state_free(state);
}

TestSuite(journal, .init = begin, .fini = end);

static bool open_journal(void)
{
    struct journal_ports ports = {store, NULL, note_death, clock_ms, clock_ms, delay_batch, {0}};
    journal = journal_open(&ports, state, &people, &why);
    return journal;
}

static struct event set_site(const char *id)
{
    struct event event = {.type = EVENT_SET, .noun = NOUN_SITE};
    TEXT_PUT(event.record.site.id, id);
    return event;
}

static void add_site(const char *id)
{
    struct event event = set_site(id);
    fake_store_add(&event);
}

static void add_person(const char *id)
{
    struct event event = {.type = EVENT_PERSON_FIRST_LOGON, .noun = NOUN_PERSON, .record.person.first_seen_ms = 1};
    TEXT_PUT(event.record.person.id, id);
    fake_store_add(&event);
    fake_store_add_person(id);
}

static bool commit_site(const char *id)
{
    struct event event = set_site(id);
    return commit_events(journal_commit(journal), &event, 1, NULL, 0, note_answer, NULL, &why);
}

// A snapshot of what is on the disk so far.
static void add_snapshot(void)
{
    struct state *kept = state_new();
    for (size_t i = 0; i < fake_store.event_count; i++) {
        struct event event = {0};
        cr_assert(event_read(&event, fake_store.events[i].payload, fake_store.events[i].length, &why));
        state_apply(kept, &event);
    }
    state_print(kept, &fake_store.snapshot);
    fake_store.snapshot_seq = fake_store.event_count;
    state_free(kept);
}

static void open_with_two_sites(void)
{
    add_site("neustadt/hall");
    add_site("neustadt/yard");
    cr_assert(open_journal(), "%s", why.text);
}

// ---- the start

Test(journal, begins_with_snapshot_events_and_people)
{
    add_person("neustadt/p-1");
    add_site("neustadt/hall");
    add_snapshot();
    add_site("neustadt/yard");
    cr_assert(open_journal(), "%s", why.text);
    cr_assert_str_eq(fake_store.calls, "open replay follow");
    cr_assert_eq(state_count(state, NOUN_SITE), 2);
    cr_assert(state_find(state, NOUN_PERSON, "neustadt/p-1") && people_find(&people, "neustadt/p-1"));
    cr_assert_eq(commit_last_seq(journal_commit(journal)), 3);
    cr_assert_eq(fake_store.followed_from, 4);
}

Test(journal, that_is_empty_begins_with_nothing)
{
    cr_assert(open_journal());
    cr_assert_eq(commit_last_seq(journal_commit(journal)), 0);
    cr_assert_eq(fake_store.followed_from, 1);
}

Test(journal, passes_over_what_is_erased)
{
    add_site("neustadt/hall");
    add_site("neustadt/yard");
    char *payload = (char *)take(fake_store.events[0].payload);
    free(payload);
    cr_assert(open_journal());
    cr_assert_eq(state_count(state, NOUN_SITE), 1);
    cr_assert_eq(commit_last_seq(journal_commit(journal)), 2);
}

Test(journal, is_closed_again_when_the_store_does_not_open)
{
    fake_store.open_fault = FAULT_BROKEN;
    cr_assert_not(open_journal());
    cr_assert_eq(why.kind, FAULT_BROKEN);
    cr_assert_str_eq(fake_store.calls, "open close");
}

Test(journal, says_which_event_it_cannot_read)
{
    fake_store_add_payload("{\"v\":77,\"type\":\"site.set\"}");
    cr_assert_not(open_journal());
    cr_assert_eq(why.kind, FAULT_BROKEN);
    cr_assert(strstr(why.text, "version 77"), "%s", why.text);
    cr_assert_str_eq(fake_store.calls, "open replay close");
}

Test(journal, stamps_no_event_before_its_head)
{
    fake_store.head_ms = 900; // the clock says 500
    cr_assert(open_journal());
    fake_store_tell(STORE_WRITES);
    cr_assert(commit_site("neustadt/yard"));
    cr_assert_eq(fake_store.batch->events[0].at_ms, 900);
    fake_store_answer(STORE_DURABLE);
}

// ---- writing

Test(journal, refuses_until_it_is_told_that_it_writes)
{
    open_with_two_sites();
    cr_assert_not(commit_site("neustadt/shed"));
    cr_assert(commit_is_refusing(journal_commit(journal)));
    fake_store_tell(STORE_WRITES);
    cr_assert(commit_site("neustadt/shed"));
    cr_assert_eq(fake_store.batch->events[0].seq, 3);
    fake_store_answer(STORE_DURABLE);
    cr_assert_str_eq(told, "+");
}

Test(journal, is_rebuilt_and_followed_again_after_a_refusal)
{
    open_with_two_sites();
    fake_store_tell(STORE_WRITES);
    commit_site("neustadt/shed");
    people_put(&people, &(struct store_person){.id = "neustadt/p-8", .key = "8"}); // with what is refused
    fake_store_add_person("neustadt/p-9");
    fake_store_answer(STORE_REFUSED);
    cr_assert_str_eq(told, "-");
    cr_assert_str_eq(fake_store.calls, "open replay follow replay follow");
    cr_assert_eq(state_count(state, NOUN_SITE), 2);
    cr_assert(people_find(&people, "neustadt/p-9") && !people_find(&people, "neustadt/p-8"));
    cr_assert_eq(fake_store.followed_from, 3);
}

Test(journal, ends_the_program_when_nobody_can_tell)
{
    open_with_two_sites();
    fake_store_tell(STORE_WRITES);
    commit_site("neustadt/shed");
    fake_store_answer(STORE_UNKNOWN);
    cr_assert_eq(deaths, 1);
    cr_assert_str_eq(told, "");
}

Test(journal, ends_the_program_when_what_is_durable_cannot_be_read)
{
    open_with_two_sites();
    fake_store_tell(STORE_WRITES);
    commit_site("neustadt/shed");
    fake_store_add_payload("{}");
    fake_store_answer(STORE_REFUSED);
    cr_assert_eq(deaths, 1);
}

Test(journal, erases_names_left_over_but_only_when_it_writes)
{
    add_person("neustadt/p-1");
    fake_store_add_person("neustadt/p-2"); // whom the state does not know
    cr_assert(open_journal());
    journal_sweep(journal);
    cr_assert_str_eq(fake_store.erasing, "");
    fake_store_tell(STORE_WRITES);
    cr_assert_str_eq(fake_store.erasing, "neustadt/p-2");
    cr_assert(people_find(&people, "neustadt/p-1") && !people_find(&people, "neustadt/p-2"));
    fake_store_answer_erasure(STORE_REFUSED);
    fake_store.erasing[0] = 0;
    fake_store_tell(STORE_FOLLOWS);
    journal_sweep(journal);
    cr_assert_str_eq(fake_store.erasing, "");
    fake_store_tell(STORE_WRITES);
    journal_sweep(journal);
    cr_assert_str_eq(fake_store.erasing, "neustadt/p-2");
    fake_store_answer_erasure(STORE_DURABLE);
    fake_store.erasing[0] = 0;
    journal_sweep(journal);
    cr_assert_str_eq(fake_store.erasing, "");
}

// ---- a journal from a backup that still knows who was erased

// What there was of them when the backup was made: a session, a desktop, an assignment by name and one that is theirs.
static void add_all_of(const char *person_id)
{
    add_person(person_id);
    struct event session = {.type = EVENT_SESSION_STARTED, .noun = NOUN_SESSION};
    TEXT_PUT(session.record.session.id, "neustadt/s-1-1");
    TEXT_PUT(session.record.session.person, person_id);
    session.record.session.state = SESSION_STARTING;
    fake_store_add(&session);
    struct event host = {.type = EVENT_SET, .noun = NOUN_HOST};
    TEXT_PUT(host.record.host.id, "neustadt/vm1");
    TEXT_PUT(host.record.host.owner, person_id);
    fake_store_add(&host);
    struct event assignment = {.type = EVENT_SET, .noun = NOUN_ASSIGNMENT};
    TEXT_PUT(assignment.record.assignment.id, "neustadt/theirs");
    TEXT_PUT(assignment.record.assignment.holder, person_id);
    fake_store_add(&assignment);
    TEXT_PUT(assignment.record.assignment.id, "neustadt/of-somebody-else");
    TEXT_PUT(assignment.record.assignment.holder, "neustadt/p-2");
    fake_store_add(&assignment);
}

static bool is_forgotten(void)
{
    return !state_find(state, NOUN_PERSON, "neustadt/p-1") && !people_find(&people, "neustadt/p-1") &&
           state_count(state, NOUN_SESSION) == 0 && !state_find(state, NOUN_ASSIGNMENT, "neustadt/theirs") &&
           !state_host(state, "neustadt/vm1")->owner[0];
}

Test(journal, erases_again_whom_a_backup_still_knows)
{
    add_all_of("neustadt/p-1");
    add_person("neustadt/p-2");
    fake_store.erased = "neustadt/p-1";
    cr_assert(open_journal(), "%s", why.text);
    cr_assert(state_find(state, NOUN_PERSON, "neustadt/p-1"));
    fake_store_tell(STORE_WRITES);
    cr_assert(is_forgotten(), "at once, before anybody can ask");
    cr_assert(state_find(state, NOUN_PERSON, "neustadt/p-2") && people_find(&people, "neustadt/p-2"));
    cr_assert(state_find(state, NOUN_ASSIGNMENT, "neustadt/of-somebody-else"));
    cr_assert_str_eq(fake_store.erasing, "", "the event first");
    fake_store_answer(STORE_DURABLE);
    cr_assert_str_eq(fake_store.erasing, "neustadt/p-1");
    fake_store_answer_erasure(STORE_DURABLE);
    journal_close(take(journal));
    state_clear(state);
    people_clear(&people);
    cr_assert(open_journal(), "%s", why.text);
    fake_store_tell(STORE_WRITES);
    cr_assert_null(fake_store.append.done, "nobody is erased a third time");
}

Test(journal, erases_them_again_after_a_refusal)
{
    add_all_of("neustadt/p-1");
    fake_store.erased = "neustadt/p-1";
    cr_assert(open_journal(), "%s", why.text);
    fake_store_tell(STORE_WRITES);
    fake_store_answer(STORE_REFUSED);
    cr_assert_str_eq(fake_store.erasing, "");
    fake_store_tell(STORE_WRITES);
    now_ms += 60000; // the disk is not tried at once
    journal_sweep(journal);
    cr_assert(is_forgotten());
    fake_store_answer(STORE_DURABLE);
    cr_assert_str_eq(fake_store.erasing, "neustadt/p-1");
    fake_store_answer_erasure(STORE_DURABLE);
}

Test(journal, that_is_followed_erases_nobody_again)
{
    add_all_of("neustadt/p-1");
    fake_store.erased = "neustadt/p-1";
    cr_assert(open_journal(), "%s", why.text);
    fake_store_tell(STORE_FOLLOWS);
    journal_sweep(journal);
    cr_assert_null(fake_store.append.done);
}

Test(journal, keeps_a_snapshot_when_it_is_closed)
{
    open_with_two_sites();
    fake_store_tell(STORE_WRITES);
    journal_close(take(journal));
    cr_assert_str_eq(fake_store.calls, "open replay follow snapshot close");
    cr_assert_eq(fake_store.keeping_seq, 2);
}

// ---- following

Test(journal, follows_what_another_broker_writes)
{
    struct store_person person = {.id = "neustadt/p-1", .key = "k", .name = "Anna"};
    open_with_two_sites();
    fake_store_tell(STORE_FOLLOWS);
    add_person("neustadt/p-1");
    add_site("neustadt/shed");
    fake_store_deliver(2, &person);
    cr_assert_eq(state_count(state, NOUN_SITE), 3);
    cr_assert_str_eq(people_find(&people, "neustadt/p-1")->name, "Anna");
    cr_assert_eq(commit_last_seq(journal_commit(journal)), 4);
    cr_assert_not(commit_site("neustadt/mine"));
    fake_store_tell(STORE_WRITES);
    cr_assert(commit_site("neustadt/mine"));
    cr_assert_eq(fake_store.batch->events[0].seq, 5);
    cr_assert_eq(fake_store.batch->events[0].at_ms, 4000, "before the events of the other");
    fake_store_answer(STORE_DURABLE);
    cr_assert_str_eq(told, "+");
}

Test(journal, that_follows_keeps_no_snapshot)
{
    open_with_two_sites();
    fake_store_tell(STORE_FOLLOWS);
    journal_sweep(journal);
    journal_close(take(journal));
    cr_assert_str_eq(fake_store.calls, "open replay follow close");
}

// Many at once: the second batch waits a moment, and in that moment another broker takes over.
Test(journal, takes_back_what_it_had_gathered_when_another_broker_takes_over)
{
    open_with_two_sites();
    fake_store_tell(STORE_WRITES);
    for (int i = 0; i < 5; i++) {
        char id[ID_SIZE];
        snprintf(id, sizeof id, "neustadt/site%d", i);
        cr_assert(commit_site(id));
    }
    fake_store_answer(STORE_DURABLE);
    fake_store_answer(STORE_DURABLE);
    cr_assert(commit_site("neustadt/late"));
    cr_assert_null(fake_store.append.done, "it did not wait");
    fake_store_tell(STORE_FOLLOWS);
    cr_assert_not_null(fake_store.append.done);
    add_site("neustadt/theirs");
    fake_store_deliver(1, NULL); // on top of what is about to be taken back
    fake_store_answer(STORE_REFUSED);
    cr_assert_str_eq(told, "+++++-");
    cr_assert(state_find(state, NOUN_SITE, "neustadt/theirs") && !state_find(state, NOUN_SITE, "neustadt/late"));
    cr_assert_eq(fake_store.followed_from, 9);
    add_site("neustadt/next");
    fake_store_deliver(1, NULL);
    cr_assert(state_find(state, NOUN_SITE, "neustadt/next"));
}

Test(journal, ends_the_program_when_it_cannot_follow)
{
    open_with_two_sites();
    fake_store_tell(STORE_FOLLOWS);
    fake_store_add_payload("{\"v\":77}");
    fake_store_deliver(1, NULL);
    cr_assert_eq(deaths, 1);
    fake_store.follower.failed(fake_store.follower.arg, &why);
    cr_assert_eq(deaths, 2);
}
