from __future__ import annotations

import pytest

from companion.policy.shell.javascript.calls import Calls, Told
from companion.policy.shell.javascript.names import Names
from companion.policy.shell.javascript.tree import parse_javascript
from companion.policy.shell.javascript.values import Values


def judged(name: str, given: str, *, node: bool = True) -> tuple[bool, list[Told]]:
    pieces = parse_javascript(f"f({given})")
    assert pieces is not None
    calls = Calls(Values(pieces, Names(pieces), "", modules=True), node=node)
    call = next(piece for piece in pieces if piece.kind == "call_expression")
    return calls.judge(name, call), calls.told


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("fs.readFileSync", "'a', 'utf8'", [Told("read", "a")]),
        ("fs.readFileSync", "'a', {encoding: 'utf8'}", [Told("read", "a")]),
        ("fs.readFile", "'a', (e, d) => d", [Told("read", "a")]),
        ("fs.readdirSync", "'a', {withFileTypes: true}", [Told("names", "a")]),
        ("fs.writeFileSync", "'a', x, 'utf8'", [Told("write", "a")]),
        ("fs.copyFileSync", "'a', 'b'", [Told("read", "a"), Told("write", "b")]),
        ("child_process.execSync", "'ls', {stdio: ['pipe', 'inherit']}", [Told("text", "ls")]),
        ("child_process.spawnSync", "'ls', ['a']", [Told("words", "ls", ("a",))]),
        ("setTimeout", "f, 1", []),
        ("process.stdin.on", "'data', d => d", []),
        ("process.exit", "1", []),
    ],
)
def test_calls_that_do_no_more_than_is_told(name: str, given: str, expected: list[Told]):
    assert judged(name, given) == (True, expected)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("fs.readFileSync", ""),
        ("fs.readFileSync", "x"),
        ("fs.readFileSync", "...x"),
        ("fs.readFileSync", "'a', x"),
        ("fs.readFileSync", "'a', {flag: 'w+'}"),
        ("fs.readFileSync", "'a', {encoding: x}"),
        ("fs.readFileSync", "'a\\\\b'"),
        ("fs.writeFileSync", "'a', x, {flag: 'a'}"),
        ("fs.copyFileSync", "'a', x"),
        ("fs.unlinkSync", "'a'"),
        ("fs.rmSync", "'a', {recursive: true}"),
        ("fs.chmodSync", "'a', 1"),
        ("child_process.execSync", "x"),
        ("child_process.execSync", "'ls', {shell: 'x'}"),
        ("child_process.exec", "'ls'"),
        ("child_process.spawnSync", "'ls', [x]"),
        ("child_process.fork", "'x.js'"),
        ("process.stdin.on", "'newListener', f => f"),
        ("process.kill", "1"),
    ],
)
def test_calls_that_may_do_more(name: str, given: str):
    assert not judged(name, given)[0]


def test_a_text_may_be_code_to_a_timer_of_another_engine():
    assert judged("setTimeout", "x, 1")[0]
    assert not judged("setTimeout", "x, 1", node=False)[0]
    assert judged("setTimeout", "() => 1, 1", node=False)[0]
