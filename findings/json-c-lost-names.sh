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
unpack bookworm libjson-c-dev 0.16-2 libjson-c5 0.16-2 libc6 2.36-9+deb12u14
unpack trixie libjson-c5 0.18+ds-1 libc6 2.41-12+deb13u5

cat >"$work/parse.c" <<'END'
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

int main(int count, char **words)
{
    for (int i = 1; i < count; i++) {
        struct json_tokener *parser = json_tokener_new();
        json_tokener_set_flags(parser, JSON_TOKENER_STRICT);
        json_object *object = json_tokener_parse_ex(parser, words[i], (int)strlen(words[i]));
        printf("%s%s", i > 1 ? " " : "", object ? json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN) : "no");
    }
    return 0;
}
END
old=$(folder_of libjson-c5 0.16-2 libjson-c.so.5) new=$(folder_of libjson-c5 0.18+ds-1 libjson-c.so.5)
old_c=$(folder_of libc6 2.36-9+deb12u14 libc.so.6) new_c=$(folder_of libc6 2.41-12+deb13u5 libc.so.6)
gcc -I"$work/libjson-c-dev/0.16-2/usr/include" -o "$work/parse" "$work/parse.c" "$old/libjson-c.so.5"
parse_old() { "$old_c/ld-linux-x86-64.so.2" --library-path "$old:$old_c" "$work/parse" "$@"; }
parse_new() { "$new_c/ld-linux-x86-64.so.2" --library-path "$new:$new_c" "$work/parse" "$@"; }

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
