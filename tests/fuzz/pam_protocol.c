// SPDX-License-Identifier: EUPL-1.2
// What somebody could send to pult-host and what could lie on its disk: questions, passwords, lines of its log.
#include "broker/pult-host/pam_protocol.h"
#include "broker/base/text.h"
#include "broker/pult-host/idle.h"
#include "broker/pult-host/used_otps.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void try_password(const char *user_name, const char *password)
{
    // A key of nobody: no password was ever made with it, so nothing may be accepted.
    static const char text[] = "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296";
    static struct otp_key *key;
    struct otp otp;
    const char *rest = NULL;
    key = key ? key : otp_key_read(text);
    assert(key);
    bool good = otp_read(key, password, "neustadt/ts1", user_name, &otp, &rest);
    assert(!good);
    (void)good;
}

static void try_request(const char *packet, size_t length)
{
    struct pam_question question, again;
    struct pam_answer answer;
    char written[PAM_QUESTION_MAX];
    if (pam_answer_read(&answer, packet, length))
        assert(length == PAM_ANSWER_SIZE);
    if (!pam_question_read(&question, packet, length))
        return;
    assert(*question.user_name && strlen(question.user_name) < PAM_USER_NAME_SIZE &&
           strlen(question.password) < PAM_PASSWORD_SIZE);
    size_t size = pam_question_write(&question, written);
    bool same = pam_question_read(&again, written, size) && text_equal(question.user_name, again.user_name) &&
                text_equal(question.plain_name, again.plain_name) && text_equal(question.password, again.password) &&
                question.connection == again.connection && question.uid == again.uid;
    assert(same && size == length);
    (void)same;
    try_password(question.user_name, question.password);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char cookie[IDLE_COOKIE_MAX];
    struct used_otps *used = used_otps_new();
    struct text text = {0};
    char *copy = malloc(size + 1);
    memcpy(copy, data, size);
    copy[size] = 0;
    try_request(copy, size);
    try_password("anna", copy);
    if (used_otps_read_line(used, copy, strlen(copy)))
        used_otps_print(used, &text);
    assert(idle_cookie(data, size, 10, cookie) <= sizeof cookie);
    idle_root_window(data, size);
    text_drop(&text);
    used_otps_free(used);
    free(copy);
    return 0;
}
