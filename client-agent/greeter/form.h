// SPDX-License-Identifier: EUPL-1.2
// A few fields below each other and a button: the logon, and the choice of a new password. Nothing that was typed
// stays after it was handed on.
#pragma once
#include "client-agent/greeter/label.h"

enum { FORM_ROWS_MAX = 2 };

struct form_row {
    const char *caption;
    bool secret; // shown as dots, never readable
    size_t size; // of the longest text, in bytes with its NUL
    const char *too_long;
};

struct form_plan {
    const char *heading, *button;
    const char *second; // another button, for what else can be done with the same fields; NULL: none
    struct form_row rows[FORM_ROWS_MAX];
};

struct form;

// Enter in the last field, or a button. The fields are full and fit; the receiver copies what it needs: they are
// cleared when it returns.
typedef void form_submit(void *arg, bool second, const char *const texts[FORM_ROWS_MAX]);
// A field is empty or holds what no keyboard types; or it is too long, then with the sentence that says so.
typedef void form_invalid(void *arg, const char *too_long);

struct form *form_new(struct captions *captions, const struct form_plan *plan, form_submit *submit,
                      form_invalid *invalid, void *arg);
void form_free(struct form *form);
GtkWidget *form_widget(struct form *form);
GtkWidget *form_entry(struct form *form, size_t row);
// Empties it and puts the cursor into the first field; a `first` that is not empty stands there, and the cursor is in
// the second.
void form_clear(struct form *form, const char *first);
void form_press_second(struct form *form);
void form_focus(struct form *form); // the first empty field
