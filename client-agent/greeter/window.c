// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/greeter/window.h"
#include "client-agent/greeter/form.h"
#include "client-agent/greeter/job_page.h"
#include "client-agent/greeter/keyboard.h"
#include "client-agent/greeter/label.h"
#include "client-agent/greeter/picture.h"
#include "client-agent/greeter/style.h"

#include <stdlib.h>

enum page { PAGE_LOG_ON, PAGE_CHANGE, PAGE_BUSY, PAGE_JOBS };
enum { MARK_S = 15 };

struct window {
    struct captions *captions;
    struct window_events events;
    void *arg;
    enum page page;
    bool help_shown, caps_on;
    gint64 typed_us;
    GtkWidget *window, *stack;
    GtkWidget *place, *clock, *mark;
    guint mark_ends;
    GtkWidget *notice, *help, *caps;
    GtkWidget *spinner, *busy;
    GtkWidget *desk, *keys;
    struct form *log_on, *change;
    struct job_page *jobs;
};

static const char *const page_names[] = {
    [PAGE_LOG_ON] = "log-on", [PAGE_CHANGE] = "change", [PAGE_BUSY] = "busy", [PAGE_JOBS] = "jobs"};

static const char keys_at_form[] = N_("Tab: next field    Enter: log on    F5: print jobs    Esc: clear    F1: help    "
                                      "F2: Deutsch    F3: larger text    F4: contrast");
static const char keys_at_change[] = N_("Tab: next field    Enter: save    Esc: cancel    F1: help    F2: Deutsch    "
                                        "F3: larger text    F4: contrast");
static const char keys_busy[] = N_("Esc: cancel    Later, at your desktop: Ctrl+Alt+L or Super+L locks this desk, "
                                   "Ctrl+Alt+P shows your print jobs");
static const char keys_at_jobs[] =
    N_("Arrows: choose    Tab: printers    Enter: print    Del: delete    F5: refresh    "
       "Esc: back    F2: Deutsch    F3: larger text    F4: contrast");
static const char help_text[] = N_(
    "Type the name and the password of your workplace, then press Enter. If you have forgotten your password, call "
    "the help desk. At your desktop, Ctrl+Alt+L or Super+L locks this desk: your programs keep running. Press them "
    "here, "
    "too, before you type your password: only the real logon screen answers. For your print jobs, press F5 instead of "
    "Enter here, or Ctrl+Alt+P at your desktop. F1: back");

static const char keys_before_session[] = N_("Esc: back");

struct busy_row {
    const char *state, *sentence, *keys;
};

static const struct busy_row busy_rows[] = {
    {"checking", N_("Logging you on…"), keys_busy},
    {"renewing", N_("Saving your new password…"), keys_busy},
    {"waking", N_("Your desktop is being prepared…"), keys_busy},
    {"connecting", N_("Opening your desktop…"), keys_busy},
    {"mending", N_("The connection is interrupted. It is being restored…"), keys_busy},
    {"closing", N_("Closing the session…"), keys_busy},
    {"session-jobs", N_("Fetching your print jobs…"), keys_before_session},
};

// ---- what is said

static void show_message(struct window *face, const char *sentence, const char *where)
{
    captions_set_with(face->captions, face->notice, sentence, where);
    gtk_widget_set_visible(face->notice, *sentence != 0);
}

static gboolean hide_mark(gpointer arg)
{
    struct window *face = arg;
    face->mark_ends = 0;
    captions_set(face->captions, face->mark, "");
    gtk_widget_set_visible(face->mark, FALSE);
    return G_SOURCE_REMOVE;
}

void window_show_mark(struct window *face)
{
    if (face->mark_ends)
        g_source_remove(face->mark_ends);
    face->mark_ends = g_timeout_add_seconds(MARK_S, hide_mark, face);
    captions_set(face->captions, face->mark, N_("This is the real logon screen of this desk."));
    gtk_widget_set_visible(face->mark, TRUE);
}

static void show_time(struct window *face)
{
    char text[120];
    captions_date(text, sizeof text, DATE_FULL, time(NULL));
    gtk_label_set_text(GTK_LABEL(face->clock), text);
}

static gboolean second_passed(gpointer arg)
{
    show_time(arg);
    return G_SOURCE_CONTINUE;
}

static bool has_form(const struct window *face)
{
    return face->page == PAGE_LOG_ON || face->page == PAGE_CHANGE;
}

static void show_caps(struct window *face)
{
    bool matters = face->caps_on && has_form(face);
    captions_set(face->captions, face->caps, matters ? N_("Caps lock is on.") : "");
    gtk_widget_set_visible(face->caps, matters);
}

static void caps_changed(void *arg, bool on)
{
    struct window *face = arg;
    face->caps_on = on;
    if (face->caps)
        show_caps(face);
}

static struct form *shown_form(struct window *face)
{
    return face->page == PAGE_CHANGE ? face->change : face->log_on;
}

// `name`: stands in the form of a page that was turned to.
static void turn_to(struct window *face, enum page page, const char *name)
{
    static const char *const keys[] = {[PAGE_LOG_ON] = keys_at_form,
                                       [PAGE_CHANGE] = keys_at_change,
                                       [PAGE_BUSY] = keys_busy,
                                       [PAGE_JOBS] = keys_at_jobs};
    bool turned = face->page != page;
    face->page = page;
    gtk_widget_set_visible(job_page_widget(face->jobs), page == PAGE_JOBS); // else all pages were as high as it
    gtk_stack_set_visible_child_name(GTK_STACK(face->stack), page_names[page]);
    captions_set(face->captions, face->keys, keys[page]);
    gtk_spinner_set_spinning(GTK_SPINNER(face->spinner), page == PAGE_BUSY);
    show_caps(face);
    // A new sentence on the same page must not take away what somebody is typing.
    if (has_form(face) && turned)
        form_clear(shown_form(face), page == PAGE_LOG_ON ? name : "");
    if (page != PAGE_JOBS && turned)
        job_page_clear(face->jobs);
    if (page == PAGE_BUSY)
        gtk_root_set_focus(GTK_ROOT(face->window), face->busy);
}

// ---- what the person does

static void logged_on(void *arg, bool jobs, const char *const texts[FORM_ROWS_MAX])
{
    struct window *face = arg;
    show_message(face, "", "");
    (jobs ? face->events.ask_jobs : face->events.log_on)(face->arg, texts[0], texts[1]);
}

static void job_released(void *arg, const char *job, const char *printer)
{
    struct window *face = arg;
    face->events.release(face->arg, job, printer);
}

static void job_cancelled(void *arg, const char *job)
{
    struct window *face = arg;
    face->events.cancel_job(face->arg, job);
}

static void jobs_again(void *arg)
{
    struct window *face = arg;
    face->events.ask_jobs(face->arg, "", "");
}

static void leave_jobs(void *arg)
{
    struct window *face = arg;
    face->events.cancel(face->arg);
}

static void password_chosen(void *arg, bool second, const char *const texts[FORM_ROWS_MAX])
{
    struct window *face = arg;
    (void)second;
    if (secret_equal(texts[0], texts[1], strlen(texts[0]) + 1))
        face->events.new_password(face->arg, texts[0]);
    else
        show_message(face, N_("The two new passwords differ. Type both again."), "");
}

static void log_on_amiss(void *arg, const char *too_long)
{
    show_message(arg, too_long ? too_long : N_("Enter your name and your password."), "");
}

static void change_amiss(void *arg, const char *too_long)
{
    show_message(arg, too_long ? too_long : N_("Type the new password twice."), "");
}

static void escape_pressed(struct window *face)
{
    if (face->page == PAGE_LOG_ON) {
        form_clear(face->log_on, "");
        show_message(face, "", "");
    } else {
        form_clear(face->change, "");
        face->events.cancel(face->arg);
    }
}

static void toggle_help(struct window *face)
{
    face->help_shown = !face->help_shown;
    gtk_widget_set_visible(face->help, face->help_shown);
    gtk_widget_set_visible(face->keys, !face->help_shown);
}

static void toggle_language(struct window *face)
{
    const char *next = text_equal(captions_language(face->captions), "de") ? "en" : "de";
    captions_switch(face->captions, next);
    if (face->page == PAGE_JOBS)
        job_page_translate(face->jobs, gtk_label_get_text(GTK_LABEL(face->notice)));
    show_time(face);
    face->events.language(face->arg, next);
}

static void toggle_class(struct window *face, const char *name)
{
    if (gtk_widget_has_css_class(face->window, name))
        gtk_widget_remove_css_class(face->window, name);
    else
        gtk_widget_add_css_class(face->window, name);
}

static void note_typing(struct window *face)
{
    gint64 now_us = g_get_monotonic_time();
    if (face->typed_us && now_us - face->typed_us < G_USEC_PER_SEC)
        return;
    face->typed_us = now_us;
    face->events.typing(face->arg);
}

static gboolean key_pressed(GtkEventControllerKey *controller, guint key, guint code, GdkModifierType held,
                            gpointer arg)
{
    struct window *face = arg;
    (void)controller, (void)code;
    note_typing(face);
    if (key == GDK_KEY_Escape)
        escape_pressed(face);
    else if (key == GDK_KEY_F1)
        toggle_help(face);
    else if (key == GDK_KEY_F2)
        toggle_language(face);
    else if (key == GDK_KEY_F3)
        toggle_class(face, "large");
    else if (key == GDK_KEY_F4 && !(held & GDK_ALT_MASK))
        toggle_class(face, "contrast");
    else if (key == GDK_KEY_F5 && face->page == PAGE_LOG_ON)
        form_press_second(face->log_on);
    else if (face->page != PAGE_JOBS || !job_page_key(face->jobs, key))
        // F4 and the others would close the window or open a menu; who waits types for a form that is not there.
        return face->page == PAGE_BUSY || key == GDK_KEY_F4 || key == GDK_KEY_F10 || key == GDK_KEY_Menu;
    return TRUE;
}

static void focus_page(struct window *face)
{
    if (has_form(face))
        form_focus(shown_form(face));
    else if (face->page == PAGE_JOBS)
        job_page_focus(face->jobs);
}

static void language_pressed(GtkButton *button, gpointer arg)
{
    struct window *face = arg;
    (void)button;
    toggle_language(face);
    focus_page(face);
}

static void contrast_pressed(GtkButton *button, gpointer arg)
{
    struct window *face = arg;
    (void)button;
    toggle_class(face, "contrast");
    focus_page(face);
}

// ---- building the window

static GtkWidget *new_label(const char *class_name)
{
    GtkWidget *label = gtk_label_new("");
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_label_set_wrap(GTK_LABEL(label), TRUE);
    gtk_widget_add_css_class(label, class_name);
    return label;
}

static GtkWidget *new_box(GtkOrientation orientation, int space, const char *class_name)
{
    GtkWidget *box = gtk_box_new(orientation, space);
    gtk_widget_add_css_class(box, class_name);
    return box;
}

static GtkWidget *new_button(struct window *face, const char *english, GCallback pressed)
{
    GtkWidget *button = gtk_button_new();
    captions_set(face->captions, button, english);
    gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
    g_signal_connect(button, "clicked", pressed, face);
    return button;
}

static GtkWidget *build_top(struct window *face)
{
    GtkWidget *top = new_box(GTK_ORIENTATION_HORIZONTAL, 24, "top");
    face->place = new_label("place");
    face->clock = new_label("clock");
    gtk_widget_set_hexpand(face->place, TRUE);
    gtk_box_append(GTK_BOX(top), face->place);
    gtk_box_append(GTK_BOX(top), face->clock);
    gtk_box_append(GTK_BOX(top), new_button(face, N_("Deutsch"), G_CALLBACK(language_pressed)));
    gtk_box_append(GTK_BOX(top), new_button(face, N_("Contrast"), G_CALLBACK(contrast_pressed)));
    return top;
}

static GtkWidget *build_mark(struct window *face)
{
    face->mark = g_object_new(GTK_TYPE_LABEL, "accessible-role", GTK_ACCESSIBLE_ROLE_ALERT, "wrap", TRUE, "visible",
                              FALSE, NULL);
    gtk_widget_add_css_class(face->mark, "mark");
    return face->mark;
}

static GtkWidget *build_busy(struct window *face)
{
    GtkWidget *box = new_box(GTK_ORIENTATION_VERTICAL, 24, "form");
    face->spinner = g_object_new(GTK_TYPE_SPINNER, "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);
    face->busy = new_label("busy");
    gtk_widget_set_focusable(face->busy, TRUE);
    gtk_widget_set_halign(face->busy, GTK_ALIGN_CENTER);
    gtk_widget_set_valign(box, GTK_ALIGN_CENTER);
    gtk_box_append(GTK_BOX(box), face->spinner);
    gtk_box_append(GTK_BOX(box), face->busy);
    return box;
}

static void build_forms(struct window *face)
{
    static const struct form_plan log_on = {
        .heading = N_("Log on"),
        .button = N_("Log on"),
        .second = N_("Print jobs"),
        .rows = {{N_("Name"), false, USER_NAME_SIZE, N_("The name is too long.")},
                 {N_("Password"), true, SECRET_MAX + 1, N_("The password is too long.")}},
    };
    static const struct form_plan change = {
        .heading = N_("Change your password"),
        .button = N_("Save the new password"),
        .rows = {{N_("New password"), true, SECRET_MAX + 1, N_("The password is too long.")},
                 {N_("New password again"), true, SECRET_MAX + 1, N_("The password is too long.")}},
    };
    face->log_on = form_new(face->captions, &log_on, logged_on, log_on_amiss, face);
    face->change = form_new(face->captions, &change, password_chosen, change_amiss, face);
    static const struct job_page_events events = {job_released, job_cancelled, jobs_again, leave_jobs};
    face->jobs = job_page_new(face->captions, &events, face);
    face->stack = gtk_stack_new();
    gtk_stack_set_vhomogeneous(GTK_STACK(face->stack), TRUE);
    gtk_stack_add_named(GTK_STACK(face->stack), form_widget(face->log_on), page_names[PAGE_LOG_ON]);
    gtk_stack_add_named(GTK_STACK(face->stack), form_widget(face->change), page_names[PAGE_CHANGE]);
    gtk_stack_add_named(GTK_STACK(face->stack), build_busy(face), page_names[PAGE_BUSY]);
    gtk_stack_add_named(GTK_STACK(face->stack), job_page_widget(face->jobs), page_names[PAGE_JOBS]);
}

static void describe_fields(struct window *face)
{
    captions_describe(face->captions, face->notice, form_entry(face->log_on, 0));
    captions_describe(face->captions, face->notice, form_entry(face->log_on, 1));
    captions_describe(face->captions, face->notice, form_entry(face->change, 0));
    captions_describe(face->captions, face->notice, face->busy);
    captions_describe(face->captions, face->notice, job_page_empty(face->jobs));
    for (size_t row = 0; row < FORM_ROWS_MAX; row++) {
        captions_describe(face->captions, face->mark, form_entry(face->log_on, row));
        captions_describe(face->captions, face->mark, form_entry(face->change, row));
    }
    captions_describe(face->captions, face->mark, face->busy);
    captions_describe(face->captions, face->caps, form_entry(face->log_on, 1));
    captions_describe(face->captions, face->caps, form_entry(face->change, 1));
}

static GtkWidget *build_card(struct window *face)
{
    GtkWidget *card = new_box(GTK_ORIENTATION_VERTICAL, 10, "card");
    face->notice = g_object_new(GTK_TYPE_LABEL, "accessible-role", GTK_ACCESSIBLE_ROLE_ALERT, "xalign", 0.0, "wrap",
                                TRUE, "max-width-chars", 46, "visible", FALSE, NULL);
    gtk_widget_add_css_class(face->notice, "notice");
    face->caps = new_label("caps");
    gtk_widget_set_visible(face->caps, FALSE);
    build_forms(face);
    describe_fields(face);
    gtk_box_append(GTK_BOX(card), face->notice);
    gtk_box_append(GTK_BOX(card), face->stack);
    gtk_box_append(GTK_BOX(card), face->caps);
    gtk_widget_set_halign(card, GTK_ALIGN_CENTER);
    gtk_widget_set_valign(card, GTK_ALIGN_CENTER);
    gtk_widget_set_vexpand(card, TRUE);
    return card;
}

static GtkWidget *build_bottom(struct window *face)
{
    GtkWidget *bottom = new_box(GTK_ORIENTATION_VERTICAL, 6, "bottom");
    face->desk = new_label("desk");
    face->keys = new_label("keys");
    face->help = new_label("help");
    captions_set(face->captions, face->help, help_text);
    gtk_widget_set_visible(face->help, FALSE);
    gtk_box_append(GTK_BOX(bottom), face->desk);
    gtk_box_append(GTK_BOX(bottom), face->keys);
    gtk_box_append(GTK_BOX(bottom), face->help);
    return bottom;
}

static void apply_style(GtkWidget *window)
{
    GtkCssProvider *provider = gtk_css_provider_new();
    gtk_css_provider_load_from_data(provider, style_css, -1);
    gtk_style_context_add_provider_for_display(gtk_widget_get_display(window), GTK_STYLE_PROVIDER(provider),
                                               GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
    g_object_unref(provider);
}

static void listen_to_keys(struct window *face)
{
    GtkEventController *keys = gtk_event_controller_key_new();
    gtk_event_controller_set_propagation_phase(keys, GTK_PHASE_CAPTURE);
    g_signal_connect(keys, "key-pressed", G_CALLBACK(key_pressed), face);
    gtk_widget_add_controller(face->window, keys);
}

struct window *window_new(const char *language, const struct window_events *events, void *arg)
{
    struct window *face = mem_new(1, sizeof *face);
    face->captions = captions_new(language);
    face->events = *events;
    face->arg = arg;
    face->window = gtk_window_new();
    gtk_window_set_title(GTK_WINDOW(face->window), "Pult");
    GtkWidget *all = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    gtk_box_append(GTK_BOX(all), build_top(face));
    gtk_box_append(GTK_BOX(all), build_mark(face));
    gtk_box_append(GTK_BOX(all), build_card(face));
    gtk_box_append(GTK_BOX(all), build_bottom(face));
    gtk_window_set_child(GTK_WINDOW(face->window), all);
    apply_style(face->window);
    listen_to_keys(face);
    keyboard_take(GTK_WINDOW(face->window), caps_changed, face);
    show_time(face);
    g_timeout_add_seconds(1, second_passed, face);
    turn_to(face, PAGE_LOG_ON, "");
    gtk_window_present(GTK_WINDOW(face->window));
    form_clear(face->log_on, "");
    return face;
}

void window_free(struct window *face)
{
    form_free(face->log_on);
    form_free(face->change);
    job_page_free(face->jobs);
    captions_free(face->captions);
    free(face);
}

// ---- following the agent

static const struct busy_row *busy_row(const char *state)
{
    static const struct busy_row none = {"", "", keys_busy};
    for (size_t i = 0; i < sizeof busy_rows / sizeof *busy_rows; i++)
        if (text_equal(busy_rows[i].state, state))
            return &busy_rows[i];
    return &none;
}

// In this order: what a screen reader already looks at is read again when it changes.
static void show_busy(struct window *face, const char *state, bool idle)
{
    const struct busy_row *row = busy_row(state);
    turn_to(face, PAGE_BUSY, "");
    captions_set(face->captions, face->keys, row->keys);
    gtk_spinner_set_spinning(GTK_SPINNER(face->spinner), !idle);
    captions_set(face->captions, face->busy, idle ? "" : row->sentence);
}

void window_follow(struct window *face, const struct greeter_message *message)
{
    if (*message->place) {
        gtk_label_set_text(GTK_LABEL(face->place), message->place);
        gtk_window_set_title(GTK_WINDOW(face->window), message->place);
    }
    bool known = *message->help_desk;
    captions_set_with(face->captions, face->desk, known ? N_("Help desk: %s") : "", message->help_desk);
    gtk_widget_set_visible(face->desk, known);
    if (*message->language && !text_equal(message->language, captions_language(face->captions)))
        captions_switch(face->captions, message->language);
    show_message(face, message->sentence, message->where);
    if (message->type == GREETER_JOBS) {
        turn_to(face, PAGE_JOBS, "");
        job_page_show(face->jobs, &message->own, gtk_label_get_text(GTK_LABEL(face->notice)));
    } else if (message->type == GREETER_BUSY) {
        show_busy(face, message->state, message->idle);
    } else {
        turn_to(face, message->type == GREETER_ASK_NEW ? PAGE_CHANGE : PAGE_LOG_ON, message->name);
    }
}

void window_draw(struct window *face, const struct greeter_message *message, int file, int *width, int *height)
{
    owned(text) struct text title = {0};
    text_adds(&title, _("Your print job"));
    if (*message->where)
        text_addf(&title, ": %s", message->where);
    text_addf(&title, "    %s", _("Ctrl+Alt+P: print jobs"));
    if (face->page == PAGE_BUSY)
        show_message(face, message->sentence, "");
    picture_draw(face->window, title.bytes, language_text(message->sentence), gtk_widget_get_scale_factor(face->window),
                 file, width, height);
}
