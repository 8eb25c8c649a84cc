// SPDX-License-Identifier: EUPL-1.2
// The settings for Xorg that the package brings, read by an Xorg that needs no card.
#include "tests/folder.h"
#include "tests/network.h"
#include "tests/program.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

Test(x_server, switches_no_terminal_by_keys_and_is_not_ended_by_them)
{
    char folder[FOLDER_SIZE], line[1500];
    network_own();
    folder_make(folder, "xorg");
    // xrdp's, without what it says of the same.
    snprintf(
        line, sizeof line,
        "cd %s && sed '/\"ServerFlags\"/,/EndSection/d' /etc/X11/xrdp/xorg.conf >xorg.conf && "
        "{ timeout 60 /usr/lib/xorg/Xorg -displayfd 3 -config $PWD/xorg.conf -logfile log -nolisten tcp -configdir "
        "$OLDPWD/client-agent/package/xorg.conf.d 3>display 2>said & } && "
        "for i in $(seq 300); do [ -s display ] && break; kill -0 $! && sleep 0.1; done; kill $!; wait $!; "
        "grep -F '(**) Option \"DontVTSwitch\" \"true\"' log && grep -F '(**) Option \"DontZap\" \"true\"' log",
        folder);
    program_shell(line);
    folder_remove(folder);
}
