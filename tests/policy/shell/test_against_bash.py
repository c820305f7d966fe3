"""What the walk says runs, against what bash runs. Only functions that write their arguments down are ever run."""

import os
import shutil
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from companion.model.facts import EffectKind
from companion.policy.shell import simple
from companion.policy.shell.read import read_command

BASH = shutil.which("bash")
pytestmark = pytest.mark.skipif(BASH is None or os.name == "nt", reason="compares with bash, which is not here")

PRELUDE = "exec 9>&1 >/dev/null 2>/dev/null\nx=\n" + "".join(
    f"""{name}() {{ local IFS=$'\\x1f' said; said="{name}$IFS$*$IFS"; [ $# = 0 ] && said="{name}$IFS"; """
    """builtin printf '%s\\x1e' "$said" >&9; }\n"""
    for name in "pqr"
)
WORDS = [
    "a",
    "'a b'",
    '"a"',
    '"$x c"',
    "a\\ b",
    "$x",
    "${x}",
    "$'a\\tb'",
    "-a",
    "a=b",
    "'#'",
    "a#b",
    "{",
    "if",
    "a''b",
    "''",
]
WORDS += ["-a2", "'$(q)'", '"\\ $x"', "\\$x", "a\\\nb", '"a\\\nb"', "~", "]", "$((1+1))"]
NOISE = [
    "\\\n",
    "\\",
    "'",
    '"',
    "#",
    "\n",
    " ",
    "\t",
    "\n\\",
    ";",
    "&&",
    "{ ",
    "}",
    "[",
    "]",
    "! ",
    "<<'E' |\n",
    "2<&0",
    "<<<",
]

words = st.sampled_from(WORDS)
names = st.sampled_from(["p", "q", "r", "'p'", '"q"', "\\r", "$y", 'p""'])
ends = st.sampled_from(["", "", " </dev/null", " 2<&0", " <<<a", " <&0 b"])
programs = st.builds(lambda name, given, end: " ".join([name, *given]) + end, names, st.lists(words, max_size=3), ends)


def compose(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("{}{}{}".format, inner, st.sampled_from([" && ", " || ", "; ", "\n", " &&\n"]), inner),
        st.builds("{{ {}; }}".format, inner),
        st.builds("({})".format, inner),
        st.builds("if {}; then {}; else {}; fi".format, programs, inner, inner),
        st.builds("for x in {} b; do {}; done".format, words, inner),
        st.builds("case {} in a|b) {};; *) {};; esac".format, words, inner, inner),
        st.builds("y=p; {}".format, inner),
        st.builds("x={}; {}".format, words, inner),
        st.builds("{} <<'E'\np `q`\nE\n{}".format, programs, inner),
        st.builds("{} <<E && {}\na\nE\n".format, programs, inner),
        st.builds("p $({})".format, inner),
    )


scripts = st.recursive(programs, compose, max_leaves=5)


@st.composite
def disturbed(draw: st.DrawFn) -> str:
    text = draw(scripts)
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.sampled_from(NOISE)) + text[at:]
    return text


@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(command=disturbed())
def test_nothing_runs_that_was_not_told(command, monkeypatch, tmp_path):
    told = []

    def judge(invocation):
        told.append((invocation.name, tuple(arg.text for arg in invocation.args), any(a.many for a in invocation.args)))
        return iter(() if invocation.name in {"p", "q", "r"} else (invocation.rule("unknown-program"),))

    monkeypatch.setattr(simple, "judge", judge)
    if any(effect.kind is EffectKind.UNKNOWN for effect in read_command(command)):
        return
    run = subprocess.run(
        [BASH, "--norc", "-c", PRELUDE + command],
        capture_output=True,
        cwd=tmp_path,
        timeout=20,
        stdin=subprocess.DEVNULL,
        env={"PATH": "/none", "LC_ALL": "C.UTF-8"},
        check=False,
    )
    for said in run.stdout.decode().split("\x1e")[:-1]:
        name, *given_words = said.split("\x1f")[:-1]
        assert any(
            known == name
            and (
                many
                or (
                    len(args) == len(given_words)
                    and all(a in {None, g} for a, g in zip(args, given_words, strict=True))
                )
            )
            for known, args, many in told
        ), (command, said, told)
