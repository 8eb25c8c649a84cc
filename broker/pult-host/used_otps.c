// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/used_otps.h"
#include "broker/base/mem.h"

#include <assert.h>
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
    size_t nonce_count, nonce_capacity;
    struct used_otps_user *users;
    size_t user_count, user_capacity;
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
    free(used->users);
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
    if (used->nonce_count == USED_OTPS_NONCES_MAX)
        return false;
    mem_reserve(&used->nonces, &used->nonce_capacity, used->nonce_count + 1, sizeof *used->nonces);
    struct nonce *one = &used->nonces[used->nonce_count++];
    TEXT_PUT(one->text, nonce);
    assert(used->nonce_count <= USED_OTPS_NONCES_MAX);
    one->until_ms = until_ms;
    return true;
}

void used_otps_forget(struct used_otps *used, int64_t now_ms)
{
    size_t kept = 0;
    for (size_t i = 0; i < used->nonce_count; i++)
        if (used->nonces[i].until_ms > now_ms)
            used->nonces[kept++] = used->nonces[i];
    assert(kept <= used->nonce_count);
    used->nonce_count = kept;
}

static struct used_otps_user *find_user(const struct used_otps *used, const char *user_name)
{
    for (size_t i = 0; i < used->user_count; i++)
        if (text_same_name(user_name, strlen(user_name), used->users[i].user_name))
            return &used->users[i];
    return NULL;
}

const struct used_otps_user *used_otps_user(const struct used_otps *used, const char *user_name)
{
    return find_user(used, user_name);
}

int64_t used_otps_highest(const struct used_otps *used)
{
    return used->highest;
}

static struct used_otps_user *least_recent_user(struct used_otps *used)
{
    struct used_otps_user *oldest = used->users;
    for (size_t i = 1; i < used->user_count; i++)
        if (used->users[i].until_ms < oldest->until_ms)
            oldest = &used->users[i];
    return oldest;
}

static struct used_otps_user *slot_for_new_user(struct used_otps *used)
{
    if (used->user_count >= USED_OTPS_USERS_MAX && used->users)
        return least_recent_user(used);
    mem_reserve(&used->users, &used->user_capacity, used->user_count + 1, sizeof *used->users);
    return &used->users[used->user_count++];
}

void used_otps_accept(struct used_otps *used, const struct otp *otp)
{
    struct used_otps_user *known = find_user(used, otp->user_name);
    if (known && otp->fence < known->fence)
        return;
    if (!known)
        known = slot_for_new_user(used);
    *known = (struct used_otps_user){.fence = otp->fence, .until_ms = otp->until_ms};
    TEXT_PUT(known->user_name, otp->user_name);
    TEXT_PUT(known->session, otp->session);
    if (otp->fence > used->highest)
        used->highest = otp->fence;
    assert(used->highest >= known->fence && used->user_count <= USED_OTPS_USERS_MAX);
}

// ---- lines

static void print_nonce(const char *nonce, int64_t until_ms, struct text *text)
{
    text_addf(text, "used %s %" PRId64 "\n", nonce, until_ms);
}

// The user name is last, since a directory may allow spaces in it.
static void print_user(int64_t until_ms, int64_t fence, const char *session, const char *user_name, struct text *text)
{
    text_addf(text, "user %" PRId64 " %" PRId64 " %s %s\n", until_ms, fence, session, user_name);
}

bool used_otps_print_one(const struct otp *otp, struct text *text)
{
    if (!id_is_valid(NOUN_SESSION, otp->session) || !*otp->user_name ||
        !text_is_clean(otp->user_name, strlen(otp->user_name)))
        return false;
    print_nonce(otp->nonce, otp->until_ms, text);
    print_user(otp->until_ms, otp->fence, otp->session, otp->user_name, text);
    return true;
}

void used_otps_print(const struct used_otps *used, struct text *text)
{
    for (size_t i = 0; i < used->nonce_count; i++)
        print_nonce(used->nonces[i].text, used->nonces[i].until_ms, text);
    for (size_t i = 0; i < used->user_count; i++)
        print_user(used->users[i].until_ms, used->users[i].fence, used->users[i].session, used->users[i].user_name,
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

static bool read_user(struct used_otps *used, char *words)
{
    struct otp otp = {0};
    const char *until = strsep(&words, " "), *fence = words ? strsep(&words, " ") : NULL,
               *session = words ? strsep(&words, " ") : NULL;
    if (!words || !*words || !text_number(until, 0, INT64_MAX, &otp.until_ms) ||
        !text_number(fence, 0, INT64_MAX, &otp.fence) || !id_is_valid(NOUN_SESSION, session) ||
        !text_copy(otp.session, sizeof otp.session, session) || !text_copy(otp.user_name, sizeof otp.user_name, words))
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
    return text_equal(kind, "user") && read_user(used, words);
}
