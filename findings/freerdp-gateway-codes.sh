#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Guess: a gateway that refuses a step with a code of MS-TSGU 2.2.6, such as 0x59E6 (too many connections) or 0x59DD (the host
#        cannot be reached), is understood: what is not 0 is an error, and FreeRDP has a name for each of the two.
# What happens: FreeRDP takes for an error what is negative. Many of those codes are written without the bit of failure, so
#        it goes on as if it had been let in: next step, then the desktop's first bytes into a channel that there is not. What the
#        person reads in the end is a broken connection. With 0x8007 before them the same codes are told by name.
# Needs: gcc, openssl, python3, and FreeRDP's libraries (those of Debian 12's freerdp3-x11).
. "$(dirname "$0")/packages"
. "$(dirname "$0")/freerdp"

cat >"$work/gateway.py" <<'END'
import sys, tsgu

refused, code = sys.argv[2], int(sys.argv[3], 16)

def hear(stream, name):
    tsgu.answer(stream, name, code if name == refused else 0)

tsgu.watch(int(sys.argv[1]), lambda seen: "data" not in seen, hear)
END

all='handshake tunnel authorization channel data, ERRCONNECT_CONNECT_TRANSPORT_FAILED'
for version in old new; do
  echo "FreeRDP, the $version one; what it asks for until the gateway or itself ends, and what it calls that:"
  says '  nothing refused; the gateway ends at the first data' "$all" "$(visit "$version" 443 none 0)"
  says '  handshake refused with 59E8' "$all" "$(visit "$version" 443 handshake 59E8)"
  says '    with 800759E8' 'handshake, E_PROXY_NOTSUPPORTED' "$(visit "$version" 443 handshake 800759E8)"
  says '  tunnel refused with 59E6' "$all" "$(visit "$version" 443 tunnel 59E6)"
  says '    with 800759E6' 'handshake tunnel, E_PROXY_MAXCONNECTIONSREACHED' "$(visit "$version" 443 tunnel 800759E6)"
  says '  channel refused with 59DD' "$all" "$(visit "$version" 443 channel 59DD)"
  says '    with 800759DD' 'handshake tunnel authorization channel, E_PROXY_TS_CONNECTFAILED' "$(visit "$version" 443 channel 800759DD)"
done
