"""Items and events of a Responses stream, one by one."""

from __future__ import annotations

from tests.support.dialects import EVIL


def item(arguments: object = EVIL, **more) -> dict:
    return {"type": "function_call", "id": "f", "call_id": "c", "name": "Bash", "arguments": arguments} | more


def added(made: dict, index: object = 0) -> dict:
    return {"type": "response.output_item.added", "output_index": index, "item": made}


def done(made: dict, index: object = 0) -> dict:
    return {"type": "response.output_item.done", "output_index": index, "item": made}


def completed(*made: object) -> dict:
    return {"type": "response.completed", "response": {"id": "r", "output": list(made)}}


def piece(text: object, index: object = 0, *, whole: bool = False) -> dict:
    kind = f"response.function_call_arguments.{'done' if whole else 'delta'}"
    return {"type": kind, "output_index": index, "arguments" if whole else "delta": text}


SHELL = {"type": "local_shell_call", "id": "l", "call_id": "c", "status": "completed"}
SHELL |= {"action": {"type": "exec", "command": ["ls"], "env": {}}}
PATCH = {"type": "custom_tool_call", "id": "u", "call_id": "c", "name": "apply_patch", "input": "*** Begin Patch"}
UNKNOWN = {"type": "shell_call", "id": "s", "call_id": "c", "action": {"commands": ["ls"]}}
TEXT = {"type": "message", "id": "m", "role": "assistant", "content": []}
