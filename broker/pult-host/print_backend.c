// SPDX-License-Identifier: EUPL-1.2
// cupsd's backend for the queues of Pult (see backend(7)): JOB USER TITLE COPIES OPTIONS [FILE]. What a program was
// started with everybody on the machine can read, and the title may say what nobody should: it is overwritten before
// anything else. A document in a file goes to pult-host, which keeps a connection to the print server and says what
// became of it. All else, where pult-host does not listen and by the Kerberos door, is for the program behind this one,
// by the environment, which root alone can read. That one takes a while to load, and so is another; but it ends with
// cupsd's word, and the end of a filter is not taken for that of its document.
#include "broker/pult-host/print_words.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { JOB = 1, USER = 2, TITLE = 3, COPIES = 4, OPTIONS = 5, FILE_NAME = 6, AGAIN_LATER = 6, PATH_SIZE = 300 };
// Less than MaxJobTime of our cupsd.conf, after which cupsd deletes the job that is being tried.
enum { HOST_PATIENCE_S = 600 };
enum host_line { HOST_THERE, HOST_NOT_THERE, HOST_HANGS };

static const char *const schemes[] = {"pult", "pult-door", NULL};

static const char *scheme_of(const char *uri)
{
    for (size_t i = 0; uri && schemes[i]; i++) {
        size_t length = strlen(schemes[i]);
        if (strncmp(uri, schemes[i], length) == 0 && uri[length] == ':')
            return schemes[i];
    }
    return NULL;
}

static void hide(char *word)
{
    explicit_bzero(word, strlen(word));
}

// ---- to pult-host

static enum host_line connect_host(const char *uri, int *line)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval patience = {.tv_sec = HOST_PATIENCE_S};
    *line = print_words_socket_of(address.sun_path, uri) ? socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0) : -1;
    if (*line < 0 || setsockopt(*line, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) < 0 ||
        setsockopt(*line, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0)
        return HOST_NOT_THERE;
    if (connect(*line, (struct sockaddr *)&address, sizeof address) == 0)
        return HOST_THERE;
    return errno == EAGAIN || errno == EINTR ? HOST_HANGS : HOST_NOT_THERE;
}

static bool send_words(int line, const char *const words[PRINT_WORD_COUNT], int document)
{
    static char packet[PRINT_WORDS_MAX];
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(int))];
    } passed = {.head = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
    struct iovec all = {.iov_base = packet, .iov_len = print_words_write(words, packet)};
    struct msghdr message = {
        .msg_iov = &all, .msg_iovlen = 1, .msg_control = &passed, .msg_controllen = sizeof passed.bytes};
    memcpy(CMSG_DATA(&passed.head), &document, sizeof document);
    return all.iov_len && sendmsg(line, &message, MSG_NOSIGNAL) == (ssize_t)all.iov_len;
}

// What cupsd is to be told; -1: pult-host has nothing of the job.
static int hand_over(const char *const words[PRINT_WORD_COUNT])
{
    char packet[PRINT_ANSWER_SIZE], sentence[PRINT_ANSWER_SIZE];
    const char *path = words[PRINT_WORD_FILE];
    int line = -1, code = -1, document = *path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    enum host_line found = document >= 0 ? connect_host(words[PRINT_WORD_URI], &line) : HOST_NOT_THERE;
    if (found == HOST_HANGS)
        return AGAIN_LATER;
    if (found == HOST_NOT_THERE || !send_words(line, words, document))
        return -1;
    ssize_t got;
    do
        got = recv(line, packet, sizeof packet, 0);
    while (got < 0 && errno == EINTR);
    // It has ended in the midst of it, or hangs: the job is tried again, and is the same one then.
    if (got <= 0 || !print_answer_read(&code, sentence, packet, (size_t)got))
        return AGAIN_LATER;
    if (*sentence)
        fprintf(stderr, "ERROR: %s\n", sentence);
    return code;
}

// ---- what it was started with

// Of several documents cupsd hands over the first alone, or what their filters made, one behind the other; then it
// waits for ever, and so does the queue.
static bool has_more_documents(const char *job)
{
    char path[PATH_SIZE];
    const char *spool = getenv("CUPS_REQUESTROOT");
    return spool && snprintf(path, sizeof path, "%s/d%05ld-002", spool, strtol(job, NULL, 10)) < (int)sizeof path &&
           access(path, F_OK) == 0;
}

static bool keep_words(int count, char **argv)
{
    bool kept = setenv(print_word_names[PRINT_WORD_USER], argv[USER], 1) == 0 &&
                setenv(print_word_names[PRINT_WORD_COPIES], argv[COPIES], 1) == 0 &&
                setenv(print_word_names[PRINT_WORD_OPTIONS], argv[OPTIONS], 1) == 0 &&
                setenv(print_word_names[PRINT_WORD_MORE], has_more_documents(argv[JOB]) ? "more" : "", 1) == 0 &&
                setenv(print_word_names[PRINT_WORD_FILE], count > FILE_NAME ? argv[FILE_NAME] : "", 1) == 0;
    hide(argv[OPTIONS]);
    return kept;
}

int main(int count, char **argv)
{
    char path[PATH_SIZE];
    const char *words[PRINT_WORD_COUNT];
    if (count > TITLE)
        hide(argv[TITLE]);
    if (count == 1)
        return 0; // which devices there are: none that could be found
    const char *folder = getenv("CUPS_SERVERBIN"), *scheme = scheme_of(getenv("DEVICE_URI"));
    if (count <= OPTIONS || !folder || !scheme || !keep_words(count, argv) ||
        snprintf(path, sizeof path, "%s/daemon/%s", folder, scheme) >= (int)sizeof path) {
        fputs("ERROR: this is for cupsd to start\n", stderr);
        return AGAIN_LATER;
    }
    print_words_of_environment(words);
    int code = hand_over(words);
    if (code >= 0)
        return code;
    execl(path, scheme, (char *)NULL);
    fprintf(stderr, "ERROR: %s is missing\n", path);
    return AGAIN_LATER;
}
