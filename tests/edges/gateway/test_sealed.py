"""What counts as sealed or as a file, and what only looks like it and is scanned."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.edges.gateway.jsontext import strings
from companion.edges.gateway.sealed import File, documents_of, file_in, may_hold, seals_of, unescaped

SEAL = "Ab1+" * 40
WORDS = "thoughts, in words that are no seal"


def said(*blocks: dict, role: str = "assistant") -> dict:
    return {"messages": [{"role": role, "content": list(blocks)}]}


@pytest.mark.parametrize(
    ("body", "sealed"),
    [
        (
            said({"type": "thinking", "thinking": WORDS, "signature": SEAL}),
            {("thinking", WORDS), ("signature", SEAL)},
        ),
        (said({"type": "redacted_thinking", "data": SEAL}), {("data", SEAL)}),
        (
            said(
                {
                    "type": "web_search_tool_result",
                    "content": [{"type": "web_search_result", "encrypted_content": SEAL}],
                }
            ),
            {("encrypted_content", SEAL)},
        ),
        (
            {"messages": [{"reasoning_details": [{"type": "reasoning.encrypted", "data": SEAL}]}]},
            {("data", SEAL)},
        ),
        (
            {"messages": [{"reasoning_details": [{"type": "reasoning.text", "text": WORDS, "signature": SEAL}]}]},
            {("signature", SEAL)},
        ),
        ({"input": [{"type": "reasoning", "encrypted_content": SEAL}]}, {("encrypted_content", SEAL)}),
        ({"input": [{"type": "compaction", "encrypted_content": SEAL}]}, {("encrypted_content", SEAL)}),
    ],
)
def test_what_a_provider_signed_is_sealed(body, sealed):
    assert seals_of(body) == sealed


@pytest.mark.parametrize(
    "body",
    [
        said({"type": "thinking", "thinking": WORDS}),
        said({"type": "thinking", "thinking": WORDS, "signature": ""}),
        said({"type": "thinking", "thinking": WORDS, "signature": SEAL[:63]}),
        said({"type": "thinking", "thinking": WORDS, "signature": f"{SEAL} {WORDS}"}),
        said({"type": "thinking", "thinking": WORDS, "signature": f"{SEAL}\n"}),
        said({"type": "thinking", "thinking": {"text": WORDS}, "signature": [SEAL]}),
        said({"type": "redacted_thinking", "data": WORDS}),
        said({"type": "redacted_thinking", "data": f"{SEAL} {WORDS}"}),
        said({"type": "text", "text": WORDS, "thinking": WORDS, "signature": SEAL, "data": SEAL}),
        said({"type": "tool_use", "input": {"type": "thinking", "thinking": WORDS, "signature": SEAL}}),
        said({"type": "tool_result", "content": [{"type": "redacted_thinking", "data": SEAL}]}),
        said({"type": "web_search_tool_result", "encrypted_content": SEAL}),
        said({"type": "web_search_result", "content": [{"type": "web_search_result", "encrypted_content": SEAL}]})
        | {"type": "thinking", "thinking": WORDS, "signature": SEAL},
        {"input": [{"type": "message", "encrypted_content": SEAL}]},
        {"input": [{"type": "reasoning", "encrypted_content": WORDS}]},
        {"input": {"type": "reasoning", "encrypted_content": SEAL}},
        {"messages": {"content": [{"type": "redacted_thinking", "data": SEAL}]}},
        {"messages": "thinking", "input": SEAL},
        {"metadata": {"type": "thinking", "thinking": WORDS, "signature": SEAL}},
        {},
    ],
)
def test_a_signature_counts_only_where_its_dialect_puts_one_and_only_in_the_form_of_one(body):
    assert seals_of(body) == frozenset()


values = st.recursive(
    st.none() | st.booleans() | st.just(SEAL) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "content", "messages", "input", "signature", "thinking", "data"]),
            inner | st.sampled_from(["thinking", "redacted_thinking", "reasoning"]),
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["messages", "input"]), values))
def test_of_a_body_of_any_shape_only_strings_that_stand_in_it_are_sealed(body):
    for key, value in seals_of(body):
        assert f"{json.dumps(key)}: {json.dumps(value)}" in json.dumps(body)
        assert key == "thinking" or value == SEAL


KEYS = ["data", "url", "image_url", "file_data"]


@given(
    text=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=48, max_size=200),
    key=st.sampled_from(KEYS),
    head=st.sampled_from(["", "data:text/plain;base64,", 'data:text/plain;name="x.env" ;base64,']),
    width=st.integers(0, 80),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_a_text_file_is_found_whole_and_written_back_as_it_is_amended(text, key, head, width, end):
    told = File("", "").encoded(text)
    lines = end.join(told[at : at + width] for at in range(0, len(told), width)) if width else told
    found = file_in(key, head + lines)
    assert found == File(head, text)
    assert file_in(key, found.encoded(text.replace("a", "bb"))) == File(head, text.replace("a", "bb"))


@given(raw=st.binary(min_size=48, max_size=200), key=st.sampled_from(KEYS))
def test_whatever_a_file_holds_it_comes_back_as_it_was(raw, key):
    told = base64.b64encode(raw).decode()
    found = file_in(key, told)
    if found is not None and found.text:
        assert found.encoded(found.text) == told
        assert found.certain is (found.text.encode() == raw)


HEADS = [
    b"\x89PNG\r\n",
    b"\xff\xd8\xff\xe0",
    b"GIF89a",
    b"RIFF",
    b"%PDF-1.7",
    b"ID3",
    b"\xff\xfb",
    b"OggS",
    b"fLaC",
    b"PK\x03\x04",
]


@pytest.mark.parametrize("begin", HEADS)
def test_of_a_picture_a_sound_or_an_archive_there_is_no_text(begin):
    told = base64.b64encode(begin + b"words " * 20).decode()
    assert file_in("data", told) == File("", "")
    assert file_in("url", f"data:image/png;base64,{told}") == File("data:image/png;base64,", "")
    for width in (5, 20, 76):
        lines = "\n".join(told[at : at + width] for at in range(0, len(told), width))
        assert file_in("data", lines) == File("", "")
    later = base64.b64encode(b"words " * 20 + b"\x00\xff" + begin).decode()
    assert not file_in("data", later).certain


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("text", base64.b64encode(b"words " * 20).decode()),
        ("", base64.b64encode(b"words " * 20).decode()),
        ("data", base64.b64encode(b"short").decode()),
        ("data", "words and blanks " * 20),
        ("data", base64.b64encode(b"words " * 20).decode() + " more words"),
        ("data", "see data:text/plain;base64," + base64.b64encode(b"words " * 20).decode()),
        ("url", "https://example.com/" + "a" * 80),
        ("data", base64.b64encode(b"words\0" * 20).decode()),
        ("data", base64.b64encode(b"words " * 20).decode()[:-3]),
        ("data", "A" * 65),
        pytest.param("data", "A" * 64 + "\n" * 200_000 + "!", id="line ends that would take hours to try"),
    ],
)
def test_what_is_no_file_is_scanned_as_it_stands(key, value):
    assert file_in(key, value) is None


FILE = base64.b64encode(b"a text file in which a word may hide, as long as it takes to be one").decode()


def spelt(raw: str, chance) -> bytes:
    """The same JSON, with some letters of its strings as escapes."""
    return "".join(f"\\u{ord(c):04x}" if c.isalpha() and chance.random() < 0.02 else c for c in raw).encode()


@given(
    document=st.recursive(
        st.sampled_from([SEAL, FILE, "data", "url", '"data":', "x", True]),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(st.sampled_from([*KEYS, "type", "content", "signature", "input", "x"]), inner, max_size=3)
            | st.just({"type": "redacted_thinking", "data": SEAL})
        ),
        max_leaves=8,
    ),
    indent=st.sampled_from([None, 1]),
    chance=st.randoms(use_true_random=False),
)
def test_law_where_nothing_sealed_and_no_file_may_be_there_is_none(document, indent, chance):
    said_so = json.dumps({"messages": [{"content": document}], "input": document}, indent=indent)
    for raw in (said_so.encode(), spelt(said_so, chance)):
        try:
            body = json.loads(raw)
        except ValueError:
            continue  # "true" is no string
        if not may_hold(raw, ""):
            assert seals_of(body) == frozenset()
            assert documents_of(body) == frozenset()
            assert [token for token in strings(raw) if file_in(token.key, token.value)] == []


@pytest.mark.parametrize("key", [*KEYS, "thinking", "signature", "encrypted_content"])
def test_under_its_key_alone_a_value_may_be_sealed_or_a_file(key):
    assert may_hold(b'"x"', key)
    assert may_hold(b'{"%b" : 1}' % key.encode(), "")
    assert not may_hold(b'"%b"' % key.encode(), "messages")


ARGUMENTS = '{"command": "ls"}'
CALL = {"function": {"name": "Bash", "arguments": ARGUMENTS}}


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [{"role": "assistant", "tool_calls": [CALL]}]},
        {"messages": [{"role": "assistant", "function_call": CALL["function"]}]},
        {"input": [{"type": "function_call", "arguments": ARGUMENTS}]},
        {"input": [{"type": "mcp_call", "arguments": ARGUMENTS}]},
    ],
)
def test_the_arguments_of_a_call_are_a_document(body):
    assert documents_of(body) == {ARGUMENTS}


@pytest.mark.parametrize(
    "body",
    [
        said({"type": "tool_use", "input": {"arguments": ARGUMENTS}}),
        {"messages": [{"role": "assistant", "tool_calls": [{"function": {"arguments": "not JSON"}}]}]},
        {"messages": [{"role": "assistant", "tool_calls": {"function": {"arguments": ARGUMENTS}}}]},
        {"messages": [{"role": "assistant", "tool_calls": [{"function": {"arguments": [ARGUMENTS]}}]}]},
        {"messages": [{"role": "tool", "content": ARGUMENTS, "arguments": ARGUMENTS}]},
        {"input": [{"type": "function_call_output", "arguments": ARGUMENTS, "output": ARGUMENTS}]},
        {"tools": [CALL], "metadata": {"arguments": ARGUMENTS}},
    ],
)
def test_what_a_tool_calls_its_arguments_is_text(body):
    assert documents_of(body) == frozenset()


@given(st.recursive(st.text() | st.none(), lambda inner: st.dictionaries(st.text(), inner, max_size=3)), st.booleans())
def test_law_a_document_without_needless_escapes_says_the_same_and_hides_no_letter(value, ascii):
    raw = json.dumps(value, ensure_ascii=ascii).replace("/", "\\/")
    told = unescaped(raw)
    assert json.loads(told) == value
    assert unescaped(told) == told
    if not ascii:
        assert told == json.dumps(value, ensure_ascii=False)
    assert unescaped(json.dumps("plain words, escaped").replace("a", "\\u0061")) == '"plain words, escaped"'
