"""A home with no agent in it, and a daemon beside it."""

import pytest

from companion.cli.agents.ground import Surroundings
from companion.client import Client, find_operator
from tests.cli.agents.fake_daemon import FakeDaemon, places_in


@pytest.fixture
def around(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    return Surroundings(places_in(tmp_path / "c"), {"PATH": ""}, home)


@pytest.fixture
def daemon(around):
    with FakeDaemon(around.places) as running:
        yield running


@pytest.fixture
def client(around, daemon):
    with Client(find_operator(around.places)) as found:
        yield found
