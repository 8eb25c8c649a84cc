#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Guess: LWS_SERVER_OPTION_ALLOW_LISTEN_SHARE lets several processes listen on one port (SO_REUSEPORT), as its comment
#        says, so that a second core is a second process.
# What happens: Debian builds libwebsockets with LWS_MAX_SMP=1, and with that the option is silently without effect: the
#        second process is told that the address is in use. Nothing in the header or the log names the reason. An own
#        listening socket with SO_REUSEPORT, whose connections are adopted, does it.
# Needs: gcc, user namespaces. A minute at most.
. "$(dirname "$0")/packages"
unpack bookworm libwebsockets17 4.1.6-3 libwebsockets-dev 4.1.6-3
library=$(folder_of libwebsockets17 4.1.6-3 libwebsockets.so.17)

cat >"$work/listen.c" <<'END'
#include <libwebsockets.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *second_process(int port)
{
    struct lws_context_creation_info info = {.port = 7681, .iface = "lo",
                                             .options = LWS_SERVER_OPTION_ALLOW_LISTEN_SHARE};
    struct lws_context *first = lws_create_context(&info);
    info.port = port;
    pid_t child = fork();
    if (child == 0)
        _exit(lws_create_context(&info) ? 0 : 1);
    int status = 0;
    waitpid(child, &status, 0);
    lws_context_destroy(first);
    return !first ? "not even the first listens" : WIFEXITED(status) && WEXITSTATUS(status) == 0 ? "both listen" : "refused";
}

int main(void)
{
    lws_set_log_level(0, NULL);
    printf("%s; another port: %s; %s, LWS_MAX_SMP %d", second_process(7681), second_process(7682),
           lws_get_library_version(), LWS_MAX_SMP);
    return 0;
}
END
gcc -I"$work/libwebsockets-dev/4.1.6-3/usr/include" -o "$work/listen" "$work/listen.c" "$library/libwebsockets.so.17"
# shellcheck disable=SC2016
says 'a second process at the same port' 'refused; another port: both listen; 4.1.6-, LWS_MAX_SMP 1' \
  "$(LD_LIBRARY_PATH=$library unshare -rn sh -c 'ip link set lo up; timeout 20 "$1"' sh "$work/listen")"
