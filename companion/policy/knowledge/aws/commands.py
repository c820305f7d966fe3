"""The commands of `aws` that are no operations of an API."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from companion.model.facts import Access, CloudCall, EffectKind
from companion.policy.knowledge.argv import Parsed, Parser, table
from companion.policy.knowledge.finding import Fact, Words
from companion.policy.knowledge.tools import cloud, files, refused

_ACCESS = {
    "read": Access.READ,
    "write": Access.WRITE,
    "delete": Access.DELETE,
    "grant": Access.PERMISSIONS,
    "secret": Access.SECRET,
}

_ROWS = """
s3: read ls; write cp mv sync mb website; delete rm rb; secret presign
configure: read list list-profiles; write set import sso sso-session add-model mfa-login; secret get export-credentials
sso: write login logout
history: read list; secret show
cli-dev: write ui
ddb: read select; write put
cloudformation: write deploy package
cloudfront: secret sign
cloudtrail: read validate-logs; write create-subscription update-subscription
cloudwatch: read get-o-tel-enrichment; write start-o-tel-enrichment stop-o-tel-enrichment
codeartifact: secret login
codecommit: secret credential-helper
configservice: read get-status; write subscribe
datapipeline: read list-runs; grant create-default-roles
deploy: write push register install; delete deregister uninstall
dlm: grant create-default-role
ec2-instance-connect: write ssh open-tunnel
ecr: secret get-login get-login-password
ecr-public: secret get-login-password
ecs: write deploy monitor-express-gateway-service
eks: write update-kubeconfig; secret get-token
emr: write modify-cluster-attributes install-applications create-cluster add-steps restore-from-hbase-backup \
create-hbase-backup schedule-hbase-backup ssh socks get put; delete terminate-clusters disable-hbase-backups; \
grant create-default-roles
emr-containers: grant update-role-trust-policy
gamelift: read get-game-session-log; write upload-build
logs: read tail
mturk: read list-hi-ts-for-qualification-type
rds: write add-option-to-option-group remove-option-from-option-group; secret generate-db-auth-token
servicecatalog: write generate
signin: secret create-o-auth2-token
socialmessaging: delete delete-whatsapp-media-message
"""


def _commands() -> dict[str, dict[str, Access]]:
    found: dict[str, dict[str, Access]] = {}
    for line in _ROWS.strip().splitlines():
        service, _, classes = line.partition(":")
        rows = [part.split() for part in classes.split(";")]
        found[service] = {name: _ACCESS[what] for what, *names in rows for name in names}
    return found


COMMANDS = {
    **_commands(),
    "login": {"": Access.WRITE},
    "logout": {"": Access.WRITE},
}
"""Service, command, class. "" stands for a command without a word behind it."""
COMMANDS["configure"][""] = Access.WRITE

_S3 = (
    "recursive dryrun quiet follow-symlinks no-follow-symlinks no-guess-mime-type only-show-errors no-progress "
    "ignore-glacier-warnings force-glacier-transfer delete size-only exact-timestamps human-readable summarize force "
    "no-overwrite expected-size= include= exclude= acl= storage-class= website-redirect= content-type= cache-control= "
    "content-disposition= content-encoding= content-language= expires= metadata= metadata-directive= page-size= "
    "request-payer~ source-region= sse-kms-key-id= checksum-algorithm= checksum-mode= copy-props= expires-in= "
    "progress-frequency= progress-multiline bucket-name-prefix= bucket-region= index-document= error-document="
)
_GLOBAL = (
    "endpoint-url= output= query= profile= region= color= ca-bundle< cli-read-timeout= cli-connect-timeout= "
    "cli-binary-format= debug no-verify-ssl no-paginate no-sign-request no-cli-pager help?"
)
_OWN = {
    "eks update-kubeconfig": "name= kubeconfig> role-arn= alias= user-alias= assume-role-arn= verbose dry-run?",
    "cloudformation package": "template-file< template< s3-bucket= s3-prefix= kms-key-id= output-template-file> "
    "use-json force-upload metadata=",
    "cloudformation deploy": "template-file< template< stack-name= s3-bucket= force-upload s3-prefix= kms-key-id= "
    "parameter-overrides= capabilities= no-execute-changeset role-arn= notification-arns= "
    "fail-on-empty-changeset no-fail-on-empty-changeset tags=",
    "cloudfront sign": "url= key-pair-id= private-key< date-less-than= date-greater-than= ip-address=",
    "gamelift get-game-session-log": "game-session-id= save-as>",
    "gamelift upload-build": "name= build-version= build-root@ operating-system= server-sdk-version=",
    "logs tail": "since= follow format= filter-pattern= log-stream-names= log-stream-name-prefix=",
    "ddb select": "filter= projection= index-name= key-condition= attributes= consistent-read no-consistent-read",
    "cloudtrail validate-logs": "trail-arn= start-time= end-time= s3-bucket= s3-prefix= account-id= verbose",
    "configservice get-status": "",
    "configure get": "",
    "configure list": "",
    "configure list-profiles": "",
    "configure export-credentials": "format=",
    "datapipeline list-runs": "pipeline-id= status= start-interval= schedule-interval=",
    "ecs deploy": "service= task-definition< codedeploy-appspec< cluster= codedeploy-application= "
    "codedeploy-deployment-group=",
    "emr put": "cluster-id= key-pair-file< src< dest=",
    "emr get": "cluster-id= key-pair-file< src= dest>",
    "history list": "",
    "history show": "include= exclude= format=",
}
LOCAL_HOST = re.compile(r"https?://(?:localhost|127\.0\.0\.1|\[::1\]|localstack)(?::\d+)?(?:/|$)")
"""Where a stand-in for AWS runs."""
_SECRET_SETTINGS = ("aws_secret_access_key", "aws_session_token", "aws_security_token", "sso_client_secret")


def judge_command(call: CloudCall, words: Words, start: int) -> Iterator[Fact]:
    """The findings of one of these commands; its own words begin at `start`."""
    name = f"{call.service} {call.operation}".strip()
    own = _S3 if call.service == "s3" else _OWN.get(name, "")
    known = call.service == "s3" or name in _OWN
    parser = Parser(words, table(f"{_GLOBAL} {own}"))
    parser.skip(start)
    parsed = parser.run()
    # The profile may stand before the command or behind it.
    call = replace(
        call,
        account=parsed.value("profile") or call.account,
        region=parsed.value("region") or call.region,
        endpoint=parsed.value("endpoint-url") or call.endpoint,
    )
    if parsed.shows:
        yield Fact(EffectKind.RUN, "aws")
    elif call.service == "s3":
        yield from _s3(call, parsed, words)
    elif name in _SPECIAL:
        yield from _SPECIAL[name](call, parsed, words)
    elif call.service in {"configure", "sso", "login", "logout"} and call.access is Access.WRITE:
        yield Fact(EffectKind.CHANGE, f"aws {name}", "login", call=call)
    else:
        yield cloud(call)
    if parsed.unknown is not None and (known or call.access is Access.READ):
        yield refused(words, parsed.unknown)
    yield from files(parsed)
    if call.endpoint and not parsed.shows and not LOCAL_HOST.match(call.endpoint):
        yield Fact(EffectKind.NETWORK, call.endpoint, "network")


def _s3(call: CloudCall, parsed: Parsed, words: Words) -> Iterator[Fact]:
    dry = parsed.has("dryrun")
    places = parsed.operands
    if call.operation not in {"cp", "mv", "sync"} or len(places) != 2:
        yield cloud(replace(call, access=Access.READ) if dry else call)
        return
    source, goal = places
    deep = call.operation == "sync" or parsed.has("recursive")
    up, down = _remote(words[goal]), _remote(words[source])
    if not up and not down:
        yield Fact(EffectKind.UNKNOWN, "aws s3 with two local paths", "unknown-word", source)
        return
    access = Access.WRITE if up else Access.READ
    if parsed.has("delete") and up:
        access = Access.DELETE
    if call.operation == "mv" and down:
        access = Access.DELETE
    yield cloud(replace(call, access=Access.READ if dry else access))
    if not down and words[source] != "-":
        yield Fact(EffectKind.READ, "", "tree" if deep else "", source)
        if call.operation == "mv" and not dry:
            yield Fact(EffectKind.DELETE, "", "", source)
    if not up and words[goal] != "-" and not dry:
        yield Fact(EffectKind.WRITE, "", "", goal)
        if parsed.has("delete"):
            yield Fact(EffectKind.DELETE, "", "", goal)


def _remote(word: str | None) -> bool:
    return (word or "").startswith("s3://")


def _setting(call: CloudCall, parsed: Parsed, words: Words) -> Iterator[Fact]:
    """`aws configure get KEY` prints one setting as it stands."""
    names = [words[at] or "" for at in parsed.operands]
    if names and not any(name.rpartition(".")[2].lower() in _SECRET_SETTINGS for name in names):
        yield Fact(EffectKind.RUN, "aws configure get")
    else:
        yield cloud(call, (names and parsed.operands[0]) or None)


def _local(call: CloudCall, _parsed: Parsed, _words: Words) -> Iterator[Fact]:
    yield Fact(EffectKind.RUN, f"aws {call.service} {call.operation}")


def _kubeconfig(call: CloudCall, _parsed: Parsed, _words: Words) -> Iterator[Fact]:
    yield Fact(EffectKind.CHANGE, "aws eks update-kubeconfig", "login", call=call)


_SPECIAL: dict[str, Callable[[CloudCall, Parsed, Words], Iterator[Fact]]] = {
    "configure get": _setting,
    "configure list": _local,
    "configure list-profiles": _local,
    "history list": _local,
    "eks update-kubeconfig": _kubeconfig,
}
