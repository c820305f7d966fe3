"""What is ignored stays private."""

import pytest
from msgspec import structs

from companion.model.action import Dialect, FileAccess, ModelCall, Operation, ShellCommand, ToolCall
from companion.model.exchange import Origin
from companion.model.facts import Effect, EffectKind, Facts, IgnoreMatch, PathFacts
from companion.model.policy import IgnoredAction, Policy
from companion.model.verdict import PASS, Allow, Ask, Deny
from companion.policy.guards.ignored import ignored, what_becomes_of
from companion.policy.ignore.lists import SECRETS
from companion.policy.shell.effects import LISTED

DENIED = IgnoreMatch("sub/.clineignore", 3, "private/")
DENIED_BY_DEFAULT = IgnoreMatch(SECRETS, 1, ".env")
LEFT_OUT = IgnoreMatch(".gitignore", 1, "build/", denied=False)
STOPPED = IgnoreMatch("companion", 0, "(more than 9 entries lie below)", denied=False)


def facts(matches, effects=(), gitignored=IgnoredAction.DENY, *, folders=()):
    paths = {
        path: PathFacts(path, f"/ws/{path}", inside=True, ignored=match, is_dir=path in folders)
        for path, match in matches.items()
    }
    return Facts(Origin(workspace="/ws"), Policy(gitignored=gitignored), effects=effects, paths=paths)


def effect(kind, target):
    return Effect(kind, target, 0, 1)


ACCESSES = [
    # match, operation, policy, verdict, code
    (DENIED, Operation.READ, IgnoredAction.ASK, Deny, "ignored-path"),
    (DENIED, Operation.WRITE, IgnoredAction.ASK, Deny, "ignored-path"),
    (DENIED, Operation.DELETE, IgnoredAction.ASK, Deny, "ignored-path"),
    (DENIED_BY_DEFAULT, Operation.READ, IgnoredAction.ASK, Deny, "ignored-path"),
    (DENIED_BY_DEFAULT, Operation.WRITE, IgnoredAction.ASK, Ask, "ignored-path"),
    (DENIED_BY_DEFAULT, Operation.DELETE, IgnoredAction.ASK, Deny, "ignored-path"),
    (DENIED, Operation.SEARCH, IgnoredAction.ASK, Deny, "ignored-path"),
    (LEFT_OUT, Operation.READ, IgnoredAction.DENY, Deny, "gitignored-path"),
    (LEFT_OUT, Operation.SEARCH, IgnoredAction.DENY, Deny, "gitignored-path"),
    (LEFT_OUT, Operation.READ, IgnoredAction.ASK, Ask, "gitignored-path"),
    (LEFT_OUT, Operation.WRITE, IgnoredAction.DENY, Ask, "gitignored-path"),
    (LEFT_OUT, Operation.DELETE, IgnoredAction.DENY, Ask, "gitignored-path"),
    (STOPPED, Operation.SEARCH, IgnoredAction.DENY, Deny, "gitignored-path"),
]


@pytest.mark.parametrize(("match", "operation", "policy", "kind", "code"), ACCESSES)
def test_accesses(match, operation, policy, kind, code):
    verdict = ignored(FileAccess("x", operation), facts({"x": match}, gitignored=policy))
    assert isinstance(verdict, kind)
    assert verdict.code == code
    assert verdict.hint


@pytest.mark.parametrize("operation", Operation)
def test_an_open_path_passes(operation):
    assert ignored(FileAccess("x", operation), facts({"x": None})) is PASS


@pytest.mark.parametrize("match", [DENIED, LEFT_OUT])
def test_of_what_git_lists_in_a_folder_nobody_knows_that_it_is_ignored(match):
    listed = Effect(EffectKind.READ, "x/", 0, 1, LISTED)
    verdict = ignored(ShellCommand("cat $(git ls-files)"), facts({"x/": match}, [listed]))
    assert isinstance(verdict, Ask)
    sure = [listed, Effect(EffectKind.READ, "y", 0, 1)]
    assert isinstance(ignored(ShellCommand("cat y $(git ls-files)"), facts({"x/": match, "y": match}, sure)), Deny)


def test_whether_a_denied_file_is_there_may_be_known_and_not_what_a_denied_folder_holds():
    assert ignored(FileAccess("x", Operation.LIST), facts({"x": DENIED})) is PASS
    assert isinstance(ignored(FileAccess("x", Operation.LIST), facts({"x": DENIED}, folders=["x"])), Deny)


def test_a_secret_file_elsewhere_is_not_written():
    outside = PathFacts(".aws/credentials", "/home/a/.aws/credentials", inside=False, ignored=DENIED_BY_DEFAULT)
    told = Facts(Origin(workspace="/ws"), Policy(), paths={outside.given: outside})
    assert isinstance(ignored(FileAccess(outside.given, Operation.WRITE), told), Deny)


def test_names_below_what_git_ignores_may_be_listed():
    assert ignored(FileAccess("x", Operation.LIST), facts({"x": LEFT_OUT})) is PASS


def test_the_reason_names_file_line_and_pattern():
    verdict = ignored(FileAccess("x", Operation.READ), facts({"x": DENIED}))
    assert verdict.reason == "x is ignored (sub/.clineignore, line 3: private/)"
    listed = Effect(EffectKind.READ, "./", 0, 1, LISTED)
    below = ignored(ShellCommand("git ls-files | xargs cat"), facts({"./": DENIED}, [listed]))
    assert below.reason == "a file in . is ignored (sub/.clineignore, line 3: private/)"
    stopped = ignored(FileAccess("x", Operation.READ), facts({"x": STOPPED}))
    assert stopped.reason == "x is ignored (companion (more than 9 entries lie below))"


EFFECTS = [
    ([(EffectKind.READ, "secret")], Deny),
    ([(EffectKind.WRITE, "secret")], Deny),
    ([(EffectKind.DELETE, "secret")], Deny),
    ([(EffectKind.READ, "open"), (EffectKind.READ, "secret")], Deny),
    ([(EffectKind.WRITE, "built"), (EffectKind.READ, "secret")], Deny),
    ([(EffectKind.WRITE, "built"), (EffectKind.READ, "open")], Ask),
    ([(EffectKind.READ, "open"), (EffectKind.WRITE, "built")], Ask),
    ([(EffectKind.READ, "nobody-looked")], Ask),
]


@pytest.mark.parametrize(("effects", "kind"), EFFECTS)
def test_the_strictest_of_a_command_s_effects_counts(effects, kind):
    known = {"secret": DENIED, "built": LEFT_OUT, "open": None}
    verdict = ignored(ShellCommand("…"), facts(known, tuple(effect(*each) for each in effects)))
    assert isinstance(verdict, kind)


CODES = [
    # effects as (code, target), verdict
    ([("names", "built")], Allow),
    ([("names", "secret")], Allow),
    ([("names", "secrets")], Deny),
    ([("tree", "built")], Deny),
    ([("glob", "open"), ("tree", "secret")], Allow),
    ([("glob", "secret"), ("tree", "open")], Deny),
]


@pytest.mark.parametrize(("effects", "kind"), CODES)
def test_the_code_of_a_read_says_what_is_read(effects, kind):
    told = tuple(Effect(EffectKind.READ, target, 4, 9, code=code) for code, target in effects)
    known = {"secret": DENIED, "secrets": DENIED, "built": LEFT_OUT, "open": None}
    verdict = ignored(ShellCommand("…"), facts(known, told, folders=["secrets"]))
    assert isinstance(verdict, kind)


def test_a_tree_beside_another_word_s_glob_counts():
    told = (Effect(EffectKind.READ, "open", 4, 9, code="glob"), Effect(EffectKind.READ, "secret", 10, 12, code="tree"))
    assert isinstance(ignored(ShellCommand("…"), facts({"secret": DENIED, "open": None}, told)), Deny)


def test_other_effects_and_actions_pass():
    effects = (effect(EffectKind.RUN, "secret"), effect(EffectKind.NETWORK, "secret"), effect(EffectKind.READ, ""))
    known = facts({"secret": DENIED}, effects)
    assert ignored(ShellCommand("…"), known) is PASS
    assert ignored(ModelCall(Dialect.CHAT, "m", ("secret",)), known) is PASS


def test_a_tool_that_nobody_knows_reads_what_its_arguments_name():
    assert isinstance(ignored(ToolCall("mcp", "{}"), facts({"open": None, "secret": DENIED})), Deny)
    assert ignored(ToolCall("mcp", "{}"), facts({"open": None})) is PASS


REPLACED = [
    # file, operation, whether results come back this way, policy, verdict
    ("built", Operation.READ, True, IgnoredAction.REDACT, Allow),
    ("built", Operation.SEARCH, True, IgnoredAction.REDACT, Allow),
    ("built", Operation.READ, False, IgnoredAction.REDACT, Deny),
    ("built", Operation.SEARCH, False, IgnoredAction.REDACT, Deny),
    ("built", Operation.READ, True, IgnoredAction.DENY, Deny),
    ("built", Operation.READ, True, IgnoredAction.ASK, Ask),
    ("built", Operation.WRITE, True, IgnoredAction.REDACT, Ask),
    ("secret", Operation.READ, True, IgnoredAction.REDACT, Deny),
    ("secret", Operation.SEARCH, True, IgnoredAction.REDACT, Deny),
    ("built.PNG", Operation.READ, True, IgnoredAction.REDACT, Deny),
]


@pytest.mark.parametrize(("path", "operation", "returns", "policy", "kind"), REPLACED)
def test_what_git_leaves_out_may_be_read_only_where_its_content_is_replaced(path, operation, returns, policy, kind):
    known = facts({"built": LEFT_OUT, "built.PNG": LEFT_OUT, "secret": DENIED}, gitignored=policy)
    verdict = ignored(FileAccess(path, operation), structs.replace(known, returns=returns))
    assert isinstance(verdict, kind)


def test_what_a_command_or_an_unknown_tool_reads_comes_back_by_other_ways_too():
    known = structs.replace(facts({"built": LEFT_OUT}, gitignored=IgnoredAction.REDACT), returns=True)
    command = structs.replace(known, effects=(effect(EffectKind.READ, "built"),))
    assert isinstance(ignored(ShellCommand("…"), command), Deny)
    assert isinstance(ignored(ToolCall("mcp", "{}"), known), Deny)


BECOMES = [
    (DENIED, True, "deny"),
    (LEFT_OUT, True, "redact"),
    (None, True, "allow"),
    (None, False, "ask"),
    (DENIED, False, "deny"),
]


@pytest.mark.parametrize(("match", "inside", "word"), BECOMES)
def test_the_word_for_what_becomes_of_a_read(match, inside, word):
    assert what_becomes_of(PathFacts("x", "/x", inside=inside, ignored=match), Policy()) == word


def test_a_path_that_nobody_looked_at_asks():
    verdict = ignored(FileAccess("x", Operation.READ), facts({}))
    assert isinstance(verdict, Ask)
    assert verdict.code == "path-unknown"
