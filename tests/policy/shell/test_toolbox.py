"""What tools with subcommands are known to read; anything else of them is more than reading."""

from __future__ import annotations

import pytest

from companion.model.facts import EffectKind
from companion.policy.shell.read import read_command
from companion.policy.shell.toolbox import FORGES, PACKAGES, SYSTEM

READS = {EffectKind.READ, EffectKind.RUN}


def kinds(command: str) -> set[EffectKind]:
    return {effect.kind for effect in read_command(command, cwd="/w", home="/home/ada")}


@pytest.mark.parametrize("command", ["npm ls", "npm view left-pad", "pip list", "uv tree", "pnpm why x"])
def test_what_is_in_the_tables_only_reads(command):
    assert kinds(command) <= READS


# These two show something whatever their words are; what their options do is told apart.
@pytest.mark.parametrize("name", sorted({*PACKAGES, *FORGES, *SYSTEM} - {"apt-cache", "nvidia-smi"}))
def test_what_is_not_in_the_tables_is_more_than_reading(name):
    assert not kinds(f"{name} obliterate --everything") <= READS
