// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/document.h"
#include "broker/base/file.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TAG = 16, NONCE = 12, PIECE_AND_TAG = DOCUMENT_PIECE + TAG, ID_MAX = 64 };

// What writing and reading share: the key, and which piece comes next.
struct pieces {
    EVP_CIPHER_CTX *cipher;
    char id[ID_MAX];
    uint64_t next;
    unsigned char key[DOCUMENT_KEY_BYTES];
};

struct document_writer {
    struct pieces pieces;
    struct file_draft *draft;
    uint64_t size;
    size_t held; // of `piece`
    unsigned char piece[PIECE_AND_TAG];
};

struct document_reader {
    struct pieces pieces;
    int descriptor;
    size_t at, held; // of `plain`
    size_t ahead;    // of `sealed`
    bool is_last;    // what is held
    unsigned char plain[DOCUMENT_PIECE];
    unsigned char sealed[PIECE_AND_TAG + 1]; // one byte more tells whether another piece comes
};

static void pieces_init(struct pieces *pieces, const char *id)
{
    pieces->cipher = EVP_CIPHER_CTX_new();
    assert(pieces->cipher);
    TEXT_PUT(pieces->id, id);
}

static void pieces_fini(struct pieces *pieces)
{
    EVP_CIPHER_CTX_free(pieces->cipher);
    explicit_bzero(pieces->key, sizeof pieces->key);
}

static void put_number(unsigned char bytes[8], uint64_t number)
{
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(number >> (56 - 8 * i));
}

// No two pieces of a key have one nonce: they are counted. What a piece is stands in what is authenticated with it.
static bool begin_piece(struct pieces *pieces, bool encrypt, bool is_last)
{
    int length = 0;
    unsigned char nonce[NONCE] = {0}, what[ID_MAX + 9];
    size_t id_length = strlen(pieces->id);
    put_number(nonce + NONCE - 8, pieces->next);
    memcpy(what, pieces->id, id_length);
    memcpy(what + id_length, nonce + NONCE - 8, 8);
    what[id_length + 8] = is_last;
    pieces->next++;
    return EVP_CipherInit_ex(pieces->cipher, EVP_aes_256_gcm(), NULL, pieces->key, nonce, encrypt) == 1 &&
           EVP_CipherUpdate(pieces->cipher, NULL, &length, what, (int)id_length + 9) == 1;
}

uint64_t document_length(uint64_t size)
{
    uint64_t pieces = size ? (size + DOCUMENT_PIECE - 1) / DOCUMENT_PIECE : 1;
    return size + TAG * pieces;
}

// ---- writing

struct document_writer *document_create(const char *path, const char *id, struct fault *why)
{
    struct file_draft *draft = file_draft_new(path, 0600, why);
    if (!draft)
        return NULL;
    struct document_writer *writer = mem_room(sizeof *writer);
    memset(writer, 0, offsetof(struct document_writer, piece));
    writer->draft = draft;
    pieces_init(&writer->pieces, id);
    bool made = RAND_priv_bytes(writer->pieces.key, DOCUMENT_KEY_BYTES) == 1;
    assert(made);
    return writer;
}

static bool write_piece(struct document_writer *writer, bool is_last, struct fault *why)
{
    int length = 0, rest = 0;
    struct pieces *pieces = &writer->pieces;
    unsigned char *piece = writer->piece;
    bool done = begin_piece(pieces, true, is_last) &&
                EVP_CipherUpdate(pieces->cipher, piece, &length, piece, (int)writer->held) == 1 &&
                EVP_CipherFinal_ex(pieces->cipher, piece + length, &rest) == 1 &&
                EVP_CIPHER_CTX_ctrl(pieces->cipher, EVP_CTRL_AEAD_GET_TAG, TAG, piece + writer->held) == 1;
    assert(done && (size_t)length + (size_t)rest == writer->held);
    size_t whole = writer->held + TAG;
    writer->held = 0;
    return file_draft_add(writer->draft, piece, whole, why);
}

// A full piece is written only when more comes: the last one says that it is.
bool document_add(struct document_writer *writer, const void *bytes, size_t length, struct fault *why)
{
    assert(writer->draft);
    writer->size += length;
    for (const char *at = bytes; length;) {
        if (writer->held == DOCUMENT_PIECE && !write_piece(writer, false, why))
            return false;
        size_t room = DOCUMENT_PIECE - writer->held, part = length < room ? length : room;
        memcpy(writer->piece + writer->held, at, part);
        writer->held += part;
        at += part;
        length -= part;
    }
    return true;
}

struct file_draft *document_finish(struct document_writer *writer, struct fault *why)
{
    assert(writer->draft);
    return write_piece(writer, true, why) ? take(writer->draft) : NULL;
}

uint64_t document_size(const struct document_writer *writer)
{
    return writer->size;
}

const unsigned char *document_key(const struct document_writer *writer)
{
    return writer->pieces.key;
}

void document_writer_free(struct document_writer *writer)
{
    if (!writer)
        return;
    file_draft_free(writer->draft);
    pieces_fini(&writer->pieces);
    explicit_bzero(writer->piece, sizeof writer->piece);
    free(writer);
}

// ---- reading

static bool read_ahead(struct document_reader *reader, struct fault *why)
{
    while (reader->ahead < sizeof reader->sealed) {
        ssize_t got = read(reader->descriptor, reader->sealed + reader->ahead, sizeof reader->sealed - reader->ahead);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fault_set(why, FAULT_BROKEN, "the document of %s cannot be read: %s", reader->pieces.id,
                             strerror(errno));
        if (got == 0)
            break;
        reader->ahead += (size_t)got;
    }
    return true;
}

static bool open_piece(struct document_reader *reader, size_t whole)
{
    int length = 0, rest = 0;
    struct pieces *pieces = &reader->pieces;
    if (whole < TAG)
        return false;
    size_t size = whole - TAG;
    bool opened = begin_piece(pieces, false, reader->is_last) &&
                  EVP_CipherUpdate(pieces->cipher, reader->plain, &length, reader->sealed, (int)size) == 1 &&
                  EVP_CIPHER_CTX_ctrl(pieces->cipher, EVP_CTRL_AEAD_SET_TAG, TAG, reader->sealed + size) == 1 &&
                  EVP_CipherFinal_ex(pieces->cipher, reader->plain + length, &rest) == 1;
    reader->held = opened ? size : 0;
    return opened;
}

static bool read_piece(struct document_reader *reader, struct fault *why)
{
    if (!read_ahead(reader, why))
        return false;
    reader->is_last = reader->ahead <= PIECE_AND_TAG;
    size_t whole = reader->is_last ? reader->ahead : PIECE_AND_TAG;
    reader->at = 0;
    if (!open_piece(reader, whole))
        return fault_set(why, reader->pieces.next > 1 ? FAULT_BROKEN : FAULT_DENIED,
                         "the document of %s does not open: it was altered or cut, or the key is another's",
                         reader->pieces.id);
    reader->ahead -= whole;
    memmove(reader->sealed, reader->sealed + whole, reader->ahead);
    return true;
}

struct document_reader *document_open(const char *path, const char *id, const unsigned char key[DOCUMENT_KEY_BYTES],
                                      struct fault *why)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0) {
        fault_set(why, errno == ENOENT ? FAULT_ABSENT : FAULT_BROKEN, "%s: %s", path, strerror(errno));
        return NULL;
    }
    struct document_reader *reader = mem_room(sizeof *reader);
    memset(reader, 0, offsetof(struct document_reader, plain));
    reader->descriptor = descriptor;
    pieces_init(&reader->pieces, id);
    memcpy(reader->pieces.key, key, DOCUMENT_KEY_BYTES);
    if (read_piece(reader, why))
        return reader;
    document_close(reader);
    return NULL;
}

bool document_read(struct document_reader *reader, void *bytes, size_t size, size_t *length, struct fault *why)
{
    *length = 0;
    if (reader->at == reader->held && !reader->is_last && !read_piece(reader, why))
        return false;
    size_t left = reader->held - reader->at;
    *length = size < left ? size : left;
    memcpy(bytes, reader->plain + reader->at, *length);
    reader->at += *length;
    return true;
}

void document_close(struct document_reader *reader)
{
    if (!reader)
        return;
    close(reader->descriptor);
    pieces_fini(&reader->pieces);
    explicit_bzero(reader->plain, sizeof reader->plain);
    free(reader);
}
