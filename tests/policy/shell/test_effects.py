import pytest

from companion.model.facts import Effect, EffectKind
from companion.policy.shell.effects import changes_something, is_harmless, most_dangerous
from companion.policy.shell.read import read_command


@pytest.mark.parametrize(
    ("kind", "target", "harmless"),
    [
        (EffectKind.READ, "/dev/null", True),
        (EffectKind.READ, "/dev/stdin", True),
        (EffectKind.READ, "/dev/sda", False),
        (EffectKind.WRITE, "/dev/null", True),
        (EffectKind.WRITE, "/dev/stderr", True),
        (EffectKind.WRITE, "/dev/tty", False),
        (EffectKind.DELETE, "/dev/null", False),
        (EffectKind.CHANGE, "/dev/null", False),
    ],
)
def test_only_streams_concern_nobody(kind: EffectKind, target: str, harmless: bool):
    assert is_harmless(Effect(kind, target, 0, 0)) is harmless


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("ls > /dev/null 2>&1", None),
        ("cat x", None),
        ("", None),
        ("echo a > b", ""),
        ("rm a; sudo ls", "privilege"),
        ("foo; rm -rf a", "rm-recursive"),
        ("curl x.y", "network"),
        ("foo", "unknown-program"),
    ],
)
def test_the_most_dangerous_change_is_told(command: str, code: str | None):
    effect = changes_something(read_command(command))
    assert (effect.code if effect else None) == code


def test_of_equals_the_first_is_told():
    effects = [Effect(EffectKind.CHANGE, "b", 5, 6, "kill"), Effect(EffectKind.CHANGE, "a", 1, 2, "kill")]
    found = most_dangerous(effects)
    assert found is not None
    assert found.target == "a"
    assert most_dangerous([]) is None
