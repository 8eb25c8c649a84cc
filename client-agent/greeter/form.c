// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/greeter/form.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <stdlib.h>
#include <string.h>

struct form {
    struct form_plan plan;
    GtkWidget *box;
    GtkWidget *entries[FORM_ROWS_MAX];
    form_submit *submit;
    form_invalid *invalid;
    void *arg;
};

static const char *text_of(const struct form *form, size_t row)
{
    return gtk_editable_get_text(GTK_EDITABLE(form->entries[row]));
}

static bool is_long(const struct form *form, size_t row)
{
    return strlen(text_of(form, row)) >= form->plan.rows[row].size;
}

static bool is_fit(const struct form *form, size_t row)
{
    const char *text = text_of(form, row);
    size_t length = strlen(text);
    return length > 0 && !is_long(form, row) && text_is_clean(text, length);
}

static void submit_form(struct form *form, bool second)
{
    const char *texts[FORM_ROWS_MAX];
    for (size_t row = 0; row < FORM_ROWS_MAX; row++) {
        texts[row] = text_of(form, row);
        if (!is_fit(form, row)) {
            gtk_widget_grab_focus(form->entries[row]);
            form->invalid(form->arg, is_long(form, row) ? form->plan.rows[row].too_long : NULL);
            return;
        }
    }
    form->submit(form->arg, second, texts);
    form_clear(form, "");
}

static void button_pressed(GtkButton *button, gpointer arg)
{
    (void)button;
    submit_form(arg, false);
}

static void second_pressed(GtkButton *button, gpointer arg)
{
    (void)button;
    submit_form(arg, true);
}

void form_press_second(struct form *form)
{
    submit_form(form, true);
}

static void enter_pressed(GtkWidget *entry, gpointer arg)
{
    struct form *form = arg;
    if (entry == form->entries[0] && *text_of(form, 1) == 0)
        gtk_widget_grab_focus(form->entries[1]);
    else
        submit_form(form, false);
}

// No menu over a field: what it offers is of no use here, and it would take the keyboard.
static void swallow_click(GtkGestureClick *gesture, int count, double x, double y, gpointer arg)
{
    (void)count, (void)x, (void)y, (void)arg;
    gtk_gesture_set_state(GTK_GESTURE(gesture), GTK_EVENT_SEQUENCE_CLAIMED);
}

static void forbid_menu(GtkWidget *entry)
{
    GtkGesture *click = gtk_gesture_click_new();
    gtk_gesture_single_set_button(GTK_GESTURE_SINGLE(click), GDK_BUTTON_SECONDARY);
    gtk_event_controller_set_propagation_phase(GTK_EVENT_CONTROLLER(click), GTK_PHASE_CAPTURE);
    g_signal_connect(click, "pressed", G_CALLBACK(swallow_click), NULL);
    gtk_widget_add_controller(entry, GTK_EVENT_CONTROLLER(click));
}

static GtkWidget *new_entry(const struct form_row *row)
{
    GtkWidget *entry;
    if (row->secret) {
        entry = gtk_password_entry_new();
        gtk_password_entry_set_show_peek_icon(GTK_PASSWORD_ENTRY(entry), FALSE);
    } else {
        entry = gtk_entry_new();
        gtk_entry_set_input_hints(GTK_ENTRY(entry),
                                  GTK_INPUT_HINT_NO_SPELLCHECK | GTK_INPUT_HINT_NO_EMOJI | GTK_INPUT_HINT_PRIVATE);
    }
    gtk_editable_set_width_chars(GTK_EDITABLE(entry), 24);
    forbid_menu(entry);
    return entry;
}

static void add_row(struct form *form, struct captions *captions, size_t row)
{
    GtkWidget *label = gtk_label_new("");
    GtkWidget *entry = new_entry(&form->plan.rows[row]);
    form->entries[row] = entry;
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_widget_add_css_class(label, "field");
    captions_set(captions, label, form->plan.rows[row].caption);
    captions_set(captions, entry, form->plan.rows[row].caption);
    g_signal_connect(entry, "activate", G_CALLBACK(enter_pressed), form);
    gtk_box_append(GTK_BOX(form->box), label);
    gtk_box_append(GTK_BOX(form->box), entry);
}

static void add_heading(struct form *form, struct captions *captions)
{
    GtkWidget *heading = gtk_label_new("");
    gtk_label_set_xalign(GTK_LABEL(heading), 0);
    gtk_widget_add_css_class(heading, "heading");
    captions_set(captions, heading, form->plan.heading);
    gtk_box_append(GTK_BOX(form->box), heading);
}

static GtkWidget *new_button(struct form *form, struct captions *captions, const char *caption, const char *class_name,
                             GCallback pressed)
{
    GtkWidget *button = gtk_button_new();
    gtk_widget_add_css_class(button, class_name);
    captions_set(captions, button, caption);
    g_signal_connect(button, "clicked", pressed, form);
    return button;
}

static void add_buttons(struct form *form, struct captions *captions)
{
    const struct form_plan *plan = &form->plan;
    GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 16);
    GtkWidget *button = new_button(form, captions, plan->button, "submit", G_CALLBACK(button_pressed));
    gtk_widget_set_hexpand(button, TRUE);
    gtk_box_append(GTK_BOX(row), button);
    if (plan->second)
        gtk_box_append(GTK_BOX(row), new_button(form, captions, plan->second, "second", G_CALLBACK(second_pressed)));
    gtk_box_append(GTK_BOX(form->box), row);
}

struct form *form_new(struct captions *captions, const struct form_plan *plan, form_submit *done, form_invalid *invalid,
                      void *arg)
{
    struct form *form = mem_new(1, sizeof *form);
    form->plan = *plan;
    form->submit = done;
    form->invalid = invalid;
    form->arg = arg;
    form->box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    gtk_widget_add_css_class(form->box, "form");
    add_heading(form, captions);
    for (size_t row = 0; row < FORM_ROWS_MAX; row++)
        add_row(form, captions, row);
    add_buttons(form, captions);
    return form;
}

void form_free(struct form *form)
{
    free(form);
}

GtkWidget *form_entry(struct form *form, size_t row)
{
    return form->entries[row];
}

GtkWidget *form_widget(struct form *form)
{
    return form->box;
}

void form_clear(struct form *form, const char *first)
{
    for (size_t row = FORM_ROWS_MAX; row-- > 0;)
        gtk_editable_set_text(GTK_EDITABLE(form->entries[row]), row ? "" : first);
    form_focus(form);
}

void form_focus(struct form *form)
{
    bool second = *text_of(form, 0) && !*text_of(form, 1);
    gtk_widget_grab_focus(form->entries[second ? 1 : 0]);
}
