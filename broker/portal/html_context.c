// SPDX-License-Identifier: EUPL-1.2
#include "broker/portal/html_context.h"

#include <assert.h>
#include <string.h>

enum {
    BETWEEN, // the beginning
    OPENED,  // behind "<"
    TAG_NAME,
    TAG,
    ATTRIBUTE,
    EQUALS, // behind "="
    QUOTED,
    UNQUOTED, // behind the closing quote
    DECLARATION,
};

// Attributes that may hold a value; "aria-" and "data-" stand for all that begin so. Not among them: what holds code
// (on..., style, srcdoc), and what a browser acts on by itself (content, target, rel).
static const struct {
    const char *name;
    enum html_place place;
} attributes[] = {
    {"action", HTML_URL},     {"alt", HTML_VALUE},   {"aria-", HTML_VALUE},    {"class", HTML_VALUE},
    {"d", HTML_VALUE},        {"data-", HTML_VALUE}, {"datetime", HTML_VALUE}, {"for", HTML_VALUE},
    {"formaction", HTML_URL}, {"href", HTML_URL},    {"hreflang", HTML_VALUE}, {"id", HTML_VALUE},
    {"label", HTML_VALUE},    {"lang", HTML_VALUE},  {"name", HTML_VALUE},     {"placeholder", HTML_VALUE},
    {"src", HTML_URL},        {"title", HTML_VALUE}, {"value", HTML_VALUE},    {"viewbox", HTML_VALUE},
};

static bool is_space(char letter)
{
    return letter == ' ' || letter == '\n' || letter == '\t';
}

static bool is_name(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '-';
}

static bool refuse(struct fault *why, const char *what)
{
    return fault_set(why, FAULT_INVALID, "%s", what);
}

static void begin_name(struct html_context *context, int state)
{
    context->state = state;
    context->length = 0;
    context->name[0] = 0;
}

static bool add_letter(struct html_context *context, char letter, struct fault *why)
{
    if (context->length == sizeof context->name - 1)
        return refuse(why, "a name is too long");
    context->name[context->length++] = letter;
    context->name[context->length] = 0;
    return true;
}

// ---- steps, one a state

static bool follow_between(struct html_context *context, char letter, struct fault *why)
{
    if (letter == '<')
        begin_name(context, OPENED);
    else if (context->script && !is_space(letter))
        return refuse(why, "scripts and styles stand in files of their own");
    return true;
}

static bool follow_opened(struct html_context *context, char letter, struct fault *why)
{
    if (letter == '!' && !context->script) {
        context->state = DECLARATION;
        return true;
    }
    if (letter != '/' && (context->script || !is_name(letter)))
        return refuse(why, "\"<\" begins no tag");
    context->state = TAG_NAME;
    return add_letter(context, letter, why);
}

// A comment would be sent to everybody.
static bool follow_declaration(struct html_context *context, char letter, struct fault *why)
{
    if (letter == '-')
        return refuse(why, "comments are written {{! so }}");
    if (letter == '>')
        context->state = BETWEEN;
    return true;
}

static bool end_tag(struct html_context *context, struct fault *why)
{
    static const char *const scripts[] = {"script", "style"};
    context->state = BETWEEN;
    if (context->script) { // only a "/" leads here then
        bool closes = text_equal(context->tag + 1, context->script);
        context->script = NULL;
        return closes || refuse(why, "scripts and styles stand in files of their own");
    }
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
        if (text_equal(context->tag, scripts[i]))
            context->script = scripts[i];
    return true;
}

static bool follow_tag(struct html_context *context, char letter, struct fault *why)
{
    if (letter == '>')
        return end_tag(context, why);
    if (letter == '/' || is_space(letter)) {
        context->state = TAG;
        return true;
    }
    if (!is_name(letter) || context->state == UNQUOTED)
        return refuse(why, "a tag holds names in small letters and values in double quotes");
    begin_name(context, ATTRIBUTE);
    return add_letter(context, letter, why);
}

static bool follow_tag_name(struct html_context *context, char letter, struct fault *why)
{
    if (is_name(letter))
        return add_letter(context, letter, why);
    if (text_equal(context->name, "/"))
        return refuse(why, "\"<\" begins no tag");
    TEXT_PUT(context->tag, context->name);
    return follow_tag(context, letter, why);
}

static bool follow_attribute(struct html_context *context, char letter, struct fault *why)
{
    if (is_name(letter))
        return add_letter(context, letter, why);
    if (text_starts(context->name, "on") || text_equal(context->name, "style") || text_equal(context->name, "srcdoc"))
        return refuse(why, "an attribute holds code or style, which the content security policy forbids");
    if (letter != '=')
        return follow_tag(context, letter, why);
    context->state = EQUALS;
    context->first = context->second = 0;
    return true;
}

static bool follow_equals(struct html_context *context, char letter, struct fault *why)
{
    context->state = QUOTED;
    return letter == '"' || refuse(why, "a value stands in double quotes");
}

static bool follow_quoted(struct html_context *context, char letter, struct fault *why)
{
    if (letter == '"')
        context->state = UNQUOTED;
    else if (letter == '<' || letter == '>')
        return refuse(why, "a value holds \"<\" or \">\": is a quote missing?");
    else if (!context->first)
        context->first = letter;
    else if (!context->second)
        context->second = letter;
    return true;
}

bool html_follow(struct html_context *context, char letter, struct fault *why)
{
    static bool (*const steps[])(struct html_context *, char, struct fault *) = {
        [BETWEEN] = follow_between, [OPENED] = follow_opened,       [TAG_NAME] = follow_tag_name,
        [TAG] = follow_tag,         [ATTRIBUTE] = follow_attribute, [EQUALS] = follow_equals,
        [QUOTED] = follow_quoted,   [UNQUOTED] = follow_tag,        [DECLARATION] = follow_declaration,
    };
    assert(context->state >= BETWEEN && context->state <= DECLARATION);
    return steps[context->state](context, letter, why);
}

// ---- what may stand where

static enum html_place place_of_attribute(const char *name)
{
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
        const char *row = attributes[i].name;
        if (text_equal(name, row) || (row[strlen(row) - 1] == '-' && text_starts(name, row)))
            return attributes[i].place;
    }
    return HTML_NOWHERE;
}

// "//" and "/\" name another host.
static bool stays_here(const struct html_context *context)
{
    if (context->first == '/')
        return context->second && context->second != '/' && context->second != '\\';
    return context->first == '?' || context->first == '#';
}

enum html_place html_place(const struct html_context *context)
{
    if (context->state == BETWEEN)
        return context->script ? HTML_NOWHERE : HTML_TEXT;
    if (context->state != QUOTED)
        return HTML_NOWHERE;
    enum html_place place = place_of_attribute(context->name);
    return place == HTML_URL && !stays_here(context) ? HTML_NOWHERE : place;
}

static bool has_name(const struct html_context *context)
{
    return context->state == TAG_NAME || context->state == ATTRIBUTE || context->state == EQUALS ||
           context->state == QUOTED;
}

static bool is_address(const struct html_context *context)
{
    return context->state == QUOTED && place_of_attribute(context->name) == HTML_URL;
}

bool html_same(const struct html_context *a, const struct html_context *b)
{
    return a->state == b->state && a->script == b->script && (a->state == BETWEEN || text_equal(a->tag, b->tag)) &&
           (!has_name(a) || text_equal(a->name, b->name)) &&
           (!is_address(a) || (a->first == b->first && a->second == b->second));
}

bool html_is_complete(const struct html_context *context)
{
    return context->state == BETWEEN && !context->script;
}

// ---- values

static const char *entity_of(char letter)
{
    static const struct {
        char letter;
        const char *entity;
    } rows[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].letter == letter)
            return rows[i].entity;
    return NULL;
}

static void add_escaped(struct text *out, const char *value)
{
    for (const char *at = value; *at; at++) {
        const char *entity = entity_of(*at);
        if (entity)
            text_adds(out, entity);
        else
            text_add(out, at, 1);
    }
}

// All but the unreserved letters of RFC 3986, so that a value is always one segment of a path or one parameter. "." and
// ".." are left out: browsers walk up by them in every spelling.
static void add_percent(struct text *out, const char *value)
{
    if (text_equal(value, ".") || text_equal(value, ".."))
        return;
    for (const char *at = value; *at; at++) {
        bool plain = is_name(*at) || (*at >= 'A' && *at <= 'Z') || *at == '.' || *at == '_' || *at == '~';
        if (plain)
            text_add(out, at, 1);
        else
            text_addf(out, "%%%02X", (unsigned)(unsigned char)*at);
    }
}

void html_add(struct text *out, enum html_place place, const char *value)
{
    assert(place != HTML_NOWHERE);
    if (place == HTML_URL)
        add_percent(out, value);
    else
        add_escaped(out, value);
}
