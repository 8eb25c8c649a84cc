// SPDX-License-Identifier: EUPL-1.2
// The page of a person's print jobs: a list of them, a list of printers, and what can be done; with the keyboard alone.
#pragma once
#include "broker/api/own_jobs.h"
#include "client-agent/greeter/label.h"

struct job_page_events {
    void (*release)(void *arg, const char *job, const char *printer); // "": the nearest
    void (*cancel)(void *arg, const char *job);
    void (*again)(void *arg);
    void (*back)(void *arg);
};

struct job_page;

struct job_page *job_page_new(struct captions *captions, const struct job_page_events *events, void *arg);
void job_page_free(struct job_page *page);
GtkWidget *job_page_widget(struct job_page *page);
// What was chosen stays chosen, and the keyboard goes there. `message`: what is said beside the list, "" for nothing.
void job_page_show(struct job_page *page, const struct own_jobs *own, const char *message);
void job_page_clear(struct job_page *page);
void job_page_translate(struct job_page *page, const char *message); // after a switch of the language
void job_page_focus(struct job_page *page);
// What has the keyboard when there are no jobs.
GtkWidget *job_page_empty(struct job_page *page);
bool job_page_key(struct job_page *page, guint key); // false: not one of the page's
