import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.model.facts import Effect, EffectKind
from companion.policy.shell.effects import changes_something
from companion.policy.shell.read import read_command
from tests.support.shell import codes

PATHS = {EffectKind.READ, EffectKind.WRITE, EffectKind.DELETE}


def on_paths(command: str, **known: str) -> list[tuple[str, str, str]]:
    return [(e.kind.value, e.target, e.code) for e in read_command(command, **known) if e.kind in PATHS]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("cat x", [("read", "x", "")]),
        ("cat x - y", [("read", "x", ""), ("read", "y", "")]),
        ("cat < x", [("read", "x", "")]),
        ("cat *.env", [("read", "*.env", "glob"), ("read", "./", "tree")]),
        ("cat src/*.py", [("read", "src/*.py", "glob"), ("read", "src/", "tree")]),
        ("grep -r x .", [("read", "./", "tree")]),
        ("grep -r x", [("read", "./", "tree")]),
        ("grep x a b", [("read", "a", ""), ("read", "b", "")]),
        ("grep -e x a", [("read", "a", "")]),
        ("grep -f p a", [("read", "p", ""), ("read", "a", "")]),
        ("rg x", [("read", "./", "tree")]),
        ("rg x src", [("read", "src/", "tree")]),
        ("cat a | rg x", [("read", "a", "")]),
        ("ls", [("read", ".", "names")]),
        ("ls src/ doc", [("read", "src", "names"), ("read", "doc", "names")]),
        ("ls src/*.py", [("read", "src", "names")]),
        ("find src test -name '*.py'", [("read", "src", "names"), ("read", "test", "names")]),
        ("diff a b", [("read", "a/", "tree"), ("read", "b/", "tree")]),
        ("git show HEAD:a/b", [("read", ".", "tracked"), ("read", "a/b", "tracked")]),
        ("git diff -- a", [("read", ".", "tracked"), ("read", "a", "tracked")]),
        (
            "git -C sub show HEAD:a",
            [("read", "sub", "tracked"), ("read", "sub", "tracked"), ("read", "sub/a", "tracked")],
        ),
        ("echo x > a", [("write", "a", "")]),
        ("echo x | tee a b", [("write", "a", ""), ("write", "b", "")]),
        ("cp a b", [("read", "a", ""), ("write", "b", ""), ("write", "b/a", "")]),
        ("cp -r a b", [("read", "a/", "tree"), ("write", "b", ""), ("write", "b/a", "")]),
        ("mkdir -p a/b", [("write", "a/b", "")]),
        ("touch a", [("write", "a", "")]),
        ("rm a", [("delete", "a", "delete")]),
        ("rm -rf a", [("delete", "a", "delete-tree")]),
        ("cd sub && cat x", [("read", "sub/x", "")]),
        ("cd sub && cat ../x", [("read", "sub/../x", "")]),
        ("cd sub && cd .. && cat x", [("read", "x", "")]),
        ("cd sub && cat /x", [("read", "/x", "")]),
        ("(cd sub && cat x) && cat y", [("read", "sub/x", ""), ("read", "y", "")]),
        ("cd sub || cat x", [("read", "x", "")]),
        ("cd sub && ls", [("read", "sub", "names")]),
        ("cd sub && grep -r x .", [("read", "sub/", "tree")]),
        ("for f in a b; do cat $f; done", [("read", "a", ""), ("read", "b", "")]),
        ("f=a; cat $f", [("read", "a", "")]),
        ("sh -c 'cat x'", [("read", "x", "")]),
        ("cd sub && sh -c 'cat x'", [("read", "sub/x", "")]),
        ("[ -f x ]", [("read", "x", "names")]),
        ("cat >log a", [("read", "a", ""), ("write", "log", "")]),
    ],
)
def test_paths_are_told_as_seen_from_the_start(command: str, expected: list[tuple[str, str, str]]):
    assert set(on_paths(command)) == set(expected)


def test_both_places_are_told_where_a_cd_may_have_failed():
    assert {target for _, target, _ in on_paths("cd sub; cat x")} == {"x", "sub/x"}


def test_home_and_cwd_stand_in_when_they_are_known():
    assert on_paths("cat ~/x $HOME/y", home="/h") == [("read", "/h/x", ""), ("read", "/h/y", "")]
    assert on_paths('cat "$PWD/x"', cwd="/w") == [("read", "/w/x", "")]
    assert on_paths("cd && cat x", home="/h") == [("read", "/h/x", "")]
    assert codes("cat ~/x") == {"unknown-path"}
    assert codes("cd $d && cat x", home="/h") == {"reads-environment", "unknown-path"}


def test_effects_say_where_in_the_command_they_stand():
    command = "echo é && r\\\nm -rf 'a b'; sh -c 'rm y'"
    spans = {effect.code: command[effect.start : effect.end] for effect in read_command(command) if effect.code}
    assert spans["rm-recursive"] == "r\\\nm -rf 'a b'"
    deleted = {
        effect.target: command[effect.start : effect.end] for effect in read_command(command) if effect.kind == "delete"
    }
    assert deleted == {"a b": "'a b'", "y": "'rm y'"}


@pytest.mark.parametrize(
    ("piece", "count"),
    [("ls; ", 300), ("x", 70_000), ("nice ", 300), ("a | ", 1000), ("(", 500), ("$(", 200), ("if ls; then ", 100)],
)
def test_past_the_budget_one_effect_covers_everything(piece: str, count: int):
    command = piece * count + "ls"
    over = [effect for effect in read_command(command) if effect.code in {"over-budget", "not-understood"}]
    assert over
    assert (over[0].start, over[0].end) == (0, len(command))


def test_what_was_found_before_the_budget_ran_out_is_kept():
    assert "rm-recursive" in codes("rm -rf x; " + "ls; " * 300)


def test_scripts_inside_scripts_end_at_eight():
    script = "ls"
    for _ in range(12):
        script = "sh -c '" + script.replace("'", "'\\''") + "'"
        if len(script) > 20_000:
            break
    assert codes(script) & {"over-budget"}


SIGNS = [
    *"abr'\"\\$`(){}[]<>|&;#*?~=!:,./- \n\t",
    "\\\n",
    "$(",
    "<<E\n",
    "\nE\n",
    "if ",
    "then ",
    "fi",
    "for x in ",
    "do ",
    "done",
]
SIGNS += [
    "rm ",
    "cat ",
    "cd ",
    "sh -c ",
    "${",
    "((",
    "[[",
    "é",
    "\u200b",
    "\ud800",
    "\x00",
    "case ",
    "esac",
    "while ",
    "function ",
    "git ",
]
TEXTS = st.lists(st.sampled_from(SIGNS), max_size=40).map("".join) | st.text(max_size=60)


@settings(max_examples=300)
@given(TEXTS)
def test_it_never_raises_and_spans_stay_inside(command: str):
    effects = read_command(command, "/w", "/h")
    assert all(0 <= effect.start <= effect.end <= len(command) for effect in effects)
    assert effects == read_command(command, "/w", "/h")


ASKED = ["rm x", "rm -rf x", "git reset --hard", "git push -f", "sudo ls", "curl x.y", "python x.py", "env", "eval ls"]
ASKED += [
    "find . -delete",
    "ls && chmod -R 777 x",
    "sed -i s/a/b/ x",
    "cat x | sh",
    "sort -o x y",
    "git log --output=x",
]


@st.composite
def disguised(draw: st.DrawFn) -> tuple[str, str]:
    """A command, and the same command written differently."""
    command = draw(st.sampled_from(ASKED))
    text = command
    for _ in range(draw(st.integers(1, 4))):
        letters = [
            at for at, sign in enumerate(text) if sign.isascii() and sign.isalpha() and text[at - 1 : at] != "\\"
        ]
        if not letters:
            break
        at = draw(st.sampled_from(letters))
        before, letter, after = text[:at], text[at], text[at + 1 :]
        if "'" in before or '"' in before:
            break
        text = before + draw(st.sampled_from([f"\\{letter}", f"'{letter}'", f'""{letter}', f"\\\n{letter}"])) + after
    return command, draw(
        st.sampled_from(["{}", "{{ {}; }}", "({})", "true; {}", "if true; then {}; fi", "! {}"])
    ).format(text)


@settings(max_examples=200)
@given(disguised())
def test_no_disguise_turns_a_change_into_a_read(pair: tuple[str, str]):
    plain, text = pair
    assert changes_something(read_command(plain)) is not None
    assert changes_something(read_command(text)) is not None


@pytest.mark.parametrize(
    "piece",
    [
        "a|",
        "$[",
        "a=(",
        "for((",
        ">",
        "<<<",
        "<<a\n",
        "((;;",
        "${x:-",
        "[[ !",
        "== ",
        "x' ",
        '"$(',
        "(",
        "if ",
        "rm x;",
        "\\\n",
        "é ",
        "find . -exec ",
        "xargs ",
        "sh -c 'ls';",
        "while ls; do ",
        "for i in 1 2 3 4 5;do ",
        "a.b=",
        "'('",
        "#(\n",
        "{,",
    ],
)
def test_no_input_of_64_kb_takes_long(piece: str):
    command = (piece * 65_536)[:65_536]
    best = 9.0
    for _ in range(3):
        start = time.perf_counter()
        read_command(command)
        read_command(command[:3000])
        best = min(best, time.perf_counter() - start)
    assert best < 0.2


def test_nothing_does_nothing():
    assert read_command("") == () == read_command(" \n\t")


def test_effects_are_values():
    assert read_command("cat x") == (
        Effect(EffectKind.RUN, "cat", 0, 5),
        Effect(EffectKind.READ, "x", 4, 5),
    )
