"""What stands inside of a statement: words, assignments, redirections, and the program they make up."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import replace

from tree_sitter import Node

from companion.model.facts import Effect, EffectKind
from companion.policy.shell.budget import Budget
from companion.policy.shell.disk import Disk
from companion.policy.shell.expansions import Risk, Shown, Substitution, find_expansions
from companion.policy.shell.functions import LEAVING, Function
from companion.policy.shell.installed import named_by_path
from companion.policy.shell.invocation import Feed, Inner, Invocation, Lists, Text, UnreadableFile
from companion.policy.shell.listed import known_to, on_disk, one_of
from companion.policy.shell.outputs import output_of
from companion.policy.shell.parameters import Lookup, array_key, unpack
from companion.policy.shell.parse import Syntax
from companion.policy.shell.programs import judge
from companion.policy.shell.redirects import Redirect, take_apart
from companion.policy.shell.rules import apply
from companion.policy.shell.settings import is_known_setting, judge_setting
from companion.policy.shell.source import Unclear
from companion.policy.shell.state import After, State
from companion.policy.shell.stateful import CHANGES_STATE
from companion.policy.shell.variables import (
    PLAIN,
    is_harmless_to_show,
    is_of_no_meaning,
    is_private,
    is_tame,
)
from companion.policy.shell.words import Value, evaluate, evaluate_all, holds, substitution

DEEPEST = 80
"""How deep statements, substitutions and programs may stand inside each other."""

REDIRECTS = frozenset({"file_redirect", "herestring_redirect", "heredoc_redirect"})
STATEMENTS = frozenset(
    {"list", "pipeline", "redirected_statement", "command", "variable_assignment", "variable_assignments"}
    | {"declaration_command", "unset_command", "test_command", "negated_command", "subshell", "compound_statement"}
    | {"do_group", "while_statement", "for_statement", "c_style_for_statement", "function_definition"}
    | {"if_statement", "elif_clause", "else_clause", "case_statement", "case_item"}
)
_VERB = re.compile(r"[a-z][a-z-]*")
_PART = r"(?:/(?!\.\.?(?:[/\"]|$))[\w.-]+)+"
_BELOW_TEMPORARY = re.compile(rf'(?P<quote>"?)\$(?:TMPDIR|\{{TMPDIR\}})(?P<path>{_PART})/?(?P=quote)')
_PARAMETER = re.compile(r'(?P<quote>"?)\$(?:(?P<plain>[A-Za-z_]\w*|\d)|\{(?P<braced>[A-Za-z_]\w*|\d)\})(?P=quote)')
_ELEMENT = re.compile(r'(?P<quote>"?)\$\{(?P<name>[A-Za-z_]\w*)\[\d{1,9}\]\}(?P=quote)', re.ASCII)
_NUMBERS = frozenset({"$?", "$$", '"$?"', '"$$"'})
_TRUSTED = frozenset({"/bin", "/usr/bin", "/sbin", "/usr/sbin"})
_CHANGES_FILES = frozenset({EffectKind.WRITE, EffectKind.DELETE})
_ON_PATHS = _CHANGES_FILES | {EffectKind.READ}


class Simple(ABC):
    """Judges simple commands. `span` stands for every place in the text when it is a script inside of another.

    `handed` are parameters in quotes whose value is not known, but that name only what is listed.
    """

    def __init__(
        self,
        syntax: Syntax,
        cwd: str,
        home: str,
        budget: Budget,
        span: tuple[int, int] | None,
        handed: Mapping[str, Value] | None = None,
    ) -> None:
        self._syntax = syntax
        self._cwd = cwd
        self._home = home
        self._budget = budget
        self._span = span
        self._depth = 0
        self._loops = 0
        self._rounds = 0
        self._said: str | None = None
        """What the last command printed."""
        self._listed: Lists | None = None
        self._outputs: dict[str, str | None] = {}
        self._names: dict[str, Lists | None] = {}
        """What substitutions print names of."""
        self._handed = handed or {}
        self._functions: dict[str, Function] = {}
        self._uncalled: dict[str, Node] = {}
        self._stays = False
        """Whether a body is walked as one of which nothing is left out."""
        self._moved_input = False
        """Whether `exec <x` may have put something else on the shell's own input."""
        self._calls: list[str] = []
        """The functions whose bodies are being walked."""

    @abstractmethod
    def _substitute(self, node: Node, state: State) -> None:
        """Walks the commands of a command or process substitution."""

    @abstractmethod
    def _script(self, value: Value, state: State, words: tuple[Value, ...] = ()) -> None:
        """Walks a text that a new shell runs."""

    @abstractmethod
    def _call(self, words: tuple[Value, ...], state: State, feed: Feed) -> After:
        """Walks the body of the function that the words name."""

    def _enter(self, start: int, end: int) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise Unclear("over-budget", start, end)

    def _emit(self, effect: Effect) -> None:
        if self._span is not None:
            effect = replace(effect, start=self._span[0], end=self._span[1])
        self._budget.effects.append(effect)

    def _forget(self) -> None:
        self._said, self._listed = None, None

    def _say(self, code: str, node: Node, target: str = "") -> None:
        self._emit(apply(code, target or self._syntax.text(node), *self._syntax.span(node)))

    def _place(self, effect: Effect, state: State) -> None:
        """Writes an effect down, its path counted from where the command starts."""
        if effect.kind not in _ON_PATHS:
            self._emit(effect)
            return
        targets = state.locate(effect.target)
        if targets is None:
            self._emit(apply("unknown-path", effect.target, effect.start, effect.end))
            return
        for target in targets:
            self._emit(replace(effect, target=target))

    def _lookup(self, state: State) -> Lookup:
        def lookup(name: str) -> str | None:
            if name.startswith("$("):
                return self._outputs.get(name)
            if name in state.variables:
                return state.variables[name]
            if name == "HOME":
                return self._home or None
            if name == "PWD" and state.folders is not None and len(state.folders) == 1:
                folder = state.folders[0]
                return folder if folder.startswith("/") else (self._cwd or None) if folder == "" else None
            return None

        return lookup

    def _expand(self, node: Node, state: State) -> None:
        for found in find_expansions(node, self._syntax, self._lookup(state), self._budget):
            match found:
                case Substitution(inner):
                    self._forget()
                    self._substitute(inner, state)
                    self._outputs[substitution(inner)] = self._said
                    self._names[substitution(inner)] = self._listed
                case Shown(inner, name):
                    if not state.is_own(name) and not is_harmless_to_show(name):
                        self._say("reads-environment", inner, name)
                case Risk(inner, code):
                    self._say(code, inner)

    def _words(self, node: Node, state: State, lookup: Lookup) -> Iterator[Value]:
        """A word's values; `"$1"` is known by what it names where a program hands on names that another one lists."""
        values = evaluate_all(node, self._syntax, lookup)
        self._budget.spend(visits=len(values))
        for value in values:
            yield self._word(value, node, state) if len(values) == 1 or value.text is not None else value

    def _word(self, value: Value, node: Node, state: State) -> Value:
        if value.text is not None:
            name = node.type == "command_name" and holds(node, "command_substitution")
            return replace(value, printed=True) if name or node.type == "command_substitution" else value
        text = self._syntax.text(node)
        if (found := _BELOW_TEMPORARY.fullmatch(text)) and "TMPDIR" not in state.variables:
            return replace(value, below_temporary=found["path"], is_path=True)
        if text in _NUMBERS:
            return replace(value, many=False, number=True)
        if lists := self._listed_by(node):
            return replace(value, listed=on_disk(lists.reads), is_path=not lists.dashed)
        # Without quotes a name with a space in it would be two others.
        given = None if self._calls else self._handed.get(text)
        if given is None and (found := _PARAMETER.fullmatch(text)):
            given = state.named.get(found["plain"] or found["braced"])
        elif given is None and (found := _ELEMENT.fullmatch(text)):
            packed = state.variables.get(array_key(found["name"]))
            given = None if packed is None else one_of(unpack(packed), value, quoted=bool(found["quote"]))
        return (
            value if given is None else replace(value, listed=given.listed, is_path=given.is_path, number=given.number)
        )

    def _listed_by(self, node: Node | None) -> Lists | None:
        """What a word that is one substitution and no more names, be it in quotes."""
        if node is not None and node.type == "string" and node.named_child_count == 1:
            inner = node.named_children[0]
            lists = self._listed_by(inner) if self._syntax.text(node) == f'"{self._syntax.text(inner)}"' else None
            return lists if lists is not None and lists.single else None
        if node is None or node.type != "command_substitution":
            return None
        return self._names.get(substitution(node))

    def _names_of(self, node: Node | None) -> Value | None:
        """What is known of a value that is not known itself."""
        if node is None:
            return None
        if self._syntax.text(node) in _NUMBERS:
            return Value(None, *self._syntax.span(node), number=True)
        lists = self._listed_by(node)
        if lists is None:
            return None
        return Value(None, *self._syntax.span(node), listed=on_disk(lists.reads), is_path=not lists.dashed)

    def _redirect(self, node: Node, state: State) -> Redirect:
        # A heredoc's node holds what follows it on the line; that is walked as statements.
        for child in node.children:
            if child.type not in STATEMENTS:
                self._expand(child, state)
        redirect = take_apart(
            node, self._syntax, self._lookup(state), lambda value, word: self._word(value, word, state)
        )
        for effect in redirect.effects:
            self._place(effect, state)
        return redirect

    def _assignments(self, node: Node, state: State) -> After:
        self._expand(node, state)
        self._budget.spend(commands=1)
        parts = [node] if node.type == "variable_assignment" else node.named_children
        for part in parts:
            name, value = self._assignment(part, state)
            if not (is_private(name) or is_known_setting(name, value)):
                self._set_plainly(name, part, self._budget.unexported)
            if any(child.type == "+=" for child in part.children) and not (
                state.is_own(name) or is_harmless_to_show(name)
            ):
                self._say("reads-environment", part, name)
            array = part.child_by_field_name("value")
            if array is not None and array.type == "array":
                state = state.set_array(name, None if self._loops else self._elements(part, array, name, state))
            else:
                state = state.set(name, None if self._loops else value)
                named = None if value is not None or self._loops else self._names_of(array)
                if named is not None and [child.type for child in part.children[:2]] == ["variable_name", "="]:
                    state = state.set_named(name, named)
        self._emit(Effect(EffectKind.RUN, "=", *self._syntax.span(node)))
        return After(state, state)

    def _elements(self, node: Node, array: Node, name: str, state: State) -> list[str] | None:
        """The elements that `name=(…)` or `name+=(…)` leaves; None where one is not known, or is given its place."""
        lookup = self._lookup(state)
        elements: list[str] = []
        if any(child.type == "+=" for child in node.children):
            packed = lookup(array_key(name))
            if packed is None:
                return None
            elements = unpack(packed)
        for child in array.named_children:
            if child.type == "comment":
                continue
            values = evaluate_all(child, self._syntax, lookup)
            if self._syntax.text(child).startswith("["):
                return None
            for value in values:
                if value.constant is None:
                    return None
                elements.append(value.constant)
        return elements

    def _set_plainly(self, name: str, node: Node, pending: list[Effect]) -> None:
        """Without `export` only programs that already know the name see its new value."""
        if is_of_no_meaning(name):
            pending.append(apply("sets-environment", name, *(self._span or self._syntax.span(node))))
        else:
            self._say("sets-environment", node, name)

    def _assignment(self, node: Node, state: State) -> tuple[str, str | None]:
        name = node.child_by_field_name("name")
        value = node.child_by_field_name("value")
        text = "" if value is None else evaluate(value, self._syntax, self._lookup(state)).constant
        if name is None or name.type == "subscript" or any(child.type == "+=" for child in node.children):
            text = None
        if name is not None and name.type == "subscript":
            name = name.child_by_field_name("name")
        return (self._syntax.text(name) if name is not None else ""), text

    def _command(self, node: Node, state: State, feed: Feed, words: tuple[Value, ...]) -> After:
        lookup = self._lookup(state)
        values: list[Value] = []
        behind: tuple[Value, ...] = ()
        assigned: list[Node] = []
        for child in node.children:
            if child.type in REDIRECTS:
                redirect = self._redirect(child, state)
                behind += redirect.words
                feed = feed.overruled(redirect.feed)
                continue
            self._expand(child, state)
            if child.type == "variable_assignment":
                assigned.append(child)
                continue
            for value in self._words(child, state, lookup):
                own = bool(values) and values[0].constant in self._functions
                values.append(value if own else known_to(values[:1], value, child, self._syntax))
        # The grammar counts words behind a redirection to it, even the program's name.
        values = sorted((*values, *behind), key=lambda value: value.start)
        for child in assigned:
            name, text = self._assignment(child, state)
            if name == "IFS" and values[0].constant == "read":
                feed = feed if text == "" else replace(feed, listed=None)
                continue
            program = () if values[0].constant in self._functions else values
            for effect in judge_setting(name, text, program, self._syntax.span(child), self._cwd):
                self._place(effect, state)
        if values[0].constant in self._functions:
            for child in assigned:
                state = state.set(self._assignment(child, state)[0], None)
            return self._call((*values, *words), state, feed)
        return self._invoke((*values, *words), state, feed)

    def _invoke(self, words: tuple[Value, ...], state: State, feed: Feed) -> After:
        """Runs the program that the words name."""
        self._budget.spend(commands=1)
        start, end = words[0].start, max(word.end for word in words)
        self._enter(start, end)
        name = words[0].constant or ""
        folder, slash, short = name.rpartition("/")
        disk = Disk(self._budget.look, self._budget.effects, self._cwd, self._home)
        look = disk.look_from(state)
        if short in self._functions:
            self._emit(apply("defines-function", short, start, end))
        if not short:
            self._emit(apply("unknown-program", words[0].text or "this word", start, end))
        if slash and folder not in _TRUSTED:
            own = named_by_path(name, look)
            short = own or short
            self._emit(apply("project-run" if own else "runs-a-file", name, start, end))
        self._budget.plain = self._budget.plain and not slash and short in PLAIN
        self._budget.tame = self._budget.tame and not slash and (short in PLAIN or is_tame(short, words))
        if words[0].printed or (
            words[1:] and words[1].printed and short not in PLAIN and _VERB.fullmatch(words[1].text or "")
        ):
            # Nobody who means well has the name of a program, or of its subcommand, put together.
            self._emit(apply("expansion", words[0].text or "", start, end))
        invocation = Invocation(short, words[1:], start, end, feed, look, disk.git_look(state), self._budget.affords)
        self._said, self._listed = None, None
        after = After(state, state)
        if self._stays and short in LEAVING:
            # The body's text does not say so in plain letters.
            self._emit(apply("not-understood", short, start, end))
        self._moved_input = self._moved_input or (short == "exec" and len(words) == 1)
        if self._moved_input and short == "read":
            invocation = replace(invocation, feed=replace(feed, listed=None))
        if change := CHANGES_STATE.get(short):
            effects, changed = change(invocation, state, self._home)
            for effect in effects:
                self._emit(effect)
            # By a path it is a process of its own, which moves nobody else.
            after = after if slash else changed
        elif short:
            after = self._judge(invocation, state)
        if short and not slash:
            text = feed.text.constant if feed.text is not None else None
            self._said = output_of(short, [word.constant for word in words[1:]], text)
            if short == "pwd" and len(words) == 1:
                self._said = self._lookup(state)("PWD")
            elif short == "git" and invocation.words == ("rev-parse", "--show-toplevel"):
                self._said = disk.top_of_git(state)
        self._depth -= 1
        return after

    def _judge(self, invocation: Invocation, state: State) -> After:
        try:
            return self._judged(invocation, state)
        except UnreadableFile:
            self._emit(apply("not-understood", invocation.name, invocation.start, invocation.end))
            return After(state, state)

    def _judged(self, invocation: Invocation, state: State) -> After:
        after = After(state, state)
        listed: Lists | None = None
        for finding in judge(invocation):
            match finding:
                case Inner(words, feed):
                    inner = self._invoke(words, state, feed).either
                    after = After(after.success.merge(inner), after.failure.merge(inner))
                case Text(value, words):
                    self._script(value, state, words)
                case Lists():
                    listed = finding
                case _:
                    self._place(finding, state)
        self._listed = None if listed is not None and self._budget.wrote_odd_name() else listed
        return after
