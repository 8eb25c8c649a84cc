// SPDX-License-Identifier: EUPL-1.2
// What agent and greeter say to each other: one JSON object a line over a socket pair, the greeter's end being its
// descriptor 3; a picture goes through descriptor 4, a file in memory. Both sides are built from this one table.
#pragma once
#include "broker/api/codec.h"
#include "broker/api/own_jobs.h"
#include "broker/base/mem.h"

enum { GREETER_DESCRIPTOR = 3, GREETER_PICTURE_DESCRIPTOR = 4, GREETER_LINE_MAX = 32 * 1024 };

enum greeter_type {
    GREETER_SHOW,         // agent: the logon form. sentence, where, place, help_desk, language, name
    GREETER_ASK_NEW,      // agent: ask for a new password. sentence, help_desk
    GREETER_BUSY,         // agent: wait; or, when it is idle, nothing but the sentence. state, sentence, idle
    GREETER_MARK,         // agent: show for a while that you are the real one
    GREETER_JOBS,         // agent: the person's print jobs. state, sentence, own
    GREETER_DRAW,         // agent: a picture of a sentence, to be shown over the session. number, sentence, where
    GREETER_LOG_ON,       // greeter: name, password
    GREETER_NEW_PASSWORD, // greeter: password
    GREETER_CANCEL,       // greeter: back to the form
    GREETER_LANGUAGE,     // greeter: the person has switched it. language
    GREETER_TYPING,       // greeter: somebody is at the keys; once a second at most
    GREETER_ASK_JOBS,     // greeter: show print jobs, instead of a desktop: name, password; or once more
    GREETER_RELEASE,      // greeter: print it: job, printer
    GREETER_CANCEL_JOB,   // greeter: delete it: job
    GREETER_DRAWN,        // greeter: the picture is there: number, width, height
};

struct greeter_message {
    int64_t type;       // enum greeter_type
    char state[16];     // of the desk: "greeting", "checking", "connecting", ...
    char sentence[320]; // English, the gettext key; a %s in it stands for `where`
    char where[NAME_SIZE];
    char place[NAME_SIZE];     // of this desk
    char help_desk[NAME_SIZE]; // telephone number
    char language[8];          // "de", "en"
    char name[USER_NAME_SIZE];
    char password[SECRET_MAX + 1];
    char job[JOB_NAME_SIZE];
    char printer[ID_SIZE];
    struct own_jobs own;
    bool idle; // nothing is being done that one could wait for
    int64_t number, width, height;
};
extern const struct field greeter_fields[];

// The line, with its newline, ready to be sent; the caller wipes it with greeter_line_drop.
void greeter_line(struct text *line, const struct greeter_message *message);
void greeter_line_drop(struct text *line);

// Lines as they come in. A line that is too long or that nobody understands ends the talk.
struct greeter_reader {
    char bytes[GREETER_LINE_MAX];
    size_t length;
};
typedef void greeter_heard(void *arg, const struct greeter_message *message);
// Reads what is there from a non-blocking descriptor and hands on each message. False at the end of the talk, with a
// fault unless it was orderly.
bool greeter_read(struct greeter_reader *reader, int descriptor, greeter_heard *heard, void *arg, struct fault *why)
    __attribute__((warn_unused_result));
