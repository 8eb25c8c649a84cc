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
  says "  ['a']  {'a':2}" 'no {"a":2}' "$("parse_$version" "['a']" "{'a':2}")"
  says '  [01]  [-01]' 'no [-1]' "$("parse_$version" '[01]' '[-01]')"
  says '  [.5]  [1.]' 'no [1.]' "$("parse_$version" '[.5]' '[1.]')"
  says '  [nan]  [NaN]  [-Infinity]' 'no [NaN] [-Infinity]' "$("parse_$version" '[nan]' '[NaN]' '[-Infinity]')"
done
says 'a line break within a string, 0.16' '["a\nb"]' "$(parse_old $'["a\nb"]')"
says 'a line break within a string, 0.18' 'no' "$(parse_new $'["a\nb"]')"
