#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Guess: "Request Entity Too Large" (413) says that the document is larger than cupsd's LimitRequestBody; a disk that is full
#        is told as such, and would be tried again; and lpstat -r fails when no cupsd answers.
# What happens: cupsd has no limit by default and answers 413 when it cannot write its spool: lp fails and says "Request
#        Entity Too Large", or, when the answer meets it still sending, "Broken pipe" or even "Success"; a smaller document
#        goes through. Only the ErrorLog names the disk. And lpstat -r ends with 0 both when cupsd runs and when it does not:
#        its text alone tells the two apart.
# Needs: root (a small disk of its own, cupsd), and of the libraries of cupsd those that any Debian has.
. "$(dirname "$0")/packages"
cups=2.4.2-3+deb12u9
unpack bookworm cups-daemon $cups cups-client $cups cups-common $cups libcups2 $cups libavahi-client3 0.8-10+deb12u1 \
  libavahi-common3 0.8-10+deb12u1 libpaper1 1.1.29
. "$(dirname "$0")/cupsd"
echo 'AccessLogLevel all' >>"$work/cupsd/cupsd.conf"
echo 'FileDevice Yes' >>"$work/cupsd/cups-files.conf"
sed -i "s|^TempDir .*|TempDir $work/cupsd/tmp|" "$work/cupsd/cups-files.conf"
mkdir "$work/cupsd/tmp"
head -c 3000000 /dev/zero | tr '\0' 'a' >"$work/large.txt"
echo Brief >"$work/small.txt"

unshare --mount --kill-child bash -s <<'END'
set -euo pipefail
mount -t tmpfs -o size=2M none "$work/cupsd/spool"
chgrp -R lp "$work/cupsd"
chmod -R g+rwX "$work/cupsd"
lpstat -h "$socket" -r >"$work/without"
echo $? >"$work/without-status"
run_cupsd &
trap 'kill %1 2>/dev/null; wait' EXIT
until_true bash -c 'lpstat -h "$socket" -r | grep -q "is running"'
lpstat -h "$socket" -r >"$work/with"
echo $? >"$work/with-status"
lpadmin -h "$socket" -p raw -v file:/dev/null 2>/dev/null
cupsaccept -h "$socket" raw
lp -s -h "$socket" -d raw "$work/large.txt" 2>"$work/large" || true
lp -s -h "$socket" -d raw "$work/small.txt" 2>"$work/small" && echo accepted >"$work/small"
END
status=$(grep -o '/printers/raw .* 413 ' "$work/cupsd/access_log" | awk '{ print $3 }' | sort -u)
cat "$work/large"
said=$(grep -qiE 'space|disk' "$work/large" && echo the disk || echo something else)
says 'lpstat -r without cupsd' 'scheduler is not running, status 0' "$(cat "$work/without"), status $(cat "$work/without-status")"
says 'lpstat -r with cupsd' 'scheduler is running, status 0' "$(cat "$work/with"), status $(cat "$work/with-status")"
says '3 MB to a cupsd whose disk has 2 MB: lp names' 'something else' "$said"
says 'and cupsd answers' 413 "$status"
says 'what its ErrorLog says' 'No space left on device' "$(grep -o 'No space left on device' "$work/cupsd/error_log" | head -n 1)"
says 'a small one after that' accepted "$(cat "$work/small")"
