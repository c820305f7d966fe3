"""The recipes of makefiles and justfiles, as far as a plain one spells them out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from companion.policy.shell.builds import ran
from companion.policy.shell.invocation import Finding, Invocation, Text
from companion.policy.shell.options import split
from companion.policy.shell.tools import names
from companion.policy.shell.variables import is_harmless_to_set, is_of_no_meaning
from companion.policy.shell.words import Value

_DEEPEST = 6
_MOST_LINES = 64
_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
_JUSTFILES = ("justfile", "Justfile", ".justfile")
_MAKE_OPTIONS = "j~ s k B n silent quiet keep-going jobs~ always-make dry-run no-print-directory"


@dataclass(slots=True)
class _Rule:
    needs: list[str] = field(default_factory=list[str])
    lines: list[str] = field(default_factory=list[str])
    """Of every recipe that the target has."""


@dataclass(slots=True)
class _Recipes:
    first: str = ""
    rules: dict[str, _Rule] = field(default_factory=dict[str, _Rule])
    variables: dict[str, str] = field(default_factory=dict[str, str])


def judge_recipe(invocation: Invocation) -> list[Finding] | None:
    """What the targets of a call of make or just run; None where the file does not say it plainly."""
    look = invocation.look
    if look is None:
        return None
    just = invocation.name == "just"
    arguments = split(invocation.args, "n q v dry-run quiet verbose" if just else _MAKE_OPTIONS)
    targets = [operand.constant or "=" for operand in arguments.operands]
    given: dict[str, str] = {}
    if not just:
        given = {said[1]: said[2] for word in targets if (said := _GIVEN.fullmatch(word))}
        targets = [word for word in targets if not _GIVEN.fullmatch(word)]
    text = next((found for file in (_JUSTFILES if just else _MAKEFILES) if (found := look(file)) is not None), None)
    if text is None or arguments.unknown is not None or any("=" in word for word in targets):
        return None
    recipes = _just(text) if just else _make(text, given)
    lines = None if recipes is None else _lines(recipes, targets, _interpolated if just else _substituted)
    if lines is None:
        return None
    return [
        *ran(invocation, " ".join(targets)),
        *(Text(Value(line, invocation.start, invocation.end)) for line in lines),
    ]


_GIVEN = re.compile(r"(\w+):?:?=([^$]*)")
"""A variable that the call of make sets. What make would have to work out is none."""
_ASSIGNMENT = re.compile(r"^(\w+)\s*([:?+]?:?=)\s*(.*)$")
_RULE = re.compile(r"^([^\s:=#][^:=]*):(?!=)([^=;]*)$")
_HARD = re.compile(
    r"^(?:include|-include|sinclude|define|export|unexport|ifn?eq|ifn?def|else|endif|override|vpath|load)\b|\$\(\w+ "
)
_DEFAULTS = {
    "CC": "cc",
    "CXX": "g++",
    "AR": "ar",
    "RM": "rm -f",
    "MAKE": "make",
    **dict.fromkeys(("CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "LDLIBS"), ""),
}
_COMPILER = re.compile(r"(?:[\w-]+-)?(?:cc|c\+\+|gcc|g\+\+|clang|clang\+\+)(?:-\d+)?")
_FLAGS = re.compile(r"[\w ./+=@:,$(){}-]*")
_SHELL = re.compile(r"(?:/usr)?(?:/bin/)?(?:sh|bash|dash)")
_OF_MAKE = {
    **dict.fromkeys(("CC", "CXX"), _COMPILER),
    **dict.fromkeys(("CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "LDLIBS"), _FLAGS),
    "SHELL": _SHELL,
}
"""Variables that make itself puts into what it runs, with what they may say."""
_NOT_OF_MAKE = names(
    "MAKEFLAGS MAKEFILES GNUMAKEFLAGS MAKE LD AS FC LEX YACC TARGET_ARCH CPP OBJC PC M2C CO GET LINT RANLIB TEX "
    "MAKEINFO TEXI2DVI TANGLE CTANGLE WEAVE CWEAVE OUTPUT_OPTION SUFFIXES"
)
"""What its own rules run, or are."""


def _make(text: str, given: Mapping[str, str]) -> _Recipes | None:
    """`given` are variables that hold whatever the file says. What make runs inherits them as well."""
    found = _Recipes(variables=dict(_DEFAULTS))
    for name, value in given.items():
        own = is_of_no_meaning(name) and re.search(rf"\b{name}\b", text) is not None
        if not (own or name in _OF_MAKE or is_harmless_to_set(name)) or not _assign(found.variables, name, "=", value):
            return None
    current: list[_Rule] = []
    for written in re.sub(r"\\\n", " ", text).split("\n"):
        if written.startswith("\t"):
            for rule in current:
                rule.lines.append(written[1:])
            continue
        line = written.partition("#")[0].rstrip()
        if not line:
            continue
        if _HARD.search(line):
            return None
        if assigned := _ASSIGNMENT.match(line):
            if assigned[1] not in given and not _assign(found.variables, *assigned.groups()):
                return None
        elif said := _RULE.match(line):
            current = []
            for target in said[1].split():
                found.first = found.first or ("" if target.startswith(".") or "%" in target else target)
                rule = found.rules.setdefault(target, _Rule())
                rule.needs += [need for need in said[2].split() if need not in {"|", ":"}]
                current.append(rule)
        else:
            return None
    return None if ".ONESHELL" in found.rules else found


def _assign(variables: dict[str, str], name: str, sign: str, value: str) -> bool:
    """Whether make itself runs nothing else by it."""
    if sign == "?=" and name in variables:
        return True
    variables[name] = f"{variables.get(name, '')} {value}".strip() if sign == "+=" else value
    allowed = _OF_MAKE.get(name)
    return name not in _NOT_OF_MAKE and (allowed is None or allowed.fullmatch(variables[name]) is not None)


_JUST_HEADER = re.compile(r"@?([A-Za-z_][\w-]*)\s*:(?!=)([\w\s&-]*)")
_JUST_TAKES = re.compile(r"@?(?!(?:import|mod|set|export|unexport|alias)\b)([A-Za-z_][\w-]*)(?:\s[^:`]*)?:(?!=)[^`]*")
_JUST_VALUE = re.compile(r"([A-Za-z_][\w-]*)\s*:=\s*(?:'([^']*)'|\"([^\"\\]*)\")\s*")
_JUST_ALIAS = re.compile(r"alias\s+([\w-]+)\s*:=\s*([\w-]+)\s*")
_JUST_NOTE = re.compile(r"\[(?:private|no-exit-message|group\([^)\]]*\)|doc\([^)\]]*\))\]")
_JUST_SETTING = re.compile(r"set\s+(?:quiet|positional-arguments|ignore-comments|fallback\s*:=\s*false)\s*")


def _just(text: str) -> _Recipes | None:
    found = _Recipes()
    current: _Rule | None = None
    for written in re.sub(r"\\\n[ \t]*", " ", text).split("\n"):
        line = written.strip()
        if not line or (line.startswith("#") and not line.startswith("#!")):
            continue
        if written[0] in " \t":
            if current is None or line.startswith("#!"):
                return None
            current.lines.append(line)
            continue
        line, current = re.sub(r"\s#.*$", "", line).rstrip(), None
        if _JUST_NOTE.fullmatch(line) or _JUST_SETTING.fullmatch(line):
            continue
        if alias := _JUST_ALIAS.fullmatch(line):
            found.rules[alias[1]] = _Rule([alias[2]])
        elif value := _JUST_VALUE.fullmatch(line):
            found.variables[value[1]] = value[2] if value[2] is not None else value[3]
        elif header := _JUST_HEADER.fullmatch(line):
            current = found.rules[header[1]] = _Rule(header[2].replace("&&", " ").split())
            found.first = found.first or header[1]
        elif header := _JUST_TAKES.fullmatch(line):
            # What a recipe runs that takes parameters, or gives some, nobody can say.
            current = found.rules[header[1]] = _Rule(lines=["{{"])
            found.first = found.first or header[1]
        else:
            return None
    return found


_Plain = Callable[[str, str, list[str], dict[str, str]], str | None]


def _lines(recipes: _Recipes, names: list[str], plain: _Plain) -> list[str] | None:
    """Every line that the targets and what they need run, with its variables' values."""
    lines: list[str] = []
    waiting = [(name, 0) for name in (names or [recipes.first])]
    seen: set[str] = set()
    while waiting:
        name, depth = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if "$" in name and (name := plain(name, "", [], recipes.variables) or "$"):
            waiting += [(one, depth) for one in name.split()] if "$" not in name else []
            if "$" in name:
                return None
            continue
        found = recipes.rules.get(name)
        stem = ""
        if found is None or not found.lines:
            stem, pattern = _by_pattern(recipes, name)
            if found is None and pattern is None:
                if depth == 0:
                    return None
                continue
            found = _Rule(
                [*(found.needs if found else ()), *(pattern.needs if pattern else ())], pattern.lines if pattern else []
            )
        if depth > _DEEPEST:
            return None
        needs = [need.replace("%", stem) for need in found.needs]
        waiting += [(need, depth + 1) for need in needs]
        for line in found.lines:
            said = plain(line.lstrip("@-+ \t"), name, needs, {**recipes.variables, "*": stem})
            if said is None or len(lines) >= _MOST_LINES:
                return None
            lines.append(said)
    return lines


def _by_pattern(recipes: _Recipes, name: str) -> tuple[str, _Rule | None]:
    """The rule with a % that makes such a file, and what the % stands for."""
    for target, rule in recipes.rules.items():
        before, sign, after = target.partition("%")
        if sign and len(name) > len(before + after) and name.startswith(before) and name.endswith(after):
            return name[len(before) : len(name) - len(after)], rule
    return "", None


_REFERENCE = re.compile(r"\$[({](\w+)[)}]")
_AUTOMATIC = re.compile(r"\$(?:([@<^?*])|[({]([@<^?*])[)}])")
_DOLLAR = "\0"


def _substituted(line: str, target: str, needs: list[str], variables: dict[str, str]) -> str | None:
    values = {
        "@": target,
        "<": needs[0] if needs else "",
        "^": " ".join(needs),
        "?": " ".join(needs),
        "*": "",
    } | variables
    line = line.replace("$$", _DOLLAR)
    for _ in range(4):
        line = _REFERENCE.sub(lambda found: values.get(found[1], "$()").replace("$$", _DOLLAR), line)
        line = _AUTOMATIC.sub(lambda found: values.get(found[1] or found[2], "$()"), line)
    return None if "$" in line else line.replace(_DOLLAR, "$")


_BRACES = re.compile(r"\{\{\s*([A-Za-z_][\w-]*)\s*\}\}")


def _interpolated(line: str, _target: str, _needs: list[str], variables: dict[str, str]) -> str | None:
    line = _BRACES.sub(lambda found: variables.get(found[1], "{{"), line)
    return None if "{{" in line else line
