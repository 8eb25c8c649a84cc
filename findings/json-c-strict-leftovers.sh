#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Guess: with JSON_TOKENER_STRICT json-c reads what RFC 8259 calls JSON and nothing else, as it refuses 'a', 01, nan and a
#        trailing comma; so what it read and prints again is JSON for the program behind it.
# What happens: a key in single quotes is read although a value is refused, -01 although 01 is refused, NaN and Infinity
#        although nan is refused, and "1.". Printed again, 1., NaN and Infinity come out as they went in: no JSON, by a
#        library that took it strictly. json-c 0.16 (Debian 12) and 0.18 (Debian 13) are alike, but for line breaks
#        within strings, which only 0.18 refuses.
# Needs: gcc. Two minutes at most.
. "$(dirname "$0")/packages"
. "$(dirname "$0")/json-c"
build_parse

for version in old new; do
  echo "json-c, the $version one, strict; what it read, printed again:"
  says "  ['a']  {'a':2}" 'no {"a":2}' "$("parse_$version" "['a']" "{'a':2}")"
  says '  [01]  [-01]' 'no [-1]' "$("parse_$version" '[01]' '[-01]')"
  says '  [.5]  [1.]' 'no [1.]' "$("parse_$version" '[.5]' '[1.]')"
  says '  [nan]  [NaN]  [-Infinity]' 'no [NaN] [-Infinity]' "$("parse_$version" '[nan]' '[NaN]' '[-Infinity]')"
done
says 'a line break within a string, 0.16' '["a\nb"]' "$(parse_old $'["a\nb"]')"
says 'a line break within a string, 0.18' 'no' "$(parse_new $'["a\nb"]')"
