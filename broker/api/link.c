// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/link.h"
#include "broker/api/record.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What every message has besides the fields of its type.
struct envelope {
    char type[SLUG_SIZE];
    char must[LIST_SIZE];
};

// A row a line.
// clang-format off
#define AT(holder, member) .offset = offsetof(struct holder, member), .size = sizeof(((struct holder *)0)->member)

static const struct field envelope_fields[] = {
    {.name = "type", .type = FIELD_TEXT, AT(envelope, type), .flags = FIELD_REQUIRED, .sentence = "kind of message"},
    {.name = "must", .type = FIELD_LIST, AT(envelope, must), .sentence = "members that must be understood, or else the message is refused"},
    {.name = NULL},
};

const struct field link_hello_fields[] = {
    {.name = "protocol", .type = FIELD_NUMBER, AT(link_hello, protocol), .flags = FIELD_REQUIRED, .max = 1000000, .sentence = "of the link, as the sender speaks it"},
    {.name = "program", .type = FIELD_TEXT, AT(link_hello, program), .flags = FIELD_REQUIRED, .sentence = "the sender"},
    {.name = "version", .type = FIELD_TEXT, AT(link_hello, version), .flags = FIELD_REQUIRED, .sentence = "of the sender"},
    {.name = "capabilities", .type = FIELD_LIST, AT(link_hello, capabilities), .sentence = "what it can do that not every version can"},
    {.name = NULL},
};

const struct field link_refused_fields[] = {
    {.name = "code", .type = FIELD_TEXT, AT(link_refused, code), .flags = FIELD_REQUIRED, .sentence = "why, as in problem documents"},
    {.name = "detail", .type = FIELD_TEXT, AT(link_refused, detail), .sentence = "English, for the log"},
    {.name = "of", .type = FIELD_TEXT, AT(link_refused, type), .sentence = "type of the message that is refused; empty: the link"},
    {.name = NULL},
};
// clang-format on

static const struct field *const must_fields = &envelope_fields[1];
static const char hello_word[] = "hello", refused_word[] = "refused";

// ---- hello

void link_introduce(struct link_hello *hello, const struct link_row *row, enum link_end from)
{
    struct text words = {0};
    *hello = (struct link_hello){.protocol = LINK_PROTOCOL, .version = PULT_VERSION};
    TEXT_PUT(hello->program, from == LINK_AGENT ? row->program : "pult-broker");
    for (size_t i = 0; i < row->type_count; i++)
        if (row->types[i].from != from && row->types[i].needs &&
            !text_has_word(words.length ? words.bytes : "", row->types[i].needs))
            text_addf(&words, "%s%s", words.length ? " " : "", row->types[i].needs);
    text_cut(hello->capabilities, sizeof hello->capabilities, words.length ? words.bytes : "");
    text_drop(&words);
}

enum refusal link_judge(const struct link_hello *hello, const struct link_row *row, struct fault *why)
{
    if (hello->protocol >= LINK_PROTOCOL_OLDEST && hello->protocol <= LINK_PROTOCOL)
        return REFUSAL_NONE;
    fault_set(why, FAULT_DENIED, "%s %s speaks protocol %lld of the %s link, this broker (%s) %d to %d", hello->program,
              hello->version, (long long)hello->protocol, noun_rows[row->noun].name, PULT_VERSION, LINK_PROTOCOL_OLDEST,
              LINK_PROTOCOL);
    return hello->protocol < LINK_PROTOCOL_OLDEST ? REFUSAL_AGENT_TOO_OLD : REFUSAL_AGENT_TOO_NEW;
}

uint32_t link_accepted(const struct link_row *row, enum link_end from, const struct link_hello *hello)
{
    uint32_t accepted = 0;
    assert(row->type_count <= LINK_TYPES_MAX);
    for (size_t i = 0; i < row->type_count; i++)
        if (row->types[i].from == from &&
            (!row->types[i].needs || text_has_word(hello->capabilities, row->types[i].needs)))
            accepted |= 1U << i;
    return accepted;
}

// ---- writing

static void print_message(struct text *out, const char *type, const char *must, const struct field *fields,
                          const void *source)
{
    struct envelope envelope;
    text_addf(out, "{\"type\":\"%s\",", type);
    if (must) {
        TEXT_PUT(envelope.must, must);
        codec_print_members(out, must_fields, CODEC_MESSAGE, &envelope);
        text_add(out, ",", 1);
    }
    size_t length = out->length;
    codec_print_members(out, fields, CODEC_MESSAGE, source);
    out->length -= out->length == length; // no comma behind the last
    text_add(out, "}", 1);
}

static size_t type_of(const struct link_row *row, const void *message)
{
    int64_t type = *(const int64_t *)message;
    assert(type >= 0 && (size_t)type < row->type_count);
    return (size_t)type;
}

void link_print(struct text *out, const struct link_row *row, const void *message)
{
    const struct link_type *type = &row->types[type_of(row, message)];
    print_message(out, type->name, type->must, type->fields, message);
}

void link_print_hello(struct text *out, const struct link_hello *hello)
{
    print_message(out, hello_word, NULL, link_hello_fields, hello);
}

void link_print_refused(struct text *out, const struct link_refused *refused)
{
    print_message(out, refused_word, NULL, link_refused_fields, refused);
}

// ---- reading

// What a message is to be read into; `fields` is NULL when its type is not known.
struct shape {
    enum link_kind kind;
    const struct field *fields;
    void *target;
    size_t size;
    int64_t type; // of LINK_MESSAGE
};

static struct shape shape_of(struct link_input *input, enum link_end from)
{
    const struct link_row *row = input->row;
    if (text_equal(input->type, hello_word))
        return (struct shape){LINK_HELLO, link_hello_fields, &input->hello, sizeof input->hello, 0};
    if (text_equal(input->type, refused_word))
        return (struct shape){LINK_REFUSED, link_refused_fields, &input->refused, sizeof input->refused, 0};
    for (size_t i = 0; i < row->type_count; i++) {
        if (row->types[i].from != from || !text_equal(row->types[i].name, input->type))
            continue;
        input->message = mem_new(1, row->size);
        return (struct shape){LINK_MESSAGE, row->types[i].fields, input->message, row->size, (int64_t)i};
    }
    return (struct shape){.kind = LINK_SKIPPED};
}

static bool has_field(const struct field *fields, const char *name)
{
    for (; fields->name; fields++)
        if (text_equal(fields->name, name))
            return true;
    return false;
}

static bool understands(const struct field *fields, const char *name)
{
    return fields && (has_field(envelope_fields, name) || has_field(fields, name));
}

// What has to be understood is; else the first that is not is named.
static bool meets_demands(const struct envelope *envelope, const struct field *fields, struct fault *why)
{
    char word[SLUG_SIZE];
    for (const char *at = envelope->must; *at; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        snprintf(word, sizeof word, "%.*s", (int)length, at);
        if (!understands(fields, word) && text_equal(word, "type"))
            return fault_set(why, FAULT_INVALID, "\"%s\" is not known here", envelope->type);
        if (!understands(fields, word))
            return fault_set(why, FAULT_INVALID, "\"%s\" of \"%s\" is not known here", word, envelope->type);
        at += length;
    }
    return true;
}

static void read_shape(struct link_input *input, enum link_end from, const struct envelope *envelope,
                       json_object *object)
{
    struct shape shape = shape_of(input, from);
    if (!meets_demands(envelope, shape.fields, &input->why)) {
        input->kind = LINK_UNKNOWN;
    } else if (!shape.fields) {
        input->kind = LINK_SKIPPED;
    } else if (codec_read(shape.fields, shape.size, CODEC_MESSAGE, object, shape.target, &input->why)) {
        input->kind = shape.kind;
        input->skipped = codec_count_new(shape.fields, object, shape.target) -
                         (codec_member(object, "must") ? 2 : 1); // the envelope's own
    }
    if (input->kind == LINK_MESSAGE)
        *(int64_t *)input->message = shape.type; // reading began from nought
}

void link_read(struct link_input *input, const struct link_row *row, enum link_end from, const char *bytes,
               size_t length)
{
    struct envelope envelope;
    owned(json) json_object *object = NULL;
    *input = (struct link_input){.row = row, .kind = LINK_UNREADABLE};
    if (!codec_parse(&object, bytes, length, &input->why))
        return;
    if (codec_read(envelope_fields, sizeof envelope, CODEC_MESSAGE, object, &envelope, &input->why)) {
        TEXT_PUT(input->type, envelope.type);
        read_shape(input, from, &envelope, object);
    }
    codec_wipe(object);
}

void link_input_fini(struct link_input *input)
{
    if (input->message) {
        const struct link_type *type = &input->row->types[type_of(input->row, input->message)];
        record_free(type->fields, input->message);
        explicit_bzero(input->message, input->row->size);
    }
    free(input->message);
    input->message = NULL;
}
