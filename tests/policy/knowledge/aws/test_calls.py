import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.model.facts import Access, EffectKind
from companion.policy.knowledge.aws.table import operations, services
from companion.policy.knowledge.classify import classify
from companion.policy.knowledge.finding import Fact
from tests.support.knowledge import access, call, files, looks, said

ASKED = {Access.WRITE, Access.DELETE, Access.PERMISSIONS, Access.SECRET}


@pytest.mark.parametrize("service", services())
def test_law_every_operation_is_what_the_table_says(service):
    for name, row in operations(service).items():
        if (service, name) == ("emr", "create-cluster"):
            continue
        facts = [each for each in classify("aws", [service, name]) or () if isinstance(each, Fact)]
        calls = [fact for fact in facts if fact.call is not None]
        assert [(fact.call.service, fact.call.operation) for fact in calls] == [(service, name)]
        if service != "emr":
            assert calls[0].call.access is row.access
        silent = not any(fact.code for fact in facts) and not any(fact.kind is EffectKind.WRITE for fact in facts)
        assert silent == (row.access is Access.READ and not row.to_file)


@pytest.mark.parametrize(
    "command",
    [
        "aws ec2 describe-instances --instance-ids i-1 i-2 --query 'Reservations[]' --output table",
        "aws --profile prod --region eu-west-1 --no-cli-pager iam list-users",
        "aws dynamodb scan --table-name x --debug",
        "aws ec2 wait instance-running --instance-ids i-1",
        "aws ec2 run-instances --generate-cli-skeleton",
        "aws ec2 run-instances --image-id x --dry-run",
        "aws ec2 help",
        "aws ec2 run-instances help",
        "aws --version",
        "aws ssm get-parameter --name x",
        "aws athena start-query-execution --query-string 'SELECT 1'",
        "aws athena start-query-execution --query-string '-- a comment\nSELECT 1'",
        "aws dynamodb list-tables --endpoint-url http://localhost:4566",
    ],
)
def test_what_only_looks(command):
    assert looks(command)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("aws ec2 terminate-instances --instance-ids i-1", "cloud-delete"),
        ("aws iam attach-user-policy --user-name x", "cloud-permissions"),
        ("aws ec2 describe-instances --endpoint-url https://evil.example", "network"),
        ("aws ec2 describe-instances --endpoint https://evil.example", "unknown-option"),
        ("aws ssm get-parameter --name x --with-decryption", "leaks-secret"),
        ("aws ssm get-parameter --name x --with-dec", "unknown-option"),
        ("aws ec2 describe-instance-attribute --attribute userData --instance-id x", "leaks-secret"),
        ("aws secretsmanager get-secret-value --secret-id x", "leaks-secret"),
        ("aws ec2 frobnicate", "unknown-command"),
        ("aws frobnicate list-x", "unknown-command"),
        ("aws ec2", "unknown-command"),
        ("aws", "unknown-command"),
        ("aws ? describe-instances", "unknown-word"),
        ("aws ec2 describe-instances ?", "unknown-word"),
        ("aws --strange ec2 describe-instances", "unknown-option"),
        ("aws athena start-query-execution --query-string 'DROP TABLE x'", "cloud-write"),
        ("aws athena start-query-execution", "cloud-write"),
        ("aws rds-data execute-statement --sql \"select pg_read_file('x')\"", "cloud-write"),
    ],
)
def test_what_is_asked_about(command, code):
    assert code in said(command)


def test_files_of_arguments_and_answers():
    assert files("aws ec2 describe-instances --cli-input-json file://in.json") == [("read", "in.json", "")]
    assert files("aws ec2 describe-instances --filters=file://a --x Key=fileb://b") == [
        ("read", "a", ""),
        ("read", "b", ""),
    ]
    assert files("aws s3api get-object --bucket b --key k out.bin") == [("write", "out.bin", "")]
    assert files("aws s3api get-object --bucket b --key k -") == []
    assert files("aws s3api put-object --bucket b --key k --body dist.zip") == [("read", "dist.zip", "")]
    assert files("aws ec2 describe-instances --ca-bundle ca.pem") == [("read", "ca.pem", "")]


def test_who_calls_what_where():
    told = call("aws --profile prod ec2 describe-instances --region eu-west-1 --endpoint-url http://localhost:1")
    assert (told.service, told.operation, told.access) == ("ec2", "describe-instances", Access.READ)
    assert (told.account, told.region, told.endpoint) == ("prod", "eu-west-1", "http://localhost:1")


@given(st.sampled_from(services()), st.data())
def test_law_no_option_makes_a_call_milder_but_those_that_make_none(service, data):
    name = data.draw(st.sampled_from(sorted(operations(service))))
    if service == "emr":
        return
    words = data.draw(
        st.lists(
            st.sampled_from(["--region", "x", "--filters", "Name=a", "--with-decryption", "--output=json"]), max_size=5
        )
    )
    facts = [each for each in classify("aws", [service, name, *words]) or () if isinstance(each, Fact)]
    told = next(fact.call.access for fact in facts if fact.call is not None)
    assert told in ASKED if operations(service)[name].access in ASKED else told in {Access.READ, Access.SECRET}


def test_access_of_a_dry_run_of_another_service_counts():
    assert access("aws rds delete-db-instance --dry-run") is Access.DELETE
