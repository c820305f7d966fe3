"""Whatever lies where the file should be gives a document or a complaint, and never an exception."""

import os
from decimal import Decimal
from pathlib import Path

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.config.document import read_document

LIMIT = 64 * 1024


def only(document):
    assert document.data == {}
    (complaint,) = document.complaints
    assert complaint.file == str(document.file)
    return complaint


def test_no_file_is_an_empty_document(tmp_path):
    document = read_document(tmp_path / "none.toml", LIMIT)
    assert (document.exists, document.complaints, document.data) == (False, (), {})


@pytest.mark.parametrize(
    ("text", "place", "found"),
    [
        ("a = 1\nb = [1,\n", ":3", "Invalid value"),
        ("a = 1\nb = \n", ":2:5", "Invalid value"),
        ("a = 1\na = 2\n", ":2:6", "Cannot overwrite a value"),
        ("[a]\n[a]\n", ":2:3", "twice"),
        ("a = " + "[" * 5000 + "]" * 5000, "", "nested too deeply"),
        ("a = " + "1" * 5000, "", "digits"),
        ("# ...\n" + ".".join("a" * 8000) + " = 1", ":2", "7999"),
        ("\x00", ":1:1", "Invalid statement"),
    ],
    ids=range(8),
)
def test_what_is_no_toml(tmp_path, text, place, found):
    file = tmp_path / "companion.toml"
    file.write_text(text)
    complaint = only(read_document(file, LIMIT))
    assert complaint.place == f"{file}{place}"
    assert found in complaint.found


def test_not_utf8_names_the_line(tmp_path):
    file = tmp_path / "companion.toml"
    file.write_bytes(b"# fine\nname = '\xe9'\n")
    complaint = only(read_document(file, LIMIT))
    assert complaint.line == 2
    assert "0xe9" in complaint.found


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path):
    file = tmp_path / "companion.toml"
    file.write_bytes(b"\xef\xbb\xbfa = 1.50\r\n")
    assert read_document(file, LIMIT).data == {"a": Decimal("1.50")}


def test_a_number_beyond_reason_is_not_a_number(tmp_path):
    file = tmp_path / "companion.toml"
    file.write_text("a = 1e99999999999999999999")
    assert read_document(file, LIMIT).data["a"].is_nan()


def test_ten_megabytes_are_not_read(tmp_path):
    file = tmp_path / "companion.toml"
    file.write_bytes(b"#" * 10_000_000)
    assert "more than 64 KiB" in only(read_document(file, LIMIT)).found


def test_what_is_no_plain_file(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    assert only(read_document(folder, LIMIT)).found == "something that is no plain file"
    assert only(read_document(tmp_path / "a\0b", LIMIT)).found == "embedded null byte"
    below = tmp_path / "file"
    below.write_text("")
    assert only(read_document(below / "companion.toml", LIMIT)).found == "Not a directory"


@pytest.mark.skipif(os.name != "posix", reason="descriptors as POSIX has them")
def test_nothing_stays_open(tmp_path):
    """A file that is looked at again and again may be a folder by mistake."""
    before = psutil.Process().num_fds()
    for path in (tmp_path, tmp_path / "none", Path(os.devnull)):
        read_document(path, LIMIT)
    assert psutil.Process().num_fds() == before


@pytest.mark.skipif(os.name != "posix", reason="links and pipes as POSIX has them")
def test_links_and_pipes(tmp_path):
    loop, dangling, pipe, good = (tmp_path / name for name in ("loop", "dangling", "pipe", "good"))
    loop.symlink_to(loop)
    dangling.symlink_to(tmp_path / "nowhere")
    os.mkfifo(pipe)
    found = [only(read_document(file, LIMIT)).found for file in (loop, dangling, pipe)]
    assert found[1:] == ["a symbolic link to nothing", "something that is no plain file"]
    (tmp_path / "real").write_text("a = 1")
    good.symlink_to(tmp_path / "real")
    assert read_document(good, LIMIT).data == {"a": 1}


def test_a_file_of_somebody_else(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    complaint = only(read_document(tmp_path / "companion.toml", LIMIT))
    assert (complaint.found, complaint.hint) == ("Permission denied", "let your user read it")


@settings(max_examples=100)
@given(raw=st.binary(max_size=200) | st.text("[]{}=\"'#.,\n ab1-\\", max_size=60).map(str.encode))
def test_no_content_makes_it_raise(tmp_path_factory, raw):
    file = tmp_path_factory.getbasetemp() / "any.toml"
    file.write_bytes(raw)
    document = read_document(file, LIMIT)
    assert not (document.data and document.complaints)
