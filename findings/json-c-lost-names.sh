#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Guess: a JSON parser that keeps "b\u0000c" whole as a value keeps it whole as a name, too, or refuses it; and an integer that
#        does not fit is an error or a double, as in any other parser.
# What happens: json-c takes the zero for the end of the name. {"a\u0000b": ...} becomes "a", and overwrites an "a" that was
#        there: two members become one, in strict mode, without a word. A value keeps its zero. An integer too large becomes
#        another integer, 2^64-1 or -2^63, in 0.16 (Debian 12); 0.18 (Debian 13) in strict mode refuses the whole text, which
#        RFC 8259 allows, as no JSON; and -0, which is an integer there, loses its sign in both, where -0.0 keeps it.
# Needs: gcc. Two minutes at most.
. "$(dirname "$0")/packages"
. "$(dirname "$0")/json-c"
build_parse

for version in old new; do
  echo "json-c, the $version one, strict; what it read, printed again:"
  says '  {"a":"b\u0000c"}' '{"a":"b\u0000c"}' "$("parse_$version" '{"a":"b\u0000c"}')"
  says '  {"a\u0000b":1}' '{"a":1}' "$("parse_$version" '{"a\u0000b":1}')"
  says '  {"a":1,"a\u0000b":2}' '{"a":2}' "$("parse_$version" '{"a":1,"a\u0000b":2}')"
  says '  [-0]  [-0.0]' '[0] [-0.0]' "$("parse_$version" '[-0]' '[-0.0]')"
done
says '2^64 and -2^63-1, 0.16' '[18446744073709551615] [-9223372036854775808]' \
  "$(parse_old '[18446744073709551616]' '[-9223372036854775809]')"
says '2^64 and -2^63-1, 0.18' 'no no' "$(parse_new '[18446744073709551616]' '[-9223372036854775809]')"
