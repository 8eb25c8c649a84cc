// SPDX-License-Identifier: EUPL-1.2
// What the portal's pages show, each page a struct with its rows. Texts are in the language of the page; hostile all
// the same, since names of people and of desktops are within.
#pragma once
#include "broker/api/own_jobs.h"
#include "broker/portal/cookie.h"
#include "broker/portal/page_policy.h"
#include "broker/portal/page_template.h"

enum view {
    VIEW_LOGON,
    VIEW_DESKTOPS,
    VIEW_DESKTOP,
    VIEW_FACTORS,
    VIEW_TELEPHONE,
    VIEW_CODES,
    VIEW_JOBS,
    VIEW_MESSAGE,
    VIEW_COUNT,
};

struct view_row {
    const char *file; // in the folder of pages, without .html
    const struct record_type *type;
    enum page_kind kind;
};
extern const struct view_row view_rows[VIEW_COUNT];

enum {
    VIEW_TAG_SIZE = 16,
    VIEW_TEXT_SIZE = 512,
    VIEW_DESKTOPS_MAX = 50,
    VIEW_LOGONS_MAX = 10,
    VIEW_FACTORS_MAX = 20,
    VIEW_SECRET_SIZE = 64
};

// What every page has.
struct view_frame {
    char language[VIEW_TAG_SIZE], other_language[VIEW_TAG_SIZE];
    char other_name[VIEW_TAG_SIZE];     // of the other language, as its speakers write it
    char assets[DIGEST_SIZE];           // part of the address of style sheets and pictures
    char organisation[NAME_SIZE];       // whose portal it is
    char person[NAME_SIZE];             // who is logged on; empty: nobody
    char logoff_token[COOKIE_MAC_SIZE]; // of the form that logs them off
};

struct view_logon {
    struct view_frame frame;
    char token[COOKIE_MAC_SIZE];
    char problem[VIEW_TEXT_SIZE]; // why it was not possible; empty: it is the first try
    char name[USER_NAME_SIZE];    // as typed before
    char challenge[DIGEST_SIZE];  // that a passkey signs, in hexadecimal; empty: none is asked for
    char help_desk[NAME_SIZE];
};

enum view_state { VIEW_CLOSED, VIEW_OPEN_ELSEWHERE, VIEW_DISCONNECTED };

struct view_desktop {
    char profile[ID_SIZE];
    char name[NAME_SIZE];
    int64_t state;         // enum view_state
    char place[NAME_SIZE]; // where it is open
    int64_t since_ms;
    bool in_browser, by_file; // how it may be opened from here
    bool asks_password;       // at none of its hosts is anybody logged on without
};

// A log-on of theirs, so that a stranger's is seen.
struct view_past_logon {
    int64_t at_ms;
    char place[NAME_SIZE];   // a network
    char browser[NAME_SIZE]; // empty: not known
    bool refused;
    int64_t times; // so often, one after the other; 0: once
};

struct view_desktops {
    struct view_frame frame;
    char file_token[COOKIE_MAC_SIZE];
    char problem[VIEW_TEXT_SIZE];
    struct record_list desktops; // of struct view_desktop
    struct record_list logons;   // of struct view_past_logon, the latest first
    char help_desk[NAME_SIZE];
};

// One that is shown in the browser: the page opens it by itself.
struct view_shown_desktop {
    struct view_frame frame;
    char profile[ID_SIZE];
    char name[NAME_SIZE];
    char channel_token[COOKIE_MAC_SIZE];
    bool clipboard;
    char help_desk[NAME_SIZE];
};

struct view_factor {
    char id[ID_SIZE];
    char name[NAME_SIZE];
    int64_t kind; // enum factor_kind
    int64_t used_ms;
};

struct view_factors {
    struct view_frame frame;
    char problem[VIEW_TEXT_SIZE];
    bool is_missing;        // one is needed before anything else
    bool may_change;        // they have logged on lately
    char user[DIGEST_SIZE]; // which a passkey keeps: the digest of the person's id
    struct record_list factors;
    char remove_token[COOKIE_MAC_SIZE], passkey_token[COOKIE_MAC_SIZE], codes_token[COOKIE_MAC_SIZE];
    char challenge[DIGEST_SIZE]; // for a passkey; empty: none can be set up
    char help_desk[NAME_SIZE];
};

enum { VIEW_PATH_SIZE = 64 * 1024 };

// All of it is secret, but the frame.
struct view_telephone {
    struct view_frame frame;
    char token[COOKIE_MAC_SIZE];
    char problem[VIEW_TEXT_SIZE];
    char sealed[FACTOR_KEY_SIZE];
    char secret[VIEW_SECRET_SIZE];
    char path[VIEW_PATH_SIZE]; // of the QR code
    int64_t side;
    char help_desk[NAME_SIZE];
};

struct view_code {
    char code[VIEW_SECRET_SIZE];
};

struct view_codes {
    struct view_frame frame;
    struct record_list codes; // of struct view_code
    char help_desk[NAME_SIZE];
};

struct view_job {
    char job[JOB_NAME_SIZE];
    char printer[NAME_SIZE];
    char sentence[VIEW_TEXT_SIZE]; // how far it is, or why it is no further
    int64_t created_ms, pages;     // 0 pages: not known
};

struct view_printer {
    char printer[ID_SIZE];
    char place[NAME_SIZE];
};

struct view_jobs {
    struct view_frame frame;
    char problem[VIEW_TEXT_SIZE];
    struct record_list jobs;     // of struct view_job
    bool more;                   // than these
    struct record_list printers; // of struct view_printer
    char release_token[COOKIE_MAC_SIZE], cancel_token[COOKIE_MAC_SIZE];
    char help_desk[NAME_SIZE];
};

struct view_message {
    struct view_frame frame;
    char title[NAME_SIZE];
    char text[VIEW_TEXT_SIZE];
    char help_desk[NAME_SIZE];
};

extern const struct record_type view_frame_type, view_logon_type, view_desktop_type, view_past_logon_type,
    view_desktops_type, view_shown_desktop_type, view_factor_type, view_factors_type, view_telephone_type,
    view_code_type, view_codes_type, view_job_type, view_printer_type, view_jobs_type, view_message_type;
