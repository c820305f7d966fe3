"""A word on the desktop when a person is needed. Best effort: nothing waits for it, and nothing depends on it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence

from companion.policy.display import one_line

_SECONDS = 10.0
_LONGEST = 160
_TITLE = "companion: a question waits"

# The text comes as an argument or in the environment, never as a part of a script.
_OSASCRIPT = "on run argv\ndisplay notification (item 2 of argv) with title (item 1 of argv)\nend run"
_POWERSHELL = """
[Windows.UI.Notifications.ToastNotificationManager, Windows.UI.Notifications, ContentType = WindowsRuntime] > $null
$kind = [Windows.UI.Notifications.ToastTemplateType]::ToastText02
$toast = [Windows.UI.Notifications.ToastNotificationManager]::GetTemplateContent($kind)
$texts = $toast.GetElementsByTagName('text')
$texts.Item(0).AppendChild($toast.CreateTextNode($env:COMPANION_TITLE)) > $null
$texts.Item(1).AppendChild($toast.CreateTextNode($env:COMPANION_TEXT)) > $null
[Windows.UI.Notifications.ToastNotificationManager]::CreateToastNotifier('companion').Show($toast)
"""

Show = Callable[[str, str], None]
"""Shows a title and a text. Blocking, short; may raise."""


class Notifier:
    """Hears of approvals and has them shown. Fulfils `companion.gatekeeper.ports.Listener`."""

    def __init__(self, show: Show, aside: Callable[[Callable[[], None]], None], *, enabled: bool = True) -> None:
        """`aside` carries out what blocks, off the loop."""
        self._show = show
        self._aside = aside
        self.enabled = enabled

    def notice(self, name: str, id: str, text: str, details: Mapping[str, object]) -> None:  # noqa: A002, ARG002
        if self.enabled and name == "approval.opened":
            self._aside(lambda: self._show(_TITLE, one_line(text, _LONGEST)))


def desktop(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Show | None:
    """How this desktop shows something; None where there is none, or nothing to show it with."""
    if platform == "darwin":
        return _with(environ, ["osascript", "-e", _OSASCRIPT], _words)
    if platform == "win32":
        return _with(environ, ["powershell", "-NoProfile", "-NonInteractive", "-Command", _POWERSHELL], _in_environment)
    if not (environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")):
        return None
    return _with(environ, ["notify-send", "--app-name=companion", "--urgency=normal", "--"], _escaped)


_Given = tuple[list[str], dict[str, str]]


def _words(title: str, text: str) -> _Given:
    return [title, text], {}


def _escaped(title: str, text: str) -> _Given:
    """What shows a notification may take its text for markup."""
    return [title, text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")], {}


def _in_environment(title: str, text: str) -> _Given:
    return [], {"COMPANION_TITLE": title, "COMPANION_TEXT": text}


def _with(environ: Mapping[str, str], command: Sequence[str], give: Callable[[str, str], _Given]) -> Show | None:
    program = shutil.which(command[0], path=environ.get("PATH"))
    if program is None:
        return None

    def show(title: str, text: str) -> None:
        words, variables = give(title, text)
        subprocess.run(
            [program, *command[1:], *words],
            env=dict(environ) | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )

    return show
