#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Guess: "Request Entity Too Large" (413) says that the document is larger than cupsd's LimitRequestBody; a disk that is full
#        is told as such, and would be tried again; and lpstat -r fails when no cupsd answers.
# What happens: cupsd has no limit by preset and answers 413 when it cannot write its spool, so that lp calls the document
#        too large; a smaller one goes through. Only the ErrorLog names the disk. And lpstat -r ends with 0 both when
#        cupsd runs and when it does not: its text alone tells the two apart.
# Needs: root (a small disk of its own, cupsd), and of the libraries of cupsd those that any Debian has.
. "$(dirname "$0")/packages"
cups=2.4.2-3+deb12u9
unpack bookworm cups-daemon $cups cups-client $cups cups-common $cups libcups2 $cups libavahi-client3 0.8-10+deb12u1 \
  libavahi-common3 0.8-10+deb12u1 libpaper1 1.1.29
mkdir -p "$work/root"
find "$work" -mindepth 3 -maxdepth 3 -name usr -exec cp -a {} "$work/root/" \;
export usr=$work/root/usr work
export LD_LIBRARY_PATH=$usr/lib/x86_64-linux-gnu PATH=$usr/bin:$usr/sbin:$PATH

mkdir -p "$work"/cupsd/{etc/ppd,etc/ssl,cache,state,spool,tmp}
cat >"$work/cupsd/cups-files.conf" <<END
FileDevice Yes
ServerRoot $work/cupsd/etc
ServerBin $usr/lib/cups
DataDir $usr/share/cups
CacheDir $work/cupsd/cache
StateDir $work/cupsd/state
RequestRoot $work/cupsd/spool
TempDir $work/cupsd/tmp
ServerKeychain $work/cupsd/etc/ssl
AccessLog $work/cupsd/access_log
ErrorLog $work/cupsd/error_log
PageLog $work/cupsd/page_log
END
cat >"$work/cupsd/cupsd.conf" <<END
Listen $work/cupsd/socket
Browsing No
WebInterface No
<Location />
  Order allow,deny
</Location>
<Policy default>
  <Limit All>
    Order deny,allow
  </Limit>
</Policy>
END
chmod 711 "$work"
head -c 3000000 /dev/zero | tr '\0' 'a' >"$work/large.txt"
echo Brief >"$work/small.txt"

unshare --mount --kill-child bash -s <<'END'
set -euo pipefail
mount -t tmpfs -o size=2M none "$work/cupsd/spool"
chgrp -R lp "$work/cupsd"
chmod -R g+rwX "$work/cupsd"
socket=$work/cupsd/socket
lpstat -h "$socket" -r >"$work/without"
echo $? >"$work/without-status"
cupsd -f -c "$work/cupsd/cupsd.conf" -s "$work/cupsd/cups-files.conf" &
trap 'kill %1 2>/dev/null; wait' EXIT
for _ in $(seq 900); do lpstat -h "$socket" -r | grep -q 'is running' && break; sleep 0.1; done
lpstat -h "$socket" -r >"$work/with"
echo $? >"$work/with-status"
lpadmin -h "$socket" -p raw -v file:/dev/null 2>/dev/null
cupsaccept -h "$socket" raw
lp -s -h "$socket" -d raw "$work/large.txt" 2>"$work/large" || true
lp -s -h "$socket" -d raw "$work/small.txt" 2>"$work/small" && echo accepted >"$work/small"
END
cat "$work/large"
says 'lpstat -r without cupsd' 'scheduler is not running, status 0' "$(cat "$work/without"), status $(cat "$work/without-status")"
says 'lpstat -r with cupsd' 'scheduler is running, status 0' "$(cat "$work/with"), status $(cat "$work/with-status")"
says '3 MB to a cupsd whose disk has 2 MB' 'lp: Request Entity Too Large' "$(cat "$work/large")"
says 'what its ErrorLog says' 'No space left on device' "$(grep -o 'No space left on device' "$work/cupsd/error_log" | head -n 1)"
says 'a small one after that' accepted "$(cat "$work/small")"
