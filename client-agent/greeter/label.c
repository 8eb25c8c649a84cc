// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/greeter/label.h"
#include "broker/api/types.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CAPTIONS_MAX = 48, DESCRIBES_MAX = 5, SENTENCE_SIZE = 400, KEY_MAX = 32 };

struct caption {
    GtkWidget *widget, *describes[DESCRIBES_MAX];
    size_t describes_count;
    char english[SENTENCE_SIZE], where[NAME_SIZE];
    char shown[SENTENCE_SIZE + NAME_SIZE];
};

struct captions {
    char language[8];
    struct caption all[CAPTIONS_MAX];
    size_t count;
};

// By hand: the sentence came from another program, so it must not be anybody's format.
static void fill_in(char text[SENTENCE_SIZE + NAME_SIZE], const char *sentence, const char *where)
{
    const char *gap = strstr(sentence, "%s");
    int before = gap ? (int)(gap - sentence) : (int)strlen(sentence);
    snprintf(text, SENTENCE_SIZE + NAME_SIZE, "%.*s%s%s", before, sentence, gap ? where : "", gap ? gap + 2 : "");
}

static bool describes(const struct caption *caption, const GtkWidget *widget)
{
    for (size_t i = 0; i < caption->describes_count; i++)
        if (caption->describes[i] == widget)
            return true;
    return false;
}

// Several captions may have something to say of one widget.
static void describe_widget(const struct captions *captions, GtkWidget *widget)
{
    owned(text) struct text all = {0};
    text_adds(&all, "");
    for (size_t i = 0; i < captions->count; i++)
        if (*captions->all[i].shown && describes(&captions->all[i], widget))
            text_addf(&all, "%s%s", all.length ? " " : "", captions->all[i].shown);
    gtk_accessible_update_property(GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, all.bytes, -1);
}

// Keys that are listed with four spaces between them stay whole; what is as long as a sentence is broken as one.
static void set_text(GtkLabel *label, const char *text)
{
    static const char gap[] = "    ";
    owned(text) struct text shown = {0};
    text_adds(&shown, "");
    for (const char *part = text; *part;) {
        const char *end = strstr(part, gap);
        size_t length = end ? (size_t)(end - part) : strlen(part);
        bool stays_whole = strstr(text, gap) && length <= KEY_MAX;
        for (const char *at = part; at < part + length; at++)
            if (stays_whole && *at == ' ')
                text_adds(&shown, "\u00a0");
            else
                text_addf(&shown, "%c", *at);
        text_adds(&shown, end ? gap : "");
        part += length + (end ? strlen(gap) : 0);
    }
    gtk_label_set_text(label, shown.bytes);
}

static void show_caption(const struct captions *captions, struct caption *caption)
{
    char *text = caption->shown;
    fill_in(caption->shown, language_text(caption->english), caption->where);
    if (GTK_IS_LABEL(caption->widget))
        set_text(GTK_LABEL(caption->widget), text);
    else if (GTK_IS_BUTTON(caption->widget))
        gtk_button_set_label(GTK_BUTTON(caption->widget), text);
    gtk_accessible_update_property(GTK_ACCESSIBLE(caption->widget), GTK_ACCESSIBLE_PROPERTY_LABEL, text, -1);
    for (size_t i = 0; i < caption->describes_count; i++)
        describe_widget(captions, caption->describes[i]);
}

static struct caption *caption_of(struct captions *captions, GtkWidget *widget)
{
    for (size_t i = 0; i < captions->count; i++)
        if (captions->all[i].widget == widget)
            return &captions->all[i];
    assert(captions->count < CAPTIONS_MAX);
    captions->all[captions->count].widget = widget;
    return &captions->all[captions->count++];
}

struct captions *captions_new(const char *language)
{
    struct captions *captions = mem_new(1, sizeof *captions);
    captions_switch(captions, language);
    return captions;
}

void captions_free(struct captions *captions)
{
    free(captions);
}

void captions_set(struct captions *captions, GtkWidget *widget, const char *english)
{
    captions_set_with(captions, widget, english, "");
}

void captions_set_with(struct captions *captions, GtkWidget *widget, const char *english, const char *where)
{
    struct caption *caption = caption_of(captions, widget);
    text_cut(caption->english, sizeof caption->english, english);
    text_cut(caption->where, sizeof caption->where, where);
    show_caption(captions, caption);
}

void captions_describe(struct captions *captions, GtkWidget *widget, GtkWidget *described)
{
    struct caption *caption = caption_of(captions, widget);
    assert(caption->describes_count < DESCRIBES_MAX);
    caption->describes[caption->describes_count++] = described;
}

void captions_switch(struct captions *captions, const char *language)
{
    TEXT_PUT(captions->language, text_equal(language, "en") ? "en" : "de");
    language_init(captions->language);
    for (size_t i = 0; i < captions->count; i++)
        show_caption(captions, &captions->all[i]);
}

const char *captions_language(const struct captions *captions)
{
    return captions->language;
}

void captions_date(char *text, size_t size, enum date_form form, time_t at)
{
    static const char *const days[] = {N_("Sunday"),   N_("Monday"), N_("Tuesday"), N_("Wednesday"),
                                       N_("Thursday"), N_("Friday"), N_("Saturday")};
    static const char *const months[] = {N_("January"),   N_("February"), N_("March"),    N_("April"),
                                         N_("May"),       N_("June"),     N_("July"),     N_("August"),
                                         N_("September"), N_("October"),  N_("November"), N_("December")};
    struct tm local;
    localtime_r(&at, &local);
    if (form == DATE_SHORT) {
        // TRANSLATORS: day of the month, month, hour, minute
        snprintf(text, size, _("%d/%d, %d:%02d"), local.tm_mday, local.tm_mon + 1, local.tm_hour, local.tm_min);
        return;
    }
    // TRANSLATORS: weekday, day of the month, month, year, hour, minute
    snprintf(text, size, _("%s, %d %s %d, %d:%02d"), _(days[local.tm_wday]), local.tm_mday, _(months[local.tm_mon]),
             local.tm_year + 1900, local.tm_hour, local.tm_min);
}
