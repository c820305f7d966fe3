"""How agents read tool calls that stand in a model's text. Each gives (tool, parameters) in order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

Found = list[tuple[str, dict[str, str]]]
Reader = Callable[[str, Iterable[str], Iterable[str]], Found]


def letter_by_letter(text: str, tools: Iterable[str], parameters: Iterable[str]) -> Found:
    """Waits for tags as they come; a call that is never closed counts, and what is long ends at its last tag."""
    found: Found = []
    seen, tool, parameter, begun, at_tool = "", "", "", 0, 0
    given: dict[str, str] = {}
    for letter in text:
        seen += letter
        if parameter:
            if seen.endswith(f"</{parameter}>"):
                given[parameter] = seen[begun : -len(parameter) - 3].strip()
                parameter = ""
            continue
        if tool:
            if seen.endswith(f"</{tool}>"):
                found.append((tool, given))
                tool = ""
                continue
            for name in parameters:
                if seen.endswith(f"<{name}>"):
                    parameter, begun = name, len(seen)
            if seen.endswith("</content>"):
                inside = seen[at_tool:]
                start, end = inside.find("<content>") + len("<content>"), inside.rfind("</content>")
                if start < end:
                    given["content"] = inside[start:end].strip()
            continue
        for name in tools:
            if seen.endswith(f"<{name}>"):
                tool, given, at_tool = name, {}, len(seen)
    if tool:
        if parameter:
            given[parameter] = seen[begun:].strip()
        found.append((tool, given))
    return found


def by_pairs(text: str, tools: Iterable[str], parameters: Iterable[str]) -> Found:
    """Looks for pairs of tags, and in each for the first pair of every parameter."""
    names = "|".join(map(re.escape, tools))
    found: Found = []
    for block in re.finditer(rf"<({names})>(.*?)</\1>", text, re.DOTALL):
        given = {}
        for name in parameters:
            if match := re.search(rf"<{name}>(.*?)</{name}>", block[2], re.DOTALL):
                given[name] = match[1].strip()
        found.append((block[1], given))
    return found


READERS: list[Reader] = [letter_by_letter, by_pairs]
