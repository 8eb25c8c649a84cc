#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Guess: job-uuid is the printer's word, one for each job (PWG 5100.13: a status of the job), and cupsd makes it; so jobs are told
#        apart by it in accounts, locks and after a crash.
# What happens: cupsd takes a job-uuid that the client sends with the job, from anybody and as often as they like: two jobs
#        have the same one, and the backend of each is told it as an option. Another word of that kind, time-at-creation,
#        it takes as well, and puts its own in its place.
# Needs: root (a network of its own, cupsd), and of the libraries of cupsd those that any Debian has.
. "$(dirname "$0")/packages"
cups=2.4.2-3+deb12u9
unpack bookworm cups-daemon $cups cups-client $cups cups-common $cups cups-ipp-utils $cups libcups2 $cups \
  libavahi-client3 0.8-10+deb12u1 libavahi-common3 0.8-10+deb12u1 libpaper1 1.1.29
. "$(dirname "$0")/cupsd"
echo 'Listen localhost:6310' >>"$work/cupsd/cupsd.conf"
echo Letter >"$work/letter.txt"

# A backend that writes down the options that it is told.
cat >"$usr/lib/cups/backend/look" <<END
#!/bin/sh
[ \$# -gt 0 ] || exit 0
echo "\$5" >>"$work/options"
END
chmod 700 "$usr/lib/cups/backend/look"
touch "$work/options"

# A test of ipptool that prints the letter and says one thing more of the job.
print_with() { # ATTR...
  cat <<END
{
  OPERATION Print-Job
  GROUP operation-attributes-tag
  ATTR charset attributes-charset utf-8
  ATTR naturalLanguage attributes-natural-language en
  ATTR uri printer-uri \$uri
  ATTR name requesting-user-name anna
  ATTR mimeMediaType document-format application/octet-stream
  GROUP job-attributes-tag
  ATTR $*
  FILE $work/letter.txt
}
END
}
print_with uri job-uuid urn:uuid:00000000-0000-4000-8000-000000000001 >"$work/uuid.test"
print_with integer time-at-creation 1 >"$work/time.test"

unshare -n --mount --kill-child bash -s <<'END'
begin_network
printed() { [ "$(wc -l <"$work/options")" -ge "$1" ]; }
run_cupsd &
until_true bash -c 'lpstat -h "$socket" -r | grep -q "is running"'
lpadmin -h "$socket" -p raw -v look:/ -E 2>/dev/null
for name in uuid uuid time; do
  ipptool -tv ipp://localhost:6310/printers/raw "$work/$name.test" >>"$work/said-$name" || true
done
until_true printed 3
END
status_of() { grep -o 'status-code = [a-z-]*' "$work/said-$1" | cut -d ' ' -f 3 | paste -sd ' '; }
told() { sed -n "$1p" "$work/options" | grep -oE "(^| )$2=[^ ]*" | head -n 1 | cut -d = -f 2; } # JOB OPTION
says 'Print-Job with a job-uuid, twice the same' 'successful-ok successful-ok' "$(status_of uuid)"
says '  the first, as the backend is told' 00000000-0000-4000-8000-000000000001 "$(told 1 job-uuid | sed 's/urn:uuid://')"
says '  the second' 00000000-0000-4000-8000-000000000001 "$(told 2 job-uuid | sed 's/urn:uuid://')"
says 'Print-Job with a time-at-creation of 1' successful-ok "$(status_of time)"
says '  as the backend is told' 'the present' "$([ "$(told 3 time-at-creation)" -gt 1000000000 ] && echo the present)"
