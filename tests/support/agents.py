"""The real agents from npm, headless, each in a home and a workspace of its own."""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs

PACKAGES = ["cline", "@anthropic-ai/claude-code", "@openai/codex"]
SECONDS = 90


def install() -> Path | str:
    """The folder of the agents' programs, or why there is none."""
    folder = Path(os.environ.get("COMPANION_TEST_AGENTS") or platformdirs.user_cache_path("companion-tests") / "agents")
    programs = folder / "node_modules" / ".bin"
    if _complete(programs):
        return programs
    npm = shutil.which("npm")
    if npm is None:
        return "npm is not installed, so the real agents cannot be"
    folder.mkdir(parents=True, exist_ok=True)
    # Several workers may find nothing here at once: each makes its own, and one of them stays.
    with tempfile.TemporaryDirectory(dir=folder) as name:
        made = Path(name)
        (made / "package.json").write_text('{"private": true}')
        command = [npm, "install", "--no-audit", "--no-fund", "--loglevel=error", *PACKAGES]
        done = subprocess.run(command, cwd=made, capture_output=True, text=True, timeout=600, check=False)
        if done.returncode:
            return f"npm could not install the agents: {done.stderr.strip()[-300:]}"
        if not _complete(programs):
            with suppress(FileNotFoundError):
                (folder / "node_modules").rename(made / "incomplete")
            with suppress(OSError):
                (made / "node_modules").rename(folder / "node_modules")
    return programs if _complete(programs) else f"the agents cannot be put into {folder}"


def _complete(programs: Path) -> bool:
    return all((programs / name).exists() for name in ("cline", "claude", "codex"))


@dataclass
class Run:
    """How a run ended."""

    code: int
    output: str


@dataclass
class Agent:
    """One agent, pointed at a gateway by the settings that docs/agents.md tells a user to write."""

    name: str
    programs: Path
    home: Path
    workspace: Path
    gateway: str
    key: str
    more: dict[str, str] = field(default_factory=dict)

    @property
    def environ(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name in {"LANG", "TMPDIR", "SHELL"}}
        path = f"{self.programs}{os.pathsep}{os.environ['PATH']}"
        loopback = {"NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}
        # Cline goes on without a plugin that takes more than four seconds to load, which it may on a busy machine.
        patience = {"CLINE_PLUGIN_IMPORT_TIMEOUT_MS": "60000"}
        return kept | {"PATH": path, "HOME": str(self.home)} | loopback | patience | self.more

    def start(self, command: list[str], **environ: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            cwd=self.workspace,
            env=self.environ | environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def command(self, prompt: str, model: str, *, plan: bool) -> tuple[list[str], dict[str, str]]:
        """The command line and what it needs in its environment; writes the settings first."""
        return {"cline": self._cline, "claude": self._claude, "codex": self._codex}[self.name](prompt, model, plan=plan)

    def run(self, prompt: str, model: str, *, plan: bool = False) -> Run:
        if self.name == "codex" and plan:
            return self._codex_plan(prompt, model)
        command, environ = self.command(prompt, model, plan=plan)
        process = self.start(command, **environ)
        try:
            output, _ = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            output = f"no end within {SECONDS} s"
        finally:
            self.end(process)
        return Run(process.returncode if process.returncode is not None else -1, output)

    def end(self, process: subprocess.Popen[str]) -> None:
        """Kills the agent with everything that it started."""
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
        if process.stdout:
            process.stdout.close()

    def _cline(self, prompt: str, model: str, *, plan: bool) -> tuple[list[str], dict[str, str]]:
        settings = self.home / "cline" / "data" / "settings"
        settings.mkdir(parents=True, exist_ok=True)
        provider = self.more.get("CLINE_PROVIDER", "openai-compatible")
        given = {
            "provider": provider,
            "apiKey": self.key,
            "model": model,
            "baseUrl": f"{self.gateway}/v1",
            "headers": {"x-companion-client": "cline"},
        }
        entry = {"settings": given, "updatedAt": "2026-01-01T00:00:00.000Z", "tokenSource": "manual"}
        stored = {"version": 1, "lastUsedProvider": provider, "modes": {}, "providers": {provider: entry}}
        (settings / "providers.json").write_text(json.dumps(stored))
        (settings / "global-settings.json").write_text('{"telemetryOptOut": true}')
        folder = self.home / "cline"
        command = ["cline", "--config", str(folder), "--data-dir", str(folder / "data"), "--json", "-P", provider]
        return [*command, "-m", model, "--auto-approve", "true", *(["--plan"] if plan else []), prompt], {}

    def _claude(self, prompt: str, model: str, *, plan: bool) -> tuple[list[str], dict[str, str]]:
        environ = {
            "CLAUDE_CONFIG_DIR": str(self.home / "claude"),
            "ANTHROPIC_BASE_URL": self.gateway,
            "ANTHROPIC_AUTH_TOKEN": self.key,
            "ANTHROPIC_CUSTOM_HEADERS": "x-companion-client: claude",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        }
        mode = ["--permission-mode", "plan"] if plan else ["--allowedTools", "Read,Bash,Write,Edit"]
        return ["claude", "-p", prompt, "--model", model, "--output-format", "json", *mode], environ

    def _codex(self, prompt: str, model: str, *, plan: bool) -> tuple[list[str], dict[str, str]]:
        del plan
        environ = self._codex_home(model)
        command = ["codex", "exec", "--json", "--skip-git-repo-check", "-s", "workspace-write", prompt]
        return command, environ

    def _codex_home(self, model: str) -> dict[str, str]:
        folder = self.home / "codex"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.toml").write_text(
            f'model = "{model}"\nmodel_provider = "companion"\ncheck_for_update_on_startup = false\n'
            "[analytics]\nenabled = false\n[model_providers.companion]\n"
            f'name = "companion"\nbase_url = "{self.gateway}/v1"\nenv_key = "COMPANION_KEY"\nwire_api = "responses"\n'
            'http_headers = { "x-companion-client" = "codex" }\n'
        )
        return {"CODEX_HOME": str(folder), "COMPANION_KEY": self.key}

    def _codex_plan(self, prompt: str, model: str) -> Run:
        """`codex exec` cannot plan: its app server is asked for one turn in plan mode."""
        process = subprocess.Popen(
            ["codex", "app-server"],
            cwd=self.workspace,
            env=self.environ | self._codex_home(model),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        try:
            return Run(0, AppServer(process).plan(prompt, model, self.workspace))
        finally:
            if process.stdin:
                process.stdin.close()
            self.end(process)


class AppServer:
    """As much of Codex's JSON-RPC as one turn takes."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._said: queue.Queue[dict] = queue.Queue()
        self._number = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def plan(self, prompt: str, model: str, workspace: Path) -> str:
        info = {"name": "companion-tests", "title": "tests", "version": "1"}
        self._call("initialize", {"clientInfo": info, "capabilities": {"experimentalApi": True}})
        self._send({"jsonrpc": "2.0", "method": "initialized"})
        thread = self._call("thread/start", {"cwd": str(workspace)})["result"]["thread"]["id"]
        settings = {"model": model, "reasoning_effort": None, "developer_instructions": None}
        mode = {"mode": "plan", "settings": settings}
        turn = {"threadId": thread, "input": [{"type": "text", "text": prompt}], "collaborationMode": mode}
        self._call("turn/start", turn)
        return json.dumps(self._until(lambda said: said.get("method") == "turn/completed"))

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._said.put(json.loads(line))

    def _send(self, message: dict) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()

    def _call(self, method: str, parameters: dict) -> dict:
        self._number += 1
        mine = self._number
        self._send({"jsonrpc": "2.0", "id": mine, "method": method, "params": parameters})
        return self._until(lambda said: said.get("id") == mine and "method" not in said)

    def _until(self, wanted) -> dict:
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            said = self._said.get(timeout=SECONDS)
            if wanted(said):
                return said
            if "method" in said and "id" in said:
                self._send({"jsonrpc": "2.0", "id": said["id"], "result": {"decision": "accept"}})
        raise AssertionError("codex never came to the end of its turn")
