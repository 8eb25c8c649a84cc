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
import base64, hashlib, socket, ssl, struct, sys

port, step, code = int(sys.argv[1]), sys.argv[2], int(sys.argv[3], 16)
listener = socket.create_server(("localhost", port))
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.path[0] + "/certificate", sys.path[0] + "/key")

def read(stream, length):
    data = b""
    while len(data) < length:
        more = stream.recv(length - len(data))
        if not more:
            raise EOFError
        data += more
    return data

def read_packet(stream):
    length = read(stream, 2)[1] & 127
    if length == 126:
        length = struct.unpack(">H", read(stream, 2))[0]
    mask = read(stream, 4)
    data = bytes(byte ^ mask[i % 4] for i, byte in enumerate(read(stream, length)))
    return struct.unpack("<H", data[:2])[0]

def answer(stream, kind, body):
    packet = struct.pack("<HHI", kind, 0, 8 + len(body)) + body
    stream.sendall(bytes([0x82, len(packet)]) + packet)

def refused(name):
    return code if step == name else 0

def serve(stream):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += read(stream, 1)
    key = [line.split()[1] for line in head.splitlines() if line.lower().startswith(b"sec-websocket-key:")][0]
    accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    stream.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
    seen = []
    try:
        while True:
            kind = read_packet(stream)
            if kind == 1:  # handshake
                answer(stream, 2, struct.pack("<IBBHH", refused("handshake"), 1, 0, 0, 2))
                seen.append("handshake")
            elif kind == 4:
                answer(stream, 5, struct.pack("<HIHHII", 0, refused("tunnel"), 3, 0, 1, 0))
                seen.append("tunnel")
            elif kind == 6:
                answer(stream, 7, struct.pack("<IHHII", 0, 3, 0, 0x80000000, 0))
            elif kind == 8:
                answer(stream, 9, struct.pack("<IHHI", refused("channel"), 1, 0, 1))
                seen.append("channel")
            elif kind == 10:  # data for the desktop
                seen.append("data")
                break
    except EOFError:
        pass
    return " ".join(seen)

first = True
while True:
    connection, _ = listener.accept()
    try:
        with context.wrap_socket(connection, server_side=True) as stream:
            seen = serve(stream)
            if first:  # it tries once more, another way
                print(seen, end=", ", flush=True)
            first = False
    except OSError:
        pass  # the one that looks whether the port is open
END

all='handshake tunnel channel data, ERRCONNECT_CONNECT_TRANSPORT_FAILED'
for version in old new; do
  echo "FreeRDP, the $version one; what it asks for until the gateway or itself ends, and what it calls that:"
  says '  nothing refused; the gateway ends at the first data' "$all" "$(visit "$version" 443 none 0)"
  says '  handshake refused with 59E8' "$all" "$(visit "$version" 443 handshake 59E8)"
  says '    with 800759E8' 'handshake, E_PROXY_NOTSUPPORTED' "$(visit "$version" 443 handshake 800759E8)"
  says '  tunnel refused with 59E6' "$all" "$(visit "$version" 443 tunnel 59E6)"
  says '    with 800759E6' 'handshake tunnel, E_PROXY_MAXCONNECTIONSREACHED' "$(visit "$version" 443 tunnel 800759E6)"
  says '  channel refused with 59DD' "$all" "$(visit "$version" 443 channel 59DD)"
  says '    with 800759DD' 'handshake tunnel channel, E_PROXY_TS_CONNECTFAILED' "$(visit "$version" 443 channel 800759DD)"
done
