// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/printer_client.h"
#include "broker/base/text.h"
#include "broker/pult-print/ipp_bounds.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JOBS_MAX = 1000 }; // of which it is asked

// ---- reading what it answers

// The words of an attribute, whatever they are, with one space between.
static void read_words(ipp_t *answer, const char *name, char *words, size_t size)
{
    ipp_attribute_t *attribute = ippFindAttribute(answer, name, IPP_TAG_ZERO);
    size_t used = 0;
    words[0] = 0;
    for (int i = 0; attribute && i < ippGetCount(attribute); i++) {
        char number[32] = "";
        int upper, lower;
        const char *word = number;
        ipp_tag_t tag = ippGetValueTag(attribute);
        if (tag == IPP_TAG_INTEGER || tag == IPP_TAG_ENUM)
            snprintf(number, sizeof number, "%d", ippGetInteger(attribute, i));
        else if (tag == IPP_TAG_BOOLEAN)
            word = ippGetBoolean(attribute, i) ? "true" : "false";
        else if (tag == IPP_TAG_RANGE && (lower = ippGetRange(attribute, i, &upper)) <= upper)
            snprintf(number, sizeof number, "%d-%d", lower, upper);
        else
            word = ippGetString(attribute, i, NULL);
        // A word that holds a space, or does not fit, is left out: no half of one may look like another.
        if (!word || !*word || strchr(word, ' ') || !text_is_clean(word, strlen(word)) ||
            used + strlen(word) + 2 > size)
            continue;
        used += (size_t)snprintf(words + used, size - used, "%s%s", used ? " " : "", word);
    }
}

static void read_text(ipp_t *answer, const char *name, char *text, size_t size)
{
    const char *value = ippGetString(ippFindAttribute(answer, name, IPP_TAG_ZERO), 0, NULL);
    text_cut(text, size, value && text_is_clean(value, strlen(value)) ? value : "");
}

static int64_t read_number(ipp_t *answer, const char *name, int64_t otherwise)
{
    ipp_attribute_t *attribute = ippFindAttribute(answer, name, IPP_TAG_ZERO);
    ipp_tag_t tag = ippGetValueTag(attribute);
    bool is_number = attribute && (tag == IPP_TAG_INTEGER || tag == IPP_TAG_ENUM) && ippGetInteger(attribute, 0) >= 0;
    return is_number ? ippGetInteger(attribute, 0) : otherwise;
}

static bool read_flag(ipp_t *answer, const char *name, bool otherwise)
{
    ipp_attribute_t *attribute = ippFindAttribute(answer, name, IPP_TAG_BOOLEAN);
    return attribute ? ippGetBoolean(attribute, 0) : otherwise;
}

// What a status means to us; all others from client-error on are FAULT_INVALID, and of the server's FAULT_BUSY.
static const struct status_row {
    ipp_status_t status;
    enum fault_kind kind;
} status_rows[] = {
    {IPP_STATUS_ERROR_NOT_FOUND, FAULT_ABSENT},
    {IPP_STATUS_ERROR_GONE, FAULT_ABSENT},
    {IPP_STATUS_ERROR_FORBIDDEN, FAULT_DENIED},
    {IPP_STATUS_ERROR_NOT_AUTHENTICATED, FAULT_DENIED},
    {IPP_STATUS_ERROR_NOT_AUTHORIZED, FAULT_DENIED},
    {IPP_STATUS_ERROR_OPERATION_NOT_SUPPORTED, FAULT_INVALID},
    {IPP_STATUS_ERROR_VERSION_NOT_SUPPORTED, FAULT_INVALID},
    {IPP_STATUS_ERROR_NOT_ACCEPTING_JOBS, FAULT_CONFLICT},
    {IPP_STATUS_ERROR_DEVICE, FAULT_CONFLICT},
    {IPP_STATUS_ERROR_PRINTER_IS_DEACTIVATED, FAULT_CONFLICT},
    {IPP_STATUS_ERROR_JOB_CANCELED, FAULT_INVALID},
};

static bool check_status(ipp_t *answer, struct fault *why)
{
    ipp_status_t status = ippGetStatusCode(answer);
    enum fault_kind kind = status >= IPP_STATUS_ERROR_INTERNAL ? FAULT_BUSY : FAULT_INVALID;
    if (status >= 0 && status <= IPP_STATUS_OK_EVENTS_COMPLETE)
        return true;
    for (size_t i = 0; i < sizeof status_rows / sizeof *status_rows; i++)
        if (status_rows[i].status == status)
            kind = status_rows[i].kind;
    return fault_set(why, kind, "it answers %s", ippErrorString(status));
}

// ---- asking

static ipp_t *new_request(const struct ipp_line *line, ipp_op_t operation)
{
    ipp_t *request = ippNewRequest(operation);
    ippAddString(request, IPP_TAG_OPERATION, IPP_TAG_URI, "printer-uri", NULL, ipp_line_uri(line));
    ippAddString(request, IPP_TAG_OPERATION, IPP_TAG_NAME, "requesting-user-name", NULL, "pult");
    return request;
}

static ipp_t *new_job_request(const struct ipp_line *line, ipp_op_t operation, int64_t number)
{
    ipp_t *request = new_request(line, operation);
    ippAddInteger(request, IPP_TAG_OPERATION, IPP_TAG_INTEGER, "job-id", (int)number);
    return request;
}

// NULL also when it answered an error.
static ipp_t *ask(struct ipp_line *line, ipp_t *request, const struct ipp_document *document, struct fault *why)
{
    ipp_t *answer = ipp_line_ask(line, request, document, why);
    if (!answer || check_status(answer, why))
        return answer;
    ippDelete(answer);
    return NULL;
}

// For what can be asked twice: a connection that was kept may have ended meanwhile.
typedef ipp_t *make_request(const struct ipp_line *line, const void *arg);
static ipp_t *ask_again(struct ipp_line *line, make_request *make, const void *arg, struct fault *why)
{
    struct fault unsaid = {0};
    ipp_t *answer = ask(line, make(line, arg), NULL, &unsaid);
    if (!answer && unsaid.kind == FAULT_BROKEN)
        answer = ask(line, make(line, arg), NULL, &unsaid);
    if (!answer && why)
        *why = unsaid;
    return answer;
}

// ---- the printer

static ipp_t *request_printer(const struct ipp_line *line, const void *arg)
{
    static const char *const wanted[] = {"all", "media-col-database"};
    ipp_t *request = new_request(line, IPP_OP_GET_PRINTER_ATTRIBUTES);
    (void)arg;
    ippAddStrings(request, IPP_TAG_OPERATION, IPP_TAG_KEYWORD, "requested-attributes", 1, NULL, wanted);
    return request;
}

static enum printer_state state_of(int64_t state)
{
    switch (state) {
    case IPP_PSTATE_IDLE:
        return PRINTER_IDLE;
    case IPP_PSTATE_PROCESSING:
        return PRINTER_PRINTING;
    case IPP_PSTATE_STOPPED:
        return PRINTER_STOPPED;
    default:
        return PRINTER_UNKNOWN;
    }
}

static bool has_operation(ipp_t *answer, int operation)
{
    return ippContainsInteger(ippFindAttribute(answer, "operations-supported", IPP_TAG_ENUM), operation);
}

bool printer_read(struct ipp_line *line, struct printer_facts *facts, struct fault *why)
{
    *facts = (struct printer_facts){0};
    ipp_t *answer = ask_again(line, request_printer, NULL, why);
    if (!answer)
        return false;
    for (size_t i = 0; i < OPTION_COUNT; i++)
        read_words(answer, print_option_rows[i].supported, facts->abilities.values[i], SUPPORTED_SIZE);
    read_words(answer, "media-ready", facts->abilities.ready, SUPPORTED_SIZE);
    read_words(answer, "document-format-supported", facts->abilities.formats, SUPPORTED_SIZE);
    read_text(answer, "printer-name", facts->name, sizeof facts->name);
    read_text(answer, "printer-location", facts->location, sizeof facts->location);
    read_text(answer, "printer-make-and-model", facts->make, sizeof facts->make);
    read_words(answer, "printer-state-reasons", facts->detail, sizeof facts->detail);
    facts->colour = read_flag(answer, "color-supported", false);
    facts->duplex = strstr(facts->abilities.values[OPTION_SIDES], "two-sided") != NULL;
    facts->takes_parts = has_operation(answer, IPP_OP_CREATE_JOB) && has_operation(answer, IPP_OP_SEND_DOCUMENT);
    facts->state = read_flag(answer, "printer-is-accepting-jobs", true)
                       ? state_of(read_number(answer, "printer-state", 0))
                       : PRINTER_STOPPED;
    facts->up_s = read_number(answer, "printer-up-time", -1);
    ippDelete(answer);
    return true;
}

// ---- handing a job over

static void add_ranges(ipp_t *request, const char *name, const char *spans)
{
    int lower[OPTION_SIZE / 2], upper[OPTION_SIZE / 2], count = 0;
    for (const char *at = spans; *at && count < OPTION_SIZE / 2;) {
        char *end;
        lower[count] = upper[count] = (int)strtol(at, &end, 10);
        if (*end == '-')
            upper[count] = (int)strtol(end + 1, &end, 10);
        count++;
        at = *end ? end + 1 : end;
    }
    ippAddRanges(request, IPP_TAG_JOB, name, count, lower, upper);
}

static void add_numbers(ipp_t *request, const char *name, ipp_tag_t tag, const char *numbers)
{
    int values[OPTION_SIZE / 2], count = 0;
    for (const char *at = numbers; *at && count < OPTION_SIZE / 2;) {
        char *end;
        values[count++] = (int)strtol(at, &end, 10);
        at = *end ? end + 1 : end;
    }
    ippAddIntegers(request, IPP_TAG_JOB, tag, name, count, values);
}

static void add_options(ipp_t *request, const struct print_options *options)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct print_option_row *row = &print_option_rows[i];
        const char *value = options->values[i];
        bool is_count = i == OPTION_COPIES || i == OPTION_NUMBER_UP;
        if (!*value)
            continue;
        switch (row->kind) {
        case OPTION_WORD:
            ippAddString(request, IPP_TAG_JOB, IPP_TAG_KEYWORD, row->name, NULL, value);
            break;
        case OPTION_NUMBER:
        case OPTION_NUMBERS:
            add_numbers(request, row->name, is_count ? IPP_TAG_INTEGER : IPP_TAG_ENUM, value);
            break;
        case OPTION_SPANS:
            add_ranges(request, row->name, value);
            break;
        }
    }
}

static ipp_t *new_order(const struct ipp_line *line, ipp_op_t operation, const struct printer_order *order)
{
    ipp_t *request = new_request(line, operation);
    ippAddString(request, IPP_TAG_OPERATION, IPP_TAG_NAME, "job-name", NULL, order->name);
    ippAddBoolean(request, IPP_TAG_OPERATION, "ipp-attribute-fidelity", 0);
    return request;
}

static bool take_number(ipp_t *answer, int64_t *number, struct fault *why)
{
    *number = read_number(answer, "job-id", 0);
    ippDelete(answer);
    return *number > 0 || fault_set(why, FAULT_BROKEN, "it gives no number for the job");
}

static void add_format(ipp_t *request, const struct printer_order *order)
{
    ippAddString(request, IPP_TAG_OPERATION, IPP_TAG_MIMETYPE, "document-format", NULL, order->format);
}

static bool send_whole(struct ipp_line *line, const struct printer_order *order, int64_t *number, struct fault *why)
{
    ipp_t *request = new_order(line, IPP_OP_PRINT_JOB, order);
    add_format(request, order);
    add_options(request, &order->options);
    ipp_t *answer = ask(line, request, &order->document, why);
    return answer && take_number(answer, number, why);
}

bool printer_send(struct ipp_line *line, const struct printer_facts *facts, const struct printer_order *order,
                  int64_t *number, struct fault *why)
{
    struct fault refused = {0};
    *number = 0;
    assert(*order->name && *order->format);
    if (!facts->takes_parts)
        return send_whole(line, order, number, why);
    ipp_t *request = new_order(line, IPP_OP_CREATE_JOB, order);
    add_options(request, &order->options);
    ipp_t *answer = ask(line, request, NULL, why);
    if (!answer || !take_number(answer, number, why))
        return false;
    request = new_job_request(line, IPP_OP_SEND_DOCUMENT, *number);
    add_format(request, order);
    ippAddBoolean(request, IPP_TAG_OPERATION, "last-document", 1);
    answer = ask(line, request, &order->document, &refused);
    ippDelete(answer);
    if (answer)
        return true;
    // It said no: the empty job would keep it from all others.
    if (refused.kind != FAULT_BROKEN && !printer_job_cancel(line, *number, NULL))
        refused.kind = FAULT_BROKEN;
    if (why)
        *why = refused;
    return false;
}

// ---- its jobs

static const char *const job_attributes[] = {
    "job-id",
    "job-name",
    "job-state",
    "job-state-reasons",
    "job-impressions-completed",
    "job-media-sheets-completed",
    "print-color-mode-actual",
    "time-at-creation",
    "time-at-completed",
    "job-printer-up-time",
};
enum { JOB_ATTRIBUTES = sizeof job_attributes / sizeof *job_attributes, REASONS_MORE = 5 };

static_assert(JOBS_MAX * (JOB_ATTRIBUTES + REASONS_MORE) <= IPP_ATTRIBUTES_MAX, "so many are no answer any more");

static void judge_state(struct printer_job *job, int64_t state)
{
    switch (state) {
    case IPP_JSTATE_COMPLETED:
        job->state = PRINTER_JOB_COMPLETED;
        break;
    case IPP_JSTATE_CANCELED:
        job->state = PRINTER_JOB_CANCELLED;
        break;
    case IPP_JSTATE_ABORTED:
        job->state = PRINTER_JOB_ABORTED;
        break;
    case IPP_JSTATE_STOPPED:
        job->state = PRINTER_JOB_STOPPED;
        break;
    default:
        job->state = strstr(job->reasons, "job-data-insufficient") || strstr(job->reasons, "job-incoming")
                         ? PRINTER_JOB_INCOMPLETE
                         : PRINTER_JOB_ACTIVE;
        break;
    }
}

static void read_job(ipp_t *answer, struct printer_job *job)
{
    char mode[PRINTER_TEXT_SIZE];
    *job = (struct printer_job){.number = read_number(answer, "job-id", 0)};
    read_words(answer, "job-state-reasons", job->reasons, sizeof job->reasons);
    judge_state(job, read_number(answer, "job-state", 0));
    job->impressions = read_number(answer, "job-impressions-completed", -1);
    job->sheets = read_number(answer, "job-media-sheets-completed", -1);
    read_text(answer, "print-color-mode-actual", mode, sizeof mode);
    job->colour = *mode ? text_equal(mode, "color") : -1;
}

static ipp_t *request_job(const struct ipp_line *line, const void *arg)
{
    ipp_t *request = new_job_request(line, IPP_OP_GET_JOB_ATTRIBUTES, *(const int64_t *)arg);
    ippAddStrings(request, IPP_TAG_OPERATION, IPP_TAG_KEYWORD, "requested-attributes", JOB_ATTRIBUTES, NULL,
                  job_attributes);
    return request;
}

bool printer_job_read(struct ipp_line *line, int64_t number, const char *name, struct printer_job *job,
                      struct fault *why)
{
    char named[PRINTER_JOB_NAME_SIZE];
    ipp_t *answer = ask_again(line, request_job, &number, why);
    if (!answer)
        return false;
    read_job(answer, job);
    read_text(answer, "job-name", named, sizeof named);
    bool says_state = read_number(answer, "job-state", 0) > 0;
    ippDelete(answer);
    // A printer that was switched off counts from 1 again.
    if (*named && !text_equal(named, name))
        return fault_set(why, FAULT_ABSENT, "its job %lld is another", (long long)number);
    return says_state || fault_set(why, FAULT_BROKEN, "it does not say how the job is");
}

bool printer_job_cancel(struct ipp_line *line, int64_t number, struct fault *why)
{
    struct fault refused = {0};
    ipp_t *answer = ask(line, new_job_request(line, IPP_OP_CANCEL_JOB, number), NULL, &refused);
    if (!answer && refused.kind == FAULT_BROKEN)
        answer = ask(line, new_job_request(line, IPP_OP_CANCEL_JOB, number), NULL, &refused);
    ippDelete(answer);
    if (answer || strstr(refused.text, "not-possible") || refused.kind == FAULT_ABSENT)
        return true;
    if (why)
        *why = refused;
    return false;
}

// ---- finding one again

struct search {
    const char *name;
    int64_t up_s, age_s;
    struct printer_job *job;
    bool found;
    bool remembers; // one that was over before ours was sent
    bool nameless;  // one that may be ours
};

static ipp_t *request_jobs(const struct ipp_line *line, const void *arg)
{
    ipp_t *request = new_request(line, IPP_OP_GET_JOBS);
    ippAddString(request, IPP_TAG_OPERATION, IPP_TAG_KEYWORD, "which-jobs", NULL, arg);
    ippAddInteger(request, IPP_TAG_OPERATION, IPP_TAG_INTEGER, "limit", JOBS_MAX);
    ippAddStrings(request, IPP_TAG_OPERATION, IPP_TAG_KEYWORD, "requested-attributes", JOB_ATTRIBUTES, NULL,
                  job_attributes);
    return request;
}

static void look_at_job(struct search *search, ipp_t *one)
{
    char name[PRINTER_JOB_NAME_SIZE];
    if (!ippFindAttribute(one, "job-id", IPP_TAG_INTEGER))
        return;
    read_text(one, "job-name", name, sizeof name);
    int64_t over_s = read_number(one, "time-at-completed", -1), made_s = read_number(one, "time-at-creation", -1);
    if (over_s >= 0 && read_number(one, "job-state", 0) >= IPP_JSTATE_CANCELED && search->up_s - over_s > search->age_s)
        search->remembers = true;
    if (text_equal(name, search->name)) {
        read_job(one, search->job);
        search->found = true;
    } else if (!*name && (made_s < 0 || search->up_s - made_s <= search->age_s))
        search->nameless = true;
}

// The library keeps the jobs of an answer in one list, with a separator between: each in a message of its own.
static void look_at_jobs(struct search *search, ipp_t *answer)
{
    ipp_t *one = ippNew();
    for (ipp_attribute_t *at = ippFirstAttribute(answer); at && !search->found; at = ippNextAttribute(answer)) {
        const char *name = ippGetName(at);
        if (!name || ippGetGroupTag(at) != IPP_TAG_JOB) {
            look_at_job(search, one);
            ippDelete(one);
            one = ippNew();
        } else if (!ippFindAttribute(one, name, IPP_TAG_ZERO))
            ippCopyAttribute(one, at, 0);
    }
    if (!search->found)
        look_at_job(search, one);
    ippDelete(one);
}

bool printer_job_find(struct ipp_line *line, const char *name, int64_t age_s, enum printer_search *found,
                      struct printer_job *job, struct fault *why)
{
    static const char *const kinds[] = {"not-completed", "completed"};
    struct printer_facts *facts = calloc(1, sizeof *facts);
    assert(facts);
    bool fine = printer_read(line, facts, why);
    struct search search = {.name = name, .up_s = facts->up_s, .age_s = age_s, .job = job};
    free(facts);
    for (size_t i = 0; fine && !search.found && i < sizeof kinds / sizeof *kinds; i++) {
        ipp_t *answer = ask_again(line, request_jobs, kinds[i], why);
        fine = answer != NULL;
        if (fine)
            look_at_jobs(&search, answer);
        ippDelete(answer);
    }
    bool was_off = search.up_s < 0 || search.up_s <= age_s;
    *found = search.found                                      ? PRINTER_FOUND
             : was_off || search.nameless || !search.remembers ? PRINTER_CANNOT_TELL
                                                               : PRINTER_NEVER_CAME;
    return fine;
}
