// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/openapi.h"
#include "broker/api/codec_print.h"
#include "broker/api/json_schema.h"
#include "broker/api/link_rows.h"
#include "broker/api/method.h"

#include <stdio.h>
#include <string.h>

static const char description[] =
    "What stands here is made from the tables that the broker itself works by. Text is UTF-8 without control "
    "characters; lengths are counted in bytes, so a text of many letters beyond ASCII holds fewer of them. A field "
    "that "
    "the broker does not know, a key that stands twice and a value out of bounds are refused by name. An answer may "
    "hold more fields than stand here when the broker is newer; a field that is not required may be missing.";

static const struct {
    const char *permission; // x-permission
    const char *schemes[2]; // any of them proves it
} roles[] = {
    [ROLE_NOBODY] = {"nobody", {NULL}},
    [ROLE_UNAUTHENTICATED] = {"unauthenticated", {NULL}},
    [ROLE_DEVICE] = {"device", {"machine_certificate"}},
    [ROLE_HOST] = {"host", {"machine_certificate"}},
    [ROLE_PRINT_SERVER] = {"print-server", {"machine_certificate"}},
    [ROLE_GATEWAY] = {"gateway", {"machine_certificate"}},
    [ROLE_PERSON] = {"person", {NULL}}, // whose methods are pages
    [ROLE_MACHINE] = {"machine", {"machine_certificate"}},
    [ROLE_ADMIN] = {"administrator", {"token", "administrator_certificate"}},
    [ROLE_DISTRICT] = {"district", {"token", "administrator_certificate"}},
};

// ---- parameters

static void print_template(struct text *text, const struct method *method)
{
    const char *brace = strchr(method->path, '{');
    if (!brace) {
        text_adds(text, method->path);
        return;
    }
    text_add(text, method->path, (size_t)(brace - method->path));
    text_adds(text, method->noun == NOUN_TENANT ? "{tenant}" : "{tenant}/{name}");
    text_adds(text, strchr(brace, '}') + 1);
}

static void print_slug(struct json_writer *json, const char *name, const char *sentence)
{
    json_begin(json, NULL, '{');
    json_text(json, "name", name);
    json_text(json, "in", "path");
    json_flag(json, "required", true);
    json_text(json, "description", sentence);
    json_begin(json, "schema", '{');
    json_text(json, "type", "string");
    json_text(json, "pattern", "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$");
    json_end(json, '}');
    json_end(json, '}');
}

static void print_header_parameter(struct json_writer *json, const char *name, const char *sentence)
{
    json_begin(json, NULL, '{');
    json_text(json, "name", name);
    json_text(json, "in", "header");
    json_text(json, "description", sentence);
    json_begin(json, "schema", '{');
    json_text(json, "type", "string");
    json_number(json, "maxLength", 511);
    json_end(json, '}');
    json_end(json, '}');
}

static void print_query(struct json_writer *json, const struct record_type *type)
{
    for (const struct field *field = type->fields; field->name; field++) {
        json_begin(json, NULL, '{');
        json_text(json, "name", field->name);
        json_text(json, "in", "query");
        json_text(json, "description", field->sentence);
        json_begin(json, "schema", '{');
        json_schema_of_field(json, field, CODEC_CHANGE);
        json_end(json, '}');
        json_end(json, '}');
    }
}

static void print_parameters(struct json_writer *json, const struct method *method)
{
    json_begin(json, "parameters", '[');
    if (strchr(method->path, '{'))
        print_slug(json, "tenant", "the tenant that it belongs to");
    if (strchr(method->path, '{') && method->noun != NOUN_TENANT)
        print_slug(json, "name", "its name within the tenant");
    if (method->query)
        print_query(json, method->query);
    if (method->flags & METHOD_VERSIONED) {
        print_header_parameter(json, "If-Match", "only while it is of this version (ETag)");
        print_header_parameter(json, "If-None-Match", "*: only when it is not there yet");
    }
    json_end(json, ']');
}

// ---- answers

static void print_header(struct json_writer *json, const char *name, const char *sentence, const char *type)
{
    json_begin(json, name, '{');
    json_text(json, "description", sentence);
    json_begin(json, "schema", '{');
    json_text(json, "type", type);
    json_end(json, '}');
    json_end(json, '}');
}

// Of what has a version, and can therefore be changed on a condition.
static bool has_version(const struct method *method)
{
    bool shown = method->id == METHOD_SHOW || method->id == METHOD_SET || method->id == METHOD_DRAIN ||
                 method->id == METHOD_UNDRAIN || method->id == METHOD_RELEASE;
    return shown && method->noun != NOUN_NONE;
}

static void print_content(struct json_writer *json, const char *media, const struct record_type *type,
                          enum codec_form form)
{
    json_begin(json, "content", '{');
    json_begin(json, media, '{');
    json_begin(json, "schema", '{');
    if (type)
        json_schema_refer(json, type->name, type->fields, form);
    else
        json_text(json, "type", text_equal(media, "text/plain") ? "string" : "object");
    json_end(json, '}');
    json_end(json, '}');
    json_end(json, '}');
}

static const struct link_type hello = {"hello", LINK_AGENT, link_hello_fields,
                                       NULL,    NULL,       "how a link begins: each side says hello, the agent first"};
static const struct link_type refused = {"refused", LINK_BROKER, link_refused_fields,
                                         NULL,      NULL,        "the link, or a message, is refused"};

static void print_message(struct json_writer *json, const char *link, const struct link_type *type)
{
    json_begin(json, NULL, '{');
    json_schema_refer_message(json, link, type);
    json_end(json, '}');
}

static void print_messages(struct json_writer *json, const struct link_row *row, enum link_end from, const char *name)
{
    json_begin(json, name, '[');
    print_message(json, "link", &hello);
    print_message(json, "link", &refused);
    for (size_t i = 0; i < row->type_count; i++)
        if (row->types[i].from == from)
            print_message(json, noun_rows[row->noun].name, &row->types[i]);
    json_end(json, ']');
}

static void print_upgrade(struct json_writer *json, const struct method *method)
{
    json_begin(json, "101", '{');
    json_text(json, "description", "a WebSocket (RFC 6455) of the subprotocol \"pult\"; a JSON object a text message");
    json_begin(json, "headers", '{');
    print_header(json, "Sec-WebSocket-Protocol", "pult", "string");
    json_end(json, '}');
    for (size_t i = 0; i < link_count; i++) {
        if (!text_equal(link_rows[i].path, method->path))
            continue;
        print_messages(json, &link_rows[i], LINK_AGENT, "x-messages-to-broker");
        print_messages(json, &link_rows[i], LINK_BROKER, "x-messages-from-broker");
    }
    json_end(json, '}');
}

static void print_success(struct json_writer *json, const struct method *method)
{
    if (method->flags & METHOD_WEBSOCKET) {
        print_upgrade(json, method);
        return;
    }
    json_begin(json, "200", '{');
    json_text(json, "description", "done");
    json_begin(json, "headers", '{');
    if (has_version(method))
        print_header(json, "ETag", "its version, for If-Match", "string");
    if (method->flags & METHOD_TICKET)
        print_header(json, "WWW-Authenticate", "Negotiate and the broker's reply, after a ticket", "string");
    json_end(json, '}');
    print_content(json, method->flags & METHOD_PLAIN ? "text/plain" : "application/json", method->answer, CODEC_ANSWER);
    json_end(json, '}');
}

// What the refusals of one HTTP status have in common, and their codes.
static void print_problem(struct json_writer *json, const struct method *method, int status)
{
    char code[16];
    snprintf(code, sizeof code, "%d", status);
    json_begin(json, code, '{');
    owned(text) struct text said = {0};
    for (enum refusal refusal = REFUSAL_NONE + 1; refusal < REFUSAL_COUNT; refusal++)
        if (refusal_rows[refusal].status == status && method_may_refuse(method, refusal))
            text_addf(&said, "%s%s: %s", said.length ? " " : "", refusal_rows[refusal].code,
                      refusal_rows[refusal].sentence);
    json_text(json, "description", said.bytes);
    if (status == 429 || status == 503) {
        json_begin(json, "headers", '{');
        print_header(json, "Retry-After", "seconds until it is worth trying again", "integer");
        json_end(json, '}');
    }
    json_begin(json, "content", '{');
    json_begin(json, "application/problem+json", '{');
    json_begin(json, "schema", '{');
    json_begin(json, "allOf", '[');
    json_begin(json, NULL, '{');
    json_schema_refer(json, problem_type.name, problem_type.fields, CODEC_ANSWER);
    json_end(json, '}');
    json_begin(json, NULL, '{');
    json_begin(json, "properties", '{');
    json_begin(json, "status", '{');
    json_number(json, "const", status);
    json_end(json, '}');
    json_begin(json, "type", '{');
    json_begin(json, "enum", '[');
    for (enum refusal refusal = REFUSAL_NONE + 1; refusal < REFUSAL_COUNT; refusal++) {
        char type[sizeof((struct problem *)0)->type];
        snprintf(type, sizeof type, "urn:pult:%s", refusal_rows[refusal].code);
        if (refusal_rows[refusal].status == status && method_may_refuse(method, refusal))
            json_text(json, NULL, type);
    }
    json_end(json, ']');
    json_end(json, '}');
    json_end(json, '}');
    json_end(json, '}');
    json_end(json, ']');
    json_end(json, '}');
    json_end(json, '}');
    json_end(json, '}');
    json_end(json, '}');
}

static bool may_answer(const struct method *method, int status)
{
    for (enum refusal refusal = REFUSAL_NONE + 1; refusal < REFUSAL_COUNT; refusal++)
        if (refusal_rows[refusal].status == status && method_may_refuse(method, refusal))
            return true;
    return false;
}

// ---- operations

static void print_security(struct json_writer *json, const struct method *method)
{
    json_begin(json, "security", '[');
    for (size_t i = 0; i < 2 && roles[method->who].schemes[i]; i++) {
        json_begin(json, NULL, '{');
        json_begin(json, roles[method->who].schemes[i], '[');
        json_end(json, ']');
        json_end(json, '}');
    }
    if (method->flags & METHOD_TICKET && method->who == ROLE_UNAUTHENTICATED) {
        json_begin(json, NULL, '{');
        json_end(json, '}');
        json_begin(json, NULL, '{');
        json_begin(json, "ticket", '[');
        json_end(json, ']');
        json_end(json, '}');
    }
    json_end(json, ']');
}

// "get_hosts_drain": unique, since paths are.
static void print_operation_id(struct json_writer *json, const struct method *method)
{
    owned(text) struct text id = {0};
    text_adds(&id, method->verb);
    for (const char *at = method->path; *at; at++)
        if (!strchr("{}", *at))
            text_add(&id, strchr("/-.", *at) ? "_" : at, 1);
    text_lower(id.bytes);
    json_text(json, "operationId", id.bytes);
}

static void print_operation(struct json_writer *json, const struct method *method)
{
    char verb[8];
    text_cut(verb, sizeof verb, method->verb);
    text_lower(verb);
    json_begin(json, verb, '{');
    print_operation_id(json, method);
    json_text(json, "summary", method->sentence);
    if (method->noun != NOUN_NONE) {
        json_begin(json, "tags", '[');
        json_text(json, NULL, noun_rows[method->noun].name);
        json_end(json, ']');
    }
    json_text(json, "x-permission", roles[method->who].permission);
    print_security(json, method);
    print_parameters(json, method);
    if (method->body) {
        json_begin(json, "requestBody", '{');
        print_content(json, "application/json", method->body, CODEC_CHANGE);
        json_end(json, '}');
    }
    json_begin(json, "responses", '{');
    print_success(json, method);
    for (int status = 400; status < 600; status++)
        if (may_answer(method, status))
            print_problem(json, method, status);
    json_end(json, '}');
    json_end(json, '}');
}

static bool is_first_of_path(size_t number)
{
    for (size_t i = 0; i < number; i++)
        if (text_equal(method_rows[i].path, method_rows[number].path))
            return false;
    return true;
}

static void print_paths(struct json_writer *json)
{
    json_begin(json, "paths", '{');
    for (size_t i = 0; i < method_count; i++) {
        if (!is_first_of_path(i) || method_rows[i].flags & METHOD_PAGE)
            continue;
        owned(text) struct text path = {0};
        print_template(&path, &method_rows[i]);
        json_begin(json, path.bytes, '{');
        for (size_t k = i; k < method_count; k++)
            if (text_equal(method_rows[k].path, method_rows[i].path))
                print_operation(json, &method_rows[k]);
        json_end(json, '}');
    }
    json_end(json, '}');
}

// ---- the document

static void print_scheme(struct json_writer *json, const char *name, const char *type, const char *scheme,
                         const char *sentence)
{
    json_begin(json, name, '{');
    json_text(json, "type", type);
    if (scheme)
        json_text(json, "scheme", scheme);
    json_text(json, "description", sentence);
    json_end(json, '}');
}

static void print_info(struct json_writer *json)
{
    json_begin(json, "info", '{');
    json_text(json, "title", "Pult");
    json_text(json, "version", PULT_VERSION);
    json_text(json, "description", description);
    json_begin(json, "license", '{');
    json_text(json, "name", "EUPL-1.2");
    json_text(json, "identifier", "EUPL-1.2");
    json_end(json, '}');
    json_end(json, '}');
}

static void print_server(struct json_writer *json, const char *url, const char *sentence)
{
    json_begin(json, NULL, '{');
    json_text(json, "url", url);
    json_text(json, "description", sentence);
    json_begin(json, "variables", '{');
    json_begin(json, "broker", '{');
    json_text(json, "default", "broker.example");
    json_end(json, '}');
    json_end(json, '}');
    json_end(json, '}');
}

void openapi_print(struct text *out)
{
    struct json_writer json = {.out = out, .first = true};
    json_begin(&json, NULL, '{');
    json_text(&json, "openapi", "3.1.0");
    print_info(&json);
    json_begin(&json, "servers", '[');
    print_server(&json, "https://{broker}:8443", "port");
    print_server(&json, "https://{broker}:8444", "device-port: for devices and session hosts, by their certificates");
    print_server(&json, "https://{broker}:8445", "admin-port: for administrators by certificate");
    json_end(&json, ']');
    print_paths(&json);
    json_begin(&json, "components", '{');
    json_begin(&json, "securitySchemes", '{');
    print_scheme(&json, "token", "http", "bearer", "the token of /v1/admin/logon");
    print_scheme(&json, "ticket", "http", "negotiate",
                 "a Kerberos ticket (RFC 4559), bound to the broker's certificate");
    print_scheme(&json, "administrator_certificate", "mutualTLS", NULL,
                 "an administrator's certificate, at admin-port");
    print_scheme(&json, "machine_certificate", "mutualTLS", NULL, "of a device or a session host, at device-port");
    json_end(&json, '}');
    json_schema_print_all(&json);
    json_end(&json, '}');
    json_end(&json, '}');
}
