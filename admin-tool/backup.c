// SPDX-License-Identifier: EUPL-1.2
// A back-up of the broker, encrypted there, to a folder and to a command for the second place.
#include "admin-tool/command.h"
#include "broker/api/record.h"
#include "broker/base/base64.h"
#include "broker/base/clock.h"
#include "broker/base/file.h"
#include "broker/client/language.h"
#include "broker/net/backup_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_MS = 300, CHUNK = 256 * 1024, BACKUP_NAME_SIZE = 64, COMMAND_WORDS_MAX = 32 };

// As the broker names them.
enum { STATE_NONE, STATE_RUNNING, STATE_READY };

struct backup {
    struct tool *tool;
    struct backup_answer told;
    char name[BACKUP_NAME_SIZE], path[OPTION_SIZE + BACKUP_NAME_SIZE];
    struct file_draft *draft; // NULL: to no folder
    FILE *command;            // its standard input; NULL: to none
    pid_t command_pid;
    struct backup_reader *reader; // of what passes by
    struct envelope_key *key;
};

static enum exit_code ask(struct backup *backup, enum method_id method)
{
    struct tool_call call = {.method = method_find(method, NOUN_NONE)};
    return tool_ask(backup->tool, &call, method == METHOD_BACKUP_DROP ? NULL : (void *)&backup->told);
}

static enum exit_code complain_of(const char *what, const struct fault *why)
{
    out_complain("%s: %s", what, why->text);
    return EXIT_REFUSED;
}

// ---- made by the broker

static void wait_a_little(void)
{
    nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000l}, NULL);
}

static enum exit_code have_it_made(struct backup *backup)
{
    char id[SLUG_SIZE];
    enum exit_code code = ask(backup, METHOD_BACKUP_START);
    TEXT_PUT(id, backup->told.id);
    while (code == EXIT_DONE && backup->told.state == STATE_RUNNING) {
        wait_a_little();
        code = ask(backup, METHOD_BACKUP_SHOW);
    }
    if (code != EXIT_DONE || (backup->told.state == STATE_READY && text_equal(backup->told.id, id)))
        return code;
    out_complain(_("The broker could not make the back-up: %s"),
                 backup->told.failure[0] ? backup->told.failure : _("it was restarted meanwhile"));
    return EXIT_REFUSED;
}

// ---- where it goes

static void name_it(struct backup *backup, const char *folder)
{
    time_t began = (time_t)(backup->told.began_ms / 1000);
    struct tm when;
    gmtime_r(&began, &when);
    strftime(backup->name, sizeof backup->name, "pult-%Y-%m-%dT%H%M%SZ.tar", &when);
    snprintf(backup->path, sizeof backup->path, "%s/%s", folder ? folder : "", backup->name);
}

// Words with spaces between; what needs a shell is a script of the administrator's.
static bool start_command(struct backup *backup, char *words)
{
    char *arguments[COMMAND_WORDS_MAX + 1] = {NULL};
    size_t count = 0;
    int ends[2];
    posix_spawn_file_actions_t actions;
    for (char *word; (word = strsep(&words, " ")) && count < COMMAND_WORDS_MAX;)
        if (*word)
            arguments[count++] = word;
    if (words || !count) {
        errno = words ? E2BIG : ENOENT;
        return false;
    }
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
    errno = posix_spawnp(&backup->command_pid, arguments[0], &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[0]);
    if (errno == 0 && (backup->command = fdopen(ends[1], "we")))
        return true;
    close(ends[1]);
    return false;
}

static enum exit_code open_places(struct backup *backup, const char *folder)
{
    struct fault why;
    name_it(backup, folder);
    if (folder && !(backup->draft = file_draft_new(backup->path, 0600, &why)))
        return complain_of(folder, &why);
    if (!backup->tool->options.command[0])
        return EXIT_DONE;
    setenv("PULT_BACKUP", backup->name, 1);
    owned(bytes) char *words = mem_dup(backup->tool->options.command);
    if (start_command(backup, words))
        return EXIT_DONE;
    out_complain("%s: %s", backup->tool->options.command, strerror(errno));
    return EXIT_REFUSED;
}

static bool put_bytes(struct backup *backup, const void *bytes, size_t length, struct fault *why)
{
    if (backup->draft && !file_draft_add(backup->draft, bytes, length, why))
        return false;
    if (backup->command && fwrite(bytes, 1, length, backup->command) != length)
        return fault_set(why, FAULT_UNAVAILABLE, "%s: %s", backup->tool->options.command, strerror(errno));
    return backup_reader_add(backup->reader, bytes, length, why);
}

// ---- fetched

static enum exit_code fetch_piece(struct backup *backup, int64_t *offset, bool *last)
{
    struct page_query query = {0};
    struct tool_call call = {.method = method_find(METHOD_BACKUP_READ, NOUN_NONE), .query = &query};
    struct backup_piece_answer piece = {0};
    struct fault why;
    snprintf(query.after, sizeof query.after, "%lld", (long long)*offset);
    enum exit_code code = tool_ask(backup->tool, &call, &piece);
    if (code != EXIT_DONE)
        return code;
    *last = !piece.data;
    size_t length = 0;
    owned(bytes) unsigned char *bytes = mem_room((piece.data ? strlen(piece.data) : 0) + 1);
    if (!text_equal(piece.id, backup->told.id) || (piece.data && !base64_decode(bytes, &length, piece.data)))
        code = complain_of(_("The broker sent something else than the back-up"),
                           &(struct fault){.text = "please try again"});
    else if (!put_bytes(backup, bytes, length, &why))
        code = complain_of(_("The back-up cannot be kept"), &why);
    *offset += (int64_t)length;
    record_free(call.method->answer->fields, &piece);
    return code;
}

static enum exit_code fetch(struct backup *backup)
{
    enum exit_code code = EXIT_DONE;
    bool last = false;
    for (int64_t offset = 0; code == EXIT_DONE && !last;)
        code = fetch_piece(backup, &offset, &last);
    return code;
}

// ---- verified

static bool is_whole(struct backup_reader *reader, const char *digest, struct fault *why)
{
    char read[BACKUP_DIGEST_SIZE];
    if (!backup_reader_finish(reader, why))
        return false;
    backup_reader_digest(reader, read);
    return text_equal(read, digest) || fault_set(why, FAULT_BROKEN, "it is not what the broker made");
}

static bool pass_member(void *arg, const struct archive_member *member, struct fault *why)
{
    (void)arg, (void)member, (void)why;
    return true;
}

static bool pass_bytes(void *arg, const void *bytes, size_t length, struct fault *why)
{
    (void)arg, (void)bytes, (void)length, (void)why;
    return true;
}

static bool pass_end(void *arg, struct fault *why)
{
    (void)arg, (void)why;
    return true;
}

static struct backup_reader *reader_new(const struct envelope_key *key)
{
    static const struct archive_events nothing = {NULL, pass_member, pass_bytes, pass_end};
    return backup_reader_new(key, key ? &nothing : NULL);
}

// As it lies on the disk, not as it passed by.
static bool verify_file(const struct backup *backup, struct fault *why)
{
    int file = open(backup->path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return fault_set(why, FAULT_UNAVAILABLE, "%s", strerror(errno));
    struct backup_reader *reader = reader_new(backup->key);
    owned(bytes) char *chunk = mem_room(CHUNK);
    bool right = true;
    ssize_t got = 0;
    while (right && (got = read(file, chunk, CHUNK)) > 0)
        right = backup_reader_add(reader, chunk, (size_t)got, why);
    if (right && got < 0)
        right = fault_set(why, FAULT_UNAVAILABLE, "%s", strerror(errno));
    right = right && is_whole(reader, backup->told.digest, why);
    backup_reader_free(reader);
    close(file);
    return right;
}

static enum exit_code finish_file(struct backup *backup)
{
    struct fault why;
    if (!backup->draft)
        return EXIT_DONE;
    if (!file_draft_publish(backup->draft, &why))
        return complain_of(backup->path, &why);
    if (verify_file(backup, &why))
        return EXIT_DONE;
    file_system->unlink(backup->path);
    return complain_of(backup->path, &why);
}

// It then has everything, or its end.
static int end_command(struct backup *backup)
{
    int status = -1;
    bool written = fclose(take(backup->command)) == 0;
    while (waitpid(backup->command_pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return written || status ? status : -1;
}

static enum exit_code finish_command(struct backup *backup)
{
    if (!backup->command)
        return EXIT_DONE;
    int status = end_command(backup);
    if (status == 0)
        return EXIT_DONE;
    out_complain(_("%s: the command failed (%d)"), backup->tool->options.command,
                 WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    return EXIT_REFUSED;
}

static enum exit_code finish(struct backup *backup)
{
    struct fault why;
    if (!is_whole(backup->reader, backup->told.digest, &why))
        return complain_of(_("The back-up is not whole"), &why);
    enum exit_code code = finish_file(backup);
    return code == EXIT_DONE ? finish_command(backup) : code;
}

static void tell(const struct backup *backup, bool in_folder)
{
    struct out *out = &backup->tool->out;
    out_line(out, _("Back-up %s, %lld bytes, SHA-256 %s"), in_folder ? backup->path : backup->name,
             (long long)backup->told.size, backup->told.digest);
    out_line(out, "%s",
             backup->key ? _("Verified: it is complete, the key opens it, and all files in it are unaltered.")
                         : _("Verified: it is complete and as the broker made it. That its key opens it was not "
                             "tried: no --recovery-key."));
}

static enum exit_code make(struct backup *backup, const char *folder)
{
    enum exit_code code = have_it_made(backup);
    if (code == EXIT_DONE)
        code = open_places(backup, folder);
    if (code == EXIT_DONE)
        code = fetch(backup);
    if (code == EXIT_DONE)
        code = finish(backup);
    if (backup->told.state == STATE_READY)
        (void)ask(backup, METHOD_BACKUP_DROP);
    return code;
}

enum exit_code backup_make(struct tool *tool, const struct invocation *invocation)
{
    struct backup backup = {.tool = tool};
    signal(SIGPIPE, SIG_IGN); // a command that ends early is a failure to be told
    struct fault why;
    const char *folder = invocation->count ? invocation->words[0] : NULL;
    if (!folder && !tool->options.command[0]) {
        out_complain("%s", _("Say where the back-up goes: a folder, --command, or both."));
        return EXIT_USAGE;
    }
    if (tool->options.recovery_key[0] && !(backup.key = envelope_key_load(tool->options.recovery_key, &why))) {
        complain_of(tool->options.recovery_key, &why);
        return EXIT_USAGE;
    }
    backup.reader = reader_new(backup.key);
    enum exit_code code = make(&backup, folder);
    if (code == EXIT_DONE) {
        out_json(&tool->out, &backup_answer_type, &backup.told);
        tell(&backup, folder);
    }
    file_draft_free(backup.draft);
    if (backup.command)
        end_command(&backup);
    backup_reader_free(backup.reader);
    envelope_key_free(backup.key);
    return code;
}
