import pytest

from companion.policy.shell.options import split
from companion.policy.shell.words import Value

SPEC = "a b n= o~ f< all color~ lines= arg== file< #"


def words(*texts: str | None) -> tuple[Value, ...]:
    return tuple(Value(text, 0, 0) for text in texts)


@pytest.mark.parametrize(
    ("given", "operands"),
    [
        (["-a", "x"], ["x"]),
        (["x", "-ab", "y"], ["x", "y"]),
        (["-n", "5", "x"], ["x"]),
        (["-n5", "x"], ["x"]),
        (["-an", "5", "x"], ["x"]),
        (["--lines", "5", "x"], ["x"]),
        (["--lines=5", "x"], ["x"]),
        (["--color", "x"], ["x"]),
        (["--color=auto", "x"], ["x"]),
        (["--arg", "a", "b", "x"], ["x"]),
        (["--", "-x"], ["-x"]),
        (["-5", "x"], ["x"]),
        (["-", "x"], ["-", "x"]),
    ],
)
def test_known_options(given: list[str], operands: list[str]):
    arguments = split(words(*given), SPEC)
    assert arguments.unknown is None
    assert [operand.text for operand in arguments.operands] == operands


@pytest.mark.parametrize(
    "given",
    [
        ["-x"],
        ["-ax"],
        ["--line=5"],
        ["--al"],
        ["--all=x"],
        ["-n"],
        ["--arg", "a"],
        [None],
        ["x", None],
        ["-o5x", "--", "-x", "y"][:0] or ["--a"],
    ],
)
def test_all_else_is_unknown(given: list[str | None]):
    assert split(words(*given), SPEC).unknown is not None


def test_values_that_name_files_are_reads():
    arguments = split(words("-f", "x", "--file=y", "-fz"), SPEC)
    assert [path.text for path in arguments.reads] == ["x", "y", "z"]


def test_a_glob_may_turn_out_to_be_an_option():
    glob = Value("*.py", 0, 0, glob=True)
    assert split((glob,), SPEC).unknown == glob
    assert split((glob,), "*").unknown is None
    assert split((Value("./*.py", 0, 0, glob=True),), SPEC).unknown is None
    assert split((Value("--lines=*", 0, 0, glob=True),), SPEC).unknown is None
    assert split((Value("--li*=5", 0, 0, glob=True),), SPEC).unknown is not None
    assert split((Value("-n*", 0, 0, glob=True),), SPEC).unknown is not None
    assert split((*words("-n"), glob), SPEC).unknown is not None


def test_options_end_where_another_program_begins():
    arguments = split(words("-a", "prog", "-z", "--zzz"), SPEC, first=True)
    assert arguments.unknown is None
    assert [operand.text for operand in arguments.operands] == ["prog", "-z", "--zzz"]


def test_a_repeated_option_keeps_every_value():
    assert [value.text for name, value in split(words("-n1", "-n", "2"), SPEC).order if name == "n"] == ["1", "2"]
