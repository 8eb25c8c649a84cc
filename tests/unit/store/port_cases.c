// SPDX-License-Identifier: EUPL-1.2
// What every store promises by struct store_port. A case knows nothing of files or tables: see store_kind.h.
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "tests/unit/store/store_fixture.h"
#include "tests/unit/store/store_kind.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct store_fixture fixture;

static void start(void)
{
    store_kind.make();
    fixture = (struct store_fixture){.connect = store_kind.connect};
    store_fixture_create(&fixture);
    cr_assert(store_fixture_open(&fixture), "%s", fixture.why.text);
}

static void stop(void)
{
    store_fixture_close(&fixture);
    store_kind.remove();
}

TestSuite(port, .init = start, .fini = stop);

static void reopen(void)
{
    store_fixture_close(&fixture);
    cr_assert(store_fixture_open(&fixture), "%s", fixture.why.text);
}

static void holds_what_was_acknowledged(void)
{
    cr_assert(model_fits_port(&fixture.model, &fixture.port, &fixture.why), "%s", fixture.why.text);
    store_fixture_close(&fixture);
    store_fixture_check(&fixture);
}

// ---- appending

Test(port, gives_back_what_was_appended)
{
    for (int i = 0; i < 20; i++)
        cr_assert_eq(store_fixture_append(&fixture, (size_t)(i % 4) + 1, i % 3 ? -1 : i % MODEL_PEOPLE), STORE_DURABLE);
    store_fixture_close(&fixture);
    store_fixture_check(&fixture);
    cr_assert(store_fixture_open(&fixture), "%s", fixture.why.text);
    cr_assert_eq(store_fixture_append(&fixture, 50, 1), STORE_DURABLE);
    holds_what_was_acknowledged();
}

Test(port, takes_people_without_events)
{
    cr_assert_eq(store_fixture_append(&fixture, 0, 3), STORE_DURABLE);
    cr_assert_eq(store_fixture_append(&fixture, 0, 3), STORE_DURABLE);
    holds_what_was_acknowledged();
}

Test(port, is_not_created_over_another)
{
    store_fixture_close(&fixture);
    store_fixture_connect(&fixture);
    cr_assert_not(fixture.port.create(fixture.port.self, &fixture.why));
    cr_assert_eq(fixture.why.kind, FAULT_CONFLICT, "%s", fixture.why.text);
    store_fixture_close(&fixture);
    store_fixture_check(&fixture);
}

static bool same_chain(const struct store_head *a, const struct store_head *b)
{
    return memcmp(a->chain, b->chain, sizeof a->chain) == 0;
}

Test(port, has_a_head_that_goes_with_every_commit)
{
    struct store_head before, head;
    fixture.port.head(fixture.port.self, &before);
    cr_assert(before.seq == 0 && before.at_ms > 0);
    for (uint64_t i = 1; i < 4; i++) {
        cr_assert_eq(store_fixture_append(&fixture, 1, -1), STORE_DURABLE);
        fixture.port.head(fixture.port.self, &head);
        cr_assert(head.seq == i && head.at_ms >= before.at_ms && !same_chain(&head, &before));
        before = head;
    }
    reopen();
    fixture.port.head(fixture.port.self, &head);
    cr_assert(head.seq == 3 && head.at_ms >= before.at_ms && same_chain(&head, &before));
}

static struct answers {
    char letters[16]; // in the order they came; small: refused
    size_t expected;
} answers;

struct letter {
    char name;
};

static void note_letter(void *arg, enum store_outcome outcome, const struct fault *why)
{
    const struct letter *letter = arg;
    size_t length = strlen(answers.letters);
    (void)why;
    cr_assert_lt(length, sizeof answers.letters - 1);
    answers.letters[length] = (char)(letter->name + (outcome == STORE_DURABLE ? 0 : 'a' - 'A'));
    if (length + 1 == answers.expected)
        loop_stop(fixture.loop);
}

static struct letter letter_a = {'A'}, letter_b = {'B'}, letter_c = {'C'}, letter_d = {'D'}, letter_e = {'E'};

Test(port, makes_changes_in_the_order_they_are_asked_for)
{
    static struct model_batch batch;
    char bytes[800];
    struct store_range one = {1, 1}, fourth = {4, 4};
    struct store_port *port = &fixture.port;
    answers = (struct answers){.expected = 5};
    model_add_events(&fixture.model, &batch, 3);
    model_add_person(&fixture.model, &batch, 2);
    size_t length = model_snapshot(bytes, fixture.model.snapshot = 3);
    port->append(port->self, &batch.batch, note_letter, &letter_a);
    port->keep_snapshot(port->self, 3, bytes, length, note_letter, &letter_b); // of what is only being appended
    port->erase(port->self, &one, 1, note_letter, &letter_c);                  // only up to that snapshot
    port->erase(port->self, &fourth, 1, note_letter, &letter_d);
    port->erase_person(port->self, "town/p-002", note_letter, &letter_e);
    cr_assert_str_eq(answers.letters, "", "answered from within the call");
    loop_run(fixture.loop);
    cr_assert_str_eq(answers.letters, "ABCdE");
    fixture.model.erased = 1;
    fixture.model.versions[2] = 0;
    holds_what_was_acknowledged();
}

Test(port, does_what_was_asked_for_before_it_closes_and_answers_nothing_more)
{
    static struct model_batch batch;
    char bytes[800];
    struct store_range one = {1, 1}, two = {2, 2};
    struct store_port *port = &fixture.port;
    answers = (struct answers){0};
    model_add_events(&fixture.model, &batch, 5);
    model_add_person(&fixture.model, &batch, 2);
    size_t length = model_snapshot(bytes, fixture.model.snapshot = 5);
    port->append(port->self, &batch.batch, note_letter, &letter_a);
    port->keep_snapshot(port->self, 5, bytes, length, note_letter, &letter_b);
    port->erase(port->self, &one, 1, note_letter, &letter_c);
    port->erase(port->self, &two, 1, note_letter, &letter_d);
    port->erase_person(port->self, "town/p-002", note_letter, &letter_e);
    store_fixture_close(&fixture);
    cr_assert_str_eq(answers.letters, "");
    fixture.model.erased = 2;
    fixture.model.versions[2] = 0;
    store_fixture_check(&fixture);
}

// ---- replaying

static bool count_event(void *arg, const struct store_event *event, struct fault *why)
{
    uint64_t *last = arg;
    cr_assert(*last == 0 || event->seq == *last + 1);
    *last = event->seq;
    return event->seq != 33 || fault_set(why, FAULT_INVALID, "not to be read");
}

static bool replay(uint64_t from, uint64_t *last)
{
    struct store_reader reader = {.arg = last, .event = count_event};
    *last = 0;
    return fixture.port.replay(fixture.port.self, from, &reader, &fixture.why);
}

Test(port, replays_in_order_from_any_event)
{
    uint64_t last;
    cr_assert_eq(store_fixture_append(&fixture, 30, -1), STORE_DURABLE);
    cr_assert(replay(1, &last));
    cr_assert_eq(last, 30);
    cr_assert(replay(17, &last));
    cr_assert_eq(last, 30);
    cr_assert(replay(31, &last));
    cr_assert_eq(last, 0);
    cr_assert(!replay(32, &last));
    cr_assert_eq(fixture.why.kind, FAULT_ABSENT);
    cr_assert_eq(last, 0);
}

Test(port, stops_its_replay_when_an_event_is_not_taken_and_says_why)
{
    uint64_t last;
    cr_assert_eq(store_fixture_append(&fixture, 40, -1), STORE_DURABLE);
    cr_assert(!replay(1, &last));
    cr_assert_eq(last, 33);
    cr_assert_eq(fixture.why.kind, FAULT_INVALID);
    cr_assert_str_eq(fixture.why.text, "event 33: not to be read");
}

Test(port, refuses_to_open_when_it_is_damaged)
{
    cr_assert_eq(store_fixture_append(&fixture, 40, -1), STORE_DURABLE);
    store_fixture_close(&fixture);
    store_kind.damage("event-12.");
    cr_assert(!store_fixture_open(&fixture));
    cr_assert_eq(fixture.why.kind, FAULT_BROKEN);
    cr_assert(strstr(fixture.why.text, "event 12: payload does not match its hash"), "%s", fixture.why.text);
}

struct parts {
    char order[8];
    uint64_t snapshot_seq, first, last;
    size_t people;
};

static void note_part(struct parts *parts, char part)
{
    size_t length = strlen(parts->order);
    if (length == 0 || parts->order[length - 1] != part)
        parts->order[length] = part;
}

static bool note_snapshot(void *arg, uint64_t seq, const char *bytes, size_t length, struct fault *why)
{
    struct parts *parts = arg;
    (void)why;
    cr_assert(bytes && length);
    note_part(parts, 's');
    parts->snapshot_seq = seq;
    return true;
}

static bool note_event(void *arg, const struct store_event *event, struct fault *why)
{
    struct parts *parts = arg;
    (void)why;
    note_part(parts, 'e');
    parts->first = parts->first ? parts->first : event->seq;
    parts->last = event->seq;
    return true;
}

static bool note_person(void *arg, const struct store_person *person, struct fault *why)
{
    struct parts *parts = arg;
    (void)why;
    cr_assert(person->id[0]);
    note_part(parts, 'p');
    parts->people++;
    return true;
}

static struct parts replay_all(void)
{
    struct parts parts = {0};
    struct store_reader reader = {&parts, note_snapshot, note_event, note_person, NULL};
    cr_assert(fixture.port.replay(fixture.port.self, STORE_FROM_SNAPSHOT, &reader, &fixture.why), "%s",
              fixture.why.text);
    return parts;
}

Test(port, replays_everything_while_there_is_no_snapshot)
{
    cr_assert_eq(store_fixture_append(&fixture, 10, 1), STORE_DURABLE);
    struct parts parts = replay_all();
    cr_assert_str_eq(parts.order, "ep");
    cr_assert(parts.first == 1 && parts.last == 10 && parts.people == 1);
}

Test(port, replays_the_snapshot_and_what_came_behind_it)
{
    cr_assert_eq(store_fixture_append(&fixture, 10, 1), STORE_DURABLE);
    cr_assert_eq(store_fixture_snapshot(&fixture), STORE_DURABLE);
    struct parts parts = replay_all();
    cr_assert_str_eq(parts.order, "sp");
    cr_assert_eq(store_fixture_append(&fixture, 3, 2), STORE_DURABLE);
    reopen();
    parts = replay_all();
    cr_assert_str_eq(parts.order, "sep");
    cr_assert(parts.snapshot_seq == 10 && parts.first == 11 && parts.last == 13 && parts.people == 2);
    holds_what_was_acknowledged();
}

Test(port, keeps_only_snapshots_that_fit)
{
    cr_assert_eq(store_fixture_append(&fixture, 10, -1), STORE_DURABLE);
    fixture.model.events = 11;
    cr_assert_eq(store_fixture_snapshot(&fixture), STORE_REFUSED); // of what is to come
    cr_assert_eq(fixture.why.kind, FAULT_CONFLICT);
    fixture.model.events = 10;
    cr_assert_eq(store_fixture_snapshot(&fixture), STORE_DURABLE);
    fixture.model.events = 9;
    cr_assert_eq(store_fixture_snapshot(&fixture), STORE_REFUSED); // older than the one before
    cr_assert_eq(fixture.why.kind, FAULT_CONFLICT);
    fixture.model.events = 10;
    cr_assert_eq(store_fixture_append(&fixture, 1, -1), STORE_DURABLE);
    holds_what_was_acknowledged();
}

// ---- erasing

Test(port, erases_payloads_and_its_chain_still_holds)
{
    cr_assert_eq(store_fixture_append(&fixture, 40, -1), STORE_DURABLE);
    cr_assert_eq(store_fixture_snapshot(&fixture), STORE_DURABLE);
    cr_assert(store_kind.holds("event-12."));
    cr_assert_eq(store_fixture_erase(&fixture, 25), STORE_DURABLE);
    for (uint64_t seq = 1; seq <= 26; seq++) {
        char text[32];
        snprintf(text, sizeof text, "event-%d.", (int)seq);
        cr_assert_eq(store_kind.holds(text), seq > 25, "%s", text);
    }
    cr_assert_eq(store_fixture_append(&fixture, 5, -1), STORE_DURABLE);
    holds_what_was_acknowledged();
}

Test(port, does_not_erase_what_a_replay_needs)
{
    cr_assert_eq(store_fixture_append(&fixture, 10, -1), STORE_DURABLE);
    cr_assert_eq(store_fixture_snapshot(&fixture), STORE_DURABLE);
    cr_assert_eq(store_fixture_append(&fixture, 10, -1), STORE_DURABLE);
    cr_assert_eq(store_fixture_erase(&fixture, 11), STORE_REFUSED);
    cr_assert_eq(fixture.why.kind, FAULT_CONFLICT);
    cr_assert_eq(store_fixture_prune(&fixture, 11), STORE_REFUSED);
    cr_assert_eq(fixture.why.kind, FAULT_CONFLICT);
    holds_what_was_acknowledged();
}

Test(port, prunes_behind_an_anchor)
{
    uint64_t last;
    cr_assert_eq(store_fixture_append(&fixture, 50, -1), STORE_DURABLE);
    cr_assert_eq(store_fixture_snapshot(&fixture), STORE_DURABLE);
    cr_assert_eq(store_fixture_erase(&fixture, 10), STORE_DURABLE);
    cr_assert_eq(store_fixture_prune(&fixture, 20), STORE_DURABLE);
    cr_assert(!store_kind.holds("event-20."));
    cr_assert(store_kind.holds("event-21."));
    holds_what_was_acknowledged();
    cr_assert(store_fixture_open(&fixture));
    cr_assert_eq(store_fixture_prune(&fixture, 50), STORE_DURABLE);
    cr_assert_eq(store_fixture_append(&fixture, 2, -1), STORE_DURABLE);
    cr_assert(!replay(50, &last));
    cr_assert_eq(fixture.why.kind, FAULT_ABSENT);
    holds_what_was_acknowledged();
}

Test(port, erases_a_person_from_all_files)
{
    for (int i = 0; i < MODEL_PEOPLE; i++)
        cr_assert_eq(store_fixture_append(&fixture, 2, i), STORE_DURABLE);
    cr_assert_eq(store_fixture_append(&fixture, 2, 4), STORE_DURABLE); // a new name for the fifth
    cr_assert(store_kind.holds("Person-004-2"));
    cr_assert_eq(store_fixture_erase_person(&fixture, 4), STORE_DURABLE);
    cr_assert(!store_kind.holds("Person-004-"));
    cr_assert(!store_kind.holds("key-004"));
    cr_assert(store_kind.holds("Person-005-1"));
    cr_assert_eq(store_fixture_append(&fixture, 2, 5), STORE_DURABLE);
    cr_assert_eq(store_fixture_erase_person(&fixture, 4), STORE_DURABLE); // is gone: no fault
    store_fixture_close(&fixture);
    cr_assert(!store_kind.holds("Person-004-"));
    store_fixture_check(&fixture);
}

// ---- failing

static enum store_outcome change(int kind)
{
    switch (kind) {
    case 0:
        return store_fixture_append(&fixture, 50, 2);
    case 1:
        return store_fixture_append(&fixture, 0, 2);
    default:
        return store_fixture_snapshot(&fixture);
    }
}

Test(port, leaves_nothing_of_what_it_refuses)
{
    cr_assert_eq(store_fixture_append(&fixture, 5, 1), STORE_DURABLE);
    cr_assert_eq(store_fixture_append(&fixture, 5, -1), STORE_DURABLE);
    store_kind.fill_disk(true);
    for (int i = 0; i < 6; i++) {
        struct store_head before, after;
        fixture.port.head(fixture.port.self, &before);
        cr_assert_eq(change(i % 3), STORE_REFUSED);
        cr_assert_eq(fixture.why.kind, FAULT_UNAVAILABLE, "%s", fixture.why.text);
        fixture.port.head(fixture.port.self, &after);
        cr_assert(before.seq == after.seq && same_chain(&before, &after));
        cr_assert(model_fits_port(&fixture.model, &fixture.port, &fixture.why), "%s", fixture.why.text);
    }
    store_kind.fill_disk(false);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(change(i), STORE_DURABLE, "%s", fixture.why.text);
    holds_what_was_acknowledged();
}

Test(port, knows_after_a_new_start_what_nobody_could_tell)
{
    cr_assert_eq(store_fixture_append(&fixture, 5, 1), STORE_DURABLE);
    struct model maybe = fixture.model;
    maybe.events += 3;
    store_kind.lose_outcome();
    cr_assert_eq(store_fixture_append(&fixture, 3, -1), STORE_UNKNOWN);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(change(i), STORE_UNKNOWN, "trusted again");
    cr_assert_eq(store_fixture_erase_person(&fixture, 1), STORE_UNKNOWN);
    reopen();
    if (!model_fits_port(&fixture.model, &fixture.port, &fixture.why))
        fixture.model = maybe;
    cr_assert_eq(store_fixture_append(&fixture, 3, -1), STORE_DURABLE, "%s", fixture.why.text);
    holds_what_was_acknowledged();
}

// ---- after a backup

static void lose_the_end(void)
{
    cr_assert_eq(store_fixture_append(&fixture, 5, 1), STORE_DURABLE);
    store_fixture_close(&fixture);
    store_kind.keep_backup();
    struct model kept = fixture.model;
    cr_assert(store_fixture_open(&fixture));
    for (int i = 0; i < 4; i++)
        cr_assert_eq(store_fixture_append(&fixture, 3, 2), STORE_DURABLE);
    store_fixture_close(&fixture);
    store_kind.bring_back();
    fixture.model = kept;
}

Test(port, goes_on_with_a_backup_once_it_is_accepted)
{
    struct store_gap gap;
    struct store_head head;
    lose_the_end();
    cr_assert(!store_fixture_open(&fixture));
    cr_assert_eq(fixture.why.kind, FAULT_BROKEN, "%s", fixture.why.text);
    store_fixture_connect(&fixture);
    cr_assert(fixture.port.accept(fixture.port.self, &gap, &fixture.why), "%s", fixture.why.text);
    cr_assert(gap.seq == 5 && gap.head_seq == 17 && gap.head_ms > 0);
    cr_assert(fixture.port.open(fixture.port.self, &fixture.why), "%s", fixture.why.text);
    fixture.port.head(fixture.port.self, &head);
    cr_assert(head.seq == 5 && head.at_ms >= gap.head_ms);
    cr_assert_eq(store_fixture_append(&fixture, 2, -1), STORE_DURABLE);
    holds_what_was_acknowledged();
}

Test(port, accepts_nothing_that_fits_or_is_damaged)
{
    struct store_gap gap;
    cr_assert_eq(store_fixture_append(&fixture, 5, 1), STORE_DURABLE);
    store_fixture_close(&fixture);
    store_fixture_connect(&fixture);
    cr_assert(!fixture.port.accept(fixture.port.self, &gap, &fixture.why));
    cr_assert_eq(fixture.why.kind, FAULT_CONFLICT, "%s", fixture.why.text);
    store_fixture_close(&fixture);
    store_kind.damage("event-3.");
    store_fixture_connect(&fixture);
    cr_assert(!fixture.port.accept(fixture.port.self, &gap, &fixture.why));
    cr_assert_eq(fixture.why.kind, FAULT_BROKEN, "%s", fixture.why.text);
}

// ---- reading

static struct {
    int count;
    size_t events, erased;
    uint64_t first;
    enum fault_kind kind;
} page;

static void note_page(void *arg, const struct store_event *events, size_t count, const struct fault *why)
{
    page.count++;
    page.events = count;
    page.erased = 0;
    page.first = count ? events[0].seq : 0;
    page.kind = why ? why->kind : FAULT_NONE;
    for (size_t i = 0; i < count; i++) {
        char payload[800];
        size_t length = model_payload(payload, events[i].seq);
        cr_assert_eq(events[i].seq, page.first + i);
        page.erased += !events[i].payload;
        cr_assert(!events[i].payload ||
                  (events[i].length == length && memcmp(events[i].payload, payload, length) == 0));
    }
    loop_stop(arg);
}

static void read_page(uint64_t from, size_t limit)
{
    page.count = 0;
    fixture.port.read(fixture.port.self, from, limit, note_page, fixture.loop);
    cr_assert_eq(page.count, 0, "answered from within the call");
    loop_run(fixture.loop);
    cr_assert_eq(page.count, 1);
}

Test(port, reads_page_by_page)
{
    cr_assert_eq(store_fixture_append(&fixture, 25, -1), STORE_DURABLE);
    read_page(1, 10);
    cr_assert(page.events == 10 && page.first == 1);
    read_page(21, 10);
    cr_assert(page.events == 5 && page.first == 21);
    read_page(26, 10);
    cr_assert(page.events == 0 && page.kind == FAULT_NONE);
    read_page(27, 10);
    cr_assert(page.events == 0 && page.kind == FAULT_ABSENT);
    cr_assert_eq(store_fixture_snapshot(&fixture), STORE_DURABLE);
    cr_assert_eq(store_fixture_erase(&fixture, 15), STORE_DURABLE);
    read_page(11, 10);
    cr_assert(page.events == 10 && page.erased == 5);
    cr_assert_eq(store_fixture_prune(&fixture, 15), STORE_DURABLE);
    read_page(11, 10);
    cr_assert(page.events == 0 && page.kind == FAULT_ABSENT);
}

Test(port, reads_what_was_appended_before_it_was_asked)
{
    static struct model_batch batch;
    answers = (struct answers){0};
    model_add_events(&fixture.model, &batch, 5);
    fixture.port.append(fixture.port.self, &batch.batch, note_letter, &letter_a);
    read_page(1, 10);
    cr_assert_eq(page.events, 5);
    cr_assert_str_eq(answers.letters, "A");
}

// ---- following

static struct {
    int roles, batches, failures;
    enum store_role role;
} told;

static void note_role(void *arg, enum store_role role)
{
    told.roles++;
    told.role = role;
    loop_stop(arg);
}

static void note_batch(void *arg, const struct store_batch *batch)
{
    (void)arg, (void)batch;
    told.batches++;
}

static void note_failure(void *arg, const struct fault *why)
{
    (void)arg, (void)why;
    told.failures++;
}

static void follow_from(uint64_t seq)
{
    struct store_follower follower = {fixture.loop, note_role, note_batch, note_failure};
    memset(&told, 0, sizeof told);
    fixture.port.follow(fixture.port.self, seq, &follower);
    cr_assert_eq(told.roles, 0, "told from within the call");
}

Test(port, tells_a_broker_that_is_alone_that_it_writes_and_nothing_else)
{
    cr_assert_eq(store_fixture_append(&fixture, 5, -1), STORE_DURABLE);
    follow_from(6);
    loop_run(fixture.loop);
    cr_assert(told.roles == 1 && told.role == STORE_WRITES);
    for (int i = 0; i < 5; i++)
        cr_assert_eq(store_fixture_append(&fixture, 5, 1), STORE_DURABLE);
    cr_assert(told.roles == 1 && told.batches == 0 && told.failures == 0, "told of its own");
    follow_from(31); // as after a refusal
    loop_run(fixture.loop);
    cr_assert(told.roles == 1 && told.role == STORE_WRITES && told.batches == 0);
    holds_what_was_acknowledged();
}

Test(port, tells_nothing_after_it_is_closed)
{
    follow_from(1);
    store_fixture_close(&fixture);
    cr_assert(told.roles == 0 && told.batches == 0 && told.failures == 0);
    store_fixture_check(&fixture);
}
