// SPDX-License-Identifier: EUPL-1.2
#include "admin-tool/yaml.h"
#include "admin-tool/fields.h"
#include "broker/api/record.h"
#include "broker/client/language.h"

#include <string.h>
#include <yaml.h>

enum { OBJECTS_MAX = 10000 };

struct reader {
    yaml_parser_t parser;
    yaml_event_t event; // the one at hand
    struct fault *why;
    struct apply_request request;
};

static void reader_drop(struct reader *reader)
{
    yaml_event_delete(&reader->event);
    yaml_parser_delete(&reader->parser);
    record_free(apply_request_type.fields, &reader->request);
}

static bool wrong_at(struct reader *reader, size_t line, const char *what)
{
    return fault_set(reader->why, FAULT_INVALID, _("line %zu: %s"), line + 1, what);
}

static bool wrong(struct reader *reader, const char *what)
{
    return wrong_at(reader, reader->event.start_mark.line, what);
}

static bool is_plain(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return !event->data.scalar.anchor && !event->data.scalar.tag;
    case YAML_SEQUENCE_START_EVENT:
        return !event->data.sequence_start.anchor && !event->data.sequence_start.tag;
    case YAML_MAPPING_START_EVENT:
        return !event->data.mapping_start.anchor && !event->data.mapping_start.tag;
    case YAML_ALIAS_EVENT:
        return false;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return true;
    }
    return false;
}

static bool next(struct reader *reader)
{
    yaml_event_delete(&reader->event);
    if (!yaml_parser_parse(&reader->parser, &reader->event))
        return wrong_at(reader, reader->parser.problem_mark.line,
                        reader->parser.problem ? reader->parser.problem : _("not valid YAML"));
    return is_plain(&reader->event) || wrong(reader, _("anchors, aliases and tags are not allowed"));
}

static bool expect(struct reader *reader, yaml_event_type_t type, const char *what)
{
    return next(reader) && (reader->event.type == type || wrong(reader, what));
}

static bool scalar(struct reader *reader, const char **text)
{
    *text = (const char *)reader->event.data.scalar.value;
    size_t length = reader->event.data.scalar.length;
    return text_is_clean(*text, length) || wrong(reader, _("control characters are not allowed"));
}

// ---- from the inside out

static bool read_words(struct reader *reader, const struct field *field, void *record)
{
    const char *text = NULL;
    struct fault inner = {0};
    if (field->type != FIELD_LIST)
        return wrong(reader, _("expected a single value, not a list"));
    while (next(reader) && reader->event.type == YAML_SCALAR_EVENT) {
        if (!scalar(reader, &text))
            return false;
        if (!field_add_word(field, text, record, &inner))
            return wrong(reader, inner.text);
    }
    if (reader->event.type != YAML_SEQUENCE_END_EVENT)
        return reader->why->kind != FAULT_NONE ? false : wrong(reader, _("expected a list of words"));
    return true;
}

static bool read_value(struct reader *reader, const struct field *field, void *record)
{
    const char *text = NULL;
    struct fault inner = {0};
    if (!next(reader))
        return false;
    if (reader->event.type == YAML_SEQUENCE_START_EVENT)
        return read_words(reader, field, record);
    if (reader->event.type != YAML_SCALAR_EVENT)
        return wrong(reader, _("expected a value"));
    if (!scalar(reader, &text))
        return false;
    return field_write(field, text, record, &inner) || wrong(reader, inner.text);
}

static bool read_pair(struct reader *reader, struct draft *draft)
{
    char sentence[200];
    const char *name = NULL;
    if (!scalar(reader, &name))
        return false;
    const struct field *field = field_find(draft->noun, name);
    if (!field || (field->flags & FIELD_HIDDEN)) {
        snprintf(sentence, sizeof sentence, _("a %s has no field %.60s"), noun_rows[draft->noun].name, name);
    } else if (field->flags & FIELD_READ_ONLY) {
        snprintf(sentence, sizeof sentence, _("%.60s cannot be set"), name);
    } else if (draft_has(draft, field)) {
        snprintf(sentence, sizeof sentence, _("duplicate key %.60s"), name);
    } else {
        draft_give(draft, field);
        return read_value(reader, field, &draft->record);
    }
    return wrong(reader, sentence);
}

static bool check_object(struct reader *reader, const struct draft *draft, size_t line)
{
    char sentence[300];
    owned(text) struct text missing = {0};
    if (!id_is_valid(draft->noun, draft->record.id))
        return wrong_at(reader, line,
                        draft->noun == NOUN_TENANT ? _("needs an id of a-z, 0-9 and -")
                                                   : _("needs an id: TENANT/NAME, each of a-z, 0-9 and -"));
    if (reader->request.objects.count >= OBJECTS_MAX)
        return wrong_at(reader, line, _("more than 10,000 objects"));
    if (!draft_lacks(draft, ":", &missing))
        return true;
    snprintf(sentence, sizeof sentence, _("a %s also needs:%s"), noun_rows[draft->noun].name, missing.bytes);
    return wrong_at(reader, line, sentence);
}

static bool read_object(struct reader *reader, enum noun noun)
{
    size_t line = reader->event.start_mark.line;
    struct draft draft = {.noun = noun};
    while (next(reader) && reader->event.type == YAML_SCALAR_EVENT)
        if (!read_pair(reader, &draft))
            return false;
    if (reader->why->kind != FAULT_NONE)
        return false;
    if (reader->event.type != YAML_MAPPING_END_EVENT)
        return wrong(reader, _("expected the name of a field"));
    if (!check_object(reader, &draft, line))
        return false;
    struct apply_object *object = record_add(&reader->request.objects, &apply_object_type);
    object->noun = noun;
    object->record = draft.record;
    return true;
}

static bool read_list(struct reader *reader, enum noun noun)
{
    if (!next(reader))
        return false;
    if (reader->event.type == YAML_SCALAR_EVENT && reader->event.data.scalar.length == 0)
        return true; // "sites:" with nothing under it
    if (reader->event.type != YAML_SEQUENCE_START_EVENT)
        return wrong(reader, _("expected a list"));
    while (next(reader) && reader->event.type == YAML_MAPPING_START_EVENT)
        if (!read_object(reader, noun))
            return false;
    if (reader->why->kind != FAULT_NONE)
        return false;
    return reader->event.type == YAML_SEQUENCE_END_EVENT || wrong(reader, _("expected an object with an id"));
}

static bool read_section(struct reader *reader, bool seen[NOUN_COUNT])
{
    char sentence[200];
    const char *name = NULL;
    if (!scalar(reader, &name))
        return false;
    enum noun noun = noun_by_plural(name);
    if (noun == NOUN_NONE || !noun_rows[noun].writable)
        snprintf(sentence, sizeof sentence, _("unknown section %.60s"), name);
    else if (seen[noun])
        snprintf(sentence, sizeof sentence, _("duplicate key %.60s"), name);
    else
        return seen[noun] = true, read_list(reader, noun);
    return wrong(reader, sentence);
}

static bool read_document(struct reader *reader)
{
    bool seen[NOUN_COUNT] = {false};
    if (!expect(reader, YAML_STREAM_START_EVENT, "") ||
        !expect(reader, YAML_DOCUMENT_START_EVENT, _("the file is empty")) ||
        !expect(reader, YAML_MAPPING_START_EVENT, _("expected sections: tenants:, sites:, pools:, ...")))
        return false;
    while (next(reader) && reader->event.type == YAML_SCALAR_EVENT)
        if (!read_section(reader, seen))
            return false;
    if (reader->why->kind != FAULT_NONE)
        return false;
    if (reader->event.type != YAML_MAPPING_END_EVENT)
        return wrong(reader, _("expected the name of a section"));
    return expect(reader, YAML_DOCUMENT_END_EVENT, "") &&
           expect(reader, YAML_STREAM_END_EVENT, _("more than one document"));
}

bool yaml_read(struct apply_request *request, const char *bytes, size_t length, struct fault *why)
{
    *request = (struct apply_request){0};
    *why = (struct fault){0};
    if (length > YAML_MAX)
        return fault_set(why, FAULT_INVALID, "%s", _("the file is larger than 1 MiB"));
    owned(reader) struct reader reader = {.why = why};
    if (!yaml_parser_initialize(&reader.parser))
        return fault_set(why, FAULT_UNAVAILABLE, "libyaml");
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)bytes, length);
    if (!read_document(&reader))
        return false;
    *request = reader.request;
    reader.request = (struct apply_request){0};
    return true;
}
