// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-gateway/channel_question.h"
#include "broker/base/clock.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct channel_question {
    struct channel_question *next, **before;
    int64_t id, until_ms;
    channel_answered *done;
    void *arg;
};

struct channel_office {
    struct loop_timer *late;
    struct channel_question *first; // the newest
    int64_t last_id;
    bool (*send)(void *arg, const void *message);
    tunnel_ended *ended;
    void *arg;
};

static void take_out(struct channel_question *question)
{
    *question->before = question->next;
    if (question->next)
        question->next->before = question->before;
}

static void answer_question(struct channel_question *question, const struct gateway_message *answer)
{
    take_out(question);
    question->done(question->arg, answer);
    free(question);
}

// Also those that could not be sent.
static void look_for_late(void *arg)
{
    struct channel_office *office = arg;
    int64_t now_ms = clock_steady_ms();
    struct channel_question *question = office->first;
    while (question) {
        struct channel_question *next = question->next;
        if (now_ms >= question->until_ms) {
            answer_question(question, NULL);
            next = office->first; // any other may have been dropped meanwhile
        }
        question = next;
    }
    if (office->first)
        loop_timer_start(office->late, GATEWAY_OPEN_MS / 10);
}

struct channel_office *channel_office_new(struct loop *loop, bool (*send)(void *arg, const void *message),
                                          tunnel_ended *ended, void *arg)
{
    struct channel_office *office = mem_new(1, sizeof *office);
    office->last_id = arc4random(); // an answer to who ran here before is none to us
    office->send = send;
    office->ended = ended;
    office->arg = arg;
    office->late = loop_timer_new(loop, look_for_late, office);
    return office;
}

void channel_office_free(struct channel_office *office)
{
    if (!office)
        return;
    assert(!office->first);
    loop_timer_free(office->late);
    free(office);
}

struct channel_question *channel_question_ask(struct channel_office *office, const char *token, const char *holder,
                                              enum channel_way way, const char *network, channel_answered *done,
                                              void *arg)
{
    struct gateway_message message = {.type = GATEWAY_OPEN, .request_id = ++office->last_id, .way = way};
    struct channel_question *question = mem_new(1, sizeof *question);
    question->id = message.request_id;
    question->done = done;
    question->arg = arg;
    question->next = office->first;
    question->before = &office->first;
    if (question->next)
        question->next->before = &question->next;
    office->first = question;
    text_cut(message.token, sizeof message.token, token);
    text_cut(message.holder, sizeof message.holder, holder);
    text_cut(message.network, sizeof message.network, network);
    bool sent = office->send(office->arg, &message);
    explicit_bzero(&message, sizeof message);
    question->until_ms = clock_steady_ms() + (sent ? GATEWAY_OPEN_MS : 0);
    if (!sent)
        loop_timer_start(office->late, 0);
    else if (!question->next) // it runs while there are others
        loop_timer_start(office->late, GATEWAY_OPEN_MS / 10);
    return question;
}

void channel_question_drop(struct channel_question *question)
{
    if (!question)
        return;
    take_out(question);
    free(question);
}

static void tell_unwanted(struct channel_office *office, const struct gateway_message *answer)
{
    struct tunnel_end end = {.channel = {.fence = answer->fence, .since_ms = clock_wall_ms()},
                             .reason = CHANNEL_CLIENT_CLOSED};
    TEXT_PUT(end.channel.channel, answer->channel);
    TEXT_PUT(end.channel.session, answer->session);
    TEXT_PUT(end.channel.person, answer->person);
    TEXT_PUT(end.channel.host, answer->host);
    office->ended(office->arg, &end);
}

void channel_office_hear(struct channel_office *office, const struct gateway_message *answer)
{
    for (struct channel_question *question = office->first; question; question = question->next)
        if (question->id == answer->request_id) {
            answer_question(question, answer);
            return;
        }
    if (!answer->refusal[0])
        tell_unwanted(office, answer);
}

void channel_office_link_down(struct channel_office *office)
{
    for (struct channel_question *question = office->first; question; question = question->next)
        question->until_ms = 0;
    if (office->first)
        loop_timer_start(office->late, 0);
}
