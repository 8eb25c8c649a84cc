// SPDX-License-Identifier: EUPL-1.2
// Logging on and off. What proves the administrator never stands in argv or the environment.
#include "admin-tool/command.h"
#include "admin-tool/prompt.h"
#include "admin-tool/token.h"
#include "broker/api/invitation.h"
#include "broker/api/record.h"
#include "broker/client/client_ticket.h"
#include "broker/client/language.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

// Such a token says where the broker is, and by which authority it is known, to whoever does not know it yet.
static bool take_invitation(struct options *options, const char *text, struct admin_logon_request *request,
                            struct fault *why)
{
    struct invitation invitation;
    if (!invitation_read(&invitation, text))
        return fault_set(why, FAULT_INVALID, "%s", _("This is no token."));
    TEXT_PUT(request->token, invitation.token);
    explicit_bzero(invitation.token, sizeof invitation.token);
    bool is_ipv6 = strchr(invitation.host, ':') != NULL;
    if (!options->broker[0] && invitation.host[0])
        snprintf(options->broker, sizeof options->broker, is_ipv6 ? "[%s]:%d" : "%s:%d", invitation.host,
                 (int)invitation.port);
    if (access(options->ca, F_OK) != 0)
        TEXT_PUT(options->pin, invitation.pin);
    return true;
}

static bool make_request(struct options *options, struct admin_logon_request *request, struct fault *why)
{
    owned(secret) struct secret secret = {0};
    if (options->token_stdin || getenv("PULT_TOKEN_FILE"))
        return read_token(options, &secret, why) && take_invitation(options, secret.bytes, request, why);
    if (!text_is_slug(options->tenant, strlen(options->tenant)))
        return fault_set(why, FAULT_INVALID, "%s",
                         _("Missing --tenant TENANT: the one whose directory has your account."));
    TEXT_PUT(request->tenant, options->tenant);
    if (options->ticket)
        return true;
    complete_name(options);
    if (!read_password(options, &secret, why))
        return false;
    TEXT_PUT(request->password, secret.bytes);
    return text_copy(request->name, sizeof request->name, options->name) ||
           fault_set(why, FAULT_INVALID, "%s", _("A user name is not that long."));
}

// The token stays out of what is shown.
#define AT(member)                                                                                                     \
    .offset = offsetof(struct admin_logon_answer, member), .size = sizeof(((struct admin_logon_answer *)0)->member)
static const struct field shown_fields[] = {
    {.name = "name", .type = FIELD_TEXT, AT(name)},
    {.name = "scope", .type = FIELD_TEXT, AT(scope)},
    {.name = "until", .type = FIELD_TIME, AT(until_ms)},
    {.name = NULL},
};
static const struct record_type shown_type = {"login", shown_fields, sizeof(struct admin_logon_answer)};

// A ticket is bound to the broker's certificate, which has to be seen first.
static enum exit_code get_ticket(struct tool *tool, char **authorization)
{
    struct fault why = {0};
    unsigned char digest[32];
    enum exit_code code = tool_ask(tool, &(struct tool_call){.method = method_find(METHOD_HEALTH, NOUN_NONE)}, NULL);
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

static enum exit_code log_on(struct tool *tool, const struct admin_logon_request *request,
                             struct admin_logon_answer *answer)
{
    char *authorization = NULL;
    struct tool_call call = {.method = method_find(METHOD_ADMIN_LOGON, NOUN_NONE), .body = request};
    enum exit_code code = tool->options.ticket ? get_ticket(tool, &authorization) : EXIT_DONE;
    if (code != EXIT_DONE)
        return code;
    tool->authorization = authorization;
    code = tool_ask(tool, &call, answer);
    tool->authorization = NULL;
    if (authorization)
        explicit_bzero(authorization, strlen(authorization));
    free(authorization);
    return code;
}

// So that the next command finds the broker, and trusts it, without being told again.
static bool keep_broker(const struct tool *tool, struct fault *why)
{
    char ca[OPTION_SIZE];
    if (!tool->options.pin[0])
        return true;
    options_beside(ca, "ca.crt");
    return client_authority_keep(tool->client, ca, why) &&
           (options_keep(&tool->options, ca, why) || why->kind == FAULT_CONFLICT);
}

enum exit_code admin_log_on(struct tool *tool, const struct invocation *invocation)
{
    (void)invocation;
    struct fault why = {0};
    struct admin_logon_answer answer = {0};
    struct admin_logon_request request = {0};
    if (tool->options.certificate[0]) {
        out_complain(
            "%s",
            _("With a certificate no login is needed: every command uses it. Is one named in the settings file?"));
        return EXIT_USAGE;
    }
    if (!make_request(&tool->options, &request, &why)) {
        out_complain("%s", why.text);
        return EXIT_USAGE;
    }
    enum exit_code code = tool_open(tool, false);
    if (code == EXIT_DONE)
        code = log_on(tool, &request, &answer);
    explicit_bzero(&request, sizeof request);
    if (code == EXIT_DONE &&
        !(token_save(tool->options.host, tool->options.port, &answer, &why) && keep_broker(tool, &why))) {
        out_complain("%s", why.text);
        code = EXIT_NOT_ALLOWED;
    }
    if (code == EXIT_DONE)
        out_record(&tool->out, &shown_type, &answer, NULL);
    record_free(admin_logon_answer_type.fields, &answer);
    return code;
}

enum exit_code admin_log_off(struct tool *tool, const struct invocation *invocation)
{
    (void)invocation;
    struct tool_call call = {.method = method_find(METHOD_ADMIN_LOGOFF, NOUN_NONE)};
    enum exit_code code = tool_ask(tool, &call, NULL);
    if (code != EXIT_UNREACHABLE) // else the broker would keep what nobody can end any more
        token_forget(tool->options.host, tool->options.port);
    if (code == EXIT_DONE)
        out_line(&tool->out, "%s", _("You are logged off."));
    return code;
}

enum exit_code token_list(struct tool *tool, const struct invocation *invocation)
{
    (void)invocation;
    struct tokens_answer answer;
    struct tool_call call = {.method = method_find(METHOD_TOKENS, NOUN_NONE)};
    enum exit_code code = tool_ask(tool, &call, &answer);
    if (code == EXIT_DONE)
        out_list(&tool->out, &token_answer_type, &answer.items, NULL);
    record_free(tokens_answer_type.fields, &answer);
    return code;
}

enum exit_code token_revoke(struct tool *tool, const struct invocation *invocation)
{
    struct tool_call call = {.method = method_find(METHOD_TOKEN_REVOKE, NOUN_PERSON)};
    for (int i = 0; i < invocation->count; i++) {
        call.id = invocation->words[i];
        if (!tool_takes_id(NOUN_PERSON, call.id))
            return EXIT_USAGE;
        enum exit_code code = tool_ask(tool, &call, NULL);
        if (code != EXIT_DONE)
            return code;
        out_line(&tool->out, _("%s is logged off."), call.id);
    }
    return EXIT_DONE;
}
