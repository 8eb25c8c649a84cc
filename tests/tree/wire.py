# SPDX-License-Identifier: EUPL-1.2
"""What broker/api/README.md has to name."""
import re

from tree import check

README = "broker/api/README.md"
REFUSAL = re.compile(r'\[REFUSAL_\w+\] = \{"([a-z-]+)"')
MESSAGE = re.compile(r'\] = \{"([a-z-]+)", LINK_(?:BROKER|AGENT)\b')
PATH = re.compile(r'"(/[a-z0-9/{}.-]+)"')
NOUNS = re.compile(r'(?:NOUN_ROWS|SHOW_ROW)\([A-Z]+, "([a-z]+)"')


def paths_of(text):
    table = text[text.find("method_rows[] = {"):]
    yield from PATH.findall(table[:table.find("\n};")])
    for plural in NOUNS.findall(table):
        yield f"/v1/{plural}"
        yield f"/v1/{plural}/{{id}}"


def named_by(tree):
    """What the rows have, each with the file it is from."""
    for source in tree:
        if source.path == "broker/api/refusal.c":
            yield from (("refusal", code, source.path) for code in REFUSAL.findall(source.text))
        elif source.path == "broker/api/method.c":
            yield from (("path", path, source.path) for path in sorted(set(paths_of(source.text))))
        elif re.fullmatch(r"broker/api/\w+_link\.c", source.path):
            yield from (("message", name, source.path) for name in MESSAGE.findall(source.text))


REFUSALS = {"broker/api/refusal.c": '    [REFUSAL_BUSY] = {"busy", 503, _("Busy.")},\n'}
METHODS = {"broker/api/method.c": 'const struct method method_rows[] = {\n    {METHOD_HEALTH, "GET", "/healthz"},\n'
                                  '    NOUN_ROWS(HOST, "hosts", ADMIN, &host_status_type),\n};\n'}
LINKS = {"broker/api/host_link.c": '    [HOST_LOG_OFF] = {"log-off", LINK_BROKER, order_fields, "type"},\n'}
ALL = {**REFUSALS, **METHODS, **LINKS}


@check(good={**ALL, README: "`busy` `/healthz` `/v1/hosts`, `/v1/hosts/{id}` `log-off`"},
       bad=[{**ALL, README: "`/healthz` `/v1/hosts` `/v1/hosts/{id}` `log-off`, busy"},
            {**ALL, README: "`busy` `/healthz` `/v1/hosts/{id}` `log-off`"},
            {**ALL, README: "`busy` `/healthz` `/v1/hosts` `log-off`"},
            {**ALL, README: "`busy` `/v1/hosts` `/v1/hosts/{id}` `log-off`"},
            {**ALL, README: "`busy` `/healthz` `/v1/hosts` `/v1/hosts/{id}` `log-offs`"},
            ALL])
def wire(tree):
    """the page on the wire names every refusal, every method's path and every message of a link"""
    page = tree.sources[README].text if README in tree.sources else ""
    for kind, word, path in named_by(tree):
        if f"`{word}`" not in page:
            yield f"{README}: does not name the {kind} `{word}` of {path}"
