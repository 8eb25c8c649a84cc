#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Guess: a program of Debian 12 goes on when its machine becomes Debian 13: libwebsockets17 stays beside libwebsockets19t64,
#        and apt takes away whatever would break.
# What happens: libuv is a plugin of libwebsockets in a package and a file whose names have no version in them, loaded from
#        that one place by either library. The upgrade replaces it and nothing objects, for libwebsockets17 does not say that it
#        needs it, and the new one does not say that it breaks libwebsockets17; a program that depends on both finds both
#        there. It ends at its next start: lws_create_context gives no context, for "outdated api".
# Needs: root (a mount of its own over /usr/lib), gcc, and of libwebsockets' libraries those that any Debian with it has.
. "$(dirname "$0")/packages"
unpack bookworm libwebsockets17 4.1.6-3 libwebsockets-dev 4.1.6-3 libwebsockets-evlib-uv 4.1.6-3 libuv1-dev 1.44.2-1+deb12u1 \
  libuv1 1.44.2-1+deb12u1
unpack trixie libwebsockets19t64 4.3.5-1+deb13u3 libwebsockets-evlib-uv 4.3.5-1+deb13u3 libc6 2.41-12+deb13u5
library=$(folder_of libwebsockets17 4.1.6-3 libwebsockets.so.17) uv=$(folder_of libuv1 1.44.2-1+deb12u1 libuv.so.1)
newer=$(folder_of libwebsockets19t64 4.3.5-1+deb13u3 libwebsockets.so.19) c=$(folder_of libc6 2.41-12+deb13u5 libc.so.6)

cat >"$work/start.c" <<'END'
#include <libwebsockets.h>
#include <stdio.h>
#include <uv.h>

static void print(int level, const char *line)
{
    (void)level;
    fputs(line, stdout);
}

int main(void)
{
    uv_loop_t loop;
    void *loops[] = {&loop};
    uv_loop_init(&loop);
    lws_set_log_level(LLL_ERR, print);
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN, .options = LWS_SERVER_OPTION_LIBUV, .foreign_loops = loops};
    puts(lws_create_context(&info) ? "starts" : "does not start");
    return 0;
}
END
gcc -I"$work/libwebsockets-dev/4.1.6-3/usr/include" -I"$work/libuv1-dev/1.44.2-1+deb12u1/usr/include" -o "$work/start" \
  "$work/start.c" "$library/libwebsockets.so.17" "$uv/libuv.so.1"

# Runs the program with the plugin of a release where libwebsockets looks for it.
start_with() {
  local plugin
  plugin=$(folder_of libwebsockets-evlib-uv "$1" '*evlib_uv.so')
  # shellcheck disable=SC2016
  unshare -m sh -c 'mount -t overlay -o lowerdir="$1:$2" none "$2" && shift 2 && exec "$@"' sh "$plugin" \
    /usr/lib/x86_64-linux-gnu "$c/ld-linux-x86-64.so.2" --library-path "$library:$uv:$newer:$c:/usr/lib/x86_64-linux-gnu" \
    "$work/start" >"$work/said"
  tail -n 1 "$work/said"
}
says_of() { dpkg-deb -f "$work/$1/$2"/*.deb "$3" | grep -o 'libwebsockets17\|evlib' || echo nothing; }

says "libwebsockets17 depends on the plugin's package" nothing "$(says_of libwebsockets17 4.1.6-3 Depends)"
says 'the new plugin says that it breaks libwebsockets17' nothing "$(says_of libwebsockets-evlib-uv 4.3.5-1+deb13u3 Breaks)"
says '  conflicts with it' nothing "$(says_of libwebsockets-evlib-uv 4.3.5-1+deb13u3 Conflicts)"
says 'a program of libwebsockets 4.1.6, plugin 4.1.6' starts "$(start_with 4.1.6-3)"
says '  plugin 4.3.5' 'does not start' "$(start_with 4.3.5-1+deb13u3)"
says '  for' 'has outdated api' "$(grep -o 'has outdated api' "$work/said")"
