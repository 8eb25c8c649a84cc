// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/print_request.h"
#include "broker/api/job.h"

#include <assert.h>
#include <cups/cups.h>
#include <cups/pwg.h>
#include <stdio.h>
#include <string.h>

enum { VALUE_SIZE = 256, COPIES_MAX = 999 };

struct job_options {
    int count;
    cups_option_t *options;
};

static const char *option_of(const struct job_options *job, const char *name)
{
    return cupsGetOption(name, job->count, job->options);
}

// A switch, as CUPS's own filters read it: there, and not said to be off.
static bool is_on(const struct job_options *job, const char *name)
{
    static const char *const off[] = {"false", "no", "off"};
    const char *value = option_of(job, name);
    for (size_t i = 0; value && i < sizeof off / sizeof *off; i++)
        if (strcasecmp(value, off[i]) == 0)
            return false;
    return value != NULL;
}

static void add_keyword(ipp_t *ipp, const char *name, const char *value)
{
    ippAddString(ipp, IPP_TAG_JOB, IPP_TAG_KEYWORD, name, NULL, value);
}

// ---- what a PPD calls by names of its own

struct ppd_word {
    const char *word, *value;
};

static const char *value_of(const struct ppd_word *words, const char *word)
{
    for (; word && words->word; words++)
        if (text_equal(words->word, word))
            return words->value;
    return NULL;
}

// A size by any of its names, perhaps with a tray behind it: "A4,tray-1".
static void add_media(ipp_t *ipp, const struct job_options *job)
{
    char name[VALUE_SIZE];
    const char *wanted = option_of(job, "media");
    text_cut(name, sizeof name, wanted ? wanted : option_of(job, "PageSize") ? option_of(job, "PageSize") : "");
    name[strcspn(name, ",")] = 0;
    pwg_media_t *media = *name ? pwgMediaForPWG(name) : NULL;
    if (!media && *name)
        media = pwgMediaForPPD(name);
    if (!media && *name)
        media = pwgMediaForLegacy(name);
    if (media && media->pwg)
        add_keyword(ipp, "media", media->pwg);
}

static void add_sides(ipp_t *ipp, const struct job_options *job)
{
    static const struct ppd_word words[] = {{"None", "one-sided"},
                                            {"DuplexNoTumble", "two-sided-long-edge"},
                                            {"DuplexTumble", "two-sided-short-edge"},
                                            {NULL, NULL}};
    static const struct ppd_word known[] = {{"one-sided", "one-sided"},
                                            {"two-sided-long-edge", "two-sided-long-edge"},
                                            {"two-sided-short-edge", "two-sided-short-edge"},
                                            {NULL, NULL}};
    const char *sides = value_of(known, option_of(job, "sides"));
    if (!sides)
        sides = value_of(words, option_of(job, "Duplex"));
    if (sides)
        add_keyword(ipp, "sides", sides);
}

// Only when it was asked for, by either name: the other one is there all the same, with the queue's default.
static void add_colour(ipp_t *ipp, const struct job_options *job)
{
    const char *mode = option_of(job, "print-color-mode"), *model = option_of(job, "ColorModel");
    bool colour = (mode && text_equal(mode, "color")) || (model && text_equal(model, "RGB"));
    add_keyword(ipp, "print-color-mode", colour ? "color" : "monochrome");
}

static void add_collation(ipp_t *ipp, const struct job_options *job)
{
    const char *name = option_of(job, "collate") ? "collate" : "Collate";
    if (option_of(job, name))
        add_keyword(ipp, "multiple-document-handling",
                    is_on(job, name) ? "separate-documents-collated-copies" : "separate-documents-uncollated-copies");
}

// ---- what is handed on as it is

// libcups knows of what type each is. `nothing`: the value that asks for nothing.
static const struct {
    const char *name, *nothing;
} plain[] = {{"finishings", "3"},   {"media-source", NULL},  {"media-type", NULL},
             {"number-up", "1"},    {"output-bin", NULL},    {"orientation-requested", NULL},
             {"page-ranges", NULL}, {"print-quality", NULL}, {"print-scaling", NULL}};

static void add_plain(ipp_t *ipp, const struct job_options *job)
{
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        const char *value = option_of(job, plain[i].name);
        if (value && strlen(value) < VALUE_SIZE && !(plain[i].nothing && text_equal(value, plain[i].nothing)))
            cupsEncodeOption(ipp, IPP_TAG_JOB, plain[i].name, value);
    }
    // What lp(1) calls these.
    if (!option_of(job, "print-scaling") && (is_on(job, "fit-to-page") || is_on(job, "fitplot")))
        add_keyword(ipp, "print-scaling", "fit");
    if (!option_of(job, "orientation-requested") && is_on(job, "landscape"))
        ippAddInteger(ipp, IPP_TAG_JOB, IPP_TAG_ENUM, "orientation-requested", IPP_ORIENT_LANDSCAPE);
}

// How long ago it was printed, for it may have waited here while nobody took it. Not when: clocks differ.
static void add_age(ipp_t *ipp, const struct job_options *job, int64_t now_ms)
{
    int64_t made_s, now_s = now_ms / 1000;
    const char *made = option_of(job, "time-at-creation");
    if (made && text_number(made, 1, now_s, &made_s) && now_s - made_s <= INT32_MAX)
        ippAddInteger(ipp, IPP_TAG_JOB, IPP_TAG_INTEGER, JOB_AGE_ATTRIBUTE, (int)(now_s - made_s));
}

static ssize_t add_bytes(void *arg, ipp_uchar_t *bytes, size_t length)
{
    text_add(arg, (const char *)bytes, length);
    return (ssize_t)length;
}

bool print_request_uuid(char uuid[PRINT_UUID_SIZE], const char *options)
{
    static const char start[] = "urn:uuid:";
    struct job_options job = {0};
    job.count = cupsParseOptions(options, 0, &job.options);
    const char *found = option_of(&job, "job-uuid");
    bool is_one = found && strlen(found) == PRINT_UUID_SIZE - 1 && text_starts(found, start) &&
                  strspn(found + strlen(start), "0123456789abcdef-") == PRINT_UUID_SIZE - sizeof start;
    text_put(uuid, PRINT_UUID_SIZE, is_one ? found : "");
    cupsFreeOptions(job.count, job.options);
    return is_one;
}

void print_request_write(struct text *out, const struct print_request *request)
{
    struct job_options job = {0};
    int64_t copies = 1;
    char name[PRINT_UUID_SIZE + 8];
    assert(request->owner[0] && text_starts(request->uuid, "urn:uuid:"));
    job.count = cupsParseOptions(request->options, 0, &job.options);
    if (!text_number(request->copies, 1, COPIES_MAX, &copies))
        copies = 1;
    snprintf(name, sizeof name, "pult-%s", request->uuid + strlen("urn:uuid:"));
    ipp_t *ipp = ippNewRequest(IPP_OP_PRINT_JOB);
    ippAddString(ipp, IPP_TAG_OPERATION, IPP_TAG_URI, "printer-uri", NULL, request->uri);
    ippAddString(ipp, IPP_TAG_OPERATION, IPP_TAG_NAME, "requesting-user-name", NULL, request->owner);
    ippAddString(ipp, IPP_TAG_OPERATION, IPP_TAG_NAME, "job-name", NULL, name);
    ippAddString(ipp, IPP_TAG_OPERATION, IPP_TAG_MIMETYPE, "document-format", NULL, request->format);
    ippAddString(ipp, IPP_TAG_JOB, IPP_TAG_URI, "job-uuid", NULL, request->uuid);
    ippAddInteger(ipp, IPP_TAG_JOB, IPP_TAG_INTEGER, "copies", (int)copies);
    add_age(ipp, &job, request->now_ms);
    add_media(ipp, &job);
    add_sides(ipp, &job);
    add_colour(ipp, &job);
    add_collation(ipp, &job);
    add_plain(ipp, &job);
    ippWriteIO(out, add_bytes, 1, NULL, ipp);
    ippDelete(ipp);
    cupsFreeOptions(job.count, job.options);
}
