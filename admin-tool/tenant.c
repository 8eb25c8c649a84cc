// SPDX-License-Identifier: EUPL-1.2
#include "admin-tool/command.h"
#include "broker/api/record.h"
#include "broker/client/language.h"

static const char *state_word(int64_t state)
{
    static const char *const words[] = {[CHECK_OK] = N_("works"),
                                        [CHECK_WARNING] = N_("warning"),
                                        [CHECK_FAILED] = N_("FAILED"),
                                        [CHECK_SKIPPED] = N_("not checked")};
    return language_text(words[state]);
}

static const char *step_word(int64_t step)
{
    static const char *const words[] = {
        [CHECK_STEP_ADDRESS] = N_("Address"),      [CHECK_STEP_TLS] = "TLS",
        [CHECK_STEP_BIND] = N_("Service account"), [CHECK_STEP_USER_BASE] = N_("Base of people"),
        [CHECK_STEP_PERSON] = N_("Person"),        [CHECK_STEP_GROUP_BASE] = N_("Base of groups"),
        [CHECK_STEP_GROUPS] = N_("Groups"),        [CHECK_STEP_CLOCK] = N_("Clock"),
        [CHECK_STEP_KERBEROS] = "Kerberos"};
    return language_text(words[step]);
}

// Says how many steps failed.
static size_t print_steps(struct out *out, const struct tenant_check_answer *answer)
{
    const struct check_step *steps = answer->steps.rows;
    size_t failed = 0;
    for (size_t i = 0; i < answer->steps.count; i++) {
        owned(text) struct text sentence = {0};
        language_detail(&sentence, steps[i].text, steps[i].text_format);
        out_line(out, "%s: %s: %s", step_word(steps[i].step), state_word(steps[i].state), sentence.bytes);
        failed += steps[i].state == CHECK_FAILED;
    }
    return failed;
}

enum exit_code tenant_check(struct tool *tool, const struct invocation *invocation)
{
    struct tenant_check_request request;
    struct tenant_check_answer answer;
    struct tool_call call = {
        .method = method_find(METHOD_CHECK, NOUN_TENANT), .id = invocation->words[0], .body = &request};
    if (!tool_takes_id(NOUN_TENANT, call.id))
        return EXIT_USAGE;
    if (!text_copy(request.as, sizeof request.as, tool->options.as)) {
        out_complain("%s", _("A user name is not that long."));
        return EXIT_USAGE;
    }
    enum exit_code code = tool_ask(tool, &call, &answer);
    if (code != EXIT_DONE)
        return code;
    size_t failed = 0;
    if (tool->out.json)
        out_json(&tool->out, &tenant_check_answer_type, &answer);
    else
        failed = print_steps(&tool->out, &answer);
    const struct check_step *steps = answer.steps.rows;
    for (size_t i = 0; i < answer.steps.count && tool->out.json; i++)
        failed += steps[i].state == CHECK_FAILED;
    record_free(tenant_check_answer_type.fields, &answer);
    return failed ? EXIT_REFUSED : EXIT_DONE;
}
