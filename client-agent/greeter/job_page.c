// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/greeter/job_page.h"
#include "broker/api/record.h"
#include "broker/base/text.h"

#include <stdlib.h>

enum { JOBS_HEIGHT = 320, PRINTERS_HEIGHT = 150 };

struct job_page {
    struct captions *captions;
    struct job_page_events events;
    void *arg;
    struct own_jobs own;
    GtkWidget *box, *empty, *choice, *more, *jobs, *printers;
    GtkWidget *release, *cancel;
};

// ---- rows

static void job_line(const struct own_job *job, struct text *line)
{
    char created[40];
    captions_date(created, sizeof created, DATE_SHORT, (time_t)(job->created_ms / 1000));
    text_adds(line, created);
    if (*job->printer)
        text_addf(line, "  %s", job->printer);
    if (job->pages > 0)
        text_adds(line, "  ");
    if (job->pages == 1)
        text_adds(line, _("1 page"));
    else if (job->pages > 1)
        text_addf(line, _("%d pages"), (int)(job->pages < INT32_MAX ? job->pages : INT32_MAX));
}

static const char *job_sentence(const struct own_job *job)
{
    const char *why = job_reason_sentences[job->reason];
    return language_text(*why ? why : job_state_sentences[job->state]);
}

static GtkWidget *new_line(const char *text, const char *class_name)
{
    GtkWidget *label = gtk_label_new(text);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_label_set_wrap(GTK_LABEL(label), TRUE);
    gtk_label_set_max_width_chars(GTK_LABEL(label), 60);
    gtk_widget_add_css_class(label, class_name);
    return label;
}

// A screen reader reads both lines as one.
static void add_row(GtkWidget *to, const char *first, const char *second)
{
    owned(text) struct text all = {0};
    GtkWidget *row = gtk_list_box_row_new(), *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 2);
    text_addf(&all, *second ? "%s. %s" : "%s", first, second);
    gtk_box_append(GTK_BOX(box), new_line(first, *second ? "first-line" : "only-line"));
    if (*second)
        gtk_box_append(GTK_BOX(box), new_line(second, "second-line"));
    gtk_list_box_row_set_child(GTK_LIST_BOX_ROW(row), box);
    gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, all.bytes, -1);
    gtk_list_box_append(GTK_LIST_BOX(to), row);
}

static void remove_rows(GtkWidget *from)
{
    for (GtkListBoxRow *row; (row = gtk_list_box_get_row_at_index(GTK_LIST_BOX(from), 0));)
        gtk_list_box_remove(GTK_LIST_BOX(from), GTK_WIDGET(row));
}

static const struct own_job *job_at(const struct job_page *page, size_t at)
{
    return record_at(&page->own.jobs, &own_job_type, at);
}

static const struct own_printer *printer_at(const struct job_page *page, size_t at)
{
    return record_at(&page->own.printers, &own_printer_type, at);
}

// -1: none.
static int chosen(GtkWidget *rows)
{
    GtkListBoxRow *row = gtk_list_box_get_selected_row(GTK_LIST_BOX(rows));
    return row ? gtk_list_box_row_get_index(row) : -1;
}

static void choose(GtkWidget *rows, size_t at)
{
    gtk_list_box_select_row(GTK_LIST_BOX(rows), gtk_list_box_get_row_at_index(GTK_LIST_BOX(rows), (int)at));
}

static const struct own_job *chosen_job(const struct job_page *page)
{
    int at = chosen(page->jobs);
    return at >= 0 ? job_at(page, (size_t)at) : NULL;
}

// `message` is what is said beside the rows: a screen reader reads it with the row that gets the keyboard.
static void speak_of(const struct job_page *page, const char *message)
{
    GtkListBoxRow *row = gtk_list_box_get_selected_row(GTK_LIST_BOX(page->jobs));
    if (row)
        gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, message, -1);
}

static void fill_rows(struct job_page *page)
{
    int job = chosen(page->jobs), printer = chosen(page->printers);
    remove_rows(page->jobs);
    remove_rows(page->printers);
    for (size_t i = 0; i < page->own.jobs.count; i++) {
        owned(text) struct text line = {0};
        job_line(job_at(page, i), &line);
        add_row(page->jobs, line.bytes, job_sentence(job_at(page, i)));
    }
    for (size_t i = 0; i < page->own.printers.count; i++) {
        const struct own_printer *one = printer_at(page, i);
        add_row(page->printers, *one->place ? one->place : one->printer, "");
    }
    choose(page->jobs, job > 0 && (size_t)job < page->own.jobs.count ? (size_t)job : 0);
    choose(page->printers, printer > 0 && (size_t)printer < page->own.printers.count ? (size_t)printer : 0);
    gtk_widget_set_visible(page->more, page->own.more);
    // Nothing is offered that there is nothing for.
    gtk_widget_set_visible(page->empty, !page->own.jobs.count);
    gtk_widget_set_visible(page->choice, page->own.jobs.count > 0);
    gtk_widget_set_visible(page->release, page->own.jobs.count > 0);
    gtk_widget_set_visible(page->cancel, page->own.jobs.count > 0);
}

// ---- what the person does

static void release_chosen(struct job_page *page)
{
    const struct own_job *job = chosen_job(page);
    int printer = chosen(page->printers);
    if (job)
        page->events.release(page->arg, job->job, printer >= 0 ? printer_at(page, (size_t)printer)->printer : "");
}

static void cancel_chosen(struct job_page *page)
{
    const struct own_job *job = chosen_job(page);
    if (job)
        page->events.cancel(page->arg, job->job);
}

static void release_pressed(GtkButton *button, gpointer arg)
{
    (void)button;
    release_chosen(arg);
}

static void cancel_pressed(GtkButton *button, gpointer arg)
{
    (void)button;
    cancel_chosen(arg);
}

static void back_pressed(GtkButton *button, gpointer arg)
{
    struct job_page *page = arg;
    (void)button;
    page->events.back(page->arg);
}

static void row_activated(GtkListBox *rows, GtkListBoxRow *row, gpointer arg)
{
    (void)rows, (void)row;
    release_chosen(arg);
}

bool job_page_key(struct job_page *page, guint key)
{
    if (key == GDK_KEY_Delete || key == GDK_KEY_KP_Delete)
        cancel_chosen(page);
    else if (key == GDK_KEY_F5)
        page->events.again(page->arg);
    else
        return false;
    return true;
}

// ---- building it

static GtkWidget *new_caption(struct job_page *page, GtkWidget *to, const char *english, const char *class_name)
{
    GtkWidget *label = gtk_label_new("");
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_widget_add_css_class(label, class_name);
    captions_set(page->captions, label, english);
    gtk_box_append(GTK_BOX(to), label);
    return label;
}

static GtkWidget *new_rows(struct job_page *page, const char *english, int height)
{
    GtkWidget *rows = gtk_list_box_new(), *scrolled = gtk_scrolled_window_new();
    gtk_list_box_set_selection_mode(GTK_LIST_BOX(rows), GTK_SELECTION_BROWSE);
    gtk_list_box_set_activate_on_single_click(GTK_LIST_BOX(rows), FALSE);
    g_signal_connect(rows, "row-activated", G_CALLBACK(row_activated), page);
    gtk_widget_add_css_class(scrolled, "rows");
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scrolled), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
    gtk_scrolled_window_set_propagate_natural_height(GTK_SCROLLED_WINDOW(scrolled), TRUE);
    gtk_scrolled_window_set_min_content_height(GTK_SCROLLED_WINDOW(scrolled), height / 3);
    gtk_scrolled_window_set_max_content_height(GTK_SCROLLED_WINDOW(scrolled), height);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), rows);
    gtk_box_append(GTK_BOX(page->choice), scrolled);
    captions_set(page->captions, rows, english);
    return rows;
}

static GtkWidget *new_button(struct job_page *page, GtkWidget *to, const char *english, const char *class_name,
                             GCallback pressed)
{
    GtkWidget *button = gtk_button_new();
    gtk_widget_add_css_class(button, class_name);
    gtk_widget_set_hexpand(button, TRUE);
    captions_set(page->captions, button, english);
    g_signal_connect(button, "clicked", pressed, page);
    gtk_box_append(GTK_BOX(to), button);
    return button;
}

struct job_page *job_page_new(struct captions *captions, const struct job_page_events *events, void *arg)
{
    struct job_page *page = mem_new(1, sizeof *page);
    GtkWidget *buttons = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 16);
    page->captions = captions;
    page->events = *events;
    page->arg = arg;
    page->box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    gtk_widget_add_css_class(page->box, "form");
    new_caption(page, page->box, N_("My print jobs"), "heading");
    page->empty = new_caption(page, page->box, N_("You have no print jobs that wait."), "empty");
    gtk_widget_set_focusable(page->empty, TRUE);
    page->choice = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    gtk_box_append(GTK_BOX(page->box), page->choice);
    page->jobs = new_rows(page, N_("My print jobs"), JOBS_HEIGHT);
    page->more = new_caption(page, page->choice, N_("There are more; these are the oldest."), "empty");
    new_caption(page, page->choice, N_("Print at"), "field");
    page->printers = new_rows(page, N_("Print at"), PRINTERS_HEIGHT);
    page->release = new_button(page, buttons, N_("Print"), "submit", G_CALLBACK(release_pressed));
    page->cancel = new_button(page, buttons, N_("Delete"), "second", G_CALLBACK(cancel_pressed));
    new_button(page, buttons, N_("Back"), "second", G_CALLBACK(back_pressed));
    gtk_box_append(GTK_BOX(page->box), buttons);
    return page;
}

void job_page_free(struct job_page *page)
{
    own_jobs_free(&page->own);
    free(page);
}

GtkWidget *job_page_widget(struct job_page *page)
{
    return page->box;
}

GtkWidget *job_page_empty(struct job_page *page)
{
    return page->empty;
}

void job_page_focus(struct job_page *page)
{
    GtkListBoxRow *row = gtk_list_box_get_selected_row(GTK_LIST_BOX(page->jobs));
    // A label does not grab it by itself.
    if (row)
        gtk_widget_grab_focus(GTK_WIDGET(row));
    else
        gtk_root_set_focus(gtk_widget_get_root(page->empty), page->empty);
}

// The job that was chosen is looked for by its name: others may have come and gone.
void job_page_show(struct job_page *page, const struct own_jobs *own, const char *message)
{
    const struct own_job *before = chosen_job(page);
    char name[JOB_NAME_SIZE] = "";
    if (before)
        TEXT_PUT(name, before->job);
    own_jobs_free(&page->own);
    own_jobs_copy(&page->own, own);
    fill_rows(page);
    for (size_t i = 0; i < page->own.jobs.count; i++)
        if (text_equal(job_at(page, i)->job, name))
            choose(page->jobs, i);
    speak_of(page, message);
    job_page_focus(page);
}

void job_page_clear(struct job_page *page)
{
    own_jobs_free(&page->own);
    fill_rows(page);
}

void job_page_translate(struct job_page *page, const char *message)
{
    fill_rows(page);
    speak_of(page, message);
    job_page_focus(page);
}
