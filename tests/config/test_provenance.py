"""Where a value comes from, in words, and no configuration out of a file that has complaints."""

from __future__ import annotations

import pytest

from companion.config.complaints import Complaint, ConfigError
from companion.config.provenance import Layer, Loaded, Origin, Setting
from companion.config.schema import Config

COMPLAINT = Complaint("f", 3, "gateway.port", "a number", "text")


@pytest.mark.parametrize(
    ("origin", "words"),
    [
        (Origin(Layer.USER, "/h/companion.toml", 3), "/h/companion.toml:3"),
        (Origin(Layer.WORKSPACE, "/w/.companion.toml"), "/w/.companion.toml"),
        (Origin(Layer.DEFAULT), "default"),
        (Origin(Layer.DEFAULT, note="guessed from the url"), "default (guessed from the url)"),
        (Origin(Layer.ENVIRONMENT, note="TZ"), "environment (TZ)"),
        (Origin(Layer.COMMAND_LINE), "command line"),
    ],
)
def test_an_origin_says_itself_as_a_terminal_can_link_it(origin, words):
    assert str(origin) == words


def test_without_complaints_there_is_a_configuration():
    config = Config()
    assert Loaded("f", {}, config=config).config is config


@pytest.mark.parametrize("config", [None, Config()])
def test_with_complaints_there_is_none_and_all_of_them_are_said(config):
    other = Complaint("f", 4, "log.level", "a level", "text")
    with pytest.raises(ConfigError) as caught:
        _ = Loaded("f", {}, (COMPLAINT, other), config=config).config
    assert caught.value.complaints == (COMPLAINT, other)


def test_the_last_one_to_speak_holds():
    weak, strong = Setting(1, Origin(Layer.DEFAULT)), Setting(2, Origin(Layer.USER, "f", 1))
    loaded = Loaded("f", {"gateway.port": (weak, strong)})
    assert loaded.origins == {"gateway.port": strong.origin}


def test_layers_stand_from_the_weakest_to_the_strongest():
    assert [*Layer][:4] == [Layer.DEFAULT, Layer.ENVIRONMENT, Layer.USER, Layer.COMMAND_LINE]
