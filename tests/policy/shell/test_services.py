from __future__ import annotations

import pytest

from companion.policy.shell.invocation import Invocation
from companion.policy.shell.services import INFRASTRUCTURE, SERVICES, judge_service
from companion.policy.shell.tools import tree_of
from tests.support.shell import words_of


def judged(command: str) -> set[str]:
    name, *words = command.split()
    invocation = Invocation(name, words_of(*words), 0, 9)
    return {finding.code for finding in judge_service(invocation) if finding.kind not in {"run", "read"}}


@pytest.mark.parametrize(
    "command",
    [
        "fastly backend list",
        "nats stream info A",
        "vercel domains ls",
        "op --help",
        "wrangler kv:namespace list",
        "mc du a/b",
    ],
)
def test_a_verb_that_reads_reads(command: str):
    assert judged(command) == set()


@pytest.mark.parametrize(
    "command",
    [
        "fastly backend delete",
        "fastly list delete",
        "kafka-topics --delete --list",
        "kafka-configs --alter --describe",
        "mc rm a/b",
        "vercel env:rm x",
        "fly",
        "flyctl unheard-of",
        "rclone ls -o x",
        "restic snapshots --password-command=./x",
        "restic snapshots --option=sftp.command=./x",
        "borg list --rsh ./x y",
        "virsh -c qemu+ssh://a/b list",
        "virsh -c 'qemu+ext:///session?command=./x' list",
        "dbt show --inline 'drop table x'",
    ],
)
def test_a_verb_that_changes_asks(command: str):
    assert judged(command) == {"cloud"}


@pytest.mark.parametrize(
    "command", ["doppler secrets get X", "op item get x", "vault read secret/a", "heroku config:get token"]
)
def test_what_prints_a_secret_asks(command: str):
    assert judged(command) & {"secret-shown", "cloud"}


def test_a_word_that_is_not_known_asks():
    assert {finding.code for finding in judge_service(Invocation("fly", words_of("apps", "list", None), 0, 9))} == {
        "cloud"
    }


def test_tables_are_well_formed():
    assert len(SERVICES) > 100
    assert all(tree_of(tool.reads) or tool.flags or not tool.reads for tool in INFRASTRUCTURE.values())


@pytest.mark.parametrize(
    "command",
    [
        "nats sub subject",
        "nats server check connection",
        "rabbitmqctl list_queues name messages",
        "rabbitmq-diagnostics check_running",
        "kafka-broker-api-versions --bootstrap-server localhost:9092",
        "kong config parse x.conf",
        "flipt evaluate --flag a --entity b",
        "restic snapshots",
    ],
)
def test_words_of_a_tool_s_own_read(command: str):
    assert judged(command) == set()


@pytest.mark.parametrize(
    "command",
    [
        "nats pub subject x",
        "nats server run",
        "nats subjects purge",
        "rabbitmqctl delete_queue x",
        "rabbitmqctl environment",
        "rabbitmqctl eval list_queues",
        "rabbitmqctl list_queues --output-file x",
        "kong config init",
        "kong migrations reset",
        "fastly service version activate --version 5",
        "restic snapshots forget",
        "flipt flag create --key evaluate",
    ],
)
def test_their_neighbours_do_not(command: str):
    assert judged(command)
