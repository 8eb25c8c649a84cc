// SPDX-License-Identifier: EUPL-1.2
// A person's visit at a desk, for the tests of the desk: its ports write down what they are asked, so that a test reads
// as what happens there.
#pragma once
#include "client-agent/desk.h"

struct desk_fixture {
    struct desk *desk;
    char asked[400]; // what the ports were asked, a word each
    unsigned attempt;
    char sentence[320], where[NAME_SIZE], help_desk[NAME_SIZE], name[USER_NAME_SIZE]; // on the greeter
    struct secret password;                                                           // that a port got last
    char one_time_password[OTP_TEXT_SIZE];
    struct device_message told;
    int64_t timer_ms;
    struct desk_order order; // that a port got last
    int jobs_shown;          // on the greeter; -1: no list is
    bool idle;               // and it does not say that they are being fetched
};
extern struct desk_fixture fixture;

void desk_fixture_open(bool has_realm);
void desk_fixture_close(void);
void desk_fixture_bring_to(enum desk_state state); // a fresh desk, by the way people go; `asked` is empty then

struct secret desk_fixture_secret(const char *text);
void desk_fixture_log_on(void);   // anna, "geheim"
void desk_fixture_ask_jobs(void); // the same, for the print jobs
void desk_fixture_tell_jobs(int count, enum own_problem problem);
void desk_fixture_link_tells_jobs(int64_t fence, int count, enum own_problem problem);
void desk_fixture_order(enum desk_wish wish, const char *job, const char *printer);
void desk_fixture_choose(const char *text);

struct logon_answer desk_fixture_good_answer(void);
void desk_fixture_answer_well(void);
void desk_fixture_answer_no(enum refusal refusal);
void desk_fixture_answer_later(enum refusal refusal, int64_t retry_after_s);
void desk_fixture_answer_waking(int64_t retry_after_s);
void desk_fixture_give_ticket(enum refusal refusal, bool no_kdc);
void desk_fixture_link_says(enum device_message_type type, int64_t fence, const char *place);
void desk_fixture_ends(enum session_view_end end);
