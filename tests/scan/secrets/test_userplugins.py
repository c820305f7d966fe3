import json
from pathlib import Path
from typing import Any

import pytest

from companion.model.facts import Confidence
from companion.scan.secrets.userplugins import UserPlugins

CODE = """
import re
from detect_secrets.plugins.base import BasePlugin, RegexBasedDetector

class ZedDetector(RegexBasedDetector):
    secret_type = "Zed Token"
    denylist = [re.compile(r"zed-[0-9]{6}")]

class Chosen(BasePlugin):
    secret_type = "Chosen"
    def __init__(self, word="none"):
        self.word = word
    def analyze_string(self, string):
        if self.word in string:
            yield self.word

class Broken(BasePlugin):
    secret_type = "Broken"
    def analyze_string(self, string):
        raise RuntimeError("boom")

class NoPlugin:
    pass
"""
ZED = {"name": "ZedDetector", "path": "file://plugins.py"}


def plugins(folder: Path, *used: Any, code: str = CODE) -> UserPlugins:
    (folder / "plugins.py").write_text(code)
    settings = folder / "settings.json"
    settings.write_text(json.dumps({"version": "1.5.0", "plugins_used": list(used)}))
    return UserPlugins(settings)


def found(engine: UserPlugins, text: str) -> list[tuple[str, str]]:
    return [(text[span.start : span.end], span.rule) for span in engine.find(text)]


def test_every_place_of_what_a_plugin_says_is_found(tmp_path: Path) -> None:
    engine = plugins(tmp_path, ZED)
    text = "é zed-123456 zed-123456\r\nzed-654321 # pragma: allowlist secret\u2028zed-111111"
    assert engine.load() == ""
    assert found(engine, text) == [
        ("zed-123456", "ZedDetector"),
        ("zed-123456", "ZedDetector"),
        ("zed-654321", "ZedDetector"),
        ("zed-111111", "ZedDetector"),
    ]
    (first, *_) = engine.find(text)
    assert (first.type, first.engine, first.confidence) == ("Zed Token", "user-plugins", Confidence.LOW)


def test_settings_reach_the_plugin_and_an_absolute_path_counts(tmp_path: Path) -> None:
    path = (tmp_path / "plugins.py").as_uri()
    engine = plugins(tmp_path, {"name": "Chosen", "path": path, "word": "hunter22"})
    assert found(engine, "a hunter22") == [("hunter22", "Chosen")]
    assert engine.files == [tmp_path / "plugins.py"]


def test_a_line_of_any_length_is_seen_whole_or_in_parts_that_overlap(tmp_path: Path) -> None:
    engine = plugins(tmp_path, ZED)
    for before in (0, 16_380, 16_384, 40_000):
        text = "x" * before + "zed-123456" + "y" * 40_000
        assert found(engine, text) == [("zed-123456", "ZedDetector")]


def test_what_detect_secrets_brings_along_is_left_to_companion(tmp_path: Path) -> None:
    engine = plugins(tmp_path, {"name": "Base64HighEntropyString", "limit": 4.5}, {"name": "KeywordDetector"})
    assert engine.faults == ()
    assert engine.load()


@pytest.mark.parametrize(
    ("used", "why"),
    [
        ({"name": "Nope", "path": "file://plugins.py"}, "no such plugin"),
        ({"name": "NoPlugin", "path": "file://plugins.py"}, "no such plugin"),
        ({"name": "ZedDetector", "path": "file://none.py"}, "none.py cannot be used"),
        ({"name": "Chosen", "path": "file://plugins.py", "unknown": 1}, "cannot be used"),
        ({"path": "file://plugins.py"}, "has no name"),
        ("x", "has no name"),
    ],
    ids=str,
)
def test_a_plugin_that_cannot_be_used_is_named_and_the_others_are(tmp_path: Path, used: Any, why: str) -> None:
    engine = plugins(tmp_path, used, ZED)
    (fault,) = engine.faults
    assert why in str(fault)
    assert found(engine, "zed-123456")


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"plugins_used": 1}', b"[" * 100_000], ids=len)
def test_a_file_that_is_none_of_theirs_is_a_fault(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(raw)
    assert "settings file" in str(UserPlugins(path).faults[0])
    assert "cannot be read" in str(UserPlugins(tmp_path / "none").faults[0])


def test_code_that_does_not_run_is_a_fault(tmp_path: Path) -> None:
    (fault,) = plugins(tmp_path, ZED, code="raise SystemError('no')").faults
    assert "SystemError" in str(fault)


def test_what_a_plugin_raises_is_not_swallowed(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        plugins(tmp_path, {"name": "Broken", "path": "file://plugins.py"}).find("x")


def test_other_code_is_another_version(tmp_path: Path) -> None:
    assert plugins(tmp_path, ZED).version != plugins(tmp_path, ZED, code=CODE + "\n# other").version
