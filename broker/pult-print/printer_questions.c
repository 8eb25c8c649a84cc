// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/printer_questions.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/pult-print/printer_credentials.h"
#include "broker/pult-print/printer_probe.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

struct printer_question {
    struct printer_question *prev, *next;
    struct printer_questions *questions;
    struct printer_probe *probe;
    int64_t request_id;
    bool is_page;
};

struct printer_questions {
    struct loop *loop;
    const char *credentials;
    bool (*send)(void *arg, const struct print_message *message);
    void *arg;
    struct printer_question *open;
    size_t count;
};

static void question_end(struct printer_question *question)
{
    struct printer_questions *questions = question->questions;
    DL_DELETE(questions->open, question);
    questions->count--;
    printer_probe_free(question->probe);
    free(question);
}

// As many whole words as there is room for.
static void cut_words(char to[LIST_SIZE], const char *words)
{
    size_t length = strlen(words);
    while (length >= LIST_SIZE || (words[length] && words[length] != ' '))
        length--;
    memcpy(to, words, length);
    to[length] = 0;
}

static void add_facts(struct print_message *message, const struct printer_facts *facts)
{
    text_cut(message->make, sizeof message->make, facts->make);
    text_cut(message->name, sizeof message->name, facts->name);
    text_cut(message->location, sizeof message->location, facts->location);
    text_cut(message->detail, sizeof message->detail, facts->detail);
    cut_words(message->formats, facts->abilities.formats);
    cut_words(message->media, facts->abilities.values[OPTION_MEDIA]);
    message->colour = facts->colour;
    message->duplex = facts->duplex;
    message->printer_state = facts->state;
}

static void question_answered(void *arg, const struct printer_facts *facts, const char *fingerprint,
                              const struct fault *why)
{
    struct printer_question *question = arg;
    struct print_message message = {.type = question->is_page ? PRINT_TESTED : PRINT_PROBED,
                                    .request_id = question->request_id};
    if (why->kind != FAULT_NONE)
        text_cut(message.fault, sizeof message.fault, why->text);
    else if (!question->is_page && facts)
        add_facts(&message, facts);
    if (!question->is_page && fingerprint)
        TEXT_PUT(message.fingerprint, fingerprint);
    question->questions->send(question->questions->arg, &message);
    question_end(question);
}

void printer_questions_ask(struct printer_questions *questions, const struct print_message *message)
{
    struct printer_address address = {0};
    bool is_page = message->type == PRINT_TEST_PAGE;
    if (questions->count >= PRINTER_QUESTIONS_MAX) {
        struct print_message answer = {.type = is_page ? PRINT_TESTED : PRINT_PROBED,
                                       .request_id = message->request_id,
                                       .fault = "too many printers are asked at this moment"};
        questions->send(questions->arg, &answer);
        return;
    }
    TEXT_PUT(address.uri, message->uri);
    TEXT_PUT(address.fingerprint, message->fingerprint);
    printer_credentials(address.credentials, questions->credentials, message->printer);
    struct printer_question *question = mem_new(1, sizeof *question);
    question->questions = questions;
    question->request_id = message->request_id;
    question->is_page = is_page;
    DL_APPEND(questions->open, question);
    questions->count++;
    question->probe = is_page
                          ? printer_probe_page(questions->loop, &address, message->printer, question_answered, question)
                          : printer_probe_new(questions->loop, &address, question_answered, question);
}

struct printer_questions *printer_questions_new(struct loop *loop, const char *credentials,
                                                bool (*send)(void *arg, const struct print_message *message), void *arg)
{
    struct printer_questions *questions = mem_new(1, sizeof *questions);
    questions->loop = loop;
    questions->credentials = credentials;
    questions->send = send;
    questions->arg = arg;
    return questions;
}

void printer_questions_free(struct printer_questions *questions)
{
    if (!questions)
        return;
    while (questions->open)
        question_end(questions->open);
    free(questions);
}
