// SPDX-License-Identifier: EUPL-1.2
// A person's visit at a desk, for the tests of the desk: its ports write down what they are asked, so that a test reads
// as what happens there.
#pragma once
#include "client-agent/desk.h"

struct visit {
    struct desk *desk;
    char asked[400]; // what the ports were asked, a word each
    unsigned attempt;
    char sentence[320], where[NAME_SIZE], help_desk[NAME_SIZE]; // on the greeter
    struct secret password;                                     // that a port got last
    char one_time_password[OTP_TEXT_SIZE];
    struct link_message told;
    int64_t timer_ms;
};
extern struct visit visit;

void visit_open(bool has_realm);
void visit_close(void);
void visit_bring_to(enum desk_state state); // a fresh desk, by the way people go; `asked` is empty then

struct secret visit_secret(const char *text);
void visit_log_on(void); // anna, "geheim"
void visit_choose(const char *text);

struct logon_answer visit_good_answer(void);
void visit_answer_well(void);
void visit_answer_no(enum refusal refusal);
void visit_answer_waking(int64_t retry_after_s);
void visit_give_ticket(enum refusal refusal, bool no_kdc);
void visit_link_says(enum link_type type, int64_t fence, const char *place);
void visit_ends(enum session_view_end end);
