#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Guess: a server that sends a WebSocket ping is told of the pong by LWS_CALLBACK_RECEIVE_PONG; the ping may be empty
#        (RFC 6455, 5.5.2), and then the pong is, too.
# What happens: libwebsockets 4.1.6 (Debian 12) tells a server of a pong with something in it, and never of an empty one.
#        Whoever measures by it whether a silent client is there takes every such client for dead.
# Needs: gcc, python3. A minute at most.
. "$(dirname "$0")/packages"
unpack bookworm libwebsockets17 4.1.6-3 libwebsockets-dev 4.1.6-3
library=$(folder_of libwebsockets17 4.1.6-3 libwebsockets.so.17)

cat >"$work/serve.c" <<'END'
#include <libwebsockets.h>
#include <stdio.h>

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
    (void)wsi, (void)user, (void)in;
    if (reason == LWS_CALLBACK_RECEIVE_PONG)
        printf("pong of %zu bytes\n", length);
    if (reason == LWS_CALLBACK_CLOSED)
        printf("closed\n");
    fflush(stdout);
    return 0;
}

int main(void)
{
    static const struct lws_protocols protocols[] = {{"echo", on_event, 0, 128, 0, NULL, 0}, {NULL, NULL, 0, 0, 0, NULL, 0}};
    struct lws_context_creation_info info = {.port = 7681, .iface = "lo", .protocols = protocols};
    lws_set_log_level(LLL_ERR, NULL);
    struct lws_context *context = lws_create_context(&info);
    while (context && lws_service(context, 0) >= 0)
        ;
    return 1;
}
END
gcc -I"$work/libwebsockets-dev/4.1.6-3/usr/include" -o "$work/serve" "$work/serve.c" "$library/libwebsockets.so.17"

cat >"$work/client.py" <<'END'
import os, socket, sys, time
for _ in range(50):
    try:
        link = socket.create_connection(("127.0.0.1", 7681))
        break
    except OSError:
        time.sleep(0.1)
link.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
             b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: echo\r\n\r\n")
link.recv(4096)
said = sys.argv[1].encode()
link.sendall(bytes([0x8a, 0x80 | len(said)]) + b"\0\0\0\0" + said)
time.sleep(0.5)
END

# hears TEXT: what a server says when a client sends a pong with that in it, and then hangs up.
hears() {
  # shellcheck disable=SC2016
  LD_LIBRARY_PATH=$library unshare -rn sh -c \
    'ip link set lo up; timeout 3 "$1/serve" & python3 "$1/client.py" "$2"; sleep 0.5; kill $!' sh "$work" "$1" | tr '\n' ','
}

says 'a pong of a byte' 'pong of 1 bytes,closed,' "$(hears x)"
says 'an empty pong' 'closed,' "$(hears '')"
