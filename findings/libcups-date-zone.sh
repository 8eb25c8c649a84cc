#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Guess: ippDateToTime makes of a printer's dateTime, which names its offset from UTC, the second that it names; and it gives
#        back what ippTimeToDate was given.
# What happens: libcups takes the fields for the time of the machine's own zone, and then subtracts the offset, too. Where
#        TZ is UTC, as on a build machine, all is well; in Berlin each date-time-at-completed and printer-current-time is an
#        hour early in winter and in summer alike, in New York five hours late. Both of Debian's do so, 2.4.2 and 2.4.10.
# Needs: gcc, tzdata, and of the libraries of libcups those that any Debian has.
. "$(dirname "$0")/packages"
unpack bookworm libcups2-dev 2.4.2-3+deb12u9 libcups2 2.4.2-3+deb12u9
unpack trixie libcups2t64 2.4.10-3+deb13u2 libc6 2.41-12+deb13u5

cat >"$work/date.c" <<'END'
#include <cups/cups.h>
#include <stdio.h>

int main(void)
{
    // What two printers say at the same instant, 2027-01-15 08:00:00 UTC, and one in July.
    const time_t winter = 1800000000, summer = 1784102400;
    const ipp_uchar_t at_utc[11] = {0x07, 0xeb, 1, 15, 8, 0, 0, 0, '+', 0, 0};
    const ipp_uchar_t in_berlin[11] = {0x07, 0xeb, 1, 15, 9, 0, 0, 0, '+', 1, 0};
    const ipp_uchar_t in_july[11] = {0x07, 0xea, 7, 15, 10, 0, 0, 0, '+', 2, 0};
    printf("%ld %ld %ld", (long)(ippDateToTime(at_utc) - winter), (long)(ippDateToTime(in_berlin) - winter),
           (long)(ippDateToTime(in_july) - summer));
    printf(", back and forth %ld", (long)(ippDateToTime(ippTimeToDate(winter)) - winter));
    return 0;
}
END
old=$(folder_of libcups2 2.4.2-3+deb12u9 libcups.so.2) new=$(folder_of libcups2t64 2.4.10-3+deb13u2 libcups.so.2)
c=$(folder_of libc6 2.41-12+deb13u5 libc.so.6)
gcc -I"$work/libcups2-dev/2.4.2-3+deb12u9/usr/include" -o "$work/date" "$work/date.c" "$old/libcups.so.2"
date_old() { TZ=$1 LD_LIBRARY_PATH=$old "$work/date"; }
date_new() { TZ=$1 "$c/ld-linux-x86-64.so.2" --library-path "$new:$c:/usr/lib/x86_64-linux-gnu" "$work/date"; }

for version in old new; do
  echo "libcups, the $version one; seconds that the answer is off:"
  says '  TZ=UTC' '0 0 0, back and forth 0' "$("date_$version" UTC)"
  says '  TZ=Europe/Berlin' '-3600 -3600 -3600, back and forth -3600' "$("date_$version" Europe/Berlin)"
  says '  TZ=America/New_York' '18000 18000 18000, back and forth 18000' "$("date_$version" America/New_York)"
done
