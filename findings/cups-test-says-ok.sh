#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Guess: cupsd -t ("test the configuration file for syntax errors") ends with 1 when a line of the file cannot be read, as
#        sshd -t and nginx -t do; so what installs a configuration looks at that.
# What happens: it says "is OK" and ends with 0 over directives, numbers, times, log levels and IPP operations that it does not
#        know, and over a DefaultPolicy that is not there; cupsd then runs by its presets. A slip in DirtyCleanInterval
#        costs the jobs of the last half minute at the next power cut, one in <Limit Print-Job> the rule. Within a <Location>
#        the same slips are errors. What was wrong stands on stderr alone.
# Needs: root (cupsd), and of the libraries of cupsd those that any Debian has.
. "$(dirname "$0")/packages"
cups=2.4.2-3+deb12u9
unpack bookworm cups-daemon $cups cups-client $cups cups-common $cups libcups2 $cups libavahi-client3 0.8-10+deb12u1 \
  libavahi-common3 0.8-10+deb12u1 libpaper1 1.1.29
. "$(dirname "$0")/cupsd"

# What cupsd -t says of a cupsd.conf with these lines added, and how it ends.
verdict() {
  local status=0
  { cat "$work/cupsd/cupsd.conf" && printf '%s\n' "$@"; } >"$work/cupsd/tried.conf"
  cupsd -t -c "$work/cupsd/tried.conf" -s "$work/cupsd/cups-files.conf" >"$work/said" 2>"$work/complaint" || status=$?
  echo "$(grep -o 'is OK\|contains errors' <(grep tried "$work/said")), status $status"
}
complaint() { grep -o "$1" "$work/complaint" | head -n 1; }

says 'DirtyCleanIntervall 0' 'is OK, status 0' "$(verdict 'DirtyCleanIntervall 0')"
says '  its stderr' 'Unknown directive DirtyCleanIntervall' "$(complaint 'Unknown directive [A-Za-z]*')"
says 'MaxJobs many' 'is OK, status 0' "$(verdict 'MaxJobs many')"
says '  its stderr' 'Bad integer value for MaxJobs' "$(complaint 'Bad integer value for MaxJobs')"
says 'JobRetryInterval soon' 'is OK, status 0' "$(verdict 'JobRetryInterval soon')"
says 'LogLevel loud' 'is OK, status 0' "$(verdict 'LogLevel loud')"
says 'DefaultPolicy house, which there is not' 'is OK, status 0' "$(verdict 'DefaultPolicy house')"
says '  its stderr' 'Default policy "house" not found' "$(complaint 'Default policy "house" not found')"
says 'in a <Policy>: <Limit Pront-Job>' 'is OK, status 0' \
  "$(verdict '<Policy house>' '<Limit Pront-Job>' 'Order deny,allow' '</Limit>' '</Policy>')"
says '  its stderr' 'Bad IPP operation name "Pront-Job"' "$(complaint 'Bad IPP operation name "Pront-Job"')"
says 'in a <Location>: Requires' 'contains errors, status 1' "$(verdict '<Location />' 'Requires user anna' '</Location>')"
