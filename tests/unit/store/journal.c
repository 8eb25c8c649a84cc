// SPDX-License-Identifier: EUPL-1.2
// The journal through its port, in real files.
#include "broker/base/text.h"
#include "tests/program.h"
#include "tests/unit/store/journal_fixture.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct journal_fixture fixture;

static void start(void)
{
    journal_fixture_start(&fixture);
}

static void stop(void)
{
    journal_fixture_remove(&fixture);
}

TestSuite(journal, .init = start, .fini = stop);

static bool count_event(void *arg, const struct store_event *event)
{
    uint64_t *last = arg;
    cr_assert(*last == 0 || event->seq == *last + 1);
    *last = event->seq;
    return event->seq != 33;
}

static void refuses_with(const char *text)
{
    journal_fixture_close(&fixture);
    cr_assert(!journal_fixture_open(&fixture));
    cr_assert(strstr(fixture.why.text, text), "%s", fixture.why.text);
}

Test(journal, gives_back_what_was_appended)
{
    for (int i = 0; i < 20; i++)
        cr_assert_eq(journal_fixture_append(&fixture, (size_t)(i % 4) + 1, i % 3 ? -1 : i % MODEL_PEOPLE),
                     STORE_DURABLE);
    journal_fixture_close(&fixture);
    journal_fixture_check(&fixture);
    cr_assert(journal_fixture_open(&fixture), "%s", fixture.why.text);
    cr_assert_eq(journal_fixture_append(&fixture, 50, 1), STORE_DURABLE);
    cr_assert_eq(journal_head(fixture.journal)->seq, fixture.model.events);
    journal_fixture_close(&fixture);
    journal_fixture_check(&fixture);
}

// A clock that was set back does not take the journal's time back.
Test(journal, keeps_the_time_of_its_head)
{
    struct store_event event = {1, INT64_MAX / 2, "{}", 2};
    struct store_batch batch = {.events = &event, .event_count = 1};
    struct chain *chain = NULL;
    journal_fixture_close(&fixture);
    for (int i = 0; i < 3; i++) {
        cr_assert(chain_open(&fixture.config, &chain, &fixture.why), "%s", fixture.why.text);
        if (i == 0)
            cr_assert_eq(chain_append(chain, &batch, &fixture.why), STORE_DURABLE);
        cr_assert_eq(chain_head(chain)->at_ms, INT64_MAX / 2);
        chain_close(chain);
    }
}

Test(journal, takes_people_without_events)
{
    cr_assert_eq(journal_fixture_append(&fixture, 0, 3), STORE_DURABLE);
    cr_assert_eq(journal_fixture_append(&fixture, 0, 3), STORE_DURABLE);
    journal_fixture_close(&fixture);
    journal_fixture_check(&fixture);
}

Test(journal, replays_in_order_from_any_event)
{
    cr_assert_eq(journal_fixture_append(&fixture, 30, -1), STORE_DURABLE);
    uint64_t last = 0;
    cr_assert(fixture.port.replay(fixture.port.self, 1, count_event, &last, &fixture.why));
    cr_assert_eq(last, 30);
    last = 0;
    cr_assert(fixture.port.replay(fixture.port.self, 17, count_event, &last, &fixture.why));
    cr_assert_eq(last, 30);
    last = 0;
    cr_assert(fixture.port.replay(fixture.port.self, 31, count_event, &last, &fixture.why));
    cr_assert_eq(last, 0);
    cr_assert(!fixture.port.replay(fixture.port.self, 32, count_event, &last, &fixture.why));
    cr_assert_eq(fixture.why.kind, FAULT_ABSENT);
}

Test(journal, stops_its_replay_when_an_event_is_not_taken)
{
    cr_assert_eq(journal_fixture_append(&fixture, 40, -1), STORE_DURABLE);
    uint64_t last = 0;
    cr_assert(!fixture.port.replay(fixture.port.self, 1, count_event, &last, &fixture.why));
    cr_assert_eq(last, 33);
    cr_assert_str_eq(fixture.why.text, "event 33 was not taken");
}

Test(journal, is_open_in_one_program_only)
{
    struct chain *second = NULL;
    cr_assert(!chain_open(&fixture.config, &second, &fixture.why));
    cr_assert_eq(fixture.why.kind, FAULT_CONFLICT);
    pid_t child = fork();
    if (child == 0) {
        struct fault why = {0};
        bool opened = chain_open(&fixture.config, &second, &why);
        _exit(!opened && why.kind == FAULT_CONFLICT && strstr(why.text, "another program has the journal open") ? 0
                                                                                                                : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    cr_assert_eq(status, 0);
    cr_assert_eq(journal_fixture_append(&fixture, 1, -1), STORE_DURABLE);
}

Test(journal, is_not_created_over_another)
{
    journal_fixture_close(&fixture);
    cr_assert(!journal_create(&fixture.config, &fixture.why));
    cr_assert_eq(fixture.why.kind, FAULT_CONFLICT);
    journal_fixture_check(&fixture);
}

Test(journal, is_not_created_under_a_head_in_use)
{
    cr_assert_eq(journal_fixture_append(&fixture, 1, -1), STORE_DURABLE);
    journal_fixture_close(&fixture);
    unlink(journal_fixture_path(&fixture, "journal.db"));
    cr_assert(!journal_create(&fixture.config, &fixture.why));
    cr_assert_eq(fixture.why.kind, FAULT_CONFLICT);
}

Test(journal, is_for_its_user_only)
{
    cr_assert_eq(journal_fixture_append(&fixture, 1, -1), STORE_DURABLE);
    const char *const names[] = {"journal.db", "journal.db-wal", "head", "head.key"};
    for (int i = 0; i < 4; i++) {
        struct stat status;
        cr_assert_eq(stat(journal_fixture_path(&fixture, names[i]), &status), 0);
        cr_assert_eq(status.st_mode & 0777, 0600, "%s: %o", names[i], status.st_mode);
    }
}

Test(journal, that_is_not_there_is_absent)
{
    journal_fixture_close(&fixture);
    struct chain_config config = {.folder = "/nowhere"};
    struct chain *chain = NULL;
    cr_assert(!chain_open(&config, &chain, &fixture.why));
    cr_assert_eq(fixture.why.kind, FAULT_ABSENT);
}

Test(journal, refuses_to_open_without_its_database)
{
    journal_fixture_close(&fixture);
    unlink(journal_fixture_path(&fixture, "journal.db"));
    refuses_with("is missing, but its head is there");
}

Test(journal, refuses_to_open_without_its_head)
{
    journal_fixture_close(&fixture);
    unlink(journal_fixture_path(&fixture, "head"));
    refuses_with("cannot open");
    cr_assert_eq(fixture.why.kind, FAULT_BROKEN);
    cr_assert(!journal_create(&fixture.config, &fixture.why));
}

Test(journal, refuses_to_open_without_its_key)
{
    journal_fixture_close(&fixture);
    unlink(journal_fixture_path(&fixture, "head.key"));
    refuses_with("cannot open");
}

Test(journal, refuses_the_key_of_another)
{
    struct journal_fixture other;
    journal_fixture_make(&other);
    journal_fixture_close(&fixture);
    char path[160];
    TEXT_PUT(path, journal_fixture_path(&other, "head.key"));
    cr_assert_eq(rename(path, journal_fixture_path(&fixture, "head.key")), 0);
    refuses_with("its key is another one");
    journal_fixture_remove(&other);
}

Test(journal, refuses_the_head_of_another)
{
    struct journal_fixture other;
    journal_fixture_make(&other);
    journal_fixture_close(&fixture);
    char path[160];
    TEXT_PUT(path, journal_fixture_path(&other, "head.key"));
    cr_assert_eq(rename(path, journal_fixture_path(&fixture, "head.key")), 0);
    TEXT_PUT(path, journal_fixture_path(&other, "head"));
    cr_assert_eq(rename(path, journal_fixture_path(&fixture, "head")), 0);
    refuses_with("the head is of another journal");
    journal_fixture_remove(&other);
}

static void copy_head(char bytes[2 * HEAD_SLOT_BYTES], bool back)
{
    int file = open(journal_fixture_path(&fixture, "head"), O_RDWR);
    if (back)
        cr_assert_eq(pwrite(file, bytes, 2 * HEAD_SLOT_BYTES, 0), 2 * HEAD_SLOT_BYTES);
    else
        cr_assert_eq(pread(file, bytes, 2 * HEAD_SLOT_BYTES, 0), 2 * HEAD_SLOT_BYTES);
    close(file);
}

Test(journal, brings_a_head_forward_that_is_one_commit_behind)
{
    char head[2 * HEAD_SLOT_BYTES];
    cr_assert_eq(journal_fixture_append(&fixture, 5, 1), STORE_DURABLE);
    copy_head(head, false);
    cr_assert_eq(journal_fixture_append(&fixture, 5, 2), STORE_DURABLE);
    journal_fixture_close(&fixture);
    copy_head(head, true);
    journal_fixture_check(&fixture);
    journal_fixture_check(&fixture);
}

Test(journal, refuses_a_head_that_is_older)
{
    char head[2 * HEAD_SLOT_BYTES];
    copy_head(head, false);
    cr_assert_eq(journal_fixture_append(&fixture, 5, 1), STORE_DURABLE);
    cr_assert_eq(journal_fixture_append(&fixture, 5, 1), STORE_DURABLE);
    journal_fixture_close(&fixture);
    copy_head(head, true);
    refuses_with("the head is 2 commits older than the journal");
}

Test(journal, refuses_when_it_is_older_than_its_head)
{
    cr_assert_eq(journal_fixture_append(&fixture, 5, 1), STORE_DURABLE);
    journal_fixture_close(&fixture);
    char command[256];
    snprintf(command, sizeof command, "cp '%s/journal.db' '%s/before'", fixture.data, fixture.folder);
    program_shell(command);
    cr_assert(journal_fixture_open(&fixture));
    cr_assert_eq(journal_fixture_append(&fixture, 2, -1), STORE_DURABLE);
    journal_fixture_close(&fixture);
    snprintf(command, sizeof command, "cp '%s/before' '%s/journal.db'", fixture.folder, fixture.data);
    program_shell(command);
    refuses_with("the journal ends at event 5, but its head vouches for event 7");
}

Test(journal, keeps_a_snapshot_and_replays_from_there)
{
    cr_assert_eq(journal_fixture_append(&fixture, 10, -1), STORE_DURABLE);
    cr_assert_eq(journal_fixture_snapshot(&fixture), STORE_DURABLE);
    cr_assert_eq(journal_fixture_append(&fixture, 3, -1), STORE_DURABLE);
    journal_fixture_close(&fixture);
    journal_fixture_check(&fixture);
    cr_assert(journal_fixture_open(&fixture));
    uint64_t seq, last = 0;
    char *bytes = NULL;
    size_t length;
    cr_assert(journal_read_snapshot(fixture.journal, &seq, &bytes, &length, &fixture.why));
    cr_assert(bytes && seq == 10);
    free(bytes);
    cr_assert(fixture.port.replay(fixture.port.self, seq + 1, count_event, &last, &fixture.why));
    cr_assert_eq(last, 13);
}

Test(journal, refuses_a_snapshot_of_what_is_to_come)
{
    cr_assert_eq(journal_fixture_append(&fixture, 10, -1), STORE_DURABLE);
    fixture.model.events = 11;
    cr_assert_eq(journal_fixture_snapshot(&fixture), STORE_REFUSED);
    cr_assert_eq(fixture.why.kind, FAULT_CONFLICT);
    fixture.model.events = 10;
    cr_assert_eq(journal_fixture_append(&fixture, 1, -1), STORE_DURABLE);
}

Test(journal, erases_payloads_and_its_chain_still_holds)
{
    cr_assert_eq(journal_fixture_append(&fixture, 40, -1), STORE_DURABLE);
    cr_assert_eq(journal_fixture_snapshot(&fixture), STORE_DURABLE);
    cr_assert(journal_fixture_files_hold(&fixture, "event-12."));
    cr_assert_eq(journal_fixture_erase(&fixture, 25), STORE_DURABLE);
    for (uint64_t seq = 1; seq <= 26; seq++) {
        char text[32];
        snprintf(text, sizeof text, "event-%d.", (int)seq);
        cr_assert_eq(journal_fixture_files_hold(&fixture, text), seq > 25, "%s", text);
    }
    cr_assert_eq(journal_fixture_append(&fixture, 5, -1), STORE_DURABLE);
    journal_fixture_close(&fixture);
    journal_fixture_check(&fixture);
}

Test(journal, does_not_erase_what_a_replay_needs)
{
    cr_assert_eq(journal_fixture_append(&fixture, 10, -1), STORE_DURABLE);
    cr_assert_eq(journal_fixture_snapshot(&fixture), STORE_DURABLE);
    cr_assert_eq(journal_fixture_append(&fixture, 10, -1), STORE_DURABLE);
    cr_assert_eq(journal_fixture_erase(&fixture, 11), STORE_REFUSED);
    cr_assert_eq(fixture.why.kind, FAULT_CONFLICT);
    cr_assert_eq(journal_fixture_prune(&fixture, 11), STORE_REFUSED);
    journal_fixture_close(&fixture);
    journal_fixture_check(&fixture);
}

Test(journal, prunes_behind_an_anchor)
{
    cr_assert_eq(journal_fixture_append(&fixture, 50, -1), STORE_DURABLE);
    cr_assert_eq(journal_fixture_snapshot(&fixture), STORE_DURABLE);
    cr_assert_eq(journal_fixture_erase(&fixture, 10), STORE_DURABLE);
    cr_assert_eq(journal_fixture_prune(&fixture, 20), STORE_DURABLE);
    cr_assert(!journal_fixture_files_hold(&fixture, "event-20."));
    cr_assert(journal_fixture_files_hold(&fixture, "event-21."));
    journal_fixture_close(&fixture);
    journal_fixture_check(&fixture);
    cr_assert(journal_fixture_open(&fixture));
    cr_assert_eq(journal_fixture_prune(&fixture, 50), STORE_DURABLE);
    cr_assert_eq(journal_fixture_append(&fixture, 2, -1), STORE_DURABLE);
    uint64_t last = 0;
    cr_assert(!fixture.port.replay(fixture.port.self, 50, count_event, &last, &fixture.why));
    journal_fixture_close(&fixture);
    journal_fixture_check(&fixture);
}

Test(journal, erases_a_person_from_all_files)
{
    for (int i = 0; i < MODEL_PEOPLE; i++)
        cr_assert_eq(journal_fixture_append(&fixture, 2, i), STORE_DURABLE);
    cr_assert_eq(journal_fixture_append(&fixture, 2, 4), STORE_DURABLE); // a new name for the fifth
    cr_assert(journal_fixture_files_hold(&fixture, "Person-004-2"));
    cr_assert_eq(journal_fixture_erase_person(&fixture, 4), STORE_DURABLE);
    cr_assert(!journal_fixture_files_hold(&fixture, "Person-004-"));
    cr_assert(!journal_fixture_files_hold(&fixture, "key-004"));
    cr_assert(journal_fixture_files_hold(&fixture, "Person-005-1"));
    cr_assert_eq(journal_fixture_append(&fixture, 2, 5), STORE_DURABLE);
    cr_assert_eq(journal_fixture_erase_person(&fixture, 4), STORE_DURABLE);
    journal_fixture_close(&fixture);
    cr_assert(!journal_fixture_files_hold(&fixture, "Person-004-"));
    journal_fixture_check(&fixture);
}

Test(journal, keeps_its_log_short)
{
    for (int i = 0; i < 300; i++)
        cr_assert_eq(journal_fixture_append(&fixture, 50, -1), STORE_DURABLE);
    struct stat status;
    cr_assert_eq(stat(journal_fixture_path(&fixture, "journal.db-wal"), &status), 0);
    cr_assert_lt(status.st_size, 5 * 1024 * 1024);
    journal_fixture_close(&fixture);
    journal_fixture_check(&fixture);
}
