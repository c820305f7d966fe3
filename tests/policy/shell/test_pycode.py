from __future__ import annotations

import pytest

from companion.policy.shell.read import read_command
from tests.support.shell import codes


def python(code: str, files: dict[str, str] | None = None) -> set[str]:
    effects = read_command(f"python3 - <<'END'\n{code}\nEND", look=(files or {}).get)
    return {effect.code for effect in effects if effect.kind not in {"read", "write", "run"}}


@pytest.mark.parametrize(
    "code",
    [
        "print(1 + 2)",
        "import json\nprint(json.dumps({}))",
        "print(open('x').read())",
        "import sys; print(sys.version)",
        "print('a'.upper())",
        "from datetime import datetime; print(datetime.now())",
        "import random; print(random.random())",
        "import urllib.parse; print(urllib.parse.quote('x'))",
        "import sys; [print(line) for line in sys.stdin]",
        "import platform; print(platform.platform())",
        "match 1:\n case 1: print(1)",
    ],
)
def test_what_computes_and_reads_runs(code: str):
    assert python(code) == set()


@pytest.mark.parametrize(
    "code",
    [
        "import os",
        "import socket",
        "__import__('os')",
        "exec('x')",
        "eval('x')",
        "getattr(x, 'y')()",
        "f = open; f('x', 'w')",
        "list(map(open, ['x']))",
        "[open][0]('x', 'w')",
        "().__class__",
        "import sys; sys.modules['os']",
        "from os import system",
        "from sys import modules",
        "import json.x",
        "open('x', 'w').write('y')",
        "import re, os",
        "x = 1 +",
        "(" * 5000,
        "import sys; sys.stdout.write('x')",
        "class A: pass",
        "import subprocess",
        "import sys; sys.path.insert(0, 'x'); import json",
        "import enum; enum.bltns.exec('x')",
        "from enum import bltns as b; b.exec('x')",
        "import re; re.enum.bltns.eval('1')",
        "import platform; platform.os.execvp('rm', ['rm'])",
        "import platform as p; list(map(p.os.remove, ['x']))",
        "from uuid import os; print(os.getenv('X'))",
        "import uuid; uuid.os.kill(1, 9)",
        "import csv; print(csv.io.FileIO('x').read())",
        "import fractions; fractions.operator.attrgetter('x')(1)",
        "import string; string.Formatter().get_field('0.system', [1], {})",
        "import sys; sys.breakpointhook()",
        "import platform\nmatch platform:\n case object(os=o): o.execvp('rm', ['rm'])",
        "import ast; ast.sys",
        "import functools; functools.update_wrapper(x, y)",
    ],
    ids=lambda code: code[:40],
)
def test_what_may_do_more_is_asked_about(code: str):
    assert "runs-code" in python(code)


def test_a_module_of_the_project_may_stand_in_for_pythons_own():
    assert "runs-code" in python("import json", {"json.py": "x"})
    assert "runs-code" in python("import json", {"json/__init__.py": "x"})
    assert "runs-code" in codes("python3 -c 'import json'")
    assert codes("python3 -c 'import sys'") == set()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("open('.env')", ("read", ".env")),
        ("open('.e' + 'nv').read()", ("read", ".env")),
        ("open('x', 'w')", ("write", "x")),
        ("from pathlib import Path\nPath('.env').read_text()", ("read", ".env")),
        ("import shutil\nshutil.rmtree('/home/x')", ("delete", "/home/x")),
        ("import os\nos.remove('a')", ("delete", "a")),
        ("import os\nos.system('rm -rf /')", ("delete", "/")),
        ("import subprocess\nsubprocess.run(['rm', '-rf', 'x'])", ("delete", "x")),
    ],
)
def test_what_the_tree_shows_is_told(code: str, expected: tuple[str, str]):
    effects = read_command(f"python3 - <<'END'\n{code}\nEND")
    assert expected in {(effect.kind.value, effect.target) for effect in effects}
