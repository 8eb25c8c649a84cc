// SPDX-License-Identifier: EUPL-1.2
// The real viewer in its sandbox before hosts that are not what they should be.
#include "client-agent/rdp_client.h"
#include "broker/base/text.h"
#include "tests/integration/client-agent/display_fixture.h"
#include "tests/program.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WAIT_MS = 15000 };

// Looked for in what a false host gets and in what other users of the machine can see.
static const char canary[] = "Kanarienvogel-17";

// What the host's process saw, by its exit code.
enum { HOST_SAW_NOTHING = 10, HOST_SAW_MORE = 11, HOST_SAW_NOBODY = 12 };

static char path[120], start_library[300], probe_file[120], sound_dir[120];
static struct account nobody;
static struct rdp_client *viewer;
static volatile bool is_over;
static enum rdp_client_end how;
static int code;
static pid_t host;

static void ended(void *arg, enum rdp_client_end end, int status)
{
    (void)arg;
    how = end;
    code = status;
    is_over = true;
}

static void start(void)
{
    struct fault why = {0};
    display_take();
    cr_assert(account_find(&nobody, "nobody", &why), "%s", why.text);
    cr_assert_eq(chown(x_server_auth_file(display_server()), nobody.uid, nobody.gid), 0);
    snprintf(path, sizeof path, "%s/host.sock", display_folder());
    snprintf(probe_file, sizeof probe_file, "%s/probe", display_folder());
    snprintf(sound_dir, sizeof sound_dir, "%s/snd", display_folder());
}

static void stop(void)
{
    rdp_client_free(viewer);
    if (host > 0)
        kill(host, SIGKILL);
    unlink(path);
    display_leave();
}

TestSuite(rdp_client_at_host, .init = start, .fini = stop);

// ---- hosts

// What comes first, X.224 Connection Request (MS-RDPBCGR 2.2.1.1), is the same for all; what comes after `confirm`
// would be more. The agent ends a viewer at any moment, also one that has just come again: whoever is gone shows
// nothing.
static bool meets(int line, const void *confirm, size_t length, int *seen)
{
    unsigned char packet[512];
    ssize_t got = read(line, packet, sizeof packet);
    bool is_request = got >= 19 && !memmem(packet, (size_t)got, canary, sizeof canary - 1);
    *seen = got <= 0 || is_request ? HOST_SAW_NOTHING : HOST_SAW_MORE;
    return is_request && send(line, confirm, length, MSG_NOSIGNAL) == (ssize_t)length;
}

// Agrees to nothing, which means: classic RDP security, without any certificate.
static int host_without_tls(int line)
{
    static const unsigned char confirm[] = {3, 0, 0, 11, 6, 0xd0, 0, 0, 0x12, 0x34, 0};
    char more[4096];
    int seen;
    if (!meets(line, confirm, sizeof confirm, &seen))
        return seen;
    return read(line, more, sizeof more) > 0 ? HOST_SAW_MORE : HOST_SAW_NOTHING;
}

static SSL_CTX *context_of_its_own(void)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC, (const unsigned char *)"ts1", -1,
                               -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    SSL_CTX_use_certificate(context, certificate);
    SSL_CTX_use_PrivateKey(context, key);
    return context;
}

static int host_with_another_certificate(int line)
{
    // RDP_NEG_RSP (MS-RDPBCGR 2.2.1.2.1): PROTOCOL_SSL.
    static const unsigned char confirm[] = {3, 0, 0, 19, 14, 0xd0, 0, 0, 0x12, 0x34, 0, 2, 0, 8, 0, 1, 0, 0, 0};
    char more[4096];
    int seen;
    SSL *tls = SSL_new(context_of_its_own());
    if (!meets(line, confirm, sizeof confirm, &seen))
        return seen;
    SSL_set_fd(tls, line);
    // With TLS 1.3 the viewer can have sent its first words before it judged us: they would be read here.
    bool agreed = SSL_accept(tls) == 1;
    return agreed && SSL_read(tls, more, sizeof more) > 0 ? HOST_SAW_MORE : HOST_SAW_NOTHING;
}

static int silent_host(int line)
{
    char more[4096];
    int seen;
    if (!meets(line, "", 0, &seen))
        return seen;
    return read(line, more, sizeof more) > 0 ? HOST_SAW_MORE : HOST_SAW_NOTHING;
}

// Keeps what the probe in the sandbox says; for the viewer's own connection it is silent.
static int probed_host(int line)
{
    char text[4096];
    size_t length = 0;
    for (ssize_t got; length + 1 < sizeof text && (got = read(line, text + length, sizeof text - 1 - length)) > 0;)
        length += (size_t)got;
    text[length] = 0;
    FILE *file = strstr(text, "\nend\n") ? fopen(probe_file, "we") : NULL;
    if (file) {
        fputs(text, file);
        fclose(file);
    }
    return HOST_SAW_NOTHING;
}

// The viewer may try again, with less security: until it has not come for a while, or has shown too much.
static int serve_all(int listener, int (*serve)(int line))
{
    int seen = HOST_SAW_NOBODY;
    struct pollfd comes = {.fd = listener, .events = POLLIN};
    while (seen != HOST_SAW_MORE && poll(&comes, 1, seen == HOST_SAW_NOBODY ? WAIT_MS : 1000) == 1) {
        int line = accept(listener, NULL, NULL);
        seen = serve(line);
        close(line);
    }
    return seen;
}

static void open_host(int (*serve)(int line))
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    TEXT_PUT(address.sun_path, path);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0, "%s", strerror(errno));
    cr_assert_eq(listen(listener, 1), 0);
    cr_assert_eq(chmod(path, 0777), 0);
    host = fork();
    if (host == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGPIPE, SIG_IGN);
        alarm(2 * WAIT_MS / 1000);
        _exit(serve_all(listener, serve));
    }
    close(listener);
}

static int what_the_host_saw(void)
{
    int status = 0;
    cr_assert_eq(waitpid(host, &status, 0), host);
    host = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// ---- the viewer

static void open_viewer_with(const char *library, bool sound)
{
    struct logon_answer answer = {.user_name = "anna", .session = "neustadt/s-1", .sound = sound};
    struct secret password;
    struct fault why = {0};
    memset(answer.fingerprint, 'a', DIGEST_SIZE - 1);
    cr_assert(secret_set(&password, canary, sizeof canary - 1));
    struct rdp_client_config config = {.program = "/usr/bin/xfreerdp3",
                                       .sandbox = "/usr/bin/bwrap",
                                       .drives_dir = "",
                                       .sound_dir = sound_dir,
                                       .account = &nobody};
    snprintf(start_library, sizeof start_library, "%s/%s", getenv("PULT_BUILD"), library);
    config.start = start_library;
    struct rdp_client_task task = {.answer = &answer,
                                   .password = &password,
                                   .display = x_server_display(display_server()),
                                   .auth_file = x_server_auth_file(display_server()),
                                   .socket_path = path};
    viewer = rdp_client_start(display_loop(), &config, &task, ended, NULL, &why);
    cr_assert(viewer, "%s", why.text);
}

static void open_viewer(void)
{
    open_viewer_with("client-agent/pult-viewer-start.so", false);
}

Test(rdp_client_at_host, gives_no_password_to_a_host_with_another_certificate)
{
    open_host(host_with_another_certificate);
    open_viewer();
    cr_assert(display_wait(&is_over, WAIT_MS));
    cr_assert_eq(how, RDP_CLIENT_WRONG_CERTIFICATE, "it ended with %d", code);
    cr_assert_eq(what_the_host_saw(), HOST_SAW_NOTHING);
}

Test(rdp_client_at_host, gives_no_password_to_a_host_without_tls)
{
    open_host(host_without_tls);
    open_viewer();
    cr_assert(display_wait(&is_over, WAIT_MS));
    cr_assert_eq(how, RDP_CLIENT_WRONG_CERTIFICATE, "it ended with %d", code);
    cr_assert_eq(what_the_host_saw(), HOST_SAW_NOTHING);
}

// The text of a file in /proc, with NULs as spaces.
static size_t read_proc(const char *pid, const char *name, char *text, size_t size)
{
    char file[300];
    snprintf(file, sizeof file, "/proc/%.20s/%s", pid, name);
    FILE *stream = fopen(file, "re");
    size_t length = stream ? fread(text, 1, size - 1, stream) : 0;
    if (stream)
        fclose(stream);
    text[length] = 0;
    for (size_t i = 0; i < length; i++)
        text[i] = text[i] ? text[i] : ' ';
    return length;
}

// The number of the process that runs xfreerdp3 itself, not the sandbox's; "" when it is not there.
static void find_viewer(char pid[20])
{
    char line[4096];
    pid[0] = 0;
    DIR *processes = opendir("/proc");
    for (struct dirent *entry; (entry = readdir(processes));) {
        read_proc(entry->d_name, "cmdline", line, sizeof line);
        char status[4096];
        read_proc(entry->d_name, "status", status, sizeof status);
        char ours[40];
        snprintf(ours, sizeof ours, "\t%u\t", nobody.uid);
        if (text_starts(line, "/usr/bin/xfreerdp3 ") && strstr(status, ours))
            text_cut(pid, 20, entry->d_name);
    }
    closedir(processes);
}

static void wait_for_viewer(char pid[20])
{
    pid[0] = 0;
    for (int i = 0; i < 400 && !*pid; i++) {
        display_run_ms(50);
        find_viewer(pid);
    }
    cr_assert(*pid, "there is no viewer");
    display_run_ms(500);
}

Test(rdp_client_at_host, shows_the_password_to_nobody_on_the_machine)
{
    char pid[20], text[16 * 1024];
    open_host(silent_host);
    open_viewer();
    wait_for_viewer(pid);
    cr_assert_gt(read_proc(pid, "cmdline", text, sizeof text), 0);
    cr_assert_null(strstr(text, canary));
    cr_assert_null(strstr(text, "anna"));
    cr_assert_gt(read_proc(pid, "environ", text, sizeof text), 0);
    cr_assert_null(strstr(text, canary));
}

static ino_t namespace_of(const char *pid, const char *kind)
{
    char file[100];
    struct stat status;
    snprintf(file, sizeof file, "/proc/%s/ns/%s", pid, kind);
    cr_assert_eq(stat(file, &status), 0, "%s", file);
    return status.st_ino;
}

Test(rdp_client_at_host, lives_in_a_world_of_its_own)
{
    static const char *const kinds[] = {"net", "mnt", "pid", "ipc", "user", "uts"};
    char pid[20], text[8192], link[100];
    open_host(silent_host);
    open_viewer();
    wait_for_viewer(pid);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        cr_expect_neq(namespace_of(pid, kinds[i]), namespace_of("self", kinds[i]), "%s", kinds[i]);
    read_proc(pid, "status", text, sizeof text);
    cr_expect(strstr(text, "CapEff:\t0000000000000000"), "it has capabilities");
    cr_expect(strstr(text, "CapBnd:\t0000000000000000"), "it can get capabilities");
    cr_expect(strstr(text, "NoNewPrivs:\t1"));
    snprintf(link, sizeof link, "/proc/%s/root/root", pid);
    cr_expect_neq(access(link, F_OK), 0, "it sees /root");
    snprintf(link, sizeof link, "/proc/%s/root/etc/passwd", pid);
    cr_expect_neq(access(link, F_OK), 0, "it sees /etc/passwd");
    snprintf(link, sizeof link, "/proc/%s/root/usr/bin/xfreerdp3", pid);
    cr_expect_eq(access(link, F_OK), 0, "the test looks at the wrong place");
}

static void make_file(const char *name)
{
    char file[200];
    snprintf(file, sizeof file, "%s/%s", sound_dir, name);
    FILE *stream = fopen(file, "we");
    cr_assert(stream, "%s", file);
    fclose(stream);
}

static void wait_for_probe(char *text, size_t size)
{
    FILE *file = NULL;
    for (int i = 0; i < 400 && !file; i++) {
        display_run_ms(50);
        file = fopen(probe_file, "re");
    }
    cr_assert(file, "the probe says nothing");
    text[fread(text, 1, size - 1, file)] = 0;
    fclose(file);
}

// A host that has taken over the viewer is as far as this.
Test(rdp_client_at_host, gives_whoever_takes_it_over_no_way_on)
{
    static const char *const lines[] = {
        "unshare a user namespace: ENOSYS\n",
        "clone a user namespace: ENOSYS\n",
        "clone3: ENOSYS\n",
        "mount: ENOSYS\n",
        "trace: ENOSYS\n",
        "socket of the internet: ENOSYS\n",
        "socket of netlink: ENOSYS\n",
        "2 GiB: ENOMEM\n",
        "16 MiB: done\n",
        "memory file: ENOSYS\n",
        "file in /: EROFS\n",
        "/tmp/x: ENOSPC\n",
        "/home/viewer/x: ENOSPC\n",
        "/dev/shm/x: ENOSPC\n",
        "/dev/x: EROFS\n",
        "shared memory of 64 MiB: ENOSYS\n",
        "shared memory of 64 KiB: ENOSYS\n",
        "last when memory is short: EROFS\n",
        "process: done\n",
        "processes: 512\n",
    };
    char text[4096];
    open_host(probed_host);
    open_viewer_with("tests/integration/libsandbox_probe.so", false);
    wait_for_probe(text, sizeof text);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        cr_expect(strstr(text, lines[i]), "%sit said:\n%s", lines[i], text);
    cr_expect_null(strstr(text, "sound:"), "%s", text);
}

Test(rdp_client_at_host, gets_of_sound_what_plays_and_nothing_that_records)
{
    static const char *const nodes[] = {"controlC0", "pcmC0D0p", "pcmC0D0c", "pcmC1D3p", "pcmC1D3c",
                                        "timer",     "seq",      "midiC0D0", "hwC0D0"};
    static const char *const given[] = {"controlC0", "pcmC0D0p", "pcmC1D3p", "timer"};
    char text[4096], line[64];
    size_t count = 0;
    cr_assert_eq(mkdir(sound_dir, 0755), 0);
    for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++)
        make_file(nodes[i]);
    open_host(probed_host);
    open_viewer_with("tests/integration/libsandbox_probe.so", true);
    wait_for_probe(text, sizeof text);
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        snprintf(line, sizeof line, "sound: %s\n", given[i]);
        cr_expect(strstr(text, line), "no %s", given[i]);
    }
    for (const char *at = text; (at = strstr(at, "sound: ")); at++)
        count++;
    cr_expect_eq(count, sizeof given / sizeof *given, "%s", text);
    // What ALSA mixes in lies there.
    cr_expect(strstr(text, "shared memory of 64 MiB: ENOSYS\n"), "%s", text);
    cr_expect(strstr(text, "shared memory of 64 KiB: done\n"), "%s", text);
}

Test(rdp_client_at_host, goes_first_when_memory_is_short)
{
    char pid[20], text[64];
    open_host(silent_host);
    open_viewer();
    wait_for_viewer(pid);
    read_proc(pid, "oom_score_adj", text, sizeof text);
    cr_expect_str_eq(text, "1000\n");
}

Test(rdp_client_at_host, is_under_the_list_of_system_calls)
{
    char pid[20], text[8192];
    open_host(silent_host);
    open_viewer();
    wait_for_viewer(pid);
    read_proc(pid, "status", text, sizeof text);
    cr_expect(strstr(text, "Seccomp:\t2"), "%s", text);
}

// It must find what it is for in this FreeRDP, and it must be there within the sandbox.
Test(rdp_client_at_host, does_not_measure_the_processor_at_each_start)
{
    char pid[20], text[256 * 1024];
    open_host(silent_host);
    open_viewer();
    wait_for_viewer(pid);
    text[0] = 0;
    for (int i = 0; i < 200 && !strstr(text, "/run/pult/start.so"); i++) {
        display_run_ms(50);
        read_proc(pid, "maps", text, sizeof text);
    }
    cr_assert(strstr(text, "/run/pult/start.so"), "it is not loaded");
    program_shell("objdump -T /usr/lib/*/libfreerdp3.so.3 | grep -q ' primitives_set_hints$'");
}

Test(rdp_client_at_host, ends_when_it_is_told_to)
{
    char pid[20];
    open_host(silent_host);
    open_viewer();
    wait_for_viewer(pid);
    rdp_client_stop(viewer);
    cr_assert(display_wait(&is_over, WAIT_MS));
    // The kernel ends what was in there; who waits for the sandbox may be faster.
    for (int i = 0; i < 100 && *pid; i++) {
        display_run_ms(50);
        find_viewer(pid);
    }
    cr_assert_str_eq(pid, "", "the viewer outlives its sandbox");
}
