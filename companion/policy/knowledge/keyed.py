"""`redis-cli` and `mongosh`: what the command or the script does that they are given."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from companion.model.facts import EffectKind
from companion.policy.knowledge.argv import Parser, parse, table
from companion.policy.knowledge.finding import NO_INPUT, Fact, Found, Input, Words
from companion.policy.knowledge.names import names
from companion.policy.knowledge.tools import files, refused

_REDIS = (
    "h= p= s= a= u= n= r= i= user= pass= t= c 2 3 raw no-raw json csv quoted-json quoted-input e no-auth-warning "
    "tls sni= "
    "cacert< cert< key< insecure show-pushes= latency latency-history latency-dist bigkeys memkeys hotkeys stat "
    "scan pattern= "
    "quoted-pattern= count= cursor= memkeys-samples= verbose version? v? help? D= d= I"
)
_REDIS_READS = names(
    "get mget getrange strlen exists type ttl pttl expiretime pexpiretime keys scan dbsize randomkey object "
    "memory-usage hget "
    "hmget hgetall hkeys hvals hlen hexists hscan hstrlen hrandfield lrange llen lindex lpos smembers sismember "
    "smismember scard "
    "srandmember sscan sinter sintercard sunion sdiff zrange zrangebyscore zrangebylex zrevrange zrevrangebyscore "
    "zrank zrevrank "
    "zscore zmscore zcard zcount zlexcount zscan zrandmember zinter zunion zdiff zintercard xlen xrange xrevrange "
    "xinfo xpending "
    "xread bitcount bitpos getbit bitfield_ro geodist geohash geopos geosearch pfcount ping echo info time lastsave "
    "role "
    "dump lolwut command touch substr ft.search ft.info ft._list ft.explain json.get json.mget json.type "
    "json.strlen json.objkeys "
    "ts.get ts.range ts.info wait sort_ro georadius_ro lcs pubsub"
)
_REDIS_DESTROYS = names("flushall flushdb del unlink getdel spop lpop rpop zpopmin zpopmax ltrim xtrim rename move")
_REDIS_RUNS = names(
    "eval evalsha eval_ro fcall function script module debug config slaveof replicaof shutdown migrate restore acl "
    "monitor save "
    "bgsave bgrewriteaof failover cluster client sync psync swapdb reset auth hello latency slowlog"
)
_REDIS_TELLING = {
    ("config", "help"), ("cluster", "info"), ("cluster", "nodes"), ("cluster", "slots"), ("cluster", "shards"),
    ("client", "list"), ("client", "id"), ("client", "info"), ("client", "getname"), ("slowlog", "get"),
    ("slowlog", "len"), ("latency", "latest"), ("latency", "history"),
    ("latency", "doctor"), ("acl", "whoami"), ("acl", "cat"),
    ("memory", "usage"), ("memory", "stats"), ("memory", "doctor"), ("module", "list"), ("script", "exists"),
    ("function", "list"), ("function", "stats"),
}  # fmt: skip

_MONGO = (
    "eval= host= port= u= username= authenticationDatabase= authenticationMechanism= quiet norc nodb json~ tls ssl "
    "apiVersion= retryWrites version? help? h? tlsCAFile< tlsCertificateKeyFile<"
)
_LITERAL = r"[^()`]*"
_MONGO_READS = (
    r"find|findOne|countDocuments|estimatedDocumentCount|count|distinct|aggregate|stats|getIndexes|"
    r"dataSize|storageSize|"
    r"totalSize|isCapped|getShardDistribution|validate"
)
_MONGO_CHAIN = r"limit|sort|skip|project|toArray|pretty|count|explain|size|hint|batchSize|collation|maxTimeMS|itcount"
_MONGO_READ = re.compile(
    rf"\s*(?:show (?:dbs|databases|collections|tables|users|roles|profile)|"
    rf"db(?:\.getSiblingDB\([\"'][\w-]+[\"']\))?(?:\.(?:getCollectionNames|getCollectionInfos|stats|version|"
    rf"hostInfo|serverStatus|getName|"
    rf"getUsers|getRoles|currentOp|isMaster|hello|listCommands|serverBuildInfo)\({_LITERAL}\)|"
    rf"(?:\.getCollection\([\"'][\w.-]+[\"']\)|"
    rf"\.(?!getSiblingDB)[A-Za-z_][\w.]*?)\.(?:{_MONGO_READS})\({_LITERAL}\)(?:\.(?:{_MONGO_CHAIN})\({_LITERAL}\))*)|"
    rf"rs\.(?:status|conf|config|printReplicationInfo|printSecondaryReplicationInfo)\(\)|sh\.status\(\)|"
    rf"version\(\)|db)\s*;?\s*"
)
_MONGO_WRITES = re.compile(r"\$(?:out|merge|where|function|accumulator)\b|=>|\bfunction\b")
_MONGO_DESTROYS = re.compile(r"\.(?:drop\w*|delete\w*|remove\w*|findOneAndDelete|dropDatabase)\s*\(")


def judge(program: str, words: Words, feed: Input = NO_INPUT) -> Iterator[Found]:
    """The findings of one of these clients."""
    yield from (_mongo_client if program.startswith("mongo") else _redis_client)(program, words, feed)


def _redis_client(name: str, words: Words, feed: Input) -> Iterator[Found]:
    """Options end at the command's first word."""
    parser = Parser(words, table(_REDIS))
    first = parser.operand()
    parsed = parser.parsed
    if parsed.unknown is not None and (first is None or parsed.unknown < first):
        yield refused(words, parsed.unknown)
    yield from files(parsed)
    if parsed.shows:
        yield Fact(EffectKind.RUN, name)
    elif first is not None:
        yield _redis(name, words, first)
        if feed.piped or feed.text is not None:
            yield Fact(EffectKind.UNKNOWN, name, "pipe-to-shell")
    elif feed.text is not None:
        for line in filter(None, map(str.strip, feed.text.splitlines())):
            yield replace(_redis(name, line.split(), 0), at=-1)
    elif feed.piped:
        yield Fact(EffectKind.UNKNOWN, name, "pipe-to-shell")
    elif parsed.has("scan", "bigkeys", "memkeys", "hotkeys", "stat", "latency", "latency-history"):
        yield Fact(EffectKind.RUN, name)
    else:
        yield Fact(EffectKind.CHANGE, name, "database")


def _redis(name: str, words: Words, first: int) -> Fact:
    command, below = ((word or "").lower() for word in [*words[first : first + 2], "", ""][:2])
    target = f"{name} {command}".strip()
    unknown = None in words[first:]
    if not unknown and ((command, below) in _REDIS_TELLING or (command in _REDIS_READS and command != "debug")):
        return Fact(EffectKind.RUN, target, at=first)
    if command in _REDIS_DESTROYS:
        return Fact(EffectKind.CHANGE, target, "sql-destroy", first)
    if command in _REDIS_RUNS:
        return Fact(EffectKind.UNKNOWN, f"{target} {below}".strip(), "sql-runs", first)
    return Fact(EffectKind.CHANGE, target, "sql-write", first)


def _mongo_client(name: str, words: Words, feed: Input) -> Iterator[Found]:
    """A script is read as long as it is one call that is known to read, on plain values."""
    parsed = parse(words, _MONGO)
    if parsed.unknown is not None:
        yield refused(words, parsed.unknown)
    yield from files(parsed)
    if parsed.shows:
        yield Fact(EffectKind.RUN, name)
        return
    for at in parsed.operands[1:]:
        yield Fact(EffectKind.UNKNOWN, "", "runs-script", at)
    if parsed.operands and (words[parsed.operands[0]] or "").endswith((".js", ".mongodb", ".mjs")):
        yield Fact(EffectKind.UNKNOWN, "", "runs-script", parsed.operands[0])
    texts = [(value, at) for value, at in parsed.values("eval")]
    if feed.text is not None:
        texts += [(line, -1) for line in feed.text.splitlines() if line.strip()]
    if feed.piped:
        yield Fact(EffectKind.UNKNOWN, name, "pipe-to-shell")
    for text, at in texts:
        yield _mongo(name, text or "", at)
    if not texts:
        yield Fact(EffectKind.CHANGE, name, "database")


def _mongo(name: str, text: str, at: int) -> Fact:
    statements = [part for part in text.split(";") if part.strip()]
    if (
        len(text) < 2000
        and statements
        and all(map(_MONGO_READ.fullmatch, statements))
        and not _MONGO_WRITES.search(text)
    ):
        return Fact(EffectKind.RUN, name, at=at)
    destroys = _MONGO_DESTROYS.search(text)
    return (
        Fact(EffectKind.CHANGE, name, "sql-destroy", at)
        if destroys
        else Fact(EffectKind.UNKNOWN, name, "sql-unknown", at)
    )
