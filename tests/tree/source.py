# SPDX-License-Identifier: EUPL-1.2
"""What stands within a source file."""
import re
import statistics

from tree import check, line_of

SPDX = "SPDX-License-Identifier: EUPL-1.2"
BANNED = r"strcpy|strcat|strncpy|strncat|sprintf|vsprintf|gets|strtok|alloca"
# A test may have a shell do its errands; a program of ours may not.
BANNED_OUTSIDE_TESTS = r"system|popen|atoi|atol"
FUNCTION_MAX, HEADER_MAX, FILE_MAX = 80, 120, 600
# Longer than HEADER_MAX or FILE_MAX because they are tables, or one thing that would not gain by a cut.
LONG_ALLOWED = {"broker/api/host_link.h", "broker/api/types.h", "broker/api/answer.h", "broker/api/body.h", "broker/api/method.h", "broker/portal/view.h", "broker/api/noun_status.h", "broker/calls/services.h", "broker/core/port.h",
                "tests/unit/store/power_vfs.c"}


class Function:
    def __init__(self, path, name, line, body, is_static):
        self.path, self.name, self.line, self.body, self.is_static = path, name, line, body, is_static
        self.length = body.count("\n") + 1


HEAD = re.compile(r"(\w+)\s*\((?:[^()]|\([^()]*\))*\)\s*(?:__attribute__\s*\(\(.*?\)\)\s*)?$", re.DOTALL)


def functions(source):
    """Top-level blocks behind a parameter list; `body` begins with the line of the name."""
    code = re.sub(r"^[ \t]*#(?:.*\\\n)*.*$", lambda match: re.sub(r"[^\n]", " ", match.group()), source.code,
                  flags=re.MULTILINE)
    depth, start = 0, 0
    opened, is_static = None, False
    for match in re.finditer(r"[{};]", code):
        sign = match.group()
        if sign == "{":
            if depth == 0:
                head = HEAD.search(code[start:match.start()].rstrip())
                opened = start + head.start() if head else None
                is_static = head and re.search(r"\bstatic\b", code[start:opened]) is not None
            depth += 1
        elif sign == "}":
            depth -= 1
            if depth == 0 and opened is not None:
                name = re.match(r"\w+", code[opened:]).group()
                yield Function(source.path, name, line_of(code, opened), code[opened:match.end()], is_static)
        if depth == 0:
            start, opened = match.end(), None if sign != "{" else opened


def is_script(source):
    return source.text.startswith("#!") or source.path.endswith((".py", ".sh", ".js", ".cmake", "CMakeLists.txt"))


@check(good={"a.c": f"// {SPDX}\nint x;\n", "b.py": f"#!/usr/bin/env python3\n# {SPDX}\n", "people": "anna\n"},
       bad=[{"a.c": "int x;\n"}, {"a.h": f"\n// {SPDX}\n"}, {"run": "#!/bin/sh\necho\n"}, {"CMakeLists.txt": "project(x)\n"}])
def licence(tree):
    """the first line of a source file names the licence (scripts: below the #! line)"""
    for source in tree:
        if source.is_c and source.lines[0] != f"// {SPDX}":
            yield f"{source.path}:1: must be: // {SPDX}"
        elif not source.is_c and is_script(source) and not any(SPDX in line for line in source.lines[:2]):
            yield f"{source.path}:1: no {SPDX}"


@check(good={"a.c": "// strcpy(a, b)\nint x = my_system(1), y = subsystem (2); char *s = \"gets(x)\";\n"},
       bad=[{"a.c": f"void f(void)\n{{\n    {name}(x);\n}}\n"} for name in (BANNED + "|" + BANNED_OUTSIDE_TESTS).split("|")])
def banned(tree):
    """calls that have no safe use here"""
    for source in tree.c_sources():
        names = BANNED if source.path.startswith("tests/") else f"{BANNED}|{BANNED_OUTSIDE_TESTS}"
        for match in re.finditer(rf"(?<![\w.>])({names})\s*\(", source.code):
            yield f"{source.path}:{line_of(source.code, match.start())}: {match.group(1)}()"


@check(good={"a.c": "void f(void)\n{\n    owned(json) int x;\n}\nint g(void)\n{\n    goto out;\nout:\n    return 1;\n}\n"},
       bad=[{"a.c": "void f(void)\n{\n    owned(json) int x;\n    goto out;\nout:\n    return;\n}\n"},
            {"a.c": "void f(void)\n{\n    x = alloca(3);\n    __attribute__((cleanup(y))) int z;\n    goto out;\nout:;\n}\n"}])
def jumps(tree):
    """no goto past variables that clean up after themselves"""
    for source in tree.c_sources():
        for function in functions(source):
            if re.search(r"\bowned\(|\bcleanup\(", function.body) and re.search(r"\bgoto\s", function.body):
                yield f"{source.path}:{function.line}: {function.name}() has goto and owned variables"


def long_function(lines):
    return "static int f(int a)\n{\n" + "    a++;\n" * (lines - 3) + "}\n"


@check(good={"a.c": long_function(80) + "struct s {\n" + "    int x;\n" * 90 + "};\nint t[] = {\n" + "    1,\n" * 90 + "};\n"},
       bad=[{"a.c": long_function(81)},
            {"a.c": "void f(void (*g)(int))\n{\n    if (g) {\n" + "        g(1);\n" * 80 + "    }\n}\n"}])
def lengths(tree):
    """no function over 80 lines; a .c file over 600 or a header over 120 lines has a reason"""
    for source in tree.c_sources():
        for function in functions(source):
            if function.length > FUNCTION_MAX:
                yield f"{source.path}:{function.line}: {function.name}() has {function.length} lines"
        most = HEADER_MAX if source.path.endswith(".h") else FILE_MAX
        if len(source.lines) - 1 > most and source.path not in LONG_ALLOWED:
            yield f"{source.path}: {len(source.lines) - 1} lines: is it one module? (LONG_ALLOWED in tests/tree/source.py)"


def length_report(tree):
    """The figures of CODE.md, for the reader of the log."""
    found = sorted((function.length, function.name) for source in tree.c_sources() for function in functions(source))
    if not found:
        return "no functions"
    figures = [length for length, _ in found]
    ninety = figures[min(len(figures) - 1, int(0.9 * len(figures)))]
    return (f"{len(figures)} functions: median {statistics.median(figures):g} lines, nine of ten at most {ninety}, "
            f"longest {found[-1][1]}() with {figures[-1]}")


LEFT = "TO" + "DO|FIX" + "ME|X" + "XX"


@check(good={"a.c": "int x;\n", "b.txt": "trailing\n", "LICENSE": "x \n"},
       bad=[{"a.c": f"// {LEFT.split('|')[0]}: later\n"}, {"a.py": f"# {LEFT.split('|')[1]}\n"}, {"a.c": "int x; \n"},
            {"a.md": "x\t\n"}, {"a.c": "int x;"}])
def leftovers(tree):
    """nothing left for later, no spaces at line ends, an end of line at the end"""
    for source in tree:
        if source.path == "LICENSE" or "/corpus/" in source.path:
            continue
        if source.text and not source.text.endswith("\n"):
            yield f"{source.path}:{len(source.lines)}: no end of line at the end"
        for number, line in enumerate(source.lines, 1):
            if line != line.rstrip():
                yield f"{source.path}:{number}: spaces at the line end"
            if re.search(rf"\b({LEFT})\b", line):
                yield f"{source.path}:{number}: left for later"


@check(good={"a.h": "enum kind { KIND_A, KIND_B };\nenum { SIZE = 3 };\n",
             "a.c": "void f(int x)\n{\n    switch (x) {\n    case KIND_A:\n        break;\n    }\n    switch (x) {\n"
                    "    case SIZE:\n    case 'x':\n    default:\n        break;\n    }\n}\n"},
       bad=[{"a.c": "enum kind { KIND_A, KIND_B };\nvoid f(int x)\n{\n    switch (x) {\n    case KIND_A:\n        break;\n"
                    "    default:\n        break;\n    }\n}\n"}])
def switches(tree):
    """a switch over an enum of ours names every value, so that the compiler finds the forgotten one"""
    values = set()
    for source in tree.c_sources():
        for body in re.findall(r"\benum\s+\w+\s*\{([^}]*)\}", source.code):
            values.update(re.findall(r"(?:^|,)\s*(\w+)", body))
    for source in tree.c_sources():
        for match in re.finditer(r"\bswitch\s*\(", source.code):
            body = block(source.code, source.code.find("{", match.end()))
            if "default:" in body and values & set(re.findall(r"\bcase\s+(\w+)\s*:", body)):
                yield f"{source.path}:{line_of(source.code, match.start())}: a switch over an enum has a default"


def block(code, start):
    depth = 0
    for offset in range(start, len(code)):
        depth += {"{": 1, "}": -1}.get(code[offset], 0)
        if depth == 0:
            return code[start:offset]
    return code[start:]


SERVICE = "[Service]\nMemoryMax=1G\n"
CHILD = "struct child_plan plan = {.goes_first = true};\n"


@check(good={"a/a.service": SERVICE + "OOMPolicy=continue\n", "a/child.c": CHILD, "b/b.service": SERVICE, "b/c.c": "int x;\n"},
       bad=[{"a/a.service": SERVICE, "a/child.c": CHILD}, {"a/a.service": SERVICE + "OOMPolicy=stop\n", "a/child.c": CHILD}])
def children(tree):
    """a child that goes first when memory is short does not take its service along (systemd's OOMPolicy= is "stop")"""
    folders = {source.folder for source in tree.c_sources() if re.search(r"\.goes_first\s*=\s*true", source.code)}
    for source in tree:
        if source.path.endswith(".service") and source.folder in folders and "OOMPolicy=continue" not in source.lines:
            yield f"{source.path}:1: no OOMPolicy=continue"


@check(good={"a/a.service": "[Service]\nType=notify\nExecStart=/usr/sbin/a\n", "b/b.service": "[Service]\nType=oneshot\n"},
       bad=[{"a/a.service": "[Service]\nExecStart=/usr/sbin/a\n"}, {"a/a.service": "[Service]\nType=exec\nExecStart=/usr/sbin/a\n"}])
def services(tree):
    """a service counts as started when it serves (Type=notify, base/readiness), not when its program was found"""
    for source in tree:
        if source.path.endswith(".service") and not {"Type=notify", "Type=oneshot"} & set(source.lines):
            yield f"{source.path}:1: no Type=notify"
