# SPDX-License-Identifier: EUPL-1.2
"""Where things stand and how they are called."""
import os
import re

from tree import check

TOP = {"broker", "client-agent", "pxe", "images", "admin-tool", "tests", "CMakeLists.txt", "CMakePresets.json",
       "README.md", "LICENSE", "NEWS.md", "SECURITY.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "publiccode.yml",
       "findings"}
VAGUE = re.compile(r"(utils?|common|helpers?|managers?|misc|stuff)")


@check(good={"broker/main.c": "", ".ci/run": "", "LICENSE": ""}, bad=[{"src/x.c": ""}, {"Makefile": ""}])
def top(tree):
    """the top level is as agreed"""
    for entry in sorted({source.path.split("/")[0] for source in tree}):
        if entry not in TOP and not entry.startswith("."):
            yield f"{entry}: is not in the agreed shape"


@check(good={"broker/core/placement.c": "", "broker/core/commonplace.c": ""},
       bad=[{"broker/base/utils.c": ""}, {"broker/common/x.c": ""}, {"broker/core/lease_helper.c": ""},
            {"admin-tool/session-manager.c": ""}])
def names(tree):
    """names say what is within"""
    for source in tree:
        for part in source.path.split("/"):
            words = re.split(r"[-_.]", part.lower())
            if any(VAGUE.fullmatch(word) for word in words):
                yield f"{source.path}: \"{part}\" does not say what is within"


@check(good={"findings/README.md": "| [a.sh](a.sh) | x |\n", "findings/a.sh": "", "findings/packages": ""},
       bad=[{"findings/README.md": "", "findings/a.sh": ""}, {"findings/README.md": "| [a.sh](a.sh) | x |\n"}])
def findings(tree):
    """each finding has a row in the index, and each row a script"""
    rows = set()
    if "findings/README.md" in tree.sources:
        rows = set(re.findall(r"^\| \[.*?\]\((.*?\.sh)\)", tree.sources["findings/README.md"].text, re.M))
    scripts = {source.path.removeprefix("findings/") for source in tree if re.match(r"findings/[^/]+\.sh$", source.path)}
    for name in sorted(rows ^ scripts):
        yield f"findings/{name}: {'no such script' if name in rows else 'no row in findings/README.md'}"


@check(good={"tests/unit/base/text.c": "Test(text, x)\n", "tests/unit/CMakeLists.txt": "pult_test(unit base/text)\n"},
       bad=[{"tests/unit/base/text.c": "Test(text, x)\n", "tests/unit/CMakeLists.txt": "pult_test(unit base/tex)\n"},
            {"tests/fuzz/json.c": "int LLVMFuzzerTestOneInput(\n", "tests/fuzz/CMakeLists.txt": ""}])
def wired(tree):
    """a test that no CMakeLists.txt names would never run"""
    lists = "\n".join(source.text for source in tree if source.path.endswith("CMakeLists.txt"))
    for source in tree.c_sources():
        parts = source.path.split("/")
        if parts[0] != "tests" or not re.search(r"^Test\(|^ParameterizedTest\(|LLVMFuzzerTestOneInput", source.text, re.M):
            continue
        name = os.path.splitext("/".join(parts[2:]))[0]
        if not re.search(rf"[\s(]({re.escape(parts[1])}/)?{re.escape(name)}(\.c)?[\s)]", lists):
            yield f"{source.path}: no CMakeLists.txt names it"


PAPERS = {"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"}


@check(good={"README.md": "see `broker/core/lease.c`, `lease.c` and `tests/run`\n", "broker/core/lease.c": ""},
       bad=[{"README.md": "see `broker/core/leases.c`\n", "broker/core/lease.c": ""},
            {"ARCHITECTURE.md": "see `ease.c`\n", "broker/core/lease.c": ""}])
def papers(tree):
    """a file that a paper names is there"""
    ends = {"/" + source.path for source in tree}
    for source in tree:
        for number, line in enumerate(source.lines if source.path in PAPERS else [], 1):
            for name in re.findall(r"`([\w./-]+\.(?:c|h|py|md|yml))`", line):
                if not any(end.endswith("/" + name) for end in ends):
                    yield f"{source.path}:{number}: {name} is not there"
