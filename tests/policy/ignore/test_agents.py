"""What Claude Code's settings keep from its Read tool, as patterns from the root of the disk."""

import json

import pytest

from companion.policy.ignore.agents import NAMES, NoSettings, read_denied
from companion.policy.ignore.rules import IgnoreFile, Rules, decide

RULES = [
    ("Read(./secret/**)", "w/p/secret/a/b", "w/p/x/secret/a"),
    ("Read(*.foo)", "w/p/a/x.foo", "x.foo"),
    ("Read(/abc)", "w/p/abc", "w/p/q/abc"),
    ("Read(//etc/passwd)", "etc/passwd", "w/p/etc/passwd"),
    ("Read(~/p)", "home/u/p", "w/p/p"),
    ("Read(build/)", "w/p/a/build/x", "build/x"),
    ("Read", "w/p/anything", "w/other"),
]


def covers(rules, path, folder="/w/p"):
    content = json.dumps({"permissions": {"deny": rules}}).encode()
    patterns = read_denied(content, folder=folder, home="/home/u")
    return decide(Rules((IgnoreFile("settings", "", patterns),)), path, is_dir=False)


@pytest.mark.parametrize(("rule", "denied", "allowed"), RULES)
def test_a_rule_says_which_paths(rule, denied, allowed):
    found = covers(["Bash(rm *)", rule], denied)
    assert found is not None
    assert found.line == 2
    assert covers([rule], allowed) is None


def test_rules_on_other_tools_say_nothing():
    assert covers(["Bash(cat x)", "Edit(x)", 7, "Readx"], "w/p/x") is None


def test_a_folder_with_letters_that_mean_something_in_patterns():
    assert covers(["Read(/x)"], "w/[p] a/x", folder="/w/[p] a")
    assert covers(["Read(/x)"], "w/p/x", folder="/w/[p]") is None


@pytest.mark.parametrize("content", [b"", b"{}", b'{"permissions": {}}'])
def test_settings_without_rules_deny_nothing(content):
    assert read_denied(content, folder="/w", home="/h").patterns == ()


@pytest.mark.parametrize(
    "content", [b"{", b"[]", b'{"permissions": 1}', b'{"permissions": {"deny": "Read(x)"}}', b"\xff"]
)
def test_settings_that_cannot_be_read_are_told_from_none(content):
    with pytest.raises(NoSettings) as raised:
        read_denied(content, folder="/w", home="/h")
    assert "unknown" in str(raised.value)


def test_every_agent_has_a_name_of_its_own():
    files = [name for names in NAMES.values() for name in names]
    assert len(set(files)) == len(files)
