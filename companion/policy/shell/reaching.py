"""Words under which a tool that else only reads does more: it starts a program, takes other code or settings, runs the
project's code, asks another machine, or shows what is secret.

The tables say what a command of a tool reads. What is said here is said beside them, and never takes a question back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from companion.model.facts import Effect, EffectKind
from companion.policy.shell.builds import ran
from companion.policy.shell.effects import WEB_READ
from companion.policy.shell.invocation import Finding, Invocation, read
from companion.policy.shell.tools import asks_for_help, names
from companion.policy.shell.words import Value

_TAKES_OTHERS: dict[str, re.Pattern[str]] = {
    name: re.compile(pattern, re.DOTALL)
    for names_, pattern in {
        # A remote that is spelled out says itself which program is its ssh.
        "rclone": r":.*|[\w.+@ -]+,.*|--config(?:=.*)?|--(?:sftp|webdav)-.*",
        "nginx": r"-[a-zA-Z]*[cpge].*",
        "ansible-lint": r"-[rRcC].*|--(?:rules-?dir|config-file|project-dir).*",
        "ansible-doc": r"-[Mr].*|--(?:module-path|playbook-dir|roles-path).*",
        # A formula is code, and a tap is fetched when it is first named.
        "brew": r"[^-].*\.rb|[./~](?!.*/$).*|\w+://.*|(?!homebrew/)[\w-]+/[\w-]+/.+",
        "docker podman nerdctl docker-compose": r"(?:-H|--host|--url)[= ]?ssh:.*|--identity.*",
        "git": r"help (?:-w|--web)",
    }.items()
    for name in names_.split()
}
"""Words, and options with the word behind them, with which other code or another machine has its say."""

_RUNS_PROJECT: dict[str, re.Pattern[str]] = {
    "uv": re.compile(r"(?:lock|tree|export)(?: .*)?", re.DOTALL),
    "cdk": re.compile(r"(?:list|ls|synth|synthesize|diff|metadata)(?: .*)?", re.DOTALL),
    "pulumi": re.compile(r"preview(?: .*)?", re.DOTALL),
    "helmfile": re.compile(r".+", re.DOTALL),
    **dict.fromkeys(
        ("bundle", "bundler"), re.compile(r"(?:list|show|info|outdated|check|licenses|viz)(?: .*)?", re.DOTALL)
    ),
    **dict.fromkeys(("gradle", "gradlew", "mvn", "mvnw", "mix", "rake", "vagrant"), re.compile(r".+", re.DOTALL)),
}
"""Commands that read, and to do so run the project's code or build what it needs."""

_CHANGES: dict[str, re.Pattern[str]] = {
    "op": re.compile(r"update\b.*", re.DOTALL),
    "ssh-add": re.compile(""),
    "ssh-keygen": re.compile(""),
    "supabase": re.compile(r"(?:inspect report|db diff)\b.*", re.DOTALL),
    "cargo": re.compile(r"(?:deny|geiger) (?:init|fix|fetch)\b.*", re.DOTALL),
}
"""Commands that change something though their neighbours read."""

_KEEPS: dict[str, re.Pattern[str]] = {
    "cdk": re.compile(r"(?:ack(?:nowledge)?|docs?)\b.*", re.DOTALL),
    "wrangler": re.compile(r"(?:r2 object get|docs?)\b.*", re.DOTALL),
    **dict.fromkeys(("npm", "pnpm"), re.compile(r"(?:docs|repo|bugs|issues|home|cache verify)\b.*", re.DOTALL)),
    "brew": re.compile(r"(?:fetch|(?:cask )?(?:home|homepage|docs))\b.*", re.DOTALL),
    "composer": re.compile(r"(?:browse|home)\b.*", re.DOTALL),
    "rustup": re.compile(r"docs?\b.*", re.DOTALL),
    **dict.fromkeys(
        ("stripe", "doppler", "railway", "netlify", "ntl"), re.compile(r"(?:open(?::\w+)?|docs)\b.*", re.DOTALL)
    ),
    "gh": re.compile(r"(?:browse|(?:run|release) download)\b.*", re.DOTALL),
}
"""Commands that start a browser, or leave behind what they fetch: no plan, and nothing that anybody misses."""

_INLINE = re.compile(
    r"(?:lint\.)?(?:select|ignore|extend-select|extend-ignore|line-length|target-version|preview)\s*=.*", re.DOTALL
)
_TOKEN = re.compile(r".*(?:token|password|secret).*", re.IGNORECASE | re.DOTALL)
_DATABASES = names(
    "psql pgcli mysql mariadb mycli redis-cli valkey-cli keydb-cli mongosh mongo clickhouse-client sqlcmd"
)
_CONTAINERS = names("docker podman nerdctl docker-compose")
_HOST_OPTION = re.compile(
    r"(?:-h|--host(?:name)?|-S|--server)(?:[= ]|(?<=-[hS]))(?!-)([\w.:-]+)|.*\bhost(?:addr)?=([\w.:-]+).*", re.DOTALL
)
_ADDRESS = re.compile(r"(?:(?:-H|--host|--url)[= ]?)?[\w+-]+://(?:[^@/]*@)?([\w.-]+).*", re.DOTALL)
_HERE = re.compile(r"localhost|127(?:\.\d+){3}|::1|0\.0\.0\.0", re.IGNORECASE)
_FORGES = frozenset({"github.com", "gitlab.com"})


_KNOWN = frozenset(
    {"ruff", "gh", "glab", *_TAKES_OTHERS, *_RUNS_PROJECT, *_CHANGES, *_KEEPS, *_DATABASES, *_CONTAINERS}
)


def judge_reach(invocation: Invocation) -> Iterator[Finding]:
    """The findings of such words."""
    # Git is asked for most, and has one such word.
    if invocation.name not in _KNOWN or (invocation.name == "git" and invocation.words[:1] != ("help",)):
        return
    words = invocation.words
    if asks_for_help([arg.constant for arg in invocation.args]) and invocation.name != "git":
        return
    both = [(text, at) for at, text in enumerate(words)]
    both += [(f"{one} {two}", at) for at, (one, two) in enumerate(pairwise(words))]
    if pattern := _TAKES_OTHERS.get(invocation.name):
        for text, at in both:
            if pattern.fullmatch(text):
                yield invocation.rule("runs-other", invocation.name, invocation.args[at])
                break
    said = " ".join(word for word in words if not word.startswith("-"))
    if (runs := _RUNS_PROJECT.get(invocation.name)) and runs.fullmatch(said) and "--frozen" not in words:
        yield from ran(invocation, said.partition(" ")[0])
    if (changes := _CHANGES.get(invocation.name)) and changes.fullmatch(said) and (said or not words):
        yield invocation.rule("tool-write")
    web = invocation.name in {"gh", "glab"} and not {"-w", "--web"}.isdisjoint(words)
    if web or ((keeps := _KEEPS.get(invocation.name)) and keeps.fullmatch(said)):
        yield invocation.rule("tool-cache")
    match invocation.name:
        case "ruff":
            yield from _settings(invocation)
        case "gh" | "glab":
            yield from _forge(invocation, both)
        case name if name in _DATABASES or name in _CONTAINERS:
            yield from _hosts(invocation, both)
        case _:
            pass


def _settings(invocation: Invocation) -> Iterator[Finding]:
    before = ""
    for arg in invocation.args:
        text = arg.text or ""
        value = text if before == "--config" else text.partition("=")[2] if text.startswith("--config=") else None
        before = text
        if value is None or _INLINE.fullmatch(value):
            continue
        if "=" in value:
            yield invocation.rule("unknown-option", "--config", arg)
            continue
        # The file may say that mistakes are mended.
        yield invocation.rule("project-run")
        yield from read(Value(value, arg.start, arg.end, glob=arg.glob))


def _forge(invocation: Invocation, both: list[tuple[str, int]]) -> Iterator[Finding]:
    words = invocation.words
    if words[:2] == ("config", "get") and any(map(_TOKEN.fullmatch, words[2:])):
        yield invocation.rule("secret-shown", f"{invocation.name} config get")
    for text, at in both:
        found = re.fullmatch(r"--hostname[= ](.+)", text)
        if words[:1] == ("api",) and found and found[1] not in _FORGES:
            yield invocation.rule("network", found[1], invocation.args[at])


def _hosts(invocation: Invocation, both: list[tuple[str, int]]) -> Iterator[Finding]:
    """The machines that a client talks to."""
    hosts: list[str] = []
    for text, _ in both:
        if found := _HOST_OPTION.fullmatch(text) or _ADDRESS.fullmatch(text):
            hosts.append(next(filter(None, found.groups()), ""))
    for host in dict.fromkeys(hosts):
        if host and not _HERE.fullmatch(host):
            yield Effect(EffectKind.NETWORK, host, invocation.start, invocation.end, WEB_READ)
