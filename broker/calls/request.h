// SPDX-License-Identifier: EUPL-1.2
// One request on its way: made by the server, handed to the method's function, answered exactly once, now or later.
#pragma once
#include "broker/api/method.h"
#include "broker/base/text.h"
#include "broker/calls/page_visit.h"
#include "broker/core/wall.h"

enum { ETAG_SIZE = 40, CONDITION_SIZE = 512, NEGOTIATE_REPLY_SIZE = 2048 };

struct request {
    const struct method *method;
    struct peer peer;
    char id[ID_SIZE];                   // what {id} in the path stood for, or ""
    void *body;                         // of the type that the method has, and NULL before it was read; owned
    struct page_query page;             // of methods that have a query
    char if_match[CONDITION_SIZE];      // the headers as they came, "" without; honoured by PUT and DELETE of a noun
    char if_none_match[CONDITION_SIZE]; // by PUT
    char etag[ETAG_SIZE];               // of what is answered, with its quotes; "" for none
    char *negotiate;                    // base64 of an Authorization: Negotiate header, or NULL; owned
    unsigned char binding[32];          // with `negotiate`: SHA-256 of the certificate that the caller was shown
    char *negotiate_reply;              // room of NEGOTIATE_REPLY_SIZE beside `negotiate`; NULL without; owned
    char help_desk[NAME_SIZE];          // of the caller's tenant, for refusals
    struct page_visit *visit;           // of a browser at the portal; NULL: it is none; owned
    // With a visit: ends the request by a page that says so.
    void (*refuse)(struct request *request, enum refusal refusal, int64_t retry_after_ms);

    // Takes the bytes of the answer; called by request_answer and request_refuse only. Frees the call.
    void (*finish)(struct request *request, int status, struct text *answer, int64_t retry_after_s);
    void *arg; // the server's
};

// The body as it came, hostile: JSON, of which none is as good as an empty object, or of a page's form. False: it is
// not what the method takes.
bool request_read_body(struct request *request, char *bytes, size_t length, struct fault *why)
    __attribute__((warn_unused_result));

// All end the call: it and its body must not be touched afterwards.
void request_answer(struct request *request, const void *answer);       // of the type that the method has
void request_answer_text(struct request *request, struct text *answer); // as it is; handed over
// RFC 9457 problem document. `detail` may be NULL.
void request_refuse(struct request *request, enum refusal refusal, const char *detail);
void request_refuse_later(struct request *request, enum refusal refusal, int64_t retry_after_ms);
void request_refuse_fault(struct request *request, const struct fault *why);
// For the server: the members, not the struct.
void request_fini(struct request *request);
