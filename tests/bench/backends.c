// SPDX-License-Identifier: EUPL-1.2
// What pult-host does for cupsd's backends, without the rest of it: a session host of its own would report sessions.
//   bench_backends STATE-DIR     until it is ended; says "listening"
#include "broker/base/loop.h"
#include "broker/pult-host/backend_socket.h"

#include <signal.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    struct fault why = {0};
    struct loop *loop = loop_new();
    struct backend_socket *backends = argc == 2 ? backend_socket_open(loop, argv[1], &why) : NULL;
    if (!backends) {
        fprintf(stderr, "%s\n", argc == 2 ? why.text : "usage: see the head of tests/bench/backends.c");
        return 1;
    }
    signal(SIGPIPE, SIG_IGN);
    puts("listening");
    fflush(stdout);
    loop_run(loop);
    return 0;
}
