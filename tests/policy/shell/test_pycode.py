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
        "import sys; sys.stdout.write('x')",
        "open('x', 'w').write('y')",
        "with open('x', 'w', encoding='utf-8') as f: f.writelines(['y'])",
        "import json\nd = json.load(open('x'))\njson.dump(d, open('x', 'w'), indent=2)",
        "p = 'a/' + 'b'\ns = open(p).read().replace('x', 'y')\nopen(p, 'w').write(s)",
        "for p in ('a', 'b'):\n    print(open(f'src/{p}.py').read())",
        "print([len(open(p).read()) for p in ['a', 'b']])",
        "print('{} {:>5} {a!r} {{}}'.format(1, 2, a=3))",
        "from pathlib import Path\np = Path('a')\np.write_text(p.read_text().replace('x', 'y'))",
        "from pathlib import Path\nprint(Path('a').exists(), Path('b').is_file())",
        "import pathlib\np = pathlib.Path('a' + '/b')\nprint(p, str(p), f'{p}', p.read_bytes())",
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
        "import re, os",
        "x = 1 +",
        "(" * 5000,
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
        "open('x', **{'mode': 'w'})",
        "open('x', *['w'])",
        "open('x', opener=print)",
        "open('x', 'r', -1, None, None, None, True, print)",
        "open(1, 'w').write('x')",
        "open(x, 'w').write('x')",
        "open('x', m).write('x')",
        "import sys; print('{0.modules}'.format(sys))",
        "import sys; print('{0[modules]}'.format(sys))",
        "import sys; print('{:{0.modules}}'.format(sys))",
        "import sys; print('{a.modules}'.format_map({'a': sys}))",
        "import sys; f = '{0.mod' + 'ules}'; print(f.format(sys))",
        "import sys; print(str.format('{0.modules}', sys))",
        "import sys; list(map('{0.modules}'.format, [sys]))",
        "from .json import x",
    ],
    ids=lambda code: code[:40],
)
def test_what_may_do_more_is_asked_about(code: str):
    assert "runs-code" in python(code)


REBOUND = """
p = 'a'; p = x; print(open(p).read())
p = 'a'; p += x; print(open(p).read())
p = 'a'; p: str = x; print(open(p).read())
for p in ['a', x]: print(open(p).read())
for p in [*x]: print(open(p).read())
for p in x: print(open(p).read())
for p, q in [('a', 'b')]: print(open(p).read())
p = 'a'; print([open(p).read() for p in x])
p = 'a'; print(list(map(lambda p: open(p).read(), x)))
p = 'a'; print((p := x), open(p).read())
p = 'a'; print(open(f'{p!r}').read())
p = 'a'; print(open(f'{p:>9}').read())
p = q = 'a'; print(open(p).read())
p, q = 'a', 'b'; print(open(p).read())
p = 'a' * 2; print(open(p).read())
p = ['a']; print(open(p[0]).read())
p = p + 'a'; print(open(p).read())
import json as p; print(open(p).read())
from pathlib import Path; Path('a').unlink()
from pathlib import Path; Path('a').replace('b')
from pathlib import Path; Path('a').rename('b')
from pathlib import Path; Path('a').joinpath('..').read_text()
from pathlib import Path; p = Path('a'); q = p; q.replace('b')
from pathlib import Path; p = Path('a'); p.replace('b')
from pathlib import Path; p = Path('a'); print(p.parent.replace('b'))
from pathlib import Path; p = Path('a'); print([p][0].replace('b'))
from pathlib import Path; p = Path('a'); print(list(map(p.replace, 'b')))
from pathlib import Path; p = Path('a'); (p / 'b').read_text()
from pathlib import Path; p = Path('a'); f = p.write_text; f('x')
from pathlib import Path; p = Path('a'); p = Path(x); p.write_text('x')
from pathlib import Path; p = Path('a'); print([p.replace('b') for p in [p]])
from pathlib import Path; p: Path = Path('a'); p.replace('b')
from pathlib import Path; (p := Path('a')).replace('b')
from pathlib import Path; Path(x).read_text()
from pathlib import Path; Path('a', x).read_text()
from pathlib import Path; Path(*x).read_text()
from pathlib import Path; Path('a')
from pathlib import Path; Path.home()
from pathlib import Path; Path.replace('a', 'b')
from pathlib import Path; P = Path; P('a').replace('b')
from pathlib import Path; list(map(Path, ['a']))
from pathlib import Path; Path = print; Path('a').read_text()
from pathlib import Path as P; P('a').read_text()
from pathlib import Path, os; os.system('x')
from pathlib import *
import pathlib; pathlib.PosixPath('a').replace('b')
import pathlib; pathlib.os.system('x')
import pathlib; p = pathlib; p.PosixPath('a').replace('b')
import pathlib, json; pathlib.Path('a').read_text()
import pathlib as p; p.Path('a').read_text()
Path('a').read_text()
"""


@pytest.mark.parametrize("code", REBOUND.strip().splitlines())
def test_a_name_that_may_be_something_else_is_asked_about(code: str):
    code = code.replace("; for", "\nfor")
    assert "runs-code" in python(code)


def test_what_shows_a_path_must_be_what_it_is_called():
    shown = "from pathlib import Path\np = Path('a')\nprint(p)"
    assert python(shown) == set()
    assert "runs-code" in python(f"def print(x): x.replace('b')\n{shown}")
    assert "runs-code" in python(shown.replace("print(p)", "print(*[p])"))
    assert "runs-code" in python(shown.replace("print(p)", "sorted([1], key=p.replace)"))


def test_more_than_anybody_writes_is_asked_about():
    loop = f"for p in {[str(number) for number in range(32)]}:\n"
    assert "runs-code" in python(loop + "    open(p)\n" * 200)
    assert "runs-code" in python("open(" + "+".join(["'a'"] * 900) + ")")


def test_a_module_of_the_project_may_stand_in_for_pythons_own():
    assert "runs-code" in python("import json", {"json.py": "x"})
    assert "runs-code" in python("import json", {"json/__init__.py": "x"})
    assert "runs-code" in codes("python3 -c 'import json'")
    assert codes("python3 -c 'import sys'") == set()
    assert "runs-code" in python("import json", {"enum.py": "x"})
    assert "runs-code" in python("from pathlib import Path\nPath('a').exists()", {"pathlib.py": "x"})
    assert "runs-code" in python("from pathlib import Path\nPath('a').exists()", {"fnmatch.py": "x"})


def test_a_script_finds_modules_beside_it_first():
    files = {"tools/a.py": "import json\nprint(json.dumps({}))"}
    assert "project-script" in {effect.code for effect in read_command("python tools/a.py", look=files.get)}
    files["tools/json.py"] = "x"
    assert "runs-script" in {effect.code for effect in read_command("python tools/a.py", look=files.get)}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("open('.env')", ("read", ".env")),
        ("open('.e' + 'nv').read()", ("read", ".env")),
        ("open('x', 'w')", ("write", "x")),
        ("p = '.e' + 'nv'\nprint(open(p).read())", ("read", ".env")),
        ("for p in ['a', '.env']: print(open(p).read())", ("read", ".env")),
        ("n = 'env'\nprint(open(f'.{n}').read())", ("read", ".env")),
        ("print([open(p, 'a') for p in ('a', 'b')])", ("write", "b")),
        ("from pathlib import Path\np = Path('.env')\nprint(p.read_text())", ("read", ".env")),
        ("import pathlib\npathlib.Path('/etc/x').write_text('y')", ("write", "/etc/x")),
        ("from pathlib import Path\nPath('x').write_bytes(b'y')", ("write", "x")),
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
