"""A process of its own that makes an index, so that the daemon neither waits nor grows.

    python -I -m companion.scan.fingerprints.worker

reads a `Job` as JSON from its input, puts the index into its place, and says lines `DONE TOTAL` (bytes) meanwhile.
"""

from __future__ import annotations

import hashlib
import math
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
from msgspec import Struct

from companion.model.facts import IgnoreMatch
from companion.model.policy import Policy
from companion.scan.fingerprints.build import build
from companion.scan.fingerprints.rulefiles import names_of_rule_files, rule_files_above
from companion.scan.fingerprints.store import write
from companion.scan.fingerprints.walk import FolderRules, Walk
from companion.scan.folders import Node
from companion.scan.paths import DiskPaths
from companion.scan.rule_tree import Tree

_VERSION = "1"
_REPORT_SECONDS = 0.2
_NICENESS = 10


class Job(Struct, frozen=True):
    """What to make an index of. Paths are absolute."""

    workspace: str
    target: str
    key: str
    """Hex."""
    policy: Policy
    protected: tuple[str, ...] = ()
    """Companion's own folders."""
    seconds: float = 0.0
    """How long it may take, about; 0 for as long as it does. What there is no time for is left out."""


def decisive(policy: Policy) -> tuple[object, ...]:
    """What of a policy says which text is in the index."""
    lists = policy.ignore_files, policy.clineignore, policy.agent_ignore_files
    return *lists, policy.excerpts_gitignored, policy.excerpts_skip


def made_of(job: Job) -> str:
    """Names what an index depends on beside the files: with another one it is of no use."""
    key = hashlib.sha256(bytes.fromhex(job.key)).hexdigest()
    told = (_VERSION, job.workspace, key, *decisive(job.policy))
    return hashlib.sha256(repr(told).encode("utf-8", "surrogatepass")).hexdigest()


def walk_of(job: Job) -> Walk:
    paths = DiskPaths(job.protected)

    def judge(path: str) -> IgnoreMatch | None:
        return paths.judge(path, job.workspace, job.policy).ignored

    def rules_in(top: str) -> FolderRules:
        tree = paths.tree(paths.ground(job.workspace), job.policy)
        return _Rules(tree, tree.node(os.path.realpath(top)))

    policy = job.policy
    names = names_of_rule_files(policy)
    return Walk(judge, names, policy.excerpts_skip, policy.excerpts_gitignored, rules_in=rules_in)


@dataclass(frozen=True, slots=True)
class _Rules:
    """The rules in one folder."""

    tree: Tree
    node: Node

    def match(self, name: str, *, is_dir: bool) -> IgnoreMatch | None:
        return self.node.first_match(name, is_dir=is_dir)

    def below(self, name: str) -> _Rules:
        return _Rules(self.tree, self.tree.below(self.node, f"{self.node.path}{os.sep}{name}", name))


def run(job: Job, report: Callable[[int, int], None]) -> None:
    """Blocking, as long as it takes. Raises OSError where the index cannot be written."""
    seconds = job.seconds or math.inf
    header, owners = build(job.workspace, walk_of(job), bytes.fromhex(job.key), made_of(job), report, seconds)
    looked_at = {**header.looked_at, **rule_files_above(job.workspace, job.policy)}
    target = Path(job.target)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write(target, msgspec.structs.replace(header, looked_at=looked_at), owners)


def main() -> None:
    """The process."""
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    told = 0.0

    def report(done: int, total: int) -> None:
        nonlocal told
        if time.monotonic() - told > _REPORT_SECONDS:
            told = time.monotonic()
            print(done, total, flush=True)  # noqa: T201 - the daemon reads it

    run(job, report)


if __name__ == "__main__":
    main()
