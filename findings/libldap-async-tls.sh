#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Guess: LDAP_OPT_CONNECT_ASYNC is about connecting (ldap.conf(5): "connect(2)"). On a handle over a socket that is
#        connected already it changes nothing, and ldap_install_tls shakes hands until LDAP_OPT_NETWORK_TIMEOUT.
# What happens: with libldap 2.5 (Debian 12) so it is. With 2.6 (Debian 13) the option is about the handshake, too: as soon
#        as there is something to wait for, ldap_install_tls comes back with "Connecting (X)", an error to every caller
#        that compares with LDAP_SUCCESS. No manual page says so, nor what to do: wait for the socket and call it again.
# Needs: gcc, openssl. Two minutes at most.
. "$(dirname "$0")/packages"
unpack bookworm libldap-2.5-0 2.5.13+dfsg-5 libldap-dev 2.5.13+dfsg-5
unpack trixie libldap2 2.6.10+dfsg-1 libldap-dev 2.6.10+dfsg-1 libssl3t64 3.5.9-1~deb13u1 libsasl2-2 2.1.28+dfsg1-9 \
  libc6 2.41-12+deb13u5 zlib1g 1:1.3.dfsg+really1.3.1-1+deb13u1 libzstd1 1.5.7+dfsg-1

cat >"$work/shake.c" <<'END'
#include <arpa/inet.h>
#include <fcntl.h>
#include <ldap.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LDAP_PROTO_TCP = 1 }; // openldap.h is in no package
int ldap_init_fd(ber_socket_t fd, int proto, const char *url, LDAP **ld);

int main(int count, char **words)
{
    (void)words;
    int fd = socket(AF_INET, SOCK_STREAM, 0), never = LDAP_OPT_X_TLS_NEVER, zero = 0;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(6360), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval wait = {.tv_sec = 10};
    LDAP *ldap = NULL;
    while (connect(fd, (struct sockaddr *)&at, sizeof at) != 0) // until the server listens
        usleep(10000);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    ldap_init_fd(fd, LDAP_PROTO_TCP, "ldaps://localhost:6360", &ldap);
    ldap_set_option(ldap, LDAP_OPT_NETWORK_TIMEOUT, &wait);
    ldap_set_option(ldap, LDAP_OPT_X_TLS_REQUIRE_CERT, &never);
    ldap_set_option(ldap, LDAP_OPT_X_TLS_NEWCTX, &zero);
    if (count > 1)
        ldap_set_option(ldap, LDAP_OPT_CONNECT_ASYNC, LDAP_OPT_ON);
    LDAPAPIInfo info = {.ldapai_info_version = LDAP_API_INFO_VERSION};
    ldap_get_option(NULL, LDAP_OPT_API_INFO, &info);
    int code = ldap_install_tls(ldap);
    printf("%d: %s", info.ldapai_vendor_version, ldap_err2string(code));
    if (code != LDAP_SUCCESS) {
        sleep(2); // the server has said all long ago
        printf(", then %s", ldap_err2string(ldap_install_tls(ldap)));
    }
    return 0;
}
END
cat >"$work/serve.py" <<'END'
import socket, ssl, sys, time
listener = socket.create_server(("127.0.0.1", 6360))
client, _ = listener.accept()
time.sleep(0.5) # so that there is something to wait for
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(sys.argv[2], sys.argv[1])
tls.wrap_socket(client, server_side=True).recv(1)
END
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -days 2 \
  -keyout "$work/key" -out "$work/certificate" 2>/dev/null

old=$(dirname "$(find "$work/libldap-2.5-0" -name 'libldap-2.5.so.0')")
gcc -I"$work/libldap-dev/2.5.13+dfsg-5/usr/include" -o "$work/shake-old" "$work/shake.c" "$old/libldap-2.5.so.0" "$old/liblber-2.5.so.0"
new=$(dirname "$(find "$work/libldap2" -name libldap.so.2)") c=$(folder_of libc6 2.41-12+deb13u5 libc.so.6)
gcc -I"$work/libldap-dev/2.6.10+dfsg-1/usr/include" -Wl,--allow-shlib-undefined -o "$work/shake-new" "$work/shake.c" "$new/libldap.so.2" "$new/liblber.so.2"
libraries=$new:$c
for package in libssl3t64 libsasl2-2 zlib1g libzstd1; do libraries+=:$(dirname "$(find "$work/$package" -name '*.so.*' | head -n 1)"); done

cat >"$work/both" <<'END'
ip link set lo up
work=$1
shift
timeout 60 python3 "$work/serve.py" "$work/key" "$work/certificate" 2>/dev/null &
server=$!
timeout 30 "$@"
kill $server
END
shake_old() { LD_LIBRARY_PATH=$old unshare -rn sh "$work/both" "$work" "$work/shake-old" "$@"; }
shake_new() { unshare -rn sh "$work/both" "$work" "$c/ld-linux-x86-64.so.2" --library-path "$libraries" "$work/shake-new" "$@"; }

says 'without CONNECT_ASYNC' '20513: Success' "$(shake_old)"
says 'with it' '20513: Success' "$(shake_old async)"
says 'without CONNECT_ASYNC' '20610: Success' "$(shake_new)"
says 'with it' '20610: Connecting (X), then Success' "$(shake_new async)"
