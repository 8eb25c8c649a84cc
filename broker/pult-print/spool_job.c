// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/spool_job.h"
#include "broker/base/text.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

enum { ID_BYTES = 16 };

const char *const spool_state_words[] = {"waiting", "held", "sending", "sent", "uncertain", "done", "cancelled", NULL};

// A row a line.
// clang-format off
#define AT(member) .offset = offsetof(struct spool_job, member), .size = sizeof(((struct spool_job *)0)->member)

static const struct field job_fields[] = {
    {.name = "id", .type = FIELD_TEXT, AT(id), .flags = FIELD_REQUIRED, .sentence = "the job"},
    {.name = "state", .type = FIELD_CHOICE, AT(state), .flags = FIELD_REQUIRED, .choices = spool_state_words, .sentence = "how far it is"},
    {.name = "reason", .type = FIELD_CHOICE, AT(reason), .choices = job_reason_words, .sentence = "why it is no further"},
    {.name = "host", .type = FIELD_ID, AT(host), .refers = NOUN_HOST, .sentence = "the session host that it came from"},
    {.name = "certificate", .type = FIELD_DIGEST, AT(certificate), .sentence = "of that host"},
    {.name = "certified", .type = FIELD_NUMBER, AT(certified_ms), .max = INT64_MAX, .sentence = "since when that certificate is valid"},
    {.name = "principal", .type = FIELD_TEXT, AT(principal), .sentence = "whose it is, by Kerberos"},
    {.name = "user_name", .type = FIELD_TEXT, AT(user_name), .sentence = "whose it is, at that host"},
    {.name = "target", .type = FIELD_ID, AT(target), .refers = NOUN_NONE, .sentence = "the printer that was chosen"},
    {.name = "format", .type = FIELD_TEXT, AT(format), .sentence = "MIME type of the document"},
    {.name = "options", .type = FIELD_TEXT, AT(options), .sentence = "how it is to be printed"},
    {.name = "size", .type = FIELD_NUMBER, AT(size), .max = INT64_MAX, .sentence = "bytes of the document"},
    {.name = "sealed", .type = FIELD_TEXT, AT(sealed), .sentence = "the document's key, encrypted for the broker"},
    {.name = "created", .type = FIELD_NUMBER, AT(created_ms), .max = INT64_MAX, .sentence = "when it was printed, by the clock of the print server"},
    {.name = "changed", .type = FIELD_NUMBER, AT(changed_ms), .max = INT64_MAX, .sentence = "since when it is so"},
    {.name = "person", .type = FIELD_TEXT, AT(person), .sentence = "whose it is, by the broker"},
    {.name = "delete_at", .type = FIELD_NUMBER, AT(delete_at_ms), .max = INT64_MAX, .sentence = "when it is given up"},
    {.name = "told", .type = FIELD_LIST, AT(told), .sentence = "the reasons of which its person was told"},
    {.name = "printer", .type = FIELD_TEXT, AT(printer), .sentence = "where it is, or was last"},
    {.name = "printer_uri", .type = FIELD_TEXT, AT(printer_uri), .sentence = "of that printer"},
    {.name = "fingerprint", .type = FIELD_DIGEST, AT(fingerprint), .sentence = "of that printer's certificate"},
    {.name = "printer_job", .type = FIELD_NUMBER, AT(printer_job), .max = INT32_MAX, .sentence = "its number there"},
    {.name = "pages", .type = FIELD_NUMBER, AT(pages), .max = INT64_MAX, .sentence = "sides that were printed"},
    {.name = "sending", .type = FIELD_NUMBER, AT(sending_ms), .max = INT64_MAX, .sentence = "when that printer may first have heard of it"},
    {.name = "attempts", .type = FIELD_NUMBER, AT(attempts), .max = INT64_MAX, .sentence = "how often it was sent somewhere"},
    {.name = "doubtful", .type = FIELD_FLAG, AT(doubtful), .sentence = "that printer may have only part of it"},
    {.name = "at_substitute", .type = FIELD_FLAG, AT(at_substitute), .sentence = "that printer stands in for another"},
    {.name = "cancelling", .type = FIELD_CHOICE, AT(cancelling), .choices = job_reason_words, .sentence = "why it is to be cancelled there; none: it is not"},
    {.name = NULL},
};
// clang-format on

const struct record_type spool_job_type = {"spool_job", job_fields, sizeof(struct spool_job)};

bool spool_id_is_valid(const char *id)
{
    unsigned char bytes[ID_BYTES];
    return text_starts(id, "j-") && text_unhex(bytes, sizeof bytes, id + 2);
}

// None can hold a NUL, so no two such jobs are the same bytes.
void spool_id_make(char id[SPOOL_ID_SIZE], const char *host, const char *owner, const char *job_uuid)
{
    unsigned char digest[32];
    struct text all = {0};
    text_add(&all, host, strlen(host) + 1);
    text_add(&all, owner, strlen(owner) + 1);
    text_adds(&all, job_uuid);
    bool made = EVP_Digest(all.bytes, all.length, digest, NULL, EVP_sha256(), NULL) == 1;
    assert(made);
    text_drop(&all);
    memcpy(id, "j-", 2);
    text_hex(id + 2, digest, ID_BYTES);
}

void spool_job_name(char name[SPOOL_JOB_NAME_SIZE], const char *id)
{
    assert(spool_id_is_valid(id));
    const char *x = id + 2;
    snprintf(name, SPOOL_JOB_NAME_SIZE, "pult-%.8s-%.4s-%.4s-%.4s-%.12s", x, x + 8, x + 12, x + 16, x + 20);
}

bool spool_job_is_over(const struct spool_job *job)
{
    return job->state == SPOOL_DONE || job->state == SPOOL_CANCELLED;
}
