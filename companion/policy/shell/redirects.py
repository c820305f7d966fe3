"""Redirections: the files they open, the text they feed, and the words that the grammar counts to them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tree_sitter import Node

from companion.model.facts import Effect
from companion.policy.shell.invocation import NO_FEED, Feed, read, write
from companion.policy.shell.parameters import Lookup
from companion.policy.shell.parse import Syntax
from companion.policy.shell.rules import apply
from companion.policy.shell.source import is_quoted_delimiter
from companion.policy.shell.words import Value, evaluate

_WRITES = frozenset({">", ">>", ">|", "&>", "&>>"})
_CLOSES = frozenset({">&-", "<&-"})
_DESCRIPTOR = re.compile(r"\d+-?|-")
_REMOTE = re.compile(r"/dev/(?:tcp|udp)/([^/]*)")


@dataclass(frozen=True, slots=True)
class Redirect:
    """One redirection taken apart."""

    effects: tuple[Effect, ...] = ()
    feed: Feed = NO_FEED
    words: tuple[Value, ...] = ()
    """Arguments that stand behind it: `git push >log --force`."""
    then: tuple[tuple[str, Node], ...] = ()
    """What follows a heredoc's first line: an operator ("|", "&&" or "||") and a statement."""


def _as_it_is(value: Value, _node: Node) -> Value:
    return value


Named = Callable[[Value, Node], Value]
"""A word's value with what is known of the files that it may name."""


def take_apart(node: Node, syntax: Syntax, lookup: Lookup, named: Named = _as_it_is) -> Redirect:
    """Effects and feed of one `file_redirect`, `herestring_redirect` or `heredoc_redirect`."""
    match node.type:
        case "file_redirect":
            return _file(node, syntax, lookup, named)
        case "herestring_redirect":
            values = [evaluate(child, syntax, lookup) for child in node.named_children]
            return Redirect(feed=Feed(text=values[-1]))
        case "heredoc_redirect":
            return _heredoc(node, syntax, lookup, named)
        case _:
            return Redirect(effects=(apply("not-understood", syntax.text(node), *syntax.span(node)),))


def _file(node: Node, syntax: Syntax, lookup: Lookup, named: Named) -> Redirect:
    operator = next((child.type for child in node.children if not child.is_named), "")
    words = [child for child in node.named_children if child.type != "file_descriptor"]
    if operator in _CLOSES:
        return Redirect(words=tuple(evaluate(child, syntax, lookup) for child in words))
    values = [evaluate(child, syntax, lookup) for child in words]
    if not values:
        return Redirect(effects=(apply("redirect", syntax.text(node), *syntax.span(node)),))
    effects = tuple(_opened(operator, named(values[0], words[0])))
    feed = Feed(text=Value(None, values[0].start, values[0].end)) if operator in {"<", "<&"} else Feed()
    return Redirect(effects, feed, tuple(values[1:]))


def _opened(operator: str, target: Value) -> Iterator[Effect]:
    text = target.constant
    if text is None and target.substituted:
        # The file is a command's output; what the command does is told by itself.
        return
    if operator == "<" and target.text is None and target.listed is not None:
        yield from read(target)
    elif text is None or text.startswith("!"):
        yield apply("redirect", target.text or "this word", target.start, target.end)
    elif remote := _REMOTE.match(text):
        yield apply("network", remote.group(1), target.start, target.end)
    elif operator in {">&", "<&"} and _DESCRIPTOR.fullmatch(text):
        return
    elif operator in _WRITES or operator == ">&":
        yield from write(target)
    elif operator == "<":
        yield from read(target)
    else:
        yield apply("redirect", text, target.start, target.end)


def _heredoc(node: Node, syntax: Syntax, lookup: Lookup, named: Named) -> Redirect:
    effects: list[Effect] = []
    words: list[Value] = []
    then: list[tuple[str, Node]] = []
    feed = beside = Feed()
    quoted = stripped = False
    operator = ""
    for child in node.children:
        match child.type:
            case "heredoc_start":
                quoted = is_quoted_delimiter(syntax.text(child))
            case "heredoc_body":
                feed = Feed(text=_body(child, syntax, quoted=quoted, stripped=stripped))
            case "<<" | "<<-":
                stripped = child.type == "<<-"
            case "&&" | "||":
                operator = child.type
            case "file_redirect" | "herestring_redirect":
                inner = take_apart(child, syntax, lookup, named)
                effects += inner.effects
                words += inner.words
                beside = beside.overruled(inner.feed)
            case "pipeline":
                first, *others = child.named_children
                then += [(operator or "|", first), *(("|", part) for part in others)]
            case "heredoc_end" | "comment":
                pass
            case _ if operator:
                then.append((operator, child))
            case _:
                words.append(evaluate(child, syntax, lookup))
    return Redirect(tuple(effects), beside.overruled(feed), tuple(words), tuple(then))


def _body(node: Node, syntax: Syntax, *, quoted: bool, stripped: bool) -> Value:
    start, end = syntax.range(node)
    before = node.prev_sibling
    if before is not None:
        # The grammar leaves out empty lines at its start.
        start = syntax.source.text.index("\n", syntax.range(before)[1], start) + 1
    text = syntax.source.text[start:end]
    known = quoted or not re.search(r"[$`\\]", text)
    if stripped:
        text = re.sub(r"^\t+", "", text, flags=re.MULTILINE)
    return Value(text if known else None, *syntax.span(node))
