# SPDX-License-Identifier: EUPL-1.2
"""What the manuals say of settings and commands is what the code has. Their form is seen to by tests/tree/mandoc."""
import re

from tree import check

CONFIGS = {
    "broker/broker_config.c": "broker/pult-broker.conf.5",
    "broker/pult-host/host_config.c": "broker/pult-host/pult-host.conf.5",
    "broker/pult-print/print_config.c": "broker/pult-print/pult-print.conf.5",
    "broker/pult-gateway/gateway_config.c": "broker/pult-gateway/pult-gateway.conf.5",
    "client-agent/agent_config.c": "client-agent/pult-agent.conf.5",
}
COMMANDS, OPTIONS, MANUAL = "admin-tool/command.c", "admin-tool/options.c", "admin-tool/pultctl.1"
KEY = re.compile(r'\{\.key = "([^"]+)"')
# {"first", "second", ... or {"first", NULL, ... or {any_noun, "second", ...
COMMAND = re.compile(r'^ *\{(?:"([a-z-]+)"|any_noun), (?:"([a-z-]+)"|NULL), ', re.MULTILINE)
# {"name", 'l', FLAG, ... or {"name", 0, FLAG, ...
OPTION = re.compile(r'^ *\{"([a-z-]+)", (?:\'.\'|0), OPTION_', re.MULTILINE)

GOOD = {
    "broker/broker_config.c": '{.key = "port", .x = 1},\n{.key = "ca", .x = 1},\n',
    "broker/pult-broker.conf.5": ".It Cm port , Cm ca\n",
    COMMANDS: '    {"host", "drain", 0,\n    {any_noun, "list", M,\n    {"status", NULL, 0,\n',
    OPTIONS: '    {"broker", \'b\', OPTION_ALWAYS,\n',
    MANUAL: "pultctl host drain ID [--until TIME]\npultctl NOUN list\npultctl status\n.It Fl b , Fl -broker Ar HOST\n",
}


def without(path, text):
    return {**GOOD, path: GOOD[path].replace(text, "")}


@check(good=GOOD,
       bad=[without("broker/pult-broker.conf.5", " , Cm ca"), without(MANUAL, "pultctl status\n"),
            without(MANUAL, "drain"), without(MANUAL, "pultctl NOUN list\n"), without(MANUAL, " , Fl -broker"),
            {**GOOD, COMMANDS: ""}, {**GOOD, "broker/pult-broker.conf.5": GOOD["broker/pult-broker.conf.5"] + ".It Cm gone\n"}])
def manuals(tree):
    """every setting, command and option is in its manual, and no setting that is gone"""
    for code, manual in CONFIGS.items():
        if code in tree.sources:
            keys = set(KEY.findall(tree.sources[code].text))
            items = [line for line in tree.sources[manual].lines if line.startswith(".It Cm ")]
            told = {word for line in items for word in line.removeprefix(".It ").split() if word not in ("Cm", ",")}
            yield from (f"{manual}: does not have the setting {key}" for key in sorted(keys - told))
            yield from (f"{manual}: has {key}, which is no setting" for key in sorted(told - keys))
    text = tree.sources[MANUAL].text
    commands = COMMAND.findall(tree.sources[COMMANDS].text)
    if not commands:
        yield f"{COMMANDS}: no rows of commands were found"
    for first, second in commands:
        words = " ".join(filter(None, ["pultctl", first or "NOUN", second]))
        if not re.search(rf"^{words}\b", text, re.MULTILINE):
            yield f"{MANUAL}: does not have {words}"
    for option in OPTION.findall(tree.sources[OPTIONS].text):
        if not re.search(rf"Fl -{option}\b|\[--{option}\b|--{option}\b", text):
            yield f"{MANUAL}: does not have --{option}"
