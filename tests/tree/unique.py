# SPDX-License-Identifier: EUPL-1.2
"""What a name stands for: one thing in the whole tree, so that a search, a debugger and a backtrace are clear."""
import collections
import os
import re

from source import functions
from tree import check, line_of


def in_tests(path):
    return path.startswith("tests/")


def findings_of(places, sentence):
    """places: from the name to where it is."""
    for name, found in sorted(places.items()):
        if len(found) > 1:
            yield f"{found[0]}: {sentence} {name} also in {', '.join(found[1:])}"


@check(good={"broker/base/loop.h": "", "broker/core/lease.h": "", "tests/unit/loop.c": ""},
       bad=[{"broker/base/link.h": "", "broker/server/link.h": ""}, {"broker/base/link.h": "", "tests/link.h": ""}])
def headers(tree):
    """the name of a header stands once in the tree"""
    places = collections.defaultdict(list)
    for source in tree.c_sources():
        if source.path.endswith(".h"):
            places[os.path.basename(source.path)].append(source.path)
    yield from findings_of(places, "a header")


@check(good={"broker/a.c": "struct lease {\n    struct state *state;\n};\n", "broker/state.h": "struct state {\n};\n",
             "broker/b.c": "struct lease;\n// struct lease {\nstruct lease *lease(void)\n{\n    return (struct lease *)0;\n}\n",
             "tests/x.c": "struct lease {\n};\n"},
       bad=[{"broker/a.c": "struct job {\n};\n", "broker/b.h": "struct job {\n};\n"},
            {"broker/a.c": "struct job {\n};\n", "client-agent/b.c": "static struct job\n{\n    int x;\n} jobs[3];\n"}])
def structs(tree):
    """a struct of this name is defined once in the tree; a test may have its own"""
    places = collections.defaultdict(list)
    for source in tree.c_sources():
        if in_tests(source.path):
            continue
        for match in re.finditer(r"\b(?:struct|union)\s+(\w+)\s*\{", source.code):
            places[match.group(1)].append(f"{source.path}:{line_of(source.code, match.start())}")
    yield from findings_of(places, "a struct")


STEP = "void step(void)\n{\n}\n"


@check(good={"broker/a.c": STEP + "int main(void)\n{\n    return 0;\n}\n", "broker/b.c": "static " + STEP,
             "client-agent/c.c": "int main(void)\n{\n    return 1;\n}\n", "broker/a.h": "void step(void);\n",
             "tests/x.c": "static " + STEP + "void other(void)\n{\n}\n", "tests/y.c": "void other(void)\n{\n}\n"},
       bad=[{"broker/a.c": STEP, "broker/b.c": STEP}, {"broker/a.c": STEP, "client-agent/b.c": "const " + STEP},
            {"broker/a.c": STEP, "tests/b.c": STEP}])
def externals(tree):
    """an external function is defined once, main excepted; a test's may be another test's, but none of a program's"""
    places = collections.defaultdict(list)
    for source in sorted(tree.c_sources(), key=lambda source: in_tests(source.path)):
        for function in functions(source):
            known = places[function.name]
            if function.is_static or function.name == "main" or (in_tests(source.path) and not known):
                continue
            known.append(f"{source.path}:{function.line}")
    yield from findings_of(places, "the function")
