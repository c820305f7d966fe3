"""Walks a command's tree as a shell would run it, and writes down what each program on the way does.

It follows every branch. After a branch that may not be taken both states are possible, so what comes out is never
less than what the command does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tree_sitter import Node

from companion.policy.shell.budget import Budget
from companion.policy.shell.conditions import judge_condition
from companion.policy.shell.expansions import check_arithmetic
from companion.policy.shell.functions import DEEPEST_CALL, back_from, called_with, find_function, leaves
from companion.policy.shell.invocation import NO_FEED, Feed
from companion.policy.shell.listed import name_all
from companion.policy.shell.parameters import array_key, pack
from companion.policy.shell.parse import parse
from companion.policy.shell.rules import apply
from companion.policy.shell.simple import REDIRECTS, STATEMENTS, Simple
from companion.policy.shell.source import Unclear
from companion.policy.shell.state import After, State
from companion.policy.shell.stateful import declare, exports_only
from companion.policy.shell.variables import is_of_no_meaning, is_private
from companion.policy.shell.words import WORDS, Value

_MOST_ROUNDS = 32
_BODIES = frozenset({"do_group", "compound_statement"})


def walk(command: str, cwd: str, home: str, budget: Budget) -> None:
    """Appends the command's effects to the budget's. Raises Unclear where reading ends."""
    _Walk(parse(command, budget), cwd, home, budget, None).run(State())


class _Walk(Simple):
    def run(self, state: State) -> None:
        self._sequence(self._syntax.root.children, state, NO_FEED)
        for node in tuple(self._uncalled.values()):
            # Nobody knows when it will be called, and on what.
            self._tell_function(node, state.lose(), NO_FEED)

    def _sequence(self, children: Sequence[Node], state: State, feed: Feed, *, branches: bool = False) -> After:
        """Statements one after the other. With `branches` each of them may be left out."""
        after = After(state, state)
        for at, child in enumerate(children):
            if child.type not in STATEMENTS:
                self._loose_part(child, state)
                continue
            in_background = at + 1 < len(children) and children[at + 1].type == "&"
            after = self._statement(child, state, feed)
            if in_background or branches:
                merged = state if in_background else state.merge(after.either)
                after = After(merged, merged)
            state = after.either
        return after

    def _loose_part(self, node: Node, state: State) -> None:
        """What stands between statements: keywords, comments, the words of `for` and `case`."""
        if node.type == "comment" or not node.is_named:
            return
        if node.type not in WORDS:
            self._say("not-understood", node)
        self._expand(node, state)

    def _statement(self, node: Node, state: State, feed: Feed, redirects: tuple[Node, ...] = ()) -> After:
        """`redirects` stand behind the statement; of a list or pipeline they belong to its last command."""
        self._budget.visit()
        self._enter(*self._syntax.span(node))
        match node.type:
            case "redirected_statement":
                after = self._redirected(node, state, feed, redirects)
            case "list":
                after = self._list(node, state, feed, redirects)
            case "pipeline":
                after = self._pipeline(node.named_children, state, feed, redirects)
            case "negated_command":
                inner = self._statement(node.named_children[-1], state, feed, redirects)
                after = After(inner.failure, inner.success)
            case _:
                after = self._attached(node, state, feed, redirects)
        if node.type not in {"command", "pipeline", "redirected_statement"}:
            self._said, self._listed = None, None
        self._depth -= 1
        return after

    def _redirected(self, node: Node, state: State, feed: Feed, redirects: tuple[Node, ...]) -> After:
        body = node.child_by_field_name("body")
        own = tuple(child for child in node.children if child.type in REDIRECTS)
        for child in node.children:
            if child.type not in REDIRECTS and child != body and child.type != "comment":
                self._say("not-understood", child)
        if body is None:
            return self._attached(None, state, feed, own + redirects)
        return self._statement(body, state, feed, own + redirects)

    def _attached(self, node: Node | None, state: State, feed: Feed, redirects: tuple[Node, ...]) -> After:
        """One command with what is redirected into and out of it, and what a heredoc's first line says of later."""
        words: tuple[Value, ...] = ()
        then: list[tuple[str, Node]] = []
        for child in redirects:
            redirect = self._redirect(child, state)
            words += redirect.words
            then += redirect.then
            feed = feed.overruled(redirect.feed)
        after = After(state, state)
        if node is not None and node.type == "command":
            after = self._command(node, state, feed, words)
            if any(child.type == "file_redirect" for child in (*redirects, *node.children)):
                # What is printed may go elsewhere.
                self._said, self._listed = None, None
        elif node is not None:
            if words:
                self._say("not-understood", node)
            after = self._dispatch(node, state, replace(feed, redirected=False))
            if redirects:
                # Where a file cannot be opened nothing of it runs.
                after = After(after.success, after.failure.merge(state))
        elif words:
            after = self._invoke(words, state, feed)
        for operator, follower in then:
            after = self._then(after, operator, follower, NO_FEED)
        return after

    def _dispatch(self, node: Node, state: State, feed: Feed) -> After:
        children = node.children
        match node.type:
            case "subshell":
                self._sequence(children, state, feed)
                return After(state, state)
            case "compound_statement" if children[0].type == "((":
                self._arithmetic(node, state)
                return After(state, state)
            case "compound_statement" | "do_group":
                # `break` may leave out the rest.
                return self._sequence(children, state, feed, branches=self._rounds > 0)
            case "while_statement" | "c_style_for_statement":
                return self._loop(node, state, feed)
            case "for_statement":
                return self._for(node, state, feed)
            case "function_definition":
                return self._define(node, state, feed)
            case "test_command":
                self._expand(node, state)
                self._budget.spend(commands=1)
                for effect in judge_condition(node, self._syntax, self._lookup(state)):
                    self._place(effect, state)
                return After(state, state)
            case "variable_assignment" | "variable_assignments":
                return self._assignments(node, state)
            case "declaration_command" | "unset_command":
                self._expand(node, state)
                effects, state = declare(node, self._syntax, self._lookup(state), state, called=bool(self._calls))
                for effect in effects:
                    plain = effect.code == "sets-environment" and is_of_no_meaning(effect.target)
                    if plain and exports_only(node):
                        self._set_plainly(effect.target, node, self._budget.pending)
                    else:
                        self._emit(effect)
                return After(state, state)
            case _:
                return self._sequence(children, state, feed, branches=True)

    def _define(self, node: Node, state: State, feed: Feed) -> After:
        """A function that is known does nothing until it is called."""
        found = find_function(node, self._syntax)
        if found is not None and not self._calls:
            name = found[0]
            self._functions[name] = found[1]
            self._uncalled[name] = node
        else:
            self._tell_function(node, state, feed)
        return After(state, state)

    def _tell_function(self, node: Node, state: State, feed: Feed) -> None:
        self._say("defines-function", node, "a function")
        self._sequence(node.children, state, feed)

    def _call(self, words: tuple[Value, ...], state: State, feed: Feed) -> After:
        """Walks the body with the call's words; behind it the caller has its own again."""
        name = words[0].constant or ""
        function = self._functions[name]
        self._uncalled.pop(name, None)
        start, end = words[0].start, max(word.end for word in words)
        if name in self._calls or len(self._calls) >= DEEPEST_CALL:
            self._emit(apply("defines-function", name, start, end))
            return After(state, state)
        self._enter(start, end)
        self._budget.spend(commands=1)
        self._calls.append(name)
        self._rounds += function.leaves
        outer, self._stays = self._stays, not function.leaves
        children = function.body.children
        inner = self._sequence(children, called_with(words, state), feed, branches=self._rounds > 0).either
        self._rounds -= function.leaves
        self._stays = outer
        self._calls.pop()
        self._depth -= 1
        self._forget()
        after = back_from(function, inner, state)
        return After(after, after)

    def _list(self, node: Node, state: State, feed: Feed, redirects: tuple[Node, ...]) -> After:
        parts: list[tuple[str, Node]] = []
        while node.type == "list":
            operator = next(child.type for child in node.children if child.type in {"&&", "||"})
            first, *_, last = (child for child in node.named_children if child.type != "comment")
            parts.append((operator, last))
            node = first
        after = self._statement(node, state, replace(feed, beyond=None))
        feed = feed if feed.beyond is None else feed.beyond
        while parts:
            operator, node = parts.pop()
            after = self._then(after, operator, node, feed, () if parts else redirects)
        return after

    def _then(self, before: After, operator: str, node: Node, feed: Feed, redirects: tuple[Node, ...] = ()) -> After:
        if operator == "|":
            piped = self._statement(node, before.either, self._piped(node), redirects)
            merged = before.either.merge(piped.either)
            return After(merged, merged)
        if operator == "&&":
            after = self._statement(node, before.success, feed, redirects)
            return After(after.success, before.failure.merge(after.failure))
        after = self._statement(node, before.failure, feed, redirects)
        return After(before.success.merge(after.success), after.failure)

    def _pipeline(self, parts: list[Node], state: State, feed: Feed, redirects: tuple[Node, ...]) -> After:
        parts = [part for part in parts if part.type != "comment"]
        merged = state
        for number, part in enumerate(parts):
            if number and part.prev_sibling is not None and part.prev_sibling.type == "|&":
                # What a program complains of stands among what it prints.
                self._said, self._listed = None, None
            fed = self._piped(part) if number else feed
            if number and _holds_list(part):
                # `a | b | c && d` stands in the tree as if it were `a | { b | c && d; }`.
                fed = replace(fed, beyond=feed)
            self._said, self._listed = None, None
            last = number + 1 == len(parts)
            after = self._statement(part, state, fed, redirects if last else ()).either
            merged = merged.merge(after)
            if _holds_list(part):
                # `a && b > c | d` stands in the tree as if it were `{ a && b > c; } | d`.
                state = state.merge(after)
        return After(merged, merged)

    def _piped(self, node: Node) -> Feed:
        """What the command before a pipe sends down to the one behind it."""
        said = None if self._said is None else Value(self._said, *self._syntax.span(node))
        return Feed(piped=True, text=said, listed=self._listed)

    def _for(self, node: Node, state: State, feed: Feed) -> After:
        name = self._syntax.text(node.named_children[0])
        if not is_private(name):
            self._say("sets-environment", node.named_children[0])
        items = node.children_by_field_name("value")
        for item in items:
            self._expand(item, state)
        lookup = self._lookup(state)
        values = [value for item in items for value in self._words(item, state, lookup)]
        rounds = [value.constant for value in values]
        body = node.child_by_field_name("body")
        plain = node.children[0].type == "for" and 0 < len(rounds) <= _MOST_ROUNDS and None not in rounds
        if body is None or not plain or self._loops:
            named = name_all(values)
            return self._loop(node, state.set(name, None) if named is None else state.set_named(name, named), feed)
        self._rounds += 1
        for text in rounds:
            entered = state.set(name, text)
            state = state.merge(self._of_loop(body, entered, feed))
        self._rounds -= 1
        return After(state, state)

    def _loop(self, node: Node, state: State, feed: Feed) -> After:
        """Rounds until nothing new can hold at the start of one, then one that counts."""
        parts = [child for child in node.children if child.type in STATEMENTS]
        header = [child for child in node.children if child.type not in STATEMENTS]
        if node.type == "c_style_for_statement":
            self._arithmetic(node, state)
            header, parts = [], [part for part in parts if part.type in _BODIES]
        for part in header if node.type == "while_statement" else ():
            self._loose_part(part, state)
        kept = len(self._budget.effects)
        self._loops += 1
        self._rounds += 1
        for _ in range(3):
            later = state.widen(self._body(parts, state, feed))
            if later == state:
                break
            state = later
        else:
            state = State(None, dict.fromkeys(state.variables))
        del self._budget.effects[kept:]
        state = state.merge(self._body(parts, state, feed))
        self._loops -= 1
        self._rounds -= 1
        return After(state, state)

    def _body(self, parts: list[Node], state: State, feed: Feed) -> State:
        for part in parts:
            if part.type in _BODIES:
                state = self._of_loop(part, state, feed)
            else:
                state = self._sequence([part], state, feed).either
        return state

    def _of_loop(self, body: Node, state: State, feed: Feed) -> State:
        """One round. Of a body that may be left, also by a function that it calls, anything may be left out."""
        left = bool(self._functions) or leaves(self._syntax.text(body))
        outer, self._stays = self._stays, not left
        after = self._sequence(body.children, state, feed, branches=left).either
        self._stays = outer
        return after

    def _arithmetic(self, node: Node, state: State) -> None:
        self._budget.spend(commands=1)
        for child in node.children:
            if child.type not in _BODIES:
                self._expand(child, state)
                for risk in check_arithmetic(child, self._syntax, self._lookup(state)):
                    self._say(risk.code, risk.node)

    def _substitute(self, node: Node, state: State) -> None:
        self._enter(*self._syntax.span(node))
        redirects = [child for child in node.children if child.type in REDIRECTS]
        for child in redirects:
            self._redirect(child, state)
        statements = [child for child in node.children if child not in redirects]
        self._sequence(statements, state, NO_FEED)
        if redirects or sum(child.type in STATEMENTS for child in statements) != 1:
            self._said, self._listed = None, None
        self._depth -= 1

    def _script(self, value: Value, state: State, words: tuple[Value, ...] = ()) -> None:
        """The new shell stands in the same folder and knows none of the variables, but its own words."""
        span = self._span or (value.start, value.end)
        text = value.text or ""
        self._budget.scripts -= 1
        if self._budget.scripts < 0:
            raise Unclear("over-budget", *span)
        try:
            syntax = parse(text, self._budget)
            inner = _Walk(syntax, self._cwd, self._home, self._budget, span, _listed_words(words))
            inner.run(State(state.folders, _known_words(words)))
        except Unclear as unclear:
            if unclear.code == "over-budget":
                raise Unclear("over-budget", *span) from None
            self._emit(apply(unclear.code, text, *span))
        self._budget.scripts += 1


def _known_words(words: tuple[Value, ...]) -> dict[str, str | None]:
    """Parameters by their number, up to the first word that may turn out to be several."""
    known: dict[str, str | None] = {}
    for number, word in enumerate(words[:10]):
        if word.many or word.glob:
            break
        known[str(number)] = word.constant
    texts = [word.constant for word in words[1:]]
    elements = [text for text in texts if text is not None]
    known[array_key("@")] = pack(elements) if len(elements) == len(texts) else None
    return known


def _listed_words(words: tuple[Value, ...]) -> dict[str, Value]:
    first = next((number for number, word in enumerate(words) if word.listed is not None or word.many), None)
    if first is None or words[first].listed is None:
        return {}
    # Behind the first of them all may be more of the same.
    same = all(word.listed == words[first].listed for word in words[first:])
    return {f'"${number}"': words[first] for number in range(first, 10) if number} if same else {}


def _holds_list(node: Node | None) -> bool:
    while node is not None and node.type in {"redirected_statement", "negated_command"}:
        node = node.child_by_field_name("body") if node.type == "redirected_statement" else node.named_children[-1]
    return node is not None and node.type == "list"
