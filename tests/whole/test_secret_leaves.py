"""A secret leaves in no string of any request, wherever it stands and whatever it pretends to be.

The way of a real call, without its sockets: the body is read, examined by every engine, judged, and written.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
from collections.abc import Mapping
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.edges.gateway.envelope import read_envelope
from companion.edges.gateway.prompt import read_prompt
from companion.model.action import Dialect, ModelCall
from companion.model.exchange import Origin
from companion.model.facts import Facts
from companion.model.policy import Policy
from companion.model.verdict import Amend
from companion.policy.guards.secrets import secrets
from companion.policy.redaction import restore
from companion.scan.secrets.scanner import SecretScan, default_engines

GITHUB = "ghp_" + "qW3eR6tY9uI2oP5aS8dF1gH4jK7lZ0xC3vB6"
SEAL = "Ab1+" * 40
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 2).decode()


@pytest.fixture(scope="module")
def scan():
    scanner = SecretScan(b"k" * 32, default_engines())
    scanner.load()
    yield scanner
    scanner.close()


def sent(
    scan: SecretScan, raw: bytes, query: str = "", headers: Mapping[str, str] = MappingProxyType({})
) -> tuple[bytes, str, dict]:
    """What leaves of a request: its body, its path and its headers."""
    prompt, envelope = read_prompt(raw), read_envelope("/v1/x", query, headers)
    parts = (*prompt.parts, envelope)
    found = asyncio.run(scan.examine(parts, ""))
    action = ModelCall(Dialect.CHAT, "m", texts=found.texts, parts=parts, examined=found.numbers)
    verdict = secrets(action, Facts(Origin("test"), Policy(), findings=found.findings))
    texts, examined = (verdict.action.texts if isinstance(verdict, Amend) else found.texts), found.numbers
    beside = envelope.path_with_query, dict(envelope.headers)
    if len(prompt.parts) in examined:
        count = len(envelope.texts())
        beside = envelope.amended(texts[-count:])
        texts, examined = texts[:-count], examined[:-1]
    body = prompt.amended(texts, examined, prompt.skeleton.get("model", "m"))
    return body, *beside


def spellings_in(body: bytes) -> str:
    """The body with everything in it that a reader could decode."""
    found = [body.decode("utf-8", "replace")]
    waiting = [json.loads(body)]
    while waiting:
        match waiting.pop():
            case str(text):
                found.append(text)
                data = text.rpartition("base64,")[2]
                try:
                    found.append(base64.b64decode(data, validate=True).decode("latin-1"))
                except ValueError:
                    pass
                if text[:1] in {"{", "["}:
                    try:
                        waiting.append(json.loads(text))
                    except ValueError:
                        pass
            case dict(pairs):
                waiting += [*pairs, *pairs.values()]
            case list(entries):
                waiting += entries
    return "\n".join(found)


PLACE = "(the secret)"
NAMES = """
type text content input arguments data url source signature thinking id name encrypted_content image_url file_data
description metadata parameters x-unknown model
"""
KINDS = """
text thinking redacted_thinking image document tool_use tool_result reasoning unheard_of server_tool_use mcp_tool_use
bash_code_execution_tool_result compaction reasoning.encrypted
"""
KEYS = st.sampled_from(NAMES.split())
TYPES = st.sampled_from(KINDS.split())
STRINGS = st.one_of(
    st.just(PLACE),
    st.just(f"words around {PLACE}, and more"),
    st.just(f"TOKEN={PLACE}\n"),
    st.sampled_from(["words", SEAL, PNG, f"data:image/png;base64,{PNG}", "", "é\n"]),
    TYPES,
)
VALUES = st.recursive(
    STRINGS | st.none() | st.booleans() | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(KEYS | st.just(PLACE), inner, max_size=4)
        # As the dialects lay out what is sealed, with an agent's text where the seal should be, or beside it.
        | st.fixed_dictionaries(
            {"type": TYPES}, optional={"thinking": STRINGS, "signature": STRINGS, "data": STRINGS, "content": inner}
        )
        | st.fixed_dictionaries({"type": st.just("base64"), "media_type": STRINGS, "data": STRINGS})
        | st.builds(lambda value: {"arguments": json.dumps(value)}, inner)
    ),
    max_leaves=12,
)
ROLES = st.sampled_from(["user", "assistant", "system", "developer", "tool"])


def messages(value):
    return st.lists(
        st.fixed_dictionaries({"role": ROLES, "content": value}, optional={"tool_calls": value, "name": STRINGS}),
        min_size=1,
        max_size=3,
    )


def calls(value):
    """Tool calls as Chat Completions has them."""
    told = st.builds(lambda inner, plain: json.dumps({"x": inner}, ensure_ascii=plain), value, st.booleans())
    return st.lists(st.fixed_dictionaries({"id": STRINGS, "function": st.fixed_dictionaries({"arguments": told})}))


MORE = {"tools": st.lists(VALUES, max_size=2), "metadata": VALUES, "system": VALUES, "x_unknown": VALUES}
BODIES = st.one_of(
    st.fixed_dictionaries({"model": st.just("m"), "messages": messages(VALUES)}, optional=MORE),
    st.fixed_dictionaries(
        {
            "model": st.just("m"),
            "messages": st.lists(st.fixed_dictionaries({"role": ROLES, "tool_calls": calls(VALUES)}), max_size=2),
        },
        optional=MORE,
    ),
    st.fixed_dictionaries(
        {"model": st.just("m"), "input": st.lists(VALUES, max_size=3) | STRINGS},
        optional=MORE | {"instructions": STRINGS, "previous_response_id": STRINGS},
    ),
)


def meant(value):
    """What a body says; in the arguments of a call letters may be escaped or not."""
    match value:
        case dict():
            return {key: meant(inner) for key, inner in value.items()}
        case list():
            return [meant(inner) for inner in value]
        case str() if value[:1] == "{":
            try:
                return meant(json.loads(value))
            except ValueError:
                return value
        case _:
            return value


@settings(max_examples=150)
@given(body=BODIES, indent=st.sampled_from([None, None, 1]), ascii=st.booleans())
def test_law_a_secret_leaves_nowhere_and_comes_back_everywhere(scan, body, indent, ascii):
    raw = json.dumps(body, indent=indent, ensure_ascii=ascii).replace(PLACE, GITHUB).encode()
    try:
        left, _, _ = sent(scan, raw)
    except ValueError:
        return  # two keys that became the same: no reader takes it
    assert GITHUB not in spellings_in(left)
    back = json.loads(restore(left.decode(), scan.lookup, json_escaped=True))
    assert meant(back) == meant(json.loads(raw))
    if PLACE not in json.dumps(body):
        assert left == raw


LINES = f"# settings\nTOKEN={GITHUB}\nOTHER=1\n"
HOSTILE = {
    "a key": {"metadata": {GITHUB: 1}},
    "a signature that is a token": {
        "messages": [{"content": [{"type": "thinking", "thinking": "x", "signature": f"{GITHUB}_{SEAL}"}]}]
    },
    "thinking with a seal of the agent's own": {
        "messages": [{"content": [{"type": "thinking", "thinking": f"it is {GITHUB}", "signature": SEAL}]}]
    },
    "encrypted content that is a token": {"input": [{"type": "reasoning", "encrypted_content": f"{GITHUB}--{SEAL}"}]},
    "image data that is text": {"messages": [{"content": [{"type": "image", "source": {"data": LINES}}]}]},
    "image data that is a text file": {
        "messages": [{"content": [{"type": "image", "source": {"data": base64.b64encode(LINES.encode()).decode()}}]}]
    },
    "a document of another encoding": {
        "messages": [{"content": [{"source": {"data": base64.b64encode(b"\xe9\x00" + LINES.encode()).decode()}}]}]
    },
    "a data URL": {"input": [{"image_url": f"data:text/plain,{GITHUB}"}]},
    "a data URL with parameters": {
        "input": [{"file_data": 'data:text/plain;name="a b";base64,' + base64.b64encode(LINES.encode() * 2).decode()}]
    },
    "a model's name": {"model": GITHUB},
    "a tool's description": {"tools": [{"name": "t", "input_schema": {"properties": {"x": {"description": LINES}}}}]},
    "an object where text belongs": {"messages": [{"content": {"text": {"type": ["text", GITHUB]}}}]},
    "an id": {"messages": [{"content": [{"type": "tool_use", "id": GITHUB, "input": {}}]}]},
    "arguments with escapes": {
        "messages": [{"tool_calls": [{"function": {"arguments": '{"x": "\\u0067hp\\u005f' + GITHUB[4:] + '"}'}}]}]
    },
    "arguments that are no JSON": {"messages": [{"tool_calls": [{"function": {"arguments": '{"x": "' + GITHUB}}]}]},
    "arguments in arguments": {
        "input": [{"type": "function_call", "arguments": json.dumps({"arguments": json.dumps({"x": GITHUB})})}]
    },
    "a stop word": {"stop": [GITHUB]},
    "a user's name": {"user": GITHUB},
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("ascii", [True, False])
def test_what_pretends_to_be_something_else_does_not_leave(scan, name, ascii):
    raw = json.dumps({"model": "m"} | HOSTILE[name], ensure_ascii=ascii).encode()
    left, _, _ = sent(scan, raw)
    assert GITHUB not in spellings_in(left)
    spelt = raw.replace(b"ghp_", b"\\u0067\\u0068p_")
    assert GITHUB not in spellings_in(sent(scan, spelt)[0])


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        (f"beta=true&key={GITHUB}", {}),
        (f"{GITHUB}=1", {}),
        (f"key=ghp%5F{GITHUB[4:]}", {}),
        ("", {"x-title": f"for {GITHUB}"}),
        ("", {"anthropic-beta": GITHUB}),
        ("", {"session-id": GITHUB, "x-codex-turn-metadata": json.dumps({"token": GITHUB})}),
    ],
)
def test_nothing_leaves_beside_the_body(scan, query, headers):
    _, path, told = sent(scan, b'{"model": "m"}', query, headers)
    assert GITHUB[4:] not in path + repr(told)


def test_a_picture_is_left_as_it_is(scan):
    """What stands in pictures, PDF and archives is not looked for: docs/threat-model.md says so."""
    raw = json.dumps({"model": "m", "messages": [{"content": [{"source": {"data": PNG}}]}]}).encode()
    assert sent(scan, raw)[0] == raw
    packed = base64.b64encode(gzip.compress(LINES.encode())).decode()
    assert sent(scan, json.dumps({"data": packed}).encode())[0] == json.dumps({"data": packed}).encode()
