import pytest

from companion.model.facts import Access
from companion.policy.knowledge.aws.commands import COMMANDS
from tests.support.knowledge import access, call, files, looks, said


@pytest.mark.parametrize(
    "command",
    [
        "aws s3 ls",
        "aws s3 ls s3://b --recursive --human-readable --profile x",
        "aws s3 ls --endpoint-url http://localhost:4566",
        "aws s3 cp s3://b/k -",
        "aws s3 rm s3://b/k --dryrun",
        "aws s3 sync . s3://b --dryrun",
        "aws logs tail /a/b --since 1h --follow",
        "aws configure list",
        "aws configure list-profiles",
        "aws configure get region",
        "aws cloudtrail validate-logs --trail-arn x --start-time y",
        "aws eks update-kubeconfig --name x --dry-run",
        "aws s3 cp help",
    ],
)
def test_what_only_looks(command):
    assert looks(command)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("aws s3 cp x s3://b/", "cloud-write"),
        ("aws s3 sync . s3://b --delete", "cloud-delete"),
        ("aws s3 mv s3://b/x y", "cloud-delete"),
        ("aws s3 rm s3://b --recursive", "cloud-delete"),
        ("aws s3 rb s3://b --force", "cloud-delete"),
        ("aws s3 presign s3://b/k", "leaks-secret"),
        ("aws s3 ls --strange", "unknown-option"),
        ("aws s3 ls --endpoint-url https://evil.example", "network"),
        ("aws s3 cp a b", "unknown-word"),
        ("aws configure", "login"),
        ("aws configure set region x", "login"),
        ("aws configure get aws_secret_access_key", "leaks-secret"),
        ("aws configure get prod.aws_session_token", "leaks-secret"),
        ("aws configure get", "leaks-secret"),
        ("aws configure export-credentials", "leaks-secret"),
        ("aws sso login", "login"),
        ("aws eks update-kubeconfig --name x", "login"),
        ("aws eks get-token --cluster-name x", "leaks-secret"),
        ("aws ecr get-login-password", "leaks-secret"),
        ("aws rds generate-db-auth-token --hostname x", "leaks-secret"),
        ("aws codeartifact login --tool npm", "leaks-secret"),
        ("aws cloudformation deploy --stack-name x --template-file t.yaml", "cloud-write"),
        ("aws ecs deploy --service x", "cloud-write"),
        ("aws emr ssh --cluster-id x", "cloud-write"),
        ("aws ssm start-session --target x", "leaks-secret"),
        ("aws history show", "leaks-secret"),
        ("aws logs tail ?", "unknown-word"),
    ],
)
def test_what_is_asked_about(command, code):
    assert code in said(command)


def test_which_way_the_files_go():
    assert files("aws s3 cp .env s3://b/") == [("read", ".env", "")]
    assert files("aws s3 cp s3://b/k local.txt") == [("write", "local.txt", "")]
    assert files("aws s3 sync src s3://b") == [("read", "src", "tree")]
    assert files("aws s3 sync s3://b dst --delete") == [("write", "dst", ""), ("delete", "dst", "")]
    assert files("aws s3 mv a s3://b/") == [("read", "a", ""), ("delete", "a", "")]
    assert files("aws s3 sync s3://b dst --dryrun") == []
    assert files("aws cloudformation package --template-file t --s3-bucket b --output-template-file o") == [
        ("read", "t", ""),
        ("write", "o", ""),
    ]


def test_who_calls():
    told = call("aws --region eu-west-1 s3 ls --profile prod")
    assert (told.service, told.operation, told.account, told.region) == ("s3", "ls", "prod", "eu-west-1")


def test_law_every_command_by_hand_is_what_its_row_says():
    for service, rows in COMMANDS.items():
        for name, row in rows.items():
            if service not in {"configure", "sso", "login", "logout", "history", "eks"} and (service, name) != (
                "s3",
                "cp",
            ):
                assert access(f"aws {service} {name}") is row, (service, name)
            if row is not Access.READ:
                assert said(f"aws {service} {name}".strip())
