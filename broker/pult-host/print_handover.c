// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/print_handover.h"
#include "broker/api/types.h"
#include "broker/base/base64.h"
#include "broker/base/clock.h"
#include "broker/base/file.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/client/credential.h"
#include "broker/client/language.h"
#include "broker/net/tls_policy.h"
#include "broker/pult-host/print_request.h"
#include "broker/pult-host/print_server.h"

#include <assert.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    HANDOVER_URI_SIZE = 600,
    TARGET_SIZE = ID_SIZE,
    ENTRY_SIZE = 16 * 1024,
    DER_SIZE = 2048,
    CONNECT_S = 10,
    STALLED_S = 60, // without a byte either way
    KEPT_S = 60,    // a connection without a job; the print server keeps it a little longer
    ANSWER_BYTES = 8,
    FORMAT_REFUSED = 0x040a, // IPP's status
    LOCK_BYTES = 7,          // where in a file of locks a job's stands
    TAIL_SIZE = 1024,        // how far from its end a PDF says that it ends there
};

struct print_line {
    CURL *curl; // NULL: it was not used yet
    // What it was opened with. Another print server, or another certificate of this host, is for another connection.
    struct host_printing server;
    struct credential_files files;
    struct stat certificate;
};

struct handover {
    struct print_line *line;
    const char *const *words;
    const atomic_bool *stops;
    struct text head; // IPP, before the document
    size_t head_at;
    int document;
    off_t begin;      // of the document, where it can be read twice; -1: it comes by a pipe
    struct text tail; // what came last by a pipe
    bool is_cut;
    unsigned char answer[ANSWER_BYTES]; // how IPP's begins: version, status
    size_t answer_length;
    char owner[USER_NAME_SIZE * 2], uuid[PRINT_UUID_SIZE];
    char place[FILENAME_MAX], target[TARGET_SIZE]; // of the URI
    const char *sentence;
    bool no_server;
};

// The job's state, as its owner sees it.
static enum backend_exit end_with(struct handover *job, enum backend_exit code, const char *sentence)
{
    job->sentence = sentence;
    return code;
}

static enum backend_exit wait_for_server(struct handover *job, const char *sentence)
{
    job->no_server = true;
    return end_with(job, EXIT_LATER, sentence);
}

static const char *word_of(const struct handover *job, enum print_word word)
{
    return job->words[word];
}

// ---- whose it is, and where it goes

static bool split_uri(struct handover *job, const char *uri)
{
    const char *place = strchr(uri, ':'), *target = place ? strrchr(place, '?') : NULL;
    if (!target || place[1] != '/' || (size_t)(target - place) > sizeof job->place)
        return false;
    snprintf(job->place, sizeof job->place, "%.*s", (int)(target - place - 1), place + 1);
    return text_copy(job->target, sizeof job->target, target + 1) && job->target[0] &&
           strspn(job->target, "abcdefghijklmnopqrstuvwxyz0123456789-/") == strlen(job->target);
}

static enum backend_exit find_owner(struct handover *job)
{
    struct passwd entry, *found = NULL;
    int64_t uid = -1;
    owned(bytes) char *buffer = mem_new(1, ENTRY_SIZE);
    if (!text_number(word_of(job, PRINT_WORD_UID), 0, UINT32_MAX - 1, &uid))
        return end_with(job, EXIT_REFUSED, _("Not printed: it is not known who printed it."));
    if (getpwuid_r((uid_t)uid, &entry, buffer, ENTRY_SIZE, &found) != 0 || !found)
        return end_with(job, EXIT_LATER, _("This host does not find the account of who printed it. It tries again."));
    return text_copy(job->owner, sizeof job->owner, found->pw_name)
               ? EXIT_STORED
               : end_with(job, EXIT_REFUSED, _("Not printed: it is not known who printed it."));
}

// cupsd calls by a bare name whoever has only claimed one, and root of other machines "remroot".
static enum backend_exit find_principal(struct handover *job)
{
    const char *user = word_of(job, PRINT_WORD_USER), *at = strrchr(user, '@');
    bool is_principal = at && at != user && at[1] && text_is_clean(user, strlen(user)) && !strchr(user, ' ') &&
                        !text_starts(user, "anonymous@") && !text_starts(user, "remroot@");
    if (is_principal && text_copy(job->owner, sizeof job->owner, user))
        return EXIT_STORED;
    return end_with(job, EXIT_REFUSED, _("Not printed: this takes a Kerberos ticket."));
}

// Whoever prints may choose a job's uuid, also that of another's: whose it is belongs to it.
static off_t lock_place(const struct handover *job)
{
    char name[sizeof job->owner + sizeof job->uuid];
    unsigned char digest[EVP_MAX_MD_SIZE];
    off_t place = 0;
    int length = snprintf(name, sizeof name, "%s %s", job->uuid, job->owner);
    if (EVP_Digest(name, (size_t)length, digest, NULL, EVP_sha256(), NULL) != 1)
        return 0; // then one at a time
    for (size_t i = 0; i < LOCK_BYTES; i++)
        place = place << 8 | digest[i];
    return place;
}

// cupsd that was killed leaves its backend behind and starts the same job again beside it. A lock of bytes of one file,
// which is gone with whoever has it: in pult-host's folder, since its unit lets that write nowhere else, or in cupsd's.
// Anything but EXIT_STORED: it is not ours.
static enum backend_exit lock_job(struct handover *job, bool by_door, int *locked)
{
    char path[FILENAME_MAX];
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = lock_place(job), .l_len = 1};
    const char *folder = by_door ? word_of(job, PRINT_WORD_STATE_DIR) : job->place;
    bool fits = snprintf(path, sizeof path, "%s/pult-jobs.lock", folder) < (int)sizeof path;
    int file = fits ? open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
    if (file < 0) {
        log_error("print", "%s: %s", path, fits ? strerror(errno) : "too long");
        return end_with(job, EXIT_LATER, _("This host cannot hand it over at the moment. It tries again."));
    }
    if (fcntl(file, F_OFD_SETLK, &lock) == 0) {
        *locked = file;
        return EXIT_STORED;
    }
    close(file);
    return end_with(job, EXIT_LATER, _("It is being handed over already."));
}

// ---- the document

// What our PPD passes through stays what it was; of all else a filter makes PDF, the type of which cupsd calls that of
// the queue.
static const char *document_format(const struct handover *job)
{
    static const char pdf[] = "application/pdf";
    static const char *const passed[] = {pdf, "image/pwg-raster", "image/urf"};
    const char *came = word_of(job, PRINT_WORD_TYPE), *made = word_of(job, PRINT_WORD_FINAL_TYPE);
    for (size_t i = 0; i < sizeof passed / sizeof passed[0]; i++)
        if (text_equal(came, passed[i]))
            return came;
    return text_starts(made, "printer/") ? pdf : *made ? made : came;
}

// -1: it comes by a pipe, and nobody knows.
static curl_off_t length_of(const struct handover *job)
{
    struct stat file;
    bool is_known = job->begin >= 0 && fstat(job->document, &file) == 0 && S_ISREG(file.st_mode);
    return is_known ? (curl_off_t)job->head.length + file.st_size - job->begin : -1;
}

static void keep_tail(struct text *tail, const char *bytes, size_t length)
{
    text_add(tail, bytes, length);
    if (tail->length > TAIL_SIZE) {
        memmove(tail->bytes, tail->bytes + tail->length - TAIL_SIZE, TAIL_SIZE);
        tail->length = TAIL_SIZE;
    }
}

// A filter that has failed ends its pipe like one that is done.
static bool is_whole(const struct handover *job)
{
    static const char mark[] = "%%EOF";
    return job->begin >= 0 || !text_equal(document_format(job), "application/pdf") ||
           (job->tail.length && memmem(job->tail.bytes, job->tail.length, mark, sizeof mark - 1));
}

static size_t read_body(char *bytes, size_t size, size_t count, void *arg)
{
    struct handover *job = arg;
    size_t left = job->head.length - job->head_at, most = size * count;
    if (left) {
        size_t length = left < most ? left : most;
        memcpy(bytes, job->head.bytes + job->head_at, length);
        job->head_at += length;
        return length;
    }
    ssize_t got;
    do
        got = read(job->document, bytes, most);
    while (got < 0 && errno == EINTR);
    if (job->begin < 0 && got > 0)
        keep_tail(&job->tail, bytes, (size_t)got);
    job->is_cut = got == 0 && !is_whole(job);
    return got < 0 || job->is_cut ? CURL_READFUNC_ABORT : (size_t)got;
}

// A connection that was kept may end just when it is used again: then all of it is sent once more, by another.
static int rewind_body(void *arg, curl_off_t offset, int origin)
{
    struct handover *job = arg;
    if (offset != 0 || origin != SEEK_SET || job->begin < 0 || lseek(job->document, job->begin, SEEK_SET) < 0)
        return CURL_SEEKFUNC_CANTSEEK;
    job->head_at = 0;
    return CURL_SEEKFUNC_OK;
}

static int is_to_stop(void *arg, curl_off_t to_get, curl_off_t got, curl_off_t to_send, curl_off_t sent)
{
    const struct handover *job = arg;
    (void)to_get, (void)got, (void)to_send, (void)sent;
    return atomic_load(job->stops);
}

static size_t keep_answer(char *bytes, size_t size, size_t count, void *arg)
{
    struct handover *job = arg;
    size_t length = size * count, room = sizeof job->answer - job->answer_length;
    memcpy(job->answer + job->answer_length, bytes, length < room ? length : room);
    job->answer_length += length < room ? length : room;
    return length;
}

// ---- to the print server

static bool names(X509_NAME *name, int nid, const char *expected)
{
    char found[ID_SIZE + 1];
    return X509_NAME_get_text_by_NID(name, nid, found, sizeof found) > 0 && text_equal(found, expected);
}

// A certificate of the authority, and that of this print server: not of a host, nor of a desk.
static int verify(int ok, X509_STORE_CTX *store)
{
    SSL *tls = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    const struct print_line *line = SSL_CTX_get_app_data(SSL_get_SSL_CTX(tls));
    X509 *shown = X509_STORE_CTX_get_current_cert(store);
    if (!ok || X509_STORE_CTX_get_error_depth(store) != 0)
        return ok;
    X509_NAME *subject = X509_get_subject_name(shown);
    if (names(subject, NID_commonName, line->server.server) &&
        names(subject, NID_organizationalUnitName, "print-server"))
        return 1;
    X509_STORE_CTX_set_error(store, X509_V_ERR_HOSTNAME_MISMATCH);
    return 0;
}

static bool trust_authority(SSL_CTX *tls, const char *base64)
{
    unsigned char der[DER_SIZE];
    const unsigned char *at = der;
    size_t length = 0;
    X509 *authority = strlen(base64) / 4 * 3 <= sizeof der && base64_decode(der, &length, base64)
                          ? d2i_X509(NULL, &at, (long)length)
                          : NULL;
    bool trusted = authority && X509_STORE_add_cert(SSL_CTX_get_cert_store(tls), authority) == 1;
    X509_free(authority);
    return trusted;
}

static CURLcode set_tls(CURL *curl, void *context, void *arg)
{
    struct print_line *line = arg;
    (void)curl;
    tls_policy_set(context);
    SSL_CTX_set_app_data(context, line);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, verify);
    return trust_authority(context, line->server.authority) ? CURLE_OK : CURLE_SSL_CACERT_BADFILE;
}

// Another connection when it would be one to somebody else, or as somebody else.
static bool find_server(struct handover *job)
{
    struct print_line *line = job->line;
    struct host_printing server = {0};
    struct credential_files files;
    struct stat certificate = {0};
    struct fault why = {0};
    if (!print_server_read(&server, job->place, &why))
        return false;
    credential_files(&files, NOUN_HOST, job->place);
    bool is_there = stat(files.certificate, &certificate) == 0;
    bool is_same = is_there && file_is_same_version(&certificate, &line->certificate) &&
                   text_equal(files.certificate, line->files.certificate) &&
                   text_equal(server.address, line->server.address) && server.port == line->server.port &&
                   text_equal(server.server, line->server.server) &&
                   text_equal(server.authority, line->server.authority);
    if (!is_same)
        curl_easy_cleanup(take(line->curl));
    line->server = server;
    line->files = files;
    line->certificate = certificate;
    return true;
}

static void set_server(struct handover *job, char url[HANDOVER_URI_SIZE])
{
    struct print_line *line = job->line;
    bool is_v6 = strchr(line->server.address, ':') != NULL;
    snprintf(url, HANDOVER_URI_SIZE, "https://%s%s%s:%d/ipp/print/%s", is_v6 ? "[" : "", line->server.address,
             is_v6 ? "]" : "", (int)line->server.port, job->target);
    curl_easy_setopt(line->curl, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(line->curl, CURLOPT_SSLCERT, line->files.certificate);
    curl_easy_setopt(line->curl, CURLOPT_SSLKEY, line->files.key);
    // Its address may be any; what its certificate says is looked at in `verify`.
    curl_easy_setopt(line->curl, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(line->curl, CURLOPT_CAINFO, NULL);
    curl_easy_setopt(line->curl, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(line->curl, CURLOPT_SSL_CTX_FUNCTION, set_tls);
    curl_easy_setopt(line->curl, CURLOPT_SSL_CTX_DATA, line);
}

static void set_door(struct handover *job, char url[HANDOVER_URI_SIZE])
{
    snprintf(url, HANDOVER_URI_SIZE, "http://localhost/ipp/print/%s", job->target);
    curl_easy_setopt(job->line->curl, CURLOPT_PROTOCOLS_STR, "http");
    curl_easy_setopt(job->line->curl, CURLOPT_UNIX_SOCKET_PATH, job->place);
}

static struct curl_slist *set_body(struct handover *job)
{
    curl_off_t length = length_of(job);
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/ipp");
    if (length < 0)
        headers = curl_slist_append(headers, "Transfer-Encoding: chunked");
    curl_easy_setopt(job->line->curl, CURLOPT_POST, 1L);
    curl_easy_setopt(job->line->curl, CURLOPT_POSTFIELDSIZE_LARGE, length);
    curl_easy_setopt(job->line->curl, CURLOPT_READFUNCTION, read_body);
    curl_easy_setopt(job->line->curl, CURLOPT_READDATA, job);
    curl_easy_setopt(job->line->curl, CURLOPT_WRITEFUNCTION, keep_answer);
    curl_easy_setopt(job->line->curl, CURLOPT_WRITEDATA, job);
    curl_easy_setopt(job->line->curl, CURLOPT_SEEKFUNCTION, rewind_body);
    curl_easy_setopt(job->line->curl, CURLOPT_SEEKDATA, job);
    curl_easy_setopt(job->line->curl, CURLOPT_XFERINFOFUNCTION, is_to_stop);
    curl_easy_setopt(job->line->curl, CURLOPT_XFERINFODATA, job);
    curl_easy_setopt(job->line->curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(job->line->curl, CURLOPT_HTTPHEADER, headers);
    return headers;
}

static void set_limits(struct handover *job)
{
    curl_easy_setopt(job->line->curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(job->line->curl, CURLOPT_PROXY, "");
    curl_easy_setopt(job->line->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(job->line->curl, CURLOPT_MAXAGE_CONN, (long)KEPT_S);
    curl_easy_setopt(job->line->curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
    curl_easy_setopt(job->line->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(job->line->curl, CURLOPT_LOW_SPEED_TIME, (long)STALLED_S);
}

// ---- what became of it

static enum backend_exit read_status(struct handover *job, unsigned status)
{
    static const struct {
        unsigned status;
        const char *sentence;
    } rows[] = {
        {0x0401, N_("Not printed: this printer is not for you.")},       // forbidden
        {0x0403, N_("Not printed: you may not print here.")},            // not authorized
        {0x0406, N_("Not printed: there is no such printer any more.")}, // not found
        {0x0408, N_("Not printed: the document is too large.")},         // request entity too large
        {FORMAT_REFUSED, N_("Not printed: this kind of document cannot be printed. Export it as PDF.")},
    };
    if (status < 0x0100)
        return EXIT_STORED;
    if (status < 0x0400 || status >= 0x0500)
        return wait_for_server(job, _("The print server cannot take it now. It is tried again."));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].status == status)
            return end_with(job, EXIT_REFUSED, _(rows[i].sentence));
    return end_with(job, EXIT_REFUSED, _("Not printed: the print server does not accept it."));
}

static enum backend_exit hand_over(struct handover *job)
{
    long http = 0;
    CURLcode sent = curl_easy_perform(job->line->curl);
    curl_easy_getinfo(job->line->curl, CURLINFO_RESPONSE_CODE, &http);
    bool answered = http == 200 && job->answer_length == sizeof job->answer;
    unsigned status = (unsigned)job->answer[2] << 8 | job->answer[3];
    // A refusal may come before all was sent, and end that.
    if (answered && (sent == CURLE_OK || status >= 0x0400))
        return read_status(job, status);
    if (http == 413)
        return read_status(job, 0x0408);
    if (job->is_cut)
        return end_with(job, EXIT_REFUSED,
                        _("Not printed: the document could not be made into PDF. Export it as PDF."));
    log_debug("print", "%s, HTTP %ld", curl_easy_strerror(sent), http);
    return wait_for_server(job, _("The print server does not answer. It is tried again."));
}

// What cupsd's cover pages are made by names the file to be printed, and the filter may read whatever waits in the
// spool.
static bool is_form(const struct handover *job)
{
    const char *came = word_of(job, PRINT_WORD_TYPE);
    return text_starts(came, "application/vnd.cups-") && strstr(came, "banner");
}

static enum backend_exit begin(struct handover *job, bool by_door)
{
    enum backend_exit found = by_door ? find_principal(job) : find_owner(job);
    if (found != EXIT_STORED)
        return found;
    if (*word_of(job, PRINT_WORD_MORE)) // they would all be the same job
        return end_with(
            job, EXIT_REFUSED,
            _("Not printed: these are several documents, or one with a cover page. Print each document by itself."));
    if (is_form(job))
        return read_status(job, FORMAT_REFUSED);
    if (!print_request_uuid(job->uuid, word_of(job, PRINT_WORD_OPTIONS)))
        return end_with(job, EXIT_LATER, _("cupsd hands over no document. It is tried again."));
    if (!by_door && !find_server(job))
        return wait_for_server(job, _("This host knows no print server. It is tried again."));
    if (!job->line->curl)
        job->line->curl = curl_easy_init();
    return job->line->curl ? EXIT_STORED : EXIT_LATER;
}

static enum backend_exit send_job(struct handover *job, bool by_door)
{
    char url[HANDOVER_URI_SIZE];
    curl_easy_reset(job->line->curl); // which keeps the connection
    (by_door ? set_door : set_server)(job, url);
    struct print_request request = {.uri = url,
                                    .owner = job->owner,
                                    .uuid = job->uuid,
                                    .format = document_format(job),
                                    .copies = word_of(job, PRINT_WORD_COPIES),
                                    .options = word_of(job, PRINT_WORD_OPTIONS),
                                    .now_ms = clock_wall_ms()};
    print_request_write(&job->head, &request);
    curl_easy_setopt(job->line->curl, CURLOPT_URL, url);
    struct curl_slist *headers = set_body(job);
    set_limits(job);
    enum backend_exit ended = hand_over(job);
    curl_slist_free_all(headers);
    text_drop(&job->head);
    text_drop(&job->tail);
    return ended;
}

struct print_end print_handover(struct print_line *line, const char *const words[PRINT_WORD_COUNT], int document,
                                const atomic_bool *stops)
{
    struct handover job = {.line = line, .words = words, .stops = stops, .document = document, .sentence = ""};
    assert(document >= 0);
    if (!split_uri(&job, words[PRINT_WORD_URI]))
        return (struct print_end){.code = EXIT_LATER, .sentence = "this is for cupsd to start"};
    bool by_door = text_starts(words[PRINT_WORD_URI], "pult-door:");
    job.begin = lseek(document, 0, SEEK_CUR);
    enum backend_exit ended = begin(&job, by_door);
    int lock = -1;
    if (ended == EXIT_STORED)
        ended = lock_job(&job, by_door, &lock);
    if (lock >= 0) {
        ended = send_job(&job, by_door);
        close(lock);
    }
    return (struct print_end){ended, job.sentence, job.no_server};
}

struct print_line *print_line_new(void)
{
    return mem_new(1, sizeof(struct print_line));
}

void print_line_free(struct print_line *line)
{
    if (line)
        curl_easy_cleanup(line->curl);
    free(line);
}
