#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Guess: C.UTF-8 is a locale like any other that is not "C": gettext follows LANGUAGE in it. So a program that needs no
#        generated locale can speak German with LC_ALL=C.UTF-8 LANGUAGE=de.
# What happens: with glibc 2.36 (Debian 12) it can. With glibc 2.41 (Debian 13) C.UTF-8 counts as "C": LANGUAGE is
#        ignored and everything stays English, without a word. The same locale under another name (a copy, or a symbolic
#        link) follows LANGUAGE again.
# Needs: msgfmt. Two minutes at most.
. "$(dirname "$0")/packages"
unpack bookworm libc6 2.36-9+deb12u14 libc-bin 2.36-9+deb12u14 gettext-base 0.21-12
unpack trixie libc6 2.41-12+deb13u5 libc-bin 2.41-12+deb13u5

mkdir -p "$work/text/de/LC_MESSAGES"
msgfmt -o "$work/text/de/LC_MESSAGES/desk.mo" - <<'END'
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\n"
msgid "Good morning"
msgstr "Guten Morgen"
END

# greet VERSION LOCALE: gettext(1) with that glibc and its own locales.
greet() {
  local c locales
  c=$(folder_of libc6 "$1" libc.so.6) locales=$(folder_of libc-bin "$1" C.utf8)
  [ -e "$locales/desk.utf8" ] || cp -r "$locales/C.utf8" "$locales/desk.utf8"
  LOCPATH=$locales LC_ALL=$2 LANGUAGE=de TEXTDOMAINDIR=$work/text "$c/ld-linux-x86-64.so.2" --library-path "$c" \
    "$work/gettext-base/0.21-12/usr/bin/gettext" desk 'Good morning'
}

says 'glibc 2.36, LC_ALL=C LANGUAGE=de' 'Good morning' "$(greet 2.36-9+deb12u14 C)"
says 'glibc 2.41, LC_ALL=C LANGUAGE=de' 'Good morning' "$(greet 2.41-12+deb13u5 C)"
says 'glibc 2.36, LC_ALL=C.UTF-8 LANGUAGE=de' 'Guten Morgen' "$(greet 2.36-9+deb12u14 C.UTF-8)"
says 'glibc 2.41, LC_ALL=C.UTF-8 LANGUAGE=de' 'Good morning' "$(greet 2.41-12+deb13u5 C.UTF-8)"
says 'glibc 2.41, a copy of C.UTF-8 named desk.UTF-8' 'Guten Morgen' "$(greet 2.41-12+deb13u5 desk.UTF-8)"
