"""find: what it looks for, what it deletes, and the commands that it runs for what it finds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from companion.model.facts import Effect
from companion.policy.shell.effects import NAMES, PLACE, TREE, is_temporary
from companion.policy.shell.invocation import Finding, Invocation, Lists, delete, read, tree
from companion.policy.shell.knowledge import FIND, FIND_VALUED
from companion.policy.shell.runners import find_exec
from companion.policy.shell.secretfiles import may_hold_secrets
from companion.policy.shell.words import Value

_BY_NAME = frozenset({"-name", "-iname"})
_LETTER = re.compile("[A-Za-z]")
_NOT = re.compile(r"(?:! |-not )-(?!i?name |not )[\w-]+ ")
_CHOICE = re.compile(r"\( (-i?name )(?:-or? -i?name )*\) ")
_OR = re.compile(r"(?<!\S)-or? ")
_ACTS = re.compile(r"-(?:exec|ok|print|ls\b)")
_NAMED = re.compile(r"(?<!\S)-i?name ")
_PRINTS_NAMES = re.compile(r"%p(?:\\n|\\0)")


def judge_find(invocation: Invocation) -> Iterator[Finding]:
    findings: list[Finding] = [invocation.runs()]
    args, words = invocation.args, invocation.words
    if words in (("--version",), ("--help",), ("-version",), ("-help",)):
        yield invocation.runs()
        return
    roots: list[Value] = []
    names: list[Value] = []
    signs: list[str] = []
    says_more = False
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
            signs.append(word)
            says_more = says_more or (word == "-printf" and not _PRINTS_NAMES.fullmatch(value.text or ""))
            at += 2
        elif word in FIND:
            signs.append(word)
            says_more = says_more or word == "-ls"
            at += 1
        elif word in {"-exec", "-execdir", "-ok", "-okdir"}:
            if word in {"-ok", "-okdir"}:
                findings.append(invocation.rule("find-exec", at=args[at]))
            inner, at = find_exec(args, at + 1, _found(invocation, roots, names, [*signs, word]))
            says_more = True
            signs.append(word)
            if word == "-execdir":
                # It runs where each file lies, and what is run may take its code from there.
                findings += [effect for place in _places(invocation, roots) for effect in read(place, PLACE)]
            findings += inner or [invocation.rule("find-exec", at=args[at - 1])]
        else:
            if word == "-delete":
                findings += [effect for root in roots for effect in delete(root, deep=True)]
            if word != "-delete" or not _only_temporary(roots, words):
                code = "find-delete" if word == "-delete" else "unknown-option"
                findings.append(invocation.rule(code, word or "this word", args[at]))
            at += 1
    yield from findings
    yield from _each(tuple(_places(invocation, roots)))
    if not says_more and all(root.constant and not root.constant.startswith("-") for root in roots):
        yield Lists(_found(invocation, roots, names, signs), dashed=False)


def _only_temporary(roots: list[Value], words: tuple[str, ...]) -> bool:
    """Whether all that it can delete lies in named folders for what nobody counts on; links are followed by -L."""
    plain = [root.constant or "" for root in roots]
    followed = any(word in {"-L", "-H", "-follow"} for word in words)
    return bool(plain) and not followed and all(is_temporary(root) and ".." not in root for root in plain)


def _found(invocation: Invocation, roots: list[Value], names: list[Value], signs: list[str]) -> tuple[Effect, ...]:
    """Reads of whatever find finds: by the names of which it has to have one, else of everything below."""
    places = _places(invocation, roots)
    patterns = [_pattern(name, sign) for name, sign in zip(names, _named(signs), strict=False)]
    follows = any(word in {"-L", "-follow"} for word in invocation.words)
    if not patterns or None in patterns or follows or not _has_to_match(signs):
        return tuple(effect for place in places for effect in read(place, TREE))
    below = [
        replace(place, text=f"{tree(place.text or '.')}{wild}{pattern}", glob=True)
        for place in places
        for pattern in patterns
        for wild in ("***/", "")
    ]
    return tuple(effect for place in below if place.text for effect in read(place))


def _places(invocation: Invocation, roots: list[Value]) -> list[Value]:
    """Where it looks; where no word may be left of those that are named, also in the folder that it runs in."""
    here = Value(".", invocation.start, invocation.end)
    return [*roots, here] if all(root.many for root in roots) else roots


def _named(signs: list[str]) -> list[str]:
    return [sign for sign in signs if sign in _BY_NAME]


def _pattern(name: Value, sign: str) -> str | None:
    pattern = name.constant
    if not pattern or "/" in pattern:
        return None
    if sign == "-name":
        return pattern
    # Letters of either size.
    return None if re.search(r"[\[\\]", pattern) or not pattern.isascii() else _LETTER.sub(_either, pattern)


def _either(letter: re.Match[str]) -> str:
    return f"[{letter[0].lower()}{letter[0].upper()}]"


def _has_to_match(signs: list[str]) -> bool:
    """Whether all that is found has one of the names, whichever of them: one or a choice in each part of the whole."""
    text = _CHOICE.sub(r"\1", _NOT.sub("", "".join(f"{sign} " for sign in signs)))
    parts = _OR.split(text)
    if any(sign in {"!", "-not", "(", ")", ","} for sign in text.split()):
        return False
    acts = any(map(_ACTS.search, parts))
    return all(_is_named(part) or (acts and not _ACTS.search(part)) for part in parts)


def _is_named(part: str) -> bool:
    """Whether the name is asked for before anything is done with what is found."""
    return _NAMED.search(_ACTS.split(part)[0]) is not None


def _each(roots: tuple[Value, ...]) -> Iterator[Finding]:
    for root in roots:
        yield from read(root, NAMES)
