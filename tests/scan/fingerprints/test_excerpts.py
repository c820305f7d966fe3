"""A workspace's ignored text is recognised from the first call on, as the disk is now; real files, a real process."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from msgspec.structs import replace as changed

from companion.edges.gateway.prompt import read_prompt
from companion.gatekeeper.ports import Unexamined
from companion.gatekeeper.results import Results
from companion.model.action import CallMade, CallResult, Part, TextKind
from companion.model.facts import Excerpt, IgnoreMatch
from companion.model.policy import IgnoredAction, Policy
from companion.scan.fingerprints import excerpts as room
from companion.scan.fingerprints.building import BuildFailed, build_index
from companion.scan.fingerprints.excerpts import IgnoredText
from companion.scan.fingerprints.store import read as read_index
from companion.scan.fingerprints.store import write
from companion.scan.fingerprints.walk import HURRIED
from companion.scan.fingerprints.worker import run
from companion.scan.paths import DiskPaths
from tests.support.ignored import prose, put

POLICY = Policy()


@dataclass(frozen=True)
class Piece:
    said: str
    kind: TextKind | None = None

    is_answer = False

    def kinds(self) -> dict[int, TextKind]:
        return {0: self.kind} if self.kind else {}

    def calls(self) -> tuple[CallMade, ...]:
        return ()

    def results(self) -> tuple[CallResult, ...]:
        return ()

    @property
    def digest(self) -> bytes:
        return self.said.encode()

    @property
    def size(self) -> int:
        return len(self.said)

    def texts(self) -> tuple[str, ...]:
        return (self.said,)


@pytest.fixture
def workspace(tmp_path):
    folder = tmp_path / "ws"
    put(folder / ".clineignore", "private/\n")
    put(folder / ".gitignore", "local/\n")
    put(folder / "private" / "a.txt", prose("denied"))
    put(folder / "private" / ".env", "PLAIN=1\nAPI_TOKEN=hT7kQ2mZ9xW4\n" + prose("env", 2))
    put(folder / "local" / "b.txt", prose("gitted"))
    put(folder / "open.txt", prose("open"))
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    return folder


@pytest.fixture
def ignored(tmp_path):
    made = IgnoredText(tmp_path / "state", b"k" * 32)
    yield made
    made.close()


async def found(ignored, workspace, text, policy=POLICY) -> int:
    return sum(one.size for one in await ignored.scan([text], str(workspace), policy))


async def test_ignored_text_is_known_and_other_text_is_not(ignored, workspace):
    assert await found(ignored, workspace, "Look: " + prose("denied")) > 500
    assert await found(ignored, workspace, prose("gitted")) > 500
    assert await found(ignored, workspace, prose("open")) == 0
    without = replace(POLICY, excerpts_gitignored=False)
    assert await found(ignored, workspace, prose("gitted"), without) == 0
    assert await found(ignored, workspace, prose("denied"), without) > 500


async def test_parts_are_remembered_as_clean_until_something_changes(ignored, workspace):
    clean, dirty = Piece(prose("open")), Piece(prose("denied"))
    assert not ignored.is_clean([clean], str(workspace), POLICY), "nobody has looked yet"
    assert await ignored.examine([clean], str(workspace), POLICY) == ()
    assert ignored.is_clean([clean], str(workspace), POLICY)
    (only,) = await ignored.examine([clean, dirty, clean], str(workspace), POLICY)
    assert only.number == 1
    assert sum(one.size for one in only.excerpts) > 500
    assert not ignored.is_clean([clean, dirty], str(workspace), POLICY)
    (workspace / ".clineignore").write_text("private/\nopen.txt\n")
    (ground,) = ignored.grounds()
    ground._looked_at = 0.0
    assert [one.number for one in await ignored.examine([clean], str(workspace), POLICY)] == [0]


@pytest.mark.parametrize("cut", [0, 1, 5, 8, 40, 41, 42])
async def test_a_json_document_stays_one(ignored, workspace, cut):
    lines = prose("denied").splitlines()
    document = json.dumps({"a": lines[1:4], "b": '\n\t"'.join(lines[4:])[cut:], "c": [1, "é\\ x"]})
    (only,) = await ignored.examine([Piece(document, TextKind.JSON)], str(workspace), POLICY)
    text = document
    for one in sorted(only.excerpts, key=lambda one: one.start, reverse=True):
        text = text[: one.start] + "[]" + text[one.end :]
    left = json.loads(text)
    assert left["c"] == [1, "é\\ x"]
    assert not any(line[20:] in text for line in lines[1:])


async def test_what_its_provider_sealed_is_left_alone(ignored, workspace):
    assert await ignored.examine([Piece(prose("denied"), TextKind.SEALED)], str(workspace), POLICY) == ()


async def test_a_new_denied_file_counts_at_once(ignored, workspace):
    assert await found(ignored, workspace, prose("new")) == 0
    (workspace / "private" / "new.txt").write_text(prose("new"))
    (workspace / "private" / "deep").mkdir()
    (workspace / "private" / "deep" / "x.txt").write_text(prose("deep"))
    ignored.grounds()[0]._looked_at = 0.0
    assert await found(ignored, workspace, prose("new")) > 500
    assert await found(ignored, workspace, prose("deep")) > 500


async def test_what_was_read_before_the_file_changed_stays_hidden(ignored, workspace):
    text = "I read this: " + prose("denied")
    assert await found(ignored, workspace, text) > 500
    (workspace / "private" / "a.txt").write_text(prose("other"))
    ignored.grounds()[0]._looked_at = 0.0
    assert await found(ignored, workspace, text) > 500
    assert await found(ignored, workspace, prose("other")) > 500


async def test_a_file_that_is_taken_off_the_list_may_be_read(ignored, workspace):
    assert await found(ignored, workspace, prose("denied")) > 500
    (workspace / ".clineignore").write_text("")
    ignored.grounds()[0]._looked_at = 0.0
    assert await found(ignored, workspace, prose("denied")) == 0


async def test_who_says_no_workspace_is_asked_about_all(ignored, workspace):
    assert await found(ignored, "", prose("denied")) == 0
    await found(ignored, workspace, "x")
    assert await found(ignored, "", prose("denied")) > 500


async def test_the_index_outlives_the_daemon(ignored, workspace, tmp_path, monkeypatch):
    await found(ignored, workspace, "x")
    monkeypatch.setattr(room, "build_index", None)
    learnt = []
    again = IgnoredText(tmp_path / "state", b"k" * 32, learn=lambda text, name: learnt.append(name))
    assert await found(again, workspace, prose("denied")) > 500
    assert learnt == [".env"]
    again.close()


async def test_another_machine_key_has_no_use_for_it(ignored, workspace, tmp_path):
    await found(ignored, workspace, "x")
    other = IgnoredText(tmp_path / "state", b"o" * 32)
    assert await found(other, workspace, prose("denied")) > 500
    assert not list((tmp_path / "state").glob("*.prints?*"))
    other.close()


async def test_without_an_index_nothing_is_said_to_be_clean(ignored, workspace, monkeypatch):
    async def fails(job, progress) -> None:
        raise BuildFailed("no room on the disk")

    monkeypatch.setattr(room, "build_index", fails)
    with pytest.raises(Unexamined, match="no room"):
        await found(ignored, workspace, "x" * 100)
    assert not ignored.is_clean([Piece("x" * 100)], str(workspace), POLICY)


async def test_a_call_does_not_wait_for_ever(workspace, tmp_path, monkeypatch):
    release = asyncio.Event()

    async def waits(job, progress) -> None:
        progress(40, 100)
        await release.wait()
        raise BuildFailed("stopped")

    monkeypatch.setattr(room, "build_index", waits)
    hasty = IgnoredText(tmp_path / "state", b"k" * 32, patience=0.01)
    with pytest.raises(Unexamined, match="40 %"):
        await found(hasty, workspace, "x")
    release.set()
    hasty.close()


async def test_of_a_huge_workspace_what_is_known_serves_at_once_and_the_rest_follows(ignored, workspace, monkeypatch):
    monkeypatch.setattr(room, "_QUICK_SECONDS", 1e-9)
    assert ignored.unseen(str(workspace)) == ""
    assert await found(ignored, workspace, prose("denied")) == 0
    assert "not all of its ignored text is known" in ignored.unseen(str(workspace))
    assert any(HURRIED in line for line in ignored.grounds()[0].index.header.left_out)
    await asyncio.gather(*ignored._builds.values())
    assert await found(ignored, workspace, prose("denied")) > 500
    assert ignored.unseen(str(workspace)) == ""


class Huge:
    """Whole indexes are made when they are let; hurried ones know nothing."""

    def __init__(self, monkeypatch) -> None:
        self.let = asyncio.Event()
        self.let.set()
        self.begun: list[bool] = []
        monkeypatch.setattr(room, "_QUICK_SECONDS", 1e-9)
        monkeypatch.setattr(room, "build_index", self.build)

    async def build(self, job, progress) -> None:
        self.begun.append(bool(job.seconds))
        if not job.seconds:
            await self.let.wait()
        await build_index(job, progress)


@pytest.fixture
def huge(monkeypatch):
    return Huge(monkeypatch)


async def learn_all(ignored, workspace) -> None:
    await found(ignored, workspace, "x")
    await asyncio.gather(*ignored._builds.values())


async def rules_become(ignored, workspace, rules: str) -> None:
    (workspace / ".clineignore").write_text(rules)
    ignored.grounds()[0]._looked_at = 0.0


async def test_a_changed_rule_takes_nothing_from_what_was_known_of_a_huge_workspace(ignored, workspace, huge):
    await learn_all(ignored, workspace)
    (workspace / "private" / "b.txt").write_text(prose("later"))
    before = prose("env", 2), prose("denied"), prose("gitted")
    assert all([await found(ignored, workspace, text) for text in before])
    (workspace / "private" / "a.txt").write_text("now it says something else")
    huge.let.clear()
    await rules_become(ignored, workspace, "private/\n!private/.env\nprivate/x\nopen.txt\n")
    for text in before:
        assert await found(ignored, workspace, text), "the whole index is still to come"
    assert ignored.unseen(str(workspace))
    await rules_become(ignored, workspace, "")
    assert await found(ignored, workspace, prose("denied")) == 0, "it is off the list"
    assert await found(ignored, workspace, prose("gitted")) > 500
    huge.let.set()
    await asyncio.gather(*ignored._builds.values())
    assert ignored.unseen(str(workspace)) == ""
    assert await found(ignored, workspace, prose("gitted")) > 500


async def test_a_rule_that_changes_while_a_whole_index_is_made_has_a_new_one_made(ignored, workspace, huge):
    huge.let.clear()
    await found(ignored, workspace, "x")
    await asyncio.sleep(0)
    assert huge.begun == [True, False]
    assert ignored.grounds()[0].in_peace
    await rules_become(ignored, workspace, "private/\nopen.txt\n")
    assert await found(ignored, workspace, "x") == 0
    assert huge.begun[:3] == [True, False, True]
    assert not ignored.grounds()[0].rules_changed


async def test_a_rule_that_changes_while_an_index_is_made_counts_at_once(ignored, workspace, monkeypatch):
    begun = []

    async def build(job, progress) -> None:
        await build_index(job, progress)
        if not begun:
            (workspace / ".clineignore").write_text("private/\nopen.txt\n")
        begun.append(job)

    monkeypatch.setattr(room, "build_index", build)
    assert await found(ignored, workspace, prose("open")) > 500
    assert len(begun) == 2


async def test_rules_that_never_rest_hold_no_call_for_ever(workspace, tmp_path, monkeypatch):
    async def build(job, progress) -> None:
        run(job, progress)
        with (workspace / ".clineignore").open("a") as file:
            file.write("more\n")

    monkeypatch.setattr(room, "build_index", build)
    hasty = IgnoredText(tmp_path / "state", b"k" * 32, patience=1)
    with pytest.raises(Unexamined, match="again and again"):
        await found(hasty, workspace, "x")
    hasty.close()


async def test_what_a_hurried_index_took_for_ignored_is_so_no_longer_than_it_is_in_use(
    ignored, workspace, huge, monkeypatch
):
    (workspace / "private" / "copy.txt").write_text(prose("open"))
    await learn_all(ignored, workspace)
    ground = ignored.grounds()[0]
    assert await found(ignored, workspace, prose("open")) == 0
    job = changed(ground.job, target=str(workspace / "x.prints"))
    monkeypatch.setattr("companion.scan.fingerprints.build.MOST_ALLOWED", 0)
    run(job, lambda done, total: None)
    hurried = read_index(Path(job.target))
    header = changed(hurried.header, hurried=True)
    write(Path(ground.job.target), header, dict(hurried.prints()))
    assert ground.load()
    assert await found(ignored, workspace, prose("open")) > 500
    await asyncio.gather(*ignored._builds.values())
    assert not ground.is_hurried
    assert await found(ignored, workspace, prose("open")) == 0


async def test_nobody_waits_on_the_loop_for_a_search(cutter, workspace):
    parts = messages({"type": "text", "text": prose("open", 20)})
    await left_out(cutter, messages({"type": "text", "text": "x"}), workspace)
    [ground] = cutter.grounds()
    with ground._lock:
        assert not cutter.is_clean(parts, str(workspace), POLICY)
    assert cutter.is_clean(parts, str(workspace), POLICY)


async def test_what_is_left_out_by_path_is_the_same_until_a_rule_changes(tmp_path, workspace):
    paths = DiskPaths(home=str(tmp_path))
    made = IgnoredText(tmp_path / "state", b"k" * 32, results=Results(paths, str(tmp_path)))
    block = {"type": "tool_use", "id": "i", "name": "Read", "input": {"file_path": "local/c.txt"}}
    result = {"type": "tool_result", "tool_use_id": "i", "content": "few words"}
    messages = [{"role": "assistant", "content": [block]}, {"role": "user", "content": [result]}]
    parts = read_prompt(json.dumps({"messages": messages}).encode()).parts

    async def cut():
        if made.is_clean(parts, str(workspace), POLICY):
            return ()
        return await made.examine(parts, str(workspace), POLICY)

    [first] = await cut()
    assert first.excerpts[0].words.startswith("(companion left out")
    assert await cut() == (first,)
    put(workspace / ".gitignore", "else/\n")
    for ground in made.grounds():
        ground._looked_at = 0.0
    assert await cut() == ()
    assert made.is_clean(parts, str(workspace), POLICY)
    made.close()


def messages(*told: dict[str, object]) -> tuple[Part, ...]:
    """Blocks as the messages of a conversation: calls are the model's, all else the user's."""
    said = [{"role": "assistant" if one["type"] == "tool_use" else "user", "content": [one]} for one in told]
    return read_prompt(json.dumps({"messages": said}).encode()).parts


def use(name: str, **given: str) -> dict[str, object]:
    return {"type": "tool_use", "id": "i", "name": name, "input": given}


RESULT = {"type": "tool_result", "tool_use_id": "i", "content": "few words"}


@pytest.fixture
def cutter(tmp_path):
    made = IgnoredText(tmp_path / "state", b"k" * 32, results=Results(DiskPaths(home=str(tmp_path)), str(tmp_path)))
    yield made
    made.close()


async def left_out(cutter, parts, workspace, policy=POLICY) -> int:
    if cutter.is_clean(parts, str(workspace), policy):
        return 0
    return sum(len(one.excerpts) for one in await cutter.examine(parts, str(workspace), policy))


class ByCall:
    """Leaves out what came of a call that the prompt tells of before it, if that reads a private file."""

    @staticmethod
    def may_cut(part: Part) -> bool:
        return bool(part.results())

    @staticmethod
    def cuts(part: Part, calls: Mapping[str, CallMade], workspace: str, policy: Policy) -> tuple[Excerpt, ...]:
        made = [calls.get(result.id) for result in part.results()]
        private = any(call and "private" in str(call.actions) for call in made)
        return (Excerpt(0, 0, 1, 1, IgnoreMatch("x", 1, "x")),) if private else ()


async def test_a_result_is_judged_by_the_calls_that_this_prompt_tells_of(tmp_path, workspace):
    cutter = IgnoredText(tmp_path / "state", b"k" * 32, results=ByCall())
    private, public = use("Read", file_path="private/a.txt"), use("Read", file_path="open.txt")
    for told, cuts in [
        ((RESULT,), 0),
        ((private, RESULT), 1),
        ((public, RESULT), 0),
        ((private, public, RESULT), 1),
        ((private, RESULT, public, RESULT), 1),
        ((public, RESULT, private), 0),
        ((public, private, RESULT), 1),
        ((private, RESULT), 1),
        ((RESULT,), 0),
    ]:
        assert await left_out(cutter, messages(*told), workspace) == cuts, told
    cutter.close()


async def test_who_says_no_workspace_is_judged_by_the_rules_of_each(cutter, workspace):
    parts = messages(use("Read", file_path="local/b.txt"), RESULT)
    loose = replace(POLICY, gitignored=IgnoredAction.ASK)
    assert await left_out(cutter, messages({"type": "text", "text": "x"}), workspace) == 0
    for _ in range(2):
        assert await left_out(cutter, parts, "", loose) == 1
        assert await left_out(cutter, parts, workspace) == 1


async def test_what_is_known_is_not_read_again(cutter, workspace, monkeypatch):
    other = {**use("Read", file_path="open.txt"), "id": "j"}, {**RESULT, "tool_use_id": "j"}
    parts = messages(use("Read", file_path="local/b.txt"), RESULT, *other)
    assert await left_out(cutter, parts, workspace) == 1
    for name in ("calls", "results", "texts"):
        monkeypatch.setattr(type(parts[0]), name, None)
    assert not cutter.is_clean(parts, str(workspace), POLICY)
    assert cutter.is_clean([*parts[:1], *parts[2:]], str(workspace), POLICY)


async def test_a_workspace_without_ignored_text_costs_nothing(ignored, tmp_path):
    put(tmp_path / "bare" / "a.txt", prose("open"))
    await ignored.examine([Piece("x")], str(tmp_path / "bare"), POLICY)
    assert ignored.is_clean([Piece(prose("long", 500))], str(tmp_path / "bare"), POLICY)
    assert ignored.grounds()[0].is_bare


async def test_a_folder_that_is_not_there_has_no_ignored_text(ignored, tmp_path):
    assert await found(ignored, tmp_path / "nowhere", prose("x")) == 0
