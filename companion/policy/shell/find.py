"""find: what it looks for, what it deletes, and the commands that it runs for what it finds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from companion.model.facts import Effect
from companion.policy.shell.effects import NAMES, TREE, is_temporary
from companion.policy.shell.invocation import Finding, Invocation, Lists, delete, read, tree
from companion.policy.shell.knowledge import FIND, FIND_VALUED
from companion.policy.shell.runners import find_exec
from companion.policy.shell.secretfiles import may_hold_secrets
from companion.policy.shell.words import Value


def judge_find(invocation: Invocation) -> Iterator[Finding]:
    findings: list[Finding] = [invocation.runs()]
    args, words = invocation.args, invocation.words
    if words in (("--version",), ("--help",), ("-version",), ("-help",)):
        yield invocation.runs()
        return
    roots: list[Value] = []
    names: list[Value] = []
    at = 0
    while at < len(args) and (
        not words[at].startswith(("-", "(", "!")) or words[at] in {"-L", "-H", "-P", "--", "-x", "-E", "-X"}
    ):
        roots += [args[at]] if not words[at].startswith("-") else []
        at += 1
    while at < len(args):
        word = args[at].constant
        if word in FIND_VALUED and at + 1 < len(args):
            value = args[at + 1]
            if word in {"-name", "-iname"}:
                names.append(value)
                if may_hold_secrets(value.constant or ""):
                    findings.append(invocation.rule("searches-secrets"))
            if value.many or value.glob:
                findings.append(invocation.rule("unknown-word", value.text or "this word", value))
            if word in {"-newer", "-anewer", "-cnewer", "-samefile"}:
                findings += read(value, NAMES)
            at += 2
        elif word in FIND:
            at += 1
        elif word in {"-exec", "-execdir", "-ok", "-okdir"}:
            if word in {"-ok", "-okdir"}:
                findings.append(invocation.rule("find-exec", at=args[at]))
            inner, at = find_exec(args, at + 1, _found(invocation, roots, names))
            findings += inner or [invocation.rule("find-exec", at=args[at - 1])]
        else:
            if word == "-delete":
                findings += [effect for root in roots for effect in delete(root, deep=True)]
            if word != "-delete" or not _only_temporary(roots, words):
                code = "find-delete" if word == "-delete" else "unknown-option"
                findings.append(invocation.rule(code, word or "this word", args[at]))
            at += 1
    yield from findings
    yield from _each(tuple(roots) or (Value(".", invocation.start, invocation.end),))
    if all(root.constant and not root.constant.startswith("-") for root in roots):
        yield Lists(_found(invocation, roots, names), dashed=False)


def _only_temporary(roots: list[Value], words: tuple[str, ...]) -> bool:
    """Whether all that it can delete lies in named folders for what nobody counts on; links are followed by -L."""
    plain = [root.constant or "" for root in roots]
    followed = any(word in {"-L", "-H", "-follow"} for word in words)
    return bool(plain) and not followed and all(is_temporary(root) and ".." not in root for root in plain)


def _found(invocation: Invocation, roots: list[Value], names: list[Value]) -> tuple[Effect, ...]:
    """Reads of whatever find finds: by the name it looks for, if it is one, else of everything below."""
    places = roots or [Value(".", invocation.start, invocation.end)]
    if len(names) == 1 and names[0].constant and "/" not in names[0].constant:
        pattern = names[0].constant
        below = [
            replace(place, text=f"{tree(place.text or '.')}{wild}{pattern}", glob=True)
            for place in places
            for wild in ("**/", "")
        ]
        return tuple(effect for place in below if place.text for effect in read(place))
    return tuple(effect for place in places for effect in read(place, TREE))


def _each(roots: tuple[Value, ...]) -> Iterator[Finding]:
    for root in roots:
        yield from read(root, NAMES)
