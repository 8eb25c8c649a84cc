#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Guess: a gateway may send MS-TSGU's KEEPALIVE whenever nothing else passes, for instance while it waits for a desktop that
#        has to wake up and a proxy on the way cuts what is idle. FreeRDP answers or ignores it.
# What happens: so it is with FreeRDP 2, and with FreeRDP 3 once the channel is open: both answer it then by one of their own.
#        Before that FreeRDP 3 calls the packet "not implemented" and gives the connection up.
# Needs: gcc, openssl, python3, and FreeRDP's libraries (those of Debian 12's freerdp3-x11).
. "$(dirname "$0")/packages"
. "$(dirname "$0")/freerdp"

cat >"$work/gateway.py" <<'END'
import sys, tsgu

when = sys.argv[2]  # the packet before whose answer a KEEPALIVE is sent

def hear(stream, name):
    if name == when:
        tsgu.send_packet(stream, 13, b"")
    tsgu.answer(stream, name)

tsgu.watch(int(sys.argv[1]), lambda seen: "data" not in seen or when == "data" and "keepalive" not in seen, hear)
END

steps='handshake tunnel authorization channel' ended=ERRCONNECT_CONNECT_TRANSPORT_FAILED gives_up=ERRCONNECT_SECURITY_NEGO_CONNECT_FAILED
says 'FreeRDP 2.11.7, no KEEPALIVE: it asks for' "$steps data, $ended" "$(visit old 443 none)"
says '  one before the answer to the handshake' "$steps data, $ended" "$(visit old 443 handshake)"
says '  one before the answer to the channel' "$steps data, $ended" "$(visit old 443 channel)"
says '  one when the channel is open' "$steps data keepalive, $ended" "$(visit old 443 data)"
says 'FreeRDP 3.10.3, no KEEPALIVE: it asks for' "$steps data, $ended" "$(visit new 443 none)"
says '  one before the answer to the handshake' "handshake, $gives_up" "$(visit new 443 handshake)"
says '    its log' 'TYPE 0xd not implemented' "$(grep -o 'TYPE 0xd not implemented' "$work/client.log" | head -n 1)"
says '  one before the answer to the channel' "$steps, $gives_up" "$(visit new 443 channel)"
says '  one when the channel is open' "$steps data keepalive, $ended" "$(visit new 443 data)"
