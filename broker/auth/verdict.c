// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/verdict.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { TAG_SEQUENCE = 0x30, TAG_WARNING = 0xa0, TAG_EXPIRES = 0x80, TAG_GRACE = 0x81, TAG_ERROR = 0x81 };

// A length in BER, in its long form, too: 389 Directory Server writes lengths of five bytes where one would do.
static bool take_length(struct ldap_bytes *from, size_t *length)
{
    if (from->length == 0)
        return false;
    size_t first = (unsigned char)from->at[0], more = first < 0x80 ? 0 : first & 0x7f;
    if ((first >= 0x80 && more == 0) || more > 4 || more + 1 > from->length)
        return false;
    *length = more ? 0 : first;
    for (size_t i = 1; i <= more; i++)
        *length = *length * 256 + (unsigned char)from->at[i];
    from->at += 1 + more;
    from->length -= 1 + more;
    return *length <= from->length;
}

// Takes the first element off `from`.
static bool take_element(struct ldap_bytes *from, int *tag, struct ldap_bytes *content)
{
    if (from->length == 0)
        return false;
    *tag = (unsigned char)from->at[0];
    from->at++;
    from->length--;
    size_t length = 0;
    if (!take_length(from, &length))
        return false;
    *content = (struct ldap_bytes){from->at, length};
    from->at += length;
    from->length -= length;
    return true;
}

static bool read_number(struct ldap_bytes content, int64_t *number)
{
    if (content.length < 1 || content.length > 5 || (content.at[0] & 0x80))
        return false;
    *number = 0;
    for (size_t i = 0; i < content.length; i++)
        *number = *number * 256 + (unsigned char)content.at[i];
    return true;
}

static bool read_warning(struct policy *policy, struct ldap_bytes warning)
{
    int tag = 0;
    struct ldap_bytes content;
    if (!take_element(&warning, &tag, &content) || warning.length > 0)
        return false;
    if (tag == TAG_EXPIRES)
        return read_number(content, &policy->expires_s);
    return tag == TAG_GRACE && read_number(content, &policy->grace_left);
}

static bool read_error(struct policy *policy, struct ldap_bytes content)
{
    int64_t error = 0;
    if (!read_number(content, &error) || error > POLICY_ERROR_LAST)
        return false;
    policy->error = (int)error;
    return true;
}

bool policy_read(struct policy *policy, struct ldap_bytes bytes)
{
    *policy = (struct policy){.error = POLICY_NO_ERROR, .grace_left = -1, .expires_s = -1};
    if (!bytes.at)
        return true;
    int tag = 0;
    struct ldap_bytes rest, content;
    if (!take_element(&bytes, &tag, &rest) || tag != TAG_SEQUENCE || bytes.length > 0)
        return false;
    while (rest.length > 0) {
        if (!take_element(&rest, &tag, &content))
            return false;
        if (tag == TAG_WARNING ? !read_warning(policy, content) : tag != TAG_ERROR || !read_error(policy, content))
            return false;
    }
    return true;
}

// What a directory answers to a name or password that is wrong, each in its own way. Whatever is not in this list and
// not a success is the directory's trouble, not the person's.
static bool means_wrong(int code)
{
    static const int codes[] = {RESULT_CONSTRAINT,         RESULT_NO_SUCH_OBJECT,      RESULT_BAD_DN,
                                RESULT_INAPPROPRIATE_AUTH, RESULT_INVALID_CREDENTIALS, RESULT_INSUFFICIENT_ACCESS,
                                RESULT_UNWILLING};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i] == code)
            return true;
    return false;
}

// slapd looks at age and reset only after it has compared the password, so these tell nothing to who does not know it.
// A locked account (also the lock without end, 000001010000Z) is refused before the comparison: it stays WRONG.
static enum auth_verdict judge_policy(int code, const struct policy *policy)
{
    // Who is not bound changes nothing: without a grace logon it is too late.
    if (code != RESULT_SUCCESS)
        return code == RESULT_INVALID_CREDENTIALS && policy->error == POLICY_EXPIRED ? AUTH_TOO_LATE : AUTH_WRONG;
    if (policy->error == POLICY_CHANGE_AFTER_RESET)
        return AUTH_MUST_CHANGE;
    // A grace logon: expired, but the change is still possible, and that is all it is meant for.
    if (policy->grace_left >= 0 || policy->error == POLICY_EXPIRED)
        return AUTH_EXPIRED;
    return policy->error == POLICY_NO_ERROR ? AUTH_RIGHT : AUTH_WRONG;
}

// Active Directory tells the reason in the text only: "80090308: LdapErr: DSID-..., data 532, v4563".
static long read_reason(const char *diagnostic)
{
    const char *data = strstr(diagnostic, ", data ");
    if (!data || !isxdigit((unsigned char)data[7]))
        return 0;
    return strtol(data + 7, NULL, 16);
}

// Of these reasons Microsoft documents that they appear for a right password only; a wrong one gets 52e. Lock-out (775)
// appears for both, and so looks wrong; so does everything that is not known, such as 525 (no such user).
static enum auth_verdict judge_reason(long reason)
{
    static const struct {
        long reason;
        enum auth_verdict verdict;
    } rows[] = {{0x530, AUTH_OUTSIDE_HOURS},
                {0x532, AUTH_EXPIRED},
                {0x533, AUTH_DISABLED},
                {0x701, AUTH_DISABLED},
                {0x773, AUTH_MUST_CHANGE}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].reason == reason)
            return rows[i].verdict;
    return AUTH_WRONG;
}

enum auth_verdict verdict_of_bind(enum directory_kind kind, const struct ldap_result *result)
{
    if (result->code != RESULT_SUCCESS && !means_wrong(result->code))
        return AUTH_UNAVAILABLE;
    if (kind == DIRECTORY_ACTIVE_DIRECTORY) {
        if (result->code == RESULT_SUCCESS)
            return AUTH_RIGHT;
        return result->code == RESULT_INVALID_CREDENTIALS ? judge_reason(read_reason(result->diagnostic)) : AUTH_WRONG;
    }
    struct policy policy;
    if (!policy_read(&policy, result->policy)) // not to be understood, so nothing is allowed on its strength
        return AUTH_UNAVAILABLE;
    return judge_policy(result->code, &policy);
}

// By the reason that slapd gives beside the refusal.
static enum auth_verdict judge_new_password(const struct ldap_result *result)
{
    static const enum auth_verdict verdicts[POLICY_ERROR_LAST + 1] = {
        [POLICY_CHANGE_FORBIDDEN] = AUTH_TOO_LATE,
        [POLICY_TOO_SIMPLE] = AUTH_TOO_SIMPLE,
        [POLICY_TOO_SHORT] = AUTH_TOO_SHORT,
        [POLICY_TOO_YOUNG] = AUTH_TOO_YOUNG,
        [POLICY_REUSED] = AUTH_REUSED,
    };
    struct policy policy;
    bool told = policy_read(&policy, result->policy) && policy.error != POLICY_NO_ERROR;
    return told && verdicts[policy.error] != AUTH_RIGHT ? verdicts[policy.error] : AUTH_REJECTED;
}

enum auth_verdict verdict_of_change(const struct ldap_result *result)
{
    if (result->code == RESULT_SUCCESS)
        return AUTH_RIGHT;
    return means_wrong(result->code) ? judge_new_password(result) : AUTH_UNAVAILABLE;
}

bool verdict_asks_for_another(enum auth_verdict verdict)
{
    return verdict == AUTH_REJECTED || verdict == AUTH_TOO_SHORT || verdict == AUTH_TOO_SIMPLE ||
           verdict == AUTH_REUSED;
}

// Samba says it in words, Windows does not.
static enum auth_verdict judge_words(const char *diagnostic)
{
    static const struct {
        const char *words;
        enum auth_verdict verdict;
    } rows[] = {{"too short", AUTH_TOO_SHORT},
                {"complexity", AUTH_TOO_SIMPLE},
                {"already used", AUTH_REUSED},
                {"too young", AUTH_TOO_YOUNG}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strstr(diagnostic, rows[i].words))
            return rows[i].verdict;
    return AUTH_REJECTED;
}

// A domain refuses with "0000052D: ..." or "00000056: ...": the number is one of Windows.
enum auth_verdict verdict_of_domain_change(const struct ldap_result *result)
{
    enum { BAD_PASSWORD = 0x56, LOCKED = 0x775 };
    if (result->code == RESULT_SUCCESS)
        return AUTH_RIGHT;
    if (result->code != RESULT_CONSTRAINT) // no right to do it, or no TLS: nothing the person can help
        return AUTH_UNAVAILABLE;
    long number = strtol(result->diagnostic, NULL, 16);
    return number == BAD_PASSWORD || number == LOCKED ? AUTH_WRONG : judge_words(result->diagnostic);
}
