#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Guess: JSON_TOKENER_STRICT turns off what is no JSON (comments, single quotes, trailing commas); a name such as Müller
#        in plain UTF-8, which RFC 8259 asks for, is read with it as without.
# What happens: json-c 0.16 (Debian 12) reads it. 0.18 (Debian 13) calls it an "invalid string sequence" once the parser
#        is strict: it takes every byte from 0x80 on for a control character. Written as \u00fc it is read. The soname is
#        the same, so a program that was built and tested with the older one breaks with the newer.
# Needs: gcc. Two minutes at most.
. "$(dirname "$0")/packages"
. "$(dirname "$0")/json-c"

cat >"$work/parse.c" <<'END'
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

int main(int count, char **words)
{
    struct json_tokener *parser = json_tokener_new();
    json_tokener_set_flags(parser, count > 2 ? JSON_TOKENER_STRICT : 0);
    json_object *object = json_tokener_parse_ex(parser, words[1], (int)strlen(words[1]));
    printf("%s: %s", json_c_version(), object ? "read" : json_tokener_error_desc(json_tokener_get_error(parser)));
    return 0;
}
END
build_parse

says 'plain letters, strict' '0.16: read' "$(parse_old '{"name":"Muller"}' strict)"
says 'plain letters, strict' '0.18: read' "$(parse_new '{"name":"Muller"}' strict)"
says 'an umlaut' '0.16: read' "$(parse_old '{"name":"Müller"}')"
says 'an umlaut' '0.18: read' "$(parse_new '{"name":"Müller"}')"
says 'an umlaut, strict' '0.16: read' "$(parse_old '{"name":"Müller"}' strict)"
says 'an umlaut, strict' '0.18: invalid string sequence' "$(parse_new '{"name":"Müller"}' strict)"
says 'an umlaut as \u00fc, strict' '0.18: read' "$(parse_new '{"name":"M\u00fcller"}' strict)"
