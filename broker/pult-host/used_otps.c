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
    struct admission *people;
    size_t person_count, person_capacity;
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
    free(used->people);
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

static struct admission *find_person(const struct used_otps *used, const char *session)
{
    for (size_t i = 0; i < used->person_count; i++)
        if (otp_same_person(used->people[i].session, session))
            return &used->people[i];
    return NULL;
}

const struct admission *used_otps_of_uid(const struct used_otps *used, uid_t uid)
{
    const struct admission *newest = NULL;
    for (size_t i = 0; i < used->person_count; i++)
        if (used->people[i].uid == uid && (!newest || used->people[i].fence > newest->fence))
            newest = &used->people[i];
    return newest;
}

int64_t used_otps_newest(const struct used_otps *used, const char *session, const char *user_name)
{
    int64_t newest = 0;
    for (size_t i = 0; i < used->person_count; i++) {
        const struct admission *one = &used->people[i];
        if (one->fence > newest && (otp_same_person(one->session, session) ||
                                    text_same_name(one->user_name, strlen(one->user_name), user_name)))
            newest = one->fence;
    }
    return newest;
}

const struct admission *used_otps_last(const struct used_otps *used, size_t index)
{
    return index < used->person_count ? &used->people[used->person_count - 1 - index] : NULL;
}

int64_t used_otps_highest(const struct used_otps *used)
{
    return used->highest;
}

static struct admission *least_recent_person(struct used_otps *used)
{
    struct admission *oldest = used->people;
    for (size_t i = 1; i < used->person_count; i++)
        if (used->people[i].until_ms < oldest->until_ms)
            oldest = &used->people[i];
    return oldest;
}

static struct admission *slot_for_new_person(struct used_otps *used)
{
    if (used->person_count >= USED_OTPS_PEOPLE_MAX && used->people)
        return least_recent_person(used);
    mem_reserve(&used->people, &used->person_capacity, used->person_count + 1, sizeof *used->people);
    return &used->people[used->person_count++];
}

void used_otps_accept(struct used_otps *used, const struct admission *admission)
{
    struct admission *known = find_person(used, admission->session);
    if (known && admission->fence < known->fence)
        return;
    if (!known)
        known = slot_for_new_person(used);
    *known = *admission;
    if (known->fence > used->highest)
        used->highest = known->fence;
    assert(used->highest >= known->fence && used->person_count <= USED_OTPS_PEOPLE_MAX);
}

// ---- lines

static void print_nonce(const char *nonce, int64_t until_ms, struct text *text)
{
    text_addf(text, "used %s %" PRId64 "\n", nonce, until_ms);
}

// The user name is last, since a directory may allow spaces in it.
static void print_person(const struct admission *one, struct text *text)
{
    text_addf(text, "person %" PRId64 " %" PRId64 " %s %" PRIu32 " %s\n", one->until_ms, one->fence, one->session,
              (uint32_t)one->uid, one->user_name);
}

bool used_otps_print_one(const char *nonce, const struct admission *admission, struct text *text)
{
    if (!id_is_valid(NOUN_SESSION, admission->session) || !*admission->user_name ||
        !text_is_clean(admission->user_name, strlen(admission->user_name)))
        return false;
    print_nonce(nonce, admission->until_ms, text);
    print_person(admission, text);
    return true;
}

void used_otps_print(const struct used_otps *used, struct text *text)
{
    for (size_t i = 0; i < used->nonce_count; i++)
        print_nonce(used->nonces[i].text, used->nonces[i].until_ms, text);
    for (size_t i = 0; i < used->person_count; i++)
        print_person(&used->people[i], text);
}

static bool read_nonce(struct used_otps *used, char *words)
{
    unsigned char bytes[8];
    int64_t until_ms = 0;
    const char *nonce = strsep(&words, " ");
    return words && text_unhex(bytes, sizeof bytes, nonce) && text_number(words, 0, INT64_MAX, &until_ms) &&
           used_otps_use(used, nonce, until_ms);
}

static bool read_person(struct used_otps *used, char *words)
{
    struct admission one = {.session = ""};
    int64_t uid = 0;
    const char *until = strsep(&words, " "), *fence = words ? strsep(&words, " ") : NULL,
               *session = words ? strsep(&words, " ") : NULL, *account = words ? strsep(&words, " ") : NULL;
    if (!words || !*words || !text_number(until, 0, INT64_MAX, &one.until_ms) ||
        !text_number(fence, 0, INT64_MAX, &one.fence) || !id_is_valid(NOUN_SESSION, session) ||
        !text_number(account, 0, UINT32_MAX, &uid) || !text_copy(one.session, sizeof one.session, session) ||
        !text_copy(one.user_name, sizeof one.user_name, words))
        return false;
    one.uid = (uid_t)uid;
    used_otps_accept(used, &one);
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
    return text_equal(kind, "person") && read_person(used, words);
}
