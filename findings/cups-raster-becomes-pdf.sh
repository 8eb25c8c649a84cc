#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Guess: a queue whose PPD takes PDF, PWG raster and URF as they are ("-" for a filter, cost 0) gets each as it came; and the backend's
#        CONTENT_TYPE says what it gets.
# What happens: cups-filters makes PDF of URF at cost 0, too, so the way by PDF costs no more than the straight one, and cupsd
#        takes that: the backend gets PDF, and CONTENT_TYPE says image/urf. Where taking PDF costs something, URF stays URF.
# Needs: root (cupsd), and of the libraries of cupsd those that any Debian has.
. "$(dirname "$0")/packages"
cups=2.4.2-3+deb12u9 filters=1.28.17-3+deb12u2
unpack bookworm cups-daemon $cups cups-client $cups cups-common $cups libcups2 $cups libcupsimage2 $cups \
  cups-filters-core-drivers $filters libcupsfilters1 $filters libqpdf29 11.3.0-1+deb12u1 libavahi-client3 0.8-10+deb12u1 \
  libavahi-common3 0.8-10+deb12u1 libpaper1 1.1.29 libjpeg62-turbo 1:2.1.5-2
. "$(dirname "$0")/cupsd"

# A backend that writes down what it is told and what it gets, and takes any job.
cat >"$usr/lib/cups/backend/look" <<END
#!/bin/sh
[ \$# -gt 0 ] || exit 0
if [ -n "\$6" ]; then cat "\$6"; else cat; fi >"$work/got-\$PRINTER"
printf %s "\$CONTENT_TYPE" >"$work/told"
mv "$work/told" "$work/type-\$PRINTER"
END
chmod 700 "$usr/lib/cups/backend/look"

ppd() { # COST of PDF
  cat <<END
*PPD-Adobe: "4.3"
*FormatVersion: "4.3"
*FileVersion: "1.0"
*LanguageVersion: English
*LanguageEncoding: ISOLatin1
*PCFileName: "LOOK.PPD"
*Manufacturer: "Look"
*Product: "(Look)"
*ModelName: "Look"
*ShortNickName: "Look"
*NickName: "Look"
*PSVersion: "(3010.000) 0"
*LanguageLevel: "3"
*ColorDevice: True
*DefaultColorSpace: RGB
*FileSystem: False
*cupsFilter2: "application/pdf application/pdf $1 -"
*cupsFilter2: "image/pwg-raster image/pwg-raster 0 -"
*cupsFilter2: "image/urf image/urf 0 -"
*OpenUI *PageSize/Media Size: PickOne
*OrderDependency: 10 AnySetup *PageSize
*DefaultPageSize: A4
*PageSize A4/A4: "<</PageSize[595 842]>>setpagedevice"
*CloseUI: *PageSize
*OpenUI *PageRegion/Media Region: PickOne
*OrderDependency: 10 AnySetup *PageRegion
*DefaultPageRegion: A4
*PageRegion A4/A4: "<</PageSize[595 842]>>setpagedevice"
*CloseUI: *PageRegion
*DefaultImageableArea: A4
*ImageableArea A4: "12 12 583 830"
*DefaultPaperDimension: A4
*PaperDimension A4: "595 842"
*DefaultFont: Courier
*Font Courier: Standard "(1.0)" Standard ROM
END
}
ppd 0 >"$work/same.ppd"
ppd 10 >"$work/dearer.ppd"

# A page of eight by eight white pixels: header (pages), page header (bits, colours, sides, ..., width, height, dpi), lines.
{
  printf 'UNIRAST\0\0\0\0\1'
  printf '\10\0\1\4\0\0\0\0\0\0\0\0\0\0\0\10\0\0\0\10\0\0\0\110\0\0\0\0\0\0\0\0'
  printf '\7\7\377'
} >"$work/page.urf"

run_cupsd &
daemon=$!
trap 'kill $daemon; wait; rm -rf "$work"' EXIT
until_true test -S "$socket"
for queue in same dearer; do
  lpadmin -h "$socket" -p $queue -v look:/ -E -P "$work/$queue.ppd" 2>/dev/null
  lp -s -h "$socket" -d $queue "$work/page.urf"
  until_true test -e "$work/type-$queue"
done

says 'PDF costs as much as URF, CONTENT_TYPE' image/urf "$(cat "$work/type-same")"
says 'and what the backend gets' %PDF "$(head -c 4 "$work/got-same")"
says 'PDF costs more, CONTENT_TYPE' image/urf "$(cat "$work/type-dearer")"
says 'and what the backend gets' UNIRAST "$(head -c 7 "$work/got-dearer")"
