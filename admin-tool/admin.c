// SPDX-License-Identifier: EUPL-1.2
// Logging on and off. What proves the administrator never stands in argv or the environment.
#include "admin-tool/command.h"
#include "admin-tool/prompt.h"
#include "admin-tool/token.h"
#include "broker/client/client_ticket.h"
#include "broker/client/language.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOG_ON_MS = 60 * 1000 };

static json_object *string_of(const struct secret *secret)
{
    return json_object_new_string_len(secret->bytes, (int)secret->length);
}

// For the first administrator, before any tenant and its directory are known.
static bool read_token(const struct options *options, struct secret *secret, struct fault *why)
{
    const char *file = getenv("PULT_TOKEN_FILE");
    return prompt_read(options->token_stdin ? "-" : file, secret, why);
}

static bool read_password(const struct options *options, struct secret *secret, struct fault *why)
{
    char question[OPTION_SIZE * 2 + 64];
    if (options->password_stdin)
        return prompt_read("-", secret, why);
    snprintf(question, sizeof question, _("Password of %s (%s): "), options->name, options->tenant);
    return prompt_secret(question, secret, why);
}

static void complete_name(struct options *options)
{
    const struct passwd *user = options->name[0] ? NULL : getpwuid(geteuid());
    if (user)
        text_cut(options->name, sizeof options->name, user->pw_name);
}

static bool make_request(struct options *options, json_object *request, struct fault *why)
{
    owned(secret) struct secret secret = {0};
    if (options->token_stdin || getenv("PULT_TOKEN_FILE")) {
        if (!read_token(options, &secret, why))
            return false;
        json_object_object_add(request, "token", string_of(&secret));
        return true;
    }
    if (!text_is_slug(options->tenant, strlen(options->tenant)))
        return fault_set(why, FAULT_INVALID, "%s",
                         _("Missing --tenant TENANT: the one whose directory has your account."));
    json_object_object_add(request, "tenant", json_object_new_string(options->tenant));
    if (options->ticket)
        return true;
    complete_name(options);
    if (!read_password(options, &secret, why))
        return false;
    json_object_object_add(request, "name", json_object_new_string(options->name));
    json_object_object_add(request, "password", string_of(&secret));
    return true;
}

// The token stays out of what is shown.
static void show(struct tool *tool, json_object *answer)
{
    static const struct out_column columns[] = {
        {.key = "name"}, {.key = "scope"}, {.key = "until", .kind = OUT_TIME}, {.key = NULL}};
    owned(json) json_object *shown = json_object_new_object();
    for (const struct out_column *column = columns; column->key; column++)
        json_object_object_add(shown, column->key, json_object_get(codec_member(answer, column->key)));
    out_object(&tool->out, shown, columns);
}

// A ticket is bound to the broker's certificate, which has to be seen first.
static enum exit_code get_ticket(struct tool *tool, char **authorization)
{
    struct fault why = {0};
    unsigned char digest[32];
    enum exit_code code = tool_ask(tool, "GET", "/healthz", NULL, NULL);
    if (code != EXIT_DONE)
        return code;
    if (client_broker_digest(tool->client, digest))
        *authorization = client_ticket(NULL, tool->options.host, digest, &why);
    if (*authorization)
        return EXIT_DONE;
    out_complain("%s", why.text);
    out_complain("%s", why.kind == FAULT_ABSENT
                           ? _("No valid Kerberos ticket. Get one with kinit, or log on with a password.")
                           : _("Could not get a ticket for the broker. Log on with a password."));
    return EXIT_NOT_ALLOWED;
}

static enum exit_code log_on(struct tool *tool, json_object *request, json_object **body)
{
    struct client_answer answer = {0};
    char *authorization = NULL;
    enum exit_code code = tool->options.ticket ? get_ticket(tool, &authorization) : EXIT_DONE;
    if (code != EXIT_DONE)
        return code;
    client_call_wait(tool->client, "POST", "/v1/admin/logon", authorization, request, LOG_ON_MS, &answer);
    if (authorization)
        explicit_bzero(authorization, strlen(authorization));
    free(authorization);
    *body = answer.body;
    return answer.refusal == REFUSAL_NONE ? EXIT_DONE : tool_complain(tool, &answer);
}

enum exit_code admin_log_on(struct tool *tool, const struct invocation *invocation)
{
    (void)invocation;
    struct fault why = {0};
    owned(json) json_object *answer = NULL;
    owned(json) json_object *request = json_object_new_object();
    if (tool->options.certificate[0]) {
        out_complain(
            "%s",
            _("With a certificate no login is needed: every command uses it. Is one named in the settings file?"));
        return EXIT_USAGE;
    }
    if (!make_request(&tool->options, request, &why)) {
        out_complain("%s", why.text);
        return EXIT_USAGE;
    }
    enum exit_code code = log_on(tool, request, &answer);
    codec_wipe(request);
    if (code != EXIT_DONE)
        return code;
    bool saved = token_save(tool->options.host, tool->options.port, answer, &why);
    if (saved)
        show(tool, answer);
    else
        out_complain("%s", why.text);
    codec_wipe(answer);
    return saved ? EXIT_DONE : EXIT_NOT_ALLOWED;
}

enum exit_code admin_log_off(struct tool *tool, const struct invocation *invocation)
{
    (void)invocation;
    enum exit_code code = tool_ask(tool, "POST", "/v1/admin/logoff", NULL, NULL);
    if (code != EXIT_UNREACHABLE) // else the broker would keep what nobody can end any more
        token_forget(tool->options.host, tool->options.port);
    if (code == EXIT_DONE)
        out_line(&tool->out, "%s", _("You are logged off."));
    return code;
}
