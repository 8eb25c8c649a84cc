// SPDX-License-Identifier: EUPL-1.2
// The portal: what people see and do in a browser from outside.
#pragma once
#include "broker/calls/request.h"
#include "broker/core/portal_sessions.h"
#include "broker/core/wall.h"
#include "broker/portal/pages.h"
#include "broker/portal/rdp_signer.h"

struct services;

struct portal {
    struct pages *pages;
    struct page_assets *assets;
    struct portal_sessions sessions;
    struct rdp_signer *signer; // of .rdp files; NULL: there are none
};

// Its pages, sentences and style sheets from these folders. NULL with why: one is missing or wrong.
struct portal *portal_new(const char *pages, const char *sentences, const char *assets, struct fault *why);
void portal_free(struct portal *portal);                                  // NULL allowed
void portal_use_signer(struct portal *portal, struct rdp_signer *signer); // from now on; takes it over
// Who it is that has this cookie, hostile; `peer` stays as it is for anybody else, and where its gateway does not serve
// their tenant.
void portal_prove(struct services *services, const char *cookie, struct peer *peer);
// Whoever is logged on as this person is so no more, and what they have opened is closed with the next sweep: all but
// by the cookie of this digest ("": all). There need be no portal.
void portal_log_off(struct services *services, const char *person_id, const char *kept_digest);
// What every page has.
void portal_frame(const struct services *services, const struct request *request, struct view_frame *frame);
// Ends the request: the browser goes on to another page of ours.
void portal_send_on(struct request *request, const char *location);
// Ends the request with this page; `record` is of the view's type.
void portal_answer(struct request *request, int status, enum view view, const void *record);
// What is answered is for a script: JSON.
void portal_answer_script(struct request *request);
// Of somebody who is logged on: their browser's proof that the form was ours, and what stands for their cookie.
bool portal_form_is_ours(const struct request *request, const char *token);
void portal_holder(const struct request *request, char digest[DIGEST_SIZE]);
// Asked again behind each wait: NULL when they have been logged off meanwhile.
const struct portal_session *portal_session_of(const struct services *services, const struct request *request);
// A refusal as a page, or as JSON where a script asked; who is not logged on is sent to where they can.
void portal_refuse(struct request *request, enum refusal refusal, int64_t retry_after_ms);
// In the language of who asked.
const char *portal_sentence(const struct request *request, const char *english);
