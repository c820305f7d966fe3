"""Events of a Messages stream, one by one."""

from __future__ import annotations


def start(index: object = 0, name: object = "Bash", kind: str = "tool_use", given: object = None) -> dict:
    block = {"type": kind, "id": f"t{index}", "name": name, "input": given or {}}
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(text: str, index: object = 0, kind: str = "input_json_delta") -> dict:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, "partial_json": text}}


def stop(index: object = 0) -> dict:
    return {"type": "content_block_stop", "index": index}


def called(index: int, name: str, arguments: str) -> list[dict]:
    return [start(index, name), delta(arguments, index), stop(index)]


def block(index: int, begun: dict, *deltas: dict) -> list[dict]:
    grown = [{"type": "content_block_delta", "index": index, "delta": one} for one in deltas]
    return [{"type": "content_block_start", "index": index, "content_block": begun}, *grown, stop(index)]


END = [{"type": "message_delta", "delta": {"stop_reason": "tool_use"}}, {"type": "message_stop"}]
USE = {"type": "tool_use", "id": "t", "name": "Bash", "input": {"command": "EVIL"}}
