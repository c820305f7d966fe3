"""Files of companion's own among an agent's."""

from pathlib import Path

from companion.cli.agents.files import MARK, compare, is_in_place, place, take_back
from companion.cli.agents.hooks import OwnFile


def own(tmp_path, name: str = "new/plugins/c.js", content: str = f"// {MARK}\n") -> OwnFile:
    return OwnFile(str(tmp_path / name), content, 0o700)


def test_there_and_back_with_the_folders(tmp_path):
    file = own(tmp_path)
    assert compare([file]).changed
    placed = place([file])
    assert is_in_place(file)
    assert not compare([file]).changed
    assert take_back(placed) == []
    assert list(tmp_path.iterdir()) == []


def test_somebody_elses_file_stays_and_is_told(tmp_path):
    file = own(tmp_path, "PreToolUse")
    Path(file.path).write_text("mine\n")
    look = compare([file])
    assert (look.wanted, look.changed, look.strange) == ((), False, (file.path,))


def test_one_that_was_made_anew_by_somebody_stays(tmp_path):
    placed = place([file := own(tmp_path)])
    Path(file.path).write_text("mine\n")
    assert not is_in_place(file)
    assert take_back(placed) == [file.path]
    assert Path(file.path).read_text() == "mine\n"


def test_an_older_one_of_companions_own_is_replaced(tmp_path):
    place([own(tmp_path)])
    newer = own(tmp_path, content=f"// {MARK}, newer\n")
    assert compare([newer]).changed
    place([newer])
    assert is_in_place(newer)
