#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Guess: for ldaps://localhost the server's certificate must name localhost (RFC 4513, 3.1.3: the name that the client
#        asked for).
# What happens: libldap puts the machine's own host name in place of "localhost" before it compares: a certificate for
#        localhost is refused, one for the host name is accepted. 127.0.0.1 is compared as it is written. So a test bed or
#        a directory on the same machine fails with a certificate that every other client likes, until somebody renames
#        the machine.
# Needs: python3, openssl, user namespaces. A minute at most.
. "$(dirname "$0")/packages"
unpack bookworm ldap-utils 2.5.13+dfsg-5 libldap-2.5-0 2.5.13+dfsg-5 libsasl2-2 2.1.28+dfsg-10
program=$(folder_of ldap-utils 2.5.13+dfsg-5 ldapsearch)/ldapsearch
export LD_LIBRARY_PATH=$(folder_of libldap-2.5-0 2.5.13+dfsg-5 libldap-2.5.so.0):$(folder_of libsasl2-2 2.1.28+dfsg-10 libsasl2.so.2)

# A server that answers the first message, a bind, with success.
cat >"$work/serve.py" <<'END'
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1])
listener = socket.create_server(("127.0.0.1", 636))
print("ready", flush=True)
try:
    link = context.wrap_socket(listener.accept()[0], server_side=True)
    link.recv(4096)
    link.sendall(bytes.fromhex("300c02010161070a010004000400"))
    link.recv(4096)
except OSError:
    pass
END
for name in DNS:localhost DNS:desk7.example IP:127.0.0.1; do
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test -keyout "$work/key" \
    -out "$work/certificate" -addext "subjectAltName=$name" 2>"$work/log"
  cat "$work/key" "$work/certificate" >"$work/$name"
done

# asks HOST NAME: whether a client on the machine desk7.example accepts HOST when the certificate says NAME.
asks() {
  # shellcheck disable=SC2016
  unshare -rnu sh -c 'hostname desk7.example; ip link set lo up; python3 "$1/serve.py" "$1/$3" >"$1/ready" &
    until grep -q ready "$1/ready"; do :; done
    LDAPTLS_CACERT="$1/$3" "$2" -x -H "ldaps://$4" -o nettimeout=5 -D cn=x -w x -b "" -s base >"$1/said" 2>&1
    grep -q "^# extended LDIF" "$1/said" && echo accepted || echo refused
    kill $! 2>/dev/null' sh "$work" "$program" "$2" "$1"
}

says 'ldaps://localhost, certificate for localhost' refused "$(asks localhost DNS:localhost)"
says 'ldaps://localhost, certificate for desk7.example' accepted "$(asks localhost DNS:desk7.example)"
says 'ldaps://127.0.0.1, certificate for 127.0.0.1' accepted "$(asks 127.0.0.1 IP:127.0.0.1)"
