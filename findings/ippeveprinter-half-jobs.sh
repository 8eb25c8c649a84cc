#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Guess: a printer that gets half of a document, for its sender died, aborts the job: HTTP says how long a body is, or ends it by a
#        last chunk, and IPP has "aborted-by-system" and "document-format-error" for the rest.
# What happens: CUPS' own printer, the model for those who make printers and the stand-in in many a test, takes what came for
#        the whole: it keeps the half, prints it and says "completed", "job-completed-successfully", whether the length was
#        told or the body was in chunks. Who sends anew what was not answered prints the first half twice, and who asks the
#        printer whether the job is done hears yes.
# Needs: root (a network of its own), python3, and of the libraries of cupsd those that any Debian has.
. "$(dirname "$0")/packages"
cups=2.4.2-3+deb12u9
unpack bookworm cups-ipp-utils $cups cups-common $cups libcups2 $cups libavahi-client3 0.8-10+deb12u1 \
  libavahi-common3 0.8-10+deb12u1 libpaper1 1.1.29 dbus-daemon 1.14.10-1~deb12u1
. "$(dirname "$0")/cupsd"
head -c 100000 /dev/zero | tr '\0' 'a' >"$work/whole.txt"

cat >"$work/send.py" <<'END'
import socket, struct, sys

def attribute(tag, name, value):
    return struct.pack(">BH", tag, len(name)) + name + struct.pack(">H", len(value)) + value

way, path = sys.argv[1:]
whole = open(path, "rb").read()
half = whole[:50000]
request = struct.pack(">HHIB", 0x0200, 0x0002, 1, 1)  # Print-Job
request += attribute(0x47, b"attributes-charset", b"utf-8") + attribute(0x48, b"attributes-natural-language", b"en")
request += attribute(0x45, b"printer-uri", b"ipp://localhost:8631/ipp/print") + attribute(0x42, b"job-name", way.encode())
request += attribute(0x49, b"document-format", b"text/plain") + b"\x03"
printer = socket.create_connection(("localhost", 8631))
printer.sendall(b"POST /ipp/print HTTP/1.1\r\nHost: localhost:8631\r\nContent-Type: application/ipp\r\n")
if way == "length":
    printer.sendall(b"Content-Length: %d\r\n\r\n" % (len(request) + len(whole)) + request + half)
else:
    printer.sendall(b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(request) + request + b"\r\n")
    printer.sendall(b"%x\r\n" % len(half) + half + b"\r\n")
printer.shutdown(socket.SHUT_WR)  # neither the rest nor the last chunk
printer.recv(65536)
END
cat >"$work/jobs.test" <<'END'
{
  OPERATION Get-Jobs
  GROUP operation-attributes-tag
  ATTR charset attributes-charset utf-8
  ATTR naturalLanguage attributes-natural-language en
  ATTR uri printer-uri $uri
  ATTR keyword which-jobs all
  ATTR keyword requested-attributes job-name,job-state,job-state-reasons
}
END

unshare -n --mount --kill-child bash -s <<'END'
begin_network
all_ended() { ipptool -tv "$printer" "$work/jobs.test" >"$work/jobs" && [ "$(grep -cE 'job-state .*(completed|aborted|canceled)' "$work/jobs")" = "$1" ]; }
start_printer -f text/plain
python3 "$work/send.py" length "$work/whole.txt"
until_true all_ended 1
cp "$work/jobs" "$work/jobs-length"
python3 "$work/send.py" chunks "$work/whole.txt"
until_true all_ended 2
END
verdict() { grep -A9 "job-name.*$1" "$work/$2" | grep -oE 'job-[a-z]*-(successfully|by-system|at-device)' | head -n 1; }
says 'half of a body whose length was told' job-completed-successfully "$(verdict length jobs-length)"
says '  kept and printed: bytes of 100000' 50000 "$(stat -c %s "$work"/paper/*length*)"
says 'half of a body in chunks' job-completed-successfully "$(verdict chunks jobs)"
says '  kept and printed: bytes of 100000' 50000 "$(stat -c %s "$work"/paper/*chunks*)"
