# SPDX-License-Identifier: EUPL-1.2
"""What broker/store/README.md says of events is what the code writes."""
import re

from tree import check

README, EVENT, TYPES = "broker/store/README.md", "broker/core/event.c", "broker/api/types.c"
# [EVENT_X] = {"name", NOUN_X, removes, "told of"},
ROW = re.compile(r'\[EVENT_\w+\]\s*=\s*\{\s*"([^"]+)",\s*NOUN_(\w+)(?:,\s*(?:true|false))?(?:,\s*"([^"]+)")?')
# What is gone by an event of its own is not "removed".
OWN_END = re.compile(r'\[EVENT_\w+\]\s*=\s*\{\s*"[^"]+",\s*NOUN_(?!NONE)(\w+),\s*true')
# [NOUN_X] = {"name", "plural", fields, size, set by people, ...
NOUN = re.compile(r'\[NOUN_(\w+)\]\s*=\s*\{\s*"([^"]+)",.*?\),\s*(true|false)')

GOOD_EVENT = '[EVENT_SET] = {"set", NOUN_NONE, false},\n[EVENT_MOVED] = {"moved", NOUN_SESSION, false},\n' \
             '[EVENT_LOGGED_ON] = {"logged-on", NOUN_NONE, false, "admin"},\n'
GOOD_TYPES = '[NOUN_SITE] = {"site", "sites", site_fields, sizeof(struct site), true, "x"},\n' \
             '[NOUN_SESSION] = {"session", "sessions", session_fields, sizeof(struct session), false, "y"},\n'
GOOD_README = "| `site.set` | x | y |\n| `session.moved` `admin.logged-on` | see `site.gone` | y |\n`meta.x`\n"


def written(tree):
    """The names of all events that the code can write."""
    nouns = {noun: (name, by_people == "true") for noun, name, by_people in NOUN.findall(tree.sources[TYPES].text)}
    text = tree.sources[EVENT].text
    own_end = set(OWN_END.findall(text))
    names = set()
    for name, noun, told_of in ROW.findall(text):
        if told_of:
            names.add(f"{told_of}.{name}")
        elif noun == "NONE":
            names.update(f"{of}.{name}" for noun, (of, by_people) in nouns.items()
                         if by_people and not (name == "removed" and noun in own_end))
        else:
            names.add(f"{nouns[noun][0]}.{name}")
    return names


def told(tree):
    """The names in the first column of its tables."""
    return {name for line in tree.sources[README].lines if line.startswith("| `")
            for name in re.findall(r"`([a-z-]+\.[a-z_-]+)`", line.split("|")[1])}


@check(good={EVENT: GOOD_EVENT, TYPES: GOOD_TYPES, README: GOOD_README},
       bad=[{EVENT: GOOD_EVENT, TYPES: GOOD_TYPES, README: GOOD_README.replace("session.moved", "session.went")},
            {EVENT: GOOD_EVENT, TYPES: GOOD_TYPES.replace("false", "true"), README: GOOD_README},
            {EVENT: GOOD_EVENT, TYPES: GOOD_TYPES, README: GOOD_README + "| `site.closed` | x | y |\n"},
            {EVENT: "", TYPES: GOOD_TYPES, README: ""},
            {EVENT: GOOD_EVENT, TYPES: GOOD_TYPES}])
def events(tree):
    """the README of the journal names every event that can be written, and no other"""
    if README not in tree.sources:
        yield f"{README}: is missing"
        return
    can, does = written(tree), told(tree)
    if not can:
        yield f"{EVENT}: no rows of events were found"
    for name in sorted(can - does):
        yield f"{README}: does not name {name}"
    for name in sorted(does - can):
        yield f"{README}: names {name}, which nothing writes"
