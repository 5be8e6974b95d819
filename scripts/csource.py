"""csource: what the checks of scripts/ need to know of C source: its text without comments and strings, its functions."""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

_TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
_FUNCTION_HEAD = re.compile(r'([A-Za-z_]\w*)\s*\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\s*$')


def files(*folders, suffixes=(".c", ".h")):
    """All source files below the folders, as paths relative to the root, sorted; a missing folder has none."""
    found = []
    for folder in folders:
        for directory, _, names in os.walk(os.path.join(ROOT, folder)):
            found += [os.path.relpath(os.path.join(directory, name), ROOT) for name in names if name.endswith(suffixes)]
    return sorted(found)


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


def bare(text):
    """The text with comments and the insides of strings blanked; every line and column stays where it is."""
    return _TOKEN.sub(lambda m: _blank(m.group()) if m.group()[0] == "/" else m.group()[0] + _blank(m.group()[1:-1]) + m.group()[0], text)


def _statements(text):
    """The bare text without preprocessor lines and without what only C++ sees."""
    text = re.sub(r"^[ \t]*#[ \t]*ifdef __cplusplus\b.*?^[ \t]*#[ \t]*endif", lambda m: _blank(m.group()), text, flags=re.S | re.M)
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: _blank(m.group()), text, flags=re.M)


def functions(text):
    """(name, first line, last line) of every function body in the text."""
    code = _statements(bare(text))
    depth, head_start, open_name, open_line = 0, 0, None, 0
    for match in re.finditer(r"[{};]", code):
        sign, at = match.group(), match.start()
        if sign == "{":
            if depth == 0:
                head = code[head_start:at]
                name = _FUNCTION_HEAD.search(head)
                if name and "=" not in head:
                    open_name = name.group(1)
                    open_line = code.count("\n", 0, head_start + len(head) - len(head.lstrip())) + 1
            depth += 1
        elif sign == "}":
            depth -= 1
            if depth == 0:
                if open_name:
                    yield open_name, open_line, code.count("\n", 0, at) + 1
                open_name, head_start = None, at + 1
        elif depth == 0:
            head_start = at + 1


class Report:
    """Collects complaints; prints `path:line: what; what to do` and knows the exit status."""

    def __init__(self, name):
        self.name, self.count = name, 0

    def complain(self, path, line, what, remedy):
        self.count += 1
        print(f"{path}:{line}: {what}; {remedy}", file=sys.stderr)

    def status(self):
        return 1 if self.count else 0
