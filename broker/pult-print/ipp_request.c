// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/ipp_request.h"
#include "broker/base/mem.h"
#include "broker/pult-print/ipp_message.h"

#include <assert.h>
#include <cups/cups.h>
#include <cups/pwg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COPIES_MAX = 999, VALUES_MAX = 32, MEASURE_MAX = 1000 * 1000 };

static void ipp_drop(ipp_t **message)
{
    ippDelete(*message);
}

// ---- options

// What a value may be. Others are left out: an option that nobody can read is no reason to lose the job.
typedef bool option_print(struct text *out, ipp_attribute_t *attribute, int index);

static bool print_number(struct text *out, ipp_attribute_t *attribute, int index)
{
    int number = ippGetInteger(attribute, index);
    text_addf(out, "%d", number);
    return number > 0 && number <= COPIES_MAX;
}

// RFC 8011, section 5.1.4: a keyword. Names of media may be of a printer's own.
static bool print_keyword(struct text *out, ipp_attribute_t *attribute, int index)
{
    const char *word = ippGetString(attribute, index, NULL);
    size_t length = word ? strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") : 0;
    if (length == 0 || word[length] || length > SLUG_SIZE)
        return false;
    text_adds(out, word);
    return true;
}

static bool print_range(struct text *out, ipp_attribute_t *attribute, int index)
{
    int last = 0, first = ippGetRange(attribute, index, &last);
    text_addf(out, "%d-%d", first, last);
    return first > 0 && last >= first;
}

// Paper by its measures, in hundredths of a millimetre, as Windows says it: the name of that size.
static bool print_size(struct text *out, ipp_attribute_t *attribute, int index)
{
    ipp_t *media = ippGetCollection(attribute, index);
    ipp_t *size = ippGetCollection(ippFindAttribute(media, "media-size", IPP_TAG_BEGIN_COLLECTION), 0);
    int width = ippGetInteger(ippFindAttribute(size, "x-dimension", IPP_TAG_INTEGER), 0);
    int length = ippGetInteger(ippFindAttribute(size, "y-dimension", IPP_TAG_INTEGER), 0);
    bool is_size = width > 0 && width <= MEASURE_MAX && length > 0 && length <= MEASURE_MAX;
    pwg_media_t *named = is_size ? pwgMediaForSize(width, length) : NULL;
    text_adds(out, named && named->pwg ? named->pwg : "");
    return named && named->pwg;
}

enum value_kind { VALUE_NUMBER, VALUE_ENUM, VALUE_KEYWORD, VALUE_RANGE, VALUE_SIZE, VALUE_KIND_COUNT };

static const struct {
    ipp_tag_t tags[3];
    option_print *print;
} value_kinds[VALUE_KIND_COUNT] = {
    [VALUE_NUMBER] = {{IPP_TAG_INTEGER}, print_number},
    [VALUE_ENUM] = {{IPP_TAG_ENUM}, print_number},
    [VALUE_KEYWORD] = {{IPP_TAG_KEYWORD, IPP_TAG_NAME, IPP_TAG_NAMELANG}, print_keyword},
    [VALUE_RANGE] = {{IPP_TAG_RANGE}, print_range},
    [VALUE_SIZE] = {{IPP_TAG_BEGIN_COLLECTION}, print_size},
};

static const struct {
    const char *name;
    enum value_kind kind;
    const char *as; // another name for it, which goes before; NULL: none
} options[] = {
    {"copies", VALUE_NUMBER, NULL},
    {"sides", VALUE_KEYWORD, NULL},
    {"media", VALUE_KEYWORD, NULL},
    {"media-col", VALUE_SIZE, "media"},
    {"media-source", VALUE_KEYWORD, NULL},
    {"media-type", VALUE_KEYWORD, NULL},
    {"print-color-mode", VALUE_KEYWORD, NULL},
    {"print-quality", VALUE_ENUM, NULL},
    {"print-scaling", VALUE_KEYWORD, NULL},
    {"orientation-requested", VALUE_ENUM, NULL},
    {"number-up", VALUE_NUMBER, NULL},
    {"page-ranges", VALUE_RANGE, NULL},
    {"output-bin", VALUE_KEYWORD, NULL},
    {"finishings", VALUE_ENUM, NULL},
    {"multiple-document-handling", VALUE_KEYWORD, NULL},
};

static bool is_of_kind(ipp_attribute_t *attribute, enum value_kind kind)
{
    ipp_tag_t tag = ippGetValueTag(attribute);
    for (size_t i = 0; i < sizeof value_kinds[kind].tags / sizeof *value_kinds[kind].tags; i++)
        if (tag == value_kinds[kind].tags[i] && tag != IPP_TAG_ZERO)
            return true;
    return false;
}

static bool print_option(struct text *out, ipp_attribute_t *attribute, const char *name, enum value_kind kind)
{
    int count = ippGetCount(attribute);
    if (!is_of_kind(attribute, kind) || count < 1 || count > VALUES_MAX)
        return false;
    text_addf(out, "%s%s=", out->length ? " " : "", name);
    for (int i = 0; i < count; i++) {
        if (i)
            text_adds(out, ",");
        if (!value_kinds[kind].print(out, attribute, i))
            return false;
    }
    return true;
}

static void read_options(struct ipp_request *request, ipp_t *message)
{
    owned(text) struct text all = {0};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        size_t before = all.length;
        ipp_attribute_t *attribute = ippFindAttribute(message, options[i].name, IPP_TAG_ZERO);
        const char *as = options[i].as;
        bool printed = attribute && ippGetGroupTag(attribute) == IPP_TAG_JOB &&
                       !(as && ippFindAttribute(message, as, IPP_TAG_ZERO)) &&
                       print_option(&all, attribute, as ? as : options[i].name, options[i].kind);
        if ((!printed || all.length >= SPOOL_OPTIONS_SIZE) && all.bytes) {
            all.length = before;
            all.bytes[before] = 0;
        }
    }
    TEXT_PUT(request->options, all.bytes ? all.bytes : "");
}

// ---- the rest

static bool read_string(ipp_t *message, const char *name, char *to, size_t size)
{
    ipp_attribute_t *attribute = ippFindAttribute(message, name, IPP_TAG_ZERO);
    const char *value = attribute && ippGetCount(attribute) == 1 ? ippGetString(attribute, 0, NULL) : NULL;
    to[0] = 0;
    return !attribute || (value && text_is_clean(value, strlen(value)) && text_copy(to, size, value));
}

static int64_t read_age(ipp_t *message)
{
    ipp_attribute_t *attribute = ippFindAttribute(message, JOB_AGE_ATTRIBUTE, IPP_TAG_INTEGER);
    int age_s = attribute ? ippGetInteger(attribute, 0) : 0;
    return age_s > 0 ? age_s : 0;
}

static const struct {
    ipp_op_t code;
    enum ipp_question operation;
} operations[] = {
    {IPP_OP_PRINT_JOB, ASKED_TO_PRINT},
    {IPP_OP_VALIDATE_JOB, ASKED_TO_VALIDATE},
    {IPP_OP_GET_PRINTER_ATTRIBUTES, ASKED_FOR_PRINTER},
};

// What printers print, or the filters of CUPS turn into it.
static const char *const formats[] = {"application/pdf", "image/urf", "image/pwg-raster", "image/jpeg"};
enum { FORMATS = sizeof formats / sizeof *formats };

static bool find_operation(struct ipp_request *request, ipp_op_t code)
{
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        request->operation = operations[i].operation;
        if (operations[i].code == code)
            return true;
    }
    return false;
}

static bool is_format(const char *format)
{
    for (size_t i = 0; i < FORMATS; i++)
        if (text_equal(formats[i], format))
            return true;
    return false;
}

static enum door_status read_job(struct ipp_request *request, ipp_t *message)
{
    char compression[16];
    if (!read_string(message, "compression", compression, sizeof compression) ||
        (compression[0] && !text_equal(compression, "none")))
        return DOOR_COMPRESSED;
    if (!read_string(message, "requesting-user-name", request->user_name, sizeof request->user_name))
        return DOOR_NOT_AUTHORIZED;
    if (!read_string(message, "document-format", request->format, sizeof request->format) ||
        !is_format(request->format))
        return DOOR_BAD_FORMAT;
    if (!read_string(message, "job-uuid", request->job_uuid, sizeof request->job_uuid) ||
        (request->operation == ASKED_TO_PRINT && !request->job_uuid[0]))
        return DOOR_BAD_REQUEST;
    read_options(request, message);
    request->age_s = read_age(message);
    return DOOR_OK;
}

enum door_status ipp_request_read(struct ipp_request *request, const void *bytes, size_t length)
{
    int minor = 0;
    *request = (struct ipp_request){.version = 11, .id = 1};
    assert(length <= IPP_HEAD_MAX);
    owned(ipp) ipp_t *message = ipp_message_read(bytes, length);
    if (!message)
        return DOOR_BAD_REQUEST;
    int major = ippGetVersion(message, &minor);
    request->version = major == 2 ? 20 : 11;
    request->id = ippGetRequestId(message);
    if (!find_operation(request, ippGetOperation(message)))
        return DOOR_NOT_SUPPORTED;
    if ((major != 1 && major != 2) || request->id <= 0)
        return DOOR_BAD_REQUEST;
    return request->operation == ASKED_FOR_PRINTER ? DOOR_OK : read_job(request, message);
}

bool ipp_request_target(const char *path, char target[ID_SIZE])
{
    static const char start[] = "/ipp/print/";
    target[0] = 0;
    if (!text_starts(path, start))
        return false;
    const char *name = path + sizeof start - 1;
    if (text_equal(name, "next-to-me"))
        return true;
    return text_copy(target, ID_SIZE, name) && strchr(name, '/') && id_is_valid(NOUN_HOST, name);
}

// ---- answers

static const ipp_status_t codes[DOOR_STATUS_COUNT] = {
    [DOOR_OK] = IPP_STATUS_OK,
    [DOOR_BAD_REQUEST] = IPP_STATUS_ERROR_BAD_REQUEST,
    [DOOR_NOT_AUTHORIZED] = IPP_STATUS_ERROR_NOT_AUTHORIZED,
    [DOOR_NO_SUCH_PRINTER] = IPP_STATUS_ERROR_NOT_FOUND,
    [DOOR_TOO_LARGE] = IPP_STATUS_ERROR_REQUEST_ENTITY,
    [DOOR_BAD_FORMAT] = IPP_STATUS_ERROR_DOCUMENT_FORMAT_NOT_SUPPORTED,
    [DOOR_COMPRESSED] = IPP_STATUS_ERROR_COMPRESSION_NOT_SUPPORTED,
    [DOOR_NOT_SUPPORTED] = IPP_STATUS_ERROR_OPERATION_NOT_SUPPORTED,
    [DOOR_LATER] = IPP_STATUS_ERROR_TEMPORARY,
    [DOOR_TOO_MANY] = IPP_STATUS_ERROR_BUSY,
};

static void add_uri(ipp_t *answer, ipp_tag_t group, const char *name, const char *path, const char *job)
{
    char uri[IPP_PATH_SIZE + 64];
    snprintf(uri, sizeof uri, "ipp://localhost%s%s%s", path, job ? "/" : "", job ? job : "");
    ippAddString(answer, group, IPP_TAG_URI, name, NULL, uri);
}

static void add_job(ipp_t *answer, const char *job, const char *path)
{
    char digits[8];
    text_cut(digits, sizeof digits, job + 2);
    int number = (int)strtol(digits, NULL, 16);
    ippAddInteger(answer, IPP_TAG_JOB, IPP_TAG_INTEGER, "job-id", number ? number : 1);
    add_uri(answer, IPP_TAG_JOB, "job-uri", path, job);
    ippAddInteger(answer, IPP_TAG_JOB, IPP_TAG_ENUM, "job-state", IPP_JSTATE_PENDING);
    ippAddString(answer, IPP_TAG_JOB, IPP_CONST_TAG(IPP_TAG_KEYWORD), "job-state-reasons", NULL, "none");
}

static const struct {
    const char *name;
    ipp_tag_t tag;
    int count;
    const char *values[4];
} words[] = {
    {"charset-configured", IPP_TAG_CHARSET, 1, {"utf-8"}},
    {"charset-supported", IPP_TAG_CHARSET, 1, {"utf-8"}},
    {"natural-language-configured", IPP_TAG_LANGUAGE, 1, {"en"}},
    {"generated-natural-language-supported", IPP_TAG_LANGUAGE, 1, {"en"}},
    {"ipp-versions-supported", IPP_TAG_KEYWORD, 2, {"1.1", "2.0"}},
    {"compression-supported", IPP_TAG_KEYWORD, 1, {"none"}},
    {"uri-authentication-supported", IPP_TAG_KEYWORD, 1, {"certificate"}},
    {"uri-security-supported", IPP_TAG_KEYWORD, 1, {"tls"}},
    {"pdl-override-supported", IPP_TAG_KEYWORD, 1, {"attempted"}},
    {"printer-name", IPP_TAG_NAME, 1, {"pult-print"}},
    {"printer-state-reasons", IPP_TAG_KEYWORD, 1, {"none"}},
    {"document-format-default", IPP_TAG_MIMETYPE, 1, {"application/pdf"}},
    {"sides-supported", IPP_TAG_KEYWORD, 3, {"one-sided", "two-sided-long-edge", "two-sided-short-edge"}},
    {"print-color-mode-supported", IPP_TAG_KEYWORD, 2, {"monochrome", "color"}},
    {"media-supported", IPP_TAG_KEYWORD, 2, {"iso_a4_210x297mm", "iso_a3_297x420mm"}},
};

static void add_printer(ipp_t *answer, const char *path)
{
    int codes_supported[sizeof operations / sizeof *operations];
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
        codes_supported[i] = operations[i].code;
    add_uri(answer, IPP_TAG_PRINTER, "printer-uri-supported", path, NULL);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        ippAddStrings(answer, IPP_TAG_PRINTER, words[i].tag, words[i].name, words[i].count, NULL, words[i].values);
    ippAddStrings(answer, IPP_TAG_PRINTER, IPP_TAG_MIMETYPE, "document-format-supported", FORMATS, NULL, formats);
    ippAddIntegers(answer, IPP_TAG_PRINTER, IPP_TAG_ENUM, "operations-supported",
                   sizeof operations / sizeof *operations, codes_supported);
    ippAddInteger(answer, IPP_TAG_PRINTER, IPP_TAG_ENUM, "printer-state", IPP_PSTATE_IDLE);
    ippAddBoolean(answer, IPP_TAG_PRINTER, "printer-is-accepting-jobs", 1);
    ippAddInteger(answer, IPP_TAG_PRINTER, IPP_TAG_INTEGER, "queued-job-count", 0);
    ippAddInteger(answer, IPP_TAG_PRINTER, IPP_TAG_INTEGER, "printer-up-time", 1);
    ippAddRange(answer, IPP_TAG_PRINTER, "copies-supported", 1, COPIES_MAX);
}

static ssize_t add_bytes(void *arg, ipp_uchar_t *bytes, size_t length)
{
    text_add(arg, (const char *)bytes, length);
    return (ssize_t)length;
}

void ipp_request_answer(const struct ipp_request *request, enum door_status status, const char *why, const char *job,
                        const char *path, struct text *out)
{
    owned(ipp) ipp_t *answer = ippNew();
    assert(answer && status < DOOR_STATUS_COUNT);
    ippSetVersion(answer, request->version / 10, request->version % 10);
    ippSetRequestId(answer, request->id);
    ippSetStatusCode(answer, codes[status]);
    ippAddString(answer, IPP_TAG_OPERATION, IPP_CONST_TAG(IPP_TAG_CHARSET), "attributes-charset", NULL, "utf-8");
    ippAddString(answer, IPP_TAG_OPERATION, IPP_CONST_TAG(IPP_TAG_LANGUAGE), "attributes-natural-language", NULL, "en");
    if (why)
        ippAddString(answer, IPP_TAG_OPERATION, IPP_TAG_TEXT, "status-message", NULL, why);
    if (status == DOOR_OK && request->operation == ASKED_TO_PRINT && job)
        add_job(answer, job, path);
    if (status == DOOR_OK && request->operation == ASKED_FOR_PRINTER)
        add_printer(answer, path);
    ipp_state_t state = ippWriteIO(out, add_bytes, 1, NULL, answer);
    assert(state == IPP_STATE_DATA);
    (void)state;
}
