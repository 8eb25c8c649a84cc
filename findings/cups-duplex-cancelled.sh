#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Guess: who asks for both sides at a printer that prints one side gets single sides, as any driver did; and what cupsd
#        writes into its page_log, the printer has printed.
# What happens: the stock backend of a driverless queue asks the printer whether it takes all options (Validate-Job) and
#        cancels the job for good when it does not: nothing is printed, and lp has long said that all is well. The
#        page_log has all pages of that job all the same: they are counted by a filter, before the printer is asked.
# Needs: root (a network of its own, cupsd), python3, and of the libraries of cupsd those that any Debian has.
. "$(dirname "$0")/packages"
cups=2.4.2-3+deb12u9 filters=1.28.17-3+deb12u2
unpack bookworm cups-daemon $cups cups-client $cups cups-common $cups cups-ipp-utils $cups libcups2 $cups \
  cups-filters $filters cups-filters-core-drivers $filters libcupsfilters1 $filters \
  libqpdf29 11.3.0-1+deb12u1 libavahi-client3 0.8-10+deb12u1 libavahi-common3 0.8-10+deb12u1 libpaper1 1.1.29 \
  libjpeg62-turbo 1:2.1.5-2 dbus-daemon 1.14.10-1~deb12u1
. "$(dirname "$0")/cupsd"
cat >>"$work/cupsd/cupsd.conf" <<END
LogLevel info
PageLogFormat job %j has %{job-impressions-completed} pages
END
printf '#!/bin/sh\necho "$IPP_SIDES" >>"%s"\n' "$work/printed" >"$work/print"
chmod +x "$work/print"
touch "$work/printed"

empty_pages 3 >"$work/three.pdf"

# In a network of its own: a printer for one side, which takes PDF, and a driverless queue for it.
unshare -n --mount --kill-child bash -s <<'END'
begin_network
printed() { [ "$(wc -l <"$work/printed")" -ge "$1" ]; }
run_cupsd &
start_printer -f application/pdf,image/urf,image/pwg-raster -c "$work/print"
add_room
lp -s -h "$socket" -d room "$work/three.pdf"
until_true printed 1
until_true ended 1
lp -s -h "$socket" -d room -o sides=two-sided-long-edge "$work/three.pdf"
echo $? >"$work/lp"
until_true ended 2
END

says 'lp of both sides at a printer for one side: status' 0 "$(cat "$work/lp")"
says 'printed by it: of two jobs' 1 "$(wc -l <"$work/printed")"
says "cupsd's word" '[Job 2] Job canceled at printer.' "$(grep -o '\[Job 2\].*canceled.*' "$work/cupsd/error_log")"
says 'page_log of what was printed' 'job 1 has 3 pages' "$(grep '^job 1' "$work/cupsd/page_log")"
says 'page_log of what was not' 'job 2 has 3 pages' "$(grep '^job 2' "$work/cupsd/page_log")"
