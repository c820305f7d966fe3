"""Carries out the scripted agent's tool calls for real, inside one workspace."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_LONGEST_OUTPUT = 30_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the model is told, and the exit code of the last command where one ran."""

    text: str
    code: int | None = None


class CallError(ValueError):
    """A call that cannot be carried out; the message goes to the model."""


class Hands:
    """Works in `workspace` and reads and writes files nowhere else. `seconds` is the limit of one command."""

    def __init__(self, workspace: Path, seconds: float = 30.0) -> None:
        self._workspace = workspace.resolve()
        self._seconds = seconds

    async def carry_out(self, tool: str, arguments: Mapping[str, Any]) -> Outcome:
        """Never raises for what a model may ask."""
        try:
            match tool, dict(arguments):
                case "read_files", {"files": [*files]}:
                    return Outcome("\n".join(self._read(_text_of(file, "path")) for file in files))
                case "run_commands", {"commands": [*commands]}:
                    return await self._run_all([str(command) for command in commands])
                case "editor", {"path": str(path), "new_text": str(text), **rest}:
                    return Outcome(self._write(path, text, str(rest.get("old_text") or "")))
        except (CallError, OSError) as error:
            return Outcome(f"Error: {error}")
        return Outcome(f"Error: there is no tool {tool} that takes {', '.join(arguments) or 'nothing'}")

    def _inside(self, given: str) -> Path:
        path = (self._workspace / given).resolve()
        if not path.is_relative_to(self._workspace):
            raise CallError(f"{given} is outside the workspace")
        return path

    def _read(self, given: str) -> str:
        return self._inside(given).read_text("utf-8", "replace")

    def _write(self, given: str, text: str, old: str) -> str:
        path = self._inside(given)
        if old:
            before = path.read_text("utf-8")
            if before.count(old) != 1:
                raise CallError(f"old_text stands {before.count(old)} times in {given}; it must stand there once")
            text = before.replace(old, text)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return f"wrote {given}"

    async def _run_all(self, commands: list[str]) -> Outcome:
        done = [await self._run(command) for command in commands]
        return Outcome("\n".join(one.text for one in done), done[-1].code if done else None)

    async def _run(self, command: str) -> Outcome:
        if sys.platform == "win32":
            return Outcome("skipped: the scripted agent runs commands only where there is /bin/sh")
        process = await asyncio.create_subprocess_exec(
            "/bin/sh",
            "-c",
            command,
            cwd=self._workspace,
            env=without_git(os.environ) | {"GIT_TERMINAL_PROMPT": "0"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(self._seconds):
                out, err = await process.communicate()
        except TimeoutError:
            return Outcome(f"Error: the command was stopped after {self._seconds:g} seconds")
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        return Outcome(_report(out, err, process.returncode or 0), process.returncode)


def without_git(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without what would lead git to another repository than the one in the workspace."""
    return {name: value for name, value in environ.items() if not name.startswith("GIT_")}


def _report(out: bytes, err: bytes, code: int) -> str:
    parts = [out.decode("utf-8", "replace").rstrip()]
    if err:
        parts.append("[stderr]\n" + err.decode("utf-8", "replace").rstrip())
    if code:
        parts.append(f"Command exited with code {code}")
    text = "\n".join(part for part in parts if part)
    return text if len(text) <= _LONGEST_OUTPUT else text[:_LONGEST_OUTPUT] + "\n[cut off]"


def _text_of(value: Any, key: str) -> str:
    found = value.get(key) if isinstance(value, dict) else None
    if not isinstance(found, str):
        raise CallError(f"{key} is missing")
    return found
