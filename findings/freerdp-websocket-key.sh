#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Guess: a client that opens a WebSocket sends a Sec-WebSocket-Key of 16 bytes in base64, 24 characters (RFC 6455), so a server or
#        a proxy may refuse another one.
# What happens: FreeRDP 2 (Debian 12, and with it Remmina there) asks an RD gateway for a WebSocket with 15 characters from @ to _
#        as its key, which is no base64. HAProxy, which looks at the key when it speaks HTTP, answers 400 itself, and
#        the gateway behind it never hears of the client. Who hashes the key as it stands gets on with it; FreeRDP 3 is right.
# Needs: gcc, openssl, python3, and the libraries of FreeRDP and HAProxy (those of Debian 12's freerdp3-x11 and haproxy).
. "$(dirname "$0")/packages"
unpack bookworm haproxy 2.6.12-1+deb12u3
. "$(dirname "$0")/freerdp"

# Prints what the key is like, and refuses the client.
cat >"$work/gateway.py" <<'END'
import base64, binascii, sys, tsgu

def judge(key):
    try:
        return "key of %d bytes" % len(base64.b64decode(key, validate=True))
    except binascii.Error:
        return "no base64"

first = True
for stream in tsgu.guests(int(sys.argv[1])):
    try:
        head = tsgu.read_head(stream)
    except EOFError:
        continue
    if first and b"websocket" in head:
        key = tsgu.key_in(head)
        print("%d characters, %s" % (len(key), judge(key)), flush=True)
        first = False
    stream.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
END

cat "$work/key" "$work/certificate" >"$work/both.pem"
cat >"$work/haproxy.cfg" <<END
defaults
  mode http
  log stdout format raw daemon
  log-format "HAProxy's answer %ST"
  timeout connect 30s
  timeout client 30s
  timeout server 30s
listen gateway
  bind localhost:443 ssl crt $work/both.pem
  server gateway localhost:4430 ssl verify none
END
cat >"$work/front" <<END
#!/bin/sh
exec "$work/haproxy/2.6.12-1+deb12u3/usr/sbin/haproxy" -db -f "$work/haproxy.cfg" >"$work/haproxy.log" 2>&1
END
chmod +x "$work/front"
answer_of() { grep -o "HAProxy's answer .*" "$work/haproxy.log" | tail -n 1; }

refused=ERRCONNECT_SECURITY_NEGO_CONNECT_FAILED
says 'FreeRDP 2.11.7, key' "15 characters, no base64 $refused" "$(visit old 443 | paste -sd ' ')"
says 'FreeRDP 3.10.3, key' "24 characters, key of 16 bytes $refused" "$(visit new 443 | paste -sd ' ')"
says 'FreeRDP 2.11.7 behind HAProxy, gateway sees' "$refused" "$(visit old 4430)"
says '  which answers instead of it' "HAProxy's answer 400" "$(answer_of)"
says 'FreeRDP 3.10.3 behind HAProxy, gateway sees' "24 characters, key of 16 bytes $refused" "$(visit new 4430 | paste -sd ' ')"
says '  whose own answer comes through' "HAProxy's answer 404" "$(answer_of)"
