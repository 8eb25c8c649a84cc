// SPDX-License-Identifier: EUPL-1.2
// The words on the screen, in the language of the moment: what was captioned once follows every switch.
#pragma once
#include "broker/client/language.h"

#include <gtk/gtk.h>
#include <time.h>

struct captions;

struct captions *captions_new(const char *language); // "de" or "en"
void captions_free(struct captions *captions);

// Labels and buttons show `english` translated, entries get it as their accessible name. At most 48 widgets; again for
// the same widget replaces its words. "" shows nothing.
void captions_set(struct captions *captions, GtkWidget *widget, const char *english);
// As it is, in no language; `where` replaces a %s. Nothing in either is a format for anybody else.
void captions_set_with(struct captions *captions, GtkWidget *widget, const char *english, const char *where);
// A screen reader does not read a text that appears somewhere; it reads what is said of the thing that has the
// keyboard. Of one thing several may speak, each of five at most.
void captions_describe(struct captions *captions, GtkWidget *widget, GtkWidget *described);

void captions_switch(struct captions *captions, const char *language);
const char *captions_language(const struct captions *captions);

// "Montag, 2. März 2026, 7:45", or "2.3. 7:45", without needing a German locale on the machine.
enum date_form { DATE_FULL, DATE_SHORT };
void captions_date(char *text, size_t size, enum date_form form, time_t at);
