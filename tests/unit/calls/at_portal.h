// SPDX-License-Identifier: EUPL-1.2
// A person who is logged on at the portal, through a gateway: what they ask for there, and what they are answered.
#pragma once
#include "broker/api/channel.h"
#include "broker/calls/portal.h"
#include "tests/unit/calls/calls_fixture.h"

#define GATEWAY "neustadt/gw"
#define PERSON "neustadt/p-0123456789abcdef"
#define FACTOR "neustadt/f-0123456789abcdef"

extern struct at_portal {
    const char *profile; // that the page is about
    const char *gateway; // through which they come
    char cookie[COOKIE_SIZE], holder[DIGEST_SIZE];
    void (*meanwhile)(void); // happens while the directory is asked; NULL: nothing
    // The answer.
    int status;
    struct text answer;
    enum page_kind kind;
    const char *sent_on_to; // "": to no other page
    char file_name[32];
} at_portal;

void at_portal_open(void); // calls_open, and a person with a second factor
void at_portal_close(void);
void at_portal_set_profile(enum outside_access outside);
void at_portal_calls(enum method_id method, const char *cookie, void *body);
void at_portal_asks(enum method_id method, const char *cookie, const char *token); // for the desktop of the page
void at_portal_opens_desktop(void);
void at_portal_fetches_file(void);
const struct session *at_portal_session(void); // theirs; NULL: there is none
// The token in the text, behind `before`; and what channels_redeem says of it, with this cookie's digest.
void at_portal_read_token(const char *text, const char *before, char token[CHANNEL_TOKEN_SIZE]);
bool at_portal_redeems(const char *text, const char *before, enum channel_way way, const char *with);
void at_portal_is_refused(int status, const char *sentence); // and nothing was opened
