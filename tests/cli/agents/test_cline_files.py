"""How Cline asks."""

import json
import subprocess

from companion.cli.agents.cline_files import hook_file, plugin
from companion.cli.agents.files import MARK
from companion.cli.agents.hooks import OR_BLOCK


def test_the_plugin_names_address_and_bearer_as_text(tmp_path):
    made = plugin(tmp_path, 'http://x"y', "cmph-1")
    assert made.path == str(tmp_path / "plugins" / "companion.js")
    assert json.dumps('http://x"y') in made.content
    assert '"cmph-1"' in made.content
    assert MARK in made.content


def test_a_hook_file_cancels_unless_the_hook_answers(tmp_path):
    for command, cancelled in [
        ("false cline x", True),
        ("printf '' cline x", True),
        ("printf '{\"cancel\":false}' cline x", False),
    ]:
        made = hook_file(tmp_path, f"{command}{OR_BLOCK}")
        path = tmp_path / "PreToolUse"
        path.write_text(made.content)
        done = subprocess.run(["sh", str(path)], capture_output=True, text=True, check=False)
        assert json.loads(done.stdout.strip())["cancel"] is cancelled
        assert done.returncode == 0
    assert " cline-file " in made.content
