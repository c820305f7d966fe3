from __future__ import annotations

import sys

import pytest

from companion.places import find_places


def test_one_variable_puts_everything_into_one_folder(tmp_path):
    places = find_places({"COMPANION_HOME": str(tmp_path)})
    assert places.config_file == tmp_path / "companion.toml"
    assert places.ledger == tmp_path / "state" / "ledger.db"
    assert list(tmp_path.iterdir()) == [], "asking makes nothing"


@pytest.mark.skipif(sys.platform == "win32", reason="no unix sockets")
def test_a_socket_path_that_is_too_long_gets_a_stand_in(tmp_path):
    deep = tmp_path / ("d" * 120)
    places = find_places({"COMPANION_HOME": str(deep)})
    assert len(str(places.operator_socket)) <= 100
    assert places.run == find_places({"COMPANION_HOME": str(deep)}).run
    assert places.run != find_places({"COMPANION_HOME": str(deep) + "x"}).run


def test_a_relative_home_is_made_absolute(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert find_places({"COMPANION_HOME": "here"}).config == tmp_path / "here"


@pytest.mark.skipif(sys.platform != "linux", reason="XDG")
def test_without_a_session_folder_sockets_stay_with_the_state():
    assert find_places({"HOME": "/h"}).run.parent == find_places({"HOME": "/h"}).state
