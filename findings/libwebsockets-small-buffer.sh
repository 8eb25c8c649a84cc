#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Guess: a protocol's rx_buffer_size says how much of a message its callback is given at once. A small one costs more
#        calls for a long message, nothing else, as its comment in the header says.
# What happens: so it is with libwebsockets 4.1 (Debian 12). Over TLS, 4.3 (Debian 13) goes round a limited number of
#        times over what one TLS record held and then closes the connection, without a close frame and without an
#        error: a message of 16,000 bytes arrives by pieces of 512, and of 128 it does not. Without TLS it arrives.
# Needs: gcc, openssl, python3. Two minutes at most.
. "$(dirname "$0")/packages"
unpack bookworm libwebsockets17 4.1.6-3 libwebsockets-dev 4.1.6-3
unpack trixie libwebsockets19t64 4.3.5-1+deb13u3 libwebsockets-dev 4.3.5-1+deb13u3 libssl3t64 3.5.9-1~deb13u1 \
  libc6 2.41-12+deb13u5 libcap2 1:2.75-10+deb13u1+b3 zlib1g 1:1.3.dfsg+really1.3.1-1+deb13u1 libzstd1 1.5.7+dfsg-1

cat >"$work/serve.c" <<'END'
#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>

static size_t got;
static int over;

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t size)
{
    (void)user, (void)in;
    if (reason == LWS_CALLBACK_RECEIVE) {
        got += size;
        over = lws_is_final_fragment(wsi);
    } else if (reason == LWS_CALLBACK_CLOSED) {
        over = 1;
    }
    return 0;
}

int main(int count, char **words) // PIECE [KEY CERTIFICATE]
{
    struct lws_protocols protocols[] = {{"pieces", on_event, 0, (size_t)atoi(words[1]), 0, NULL, 0}, {0}};
    struct lws_context_creation_info info = {.port = 7681, .iface = "lo", .protocols = protocols};
    if (count > 3) {
        info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
        info.ssl_private_key_filepath = words[2];
        info.ssl_cert_filepath = words[3];
    }
    lws_set_log_level(0, NULL);
    struct lws_context *context = lws_create_context(&info);
    puts("ready");
    fflush(stdout);
    while (!over && context)
        lws_service(context, 0);
    printf("%.3s: %zu bytes", lws_get_library_version(), got);
    lws_context_destroy(context);
    return 0;
}
END
cat >"$work/send.py" <<'END'
import socket, ssl, struct, sys
server = socket.create_connection(("127.0.0.1", 7681))
if "tls" in sys.argv:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.check_hostname = False
    tls.verify_mode = ssl.CERT_NONE
    server = tls.wrap_socket(server)
server.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               b"Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\nSec-WebSocket-Version: 13\r\n\r\n")
answer = b""
while not answer.endswith(b"\r\n\r\n"):
    answer += server.recv(1)
server.sendall(b"\x82\xfe" + struct.pack(">H", 16000) + bytes(4) + bytes(16000))
while server.recv(100): # until the other side closes
    pass
END
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -days 2 \
  -keyout "$work/key" -out "$work/certificate" 2>/dev/null

old=$(folder_of libwebsockets17 4.1.6-3 libwebsockets.so.17)
gcc -I"$work/libwebsockets-dev/4.1.6-3/usr/include" -o "$work/serve-old" "$work/serve.c" "$old/libwebsockets.so.17"
new=$(folder_of libwebsockets19t64 4.3.5-1+deb13u3 libwebsockets.so.19)
c=$(folder_of libc6 2.41-12+deb13u5 libc.so.6)
gcc -I"$work/libwebsockets-dev/4.3.5-1+deb13u3/usr/include" -Wl,--allow-shlib-undefined -o "$work/serve-new" "$work/serve.c" "$new/libwebsockets.so.19"
libraries=$new:$c
for package in libssl3t64 libcap2 zlib1g libzstd1; do libraries+=:$(dirname "$(find "$work/$package" -name '*.so.*' | head -n 1)"); done

# What the server has got of a message of 16,000 bytes.
cat >"$work/both" <<'END'
ip link set lo up
work=$1 tls=$2
shift 2
mkfifo "$work/words"
timeout 60 "$@" ${tls:+"$work/key" "$work/certificate"} >"$work/words" &
exec 3<"$work/words"
rm "$work/words"
read -r _ <&3
timeout 60 python3 "$work/send.py" $tls 2>/dev/null &
cat <&3
END
arrives_old() { LD_LIBRARY_PATH=$old unshare -rn sh "$work/both" "$work" "${2:-}" "$work/serve-old" "$1"; }
arrives_new() {
  unshare -rn sh "$work/both" "$work" "${2:-}" "$c/ld-linux-x86-64.so.2" --library-path "$libraries" "$work/serve-new" "$1"
}

says 'pieces of 128' '4.1: 16000 bytes' "$(arrives_old 128)"
says 'pieces of 128, TLS' '4.1: 16000 bytes' "$(arrives_old 128 tls)"
says 'pieces of 128' '4.3: 16000 bytes' "$(arrives_new 128)"
says 'pieces of 128, TLS' '4.3: 14392 bytes' "$(arrives_new 128 tls)"
says 'pieces of 512, TLS' '4.3: 16000 bytes' "$(arrives_new 512 tls)"
