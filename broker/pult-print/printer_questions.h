// SPDX-License-Identifier: EUPL-1.2
// What an administrator wants to know of a printer, by way of the broker: what it is, or a page of our own.
#pragma once
#include "broker/api/print_link.h"
#include "broker/base/loop.h"

struct printer_questions;

enum { PRINTER_QUESTIONS_MAX = 32 }; // at a time; more are answered that they are too many

// `credentials`: the folder of what printers want to know of us. Answers go out by `send`.
struct printer_questions *printer_questions_new(struct loop *loop, const char *credentials,
                                                bool (*send)(void *arg, const struct print_message *message),
                                                void *arg);
void printer_questions_free(struct printer_questions *questions); // NULL allowed
// PRINT_PROBE or PRINT_TEST_PAGE; answered later by PRINT_PROBED or PRINT_TESTED.
void printer_questions_ask(struct printer_questions *questions, const struct print_message *message);
