// SPDX-License-Identifier: EUPL-1.2
// The checks of health_checks.h. They run in threads and may wait.
#include "broker/base/clock.h"
#include "broker/base/file.h"
#include "broker/base/mem.h"
#include "broker/net/certificate.h"
#include "broker/net/dial.h"
#include "broker/net/rdp.h"
#include "broker/net/tls_policy.h"
#include "broker/pult-host/health_checks.h"
#include "broker/pult-host/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_S = 3, BUFFER_SIZE = 16 * 1024, LOOK_MS = 20 };

__attribute__((format(printf, 2, 3))) static bool wrong(char fault[HEALTH_FAULT_SIZE], const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(fault, HEALTH_FAULT_SIZE, format, args);
    va_end(args);
    return false;
}

static void descriptor_drop(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
}

static const char sesman_path[] = "/run/xrdp/sockdir/sesman.socket"; // xrdp from 0.10 on, as all of these
static const char sesexec_pattern[] = "/usr/lib/*/xrdp/xrdp-sesexec";
// Header of its own protocol (libipm): version, length, SCP, "close the connection". It logs an error about whoever
// goes without a word.
static const unsigned char farewell[12] = {2, 0, 12, 0, 1, 0, 10};

// Blocking, but for WAIT_S only.
static int dial_own(int64_t port)
{
    static const char *const addresses[] = {"127.0.0.1", "::1"};
    struct timeval wait = {.tv_sec = WAIT_S};
    int descriptor = -1;
    for (int i = 0; descriptor < 0 && i < 2; i++)
        descriptor = dial_now(addresses[i], (int)port, WAIT_S * 1000, NULL);
    if (descriptor < 0)
        return -1;
    fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK);
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    return descriptor;
}

// ---- xrdp: TLS, and the right certificate

static bool offers_tls(int descriptor, char fault[HEALTH_FAULT_SIZE])
{
    unsigned char bytes[RDP_CONFIRM_MAX];
    size_t length = 0, wanted = 4;
    uint32_t failure = 0;
    enum rdp_answer answer = RDP_PARTIAL;
    if (send(descriptor, rdp_request, sizeof rdp_request, MSG_NOSIGNAL) != (ssize_t)sizeof rdp_request)
        return wrong(fault, "xrdp: it accepts no connection");
    while (answer == RDP_PARTIAL) {
        ssize_t got = recv(descriptor, bytes + length, wanted - length, 0);
        if (got <= 0)
            return wrong(fault, "xrdp: no answer within %d s", WAIT_S);
        length += (size_t)got;
        answer = rdp_confirm(bytes, length, &wanted, &failure);
    }
    if (answer == RDP_TLS)
        return true;
    if (answer == RDP_PLAIN)
        return wrong(fault, "xrdp: it does not offer TLS (can it read its key?)");
    return wrong(fault, "xrdp: %s", answer == RDP_REFUSED ? rdp_failure_text(failure) : "what answers is not RDP");
}

static void certificate_drop(X509 **certificate)
{
    X509_free(*certificate);
}

static bool shows(int descriptor, X509 *expected)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    bool same = false;
    if (!context)
        return false;
    tls_policy_set(context);
    SSL *tls = SSL_new(context);
    if (tls && SSL_set_fd(tls, descriptor) == 1 && SSL_connect(tls) == 1) {
        const X509 *shown = SSL_get0_peer_certificate(tls);
        same = shown && X509_cmp(shown, expected) == 0;
    }
    SSL_free(tls);
    SSL_CTX_free(context);
    return same;
}

bool health_check_xrdp(const struct health_checks_config *config, char fault[HEALTH_FAULT_SIZE])
{
    owned(descriptor) int descriptor = dial_own(config->rdp_port);
    if (descriptor < 0)
        return wrong(fault, "xrdp: nothing listens on port %d", (int)config->rdp_port);
    if (!offers_tls(descriptor, fault))
        return false;
    owned(certificate) X509 *expected = certificate_read(config->certificate, NULL);
    if (!expected)
        return wrong(fault, "xrdp: cannot read its certificate %.100s", config->certificate);
    return shows(descriptor, expected) ||
           wrong(fault, "xrdp: it does not show the certificate %.100s (restart it?)", config->certificate);
}

// ---- the session manager: it takes a connection. A hung one leaves them in its queue.

static int dial_path(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    // Nothing is waited for: when the queue is full, that is seen by the queue.
    if (descriptor >= 0)
        (void)connect(descriptor, (struct sockaddr *)&address, sizeof address);
    return descriptor;
}

// Up to xrdp 0.9 it listens at a TCP port, from 0.10 on at a Unix socket: what there is decides.
static bool find_sesman(int64_t port, bool *at_path, struct socket_listener *found)
{
    *at_path = sockets_listener_at(sesman_path, found);
    return *at_path || (port && sockets_listener("/proc", (uint16_t)port, found));
}

static bool accepts(int64_t port)
{
    struct timespec pause = {.tv_nsec = LOOK_MS * 1000 * 1000};
    struct socket_listener found;
    bool at_path = false;
    for (int64_t until_ms = clock_steady_ms() + WAIT_S * 1000; clock_steady_ms() < until_ms;) {
        if (!find_sesman(port, &at_path, &found) || found.waiting == 0)
            return true;
        nanosleep(&pause, NULL);
    }
    return false;
}

// It goes on after an upgrade, but what it then starts does not work together with it.
static bool is_outdated(bool at_path)
{
    glob_t found;
    bool is = !at_path && glob(sesexec_pattern, 0, NULL, &found) == 0;
    if (is)
        globfree(&found);
    return is;
}

bool health_check_sesman(const struct health_checks_config *config, char fault[HEALTH_FAULT_SIZE])
{
    struct socket_listener found;
    bool at_path = false;
    if (!find_sesman(config->sesman_port, &at_path, &found))
        return wrong(fault, "session manager: nothing listens at %s or on port %d", sesman_path,
                     (int)config->sesman_port);
    if (is_outdated(at_path))
        return wrong(fault, "session manager: xrdp was upgraded and the old one still runs; when nobody works here: "
                            "systemctl restart xrdp-sesman xrdp");
    owned(descriptor) int descriptor = at_path ? dial_path(sesman_path) : dial_own(config->sesman_port);
    if (!accepts(config->sesman_port))
        return wrong(fault, "session manager: it has accepted no connection for %d s", WAIT_S);
    if (at_path)
        send(descriptor, farewell, sizeof farewell, MSG_NOSIGNAL | MSG_DONTWAIT);
    return true;
}

// ---- accounts

bool health_check_accounts(const struct health_checks_config *config, char fault[HEALTH_FAULT_SIZE])
{
    struct passwd entry, *found = NULL;
    owned(bytes) char *buffer = mem_new(1, BUFFER_SIZE);
    if (!*config->probe_account)
        return true;
    int code = getpwnam_r(config->probe_account, &entry, buffer, BUFFER_SIZE, &found);
    return found || wrong(fault, "accounts: %.60s is unknown on this host%s%s", config->probe_account, code ? ": " : "",
                          code ? strerror(code) : "");
}

// ---- disks

static bool has_room(const char *path, int64_t percent, char fault[HEALTH_FAULT_SIZE])
{
    struct statvfs disk;
    if (statvfs(path, &disk) != 0)
        return wrong(fault, "disks: %s: %s", path, strerror(errno));
    if (disk.f_blocks && disk.f_bavail * 100 < disk.f_blocks * (uint64_t)percent)
        return wrong(fault, "disks: less than %d %% of %s is free", (int)percent, path);
    if (disk.f_files && disk.f_favail * 100 < disk.f_files * (uint64_t)percent)
        return wrong(fault, "disks: less than %d %% of the inodes of %s are free", (int)percent, path);
    return true;
}

bool health_check_disks(const struct health_checks_config *config, char fault[HEALTH_FAULT_SIZE])
{
    return has_room("/home", config->free_percent, fault) && has_room("/tmp", config->free_percent, fault) &&
           has_room("/var", config->free_percent, fault);
}

bool health_check_state(const struct health_checks_config *config, char fault[HEALTH_FAULT_SIZE])
{
    char path[400];
    struct fault why = {0};
    snprintf(path, sizeof path, "%s/try", config->state_dir);
    return (file_replace(path, 0600, "x", 1, &why) && file_remove(path, &why)) ||
           wrong(fault, "state directory: %.200s", why.text);
}
