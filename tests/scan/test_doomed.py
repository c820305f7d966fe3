"""What a deletion would take with it."""

from companion.scan import doomed
from companion.scan.doomed import MOST_LISTED, DiskDoomed


def look(tmp_path, *paths):
    return DiskDoomed(str(tmp_path / "home")).look(paths, str(tmp_path))


def test_files_are_counted_listed_and_measured(tmp_path):
    (tmp_path / "build" / "deep").mkdir(parents=True)
    (tmp_path / "build" / "a").write_text("12345")
    (tmp_path / "build" / "deep" / "b").write_text("123")
    (tmp_path / "c.txt").write_text("1")
    found = look(tmp_path, "build", "*.txt", "./build", "nowhere")
    assert (found.files, found.bytes, found.complete) == (3, 9, True)
    assert found.names == ["build/a", "build/deep/b", "c.txt"]


def test_a_link_is_one_file_whatever_it_leads_to(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a").write_text("1")
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "link").symlink_to(tmp_path / "real")
    (tmp_path / "top").symlink_to(tmp_path / "real")
    assert look(tmp_path, "build").files == 1
    assert look(tmp_path, "top").names == ["top"]


def test_nothing_is_none(tmp_path):
    (tmp_path / "empty").mkdir()
    assert look(tmp_path, "empty", "gone", "a\0b") is None


def test_the_list_and_the_count_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(doomed, "MOST_COUNTED", 30)
    for number in range(40):
        (tmp_path / f"f{number:02}\u202e").write_text("")
    found = look(tmp_path, ".")
    assert (found.files, found.complete, len(found.names)) == (30, False, MOST_LISTED)
    assert found.names[0] == "f00<U+202E>"
