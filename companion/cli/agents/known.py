"""The agents that companion knows how to connect."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from companion.cli.agents import claude, cline, codex
from companion.cli.agents.agent import Agent

AGENTS: Mapping[str, Agent] = MappingProxyType({"cline": cline, "claude": claude, "codex": codex})
