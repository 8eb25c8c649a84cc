// SPDX-License-Identifier: EUPL-1.2
// The PAM module of session hosts, see pam_pult(8): as `auth` it asks pult-host whether the password is a good one-time
// password; as `account` it lets through who came in that way in this very transaction. It runs in the session
// manager's main process or in one for this logon, so it is small, waits two seconds at most and tells no secret to
// anybody but pult-host.
#include "broker/pult-host/pam_protocol.h"
#include "broker/pult-host/unix_sockets.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

enum { DESCRIPTORS_MAX = 1024, SESMAN_PORT = 3350, ESTABLISHED = 1, ENTRY_SIZE = 16 * 1024 };

static const char accepted[] = "pult-accepted"; // PAM data: the user name whose password was accepted

struct settings {
    const char *socket;
    long sesman_port;
};

static struct settings read_arguments(pam_handle_t *pam, int count, const char **words)
{
    struct settings settings = {.socket = PAM_SOCKET, .sesman_port = SESMAN_PORT};
    for (int i = 0; i < count; i++) {
        if (strncmp(words[i], "socket=", 7) == 0)
            settings.socket = words[i] + 7;
        else if (strncmp(words[i], "sesman-port=", 12) == 0)
            settings.sesman_port = strtol(words[i] + 12, NULL, 10);
        else
            pam_syslog(pam, LOG_ERR, "unknown argument: %s", words[i]);
    }
    return settings;
}

// ---- which connection asks: the RDP server's process for this connection. xrdp leaves a refused connection open, with
// a logon box of its own, or shows nothing, so pult-host has to close it, or this module where pult-host did not. It is
// the connection whose question this process has read and not yet answered. Up to xrdp 0.9 that is the session manager,
// which is asked at a TCP port; from 0.10 on a process for this logon, which was handed a connection to a Unix socket.

static uint16_t port_of(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)address)->sin_port);
    return address->ss_family == AF_INET6 ? ntohs(((const struct sockaddr_in6 *)address)->sin6_port) : 0;
}

static int has_been_read(int descriptor)
{
    int unread = 0;
    return ioctl(descriptor, FIONREAD, &unread) == 0 && unread == 0;
}

static int waits_for_answer(int descriptor)
{
    struct tcp_info info;
    socklen_t size = sizeof info;
    memset(&info, 0, sizeof info);
    return getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 && info.tcpi_state == ESTABLISHED &&
           info.tcpi_bytes_received > 0 && info.tcpi_bytes_sent == 0 && has_been_read(descriptor);
}

// proc_net_tcp: "sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode"
static uint64_t inode_of(uint16_t port, long sesman_port)
{
    static const char *const files[] = {"/proc/net/tcp", "/proc/net/tcp6"};
    uint64_t inode = 0;
    for (size_t i = 0; !inode && i < sizeof files / sizeof *files; i++) {
        char line[512];
        FILE *file = fopen(files[i], "re");
        while (file && !inode && fgets(line, sizeof line, file)) {
            unsigned here = 0, there = 0, state = 0;
            uint64_t found = 0;
            if (sscanf(line,
                       " %*d: %*32[0-9A-Fa-f]:%4x %*32[0-9A-Fa-f]:%4x %2x %*8x:%*8x %*2x:%*8x %*8x %*u %*u %" SCNu64,
                       &here, &there, &state, &found) == 4 &&
                here == port && there == (unsigned long)sesman_port && state == ESTABLISHED)
                inode = found;
        }
        if (file)
            fclose(file);
    }
    return inode;
}

// The other end of one that was accepted: only such a one has its listener's name.
static uint64_t unix_peer(int descriptor, const struct sockaddr_storage *address)
{
    struct stat file;
    struct unix_socket own;
    if (!((const struct sockaddr_un *)address)->sun_path[0] || !has_been_read(descriptor) ||
        fstat(descriptor, &file) != 0)
        return 0;
    int netlink = unix_sockets_open();
    uint64_t peer = unix_sockets_find(netlink, (uint32_t)file.st_ino, &own) ? own.peer : 0;
    if (netlink >= 0)
        close(netlink);
    return peer;
}

static uint64_t asking_connection(const struct settings *settings)
{
    uint64_t found = 0;
    for (int descriptor = 0; !found && descriptor < DESCRIPTORS_MAX; descriptor++) {
        struct sockaddr_storage here = {.ss_family = 0}, there = {.ss_family = 0};
        socklen_t here_size = sizeof here, there_size = sizeof there;
        if (getpeername(descriptor, (struct sockaddr *)&there, &there_size) != 0 ||
            getsockname(descriptor, (struct sockaddr *)&here, &here_size) != 0)
            continue;
        if (here.ss_family == AF_UNIX)
            found = unix_peer(descriptor, &here);
        else if (port_of(&here) == settings->sesman_port && waits_for_answer(descriptor))
            found = inode_of(port_of(&there), settings->sesman_port);
    }
    return found;
}

// ---- ending it

static int is_rdp_server(const char *pid)
{
    char path[64], name[16] = "";
    snprintf(path, sizeof path, "/proc/%.20s/comm", pid);
    FILE *file = fopen(path, "re");
    int is = file && fgets(name, sizeof name, file) && strcmp(name, "xrdp\n") == 0;
    if (file)
        fclose(file);
    return is;
}

static int has_open(const char *pid, uint64_t inode)
{
    char path[64], wanted[64], target[64];
    int found = 0;
    snprintf(wanted, sizeof wanted, "socket:[%" PRIu64 "]", inode);
    snprintf(path, sizeof path, "/proc/%.20s/fd", pid);
    DIR *folder = opendir(path);
    for (const struct dirent *entry; folder && !found && (entry = readdir(folder)) != NULL;) {
        ssize_t length = readlinkat(dirfd(folder), entry->d_name, target, sizeof target - 1);
        target[length > 0 ? length : 0] = 0;
        found = strcmp(target, wanted) == 0;
    }
    if (folder)
        closedir(folder);
    return found;
}

// The handle first: what is then found out about the process holds for who gets the signal.
static int end_process(const char *pid, uint64_t inode)
{
    int handle = is_rdp_server(pid) ? pidfd_open((pid_t)strtol(pid, NULL, 10), 0) : -1;
    int ended =
        handle >= 0 && is_rdp_server(pid) && has_open(pid, inode) && pidfd_send_signal(handle, SIGTERM, NULL, 0) == 0;
    if (handle >= 0)
        close(handle);
    return ended;
}

static void end_connection(pam_handle_t *pam, uint64_t inode)
{
    DIR *folder = inode ? opendir("/proc") : NULL;
    int ended = 0;
    for (const struct dirent *entry; folder && !ended && (entry = readdir(folder)) != NULL;)
        ended = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && end_process(entry->d_name, inode);
    if (folder)
        closedir(folder);
    if (ended)
        pam_syslog(pam, LOG_NOTICE, "the connection of the rejected logon was ended");
}

// ---- which account

// As the session manager will ask, in a moment, for whom it makes a session.
static uid_t uid_of(const char *user_name)
{
    struct passwd entry, *found = NULL;
    char buffer[ENTRY_SIZE];
    return getpwnam_r(user_name, &entry, buffer, sizeof buffer, &found) == 0 && found ? found->pw_uid : PAM_NO_UID;
}

// From xrdp 0.10 on the session manager asks about the name that the host gives back for the account, and that may bear
// its domain ("NEUSTADT\\anna", "anna@neustadt.example") where the broker knows "anna". Only if both are the same
// account.
static void find_plain_name(struct pam_question *question)
{
    const char *start = strrchr(question->user_name, '\\');
    start = start ? start + 1 : question->user_name;
    size_t length = strcspn(start, "@");
    if (question->uid == PAM_NO_UID || length == 0 || length == strlen(question->user_name))
        return;
    memcpy(question->plain_name, start, length);
    question->plain_name[length] = 0;
    if (uid_of(question->plain_name) != question->uid)
        question->plain_name[0] = 0;
}

// Their desktop was opened under a user name that is theirs no more: the modules behind ask about the account whose
// desktop it is. The session manager goes by the name that it was told.
static int go_on_as(pam_handle_t *pam, uid_t uid, const char **user_name)
{
    struct passwd entry, *found = NULL;
    char buffer[ENTRY_SIZE];
    const void *item = NULL;
    if (getpwuid_r(uid, &entry, buffer, sizeof buffer, &found) != 0 || !found)
        return PAM_USER_UNKNOWN;
    int code = pam_set_item(pam, PAM_USER, found->pw_name);
    if (code == PAM_SUCCESS)
        code = pam_get_item(pam, PAM_USER, &item);
    *user_name = item;
    return code;
}

// ---- asking pult-host

static int64_t steady_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int dial(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return -1;
    memcpy(address.sun_path, path, strlen(path) + 1);
    int agent = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (agent >= 0 && connect(agent, (struct sockaddr *)&address, sizeof address) != 0) {
        close(agent);
        return -1;
    }
    return agent;
}

static int wait_for(int agent, int64_t until_ms)
{
    struct pollfd one = {.fd = agent, .events = POLLIN};
    for (;;) {
        int64_t left_ms = until_ms - steady_ms();
        int ready = left_ms > 0 ? poll(&one, 1, (int)left_ms) : 0;
        if (ready >= 0 || errno != EINTR)
            return ready > 0;
    }
}

// PAM_SUCCESS: there is an answer.
static int ask_agent(const char *path, const struct pam_question *question, struct pam_answer *answer)
{
    int64_t until_ms = steady_ms() + PAM_DEADLINE_MS;
    char packet[PAM_QUESTION_MAX], got[PAM_ANSWER_SIZE + 1];
    size_t length = pam_question_write(question, packet);
    if (length == 0)
        return PAM_AUTH_ERR;
    int agent = dial(path);
    int sent = agent >= 0 && send(agent, packet, length, MSG_NOSIGNAL) == (ssize_t)length;
    explicit_bzero(packet, sizeof packet);
    ssize_t heard = sent && wait_for(agent, until_ms) ? recv(agent, got, sizeof got, MSG_DONTWAIT) : -1;
    if (agent >= 0)
        close(agent);
    return heard > 0 && pam_answer_read(answer, got, (size_t)heard) ? PAM_SUCCESS : PAM_AUTHINFO_UNAVAIL;
}

// False when it is no question for pult-host: then nothing is asked.
static int fill(struct pam_question *question, const char *user_name, const char *password)
{
    size_t user_name_length = user_name ? strnlen(user_name, sizeof question->user_name) : 0,
           password_length = password ? strnlen(password, sizeof question->password) : 0;
    if (!user_name_length || user_name_length == sizeof question->user_name ||
        password_length == sizeof question->password)
        return 0;
    memcpy(question->user_name, user_name, user_name_length + 1);
    memcpy(question->password, password ? password : "", password_length + 1);
    return 1;
}

// ---- what PAM calls

static void forget(pam_handle_t *pam, void *data, int code)
{
    (void)pam;
    (void)code;
    free(data);
}

static int note(pam_handle_t *pam, const char *user_name)
{
    char *copy = strdup(user_name);
    int code = copy ? pam_set_data(pam, accepted, copy, forget) : PAM_BUF_ERR;
    if (code != PAM_SUCCESS)
        free(copy);
    return code;
}

// What follows is the typed password, for the modules behind; a used one-time password is nobody's password.
static int hand_on(pam_handle_t *pam, const char *password, const struct pam_answer *answer)
{
    char *typed = answer->password_offset ? strdup(password + answer->password_offset) : NULL;
    if (answer->password_offset && !typed)
        return PAM_BUF_ERR;
    int code = pam_set_item(pam, PAM_AUTHTOK, typed);
    if (typed) {
        explicit_bzero(typed, strlen(typed));
        free(typed);
    }
    if (code != PAM_SUCCESS)
        return code;
    return answer->password_offset ? PAM_IGNORE : PAM_SUCCESS;
}

__attribute__((visibility("default"))) int pam_sm_authenticate(pam_handle_t *pam, int flags, int count,
                                                               const char **words)
{
    const char *user_name = NULL, *password = NULL;
    struct pam_question question = {.connection = 0};
    struct pam_answer answer = {.valid = false};
    struct settings settings = read_arguments(pam, count, words);
    (void)flags;
    // An earlier attempt of this transaction admits nobody.
    pam_set_data(pam, accepted, NULL, NULL);
    question.connection = asking_connection(&settings);
    int code = PAM_AUTH_ERR;
    if (pam_get_user(pam, &user_name, NULL) == PAM_SUCCESS &&
        pam_get_authtok(pam, PAM_AUTHTOK, &password, NULL) == PAM_SUCCESS && fill(&question, user_name, password)) {
        question.uid = uid_of(question.user_name);
        find_plain_name(&question);
        code = ask_agent(settings.socket, &question, &answer);
    }
    if (code != PAM_SUCCESS) // pult-host has not heard of it
        end_connection(pam, question.connection);
    if (code == PAM_SUCCESS && (!answer.valid || answer.password_offset > strlen(password)))
        code = PAM_AUTH_ERR;
    if (code == PAM_AUTHINFO_UNAVAIL)
        pam_syslog(pam, LOG_ERR, "pult-host does not answer at %s; is it running?", settings.socket);
    if (code == PAM_SUCCESS && answer.uid != question.uid)
        code = go_on_as(pam, answer.uid, &user_name);
    if (code == PAM_SUCCESS)
        code = note(pam, user_name);
    if (code == PAM_SUCCESS)
        code = hand_on(pam, password, &answer);
    explicit_bzero(&question, sizeof question);
    return code;
}

__attribute__((visibility("default"))) int pam_sm_setcred(pam_handle_t *pam, int flags, int count, const char **words)
{
    (void)pam;
    (void)flags;
    (void)count;
    (void)words;
    return PAM_IGNORE;
}

__attribute__((visibility("default"))) int pam_sm_acct_mgmt(pam_handle_t *pam, int flags, int count, const char **words)
{
    const void *data = NULL, *user_name = NULL;
    (void)flags;
    (void)count;
    (void)words;
    if (pam_get_data(pam, accepted, &data) == PAM_SUCCESS && data &&
        pam_get_item(pam, PAM_USER, &user_name) == PAM_SUCCESS && user_name && strcmp(data, user_name) == 0)
        return PAM_SUCCESS;
    pam_syslog(pam, LOG_NOTICE, "logon refused: no one-time password was presented");
    return PAM_ACCT_EXPIRED;
}
