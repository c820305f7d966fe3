"""`gcloud` and `az`: thousands of commands whose last word of command says what they do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from companion.model.facts import Access, CloudCall, EffectKind
from companion.policy.knowledge.argv import Parser, table
from companion.policy.knowledge.finding import NO_INPUT, Fact, Found, Input, Words
from companion.policy.knowledge.names import names
from companion.policy.knowledge.tools import cloud, files, refused

_DELETES = names(
    "delete destroy remove rm purge undeploy disable detach reset stop abandon cancel drop revoke unregister terminate "
    "deallocate kill clear delete-batch delete-instances mv"
)
_GRANTS = re.compile(r"(?:add|remove|set)-iam-policy(?:-binding)?|set-policy")
_LOGINS = re.compile(
    r"(?:auth|account) (?:login|logout|revoke|set|clear|activate-service-account|configure-docker)|login|logout|init|"
    r"configure|(?:.* )?get-credentials|auth application-default .*|config (?:set|unset|configurations) ?.*|use"
)
_GROUPS = names("run deploy build tag lock migrate scan")
_GROUPS_BEHIND = names("alpha beta preview group resource account pipelines")
"""Words that are a group where they stand first, or behind one of these."""
_HELP = frozenset({"--help", "-h", "--version"})


@dataclass(frozen=True, slots=True)
class _Cloud:
    name: str
    options: str
    """Options that may stand among the words of a command."""
    reads: re.Pattern[str]
    """Words that end a command and only read."""
    acts: frozenset[str]
    """Words that end a command and do not."""
    secrets: re.Pattern[str]
    """Whole commands that print secrets."""
    refused: frozenset[str]
    account: tuple[str, ...]
    region: tuple[str, ...]
    most: int | None
    """How many operands a command may have behind its last word."""


_ACTS = (
    names(
        "create update set add run start stop restart deploy import export enable disable attach detach resize move "
        "copy cp rsync "
        "ssh scp call invoke execute access sign encrypt decrypt pull publish ack seek patch replace restore rollback "
        "promote "
        "failover clone undelete upload download login logout revoke install browse open connect tail-and-run apply "
        "upgrade "
        "migrate rotate suspend resume simulate approve reject lock unlock tag untag purge abandon recreate redeploy "
        "submit trigger "
        "get-credentials get-key-string get-auth-string get-access-token "
        "activate deactivate register unregister link unlink wait exec build push transfer reset "
        "bulk-create sync mb rb "
        "insert merge "
        "peer swap scale stage convert generate renew cancel send peek receive grant assign unassign bind unbind "
        "raise-quota repair drain perform"
    )
    | _DELETES
)

_GCLOUD = _Cloud(
    "gcloud",
    "project= account= configuration= format= filter= region= zone= location= impersonate-service-account= verbosity= "
    "billing-project= access-token-file< quiet q user-output-enabled log-http no-user-output-enabled trace-token= "
    "organization= folder= help? h? version? limit= sort-by= page-size= uri flatten=",
    re.compile(
        r"list(?:-[a-z-]+)?|describe(?:-[a-z-]+)?|get(?:-(?!credentials|key-string|auth-string)[a-z-]+)?|"
        r"search(?:-[a-z-]+)?|"
        r"lookup(?:-[a-z-]+)?|read|tail|version|info|help|topic|ls|cat|du|hash|stat|test-iam-permissions|diff|validate|"
        r"show(?:-[a-z-]+)?|explain|cheat-sheet|analyze-[a-z-]+|check-[a-z-]+|preview"
    ),
    _ACTS,
    re.compile(
        r"(?:alpha |beta )?(?:auth (?:application-default )?print-.*|secrets versions access|config config-helper|"
        r"compute reset-windows-password|sql generate-login-token|kms (?:asymmetric-)?decrypt|"
        r".*get-key-string|.*get-auth-string|iam service-accounts (?:keys create|sign-.*)|auth .*print.*|"
        r"storage sign-url)"
    ),
    frozenset({"--flags-file"}),
    ("project", "account", "configuration"),
    ("region", "zone", "location"),
    None,
)

_NOUNS = names(
    "alpha beta preview access-approval access-context-manager active-directory ai ai-platform anthos apigee apihub "
    "app apphub "
    "artifacts asset assured audit auth backup-dr batch bigtable bigquery billing bms builds certificate-manager "
    "cloud-shell "
    "composer compute config container contact-center-insights data-catalog data-fusion database-migration dataflow "
    "datafusion "
    "dataplex dataproc datastore datastream debug deploy deployment-manager dns docker domains edge-cloud "
    "edge-cache emulators "
    "endpoints essential-contacts eventarc filestore firebase firestore fleet functions game healthcare hub iam iap "
    "identity identity-platform ids immersive-stream infra-manager kms looker logging lustre managed-kafka media "
    "memcache "
    "memorystore metastore migration ml ml-engine monitoring netapp network-connectivity network-management "
    "network-security "
    "network-services notebooks oracle-database org-policies org-policy oslogin policy-intelligence "
    "policy-troubleshoot privateca "
    "projects publicca pubsub recaptcha recommender redis resource-manager resource-settings run runtime-config scc "
    "scheduler "
    "schemas secrets service-directory service-extensions services source source-manager spanner speech sql storage "
    "survey tasks "
    "telco-automation topic transcoder transfer transport-security vmware web workbench workflows workloads "
    "workspace-add-ons "
    "workstations tcp interface project-info os-config os-inventory security-policy shared-vpc tpu-vm windows apt "
    "custom-module generic go maven npm python iot vpcsc access attached aws azure bare-metal vmware mesh "
    "multi-cluster "
    "identity-service memory cloud-identity quota group membership local-package nat status peering node-pool"
)
"""Words inside of gcloud's commands that are no plural."""

_AZ = _Cloud(
    "az",
    "subscription= output= o= query= resource-group= g= name= n= location= l= verbose debug only-show-errors help? "
    "h? version?",
    re.compile(
        r"list(?:-[a-z-]+)?|show(?:-[a-z-]+)?|get(?:-(?!credentials|access-token|"
        r"instance-view-and)[a-z-]+)?|exists|query|find|"
        r"check-[a-z-]+|url|version|logs|tail|download|download-batch|what-if|validate|lint|diff|explain"
    ),
    _ACTS - {"download"},
    re.compile(
        r"(?!keyvault key |sshkey |ssh-key |keyvault certificate )(?:.* )?(?:[a-z-]*keys? (?:list|show)|"
        r"list-[a-z-]*keys?|"
        r"get-shared-keys|(?:show|list)-connection-strings?|connection-string (?:list|show)|credentials? (?:list|show)|"
        r"list-publishing-[a-z]+|get-access-token|secret (?:show|download|backup)|appsettings list|list-secrets|"
        r"generate-sas|(?:admin|query)-key (?:list|show))"
    ),
    frozenset(),
    ("subscription",),
    ("location", "l"),
    0,
)
_AZ_KEYWORDS = frozenset({"find", "config get", "configure"})


def judge(program: str, words: Words, _feed: Input = NO_INPUT) -> Iterator[Found]:
    """The findings of `gcloud` or `az`."""
    yield from _judge(_GCLOUD, words) if program == "gcloud" else _judge_az(words)


def _judge_az(words: Words) -> Iterator[Found]:
    """`az` takes any value from a file that stands behind an @."""
    if words[:1] == ["rest"]:
        yield from _az_rest(words)
    elif words[:2] == ["devops", "configure"] and "--list" in words and len(words) == 3:
        yield Fact(EffectKind.RUN, "az")
    else:
        yield from _judge(_AZ, words)
    for at, word in enumerate(words):
        path = (word or "").rpartition("=")[2] if (word or "").startswith("-") else word or ""
        if path.startswith("@") and len(path) > 1:
            yield Fact(EffectKind.READ, path[1:], "", at)


def _judge(tool: _Cloud, words: Words) -> Iterator[Found]:
    parser = Parser(words, table(tool.options))
    path: list[str] = []
    while (at := parser.operand()) is not None:
        word = words[at] or ""
        path.append(word)
        if _is_group(path, words, parser.rest):
            continue
        if tool.reads.fullmatch(word) or word in tool.acts:
            break
    verb = path[-1] if path else ""
    command = " ".join(path)
    parsed = parser.parsed
    call_words = words[parser.rest :]
    if parsed.shows or any(word in _HELP for word in call_words) or not words:
        yield Fact(EffectKind.RUN, tool.name)
        return
    account = parsed.value(*tool.account) or _find(call_words, tool.account)
    region = parsed.value(*tool.region) or _find(call_words, tool.region)
    call = CloudCall(tool.name, command, _access(tool, path), account, region)
    if _LOGINS.fullmatch(command) and call.access not in {Access.SECRET, Access.READ}:
        yield Fact(EffectKind.CHANGE, f"{tool.name} {command}", "login", call=call)
    elif call.access is Access.UNKNOWN:
        yield Fact(EffectKind.UNKNOWN, f"{tool.name} {command}", "unknown-command", call=call)
    else:
        yield cloud(call)
    if parsed.unknown is not None:
        yield refused(words, parsed.unknown)
    yield from files(parsed)
    yield from _behind(tool, verb, command, words, parser.rest)


def _is_group(path: list[str], words: Words, rest: int) -> bool:
    """Whether the last word is the name of a group, though it is also that of a deed."""
    follows = rest < len(words) and not (words[rest] or "-").startswith("-")
    return follows and path[-1] in _GROUPS and (len(path) == 1 or path[-2] in _GROUPS_BEHIND)


def _access(tool: _Cloud, path: list[str]) -> Access:
    verb, command = path[-1] if path else "", " ".join(path)
    if tool.secrets.fullmatch(command):
        return Access.SECRET
    deeds = [word for at, word in enumerate(path) if at and not (word in _GROUPS and path[at - 1] in _GROUPS_BEHIND)]
    if any(word in tool.acts for word in deeds) or (verb in tool.acts and verb not in _GROUPS):
        if any(_GRANTS.fullmatch(word) for word in path) or command.startswith(("role assignment", "ad sp create")):
            return Access.PERMISSIONS
        return Access.DELETE if verb in _DELETES else Access.WRITE
    if any(_GRANTS.fullmatch(word) for word in path):
        return Access.PERMISSIONS
    if not tool.reads.fullmatch(verb):
        return Access.UNKNOWN
    if tool is _GCLOUD and not all(word in _NOUNS or word in _GROUPS or word.endswith("s") for word in path[:-1]):
        return Access.UNKNOWN
    return Access.READ


def _behind(tool: _Cloud, verb: str, command: str, words: Words, start: int) -> Iterator[Found]:
    """What stands behind the command: options of every kind, each with a value or without."""
    operands, option = 0, ""
    for at in range(start, len(words)):
        word = words[at]
        if word is None:
            yield refused(words, at)
            return
        if word.startswith("-") and len(word) > 1:
            option, equals, value = word.partition("=")
            if option in tool.refused:
                yield refused(words, at)
            elif equals and verb.startswith("download") and option in {"--file", "--destination", "--dest"}:
                yield Fact(EffectKind.WRITE, value, "", at)
            option = "" if equals else option
            continue
        if option:
            if verb.startswith("download") and option in {"-f", "--file", "-d", "--destination", "--dest"}:
                yield Fact(EffectKind.WRITE, "", "", at)
            # Some options take several values.
            option = option if tool is _AZ else ""
            continue
        operands += 1
        if tool.most is not None and operands > tool.most and command not in _AZ_KEYWORDS:
            yield Fact(EffectKind.UNKNOWN, word, "unknown-option", at)


def _find(words: Words, names: tuple[str, ...]) -> str:
    for at, word in enumerate(words):
        name, equals, value = (word or "").lstrip("-").partition("=")
        if name in names and (word or "").startswith("-"):
            return value if equals else (words[at + 1] if at + 1 < len(words) else "") or ""
    return ""


_AZ_HOSTS = re.compile(r"(?:https://(?:management\.azure\.com|graph\.microsoft\.com)(?:/|$)|/)")


def _az_rest(words: Words) -> Iterator[Found]:
    spec = (
        "method= m= url= uri= u= headers= body= b= output= o= query= resource= subscription= uri-parameters= "
        "url-parameters= skip-authorization-header output-file> verbose help? h?"
    )
    parsed = Parser(words, table(spec)).run()
    method = (parsed.value("method", "m") or "get").lower()
    url = parsed.value("url", "uri", "u")
    access = Access.READ if method in {"get", "head", "options"} else Access.WRITE
    access = Access.DELETE if method == "delete" else access
    yield cloud(CloudCall("az", f"rest {method} {url}", access, parsed.value("subscription")))
    if not _AZ_HOSTS.match(url):
        yield Fact(EffectKind.NETWORK, url or "az rest", "network")
    if parsed.unknown is not None:
        yield refused(words, parsed.unknown)
    yield from files(parsed)
