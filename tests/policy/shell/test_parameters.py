"""What parameters and arrays come to, against what bash makes of them. Nothing runs but printf."""

import os
import shutil
import subprocess
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from companion.model.facts import EffectKind
from companion.policy.shell import simple
from companion.policy.shell.parameters import assigns, expand_parameter, pack, unpack
from companion.policy.shell.read import read_command
from companion.policy.shell.words import Value

BASH = shutil.which("bash")
VARIABLES = {"x": "src/app.test.js", "e": "", "u": "é", "a[@]": "b\0c d\0"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${x}", "src/app.test.js"),
        ("${x%.js}", "src/app.test"),
        ("${x%%.*}", "src/app"),
        ("${x##*/}", "app.test.js"),
        ("${x#*.}", "test.js"),
        ("${x/app/b}", "src/b.test.js"),
        ("${x//s/S}", "Src/app.teSt.jS"),
        ("${x/#src/lib}", "lib/app.test.js"),
        ("${x/%js/ts}", "src/app.test.ts"),
        ("${x//\\//-}", "src-app.test.js"),
        ("${x/t*t/}", "src/app..js"),
        ("${#x}", "15"),
        ("${#a[@]}", "2"),
        ("${x:0:3}", "src"),
        ("${x:4}", "app.test.js"),
        ("${x: -2}", "js"),
        ("${x: -99}", ""),
        ("${x:-w}", "src/app.test.js"),
        ("${e:-w}", "w"),
        ("${e-w}", ""),
        ("${x:=w}", "src/app.test.js"),
        ("${x:+w}", "w"),
        ("${e:+w}", ""),
        ("${x^^}", "SRC/APP.TEST.JS"),
    ],
)
def test_plain_expansions_are_known(text: str, value: str):
    assert expand_parameter(text, VARIABLES.get) == value


@pytest.mark.parametrize(
    "text",
    [
        *("${y:-w}", "${y}", "${x:-$y}", "${x:-~}", "${!x}", "${x@P}", "${x:y}", "${x/[a]/b}", "${x%'s'}", "${e:=w}"),
        *("${u:1}", "${#u}", "${a[0]}", "${x:0:-1}", "${x/*a*/b}", "${x/a/&}", "${@:1}", "${#@}", "${x:?}", "${e/*/b}"),
    ],
)
def test_others_are_not(text: str):
    assert expand_parameter(text, VARIABLES.get) is None


def test_a_default_that_is_kept_is_set_only_where_there_is_no_value():
    assert not assigns("${x:=w}", VARIABLES.get)
    assert not assigns("${e=w}", VARIABLES.get)
    assert assigns("${e:=w}", VARIABLES.get)
    assert assigns("${y:=w}", VARIABLES.get)
    assert assigns("${!x}", VARIABLES.get)


def test_elements_come_back_as_they_were():
    assert unpack(pack(["", "a b", ""]) or "-") == ["", "a b", ""]
    assert unpack(pack([]) or "") == []
    assert pack(["a"] * 1000) is None


def test_no_pattern_costs_much():
    long = {"x": "a" * 8000, "y": "a" * 500}
    started = time.process_time()
    for pattern in ("*a", "a*b", "*b", "aaaaaaaaaaaaaaaaaaaaaaaaab", "*a*a*a*a*b"):
        for sign in ("#", "##", "%", "%%", "/", "//", "/#", "/%"):
            for name in long:
                expand_parameter(f"${{{name}{sign}{pattern}}}", long.get)
    # Many times what it takes.
    assert time.process_time() - started < 2


TEXTS = [
    "a",
    "b.js",
    "src/a.b.c",
    "''",
    "'a b'",
    '"$x"',
    "$y",
    "aaa",
    "-n",
    "a/b/a",
    "{a,b}",
    '"${z}c"',
    "é",
    "'*'",
    "ab",
]
PATTERNS = [
    "a",
    "*",
    "*/",
    ".*",
    "*.",
    "?",
    "a*",
    "*a",
    "b",
    "/",
    "a?",
    ".js",
    "\\/",
    "%",
    "#",
    "*b*",
    "aa",
    "$y",
    '"a"',
    "[ab]",
]
SIGNS = ["%", "%%", "#", "##", "/", "//", "/#", "/%"]
name = st.sampled_from(["x", "y", "z", "v", "v[@]", "v[0]", "v[*]", "1"])
text = st.sampled_from(TEXTS)
expansion = st.one_of(
    st.builds("${{{}}}".format, name),
    st.builds("${}".format, st.sampled_from(["x", "y", "v", "@", "#", "1", "2"])),
    st.builds("${{#{}}}".format, name),
    st.builds("${{{}{}{}}}".format, name, st.sampled_from(SIGNS), st.sampled_from(PATTERNS)),
    st.builds(
        "${{{}{}{}/{}}}".format,
        name,
        st.sampled_from(SIGNS[4:]),
        st.sampled_from(PATTERNS),
        st.sampled_from(["", "c", "a/b", "&"]),
    ),
    st.builds("${{{}{}{}}}".format, name, st.sampled_from([":-", "-", ":=", "=", ":+", "+"]), text),
    st.builds("${{{}:{}}}".format, name, st.sampled_from(["0", "1", "2:1", "0:2", " -1", " -2:1", "9", "1:-1", "1:0"])),
    st.builds("${{{}{}}}".format, name, st.sampled_from(["^^", ",,", "^", ",", "@Q", "@L"])),
    st.builds("${{!{}}}".format, name),
)
BODIES = [
    "say $1",
    'say "$1" "$2"',
    'say "$@"',
    "say $@ c",
    'local x="$1"; say $x',
    "x=$1; say",
    "x=a; return; x=$2",
    'g "$2"; say "$1"',
]
BODIES += [
    "y=$x; local x=c z=d; say $x $z; g",
    'x="$1"; shift; say "$1"',
    "v=(a b); say ${#v[@]} ${1:-w}",
    "say $x; x=q",
    "local y; y=$1; say $y",
]
BODIES += [
    'if say; then x="$2"; return; fi; say "$x"',
    "f; say",
    "say ${2%.js} $#",
    "set -- a; say $1",
    "for x in $1 c; do say $x; done",
]
word = st.one_of(
    text, expansion, st.builds('"{}"'.format, expansion), st.builds('a"{}"{}'.format, expansion, expansion)
)
words = st.lists(word, min_size=1, max_size=3).map(" ".join)
value = st.one_of(text, expansion, st.builds('"{}"'.format, expansion))
step = st.one_of(
    st.builds("{}={}".format, st.sampled_from(["x", "y", "z"]), value),
    st.builds("{}+={}".format, st.sampled_from(["x", "y", "v"]), text),
    st.builds("{}{}({})".format, st.sampled_from(["v", "v", "x"]), st.sampled_from(["=", "+="]), words),
    st.builds("v[{}]={}".format, st.sampled_from("01"), text),
    st.builds("v=([1]={})".format, text),
    st.sampled_from(
        ["v=()", "unset x", "unset v", "unset 'v[0]'", "local x=1", "declare -u x", "declare y=a.b", "readonly z"]
    ),
    st.sampled_from(
        ["read x <<<a", "printf -v x a", "shopt -s nullglob", "set -f", "IFS=a", "set -- b c", "mapfile v <<<a"]
    ),
    st.sampled_from(
        ["false || x=c", "true && v=(c)", "(x=c)", "x=c | say", "eval x=c", "declare -n x=y", "getopts a x", "let x=1"]
    ),
    st.sampled_from(["for x in a b; do v+=(c); done", "for x in a; do y=$x; done", "{ x=b; }", "if say; then x=q; fi"]),
    st.sampled_from(["while say; do x=q; break; done", ": ${x:=c}", ": ${v:=c}", "export x=a", "x=a say", "v=([a]=b)"]),
    st.builds('for y in {}; do say $y "$y"; done'.format, words),
    st.builds("set -- {}".format, words),
    st.sampled_from(
        ["shift", "shift 2", "shift $#", 'say $# "$@"', "(shift)", "shift | say", "set -- && shift", "set -e -- a"]
    ),
    st.sampled_from(
        ['while say; do set -- "$@" $1; break; done', "for y in a b; do shift; say $1 $#; done", 'set -- "$@" z']
    ),
    st.builds("say {}".format, words),
    st.builds("{}() {{ {}; }}".format, st.sampled_from("fg"), st.sampled_from(BODIES)),
    st.builds("{} {}".format, st.sampled_from("ffg"), words),
    st.builds("for y in a b; do f $y {}; done".format, words),
    st.builds("f {} | say $x; (f a); f b || say".format, words),
)
scripts = st.lists(step, min_size=1, max_size=6).map("\n".join)


@pytest.mark.skipif(BASH is None or os.name == "nt", reason="compares with bash, which is not here")
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=scripts, last=words)
def test_a_word_is_what_bash_says_or_not_known(script, last, monkeypatch, tmp_path):
    told = []

    def judge(invocation):
        told.append(invocation.args)
        return iter(() if invocation.name == "say" else (invocation.rule("unknown-program"),))

    monkeypatch.setattr(simple, "judge", judge)
    command = f"x=b.js\ny=a/b.c\nv=(a b.js 'c d')\n{script}\nsay {last}"
    if any(
        effect.kind is EffectKind.UNKNOWN and effect.code != "reads-environment" for effect in read_command(command)
    ):
        return
    run = subprocess.run(
        [BASH, "--norc", "-c", "say() { [ $# = 0 ] || printf '%s\\0' \"$@\"; printf '\\36\\0'; }\n" + command],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=tmp_path,
        timeout=20,
        stdin=subprocess.DEVNULL,
        env={"PATH": "/none", "LC_ALL": "C.UTF-8"},
        check=False,
    )
    for record in run.stdout.decode().split("\x1e\0")[:-1]:
        said = record.split("\0")[:-1]
        assert any(_may_be(args, said) for args in told), (command, said, told)


def _may_be(args: tuple[Value, ...], said: list[str]) -> bool:
    if any(arg.many for arg in args):
        return True
    return len(args) == len(said) and all(
        arg.text is None or arg.glob or arg.text == one for arg, one in zip(args, said, strict=True)
    )
