// SPDX-License-Identifier: EUPL-1.2
#include "broker/host-agent/spent.h"
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

struct spent {
    struct nonce *nonces;
    size_t nonce_count, nonce_room;
    struct spent_login *logins;
    size_t login_count, login_room;
    int64_t highest;
};

struct spent *spent_new(void)
{
    return mem_new(1, sizeof(struct spent));
}

void spent_free(struct spent *spent)
{
    if (!spent)
        return;
    free(spent->nonces);
    free(spent->logins);
    free(spent);
}

bool spent_used(const struct spent *spent, const char *nonce)
{
    for (size_t i = 0; i < spent->nonce_count; i++)
        if (text_equal(spent->nonces[i].text, nonce))
            return true;
    return false;
}

bool spent_use(struct spent *spent, const char *nonce, int64_t until_ms)
{
    if (spent->nonce_count == SPENT_NONCES_MAX)
        return false;
    mem_reserve(&spent->nonces, &spent->nonce_room, spent->nonce_count + 1, sizeof *spent->nonces);
    struct nonce *one = &spent->nonces[spent->nonce_count++];
    TEXT_PUT(one->text, nonce);
    one->until_ms = until_ms;
    return true;
}

void spent_forget(struct spent *spent, int64_t now_ms)
{
    size_t kept = 0;
    for (size_t i = 0; i < spent->nonce_count; i++)
        if (spent->nonces[i].until_ms > now_ms)
            spent->nonces[kept++] = spent->nonces[i];
    spent->nonce_count = kept;
}

static struct spent_login *find(const struct spent *spent, const char *login)
{
    for (size_t i = 0; i < spent->login_count; i++)
        if (text_equal(spent->logins[i].login, login))
            return &spent->logins[i];
    return NULL;
}

const struct spent_login *spent_login(const struct spent *spent, const char *login)
{
    return find(spent, login);
}

int64_t spent_highest(const struct spent *spent)
{
    return spent->highest;
}

static struct spent_login *longest_ago(struct spent *spent)
{
    struct spent_login *oldest = spent->logins;
    for (size_t i = 1; i < spent->login_count; i++)
        if (spent->logins[i].until_ms < oldest->until_ms)
            oldest = &spent->logins[i];
    return oldest;
}

static struct spent_login *room_for(struct spent *spent)
{
    if (spent->login_count >= SPENT_LOGINS_MAX && spent->logins)
        return longest_ago(spent);
    mem_reserve(&spent->logins, &spent->login_room, spent->login_count + 1, sizeof *spent->logins);
    return &spent->logins[spent->login_count++];
}

void spent_accept(struct spent *spent, const struct otp *otp)
{
    struct spent_login *known = find(spent, otp->login);
    if (known && otp->fence < known->fence)
        return;
    if (!known)
        known = room_for(spent);
    *known = (struct spent_login){.fence = otp->fence, .until_ms = otp->until_ms};
    TEXT_PUT(known->login, otp->login);
    TEXT_PUT(known->session, otp->session);
    if (otp->fence > spent->highest)
        spent->highest = otp->fence;
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

bool spent_print_one(const struct otp *otp, struct text *text)
{
    if (!id_is_valid(NOUN_SESSION, otp->session) || !*otp->login || !text_is_clean(otp->login, strlen(otp->login)))
        return false;
    print_nonce(otp->nonce, otp->until_ms, text);
    print_login(otp->until_ms, otp->fence, otp->session, otp->login, text);
    return true;
}

void spent_print(const struct spent *spent, struct text *text)
{
    for (size_t i = 0; i < spent->nonce_count; i++)
        print_nonce(spent->nonces[i].text, spent->nonces[i].until_ms, text);
    for (size_t i = 0; i < spent->login_count; i++)
        print_login(spent->logins[i].until_ms, spent->logins[i].fence, spent->logins[i].session, spent->logins[i].login,
                    text);
}

static bool read_nonce(struct spent *spent, char *words)
{
    unsigned char bytes[8];
    int64_t until_ms = 0;
    const char *nonce = strsep(&words, " ");
    return words && text_unhex(bytes, sizeof bytes, nonce) && text_number(words, 0, INT64_MAX, &until_ms) &&
           spent_use(spent, nonce, until_ms);
}

static bool read_login(struct spent *spent, char *words)
{
    struct otp otp = {0};
    const char *until = strsep(&words, " "), *fence = words ? strsep(&words, " ") : NULL,
               *session = words ? strsep(&words, " ") : NULL;
    if (!words || !*words || !text_number(until, 0, INT64_MAX, &otp.until_ms) ||
        !text_number(fence, 0, INT64_MAX, &otp.fence) || !id_is_valid(NOUN_SESSION, session) ||
        !text_copy(otp.session, sizeof otp.session, session) || !text_copy(otp.login, sizeof otp.login, words))
        return false;
    spent_accept(spent, &otp);
    return true;
}

bool spent_read_line(struct spent *spent, const char *line, size_t length)
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
        return read_nonce(spent, words);
    return text_equal(kind, "login") && read_login(spent, words);
}
