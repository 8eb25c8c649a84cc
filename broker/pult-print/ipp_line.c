// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/ipp_line.h"
#include "broker/base/base64.h"
#include "broker/base/clock.h"
#include "broker/base/file.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/net/dial.h"
#include "broker/pult-print/ipp_bounds.h"
#include "broker/pult-print/ipp_message.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    CONNECT_MS = 10 * 1000,
    TICK_S = 1,
    SILENCE_MS = 30 * 1000, // in which an answer must begin, or go on
    WATCH_IDLE_S = 10,      // a printer that waits for paper says nothing for hours; one that is gone shows
    WATCH_EVERY_S = 5,
    UNANSWERED_MS = 60 * 1000,
    ANSWER_MAX = 1024 * 1024,
    PIECE = 64 * 1024,
    CREDENTIALS_SIZE = 256,
    CERTIFICATE_MAX = 64 * 1024,
    PORT_SIZE = 16,
};

struct ipp_line {
    struct printer_address address;
    char host[URI_SIZE], resource[URI_SIZE];
    int port;
    bool encrypted;
    char shown[DIGEST_SIZE];
    http_t *http;
    atomic_int stopped;
    int64_t heard_ms; // when something last moved; steady
    bool patient;     // a printer may take hours over a document
};

struct ipp_line *ipp_line_new(const struct printer_address *address)
{
    struct ipp_line *line = mem_new(1, sizeof *line);
    line->address = *address;
    return line;
}

void ipp_line_close(struct ipp_line *line)
{
    if (line->http)
        httpClose(line->http);
    line->http = NULL;
}

void ipp_line_free(struct ipp_line *line)
{
    if (!line)
        return;
    ipp_line_close(line);
    free(line);
}

void ipp_line_stop(struct ipp_line *line)
{
    atomic_store(&line->stopped, 1);
}

bool ipp_line_goes_to(const struct ipp_line *line, const struct printer_address *address)
{
    return text_equal(line->address.uri, address->uri) && text_equal(line->address.fingerprint, address->fingerprint) &&
           text_equal(line->address.credentials, address->credentials);
}

const char *ipp_line_uri(const struct ipp_line *line)
{
    return line->address.uri;
}

const char *ipp_line_fingerprint(const struct ipp_line *line)
{
    return line->shown;
}

// Each second in which nothing came or went: whether to go on.
static int tick(http_t *http, void *arg)
{
    struct ipp_line *line = arg;
    (void)http;
    return !atomic_load(&line->stopped) && (line->patient || clock_steady_ms() - line->heard_ms < SILENCE_MS);
}

// ---- who it is

static bool parse_uri(struct ipp_line *line, struct fault *why)
{
    char scheme[PORT_SIZE], user[2];
    http_uri_status_t status =
        httpSeparateURI(HTTP_URI_CODING_ALL, line->address.uri, scheme, sizeof scheme, user, sizeof user, line->host,
                        sizeof line->host, &line->port, line->resource, sizeof line->resource);
    line->encrypted = strcmp(scheme, "ipps") == 0;
    if (status != HTTP_URI_STATUS_OK || (!line->encrypted && strcmp(scheme, "ipp") != 0) || *user || !*line->host)
        return fault_set(why, FAULT_INVALID, "\"%.100s\" is no address of a printer", line->address.uri);
    return true;
}

// The library hands over DER where it is built on GnuTLS, and PEM where on OpenSSL.
static bool certificate_bytes(const http_credential_t *shown, unsigned char *der, size_t *length)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----\n", end[] = "-----END";
    const char *data = shown->data;
    if (shown->datalen > CERTIFICATE_MAX)
        return false;
    if (shown->datalen < sizeof begin || memcmp(data, begin, sizeof begin - 1) != 0) {
        memcpy(der, data, shown->datalen);
        *length = shown->datalen;
        return true;
    }
    char *text = mem_room(shown->datalen + 1);
    size_t used = 0;
    for (const char *at = data + sizeof begin - 1; at < data + shown->datalen && *at != *end; at++)
        if (*at != '\n')
            text[used++] = *at;
    text[used] = 0;
    bool fine = base64_decode(der, length, text);
    free(text);
    return fine;
}

static void digest_shown(struct ipp_line *line)
{
    cups_array_t *chain = NULL;
    unsigned char digest[32];
    size_t length;
    line->shown[0] = 0;
    if (httpCopyCredentials(line->http, &chain) != 0)
        return;
    const http_credential_t *first = cupsArrayFirst(chain);
    unsigned char *der = mem_room(CERTIFICATE_MAX);
    if (first && certificate_bytes(first, der, &length) &&
        EVP_Digest(der, length, digest, NULL, EVP_sha256(), NULL) == 1)
        text_hex(line->shown, digest, sizeof digest);
    free(der);
    httpFreeCredentials(chain);
}

static bool check_certificate(struct ipp_line *line, struct fault *why)
{
    if (!line->encrypted)
        return true;
    digest_shown(line);
    if (!*line->shown)
        return fault_set(why, FAULT_DENIED, "it shows no certificate");
    if (*line->address.fingerprint && strcasecmp(line->shown, line->address.fingerprint) != 0)
        return fault_set(why, FAULT_DENIED, "it shows another certificate (SHA-256 %.64s)", line->shown);
    return true;
}

// Name and password go to the printer of this certificate alone, and never in the clear.
static bool set_credentials(struct ipp_line *line, struct fault *why)
{
    char credentials[CREDENTIALS_SIZE], encoded[2 * CREDENTIALS_SIZE];
    struct fault unread = {0};
    if (!*line->address.credentials || !line->encrypted || !*line->address.fingerprint)
        return true;
    if (!file_read_text(line->address.credentials, credentials, sizeof credentials, &unread)) {
        if (unread.kind == FAULT_ABSENT)
            return true;
        return fault_set(why, FAULT_DENIED, "%s", unread.text);
    }
    credentials[strcspn(credentials, "\r\n")] = 0;
    bool fits = base64_encode(encoded, sizeof encoded, credentials, strlen(credentials));
    httpSetAuthString(line->http, "Basic", fits ? encoded : "");
    explicit_bzero(credentials, sizeof credentials);
    explicit_bzero(encoded, sizeof encoded);
    return true;
}

static bool connect_line(struct ipp_line *line, struct fault *why)
{
    if (!parse_uri(line, why))
        return false;
    line->http = httpConnect2(line->host, line->port, NULL, AF_UNSPEC,
                              line->encrypted ? HTTP_ENCRYPTION_ALWAYS : HTTP_ENCRYPTION_NEVER, 1, 0, NULL);
    if (!line->http)
        return fault_set(why, FAULT_UNAVAILABLE, "the name \"%.100s\" has no address", line->host);
    line->heard_ms = clock_steady_ms();
    httpSetTimeout(line->http, TICK_S, tick, line);
    int never = 0;
    if (httpReconnect2(line->http, CONNECT_MS, &never) != 0) {
        fault_set(why, FAULT_UNAVAILABLE, "it does not answer: %s", cupsLastErrorString());
        ipp_line_close(line);
        return false;
    }
    dial_watch_over(httpGetFd(line->http), WATCH_IDLE_S, WATCH_EVERY_S, UNANSWERED_MS);
    if (check_certificate(line, why) && set_credentials(line, why))
        return true;
    ipp_line_close(line);
    return false;
}

// ---- one request and its answer

static bool send_request(struct ipp_line *line, ipp_t *request, const struct ipp_document *document)
{
    http_t *http = line->http;
    const char *credentials = httpGetAuthString(http);
    ipp_state_t state;
    httpClearFields(http);
    httpSetField(http, HTTP_FIELD_CONTENT_TYPE, "application/ipp");
    if (credentials && *credentials)
        httpSetField(http, HTTP_FIELD_AUTHORIZATION, credentials);
    httpSetLength(http, ippLength(request) + (document ? document->size : 0));
    if (httpPost(http, line->resource) != 0)
        return false;
    ippSetState(request, IPP_STATE_IDLE);
    do
        state = ippWrite(http, request);
    while (state != IPP_STATE_DATA && state != IPP_STATE_ERROR);
    return state == IPP_STATE_DATA;
}

// False with why when it is the document that fails; *all: the printer took it.
static bool send_document(struct ipp_line *line, const struct ipp_document *document, bool *all, struct fault *why)
{
    char *piece = mem_room(PIECE);
    size_t length;
    uint64_t left = document->size;
    bool fine = true;
    line->patient = true;
    while (fine && *all && left > 0) {
        fine = document->read(document->arg, piece, PIECE, &length, why);
        if (fine && (length == 0 || length > left))
            fine = fault_set(why, FAULT_BROKEN, "the document is not as long as was said");
        if (fine) {
            *all = httpWrite2(line->http, piece, length) == (ssize_t)length;
            left -= length;
        }
    }
    explicit_bzero(piece, PIECE);
    free(piece);
    return fine;
}

static bool read_body(struct ipp_line *line, struct text *body)
{
    char piece[4096];
    ssize_t got;
    while ((got = httpRead2(line->http, piece, sizeof piece)) > 0) {
        line->heard_ms = clock_steady_ms();
        text_add(body, piece, (size_t)got);
        if (body->length > ANSWER_MAX || atomic_load(&line->stopped))
            return false;
    }
    return got == 0;
}

static ipp_t *parse_answer(const struct text *body, struct fault *why)
{
    size_t end;
    bool whole = body->bytes && ipp_bounds_check(body->bytes, body->length, &end, why);
    ipp_t *answer = whole ? ipp_message_read(body->bytes, body->length) : NULL;
    if (!answer)
        fault_set(why, FAULT_BROKEN, "its answer is no IPP");
    return answer;
}

// What is to be done about it differs.
static void refuse_credentials(const struct ipp_line *line, struct fault *why)
{
    const char *sent = httpGetAuthString(line->http);
    if (sent && *sent)
        fault_set(why, FAULT_DENIED, "it does not take our name and password");
    else if (!line->encrypted)
        fault_set(why, FAULT_DENIED, "it wants a name and password, which are sent to ipps: addresses only");
    else if (!*line->address.fingerprint)
        fault_set(why, FAULT_DENIED,
                  "it wants a name and password, which are sent once its fingerprint is set; it shows %.64s",
                  line->shown);
    else
        fault_set(why, FAULT_DENIED, "it wants a name and password, and none are kept for it");
}

static ipp_t *read_answer(struct ipp_line *line, struct fault *why)
{
    struct text body = {0};
    http_status_t status;
    int64_t began_ms = clock_steady_ms();
    line->heard_ms = began_ms;
    do
        status = httpUpdate(line->http);
    while (status == HTTP_STATUS_CONTINUE && clock_steady_ms() - began_ms < SILENCE_MS);
    bool whole = status > HTTP_STATUS_CONTINUE && read_body(line, &body);
    ipp_t *answer = NULL;
    if (status == HTTP_STATUS_UNAUTHORIZED || status == HTTP_STATUS_FORBIDDEN)
        refuse_credentials(line, why);
    else if (status == HTTP_STATUS_OK && whole)
        answer = parse_answer(&body, why);
    else
        fault_set(why, FAULT_BROKEN, status > HTTP_STATUS_CONTINUE ? "it answers %d" : "it broke off", (int)status);
    text_drop(&body);
    return answer;
}

ipp_t *ipp_line_ask(struct ipp_line *line, ipp_t *request, const struct ipp_document *document, struct fault *why)
{
    struct fault unsaid = {0};
    bool all = false, readable = true;
    ipp_t *answer = NULL;
    assert(request);
    line->patient = false;
    if (atomic_load(&line->stopped))
        fault_set(&unsaid, FAULT_UNAVAILABLE, "it is no longer asked");
    else if (line->http || connect_line(line, &unsaid)) {
        line->heard_ms = clock_steady_ms();
        all = send_request(line, request, document);
        if (all && document)
            readable = send_document(line, document, &all, &unsaid);
        // Also when it did not take all: it may have said why.
        if (readable)
            answer = read_answer(line, &unsaid);
        if (answer && !all && ippGetStatusCode(answer) <= IPP_STATUS_OK_EVENTS_COMPLETE) {
            ippDelete(take(answer));
            fault_set(&unsaid, FAULT_BROKEN, "it broke off");
        }
    }
    ippDelete(request);
    if (!answer && why)
        *why = unsaid;
    if (line->http && (!answer || strcasecmp(httpGetField(line->http, HTTP_FIELD_CONNECTION), "close") == 0))
        ipp_line_close(line);
    return answer;
}
