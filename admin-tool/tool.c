// SPDX-License-Identifier: EUPL-1.2
#include "admin-tool/tool.h"
#include "admin-tool/token.h"
#include "broker/api/invitation.h"
#include "broker/base/clock.h"
#include "broker/client/language.h"

#include <string.h>

enum { DEADLINE_MS = 60 * 1000, PORT = 8443, CERTIFICATE_PORT = 8445 };

static enum exit_code load_token(struct tool *tool)
{
    struct fault why = {0};
    if (token_load(tool->options.host, tool->options.port, &tool->token, &why))
        return EXIT_DONE;
    if (why.kind == FAULT_DENIED)
        out_complain("%s", why.text);
    out_complain(_("You are not logged on to %s. Use: pultctl login"), tool->options.broker);
    return EXIT_NOT_ALLOWED;
}

enum exit_code tool_open(struct tool *tool, bool with_token)
{
    struct options *options = &tool->options;
    struct fault why = {0};
    if (!options->broker[0]) {
        out_complain("%s", _("No broker is set. Use --broker HOST, PULT_BROKER or the settings file."));
        return EXIT_USAGE;
    }
    options->port = options->certificate[0] ? CERTIFICATE_PORT : PORT;
    if (!invitation_split(options->broker, options->host, sizeof options->host, &options->port)) {
        out_complain(_("%s: expected HOST or HOST:PORT"), options->broker);
        return EXIT_USAGE;
    }
    struct client_config config = {
        .host = options->host, .port = (int)options->port, .ca_file = options->ca, .pin = options->pin};
    if (options->certificate[0]) {
        config.certificate_file = options->certificate;
        config.key_file = options->key[0] ? options->key : options->certificate;
    }
    tool->loop = loop_new();
    tool->client = client_new(tool->loop, &config, &why);
    if (!tool->client) {
        out_complain("%s", why.text);
        return EXIT_USAGE;
    }
    return with_token && !options->certificate[0] ? load_token(tool) : EXIT_DONE;
}

// The one that the first token told of, which is replaced by none but itself.
static void follow_authority(const struct tool *tool)
{
    char ca[OPTION_SIZE];
    options_path(ca, "ca.crt");
    if (text_equal(tool->options.ca, ca))
        client_authority_follow(tool->client, ca);
}

void tool_drop(struct tool *tool)
{
    if (tool->client)
        follow_authority(tool);
    client_free(tool->client);
    if (tool->loop)
        loop_free(tool->loop);
    secret_drop(&tool->token);
}

// ---- calls

static void add_pair(struct text *path, const char *name, const char *value)
{
    if (value[0])
        text_addf(path, "%c%s=%s", strchr(path->bytes, '?') ? '&' : '?', name, value);
}

static void add_time(struct text *path, const char *name, int64_t wall_ms)
{
    char when[CLOCK_TEXT_SIZE] = "";
    if (wall_ms)
        clock_text(when, wall_ms);
    add_pair(path, name, when);
}

static void add_query(struct text *path, const struct page_query *query)
{
    char limit[24] = "";
    if (query->limit)
        snprintf(limit, sizeof limit, "%lld", (long long)query->limit);
    add_pair(path, "limit", limit);
    add_pair(path, "accept", query->accept == ACCEPT_NOTHING ? "" : acceptance_words[query->accept]);
    add_pair(path, "after", query->after);
    add_pair(path, "tenant", query->tenant);
    add_time(path, "from", query->from_ms);
    add_time(path, "until", query->until_ms);
}

static void print_path(struct text *path, const struct tool_call *call)
{
    const char *open = strchr(call->method->path, '{');
    if (open)
        text_addf(path, "%.*s%s%s", (int)(open - call->method->path), call->method->path, call->id,
                  strchr(open, '}') + 1);
    else
        text_adds(path, call->method->path);
    if (call->query)
        add_query(path, call->query);
}

static void read_answer(const struct method *method, void *answer, struct client_answer *told)
{
    struct fault why = {0};
    if (told->refusal != REFUSAL_NONE || !method->answer || client_read(told, method->answer, answer, &why))
        return;
    told->refusal = REFUSAL_BROKER_UNREACHABLE;
    TEXT_PUT(told->detail, why.text);
}

void tool_send(struct tool *tool, const struct tool_call *call, void *answer, struct client_answer *told)
{
    char bearer[SECRET_MAX + 16];
    owned(text) struct text path = {0};
    print_path(&path, call);
    snprintf(bearer, sizeof bearer, "Bearer %s", tool->token.bytes);
    struct client_request request = {.verb = call->method->verb,
                                     .path = path.bytes,
                                     .authorization = tool->token.length ? bearer : tool->authorization,
                                     .if_match = call->etag,
                                     .if_absent = call->if_absent,
                                     .type = call->method->body,
                                     .body = call->body,
                                     .deadline_ms = DEADLINE_MS};
    *told = (struct client_answer){0};
    if (answer && call->method->answer)
        memset(answer, 0, call->method->answer->size);
    client_send_wait(tool->client, &request, told);
    explicit_bzero(bearer, sizeof bearer);
    if (answer)
        read_answer(call->method, answer, told);
    client_answer_drop(told);
}

enum exit_code tool_exit_code(enum refusal refusal)
{
    static const enum exit_code codes[REFUSAL_COUNT] = {
        [REFUSAL_BROKER_UNREACHABLE] = EXIT_UNREACHABLE,
        [REFUSAL_UNAUTHENTICATED] = EXIT_NOT_ALLOWED,
        [REFUSAL_DENIED] = EXIT_NOT_ALLOWED,
        [REFUSAL_WRONG_PASSWORD] = EXIT_NOT_ALLOWED,
        [REFUSAL_TICKET_REJECTED] = EXIT_NOT_ALLOWED,
    };
    if (refusal == REFUSAL_NONE)
        return EXIT_DONE;
    return codes[refusal] ? codes[refusal] : EXIT_REFUSED;
}

// With a certificate there is nothing to log on to, and TLS does not tell a client much.
static void complain_of_certificate(const struct options *options, enum refusal refusal)
{
    char digest[DIGEST_SIZE];
    int64_t until_ms = 0;
    struct fault why = {0};
    if (!options->certificate[0] || (refusal != REFUSAL_UNAUTHENTICATED && refusal != REFUSAL_BROKER_UNREACHABLE))
        return;
    if (!client_read_certificate(options->certificate, digest, &until_ms, &why))
        out_complain("%s", why.text);
    else if (until_ms <= clock_wall_ms())
        out_complain(_("%s: this certificate has expired"), options->certificate);
    else if (refusal == REFUSAL_UNAUTHENTICATED)
        out_complain(_("No administrator has the certificate %s, or port %lld does not ask for one (admin-port, "
                       "usually 8445). Its SHA-256 is %s; see: pultctl administrator list"),
                     options->certificate, (long long)options->port, digest);
    else
        out_complain(_("Port %lld accepts only certificates signed by the broker's admin-ca."),
                     (long long)options->port);
}

// It answered, but not by the rows that this program knows.
static bool is_unreadable(const struct client_answer *answer)
{
    return answer->refusal == REFUSAL_BROKER_UNREACHABLE && answer->status == 200;
}

enum exit_code tool_complain(const struct tool *tool, const struct client_answer *answer)
{
    complain_of_certificate(&tool->options, answer->refusal);
    out_complain(
        "%s",
        is_unreadable(answer)
            ? _("The broker did what was asked, but its answer cannot be read. Are pultctl and the broker of the same "
                "version?")
            : language_sentence(answer->refusal));
    if (answer->detail[0]) {
        owned(text) struct text detail = {0};
        language_detail(&detail, answer->detail, answer->detail_format);
        out_complain("%s", detail.bytes);
    }
    if (answer->retry_after_s)
        out_complain(_("Try again in %lld seconds."), (long long)answer->retry_after_s);
    if (answer->help_desk[0])
        out_complain(_("Help desk: %s"), answer->help_desk);
    return is_unreadable(answer) ? EXIT_REFUSED : tool_exit_code(answer->refusal);
}

enum exit_code tool_ask(struct tool *tool, const struct tool_call *call, void *answer)
{
    struct client_answer told;
    tool_send(tool, call, answer, &told);
    return told.refusal == REFUSAL_NONE ? EXIT_DONE : tool_complain(tool, &told);
}

bool tool_takes_id(enum noun noun, const char *id)
{
    if (id_is_valid(noun, id))
        return true;
    if (noun == NOUN_TENANT)
        out_complain(_("%s: a tenant's id is made of a-z, 0-9 and -"), id);
    else
        out_complain(_("%s: an id is TENANT/NAME, each of a-z, 0-9 and -"), id);
    return false;
}
