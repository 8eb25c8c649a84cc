// SPDX-License-Identifier: EUPL-1.2
// Many printers in one process: they take PDF by IPP, any number of jobs at once, print nothing, and write down when a
// document's first and last byte came, since fifty ippeveprinters would be the load that is measured.
//   bench_printers COUNT PORT < STDIN     printer N listens on PORT + N - 1; ends when nobody holds its input any more
// Says "listening", then a line for each document: number of the printer, microseconds of the steady clock at the first
// byte and after the last one, the name of the job, the text in the document's second line, whether it was whole.
#include "broker/base/clock.h"
#include "broker/base/mem.h"

#include <cups/cups.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PRINTERS_MAX = 200, JOBS_KEPT = 64, BLOCK = 32 * 1024, NAME_SIZE_MAX = 256, HEAD_SIZE = 256 };

struct print_job {
    int id;
    char name[NAME_SIZE_MAX];
    ipp_jstate_t state;
};

struct stand_in {
    int number, port, listener, last_id;
    struct print_job jobs[JOBS_KEPT]; // in turn
};

static struct stand_in printers[PRINTERS_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // jobs, and the lines on standard output

// A request that is being answered.
struct visit {
    struct stand_in *printer;
    http_t *http;
    ipp_t *request, *response;
};

static struct print_job *find_job(struct stand_in *printer, int id)
{
    struct print_job *job = &printer->jobs[id % JOBS_KEPT];
    return id > 0 && job->id == id ? job : NULL;
}

static struct print_job *add_job(struct visit *visit)
{
    const char *name = ippGetString(ippFindAttribute(visit->request, "job-name", IPP_TAG_ZERO), 0, NULL);
    int id = ++visit->printer->last_id;
    struct print_job *job = &visit->printer->jobs[id % JOBS_KEPT];
    *job = (struct print_job){.id = id, .state = IPP_JSTATE_PENDING};
    snprintf(job->name, sizeof job->name, "%s", name ? name : "-");
    return job;
}

static void describe_job(struct visit *visit, const struct print_job *job)
{
    char uri[100];
    bool done = job->state == IPP_JSTATE_COMPLETED;
    snprintf(uri, sizeof uri, "ipp://localhost:%d/ipp/print/%d", visit->printer->port, job->id);
    ippAddInteger(visit->response, IPP_TAG_JOB, IPP_TAG_INTEGER, "job-id", job->id);
    ippAddString(visit->response, IPP_TAG_JOB, IPP_TAG_URI, "job-uri", NULL, uri);
    ippAddString(visit->response, IPP_TAG_JOB, IPP_TAG_NAME, "job-name", NULL, job->name);
    ippAddInteger(visit->response, IPP_TAG_JOB, IPP_TAG_ENUM, "job-state", job->state);
    ippAddString(visit->response, IPP_TAG_JOB, IPP_TAG_KEYWORD, "job-state-reasons", NULL,
                 done ? "job-completed-successfully" : "none");
    ippAddInteger(visit->response, IPP_TAG_JOB, IPP_TAG_INTEGER, "job-impressions-completed", done);
    ippAddInteger(visit->response, IPP_TAG_JOB, IPP_TAG_INTEGER, "job-media-sheets-completed", done);
}

static void add_keywords(ipp_t *response, const char *name, int count, const char *const *values)
{
    ippAddStrings(response, IPP_TAG_PRINTER, IPP_CONST_TAG(IPP_TAG_KEYWORD), name, count, NULL, values);
}

static void add_media_sizes(ipp_t *response)
{
    ipp_t *a4 = ippNew();
    ippAddInteger(a4, IPP_TAG_PRINTER, IPP_TAG_INTEGER, "x-dimension", 21000);
    ippAddInteger(a4, IPP_TAG_PRINTER, IPP_TAG_INTEGER, "y-dimension", 29700);
    ippAddCollection(response, IPP_TAG_PRINTER, "media-size-supported", a4);
    ippDelete(a4);
}

static void describe_printer(struct visit *visit)
{
    static const int operations[] = {
        IPP_OP_PRINT_JOB,  IPP_OP_VALIDATE_JOB,       IPP_OP_CREATE_JOB, IPP_OP_SEND_DOCUMENT,
        IPP_OP_CANCEL_JOB, IPP_OP_GET_JOB_ATTRIBUTES, IPP_OP_GET_JOBS,   IPP_OP_GET_PRINTER_ATTRIBUTES};
    static const char *const media[] = {"iso_a4_210x297mm"}, *const sides[] = {"one-sided", "two-sided-long-edge"},
                             *const colours[] = {"auto", "color", "monochrome"}, *const versions[] = {"1.1", "2.0"},
                             *const features[] = {"ipp-everywhere"}, *const reasons[] = {"none"},
                             *const creation[] = {"copies", "media", "print-color-mode", "sides"};
    ipp_t *out = visit->response;
    char uri[100], name[40];
    snprintf(uri, sizeof uri, "ipp://localhost:%d/ipp/print", visit->printer->port);
    snprintf(name, sizeof name, "printer %d", visit->printer->number);
    ippAddString(out, IPP_TAG_PRINTER, IPP_TAG_URI, "printer-uri-supported", NULL, uri);
    ippAddString(out, IPP_TAG_PRINTER, IPP_TAG_KEYWORD, "uri-security-supported", NULL, "none");
    ippAddString(out, IPP_TAG_PRINTER, IPP_TAG_KEYWORD, "uri-authentication-supported", NULL, "none");
    ippAddString(out, IPP_TAG_PRINTER, IPP_TAG_NAME, "printer-name", NULL, name);
    ippAddString(out, IPP_TAG_PRINTER, IPP_TAG_TEXT, "printer-make-and-model", NULL, "Pult Bench");
    ippAddString(out, IPP_TAG_PRINTER, IPP_TAG_MIMETYPE, "document-format-supported", NULL, "application/pdf");
    ippAddString(out, IPP_TAG_PRINTER, IPP_TAG_MIMETYPE, "document-format-default", NULL, "application/pdf");
    ippAddInteger(out, IPP_TAG_PRINTER, IPP_TAG_ENUM, "printer-state", IPP_PSTATE_IDLE);
    add_keywords(out, "printer-state-reasons", 1, reasons);
    ippAddBoolean(out, IPP_TAG_PRINTER, "printer-is-accepting-jobs", 1);
    ippAddBoolean(out, IPP_TAG_PRINTER, "color-supported", 1);
    ippAddBoolean(out, IPP_TAG_PRINTER, "multiple-document-jobs-supported", 0);
    ippAddRange(out, IPP_TAG_PRINTER, "copies-supported", 1, 99);
    ippAddIntegers(out, IPP_TAG_PRINTER, IPP_TAG_ENUM, "operations-supported",
                   (int)(sizeof operations / sizeof *operations), operations);
    add_keywords(out, "ipp-versions-supported", 2, versions);
    add_keywords(out, "ipp-features-supported", 1, features);
    add_keywords(out, "media-supported", 1, media);
    add_keywords(out, "media-default", 1, media);
    add_keywords(out, "media-ready", 1, media);
    add_keywords(out, "sides-supported", 2, sides);
    add_keywords(out, "sides-default", 1, sides);
    add_keywords(out, "print-color-mode-supported", 3, colours);
    add_keywords(out, "print-color-mode-default", 1, colours);
    add_keywords(out, "job-creation-attributes-supported", 4, creation);
    ippAddResolution(out, IPP_TAG_PRINTER, "printer-resolution-supported", IPP_RES_PER_INCH, 600, 600);
    ippAddResolution(out, IPP_TAG_PRINTER, "printer-resolution-default", IPP_RES_PER_INCH, 600, 600);
    add_media_sizes(out);
}

static void describe_jobs(struct visit *visit)
{
    const char *which = ippGetString(ippFindAttribute(visit->request, "which-jobs", IPP_TAG_KEYWORD), 0, NULL);
    bool completed = which && strcmp(which, "completed") == 0, first = true;
    for (int i = 0; i < JOBS_KEPT; i++) {
        const struct print_job *job = &visit->printer->jobs[i];
        if (!job->id || completed != (job->state >= IPP_JSTATE_CANCELED))
            continue;
        if (!first)
            ippAddSeparator(visit->response);
        first = false;
        describe_job(visit, job);
    }
}

// The text behind "% " in a document's second line, for a line of words.
static void second_line(char *out, size_t size, const char *head)
{
    const char *at = strstr(head, "\n% ");
    snprintf(out, size, "%.*s", at ? (int)strcspn(at + 3, "\n") : 1, at ? at + 3 : "-");
    for (char *one = out; *one; one++)
        if (*one == ' ' || *one == '\t')
            *one = '_';
}

static void take_document(struct visit *visit, int id, const char *name)
{
    char block[BLOCK], head[HEAD_SIZE] = "", tail[8] = "", token[HEAD_SIZE];
    size_t length = 0;
    int64_t first_us = 0;
    for (ssize_t got; (got = httpRead2(visit->http, block, sizeof block)) > 0; length += (size_t)got) {
        if (!length)
            first_us = clock_steady_us();
        if (length < sizeof head - 1)
            snprintf(head + length, sizeof head - length, "%.*s", (int)got, block);
        size_t kept = (size_t)got < sizeof tail - 1 ? (size_t)got : sizeof tail - 1;
        snprintf(tail, sizeof tail, "%.*s", (int)kept, block + (size_t)got - kept);
    }
    second_line(token, sizeof token, head);
    pthread_mutex_lock(&lock);
    printf("%d\t%lld\t%lld\t%s\t%s\t%s\n", visit->printer->number, (long long)first_us, (long long)clock_steady_us(),
           name, token, strstr(tail, "%%EOF") ? "whole" : "broken");
    fflush(stdout);
    struct print_job *job = find_job(visit->printer, id);
    if (job)
        job->state = IPP_JSTATE_COMPLETED;
    pthread_mutex_unlock(&lock);
}

// The job that the request names, or that it makes; a copy, since others come meanwhile.
static struct print_job job_of(struct visit *visit, bool new)
{
    struct print_job copy = {0};
    pthread_mutex_lock(&lock);
    struct print_job *job =
        new ? add_job(visit)
            : find_job(visit->printer, ippGetInteger(ippFindAttribute(visit->request, "job-id", IPP_TAG_INTEGER), 0));
    if (job)
        copy = *job;
    pthread_mutex_unlock(&lock);
    return copy;
}

static void answer_for_job(struct visit *visit, bool new, bool document)
{
    struct print_job job = job_of(visit, new);
    if (!job.id) {
        ippSetStatusCode(visit->response, IPP_STATUS_ERROR_NOT_FOUND);
        return;
    }
    if (document)
        take_document(visit, job.id, job.name);
    pthread_mutex_lock(&lock);
    struct print_job *now = find_job(visit->printer, job.id);
    if (now && ippGetOperation(visit->request) == IPP_OP_CANCEL_JOB && now->state < IPP_JSTATE_CANCELED)
        now->state = IPP_JSTATE_CANCELED;
    if (now)
        describe_job(visit, now);
    pthread_mutex_unlock(&lock);
}

static void answer(struct visit *visit)
{
    switch ((int)ippGetOperation(visit->request)) {
    case IPP_OP_GET_PRINTER_ATTRIBUTES:
        describe_printer(visit);
        return;
    case IPP_OP_VALIDATE_JOB:
        return;
    case IPP_OP_GET_JOBS:
        pthread_mutex_lock(&lock);
        describe_jobs(visit);
        pthread_mutex_unlock(&lock);
        return;
    case IPP_OP_CREATE_JOB:
    case IPP_OP_PRINT_JOB:
        answer_for_job(visit, true, ippGetOperation(visit->request) == IPP_OP_PRINT_JOB);
        return;
    case IPP_OP_SEND_DOCUMENT:
    case IPP_OP_GET_JOB_ATTRIBUTES:
    case IPP_OP_CANCEL_JOB:
        answer_for_job(visit, false, ippGetOperation(visit->request) == IPP_OP_SEND_DOCUMENT);
        return;
    }
    ippSetStatusCode(visit->response, IPP_STATUS_ERROR_OPERATION_NOT_SUPPORTED);
}

// False: the connection is over.
static bool serve_request(struct visit *visit)
{
    char path[HTTP_MAX_URI];
    http_state_t state;
    http_status_t status = HTTP_STATUS_CONTINUE;
    while ((state = httpReadRequest(visit->http, path, sizeof path)) == HTTP_STATE_WAITING)
        if (!httpWait(visit->http, -1))
            return false;
    if (state != HTTP_STATE_POST)
        return false;
    while (status == HTTP_STATUS_CONTINUE)
        status = httpUpdate(visit->http);
    if (status != HTTP_STATUS_OK)
        return false;
    if (httpGetExpect(visit->http) == HTTP_STATUS_CONTINUE)
        httpWriteResponse(visit->http, HTTP_STATUS_CONTINUE);
    visit->request = ippNew();
    ipp_state_t read = IPP_STATE_ATTRIBUTE;
    while (read != IPP_STATE_DATA && read != IPP_STATE_ERROR)
        read = ippRead(visit->http, visit->request);
    bool good = read == IPP_STATE_DATA;
    if (good) {
        visit->response = ippNewResponse(visit->request);
        answer(visit);
        httpClearFields(visit->http);
        httpSetField(visit->http, HTTP_FIELD_CONTENT_TYPE, "application/ipp");
        httpSetLength(visit->http, ippLength(visit->response));
        good = httpWriteResponse(visit->http, HTTP_STATUS_OK) == 0;
        for (ipp_state_t wrote = IPP_STATE_IDLE; good && wrote != IPP_STATE_DATA; good = wrote != IPP_STATE_ERROR)
            wrote = ippWrite(visit->http, visit->response);
        httpFlushWrite(visit->http);
        ippDelete(visit->response);
    }
    ippDelete(visit->request);
    return good;
}

static void *serve_connection(void *arg)
{
    struct visit *visit = arg;
    while (serve_request(visit))
        ;
    httpClose(visit->http);
    free(visit);
    return NULL;
}

static void accept_one(struct stand_in *printer)
{
    pthread_t thread;
    http_t *http = httpAcceptConnection(printer->listener, 1);
    if (!http)
        return;
    struct visit *visit = mem_new(1, sizeof *visit);
    *visit = (struct visit){.printer = printer, .http = http};
    if (pthread_create(&thread, NULL, serve_connection, visit) != 0)
        exit(1);
    pthread_detach(thread);
}

int main(int argc, char **argv)
{
    int count = argc == 3 ? (int)strtol(argv[1], NULL, 10) : 0;
    if (count < 1 || count > PRINTERS_MAX) {
        fputs("usage: see the head of tests/bench/printers.c\n", stderr);
        return 2;
    }
    struct pollfd polls[PRINTERS_MAX + 1] = {{.fd = STDIN_FILENO, .events = POLLIN}};
    for (int i = 0; i < count; i++) {
        char port[16];
        http_addrlist_t *addresses;
        printers[i] = (struct stand_in){.number = i + 1, .port = (int)strtol(argv[2], NULL, 10) + i};
        snprintf(port, sizeof port, "%d", printers[i].port);
        addresses = httpAddrGetList("0.0.0.0", AF_INET, port);
        printers[i].listener = addresses ? httpAddrListen(&addresses->addr, printers[i].port) : -1;
        httpAddrFreeList(addresses);
        if (printers[i].listener < 0) {
            fprintf(stderr, "port %s: cannot listen\n", port);
            return 1;
        }
        polls[i + 1] = (struct pollfd){.fd = printers[i].listener, .events = POLLIN};
    }
    puts("listening");
    fflush(stdout);
    while (!polls[0].revents)
        for (int i = poll(polls, (nfds_t)count + 1, -1) > 0 ? 1 : count + 1; i <= count; i++)
            if (polls[i].revents)
                accept_one(&printers[i - 1]);
    return 0;
}
