"""`companion check secrets --batch`: a text a line in, its findings a line out, for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from companion.model.facts import Finding
from companion.policy.redaction import redact
from companion.scan.secrets.search import ScanFailed

Find = Callable[[str], tuple[Finding, ...]]


def judged(lines: Iterable[bytes], find: Find) -> Iterator[tuple[str, bool]]:
    """For each line one line of JSON, in order, and whether it could be judged; one that could not says `error`."""
    for number, line in enumerate(lines, start=1):
        try:
            text = _text_of(line)
            findings = find(text)
        except (ValueError, ScanFailed) as error:
            yield json.dumps({"error": f"line {number}: {error}"}), False
            continue
        told = {"findings": [_told(one) for one in findings], "redacted": redact(text, findings) if findings else text}
        yield json.dumps(told), True


def _text_of(line: bytes) -> str:
    """Raises ValueError, which never tells what the line holds."""
    try:
        value: Any = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not JSON ({error.msg} at character {error.pos + 1})") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    text = value.get("text") if isinstance(value, dict) else None
    if not isinstance(text, str):
        raise ValueError('expected {"text": "..."}')  # noqa: TRY004 - bad input, not a bug
    return text


def _told(one: Finding) -> dict[str, object]:
    return {
        "type": one.type,
        "rule": one.rule,
        "engine": one.engine,
        "start": one.start,
        "end": one.end,
        "confidence": str(one.confidence),
    }
