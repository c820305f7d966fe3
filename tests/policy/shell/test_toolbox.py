"""What tools with subcommands are known to read; anything else of them is more than reading."""

from __future__ import annotations

import pytest

from companion.model.facts import EffectKind
from companion.policy.shell.read import read_command
from companion.policy.shell.toolbox import FORGES, PACKAGES, SYSTEM

READS = {EffectKind.READ, EffectKind.RUN}


def kinds(command: str) -> set[EffectKind]:
    return {effect.kind for effect in read_command(command, cwd="/w", home="/home/ada")}


@pytest.mark.parametrize("command", ["npm ls", "npm view left-pad", "pip list", "uv tree --frozen", "pnpm why x"])
def test_what_is_in_the_tables_only_reads(command):
    assert kinds(command) <= READS


# These two show something whatever their words are; what their options do is told apart.
@pytest.mark.parametrize("name", sorted({*PACKAGES, *FORGES, *SYSTEM} - {"apt-cache", "nvidia-smi"}))
def test_what_is_not_in_the_tables_is_more_than_reading(name):
    assert not kinds(f"{name} obliterate --everything") <= READS


@pytest.mark.parametrize(
    "command",
    [
        "npm docs x --browser=./x.sh",
        "npm view github:a/b --git ./x.sh",
        "npm ls --node-options=--require=./x.js",
        "pip list --python ./x.sh",
        "pip --python x.sh list",
        "pip --pyth=x.sh list",
        "uv tree --python=./x.sh",
        "uv pip list -p ./x.sh",
        "uv pip list -p./x.sh",
        "uv python find ./x.sh",
        "gradle tasks -I x.gradle",
        "gradle tasks --init-script x.gradle",
        "mvn help:effective-pom -Doutput=x",
        "mvn help:effective-pom -l x",
        "dnf list --setopt=pluginpath=x",
        "yum -c x list",
        "bundle check --gemfile=x",
        "conda config --write-default",
        "mise env",
        "launchctl getenv X",
        "openssl s_client -connect a.b:443 -keylogfile x",
        "openssl x509 -in x -signkey y",
    ],
)
def test_an_option_that_runs_or_writes_is_more_than_reading(command):
    assert not kinds(command) <= {*READS, EffectKind.NETWORK}


@pytest.mark.parametrize(
    "command",
    [
        "pip list --python .venv",
        "pip --python .venv/bin/python list",
        "uv pip list -p 3.12",
        "uv python find 3.12",
        "uv python find",
        "npm ls --global",
    ],
)
def test_their_neighbours_only_read(command):
    assert kinds(command) <= READS
