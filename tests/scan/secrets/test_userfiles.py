import json
from pathlib import Path

from companion.scan.secrets.userfiles import UserFiles

RULES = "[[rules]]\nid='good'\nregex='good-[0-9]{4}'\n[[rules]]\nid='bad'\nregex='(?=x)'\n"
CODE = """
import re
from detect_secrets.plugins.base import RegexBasedDetector

class Zed(RegexBasedDetector):
    secret_type = "Zed"
    denylist = [re.compile("zed-[0-9]+")]
"""


def test_without_files_there_is_nothing() -> None:
    files = UserFiles()
    assert (files.engines, files.paths, files.standing()) == ([], [], {})


def test_each_file_is_an_engine_and_what_is_not_in_force_is_told(tmp_path: Path) -> None:
    rules, plugins, code = tmp_path / "rules.toml", tmp_path / "ds.json", tmp_path / "zed.py"
    rules.write_text(RULES)
    code.write_text(CODE)
    used = [{"name": "Zed", "path": "file://zed.py"}, {"name": "None", "path": "file://zed.py"}]
    plugins.write_text(json.dumps({"plugins_used": used}))
    baseline = tmp_path / "gone"
    files = UserFiles(rules, plugins, [baseline])
    assert [engine.name for engine in files.engines] == ["gitleaks", "user-plugins"]
    assert files.paths == [rules, plugins, baseline, code]
    assert list(files.standing()) == ["your rules, bad", "your plugins, None", "your baselines"]
    assert all(why.startswith("missing: not in force: ") for why in files.standing().values())


def test_a_file_of_which_nothing_is_in_force_is_no_engine(tmp_path: Path) -> None:
    files = UserFiles(tmp_path / "a", tmp_path / "b")
    assert files.engines == []
    assert list(files.standing()) == ["your rules", "your plugins"]


def test_faults_of_one_name_are_all_told(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text("[extend]\npath='x'\n[[allowlists]]\nregexes=['(?=x)']\n[[allowlists]]\nregexes=['(?=y)']\n")
    assert len(UserFiles(path).standing()) == 3
