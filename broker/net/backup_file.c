// SPDX-License-Identifier: EUPL-1.2
#include "broker/net/backup_file.h"
#include "broker/base/mem.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUM_BYTES = 32, SUMS_MAX = 4 * 1024 * 1024 };

static const char sums_name[] = "SHA256SUMS";
static const char read_me[] =
    "This is a back-up of a Pult broker. pult-broker --restore opens it, or, with the private key of one of the\n"
    "certificates that it was made for, tar and OpenSSL alone:\n"
    "\n"
    "    tar -xf BACKUP && for part in part-*.cms; do\n"
    "      openssl cms -decrypt -binary -inform DER -in \"$part\" -inkey KEY || break\n"
    "    done >inside.tar && tar -xf inside.tar && sha256sum -c SHA256SUMS\n"
    "\n"
    "Believe nothing of it before the last command has said OK of each file.\n";

static EVP_MD_CTX *begin_digest(void)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int right = context ? EVP_DigestInit_ex(context, EVP_sha256(), NULL) : 0;
    assert(right == 1);
    (void)right;
    return context;
}

static void add_to_digest(EVP_MD_CTX *context, const void *bytes, size_t length)
{
    int right = EVP_DigestUpdate(context, bytes, length);
    assert(right == 1);
    (void)right;
}

// And begins anew.
static void end_digest(EVP_MD_CTX *context, char hex[BACKUP_DIGEST_SIZE])
{
    unsigned char digest[SUM_BYTES];
    int right = EVP_DigestFinal_ex(context, digest, NULL) == 1 && EVP_DigestInit_ex(context, NULL, NULL) == 1;
    assert(right == 1);
    (void)right;
    text_hex(hex, digest, sizeof digest);
}

// The sums of the members, a line each as sha256sum(1) has it.
struct sums {
    EVP_MD_CTX *context;
    struct text lines;
    char name[ARCHIVE_NAME_SIZE];
};

static void end_sum(struct sums *sums)
{
    char hex[BACKUP_DIGEST_SIZE];
    end_digest(sums->context, hex);
    text_addf(&sums->lines, "%s  %s\n", hex, sums->name);
}

static void sums_fini(struct sums *sums)
{
    EVP_MD_CTX_free(sums->context);
    text_drop(&sums->lines);
}

static void wipe(struct text *text)
{
    if (text->length)
        explicit_bzero(text->bytes, text->length);
    text->length = 0;
}

// ---- writing

struct backup_writer {
    const struct recipients *recipients;
    backup_sink *sink;
    void *arg;
    struct text part; // of the archive within, up to ENVELOPE_PLAIN_MAX
    unsigned parts;
    struct sums sums;
    EVP_MD_CTX *whole;   // digest of the file
    uint64_t left, size; // of the member
    bool inside;
};

struct backup_writer *backup_writer_new(const struct recipients *recipients, backup_sink *sink, void *arg)
{
    struct backup_writer *writer = mem_new(1, sizeof *writer);
    writer->recipients = recipients;
    writer->sink = sink;
    writer->arg = arg;
    mem_reserve(&writer->part.bytes, &writer->part.capacity, ENVELOPE_PLAIN_MAX + 1, 1); // no copy is left behind
    writer->sums.context = begin_digest();
    writer->whole = begin_digest();
    return writer;
}

void backup_writer_free(struct backup_writer *writer)
{
    if (!writer)
        return;
    wipe(&writer->part);
    text_drop(&writer->part);
    sums_fini(&writer->sums);
    EVP_MD_CTX_free(writer->whole);
    free(writer);
}

static bool put_bytes(struct backup_writer *writer, const void *bytes, size_t length, struct fault *why)
{
    add_to_digest(writer->whole, bytes, length);
    return writer->sink(writer->arg, bytes, length, why);
}

static bool put_outside(struct backup_writer *writer, const char *name, const void *bytes, size_t length,
                        struct fault *why)
{
    static const char zeroes[ARCHIVE_BLOCK];
    unsigned char block[ARCHIVE_BLOCK];
    struct archive_member member = {.mode = 0600, .size = length};
    TEXT_PUT(member.name, name);
    return archive_print_header(block, &member, why) && put_bytes(writer, block, sizeof block, why) &&
           put_bytes(writer, bytes, length, why) && put_bytes(writer, zeroes, archive_padding(length), why);
}

static bool flush_part(struct backup_writer *writer, struct fault *why)
{
    char name[32];
    owned(text) struct text sealed = {0};
    if (!writer->part.length)
        return true;
    if (!writer->parts && !put_outside(writer, "README", read_me, sizeof read_me - 1, why))
        return false;
    snprintf(name, sizeof name, "part-%08u.cms", ++writer->parts);
    bool done = envelope_seal(writer->recipients, writer->part.bytes, writer->part.length, &sealed, why) &&
                put_outside(writer, name, sealed.bytes, sealed.length, why);
    wipe(&writer->part);
    return done;
}

static bool put_within(struct backup_writer *writer, const void *bytes, size_t length, struct fault *why)
{
    for (size_t at = 0, some; at < length; at += some) {
        size_t room = ENVELOPE_PLAIN_MAX - writer->part.length;
        some = length - at < room ? length - at : room;
        text_add(&writer->part, (const char *)bytes + at, some);
        if (writer->part.length == ENVELOPE_PLAIN_MAX && !flush_part(writer, why))
            return false;
    }
    return true;
}

static bool end_within(struct backup_writer *writer, struct fault *why)
{
    static const char zeroes[ARCHIVE_BLOCK];
    assert(writer->left == 0);
    if (!writer->inside)
        return true;
    writer->inside = false;
    end_sum(&writer->sums);
    return put_within(writer, zeroes, archive_padding(writer->size), why);
}

bool backup_writer_begin(struct backup_writer *writer, const struct archive_member *member, struct fault *why)
{
    unsigned char block[ARCHIVE_BLOCK];
    if (!end_within(writer, why) || !archive_print_header(block, member, why))
        return false;
    writer->left = writer->size = member->size;
    writer->inside = true;
    TEXT_PUT(writer->sums.name, member->name);
    return put_within(writer, block, sizeof block, why);
}

bool backup_writer_add(struct backup_writer *writer, const void *bytes, size_t length, struct fault *why)
{
    assert(writer->inside && length <= writer->left);
    writer->left -= length;
    add_to_digest(writer->sums.context, bytes, length);
    return put_within(writer, bytes, length, why);
}

bool backup_writer_finish(struct backup_writer *writer, struct fault *why)
{
    static const char zeroes[ARCHIVE_END];
    if (!end_within(writer, why))
        return false;
    owned(text) struct text lines = {0};
    text_add(&lines, writer->sums.lines.bytes, writer->sums.lines.length);
    struct archive_member member = {.mode = 0600, .size = lines.length};
    TEXT_PUT(member.name, sums_name);
    return backup_writer_begin(writer, &member, why) && backup_writer_add(writer, lines.bytes, lines.length, why) &&
           end_within(writer, why) && put_within(writer, zeroes, sizeof zeroes, why) && flush_part(writer, why) &&
           put_bytes(writer, zeroes, sizeof zeroes, why);
}

void backup_writer_digest(struct backup_writer *writer, char hex[BACKUP_DIGEST_SIZE])
{
    end_digest(writer->whole, hex);
}

// ---- reading

struct backup_reader {
    const struct envelope_key *key; // NULL: none
    const struct archive_events *members;
    struct archive_reader outside, within;
    struct text part; // sealed, as far as it has come
    unsigned parts;
    bool in_read_me;
    struct sums sums;       // of what came
    struct text given_sums; // as the last member has them
    EVP_MD_CTX *whole;      // digest of the file
    bool in_sums;
};

static bool begin_member(void *arg, const struct archive_member *member, struct fault *why)
{
    struct backup_reader *reader = arg;
    if (reader->in_sums)
        return fault_set(why, FAULT_BROKEN, "the back-up is damaged: it goes on behind its end");
    reader->in_sums = text_equal(member->name, sums_name);
    if (reader->in_sums)
        return member->size <= SUMS_MAX || fault_set(why, FAULT_BROKEN, "the back-up is damaged: too many files");
    TEXT_PUT(reader->sums.name, member->name);
    return reader->members->begin(reader->members->arg, member, why);
}

static bool take_member(void *arg, const void *bytes, size_t length, struct fault *why)
{
    struct backup_reader *reader = arg;
    if (reader->in_sums) {
        text_add(&reader->given_sums, bytes, length);
        return true;
    }
    add_to_digest(reader->sums.context, bytes, length);
    return reader->members->data(reader->members->arg, bytes, length, why);
}

static bool end_member_within(void *arg, struct fault *why)
{
    struct backup_reader *reader = arg;
    if (reader->in_sums)
        return true;
    end_sum(&reader->sums);
    return reader->members->end(reader->members->arg, why);
}

static bool begin_part(void *arg, const struct archive_member *member, struct fault *why)
{
    struct backup_reader *reader = arg;
    char name[32];
    reader->in_read_me = !reader->parts && text_equal(member->name, "README");
    if (reader->in_read_me)
        return true;
    snprintf(name, sizeof name, "part-%08u.cms", ++reader->parts);
    reader->part.length = 0;
    return (text_equal(member->name, name) && member->size <= ENVELOPE_MAX) ||
           fault_set(why, FAULT_BROKEN, "it is no back-up, or damaged: %.64s stands where %s should", member->name,
                     name);
}

static bool take_part(void *arg, const void *bytes, size_t length, struct fault *why)
{
    struct backup_reader *reader = arg;
    (void)why;
    if (!reader->in_read_me)
        text_add(&reader->part, bytes, length);
    return true;
}

static bool open_part(struct backup_reader *reader, struct fault *why)
{
    owned(text) struct text plain = {0};
    if (!reader->key)
        return envelope_check(reader->part.bytes, reader->part.length, why);
    bool done = envelope_open(reader->key, reader->part.bytes, reader->part.length, &plain, why) &&
                archive_reader_add(&reader->within, plain.bytes, plain.length, why);
    wipe(&plain);
    return done;
}

static bool end_part(void *arg, struct fault *why)
{
    struct backup_reader *reader = arg;
    char place[32];
    if (reader->in_read_me)
        return true;
    snprintf(place, sizeof place, "part %u", reader->parts);
    return open_part(reader, why) || fault_at(why, place);
}

struct backup_reader *backup_reader_new(const struct envelope_key *key, const struct archive_events *members)
{
    assert(!key == !members);
    struct backup_reader *reader = mem_new(1, sizeof *reader);
    reader->key = key;
    reader->members = members;
    archive_reader_init(&reader->outside, &(struct archive_events){reader, begin_part, take_part, end_part});
    archive_reader_init(&reader->within,
                        &(struct archive_events){reader, begin_member, take_member, end_member_within});
    reader->sums.context = begin_digest();
    reader->whole = begin_digest();
    return reader;
}

void backup_reader_free(struct backup_reader *reader)
{
    if (!reader)
        return;
    text_drop(&reader->part);
    text_drop(&reader->given_sums);
    sums_fini(&reader->sums);
    EVP_MD_CTX_free(reader->whole);
    free(reader);
}

bool backup_reader_add(struct backup_reader *reader, const void *bytes, size_t length, struct fault *why)
{
    add_to_digest(reader->whole, bytes, length);
    return archive_reader_add(&reader->outside, bytes, length, why);
}

bool backup_reader_finish(struct backup_reader *reader, struct fault *why)
{
    const struct text *came = &reader->sums.lines, *given = &reader->given_sums;
    if (!archive_reader_finish(&reader->outside, why))
        return false;
    if (!reader->parts)
        return fault_set(why, FAULT_BROKEN, "it is no back-up: there is nothing in it");
    if (!reader->key)
        return true;
    if (!archive_reader_finish(&reader->within, why))
        return false;
    bool same = came->length && came->length == given->length && memcmp(came->bytes, given->bytes, came->length) == 0;
    return same || fault_set(why, FAULT_BROKEN, "the back-up is damaged: its files are not those of its %s", sums_name);
}

void backup_reader_digest(struct backup_reader *reader, char hex[BACKUP_DIGEST_SIZE])
{
    end_digest(reader->whole, hex);
}
