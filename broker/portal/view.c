// SPDX-License-Identifier: EUPL-1.2
#include "broker/portal/view.h"

// A row a line.
// clang-format off
#define AT(holder, member) .offset = offsetof(struct holder, member), .size = sizeof(((struct holder *)0)->member)
#define FRAME(holder) {.name = "frame", .type = FIELD_RECORD, AT(holder, frame), .record = &view_frame_type, .sentence = "what every page has"}
#define HELP_DESK(holder) {.name = "help_desk", .type = FIELD_TEXT, AT(holder, help_desk), .sentence = "whom to call; empty: nobody was named"}
#define PROBLEM(holder) {.name = "problem", .type = FIELD_TEXT, AT(holder, problem), .sentence = "why what was asked for was not possible; empty: it was, or nothing was asked for"}

static const struct field view_frame_fields[] = {
    {.name = "language", .type = FIELD_TEXT, AT(view_frame, language), .sentence = "of the page"},
    {.name = "other_language", .type = FIELD_TEXT, AT(view_frame, other_language), .sentence = "in which it is there, too"},
    {.name = "other_name", .type = FIELD_TEXT, AT(view_frame, other_name), .sentence = "of that language"},
    {.name = "assets", .type = FIELD_DIGEST, AT(view_frame, assets), .sentence = "in the address of style sheets and pictures"},
    {.name = "organisation", .type = FIELD_TEXT, AT(view_frame, organisation), .sentence = "whose portal it is"},
    {.name = "person", .type = FIELD_TEXT, AT(view_frame, person), .sentence = "who is logged on; empty: nobody"},
    {.name = "logoff_token", .type = FIELD_TEXT, AT(view_frame, logoff_token), .sentence = "proof of the form that logs them off"},
    {.name = NULL},
};
const struct record_type view_frame_type = {"view_frame", view_frame_fields, sizeof(struct view_frame)};

static const struct field view_logon_fields[] = {
    FRAME(view_logon),
    {.name = "token", .type = FIELD_TEXT, AT(view_logon, token), .sentence = "proof of the form"},
    PROBLEM(view_logon),
    {.name = "name", .type = FIELD_TEXT, AT(view_logon, name), .sentence = "as typed before"},
    {.name = "challenge", .type = FIELD_TEXT, AT(view_logon, challenge), .sentence = "that a passkey signs, in hexadecimal; empty: none is asked for"},
    HELP_DESK(view_logon),
    {.name = NULL},
};
const struct record_type view_logon_type = {"view_logon", view_logon_fields, sizeof(struct view_logon)};

static const char *const view_state_words[] = {"closed", "open-elsewhere", "disconnected", NULL};

static const struct field view_desktop_fields[] = {
    {.name = "profile", .type = FIELD_ID, AT(view_desktop, profile), .refers = NOUN_PROFILE, .sentence = "which"},
    {.name = "name", .type = FIELD_TEXT, AT(view_desktop, name), .sentence = "what people call it"},
    {.name = "state", .type = FIELD_CHOICE, AT(view_desktop, state), .choices = view_state_words, .sentence = "whether it is open"},
    {.name = "place", .type = FIELD_TEXT, AT(view_desktop, place), .sentence = "where it is open"},
    {.name = "since", .type = FIELD_TIME, AT(view_desktop, since_ms), .sentence = "since when"},
    {.name = "in_browser", .type = FIELD_FLAG, AT(view_desktop, in_browser), .sentence = "it may be opened in the browser"},
    {.name = "by_file", .type = FIELD_FLAG, AT(view_desktop, by_file), .sentence = "it may be opened by an RDP program"},
    {.name = "asks_password", .type = FIELD_FLAG, AT(view_desktop, asks_password), .sentence = "the program asks for the password once more"},
    {.name = NULL},
};
const struct record_type view_desktop_type = {"view_desktop", view_desktop_fields, sizeof(struct view_desktop)};

static const struct field view_past_logon_fields[] = {
    {.name = "at", .type = FIELD_TIME, AT(view_past_logon, at_ms), .sentence = "when"},
    {.name = "place", .type = FIELD_TEXT, AT(view_past_logon, place), .sentence = "a network"},
    {.name = "browser", .type = FIELD_TEXT, AT(view_past_logon, browser), .sentence = "what people call it; empty: not known"},
    {.name = "refused", .type = FIELD_FLAG, AT(view_past_logon, refused), .sentence = "it was no log-on: something was wrong"},
    {.name = "times", .type = FIELD_NUMBER, AT(view_past_logon, times), .sentence = "how often, one after the other; 0: once"},
    {.name = NULL},
};
const struct record_type view_past_logon_type = {"view_past_logon", view_past_logon_fields, sizeof(struct view_past_logon)};

static const struct field view_desktops_fields[] = {
    FRAME(view_desktops),
    {.name = "file_token", .type = FIELD_TEXT, AT(view_desktops, file_token), .sentence = "proof of the form that fetches a file"},
    PROBLEM(view_desktops),
    {.name = "desktops", .type = FIELD_RECORDS, AT(view_desktops, desktops), .max = VIEW_DESKTOPS_MAX, .record = &view_desktop_type, .sentence = "the person's desktops"},
    {.name = "logons", .type = FIELD_RECORDS, AT(view_desktops, logons), .max = VIEW_LOGONS_MAX, .record = &view_past_logon_type, .sentence = "their last log-ons"},
    HELP_DESK(view_desktops),
    {.name = NULL},
};
const struct record_type view_desktops_type = {"view_desktops", view_desktops_fields, sizeof(struct view_desktops)};

static const struct field view_shown_desktop_fields[] = {
    FRAME(view_shown_desktop),
    {.name = "profile", .type = FIELD_ID, AT(view_shown_desktop, profile), .refers = NOUN_PROFILE, .sentence = "which"},
    {.name = "name", .type = FIELD_TEXT, AT(view_shown_desktop, name), .sentence = "what people call it"},
    {.name = "channel_token", .type = FIELD_TEXT, AT(view_shown_desktop, channel_token), .sentence = "proof of the page when it asks for a way there"},
    {.name = "clipboard", .type = FIELD_FLAG, AT(view_shown_desktop, clipboard), .sentence = "copy and paste"},
    HELP_DESK(view_shown_desktop),
    {.name = NULL},
};
const struct record_type view_shown_desktop_type = {"view_shown_desktop", view_shown_desktop_fields, sizeof(struct view_shown_desktop)};

static const struct field view_factor_fields[] = {
    {.name = "id", .type = FIELD_ID, AT(view_factor, id), .refers = NOUN_FACTOR, .sentence = "which"},
    {.name = "name", .type = FIELD_TEXT, AT(view_factor, name), .sentence = "what its person calls it"},
    {.name = "kind", .type = FIELD_CHOICE, AT(view_factor, kind), .choices = factor_kind_words, .sentence = "what it is"},
    {.name = "used", .type = FIELD_TIME, AT(view_factor, used_ms), .sentence = "when last"},
    {.name = NULL},
};
const struct record_type view_factor_type = {"view_factor", view_factor_fields, sizeof(struct view_factor)};

static const struct field view_factors_fields[] = {
    FRAME(view_factors),
    PROBLEM(view_factors),
    {.name = "is_missing", .type = FIELD_FLAG, AT(view_factors, is_missing), .sentence = "one is needed before anything else"},
    {.name = "may_change", .type = FIELD_FLAG, AT(view_factors, may_change), .sentence = "they have logged on lately"},
    {.name = "user", .type = FIELD_DIGEST, AT(view_factors, user), .sentence = "the digest of the person's id, which a passkey keeps"},
    {.name = "factors", .type = FIELD_RECORDS, AT(view_factors, factors), .max = VIEW_FACTORS_MAX, .record = &view_factor_type, .sentence = "what they have"},
    {.name = "remove_token", .type = FIELD_TEXT, AT(view_factors, remove_token), .sentence = "proof of the form that removes one"},
    {.name = "passkey_token", .type = FIELD_TEXT, AT(view_factors, passkey_token), .sentence = "proof of the form that adds a passkey"},
    {.name = "codes_token", .type = FIELD_TEXT, AT(view_factors, codes_token), .sentence = "proof of the form that makes codes"},
    {.name = "challenge", .type = FIELD_TEXT, AT(view_factors, challenge), .sentence = "that a passkey signs, in hexadecimal; empty: none is asked for"},
    HELP_DESK(view_factors),
    {.name = NULL},
};
const struct record_type view_factors_type = {"view_factors", view_factors_fields, sizeof(struct view_factors)};

static const struct field view_telephone_fields[] = {
    FRAME(view_telephone),
    {.name = "token", .type = FIELD_TEXT, AT(view_telephone, token), .sentence = "proof of the form"},
    PROBLEM(view_telephone),
    {.name = "sealed", .type = FIELD_TEXT, AT(view_telephone, sealed), .sentence = "the secret as only the broker can read it"},
    {.name = "secret", .type = FIELD_TEXT, AT(view_telephone, secret), .sentence = "the secret, to be typed"},
    {.name = "path", .type = FIELD_TEXT, AT(view_telephone, path), .sentence = "the secret as a picture"},
    {.name = "side", .type = FIELD_NUMBER, AT(view_telephone, side), .sentence = "how wide and high that is"},
    HELP_DESK(view_telephone),
    {.name = NULL},
};
const struct record_type view_telephone_type = {"view_telephone", view_telephone_fields, sizeof(struct view_telephone)};

static const struct field view_code_fields[] = {
    {.name = "code", .type = FIELD_TEXT, AT(view_code, code), .sentence = "to be written down"},
    {.name = NULL},
};
const struct record_type view_code_type = {"view_code", view_code_fields, sizeof(struct view_code)};

static const struct field view_codes_fields[] = {
    FRAME(view_codes),
    {.name = "codes", .type = FIELD_RECORDS, AT(view_codes, codes), .max = FACTOR_CODES_MAX, .record = &view_code_type, .sentence = "all of them"},
    HELP_DESK(view_codes),
    {.name = NULL},
};
const struct record_type view_codes_type = {"view_codes", view_codes_fields, sizeof(struct view_codes)};

static const struct field view_job_fields[] = {
    {.name = "job", .type = FIELD_TEXT, AT(view_job, job), .sentence = "which"},
    {.name = "printer", .type = FIELD_TEXT, AT(view_job, printer), .sentence = "where it is to come out; empty: not decided yet"},
    {.name = "sentence", .type = FIELD_TEXT, AT(view_job, sentence), .sentence = "how far it is, or why it is no further"},
    {.name = "created", .type = FIELD_TIME, AT(view_job, created_ms), .sentence = "when it was printed in the session"},
    {.name = "pages", .type = FIELD_NUMBER, AT(view_job, pages), .max = INT64_MAX, .sentence = "of the document; 0: not known"},
    {.name = NULL},
};
const struct record_type view_job_type = {"view_job", view_job_fields, sizeof(struct view_job)};

static const struct field view_printer_fields[] = {
    {.name = "printer", .type = FIELD_ID, AT(view_printer, printer), .refers = NOUN_PRINTER, .sentence = "which"},
    {.name = "place", .type = FIELD_TEXT, AT(view_printer, place), .sentence = "what people call it"},
    {.name = NULL},
};
const struct record_type view_printer_type = {"view_printer", view_printer_fields, sizeof(struct view_printer)};

static const struct field view_jobs_fields[] = {
    FRAME(view_jobs),
    PROBLEM(view_jobs),
    {.name = "jobs", .type = FIELD_RECORDS, AT(view_jobs, jobs), .max = OWN_JOBS_MAX, .record = &view_job_type, .sentence = "the person's print jobs"},
    {.name = "more", .type = FIELD_FLAG, AT(view_jobs, more), .sentence = "there are more than these"},
    {.name = "printers", .type = FIELD_RECORDS, AT(view_jobs, printers), .max = OWN_PRINTERS_MAX, .record = &view_printer_type, .sentence = "where they may come out"},
    {.name = "release_token", .type = FIELD_TEXT, AT(view_jobs, release_token), .sentence = "proof of the form that prints one"},
    {.name = "cancel_token", .type = FIELD_TEXT, AT(view_jobs, cancel_token), .sentence = "proof of the form that deletes one"},
    HELP_DESK(view_jobs),
    {.name = NULL},
};
const struct record_type view_jobs_type = {"view_jobs", view_jobs_fields, sizeof(struct view_jobs)};

static const struct field view_message_fields[] = {
    FRAME(view_message),
    {.name = "title", .type = FIELD_TEXT, AT(view_message, title), .sentence = "in a few words"},
    {.name = "text", .type = FIELD_TEXT, AT(view_message, text), .sentence = "what happened, and what to do"},
    HELP_DESK(view_message),
    {.name = NULL},
};
const struct record_type view_message_type = {"view_message", view_message_fields, sizeof(struct view_message)};
// clang-format on

const struct view_row view_rows[VIEW_COUNT] = {
    [VIEW_LOGON] = {"logon", &view_logon_type, PAGE_HTML},
    [VIEW_DESKTOPS] = {"desktops", &view_desktops_type, PAGE_HTML},
    [VIEW_DESKTOP] = {"desktop", &view_shown_desktop_type, PAGE_DESKTOP},
    [VIEW_FACTORS] = {"factors", &view_factors_type, PAGE_HTML},
    [VIEW_TELEPHONE] = {"telephone", &view_telephone_type, PAGE_HTML},
    [VIEW_CODES] = {"codes", &view_codes_type, PAGE_HTML},
    [VIEW_JOBS] = {"jobs", &view_jobs_type, PAGE_HTML},
    [VIEW_MESSAGE] = {"message", &view_message_type, PAGE_HTML},
};
