// SPDX-License-Identifier: EUPL-1.2
// What somebody could send to the gate and what could lie on its disk: requests, passwords, lines of the ledger.
#include "broker/pult-host/pam_protocol.h"
#include "broker/base/text.h"
#include "broker/pult-host/idle.h"
#include "broker/pult-host/used_otps.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void try_password(const char *login, const char *password)
{
    // A key of nobody: no password was ever made with it, so nothing may be let in.
    static const char text[] = "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296";
    static struct otp_key *key;
    struct otp otp;
    const char *rest = NULL;
    key = key ? key : otp_key_read(text);
    assert(key);
    bool good = otp_read(key, password, "neustadt/ts1", login, &otp, &rest);
    assert(!good);
    (void)good;
}

static void try_request(const char *packet, size_t length)
{
    struct pam_question request, again;
    struct pam_answer answer;
    char written[PAM_QUESTION_MAX];
    if (pam_answer_read(&answer, packet, length))
        assert(length == PAM_ANSWER_SIZE);
    if (!pam_question_read(&request, packet, length))
        return;
    assert(*request.login && strlen(request.login) < PAM_LOGIN_SIZE && strlen(request.password) < PAM_PASSWORD_SIZE);
    size_t size = pam_question_write(&request, written);
    bool same = pam_question_read(&again, written, size) && text_equal(request.login, again.login) &&
                text_equal(request.password, again.password) && request.port == again.port;
    assert(same && size == length);
    (void)same;
    try_password(request.login, request.password);
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
