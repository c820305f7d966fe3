"""What moves a shell or changes its variables: never certain of more than the shell itself would be."""

from __future__ import annotations

import os
from posixpath import join, normpath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.policy.shell.invocation import Invocation
from companion.policy.shell.knowledge import READERS
from companion.policy.shell.programs import judge
from companion.policy.shell.read import read_command
from companion.policy.shell.state import State
from companion.policy.shell.stateful import CHANGES_STATE, declare
from tests.support.shell import BASH, all_nodes, codes, said_by_bash, told, tree_of, words_of

DECLARES = ["export", "declare", "local", "readonly", "typeset", "unset"]


def change(name: str, *words: str | None, state: State = State(), home: str = "/h"):
    return CHANGES_STATE[name](Invocation(name, words_of(*words), 0, 9), state, home)


def declared(command: str, state: State = State()):
    syntax = tree_of(command)
    [node] = all_nodes(syntax, "declaration_command", "unset_command")
    effects, after = declare(node, syntax, {"n": "7"}.get, state)
    return told(effects), after.variables


@pytest.mark.parametrize(
    ("words", "folders"),
    [
        (["a"], ("a",)),
        (["--", "a"], ("a",)),
        (["-L", "a"], ("a",)),
        (["/x/y/.."], ("/x",)),
        ([], ("/h",)),
        (["-P", "a"], None),
        (["-"], None),
        ([None], None),
        (["a", "b"], None),
        (["--zzz"], None),
    ],
)
def test_cd_leads_where_it_is_told_or_nobody_knows_where(words: list[str | None], folders: tuple[str, ...] | None):
    for name in ("cd", "chdir"):
        effects, after = change(name, *words)
        assert told(effects) == [("run", name, "")]
        assert after.success.folders == folders
        assert after.failure == State()


def test_home_that_is_not_known_leads_nowhere_known():
    assert change("cd", home="")[1].success.folders is None


@pytest.mark.parametrize(
    ("name", "words"),
    [("pushd", []), ("pushd", ["+1"]), ("pushd", ["-n", "a"]), ("pushd", [None]), ("pushd", [""]), ("popd", ["+0"])],
)
def test_a_stack_that_is_turned_leads_anywhere_and_an_absolute_cd_back(name: str, words: list[str | None]):
    after = change(name, *words, state=State(("s",)).push("t"))[1]
    assert after.success == after.failure == State(None)
    assert change("cd", "/x", state=after.either)[1].success.folders == ("/x",)


def test_what_is_pushed_is_popped_and_nothing_else_is_known():
    pushed = change("pushd", "a", state=State(("s",)))[1].success
    assert pushed.folders == ("s/a",)
    deeper = change("pushd", "/b", state=pushed)[1].success
    assert deeper.folders == ("/b",)
    popped = change("popd", state=deeper)[1].success
    assert (popped.folders, popped.before) == (("s/a",), ("/b",))
    assert change("popd", state=popped)[1].success.folders == ("s",)
    assert change("popd", state=State(("s",)))[1].success.folders is None
    assert change("popd", state=pushed.merge(State(("s",))))[1].success.folders is None
    assert change("popd", state=pushed.enter("t"))[1].success.folders is None


def test_cd_leads_back_to_where_the_command_itself_came_from():
    moved = change("cd", "a", state=State(("s",)))[1].success
    back = change("cd", "-", state=moved)[1].success
    assert back.folders == ("s",)
    assert change("cd", "-", state=back)[1].success.folders == ("s/a",)
    assert change("cd", "-", state=moved.set("OLDPWD", "/x"))[1].success.folders is None
    assert change("cd", "-", state=moved.merge(State(("s",))))[1].success.folders is None


def test_the_shell_keeps_the_folder_variables_itself():
    state = State().set("PWD", "/forged").set("OLDPWD", "/forged").set("y", "1")
    after = change("cd", "a", state=state)[1]
    assert after.success.variables == {"y": "1"}
    assert after.failure.variables == state.variables


@pytest.mark.parametrize(
    ("words", "lost", "codes"),
    [
        (["y"], {"y", "REPLY"}, {""}),
        (["-r", "y", "z"], {"y", "z", "REPLY"}, {""}),
        (["-p", "name?", "y"], {"y", "REPLY"}, {""}),
        ([], {"REPLY"}, {""}),
        (["IFS"], {"IFS", "REPLY"}, {"", "sets-environment"}),
        (["y[0]"], {"y[0]", "REPLY"}, {"", "sets-environment"}),
        ([None], {"", "REPLY"}, {"unknown-word", "sets-environment"}),
        (["-a", "y"], {"y", "REPLY"}, {"unknown-option"}),
    ],
)
def test_what_is_read_is_not_known_and_only_own_names_are_read_unasked(
    words: list[str | None], lost: set[str], codes: set[str]
):
    effects, after = change("read", *words, state=State().set("y", "old").set("kept", "1"))
    assert {name for name, text in after.either.variables.items() if text is None} == lost
    assert after.either.variables["kept"] == "1"
    assert {effect.code for effect in effects} == codes


@pytest.mark.parametrize(
    ("command", "codes", "value"),
    [
        ("export y=a", set(), "a"),
        ("declare y=a", set(), "a"),
        ("typeset y='a'", set(), "a"),
        ("export y", set(), None),
        ("unset y", set(), None),
        ("local y=a", set(), None),
        ("export -x y=a", set(), None),
        ("declare -p y", {"sets-environment"}, None),
        ("declare -x y=a", set(), None),
        ("declare -g y=a", set(), None),
        ("export y=a z=b", set(), None),
        ("export y=$n", set(), "7"),
        ("export y=$other", set(), None),
        ("export y=*", set(), None),
        ("readonly y=a", {"not-understood"}, "a"),
        ("declare -r y=a", {"sets-environment"}, None),
        ("declare -i y=1", {"sets-environment"}, None),
        ("declare -n y=z", {"sets-environment"}, None),
        ("declare +x y", {"sets-environment"}, None),
        ("unset -v y", {"sets-environment"}, None),
        ("export PATH=.", {"sets-environment"}, "old"),
        ("declare -x GIT_PAGER=x", {"sets-environment"}, "old"),
        ("export BASH_ENV=x", {"sets-environment"}, "old"),
        ("unset PATH", {"sets-environment"}, "old"),
    ],
)
def test_a_declaration_is_followed_as_far_as_it_is_certain(command: str, codes: set[str], value: str | None):
    effects, variables = declared(command, State().set("y", "old"))
    assert ({code for _, _, code in effects}, variables["y"]) == (codes, value)


@pytest.mark.parametrize("keyword", DECLARES[:-1])
def test_a_declaration_of_nothing_shows_everything(keyword: str):
    assert [code for _, _, code in declared(keyword)[0]] == ["reads-environment"]


@pytest.mark.parametrize(
    "command",
    [
        "cd - && cat x",
        "cd -P a && cat x",
        "pushd; cat x",
        "pushd a; popd; cat x",
        "y=a; read y; cat $y",
        "y=a; unset y; cat $y",
    ],
)
def test_what_is_lost_is_unknown_to_the_rest_of_the_command(command: str):
    assert "unknown-path" in {effect.code for effect in read_command(command, "/w", "/h")}


def test_what_changes_the_state_has_no_second_judge():
    assert not set(CHANGES_STATE) & set(READERS)
    for name in CHANGES_STATE:
        assert told(judge(Invocation(name, (), 0, 1))) == [("unknown", name, "unknown-program")]


STEPS = ["y=a", "y=b", "y=c z=d", "export y=e", "declare y=f", "local y=g", "y+=h", "export y", "read y </dev/null"]
STEPS += ["readonly y=i", "readonly y", "typeset -r y=j", "unset y", "y=k true", "y=$y$y", "y[0]=l", "(y=m)", "! y=n"]
STEPS += ["cd /", "cd usr", "cd /none/such", "cd", "cd -", "cd ..", "pushd /usr", "/bin/cd /usr", "(cd /)", "! cd usr"]
STEPS += [
    "cd - && cd usr",
    "pushd usr",
    "pushd",
    "popd",
    "popd && cd ..",
    "cd - && cd -",
    "(popd)",
    "OLDPWD=/tmp",
    "pushd +1",
]
STEPS += [
    "cd /usr && cd /tmp && cd -",
    "pushd /usr && popd",
    "pushd /usr && pushd /tmp && popd",
    "dirs -c",
    "unset OLDPWD",
]


@pytest.mark.skipif(BASH is None or os.name == "nt", reason="compares with bash, which is not here")
@settings(max_examples=80)
@given(st.lists(st.sampled_from(STEPS), max_size=4), st.sampled_from(["; ", "\n", " && ", " || "]))
def test_what_is_known_in_the_end_is_what_bash_knows(steps: list[str], joint: str):
    script = joint.join(["y=0", *steps])
    command = f"{script}\ncat ./here\ncat /$y"
    last = command.index("cat /$y")
    effects = [effect for effect in read_command(command, "/", "/usr") if effect.kind != "run"]
    if any(effect.code for effect in effects if effect.start < len(script)):
        return
    here, value = said_by_bash(f'{script}\nprintf "%s\\n" "$PWD/here" "/$y"', home="/usr").splitlines()[-2:]
    where = [effect for effect in effects if len(script) < effect.start < last]
    known = [effect for effect in effects if effect.start >= last]
    assert any(effect.code or clean(join("/", effect.target)) == clean(here) for effect in where)
    assert any(effect.code or effect.target == value for effect in known)


def clean(path: str) -> str:
    return normpath(path).replace("//", "/")


@pytest.mark.parametrize(
    "command",
    [
        "SECRET_TOKEN+=x; echo $SECRET_TOKEN",
        "token+=x; echo $token",
        "declare token; echo $token",
        "export token; echo $token",
        "export FOO=bar token; echo $token",
        "export token+=x; echo $token",
    ],
)
def test_what_is_only_named_or_added_to_still_is_what_the_environment_says(command: str):
    assert "reads-environment" in codes(command)


@pytest.mark.parametrize("command", ["export FOO=bar && echo $FOO", "export CI=1 && ls", "x=1; x+=2; echo $x"])
def test_what_only_the_plainest_programs_see_says_nothing(command: str):
    assert codes(command) == set()


@pytest.mark.parametrize(
    "command",
    [
        "export FOO=bar && git status",
        "export PATH=. && ls",
        "export FOO; ls",
        "export FOO+=x; ls",
        "export LD_PRELOAD=x; ls",
    ],
)
def test_what_others_may_see_is_asked_about(command: str):
    assert "sets-environment" in codes(command)
