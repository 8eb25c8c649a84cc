#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Guess: lws_context_destroy closes what the context had open, once. A program whose libuv loop goes on may use a number
#        that is free again for a file of its own.
# What happens: the descriptor by which a context on a foreign libuv loop can be woken is closed by lws_context_destroy,
#        and the same number again when the loop has gone round: by then it may be a file of somebody else, who loses it
#        without a word.
# Needs: gcc. A minute at most.
. "$(dirname "$0")/packages"
unpack bookworm libwebsockets17 4.1.6-3 libwebsockets-dev 4.1.6-3 libwebsockets-evlib-uv 4.1.6-3 libuv1-dev 1.44.2-1+deb12u1 \
  libuv1 1.44.2-1+deb12u1
library=$(folder_of libwebsockets17 4.1.6-3 libwebsockets.so.17) plugin=$(folder_of libwebsockets-evlib-uv 4.1.6-3 '*evlib_uv.so')
uv=$(folder_of libuv1 1.44.2-1+deb12u1 libuv.so.1)

cat >"$work/destroy.c" <<'END'
#include <dirent.h>
#include <fcntl.h>
#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

static int wake_descriptor(int after) // the highest eventfd
{
    char path[64], target[64];
    for (int fd = 255; fd > after; fd--) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(path, target, sizeof target - 1);
        if (length > 0 && memmem(target, (size_t)length, "eventfd", 7))
            return fd;
    }
    return -1;
}

int main(void)
{
    uv_loop_t loop;
    void *loops[] = {&loop};
    struct lws_context_creation_info info = {.port = CONTEXT_PORT_NO_LISTEN, .options = LWS_SERVER_OPTION_LIBUV,
                                             .foreign_loops = loops};
    lws_set_log_level(0, NULL);
    uv_loop_init(&loop);
    int before = wake_descriptor(2);
    struct lws_context *context = lws_create_context(&info);
    for (int i = 0; i < 3; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
    int wake = wake_descriptor(before);
    lws_context_destroy(context);
    int free_again = fcntl(wake, F_GETFD) < 0;
    int own = free_again ? dup2(open("/dev/null", O_RDONLY), wake) : -1;
    for (int i = 0; i < 20; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
    printf("%.5s: %s; a file of our own there, later: %s", lws_get_library_version(), free_again ? "closed" : "open",
           own >= 0 && fcntl(own, F_GETFD) >= 0 ? "open" : "closed");
    return 0;
}
END
gcc -D_GNU_SOURCE -I"$work/libwebsockets-dev/4.1.6-3/usr/include" -I"$work/libuv1-dev/1.44.2-1+deb12u1/usr/include" -o "$work/destroy" \
  "$work/destroy.c" "$library/libwebsockets.so.17" "$uv/libuv.so.1"
says 'after lws_context_destroy' '4.1.6: closed; a file of our own there, later: closed' \
  "$(LD_LIBRARY_PATH=$library:$plugin:$uv timeout 30 "$work/destroy")"
