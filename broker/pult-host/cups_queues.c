// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/cups_queues.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/pult-host/print_ppd.h"

#include <assert.h>
#include <cups/cups.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { QUEUE_URI_SIZE = 512, ENTRY_SIZE = 16 * 1024, CONNECT_MS = 5000, ANSWER_S = 10 };

#define SCHEME "pult:"
#define POLICY "authenticated"   // cupsd asks the kernel who it is
#define ERROR_POLICY "retry-job" // no failure stops the queue or ends the job
#define NOBODY "root"            // a queue without a list is open to all

// As cupsd has it now; the strings are the answer's.
struct found_queue {
    const char *name, *uri, *model, *info, *location, *policy, *error_policy;
    bool accepting;
    int jobs;
    ipp_attribute_t *allowed;
};

struct settling {
    const struct cups_queues_plan *plan;
    struct cups_queues_result *result;
    struct fault *why;
    http_t *http;
    ipp_t *answer;
    struct found_queue *found;
    size_t found_count, found_capacity;
    char (*users)[USER_NAME_SIZE]; // as this host calls the plan's people, by its index; "": it does not know them
};

// ---- talking

static int give_up(http_t *http, void *arg)
{
    (void)http, (void)arg;
    return 0;
}

static bool failed(struct settling *settling, const char *what, const char *name)
{
    const char *cause = cupsLastErrorString();
    bool is_silence = text_equal(cause, strerror(0)); // it has waited for long enough
    return fault_set(settling->why, FAULT_UNAVAILABLE, "%s %s: %s", what, name, is_silence ? "no answer" : cause);
}

static ipp_t *new_request(ipp_op_t operation, const char *name)
{
    char uri[QUEUE_URI_SIZE];
    ipp_t *request = ippNewRequest(operation);
    if (name) {
        httpAssembleURIf(HTTP_URI_CODING_ALL, uri, sizeof uri, "ipp", NULL, "localhost", 0, "/printers/%s", name);
        ippAddString(request, IPP_TAG_OPERATION, IPP_TAG_URI, "printer-uri", NULL, uri);
    }
    ippAddString(request, IPP_TAG_OPERATION, IPP_TAG_NAME, "requesting-user-name", NULL, cupsUser());
    return request;
}

static bool order(struct settling *settling, ipp_t *request, int file, const char *what, const char *name)
{
    ippDelete(cupsDoIORequest(settling->http, request, "/admin/", file, -1));
    return cupsLastError() <= IPP_STATUS_OK_CONFLICTING || failed(settling, what, name);
}

static bool connect_cups(struct settling *settling)
{
    cupsSetUser("root");
    settling->http =
        httpConnect2(settling->plan->socket, 0, NULL, AF_UNSPEC, HTTP_ENCRYPTION_IF_REQUESTED, 1, CONNECT_MS, NULL);
    if (!settling->http)
        return failed(settling, "cupsd does not answer at", settling->plan->socket);
    httpSetTimeout(settling->http, ANSWER_S, give_up, NULL);
    return true;
}

// ---- what is there

static const char *text_of(ipp_attribute_t *attribute)
{
    const char *text = ippGetString(attribute, 0, NULL);
    return text ? text : "";
}

static void note_attribute(struct found_queue *queue, ipp_attribute_t *attribute)
{
    const struct {
        const char *name, **text;
    } texts[] = {
        {"printer-name", &queue->name},
        {"device-uri", &queue->uri},
        {"printer-info", &queue->info},
        {"printer-make-and-model", &queue->model},
        {"printer-location", &queue->location},
        {"printer-op-policy", &queue->policy},
        {"printer-error-policy", &queue->error_policy},
    };
    const char *name = ippGetName(attribute);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (text_equal(name, texts[i].name))
            *texts[i].text = text_of(attribute);
    if (text_equal(name, "printer-is-accepting-jobs"))
        queue->accepting = ippGetBoolean(attribute, 0);
    else if (text_equal(name, "queued-job-count"))
        queue->jobs = ippGetInteger(attribute, 0);
    else if (text_equal(name, "requesting-user-name-allowed"))
        queue->allowed = attribute;
}

static struct found_queue *new_found(struct settling *settling)
{
    mem_reserve(&settling->found, &settling->found_capacity, settling->found_count + 1, sizeof *settling->found);
    struct found_queue *queue = &settling->found[settling->found_count++];
    *queue = (struct found_queue){
        .name = "", .uri = "", .model = "", .info = "", .location = "", .policy = "", .error_policy = ""};
    return queue;
}

static bool look(struct settling *settling)
{
    static const char *const asked[] = {"printer-name",
                                        "device-uri",
                                        "printer-info",
                                        "printer-location",
                                        "printer-op-policy",
                                        "printer-make-and-model",
                                        "queued-job-count",
                                        "printer-error-policy",
                                        "printer-is-accepting-jobs",
                                        "requesting-user-name-allowed"};
    ipp_t *request = new_request(IPP_OP_CUPS_GET_PRINTERS, NULL);
    ippAddStrings(request, IPP_TAG_OPERATION, IPP_TAG_KEYWORD, "requested-attributes", sizeof asked / sizeof *asked,
                  NULL, asked);
    settling->answer = cupsDoRequest(settling->http, request, "/");
    ipp_status_t status = cupsLastError();
    if (!settling->answer || (status > IPP_STATUS_OK_CONFLICTING && status != IPP_STATUS_ERROR_NOT_FOUND))
        return failed(settling, "cupsd does not tell its queues at", settling->plan->socket);
    struct found_queue *queue = NULL;
    for (ipp_attribute_t *at = ippFirstAttribute(settling->answer); at; at = ippNextAttribute(settling->answer)) {
        bool of_queue = ippGetGroupTag(at) == IPP_TAG_PRINTER && ippGetName(at);
        if (of_queue && !queue)
            queue = new_found(settling);
        if (of_queue)
            note_attribute(queue, at);
        else
            queue = NULL; // what lies between two
    }
    return true;
}

static const struct found_queue *find_queue(const struct settling *settling, const char *name)
{
    for (size_t i = 0; i < settling->found_count; i++)
        if (strcasecmp(settling->found[i].name, name) == 0) // to cupsd they are the same
            return &settling->found[i];
    return NULL;
}

static bool is_ours(const struct found_queue *queue)
{
    return text_starts(queue->uri, SCHEME);
}

// ---- who may use it

// cupsd compares with what this host calls the account, which may bear a domain. To it a name with these in front is a
// group, or something else altogether.
static void find_users(struct settling *settling)
{
    owned(bytes) char *buffer = mem_new(1, ENTRY_SIZE);
    settling->users = mem_new(settling->plan->person_count + 1, sizeof *settling->users);
    for (size_t i = 0; i < settling->plan->person_count; i++) {
        struct passwd entry, *found = NULL;
        const char *name = settling->plan->people[i].user_name;
        if (getpwnam_r(name, &entry, buffer, ENTRY_SIZE, &found) != 0 || !found || found->pw_uid == 0)
            continue;
        uid_t uid = found->pw_uid;
        if (getpwuid_r(uid, &entry, buffer, ENTRY_SIZE, &found) == 0 && found && !strchr("@#", found->pw_name[0]))
            text_cut(settling->users[i], USER_NAME_SIZE, found->pw_name);
    }
}

static bool has_word(const char *words, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = words; (at = strstr(at, word)); at += length)
        if ((at == words || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
            return true;
    return false;
}

static size_t users_of(const struct settling *settling, const struct host_queue *queue, const char **users)
{
    size_t count = 0;
    for (size_t i = 0; i < settling->plan->person_count; i++)
        if (settling->users[i][0] && (!queue->tenants[0] || has_word(queue->tenants, settling->plan->people[i].tenant)))
            users[count++] = settling->users[i];
    if (!count)
        users[count++] = NOBODY;
    return count;
}

static bool allows(const struct found_queue *queue, const char *const *users, size_t count)
{
    if ((size_t)ippGetCount(queue->allowed) != count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!ippContainsString(queue->allowed, users[i]))
            return false;
    return true;
}

// ---- adding, changing, removing

static void queue_uri(char uri[QUEUE_URI_SIZE], const struct cups_queues_plan *plan, const struct host_queue *queue)
{
    snprintf(uri, QUEUE_URI_SIZE, SCHEME "%s?%s", plan->state_dir, queue->printer[0] ? queue->printer : "next-to-me");
}

static int ppd_file(const struct host_queue *queue)
{
    struct text ppd = {0};
    print_ppd(&ppd, queue);
    int file = memfd_create("ppd", MFD_CLOEXEC);
    bool written = file >= 0 && write(file, ppd.bytes, ppd.length) == (ssize_t)ppd.length;
    text_drop(&ppd);
    if (file >= 0 && !written)
        close(file);
    return written ? file : -1;
}

static bool put_queue(struct settling *settling, const struct host_queue *queue, const char *const *users, size_t count,
                      bool with_ppd)
{
    char uri[QUEUE_URI_SIZE];
    int file = with_ppd ? ppd_file(queue) : -1;
    if (with_ppd && file < 0)
        return fault_set(settling->why, FAULT_UNAVAILABLE, "no memory for the PPD of %s", queue->name);
    queue_uri(uri, settling->plan, queue);
    ipp_t *request = new_request(IPP_OP_CUPS_ADD_MODIFY_PRINTER, queue->name);
    ippAddStrings(request, IPP_TAG_PRINTER, IPP_TAG_NAME, "requesting-user-name-allowed", (int)count, NULL, users);
    ippAddString(request, IPP_TAG_PRINTER, IPP_TAG_URI, "device-uri", NULL, uri);
    ippAddString(request, IPP_TAG_PRINTER, IPP_TAG_TEXT, "printer-info", NULL, queue->description);
    ippAddString(request, IPP_TAG_PRINTER, IPP_TAG_TEXT, "printer-location", NULL, queue->location);
    ippAddString(request, IPP_TAG_PRINTER, IPP_TAG_NAME, "printer-op-policy", NULL, POLICY);
    ippAddString(request, IPP_TAG_PRINTER, IPP_TAG_NAME, "printer-error-policy", NULL, ERROR_POLICY);
    ippAddBoolean(request, IPP_TAG_PRINTER, "printer-is-shared", 0);
    ippAddBoolean(request, IPP_TAG_PRINTER, "printer-is-accepting-jobs", 1);
    if (with_ppd)
        ippAddInteger(request, IPP_TAG_PRINTER, IPP_TAG_ENUM, "printer-state", IPP_PSTATE_IDLE);
    bool done = order(settling, request, file, "cupsd does not take the queue", queue->name);
    if (file >= 0)
        close(file);
    return done;
}

static bool is_same(const struct settling *settling, const struct found_queue *found, const struct host_queue *queue,
                    const char *const *users, size_t count)
{
    char uri[QUEUE_URI_SIZE];
    queue_uri(uri, settling->plan, queue);
    return found->accepting && text_equal(found->uri, uri) && text_equal(found->info, queue->description) &&
           text_equal(found->location, queue->location) && text_equal(found->policy, POLICY) &&
           text_equal(found->error_policy, ERROR_POLICY) && allows(found, users, count);
}

static bool settle_wanted(struct settling *settling, const struct host_queue *queue, const char **users)
{
    char model[PRINT_PPD_MODEL_SIZE];
    const struct found_queue *found = find_queue(settling, queue->name);
    if (found && !is_ours(found)) {
        snprintf(settling->result->fault, CUPS_QUEUES_FAULT_SIZE,
                 "there is a queue %.120s that is not Pult's: rename or remove it", queue->name);
        return true;
    }
    print_ppd_model(model, queue);
    size_t count = users_of(settling, queue, users);
    bool with_ppd = !found || !text_equal(found->model, model);
    if (!with_ppd && is_same(settling, found, queue, users, count))
        return true;
    if (!put_queue(settling, queue, users, count, with_ppd))
        return false;
    ++*(found ? &settling->result->changed : &settling->result->added);
    return true;
}

static bool is_wanted(const struct settling *settling, const struct found_queue *found)
{
    for (size_t i = 0; i < settling->plan->queue_count; i++)
        if (strcasecmp(settling->plan->queues[i].name, found->name) == 0)
            return true;
    return false;
}

// No new jobs first: one that came between the look and the end would be lost.
static bool retire(struct settling *settling, const struct found_queue *found)
{
    if (found->accepting) {
        settling->result->kept++; // the next look tells whether it is empty
        return order(settling, new_request(IPP_OP_CUPS_REJECT_JOBS, found->name), -1, "cupsd does not close the queue",
                     found->name);
    }
    if (found->jobs) {
        settling->result->kept++;
        return true;
    }
    settling->result->removed++;
    return order(settling, new_request(IPP_OP_CUPS_DELETE_PRINTER, found->name), -1, "cupsd does not remove the queue",
                 found->name);
}

// What `lp` and programs take when nothing is chosen: an administrator's choice stays.
static bool set_default(struct settling *settling)
{
    const char *name = settling->plan->queues[0].name;
    ippDelete(cupsDoRequest(settling->http, new_request(IPP_OP_CUPS_GET_DEFAULT, NULL), "/"));
    return cupsLastError() != IPP_STATUS_ERROR_NOT_FOUND || order(settling, new_request(IPP_OP_CUPS_SET_DEFAULT, name),
                                                                  -1, "cupsd does not make this the default:", name);
}

static bool settle_all(struct settling *settling)
{
    const struct cups_queues_plan *plan = settling->plan;
    owned(bytes) const char **users = mem_new(plan->person_count + 1, sizeof *users);
    for (size_t i = 0; i < plan->queue_count; i++)
        if (!settle_wanted(settling, &plan->queues[i], users))
            return false;
    for (size_t i = 0; i < settling->found_count; i++)
        if (is_ours(&settling->found[i]) && !is_wanted(settling, &settling->found[i]) &&
            !retire(settling, &settling->found[i]))
            return false;
    return !settling->result->added || !plan->queue_count || set_default(settling);
}

bool cups_queues_settle(const struct cups_queues_plan *plan, struct cups_queues_result *result, struct fault *why)
{
    assert(plan->queue_count <= HOST_QUEUES_MAX && plan->person_count <= HOST_PRINTING_PEOPLE_MAX);
    struct settling settling = {.plan = plan, .result = result, .why = why};
    *result = (struct cups_queues_result){0};
    bool settled = connect_cups(&settling) && look(&settling);
    if (settled) {
        find_users(&settling);
        settled = settle_all(&settling);
    }
    ippDelete(settling.answer);
    httpClose(settling.http);
    free(settling.found);
    free(settling.users);
    return settled;
}

bool cups_queues_answers(const char *socket_path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool answers = text_copy(address.sun_path, sizeof address.sun_path, socket_path) && descriptor >= 0 &&
                   connect(descriptor, (struct sockaddr *)&address, sizeof address) == 0;
    if (descriptor >= 0)
        close(descriptor);
    return answers;
}
