// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/used_otps.h"
#include "broker/base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = 400 };

struct nonce {
    char text[OTP_NONCE_SIZE];
    int64_t until_ms;
};

struct used_otps {
    struct nonce *nonces;
    size_t nonce_count, nonce_room;
    struct used_otps_login *logins;
    size_t login_count, login_room;
    int64_t highest;
};

struct used_otps *used_otps_new(void)
{
    return mem_new(1, sizeof(struct used_otps));
}

void used_otps_free(struct used_otps *used)
{
    if (!used)
        return;
    free(used->nonces);
    free(used->logins);
    free(used);
}

bool used_otps_used(const struct used_otps *used, const char *nonce)
{
    for (size_t i = 0; i < used->nonce_count; i++)
        if (text_equal(used->nonces[i].text, nonce))
            return true;
    return false;
}

bool used_otps_use(struct used_otps *used, const char *nonce, int64_t until_ms)
{
    if (used->nonce_count == SPENT_NONCES_MAX)
        return false;
    mem_reserve(&used->nonces, &used->nonce_room, used->nonce_count + 1, sizeof *used->nonces);
    struct nonce *one = &used->nonces[used->nonce_count++];
    TEXT_PUT(one->text, nonce);
    one->until_ms = until_ms;
    return true;
}

void used_otps_forget(struct used_otps *used, int64_t now_ms)
{
    size_t kept = 0;
    for (size_t i = 0; i < used->nonce_count; i++)
        if (used->nonces[i].until_ms > now_ms)
            used->nonces[kept++] = used->nonces[i];
    used->nonce_count = kept;
}

static struct used_otps_login *find(const struct used_otps *used, const char *login)
{
    for (size_t i = 0; i < used->login_count; i++)
        if (text_equal(used->logins[i].login, login))
            return &used->logins[i];
    return NULL;
}

const struct used_otps_login *used_otps_login(const struct used_otps *used, const char *login)
{
    return find(used, login);
}

int64_t used_otps_highest(const struct used_otps *used)
{
    return used->highest;
}

static struct used_otps_login *longest_ago(struct used_otps *used)
{
    struct used_otps_login *oldest = used->logins;
    for (size_t i = 1; i < used->login_count; i++)
        if (used->logins[i].until_ms < oldest->until_ms)
            oldest = &used->logins[i];
    return oldest;
}

static struct used_otps_login *room_for(struct used_otps *used)
{
    if (used->login_count >= SPENT_LOGINS_MAX && used->logins)
        return longest_ago(used);
    mem_reserve(&used->logins, &used->login_room, used->login_count + 1, sizeof *used->logins);
    return &used->logins[used->login_count++];
}

void used_otps_accept(struct used_otps *used, const struct otp *otp)
{
    struct used_otps_login *known = find(used, otp->login);
    if (known && otp->fence < known->fence)
        return;
    if (!known)
        known = room_for(used);
    *known = (struct used_otps_login){.fence = otp->fence, .until_ms = otp->until_ms};
    TEXT_PUT(known->login, otp->login);
    TEXT_PUT(known->session, otp->session);
    if (otp->fence > used->highest)
        used->highest = otp->fence;
}

// ---- lines

static void print_nonce(const char *nonce, int64_t until_ms, struct text *text)
{
    text_addf(text, "used %s %" PRId64 "\n", nonce, until_ms);
}

// The login is last, since a directory may allow spaces in it.
static void print_login(int64_t until_ms, int64_t fence, const char *session, const char *login, struct text *text)
{
    text_addf(text, "login %" PRId64 " %" PRId64 " %s %s\n", until_ms, fence, session, login);
}

bool used_otps_print_one(const struct otp *otp, struct text *text)
{
    if (!id_is_valid(NOUN_SESSION, otp->session) || !*otp->login || !text_is_clean(otp->login, strlen(otp->login)))
        return false;
    print_nonce(otp->nonce, otp->until_ms, text);
    print_login(otp->until_ms, otp->fence, otp->session, otp->login, text);
    return true;
}

void used_otps_print(const struct used_otps *used, struct text *text)
{
    for (size_t i = 0; i < used->nonce_count; i++)
        print_nonce(used->nonces[i].text, used->nonces[i].until_ms, text);
    for (size_t i = 0; i < used->login_count; i++)
        print_login(used->logins[i].until_ms, used->logins[i].fence, used->logins[i].session, used->logins[i].login,
                    text);
}

static bool read_nonce(struct used_otps *used, char *words)
{
    unsigned char bytes[8];
    int64_t until_ms = 0;
    const char *nonce = strsep(&words, " ");
    return words && text_unhex(bytes, sizeof bytes, nonce) && text_number(words, 0, INT64_MAX, &until_ms) &&
           used_otps_use(used, nonce, until_ms);
}

static bool read_login(struct used_otps *used, char *words)
{
    struct otp otp = {0};
    const char *until = strsep(&words, " "), *fence = words ? strsep(&words, " ") : NULL,
               *session = words ? strsep(&words, " ") : NULL;
    if (!words || !*words || !text_number(until, 0, INT64_MAX, &otp.until_ms) ||
        !text_number(fence, 0, INT64_MAX, &otp.fence) || !id_is_valid(NOUN_SESSION, session) ||
        !text_copy(otp.session, sizeof otp.session, session) || !text_copy(otp.login, sizeof otp.login, words))
        return false;
    used_otps_accept(used, &otp);
    return true;
}

bool used_otps_read_line(struct used_otps *used, const char *line, size_t length)
{
    char copy[LINE_SIZE];
    if (length >= sizeof copy || !text_is_clean(line, length))
        return false;
    memcpy(copy, line, length);
    copy[length] = 0;
    char *words = copy;
    const char *kind = strsep(&words, " ");
    if (!words)
        return false;
    if (text_equal(kind, "used"))
        return read_nonce(used, words);
    return text_equal(kind, "login") && read_login(used, words);
}
