// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/print_link.h"

const char *const print_outcome_words[] = {"send", "wait", "hold", "refuse", NULL};
const char *const print_order_words[] = {"release", "cancel", "move", NULL};

// A row a line.
// clang-format off
#define AT(holder, member) .offset = offsetof(struct holder, member), .size = sizeof(((struct holder *)0)->member)
#define OF(member) AT(print_message, member)
#define REQUEST {.name = "request_id", .type = FIELD_NUMBER, OF(request_id), .flags = FIELD_REQUIRED, .max = INT64_MAX, .sentence = "of the question; its answer repeats it"}
#define JOB {.name = "job", .type = FIELD_TEXT, OF(job), .flags = FIELD_REQUIRED, .sentence = "the job, without its tenant"}
#define HOST {.name = "host", .type = FIELD_TEXT, OF(host), .sentence = "the session host that it came from, by its certificate"}
#define USER {.name = "user_name", .type = FIELD_TEXT, OF(user_name), .sentence = "whose it is, as the host says"}
#define PERSON {.name = "person", .type = FIELD_TEXT, OF(person), .sentence = "whose it is"}
#define PRINTER {.name = "printer", .type = FIELD_TEXT, OF(printer), .sentence = "the printer"}
#define URI {.name = "uri", .type = FIELD_TEXT, OF(uri), .flags = FIELD_REQUIRED, .sentence = "where it listens"}
#define FINGERPRINT {.name = "fingerprint", .type = FIELD_DIGEST, OF(fingerprint), .sentence = "SHA-256 of its certificate; empty: none known yet"}
#define REASON {.name = "reason", .type = FIELD_CHOICE, OF(reason), .choices = job_reason_words, .sentence = "why, for the person"}
#define CREATED {.name = "created", .type = FIELD_NUMBER, OF(created_ms), .max = INT64_MAX, .sentence = "when it was printed, milliseconds since 1970"}
#define FAULT {.name = "fault", .type = FIELD_TEXT, OF(fault), .sentence = "why it could not be done; empty: it was"}

static const struct field welcome_fields[] = {
    {.name = "now", .type = FIELD_NUMBER, OF(now_ms), .flags = FIELD_REQUIRED, .max = INT64_MAX, .sentence = "the broker's clock, milliseconds since 1970"},
    {.name = "seal", .type = FIELD_TEXT, OF(seal), .flags = FIELD_REQUIRED, .sentence = "certificate that the keys of jobs are sealed for, base64 of its DER"},
    {.name = "authority", .type = FIELD_TEXT, OF(authority), .flags = FIELD_REQUIRED, .sentence = "certificate that signs those of machines, base64 of its DER"},
    {.name = NULL},
};

static const struct field print_printer_fields[] = {
    {.name = "printer", .type = FIELD_TEXT, AT(print_printer, printer), .flags = FIELD_REQUIRED, .sentence = "the printer"},
    {.name = "uri", .type = FIELD_TEXT, AT(print_printer, uri), .flags = FIELD_REQUIRED, .sentence = "where it listens"},
    {.name = "fingerprint", .type = FIELD_DIGEST, AT(print_printer, fingerprint), .sentence = "SHA-256 of its certificate; empty: none known yet"},
    {.name = "draining", .type = FIELD_FLAG, AT(print_printer, draining), .sentence = "it takes no new jobs"},
    {.name = NULL},
};
const struct record_type print_printer_type = {"print_printer", print_printer_fields, sizeof(struct print_printer)};

static const struct field printers_fields[] = {
    {.name = "printers", .type = FIELD_RECORDS, OF(printers), .flags = FIELD_REQUIRED, .max = PRINT_PRINTERS_MAX, .record = &print_printer_type, .sentence = "all that the print server may use"},
    {.name = NULL},
};

static const struct field routed_fields[] = {
    REQUEST,
    JOB,
    {.name = "outcome", .type = FIELD_CHOICE, OF(outcome), .flags = FIELD_REQUIRED, .choices = print_outcome_words, .sentence = "what is done with it"},
    REASON,
    PERSON,
    PRINTER,
    {.name = "uri", .type = FIELD_TEXT, OF(uri), .sentence = "where that listens"},
    FINGERPRINT,
    {.name = "key", .type = FIELD_TEXT, OF(key), .flags = FIELD_SECRET, .sentence = "key of the document, base64; empty unless it was asked for and the job is to be sent"},
    {.name = "delete_at", .type = FIELD_NUMBER, OF(delete_at_ms), .max = INT64_MAX, .sentence = "when it is deleted if it did not come out, milliseconds since 1970; 0: not known"},
    {.name = "trace", .type = FIELD_LINES, OF(trace), .sentence = "how it was decided, one line per step"},
    {.name = NULL},
};

static const struct field order_fields[] = {
    JOB,
    {.name = "order", .type = FIELD_CHOICE, OF(order), .flags = FIELD_REQUIRED, .choices = print_order_words, .sentence = "what is to be done with it"},
    PRINTER,
    {.name = "by", .type = FIELD_TEXT, OF(by), .sentence = "by whom"},
    {.name = NULL},
};

static const struct field probe_fields[] = {REQUEST, PRINTER, URI, FINGERPRINT, {.name = NULL}};
static const struct field test_page_fields[] = {REQUEST, PRINTER, URI, FINGERPRINT, {.name = NULL}};
static const struct field counted_fields[] = {
    {.name = "number", .type = FIELD_NUMBER, OF(number), .flags = FIELD_REQUIRED, .min = 1, .max = INT64_MAX, .sentence = "the entries of its accounts up to this one are in the journal"},
    {.name = NULL},
};

static const struct field route_fields[] = {
    REQUEST,
    JOB,
    HOST,
    {.name = "certificate", .type = FIELD_DIGEST, OF(certificate), .sentence = "SHA-256 of the certificate that the host showed"},
    {.name = "certified", .type = FIELD_NUMBER, OF(certified_ms), .max = INT64_MAX, .sentence = "since when that is valid, milliseconds since 1970"},
    USER,
    {.name = "principal", .type = FIELD_TEXT, OF(principal), .sentence = "whose it is, by Kerberos; instead of host and user name"},
    {.name = "target", .type = FIELD_TEXT, OF(target), .sentence = "the printer that was chosen; empty: the one next to the person"},
    {.name = "sealed", .type = FIELD_TEXT, OF(sealed), .sentence = "the job's key, sealed for the broker; empty: none is wanted yet"},
    CREATED,
    {.name = "avoid", .type = FIELD_TEXT, OF(avoid), .sentence = "a printer that has just failed"},
    {.name = NULL},
};

static const struct field job_fields[] = {
    JOB,
    HOST,
    USER,
    {.name = "principal", .type = FIELD_TEXT, OF(principal), .sentence = "whose it is, by Kerberos; instead of host and user name"},
    PERSON,
    {.name = "state", .type = FIELD_CHOICE, OF(state), .flags = FIELD_REQUIRED, .choices = job_state_words, .sentence = "its state"},
    PRINTER,
    REASON,
    CREATED,
    {.name = "size", .type = FIELD_NUMBER, OF(size), .max = INT64_MAX, .sentence = "of the document, bytes"},
    {.name = "pages", .type = FIELD_NUMBER, OF(pages), .max = INT64_MAX, .sentence = "of the document; 0: not known"},
    {.name = "told", .type = FIELD_LIST, OF(told), .sentence = "the reasons of which its person was told on the screen"},
    {.name = NULL},
};

static const struct field told_fields[] = {JOB, REASON, {.name = NULL}};

static const struct field jobs_end_fields[] = {{.name = NULL}};

static const struct field printer_fields[] = {
    {.name = "printer", .type = FIELD_TEXT, OF(printer), .flags = FIELD_REQUIRED, .sentence = "which"},
    {.name = "state", .type = FIELD_CHOICE, OF(printer_state), .flags = FIELD_REQUIRED, .choices = printer_state_words, .sentence = "its state"},
    {.name = "detail", .type = FIELD_TEXT, OF(detail), .sentence = "what is wrong with it, such as media-empty"},
    {.name = NULL},
};

static const struct field probed_fields[] = {
    REQUEST,
    FAULT,
    {.name = "make", .type = FIELD_TEXT, OF(make), .sentence = "make and model"},
    {.name = "formats", .type = FIELD_LIST, OF(formats), .sentence = "formats of documents, MIME types"},
    {.name = "media", .type = FIELD_LIST, OF(media), .sentence = "paper, PWG names"},
    {.name = "colour", .type = FIELD_FLAG, OF(colour), .sentence = "it prints in colour"},
    {.name = "duplex", .type = FIELD_FLAG, OF(duplex), .sentence = "it prints on both sides"},
    FINGERPRINT,
    {.name = "name", .type = FIELD_TEXT, OF(name), .sentence = "as it calls itself"},
    {.name = "location", .type = FIELD_TEXT, OF(location), .sentence = "where it says that it is"},
    {.name = "state", .type = FIELD_CHOICE, OF(printer_state), .choices = printer_state_words, .sentence = "its state"},
    {.name = "detail", .type = FIELD_TEXT, OF(detail), .sentence = "what is wrong with it"},
    {.name = NULL},
};

static const struct field tested_fields[] = {REQUEST, FAULT, {.name = NULL}};

static const struct field printed_fields[] = {
    {.name = "number", .type = FIELD_NUMBER, OF(number), .flags = FIELD_REQUIRED, .min = 1, .max = INT64_MAX, .sentence = "of this entry: 1, 2, 3 ..."},
    JOB,
    HOST,
    PERSON,
    PRINTER,
    {.name = "at", .type = FIELD_NUMBER, OF(at_ms), .max = INT64_MAX, .sentence = "when it was out, milliseconds since 1970"},
    {.name = "impressions", .type = FIELD_NUMBER, OF(impressions), .max = INT32_MAX, .sentence = "page sides"},
    {.name = "sheets", .type = FIELD_NUMBER, OF(sheets), .max = INT32_MAX, .sentence = "sheets of paper"},
    {.name = "colour", .type = FIELD_FLAG, OF(colour), .sentence = "it was printed in colour"},
    {.name = "counted", .type = FIELD_CHOICE, OF(counted), .choices = page_counter_words, .sentence = "by the printer itself, or, where it reports nothing, by the document"},
    {.name = NULL},
};

const struct link_type print_link_types[PRINT_MESSAGE_TYPE_COUNT] = {
    [PRINT_WELCOME] = {"welcome", LINK_BROKER, welcome_fields, "type", NULL, "once the link is up: the broker's time, and whom keys are sealed for"},
    [PRINT_PRINTERS] = {"printers", LINK_BROKER, printers_fields, "type", NULL, "after that, and at each change: all printers that it may use"},
    [PRINT_ROUTED] = {"routed", LINK_BROKER, routed_fields, "type", NULL, "answers \"route\""},
    [PRINT_ORDER] = {"order", LINK_BROKER, order_fields, "type", NULL, "release, cancel or move a job"},
    [PRINT_PROBE] = {"probe", LINK_BROKER, probe_fields, NULL, NULL, "ask a printer what it is and can"},
    [PRINT_TEST_PAGE] = {"test-page", LINK_BROKER, test_page_fields, NULL, NULL, "print a page of our own"},
    [PRINT_COUNTED] = {"counted", LINK_BROKER, counted_fields, NULL, NULL, "answers \"printed\": it is in the journal"},
    [PRINT_TOLD] = {"told", LINK_BROKER, told_fields, NULL, NULL, "its person was told on the screen why the job is no further: say so with the job from now on"},
    [PRINT_ROUTE] = {"route", LINK_AGENT, route_fields, "type", NULL, "where is this job to go now"},
    [PRINT_JOB] = {"job", LINK_AGENT, job_fields, NULL, NULL, "a job is in this state; all that there are after every hello, then each change"},
    [PRINT_JOBS_END] = {"jobs-end", LINK_AGENT, jobs_end_fields, NULL, NULL, "after every hello: all jobs were told"},
    [PRINT_PRINTER] = {"printer", LINK_AGENT, printer_fields, NULL, NULL, "a printer is in this state"},
    [PRINT_PROBED] = {"probed", LINK_AGENT, probed_fields, NULL, NULL, "answers \"probe\""},
    [PRINT_TESTED] = {"tested", LINK_AGENT, tested_fields, NULL, NULL, "answers \"test-page\": the printer has taken it, or why not"},
    [PRINT_PRINTED] = {"printed", LINK_AGENT, printed_fields, "type", NULL, "a job is out: an entry for the accounts, said again until \"counted\""},
};
// clang-format on
