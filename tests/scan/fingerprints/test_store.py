"""An index is read as it was written, or not at all."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from companion.model.facts import IgnoreMatch
from companion.scan.fingerprints.store import Header, Left, Source, Unusable, read, stamp_of, write

RULE = IgnoreMatch(".clineignore", 3, "private/")


def header(prints: int, name: str = "/w/a") -> Header:
    left = {"a reason": Left(2, name)}
    return Header("made of", "v", 5, (Source(name, RULE, (1, 2, 3)),), {name: (4, 5, 6)}, prints, 7, 8, left)


PRINTS = st.binary(min_size=8, max_size=8)


@given(owners=st.dictionaries(PRINTS, st.integers(0, 1000)), others=st.sets(PRINTS))
def test_law_every_print_has_its_owner_and_no_other_has_one(tmp_path_factory, owners, others):
    file = tmp_path_factory.getbasetemp() / "x.prints"
    write(file, header(len(owners)), owners)
    index = read(file)
    assert index.owners(owners.keys() | others) == owners
    assert index.owners(others) == {one: owners[one] for one in owners.keys() & others}
    assert dict(index.prints()) == owners


def test_names_that_are_no_utf8_are_kept(tmp_path):
    odd = os.fsdecode(b"/w/\xff\xfe")
    write(tmp_path / "x", header(0, odd), {})
    found = read(tmp_path / "x").header
    assert replace(found, version="v") == header(0, odd)


def test_the_version_names_the_prints(tmp_path):
    versions = []
    for owners in ({b"12345678": 0}, {b"12345678": 1}, {b"12345678": 0, b"abcdefgh": 0}):
        write(tmp_path / "x", header(len(owners)), owners)
        versions.append(read(tmp_path / "x").header.version)
    assert versions[0] == versions[1] != versions[2]


def test_the_file_is_the_users_alone(tmp_path):
    write(tmp_path / "x", header(0), {})
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_it_holds_prints_and_no_text(tmp_path):
    write(tmp_path / "x", header(1), {b"12345678": 0})
    assert (tmp_path / "x").stat().st_size < 263_000


@pytest.mark.parametrize("at", [0, 25, 45, 300, -1])
def test_a_damaged_index_is_of_no_use(tmp_path, at):
    file = tmp_path / "x"
    write(file, header(1), {b"12345678": 0})
    raw = bytearray(file.read_bytes())
    raw[at] ^= 1
    file.write_bytes(raw)
    with pytest.raises(Unusable):
        read(file)


@pytest.mark.parametrize("raw", [b"", b"x", b"companion prints 1\n", b"companion prints 1\n" + bytes(20)])
def test_a_file_that_is_no_index_is_of_no_use(tmp_path, raw):
    (tmp_path / "x").write_bytes(raw)
    with pytest.raises(Unusable):
        read(tmp_path / "x")


def test_no_index_is_of_no_use(tmp_path):
    with pytest.raises(Unusable):
        read(tmp_path / "x")


def test_a_stamp_changes_with_the_file(tmp_path):
    file = tmp_path / "x"
    file.write_text("a")
    before = stamp_of(file.stat())
    file.write_text("ab")
    assert stamp_of(file.stat()) != before
