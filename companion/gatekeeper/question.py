"""What a person is shown beside the action: its effects, what would be deleted, what its scripts say."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from companion.contract.types import Deletion, EffectLine, ScriptLine
from companion.gatekeeper.ports import Doomed, ScriptFiles
from companion.model.action import FileAccess, Operation, ShellCommand
from companion.model.exchange import Exchange
from companion.model.facts import Effect, EffectKind, Facts
from companion.model.grant import Content, Script
from companion.policy.display import one_line, visible
from companion.policy.marking import places, span

_MOST_EFFECTS = 100
_MOST_SCRIPTS = 8
_LONGEST_SHOWN = 20_000


@dataclass(frozen=True, slots=True)
class Preview:
    """As an Approval has it."""

    effects: list[EffectLine] = field(default_factory=list[EffectLine])
    deletes: Deletion | None = None
    scripts: list[ScriptLine] = field(default_factory=list[ScriptLine])
    environment: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True)
class Previewer:
    """Looks at the disk, within bounds. What cannot be shown is left out: the question is asked all the same."""

    doomed: Doomed
    files: ScriptFiles
    scrub: Callable[[str], str]
    """Raises when a text cannot be examined: it is then not shown."""

    async def look(self, exchange: Exchange, facts: Facts, content: Content, scrubbed: str) -> Preview:
        """`scrubbed` is the action's text without secrets, before it is made visible."""
        return await asyncio.to_thread(self._look, exchange, facts, content, scrubbed)

    def _look(self, exchange: Exchange, facts: Facts, content: Content, scrubbed: str) -> Preview:
        action, workspace = exchange.action, exchange.origin.workspace
        if isinstance(action, FileAccess) and action.operation is Operation.DELETE:
            return Preview(deletes=self.doomed.look([action.path], workspace))
        if not isinstance(action, ShellCommand):
            return Preview()
        doomed = list(
            dict.fromkeys(one.target for one in facts.effects if one.kind is EffectKind.DELETE and one.target)
        )
        return Preview(
            self._effects(action.command, facts.effects, scrubbed),
            self.doomed.look(doomed, action.cwd or workspace) if doomed else None,
            [self._script(script) for script in content.scripts[:_MOST_SCRIPTS]],
            [one_line(self._safe(f"{name}={value}"), 200) for name, value in action.environment],
        )

    def _effects(self, command: str, effects: Sequence[Effect], scrubbed: str) -> list[EffectLine]:
        where = places(command, scrubbed)
        lines = []
        for effect in effects[:_MOST_EFFECTS]:
            start, end = span(where, effect.start, effect.end) if where is not None else (0, 0)
            target, reason = one_line(self._safe(effect.target), 200), visible(self._safe(effect.reason))
            lines.append(EffectLine(effect.kind.value, target, start, end, effect.code, reason))
        return lines

    def _script(self, script: Script) -> ScriptLine:
        path = one_line(script.path, 500)
        before = self.files.approved(script.path)
        if script.text is None:
            return ScriptLine(path, script.sha256, "new", "(not shown: it is no text, or too long)")
        if before == script.text:
            return ScriptLine(path, script.sha256, "same")
        if before is None:
            return ScriptLine(path, script.sha256, "new", self._shown(script.text))
        lines = difflib.unified_diff(
            before.splitlines(), script.text.splitlines(), "as it was approved", "as it is now", lineterm="", n=3
        )
        return ScriptLine(path, script.sha256, "changed", self._shown("\n".join(lines)))

    def _shown(self, text: str) -> str:
        safe = visible(self._safe(text).replace("\t", "    "))
        if len(safe) <= _LONGEST_SHOWN:
            return safe
        return f"{safe[:_LONGEST_SHOWN]}\n… ({len(safe) - _LONGEST_SHOWN} more characters: look at the file)"

    def _safe(self, text: str) -> str:
        try:
            return self.scrub(text) if text else ""
        except Exception:  # noqa: BLE001 - what cannot be searched for secrets is not shown
            return "(withheld: it could not be searched for secrets)"
