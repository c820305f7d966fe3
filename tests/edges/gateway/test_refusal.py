from __future__ import annotations

import json
import subprocess

from hypothesis import given, settings
from hypothesis import strategies as st

from companion.edges.gateway.refusal import command_that_says, refuse_parts, refuse_whole, say, words
from companion.edges.gateway.tools import read_use
from companion.edges.gateway.tooluse import Called, Form, Rewritten, Said, ToolUse
from companion.gatekeeper.admission import Refusal


@settings(max_examples=60)
@given(st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=60), st.booleans())
def test_the_command_prints_the_text_and_does_nothing_else(text, plan):
    refusal = words(Refusal("code", text or "x", "do that"))
    done = subprocess.run(["bash", "-c", command_that_says(refusal, plan=plan)], capture_output=True, check=False)
    assert done.returncode == (0 if plan else 126)
    assert done.stdout.decode() == refusal.replace("!", ".") + "\n"


def test_each_agent_gets_a_call_of_its_own_shell_tool():
    for tools, key in [(["read_files", "run_commands"], "commands"), (["Bash"], "command"), (["exec_command"], "cmd")]:
        made = say("no", tools, plan=False)
        assert isinstance(made, Called)
        assert key in json.loads(made.arguments)
    assert say("no", ["Read"], plan=False) == Said("no")


def test_the_same_reason_twice_is_said_once():
    assert refuse_whole(["no", "no"], [], plan=False) == Said("no")


def test_when_every_file_is_refused_the_call_goes_whole():
    use = ToolUse(0, "read_files", '{"files": [{"path": "a"}]}')
    change, extra = refuse_parts(use, read_use(use), {0: "no"}, ["run_commands"], plan=False)
    assert isinstance(change, Called)
    assert extra == ()


def test_a_patch_is_refused_whole():
    patch = "*** Begin Patch\n*** Add File: a\n+x\n*** Add File: b\n+x\n*** End Patch"
    use = ToolUse(0, "apply_patch", patch, Form.CUSTOM)
    change, _ = refuse_parts(use, read_use(use), {1: "no"}, ["exec_command"], plan=False)
    assert isinstance(change, Called)


def test_a_refused_command_takes_its_own_place():
    use = ToolUse(0, "run_commands", '{"commands": ["a", "b"], "other": 1}')
    change, extra = refuse_parts(use, read_use(use), {1: "no"}, ["run_commands"], plan=True)
    assert isinstance(change, Rewritten)
    assert json.loads(change.arguments) == {"commands": ["a", "echo no"], "other": 1}
    assert extra == ()
