from __future__ import annotations

import pytest

from companion.gatekeeper.cloudlog import cloud_records
from companion.model.action import ShellCommand
from companion.model.facts import Access, CloudCall, Effect, EffectKind
from companion.model.record import MOST_CLOUD_CALLS, CloudRecord
from companion.policy.shell.read import read_command


def records(command: str, scrub=str, **environment: str):
    action = ShellCommand(command, "/w", tuple(sorted(environment.items())))
    return cloud_records(action, read_command(command, "/w", "/home/u"), scrub)


@pytest.mark.parametrize(
    ("command", "found"),
    [
        (
            "aws ec2 terminate-instances --instance-ids i-1 --region eu-west-1 --profile prod",
            CloudRecord("ec2", "terminate-instances", "delete", "prod", "eu-west-1"),
        ),
        ("AWS_PROFILE=prod aws s3 ls s3://x", CloudRecord("s3", "ls", "read", "prod")),
        ("export AWS_REGION='eu-west-1'; aws s3 ls", CloudRecord("s3", "ls", "read", "", "eu-west-1")),
        # An option says more than a variable.
        ("AWS_PROFILE=a aws --profile b s3 ls", CloudRecord("s3", "ls", "read", "b")),
        ("sh -c 'AWS_PROFILE=\"prod\" aws s3 ls'", CloudRecord("s3", "ls", "read", "prod")),
        # Nobody can say which of two counts, nor what a variable is that is not told.
        ("AWS_PROFILE=a aws s3 ls || AWS_PROFILE=b aws s3 ls", CloudRecord("s3", "ls", "read")),
        ('AWS_PROFILE="$X" aws s3 ls', CloudRecord("s3", "ls", "read")),
        # Another tool's variable says nothing.
        ("AWS_PROFILE=prod gcloud --project p compute instances list", None),
        ("kubectl --context prod delete pod x", CloudRecord("kubernetes", "delete", "delete", "prod")),
        ("gcloud compute instances list --project=p --zone z", None),
        (
            "aws s3 ls --endpoint-url http://evil.example",
            CloudRecord("s3", "ls", "read", endpoint="http://evil.example"),
        ),
    ],
)
def test_a_call_is_named_as_far_as_the_command_says(command, found):
    [record] = records(command)
    if found is None:
        assert (record.service, record.access, record.account) == ("gcloud", "read", "p")
    else:
        assert record == found


def test_what_the_terminal_told_counts_where_the_command_says_nothing():
    [record] = records("aws s3 ls", AWS_PROFILE="prod", AWS_REGION="eu-west-1", AZURE_DEFAULTS_LOCATION="x")
    assert (record.account, record.region) == ("prod", "eu-west-1")
    [record] = records("AWS_PROFILE=dev aws s3 ls", AWS_PROFILE="prod")
    assert record.account == "dev"


def test_each_call_stands_once_in_the_order_of_the_command():
    found = records("aws s3 ls; aws ec2 describe-instances; aws s3 ls; ls")
    assert [(one.service, one.operation) for one in found] == [("s3", "ls"), ("ec2", "describe-instances")]


def test_there_is_an_end_to_them():
    assert len(records("; ".join(f"aws s3 ls --profile p{number}" for number in range(90)))) == MOST_CLOUD_CALLS


def test_a_command_that_calls_nothing_has_none():
    assert records("ls -l") == ()


def test_nothing_is_written_down_with_a_secret_or_that_could_not_be_searched():
    [record] = records("aws s3 ls --profile HUSH", lambda text: text.replace("HUSH", "SECRET_WORD_1"))
    assert record.account == "SECRET_WORD_1"

    def fails(text: str) -> str:
        raise RuntimeError(text)

    [record] = records("aws s3 ls --profile p", fails)
    assert set(record.__class__.__struct_fields__) >= {"service", "endpoint"}
    assert (record.service, record.operation, record.account, record.region) == (*("(withheld)",) * 3, "")


def test_texts_are_short_and_on_one_line():
    call = CloudCall("s3", "ls", Access.READ, "a\u202eb\nc" + "x" * 300)
    effect = Effect(EffectKind.CLOUD, "s3 ls", 0, 3, call=call)
    [record] = cloud_records(ShellCommand("aws"), [effect], str)
    assert record.account.startswith("a<U+202E>b ⏎ c")
    assert record.account.endswith("more)")
