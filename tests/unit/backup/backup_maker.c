// SPDX-License-Identifier: EUPL-1.2
// A back-up from start to end on a store that answers when the test says so: who may begin, what is in it, what is left
// on the disk, and what becomes of it.
#include "broker/backup/backup_maker.h"
#include "broker/base/base64.h"
#include "broker/base/file.h"
#include "broker/base/log.h"
#include "tests/folder.h"
#include "tests/program.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[FOLDER_SIZE], data[80], config_path[80], credentials[80], certificates[80], copied_to[200];
static const char *const data_names[] = {"device-ca.key", "otp.secret", NULL};
static const char *paths[] = {config_path, "", certificates, NULL};
static struct loop *loop;
static struct backup_maker *maker;
static struct backup_port port;
static struct envelope_key *key;
static struct fault why;
static store_done *copied;
static void *copied_arg;
static bool copy_is_whole;
static struct text fetched, seen; // seen: "name=content;name=content;"

static void copy(void *self, const char *to, store_done *done, void *arg)
{
    (void)self;
    snprintf(copied_to, sizeof copied_to, "%s", to);
    copied = done;
    copied_arg = arg;
}

static bool verify_copy(const char *where, struct fault *reason)
{
    return (copy_is_whole && strcmp(where, copied_to) == 0) || fault_set(reason, FAULT_BROKEN, "event 7: damaged");
}

static void make_maker(const char *to)
{
    struct store_port store = {.copy = copy, .verify_copy = verify_copy};
    struct backup_config config = {
        .folder = data, .data_names = data_names, .paths = paths, .credentials_dir = credentials, .certificates = to};
    backup_maker_free(maker);
    maker = backup_maker_new(loop, &store, &config);
    port = backup_maker_port(maker);
}

static void start(void)
{
    char line[700];
    log_set_level(LOG_LEVEL_ERROR);
    folder_make(folder, "maker");
    snprintf(data, sizeof data, "%s/data", folder);
    snprintf(config_path, sizeof config_path, "%s/broker.conf", folder);
    snprintf(credentials, sizeof credentials, "%s/credentials", folder);
    snprintf(certificates, sizeof certificates, "%s/key.pem", folder);
    snprintf(line, sizeof line,
             "umask 077; cd %s; mkdir data credentials; echo conf >broker.conf; echo ca >data/device-ca.key;"
             "echo otp >data/otp.secret; echo password >credentials/kreis.password; mkdir credentials/.hidden;"
             "openssl req -x509 -newkey rsa:2048 -noenc -keyout key.key -out key.pem -days 1 -subj /CN=x 2>/dev/null",
             folder);
    program_shell(line);
    snprintf(line, sizeof line, "%s/key.key", folder);
    key = envelope_key_load(line, &why);
    cr_assert(key, "%s", why.text);
    loop = loop_new();
    copy_is_whole = true;
    copied = NULL;
    make_maker(certificates);
}

static void stop(void)
{
    backup_maker_free(maker);
    loop_free(loop);
    envelope_key_free(key);
    text_drop(&fetched);
    text_drop(&seen);
    folder_remove(folder);
}

TestSuite(backup_maker, .init = start, .fini = stop, .timeout = 120);

static bool prepare(void)
{
    owned(text) struct text recipients = {0};
    return port.prepare(port.self, &recipients, &why);
}

static struct backup_status status(void)
{
    struct backup_status now;
    port.status(port.self, &now);
    return now;
}

static struct loop_timer *tick;

static void look(void *arg)
{
    (void)arg;
    if (status().state == BACKUP_RUNNING)
        loop_timer_start(tick, 5);
    else
        loop_stop(loop);
}

// The store has copied, and the thread does the rest.
static void finish_copy(enum store_outcome outcome)
{
    static const struct fault full = {.kind = FAULT_UNAVAILABLE, .text = "the disk is full"};
    char path[300];
    snprintf(path, sizeof path, "%s/journal.db", copied_to);
    cr_assert(file_create(path, 0600, "events", 6, &why), "%s", why.text);
    copied(copied_arg, outcome, &full);
    tick = loop_timer_new(loop, look, NULL);
    loop_timer_start(tick, 0);
    loop_run(loop);
    loop_timer_free(tick);
}

static void make_one(void)
{
    cr_assert(prepare(), "%s", why.text);
    port.start(port.self);
    cr_assert_eq(status().state, BACKUP_RUNNING);
    finish_copy(STORE_DURABLE);
}

// ---- fetching

static bool told, refused, at_end;

static void take_piece(void *arg, const char *base64, const struct fault *reason)
{
    (void)arg;
    told = true;
    refused = reason;
    at_end = base64 && !base64[0];
    if (reason)
        why = *reason;
    if (base64) {
        size_t length;
        owned(bytes) unsigned char *bytes = mem_room(strlen(base64) + 1);
        cr_assert(base64_decode(bytes, &length, base64));
        text_add(&fetched, (char *)bytes, length);
    }
    loop_stop(loop);
}

static void read_at(uint64_t offset)
{
    told = false;
    port.read(port.self, offset, take_piece, NULL);
    cr_assert_not(told, "not from within");
    loop_run(loop);
    cr_assert(told);
}

static void fetch_all(void)
{
    text_drop(&fetched);
    do
        read_at(fetched.length);
    while (!refused && !at_end);
    cr_assert_not(refused, "%s", why.text);
    cr_assert_eq((int64_t)fetched.length, status().size);
}

static bool see_name(void *arg, const struct archive_member *member, struct fault *reason)
{
    (void)arg, (void)reason;
    text_addf(&seen, "%s=", member->name);
    return true;
}

static bool see_bytes(void *arg, const void *bytes, size_t length, struct fault *reason)
{
    (void)arg, (void)reason;
    text_add(&seen, bytes, length);
    return true;
}

static bool see_end(void *arg, struct fault *reason)
{
    (void)arg, (void)reason;
    text_adds(&seen, ";");
    return true;
}

static void open_fetched(void)
{
    char digest[BACKUP_DIGEST_SIZE];
    struct archive_events events = {NULL, see_name, see_bytes, see_end};
    struct backup_reader *reader = backup_reader_new(key, &events);
    cr_assert(backup_reader_add(reader, fetched.bytes, fetched.length, &why), "%s", why.text);
    cr_assert(backup_reader_finish(reader, &why), "%s", why.text);
    backup_reader_digest(reader, digest);
    cr_assert_str_eq(digest, status().digest);
    backup_reader_free(reader);
}

// The configuration first: a restore needs it to know where the rest belongs.
Test(backup_maker, puts_in_what_a_new_machine_needs)
{
    char begin[100];
    make_one();
    cr_assert_eq(status().state, BACKUP_READY, "%s", status().failure.text);
    fetch_all();
    open_fetched();
    snprintf(begin, sizeof begin, "files%s=conf\n;", config_path);
    cr_assert(text_starts(seen.bytes, begin), "%s", seen.bytes);
    cr_assert(strstr(seen.bytes, "/credentials/kreis.password=password\n;"), "%s", seen.bytes);
    cr_assert(strstr(seen.bytes, "/key.pem=-----BEGIN CERTIFICATE"));
    cr_assert(strstr(seen.bytes, ";data/device-ca.key=ca\n;data/otp.secret=otp\n;journal/journal.db=events;"), "%s",
              seen.bytes);
}

Test(backup_maker, leaves_nothing_on_the_disk)
{
    make_one();
    cr_assert_eq(access(copied_to, F_OK), -1);
    char line[160];
    snprintf(line, sizeof line, "test \"$(ls %s | tr '\\n' ' ')\" = 'device-ca.key otp.secret '", data);
    program_shell(line);
}

Test(backup_maker, makes_none_that_nobody_could_open)
{
    make_maker("");
    cr_assert_not(prepare());
    cr_assert_eq(why.kind, FAULT_CONFLICT);
    cr_assert(strstr(why.text, "nobody could open it"), "%s", why.text);
    make_maker("/nowhere.pem");
    cr_assert_not(prepare());
    cr_assert_eq(why.kind, FAULT_ABSENT);
    make_maker(config_path);
    cr_assert_not(prepare());
    cr_assert_eq(why.kind, FAULT_INVALID);
}

// A file of holes is as large as its bytes would be.
Test(backup_maker, makes_none_for_which_there_is_no_room)
{
    char path[100];
    snprintf(path, sizeof path, "%s/journal.db", data);
    cr_assert(file_create(path, 0600, "", 0, &why), "%s", why.text);
    cr_assert_eq(truncate(path, (off_t)(file_disk_free_bytes(data) / 2)), 0);
    cr_assert_not(prepare());
    cr_assert_eq(why.kind, FAULT_CONFLICT);
    cr_assert(strstr(why.text, "no room"), "%s", why.text);
    unlink(path);
    cr_assert(prepare(), "%s", why.text);
}

Test(backup_maker, makes_one_at_a_time)
{
    cr_assert(prepare());
    port.start(port.self);
    cr_assert_not(prepare());
    cr_assert_eq(why.kind, FAULT_CONFLICT);
    finish_copy(STORE_DURABLE);
    cr_assert_not(prepare(), "somebody fetches it");
    port.drop(port.self);
    cr_assert(prepare(), "%s", why.text);
}

Test(backup_maker, of_which_the_copy_fails_says_why)
{
    cr_assert(prepare());
    port.start(port.self);
    finish_copy(STORE_REFUSED);
    cr_assert_eq(status().state, BACKUP_FAILED);
    cr_assert_str_eq(status().failure.text, "the disk is full");
    cr_assert_eq(access(copied_to, F_OK), -1);
    read_at(0);
    cr_assert(refused && why.kind == FAULT_ABSENT);
    make_one();
    cr_assert_eq(status().state, BACKUP_READY);
}

Test(backup_maker, is_given_out_only_when_its_journal_is_whole)
{
    copy_is_whole = false;
    make_one();
    cr_assert_eq(status().state, BACKUP_FAILED);
    cr_assert_str_eq(status().failure.text, "event 7: damaged");
    cr_assert_eq(access(copied_to, F_OK), -1);
}

Test(backup_maker, lacks_no_file_that_it_should_have)
{
    char path[100];
    snprintf(path, sizeof path, "%s/otp.secret", data);
    unlink(path);
    make_one();
    cr_assert_eq(status().state, BACKUP_FAILED);
    cr_assert(strstr(status().failure.text, "otp.secret"), "%s", status().failure.text);
}

Test(backup_maker, reads_no_further_than_its_end)
{
    make_one();
    read_at((uint64_t)status().size);
    cr_assert(at_end && !refused);
    read_at((uint64_t)status().size + 1);
    cr_assert(refused && why.kind == FAULT_ABSENT);
    read_at(UINT64_MAX);
    cr_assert(refused);
    port.drop(port.self);
    cr_assert_eq(status().state, BACKUP_NONE);
    read_at(0);
    cr_assert(refused);
}

Test(backup_maker, may_end_at_any_moment)
{
    cr_assert(prepare());
    port.start(port.self);
    make_maker(certificates);
    cr_assert_eq(access(copied_to, F_OK), -1, "the copy has gone");
    cr_assert(prepare(), "%s", why.text);
}
