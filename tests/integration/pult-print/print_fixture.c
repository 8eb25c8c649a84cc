// SPDX-License-Identifier: EUPL-1.2
#include "tests/integration/pult-print/print_fixture.h"
#include "broker/auth/ca.h"
#include "broker/base/base64.h"
#include "broker/base/file.h"
#include "broker/base/text.h"
#include "broker/client/credential.h"
#include "broker/net/envelope.h"
#include "broker/pult-print/document.h"
#include "tests/folder.h"
#include "tests/network.h"
#include "tests/program.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

char print_fixture_http[32];

static char folder[FOLDER_SIZE];
static struct ca *ca;
static pid_t server;
static struct loop *loop;
static struct spool *spool;
static struct fault why;

const char *print_fixture_path(const char *name)
{
    static char paths[4][200];
    static int at;
    at = (at + 1) % 4;
    snprintf(paths[at], sizeof paths[at], "%s/%s", folder, name);
    return paths[at];
}

static void copy_file(const char *from, const char *to)
{
    static char bytes[16 * 1024];
    size_t length;
    cr_assert(file_read(from, bytes, sizeof bytes, &length, &why) && file_replace(to, 0600, bytes, length, &why));
}

void print_fixture_init(void)
{
    network_own();
    folder_make(folder, "print");
    cr_assert(chmod(folder, 0755) == 0 && mkdir(print_fixture_path("state"), 0700) == 0);
    cr_assert(ca_create(print_fixture_path("ca.key"), print_fixture_path("ca.crt"), &why), "%s", why.text);
    ca = ca_open(print_fixture_path("ca.key"), print_fixture_path("ca.crt"), 3600, &why);
    cr_assert(ca, "%s", why.text);
    print_fixture_enrol("state/print-server", NOUN_PRINT_SERVER, "neustadt/print");
    cr_assert(file_replace(print_fixture_path("state/print-server.id"), 0600, "neustadt/print\n", 15, &why));
    print_fixture_enrol("ts1", NOUN_HOST, "neustadt/ts1");
    copy_file(print_fixture_path("ca.crt"), print_fixture_path("state/authority.pem"));
    copy_file(print_fixture_path("ca.crt"), print_fixture_path("state/seal.pem"));
}

void print_fixture_fini(void)
{
    print_fixture_close_spool();
    if (server)
        print_fixture_stop();
    ca_free(ca);
    folder_remove(folder);
}

void print_fixture_forget_broker(void)
{
    cr_assert(unlink(print_fixture_path("state/seal.pem")) == 0);
}

void print_fixture_enrol(const char *name, enum noun noun, const char *id)
{
    char request[CREDENTIAL_REQUEST_SIZE], certificate[CREDENTIAL_REQUEST_SIZE], at[200], made[200], wanted[200];
    unsigned char der[CREDENTIAL_REQUEST_SIZE];
    size_t length;
    struct ca_certificate out;
    struct ca_port port = ca_port(ca);
    snprintf(at, sizeof at, "%s/new", folder);
    mkdir(at, 0700);
    struct credential *pair = credential_new(noun, at, &why);
    cr_assert(pair && credential_request(pair, request, &why) && base64_decode(der, &length, request), "%s", why.text);
    cr_assert(port.sign(port.self, der, length, noun, id, "", &out, &why), "%s", why.text);
    cr_assert(base64_encode(certificate, sizeof certificate, out.der, out.length));
    cr_assert(credential_keep(pair, certificate, &why), "%s", why.text);
    credential_free(pair);
    free(out.der);
    snprintf(made, sizeof made, "%.100s/%s.pem", at, noun_rows[noun].name);
    snprintf(wanted, sizeof wanted, "%s/%s.pem", folder, name);
    cr_assert_eq(rename(made, wanted), 0);
}

// ---- the program

void print_fixture_start(const char *settings)
{
    char line[300], text[1000];
    int length =
        snprintf(text, sizeof text,
                 "broker = localhost\ndevice-port = 1\nbroker-ca = %s/ca.crt\nstate-dir = %s/state\n"
                 "run-dir = %s/run\n%s\n%s\n",
                 folder, folder, folder, strstr(settings, "disk-reserve") ? "" : "disk-reserve-mib = 0", settings);
    mkdir(print_fixture_path("run"), 0755);
    cr_assert(file_replace(print_fixture_path("conf"), 0600, text, (size_t)length, &why));
    snprintf(line, sizeof line, "broker/pult-print/pult-print --config %s/conf", folder);
    unlink(print_fixture_path("log"));
    server = program_start(line, print_fixture_path("log"));
    for (int i = 0; i < 1000; i++) {
        char log[8192];
        if (file_read_text(print_fixture_path("log"), log, sizeof log, NULL) && strstr(log, " takes print jobs"))
            return;
        usleep(10000);
    }
    snprintf(line, sizeof line, "cat %s/log >&2; false", folder);
    program_shell(line);
}

void print_fixture_shell(const char *words)
{
    char line[1000];
    snprintf(line, sizeof line, "cd %s && %s", folder, words);
    program_shell(line);
}

void print_fixture_stop(void)
{
    cr_assert_eq(kill(server, SIGTERM), 0);
    cr_assert_eq(waitpid(server, NULL, 0), server);
    server = 0;
    unlink(print_fixture_path("run/door.sock"));
}

pid_t print_fixture_pid(void)
{
    return server;
}

// ---- requests

struct print_request print_fixture_job(const char *uuid)
{
    return (struct print_request){.operation = IPP_OP_PRINT_JOB,
                                  .user = "anna",
                                  .uuid = uuid,
                                  .format = "application/pdf",
                                  .size = 100000,
                                  .letter = 'a'};
}

static void add_string(ipp_t *message, ipp_tag_t group, ipp_tag_t tag, const char *name, const char *value)
{
    if (value)
        ippAddString(message, group, tag, name, NULL, value);
}

ipp_t *print_fixture_message(const struct print_request *request)
{
    ipp_t *message = ippNewRequest(request->operation);
    add_string(message, IPP_TAG_OPERATION, IPP_TAG_URI, "printer-uri", "ipps://print/ipp/print/next-to-me");
    add_string(message, IPP_TAG_OPERATION, IPP_TAG_NAME, "requesting-user-name", request->user);
    add_string(message, IPP_TAG_OPERATION, IPP_TAG_NAME, "job-name", "Geheime Gehaltsliste");
    add_string(message, IPP_TAG_OPERATION, IPP_TAG_MIMETYPE, "document-format", request->format);
    add_string(message, IPP_TAG_JOB, IPP_TAG_URI, "job-uuid", request->uuid);
    return message;
}

void print_fixture_write(const char *name, ipp_t *message, const struct print_request *request)
{
    int file = open(print_fixture_path(name), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    cr_assert(file >= 0 && ippWriteFile(file, message) == IPP_STATE_DATA);
    ippDelete(message);
    char bytes[8192];
    memset(bytes, request->letter, sizeof bytes);
    for (size_t left = request->size; left;) {
        size_t part = left < sizeof bytes ? left : sizeof bytes;
        cr_assert_eq(write(file, bytes, part), (ssize_t)part);
        left -= part;
    }
    close(file);
}

static int read_status(const char *path)
{
    int status = -1, file = open(path, O_RDONLY);
    if (file < 0)
        return -1;
    ipp_t *answer = ippNew();
    if (ippReadFile(file, answer) == IPP_STATE_DATA)
        status = ippGetStatusCode(answer);
    ippDelete(answer);
    close(file);
    return status;
}

int print_fixture_post(const char *file, const char *machine, const char *path, const char *options)
{
    char line[1000], certificate[300] = "";
    FILE *http;
    if (machine)
        snprintf(certificate, sizeof certificate, "--cert %s.pem", print_fixture_path(machine));
    snprintf(
        line, sizeof line,
        "cd %s && rm -f answer; curl -sk %s -H 'Content-Type: application/ipp' --data-binary @%s -w '%%{http_code}' "
        "-o answer %s https://127.0.0.1:%d%s >code; echo \"$? $(cat code)\" >http",
        folder, certificate, print_fixture_path(file), options, PRINT_PORT, path);
    program_shell(line);
    http = fopen(print_fixture_path("http"), "re");
    cr_assert(http && fgets(print_fixture_http, sizeof print_fixture_http, http));
    print_fixture_http[strcspn(print_fixture_http, "\n")] = 0;
    fclose(http);
    return strstr(print_fixture_http, " 200") ? read_status(print_fixture_path("answer")) : -1;
}

int print_fixture_send(const struct print_request *request)
{
    print_fixture_write("request", print_fixture_message(request), request);
    return print_fixture_post("request", "ts1", "/ipp/print/next-to-me", "");
}

// ---- what is kept

struct spool *print_fixture_spool(void)
{
    cr_assert(!server && !spool);
    loop = loop_new();
    spool = spool_open(loop, print_fixture_path("state/spool"), &why);
    cr_assert(spool, "%s", why.text);
    return spool;
}

void print_fixture_close_spool(void)
{
    if (!spool)
        return;
    spool_free(spool);
    loop_free(loop);
    spool = NULL;
}

bool print_fixture_is_whole(const struct spool_job *job, char letter)
{
    char path[SPOOL_PATH_SIZE], bytes[4096];
    unsigned char sealed[SPOOL_SEALED_SIZE];
    size_t length, all = 0;
    struct text key = {0};
    struct envelope_key *opener = envelope_key_load(print_fixture_path("ca.key"), &why);
    cr_assert(opener && base64_decode(sealed, &length, job->sealed));
    cr_assert(envelope_open(opener, sealed, length, &key, &why), "%s", why.text);
    cr_assert(key.length > DOCUMENT_KEY_BYTES);
    cr_assert_str_eq(key.bytes + DOCUMENT_KEY_BYTES, "neustadt/print"); // to whom the broker gives it back
    spool_document_path(spool, job->id, path);
    struct document_reader *reader = document_open(path, job->id, (const unsigned char *)key.bytes, &why);
    length = 1;
    while (reader && length && document_read(reader, bytes, sizeof bytes, &length, &why)) {
        for (size_t i = 0; i < length; i++)
            cr_assert_eq(bytes[i], letter);
        all += length;
    }
    document_close(reader);
    envelope_key_free(opener);
    text_drop(&key);
    return all == (size_t)job->size;
}

int print_fixture_files(void)
{
    int count = 0;
    DIR *files = opendir(print_fixture_path("state/spool"));
    cr_assert(files);
    for (const struct dirent *one; (one = readdir(files));)
        count += one->d_name[0] != '.';
    closedir(files);
    return count;
}
