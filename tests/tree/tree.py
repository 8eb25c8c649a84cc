# SPDX-License-Identifier: EUPL-1.2
"""The files of the tree as the checks read them, and the list of checks."""
import os
import re
import subprocess

CHECKS = {}


class Check:
    def __init__(self, run, good, bad):
        self.run, self.good, self.bad = run, good, bad


def check(good, bad):
    """Registers a check: a generator of findings over a Tree. `good` is a tree without findings, `bad` are trees with one
    at least: the self-test sees to both, since a check that cannot fail is none."""

    def register(function):
        CHECKS[function.__name__] = Check(function, good, bad)
        return function

    return register


class Source:
    def __init__(self, path, text):
        self.path, self.text = path, text
        self.lines = text.split("\n")

    @property
    def code(self):
        """Text without comments and the insides of strings; line numbers stay."""
        return blank(self.text) if self.is_c else self.text

    @property
    def is_c(self):
        return self.path.endswith((".c", ".h"))

    @property
    def folder(self):
        return os.path.dirname(self.path)


TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def blank(text):
    def emptied(match):
        token = match.group()
        if token[0] in "\"'":
            return token[0] + " " * (len(token) - 2) + token[0]
        return re.sub(r"[^\n]", " ", token)

    return TOKEN.sub(emptied, text)


class Tree:
    def __init__(self, files):
        self.sources = {path: Source(path, text) for path, text in files.items()}

    @staticmethod
    def of(root):
        """What git knows or would add; without git, all but what is built."""
        listed = subprocess.run(["git", "-C", root, "-c", "safe.directory=*", "ls-files", "-coz", "--exclude-standard"],
                                capture_output=True, text=True)
        paths = listed.stdout.split("\0") if listed.returncode == 0 else walked(root)
        files = {}
        for path in filter(None, paths):
            text = read(os.path.join(root, path))
            if text is not None:
                files[path] = text
        return Tree(files)

    def __iter__(self):
        return iter(sorted(self.sources.values(), key=lambda source: source.path))

    def c_sources(self):
        return [source for source in self if source.is_c]


def walked(root):
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in (".git", ".build")]
        for name in names:
            yield os.path.relpath(os.path.join(folder, name), root)


def read(path):
    """None for what is no text, and for what is gone since it was listed."""
    try:
        with open(path, "rb") as file:
            return file.read().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1
