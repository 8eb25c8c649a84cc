// SPDX-License-Identifier: EUPL-1.2
#include "broker/net/resolver.h"
#include "broker/base/clock.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <assert.h>
#include <limits.h>
#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { THREADS_MAX = 16, FOUND_MS = 60 * 1000, FAILED_MS = 5 * 1000, UNUSED_MS = 10 * 60 * 1000 };

enum standing { STANDING_IDLE, STANDING_QUEUED, STANDING_ASKED };

// A name somebody asked for. A few hundred of them: a list is enough.
struct entry {
    TAILQ_ENTRY(entry) links;
    char *name;
    enum standing standing;
    bool known, is_address; // is_address: written in figures; needs no name server, now or later
    int64_t known_ms, used_ms;
    struct resolver_answer answer;
    LIST_HEAD(, resolver_wait) waits;
};

// A question in a thread. It outlives the resolver when the name server is slow.
struct name_question {
    SLIST_ENTRY(name_question) links;
    struct mailbox *mailbox;
    struct entry *entry; // only for the resolver's own thread
    char *name;
    int rc;
    struct resolver_answer answer;
};

// Shared by the resolver and its threads; the last one frees it.
struct mailbox {
    pthread_mutex_t lock;
    int users;
    int wake; // eventfd; -1 when nobody reads any more
    SLIST_HEAD(, name_question) answered;
};

struct resolver {
    struct mailbox *mailbox;
    struct loop_watch *watch;
    TAILQ_HEAD(entries, entry) entries; // asked longest ago first
    int threads;
};

static void free_question(struct name_question *question)
{
    free(question->name);
    free(question);
}

static void leave_mailbox(struct mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->lock);
    int left = --mailbox->users;
    pthread_mutex_unlock(&mailbox->lock);
    if (left)
        return;
    pthread_mutex_destroy(&mailbox->lock);
    free(mailbox);
}

static void deliver(struct name_question *question)
{
    struct mailbox *mailbox = question->mailbox;
    pthread_mutex_lock(&mailbox->lock);
    bool read = mailbox->wake >= 0;
    if (read) {
        SLIST_INSERT_HEAD(&mailbox->answered, question, links);
        eventfd_write(mailbox->wake, 1);
    }
    pthread_mutex_unlock(&mailbox->lock);
    if (!read)
        free_question(question);
    leave_mailbox(mailbox);
}

static void collect_one(struct resolver_answer *answer, const struct addrinfo *found)
{
    if (found->ai_addrlen <= sizeof answer->addresses[0])
        memcpy(&answer->addresses[answer->count++], found->ai_addr, found->ai_addrlen);
}

static const struct addrinfo *find_family(const struct addrinfo *found, int family, bool same)
{
    while (found && (found->ai_family == family) != same)
        found = found->ai_next;
    return found;
}

static void collect(struct resolver_answer *answer, const struct addrinfo *found)
{
    int family = found->ai_family;
    const struct addrinfo *first = found, *other = find_family(found, family, false);
    while ((first || other) && answer->count < RESOLVER_ADDRESSES_MAX) {
        if (first) {
            collect_one(answer, first);
            first = find_family(first->ai_next, family, true);
        }
        if (other && answer->count < RESOLVER_ADDRESSES_MAX) {
            collect_one(answer, other);
            other = find_family(other->ai_next, family, false);
        }
    }
}

static int ask_system(const char *name, int flags, struct resolver_answer *answer)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags};
    struct addrinfo *found = NULL;
    int rc = getaddrinfo(name, NULL, &hints, &found);
    if (rc == 0) {
        collect(answer, found);
        freeaddrinfo(found);
    }
    answer->problem = answer->count ? NULL : gai_strerror(rc ? rc : EAI_NONAME);
    return rc;
}

void resolver_ask_now(const char *name, struct resolver_answer *answer)
{
    *answer = (struct resolver_answer){0};
    ask_system(name, 0, answer);
}

static void *run_question(void *arg)
{
    struct name_question *question = arg;
    question->rc = ask_system(question->name, 0, &question->answer);
    deliver(question);
    return NULL;
}

static void start_question(struct resolver *resolver, struct entry *entry)
{
    struct name_question *question = mem_new(1, sizeof *question);
    question->mailbox = resolver->mailbox;
    question->entry = entry;
    question->name = mem_dup(entry->name);
    entry->standing = STANDING_ASKED;
    resolver->threads++;
    pthread_mutex_lock(&resolver->mailbox->lock);
    resolver->mailbox->users++;
    pthread_mutex_unlock(&resolver->mailbox->lock);
    pthread_t thread;
    if (pthread_create(&thread, NULL, run_question, question) == 0) {
        pthread_detach(thread);
        return;
    }
    question->rc = EAI_AGAIN;
    question->answer.problem = "no thread to ask the name server";
    deliver(question);
}

static void start_queued(struct resolver *resolver)
{
    struct entry *entry;
    TAILQ_FOREACH(entry, &resolver->entries, links)
    {
        if (resolver->threads == THREADS_MAX)
            return;
        if (entry->standing == STANDING_QUEUED)
            start_question(resolver, entry);
    }
}

// The name server that cannot say today keeps what it said yesterday.
static void learn(struct entry *entry, const struct name_question *question)
{
    bool unsure = question->rc != 0 && question->rc != EAI_NONAME;
    if (!unsure || entry->answer.count == 0)
        entry->answer = question->answer;
    entry->known = true;
    entry->known_ms = clock_steady_ms();
    entry->standing = STANDING_IDLE;
    while (!LIST_EMPTY(&entry->waits)) {
        struct resolver_wait *wait = LIST_FIRST(&entry->waits);
        resolver_leave(wait);
        wait->done(wait->arg, &entry->answer);
    }
}

static void answers_came(void *arg, bool readable, bool writable)
{
    (void)readable;
    (void)writable;
    struct resolver *resolver = arg;
    SLIST_HEAD(, name_question) answered;
    pthread_mutex_lock(&resolver->mailbox->lock);
    eventfd_t count;
    eventfd_read(resolver->mailbox->wake, &count);
    SLIST_FIRST(&answered) = SLIST_FIRST(&resolver->mailbox->answered);
    SLIST_INIT(&resolver->mailbox->answered);
    pthread_mutex_unlock(&resolver->mailbox->lock);
    while (!SLIST_EMPTY(&answered)) {
        struct name_question *question = SLIST_FIRST(&answered);
        SLIST_REMOVE_HEAD(&answered, links);
        resolver->threads--;
        learn(question->entry, question);
        free_question(question);
    }
    start_queued(resolver);
}

struct resolver *resolver_new(struct loop *loop)
{
    struct resolver *resolver = mem_new(1, sizeof *resolver);
    struct mailbox *mailbox = mem_new(1, sizeof *mailbox);
    pthread_mutex_init(&mailbox->lock, NULL);
    mailbox->users = 1;
    mailbox->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    assert(mailbox->wake >= 0);
    SLIST_INIT(&mailbox->answered);
    TAILQ_INIT(&resolver->entries);
    resolver->mailbox = mailbox;
    resolver->watch = loop_watch_new(loop, mailbox->wake, answers_came, resolver);
    loop_watch_set(resolver->watch, true, false);
    return resolver;
}

static void free_entry(struct resolver *resolver, struct entry *entry)
{
    TAILQ_REMOVE(&resolver->entries, entry, links);
    free(entry->name);
    free(entry);
}

static void close_mailbox(struct mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->lock);
    close(mailbox->wake);
    mailbox->wake = -1;
    while (!SLIST_EMPTY(&mailbox->answered)) {
        struct name_question *question = SLIST_FIRST(&mailbox->answered);
        SLIST_REMOVE_HEAD(&mailbox->answered, links);
        free_question(question);
    }
    pthread_mutex_unlock(&mailbox->lock);
    leave_mailbox(mailbox);
}

void resolver_free(struct resolver *resolver)
{
    if (!resolver)
        return;
    loop_watch_free(resolver->watch);
    close_mailbox(resolver->mailbox);
    while (!TAILQ_EMPTY(&resolver->entries)) {
        struct entry *entry = TAILQ_FIRST(&resolver->entries);
        assert(LIST_EMPTY(&entry->waits));
        free_entry(resolver, entry);
    }
    free(resolver);
}

static void forget_unused(struct resolver *resolver, int64_t now_ms)
{
    for (struct entry *entry = TAILQ_FIRST(&resolver->entries), *next; entry; entry = next) {
        next = TAILQ_NEXT(entry, links);
        if (entry->standing == STANDING_IDLE && now_ms - entry->used_ms > UNUSED_MS)
            free_entry(resolver, entry);
    }
}

static struct entry *new_entry(struct resolver *resolver, const char *name)
{
    struct entry *entry = mem_new(1, sizeof *entry);
    entry->name = mem_dup(name);
    LIST_INIT(&entry->waits);
    TAILQ_INSERT_TAIL(&resolver->entries, entry, links);
    entry->is_address = ask_system(name, AI_NUMERICHOST, &entry->answer) == 0;
    return entry;
}

static struct entry *find_entry(const struct resolver *resolver, const char *name)
{
    struct entry *entry;
    TAILQ_FOREACH(entry, &resolver->entries, links)
    if (text_equal(entry->name, name))
        break;
    return entry;
}

static struct entry *entry_of(struct resolver *resolver, const char *name)
{
    int64_t now_ms = clock_steady_ms();
    struct entry *entry = find_entry(resolver, name);
    if (!entry) {
        forget_unused(resolver, now_ms);
        entry = new_entry(resolver, name);
    }
    entry->used_ms = now_ms;
    return entry;
}

static bool is_fresh(const struct entry *entry)
{
    int64_t keep_ms = entry->answer.count ? FOUND_MS : FAILED_MS;
    return entry->is_address || (entry->known && clock_steady_ms() < entry->known_ms + keep_ms);
}

static void ask_anew(struct resolver *resolver, struct entry *entry)
{
    if (entry->standing != STANDING_IDLE)
        return;
    entry->standing = STANDING_QUEUED;
    TAILQ_REMOVE(&resolver->entries, entry, links);
    TAILQ_INSERT_TAIL(&resolver->entries, entry, links);
    start_queued(resolver);
}

// A failure that is over its time is asked again and waited for; an address is used until a better one is known.
const struct resolver_answer *resolver_ask(struct resolver *resolver, const char *name, struct resolver_wait *wait)
{
    struct entry *entry = entry_of(resolver, name);
    if (is_fresh(entry))
        return &entry->answer;
    ask_anew(resolver, entry);
    LIST_INSERT_HEAD(&entry->waits, wait, links);
    wait->waiting = true;
    return entry->answer.count ? &entry->answer : NULL;
}

void resolver_doubt(struct resolver *resolver, const char *name)
{
    struct entry *entry = find_entry(resolver, name);
    if (entry && !entry->is_address) {
        entry->known = false;
        ask_anew(resolver, entry);
    }
}

bool resolver_same_address(const union resolver_address *one, const union resolver_address *other)
{
    if (one->any.sa_family != other->any.sa_family)
        return false;
    if (one->any.sa_family == AF_INET)
        return one->v4.sin_addr.s_addr == other->v4.sin_addr.s_addr;
    return memcmp(&one->v6.sin6_addr, &other->v6.sin6_addr, sizeof one->v6.sin6_addr) == 0 &&
           one->v6.sin6_scope_id == other->v6.sin6_scope_id;
}

void resolver_leave(struct resolver_wait *wait)
{
    if (wait->waiting)
        LIST_REMOVE(wait, links);
    wait->waiting = false;
}

void resolver_own_name(char *name, size_t size)
{
    struct addrinfo *found = NULL;
    const struct addrinfo hints = {.ai_flags = AI_CANONNAME, .ai_socktype = SOCK_STREAM};
    char host[HOST_NAME_MAX + 1] = "";
    gethostname(host, sizeof host - 1);
    bool known = getaddrinfo(host, NULL, &hints, &found) == 0 && found->ai_canonname;
    text_cut(name, size, known ? found->ai_canonname : host);
    if (found)
        freeaddrinfo(found);
}
