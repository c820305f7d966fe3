"""A word on the desktop."""

import sys

import pytest

from companion.observe.notifying import Notifier, desktop

SHOWS = {"linux": "notify-send", "darwin": "osascript", "win32": "powershell"}


def test_only_an_open_question_calls_the_person_and_only_when_wanted():
    shown = []
    notifier = Notifier(lambda title, text: shown.append(text), lambda step: step())
    notifier.notice("approval.opened", "a", "rm -rf x\nand more", {})
    notifier.notice("approval.closed", "a", "approved", {})
    notifier.enabled = False
    notifier.notice("approval.opened", "b", "rm y", {})
    assert shown == ["rm -rf x ⏎ and more"]


@pytest.mark.skipif(sys.platform == "win32", reason="writes a shell script")
@pytest.mark.parametrize("platform", SHOWS)
def test_text_of_an_agent_is_never_an_option_or_a_script(tmp_path, platform):
    said = tmp_path / "said"
    program = tmp_path / SHOWS[platform]
    program.write_text(
        f'#!/bin/sh\nfor word; do printf "%s\\n" "[$word]"; done > {said}\necho "env:$COMPANION_TEXT" >> {said}\n'
    )
    program.chmod(0o700)
    environ = {"PATH": f"{tmp_path}:/usr/bin:/bin", "DISPLAY": ":0"}
    show = desktop(environ, platform)
    show("title", '--help"; <b>$(reboot)')
    words = said.read_text().splitlines()
    if platform == "win32":
        assert words[-1] == 'env:--help"; <b>$(reboot)'
    else:
        text = '--help"; &lt;b&gt;$(reboot)' if platform == "linux" else '--help"; <b>$(reboot)'
        assert words[-2] == f"[{text}]"
    if platform == "linux":
        assert words[-4] == "[--]"


def test_without_a_desktop_or_a_program_there_is_nothing_to_show_with(tmp_path):
    assert desktop({"PATH": "/usr/bin"}, "linux") is None
    assert desktop({"PATH": str(tmp_path), "DISPLAY": ":0"}, "linux") is None
