#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Guess: page-ranges are pages of the document (RFC 8011, 5.2.7, also with number-up), so 3 to 4 of eight, four on a side, give one
#        side; and a range that has no page ends as an error, or aborts the job.
# What happens: a driverless queue of CUPS counts sides after number-up, so of eight pages four on a side there are only two,
#        and 3 to 4 are none. None is printed, then: the filter makes a file without a byte and calls that well done, the backend
#        has nothing to send and calls that well done, too, and cupsd says that the job is completed. The same with pages that
#        the document does not have. Nobody is told: lp, lpstat and the ErrorLog have no word of it.
# Needs: root (a network of its own, cupsd), python3, and of the libraries of cupsd those that any Debian has.
. "$(dirname "$0")/packages"
cups=2.4.2-3+deb12u9 filters=1.28.17-3+deb12u2
unpack bookworm cups-daemon $cups cups-client $cups cups-common $cups cups-ipp-utils $cups libcups2 $cups \
  cups-filters $filters cups-filters-core-drivers $filters libcupsfilters1 $filters \
  libqpdf29 11.3.0-1+deb12u1 libavahi-client3 0.8-10+deb12u1 libavahi-common3 0.8-10+deb12u1 libpaper1 1.1.29 \
  libjpeg62-turbo 1:2.1.5-2 dbus-daemon 1.14.10-1~deb12u1
. "$(dirname "$0")/cupsd"
cat >>"$work/cupsd/cupsd.conf" <<END
Listen localhost:6310
LogLevel info
END

empty_pages 8 >"$work/eight.pdf"
cat >"$work/jobs.test" <<'END'
{
  OPERATION Get-Jobs
  GROUP operation-attributes-tag
  ATTR charset attributes-charset utf-8
  ATTR naturalLanguage attributes-natural-language en
  ATTR uri printer-uri $uri
  ATTR keyword which-jobs completed
  ATTR keyword requested-attributes job-id,job-state
}
END

unshare -n --mount --kill-child bash -s <<'END'
begin_network
printed() { cat /dev/null "$work"/paper/* | wc -c >"$work/bytes-$1"; }
run_cupsd &
start_printer -v -f application/pdf,image/urf,image/pwg-raster
add_room
lp -s -h "$socket" -d room -o number-up=4 -o page-ranges=3-4 "$work/eight.pdf"
echo $? >"$work/lp"
until_true ended 1
lp -s -h "$socket" -d room -o page-ranges=9-12 "$work/eight.pdf"
until_true ended 2
shopt -s nullglob
printed without
ipptool -tv ipp://localhost:6310/printers/room "$work/jobs.test" >"$work/jobs"
lp -s -h "$socket" -d room -o page-ranges=3-4 "$work/eight.pdf"
until_true ended 3
printed with
END
state_of() { grep -A1 "job-id (integer) = $1\$" "$work/jobs" | sed -n 's/.*job-state (enum) = //p'; }
says 'pages 3 to 4 of eight, four on a side: lp ends with' 0 "$(cat "$work/lp")"
says '  the job' completed "$(state_of 1)"
says 'pages 9 to 12 of eight: the job' completed "$(state_of 2)"
says 'bytes that came to the printer for these two' 0 "$(cat "$work/bytes-without")"
says "errors in cupsd's log" 0 "$(grep -c '^[EW].*\[Job' "$work/cupsd/error_log" || true)"
says 'pages 3 to 4, one on a side' 'a document' "$([ "$(cat "$work/bytes-with")" -gt 500 ] && echo a document)"
