"""From a program's name and its arguments to what it does, by the tables that know it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from companion.model.facts import EffectKind
from companion.policy.knowledge.aws.calls import judge_aws
from companion.policy.knowledge.clouds import judge_az, judge_gcloud
from companion.policy.knowledge.clusters import judge_docker, judge_kubectl
from companion.policy.knowledge.finding import NO_INPUT, Fact, Found, Input, Words
from companion.policy.knowledge.forges import judge_gh
from companion.policy.knowledge.index import FILES
from companion.policy.knowledge.keyed import judge_mongo, judge_redis
from companion.policy.knowledge.sql.clients import CLIENTS, judge_client
from companion.policy.knowledge.tables import tool
from companion.policy.knowledge.tools import judge_tool
from companion.policy.knowledge.windows.cmdlets import is_cmdlet, judge_cmdlet
from companion.policy.knowledge.windows.entry import WINDOWS, judge_windows

_OWN: dict[str, Callable[[str, Words, Input], Iterator[Found]]] = {
    "aws": lambda _name, words, _feed: judge_aws(words),
    "gcloud": lambda _name, words, _feed: judge_gcloud(words),
    "az": lambda _name, words, _feed: judge_az(words),
    **dict.fromkeys(("kubectl", "k", "oc", "minikube-kubectl"), lambda name, words, _feed: judge_kubectl(name, words)),
    **dict.fromkeys(("docker", "podman", "nerdctl", "docker-compose", "podman-compose"), judge_docker),
    **dict.fromkeys(("gh", "glab"), lambda name, words, _feed: judge_gh(name, words)),
    **dict.fromkeys(("redis-cli", "valkey-cli", "keydb-cli"), judge_redis),
    **dict.fromkeys(("mongosh", "mongo"), judge_mongo),
    **dict.fromkeys(CLIENTS, judge_client),
    **dict.fromkeys(WINDOWS, judge_windows),
}


def knows(program: str) -> bool:
    return program in _OWN or program in FILES or is_cmdlet(program)


def classify(program: str, words: Words, feed: Input = NO_INPUT) -> tuple[Found, ...] | None:
    """What `program` does with these arguments; None where no table knows it. Never raises.

    Nothing found means that nothing can be said, so there is always at least one finding.
    """
    own = _OWN.get(program)
    try:
        if own is not None:
            found = tuple(own(program, words, feed))
        elif (table := tool(program)) is not None:
            found = tuple(judge_tool(table, words))
        elif is_cmdlet(program):
            found = tuple(judge_cmdlet(program, words))
        else:
            return None
    except RecursionError:
        found = ()
    return found or (Fact(EffectKind.UNKNOWN, program, "not-understood"),)
