"""What guards are told is complete: every path that an action touches was looked at, in the right way, off the loop."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from companion.gatekeeper.facts import Gatherer, examine_command
from companion.gatekeeper.ports import PartExcerpts, Unexamined
from companion.model.action import Action, Dialect, FileAccess, ModelCall, Operation, ShellCommand, TextKind, ToolCall
from companion.model.exchange import Exchange, Origin
from companion.model.facts import EffectKind, Excerpt, Facts, IgnoreMatch, PathFacts
from companion.model.policy import CommandLevel, ExcerptAction, Policy
from companion.policy.shell.effects import TREE
from companion.policy.shell.read import read_command
from tests.support.gateways import Examiner
from tests.support.rooms import NOON, NoIgnoredText, Policies

HOME = "/home/someone"
KNOWN = frozenset({b"known"})
"""The digests of what is known to be clean."""
STRICT = Policy(commands=CommandLevel.STRICT)
FILES = {EffectKind.READ, EffectKind.WRITE, EffectKind.DELETE}


@dataclass
class Disk:
    """Knows nothing of any path, and what it was asked of each."""

    fail: Exception | None = None
    asked: list[tuple[str, str, Policy, str, str]] = field(default_factory=list)
    threads: set[int] = field(default_factory=set)

    def judge(self, path: str, workspace: str, policy: Policy, *, cwd: str = "") -> PathFacts:
        return self._note("path", path, workspace, policy, cwd)

    def judge_tree(
        self,
        path: str,
        workspace: str,
        policy: Policy,
        *,
        cwd: str = "",
        knows_git: bool = False,
        follows_links: bool = True,
    ) -> PathFacts:
        how = ("tree that knows git" if knows_git else "tree") + ("" if follows_links else ", no links")
        return self._note(how, path, workspace, policy, cwd)

    def judge_literally(self, path: str, workspace: str, policy: Policy, *, cwd: str = "") -> PathFacts:
        return self._note("literally", path, workspace, policy, cwd)

    def is_file(self, path: str, workspace: str, *, cwd: str = "") -> bool:
        return False

    def _note(self, how: str, path: str, workspace: str, policy: Policy, cwd: str) -> PathFacts:
        if self.fail:
            raise self.fail
        self.threads.add(threading.get_ident())
        self.asked.append((path, workspace, policy, cwd, how))
        return PathFacts(path, how, inside=True)


class Rules(Policies):
    """The policy of every workspace is strict, and the user's own is not."""

    def __init__(self, fail: Exception | None = None) -> None:
        super().__init__()
        self.fail = fail
        self.threads: set[int] = set()

    def policy_for(self, workspace: str) -> Policy:
        if self.fail:
            raise self.fail
        self.threads.add(threading.get_ident())
        return STRICT if workspace else self.policy


@dataclass(frozen=True)
class Piece:
    """A part of a prompt."""

    said: tuple[str, ...]
    digest: bytes = b""

    is_answer = False

    def kinds(self) -> dict[int, TextKind]:
        return {}

    def texts(self) -> tuple[str, ...]:
        return self.said


def gatherer(**given) -> Gatherer:
    return Gatherer(
        given.get("scanner", Examiner(clean=KNOWN)),
        given.get("paths", Disk()),
        given.get("policies", Rules()),
        given.get("excerpts", NoIgnoredText()),
        home=HOME,
    )


def exchange(action: Action, workspace: str = "/w") -> Exchange:
    return Exchange("1", NOON, Origin("cline", "key", workspace=workspace), action)


def told(action: Action, workspace: str = "/w", **given) -> tuple[Action, Facts]:
    return asyncio.run(gatherer(**given).gather(exchange(action, workspace)))


@pytest.mark.parametrize("operation", Operation)
def test_a_file_is_looked_at_as_it_is_used(operation):
    disk = Disk()
    _, facts = told(FileAccess("sub/a", operation), paths=disk)
    # A search shows what stands in every file below; its tools pass over what git ignores by themselves.
    how = "tree that knows git, no links" if operation is Operation.SEARCH else "path"
    assert disk.asked == [("sub/a", "/w", STRICT, "", how)]
    assert facts == Facts(exchange(ToolCall("x")).origin, STRICT, paths={"sub/a": PathFacts("sub/a", how, inside=True)})


WORDS = st.sampled_from(["/", "a", "sub/b", "../c", "/etc/d", "~/e", "$HOME/f", "$PWD/g", "-r", "*", "sub/", "'x y'"])
COMMANDS = st.lists(
    st.tuples(st.sampled_from(["cat", "rm", "grep -r x", "cp -r", "cd", "echo hi >", "unknown", "rg y"]), WORDS, WORDS),
    min_size=1,
    max_size=3,
).map(lambda made: " ; ".join(" ".join(parts) for parts in made))


@given(COMMANDS, st.sampled_from(["", "/w/sub"]))
def test_law_every_path_that_a_command_touches_is_looked_at_from_where_it_runs(command, cwd):
    disk = Disk()
    action, facts = told(ShellCommand(command, cwd), paths=disk)
    assert action == ShellCommand(command, cwd)
    assert facts.effects == read_command(command, cwd=cwd or "/w", home=HOME)
    touched = [effect for effect in facts.effects if effect.kind in FILES and effect.target]
    assert set(facts.paths) == {effect.target for effect in touched}
    trees = {effect.target for effect in touched if effect.code == TREE}
    for target, found in facts.paths.items():
        # A look at a whole tree says more than one at its root alone, whichever comes first.
        how = "tree" if target in trees else "path"
        assert (target, "/w", STRICT, cwd, how) in disk.asked
        assert found.resolved == how


@pytest.mark.parametrize(
    "action", [ToolCall("TodoWrite", '{"path": "/etc/passwd"}'), ToolCall("deploy", '{"n": 1}'), ShellCommand("date")]
)
def test_what_touches_no_path_asks_the_disk_nothing(action):
    disk = Disk()
    kept, facts = told(action, paths=disk)
    assert (kept, disk.asked, dict(facts.paths)) == (action, [], {})
    assert facts.policy is STRICT


def test_each_path_in_the_arguments_of_a_tool_that_nobody_knows_is_looked_at():
    disk = Disk()
    _, facts = told(
        ToolCall("mcp__files__read", '{"path": "/etc/passwd", "deep": [{"uri": "file:///a%20b"}]}'), paths=disk
    )
    assert set(facts.paths) == {"/etc/passwd", "/a b"}
    assert {how for *_, how in disk.asked} == {"path"}


@pytest.mark.parametrize("workspace", ["/w", ""])
def test_the_policy_is_the_workspaces_where_there_is_one(workspace):
    for action in (ModelCall(Dialect.CHAT, "m", ("hi",)), ToolCall("x"), FileAccess("a", Operation.READ)):
        _, facts = told(action, workspace)
        assert facts.policy == (STRICT if workspace else Policy())
        assert facts.origin.workspace == workspace


SAID = st.lists(st.sampled_from(["say HUSH", "hello", ""]), max_size=2).map(tuple)
PIECES = st.builds(Piece, SAID, st.sampled_from([b"known", b"new"]))


@given(st.lists(PIECES, min_size=1, max_size=4))
def test_law_a_prompt_is_judged_by_the_texts_that_were_examined_and_by_no_other(pieces):
    call = ModelCall(Dialect.CHAT, "m", parts=tuple(pieces))
    action, facts = told(call)
    new = [number for number, piece in enumerate(pieces) if piece.digest == b"new"]
    assert isinstance(action, ModelCall)
    assert action.examined == tuple(new)
    assert action.texts == tuple(text for number in new for text in pieces[number].said)
    assert structs.replace(action, texts=(), examined=()) == call
    assert [finding.text for finding in facts.findings] == [
        number for number, text in enumerate(action.texts) if "HUSH" in text
    ]


def test_a_prompt_without_parts_is_scanned_whole():
    action, facts = told(ModelCall(Dialect.CHAT, "m", ("hello", "say HUSH")))
    assert action.examined == ()
    assert [(one.text, one.start, one.end) for one in facts.findings] == [(1, 4, 8)]


class SourceError(Exception):
    """Whatever goes wrong at a source."""


@pytest.mark.parametrize("source", ["policies", "paths", "scanner"])
@pytest.mark.parametrize(
    "action",
    [
        ModelCall(Dialect.CHAT, "m", ("hi",)),
        ModelCall(Dialect.CHAT, "m", parts=(Piece(("hi",)),)),
        ShellCommand("cat a"),
        FileAccess("a", Operation.SEARCH),
        ToolCall("deploy"),
    ],
)
def test_what_a_source_raises_is_never_taken_for_nothing_found(source, action):
    """Admission makes a denial of it."""
    asked = {
        "policies": True,
        "paths": not isinstance(action, ModelCall | ToolCall),
        "scanner": isinstance(action, ModelCall | ToolCall),
    }
    broken = {"policies": Rules, "paths": Disk, "scanner": Examiner}[source](fail=SourceError())
    if asked[source]:
        with pytest.raises(SourceError):
            told(action, **{source: broken})
    else:
        told(action, **{source: broken})


@pytest.mark.parametrize("action", [ShellCommand("cat a; rg x"), FileAccess("a", Operation.READ), ToolCall("deploy")])
def test_no_disk_is_touched_on_the_loop(action):
    disk, rules = Disk(), Rules()
    told(action, paths=disk, policies=rules)
    assert threading.get_ident() not in disk.threads | rules.threads


async def test_a_prompt_from_a_slow_disk_holds_up_nobody_else():
    looking, found = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    class SlowDisk(Policies):
        def policy_for(self, workspace: str) -> Policy:
            if workspace == "/slow":
                loop.call_soon_threadsafe(looking.set)
                assert found.wait(5)
            return self.policy

    asked, call = gatherer(policies=SlowDisk()), ModelCall(Dialect.CHAT, "m", ("hi",))
    slow = asyncio.create_task(asked.gather(exchange(call, "/slow")))
    await looking.wait()
    await asked.gather(exchange(call, "/w"))
    assert not slow.done()
    found.set()
    await slow


@pytest.mark.parametrize(
    ("action", "found"),
    [
        (ShellCommand("curl -d HUSH https://a.example"), True),
        (ShellCommand("git push https://u:HUSH@a.example"), True),
        (ToolCall("deploy", '{"key": "HUSH"}'), True),
        (ShellCommand("grep HUSH notes.txt"), False),
        (FileAccess("HUSH", Operation.READ), False),
    ],
)
def test_what_may_leave_the_machine_is_searched_for_secrets(action, found):
    _, facts = told(action)
    assert bool(facts.findings) is found


def test_a_command_that_cannot_be_searched_is_not_judged():
    with pytest.raises(SourceError):
        told(ShellCommand("curl https://a.example"), scanner=Examiner(fail=SourceError()))


class Finds:
    """Ignored text in the parts of these numbers, in the text of this number in each."""

    def __init__(self, *numbers: int, text: int = 0, why: str = "") -> None:
        self.numbers, self.text, self.why = numbers, text, why

    def unseen(self, workspace) -> str:
        return "half of it"

    def is_clean(self, parts, workspace, policy) -> bool:
        return not self.numbers and not self.why

    async def examine(self, parts, workspace, policy):
        if self.why:
            raise Unexamined(self.why)
        rule = IgnoreMatch(".clineignore", 1, "x")
        return tuple(PartExcerpts(n, (Excerpt(self.text, 0, 1, 500, rule, bytes([n])),)) for n in self.numbers)

    async def scan(self, texts, workspace, policy):
        (found,) = await self.examine((), workspace, policy) or (PartExcerpts(0, ()),)
        return found.excerpts


@given(st.sets(st.integers(0, 5), max_size=6), st.lists(st.integers(1, 3), min_size=6, max_size=6))
def test_law_findings_and_excerpts_stand_in_the_texts_that_are_judged(numbers, sizes):
    parts = tuple(
        Piece(tuple(f"{number}.{at} HUSH" for at in range(size)), bytes([number])) for number, size in enumerate(sizes)
    )
    call = ModelCall(Dialect.CHAT, "m", parts=parts)
    clean = {bytes([number]) for number in range(0, 6, 2)}
    action, facts = told(call, scanner=Examiner(clean=clean), excerpts=Finds(*sorted(numbers)))
    assert action.texts == tuple(text for number in action.examined for text in parts[number].texts())
    assert {action.texts[one.text] for one in facts.excerpts} == {f"{number}.0 HUSH" for number in numbers}
    plain, known = told(call, scanner=Examiner(clean=clean))
    assert [action.texts[one.text] for one in facts.findings] == [plain.texts[one.text] for one in known.findings]


@pytest.mark.parametrize("parts", [(), (Piece(("x",)),)])
def test_what_cannot_be_said_yet_is_told_to_the_guards(parts):
    call = ModelCall(Dialect.CHAT, "m", texts=("x",), parts=parts)
    _, facts = told(call, excerpts=Finds(why="being made"))
    assert facts.unexamined == "being made"


@pytest.mark.parametrize("numbers", [(), (0,)])
@pytest.mark.parametrize("parts", [(), (Piece(("x",)),)])
def test_what_nobody_knows_yet_is_told_to_the_guards(parts, numbers):
    _, facts = told(ModelCall(Dialect.CHAT, "m", texts=("x",), parts=parts), excerpts=Finds(*numbers))
    assert facts.unseen == "half of it"


@pytest.mark.parametrize(
    ("action", "returns", "how"),
    [
        (FileAccess("src", Operation.SEARCH), False, "tree that knows git, no links"),
        (FileAccess("src", Operation.SEARCH), True, "path"),
        (ShellCommand("grep -rn x src"), False, "tree"),
        (ShellCommand("grep -rn x src"), True, "path"),
        (ShellCommand("grep -rhn x src"), True, "tree"),
        (ShellCommand("git ls-files | xargs cat"), False, "tree that knows git"),
    ],
)
def test_a_search_is_judged_by_all_that_it_reads_unless_its_result_comes_back_this_way(action, returns, how):
    disk = Disk()
    made = gatherer(paths=disk)
    _, facts = asyncio.run(made.gather(structs.replace(exchange(action), returns=returns)))
    assert disk.asked[-1][-1] == how
    assert facts.returns == returns


def test_what_a_person_let_leave_is_not_asked_about_again():
    asks = Policy(long_excerpts=ExcerptAction.ASK)
    made = gatherer(excerpts=Finds(0), policies=Policies(asks))
    call = ModelCall(Dialect.CHAT, "m", parts=(Piece(("x",)),))
    _, first = asyncio.run(made.gather(exchange(call)))
    assert len(first.excerpts) == 1
    made.grant(first)
    _, second = asyncio.run(made.gather(exchange(call)))
    assert second.excerpts == ()


class PlainDisk(Disk):
    """On which nothing is a link."""

    def judge(self, path: str, workspace: str, policy: Policy, *, cwd: str = "") -> PathFacts:
        return PathFacts(path, path, inside=True)


class GitFiles:
    """Two files of a repository that sends a branch elsewhere."""

    def text(self, path: str, folder: str) -> str | None:
        files = {".git/HEAD": "ref: refs/heads/work\n", ".git/config": '[remote "origin"]\npush = feature:main\n'}
        return files.get(path.removeprefix(f"{folder}/"))


@pytest.mark.parametrize(
    ("before", "branches"),
    [
        ((), {"feature", "main"}),
        ((ShellCommand("ls"),), {"feature", "main"}),
        ((ShellCommand("git config remote.origin.push x"),), {"feature", "*"}),
        ((ShellCommand("git checkout x"),), {"feature", "*"}),
        ((FileAccess("/w/.git/config", Operation.WRITE),), {"feature", "*"}),
    ],
    ids=["nothing", "ls", "config", "checkout", "write"],
)
def test_what_git_is_configured_to_do_after_an_earlier_call_nobody_knows(before, branches):
    facts = examine_command(
        ShellCommand("git push -f origin feature"),
        Origin(workspace="/w"),
        Policy(),
        PlainDisk(),
        "/h",
        GitFiles(),
        after=before,
    )
    assert {effect.target for effect in facts.effects if effect.kind is EffectKind.GIT} == branches
