"""The index of each workspace, behind the gatekeeper's port: made when it is first needed, and kept up to date."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from msgspec.structs import replace

from companion.gatekeeper.ports import PartExcerpts, Unexamined
from companion.gatekeeper.results import Results
from companion.gatekeeper.tasks import spawn
from companion.model.action import CallMade, Part, TextKind
from companion.model.facts import Excerpt
from companion.model.policy import Policy
from companion.policy.guards.excerpts import beside
from companion.scan.fingerprints.building import BuildFailed, Learn, build_index, tidy_up
from companion.scan.fingerprints.contexts import CallsSoFar, Contexts
from companion.scan.fingerprints.ground import Busy, Ground
from companion.scan.fingerprints.remembered import Place
from companion.scan.fingerprints.worker import Job
from companion.telemetry.log import get_logger

T = TypeVar("T")

_log = get_logger("companion.fingerprints")

_LEAST_TEXT = 60
"""Characters: shorter texts hold no excerpt that counts."""
_SMALL = 4 * 1024
"""So many bytes of text are compared where they are: less than a millisecond."""
_MOST_GROUNDS = 16
_REBUILD_SECONDS = 60.0
_BUILD_SHARE = 20
"""A new index that has time is made at most a twentieth of the time."""
_RETRY_SECONDS = 5.0
_QUICK_SECONDS = 8.0
"""How long an index takes for which a call waits. Of a huge workspace it says less than the whole one that follows."""
_JSON_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"(?P<key>\s*:)?', re.DOTALL)
_CUT_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|.)", re.DOTALL)


class IgnoredText:
    """Recognises text of ignored files. Lives on the event loop; looks and compares in a thread of its own.

    Indexes lie in `folder`. `learn(text, name)` gets the small files whose values are worth knowing by themselves.
    `patience` is how long a call waits for an index that is being made, `seconds` how long a search may take.
    """

    def __init__(
        self,
        folder: Path,
        machine_key: bytes,
        protected: Sequence[Path] = (),
        *,
        learn: Learn | None = None,
        results: Results | None = None,
        patience: float = 20.0,
        seconds: float = 10.0,
    ) -> None:
        self._folder = folder
        self._key = hashlib.blake2b(b"fingerprints", key=machine_key[:64], digest_size=32).hexdigest()
        self._protected = tuple(map(str, protected))
        self._learn = learn
        self._results = results
        self._contexts = Contexts(results.may_cut) if results else None
        self._patience, self._seconds = patience, seconds
        self._grounds: dict[str, Ground] = {}
        self._builds: dict[Ground, asyncio.Task[None]] = {}
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="fingerprints")

    def close(self) -> None:
        """Lets a search that is running end by itself and takes no more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def grounds(self) -> Sequence[Ground]:
        """Of every workspace that was asked about."""
        return tuple(self._grounds.values())

    def is_clean(self, parts: Sequence[Part], workspace: str, policy: Policy) -> bool:
        """Whether the parts are known to hold no ignored text, or it took no time to find out. Never waits."""
        if workspace and workspace not in self._grounds:
            return False
        contexts = self._contexts
        if contexts and not contexts.is_quick(parts):
            return False
        keys = self._keys(parts)
        for ground in self._asked(workspace):
            if ground.index is None or ground.rules_changed or (workspace and not ground.serves(policy)):
                return False
            unclean = (
                []
                if ground.are_clean(keys)
                else [(part, key) for part, key in zip(parts, keys, strict=True) if not ground.is_clean(key)]
            )
            if unclean and contexts and any(contexts.told(part).may_cut for part, _ in unclean):
                # Files are looked for on the disk.
                return False
            if ground.is_bare:
                if ground.needs_look:
                    spawn(self._keep_fresh(ground), "look for ignored text", _failed)
                continue
            if not unclean:
                continue
            big = sum([part.size for part, _ in unclean])
            if big >= _LEAST_TEXT and (big > _SMALL or ground.needs_look):
                return False
            try:
                if any(self._searched(part, key, ground, waits=False) for part, key in unclean):
                    return False
            except Busy:
                return False
        return True

    def unseen(self, workspace: str) -> str:
        """What of a workspace's ignored text is not known yet, in words; "" where all is, or nobody asked. Quick."""
        ground = self._grounds.get(workspace)
        if ground is None or not ground.is_hurried:
            return ""
        return "the workspace is so large that not all of its ignored text is known yet; companion is going through it"

    async def examine(self, parts: Sequence[Part], workspace: str, policy: Policy) -> tuple[PartExcerpts, ...]:
        """The excerpts in the parts that have any, in order. Raises Unexamined."""
        found: dict[int, PartExcerpts] = {}
        for ground in await self._ready(workspace, policy):
            for one in await self._in_thread(partial(self._of_parts, parts, ground)):
                if one.number not in found or _size(one) > _size(found[one.number]):
                    found[one.number] = one
        return tuple(found[number] for number in sorted(found))

    async def scan(self, texts: Sequence[str], workspace: str, policy: Policy) -> tuple[Excerpt, ...]:
        """The excerpts in texts that are in no parts. Raises Unexamined."""
        found: tuple[Excerpt, ...] = ()
        for ground in await self._ready(workspace, policy):
            found = found or await self._in_thread(partial(_excerpts, texts, ground))
        return found

    def _asked(self, workspace: str) -> Sequence[Ground]:
        """A workspace's ground; all there are where nobody said which, as an agent's helpers do not."""
        if workspace:
            return [self._grounds[workspace]]
        return [ground for ground in self._grounds.values() if ground.index is not None]

    def _keys(self, parts: Sequence[Part]) -> Sequence[bytes]:
        return self._contexts.keys(parts) if self._contexts else [part.digest for part in parts]

    def _of_parts(self, parts: Sequence[Part], ground: Ground) -> list[PartExcerpts]:
        found: list[PartExcerpts] = []
        calls = CallsSoFar()
        for number, (part, key) in enumerate(zip(parts, self._keys(parts), strict=True)):
            told = self._contexts.told(part) if self._contexts else None
            if told:
                calls.begin(told)
            if not ground.is_clean(key):
                cuts = self._cuts(part, key, calls.known, ground) if told and told.may_cut else ()
                if excerpts := self._searched(part, key, ground, cuts):
                    found.append(PartExcerpts(number, excerpts))
            if told:
                calls.end(told)
        return found

    def _searched(
        self, part: Part, key: bytes, ground: Ground, cuts: tuple[Excerpt, ...] = (), *, waits: bool = True
    ) -> tuple[Excerpt, ...]:
        """`cuts` with what else there is in a part, which is clean where there is nothing. Raises Busy."""
        state = ground.state
        recognised = part.size >= _LEAST_TEXT and not ground.is_bare
        found = _excerpts(part.texts(), ground, part.kinds(), waits=waits) if recognised else ()
        if not found and not cuts:
            ground.note_clean(key, state)
        return beside(cuts, found) if cuts else found

    def _cuts(self, part: Part, key: bytes, calls: Mapping[str, CallMade], ground: Ground) -> tuple[Excerpt, ...]:
        """What is left out by path. Once found, it is the same until a rule changes, so that prompts are too.

        The policy is the ground's own: who names no workspace comes with another one.
        """
        known = ground.cuts.get(key)
        if known is None and self._results:
            known = self._results.cuts(part, calls, ground.job.workspace, ground.job.policy)
            ground.note_cuts(key, known)
        return known or ()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        try:
            async with asyncio.timeout(self._seconds):
                return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        except TimeoutError:
            words = f"the search for ignored text took longer than {self._seconds:g} seconds; try again"
            raise Unexamined(words) from None

    async def _ready(self, workspace: str, policy: Policy) -> Sequence[Ground]:
        """The grounds to ask, with indexes that say how things are now."""
        if not workspace:
            return self._asked("")
        ground = self._grounds.get(workspace)
        if ground is None or not ground.serves(policy):
            ground = self._begin(workspace, policy)
        until = time.monotonic() + self._patience
        while True:
            if ground.index is None or ground.rules_changed:
                if time.monotonic() > until:
                    raise Unexamined("the rules for ignored text change again and again; try again when they rest")
                await self._built(ground)
            elif ground.needs_look:
                # The rules may have changed while the index was made.
                await self._in_thread(ground.look)
            else:
                break
        self._renew(ground)
        return [ground]

    def _begin(self, workspace: str, policy: Policy) -> Ground:
        name = hashlib.sha256(workspace.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        target = str(self._folder / f"{name}.prints")
        ground = Ground(Job(workspace, target, self._key, policy, self._protected))
        self._grounds.pop(workspace, None)
        while len(self._grounds) >= _MOST_GROUNDS:
            del self._grounds[next(iter(self._grounds))]
        self._grounds[workspace] = ground
        return ground

    async def _built(self, ground: Ground) -> None:
        """Waits for a new index, as long as a call can be kept waiting. Raises Unexamined."""
        if ground.failure and time.monotonic() - ground.built_at < _RETRY_SECONDS:
            raise Unexamined(f"the index of ignored text cannot be made: {ground.failure}")
        if ground.rules_changed and ground.in_peace and (useless := self._builds.get(ground)):
            # It was begun under the rules before, and takes long.
            ground.in_peace = False
            useless.cancel()
            await asyncio.wait([useless])
        task = self._build(ground)
        await asyncio.wait([task], timeout=self._patience)
        if not task.done():
            raise Unexamined(f"the index of ignored text is being made, {ground.percent} % so far; try again soon")
        if ground.index is None or ground.failure:
            raise Unexamined(f"the index of ignored text cannot be made: {ground.failure}")

    def _build(self, ground: Ground) -> asyncio.Task[None]:
        task = self._builds.get(ground)
        if task is None:
            task = self._builds[ground] = spawn(self._make(ground), "index ignored text", _failed)
            task.add_done_callback(lambda _: self._builds.pop(ground, None))
        return task

    async def _make(self, ground: Ground) -> None:
        loop = asyncio.get_running_loop()
        if ground.index is None and await loop.run_in_executor(self._pool, ground.load, self._learn):
            await loop.run_in_executor(self._pool, ground.look)
            if not ground.rules_changed:
                return
        began = time.monotonic()
        ground.building, ground.progress = True, (0, 0)
        ground.in_peace = ground.index is not None and not ground.rules_changed
        job = ground.job if ground.in_peace else replace(ground.job, seconds=_QUICK_SECONDS)
        try:
            await build_index(job, ground.note_progress)
            loaded = await loop.run_in_executor(self._pool, ground.load, self._learn)
            ground.failure = "" if loaded else "it was damaged as soon as it was written"
            await loop.run_in_executor(self._pool, tidy_up, self._folder)
        except BuildFailed as error:
            ground.failure = str(error)
            _log.warning("the index of ignored text could not be made", workspace=ground.job.workspace, why=str(error))
        finally:
            ground.building = ground.in_peace = False
            ground.built_at = time.monotonic()
            ground.build_seconds = ground.built_at - began

    async def _keep_fresh(self, ground: Ground) -> None:
        await self._in_thread(ground.look)
        self._renew(ground)

    def _renew(self, ground: Ground) -> None:
        """Has a new index made where it would say more, now and then."""
        rest = max(_REBUILD_SECONDS, _BUILD_SHARE * ground.build_seconds)
        idle = time.monotonic() - ground.built_at
        if (
            ground.rules_changed
            or (ground.is_hurried and idle > (_RETRY_SECONDS if ground.failure else 0))
            or (ground.is_outdated and idle > rest)
        ):
            self._build(ground)


def _excerpts(
    texts: Sequence[str], ground: Ground, kinds: Mapping[int, TextKind] = MappingProxyType({}), *, waits: bool = True
) -> tuple[Excerpt, ...]:
    """Sealed texts are left alone: their provider made them, and takes them back only as they were."""
    return tuple(
        Excerpt(number, start, end, place.size, place.source.rule, place.digest)
        for number, text in enumerate(texts)
        if len(text) >= _LEAST_TEXT and kinds.get(number) is not TextKind.SEALED
        for place in ground.places(text, waits=waits)
        for start, end in (
            _inside_strings(text, place) if kinds.get(number) is TextKind.JSON else [(place.start, place.end)]
        )
    )


def _inside_strings(text: str, place: Place) -> Iterator[tuple[int, int]]:
    """The pieces of an excerpt that lie inside the values of a JSON document, which must stay one and keep its keys."""
    for string in _JSON_STRING.finditer(text):
        start, end = max(string.start() + 1, place.start), min(string.end() - 1, place.end)
        if start < end and not string["key"]:
            # An escape is left whole or goes whole.
            cut = _CUT_ESCAPE.match(text, end - 1) if text[end - 1] == "\\" else None
            yield start, min(cut.end(), string.end() - 1) if cut else end


def _size(found: PartExcerpts) -> int:
    return sum(excerpt.size for excerpt in found.excerpts)


def _failed(name: str, error: BaseException) -> None:
    _log.error("a background task ended", error=error, task=name)
